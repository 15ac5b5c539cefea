import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { notWanted, type LiveSocket } from '../../../src/live/look.ts';
import type { ViewRow } from '../../../src/live/screen/model.ts';
import { liveSocket, settle, testScreen, testView, type SocketParts } from '../../support/live-screen.ts';

const test = suite('the view');

const server = { pid: 10, imageName: 'node', application: 'node server.js', owner: 'node server.js (10)' };
const client = { pid: 20, imageName: 'curl', application: 'curl', owner: 'curl (20)' };
const web = liveSocket({ owner: server });
const database = liveSocket({ localPort: 5432, owner: { pid: 30, imageName: 'postgres', owner: 'postgres (30)' } });
const connection = (more: SocketParts = {}): LiveSocket =>
  liveSocket({ remotePort: 50_000, owner: server, counters: { sent: 0, received: 0, roundTrip: 0.25, retransmits: 0 }, ...more });

/** The rows of the list: the ports, with their marks. */
const ports = (lines: readonly string[]): string[] =>
  lines
    .slice(3, -1)
    .filter((line) => line.trim() !== '')
    .map((line) => line.slice(0, 7).replaceAll(' ', ''));

test('lists sockets with their owners, the first one selected', async () => {
  const { screen } = await testView([database, web]);
  const lines = await screen.lines();
  assert.match(lines[0]!, /^All sockets, sorted by port ↑ +\d\d:04:00$/);
  assert.match(lines[1]!, /^2 listening, 0 connections, 0 UDP {2}out – in –/);
  assert.match(lines[2]!, /^ {2}Port↑ +Prot +State +Local +Executable +(?:PID +)?Owner/);
  assert.match(lines[3]!, /^> +3000 +TCP +Listen +127\.0\.0\.1 +node +(?:10 +)?node server\.js \(10\)$/);
  assert.match(lines[4]!, /^ +5432 +TCP +Listen/);
  assert.match(lines[23]!, /^\? keys {2}q quit/);
});

test('shows rates from the second look on, and never 0 for an unknown one', async () => {
  const unknown = connection({ localPort: 7000, counters: { sent: null, received: null, roundTrip: null, retransmits: null }, reason: 'needs an elevated session' });
  const view = await testView([web, connection(), unknown]);
  assert.match((await view.screen.lines())[4]!, /Established.* – +–$/);
  await view.look([web, connection({ counters: { sent: 1_200_000, received: 0 } }), unknown]);
  const lines = await view.screen.lines();
  assert.match(lines[1]!, /out 1\.2 MB\/s in 0\/s/);
  assert.match(lines[3]!, /Listen.*node server\.js \(10\)$/);
  assert.match(lines[4]!, / 1\.2 MB +0$/);
  assert.match(lines[5]!, /7000.* – +–$/);
  await view.screen.type('\x1b[F\r');
  assert.match((await view.screen.lines()).join('\n'), /Unknown +: some counters: needs an elevated session/);
});

test('a round-trip time below what is shown is not 0', async () => {
  const times = [0.004, 0.006, 0.25, 3, 120];
  const { screen } = await testView(
    times.map((roundTrip, i) => connection({ localPort: 4000 + i, counters: { sent: 0, received: 0, roundTrip, retransmits: 0 } })),
    { screen: testScreen(200, 24) },
  );
  const lines = (await screen.lines()).slice(3, 8);
  for (const [i, text] of ['<0.01', '0.01', '0.25', '3.0', '120'].entries()) assert.ok(lines[i]!.includes(` ${text} `), lines[i]);
});

test('what opened stands out for a look, and what closed stays for two more', async () => {
  const view = await testView([web]);
  await view.look([web, connection()]);
  assert.equal(ports(await view.screen.lines()), ['>3000', '+3000']);
  assert.match((await view.screen.lines())[1]!, / \+1 /);
  await view.look([web, connection()]);
  assert.equal(ports(await view.screen.lines()), ['>3000', '3000']);
  for (const rows of [['>3000', '-3000'], ['>3000', '-3000'], ['>3000', '-3000'], ['>3000']]) {
    await view.look([web]);
    assert.equal(ports(await view.screen.lines()), rows);
  }
});

test('a socket with the ends of a closed one is another row', async () => {
  const view = await testView([connection({ key: 'one' })]);
  await view.look([connection({ key: 'two', counters: { sent: 5e9, received: 0 } })]);
  const lines = await view.screen.lines();
  assert.equal(ports(lines), ['>-3000', '+3000']);
  assert.not.match(lines.join('\n'), /5\.0 GB\/s/);
});

test('sorts by any column, in both directions', async () => {
  const view = await testView([web, database, liveSocket({ localPort: 80, owner: { imageName: 'Apache', pid: 9, owner: 'Apache (9)' } })]);
  const { screen } = view;
  assert.equal(ports(await screen.lines()), ['>80', '3000', '5432']);
  await screen.type('r');
  assert.equal(ports(await screen.lines()), ['>5432', '3000', '80']);
  await screen.type('e');
  assert.equal(ports(await screen.lines()), ['>80', '3000', '5432']);
  assert.match((await screen.lines())[0]!, /sorted by executable ↑/);
  await screen.type('p>');
  assert.match((await screen.lines())[0]!, /sorted by protocol ↑/);
  await screen.type('\x1b[D\x1b[D');
  assert.match((await screen.lines())[0]!, /sorted by retransmitted segments ↓/);
});

test('the selected row stays selected when the order changes, and its place when it is gone', async () => {
  const view = await testView([web, database]);
  await view.screen.type('j');
  await view.look([web, database, liveSocket({ localPort: 80 })]);
  assert.equal(ports(await view.screen.lines()), ['+80', '3000', '>5432']);
  for (let looks = 0; looks < 4; looks++) await view.look([web, liveSocket({ localPort: 80 })]);
  assert.equal(ports(await view.screen.lines()), ['80', '>3000']);
});

test('filters as one types, by every word', async () => {
  const { screen } = await testView([web, database, connection({ owner: client, localPort: 40_000, remotePort: 3000 })]);
  await screen.type('/3000');
  assert.equal(ports(await screen.lines()), ['>3000', '40000']);
  assert.match((await screen.lines())[23]!, /^Filter: 3000/);
  await screen.type(' CURL\r');
  assert.equal(ports(await screen.lines()), ['>40000']);
  assert.match((await screen.lines())[0]!, /filter 3000 CURL/);
  await screen.type('/x');
  assert.match((await screen.lines())[3]!, /No socket matches\. Press Esc/);
  await screen.type('\x1b');
  assert.equal(ports(await screen.lines()), ['>40000']);
  await screen.type('\x1b');
  assert.equal(ports(await screen.lines()), ['>3000', '5432', '40000']);
});

test('groups by process, port, and remote address, and shows the sockets of a group', async () => {
  const far = connection({ remoteAddress: '10.9.9.9', remotePort: 6000 });
  const grown = (one: LiveSocket, sent: number): LiveSocket => ({ ...one, counters: { ...one.counters, sent, received: 0 } });
  const view = await testView([web, database, connection(), far]);
  await view.look([web, database, grown(connection(), 2000), grown(far, 3000)]);
  const { screen } = view;
  await screen.type('\t');
  const lines = await screen.lines();
  assert.match(lines[0]!, /^All sockets by process, sorted by traffic ↓/);
  assert.match(lines[3]!, /^> node server\.js \(10\) +3 +3000 +5\.0 kB +0/);
  assert.match(lines[4]!, /^ {2}postgres \(30\) +1 +5432/);
  await screen.type('\t');
  assert.match((await screen.lines())[3]!, /^> 3000\/tcp +3/);
  await screen.type('\t');
  assert.match((await screen.lines())[3]!, /^> 10\.9\.9\.9 +1 .*3\.0 kB/);
  await screen.type('\r');
  assert.match((await screen.lines())[0]!, /only 10\.9\.9\.9/);
  assert.equal(ports(await screen.lines()), ['>3000']);
  await screen.type('\x1b');
  assert.match((await screen.lines())[0]!, /by remote address/);
});

test('follows one process', async () => {
  const other = connection({ owner: { ...server, startTime: '2026-01-02T03:03:00.000Z' }, remotePort: 9 });
  const { screen } = await testView([web, database, connection(), other]);
  await screen.type('f');
  assert.match((await screen.lines())[0]!, /only node server\.js \(10\)/);
  // The same process ID belonged to another process.
  assert.equal(ports(await screen.lines()), ['>3000', '3000']);
});

test('asks for the statistics of what is on the screen, and of everything only to order or to sum', async () => {
  const many = Array.from({ length: 30 }, (_, i) => connection({ localPort: 4000, remotePort: 1000 + i }));
  const keys = (from: number, to: number): string[] => many.slice(from, to).map(({ key }) => key);
  const view = await testView(many);
  const { screen } = view;
  const asked = async (): Promise<void> => {
    for (let tries = 0; !view.isWaiting() && tries < 1000; tries++) await settle(1);
  };
  await view.look(many);
  await asked();
  assert.equal(view.wanted(), keys(0, 20));
  await screen.type('G');
  await view.look(many);
  await asked();
  assert.equal(view.wanted(), keys(10, 30));
  for (const [typed, wanted] of [
    ['t', null],
    ['p', keys(0, 20)],
    ['\t', null],
  ] as const) {
    await screen.type(`${typed}g`);
    await view.look(many);
    await asked();
    assert.equal(view.wanted(), wanted, JSON.stringify(typed));
  }
});

test('pauses: no look, and the same rows', async () => {
  const view = await testView([web]);
  await view.look([web, database]);
  await view.screen.type(' ');
  assert.match((await view.screen.lines())[0]!, /PAUSED/);
  if (view.isWaiting()) await view.look([]);
  await settle(5);
  assert.not.ok(view.isWaiting());
  assert.equal(ports(await view.screen.lines()), ['>3000', '+5432']);
  await view.screen.type(' ');
  await view.look([web]);
  assert.equal(ports(await view.screen.lines()), ['>3000', '-5432']);
});

test('shows everything about a row, read only then', async () => {
  let asked = 0;
  const details = async (): Promise<string[]> => {
    asked++;
    return Array.from({ length: 60 }, (_, i) => `Line${i} : \x1b[31m${i}`);
  };
  const { screen } = await testView([web, database], { details });
  assert.is(asked, 0);
  await screen.type('j\r');
  await settle(5);
  assert.is(asked, 1);
  let lines = await screen.lines();
  assert.match(lines[0]!, /^TCP port 5432: postgres \(30\) +22 of 61 lines$/);
  assert.match(lines[2]!, /^Line0 : \\x1b\[31m0$/);
  await screen.type('\x1b[6~\x1b[6~\x1b[6~');
  lines = await screen.lines();
  assert.match(lines[22]!, /^Line59 /);
  await screen.type('q');
  assert.equal(ports(await screen.lines()), ['3000', '>5432']);
});

test('stops an owner on the terminal that it left, and comes back', async () => {
  const stopped: (number | null | undefined)[] = [];
  const screen = testScreen();
  const view = await testView([web, database], {
    screen,
    stop: async (row, leave) => {
      assert.ok(leave() && leave());
      assert.equal(screen.visits, ['leave']);
      stopped.push(row.owner?.pid);
      return null;
    },
  });
  await screen.type('jx');
  await settle(2);
  assert.equal([stopped, screen.visits], [[30], ['leave', 'enter']]);
  assert.match(screen.taken(), /\x1b\[2J/);
  await view.look([web]);
  await screen.type('x');
  assert.match((await screen.lines())[23]!, /This socket is closed\./);
  await view.look([connection({ state: 'TimeWait', owner: { pid: null, owner: 'no process' } })]);
  await screen.type('/timewait\rx');
  assert.match((await screen.lines())[23]!, /^This connection is closed \(TimeWait\): it has no owner anymore\./);
  assert.is(stopped.length, 1);
});

test('says in the last line why nothing is stopped, and stays on the screen', async () => {
  const asked: { leave: () => boolean; answer: (text: string | null) => void }[] = [];
  const screen = testScreen();
  const view = await testView([web, database], {
    screen,
    stop: async (_row, leave) => new Promise((answer) => void asked.push({ leave, answer })),
  });
  // The second x is pressed while the first is being looked into.
  await screen.type('xx');
  assert.is(asked.length, 1);
  asked[0]!.answer('curl (20) does not listen.');
  await settle();
  assert.match((await screen.lines())[23]!, /^curl \(20\) does not listen\.$/);
  assert.equal(screen.visits, []);
  await screen.type('j');
  assert.equal(ports(await screen.lines()), ['3000', '>5432']);
  // Whoever quits meanwhile is not asked any more.
  await screen.type('xq');
  await settle();
  // The terminal is given back before the look that was begun is over.
  assert.equal(screen.visits, ['leave']);
  assert.not.ok(asked[1]!.leave());
  asked[1]!.answer(null);
  if (view.isWaiting()) await view.look([web]);
  await view.over;
  assert.equal(screen.visits, ['leave']);
});

test('copies a row, and says that the terminal must allow it', async () => {
  const { screen } = await testView([connection({ owner: { owner: 'evil\x1b[2J (10)' } })]);
  await screen.type('c');
  const [, base64 = ''] = /\x1b\]52;c;([^\x07]*)\x07/.exec(screen.taken()) ?? [];
  assert.is(Buffer.from(base64, 'base64').toString(), 'TCP 127.0.0.1:3000 -> 127.0.0.1:50000 Established  evil\\x1b[2J (10)');
  assert.match((await screen.lines())[23]!, /^Copied to the clipboard, if this terminal allows/);
});

test('writes the rows that are shown to a file, and asks before it replaces one', async () => {
  const written: [readonly ViewRow[], string][] = [];
  const { screen } = await testView([web, database], {
    exists: (file) => file === 'old.csv',
    write: async (rows, file) => {
      written.push([rows, file]);
      return `Wrote 1 row to ${file}.`;
    },
  });
  await screen.type('/5432\rwnew.csv');
  assert.match((await screen.lines())[23]!, /^Write 1 row to .*: new\.csv$/);
  await screen.type('\r');
  assert.match((await screen.lines())[23]!, /^Wrote 1 row to new\.csv\.$/);
  assert.equal(
    written.map(([rows, file]) => [rows.map(({ socket }) => socket?.localPort), file]),
    [[[5432], 'new.csv']],
  );
  await screen.type('wold.csv\r');
  assert.match((await screen.lines())[23]!, /^old\.csv exists\. Replace it\? \[y\/N\]/);
  await screen.type('n');
  assert.is(written.length, 1);
  await screen.type('wold.csv\ry');
  assert.is(written.length, 2);
});

test('writes only lines that changed', async () => {
  const view = await testView([web, database]);
  view.screen.taken();
  await view.look([web, database]);
  const text = view.screen.taken();
  // The time, and the traffic, which is known now.
  assert.equal(
    [...text.matchAll(/\x1b\[(\d+);1H/g)].map(([, row]) => Number(row)),
    [1, 2].slice(0, text.includes('\x1b[2;1H') ? 2 : 1),
  );
  assert.match(text, /^\x1b\[\?2026h.*\x1b\[\?2026l$/s);
});

test('leaves out frames that a slow terminal has no time for', async () => {
  const view = await testView([web]);
  view.screen.busy = true;
  view.screen.taken();
  for (const port of [1, 2, 3]) await view.look([web, liveSocket({ localPort: port })]);
  assert.is(view.screen.taken(), '');
  view.screen.busy = false;
  await settle(40);
  assert.match((await view.screen.lines())[5]!, /^ \+ {4}3 /);
});

test('survives another size, and fills it', async () => {
  const many = Array.from({ length: 100 }, (_, i) => liveSocket({ localPort: 1000 + i }));
  const { screen } = await testView(many);
  await screen.type('G');
  assert.equal(ports(await screen.lines()).at(-1), '>1099');
  for (const [columns, rows] of [
    [40, 10],
    [200, 50],
    [1, 1],
    [80, 24],
  ] as const) {
    screen.resize(columns, rows);
    const lines = await screen.lines();
    assert.is(lines.length, rows);
    if (columns >= 40)
      assert.ok(
        lines.some((line) => /^> +1099/.test(line)),
        `${columns}×${rows}`,
      );
  }
});

const hidden = (count: number): string => `the owner of ${count} sockets cannot be seen: the processes of other users cannot be read (needs root (sudo))`;

/** A connection to another machine on Windows, with what was sent, or why that is unknown. */
const measured = (remotePort: number, sent: number | string): LiveSocket =>
  typeof sent === 'number'
    ? connection({ remotePort, counters: { sent, received: 0 } })
    : connection({ remotePort, counters: { sent: null, received: null, roundTrip: null, retransmits: null }, reason: sent });

test('the traffic of only some sockets says so, and its history does not go on with that of all', async () => {
  const { screen, look } = await testView([measured(1, 0), measured(2, 0)], { screen: testScreen(120, 24) });
  const bars = async (): Promise<string> => /[▁-█ ]*$/.exec((await screen.lines())[1]!)![0].trim();
  await look([measured(1, 1000), measured(2, 5000)]);
  await look([measured(1, 2000), measured(2, 9000)]);
  assert.match((await screen.lines())[1]!, /sent 5\.0 kB\/s, received 0\/s +[▁-█]{2}$/);
  await look([measured(1, 5000), measured(2, notWanted)]);
  assert.match((await screen.lines())[1]!, /sent 3\.0 kB\/s, received 0\/s \(rows shown\) /);
  assert.is((await bars()).length, 1);
  // A new socket is never measured by the first look: that is no other selection.
  await look([measured(1, 6000), measured(2, 9000)]);
  await look([measured(1, 7000), measured(2, 9500), measured(3, notWanted)]);
  assert.match((await screen.lines())[1]!, /sent 1\.5 kB\/s, received 0\/s /);
  assert.not.match((await screen.lines())[1]!, /rows shown/);
  assert.is((await bars()).length, 2);
});

const needsRights = 'Windows gives statistics only to administrators (needs an elevated (administrator) session)';

test('says why statistics are missing, though others were not asked for', async () => {
  const { screen, look } = await testView([measured(1, notWanted)]);
  assert.match((await screen.lines())[23]!, /^\? keys/);
  await look([measured(1, needsRights), measured(2, notWanted)], [hidden(2)]);
  assert.equal((await screen.lines()).slice(22), ['The owner of 2 sockets cannot be seen. Statistics need an elevated', '(administrator) session. Press ? for the reasons.']);
  await screen.type('?\x1b[F');
  assert.match((await screen.lines()).join(' '), /Statistics need an elevated \(administrator\) session: Windows gives statistics only to administrators\./);
});

test('says why all statistics are missing, but not why some are', async () => {
  const broken = 'the counters are in sock_diag, which failed: it is broken';
  const all = await testView([measured(1, broken)]);
  assert.match((await all.screen.lines())[23]!, /^Statistics are missing\. Press \? for the reason\./);
  const some = await testView([measured(1, 'Windows has no statistics for connections of this machine with itself'), measured(2, 0)]);
  assert.match((await some.screen.lines())[23]!, /^\? keys/);
});

test('says for three looks what they cannot see; then the keys are back, and the help has the reasons', async () => {
  const view = await testView([web]);
  const last = async (): Promise<string> => (await view.screen.lines())[23]!;
  // The number is another one in each look: that is nothing new.
  for (const count of [2, 3, 4]) {
    await view.look([web], [hidden(count)]);
    assert.is(await last(), `The owner of ${count} sockets cannot be seen. Press ? for the reason.`);
  }
  await view.look([web], [hidden(5), 'the list of UDP sockets cannot be read: it is broken']);
  assert.is(await last(), 'The owner of 5 sockets cannot be seen. Press ? for the reasons.');
  for (const looks of [1, 2, 3]) await view.look([web], [hidden(looks)]);
  assert.match(await last(), /^\? keys/);
  await view.look([web], [hidden(5), 'the list of UDP sockets cannot be read: it is broken']);
  assert.match(await last(), /^\? keys/);
  await view.screen.type('?G');
  const help = (await view.screen.lines()).join(' ').replaceAll(/ +/g, ' ');
  assert.match(help, /What cannot be seen: The owner of 5 sockets .* \(needs root \(sudo\)\)\. The list of UDP sockets cannot be read: it is broken\./);
});

test('a key ends the note of what cannot be seen, and starts nothing anew', async () => {
  const view = await testView([web]);
  await view.look([web], [hidden(2)]);
  await view.screen.type('j');
  assert.match((await view.screen.lines())[23]!, /^\? keys/);
  await view.look([web], [hidden(3)]);
  assert.match((await view.screen.lines())[23]!, /^\? keys/);
});

test('a message that is longer than a line takes several', async () => {
  const { screen } = await testView([web, database], { screen: testScreen(40, 12), write: async (_rows, file) => `Not written: cannot write ${file}: the folder does not exist.` });
  await screen.type('w/a/folder/that/is/not/there/rows.csv');
  assert.match((await screen.lines()).at(-1)!, /^Write 2 rows to: .*there\/rows\.csv$/);
  await screen.type('\r');
  assert.is(
    (await screen.lines()).slice(-3).join(' ').replaceAll(/ +/g, ' ').replace('the re', 'there'),
    'Not written: cannot write /a/folder/that/is/not/there/rows.csv: the folder does not exist.',
  );
  await screen.type('j');
  assert.equal(ports(await screen.lines()), ['3000', '>5432']);
});

test('the question whether to replace a file stays visible', async () => {
  const { screen } = await testView([web], { screen: testScreen(40, 12), exists: () => true });
  await screen.type('w/a/folder/that/is/far/away/old.csv\r');
  assert.match((await screen.lines()).at(-1)!, /old\.csv exists\. Replace it\? \[y\/N\]$/);
});

for (const [columns, unicode, traffic] of [
  [40, true, /^4 sockets ↑1\.2 MB\/s ↓999 kB\/s +\S/],
  [40, false, /^4 sockets \^1\.2 MB\/s v999 kB\/s +\S/],
  [60, true, /^4 sockets {2}out 1\.2 MB\/s in 999 kB\/s +\S/],
  [80, true, /^2 listening, 2 connections, 0 UDP {2}\+1 {2}out 1\.2 MB\/s in 999 kB\/s +\S/],
  [200, true, /^2 listening, 2 connections, 0 UDP {2}\+1 {2}sent 1\.2 MB\/s, received 999 kB\/s +\S/],
] as const)
  test(`the lines above the list fit in ${columns} columns${unicode ? '' : ' of ASCII'}`, async () => {
    const screen = testScreen(columns, 24, { unicode });
    const busy = (sent: number): LiveSocket => connection({ remotePort: 9, counters: { sent, received: sent / 1.25 } });
    const view = await testView([web, database, busy(0)], { screen });
    await view.look([web, database, busy(1_249_000), connection()]);
    const [title, second] = await screen.lines();
    assert.match(title!, /^All sockets, sorted by port . +\d\d:04:01$/);
    assert.match(second!, traffic);
    // Everything that a person can choose at once: the state that matters most stays.
    await screen.type('jf/established connection\r<< ');
    const [chosen] = await screen.lines();
    assert.match(chosen!, columns === 40 ? /^ PAUSED {2}All sockets, only node/ : /^All sockets, .*only node.*, filter est.* PAUSED/);
  });

test('the details keep the process in their title, and how far they are scrolled', async () => {
  const { screen } = await testView([liveSocket({ owner: { owner: `node ${'server'.repeat(20)}.js (10)` } })], {
    screen: testScreen(60, 24),
    details: async () => Array.from({ length: 60 }, (_, i) => `Line${i} : x`),
  });
  await screen.type('\r');
  await settle(5);
  assert.match((await screen.lines())[0]!, /^TCP port 3000: node server.*… \(10\) +22 of \d+ lines$/);
});

test('a terminal without colors and Unicode gets neither', async () => {
  const screen = testScreen(80, 24, { colors: false, unicode: false });
  const view = await testView([web, connection({ owner: { owner: 'größe (10)' } })], { screen });
  await view.look([web]);
  const text = screen.taken();
  assert.not.match(text, /\x1b\[[34]\d/);
  assert.match(text, /^[ -~\x1b]*$/);
  assert.match((await screen.lines()).join('\n'), /gr\?\?e/);
});

test('ends with q, with Ctrl+C in every mode, after --count looks, and when the terminal is gone', async () => {
  for (const keys of ['q', '\x03', '/x\x03', 'w\x03', '?\x03', '\r\x03']) {
    const view = await testView([web]);
    await view.look([web]);
    await view.screen.type(keys);
    if (view.isWaiting()) await view.look([web]);
    await view.over;
  }
  const counted = await testView([web], { count: 2 });
  await counted.look([web]);
  await counted.over;
  const gone = await testView([web]);
  gone.screen.end();
  if (gone.isWaiting()) await gone.look([]);
  await gone.over;
});

test('an error of a look ends it with this error', async () => {
  const view = await testView([web]);
  await settle(5);
  view.fail(new Error('the list is broken'));
  const error = await view.over.then(
    () => null,
    (reason: Error) => reason.message,
  );
  assert.is(error, 'the list is broken');
});

test('whatever is typed at whatever size, the view goes on or ends, without an error and within its lines', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom(...['\x1b[A', '\x1b[6~', '\t', '\r', '/3', 'w', 'x', 'f', '?', ' ', '\x7f', '\x0c', '\x1a'].map((text) => Buffer.from(text))),
  );
  const size = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 100 }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(bytes, size), { maxLength: 8 }), async (steps) => {
      const view = await testView([web, database, connection()]);
      let isEnding = false;
      for (const [typed, [columns, rows]] of steps) {
        await view.screen.type(Buffer.from(typed));
        view.screen.taken();
        view.screen.resize(columns, rows);
        const written = [...view.screen.taken().matchAll(/\x1b\[(\d+);1H/g)].map(([, row]) => Number(row));
        // Only a view that is about to end draws nothing.
        isEnding = written.length === 0;
        if (isEnding) break;
        assert.equal(
          written,
          Array.from({ length: rows }, (_, row) => row + 1),
        );
      }
      if (!isEnding) view.screen.end();
      if (view.isWaiting()) await view.look([web]);
      await view.over;
    }),
    { numRuns: 60 },
  );
});

test.run();
