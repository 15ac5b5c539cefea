import { errorCode } from '../../io/errors.ts';
import type { Check, CheckStatus } from '../../schema/check.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import type { DatabaseAddress } from './address.ts';
import { inTransaction, type Sql } from './postgres-connection.ts';
import {
  columnNames,
  createPolicy,
  createStatements,
  databaseVersion,
  enablePolicies,
  roleNames,
  rowPolicies,
  script,
  tableNames,
  upgradeStatements,
  type DatabaseEngine,
} from './postgres-schema.ts';
import { withDatabase } from './postgres-session.ts';

/*
 * Creating, upgrading, and checking a store in a database.
 */

/** The engine behind a connection, and its own description. */
async function engineOf(sql: Sql): Promise<{ readonly engine: DatabaseEngine; readonly text: string }> {
  const [row] = await sql`select version() as text`;
  const text = String(row?.['text']);
  if (/CockroachDB/.test(text)) return { engine: 'cockroachdb', text };
  const citus = await sql`select 1 from pg_extension where extname = 'citus'`;
  return { engine: citus.length > 0 ? 'citus' : 'postgresql', text };
}

/** The version of the store in a database; null if it has none. */
async function versionOf(sql: Sql): Promise<number | null> {
  // Not information_schema, which hides the tables from an account without rights.
  const [found] = await sql`
    select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = 'portowner' and relname = 'store'`;
  if (found === undefined) return null;
  const [row] = await sql`select max(version)::integer as version from portowner.store`;
  return row?.['version'] ?? null;
}

async function statementsFor(sql: Sql): Promise<string[]> {
  const { engine } = await engineOf(sql);
  const roles = await sql`select rolname from pg_roles where rolname like 'portowner%'`;
  return createStatements(
    engine,
    roles.map((row) => String(row['rolname'])),
  );
}

/**
 * The statements that make a store of this or an earlier version what this version creates. Programs of the same version of the
 * tables use them with any row-level security, so that a change of the policies is no new version.
 */
async function missingStatements(sql: Sql, version: number): Promise<string[]> {
  const { engine } = await engineOf(sql);
  return [
    ...(version === databaseVersion ? [] : upgradeStatements),
    ...(engine === 'cockroachdb' ? [] : (await protectionFlaws(sql)).flatMap(({ mend }) => mend)),
  ];
}

function newer(url: string, version: number): PortOwnerError {
  return new PortOwnerError(
    'PO2003',
    `${url} has store version ${version}; this program knows version ${databaseVersion}`,
    { hint: 'Use the PortOwner that created it, or a newer one.', target: url },
  );
}

/** The SQL that creates a store, or upgrades it; without an address, for plain PostgreSQL without any of the roles. */
export async function storeScript(address: DatabaseAddress | null): Promise<string> {
  if (address === null) return script(createStatements('postgresql', []));
  return withDatabase(address, async (sql) => {
    const version = await versionOf(sql);
    if (version !== null && version > databaseVersion) throw newer(address.url, version);
    const statements = await (version === null ? statementsFor(sql) : missingStatements(sql, version));
    return statements.length === 0 ? '-- The store has the newest version.\n' : script(statements);
  });
}

/** How long the statements of an administrator may take in total, in milliseconds: the indexes of a large store take minutes. */
const longestMs = 4 * 3_600_000;

function runStatements(sql: Sql, statements: readonly string[]): Promise<void> {
  return inTransaction(sql, { mode: '', settings: [] }, async () => {
    await sql.unsafe('set local statement_timeout = 0');
    for (const statement of statements) await sql.unsafe(statement);
  });
}

/** Why a database cannot hold every name; null if it can. Its lengths in bytes would be others than ours. */
async function encodingOf(sql: Sql): Promise<string | null> {
  const [row] = await sql`select current_setting('server_encoding') as encoding`;
  const encoding = String(row?.['encoding']);
  return ['UTF8', 'SQL_ASCII'].includes(encoding)
    ? null
    : `the encoding of the database is ${encoding}, and programs and users have names in UTF-8`;
}

/** Creates a store in one transaction. `upgrade`: it must exist, and is upgraded. Returns the result as a sentence. */
export async function makeStore(address: DatabaseAddress, upgrade: boolean): Promise<string> {
  const { url } = address;
  const make = async (sql: Sql): Promise<string> => {
    const version = await versionOf(sql);
    if (version !== null && version > databaseVersion) throw newer(url, version);
    if (version !== null && !upgrade)
      throw new PortOwnerError('PO4201', `the store ${url} already exists, with version ${version}`, {
        hint: 'Use portowner store upgrade URL to upgrade it.',
        target: url,
      });
    if (version !== null) {
      const statements = await missingStatements(sql, version);
      if (statements.length === 0) return `The store has the newest version, ${version}.`;
      await runStatements(sql, statements);
      return version === databaseVersion
        ? `The row-level security of the store was upgraded; its tables have the newest version, ${version}.`
        : `The store was upgraded from version ${version} to version ${databaseVersion}.`;
    }
    if (upgrade)
      throw new PortOwnerError('PO4201', `the store ${url} cannot be used: it has no PortOwner store`, {
        hint: 'Create the store first: portowner store create URL',
        target: url,
      });
    const encoding = await encodingOf(sql);
    if (encoding !== null)
      throw new PortOwnerError('PO4201', `the store ${url} cannot be created: ${encoding}`, {
        hint: 'Create a database for it: createdb --encoding=UTF8 --template=template0 NAME',
        target: url,
      });
    await runStatements(sql, await statementsFor(sql));
    return `The store was created, with version ${databaseVersion} and the roles ${roleNames.join(', ')}.`;
  };
  return withDatabase(address, make, longestMs);
}

type Result = Pick<Check, 'Check' | 'Status' | 'Detail' | 'Evidence'>;

const result = (name: string, status: CheckStatus, detail: string, evidence: readonly string[] = []): Result => ({
  Check: name,
  Status: status,
  Detail: detail,
  Evidence: evidence.length === 0 ? null : evidence,
});

/** Something that is not as this version creates it, and the statements that make it so. */
interface Flaw {
  readonly text: string;
  readonly mend: readonly string[];
}

/** What is not as this version creates it in the row-level security. What somebody added stays. */
async function protectionFlaws(sql: Sql): Promise<Flaw[]> {
  const open = await sql`
    select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = 'portowner' and relname = any(${`{${tableNames.join(',')}}`}::text[]) and not relrowsecurity`;
  const rows = await sql`
    select tablename, policyname, lower(permissive) as kind, roles::text as role, cmd, qual, with_check
    from pg_policies where schemaname = 'portowner'`;
  const present = new Map(
    rows.map((row) => [
      `${row['policyname']} on ${row['tablename']}`,
      JSON.stringify([row['kind'], row['role'], row['cmd'], row['qual'], row['with_check']]),
    ]),
  );
  const wanted = tableNames.flatMap((table) =>
    rowPolicies.map((policy) => ({ name: `${policy.name} on ${table}`, policy, table })),
  );
  const names = new Set(wanted.map(({ name }) => name));
  return [
    ...open.map(({ relname: table }) => ({
      text: `${table} has no row-level security`,
      mend: [enablePolicies(table)],
    })),
    ...wanted
      .filter(
        ({ name, policy: { kind, role, rows: own } }) =>
          present.get(name) !== JSON.stringify([kind, `{${role}}`, 'ALL', own, own]),
      )
      .map(({ name, policy, table }) => ({
        text: `policy ${name} is missing or changed`,
        mend: [
          ...(present.has(name) ? [`drop policy ${policy.name} on portowner.${table}`] : []),
          createPolicy(policy, table),
        ],
      })),
    ...[...present.keys()]
      .filter((name) => !names.has(name))
      .map((name) => ({ text: `policy ${name} is not of PortOwner`, mend: [] })),
  ];
}

/** Compares the tables with those of this version: nothing may be missing, and nothing may run that PortOwner did not create. */
async function checkTables(sql: Sql, engine: DatabaseEngine): Promise<Result[]> {
  const columns = await sql`
    select relname || '.' || attname as name from pg_attribute join pg_class on pg_class.oid = attrelid
    join pg_namespace on pg_namespace.oid = relnamespace where nspname = 'portowner' and not attisdropped`;
  const present = new Set(columns.map((row) => row['name']));
  const missing = columnNames.filter((name) => !present.has(name)).map((name) => `${name} is missing`);
  const triggers = await sql`
    select tgname, relname from pg_trigger join pg_class on pg_class.oid = tgrelid
    join pg_namespace on pg_namespace.oid = relnamespace where nspname = 'portowner' and not tgisinternal and tgparentid = 0`;
  const rules = await sql`select rulename, tablename from pg_rules where schemaname = 'portowner'`;
  const foreign = [
    ...triggers.map((row) => `trigger ${row['tgname']} on ${row['relname']}`),
    ...rules.map((row) => `rule ${row['rulename']} on ${row['tablename']}`),
  ];
  const unprotected = engine === 'cockroachdb' ? [] : await protectionFlaws(sql);
  return [
    result(
      'Tables',
      missing.length === 0 ? 'ok' : 'differs',
      missing.length === 0 ? `${tableNames.length} tables` : 'columns are missing',
      missing,
    ),
    result(
      'Triggers',
      foreign.length === 0 ? 'ok' : 'differs',
      foreign.length === 0 ? 'none' : 'they run with the rights of every audit',
      foreign,
    ),
    result(
      'Row-level security',
      engine === 'cockroachdb' ? 'skipped' : unprotected.length === 0 ? 'ok' : 'differs',
      unprotected.length === 0
        ? 'an account in portowner_writer has only the rows of its machine'
        : `it is not that of this version${unprotected.some(({ mend }) => mend.length > 0) ? ': portowner store upgrade URL' : ''}`,
      unprotected.map(({ text }) => text),
    ),
  ];
}

/** Says what the account of the connection may do. */
async function checkAccount(sql: Sql, engine: DatabaseEngine): Promise<Result> {
  const [row] = await sql`
    select current_user as name, rolsuper as super, rolbypassrls as bypass from pg_roles where rolname = current_user`;
  const roles = await sql`
    select rolname, pg_has_role(current_user, oid, 'usage')
      or not pg_has_role(session_user, oid, 'member with admin option') as limits
    from pg_roles where rolname = any(${`{${roleNames.join(',')}}`}::text[])
      and pg_has_role(current_user, oid, 'member')`;
  const names = roles.map((one) => String(one['rolname']));
  const isAll = row?.['super'] === true || row?.['bypass'] === true;
  const isOfMachine =
    engine !== 'cockroachdb' && roles.some((one) => one['rolname'] === 'portowner_writer' && one['limits'] === true);
  const rights = isAll
    ? 'an administrator of the server: use another account for audits'
    : names.length === 0
      ? `a member of none of the roles: grant it one of ${roleNames.join(', ')}`
      : `${names.join(', ')}${isOfMachine ? ', only with the audits of its machine' : ''}`;
  return result('Account', isAll || names.length === 0 ? 'differs' : 'ok', `${row?.['name']}: ${rights}`);
}

/** Checks a store: the server, the encryption, the tables, and the account. */
export async function examineStore(address: DatabaseAddress): Promise<Result[]> {
  const { isVerified, isSocket } = address;
  return withDatabase(address, async (sql) => {
    const { engine, text } = await engineOf(sql);
    const encoding = await encodingOf(sql);
    const product = text.replace(/ on .*| \(.*/s, '');
    const server = result(
      'Server',
      encoding === null ? 'ok' : 'differs',
      encoding === null ? product : `${product}: ${encoding}`,
    );
    const connection = result(
      'Connection',
      'ok',
      isVerified ? 'encrypted; the server is verified' : isSocket ? 'a socket on this machine' : 'on this machine only',
    );
    try {
      const version = await versionOf(sql);
      if (version === null)
        return [server, connection, result('Store', 'failed', 'there is none: portowner store create URL')];
      const isCurrent = version === databaseVersion;
      return [
        server,
        connection,
        result(
          'Store',
          isCurrent ? 'ok' : 'differs',
          `version ${version}; this program writes version ${databaseVersion}`,
        ),
        ...(await checkTables(sql, engine)),
        await checkAccount(sql, engine),
      ];
    } catch (error) {
      if (errorCode(error) !== '42501') throw error;
      return [server, connection, result('Store', 'failed', (error as Error).message), await checkAccount(sql, engine)];
    }
  });
}
