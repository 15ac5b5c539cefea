import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { NotAFile, NotPrivate, openPrivate, privateFolder, readPrivate } from '../../../src/io/private.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { skip } from '../../support/skip.ts';

const test = suite('private files');
const someone = 12_345;
const isRoot = process.geteuid?.() === 0;
const isLinux = process.platform === 'linux';

const refused = (work: () => unknown, pattern: RegExp, kind: new (message: string) => Error = NotPrivate): void =>
  assert.throws(work, (error: unknown) => error instanceof kind && pattern.test((error as Error).message));

test('a missing folder is made for this user alone, also below the folder that all share', () => {
  const top = temporaryFolder();
  const folder = join(top, 'a', 'b');
  assert.is(privateFolder(folder, { make: false }), null);
  assert.is(privateFolder(folder, { make: true }), join(realpathSync(top), 'a', 'b'));
  if (isLinux)
    assert.equal(
      [join(top, 'a'), folder].map((path) => statSync(path).mode & 0o777),
      [0o700, 0o700],
    );
  assert.ok(folder.startsWith(tmpdir()));
});

for (const [what, mode, pattern] of [
  ['every user', 0o777, /can be written by every user/],
  ['every user, with the sticky bit', 0o1777, /can be written by every user/],
  ['a group', 0o770, /can be written by a group \(gid 12345\)/],
] as const) {
  test(`a folder that ${what} may write to is refused`, (context) => {
    if (!isRoot) return skip('needs root on Linux', context);
    const folder = join(temporaryFolder(), 'state');
    mkdirSync(folder);
    chownSync(folder, 0, someone);
    chmodSync(folder, mode);
    refused(() => privateFolder(folder, { make: true }), pattern);
    symlinkSync(`${folder}/.`, `${folder}-link`);
    refused(() => privateFolder(`${folder}-link`, { make: true }), pattern);
    // One above it with the sticky bit is /tmp's case.
    const below = () => privateFolder(join(folder, 'below'), { make: true });
    if (mode === 0o1777) assert.ok(below());
    else refused(below, pattern);
  });
}

test('a folder of another user is refused, and so is one below it', (context) => {
  if (!isRoot) return skip('needs root on Linux', context);
  const folder = join(temporaryFolder(), 'state');
  mkdirSync(folder);
  chownSync(folder, someone, someone);
  refused(() => privateFolder(folder, { make: true }), /belongs to another user \(uid 12345\)/);
  const below = join(folder, 'portowner');
  mkdirSync(below);
  refused(() => privateFolder(below, { make: true }), /state belongs to another user \(uid 12345\)/);
});

test("a folder that a user's own group may write to is that user's alone", (context) => {
  if (!isRoot) return skip('needs root on Linux', context);
  const folder = join(temporaryFolder(), 'state');
  mkdirSync(folder);
  chownSync(join(folder, '..'), someone, someone);
  chownSync(join(folder, '..', '..'), someone, someone);
  const as = (group: number, work: () => void): void => {
    chownSync(folder, someone, group);
    chmodSync(folder, 0o775);
    process.setegid!(someone);
    process.seteuid!(someone);
    try {
      work();
    } finally {
      process.seteuid!(0);
      process.setegid!(0);
      chownSync(join(folder, '..', '..'), 0, 0);
    }
  };
  as(someone, () => assert.ok(privateFolder(folder, { make: true })));
  chownSync(join(folder, '..', '..'), someone, someone);
  as(someone + 1, () => refused(() => privateFolder(folder, { make: true }), /can be written by a group \(gid 12346\)/));
});

// What the two files say: GROUP-MEMBERS, and who else has the group as their main one.
for (const [what, group, passwd, isPrivate] of [
  ['has another number, and the name of the user', 'ann:x:23456:', '', true],
  ['has another number, the name of the user, and that member', 'ann:x:23456:ann', '', true],
  ['has another name', 'staff:x:23456:', '', false],
  ['has another member', 'ann:x:23456:ann,ben', '', false],
  ["is another user's main group, too", 'ann:x:23456:', 'ben:x:12346:23456::/:/bin/sh', false],
  ["has the user's number, and is another user's main group, too", 'ann:x:12345:', 'ben:x:12346:12345::/:/bin/sh', false],
] as const) {
  test(`a folder whose group may write to it, where that group ${what}: ${isPrivate ? 'private' : 'not private'}`, (context) => {
    if (!isRoot || !isLinux) return skip('needs root on Linux', context);
    const gid = Number(group.split(':')[2]);
    const files = temporaryFolder();
    const folder = join(files, 'state');
    mkdirSync(folder);
    writeFileSync(join(files, 'group'), `root:x:0:\n${group}\n`);
    writeFileSync(join(files, 'passwd'), `root:x:0:0::/root:/bin/sh\nann:x:${someone}:${gid}::/:/bin/sh\n${passwd}\n`);
    chownSync(folder, someone, gid);
    chmodSync(folder, 0o775);
    for (const path of [files, join(files, '..')]) chownSync(path, someone, gid);
    const script = `import { privateFolder } from ${JSON.stringify(join(root, 'src/io/private.ts'))};
      process.setgroups([]); process.setgid(${gid}); process.setuid(${someone});
      try { privateFolder(${JSON.stringify(folder)}, { make: true }); console.log('private'); } catch (error) { console.log(error.message); }`;
    const mounts = ['group', 'passwd'].map((name) => `mount --bind ${join(files, name)} /etc/${name}`).join(' && ');
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', `${mounts} && exec "$@"`, 'sh', process.execPath, ...nodeFlags, '--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    chownSync(join(files, '..'), 0, 0);
    if (/unshare|mount:/.test(stderr)) return skip('needs mount namespaces', context);
    if (isPrivate) assert.equal([stdout, stderr], ['private\n', '']);
    else assert.match(stdout, new RegExp(`can be written by a group \\(gid ${gid}\\)`));
  });
}

test("links are followed where they are root's or this user's", (context) => {
  if (!isRoot) return skip('needs root on Linux', context);
  const top = temporaryFolder();
  mkdirSync(join(top, 'real'), { mode: 0o700 });
  symlinkSync('./x/../real', join(top, 'own'));
  mkdirSync(join(top, 'x'));
  assert.is(privateFolder(join(top, 'own'), { make: false }), join(realpathSync(top), 'real'));
  symlinkSync(join(top, 'real'), join(top, 'planted'));
  spawnSync('chown', ['-h', String(someone), join(top, 'planted')]);
  refused(() => privateFolder(join(top, 'planted'), { make: false }), /planted belongs to another user/);
  symlinkSync('circle', join(top, 'circle'));
  assert.throws(() => privateFolder(join(top, 'circle'), { make: true }), /too many links/);
});

test('what is in the place of a folder is refused', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'x')]) refused(() => privateFolder(path, { make: true }), /is not a folder/, NotAFile);
});

test('a link, a folder, a pipe and a device are no files, and nothing waits for them', (context) => {
  if (!isRoot) return skip('needs root on Linux', context);
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('file'), 'precious');
  symlinkSync(path('file'), path('link'));
  symlinkSync(path('missing'), path('dangling'));
  mkdirSync(path('folder'));
  spawnSync('mkfifo', [path('pipe')]);
  spawnSync('mknod', [path('device'), 'c', '1', '5']);
  for (const [name, pattern] of [
    ['link', /a symbolic link/],
    ['dangling', /a symbolic link/],
    ['folder', /a folder/],
    ['pipe', /a named pipe/],
    ['device', /a device/],
  ] as const) {
    refused(() => readPrivate(path(name), 100), pattern, NotAFile);
    refused(() => openPrivate(path(name), 'write'), pattern, NotAFile);
  }
  assert.is(readFileSync(path('file'), 'utf8'), 'precious');
  assert.is(lstatSync(path('missing'), { throwIfNoEntry: false }), undefined);
});

test("another user's file, one that others may write, and one that is too large are refused", (context) => {
  const path = join(temporaryFolder(), 'file');
  assert.is(readPrivate(path, 10), null);
  writeFileSync(path, 'text', { mode: 0o600 });
  assert.is(String(readPrivate(path, 10)!.bytes), 'text');
  truncateSync(path, 2 << 20);
  refused(() => readPrivate(path, 1 << 20), /more than 1 MB/, NotAFile);
  if (!isRoot) return skip('needs root on Linux', context);
  chmodSync(path, 0o606);
  refused(() => readPrivate(path, 1e9), /can be written by every user/);
  chmodSync(path, 0o600);
  chownSync(path, someone, someone);
  refused(() => readPrivate(path, 1e9), /belongs to another user/);
});

test.run();
