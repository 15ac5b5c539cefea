// The first line that a person reads is the answer, of every command; programs get rows alone.
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { facts, process as processFact, socket } from '../support/example.ts';
import { linux as linuxSource } from '../support/linux-raw.ts';
import { fakeLinux, fakeWindows } from '../support/schedule-fake.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('headlines');

const processes = [processFact(), processFact({ pid: 101, imageName: 'sshd', path: '/usr/sbin/sshd' })];
const at = (time: string, ...ports: number[]) => ({
  ...facts(
    ports.map((localPort) => socket({ localPort, pid: localPort === 22 ? 101 : 100 })),
    { processes },
  ),
  at: time,
});
const [before, after] = [snapshotFile(at('2026-01-01T02:00:00Z', 22, 80)), snapshotFile(at('2026-01-02T02:00:00Z', 80, 8080, 9000))];
const folder = temporaryFolder();
const [baseline, store] = [join(folder, 'ok.yaml'), join(folder, 'audits.db')];

type More = Parameters<typeof run>[1];
/** In this order: what is written first is read later. */
const cases: [args: string[], headline: string | RegExp, more?: More][] = [
  [['baseline', 'create', baseline, '--from', before], `2 listeners approved in ${baseline}.`],
  [['baseline', 'show', baseline], `${baseline} approves 2 listeners on box.`],
  [['baseline', 'update', baseline, '--dry-run', '--from', after], `3 changes to approve in ${baseline}: 2 opened, 1 closed.`],
  [['audit', '--baseline', baseline, '--store', store, '--from', before], 'Audit of box: clean, 2 listeners.'],
  [['audit', '--baseline', baseline, '--store', store, '--from', after], 'Audit of box: 3 findings (2 High, 1 Low), 3 listeners.'],
  [['history', '--store', store], '2 audits of box. The newest, of 2026-01-02 02:00 UTC, has 3 findings, High at worst.'],
  [['history', '80', '--store', store], '/usr/sbin/nginx has owned TCP port 80 on box since 2026-01-01 02:00 UTC or longer.'],
  [['history', '22', '--store', store], '/usr/sbin/sshd owned TCP port 22 on box from 2026-01-01 02:00 UTC to 2026-01-01 02:00 UTC.'],
  [['history', '1-9000', '--store', store], '4 entries of box, of which 3 are open in the newest audit.'],
  [['fleet', '--store', store, '--max-age', '36500d'], /^The machine has reported since /],
  [['fleet', '80', '--store', store, '--max-age', '36500d'], '1 listener on 1 of 1 machine.'],
  [['fleet', '--since', '2026-01-01T12:00', '--store', store, '--max-age', '36500d'], '2 new listeners on 1 machine since 2026-01-01 12:00 UTC.'],
  [['fleet', '80', '--rare', '--store', store, '--max-age', '36500d'], '1 listener is on one machine only, among 1 machine.'],
  [['diff', before, after], `3 differences between ${before} and ${after}: 2 opened, 1 closed.`],
  [['why', '--error', 'hello world', '--from', before], 'Cannot tell: the text names no port.'],
  [['why', '--error', 'bind() to unix:/run/x.sock failed (98: Address already in use)', '--from', before], 'There is no port to check.'],
  [
    ['why', '--error', 'connect ECONNREFUSED 127.0.0.1:5432', '--from', before],
    'There is nothing to bind: the error comes from an outgoing connection, which gets its local port from the system.',
  ],
  [['ranges', '--from', before], 'box assigns ports 32768-60999 automatically; 1 range is reserved.'],
  [['schedule', 'status'], 'The nightly audit is not installed.', { scheduler: fakeWindows() }],
  [['schedule', 'install', '--baseline', 'C:\\Audit\\baseline.yaml', '--at', '4:30'], 'The audit was installed. It runs every night at 04:30.', { scheduler: fakeWindows() }],
  [
    ['doctor'],
    /^(?:No disagreement in|PortOwner and this machine disagree in \d+ of) \d+ checks?; \d+ (?:could not be run|was skipped|were skipped).* \(--format list says why\)\.$/,
    { source: linuxSource({}), tools: linuxSource({}) },
  ],
];
for (const [args, headline, more = {}] of cases)
  test(args.join(' '), async () => {
    const { out, err } = await run(args, { ...more, terminal: { columns: 400, colors: false, unicode: true } });
    const [first, second = ''] = out.split('\n');
    if (typeof headline === 'string') assert.is(first, headline, err);
    else assert.match(first!, headline);
    assert.is(second, '', 'apart from the rows');
  });

test('a systemd timer has the same headline', async () => {
  const scheduler = fakeLinux();
  const { out } = await run(['schedule', 'status'], { scheduler });
  assert.match(out, /^The nightly audit is not installed\.\n\n/);
});

test('for programs there are rows alone', async () => {
  for (const args of [
    ['diff', before, after],
    ['history', '--store', store],
    ['baseline', 'show', baseline],
    ['ranges', '--from', before],
  ]) {
    const { out } = await run([...args, '--format', 'csv']);
    assert.not.match(out.split('\r\n')[0]!, / /, args.join(' '));
    assert.ok(Array.isArray(JSON.parse((await run([...args, '--format', 'json'])).out)));
  }
});

test('an audit sums itself up on standard error where its rows go to a file or a pipe', async () => {
  const { out, err } = await run(['audit', '--baseline', baseline, '--from', after]);
  assert.is(err, 'portowner: audit of box: 3 findings (2 High, 1 Low), 3 listeners\n');
  assert.match(out, /^Kind /);
});

test('below the table of an audit on a terminal is what to do, in whole words at every width', async () => {
  for (const columns of [60, 80, 120, 200]) {
    const { out } = await run(['audit', '--baseline', baseline, '--from', after], { terminal: { columns, colors: false, links: false } as never });
    assert.match(out, /^Audit of box: 3 findings/);
    assert.match(out, /\nWhat to do:\n/);
    assert.match(out.replaceAll(/\s+/g, ' '), /portowner 8080 --from \S+ # show the current owner/, out);
    assert.match(out.replaceAll(/\s+/g, ' '), /# if this is intended/);
    assert.not.match(out.slice(out.indexOf('What to do')), '…');
  }
});

test.run();
