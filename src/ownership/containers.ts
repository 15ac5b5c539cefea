import type { Container } from '../facts/model/facts.ts';

/** A container's ID, in the form that its runtime shows. */
export function shortId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
}

/** `, compose shop`, and the service if the container is not named after it; empty without Compose. */
function composeText({ name = '', project, service }: Container): string {
  if (project === undefined) return '';
  if (service === undefined) return `, compose ${project}`;
  const usual = new RegExp(String.raw`^${RegExp.escape(project)}[-_]${RegExp.escape(service)}[-_]\d+$`);
  return `, compose ${project}${usual.test(name) ? '' : `/${service}`}`;
}

/** `docker shop-web-1 (nginx:1.27), compose shop`; without details that its engine was not asked for. */
export function containerText(container: Container): string {
  const { runtime, id, name, image } = container;
  const what = name === undefined ? `container ${shortId(id)}` : name;
  return `${runtime} ${what}${image === undefined ? '' : ` (${image})`}${composeText(container)}`;
}
