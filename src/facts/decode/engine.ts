import { parseJson } from '../../io/nesting.ts';
import type { Container } from '../model/facts.ts';

/** A host port that an engine publishes for a container. */
export interface PublishedPort {
  readonly protocol: 'TCP' | 'UDP';
  /** Empty means all addresses. */
  readonly address: string;
  readonly port: number;
}

/** Restart policies of the container engines. */
const restartPolicies = ['no', 'always', 'unless-stopped', 'on-failure'] as const;

/**
 * Parses the restart policy of a container from JSON text, `{ restart }`. A missing policy means `no`. Null if the text
 * is invalid.
 */
export function decodeRestartPolicy(text: string): (typeof restartPolicies)[number] | null {
  try {
    const { restart } = record(parseJson(text));
    return restart === '' ? 'no' : (restartPolicies.find((one) => one === restart) ?? null);
  } catch {
    return null;
  }
}

/** A running container, as its engine lists it. */
export interface ListedContainer extends Omit<Container, 'runtime'> {
  readonly ports: readonly PublishedPort[];
  /** Its addresses in container networks, if the engine reports them. */
  readonly addresses: readonly string[];
}

/** No engine runs more containers, or publishes more ports, than this. */
const most = 10_000;

/** The forms that engines allow for names. Any other text is rejected. */
const forms = {
  id: /^[0-9a-f]{12,64}$/,
  name: /^[A-Za-z0-9][\w.-]{0,254}$/,
  image: /^[A-Za-z0-9][\w.:/-]{0,254}$/,
  label: /^\w[\w.-]{0,254}$/,
  address: /^[0-9a-f.:]{2,45}$/i,
} as const;

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, most) : []);

function textOf(value: unknown, form: RegExp): string | null {
  return typeof value === 'string' && form.test(value) ? value : null;
}

/** Returns an image name such as `nginx:1.27`, without the digest; for an unnamed image, the start of its ID. */
function imageOf(value: unknown): string | null {
  const image = textOf(typeof value === 'string' ? value.replace(/@sha256:[0-9a-f]{64}$/, '') : null, forms.image);
  return image === null ? null : image.replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, '$1$2');
}

/** Returns a container's own name. A name that contains a slash is a link alias of another container. */
function nameOf(names: unknown): string | null {
  for (const one of list(names)) {
    const name = textOf(typeof one === 'string' ? one.replace(/^\//, '') : null, forms.name);
    if (name !== null) return name;
  }
  return null;
}

function portOf(value: unknown): PublishedPort[] {
  const { IP: address = '', PublicPort: port, Type: type } = record(value);
  const protocol = type === 'tcp' ? 'TCP' : type === 'udp' ? 'UDP' : null;
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= 65535;
  const isAddress = address === '' || textOf(address, forms.address) !== null;
  return protocol !== null && isPort && isAddress ? [{ protocol, address: address as string, port }] : [];
}

function containerOf(value: unknown): ListedContainer[] {
  const { id: stated, names, image: from, project: inProject, service: asService, ports, addresses } = record(value);
  const id = textOf(stated, forms.id);
  if (id === null) return [];
  const [name, image] = [nameOf(names), imageOf(from)];
  const [project, service] = [textOf(inProject, forms.label), textOf(asService, forms.label)];
  return [
    {
      id,
      ...(name === null ? {} : { name }),
      ...(image === null ? {} : { image }),
      ...(project === null ? {} : { project }),
      ...(service === null ? {} : { service }),
      ports: list(ports).flatMap(portOf),
      addresses: list(addresses).flatMap((one) => textOf(one, forms.address) ?? []),
    },
  ];
}

/**
 * Parses the running containers of an engine from JSON text: `[{ id, names, image, project, service, ports: [{ IP,
 * PublicPort, Type }], addresses }]`. Null if the text is invalid. Any user may run the engine, so text that cannot be
 * a name is dropped.
 */
export function decodeContainers(text: string): ListedContainer[] | null {
  try {
    const value = parseJson(text);
    return Array.isArray(value) ? list(value).flatMap(containerOf) : null;
  } catch {
    return null;
  }
}
