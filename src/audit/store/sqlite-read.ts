import type { DatabaseSync } from 'node:sqlite';
import type { AuditRun, PortSpanRow } from '../../schema/audit-run.ts';
import { ownerKey, ownerText } from '../listeners.ts';
import type { RunQuestion, SpanQuestion } from './contract.ts';
import { readStore } from './sqlite-file.ts';
import { dynamicPort, instant, ownerOf, unknownOrSame, type OwnerValues } from './sqlite-values.ts';

/** The audits of a store, newest first; `limit` is the maximum number, null for all. */
export function readRuns(path: string, { machine, limit }: RunQuestion): AuditRun[] {
  return readStore(path, ({ database }) =>
    database
      .prepare(
        'SELECT run.*, name FROM run JOIN machine ON machine.id = run.machine WHERE ?1 IS NULL OR name = ?1 COLLATE NOCASE ORDER BY at DESC, name LIMIT ?2',
      )
      .all(machine, limit ?? -1)
      .map((row): AuditRun => ({
        RunTime: instant(row.at),
        Listeners: Number(row.listeners),
        Appeared: Number(row.appeared),
        Disappeared: Number(row.disappeared),
        Findings: Number(row.findings),
        WorstSeverity: row.worst as string | null,
        Complete: row.complete == null ? null : row.complete === 1,
        Problem: (row.problem ?? null) as string | null,
        Tool: row.tool as string,
        ComputerName: row.name as string,
      })),
  );
}

interface Owner extends OwnerValues {
  /** In addition to its executable. */
  readonly key: string;
  readonly wanted: boolean;
}

/** The ports that a query covers, according to its owners and ports; null for all. */
function portsOf(
  database: DatabaseSync,
  { port, dynamic }: SpanQuestion,
  owners: ReadonlyMap<number, Owner> | null,
): number[] | null {
  if (port === null && owners === null) return null;
  const wanted = owners === null ? [] : [...owners].filter(([, owner]) => owner.wanted).map(([id]) => id);
  const rows =
    owners === null
      ? database.prepare('SELECT DISTINCT port FROM span').all()
      : database
          .prepare('SELECT DISTINCT port FROM span WHERE owner IN (SELECT value FROM json_each(?))')
          .all(JSON.stringify(wanted));
  return rows
    .map((row) => Number(row.port))
    .filter((number) => (number === dynamicPort ? dynamic : (port?.(number) ?? true)));
}

/** Every owner of a store, and whether the query selects it. */
function ownersOf(database: DatabaseSync, question: SpanQuestion): Map<number, Owner> {
  const rows = database.prepare('SELECT id, program, services, user, sha256, signer FROM owner').all();
  return new Map(
    rows.map((row): [number, Owner] => {
      const owner = ownerOf(row);
      return [Number(row.id), { ...owner, key: ownerKey(owner), wanted: question.owner?.(owner) ?? true }];
    }),
  );
}

interface Machine {
  readonly name: string;
  /** The times of its first and newest run, and of the first one with dynamic port numbers. */
  readonly first: number;
  readonly firstNumbers: number;
  readonly newest: number;
}

function machinesOf(database: DatabaseSync, { machine }: SpanQuestion, numbered: boolean): Map<number, Machine> {
  const rows = database
    .prepare(
      `SELECT id, name, min(at) AS first, ${numbered ? 'min(at) FILTER (WHERE complete IS NOT NULL)' : 'NULL'} AS numbers, max(at) AS newest FROM machine JOIN run ON run.machine = id WHERE ?1 IS NULL OR name = ?1 COLLATE NOCASE GROUP BY id`,
    )
    .all(machine);
  return new Map(
    rows.map(({ id, name, first, numbers, newest }) => [
      Number(id),
      {
        name: String(name),
        first: Number(first),
        firstNumbers: Number(numbers ?? first),
        newest: Number(newest),
      },
    ]),
  );
}

/** The spans that the query may select, by endpoint and time; `numbered`: of one port number in the dynamic range. */
function selectSpans(
  database: DatabaseSync,
  question: SpanQuestion,
  { numbered, ports }: { readonly numbered: boolean; readonly ports: readonly number[] | null },
): Record<string, unknown>[] {
  const columns = 'machine, protocol, port, address, owner, first, last';
  const selected = [
    `SELECT ${columns}, 0 AS numbered FROM span ${ports === null ? '' : 'WHERE port IN (SELECT value FROM json_each(?))'}`,
  ];
  const wanted = ports === null ? [] : [JSON.stringify(ports)];
  if (numbered && question.port !== null) {
    const numbers = database
      .prepare('SELECT DISTINCT port FROM dynamic_port')
      .all()
      .map((row) => Number(row.port));
    selected.push(`SELECT ${columns}, 1 FROM dynamic_port WHERE port IN (SELECT value FROM json_each(?))`);
    wanted.push(JSON.stringify(numbers.filter(question.port)));
  }
  return database
    .prepare(
      `SELECT * FROM (${selected.join(' UNION ALL ')}) ORDER BY port = 0, port, numbered, protocol, address, machine, first, last IS NULL`,
    )
    .all(...wanted);
}

/** A span with its owner and endpoint. */
interface Held {
  readonly span: Readonly<Record<string, unknown>>;
  readonly port: number;
  readonly machine: Machine;
  readonly owner: Owner;
  readonly first: number;
  /** Infinity while it lasts. */
  readonly last: number;
}

const compareNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * For each span, in the order of their beginnings: the latest earlier span that had ended when it began.
 */
function previousHolders(times: readonly Held[]): [Held, Held][] {
  const ended = times.map((_, index) => index).sort((a, b) => compareNumbers(times[a]!.last, times[b]!.last));
  let next = 0;
  let latest = -1;
  return times.flatMap((time, index): [Held, Held][] => {
    for (; next < ended.length && times[ended[next]!]!.last < time.first; next++)
      if (ended[next]! < index) latest = Math.max(latest, ended[next]!);
    return latest < 0 ? [] : [[time, times[latest]!]];
  });
}

/** The previous owner of an endpoint. Dynamic listeners and their port numbers have no previous owners. */
function previousOwners(held: readonly Held[]): Map<Held, Owner> {
  const endpoints = Map.groupBy(held, ({ span, port, owner }) =>
    span['numbered'] === 1
      ? null
      : `${span['machine']} ${span['protocol']} ${span['port']} ${span['address']} ${port === dynamicPort ? owner.key : ''}`,
  );
  endpoints.delete(null);
  const pairs = [...endpoints.values()].flatMap(previousHolders);
  return new Map(pairs.map(([one, before]) => [one, before.owner]));
}

/** What happened to an endpoint when a span began; `previous`: its previous owner. */
function eventOf({ span, owner, machine, first }: Held, previous: Owner | undefined) {
  const changed = previous !== undefined && previous.key !== owner.key;
  const replaced =
    previous !== undefined &&
    !changed &&
    !(unknownOrSame(previous.sha256, owner.sha256) && unknownOrSame(previous.signer, owner.signer));
  const isKnown = first <= (span['numbered'] === 1 ? machine.firstNumbers : machine.first);
  return {
    event: isKnown ? 'Known' : changed ? 'ChangedHands' : replaced ? 'BinaryChanged' : 'Appeared',
    previous: changed ? previous : null,
  };
}

function spanRow(held: Held, before: Owner | undefined): PortSpanRow {
  const { span, port, machine, owner } = held;
  const { event, previous } = eventOf(held, before);
  return {
    Protocol: String(span['protocol']),
    LocalAddress: String(span['address']),
    Port: port === dynamicPort ? 'dynamic' : String(port),
    Event: event,
    FirstSeen: instant(span['first']),
    LastSeen: instant(span['last'] ?? machine.newest),
    IsOpen: span['last'] === null,
    Program: owner.program,
    Services: owner.services.length === 0 ? null : owner.services,
    UserName: owner.user,
    PreviousOwner: previous === null ? null : ownerText(previous),
    // A dynamic port number stays with a program that is replaced.
    Sha256: span['numbered'] === 1 ? null : owner.sha256,
    ComputerName: machine.name,
  };
}

/** The periods in which listeners stayed the same, by endpoint and time. */
export function readSpans(path: string, question: SpanQuestion): PortSpanRow[] {
  return readStore(path, ({ database, version }) => {
    const owners = ownersOf(database, question);
    const numbered = version >= 2;
    const machines = machinesOf(database, question, numbered);
    const ports = portsOf(database, question, question.owner === null ? null : owners);
    const held = selectSpans(database, question, { numbered, ports }).flatMap((span): Held[] => {
      const port = Number(span['port']);
      const machine = machines.get(Number(span['machine']));
      const owner = owners.get(Number(span['owner']));
      if ((port === dynamicPort && !question.dynamic) || machine === undefined || owner === undefined) return [];
      const last = span['last'] === null ? Infinity : Number(span['last']);
      return [{ span, port, machine, owner, first: Number(span['first']), last }];
    });
    const before = previousOwners(held);
    return held.filter(({ owner }) => owner.wanted).map((one) => spanRow(one, before.get(one)));
  });
}
