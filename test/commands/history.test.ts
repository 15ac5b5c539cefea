import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { truncateSync, writeFileSync } from 'node:fs';
import { facts, process, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('portowner history');

const apache = process({ pid: 101, imageName: 'apache2', path: '/usr/sbin/apache2', unit: 'apache2.service' });

/** A store with three nights: nginx, then apache2 on its port, then nothing. */
async function filled(): Promise<string> {
  const store = join(temporaryFolder(), 'audits.db');
  const nights = [[socket({ localPort: 80 })], [socket({ localPort: 80, pid: 101 }), socket({ localPort: 50000, pid: 101 })], []];
  for (const [index, sockets] of nights.entries()) {
    const of = { ...facts(sockets, { processes: [process(), apache] }), at: `2026-01-0${index + 1}T02:00:00Z` };
    const { code } = await run(['audit', '--store', store, '--from', snapshotFile(of)]);
    assert.is(code, 0);
  }
  return store;
}

interface Row {
  RunTime?: string;
  Listeners?: number;
  Port?: string;
  Program?: string;
  Event?: string;
  FirstSeen?: string;
  LastSeen?: string;
  IsOpen?: boolean;
  PreviousOwner?: string;
}
async function history(args: readonly string[], store: string): Promise<{ code: number; rows: Row[] }> {
  const { code, out } = await run(['history', ...args, '--store', store, '--format', 'json']);
  return { code, rows: JSON.parse(out) as Row[] };
}

test('the runs, newest first', async () => {
  const store = await filled();
  const { code, rows } = await history([], store);
  assert.is(code, 0);
  assert.equal(
    rows.map(({ RunTime, Listeners }) => `${RunTime?.slice(0, 10)} ${Listeners}`),
    ['2026-01-03 0', '2026-01-02 2', '2026-01-01 1'],
  );
  assert.is((await history(['--last', '1'], store)).rows.length, 1);
  assert.is((await history(['--machine', 'other'], store)).code, 1);
});

test('a port: who had it, and when', async () => {
  const { code, rows } = await history(['80'], await filled());
  assert.is(code, 0);
  assert.equal(
    rows.map(({ Program, Event, FirstSeen, LastSeen, IsOpen, PreviousOwner }) => [Program, Event, FirstSeen?.slice(8, 10), LastSeen?.slice(8, 10), IsOpen, PreviousOwner]),
    [
      ['/usr/sbin/nginx', 'Known', '01', '01', false, null],
      ['/usr/sbin/apache2', 'ChangedHands', '02', '02', false, '/usr/sbin/nginx as root'],
    ],
  );
});

const questions: [args: string[], ports: string[]][] = [
  [
    ['--program', 'apache2'],
    ['80', 'dynamic'],
  ],
  [
    ['--program', '/usr/sbin/*'],
    ['80', '80', 'dynamic'],
  ],
  [
    ['--service', 'apache2'],
    ['80', 'dynamic'],
  ],
  [['dynamic'], ['dynamic']],
  [['dynamic,http'], ['80', '80', 'dynamic']],
  [['80', '--program', 'nginx'], ['80']],
  [['81'], []],
  [['50000'], ['50000']],
  [['1-65535'], ['80', '80', '50000']],
  [['50000,dynamic'], ['50000', 'dynamic']],
  [['50000', '--program', 'nginx'], []],
];
for (const [args, ports] of questions) {
  test(args.join(' '), async () => {
    const { code, rows } = await history(args, await filled());
    assert.equal(
      rows.map(({ Port }) => Port),
      ports,
    );
    assert.is(code, ports.length > 0 ? 0 : 1);
  });
}

test('nothing to tell is said', async () => {
  const { code, out } = await run(['history', '81', '--store', await filled()]);
  assert.equal([code, out], [1, 'No matching listeners in the store.\n']);
});

test('no store, a missing one, a damaged one, and other mistakes', async () => {
  const store = await filled();
  assert.match((await run(['history'])).err, /PO1001: missing --store: portowner history --store FILE/);
  assert.match((await run(['history', '80', '--last', '3', '--store', store])).err, /PO1005/);
  assert.match((await run(['history', '--last', 'x', '--store', store])).err, /PO1001/);
  assert.match((await run(['history', '99999', '--store', store])).err, /PO1002/);
  assert.is((await run(['history', '--store', `${store}.no`])).code, 69);
  truncateSync(store, 4096);
  const { code, err } = await run(['history', '--store', store]);
  assert.is(code, 69);
  assert.match(err, /PO4203|PO4201/);
  writeFileSync(store, 'x'.repeat(10_000));
  assert.match((await run(['history', '--store', store])).err, /PO2002: .* it is not a PortOwner store/);
});

test('a URL of no database ends every command before it does anything', async () => {
  const snapshot = snapshotFile(facts([socket({ localPort: 80 })], { processes: [process()] }));
  const urls: [string, RegExp][] = [
    ['postgres://web1:s3cret@db.corp/audits', /PO1001: .*it contains a password/],
    ['postgres://db.corp/audits?sslmode=require', /PO1001: .*sslmode=require does not verify/],
    ['mysql://db.corp/audits', /PO1001: /],
  ];
  for (const [url, message] of urls)
    for (const words of [['audit', '--from', snapshot], ['history'], ['fleet']]) {
      const { code, err, out } = await run([...words, '--store', url]);
      assert.equal([code, out], [64, ''], words.join(' '));
      assert.match(err, message);
      assert.not.match(err, /s3cret/);
    }
});

test.run();
