import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../src/schema/configuration.ts';
import type { MoveResult } from '../../src/schema/move.ts';
import { temporaryFolder } from './harness.ts';
import { onThisMachine, until, type Server } from './servers.ts';

/** A free port outside of the dynamic range, in which nothing is moved. */
export async function targetPort(): Promise<number> {
  const { out } = await onThisMachine(['free', '--near', String(20_000 + Math.floor(Math.random() * 10_000))], temporaryFolder());
  return Number(out);
}

/** Whether something on the loopback answers what is sent with a text. */
export const answersTo = (port: number, sent: string, expected: string): boolean =>
  spawnSync(process.execPath, [
    '-e',
    `const s = require('node:net').connect(${port}, '127.0.0.1', () => s.write(${JSON.stringify(sent)})); let all = ''; s.on('data', (t) => { all += t.toString('latin1'); if (all.includes(${JSON.stringify(expected)})) process.exit(0); }); s.on('error', () => process.exit(1)); s.on('close', () => process.exit(1)); setTimeout(() => process.exit(1), 5000)`,
  ]).status === 0;

/** Finds the configuration of a server by its port, moves it, asks it on its new port, and undoes the move. */
export async function expectMoved(
  server: Server,
  [port, to]: readonly [number, number],
  { application, setting, restart }: { readonly application: string; readonly setting: string; readonly restart?: () => void },
): Promise<void> {
  const state = temporaryFolder();
  const found = JSON.parse((await onThisMachine(['config', String(port), '--json'], state)).out) as Configuration[];
  const [first] = found;
  assert.equal([first?.Application, first?.File, first?.Setting, first?.Confidence], [application, server.file, setting, 'Confirmed']);
  const before = readFileSync(server.file, 'latin1');
  const how = restart === undefined ? ['--restart'] : [];
  const moved = await onThisMachine(['move', String(port), '--to', String(to), '--yes', ...how, '--json'], state);
  assert.is(moved.code, 0, moved.err + moved.out);
  assert.is((JSON.parse(moved.out) as MoveResult[])[0]!.Result, 'Moved');
  assert.is(readFileSync(server.file, 'latin1'), before.replaceAll(String(port), String(to)));
  restart?.();
  until(() => server.answers(to));
  assert.not.ok(server.answers(port));
  const undone = await onThisMachine(['move', '--undo', '--yes'], state);
  assert.is(undone.code, 0, undone.err);
  assert.is(readFileSync(server.file, 'latin1'), before);
}
