import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, linkSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import { replaceFile, temporaryBeside } from '../../src/io/temporary.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { facts } from '../support/example.ts';
import { skip } from '../support/skip.ts';

const test = suite('temporary files');

/** The name that another process would have given: with its own id and start. */
function nameBy(pid: number, start: string | null = null): string {
  const own = basename(temporaryBeside(join('folder', 'x')));
  const [, scope, , ownStart, random] = /^\.portowner-([0-9a-f]+)-(\d+)-(\d+)-([0-9a-f]+)\.tmp$/.exec(own)!;
  return `.portowner-${scope}-${pid}-${start ?? ownStart}-${random}.tmp`;
}
const startOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')[19]!;
const ended = (): number => spawnSync(process.execPath, ['--version']).pid;
const isLinux = process.platform === 'linux';

/** Leaves a file of this name in a new folder, writes another file beside it, and says whether the first is still there. */
function staysBeside(name: string, make = (path: string): void => writeFileSync(path, 'x')): boolean {
  const folder = temporaryFolder();
  make(join(folder, name));
  replaceFile(join(folder, 'answer'), 'text', 0o600);
  assert.is(readFileSync(join(folder, 'answer'), 'utf8'), 'text');
  return lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
}

test('a name is beside the file, and never foreseen', () => {
  const path = join('folder', 'b.yaml');
  const names = Array.from({ length: 100 }, () => temporaryBeside(path));
  assert.is(new Set(names.map((name) => /[0-9a-f]{32}(?=\.tmp$)/.exec(name)![0])).size, 100);
  assert.ok(names.every((name) => dirname(name) === 'folder'));
});

test('what a process that has ended left is removed, with its journal', () => {
  const pid = ended();
  assert.not.ok(staysBeside(nameBy(pid)));
  assert.not.ok(staysBeside(`${nameBy(pid)}-journal`));
});

test('what a running process writes stays', () => {
  assert.ok(staysBeside(nameBy(process.pid)));
  if (isLinux) assert.ok(staysBeside(nameBy(process.ppid, startOf(process.ppid))));
});

test('what a process left whose id another one has now is removed', (context) => {
  if (!isLinux) return skip('the start of a process is looked at on Linux only', context);
  assert.not.ok(staysBeside(nameBy(process.ppid, '1')));
});

test('what a zombie left is removed', async (context) => {
  if (!isLinux) return skip('needs /proc', context);
  // The shell becomes a program that waits for no child.
  const child = spawn('/bin/sh', ['-c', 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 30'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const pid = Number(String((await once(child.stdout, 'data'))[0]));
  const name = nameBy(pid, startOf(pid));
  try {
    assert.ok(staysBeside(name));
    child.stdin.end();
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.not.ok(staysBeside(name));
  } finally {
    child.kill();
  }
});

test("what is not ours stays: other names, folders, links, other users' files", () => {
  const pid = ended();
  const name = nameBy(pid);
  for (const other of [
    name.replace('.portowner', 'portowner'),
    `${name}x`,
    `x${name}`,
    name.replace('.tmp', ''),
    name.replace('.tmp', '.TMP'),
    `.portowner-${'0'.repeat(32)}.tmp`,
    nameBy(0),
    '.portowner-.tmp',
  ])
    assert.ok(staysBeside(other), other);
  assert.ok(staysBeside(name, (path) => mkdirSync(path)));
  if (process.platform !== 'win32') assert.ok(staysBeside(name, (path) => symlinkSync('/etc/passwd', path)));
  if (process.geteuid?.() === 0)
    assert.ok(
      staysBeside(name, (path) => {
        writeFileSync(path, 'x');
        chownSync(path, 12_345, 12_345);
      }),
    );
});

test('what another machine, boot or container left stays for a week after it was written', () => {
  const name = nameBy(ended()).replace(/-[0-9a-f]{16}-/, '-0123456789abcdef-');
  const aged = (days: number) =>
    staysBeside(name, (path) => {
      writeFileSync(path, 'x');
      const at = Date.now() / 1000 - days * 86_400;
      utimesSync(path, at, at);
    });
  assert.equal([aged(0), aged(6), aged(8)], [true, true, false]);
});

test('a killed run leaves its file, and the next one that writes there removes it', async () => {
  const folder = temporaryFolder();
  const script = join(folder, 'writer.ts');
  const sink = join(root, 'src/io/sink.ts').replaceAll('\\', '/');
  writeFileSync(
    script,
    `import { fileSink } from 'file://${sink.startsWith('/') ? '' : '/'}${sink}';\nfileSink(process.argv[2]).flush();\nprocess.stdout.write('open');\nsetInterval(() => {}, 1000);\n`,
  );
  const there = temporaryFolder();
  const leftovers = () => readdirSync(there).filter((name) => name.startsWith('.portowner-'));
  const child = spawn(process.execPath, [...nodeFlags, script, join(there, 'a.csv')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const write = async () => (await run(['--from', snapshotFile(facts([])), '--format', 'csv', '--output', join(there, 'b.csv')])).code;
  assert.is(await write(), 1);
  assert.is(leftovers().length, 1, 'it is being written');
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.is(leftovers().length, 1, 'nobody else has removed it');
  assert.is(await write(), 1);
  assert.equal(readdirSync(there), ['b.csv']);
});

test('an audit removes what another left beside its store', async () => {
  const folder = temporaryFolder();
  const store = join(folder, 'audits.db');
  assert.is((await run(['audit', '--from', snapshotFile(facts([])), '--store', store])).code, 0);
  const name = join(folder, nameBy(ended()));
  writeFileSync(name, 'x');
  writeFileSync(`${name}-journal`, 'x');
  await run(['audit', '--from', snapshotFile({ ...facts([]), at: '2026-01-02T03:04:06.5Z' }), '--store', store]);
  assert.equal(readdirSync(folder), ['audits.db']);
});

test('a file is replaced whole, and its other names keep the old text', () => {
  const path = join(temporaryFolder(), 'a');
  writeFileSync(path, 'old');
  linkSync(path, `${path}-link`);
  replaceFile(path, 'new', 0o600);
  assert.equal([readFileSync(path, 'utf8'), readFileSync(`${path}-link`, 'utf8')], ['new', 'old']);
  assert.throws(() => replaceFile(join(path, 'b'), 'x', 0o600));
  assert.ok(existsSync(path));
});

test.run();
