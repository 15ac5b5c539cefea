import { programName } from '../facts/decode/application/application.ts';
import { isDeleted, programFile } from '../facts/decode/linux-processes.ts';
import type { Facts } from '../facts/model/facts.ts';
import { holdsPort } from '../facts/model/question.ts';
import type { Question } from '../facts/model/question.ts';
import { addressFamily, addressScope, withoutScope } from '../ports/address.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { rangeFinder } from '../ports/lookup.ts';
import { isWhole } from '../facts/model/section.ts';
import { isRefused, type OwnedEndpoint } from '../ownership/owned.ts';
import { ascending } from '../io/order.ts';

export type Scope = 'Loopback' | 'Specific' | 'Any';

/** A listener as audits compare it: only what stays the same from one night to the next if nothing changes. */
export interface Listener {
  readonly protocol: 'TCP' | 'UDP';
  /** All ports that one program took from the machine's dynamic range are one listener. */
  readonly port: number | 'dynamic';
  /** Without %scope; of a dynamic listener only `any`, `loopback` or `specific`. */
  readonly address: string;
  readonly scope: Scope;
  /** The full path of the executable; only its name if the path is unavailable; null if both are. */
  readonly program: string | null;
  /** What the program runs, as people call it: only shown. Baselines and stores have the file. Never empty. */
  readonly applications?: readonly string[];
  /** The application that a person wrote in a baseline; only there. */
  readonly application?: string;
  /** The file of the program was removed or replaced after it started. */
  readonly fileGone?: true;
  /** No owner was found, although the rights were sufficient. */
  readonly unfound?: true;
  readonly services: readonly string[];
  /** It is certain that no service runs it, not only that none is named. */
  readonly serviceless?: true;
  readonly user: string | null;
  /** The hash of the executable in lower-case hex; null if not requested or unavailable. */
  readonly sha256: string | null;
  readonly signer: string | null;
  /** The port numbers it stands for; empty if it comes from a baseline or a store. */
  readonly ports: readonly number[];
}

/** The facts that an audit needs from a machine. */
export const auditQuestion: Question = {
  localPorts: null,
  protocols: ['TCP', 'UDP'],
  sockets: 'listeners',
  details: new Set(['owner', 'path', 'user', 'services']),
  ranges: true,
};

/** Ranges inside the dynamic range whose ports are never assigned automatically: a listener there has a fixed port. */
const keptFromChance: ReadonlySet<string> = new Set(['Reserved', 'ExcludedAdministered', 'ExcludedPersistent']);

/** Whether the machine may have chosen a port by itself. */
function dynamicPorts({ sections }: Facts): (protocol: string, address: string, port: number) => boolean {
  const dynamic = sections.dynamicRanges.data.filter(({ kind }) => kind === 'LocalDynamic');
  const kept = sections.reservedPorts.data.filter(({ kind }) => keptFromChance.has(kind));
  const [inDynamic, inKept] = [rangeFinder(dynamic), rangeFinder(kept)];
  const covered = new Set(
    dynamic.flatMap((range) =>
      (range.protocol === null ? ['TCP', 'UDP'] : [range.protocol]).flatMap((protocol) =>
        (range.family === null ? ['IPv4', 'IPv6'] : [range.family]).map((family) => `${protocol} ${family}`),
      ),
    ),
  );
  return (protocol, address, port) => {
    const family = addressFamily(address);
    // IANA's range, if the machine's own is unavailable.
    const inside = covered.has(`${protocol} ${family}`)
      ? inDynamic(protocol, family, port) !== undefined
      : port >= 49152;
    return inside && inKept(protocol, family, port) === undefined;
  };
}

/** Services without parts that change at each start: container IDs, the logon number of a per-user service, session scopes. */
function lastingServices(services: OwnedEndpoint['Services']): string[] {
  const lasting = (services ?? []).flatMap((name) => {
    if (name.endsWith('.scope')) return [];
    return [name.replace(/^([a-z-]+):[0-9a-f]{12,64}$/, '$1').replace(/^(\w+)_[0-9a-f]{4,16}$/, '$1')];
  });
  return [...new Set(lasting)].sort();
}

/** Represents the kernel in place of a program: no process can impersonate it by its name. */
export const isKernel = (program: string | null): boolean => program === 'kernel' || program === 'System';

/** The common name of an executable: `node` for `/opt/node-24.1/bin/node`, `python` for `C:\Python\python3.11.exe`. */
export const commonName = (program: string): string => programName(program.replace(/^.*[\\/]/s, ''));

/**
 * What the program of a listener runs, as listings name it; null if the program is unknown. Not `whole`: its arguments are
 * unknown, so node could be node server.js.
 */
export function running({
  program,
  applications = [],
}: Listener): { readonly names: readonly string[]; readonly whole: boolean } | null {
  if (applications.length > 0) return { names: applications, whole: true };
  if (program === null) return null;
  return { names: [commonName(program)], whole: isKernel(program) };
}

function programOf(row: OwnedEndpoint, linux: boolean, literal: boolean): string | null {
  if (row.Path !== null) return linux ? programFile(row.Path, literal) : row.Path;
  if (row.OwnerKind === 'Kernel' || row.OwnerKind === 'HttpSys') return row.ImageName ?? 'kernel';
  return isKernel(row.ImageName) ? null : row.ImageName;
}

/** Whether the owner of a listener is missing for a reason other than missing rights or the query. */
function isOwnerMissing({ OwnerKind, OwningProcess, refusals }: OwnedEndpoint): boolean {
  return (
    OwnerKind === 'Unknown' &&
    OwningProcess === null &&
    refusals.some(({ field, code }) => field === 'OwningProcess' && code !== 'AccessDenied' && code !== 'NotAsked')
  );
}

/** Whether a service would have been seen. */
function servicesSeen({ machine, sections }: Facts, row: OwnedEndpoint): boolean {
  if (row.OwningProcess === null || row.Path === null || isRefused(row, 'Services')) return false;
  return machine.platform === 'linux' || isWhole(sections.services);
}

/** Sorts by port, protocol, address, and owner; dynamic listeners last. */
export function listenerOrder(a: Listener, b: Listener): number {
  return (
    (a.port === 'dynamic' ? 65536 : a.port) - (b.port === 'dynamic' ? 65536 : b.port) ||
    ascending(a.protocol, b.protocol) ||
    ascending(a.address, b.address) ||
    ascending(a.program ?? '', b.program ?? '') ||
    ascending(a.services.join(), b.services.join()) ||
    ascending(a.user ?? '', b.user ?? '')
  );
}

/** Names of files and accounts are case-insensitive on Windows. */
export const fold = (text: string): string => (text.includes('\\') ? text.toLowerCase() : text);

/** The key that identifies an owner, apart from its executable. */
export function ownerKey({ program, services, user }: Pick<Listener, 'program' | 'services' | 'user'>): string {
  return JSON.stringify([program && fold(program), services, user && fold(user)]);
}

/** The key that identifies a listener. */
function listenerKey(listener: Listener): string {
  const { protocol, port, address } = listener;
  return `${protocol} ${port} ${address} ${ownerKey(listener)}`;
}

/** A dynamic listener may stand for most of 65,535 ports, each on many addresses. */
const withSortedPorts = (listener: Listener): Listener => ({
  ...listener,
  ports: [...new Set(listener.ports)].sort((a, b) => a - b),
});

/** The listeners in facts, sorted, without duplicates: listening TCP sockets and bound UDP sockets without a remote address. */
export function listeners(facts: Facts): Listener[] {
  const isDynamic = dynamicPorts(facts);
  const sockets = facts.sections.sockets.data.filter((socket) => holdsPort(socket) && socket.state !== 'Bound');
  const binaries = new Map((facts.sections.binaries?.data ?? []).map((binary) => [binary.pid, binary]));
  const linux = facts.machine.platform === 'linux';
  const applications = new Map(facts.sections.processes.data.map(({ pid, application }) => [pid, application]));
  const literal = new Set(
    facts.sections.processes.data.flatMap(({ pid, literalPath }) => (literalPath === true ? [pid] : [])),
  );
  const found = new Map<string, Listener & { readonly ports: number[]; applications?: string[]; fileGone?: true }>();
  for (const row of endpoints(facts, sockets, { live: false, serviceName: null })) {
    const protocol = row.Protocol as Listener['protocol'];
    const plain = withoutScope(row.LocalAddress ?? '');
    const scope = addressScope(plain);
    const dynamic = isDynamic(protocol, plain, row.LocalPort!);
    const isLiteral = row.OwningProcess !== null && literal.has(row.OwningProcess);
    const program = programOf(row, linux, isLiteral);
    const binary = row.OwningProcess === null ? undefined : binaries.get(row.OwningProcess);
    const services = lastingServices(row.Services);
    const application = row.OwningProcess === null ? undefined : applications.get(row.OwningProcess);
    const listener = {
      protocol,
      port: dynamic ? 'dynamic' : row.LocalPort!,
      address: dynamic ? scope.toLowerCase() : plain,
      scope,
      program,
      ...(linux && row.Path !== null && isDeleted(row.Path, isLiteral) ? { fileGone: true as const } : {}),
      ...(isOwnerMissing(row) || (program === null && row.OwningProcess !== null && row.ImageName !== null)
        ? { unfound: true as const }
        : {}),
      services,
      ...(services.length === 0 && servicesSeen(facts, row) ? { serviceless: true as const } : {}),
      user: row.UserName,
      sha256: binary?.sha256 ?? null,
      signer: binary?.signer ?? null,
      ports: [row.LocalPort!],
    } as const satisfies Listener;
    const key = listenerKey(listener);
    const known = found.get(key);
    if (known === undefined) {
      const named = application === undefined ? {} : { applications: [application] };
      found.set(key, { ...listener, ...named, ports: [...listener.ports] });
    } else {
      known.ports.push(row.LocalPort!);
      if (application !== undefined && known.applications?.includes(application) !== true)
        (known.applications ??= []).push(application);
      if ('fileGone' in listener) known.fileGone = true;
    }
  }
  return [...found.values()].map(withSortedPorts).sort(listenerOrder);
}

/** `/usr/sbin/nginx (nginx.service) as root`. */
export function ownerText({ program, services, user }: Pick<Listener, 'program' | 'services' | 'user'>): string {
  return `${program ?? 'unknown program'}${services.length === 0 ? '' : ` (${services.join(', ')})`}${user === null ? '' : ` as ${user}`}`;
}
