import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../../src/audit/listeners.ts';
import type { StoredRun } from '../../../src/audit/store/contract.ts';
import { readRuns, readSpans } from '../../../src/audit/store/sqlite-read.ts';
import { storeRun } from '../../../src/audit/store/sqlite-write.ts';
import type { PortOwnerError } from '../../../src/schema/problems.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { listener } from '../../support/listener.ts';

const test = suite('repairs of a store');

const now = new Date('2026-01-31T00:00:00Z');
const night = (day: number): string => new Date(Date.UTC(2026, 0, day, 2)).toISOString();
const runs = (path: string) => readRuns(path, { machine: null, limit: null }).map(({ RunTime }) => RunTime);
const history = (path: string) => readSpans(path, { machine: null, port: null, dynamic: true, owner: null });
const beside = (path: string) =>
  readdirSync(dirname(path))
    .filter((name) => name !== basename(path))
    .sort();

function store(path: string, day: number, listeners: Listener[], more: Partial<StoredRun> = {}, clock = now) {
  return storeRun(path, { machine: 'box', at: night(day), tool: 'a test', listeners, findings: [], keepDays: null, partial: false, forgetLater: false, ...more }, clock);
}

/** A store of two nights. */
function twoNights(): string {
  const path = join(temporaryFolder(), 'audits.db');
  store(path, 1, [listener()]);
  store(path, 2, [listener({ program: '/usr/sbin/sshd', services: ['ssh.service'] })]);
  return path;
}

test('what is later than this audit, and not than now, is not forgotten', () => {
  const path = twoNights();
  const { refused, forgotten, before } = store(path, 1, [], { at: '2026-01-01T03:00:00Z', forgetLater: true });
  assert.equal([refused, forgotten, before], ['older', 0, null]);
  assert.equal(runs(path), [night(2), night(1)]);
  assert.equal(beside(path), []);
});

test('a copy is kept of what is forgotten', () => {
  const path = twoNights();
  for (const day of [300, 301]) store(path, day, [listener()], {}, new Date('2026-12-01T00:00:00Z'));
  const all = history(path);
  const { forgotten, before } = store(path, 3, [listener()], { forgetLater: true });
  assert.is(forgotten, 2);
  assert.equal(before, { first: night(300), last: night(301), copy: `${path}.before-20260131T000000Z` });
  assert.equal(runs(path), [night(3), night(2), night(1)]);
  assert.equal(beside(path), [basename(before!.copy)]);
  assert.equal(runs(before!.copy), [night(301), night(300), night(2), night(1)]);
  assert.equal(history(before!.copy), all);
  store(path, 300, [], {}, new Date('2026-12-01T00:00:00Z'));
  assert.is(store(path, 4, [], { forgetLater: true }).before?.copy, `${path}.before-20260131T000000Z-2`);
});

const damages: [what: string, sql: string][] = [
  ['without a table', 'DROP TABLE finding'],
  ['without a column', 'ALTER TABLE run DROP COLUMN tool'],
  ['with a broken list of services', "UPDATE owner SET services = '[\"ssh'"],
  ['with services that are no list', "UPDATE owner SET services = '{}' WHERE id = 1"],
  ['with services that are no names', "UPDATE owner SET services = '[[1]]' WHERE id = 1"],
  ['with spans of nobody', 'DELETE FROM owner WHERE id = 1'],
  ['with spans of no machine', 'DELETE FROM machine'],
  ['with a time that is none', 'UPDATE span SET first = 9223372036854775807'],
];
for (const [what, sql] of damages) {
  test(`a store ${what} is set aside`, () => {
    const path = twoNights();
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    database.exec(sql);
    database.close();
    const bytes = readFileSync(path);
    for (const read of [runs, history]) {
      try {
        read(path);
      } catch (error) {
        assert.is((error as PortOwnerError).code, 'PO4203', String(error));
      }
    }
    const { aside } = store(path, 3, [listener()]);
    assert.ok(aside);
    assert.equal(readFileSync(aside), bytes);
    assert.equal(runs(path), [night(3)]);
    assert.is(store(path, 4, [listener()]).aside, null);
  });
}

test.run();
