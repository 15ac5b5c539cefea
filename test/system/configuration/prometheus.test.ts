// A real exporter of Debian's package: its port is on the command line, which is not changed, or in the file with the
// arguments of its service, which is.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../../src/schema/configuration.ts';
import type { MoveResult } from '../../../src/schema/move.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { onThisMachine } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const program = '/usr/bin/prometheus-node-exporter';
const test = suite('a real Prometheus exporter');

const answers = (port: number): boolean =>
  spawnSync(process.execPath, [
    '-e',
    `fetch('http://127.0.0.1:${port}/metrics').then(async (r) => process.exit((await r.text()).includes('node_exporter_build_info') ? 0 : 1), () => process.exit(1))`,
  ]).status === 0;

async function started(command: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: 'ignore' });
  for (let attempt = 0; attempt < 100; attempt++) {
    if (answers(port)) return child;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  child.kill('SIGKILL');
  throw new Error('the exporter did not start');
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGKILL');
  await ended;
}

/** A free port outside of the dynamic range, to which something can be moved. */
async function target(): Promise<number> {
  const { out } = await onThisMachine(['free', '--near', String(20_000 + Math.floor(Math.random() * 10_000))], temporaryFolder());
  return Number(out);
}

test('a port on the command line is found, and not changed', async (context) => {
  if (!existsSync(program)) return skip('prometheus-node-exporter is not installed', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const child = await started(program, ['--collector.disable-defaults', `--web.listen-address=127.0.0.1:${port}`], port);
  try {
    const [row, ...others] = JSON.parse((await onThisMachine(['config', String(port), '--json'], state)).out) as Configuration[];
    assert.equal(others, []);
    const { Application, Port, Address, Setting, Value, Source, Confidence, OwningProcess } = row!;
    assert.equal(
      { Application, Port, Address, Setting, Value, Source, Confidence, OwningProcess },
      {
        Application: 'Prometheus',
        Port: port,
        Address: '127.0.0.1',
        Setting: '--web.listen-address',
        Value: `127.0.0.1:${port}`,
        Source: 'CommandLine',
        Confidence: 'Confirmed',
        OwningProcess: child.pid,
      },
    );
    const moved = await onThisMachine(['move', String(port), '--to', String(to), '--yes'], state);
    assert.is.not(moved.code, 0);
    assert.match(moved.err, `port ${port} is set in the command line, which PortOwner does not change`);
    assert.ok(answers(port));
  } finally {
    await stop(child);
  }
});

test('the arguments of a service are changed, and the next start uses them', async (context) => {
  if (!existsSync(program)) return skip('prometheus-node-exporter is not installed', context as TestContext);
  const [port, to, state, folder] = [await freePort(), await target(), temporaryFolder(), temporaryFolder()];
  mkdirSync(join(folder, 'default'));
  const file = join(folder, 'default/prometheus-node-exporter');
  const before = `# Set the command-line arguments to pass to the server.\nARGS="--collector.disable-defaults   --web.listen-address=127.0.0.1:${port}"\n`;
  writeFileSync(file, before);
  // As the unit of the package: EnvironmentFile=/etc/default/prometheus-node-exporter, ExecStart=… $ARGS.
  const start = async (at: number): Promise<ChildProcess> => started('/bin/sh', ['-c', `. "$1"; exec ${program} $ARGS`, 'sh', file], at);
  const first = await start(port);
  await stop(first);
  const moved = await onThisMachine(['move', String(port), '--path', file, '--to', String(to), '--yes', '--json'], state);
  assert.is(moved.code, 0, moved.err);
  assert.is((JSON.parse(moved.out) as MoveResult[])[0]!.Result, 'Moved');
  assert.is(readFileSync(file, 'utf8'), before.replace(`:${port}`, `:${to}`));
  const second = await start(to);
  try {
    assert.not.ok(answers(port));
  } finally {
    await stop(second);
  }
  assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
  assert.is(readFileSync(file, 'utf8'), before);
});

test.run();
