import { DatabaseSync } from 'node:sqlite';

/*
 * The tables of a store, and the check that a store has exactly these. Anything else in the file came from somebody else: a
 * trigger, or a view in place of a table, would run with the rights of the audit. Times are milliseconds since 1970. Version
 * 2 added whether a run was complete (null: unknown), and dynamic port numbers.
 */

/** `PORT` in ASCII: distinguishes a store from other programs' databases. */
export const applicationId = 0x504f5254;
export const storeVersion = 2;

const versionOne = `
CREATE TABLE machine (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE run (
  machine INTEGER NOT NULL REFERENCES machine, at INTEGER NOT NULL, tool TEXT NOT NULL, listeners INTEGER NOT NULL,
  appeared INTEGER NOT NULL, disappeared INTEGER NOT NULL, findings INTEGER NOT NULL, worst TEXT,
  PRIMARY KEY (machine, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE owner (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, program TEXT, services TEXT NOT NULL, user TEXT, sha256 TEXT, signer TEXT) STRICT;
CREATE TABLE span (
  machine INTEGER NOT NULL REFERENCES machine, protocol TEXT NOT NULL, port INTEGER NOT NULL, address TEXT NOT NULL,
  owner INTEGER NOT NULL REFERENCES owner, first INTEGER NOT NULL, last INTEGER
) STRICT;
CREATE INDEX span_open ON span (machine) WHERE last IS NULL;
CREATE INDEX span_port ON span (port);
CREATE INDEX span_owner ON span (owner);
CREATE TABLE finding (machine INTEGER NOT NULL REFERENCES machine, key TEXT NOT NULL, severity TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER) STRICT;
CREATE INDEX finding_open ON finding (machine) WHERE last IS NULL;
PRAGMA application_id = ${applicationId};
PRAGMA user_version = 1;
`;

/** Upgrades a store from version 1 to version 2. */
export const upgrade = `
ALTER TABLE run ADD COLUMN complete INTEGER;
ALTER TABLE run ADD COLUMN problem TEXT;
CREATE TABLE dynamic_port (
  machine INTEGER NOT NULL REFERENCES machine, protocol TEXT NOT NULL, port INTEGER NOT NULL, address TEXT NOT NULL,
  owner INTEGER NOT NULL REFERENCES owner, first INTEGER NOT NULL, last INTEGER
) STRICT;
CREATE INDEX dynamic_port_open ON dynamic_port (machine) WHERE last IS NULL;
CREATE INDEX dynamic_port_number ON dynamic_port (port);
PRAGMA user_version = ${storeVersion};
`;

/** Creates an empty store of the current version. */
export const schema = `${versionOne}${upgrade}`;

/** A text that only a store contains in its first page. */
export const schemaMark = 'CREATE TABLE machine (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT';

/** Damage that SQLite itself does not detect: something is missing or inconsistent. */
export class Damaged extends Error {}

/** Something in a store that PortOwner did not create. */
export class Planted extends Error {}

interface SchemaObject {
  readonly type: string;
  readonly name: string;
  /** Null for the indexes that SQLite makes itself. */
  readonly sql: string | null;
}

function objectsOf(database: DatabaseSync, limit: number): SchemaObject[] {
  return database.prepare('SELECT type, name, sql FROM sqlite_schema LIMIT ?').all(limit) as unknown as SchemaObject[];
}

/** Removes the layout from SQL: ALTER TABLE formats it differently. */
const plain = (sql: string | null): string | null => sql?.replace(/\s+/g, ' ').replace(/ ?([(),]) ?/g, '$1') ?? null;

/** Runs `use` with an empty store of a version. */
function exemplar<T>(version: number, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(':memory:');
  try {
    database.exec(version < storeVersion ? versionOne : schema);
    return use(database);
  } finally {
    database.close();
  }
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database
    .prepare('SELECT name FROM pragma_table_xinfo(?)')
    .all(table)
    .map(({ name }) => String(name));
}

const quoted = (name: string): string => JSON.stringify(name.slice(0, 80));

/**
 * Throws Planted for anything that a store of this version does not have, and Damaged if something is missing. Reads only
 * the schema.
 */
export function verifySchema(database: DatabaseSync, version: number): void {
  const wanted = new Map(exemplar(version, (own) => objectsOf(own, -1)).map((object) => [object.name, object]));
  const found = objectsOf(database, wanted.size + 1);
  const different: SchemaObject[] = [];
  for (const object of found) {
    const { type, name, sql } = object;
    const own = wanted.get(name);
    if (own === undefined || own.type !== type || (sql !== null && /\bVIRTUAL\b/i.test(sql)))
      throw new Planted(
        `it has ${type === 'index' ? 'an' : 'a'} ${type} ${quoted(name)}, which PortOwner did not create`,
      );
    if (plain(own.sql) !== plain(sql)) different.push(object);
  }
  const names = new Set(found.map(({ name }) => name));
  for (const { type, name } of wanted.values())
    if (!names.has(name)) throw new Damaged(`its ${type} ${name} is missing`);
  for (const { type, name } of different) {
    if (type === 'table') {
      const present = new Set(columnsOf(database, name));
      const lost = exemplar(version, (own) => columnsOf(own, name)).find((column) => !present.has(column));
      if (lost !== undefined) throw new Damaged(`its table ${name} has no column ${lost}`);
    }
    throw new Planted(`its ${type} ${quoted(name)} was changed by another program`);
  }
}
