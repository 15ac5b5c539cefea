import type { DatabaseSync } from 'node:sqlite';
import type { FleetListener, ProgramVersion } from '../../schema/fleet.ts';
import type { Coverage, FleetNews, ListenerQuestion, MachineChoice, NewestAudit, Period } from './contract.ts';
import { fleetName, currentListenerRow, newsRows, versionRows, type VersionGroup } from './fleet-rows.ts';
import type { Owner, StoredSpan } from './history-rows.ts';
import { readStore, type OpenStore } from './sqlite-file.ts';
import { isSelected, machineIds, storedMachines, storedOwners } from './sqlite-read.ts';
import { boundsOf, dynamicPort, instant } from './values.ts';

/*
 * Questions about the machines of a store in a file.
 */

type Row = Readonly<Record<string, unknown>>;

function newestAudits(database: DatabaseSync, machine: MachineChoice): (NewestAudit & { readonly id: number })[] {
  const rows = database
    .prepare(
      `SELECT machine.id AS id, name, run.* FROM machine JOIN run ON run.machine = machine.id AND at = (SELECT max(at) FROM run WHERE machine = machine.id) WHERE ${isSelected('machine.id')} ORDER BY name`,
    )
    .all({ machines: machineIds(database, machine) });
  return rows.map(({ id, name, at, listeners, complete, tool }) => ({
    id: Number(id),
    machine: String(name),
    at: instant(at),
    listeners: Number(listeners),
    complete: complete == null ? null : Boolean(complete),
    tool: String(tool),
  }));
}

/** The newest audit of each machine, by name. */
export function readNewest(path: string, machine: MachineChoice): NewestAudit[] {
  return readStore(path, ({ database }) => newestAudits(database, machine).map(({ id: _, ...audit }) => audit));
}

/** How much the newest audits say about the machines. */
export function readCoverage(path: string, machine: MachineChoice, limit: Date): Coverage {
  const audits = readNewest(path, machine);
  return {
    machines: audits.length,
    missing: audits.filter(({ at }) => Date.parse(at) < limit.getTime()).length,
    incomplete: audits.filter(({ complete }) => complete === false).length,
  };
}

/** The statements of a question have these values. */
type Bound = Readonly<Record<string, string | number | null>>;

/** A question with what it needs from the store. */
interface Selection {
  /** Selects spans, which `of` limits. */
  readonly spans: (of: string) => string;
  readonly owners: ReadonlyMap<number, Owner>;
  readonly values: Bound;
}

function selectionOf({ database, version }: OpenStore, question: ListenerQuestion): Selection {
  const { machine, port, dynamic, owner, sha256 } = question;
  const owners = storedOwners(database, question);
  const wanted = [...owners].filter(
    ([, one]) => one.wanted && (sha256 === null || (one.sha256?.startsWith(sha256) ?? false)),
  );
  const [low, high] = boundsOf(port ?? []);
  // What is between the ranges of ports is not selected.
  const inRange = 'EXISTS (SELECT 1 FROM json_each($ranges) WHERE port BETWEEN value ->> 0 AND value ->> 1)';
  const isPort = `port BETWEEN $low AND $high AND ${inRange}`;
  const tables = [
    ['span', 0, port === null ? '' : `AND (${isPort} ${dynamic ? `OR port = ${dynamicPort}` : ''})`],
    ...(port === null || version < 2 ? [] : [['dynamic_port', 1, `AND ${isPort}`]]),
  ];
  return {
    spans: (of) =>
      tables
        .map(
          ([table, numbered, ports]) =>
            `SELECT machine, protocol, port, address, owner, first, last, ${numbered} AS numbered FROM ${table} WHERE ${of} AND ${isSelected('machine')} ${ports}`,
        )
        .join(' UNION ALL '),
    owners,
    values: {
      machines: machineIds(database, machine),
      low,
      high,
      ranges: JSON.stringify((port ?? []).map(({ start, end }) => [start, end])),
      // Null: every owner.
      owners: owner === null && sha256 === null ? null : JSON.stringify(wanted.map(([id]) => id)),
      names: JSON.stringify([...owners].map(([id, one]) => [id, fleetName(one)])),
    },
  };
}

const isWanted = '($owners IS NULL OR found.owner IN (SELECT value FROM json_each($owners)))';
/** The names by which programs are compared. */
const knownNames = 'known AS (SELECT value ->> 0 AS owner, value ->> 1 AS name FROM json_each($names))';

function ask(database: DatabaseSync, text: string, values: Bound): Row[] {
  const statement = database.prepare(text);
  statement.setAllowUnknownNamedParameters(true);
  return statement.all(values);
}

function listenerRows({ database }: OpenStore, { owners }: Selection, rows: readonly Row[]): FleetListener[] {
  const machines = new Map(newestAudits(database, null).map((audit) => [audit.id, audit]));
  return rows.flatMap((row) => {
    const machine = machines.get(Number(row['machine']));
    const owner = owners.get(Number(row['owner']));
    if (machine === undefined || owner === undefined) return [];
    return currentListenerRow({
      machine: machine.machine,
      protocol: String(row['protocol']),
      port: Number(row['port']),
      address: String(row['address']),
      owner,
      first: Number(row['first']),
      newest: Date.parse(machine.at),
      machines: (row['machines'] ?? null) as number | null,
    });
  });
}

const name = '(SELECT name FROM machine WHERE id = found.machine)';
const byEndpoint = `port = ${dynamicPort}, port, protocol, ${name}, address, first, owner`;

/** The listeners that the newest audits saw, by endpoint and machine. */
export function readListeners(path: string, question: ListenerQuestion): FleetListener[] {
  return readStore(path, (store) => {
    const selection = selectionOf(store, question);
    const text = `SELECT * FROM (${selection.spans('last IS NULL')}) AS found WHERE ${isWanted} ORDER BY ${byEndpoint}`;
    return listenerRows(store, selection, ask(store.database, text, selection.values));
  });
}

/** The listeners that few machines have, the rarest first. */
export function readRare(path: string, question: ListenerQuestion, most: number): FleetListener[] {
  return readStore(path, (store) => {
    const selection = selectionOf(store, question);
    const text = `
      WITH ${knownNames},
      open AS (SELECT * FROM (${selection.spans('last IS NULL')}) JOIN known USING (owner) WHERE NOT numbered),
      rare AS (
        SELECT protocol, port, name, count(DISTINCT machine) AS machines FROM open
        GROUP BY protocol, port, name HAVING count(DISTINCT machine) <= $most)
      SELECT found.*, machines FROM open AS found JOIN rare USING (protocol, port, name)
      WHERE ${isWanted} ORDER BY machines, ${byEndpoint}`;
    return listenerRows(store, selection, ask(store.database, text, { ...selection.values, most }));
  });
}

/** The versions of the programs that listen. */
export function readVersions(path: string, question: ListenerQuestion): ProgramVersion[] {
  return readStore(path, (store) => {
    const { spans, values } = selectionOf(store, question);
    const text = `
      WITH ${knownNames}
      SELECT known.name AS name, sha256, min(signer) AS signer, min(first) AS first,
        json_group_array(DISTINCT machine.name) AS machines,
        json_group_array(DISTINCT program) FILTER (WHERE program IS NOT NULL) AS paths
      FROM (${spans('last IS NULL')}) AS found JOIN known USING (owner) JOIN owner ON owner.id = found.owner
        JOIN machine ON machine.id = found.machine
      WHERE ${isWanted} GROUP BY known.name, sha256`;
    return versionRows(
      ask(store.database, text, values).map((row): VersionGroup => ({
        name: String(row['name']),
        sha256: row['sha256'] as string | null,
        signer: row['signer'] as string | null,
        machines: JSON.parse(String(row['machines'])) as string[],
        paths: JSON.parse(String(row['paths'])) as string[],
        first: Number(row['first']),
      })),
    );
  });
}

/** What appeared in a period, by endpoint and time. */
export function readNews(path: string, question: ListenerQuestion, { since, compared }: Period): FleetNews {
  return readStore(path, (store) => {
    const { database, version } = store;
    const { spans: select, owners, values } = selectionOf(store, question);
    const bounds = { since: since.getTime(), compared: compared.getTime() };
    // Old audits may be deleted, but what they saw is still there.
    const earlier = ask(
      database,
      'SELECT machine FROM run WHERE at <= $since UNION SELECT machine FROM span WHERE first <= $since',
      bounds,
    );
    const known = new Set(earlier.map((row) => Number(row['machine'])));
    const machines = new Map(
      [...storedMachines(database, question, version >= 2)].map(([id, machine]) => {
        const first = known.has(id) ? -Infinity : machine.first;
        return [
          id,
          { ...machine, first, firstNumbers: machine.firstNumbers === machine.first ? first : machine.firstNumbers },
        ];
      }),
    );
    const endpoint = 'machine, protocol, port, address';
    const text = `
      WITH appeared AS MATERIALIZED (${select('first > $since')})
      SELECT * FROM (
        SELECT * FROM appeared UNION ALL
        SELECT ${endpoint}, owner, first, last, 0 FROM span
        WHERE last >= $compared AND first <= $since AND (${endpoint}) IN (SELECT ${endpoint} FROM appeared))`;
    const rows = ask(database, text, { ...values, ...bounds });
    const spans = rows.flatMap((row): StoredSpan[] => {
      const machine = machines.get(Number(row['machine']));
      const owner = owners.get(Number(row['owner']));
      if (machine === undefined || owner === undefined) return [];
      return [
        {
          protocol: String(row['protocol']),
          port: Number(row['port']),
          address: String(row['address']),
          numbered: row['numbered'] === 1,
          machine,
          owner,
          first: Number(row['first']),
          last: row['last'] === null ? Infinity : Number(row['last']),
        },
      ];
    });
    const newMachines = [...machines.values()].filter(({ first }) => first > since.getTime()).length;
    const isNew = ({ first }: StoredSpan): boolean => first > since.getTime();
    const before = spans.filter((span) => !isNew(span));
    return { spans: newsRows(spans.filter(isNew), before, question), newMachines };
  });
}
