import { portMatcher } from '../../ports/expression.ts';
import type { AuditRun, PortSpanRow } from '../../schema/audit-run.ts';
import type { MachineChoice, RunQuestion, SpanQuestion } from './contract.ts';
import { ownerOfQuestion, runRow, spanRows, type StoredMachine, type StoredSpan } from './history-rows.ts';
import { arrayText, type Sql } from './postgres-connection.ts';
import { boundsOf, dynamicPort, ownerOf } from './values.ts';

/** The names of the machines that a question selects, as an array; null for all. */
export async function selectedMachines(sql: Sql, machine: MachineChoice): Promise<string | null> {
  if (machine === null) return null;
  if (typeof machine === 'function') {
    const all = await sql`select machine from portowner.machine`;
    return arrayText(all.map((row) => String(row['machine'])).filter(machine));
  }
  const rows = await sql`select machine from portowner.machine where lower(machine) = lower(${machine})`;
  // A copy of what was removed has no row there.
  return arrayText([...new Set([...rows.map((row) => String(row['machine'])), machine])]);
}

/** Returns the audits, newest first. */
export async function queryRuns(sql: Sql, { machine, limit }: RunQuestion): Promise<AuditRun[]> {
  const names = await selectedMachines(sql, machine);
  const selected =
    names === null ? sql`machine in (select machine from portowner.machine)` : sql`machine = any(${names}::text[])`;
  const rows = await sql`
    select machine as name, at, tool, listeners, appeared, disappeared, findings, worst, complete, problem
    from portowner.audit where ${selected} order by at desc, machine collate "C" limit ${limit}`;
  return rows.map(runRow);
}

/** The machines of the spans, by name. */
async function machinesOf(sql: Sql, names: string | null): Promise<Map<string, StoredMachine>> {
  const rows =
    names === null
      ? await sql`
          select machine, last_audit as newest,
            (select min(at) from portowner.audit where audit.machine = one.machine) as first
          from portowner.machine as one`
      : await sql`
          select machine, max(at) as newest, min(at) as first
          from portowner.audit where machine = any(${names}::text[]) group by machine`;
  return new Map(
    rows.map(({ machine, newest, first }): [string, StoredMachine] => {
      const since = (first ?? newest).getTime();
      return [machine, { name: machine, first: since, firstNumbers: since, newest: newest.getTime() }];
    }),
  );
}

/** The ports on which an owner listened that a question selects. */
async function portsOfOwners(sql: Sql, question: SpanQuestion, names: string | null): Promise<number[]> {
  const here = names === null ? sql`true` : sql`machine = any(${names}::text[])`;
  const owners = await sql`select distinct program, services from portowner.span where ${here} and not numbered`;
  const wanted = owners.filter((row) => question.owner!(ownerOf(row)));
  const rows = await sql`
    select distinct port from portowner.span, unnest(
      ${arrayText(wanted.map((row) => row['program']))}::text[],
      ${arrayText(wanted.map((row) => row['services']))}::text[]) as owner (program, services)
    where ${here} and not numbered and span.program is not distinct from owner.program
      and span.services = owner.services`;
  return rows.map((row) => Number(row['port']));
}

/** The condition for the spans of a question, which may select more of them than its ranges of ports. */
export function condition(
  sql: Sql,
  { port, dynamic }: SpanQuestion,
  names: string | null,
  owned: readonly number[] | null,
) {
  const here = names === null ? sql`true` : sql`machine = any(${names}::text[])`;
  const [low, high] = boundsOf(port ?? []);
  const ports =
    owned !== null
      ? sql`port = any(${arrayText(owned)}::integer[])`
      : port === null
        ? sql`true`
        : dynamic
          ? sql`(port between ${low} and ${high} or port = ${dynamicPort})`
          : sql`port between ${low} and ${high}`;
  const numbered = port === null ? sql`false` : sql`numbered and port between ${low} and ${high}`;
  return sql`${here} and ((not numbered and ${ports}) or (${numbered}))`;
}

/** Returns the periods in which listeners stayed the same, by endpoint and time. */
export async function querySpans(sql: Sql, question: SpanQuestion): Promise<PortSpanRow[]> {
  const names = await selectedMachines(sql, question.machine);
  const machines = await machinesOf(sql, names);
  const matches = portMatcher(question.port);
  // Of an endpoint with a wanted owner, the other owners are needed, too.
  const owned = question.owner === null ? null : await portsOfOwners(sql, question, names);
  const rows = await sql`
    select machine, numbered, protocol, port, address, program, services, account as user, sha256, signer, first, last
    from portowner.span where ${condition(sql, question, names, owned)}
    order by port = ${dynamicPort}, port, numbered, protocol, address collate "C", machine collate "C",
      first, last nulls last`;
  const spans = rows.flatMap((row): StoredSpan[] => {
    const { numbered, protocol, port, address, first, last } = row;
    const machine = machines.get(row['machine']);
    const isSelected = port === dynamicPort ? question.dynamic : matches(port);
    if (machine === undefined || !isSelected) return [];
    const owner = ownerOfQuestion(ownerOf(row), question);
    const ended = last === null ? Infinity : last.getTime();
    return [{ protocol, port, address, numbered, machine, owner, first: first.getTime(), last: ended }];
  });
  return spanRows(spans);
}
