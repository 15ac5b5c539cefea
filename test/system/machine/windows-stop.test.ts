// Stopping on Windows, or under Wine: of two programs of one name just the right one ends.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../../src/build/runtime.mjs';
import type { StopResult } from '../../../src/schema/stop.ts';
import { windowsNodeCommand } from '../../support/build-machine.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('stop on Windows');

const command = windowsNodeCommand();
const children: ChildProcess[] = [];
test.after.each(() => {
  // Under Wine this is the runner, and the program ends with it.
  for (const child of children.splice(0)) child.kill();
});

interface Program {
  readonly pid: number;
  readonly port: number;
  readonly child: ChildProcess;
}

async function start(mode = 'listen'): Promise<Program> {
  const [runner, ...args] = [...command!, join(root, 'test/support/stop-program.ts'), mode];
  const child = spawn(runner!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { ...(JSON.parse(text) as { pid: number; port: number }), child };
}

function stop(...args: string[]): { code: number | null; rows: StopResult[]; err: string } {
  const [runner, ...rest] = [...command!, join(root, 'src/main.ts'), 'stop', '--format', 'ndjson', '--problems', 'rows', ...args];
  const { status, stdout, stderr } = spawnSync(runner!, rest, { encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'pipe'] });
  const items = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StopResult);
  return { code: status, rows: items.filter((item) => 'Result' in item), err: stderr };
}

const isAlive = ({ child }: Program): boolean => child.exitCode === null && child.signalCode === null;

function windows(name: string, check: () => Promise<void>): void {
  test(name, async (context: TestContext) => (command === null ? skip('there is neither Windows nor Wine (.ci/wine-setup)', context) : check()));
}

windows('the plan names the one, and --force ends it alone', async () => {
  const [one, other] = [await start(), await start()];
  const plan = stop(String(one.port), '--dry-run');
  assert.equal([plan.code, plan.rows.map(({ Result, OwningProcess }) => [Result, OwningProcess])], [0, [['Planned', one.pid]]], plan.err);
  assert.match(plan.rows[0]!.StartTime!, /\.\d{7}Z$/);
  const ended = once(one.child, 'exit');
  const done = stop('--yes', '--force', '--timeout', '2', '--', plan.rows[0]!.Identity!);
  assert.equal([done.code, done.rows.map(({ Result }) => Result)], [0, ['Stopped']], done.err);
  await ended;
  assert.ok(isAlive(other));
  assert.equal(
    stop(String(other.port), '--dry-run').rows.map(({ OwningProcess }) => OwningProcess),
    [other.pid],
  );
});

windows('one that cannot be asked is left without --force, and that is said', async () => {
  const one = await start();
  const { code, rows } = stop(String(one.port), '--yes', '--timeout', '2');
  if (rows[0]!.Result === 'Stopped') return; // With a console of its own it could be asked.
  assert.equal([code, rows[0]!.Result], [1, 'NotStopped']);
  assert.match(rows[0]!.Reason!.join('; '), /cannot be ended gracefully: it has no window, and .+; .+ is still running; use --force to end it/);
  assert.ok(isAlive(one));
});

windows('another process that got the number is not stopped', async () => {
  const one = await start();
  const {
    rows: [row],
  } = stop(String(one.port), '--dry-run');
  const { code, rows } = stop('--yes', '--force', '--', row!.Identity!.replace(/;\d{4}-/, ';2001-'));
  assert.equal([code, rows.map(({ Result }) => Result)], [1, ['Refused']]);
  assert.ok(isAlive(one));
});

test.run();
