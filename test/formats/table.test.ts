import fc from 'fast-check';
import stringWidth from 'string-width';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Terminal } from '../../src/system/terminal.ts';
import type { AnyRow, Column, RowSchema } from '../../src/schema/column.ts';
import { create } from '../../src/formats/table.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { wideColumns } from '../../src/schema/variant.ts';
import { event } from '../../src/schema/event.ts';
import { freePort } from '../../src/schema/free.ts';
import { empty, full, hostileRow, sample, written } from '../support/formats.ts';

const test = suite('table');

const terminal = (columns: number, more: Partial<Terminal> = {}): Terminal => ({ columns, colors: false, unicode: true, ...more });

const schema = {
  typeName: 'PortOwner.Sample',
  columns: [
    { name: 'Protocol', type: 'text', importance: 2, description: '' },
    { name: 'Address', type: 'text', importance: 3, description: '' },
    { name: 'Port', type: 'uint16', importance: 1, description: '' },
    { name: 'State', type: 'text', importance: 4, description: '' },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 1, description: '' },
  ],
} as const satisfies RowSchema;

const rows: readonly AnyRow[] = [
  { Protocol: 'TCP', Address: 'fe80::1234:5678:9abc:def0%12', Port: 443, State: 'Listen', Owner: 'nginx.exe (web server)' },
  { Protocol: 'UDP', Address: '0.0.0.0', Port: 53000, State: null, Owner: null },
];

const goldens: [name: string, columns: number | null, table: string][] = [
  [
    'elsewhere than on a terminal everything has its room',
    null,
    `Protocol  Address                        Port  State   Owner
--------  -------                        ----  -----   -----
TCP       fe80::1234:5678:9abc:def0%12    443  Listen  nginx.exe (web server)
UDP       0.0.0.0                       53000
`,
  ],
  [
    'the same where there is room',
    120,
    `Protocol  Address                        Port  State   Owner
--------  -------                        ----  -----   -----
TCP       fe80::1234:5678:9abc:def0%12    443  Listen  nginx.exe (web server)
UDP       0.0.0.0                       53000
`,
  ],
  [
    'what a person misses least is shortened first',
    70,
    `Protocol  Address                 Port  State   Owner
--------  -------                 ----  -----   -----
TCP       fe80::1234:5678:9abc…    443  Listen  nginx.exe (web server)
UDP       0.0.0.0                53000
`,
  ],
  [
    'then what is missed more',
    55,
    `Protocol  Address           Port  Owner
--------  -------           ----  -----
TCP       fe80::1234:567…    443  nginx.exe (web
                                  server)
UDP       0.0.0.0          53000
`,
  ],
  [
    'then columns are left out, and the others have their room back',
    44,
    `Protocol   Port  Owner
--------   ----  -----
TCP         443  nginx.exe (web server)
UDP       53000
`,
  ],
  ['down to one', 8, ` Port\n ----\n  443\n53000\n`],
  ['whatever the width', 3, `Po…\n---\n443\n53…\n`],
];
for (const [name, columns, table] of goldens) {
  test(name, async () => {
    const { text } = await written('table', schema, rows, { terminal: columns === null ? null : terminal(columns) });
    assert.is(text, table);
  });
}

const endpoints = {
  typeName: 'PortOwner.Endpoints',
  columns: [
    { name: 'Protocol', type: 'text', importance: 2, description: '' },
    { name: 'LocalPort', type: 'uint16', importance: 1, description: '' },
    { name: 'State', type: 'text', importance: 4, usual: 'Listen', description: '' },
    { name: 'OwningProcess', type: 'uint32', importance: 2, toldBy: 'Owner', description: '' },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 1, description: '' },
    { name: 'WorkingDirectory', type: 'text', keeps: 'end', importance: 9, description: '' },
    { name: 'Nothing', type: 'text', importance: 9, description: '' },
  ],
} as const satisfies RowSchema;
const server = {
  Protocol: 'TCP',
  LocalPort: 3000,
  State: 'Listen',
  OwningProcess: 8128,
  Owner: 'node server.js in /home/ann/work/projects/shop (8128)',
  WorkingDirectory: '/home/ann/work/projects/shop',
};

test('a change is shown with what was before, unless columns are asked for', async () => {
  const opened: AnyRow = { Time: '2026-01-02T03:04:05.678Z', Kind: 'Opened', LocalPort: 80, State: 'SynReceived', PreviousState: null, Owner: 'web (10)', PreviousOwner: null };
  const changed: readonly AnyRow[] = [
    { ...opened, Kind: 'State', State: 'Established', PreviousState: 'SynReceived' },
    { ...opened, Kind: 'Owner', State: 'Established', Owner: 'worker\x1b (11)', PreviousOwner: 'web\x1b (10)' },
  ];
  const columns = event.columns.filter((column) => 'importance' in column);
  const shownIn = async (width: number | null, asked = false): Promise<string[]> => {
    let text = '';
    const where = width === null ? null : terminal(width);
    const writer = create(event, { columns, asked, sink: { write: (part) => void (text += part), flush() {} }, problems: 'auto', live: true, terminal: where });
    for (const row of [opened, ...changed]) {
      writer.row(row);
      await writer.flush();
    }
    await writer.end();
    return text.split('\n').slice(2, -1);
  };
  const [first, state, owner] = await shownIn(null);
  assert.match(first!, / SynReceived +web \(10\)$/);
  assert.match(state!, / SynReceived -> Established +web \(10\)$/);
  assert.match(owner!, / Established +web\\x1b \(10\) -> worker\\x1b \(11\)$/);
  assert.match((await shownIn(null, true))[1]!, / Established +web \(10\)$/);
  // The columns have their widths when the change comes: both states are there on a narrow terminal, too.
  const narrow = await shownIn(80);
  assert.match(narrow[1]!, / State +80 +SynReceived -> +web \(10\)$/);
  assert.match(narrow[2]!, /^ +Established$/);
  assert.ok(narrow.every((line) => line.length <= 80));
});

test('rows that come later are below the columns of the first, each group at once', async () => {
  const columns: readonly Column[] = schema.columns.map((column) => (column.name === 'State' ? { ...column, usualWidth: 11 } : column));
  for (const where of [terminal(70), null]) {
    const parts: string[] = [''];
    const writer = create(schema, {
      columns,
      sink: { write: (text) => void (parts[parts.length - 1] += text), flush: () => void parts.push('') },
      problems: 'auto',
      live: true,
      terminal: where,
    });
    writer.row(rows[1]!);
    await writer.flush();
    writer.row({ ...rows[1]!, State: 'Established', Owner: 'a (1)' });
    writer.row({ ...rows[1]!, Protocol: 'TCP' });
    await writer.flush();
    await writer.end();
    assert.equal(parts, [
      'Protocol  Address   Port  State        Owner\n--------  -------   ----  -----        -----\nUDP       0.0.0.0  53000\n',
      'UDP       0.0.0.0  53000  Established  a (1)\nTCP       0.0.0.0  53000\n',
      '',
    ]);
  }
});

test('a narrow table leaves out what says nothing new, and wraps its owner', async () => {
  const { text } = await written('table', endpoints, [server], { terminal: terminal(60) });
  assert.is(text, 'Protocol  LocalPort  Owner\n--------  ---------  -----\nTCP            3000  node server.js in\n                     /home/ann/work/projects/shop (8128)\n');
});

test('it keeps what another row says, and what somebody asked for', async () => {
  const other = { ...server, State: 'Bound', OwningProcess: 9 };
  const { text } = await written('table', endpoints, [server, other], { terminal: terminal(80) });
  assert.match(text, /^Protocol +LocalPort +State +OwningProcess +Owner\n/);
  const asked = await written('table', endpoints, [server], { columns: endpoints.columns.slice(1, 5), asked: true, terminal: terminal(64) });
  assert.match(asked.text, /^LocalPort +State +OwningProcess +Owner\n/);
});

test('a wide table shows what there is room for: a process that the owner says makes room for a whole path', async () => {
  const { text } = await written('table', endpoints, [server], { terminal: terminal(120) });
  assert.match(text, /^Protocol +LocalPort +State +Owner +WorkingDirectory\n/);
  assert.match(text, /\(8128\) +\/home\/ann\/work\/projects\/shop\n$/);
  const shorter = await written('table', endpoints, [server], { terminal: terminal(100) });
  assert.match(shorter.text, /^Protocol +LocalPort +State +Owner +WorkingDirectory\n/);
  assert.match(shorter.text, / \/home\/ann\/work\/projects\/shop\n +\S* *\(?8128\)\n$|\/shop\n.*\(8128\)\n$/, 'a long owner is wrapped first');
  const narrower = await written('table', endpoints, [{ ...server, Owner: 'node server.js (8128)' }], { terminal: terminal(75) });
  assert.match(narrower.text, /\(8128\) +…[^ ]*\/shop\n$/, 'a long path by its end');
  const wider = await written('table', endpoints, [server], { terminal: terminal(160) });
  assert.match(wider.text, /^Protocol +LocalPort +State +OwningProcess +Owner +WorkingDirectory\n/);
});

const wideEndpoints = {
  ...endpoint,
  columns: [...endpoint.columns.filter(({ name }) => ['Protocol', 'LocalAddress', 'LocalPort', 'State', 'Owner'].includes(name)), ...wideColumns(endpoint)],
};
const place = {
  Protocol: 'TCP',
  LocalAddress: '127.0.0.1',
  LocalPort: 4001,
  State: 'Listen',
  Application: 'node server.js',
  WorkingDirectory: '~/shop',
  Owner: 'node server.js in ~/shop (8128)',
};

test('one long owner removes no column from the other rows, in a wide table', async () => {
  const name = `node ${'x'.repeat(60)}.js`;
  const long = { ...place, Application: name, Owner: `${name} in ~/shop (9)` };
  for (const width of [120, 160, 200]) {
    const { text } = await written('table', wideEndpoints, [place, long], { terminal: terminal(width) });
    assert.match(text, /^Protocol.* State +Owner +Application +WorkingDirectory/, text);
    assert.match(text, / node server\.js \(8128\) +node server\.js +~\/shop/);
    for (const line of text.split('\n')) assert.ok(line.length <= width, line);
  }
});

test('the owner keeps its folder where the column of folders has no room', async () => {
  const { text } = await written('table', wideEndpoints, [{ ...place, LocalAddress: `fe80::1234:5678:9abc:def0%${'a-long-interface'.repeat(3)}` }], { terminal: terminal(120) });
  assert.not.match(text, 'WorkingDirectory');
  assert.match(text, '  node server.js in ~/shop (8128)');
});

test('an address is never cut: it is wrapped after a colon', async () => {
  const columns = [
    { name: 'Endpoint', type: 'text', importance: 1, keeps: 'all', description: '' },
    { name: 'LocalAddress', type: 'text', importance: 3, keeps: 'all', description: '' },
    { name: 'Owner', type: 'text', importance: 1, keeps: 'process', description: '' },
  ] as const;
  const address = '2001:db8:1234:5678:9abc:def0:1234:5678';
  const long = { Endpoint: `TCP [${address}]:443`, LocalAddress: address, Owner: 'node server.js (8128)' };
  for (const width of [45, 60, 80, 120]) {
    const { text } = await written('table', { typeName: 'PortOwner.Sample', columns }, [long], { terminal: terminal(width) });
    assert.not.match(text, '…');
    const [head = '', , ...lines] = text.split('\n');
    const [start, end] = [0, head.indexOf('LocalAddress') < 0 ? head.indexOf('Owner') : head.indexOf('LocalAddress')];
    assert.is(
      lines
        .map((line) => line.slice(start, end).trimEnd())
        .join('')
        .replace('TCP[', 'TCP ['),
      long.Endpoint,
      `${width}`,
    );
  }
  const mapped = { Endpoint: 'TCP [::]:1', LocalAddress: '::ffff:192.168.100.200', Owner: 'node server.js (8128)' };
  assert.match((await written('table', { typeName: 'PortOwner.Sample', columns }, [mapped], { terminal: terminal(60) })).text, /::ffff:192\.168\.100\.200 /);
});

test('several owners are wrapped, and those without room are counted', async () => {
  const column = { name: 'Owners', type: 'texts', keeps: 'process', importance: 1, description: '' } as const;
  const shown = async (owners: readonly string[], columns: number): Promise<string[]> => {
    const { text } = await written('table', { typeName: 'PortOwner.Sample', columns: [column] }, [{ Owners: owners }], { terminal: terminal(columns) });
    const lines = text.trimEnd().split('\n').slice(2);
    for (const line of lines) assert.ok(line.length <= columns, line);
    return lines;
  };
  const two = ['node jobs.js (28)', 'node jobs.js (29)'];
  assert.equal(await shown(two, 40), ['node jobs.js (28), node jobs.js (29)']);
  assert.equal(await shown(two, 30), ['node jobs.js (28),', 'node jobs.js (29)']);
  assert.equal(await shown(['sshd (7)', 'a-program-with-a-long-name (1234)'], 30), ['sshd (7),', 'a-program-with-a-long-name', '(1234)']);
  assert.equal(await shown(['vite in /home/ann/work/projects/shop/web (node 1234)'], 30), ['vite in', '/home/ann/work/projects/shop/', 'web (node 1234)']);
  assert.equal(await shown(['vite in /home/ann/work/shop/web (node 1234)', 'sshd (7)'], 27), ['vite in', '/home/ann/work/shop/web', '(node 1234), sshd (7)']);
  const many = Array.from({ length: 90 }, (_, i) => `node jobs.js (${i + 10})`);
  assert.equal(await shown(many, 40), [...Array.from({ length: 7 }, (_, i) => `${many[2 * i]}, ${many[2 * i + 1]},`), 'and 76 more']);
  assert.equal(await shown([many[0]!.repeat(30)], 8), ['node jo…']);
});

test('owners are wrapped before the most important values are cut', async () => {
  const columns = [
    { name: 'Endpoint', type: 'text', importance: 1, description: '' },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 3, description: '' },
  ] as const;
  const row = { Endpoint: 'TCP [fe80::1234:5678:9abc:def0]:8081', Owner: 'python -m http.server as ann' };
  const { text } = await written('table', { typeName: 'PortOwner.Sample', columns }, [row], { terminal: terminal(60) });
  assert.is(
    text,
    'Endpoint                              Owner\n--------                              -----\nTCP [fe80::1234:5678:9abc:def0]:8081  python -m http.server\n                                      as ann\n',
  );
});

test('the reason for a skipped port is wrapped, and columns that say nothing new make room for it', async () => {
  const free = { LocalPort: 3001, EndPort: 3001, IsFree: true, Protocol: 'TCP', LocalAddress: '*', Reason: null };
  const used = { ...free, LocalPort: 3000, EndPort: 3000, IsFree: false, Reason: 'in use: TCP 127.0.0.1, owner: python -m http.server (9347)' };
  const columns = freePort.columns.filter((column: Column) => column.importance !== undefined && column.name !== 'HeldUntil');
  const shown = async (width: number, rows: readonly AnyRow[]) => (await written('table', freePort, rows, { columns, terminal: terminal(width) })).text;
  assert.is(
    await shown(60, [free, used]),
    `LocalPort  IsFree  Reason
---------  ------  ------
     3001  true
     3000  false   in use: TCP 127.0.0.1, owner: python -m
                   http.server (9347)
`,
  );
  assert.match(await shown(80, [free, used]), /^LocalPort +IsFree +Reason\n.*owner: python -m http\.server \(9347\)\n$/s);
  assert.match(await shown(80, [free, { ...used, EndPort: 3002 }]), /^LocalPort +EndPort +IsFree +Reason\n/, 'a range keeps its end');
  assert.match(await shown(140, [free, used]), /^LocalPort +EndPort +IsFree +Protocol +LocalAddress +Reason\n/);
});

test('owners have their room before columns that say less', async () => {
  const columns = [
    { name: 'Kind', type: 'text', importance: 1, description: '' },
    { name: 'Protocol', type: 'text', importance: 3, usual: 'TCP', description: '' },
    { name: 'Address', type: 'text', importance: 4, description: '' },
    { name: 'Owners', type: 'texts', keeps: 'process', importance: 2, description: '' },
  ] as const;
  const row = { Kind: 'FamilySplit', Protocol: 'TCP', Address: '127.0.0.1, ::1', Owners: ['node server.js in ~/shop (1001)', 'node server.js in ~/blog (1002)'] };
  const { text } = await written('table', { typeName: 'PortOwner.Sample', columns }, [row], { terminal: terminal(61) });
  assert.is(
    text,
    `Kind         Address         Owners
----         -------         ------
FamilySplit  127.0.0.1, ::1  node server.js in ~/shop (1001),
                             node server.js in ~/blog (1002)
`,
  );
  const narrow = await written('table', { typeName: 'PortOwner.Sample', columns }, [row], { terminal: terminal(46) });
  assert.is(narrow.text, 'Kind         Owners\n----         ------\nFamilySplit  node server.js in ~/shop (1001),\n             node server.js in ~/blog (1002)\n');
});

test('nothing when there are no rows', async () => assert.is((await written('table', schema, [])).text, ''));

test('colors, and a header without a line of its own', async () => {
  const { text } = await written('table', schema, rows, { columns: schema.columns.slice(2), terminal: terminal(80, { colors: true }) });
  const head = (word: string): string => `\x1b[1;4m${word}\x1b[22;24m`;
  assert.is(text, ` ${head('Port')}  ${head('State')}   ${head('Owner')}\n  443  \x1b[32mListen\x1b[39m  \x1b[1mnginx.exe (web server)\x1b[22m\n53000\n`);
});

test('what is bad stands out', async () => {
  const column = { name: 'Severity', type: 'text', importance: 1, description: '' } as const;
  const rows = ['High', 'Medium', 'Low', 'Info', 'Error', 'Warning'].map((Severity) => ({ Severity }));
  const { text } = await written('table', { typeName: 'PortOwner.Sample', columns: [column] }, rows, { terminal: terminal(80, { colors: true }) });
  assert.equal(text.split('\n').slice(1, -1), [
    '\x1b[31mHigh\x1b[39m',
    '\x1b[33mMedium\x1b[39m',
    '\x1b[36mLow\x1b[39m',
    'Info',
    '\x1b[31mError\x1b[39m',
    '\x1b[33mWarning\x1b[39m',
  ]);
});

test('no value is taken for a property of something else', async () => {
  const { text } = await written('table', schema, [{ State: 'constructor' }], { columns: [schema.columns[3]], terminal: terminal(80, { colors: true }) });
  assert.ok(text.endsWith('\nconstructor\n'));
});

test('three dots where the terminal has no ellipsis', async () => {
  const { text } = await written('table', schema, rows.slice(0, 1), { columns: schema.columns.slice(4), terminal: terminal(10, { unicode: false }) });
  assert.is(text, 'Owner\n-----\nnginx.e...\n');
});

test('wide, combining and joined characters are aligned by what they take on the screen', async () => {
  const names = ['漢字', 'e\u0301', '👨‍👩‍👧', 'größe', 'ok'];
  const { text } = await written(
    'table',
    schema,
    names.map((name) => ({ Address: name, Port: 1 })),
    { columns: schema.columns.slice(1, 3) },
  );
  assert.is(text, `Address  Port\n-------  ----\n漢字        1\ne\u0301           1\n👨‍👩‍👧          1\ngröße       1\nok          1\n`);
});

test('a character is never cut in two', async () => {
  const { text } = await written('table', schema, [{ Owner: '漢字漢字漢字👨‍👩‍👧' }], { columns: schema.columns.slice(4), terminal: terminal(8) });
  assert.is(text, 'Owner\n-----\n漢字漢…\n');
});

test('a name cannot send an escape sequence or forge a line', async () => {
  const { text } = await written('table', schema, [{ Owner: 'a\x1b[2J\nTCP  x\u202e' }], { columns: schema.columns.slice(4) });
  assert.is(text, 'Owner\n-----\na\\x1b[2J\\nTCP  x\\u202e\n');
});

test('no line is wider than the terminal or has anything raw in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostileRow, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 140 }), fc.boolean(), fc.boolean(), async (list, columns, unicode, colors) => {
      const dressed = (await written('table', sample, list, { terminal: terminal(columns, { unicode, colors }) })).text;
      const text = dressed.replaceAll(/\x1b\[[\d;]+m/g, '');
      assert.not.match(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
      const lines = text.split('\n');
      assert.is(lines.length, list.length + (colors ? 2 : 3));
      for (const line of lines) assert.ok(stringWidth(line) <= columns, `${stringWidth(line)} > ${columns}: ${line}`);
    }),
    { numRuns: 300 },
  );
});

test('every type, elsewhere than on a terminal', async () => {
  const { text } = await written('table', sample, [full, empty]);
  assert.is(
    text,
    `Port     Process  Offset  Owner                State   Elevated  Start                         Services    Holders
----     -------  ------  -----                -----   --------  -----                         --------    -------
 443  4000000000      -7  W3SVC (svchost.exe)  Listen  true      2026-05-04T08:09:11.1234567Z  W3SVC, WAS  4, 1000

`,
  );
});

test.run();
