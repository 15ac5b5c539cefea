import { hash } from 'node:crypto';
import type { Listener } from '../listeners.ts';
import type { StoredRun, StoreOutcome } from './contract.ts';
import {
  binaryKey,
  datedFindings,
  dynamicDifference,
  dynamicNumbers,
  findingDifference,
  keptSince,
  mostDynamicPorts,
  storedPort,
  runValues,
  spanDifference,
  storable,
  type DynamicPort,
  type FindingDifference,
  type OpenFinding,
  type OpenSpan,
} from './difference.ts';
import {
  arrayText,
  databaseError,
  retried,
  type AtEnd,
  type Connections,
  type LazyQuery,
  type Sql,
} from './postgres-connection.ts';
import { tableNames } from './postgres-schema.ts';
import { changeTransaction } from './postgres-session.ts';
import { instant, ownerOf } from './values.ts';

/** Identifies a span or a finding of a machine. */
interface RowId {
  readonly key: string;
  readonly first: Date;
}

/** A run that is being stored, in the transaction of its machine. */
interface Recording {
  readonly sql: Sql;
  readonly atEnd: AtEnd;
  readonly run: StoredRun;
  /** The time of the previous run; null for the first of its machine. */
  readonly previous: Date | null;
}

/** A span that begins. */
interface NewSpan extends DynamicPort {
  readonly numbered: boolean;
}

const hashed = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22);

function keyOf({ numbered, listener, port }: NewSpan): string {
  const { protocol, address } = listener;
  return hashed(JSON.stringify([numbered, protocol, port, address, binaryKey(listener)]));
}

/** The spans of a run, each as if it began. */
const spansOf = (run: StoredRun): NewSpan[] => [
  ...run.listeners.map((listener) => ({ listener, port: storedPort(listener), numbered: false })),
  ...dynamicNumbers(run).map(({ listener, port }) => ({ listener, port, numbered: true })),
];

/** What a run and the open spans of its machine do not have in common. */
interface OtherSpans {
  /** The open spans that no listener of the run continues with the same values. */
  readonly open: readonly (OpenSpan<RowId> & { readonly numbered: boolean })[];
  /** The spans of the run that continue no open one with the same values. */
  readonly seen: readonly NewSpan[];
}

async function openFindings(sql: Sql, machine: string): Promise<OpenFinding<RowId>[]> {
  const rows = await sql`
    select key, first, identity from portowner.finding where machine = ${machine} and last is null`;
  return rows.map(({ key, first, identity }) => ({ id: { key, first }, key: identity, first: first.getTime() }));
}

/** The values of spans as arrays, in the order of the columns. */
function valueArrays(sql: Sql, spans: readonly NewSpan[]) {
  const texts = (value: (span: NewSpan) => string | number | boolean | null): string => arrayText(spans.map(value));
  const owner = (value: (listener: Listener) => string | null): string => texts(({ listener }) => value(listener));
  return sql`
    ${texts(({ numbered }) => numbered)}::boolean[], ${owner(({ protocol }) => protocol)}::text[],
    ${texts(({ port }) => port)}::integer[], ${owner(({ address }) => address)}::text[],
    ${owner(({ services }) => JSON.stringify(services))}::text[], ${owner(({ program }) => program)}::text[],
    ${owner(({ user }) => user)}::text[], ${owner(({ sha256 }) => sha256)}::text[],
    ${owner(({ signer }) => signer)}::text[]`;
}

const keysOf = (spans: readonly NewSpan[]): string => arrayText(spans.map(keyOf));

const columnsOf = (sql: Sql) => sql`numbered, protocol, port, address, services, program, account, sha256, signer`;

/** Between texts that are sent as one. */
const separator = '\x1F';

const counted = (text: string | null): string => (text === null ? ':' : `${Buffer.byteLength(text)}:${text}`);

/** The values of a span as one text, as `valueText` makes it in the database. With other values, it is another one. */
function valueOf({ numbered, port, listener }: NewSpan): string {
  const { protocol, address, services, program, user, sha256, signer } = listener;
  const texts = [protocol, address, JSON.stringify(services), program, user, sha256, signer];
  const value = `${Number(numbered)} ${port} ${texts.map(counted).join('')}`;
  // It cannot be sent: like no span of the database, it is compared here.
  return value.includes(separator) ? '-' : value;
}

function valueText(sql: Sql) {
  const names = ['protocol', 'address', 'services', 'program', 'account', 'sha256', 'signer'];
  const texts = names.map((name) => sql`, octet_length(${sql(name)})::text, ':', ${sql(name)}`);
  return sql`concat(numbered::integer::text, ' ', port::text, ' ' ${texts})`;
}

/**
 * Compares the values in the database: most listeners of most nights are the same. Not the keys, which the account of a machine
 * can choose: what it wrote would hide a listener from then on.
 */
async function otherSpans(sql: Sql, run: StoredRun): Promise<OtherSpans> {
  const spans = spansOf(run);
  const rows = await sql`
    select seen.index::integer, key, first, ${columnsOf(sql)}
    from (select *, ${valueText(sql)} as value from portowner.span where machine = ${run.machine} and last is null) as open
    full join unnest(string_to_array(${spans.map(valueOf).join(separator)}, chr(31))) with ordinality as seen (value, index)
    on open.value = seen.value
    where open.key is null or seen.index is null`;
  return {
    open: rows
      .filter((row) => row['index'] === null)
      .map((row) => {
        const { key, first, numbered, protocol, port, address, account } = row;
        const owner = ownerOf(Object.assign(row, { user: account }));
        return { id: { key, first }, numbered, protocol, port, address, owner };
      }),
    seen: rows.flatMap((row) => (row['index'] === null ? [] : spans[row['index'] - 1]!)),
  };
}

function insertSpans({ sql, run }: Recording, spans: readonly NewSpan[]): LazyQuery[] {
  if (spans.length === 0) return [];
  return [
    sql`
      insert into portowner.span (machine, first, key, ${columnsOf(sql)})
      select ${run.machine}::text, ${run.at}::timestamptz, * from unnest(${keysOf(spans)}::text[], ${valueArrays(sql, spans)})
      on conflict do nothing`,
  ];
}

/**
 * Removes the port numbers that ended longest ago, if there are too many. An account that must not delete turns them into new
 * spans instead. Returns the spans that are still to be inserted.
 */
async function forgetNumbers({ sql, run }: Recording, spans: readonly NewSpan[]): Promise<readonly NewSpan[]> {
  const { machine } = run;
  const rows = await sql`
    select key, first, has_table_privilege('portowner.span', 'delete') as deletes from portowner.span
    where machine = ${machine} and numbered and last is not null
    order by last desc, first desc, key offset ${mostDynamicPorts}`;
  if (rows.length === 0) return spans;
  const keys = (count: number): string => arrayText(rows.slice(0, count).map(({ key }) => key));
  const firsts = (count: number): string => arrayText(rows.slice(0, count).map(({ first }) => first));
  if (rows[0]!['deletes'] === true) {
    const all = rows.length;
    await sql`
      delete from portowner.span as one using unnest(${keys(all)}::text[], ${firsts(all)}::timestamptz[]) as gone (key, first)
      where one.machine = ${machine} and one.key = gone.key and one.first = gone.first`;
    return spans;
  }
  const unique = [...new Map(spans.map((span) => [keyOf(span), span])).values()];
  const taken = unique.slice(0, rows.length);
  await sql`
    update portowner.span as one set first = ${run.at}::timestamptz, last = null, (key, ${columnsOf(sql)}) = (
      new.key, new.numbered, new.protocol, new.port, new.address, new.services, new.program, new.account, new.sha256, new.signer)
    from unnest(${keys(taken.length)}::text[], ${firsts(taken.length)}::timestamptz[],
      ${keysOf(taken)}::text[], ${valueArrays(sql, taken)})
      as new (old_key, old_first, key, ${columnsOf(sql)})
    where one.machine = ${machine} and one.key = new.old_key and one.first = new.old_first`;
  return unique.slice(taken.length);
}

/** Ends the rows that were no longer seen, with the previous run, which saw them. */
function endRows({ sql, run, previous }: Recording, table: 'span' | 'finding', ids: readonly RowId[]): LazyQuery[] {
  if (ids.length === 0) return [];
  return [
    sql`
      update ${sql(`portowner.${table}`)} as one set last = ${previous ?? run.at}::timestamptz
      from unnest(${arrayText(ids.map(({ key }) => key))}::text[],
        ${arrayText(ids.map(({ first }) => first))}::timestamptz[]) as gone (key, first)
      where one.machine = ${run.machine} and one.key = gone.key and one.first = gone.first`,
  ];
}

/** Stores what the run knows more about the executables of open spans. */
function learn(
  { sql, run }: Recording,
  learned: readonly { readonly id: RowId; readonly listener: Listener }[],
): LazyQuery[] {
  if (learned.length === 0) return [];
  return [
    sql`
      update portowner.span as one set sha256 = learned.sha256, signer = learned.signer
      from unnest(${arrayText(learned.map(({ id }) => id.key))}::text[],
        ${arrayText(learned.map(({ id }) => id.first))}::timestamptz[],
        ${arrayText(learned.map(({ listener }) => listener.sha256))}::text[],
        ${arrayText(learned.map(({ listener }) => listener.signer))}::text[]) as learned (key, first, sha256, signer)
      where one.machine = ${run.machine} and one.key = learned.key and one.first = learned.first`,
  ];
}

function storeFindings(recording: Recording, { added, ended }: FindingDifference<RowId>): LazyQuery[] {
  const { sql, run } = recording;
  const ends = endRows(recording, 'finding', ended);
  if (added.length === 0) return ends;
  return [
    ...ends,
    sql`
      insert into portowner.finding (machine, first, key, identity, severity)
      select ${run.machine}::text, ${run.at}::timestamptz, * from unnest(
        ${arrayText(added.map(({ key }) => hashed(key)))}::text[], ${arrayText(added.map(({ key }) => key))}::text[],
        ${arrayText(added.map(({ severity }) => severity))}::text[])
      on conflict do nothing`,
  ];
}

/** Writes the difference between a run and the open rows of its machine. */
async function storeDifference(
  recording: Recording,
  { open, seen }: OtherSpans,
  found: readonly OpenFinding<RowId>[],
): Promise<Pick<StoreOutcome, 'findings'>> {
  const { sql, run, previous, atEnd } = recording;
  const spans = Map.groupBy(open, ({ numbered }) => numbered);
  const compared = Map.groupBy(seen, ({ numbered }) => numbered);
  const listeners = (compared.get(false) ?? []).map(({ listener }) => listener);
  const difference = spanDifference(spans.get(false) ?? [], run, listeners);
  const numbers = dynamicDifference(spans.get(true) ?? [], compared.get(true) ?? [], run);
  const findings = findingDifference<RowId>(found, run, Date.parse(run.at));
  const values = runValues(run, difference, previous === null);
  const added: readonly NewSpan[] = [
    ...difference.added.map((listener) => ({ listener, port: storedPort(listener), numbered: false })),
    ...numbers.added.map(({ listener, port }) => ({ listener, port, numbered: true })),
  ];
  const ended = endRows(recording, 'span', [...difference.ended, ...numbers.ended]);
  if (numbers.ended.length === 0) atEnd(...ended, ...insertSpans(recording, added));
  else {
    // How many port numbers have ended is counted with those that end now.
    await Promise.all(ended);
    atEnd(...insertSpans(recording, await forgetNumbers(recording, added)));
  }
  atEnd(
    ...learn(recording, difference.learned),
    ...storeFindings(recording, findings),
    sql`insert into portowner.audit ${sql({ machine: run.machine, at: run.at, ...values })} on conflict do nothing`,
  );
  return { findings: findings.dated };
}

/** Copies the rows of a machine to another name. */
async function copyMachine(sql: Sql, machine: string, copy: string): Promise<void> {
  for (const table of tableNames.filter((name) => name !== 'machine')) {
    const rows = await sql`select * from ${sql(`portowner.${table}`)} where machine = ${machine}`;
    for (let start = 0; start < rows.length; start += 1000) {
      const part = rows.slice(start, start + 1000).map((row) => Object.assign({}, row, { machine: copy }));
      await sql`insert into ${sql(`portowner.${table}`)} ${sql(part)}`;
    }
  }
}

/** Deletes all runs of a machine after a time, and reopens what the newest remaining run saw; keeps a copy under another name. */
async function forgetLater(
  sql: Sql,
  { machine }: StoredRun,
  now: Date,
  again: boolean,
): Promise<Pick<StoreOutcome, 'forgotten' | 'before'>> {
  const later = async (name: string) => {
    const rows = await sql`
      select count(*)::integer as count, min(at) as first, max(at) as last
      from portowner.audit where machine = ${name} and at > ${now}`;
    return rows[0]!;
  };
  // Other audits of the machine wait for this transaction.
  await sql`select 1 from portowner.machine where machine = ${machine} for update`;
  const copy = `${machine}.before-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const own = await later(machine);
  // The connection was lost after the transaction had succeeded: the copy has what it deleted.
  const { count, first, last } = again && own['count'] === 0 ? await later(copy) : own;
  if (count === 0) return { forgotten: 0, before: null };
  const forgotten = { forgotten: count, before: { first: instant(first), last: instant(last), copy } };
  if (own['count'] === 0) return forgotten;
  await copyMachine(sql, machine, copy);
  await sql`delete from portowner.audit where machine = ${machine} and at > ${now}`;
  const newest = await newestRun(sql, machine);
  for (const table of ['span', 'finding']) {
    await sql`delete from ${sql(`portowner.${table}`)} where machine = ${machine} and first > ${now}`;
    await sql`update ${sql(`portowner.${table}`)} set last = null where machine = ${machine} and last >= ${newest ?? now}`;
  }
  if (newest === null) await sql`delete from portowner.machine where machine = ${machine}`;
  else await sql`update portowner.machine set last_audit = ${newest} where machine = ${machine}`;
  return forgotten;
}

async function newestRun(sql: Sql, machine: string): Promise<Date | null> {
  // Planned faster than a maximum.
  const [row] = await sql`select at from portowner.audit where machine = ${machine} order by at desc limit 1`;
  return row?.['at'] ?? null;
}

/** Locks the machine of a run for this transaction; false if the run is not newer than the newest one. */
async function gate(sql: Sql, run: StoredRun): Promise<boolean> {
  const complete = !run.partial && run.problem === undefined;
  const passed = await sql`
    insert into portowner.machine as one (machine, last_audit, listeners, complete, tool)
    values (${run.machine}, ${run.at}::timestamptz, ${run.listeners.length}, ${complete}, ${run.tool})
    on conflict (machine) do update set last_audit = excluded.last_audit, listeners = excluded.listeners,
      complete = excluded.complete, tool = excluded.tool
    where one.last_audit < excluded.last_audit
    returning machine`;
  return passed.length > 0;
}

/** What is already stored instead of a run. */
async function refusedRun(sql: Sql, run: StoredRun): Promise<Pick<StoreOutcome, 'findings' | 'refused' | 'newest'>> {
  const [newest, same, stored] = await Promise.all([
    newestRun(sql, run.machine),
    sql`select 1 from portowner.audit where machine = ${run.machine} and at = ${run.at}::timestamptz`,
    sql`
      select identity, first from portowner.finding
      where machine = ${run.machine} and first <= ${run.at}::timestamptz and (last is null or last >= ${run.at}::timestamptz)`,
  ]);
  return {
    findings: datedFindings(
      stored.map(({ identity, first }) => ({ key: identity, first: first.getTime() })),
      run.findings,
    ),
    refused: same.length > 0 ? 'same' : 'older',
    newest: instant(newest ?? run.at),
  };
}

/** Stores a run in a transaction; `again`: an earlier one may have succeeded. */
async function record(
  { sql, atEnd }: Pick<Recording, 'sql' | 'atEnd'>,
  run: StoredRun,
  now: Date,
  again: boolean,
): Promise<Omit<StoreOutcome, 'aside' | 'unpruned'>> {
  const forgotten = run.forgetLater ? await forgetLater(sql, run, now, again) : { forgotten: 0, before: null };
  // Sent together: the server runs them one after the other, each when the machine is locked.
  const { machine } = run;
  const [passed, previous, spans, open] = await Promise.all([
    gate(sql, run),
    newestRun(sql, machine),
    otherSpans(sql, run),
    openFindings(sql, machine),
  ]);
  if (!passed) return { ...(await refusedRun(sql, run)), ...forgotten };
  const { findings } = await storeDifference({ sql, atEnd, run, previous }, spans, open);
  return { findings, refused: null, newest: run.at, ...forgotten };
}

/** Deletes old history of a machine, for which an account needs another role than to store audits; why not, or null. */
async function prune(connections: Connections, run: StoredRun): Promise<string | null> {
  const since = keptSince(run);
  if (since === null) return null;
  const { machine } = run;
  const before = new Date(since);
  try {
    await retried(() =>
      changeTransaction(connections, async (sql) => {
        await sql`delete from portowner.audit where machine = ${machine} and at < ${before}`;
        await sql`delete from portowner.span where machine = ${machine} and last < ${before}`;
        await sql`delete from portowner.finding where machine = ${machine} and last < ${before}`;
      }),
    );
    return null;
  } catch (error) {
    // The audit is stored, whatever the error.
    return databaseError(connections.address, error).message;
  }
}

/** Stores an audit atomically, in one transaction, which waits for others of the same machine. */
export async function addRun(connections: Connections, given: StoredRun, now: Date): Promise<StoreOutcome> {
  const run = storable(given);
  const outcome = await retried(async (again) => {
    const stored = await changeTransaction(connections, (sql, atEnd) => record({ sql, atEnd }, run, now, again));
    // The connection was lost after the transaction had succeeded.
    return again && stored.refused === 'same' ? { ...stored, refused: null } : stored;
  });
  const unpruned = outcome.refused === null ? await prune(connections, run) : null;
  return { ...outcome, aside: null, unpruned };
}
