import { Option } from 'clipanion';
import type { Condition, WaitTarget } from '../../live/waiting.ts';
import type { Place } from '../../ports/place.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { places, portWords, unknownValue } from '../values.ts';
import type { GroupAbout } from './group.ts';

/** The most ports that one call waits for. */
const mostTargets = 1000;

/** What has to be true of a port. */
export class WaitOptions {
  static readonly about = {
    values: { '--owned-by': { column: 'ImageName' } },
    synonyms: { '--listening': ['--open'], '--closed': ['--free'] },
    parameters: {
      Open: '--open',
      Free: '--free',
      OwnedBy: '--owned-by',
      Http: '--http',
      HttpPath: '--http',
      TargetName: '--host',
    },
  } as const satisfies GroupAbout;

  open = Option.Boolean('--open', false, {
    description: 'until a program listens on the port, or for UDP, has bound it (default)',
  });
  free = Option.Boolean('--free', false, { description: 'until nobody owns the port, and it can be bound' });
  ownedBy = Option.String('--owned-by', {
    description:
      'until an owner with this file, application, service, or container name has the port; * and ? are wildcards',
  });
  http = Option.String('--http', false, {
    tolerateBoolean: true,
    description: 'until a GET request to the port, or --http=PATH, is answered with a status below 500',
  });
  targetHost = Option.String('--host', {
    description:
      'connect to the port of this machine from here, instead of inspecting the sockets of this machine; unlike in other commands, ssh is not used',
  });
}

/** Reads the targets, each once. Throws PO1001, PO1002, and PO1005. */
export async function targetsOf(given: WaitOptions, operands: readonly string[]): Promise<WaitTarget[]> {
  const host = given.targetHost ?? null;
  checkConditions(given);
  const targets = new Map<string, WaitTarget>();
  for (const text of portWords(operands)) {
    const url = URL.parse(text);
    if (host === null) checkHost(text, url);
    for (const place of await places([text]))
      for (const target of placeTargets(place, { given, host, url })) targets.set(JSON.stringify(target), target);
    if (targets.size > mostTargets)
      throw new PortOwnerError('PO1001', `too many ports to wait for; expected at most ${mostTargets}`, {
        target: text,
      });
  }
  return [...targets.values()];
}

/** Throws PO1005 for conditions that exclude each other, and PO1001 for an empty value. */
function checkConditions(given: WaitOptions): void {
  const { open, free, ownedBy, http, targetHost } = given;
  const chosen = [
    ...(open ? ['--open'] : []),
    ...(free ? ['--free'] : []),
    ...(ownedBy === undefined ? [] : ['--owned-by']),
    ...(http === false ? [] : ['--http']),
  ];
  if (chosen.length > 1) throw new PortOwnerError('PO1005', `${chosen.join(' and ')} exclude each other`);
  if (ownedBy?.trim() === '') throw unknownValue('--owned-by', ownedBy, 'the name of a program, service, or container');
  if (targetHost === undefined) return;
  if (!/^[\w.:%-]+$/.test(targetHost))
    throw unknownValue('--host', targetHost, 'a host name or an address, such as db1');
  if (free || ownedBy !== undefined)
    throw new PortOwnerError('PO1005', `${chosen[0]} and --host exclude each other`, {
      hint: 'A connection shows only whether the port of another machine is open, not who owns it.',
    });
}

/** The name of another machine in an operand; null if it names none. */
function hostIn(text: string, url: URL | null): string | null {
  const name =
    url !== null && /:\/\//.test(text) ? url.hostname : /^(?:(?:tcp|udp)[:/])?([a-z_][\w.-]*):[^:]+$/i.exec(text)?.[1];
  return name === undefined || /^(?:localhost|tcp|udp|)$/i.test(name) || !/^[a-z_]/i.test(name) ? null : name;
}

/** The names of other machines, and the paths of requests, that a command line contains. */
export function namesIn(
  { targetHost, http }: WaitOptions,
  operands: readonly string[],
): { hosts: readonly string[]; paths: readonly string[] } {
  const urls = operands.map((text) => URL.parse(text));
  return {
    hosts: [targetHost ?? [], ...operands.map((text, i) => hostIn(text, urls[i]!) ?? [])].flat(),
    paths: [
      typeof http === 'string' ? http : [],
      ...urls.map((url) => (url === null ? [] : url.pathname + url.search)),
    ].flat(),
  };
}

/** Throws PO1005 for an operand with the name of another machine. */
function checkHost(text: string, url: URL | null): void {
  const name = hostIn(text, url);
  if (name === null) return;
  const port = text.slice(text.lastIndexOf(':') + 1);
  const ports = url === null || !text.includes('://') ? port : url.port || url.protocol.slice(0, -1);
  throw new PortOwnerError('PO1005', `${JSON.stringify(text)} names another machine`, {
    hint: `Use --host to connect to it: portowner wait ${ports} --host ${name}`,
    target: text,
  });
}

interface Chosen {
  readonly given: WaitOptions;
  readonly host: string | null;
  readonly url: URL | null;
}

/** One target for each port of a place. */
function placeTargets({ start, end, protocol = 'TCP', address }: Place, { given, host, url }: Chosen): WaitTarget[] {
  const web = url !== null && /^https?:$/.test(url.protocol) ? url : null;
  const count = Math.min(end - start, mostTargets) + 1;
  return Array.from({ length: count }, (_, index): WaitTarget => {
    const port = start + index;
    const condition = conditionOf(given, web, port);
    if (protocol === 'UDP' && (host !== null || condition.kind === 'Http'))
      throw new PortOwnerError(
        'PO1005',
        `${host === null ? '--http' : '--host'} needs a TCP port, but UDP port ${port} was requested`,
      );
    return { protocol, port, address: host === null ? (address ?? null) : null, host, condition };
  });
}

function conditionOf({ open, free, ownedBy, http }: WaitOptions, web: URL | null, port: number): Condition {
  if (free) return { kind: 'Free' };
  if (ownedBy !== undefined) return { kind: 'OwnedBy', name: ownedBy.trim() };
  if (http === false && (open || web === null)) return { kind: 'Open' };
  const scheme = web === null ? (port === 443 ? 'https' : 'http') : (web.protocol.slice(0, -1) as 'http' | 'https');
  const named = typeof http === 'string' && !['', 'true'].includes(http) ? http : null;
  const path = named ?? (web === null ? '/' : `${web.pathname}${web.search}`);
  if (/[^\x21-\x7e]/.test(path)) throw unknownValue('--http', path, 'a path such as /health');
  return { kind: 'Http', scheme, path: path.startsWith('/') ? path : `/${path}` };
}
