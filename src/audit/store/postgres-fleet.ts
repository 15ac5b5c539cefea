import type postgres from 'postgres';
import type { FleetListener, ProgramVersion } from '../../schema/fleet.ts';
import type { Coverage, FleetNews, ListenerQuestion, MachineChoice, NewestAudit, Period } from './contract.ts';
import {
  currentListenerRow,
  fleetName,
  listenerRows,
  newsRows,
  versionRows,
  type OpenListener,
  type VersionGroup,
} from './fleet-rows.ts';
import { ownerOfQuestion, type StoredMachine, type StoredSpan } from './history-rows.ts';
import { arrayText, localSetting, type Sql } from './postgres-connection.ts';
import { condition, selectedMachines } from './postgres-read.ts';
import { dynamicPort, instant, ownerOf, type OwnerValues } from './values.ts';

/*
 * Questions about a fleet. A machine that is only a copy of what was removed has no row in the table machine: it is not part
 * of the fleet.
 */

/** The condition that a machine is one of these; null for all. */
const isOneOf = (sql: Sql, names: string | null) => (names === null ? sql`true` : sql`machine = any(${names}::text[])`);

/** Returns the newest audit of each machine, by name. */
export async function queryNewest(sql: Sql, machine: MachineChoice): Promise<NewestAudit[]> {
  const names = await selectedMachines(sql, machine);
  const rows = await sql`
    select machine, last_audit, listeners, complete, tool from portowner.machine
    where ${isOneOf(sql, names)} order by machine collate "C"`;
  return rows.map(({ machine: name, last_audit: at, listeners, complete, tool }) => ({
    machine: name,
    at: instant(at),
    listeners,
    complete,
    tool,
  }));
}

/** Returns how much the newest audits say about the machines. */
export async function queryCoverage(sql: Sql, machine: MachineChoice, limit: Date): Promise<Coverage> {
  const names = await selectedMachines(sql, machine);
  const [row] = await sql`
    select count(*)::integer as machines, count(*) filter (where last_audit < ${limit})::integer as missing,
      count(*) filter (where not complete)::integer as incomplete
    from portowner.machine where ${isOneOf(sql, names)}`;
  return row as unknown as Coverage;
}

/** A condition for spans, which others can be added to. It is in an object, because `await` would run it by itself. */
interface Selection {
  readonly where: ReturnType<typeof condition>;
}

async function selectionOf(sql: Sql, question: ListenerQuestion): Promise<Selection> {
  const { port, sha256 } = question;
  const names = await selectedMachines(sql, question.machine);
  // What is between the ranges of ports is not selected; port 0 only if it is asked for.
  const inRange =
    port === null || port.length < 2
      ? sql`true`
      : sql`(port = ${dynamicPort} or exists (
          select 1 from unnest(${arrayText(port.map(({ start }) => start))}::integer[],
            ${arrayText(port.map(({ end }) => end))}::integer[]) as range (low, high) where port between low and high))`;
  // In the order of the collation, the letter follows every digit.
  const hash = sha256 === null ? sql`true` : sql`sha256 collate "C" between ${sha256} and ${`${sha256}g`}`;
  return {
    where: sql`${condition(sql, question, names, null)} and ${inRange} and ${hash}`,
  };
}

/** The open spans of a selection, in the machines of the fleet; more tables come from `joined`. */
const openSpans = (sql: Sql, { where }: Selection, joined = sql``) => sql`
  from portowner.span join portowner.machine using (machine) ${joined} where last is null and ${where}`;

/** The owners in a selection that a question selects. */
async function ownersOf(sql: Sql, selection: Selection, test: ListenerQuestion['owner']): Promise<OwnerValues[]> {
  const rows = await sql`select distinct program, services ${openSpans(sql, selection)}`;
  const owners = rows.map(ownerOf).filter((owner) => test === null || test(owner));
  // An owner without a program has the same key as one whose name is empty.
  return [
    ...new Map(owners.map((owner) => [JSON.stringify([owner.program ?? '', owner.services]), owner] as const)).values(),
  ];
}

/** Limits spans to those of some owners, with the names by which programs are compared. */
const ofOwners = (sql: Sql, owners: readonly OwnerValues[]) => sql`
  join unnest(
    ${arrayText(owners.map(({ program }) => program ?? ''))}::text[],
    ${arrayText(owners.map(({ services }) => JSON.stringify(services)))}::text[],
    ${arrayText(owners.map(fleetName))}::text[]) as owner (of_program, of_services, name)
  on coalesce(program, '') = of_program and services = of_services`;

type TimeColumn = 'first' | 'last' | 'last_audit';

/**
 * Spans as one row for each listener, with the machines and times as arrays: most rows of a fleet differ in nothing else, and
 * reading each of them takes longer than finding it. Not by their keys, which the account of any machine can choose.
 */
const grouped = (sql: Sql, found: ReturnType<typeof condition>, columns: readonly TimeColumn[]) => sql`
  select numbered, protocol, port, address, program, services, account as user, sha256, signer,
    array_to_json(array_agg(machine)) as machines${columns.map((column) => sql`, ${times(sql, column)}`)}
  ${found} group by numbered, protocol, port, address, program, services, account, sha256, signer`;

/** A column of times as an array of milliseconds since 1970; null for those that no audit has, such as infinity. */
const times = (sql: Sql, column: TimeColumn) =>
  sql`array_to_json(array_agg(case when ${sql(column)} between '1970-01-01' and '9999-12-31'
    then (date_part('epoch', ${sql(column)}) * 1000)::bigint end)) as ${sql(column)}`;

/** A row of `grouped`, with the times that were asked for. */
interface SpanGroup extends Readonly<Partial<Record<TimeColumn, readonly (number | null)[]>>> {
  readonly numbered: boolean;
  readonly protocol: string;
  readonly port: number;
  readonly address: string;
  readonly machines: readonly string[];
}

const listenerColumns = (sql: Sql) =>
  sql`machine, protocol, port, address, program, services, account as user, sha256, signer, first, last_audit`;

/** Returns the listeners that the newest audits saw, by endpoint and machine. */
export async function queryListeners(sql: Sql, question: ListenerQuestion): Promise<FleetListener[]> {
  const selection = await selectionOf(sql, question);
  const owners = question.owner === null ? null : await ownersOf(sql, selection, question.owner);
  const joined = owners === null ? sql`` : ofOwners(sql, owners);
  const groups = await grouped(sql, openSpans(sql, selection, joined), ['first', 'last_audit']);
  return listenerRows(
    groups.flatMap((row) => {
      const { protocol, port, address, machines, first, last_audit: newest } = row as unknown as SpanGroup;
      const owner = ownerOf(row);
      return machines.map((machine, at): OpenListener => ({
        machine,
        protocol,
        port,
        address,
        owner,
        first: first?.[at] ?? 0,
        newest: newest?.[at] ?? 0,
        machines: null,
      }));
    }),
  );
}

/** Returns the listeners that few machines have, the rarest first. */
export async function queryRare(sql: Sql, question: ListenerQuestion, most: number): Promise<FleetListener[]> {
  // What else the question selects does not change how many machines have a listener.
  const all = await selectionOf(sql, { ...question, sha256: null });
  const names = ofOwners(sql, await ownersOf(sql, all, null));
  const wanted = question.sha256 === null ? all : await selectionOf(sql, question);
  const rows = await sql`
    with rare as (
      select protocol, port, name, count(distinct machine)::integer as machines
      ${openSpans(sql, all, names)} and not numbered
      group by protocol, port, name having count(distinct machine) <= ${most})
    select ${listenerColumns(sql)}, machines
    ${openSpans(sql, wanted, sql`${names} join rare using (protocol, port, name)`)} and not numbered
    order by machines, port = ${dynamicPort}, port, protocol, machine collate "C", address collate "C", first, key`;
  return rows
    .filter((row) => question.owner?.(ownerOf(row)) ?? true)
    .map((row) =>
      currentListenerRow({
        machine: row['machine'],
        protocol: row['protocol'],
        port: row['port'],
        address: row['address'],
        owner: ownerOf(row),
        first: row['first'].getTime(),
        newest: row['last_audit'].getTime(),
        machines: row['machines'],
      }),
    );
}

/** Returns the versions of the programs that listen. */
export async function queryVersions(sql: Sql, question: ListenerQuestion): Promise<ProgramVersion[]> {
  const selection = await selectionOf(sql, question);
  const owners = ofOwners(sql, await ownersOf(sql, selection, question.owner));
  const rows = await sql`
    select name, sha256, min(signer) as signer, min(first) as first,
      array_to_json(array_agg(distinct machine)) as machines,
      array_to_json(array_remove(array_agg(distinct program), null)) as paths
    ${openSpans(sql, selection, owners)} group by name, sha256`;
  return versionRows(
    rows.map((row): VersionGroup => {
      const { name, sha256, signer, machines, paths, first } = row;
      return { name, sha256, signer, machines, paths, first: first.getTime() };
    }),
  );
}

/** The machines whose first audit is in a period, and when it was in milliseconds since 1970. Old audits may be deleted. */
async function newMachines(sql: Sql, names: string | null, { since }: Period): Promise<Map<string, number>> {
  // Most machines have an audit in the day before: all audits are searched only for those that have none.
  const dayBefore = new Date(since.getTime() - 86_400_000);
  const candidates = await sql`
    select machine from portowner.machine where ${isOneOf(sql, names)} and not exists (
      select 1 from portowner.audit as one where one.machine = machine.machine and at between ${dayBefore} and ${since})`;
  if (candidates.length === 0) return new Map();
  const rows = await sql`
    select machine, min(at) as first from portowner.audit
    where machine = any(${arrayText(candidates.map(({ machine }) => machine))}::text[]) and at > ${since} group by machine
    having not exists (select 1 from portowner.audit as one where one.machine = audit.machine and one.at <= ${since})
      and not exists (select 1 from portowner.span as one where one.machine = audit.machine and one.first <= ${since})`;
  return new Map(rows.map((row) => [String(row['machine']), (row['first'] as Date).getTime()]));
}

/** Returns what appeared in a period, by endpoint and time. */
export async function queryNews(sql: Sql, question: ListenerQuestion, period: Period): Promise<FleetNews> {
  const { since, compared } = period;
  const names = await selectedMachines(sql, question.machine);
  const known = await newMachines(sql, names, period);
  const { where } = await selectionOf(sql, { ...question, sha256: null });
  const machines = new Map<string, StoredMachine>();
  const machineOf = (name: string, newest: number): StoredMachine => {
    const seen = machines.get(name);
    if (seen !== undefined) return seen;
    const first = known.get(name) ?? -Infinity;
    const machine = { name, first, firstNumbers: first, newest };
    machines.set(name, machine);
    return machine;
  };
  const spansOf = (row: postgres.Row): StoredSpan[] => {
    const { numbered, protocol, port, address, first, last, ...group } = row as unknown as SpanGroup;
    const owner = ownerOfQuestion(ownerOf(row), question);
    return group.machines.map((name, at) => {
      const machine = machineOf(name, group.last_audit?.[at] ?? 0);
      return {
        protocol,
        port,
        address,
        numbered,
        machine,
        owner,
        first: first?.[at] ?? 0,
        last: last?.[at] ?? Infinity,
      };
    });
  };
  // Groups of equal texts are found sooner by their hashes than by their order. Not every engine has the setting.
  const hashed = sql.unsafe(localSetting('enable_sort', 'off'));
  const read = (rows: readonly postgres.Row[]): StoredSpan[] => rows.flatMap(spansOf);
  // The first are read while the server finds the others. The times of the newest audits come with them.
  const [, appeared, before] = await Promise.all([
    hashed.execute(),
    grouped(sql, sql`from portowner.span join portowner.machine using (machine) where first > ${since} and ${where}`, [
      'first',
      'last',
      'last_audit',
    ]).then(read),
    // Only what came before a span of the answer is used: neither copies of machines nor other endpoints of a port need be left
    // out, and fewer columns are compared sooner.
    grouped(
      sql,
      sql`from portowner.span where last >= ${compared} and first <= ${since} and not numbered and (machine, port) in (
        select machine, port from portowner.span where first > ${since} and not numbered and ${where})`,
      ['first', 'last'],
    ).then(read),
  ]);
  return { spans: newsRows(appeared, before, question), newMachines: known.size };
}
