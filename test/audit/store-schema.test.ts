// The statements that create a store, for engines that no test runs.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStatements, engines, roleNames, tableNames, type DatabaseEngine } from '../../src/audit/store/postgres-schema.ts';

const test = suite('the tables of a store');

const textOf = (engine: DatabaseEngine, existing: readonly string[] = []): string => createStatements(engine, existing).join(';\n');
const count = (text: string, what: RegExp): number => [...text.matchAll(what)].length;

test('PostgreSQL distributes each large table over 16 partitions by machine', () => {
  const text = textOf('postgresql');
  assert.is(count(text, /partition by hash \(machine\)/g), tableNames.length - 1);
  assert.is(count(text, /partition of portowner\.\w+ for values with \(modulus 16, remainder \d+\)/g), 16 * (tableNames.length - 1));
  assert.not.match(text, /create_distributed_table/);
});

test('Citus distributes each table by machine, and has the version everywhere', () => {
  const text = textOf('citus');
  for (const table of tableNames) assert.match(text, `select create_distributed_table('portowner.${table}', 'machine')`);
  assert.is(count(text, /create_distributed_table/g), tableNames.length);
  assert.match(text, "select create_reference_table('portowner.store')");
  assert.not.match(text, /partition/);
});

test('CockroachDB has neither partitions nor row-level security', () => {
  const text = textOf('cockroachdb');
  assert.not.match(text, /partition|citus|create_\w+_table|create policy|row level security/i);
  for (const table of tableNames) assert.match(text, `create table portowner.${table} (`);
});

for (const engine of engines) {
  test(`${engine}: no foreign keys, sequences, triggers, or advisory locks, and every key has the machine first`, () => {
    const text = textOf(engine);
    assert.not.match(text, /references|serial|sequence|trigger|advisory|generated/i);
    for (const [, key] of text.matchAll(/primary key \((\w+)[,)]/g)) assert.ok(key === 'machine', key);
    for (const role of roleNames) assert.match(text, `create role ${role} nologin`);
    assert.not.match(textOf(engine, roleNames), /create role/);
  });
}

test('no role can change tables, and only one deletes', () => {
  const granted = [...textOf('postgresql').matchAll(/^grant (.*) on portowner\.\w+ to (\w+);?$/gm)];
  assert.ok(granted.length >= roleNames.length * tableNames.length);
  for (const [, rights, role] of granted) {
    assert.match(rights!, /^(?:(?:select|insert|update|delete)(?:, )?)+$/);
    assert.is(rights!.includes('delete'), role === 'portowner_pruner' && rights !== 'select', `${role}: ${rights}`);
  }
});

test.run();
