import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readRuns } from '../../../src/audit/store/sqlite-read.ts';
import { storeRun } from '../../../src/audit/store/sqlite-write.ts';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { ClosedPipe, type Sink } from '../../../src/io/sink.ts';
import { liveBinder, liveSource } from '../../../src/machine/live.ts';
import { facts, socket } from '../../support/example.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';

const test = suite<TestContext>('portowner audit of this machine');

const start = Date.parse('2026-01-02T03:04:06Z');
const times = (store: string) => readRuns(store, { machine: null, limit: null }).map(({ RunTime }) => RunTime);

/** A store with an audit of this machine, and what stores another one. */
async function audited(): Promise<{ store: string; add: (at: number) => void }> {
  const store = join(temporaryFolder(), 'audits.db');
  await run(['audit', '--store', store], { source: await liveSource(), now: () => new Date(start - 1000) });
  const [first] = readRuns(store, { machine: null, limit: null });
  return {
    store,
    add: (at) =>
      void storeRun(
        store,
        { machine: first!.ComputerName!, at: new Date(at).toISOString(), tool: 'a test', listeners: [], findings: [], keepDays: null, partial: false, forgetLater: false },
        new Date(at),
      ),
  };
}

test('an audit that another one overtook is not stored, and fails for nothing', async () => {
  const { store, add } = await audited();
  add(start + 5);
  const before = times(store);
  let now = start;
  const { code, err } = await run(['audit', '--store', store], { source: await liveSource(), now: () => new Date((now += 10) - 10) });
  assert.ok([0, 77].includes(code), `${code} ${err}`);
  assert.match(err, /PO4206: warning: another audit of .* at 2026-01-02T03:04:06\.005Z was stored in .* in the meantime: the audit of 2026-01-02T03:04:06\.000Z was not stored\n/);
  assert.equal(times(store), before);
});

test('--forget-later removes what is dated later than now, says what, and keeps a copy', async () => {
  const { store, add } = await audited();
  const future = Date.parse('2027-05-01T02:00:00Z');
  add(future);
  const all = times(store);
  const stuck = await run(['audit', '--store', store], { source: await liveSource() });
  assert.is(stuck.code, 69);
  assert.match(stuck.err, /PO4206: .* at 2027-05-01T02:00:00\.000Z: [^\n]*\n {2}That is in the future\.[^\n]*--forget-later/);
  const repaired = await run(['audit', '--store', store, '--forget-later'], { source: await liveSource() });
  assert.ok([0, 77].includes(repaired.code), repaired.err);
  const [, copy] = /PO4208: warning: 1 later audit of .*, at 2027-05-01T02:00:00\.000Z, removed from the store .*; the previous store was saved as (.*)\n/.exec(repaired.err) ?? [];
  assert.equal(times(store), ['2026-01-02T03:04:06.000Z', '2026-01-02T03:04:05.000Z']);
  assert.equal(times(copy!), all);
});

test('a program whose name is not UTF-8 is not another one whose name is not, either', async (context) => {
  if (process.platform !== 'linux') return skip('file names are bytes on Linux alone', context);
  const folder = temporaryFolder();
  const baseline = join(folder, 'b.yaml');
  const script = 'const s = require("net").createServer().listen(Number(process.argv[1]), "127.0.0.1", () => console.log(1))';
  const listeningAs = async (name: string, port: number, ask: () => Promise<unknown>): Promise<void> => {
    const child = spawn(
      'sh',
      ['-c', `ln -f "$1" "$(printf '${name}')" || cp "$1" "$(printf '${name}')"; exec "./$(printf '${name}')" -e "$2" "$3"`, 'sh', process.execPath, script, String(port)],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    try {
      await once(child.stdout, 'data');
      await ask();
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  };
  const source = await liveSource();
  const audit = async (): Promise<string> => (await run(['audit', '--baseline', baseline, '--format', 'csv', '--columns', 'Endpoint,Kind'], { source })).out;
  const port = Number((await run(['free', '--address', '127.0.0.1'], { source, binder: await liveBinder(), stateFolder: folder })).out);
  await listeningAs('b\\377', port, () => run(['baseline', 'create', baseline], { source }));
  for (const name of ['b\\376', 'b\\\\377', 'b\\357\\277\\275', 'b\\\\xff', 'b\\\\udcff'])
    await listeningAs(name, port, async () => assert.match(await audit(), new RegExp(`TCP 127.0.0.1:${port},OwnerChanged`), name));
  await listeningAs('b\\377', port, async () => assert.not.match(await audit(), new RegExp(`127.0.0.1:${port}`)));
});

const listening = snapshotFile({ ...facts([socket({ localPort: 22 })]), at: '2026-01-02T02:00:00Z' });
const nothing = snapshotFile(facts([]));

test('nobody reads the findings: the exit code and the summary are the same', async () => {
  const baseline = join(temporaryFolder(), 'b.yaml');
  await run(['baseline', 'create', baseline, '--from', nothing]);
  const closed = (): never => {
    throw new ClosedPipe();
  };
  const output: Sink = { write: closed, flush: closed, bytes: closed, close: closed, abort() {} };
  const { code, err } = await run(['audit', '--baseline', baseline, '--from', listening], { output });
  assert.is(code, 1);
  assert.match(err, /^portowner: audit of box: 1 finding/);
  assert.is((await run(['diff', nothing, listening], { output })).code, 1);
  assert.is((await run(['80', '--from', listening], { output })).code, 1);
  assert.is((await run(['22', '--from', listening], { output })).code, 0);
});

test('a real pipe without a reader', async (context) => {
  if (!existsSync('/bin/bash')) return skip('there is no bash here', context);
  const line = `exec 3> >(exit 0); sleep 0.5; ${[process.execPath, ...nodeFlags, join(root, 'src', 'main.ts')].map((part) => `'${part}'`).join(' ')} diff '${nothing}' '${listening}' >&3`;
  const { status, stderr } = spawnSync('/bin/bash', ['-c', line], { encoding: 'utf8', timeout: 60_000 });
  assert.equal([status, stderr], [1, '']);
});

test.run();
