import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { facts, process as processFact, socket, udp } from '../../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';

const test = suite('portowner baseline');

const sockets = [socket({ localPort: 443 }), socket({ localPort: 22, pid: 101, localAddress: '127.0.0.1' }), udp({ localPort: 40000 })];
const processes = [processFact(), processFact({ pid: 101, imageName: 'sshd', path: '/usr/sbin/sshd' })];
const before = snapshotFile(facts(sockets, { processes }));
const after = snapshotFile(facts([...sockets.slice(0, 2), socket({ localPort: 8080 })], { processes: [processes[0]!, { ...processes[1]!, user: 'eve' }] }));

const newFile = (): string => join(temporaryFolder(), 'b.yaml');

test('create approves what listens, and says what that is', async () => {
  const file = newFile();
  const { code, out, err } = await run(['baseline', 'create', file, '--from', before]);
  assert.equal([code, err], [0, '']);
  assert.match(out, /^3 listeners approved in .*b\.yaml\.\n\n[\s\S]*22 +TCP +127\.0\.0\.1 +\/usr\/sbin\/sshd[\s\S]*443[\s\S]*dynamic +UDP +any/);
  const text = readFileSync(file, 'utf8');
  assert.match(text, /^machine: box$/m);
  assert.not.match(text, /100|101|2026/, 'no pids, no times');
});

test('create replaces no baseline, unless told to', async () => {
  const file = newFile();
  writeFileSync(file, 'mine\n');
  const { code, err } = await run(['baseline', 'create', file, '--from', before]);
  assert.is(code, 64);
  assert.match(err, /PO4204/);
  assert.is(readFileSync(file, 'utf8'), 'mine\n');
  assert.is((await run(['baseline', 'create', file, '--from', before, '--force'])).code, 0);
  assert.match(readFileSync(file, 'utf8'), /PortOwner\.Baseline/);
});

test('update approves what changed, and tells of it', async () => {
  const file = newFile();
  await run(['baseline', 'create', file, '--from', before]);
  writeFileSync(file, readFileSync(file, 'utf8').replace('  - port: 443', '  # CHG-1\n  - port: 443'));
  const dry = await run(['baseline', 'update', file, '--from', after, '--dry-run', '--format', 'json']);
  assert.equal(
    (JSON.parse(dry.out) as { Kind: string }[]).map(({ Kind }) => Kind),
    ['UserChanged', 'Opened', 'Closed'],
  );
  assert.not.match(readFileSync(file, 'utf8'), /8080/);
  const { code, out } = await run(['baseline', 'update', file, '--from', after]);
  assert.is(code, 0);
  assert.match(out, /3 changes approved in/);
  const text = readFileSync(file, 'utf8');
  assert.match(text, /user: eve[\s\S]*# CHG-1\n {2}- port: 443[\s\S]*8080/);
  assert.not.match(text, /dynamic/);
  assert.match((await run(['baseline', 'update', file, '--from', after])).out, /is up to date/);
  assert.is(readFileSync(file, 'utf8'), text);
  assert.equal(readdirSync(join(file, '..')), ['b.yaml']);
});

/** The first socket alone, because the others were refused. */
const partial = facts(sockets.slice(0, 1), { processes });
const half = snapshotFile({ ...partial, sections: { ...partial.sections, sockets: { ...partial.sections.sockets, status: 'partial', reason: 'UDP was refused' } } });

test('update keeps what may only not have been seen', async () => {
  const file = newFile();
  await run(['baseline', 'create', file, '--from', before]);
  const text = readFileSync(file, 'utf8');
  const { code, err } = await run(['baseline', 'update', file, '--from', half]);
  assert.is(code, 69);
  assert.match(err, /PO3001: warning: some sockets could not be read/);
  assert.is(readFileSync(file, 'utf8'), text);
});

test('create makes no baseline with holes, unless told to', async () => {
  const file = newFile();
  const { code, out, err } = await run(['baseline', 'create', file, '--from', half]);
  assert.equal([code, out], [69, '']);
  assert.match(err, /^portowner: PO3001: some sockets could not be read, so the baseline would be incomplete: UDP was refused\n {2}Use --force to write what could be read\.\n$/);
  assert.not.ok(existsSync(file));
  const forced = await run(['baseline', 'create', file, '--from', half, '--force']);
  assert.is(forced.code, 69);
  assert.match(forced.err, /PO3001: warning: some sockets could not be read/);
  assert.match(readFileSync(file, 'utf8'), /443/);
});

test('update --keep-closed', async () => {
  const file = newFile();
  await run(['baseline', 'create', file, '--from', before]);
  await run(['baseline', 'update', file, '--from', after, '--keep-closed']);
  assert.match(readFileSync(file, 'utf8'), /8080[\s\S]*dynamic/);
});

test('show', async () => {
  const file = newFile();
  await run(['baseline', 'create', file, '--from', before]);
  writeFileSync(file, readFileSync(file, 'utf8').replace('  - port: 443', '  # CHG-1\n  - port: 443'));
  const { code, out } = await run(['baseline', 'show', file, '--format', 'json']);
  assert.is(code, 0);
  assert.equal(
    (JSON.parse(out) as { Port: string; Comment: string }[]).map(({ Port, Comment }) => [Port, Comment]),
    [
      ['22', null],
      ['443', 'CHG-1'],
      ['dynamic', null],
    ],
  );
});

test('owners that cannot be seen are left open, with a warning', async () => {
  const file = newFile();
  const hidden = snapshotFile(facts([socket({ pid: null })]));
  const { code, err } = await run(['baseline', 'create', file, '--from', hidden]);
  assert.is(code, 0);
  assert.match(err, /PO3002: warning: details are missing for 1 listener.*port 443/);
  assert.not.match(readFileSync(file, 'utf8'), /program/);
});

test('facts without sockets are no baseline', async () => {
  const file = newFile();
  for (const status of ['failed', 'notAsked'] as const) {
    const none = snapshotFile(facts([], { sections: { sockets: { status, reason: 'a test', needs: null, at: null, data: [] } } }));
    const { code, err } = await run(['baseline', 'create', file, '--from', none]);
    assert.is(code, 69);
    assert.match(err, /PO3001: cannot tell which ports are open/);
    assert.not.ok(existsSync(file));
  }
});

test('a baseline of another machine is changed only with --force', async () => {
  const file = newFile();
  await run(['baseline', 'create', file, '--from', before]);
  const text = readFileSync(file, 'utf8');
  const other = facts([], { processes });
  const args = ['baseline', 'update', file, '--from', snapshotFile({ ...other, machine: { ...other.machine, name: 'other' } })];
  const { code, out, err } = await run(args);
  assert.equal([code, out], [69, '']);
  assert.match(err, /^portowner: PO4205: .*b\.yaml belongs to the machine box, but this is other: nothing was changed\n {2}Use --force/);
  assert.match((await run([...args, '--dry-run'])).err, /PO4205: warning: .*b\.yaml belongs to the machine box, but is compared with other/);
  assert.is(readFileSync(file, 'utf8'), text);
  const forced = await run([...args, '--force']);
  assert.is(forced.code, 0);
  assert.match(forced.err, /PO4205: warning/);
  assert.is.not(readFileSync(file, 'utf8'), text);
});

const wrong: [what: string, make: (file: string) => void, code: number, message: RegExp][] = [
  ['missing', () => {}, 69, /PO2001: cannot read .*the file does not exist/],
  ['a folder', (file) => mkdirSync(file), 69, /PO2001/],
  ['of a newer version', (file) => writeFileSync(file, 'kind: PortOwner.Baseline\nversion: 9\n'), 69, /PO2003/],
  ['cut in half', (file) => writeFileSync(file, 'kind: PortOwner.Baseline\nversion: 1\nlisteners:\n  - port: 80\n    proto'), 69, /PO2002: .*line \d+, column \d+/],
];
for (const [what, make, expected, message] of wrong) {
  for (const command of ['show', 'update']) {
    test(`${command}: a baseline that is ${what}`, async () => {
      const file = newFile();
      make(file);
      const { code, out, err } = await run(['baseline', command, file, ...(command === 'update' ? ['--from', before] : [])]);
      assert.equal([code, out], [expected, '']);
      assert.match(err, message);
    });
  }
}

test('a folder that cannot be written: one error, and the file stays', async () => {
  const file = newFile();
  await run(['baseline', 'create', file, '--from', before]);
  const text = readFileSync(file);
  const folder = join(file, '..');
  const writable = (): boolean => process.getuid?.() === 0 || process.platform === 'win32';
  // Root writes everywhere but where there is no folder.
  if (writable()) {
    const { code, err } = await run(['baseline', 'create', join(folder, 'no', 'b.yaml'), '--from', before]);
    assert.is(code, 69);
    assert.match(err, /PO2004/);
    return;
  }
  const { mode } = statSync(folder);
  chmodSync(folder, 0o500);
  try {
    const { code, err } = await run(['baseline', 'update', file, '--from', after]);
    assert.is(code, 69);
    assert.match(err, /PO2004/);
    assert.equal(readFileSync(file), text);
  } finally {
    chmodSync(folder, mode);
  }
});

test('help names all three', async () => {
  const { code, out } = await run(['baseline', '--help']);
  assert.is(code, 0);
  for (const command of ['create', 'update', 'show']) {
    assert.match(out, new RegExp(`portowner baseline ${command} `));
    assert.match((await run(['baseline', command, '--help'])).out, /Exit codes:/);
  }
  assert.is((await run(['baseline'])).code, 64);
});

/** Listeners of a machine that has very many. */
const many = (count: number): string =>
  snapshotFile(
    facts(
      Array.from({ length: count }, (_, index) => socket({ localPort: 1 + (index % 30000), localAddress: `10.0.${Math.floor(index / 30000)}.1`, pid: 100 + (index % 50) })),
      {
        processes: Array.from({ length: 50 }, (_, index) =>
          processFact({
            pid: 100 + index,
            imageName: `program-${index}`,
            path: `/usr/lib/some-application/bin/program-${index}`,
            unit: `some-application@${index}.service`,
            user: 'www-data',
          }),
        ),
      },
    ),
  );

test('a baseline of 20,000 listeners is written, and read again', async () => {
  const [file, from] = [newFile(), many(20_000)];
  assert.is((await run(['baseline', 'create', file, '--from', from])).code, 0);
  assert.ok(statSync(file).size > 2 * 1024 * 1024);
  assert.is((await run(['baseline', 'show', file, '--count'])).out, '20000\n');
  assert.is((await run(['audit', '--baseline', file, '--from', from])).code, 0);
});

test('a baseline that nothing would read again is not written', async () => {
  const [file, from] = [newFile(), many(42_000)];
  writeFileSync(file, 'mine\n');
  const { code, err } = await run(['baseline', 'create', file, '--force', '--from', from]);
  assert.is(code, 69);
  assert.match(err, /PO2004: cannot write .*b\.yaml: it would have too many entries/);
  assert.is(readFileSync(file, 'utf8'), 'mine\n');
  // Nor does an update make one.
  writeFileSync(file, 'kind: PortOwner.Baseline\nversion: 1\nlisteners: []\n');
  const before = readFileSync(file, 'utf8');
  const update = await run(['baseline', 'update', file, '--from', from]);
  assert.equal([update.code, /PO2004/.test(update.err), readFileSync(file, 'utf8')], [69, true, before]);
});

test('a file that is nothing but entries is refused before it is parsed', async () => {
  const file = newFile();
  for (const [sign, size] of [
    [',', 2],
    ['1,', 4],
    ['- \n', 6],
  ] as const) {
    writeFileSync(file, `kind: PortOwner.Baseline\nversion: 1\nlisteners:${sign === '- \n' ? '\n' : ' ['}${sign.repeat((size * 1024 * 1024) / sign.length)}`);
    const { code, err } = await run(['baseline', 'show', file]);
    assert.is(code, 69);
    assert.match(err, /PO2002: .*: (?:it has more than \d+ (?:entries|tokens)|Unexpected , |it is nested too deeply)/);
  }
});

test.run();
