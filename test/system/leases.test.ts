// Held ports as the executables keep them: the system's own locks and files, on Linux and on Windows or under Wine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import { products, windowsNode } from '../support/build-machine.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { newFolder, runProgram } from '../support/program.ts';

const test = suite('held ports');

for (const { name, command, without } of products().filter(({ name }) => ['portowner', 'portowner.exe'].includes(name))) {
  const isWindows = name.endsWith('.exe');
  const isWine = isWindows && process.platform !== 'win32';
  const check = (what: string, work: () => void | Promise<void>): void => test(`${name}: ${what}`, (context: TestContext) => (command === null ? skip(without, context) : work()));
  const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;

  /** A state folder of its own, and the command line that runs the program with it. */
  function state(): { folder: string; env: NodeJS.ProcessEnv; line: (...args: string[]) => string[] } {
    const top = newFolder();
    return {
      folder: join(top, isWindows ? 'PortOwner' : 'portowner'),
      env: { ...process.env, XDG_STATE_HOME: top, LOCALAPPDATA: top },
      // Wine has this variable from its own registry.
      line: (...args) =>
        isWine ? [...command!.slice(0, -1), 'cmd.exe', '/c', `set LOCALAPPDATA=${windowsPath(top)}&&${windowsPath(command!.at(-1)!)} ${args.join(' ')}`] : [...command!, ...args],
    };
  }

  check('calls at the same time, some of them killed, give no port twice', async () => {
    const { folder, env, line } = state();
    const [file, ...args] = line('free', '--hold', '600', '--count', '2');
    const count = isWindows ? 12 : 40;
    // Through cmd.exe the program itself would go on.
    const isKilled = (index: number): boolean => !isWine && index % 4 === 0;
    const calls = Array.from({ length: count }, async (_, index) => {
      const child = spawn(file!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      if (isKilled(index)) setTimeout(() => child.kill('SIGKILL'), 100 + index * 30);
      const [code] = (await once(child, 'close')) as [number | null];
      if (!isKilled(index)) assert.is(code, 0, err);
      return code === 0 ? out.trim().split(/\s+/).map(Number) : [];
    });
    const ports = (await Promise.all(calls)).flat();
    assert.ok(ports.length >= (count * 2 * 3) / 4);
    assert.is(new Set(ports).size, ports.length);
    const held = new Set((JSON.parse(readFileSync(join(folder, 'leases.json'), 'utf8')) as { leases: { port: number }[] }).leases.map(({ port }) => port));
    assert.equal(
      ports.filter((port) => !held.has(port)),
      [],
    );
    const next = runProgram(line('free', '--hold', '60'), { env });
    assert.is(next.code, 0, next.err);
    assert.not.ok(ports.includes(Number(next.out)));
    assert.equal(readdirSync(folder).toSorted(), ['leases.json', 'leases.lock']);
  });

  test(`${name}: a number that no user has`, (context: TestContext) => {
    if (isWindows || process.geteuid?.() !== 0) return skip('needs root on Linux', context);
    if (command === null) return skip(without, context);
    const home = newFolder();
    for (let path = home; path !== tmpdir(); path = dirname(path)) chmodSync(path, 0o755);
    chownSync(home, 54_321, 54_321);
    const as = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups', ...command];
    if (runProgram([...as, '--version']).code !== 0) return skip('the program cannot be read without root', context);
    const { XDG_STATE_HOME: _, HOME: __, ...env } = process.env;
    for (const HOME of [home, undefined]) assert.match(runProgram([...as, 'free'], { env: { ...env, HOME } }).out, /^\d+\n$/);
    assert.is(runProgram([...as, 'free', '--hold', '60'], { env: { ...env, HOME: home } }).code, 0);
    assert.equal(readdirSync(join(home, '.local/state/portowner')).toSorted(), ['leases.json', 'leases.lock']);
    assert.match(runProgram([...as, 'free', '--hold', '60'], { env }).err, /PO4101: the held ports in \/\.local\//);
  });

  check('a damaged file and a folder in its place are refused', () => {
    const { folder, env, line } = state();
    mkdirSync(join(folder, 'leases.lock'), { recursive: true, mode: 0o700 });
    const locked = runProgram(line('free', '--hold', '60'), { env });
    assert.equal([locked.code, locked.out], [69, '']);
    assert.match(locked.err, /PO4101: .*leases\.lock is a folder, not a file/);
    writeFileSync(join(folder, 'leases.json'), '{', { mode: 0o600 });
    for (const args of [['free'], ['free', '--hold', '60']]) assert.match(runProgram(line(...args), { env }).err, /PO4101/);
  });

  check('a process that is killed gives the lock back', async () => {
    const folder = newFolder();
    const script = join(folder, 'holder.ts');
    const leases = join(root, 'src/actions/leases.ts').replaceAll('\\', '/');
    writeFileSync(
      script,
      `import { writeSync } from 'node:fs';
       import { addLeases } from 'file:///${leases.replace(/^\//, isWine ? 'Z:/' : '')}';
       addLeases(process.argv[2], () => Date.now(), () => {
         writeSync(1, 'has it');
         if (process.argv[3] === 'stay') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
         return { leases: [] };
       });`,
    );
    const node = isWindows ? [...command!.slice(0, -1), isWine ? windowsNode() : process.execPath] : [process.execPath];
    const [file, ...args] = [...node, ...nodeFlags, script, isWine ? windowsPath(folder) : folder];
    const child = spawn(file!, [...args, 'stay'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const next = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    next.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.is(said, '', 'it waits');
    child.kill('SIGKILL');
    await once(next, 'close');
    assert.is(said, 'has it');
    assert.ok(readdirSync(folder).includes('leases.json'));
  });
}

test.run();
