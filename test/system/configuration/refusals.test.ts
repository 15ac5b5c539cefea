// What a move refuses, and what --force overrides. No server runs: the files alone decide.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, linkSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import type { ConfigurationMachine } from '../../../src/system/configuration.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { ownProgram } from '../../support/own-program.ts';
import { endAll } from '../../support/program.ts';
import { noNetwork, ownNetwork } from '../../support/own-network.ts';
import { onThisMachine, serverFolder } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('what a move refuses');

test.after(endAll);

const withRights = (name: string, work: () => Promise<void>): void =>
  test(name, async (context) => (process.getuid?.() === 0 ? work() : skip('it needs Linux, and root', context as TestContext)));

/** A configuration of Redis in a folder of its own. */
function configuration(header = ''): string {
  const file = join(serverFolder(), 'conf', 'redis.conf');
  mkdirSync(dirname(file));
  writeFileSync(file, `${header}port 4711\n`);
  return file;
}

/** Moves it; a move has to change exactly the port, and a refusal nothing. */
async function attempt(file: string, more: Partial<ConfigurationMachine> = {}, options: readonly string[] = []) {
  const before = readFileSync(file, 'latin1');
  const { code, err } = await onThisMachine(['move', '4711', '--to', '4713', '--path', file, '--yes', ...options], temporaryFolder(), more);
  const after = readFileSync(file, 'latin1');
  assert.is(after, code === 0 ? before.replace('4711', '4713') : before, err);
  return { code, err };
}

async function refused(file: string, why: string, more: Partial<ConfigurationMachine> = {}): Promise<void> {
  const { code, err } = await attempt(file, more);
  assert.is(code, 1, err);
  assert.match(err, 'PO4402');
  assert.match(err, why);
  assert.match(err, '--force');
  assert.is((await attempt(file, more, ['--force'])).code, 0);
}

async function refusedAlways(file: string, why: string): Promise<void> {
  for (const options of [[], ['--force']]) {
    const { code, err } = await attempt(file, {}, options);
    assert.is(code, 1, err);
    assert.match(err, why);
  }
}

withRights('files that others can change', async () => {
  const shared = (mode: number, of: (file: string) => string, gid = 0): string => {
    const file = configuration();
    chownSync(of(file), 0, gid);
    chmodSync(of(file), mode);
    return file;
  };
  const itself = (file: string): string => file;
  await refused(shared(0o666, itself), 'every user can write to');
  await refused(shared(0o664, itself, 12_345), 'group 12345 can write to');
  await refused(shared(0o777, dirname), 'every user can write to');
  await refused(shared(0o1777, dirname), 'every user can write to');
  await refused(shared(0o775, dirname, 12_345), 'group 12345 can write to');
  await refused(
    shared(0o777, (file) => dirname(dirname(file))),
    'every user can write to',
  );
  assert.is((await attempt(shared(0o1777, (file) => dirname(dirname(file))))).code, 0);
  assert.is((await attempt(shared(0o775, dirname))).code, 0);
  const [foreign, own] = [configuration(), configuration()];
  chownSync(dirname(foreign), 12_345, 0);
  await refused(foreign, 'user 12345 owns');
  chownSync(dirname(own), 12_345, 0);
  chownSync(own, 12_345, 0);
  assert.is((await attempt(own)).code, 0);
});

withRights('a folder that is replaced by a link, or opened to others, in the meantime', async () => {
  const file = configuration();
  const [folder, other] = [dirname(file), join(dirname(dirname(file)), 'other')];
  renameSync(folder, other);
  symlinkSync(other, folder);
  const live = await liveConfiguration();
  assert.throws(() => live.replace(file, Buffer.from('port 1\n')), /ENOTDIR|ELOOP|replaced by a link/);
  const above = join(serverFolder(), 'above');
  symlinkSync(dirname(other), above);
  assert.throws(() => live.replace(join(above, 'other', 'redis.conf'), Buffer.from('port 1\n')), /has been replaced by a link/);
  assert.is(readFileSync(file, 'utf8'), 'port 4711\n');
  const shared = configuration();
  const state = temporaryFolder();
  const args = ['move', '4711', '--to', '4713', '--path', shared];
  const opened = (): boolean => (chmodSync(dirname(shared), 0o777), true);
  const moved = await onThisMachine([...args, '--json'], state, {}, opened);
  assert.is(moved.code, 1);
  assert.match(moved.out, `every user can write to ${dirname(shared)}`);
  assert.is(readFileSync(shared, 'utf8'), 'port 4711\n');
  assert.is((await onThisMachine([...args, '--yes', '--force'], state)).code, 0);
  const undone = await onThisMachine(['move', '--undo', '--yes'], state);
  assert.is(undone.code, 1, undone.out);
  assert.match(undone.err, `every user can write to ${dirname(shared)}`);
  assert.is(readFileSync(shared, 'utf8'), 'port 4713\n');
  assert.is((await onThisMachine(['move', '--undo', '--yes', '--force'], state)).code, 0);
  assert.is(readFileSync(shared, 'utf8'), 'port 4711\n');
});

withRights('files that an access list lets others change', async () => {
  const listed = (list: string, of: (file: string) => string = (file) => file): string | null => {
    const file = configuration();
    return spawnSync('setfacl', ['-m', list, of(file)]).status === 0 ? file : null;
  };
  // A file system without access lists has none.
  if (listed('u:12345:r') === null) return;
  await refused(listed('u:12345:rw')!, 'user 12345 can write to');
  await refused(listed('g:12346:rw')!, 'group 12346 can write to');
  await refused(listed('u:12345:rwx', dirname)!, 'user 12345 can write to');
  for (const list of ['u:12345:r', 'u:0:rw', 'u:12345:rw,m:r']) assert.is((await attempt(listed(list)!)).code, 0, list);
});

test('files that another tool manages', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  for (const header of [
    '# Ansible managed\n',
    '# This file is managed by Puppet. DO NOT EDIT\n',
    '# Generated by Chef for web1\n# Local modifications will be overwritten\n',
    '# managed by Salt\n',
    '# This file was automatically generated.\n',
    '# DO NOT EDIT THIS FILE\n',
    '# DO NOT EDIT\n',
    '# do not edit by hand: see /srv/site\n',
    '# Please do not modify it directly.\n',
    '# Any manual changes will be lost at the next deployment\n',
    '# Local edits may be overwritten\n',
    '# -- generated by certbot\n',
    '# This file is controlled by debconf\n',
    '# Managed by Terraform\n',
    '# Code generated by redis-operator. DO NOT EDIT.\n',
  ])
    await refused(configuration(header), 'says that another tool manages it');
  for (const header of [
    '# Redis, managed by us\n',
    '# Do not edit this file manually!\n',
    "# don't change the port\n",
    '# do not edit the section below\n',
    '# connections may be lost\n',
  ])
    assert.is((await attempt(configuration(header))).code, 0);
});

test('a line that another tool manages, and the files of packages', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const own = configuration();
  writeFileSync(own, 'port 4711 # managed by Certbot\n');
  await refused(own, `${own}:1 says that another tool manages it`);
  const other = configuration();
  writeFileSync(other, 'tls-port 4715 # managed by Certbot\nport 4711\n');
  assert.is((await attempt(other)).code, 0);
  // That a package has it is said: most configuration files that people change are of a package.
  const file = configuration();
  const lists: Readonly<Record<string, string>> = {
    '/var/lib/dpkg/info/redis-server.conffiles': `${file}\n`,
    '/var/lib/ucf/registry': `redis-tools\t${file}\n`,
  };
  const live = await liveConfiguration();
  const machine: Partial<ConfigurationMachine> = {
    list: (folder) => (folder === '/var/lib/dpkg/info' ? ['redis-server.conffiles'] : live.list(folder)),
    read: (path) => (lists[path] === undefined ? live.read(path) : { bytes: Buffer.from(lists[path]), refusal: null }),
  };
  const { code, err } = await attempt(file, machine);
  assert.is(code, 0, err);
  assert.match(err, `${file} belongs to the package redis-server: an update may ask whether to keep it`);
  assert.match(err, `${file} belongs to the package redis-tools: an update may ask whether to keep it`);
});

test('hard links, and links that lead elsewhere', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const linked = configuration();
  linkSync(linked, `${linked}.too`);
  await refusedAlways(linked, '2 names (hard links)');
  const link = join(serverFolder(), 'redis.conf');
  symlinkSync(configuration(), link);
  await refused(link, 'is a link that leads out of');
  const inside = join(serverFolder(), 'redis.conf');
  mkdirSync(join(dirname(inside), 'here'));
  writeFileSync(join(dirname(inside), 'here', 'redis.conf'), 'port 4711\n');
  symlinkSync('here/redis.conf', inside);
  assert.is((await attempt(inside)).code, 0);
});

test('mounts of single files, and read-only ones', async (context) => {
  const without = noNetwork();
  if (without !== null) return skip(without, context as TestContext);
  const [single, readOnly] = [configuration(), configuration()];
  const folder = dirname(readOnly);
  const network = await ownNetwork([], `mount --bind ${single} ${single} && mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder}`);
  for (const [file, why] of [
    [single, 'is a mount of its own'],
    [readOnly, 'is mounted read-only'],
  ] as const)
    for (const options of [[], ['--force']]) {
      const { code, err } = network.portowner(['move', '4711', '--to', '4713', '--path', file, '--dry-run', ...options]);
      assert.is(code, 1, err);
      assert.match(err, why);
    }
  // Here, they are not mounted.
  assert.is((await attempt(single)).code, 0);
});

withRights('files and folders that are locked, and those of others without the rights of root', async () => {
  const locked = configuration();
  for (const [flag, path, why] of [
    ['i', locked, `${locked} is immutable (chattr -i changes that)`],
    ['a', locked, `${locked} is append-only (chattr -a changes that)`],
    ['i', dirname(locked), `${dirname(locked)} is immutable`],
  ] as const) {
    if (spawnSync('chattr', [`+${flag}`, path]).status !== 0) continue;
    try {
      await refusedAlways(locked, why);
    } finally {
      spawnSync('chattr', [`-${flag}`, path]);
    }
  }
  assert.is((await attempt(locked)).code, 0);
  const file = configuration();
  const asUser = (uid: number, ...options: string[]) =>
    spawnSync('setpriv', [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...ownProgram, 'move', '4711', '--to', '4713', '--path', file, '--dry-run', ...options], {
      encoding: 'utf8',
      env: { ...process.env, HOME: '/nonexistent', XDG_STATE_HOME: '/nonexistent' },
    });
  const other = asUser(12_345, '--force');
  assert.is(other.status, 1, other.stderr);
  assert.match(other.stderr, `changing ${file} needs root, to whom it belongs`);
  chownSync(file, 12_345, 0);
  assert.match(asUser(12_345).stderr, `changing ${file} needs root, or a member of its group 0`);
  chownSync(file, 12_345, 12_345);
  assert.match(asUser(12_345).stderr, `${dirname(file)} cannot be written to: access is denied`);
  chownSync(dirname(file), 12_345, 12_345);
  assert.is(asUser(12_345).status, 0);
});

test('the port of the session', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const variables = new Map([['SSH_CONNECTION', '192.0.2.1 50000 192.0.2.2 4711']]);
  await refused(configuration(), 'this session is connected through port 4711', { variables });
  const elsewhere = new Map([['SSH_CONNECTION', '192.0.2.1 4711 192.0.2.2 22']]);
  const none = { variables: new Map<string, string>(), ancestors: () => [] };
  assert.is((await attempt(configuration(), { ...none, variables: elsewhere })).code, 0);
  // As after sudo: only an ancestor has it.
  const above = { variables: new Map<string, string>(), ancestors: () => [1, 2], program: () => ({ arguments: [], environment: variables, account: null }) };
  await refused(configuration(), 'SSH_CONNECTION', above);
});

test('a connection whose server is an ancestor', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  await once(server, 'connection');
  try {
    const file = configuration();
    writeFileSync(file, `port ${port}\n`);
    const none = { variables: new Map<string, string>() };
    const move = ['move', String(port), '--to', '4713', '--path', file, '--dry-run'];
    const { code, err } = await onThisMachine(move, temporaryFolder(), { ...none, ancestors: () => [process.pid] });
    assert.is(code, 1);
    assert.match(err, `this session is connected through port ${port}: 127.0.0.1:`);
    assert.is((await onThisMachine(move, temporaryFolder(), { ...none, ancestors: () => [] })).code, 0);
  } finally {
    client.destroy();
    server.close();
  }
});

test.run();
