// Held ports as the executables keep them: the system's own locks and files, on Linux and on Windows or under Wine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { products } from '../build/machine.ts';
import { skip, type TestContext } from '../skip.ts';
import { newFolder, runProgram } from './program.ts';

const test = suite('held ports');

for (const { name, command, without } of products().filter(({ name }) => ['portowner', 'portowner.exe'].includes(name))) {
  const isWindows = name.endsWith('.exe');
  const check = (what: string, work: (command: readonly string[]) => void | Promise<void>): void =>
    test(`${name}: ${what}`, (context: TestContext) => (command === null ? skip(without, context) : work(command)));

  /** A state folder of its own, and how a program is told of it. */
  const state = () => {
    const top = newFolder();
    const folder = join(top, isWindows ? 'PortOwner' : 'portowner');
    const path = isWindows && process.platform !== 'win32' ? `Z:${top.replaceAll('/', '\\')}` : top;
    return { folder, env: { ...process.env, XDG_STATE_HOME: top, LOCALAPPDATA: path } };
  };

  check('calls at the same time, some of them killed, give no port twice', async (words) => {
    const { folder, env } = state();
    const [file, ...args] = words;
    const count = isWindows ? 12 : 40;
    const calls = Array.from({ length: count }, async (_, index) => {
      const child = spawn(file!, [...args, 'free', '--hold', '600', '--count', '2'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      if (index % 4 === 0) setTimeout(() => child.kill('SIGKILL'), 100 + index * 30);
      const [code] = (await once(child, 'close')) as [number | null];
      if (index % 4 !== 0) assert.is(code, 0, err);
      return code === 0 ? out.trim().split(/\s+/).map(Number) : [];
    });
    const ports = (await Promise.all(calls)).flat();
    assert.ok(ports.length >= (count * 2 * 3) / 4);
    assert.is(new Set(ports).size, ports.length);
    const held = new Set((JSON.parse(readFileSync(join(folder, 'leases.json'), 'utf8')) as { port: number }[]).map(({ port }) => port));
    assert.equal(
      ports.filter((port) => !held.has(port)),
      [],
    );
    const next = runProgram([...words, 'free', '--hold', '60'], { env });
    assert.is(next.code, 0, next.err);
    assert.not.ok(ports.includes(Number(next.out)));
    // A process of Wine is ended by its own server a moment later: its number may still be taken.
    if (!isWindows) assert.equal(readdirSync(folder).toSorted(), ['leases.json', 'leases.lock']);
  });

  check('a damaged file and a folder in its place are refused', (words) => {
    const { folder, env } = state();
    mkdirSync(join(folder, 'leases.lock'), { recursive: true, mode: 0o700 });
    const locked = runProgram([...words, 'free', '--hold', '60'], { env });
    assert.equal([locked.code, locked.out], [69, '']);
    assert.match(locked.err, /PO4101: .*leases\.lock is a folder, not a file/);
    writeFileSync(join(folder, 'leases.json'), '{', { mode: 0o600 });
    for (const args of [['free'], ['free', '--hold', '60']]) assert.match(runProgram([...words, ...args], { env }).err, /PO4101/);
  });
}

test.run();
