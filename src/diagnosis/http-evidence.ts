import type { Facts } from '../facts/model/facts.ts';

const isOnPort = (port: number): ((url: string) => boolean) => {
  const pattern = new RegExp(`^https?://[^/]*:${port}(?::[^/]*)?(?:/|$)`, 'i');
  return (url) => pattern.test(url);
};

/** Whether a URL on a port is registered with HTTP.sys. */
export const hasUrlOn = ({ sections }: Facts, port: number): boolean =>
  (sections.httpQueues?.data ?? []).some(({ urls }) => urls.some(isOnPort(port)));

/** Returns what HTTP.sys's request queues and reservations show about a port. */
export function httpEvidence(facts: Facts, port: number): string[] {
  const { httpQueues, urlReservations } = facts.sections;
  const about = isOnPort(port);
  const urls = (httpQueues?.data ?? []).flatMap((queue) =>
    queue.urls
      .filter(about)
      .map(
        (url) =>
          `HTTP.sys has ${url} registered for the request queue ${queue.name ?? 'without a name'}${queue.processes.length === 0 ? '' : `, served by process ${queue.processes.map(({ pid }) => pid).join(', ')}`}.`,
      ),
  );
  const reserved = (urlReservations?.data ?? [])
    .filter(({ url }) => about(url))
    .map(({ url }) => `The URL ${url} is reserved with HTTP.sys; that alone does not hold the port.`);
  return [
    ...urls.slice(0, 5),
    ...(urls.length > 5 ? [`… and ${urls.length - 5} more URLs.`] : []),
    ...reserved.slice(0, 3),
  ];
}
