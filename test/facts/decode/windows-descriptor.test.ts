import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDescriptor, folderUsersOf, readersOf, right, rightsOf } from '../../../src/facts/decode/windows-descriptor.ts';
import { ace, descriptor } from '../../support/descriptor-bytes.ts';

const test = suite('security descriptors');
const everyone = 'S-1-1-0';
const users = 'S-1-5-32-545';

test('what Wine says of its folder C:\\windows', () => {
  const bytes = Buffer.from(
    '0100048014000000000000000000000030000000010500000000000515000000000000000000000000000000e8030000020054000300000000031400ff011f00' +
      '01010000000000051200000000032400ff011f00010500000000000515000000000000000000000000000000e803000000031400a9001200010100000000000100000000',
    'hex',
  );
  const user = 'S-1-5-21-0-0-0-1000';
  const inherited = { inheritOnly: false, toFiles: true, toFolders: true, allows: true };
  assert.equal(decodeDescriptor(bytes), {
    owner: user,
    isProtected: false,
    flaw: null,
    entries: [
      { sid: 'S-1-5-18', mask: 0x1f01ff, ...inherited },
      { sid: user, mask: 0x1f01ff, ...inherited },
      { sid: everyone, mask: 0x1200a9, ...inherited },
    ],
  });
});

test('owner, list and what is inherited', () => {
  const bytes = descriptor({
    owner: 'S-1-5-18',
    isProtected: true,
    entries: [ace({ sid: 'S-1-5-32-544', mask: 0x1f01ff }), ace({ sid: users, mask: 0x1200a9, flags: 0x0b }), ace({ sid: everyone, mask: 0x2, type: 1 })],
  });
  assert.equal(decodeDescriptor(bytes), {
    owner: 'S-1-5-18',
    isProtected: true,
    flaw: null,
    entries: [
      { allows: true, sid: 'S-1-5-32-544', mask: 0x1f01ff, inheritOnly: false, toFiles: false, toFolders: false },
      { allows: true, sid: users, mask: 0x1200a9, inheritOnly: true, toFiles: true, toFolders: true },
      { allows: false, sid: everyone, mask: 0x2, inheritOnly: false, toFiles: false, toFolders: false },
    ],
  });
});

test('without a list everybody may do everything', () => {
  assert.is(decodeDescriptor(descriptor({ owner: 'S-1-5-18', entries: null })).entries, null);
  assert.equal(decodeDescriptor(descriptor({ owner: 'S-1-5-18', entries: [] })).entries, []);
});

test('entries for objects and with conditions', () => {
  const entries = [
    ace({ sid: users, mask: 2, type: 5, guids: 2 }),
    ace({ sid: users, mask: 4, type: 11, guids: 1 }),
    ace({ sid: users, mask: 8, type: 9 }),
    ace({ sid: users, mask: 16, type: 10 }),
    ace({ sid: users, mask: 32, type: 6, guids: 0 }),
  ];
  const { entries: read, flaw } = decodeDescriptor(descriptor({ owner: 'S-1-5-18', entries }));
  assert.is(flaw, null);
  assert.equal(
    read!.map(({ allows, sid, mask }) => [allows, sid, mask]),
    [
      [true, users, 2],
      [true, users, 4],
      [true, users, 8],
      [false, users, 32],
    ],
    'a denial that may not hold counts for nothing',
  );
});

const broken: [name: string, bytes: Uint8Array, flaw: RegExp][] = [
  ['nothing', new Uint8Array(), /not a security descriptor/],
  ['19 bytes', new Uint8Array(19).fill(1), /not a security descriptor/],
  ['not self-relative', Buffer.concat([Buffer.from([1, 0, 4, 0]), Buffer.alloc(16)]), /self-relative/],
  ['a list elsewhere', Buffer.from('0100048000000000000000000000000000100000', 'hex'), /outside/],
  ['a list that is cut off', descriptor({ owner: 'S-1-5-18', entries: [ace({ sid: users, mask: 2 })] }).subarray(0, -4), /truncated/],
  ['an unknown kind of entry', descriptor({ owner: 'S-1-5-18', entries: [ace({ sid: users, mask: 2, type: 99 })] }), /unknown kind 99/],
  ['an entry without account', descriptor({ owner: 'S-1-5-18', entries: [Buffer.from('00000c000200000001050000', 'hex')] }), /no account/],
];
for (const [name, bytes, flaw] of broken) test(`${name} is told`, () => assert.match(decodeDescriptor(bytes).flaw ?? '', flaw));

test('no bytes throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeDescriptor(bytes)));
  const good = descriptor({ owner: 'S-1-5-18', entries: [ace({ sid: users, mask: 2, type: 5, guids: 2 }), ace({ sid: everyone, mask: 2 })] });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, end) => {
      const changed = Buffer.from(good);
      changed[at] = value;
      decodeDescriptor(changed.subarray(0, end));
    }),
    { numRuns: 1000 },
  );
});

test('rights go by the order of the entries, and generic ones are what they are for files', () => {
  const rights = (entries: readonly Buffer[], of?: 'itself' | 'files' | 'folders'): number =>
    rightsOf(decodeDescriptor(descriptor({ owner: 'S-1-5-18', entries })).entries!, new Set([users]), of);
  const [allow, deny] = [ace({ sid: users, mask: 3 }), ace({ sid: users, mask: 2, type: 1 })];
  assert.is(rights([deny, allow]), 1);
  assert.is(rights([allow, deny]), 3);
  assert.is(rights([ace({ sid: everyone, mask: 2, type: 1 }), allow]), 3, 'who is denied it is somebody else');
  assert.is(rights([ace({ sid: users, mask: 0x4000_0000 })]) & right.write, right.write);
  assert.is(rights([ace({ sid: users, mask: 0x1000_0000 })]) & right.writeOwner, right.writeOwner);
  assert.is(rights([ace({ sid: users, mask: 0x8000_0000 })]) & right.write, 0);
  const inherited = [ace({ sid: users, mask: 2, flags: 0x9 })];
  assert.equal([rights(inherited), rights(inherited, 'files'), rights(inherited, 'folders')], [0, 2, 0]);
});

const [own, ann] = ['S-1-5-21-1-2-3-1001', 'S-1-5-21-1-2-3-1002'];
const readers: [name: string, owner: string, entries: Buffer[], expected: string[]][] = [
  [
    'this account and administrators',
    own,
    [ace({ sid: own, mask: 0x1f01ff }), ace({ sid: 'S-1-5-18', mask: 1 }), ace({ sid: 'S-1-5-32-544', mask: 1 }), ace({ sid: 'S-1-5-21-7-7-7-512', mask: 1 })],
    [],
  ],
  ['everybody', own, [ace({ sid: everyone, mask: 0x120089 })], [everyone]],
  ['generic rights', own, [ace({ sid: users, mask: 0x8000_0000 })], [users]],
  ['who can only write', own, [ace({ sid: users, mask: 0x6 })], []],
  ['who can change the list', own, [ace({ sid: users, mask: 0x40000 })], [users]],
  ['who is denied it first', own, [ace({ sid: users, mask: 1, type: 1 }), ace({ sid: users, mask: 1 })], []],
  ['an owner who is somebody else', ann, [ace({ sid: own, mask: 1 })], [ann]],
  ['what only new files inherit', own, [ace({ sid: users, mask: 1, flags: 0x9 })], []],
];
for (const [name, owner, entries, expected] of readers)
  test(`who can read a file: ${name}`, () => assert.equal(readersOf(decodeDescriptor(descriptor({ owner, entries })), own), expected));

test('everybody can use what has no list', () => {
  const open = { owner: own, entries: null, isProtected: false, flaw: null };
  assert.equal([readersOf(open, own), folderUsersOf(open, own)], [[everyone], [everyone]]);
});

const authenticated = 'S-1-5-11';
const closed = [ace({ sid: 'S-1-5-18', mask: 0x1f01ff, flags: 0x3 }), ace({ sid: 'S-1-5-32-544', mask: 0x1f01ff, flags: 0x3 }), ace({ sid: own, mask: 0x1f01ff, flags: 0x3 })];
const folders: [name: string, owner: string, entries: Buffer[], expected: string[]][] = [
  ['only this account and administrators', own, closed, []],
  ['administrators own it', 'S-1-5-32-544', [...closed, ace({ sid: 'S-1-3-0', mask: 0x1000_0000, flags: 0xb })], []],
  [
    'what a folder in the root of a drive inherits',
    own,
    [...closed, ace({ sid: authenticated, mask: 0x1301bf, flags: 0x13 }), ace({ sid: users, mask: 0x1200a9, flags: 0x13 })],
    [authenticated, users],
  ],
  ['what a folder in C:\\ProgramData inherits', own, [...closed, ace({ sid: users, mask: 0x1200a9, flags: 0x13 }), ace({ sid: users, mask: 0x116, flags: 0x12 })], [users]],
  ['who can only list it', own, [...closed, ace({ sid: users, mask: 0x1 })], [users]],
  ['who can only add files', own, [...closed, ace({ sid: users, mask: 0x2 })], [users]],
  ['who can only add folders', own, [...closed, ace({ sid: users, mask: 0x4 })], [users]],
  ['who can only delete its files', own, [...closed, ace({ sid: users, mask: 0x40 })], [users]],
  ['who can only delete it', own, [...closed, ace({ sid: users, mask: 0x10000 })], [users]],
  ['who can change its list', own, [...closed, ace({ sid: users, mask: 0x40000 })], [users]],
  ['who can become its owner', own, [...closed, ace({ sid: users, mask: 0x80000 })], [users]],
  ['who can read only new files', own, [...closed, ace({ sid: users, mask: 0x8000_0000, flags: 0x9 })], [users]],
  ['who can change only new folders', own, [...closed, ace({ sid: users, mask: 0x1f01ff, flags: 0xa })], []],
  ['who can only see its rights', own, [...closed, ace({ sid: users, mask: 0x120080 })], []],
  ['who is denied it', own, [ace({ sid: users, mask: 0x1f01ff, type: 1 }), ...closed, ace({ sid: users, mask: 0x1200a9 })], []],
  ['an owner who is somebody else', ann, closed, [ann]],
];
for (const [name, owner, entries, expected] of folders)
  test(`who can use a folder: ${name}`, () => assert.equal(folderUsersOf(decodeDescriptor(descriptor({ owner, entries })), own), expected));

test.run();
