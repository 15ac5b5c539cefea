import type { DatabaseSync } from 'node:sqlite';
import type { AuditRun, PortSpanRow } from '../../schema/audit-run.ts';
import { portMatcher } from '../../ports/expression.ts';
import type { MachineChoice, RunQuestion, SpanQuestion } from './contract.ts';
import { ownerOfQuestion, runRow, spanRows, type StoredMachine, type Owner, type StoredSpan } from './history-rows.ts';
import { readStore } from './sqlite-file.ts';
import { dynamicPort, ownerOf } from './values.ts';

/** The IDs of the machines that a question selects, as JSON; null for all. */
export function machineIds(database: DatabaseSync, machine: MachineChoice): string | null {
  if (machine === null) return null;
  const rows =
    typeof machine === 'string'
      ? database.prepare('SELECT id, name FROM machine WHERE name = ? COLLATE NOCASE').all(machine)
      : database
          .prepare('SELECT id, name FROM machine')
          .all()
          .filter(({ name }) => machine(String(name)));
  return JSON.stringify(rows.map(({ id }) => id));
}

/** The condition that a machine is one of these IDs, which a statement has as $machines. */
export const isSelected = (column: string): string =>
  `($machines IS NULL OR ${column} IN (SELECT value FROM json_each($machines)))`;

/** The audits of a store, newest first; `limit` is the maximum number, null for all. */
export function readRuns(path: string, { machine, limit }: RunQuestion): AuditRun[] {
  return readStore(path, ({ database }) =>
    database
      .prepare(
        `SELECT run.*, name FROM run JOIN machine ON machine.id = run.machine WHERE ${isSelected('machine.id')} ORDER BY at DESC, name LIMIT $limit`,
      )
      .all({ machines: machineIds(database, machine), limit: limit ?? -1 })
      .map(runRow),
  );
}

/** The ports that a query covers, according to its owners and ports; null for all. */
function portsOf(
  database: DatabaseSync,
  { port, dynamic }: SpanQuestion,
  owners: ReadonlyMap<number, Owner> | null,
): number[] | null {
  if (port === null && owners === null) return null;
  const matches = portMatcher(port);
  const wanted = owners === null ? [] : [...owners].filter(([, owner]) => owner.wanted).map(([id]) => id);
  const rows =
    owners === null
      ? database.prepare('SELECT DISTINCT port FROM span').all()
      : database
          .prepare('SELECT DISTINCT port FROM span WHERE owner IN (SELECT value FROM json_each(?))')
          .all(JSON.stringify(wanted));
  return rows.map((row) => Number(row.port)).filter((number) => (number === dynamicPort ? dynamic : matches(number)));
}

/** Every owner of a store, and whether the query selects it. */
export function storedOwners(database: DatabaseSync, question: SpanQuestion): Map<number, Owner> {
  const rows = database.prepare('SELECT id, program, services, user, sha256, signer FROM owner').all();
  return new Map(
    rows.map((row): [number, Owner] => {
      return [Number(row.id), ownerOfQuestion(ownerOf(row), question)];
    }),
  );
}

export function storedMachines(
  database: DatabaseSync,
  { machine }: SpanQuestion,
  numbered: boolean,
): Map<number, StoredMachine> {
  const rows = database
    .prepare(
      `SELECT id, name, min(at) AS first, ${numbered ? 'min(at) FILTER (WHERE complete IS NOT NULL)' : 'NULL'} AS numbers, max(at) AS newest FROM machine JOIN run ON run.machine = id WHERE ${isSelected('id')} GROUP BY id`,
    )
    .all({ machines: machineIds(database, machine) });
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
    wanted.push(JSON.stringify(numbers.filter(portMatcher(question.port))));
  }
  return database
    .prepare(
      `SELECT * FROM (${selected.join(' UNION ALL ')}) ORDER BY port = 0, port, numbered, protocol, address, machine, first, last IS NULL`,
    )
    .all(...wanted);
}

/** The periods in which listeners stayed the same, by endpoint and time. */
export function readSpans(path: string, question: SpanQuestion): PortSpanRow[] {
  return readStore(path, ({ database, version }) => {
    const owners = storedOwners(database, question);
    const numbered = version >= 2;
    const machines = storedMachines(database, question, numbered);
    const ports = portsOf(database, question, question.owner === null ? null : owners);
    const spans = selectSpans(database, question, { numbered, ports }).flatMap((span): StoredSpan[] => {
      const port = Number(span['port']);
      const machine = machines.get(Number(span['machine']));
      const owner = owners.get(Number(span['owner']));
      if ((port === dynamicPort && !question.dynamic) || machine === undefined || owner === undefined) return [];
      return [
        {
          protocol: String(span['protocol']),
          port,
          address: String(span['address']),
          numbered: span['numbered'] === 1,
          machine,
          owner,
          first: Number(span['first']),
          last: span['last'] === null ? Infinity : Number(span['last']),
        },
      ];
    });
    return spanRows(spans);
  });
}
