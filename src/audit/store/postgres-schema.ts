/*
 * The tables of a store in a database. They are sharded by machine, so that every row of a machine is in one place; they have
 * no foreign keys, sequences, triggers, or advisory locks, which the engines that speak the protocol of PostgreSQL do not
 * have in common. Times have milliseconds.
 */

/** The version of the tables. Version 2 added indexes for questions about a fleet. */
export const databaseVersion = 2;

/** The engines, of which each distributes the rows of its tables in its own way. */
export const engines = ['postgresql', 'citus', 'cockroachdb'] as const;
export type DatabaseEngine = (typeof engines)[number];

/** How many parts a table has on plain PostgreSQL. */
const partitions = 16;

/** The indexes of version 2: a port with its history, what ended lately, and an executable. */
const fleetIndexes = [
  'span_port on portowner.span (port, last)',
  'span_last on portowner.span (last) where last is not null',
  'span_sha256 on portowner.span (sha256 collate "C") where last is null and sha256 is not null',
];

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: string;
  /** Whether it has few rows for each machine, and therefore no parts. */
  readonly isSmall?: true;
  readonly indexes: readonly string[];
}

const tables: readonly Table[] = [
  {
    name: 'machine',
    columns: [
      'machine text not null',
      'last_audit timestamptz(3) not null',
      'listeners integer not null',
      'complete boolean not null',
      'tool text not null',
    ],
    key: 'machine',
    isSmall: true,
    indexes: ['machine_name on portowner.machine (lower(machine))'],
  },
  {
    name: 'audit',
    columns: [
      'machine text not null',
      'at timestamptz(3) not null',
      'tool text not null',
      'listeners integer not null',
      'appeared integer not null',
      'disappeared integer not null',
      'findings integer not null',
      'worst text',
      'complete boolean not null',
      'problem text',
    ],
    key: 'machine, at',
    indexes: ['audit_at on portowner.audit (at)'],
  },
  {
    name: 'span',
    columns: [
      'machine text not null',
      'key text not null',
      'first timestamptz(3) not null',
      'last timestamptz(3)',
      // Whether it is of one port number in the dynamic range.
      'numbered boolean not null',
      'protocol text not null',
      'port integer not null',
      'address text not null',
      'program text',
      'services text not null',
      'account text',
      'sha256 text',
      'signer text',
    ],
    key: 'machine, key, first',
    indexes: [
      'span_open on portowner.span (machine) where last is null',
      'span_first on portowner.span (first)',
      ...fleetIndexes,
    ],
  },
  {
    name: 'finding',
    columns: [
      'machine text not null',
      'key text not null',
      // What the key is the hash of: an index cannot hold a long path.
      'identity text not null',
      'severity text not null',
      'first timestamptz(3) not null',
      'last timestamptz(3)',
    ],
    key: 'machine, key, first',
    indexes: ['finding_open on portowner.finding (machine) where last is null'],
  },
];

/** The names of the tables with a row for each machine. */
export const tableNames = tables.map(({ name }) => name);

/** The columns that a store must have, as `table.column`. */
export const columnNames = [
  ...tables.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.replace(/ .*/, '')}`)),
  'store.version',
];

function createTable({ name, columns, key, isSmall }: Table, engine: DatabaseEngine): string[] {
  const isPartitioned = engine === 'postgresql' && isSmall !== true;
  const table = `create table portowner.${name} (\n  ${columns.join(',\n  ')},\n  primary key (${key})\n)`;
  if (isPartitioned)
    return [
      `${table} partition by hash (machine)`,
      ...Array.from(
        { length: partitions },
        (_, part) =>
          `create table portowner.${name}_${part} partition of portowner.${name} for values with (modulus ${partitions}, remainder ${part})`,
      ),
    ];
  return engine === 'citus' ? [table, `select create_distributed_table('portowner.${name}', 'machine')`] : [table];
}

/** What a role may do, with which rows. */
interface Role {
  readonly name: string;
  readonly rights: string;
  /** The rows that it sees and changes. */
  readonly rows: string;
}

/** The rows of the account of a machine, with copies of what --forget-later removed, as PostgreSQL prints the condition. */
const rowsOf = (account: 'CURRENT_USER' | 'SESSION_USER'): string =>
  `((lower(machine) = lower((${account})::text)) OR starts_with(lower(machine), (lower((${account})::text) || '.before-'::text)))`;

/** Groups of accounts; an account of a machine has the name of the machine. */
const roles: readonly Role[] = [
  // Stores the audits of its own machine.
  { name: 'portowner_writer', rights: 'select, insert, update', rows: rowsOf('CURRENT_USER') },
  // Stores the audits of all machines.
  { name: 'portowner_collector', rights: 'select, insert, update', rows: 'true' },
  // Deletes old history, for --keep and --forget-later.
  { name: 'portowner_pruner', rights: 'select, update, delete', rows: 'true' },
  // Queries the history.
  { name: 'portowner_reader', rights: 'select', rows: 'true' },
];

export const roleNames = roles.map(({ name }) => name);

/** Whether the account that connected is a member of portowner_writer, whatever role it has set since. */
const isWriter = (how: string): string => `pg_has_role(SESSION_USER, 'portowner_writer'::name, '${how}'::text)`;

/** A policy of row-level security, the same on each table. */
interface RowPolicy {
  readonly name: string;
  readonly kind: 'permissive' | 'restrictive';
  readonly role: string;
  readonly rows: string;
}

export const rowPolicies: readonly RowPolicy[] = [
  ...roles.map(({ name, rows }): RowPolicy => ({ name, kind: 'permissive', role: name, rows })),
  // Permissive policies add up: without this one, another role would give the account of a machine all rows.
  { name: 'portowner_own_rows', kind: 'restrictive', role: 'portowner_writer', rows: rowsOf('CURRENT_USER') },
  // Without this one, SET ROLE would: it changes CURRENT_USER, and whose policies apply. Not for who grants the role to
  // machines, which is a member of it, too, as is a superuser.
  {
    name: 'portowner_own_session',
    kind: 'restrictive',
    role: 'public',
    rows: `((NOT ${isWriter('member')}) OR ${isWriter('member with admin option')} OR ${rowsOf('SESSION_USER')})`,
  },
];

/** The statement that creates a policy on a table. */
export const createPolicy = ({ name, kind, role, rows }: RowPolicy, table: string): string =>
  `create policy ${name} on portowner.${table} as ${kind} to ${role} using (${rows}) with check (${rows})`;

/** The statement that makes the policies of a table effective. */
export const enablePolicies = (table: string): string => `alter table portowner.${table} enable row level security`;

function grants({ name, rights }: Role): string[] {
  return [
    `grant usage on schema "portowner" to ${name}`,
    `grant select on portowner.store to ${name}`,
    ...tableNames.map((table) => `grant ${rights} on portowner.${table} to ${name}`),
  ];
}

/** The statements that create a store; `existing`: the roles that are already there. */
export function createStatements(engine: DatabaseEngine, existing: readonly string[]): string[] {
  return [
    'create schema portowner',
    ...tables.flatMap((table) => createTable(table, engine)),
    ...tables.flatMap(({ indexes }) => indexes.map((index) => `create index ${index}`)),
    'create table portowner.store (version integer not null primary key)',
    ...(engine === 'citus' ? ["select create_reference_table('portowner.store')"] : []),
    `insert into portowner.store (version) values (${databaseVersion})`,
    ...(engine === 'cockroachdb' ? [] : tableNames.map(enablePolicies)),
    ...roleNames.filter((role) => !existing.includes(role)).map((role) => `create role ${role} nologin`),
    ...roles.flatMap(grants),
    ...(engine === 'cockroachdb'
      ? []
      : tableNames.flatMap((table) => rowPolicies.map((policy) => createPolicy(policy, table)))),
  ];
}

/** The statements that upgrade the tables of a store from version 1. */
export const upgradeStatements: readonly string[] = [
  'drop index portowner.span_port',
  ...fleetIndexes.map((index) => `create index ${index}`),
  `update portowner.store set version = ${databaseVersion}`,
];

/** Statements as a script for an administrator. */
export const script = (statements: readonly string[]): string =>
  `begin;\n${statements.map((one) => `${one};\n`).join('')}commit;\n`;
