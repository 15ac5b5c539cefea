import { request, type IncomingMessage } from 'node:http';
import { parseJson } from '../io/nesting.ts';
import { errorCode } from '../io/errors.ts';
import type { RawEntry, Refusal } from '../system/raw.ts';

type Answer = Omit<RawEntry, 'at'>;

/** An engine answers within milliseconds; a query for the owner of a port must not wait for an unresponsive one. */
const patience = 1000;
/** About the size of a list of 10,000 containers. */
const longest = 16 * 1024 * 1024;

const failed = (text: string): Answer => ({ refusal: { code: 'Failed', text } });

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const projectLabels = ['com.docker.compose.project', 'io.podman.compose.project'];
const serviceLabels = ['com.docker.compose.service', 'io.podman.compose.service'];

/**
 * Extracts what is needed from a container in the engine's list, without its command, labels, and mounts: these may
 * hold secrets. https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerList
 */
function excerpt(container: unknown): unknown {
  const { Id: id, Names: names, Image: image, Labels, Ports: ports, NetworkSettings } = record(container);
  const labels = record(Labels);
  const labelled = (keys: readonly string[]): unknown =>
    keys.map((key) => labels[key]).find((one) => one !== undefined);
  const networks = Object.values(record(record(NetworkSettings)['Networks'])).map(record);
  return {
    id,
    names,
    image,
    project: labelled(projectLabels),
    service: labelled(serviceLabels),
    ports: list(ports),
    addresses: networks.flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address]),
  };
}

/**
 * Extracts what is needed from an inspected container: its environment and its command may hold secrets.
 * https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerInspect
 */
const restartExcerpt = (container: unknown): unknown => ({
  restart: record(record(record(container)['HostConfig'])['RestartPolicy'])['Name'],
});

/** Converts a response body to a raw entry. */
function answerOf(status: number, body: Buffer, container: string | null): Answer {
  if (status === 401 || status === 403)
    return { refusal: { code: 'AccessDenied', text: `it answered with status ${status}` } };
  if (status !== 200) return failed(`it answered with status ${status}`);
  try {
    const value = parseJson(body.toString());
    if (container !== null) return { text: JSON.stringify(restartExcerpt(value)) };
    return Array.isArray(value) ? { text: JSON.stringify(value.map(excerpt)) } : failed('its answer is not a list');
  } catch {
    return failed('its answer is not JSON');
  }
}

function refusalOf(error: unknown, denied: string): Refusal {
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
    case 'ENOTDIR':
      return { code: 'NotSupported', text: 'it does not run here' };
    case 'EACCES':
    case 'EPERM':
      return { code: 'AccessDenied', text: 'access is denied', needs: denied };
    default:
      return { code: 'Failed', text: `its answer cannot be read (${errorCode(error) || 'no reason given'})` };
  }
}

/** Reads a whole response, up to a maximum size. */
function bodyOf(response: IncomingMessage, container: string | null, done: (answer: Answer) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  response.on('data', (part: Buffer) => {
    size += part.length;
    if (size > longest) done(failed(`its answer is larger than ${longest / 1024 / 1024} MB`));
    else parts.push(part);
  });
  response.on('end', () => done(answerOf(response.statusCode ?? 0, Buffer.concat(parts), container)));
  response.on('close', () => done(failed('its answer is cut off')));
}

/**
 * Queries the engine behind a socket or pipe for its running containers: JSON text, see `decodeContainers`. With a
 * `container` ID, queries its restart policy: see `decodeRestartPolicy`. `denied`: what is needed if access is
 * denied. Never throws, and takes at most a second.
 */
export function askEngine(
  socketPath: string,
  denied: string,
  { milliseconds = patience, container = null }: { milliseconds?: number | undefined; container?: string | null } = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    const path = container === null ? '/containers/json' : `/containers/${container}/json`;
    const asking = request({ socketPath, path, agent: false, headers: { Host: 'localhost' } });
    const done = (answer: Answer): void => {
      clearTimeout(timer);
      resolve(answer);
      asking.destroy();
    };
    const timer = setTimeout(() => done(failed(`it did not answer within ${milliseconds} ms`)), milliseconds);
    asking.on('response', (response) => bodyOf(response, container, done));
    asking.on('error', (error) => done({ refusal: refusalOf(error, denied) }));
    asking.on('close', () => done(failed('its answer is cut off')));
    asking.end();
  });
}
