import type { FleetListener, ProgramVersion } from '../../schema/fleet.ts';
import { commonName, ownerKey } from '../listeners.ts';
import type { FleetNews, ListenerQuestion } from './contract.ts';
import { byEndpoint, portOrder, spanRows, type StoredSpan } from './history-rows.ts';
import { dynamicPort, instant, type OwnerValues } from './values.ts';
import { ascending } from '../../io/order.ts';

/*
 * The answers about a fleet as rows: pure, and the same in every engine, which only selects, groups, and counts.
 */

/** How many names stand for all of them in a row. */
const someNames = 5;

/**
 * The name by which programs of several machines are compared: neither their folders nor the version in a file name differs.
 * Without a program, the services stand for it.
 */
export const fleetName = ({ program, services }: Pick<OwnerValues, 'program' | 'services'>): string =>
  program === null || program === '' ? services.join() : commonName(program).toLowerCase();

/** A listener that the newest audit of a machine saw; times in milliseconds since 1970. */
export interface OpenListener {
  readonly machine: string;
  readonly protocol: string;
  readonly port: number;
  readonly address: string;
  readonly owner: OwnerValues;
  readonly first: number;
  readonly newest: number;
  /** The number of machines with it, if it was counted. */
  readonly machines: number | null;
}

export function currentListenerRow({
  machine,
  protocol,
  port,
  address,
  owner,
  first,
  newest,
  machines,
}: OpenListener): FleetListener {
  return {
    ComputerName: machine,
    Protocol: protocol,
    LocalAddress: address,
    Port: port === dynamicPort ? 'dynamic' : String(port),
    FirstSeen: instant(first),
    LastSeen: instant(newest),
    Machines: machines,
    Program: owner.program,
    Services: owner.services.length === 0 ? null : owner.services,
    UserName: owner.user,
    Sha256: owner.sha256,
    Signer: owner.signer,
  };
}

/** The rows of listeners, by endpoint and machine. */
export const listenerRows = (found: readonly OpenListener[]): FleetListener[] =>
  found.toSorted(byEndpointAndMachine).map(currentListenerRow);

const byEndpointAndMachine = (a: OpenListener, b: OpenListener): number =>
  portOrder(a.port) - portOrder(b.port) ||
  ascending(a.protocol, b.protocol) ||
  ascending(a.machine, b.machine) ||
  ascending(a.address, b.address) ||
  a.first - b.first ||
  ascending(ownerKey(a.owner), ownerKey(b.owner));

/** A version of a program, as an engine groups it; the first listener in milliseconds since 1970. */
export interface VersionGroup {
  readonly name: string;
  readonly sha256: string | null;
  readonly signer: string | null;
  readonly machines: readonly string[];
  readonly paths: readonly string[];
  readonly first: number;
}

const firstNames = (names: readonly string[]): string[] => names.toSorted(ascending).slice(0, someNames);

/** The rows of versions: by program, and the most frequent version first. */
export function versionRows(groups: readonly VersionGroup[]): ProgramVersion[] {
  return groups
    .map(({ name, sha256, signer, machines, paths, first }) => ({
      Program: name === '' ? null : name,
      Machines: machines.length,
      ComputerNames: firstNames(machines),
      FirstSeen: instant(first),
      Sha256: sha256,
      Paths: paths.length === 0 ? null : firstNames(paths),
      Signer: signer,
    }))
    .sort(
      (a, b) =>
        ascending(a.Program ?? '', b.Program ?? '') ||
        b.Machines - a.Machines ||
        ascending(a.Sha256 ?? '', b.Sha256 ?? ''),
    );
}

/** What appeared, by endpoint and time; `before`: what ended before it there. */
export function newsRows(
  appeared: readonly StoredSpan[],
  before: readonly StoredSpan[],
  { sha256 }: Pick<ListenerQuestion, 'sha256'>,
): FleetNews['spans'] {
  const spans = appeared.filter(
    ({ owner }) => owner.wanted && (sha256 === null || owner.sha256?.startsWith(sha256) === true),
  );
  return spanRows(spans.sort(byEndpoint), [...appeared, ...before]).filter(({ Event }) => Event !== 'Known');
}
