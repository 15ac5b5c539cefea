// A stand-in for a Spring Boot application, with its command line, environment, and working directory: found with the
// real facts of this machine, moved, and started again.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../../src/schema/configuration.ts';
import type { MoveResult } from '../../../src/schema/move.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { onThisMachine } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('a program with the command line of Spring Boot');

/** Listens on the last server.port of application-prod.properties in its working directory. */
const script = `
const text = require('node:fs').readFileSync('application-prod.properties', 'utf8');
const [, port] = [...text.matchAll(/^server\\.port=(\\d+)/gm)].at(-1);
require('node:net').createServer((socket) => socket.end()).listen(Number(port), '127.0.0.1');
`;

const listens = async (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

async function started(folder: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(folder, 'java.cjs'), '-jar', 'shop.jar'], {
    argv0: 'java',
    cwd: folder,
    stdio: 'ignore',
    env: { SPRING_PROFILES_ACTIVE: 'prod', MANAGEMENT_SERVER_PORT: '-1' },
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await listens(port)) return child;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  child.kill('SIGKILL');
  throw new Error('the program did not start');
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGKILL');
  await ended;
}

test('the file of the active profile is found, changed, and used by the next start', async (context) => {
  if (process.platform !== 'linux') return skip('arguments are read from /proc', context as TestContext);
  const [port, state, folder] = [await freePort(), temporaryFolder(), temporaryFolder()];
  const file = join(folder, 'application-prod.properties');
  const before = `# Production\r\nserver.port=${port}\r\n`;
  writeFileSync(join(folder, 'java.cjs'), script);
  writeFileSync(join(folder, 'application.properties'), `server.port=8080\n`);
  writeFileSync(file, before);
  const first = await started(folder, port);
  let to: number;
  try {
    const rows = JSON.parse((await onThisMachine(['config', String(port), '--json'], state)).out) as Configuration[];
    assert.equal(
      rows.map(({ Application, File, Line, Setting, Confidence, Overrides }) => ({ Application, File, Line, Setting, Confidence, Overrides })),
      [
        {
          Application: 'Spring Boot',
          File: file,
          Line: 2,
          Setting: 'server.port',
          Confidence: 'Confirmed',
          Overrides: [`server.port 8080 (${join(folder, 'application.properties')}:1)`],
        },
      ],
    );
    const moved = await onThisMachine(['move', String(port), '--to', 'auto', '--yes', '--json'], state);
    assert.is(moved.code, 0, moved.err);
    const [row] = JSON.parse(moved.out) as MoveResult[];
    to = row!.NewPort!;
    assert.is(readFileSync(file, 'utf8'), before.replace(String(port), String(to)));
  } finally {
    await stop(first);
  }
  await stop(await started(folder, to));
});

test.run();
