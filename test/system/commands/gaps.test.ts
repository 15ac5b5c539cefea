import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readRuns } from '../../../src/audit/store/sqlite-read.ts';
import type { Facts } from '../../../src/facts/model/facts.ts';
import { facts, process as processFact, socket } from '../../support/example.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite<TestContext>('facts with gaps');

const now = () => new Date('2026-02-01T00:00:00Z');
const whole: Facts = { ...facts([socket({ localPort: 443 })], { processes: [processFact()] }), at: '2026-01-02T03:00:00Z' };
const failed = { status: 'failed', reason: 'a test', needs: null, at: null, data: [] } as const;
const without = (section: Partial<Facts['sections']>): Facts => ({ ...whole, sections: { ...whole.sections, ...section } });

const gaps: [what: string, facts: Facts, says: RegExp][] = [
  ['a machine without a name', { ...whole, machine: { ...whole.machine, name: '' } }, /the machine has no name/],
  ['processes that could not be read', without({ processes: { ...failed, data: [] } }), /the processes could not be read/],
  ['a dynamic range that could not be read', without({ dynamicRanges: { ...failed, data: [] } }), /the dynamic port ranges could not be read/],
  ['sockets of which some could not be read', without({ sockets: { ...whole.sections.sockets, status: 'partial', reason: 'a test' } }), /some sockets could not be read/],
];
for (const [what, partial, says] of gaps) {
  test(`${what}: nothing is called clean, complete or unchanged`, async () => {
    const folder = temporaryFolder();
    const [from, before] = [snapshotFile(partial, folder), snapshotFile(whole, folder)];
    const store = join(folder, 'audits.db');
    const audit = await run(['audit', '--store', store, '--from', from], { now });
    assert.is(audit.code, 69, audit.err);
    assert.match(audit.err, says);
    assert.not.match(audit.err, /clean/);
    const runs = existsSync(store) ? readRuns(store, { machine: null, limit: null }) : [];
    assert.ok(runs.every(({ Complete, ComputerName }) => Complete === false && ComputerName !== ''));
    const create = await run(['baseline', 'create', join(folder, 'b.yaml'), '--from', from], { now });
    assert.is(create.code, 69);
    assert.match(create.err, says);
    assert.not.ok(existsSync(join(folder, 'b.yaml')));
    assert.is((await run(['diff', before, from], { now })).code === 0, false);
  });
}

test('a machine without /proc has its name, and no clean audit', (context) => {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return skip('needs root on Linux', context);
  const folder = temporaryFolder();
  const inside = (...args: string[]) =>
    spawnSync('unshare', ['-m', '--propagation', 'private', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh', ...ownProgram, ...args], { cwd: folder, encoding: 'utf8' });
  if (inside('--version').status !== 0) return skip('unshare cannot make a namespace of mounts here', context);
  const audit = inside('audit', '--store', 'audits.db');
  assert.is(audit.status, 69, audit.stderr);
  assert.match(audit.stderr, /audit of \S+: no findings, .*the processes could not be read/);
  const [stored] = readRuns(join(folder, 'audits.db'), { machine: null, limit: null });
  assert.is(stored!.Complete, false);
  for (const args of [['443'], ['snapshot'], ['conflicts'], ['ranges'], ['why', '443'], ['doctor'], ['stop', '443', '--dry-run'], ['baseline', 'create', 'b.yaml']]) {
    const { status, stderr } = inside(...args);
    assert.ok([0, 1, 64, 69, 77].includes(status!), `${args.join(' ')}: ${status} ${stderr}`);
  }
  assert.not.ok(existsSync(join(folder, 'b.yaml')));
});

test.run();
