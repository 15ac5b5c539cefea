// A short way to write situations down: what a machine has, what is asked, what an attempt gave, and the verdict as text.
import type { Facts, PortRange, Process, Sections, Service, Socket } from '../../src/facts/model/facts.ts';
import type { BindAttempt, Probe } from '../../src/facts/gather/probe.ts';
import { diagnose, type Diagnosis } from '../../src/diagnosis/diagnose.ts';
import { parseError } from '../../src/diagnosis/error-text.ts';
import { attemptsFor, type Request } from '../../src/diagnosis/request.ts';
import { facts, process, service, socket } from './example.ts';

const numbers: Readonly<Record<string, number>> = {
  EADDRINUSE: 98,
  EACCES: 13,
  EADDRNOTAVAIL: 99,
  EINVAL: 22,
  ENOBUFS: 105,
  EAFNOSUPPORT: 97,
  WSAEADDRINUSE: 10048,
  WSAEACCES: 10013,
  WSAEADDRNOTAVAIL: 10049,
  WSAENOBUFS: 10055,
  WSAEAFNOSUPPORT: 10047,
};
const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;

export function range(kind: string, start: number, end: number, more: Partial<PortRange> = {}): PortRange {
  return { kind, protocol: null, family: null, start, end, source: 'netsh', ...more };
}

interface Parts {
  readonly processes?: readonly Partial<Process>[];
  readonly services?: readonly Partial<Service>[];
  readonly reserved?: readonly PortRange[];
  readonly dynamic?: readonly PortRange[];
  readonly elevated?: boolean | null;
  readonly sections?: Partial<Sections>;
}

function machine(platform: 'linux' | 'win32', sockets: readonly Partial<Socket>[], parts: Parts): Facts {
  const windows = platform === 'win32';
  const source = windows ? 'netsh' : 'net.ipv4.ip_local_port_range';
  const found = facts(
    sockets.map((one) => socket(one)),
    {
      platform,
      processes: (parts.processes ?? []).map((one) => process({ path: null, user: windows ? 'BOX\\ann' : 'ann', ...one })),
      services: (parts.services ?? []).map((one) => service(one)),
      sections: {
        dynamicRanges: { ...ok, data: [...(parts.dynamic ?? [windows ? range('LocalDynamic', 49152, 65535) : range('LocalDynamic', 32768, 60999, { source })])] },
        reservedPorts: { ...ok, data: [...(parts.reserved ?? (windows ? [] : [range('Privileged', 1, 1023, { source: 'net.ipv4.ip_unprivileged_port_start' })]))] },
        ...parts.sections,
      },
    },
  );
  return { ...found, machine: { ...found.machine, elevated: parts.elevated ?? null } };
}

export const linux = (sockets: readonly Partial<Socket>[], parts: Parts = {}): Facts => machine('linux', sockets, parts);
export const windows = (sockets: readonly Partial<Socket>[], parts: Parts = {}): Facts => machine('win32', sockets, parts);

/** `TCP 0.0.0.0 8080 exclusive`; `*` is every address, `ipv6only` may stand at the end. */
export function asked(text: string): Request {
  const [protocol, address, port, ...rest] = text.split(' ');
  return {
    protocol: protocol as 'TCP' | 'UDP',
    address: address === '*' ? null : address!,
    port: Number(port),
    sharing: (rest.find((word) => word !== 'ipv6only') ?? 'default') as Request['sharing'],
    ipv6Only: rest.includes('ipv6only'),
  };
}

/** `bound EADDRINUSE`: the result for each bind, in order; null: no attempt was made. */
function tried(found: Facts, request: Request, results: string | null): Probe | null {
  if (results === null) return null;
  const words = results.split(' ');
  const attempts = attemptsFor(found, request).flatMap((bind, i): BindAttempt[] => {
    if (bind === null) return [];
    const word = words[i] ?? words.at(-1)!;
    const one = { ...bind, error: null, errorNumber: null, reason: null, at: ok.at };
    if (word === 'bound') return [{ ...one, result: 'bound' }];
    if (word === 'notMade') return [{ ...one, result: 'notMade', reason: 'this Windows has no bind in ws2_32.dll' }];
    const result = word.endsWith('AFNOSUPPORT') ? 'noFamily' : 'refused';
    return [{ ...one, result, error: word, errorNumber: numbers[word]! }];
  });
  return { user: found.machine.platform === 'win32' ? 'BOX\\ann' : 'ann', addresses: ['127.0.0.1', '::1', '10.0.0.5'], attempts };
}

export interface Situation {
  readonly name: string;
  readonly facts: Facts;
  readonly ask: string;
  /** What the attempts gave, one word a bind; null: the facts are a snapshot. */
  readonly tried: string | null;
  readonly error?: string;
  readonly verdict: string;
}

export function solve({ facts: found, ask, tried: results, error }: Omit<Situation, 'verdict' | 'name'>): Diagnosis {
  const request = asked(ask);
  return diagnose(found, request, { probed: tried(found, request, results), error: error === undefined ? null : parseError(error) });
}

/** A whole verdict row: yes, no or ?, the cause, the confidence and the owner; then - evidence and $ remedies. */
export function verdictText({ row, needs }: Diagnosis): string {
  const can = row.CanBind === null ? '?' : row.CanBind ? 'yes' : 'no';
  return [
    `${can}, ${row.Cause}, ${row.Confidence}: ${row.Owner ?? 'nobody'}${needs === null ? '' : ` (needs ${needs})`}`,
    ...(row.Evidence ?? []).map((line) => `- ${line}`),
    ...(row.Remedy ?? []).map((line) => `$ ${line}`),
  ].join('\n');
}
