import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PathState } from '../../src/system/scheduler.ts';
import { listWriters } from '../../src/facts/decode/linux-acl.ts';
import { concernsOf, mayAccount, pathSteps, type Used } from '../../src/schedule/trust.ts';
import { ace, descriptor } from '../support/descriptor-bytes.ts';

const test = suite('who could change what a task uses');
const system = 'S-1-5-18';
const admins = 'S-1-5-32-544';
const users = 'S-1-5-32-545';
const bob = 'S-1-5-21-1-2-3-1001';
const full = 0x1f01ff;
const readAndRun = 0x1200a9;

const base = [ace({ sid: system, mask: full, flags: 3 }), ace({ sid: admins, mask: full, flags: 3 })];
interface Made {
  readonly standing?: PathState['standing'];
  readonly owner?: string | null;
  readonly more?: readonly Buffer[];
  readonly list?: null;
}
const windows = ({ standing = 'folder', owner = system, more = [], list }: Made = {}): PathState => ({
  standing,
  refusal: null,
  access: { platform: 'win32', descriptor: descriptor({ owner, entries: list === null ? null : [...base, ...more] }) },
});
const missing: PathState = { standing: 'missing', access: null, refusal: null };
const link: PathState = { standing: 'link', access: null, refusal: null };
const denied: PathState = { standing: 'other', access: null, refusal: { code: 'AccessDenied', text: 'looking was denied', needs: 'an administrator' } };

/** A disk as Windows sets it up, and a file in a folder that only administrators can change. */
const disk: Readonly<Record<string, PathState>> = {
  'C:\\': windows({
    owner: 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
    more: [ace({ sid: 'S-1-5-11', mask: 0x1301bf, flags: 0x0b }), ace({ sid: 'S-1-5-11', mask: 0x4 }), ace({ sid: users, mask: readAndRun, flags: 3 })],
  }),
  'C:\\ProgramData': windows({
    more: [ace({ sid: users, mask: readAndRun, flags: 3 }), ace({ sid: users, mask: 0x116, flags: 2 }), ace({ sid: 'S-1-3-0', mask: 0x1000_0000, flags: 0x0b })],
  }),
  'C:\\ProgramData\\PortOwner': windows({ owner: admins }),
  'C:\\ProgramData\\PortOwner\\a.db': windows({ standing: 'file', owner: admins }),
};

function texts(changed: Readonly<Record<string, PathState>>, used: Partial<Used> = {}, trusted: readonly string[] = []): string[] {
  const all = { ...disk, ...changed };
  const whole: Used = { role: 'the store', path: 'C:\\ProgramData\\PortOwner\\a.db', mayBeMissing: true, standing: 'file', ...used };
  return concernsOf(whole, {
    platform: 'win32',
    look: (path) => all[path] ?? missing,
    trusted: { sids: trusted, uids: [] },
    accountName: (sid) => ({ [users]: 'Users', [bob]: 'Bob', 'S-1-5-11': 'Authenticated Users', 'S-1-1-0': 'Everyone' })[sid] ?? sid,
  }).map(({ path, text }) => `${path}: ${text}`);
}

const folder = 'C:\\ProgramData\\PortOwner';
const file = `${folder}\\a.db`;
const fine: [name: string, changed: Record<string, PathState>, trusted?: string[]][] = [
  ['as it should be', {}],
  ['not made yet', { [file]: missing }],
  ['readable for everybody', { [folder]: windows({ more: [ace({ sid: users, mask: readAndRun, flags: 3 })] }) }],
  [
    "the task's own account",
    { [folder]: windows({ owner: admins, more: [ace({ sid: bob, mask: 0x1301bf, flags: 3 })] }), [file]: windows({ standing: 'file', owner: bob }) },
    [bob],
  ],
  ['Domain Admins and the built-in Administrator', { [folder]: windows({ owner: 'S-1-5-21-9-9-9-500', more: [ace({ sid: 'S-1-5-21-9-9-9-512', mask: full, flags: 3 })] }) }],
  ['written by nobody, as it is denied first', { [folder]: windows({ more: [ace({ sid: users, mask: full, type: 1 }), ace({ sid: users, mask: full })] }) }],
];
for (const [name, changed, trusted] of fine) test(`nothing is said: ${name}`, () => assert.equal(texts(changed, {}, trusted), []));

const open: [name: string, changed: Record<string, PathState>, says: string[]][] = [
  ['a file that users write', { [file]: windows({ standing: 'file', more: [ace({ sid: users, mask: 0x2 })] }) }, [`${file}: Users could change the file`]],
  ['one that a user appends to', { [file]: windows({ standing: 'file', more: [ace({ sid: users, mask: 0x4 })] }) }, [`${file}: Users could change the file`]],
  ['one whose list a user changes', { [file]: windows({ standing: 'file', more: [ace({ sid: bob, mask: 0x40000 })] }) }, [`${file}: Bob could change the file`]],
  ["a user's own file", { [file]: windows({ standing: 'file', owner: bob }) }, [`${file}: Bob could change the file`]],
  ['a folder in which users make files', { [folder]: windows({ more: [ace({ sid: users, mask: 0x2 })] }) }, [`${folder}: Users could change the contents of the folder`]],
  ['generic write', { [folder]: windows({ more: [ace({ sid: users, mask: 0x4000_0000 })] }) }, [`${folder}: Users could change the contents of the folder`]],
  ['a folder that users rename', { 'C:\\ProgramData': windows({ more: [ace({ sid: users, mask: 0x10000 })] }) }, ['C:\\ProgramData: Users could change the folder']],
  ['a folder whose folders users delete', { 'C:\\': windows({ more: [ace({ sid: 'S-1-5-11', mask: 0x40 })] }) }, ['C:\\: Authenticated Users could change the folder']],
  ['no list at all', { [folder]: windows({ list: null }) }, [`${folder}: Everyone could change the contents of the folder`]],
  [
    'files to come that users write',
    { [file]: missing, [folder]: windows({ more: [ace({ sid: users, mask: 0x2, flags: 0x9 })] }) },
    [`${folder}: Users could change the contents of the folder`],
  ],
  ['a folder to come where users make folders', { [folder]: missing }, ['C:\\ProgramData: Users could change the contents of the folder']],
  ['a link in its place', { [file]: link }, [`${file}: it is a link or another reparse point`]],
  ['a junction on the way', { 'C:\\ProgramData': link }, ['C:\\ProgramData: it is a link or another reparse point']],
  ['a folder in its place', { [file]: windows() }, [`${file}: it is not a file`]],
  ['a file on the way', { [folder]: windows({ standing: 'file' }) }, [`${folder}: it is not a folder`]],
  ['what cannot be told', { [folder]: denied }, [`${folder}: cannot tell who can write there: looking was denied`]],
  [
    'a list that is not understood',
    { [file]: windows({ standing: 'file', more: [ace({ sid: users, mask: 1, type: 77 })] }) },
    [`${file}: cannot tell who can write there: its access list has an entry of the unknown kind 77`],
  ],
];
for (const [name, changed, says] of open) test(`it is said: ${name}`, () => assert.equal(texts(changed), says));

test('what must be there is', () => {
  assert.equal(texts({ [file]: missing }, { mayBeMissing: false }), [`${file}: it does not exist`]);
  assert.equal(texts({ [folder]: missing, 'C:\\ProgramData': windows() }, { mayBeMissing: false }), [`${folder}: it does not exist`]);
});

test('a file that may be missing needs its folder', () => {
  assert.equal(texts({ [folder]: missing, 'C:\\ProgramData': windows() }), [`${folder}: it does not exist`]);
});

test('the steps of a path', () => {
  assert.equal(pathSteps('C:\\a\\b', 'win32'), ['C:\\', 'C:\\a', 'C:\\a\\b']);
  assert.equal(pathSteps('\\\\s\\t\\a', 'win32'), ['\\\\s\\t\\', '\\\\s\\t\\a']);
  assert.equal(pathSteps('/a/b', 'linux'), ['/', '/a', '/a/b']);
  assert.equal(pathSteps('/', 'linux'), ['/']);
});

/** A Linux look; `mode` in octal. */
const linux = (mode: number, more: { uid?: number; gid?: number; standing?: PathState['standing']; list?: Uint8Array } = {}): PathState => ({
  standing: more.standing ?? 'folder',
  refusal: null,
  access: { platform: 'linux', uid: more.uid ?? 0, gid: more.gid ?? 0, mode, list: more.list ?? null },
});
/** system.posix_acl_access of entries [tag, rights, id]. */
function list(...entries: [number, number, number][]): Uint8Array {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2);
  for (const [i, [tag, rights, id]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * i);
    bytes.writeUInt16LE(rights, 6 + 8 * i);
    bytes.writeUInt32LE(id, 8 + 8 * i);
  }
  return bytes;
}
const named = list([1, 7, 0xffffffff], [2, 6, 1000], [8, 6, 50], [2, 4, 1001], [4, 5, 0xffffffff], [0x10, 7, 0xffffffff]);

const modes: [name: string, looks: Record<string, PathState>, says: string[]][] = [
  ['root alone', {}, []],
  ['below a sticky folder', { '/v': linux(0o1777) }, []],
  ['in a sticky folder', { '/v/f': linux(0o1777) }, ['/v/f: others could change the contents of the folder']],
  ["root's group", { '/v': linux(0o775) }, []],
  ['another group', { '/v': linux(0o775, { gid: 50 }) }, ['/v: group:50 could change the folder']],
  ['everybody', { '/v/f/x': linux(0o666, { standing: 'file' }) }, ['/v/f/x: others could change the file']],
  ["a user's file", { '/v/f/x': linux(0o600, { standing: 'file', uid: 1000 }) }, ['/v/f/x: user:1000 could change the file']],
  ['a list', { '/v/f': linux(0o775, { list: named }) }, ['/v/f: user:1000, group:50 could change the contents of the folder']],
  ['a link', { '/v/f': { ...link } }, ['/v/f: it is a link or another reparse point']],
];
for (const [name, looks, says] of modes) {
  test(`on Linux: ${name}`, () => {
    const all: Record<string, PathState> = { '/': linux(0o755), '/v': linux(0o755), '/v/f': linux(0o755), '/v/f/x': linux(0o644, { standing: 'file' }), ...looks };
    const used: Used = { role: 'the policy', path: '/v/f/x', mayBeMissing: false, standing: 'file' };
    assert.equal(
      concernsOf(used, { platform: 'linux', look: (path) => all[path] ?? missing, trusted: { sids: [], uids: [] }, accountName: (id) => id }).map(
        ({ path, text }) => `${path}: ${text}`,
      ),
      says,
    );
  });
}

test('a list and its mask', () => {
  assert.equal(listWriters(named), ['user:1000', 'group:50']);
  assert.equal(listWriters(list([2, 6, 1000], [0x10, 5, 0])), [], 'the mask takes it away');
  assert.is(listWriters(new Uint8Array(3)), null);
  assert.is(listWriters(Buffer.alloc(12)), null);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void listWriters(bytes)));
});

test('what an account may do', () => {
  const may = (look: PathState, mask: number) => mayAccount(look.access, bob, mask);
  assert.is(may(windows(), 1), false);
  assert.is(may(windows({ more: [ace({ sid: users, mask: readAndRun })] }), 0x21), true, 'by a group that all are in');
  assert.is(may(windows({ more: [ace({ sid: bob, mask: 0x1301bf })] }), 0x7), true);
  assert.is(may(windows({ more: [ace({ sid: bob, mask: 0x1301bf, flags: 8 })] }), 0x7), false);
  assert.is(may(windows({ list: null }), 0x7), true);
  assert.is(may(denied, 1), null);
});

test.run();
