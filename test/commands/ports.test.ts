import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connection, facts, process as processFact, service, socket, udp } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('portowner PORTS');

const many = facts(
  [
    socket({ localPort: 443 }),
    socket({ localPort: 443, localAddress: '::', pid: 101 }),
    connection({ localPort: 443, localAddress: '10.0.0.1' }),
    connection({ localPort: 52000, localAddress: '10.0.0.1', remotePort: 5432, remoteAddress: '10.0.0.9', pid: 102 }),
    udp({ localPort: 443, pid: 101 }),
    udp({ localPort: 5353, localAddress: '127.0.0.1', pid: 102 }),
    udp({ localPort: 40000, remoteAddress: '10.0.0.53', remotePort: 53, pid: 102 }),
    socket({ localPort: 8080, state: 'Bound', localAddress: '127.0.0.1', pid: 102 }),
    connection({ localPort: 49999, state: 'TimeWait', pid: null, kernel: true }),
    socket({ localPort: 2049, pid: null, kernel: true, kernelPart: 'NFS server (nfsd)' }),
  ],
  {
    processes: [
      processFact({ unit: 'nginx.service' }),
      processFact({ pid: 101, imageName: 'caddy', user: 'www' }),
      processFact({ pid: 102, imageName: 'chrome', user: 'DOMAIN\\anna' }),
    ],
    services: [service({ pid: 102, name: 'Chrome' })],
  },
);
const file = snapshotFile(many);

async function rows(...args: string[]): Promise<{ code: number; ports: string[] }> {
  const { code, out } = await run([...args, '--from', file, '--format', 'json']);
  const items = JSON.parse(out) as { Protocol: string; LocalAddress: string; LocalPort: number; State: string | null }[];
  return { code, ports: items.map((row) => `${row.Protocol} ${row.LocalAddress} ${row.LocalPort}${row.State === null ? '' : ` ${row.State}`}`) };
}

const cases: [args: string, code: number, rows: string[]][] = [
  ['443', 0, ['TCP 0.0.0.0 443 Listen', 'TCP :: 443 Listen', 'UDP 0.0.0.0 443']],
  ['https', 0, ['TCP 0.0.0.0 443 Listen', 'TCP :: 443 Listen', 'UDP 0.0.0.0 443']],
  ['443 --all', 0, ['TCP 0.0.0.0 443 Listen', 'TCP 10.0.0.1 443 Established', 'TCP :: 443 Listen', 'UDP 0.0.0.0 443']],
  ['443 --protocol udp', 0, ['UDP 0.0.0.0 443']],
  ['443 --protocol TCP,UDP --address ::', 0, ['TCP :: 443 Listen']],
  ['52000', 0, ['TCP 10.0.0.1 52000 Established']],
  ['49999', 0, ['TCP 0.0.0.0 49999 TimeWait']],
  ['40000', 0, ['UDP 0.0.0.0 40000']],
  ['444', 1, []],
  ['444-446,8080', 0, ['TCP 127.0.0.1 8080 Bound']],
  ['8080 5353', 0, ['UDP 127.0.0.1 5353', 'TCP 127.0.0.1 8080 Bound']],
  ['', 0, ['TCP 0.0.0.0 443 Listen', 'TCP :: 443 Listen', 'UDP 0.0.0.0 443', 'TCP 0.0.0.0 2049 Listen', 'UDP 127.0.0.1 5353', 'TCP 127.0.0.1 8080 Bound']],
  ['--state established', 0, ['TCP 10.0.0.1 443 Established', 'TCP 10.0.0.1 52000 Established']],
  ['--state Listen,TimeWait --range well-known', 0, ['TCP 0.0.0.0 443 Listen', 'TCP :: 443 Listen']],
  ['--pid 101', 0, ['TCP :: 443 Listen', 'UDP 0.0.0.0 443']],
  ['--pid 101,102 --range registered', 0, ['UDP 127.0.0.1 5353', 'TCP 127.0.0.1 8080 Bound']],
  ['--image chr*', 0, ['UDP 127.0.0.1 5353', 'TCP 127.0.0.1 8080 Bound']],
  ['--image CADDY --image nothing', 0, ['TCP :: 443 Listen', 'UDP 0.0.0.0 443']],
  ['--image nobody', 1, []],
  ['--user anna', 0, ['UDP 127.0.0.1 5353', 'TCP 127.0.0.1 8080 Bound']],
  ['--user www', 0, ['TCP :: 443 Listen', 'UDP 0.0.0.0 443']],
  ['--service nginx', 0, ['TCP 0.0.0.0 443 Listen']],
  ['--service chrome', 0, ['UDP 127.0.0.1 5353', 'TCP 127.0.0.1 8080 Bound']],
  ['--remote-port 5432', 0, ['TCP 10.0.0.1 52000 Established']],
  ['--remote-port 1-52', 1, []],
  ['--address 10.0.0.0/8 --all', 0, ['UDP 0.0.0.0 40000', 'TCP 10.0.0.1 443 Established', 'TCP 10.0.0.1 52000 Established'].sort()],
  ['--address 127.0.0.0/8', 0, ['UDP 127.0.0.1 5353', 'TCP 127.0.0.1 8080 Bound']],
  ['--range dynamic --all', 0, ['TCP 0.0.0.0 49999 TimeWait', 'TCP 10.0.0.1 52000 Established']],
  ['443 --sort -LocalAddress', 0, ['TCP :: 443 Listen', 'TCP 0.0.0.0 443 Listen', 'UDP 0.0.0.0 443']],
];
for (const [args, code, expected] of cases) {
  test(`portowner ${args}`, async () => {
    const got = await rows(...args.split(' ').filter((word) => word !== ''));
    assert.is(got.code, code);
    assert.equal(args.includes('/8 --all') ? got.ports.toSorted() : got.ports, expected);
  });
}

test('nobody: said plainly, exit 1', async () => {
  assert.equal(await run(['444', '--from', file]), { code: 1, out: 'Nobody owns port 444.\n', err: '' });
  assert.is((await run(['444,500-600', '--from', file])).out, 'Nobody owns ports 444 and 500-600.\n');
  assert.is((await run(['444', '--protocol', 'tcp', '--from', file])).out, 'Nobody owns TCP port 444.\n');
  const both = (await run(['443', '444', '--from', file])).out;
  assert.match(both, /nginx[^]*\n\nNobody owns port 444\.\n$/, 'beside what somebody owns');
  const places = (await run(['443', '10.0.0.7:8080', '8/udp', '--from', file])).out;
  assert.match(places, /nginx[^]*\n\nNobody owns ports 10\.0\.0\.7:8080 and 8\/udp\.\n$/, 'where it was asked for');
  assert.not.match((await run(['440-450', '--from', file])).out, /Nobody/, 'of a range only as a whole');
  assert.equal(await run(['444', '--from', file, '--format', 'csv', '--columns', 'LocalPort']), { code: 1, out: 'LocalPort\r\n', err: '' });
  assert.equal(await run(['444', '--from', file, '--format', 'json']), { code: 1, out: '[]\n', err: '' });
});

test('nobody, but reserved or in the dynamic range: said too', async () => {
  assert.match((await run(['9005', '--from', file])).out, /^Nobody owns port 9005\.\nIt is in the range 9000-9010 that is reserved \(a test\)\.\n$/);
  assert.match((await run(['40001', '--from', file])).out, /dynamic range 32768-60999/);
});

test('--count', async () => {
  assert.equal(await run(['443', '--count', '--from', file]), { code: 0, out: '3\n', err: '' });
  assert.equal(await run(['444', '--count', '--from', file]), { code: 1, out: '0\n', err: '' });
});

test('a format in any case', async () => {
  assert.is((await run(['443', '--format', 'JSON', '--from', file])).out, (await run(['443', '--format', 'json', '--from', file])).out);
});

test('--output without a value', async () => {
  assert.match((await run(['443', '--output', '', '--from', file])).err, /PO1001: missing value for --output; expected the path of a file/);
});

test('holders of one port have one order, in which order the system lists them', async () => {
  const sockets = [
    ...[31, 7, 120].map((pid) => socket({ localPort: 4000, localAddress: '127.0.0.1', pid })),
    ...[40002, 40001].map((remotePort) => connection({ localPort: 4000, localAddress: '127.0.0.1', remotePort, remoteAddress: '127.0.0.1', pid: 7 })),
  ];
  const told = await Promise.all(
    [sockets, sockets.toReversed(), [sockets[1]!, ...sockets.slice(2), sockets[0]!]].map(async (listed) => {
      const path = snapshotFile(facts(listed, { processes: [7, 31, 120].map((pid) => processFact({ pid })) }));
      const { out } = await run(['4000', '--all', '--from', path, '--format', 'ndjson', '--columns', 'RemotePort,OwningProcess']);
      return out
        .trimEnd()
        .split('\n')
        .map((line) => Object.values(JSON.parse(line) as Record<string, number | null>).join('/'));
    }),
  );
  for (const one of told) assert.equal(one, ['/7', '/31', '/120', '40001/7', '40002/7']);
});

test('--columns chooses and orders', async () => {
  assert.is(
    (await run(['8080', '--from', file, '--format', 'csv', '--columns', 'owner,localport', '--columns', 'LocalPort'])).out,
    'Owner,LocalPort\r\nChrome (chrome 102),8080\r\n',
  );
});

test('rows of a snapshot never carry Id', async () => {
  assert.not.match((await run(['443', '--from', file, '--format', 'clixml'])).out, /#Live|N="Id"/);
});

test('what is hidden is said, with exit 77', async () => {
  const hidden = snapshotFile(
    facts([socket({ pid: null, user: 'postgres', refusals: [{ field: 'OwningProcess', code: 'AccessDenied', text: 'its process belongs to another user', needs: 'root' }] })]),
  );
  const { code, err } = await run(['443', '--from', hidden]);
  assert.is(code, 77);
  assert.match(err, /^portowner: PO3002: warning: the owner of 1 socket cannot be seen with your rights: port 443\n {2}Needs root\.\n$/);
  assert.is((await run(['--from', hidden])).code, 0, 'a list is an answer all the same');
});

test('a process whose sockets may be hidden is never "nobody"', async () => {
  const hidden = snapshotFile(
    facts([socket({ pid: null, user: 'postgres', refusals: [{ field: 'OwningProcess', code: 'AccessDenied', text: 'its process belongs to another user', needs: 'root' }] })]),
  );
  const { code, out } = await run(['pid:100', '--from', hidden]);
  assert.is(code, 77);
  assert.match(out, /^Cannot tell: some details of 1 socket/);
  assert.is((await run(['pid:999', '--from', file])).code, 1);
});

test('whose owner was not found: said, exit 69', async () => {
  const unfound = socket({ pid: null, user: 'eve', refusals: [{ field: 'OwningProcess', code: 'Failed', text: 'nobody was found', needs: null }] });
  const { code, out } = await run(['443', '--from', snapshotFile(facts([unfound]))]);
  assert.is(code, 69);
  assert.match(out, /an unknown holder \(user eve\)/);
  assert.is((await run(['443', '--from', snapshotFile(facts([unfound, socket({ localAddress: '::' })]))])).code, 0);
});

test('a snapshot of an older version claims nothing for the kernel that it does not show', async () => {
  const row = async (more: Parameters<typeof socket>[0]) => {
    const { out } = await run(['443', '--from', snapshotFile(facts([socket({ pid: null, kernel: true, ...more })])), '--format', 'json', '--columns', 'OwnerKind,Owner']);
    return (JSON.parse(out) as { OwnerKind: string; Owner: string }[]).map(({ OwnerKind, Owner }) => `${OwnerKind}: ${Owner}`).join();
  };
  assert.is(await row({ user: 'eve' }), 'Unknown: an unknown holder (user eve)');
  assert.is(await row({ kernelPart: 'VXLAN' }), 'Kernel: Linux kernel: VXLAN');
  assert.is(await row({ state: 'TimeWait', remoteAddress: '192.0.2.1', remotePort: 9 }), 'Kernel: nobody: a closed connection (TIME_WAIT)');
});

test('sockets that could not be read are never "nobody"', async () => {
  const failed = { status: 'failed', reason: 'the table cannot be read', needs: null, at: null, data: [] } as const;
  const { code, out, err } = await run(['443', '--from', snapshotFile(facts([], { sections: { sockets: { ...failed, data: [] } } }))]);
  assert.is(code, 69);
  assert.match(err, /PO3001: the sockets could not be read: the table cannot be read/);
  assert.not.match(out, /Nobody/);
});

const wrong: [args: string[], code: number, text: RegExp][] = [
  [['0'], 64, /PO1002/],
  [['70000'], 64, /PO1002/],
  [['abc'], 64, /PO1002.*abc/],
  [['9-1'], 64, /PO1002.*9-1/],
  [['-1'], 64, /PO1002: "-1" is not a port/],
  [[''], 64, /PO1002/],
  [['--columns', 'Nope'], 64, /PO1003.*Nope/],
  [['--columns', 'Id'], 64, /PO1003/],
  [['--sort', 'Nope'], 64, /PO1003/],
  [['--address', 'example.org'], 64, /PO1004/],
  [['--protocol', 'sctp'], 64, /PO1001.*sctp/],
  [['--state', 'open'], 64, /PO1001.*open/],
  [['--pid', 'x'], 64, /PO1001/],
  [['--range', 'all'], 64, /PO1001/],
  [['--format', 'yaml'], 64, /PO1001.*yaml/],
  [['--remote-port', '0'], 64, /PO1002/],
  [['--nope'], 64, /PO1001.*--nope/],
  [['--format'], 64, /PO1001/],
  [['--stream'], 64, /PO1005/],
  [['--excel', '--format', 'json'], 64, /PO1005/],
  [['--quiet', '--count'], 64, /PO1005/],
  [['--problems', 'rows'], 64, /PO1005/],
  [['--resolve=x'], 64, /PO1001/],
  [['--from', ''], 64, /PO1001: missing value for --from/],
  [['--from', '/nowhere/at/all.json'], 69, /PO2001: cannot read .*: the file does not exist/],
  [['\u001b[31m'], 64, /^portowner: PO1002: "\\/],
];
for (const [args, code, text] of wrong) {
  test(`wrong: ${JSON.stringify(args.join(' '))}`, async () => {
    const folder = temporaryFolder();
    const output = join(folder, 'out.csv');
    const outcome = await run([...args, '--output', output, ...(args.includes('--from') ? [] : ['--from', file])]);
    assert.is(outcome.code, code);
    assert.match(outcome.err, text);
    assert.is(outcome.out, '');
    assert.ok(outcome.err.split('\n').length <= 3, 'one line and a hint');
    assert.not.match(outcome.err, /[\u0000-\u0009\u000b-\u001f\u007f]/);
    assert.ok(!existsSync(output), 'nothing is written');
  });
}

const hostile: [what: string, text: string, message: RegExp][] = [
  ['an empty file', '', /it is not JSON/],
  ['something else', '[1,2,3]', /the top level must be object/],
  ['text', 'hello', /it is not JSON/],
  ['half a snapshot', JSON.stringify(many).slice(0, 500), /it is not JSON/],
  ['a newer version', JSON.stringify({ ...many, formatVersion: 2 }), /PO2003.*format version 2/],
  [
    'a port out of range',
    JSON.stringify({ ...many, sections: { ...many.sections, sockets: { ...many.sections.sockets, data: [{ ...socket(), localPort: 99999 }] } } }),
    /\/sections\/sockets\/data\/0\/localPort must be <= 65535/,
  ],
  ['a pid that is text', JSON.stringify(many).replace('"pid":100', '"pid":"100; rm"'), /pid must be/],
  ['a polluted prototype', '{"__proto__":{"kind":"PortOwner.Facts"}}', /must have required property/],
  ['deep nesting', '['.repeat(200_000), /it is not JSON|is not a snapshot/],
];
for (const [what, text, message] of hostile) {
  test(`--from ${what}`, async () => {
    const path = join(temporaryFolder(), 'hostile.json');
    writeFileSync(path, text);
    const { code, out, err } = await run(['443', '--from', path]);
    assert.is(code, 69);
    assert.is(out, '');
    assert.match(err, message);
  });
}

test('a snapshot is read as UTF-8 or UTF-16, with or without a byte order mark', async () => {
  const text = JSON.stringify(facts([socket()], { processes: [processFact({ imageName: 'größe-日本' })] }));
  for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
    const path = join(temporaryFolder(), 'facts.json');
    writeFileSync(path, bytes);
    assert.match((await run(['443', '--from', path])).out, /größe-日本 \(100\)/);
  }
});

for (const ending of ['xls', 'XLS', 'ods', 'log', 'yaml']) {
  test(`--output refuses a name that ends with .${ending}, unless --format says what it is`, async () => {
    const output = join(temporaryFolder(), `ports.${ending}`);
    for (const command of [['443'], ['ranges'], ['conflicts'], ['443', '--count']]) {
      const { code, out, err } = await run([...command, '--from', file, '--output', output]);
      assert.equal([code, out], [64, '']);
      assert.match(err, /PO1001: cannot tell the output format from ".*"; use \.txt, \.csv, \.clixml, \.xml, \.json, \.ndjson, .*; or specify --format\n/);
      assert.not.ok(existsSync(output), 'nothing is written');
    }
    assert.is((await run(['443', '--from', file, '--format', 'csv', '--output', output])).code, 0);
    assert.match(readFileSync(output, 'utf8'), /^\ufeffProtocol,/);
  });
}

test('--delimiter separates the values of CSV', async () => {
  for (const [text, delimiter] of [
    ['semicolon', ';'],
    ['tab', '\t'],
    [';', ';'],
    ['|', '|'],
    ['comma', ','],
  ] as const) {
    const { code, out } = await run(['443', '--from', file, '--delimiter', text, '--columns', 'Protocol,LocalPort']);
    assert.is(code, 0);
    assert.ok(out.startsWith(`Protocol${delimiter}LocalPort\r\nTCP${delimiter}443\r\n`), out);
  }
  for (const text of ['"', 'ab', '', 'x', '7', '\n']) {
    const { code, err } = await run(['443', '--from', file, '--delimiter', text]);
    assert.is(code, 64);
    assert.match(err, /PO1001: unknown value .* for --delimiter; expected comma, semicolon, tab, or one character/);
  }
  assert.match((await run(['443', '--from', file, '--delimiter', ';', '--format', 'json'])).err, /PO1005: --delimiter needs --format csv/);
});

test('--columns report stands for the columns that fit on a page', async () => {
  const { out } = await run(['443', '--from', file, '--columns', 'report', '--format', 'csv']);
  assert.is(out.split('\r\n')[0], 'Protocol,LocalAddress,LocalPort,State,OwningProcess,Application,UserName,StartTime,Owner,ComputerName');
  const all = await run(['443', '--all', '--from', file, '--columns', 'PortRange,Report', '--format', 'csv']);
  assert.match(all.out, /^PortRange,Protocol,LocalAddress,LocalPort,RemoteAddress,RemotePort,State,/);
});

test('--columns all, or * as in PowerShell, is every column, with those that are looked up only if they are named', async () => {
  const header = async (...args: string[]) => (await run(['443', '--from', file, '--format', 'csv', ...args])).out.split('\r\n')[0]!.split(',');
  const all = await header('--columns', 'all');
  assert.equal(await header('--columns', '*'), all);
  for (const name of ['CommandLine', 'WorkingDirectory', 'Project', 'Supervisor', 'Ancestors']) assert.ok(all.includes(name), name);
  // The options that fill these were not used.
  for (const name of ['RemoteHostName', 'FirewallStatus']) assert.not.ok(all.includes(name), name);
  assert.equal((await header('--columns', 'Owner,ALL')).slice(0, 2), ['Owner', 'Protocol']);
  assert.is(new Set(await header('--columns', 'Owner,all')).size, all.length);
});

test('--output writes a table to a name that ends with .txt, or with nothing', async () => {
  for (const name of ['ports.txt', 'ports.TXT', 'ports']) {
    const output = join(temporaryFolder(), name);
    assert.is((await run(['443', '--from', file, '--output', output])).code, 0);
    assert.match(readFileSync(output, 'utf8'), /^Protocol +LocalAddress/);
  }
});

test('--output writes the file whole, with a byte order mark for Excel, and nothing to standard output', async () => {
  const output = join(temporaryFolder(), 'ports.csv');
  const { code, out } = await run(['443', '--from', file, '--format', 'csv', '--output', output]);
  assert.equal({ code, out }, { code: 0, out: '' });
  assert.match(readFileSync(output, 'utf8'), /^\ufeffProtocol,AddressScope,/);
});

test('hostile names reach no terminal raw, and no spreadsheet as a formula', async () => {
  const names = ['\u001b[31mred\u001b[0m', 'two\nlines', 'lone\ud800', "=cmd|'/c calc'!A0", '漢字', '\u202egpj.exe'];
  for (const imageName of names) {
    const path = snapshotFile(facts([socket()], { processes: [processFact({ imageName })] }));
    for (const format of ['table', 'list']) {
      const { out } = await run(['443', '--from', path, '--format', format]);
      assert.not.match(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      assert.not.ok(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(out));
    }
    const { out: csv } = await run(['443', '--from', path, '--format', 'csv', '--excel', '--columns', 'ImageName']);
    assert.not.match(csv, /(^|\n)"?=/);
    const { out: json } = await run(['443', '--from', path, '--format', 'json']);
    assert.is((JSON.parse(json) as { ImageName: string }[])[0]!.ImageName, imageName);
    assert.match(json, /^[\u0000-\u007f]*$/);
  }
});

test('--problems rows: even the error that ends the command is a row', async () => {
  const { code, out, err } = await run(['443', '--from', '/nowhere.json', '--format', 'ndjson', '--problems', 'rows']);
  assert.is(code, 69);
  assert.is(err, '');
  assert.match(out, /"PO2001"/);
});

for (const args of [['--help'], ['-h'], ['help'], ['443', '--help'], ['ranges', '--help'], ['snapshot', '-h'], ['help', 'ranges']]) {
  test(`portowner ${args.join(' ')}`, async () => {
    const { code, out, err } = await run(args);
    assert.is(code, 0);
    assert.is(err, '');
    assert.match(out, /^portowner/);
    assert.match(out, /Examples:/);
    assert.ok(out.split('\n').every((line) => line.length <= 100));
  });
}

test('every example of every help page is a command line that parses', async () => {
  for (const words of [[], ['ranges'], ['snapshot']]) {
    const { out } = await run(['help', ...words]);
    const examples = [...out.slice(out.indexOf('Examples:'), out.includes('Other commands:') ? out.indexOf('Other commands:') : undefined).matchAll(/^ {4}portowner (.*)$/gm)].map(
      (match) => match[1]!,
    );
    assert.ok(examples.length >= 3);
    for (const example of examples) {
      // Without a source the command gets as far as asking for one.
      const { err } = await run(example.split(' '));
      assert.match(err, /this test gives no source|the file does not exist|no far machine can be reached/, example);
    }
  }
});

test('--version', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  assert.equal(await run(['--version']), { code: 0, out: `portowner ${version}\n`, err: '' });
});

test('ranges: the three classes, then the machine itself', async () => {
  const { code, out } = await run(['ranges', '--from', file, '--format', 'csv', '--columns', 'Kind,StartPort,EndPort,Count']);
  assert.is(code, 0);
  assert.equal(out.trim().split('\r\n'), [
    'Kind,StartPort,EndPort,Count',
    'WellKnown,0,1023,1024',
    'Registered,1024,49151,48128',
    'Dynamic,49152,65535,16384',
    'LocalDynamic,32768,60999,28232',
    'Reserved,9000,9010,11',
  ]);
});

const refusal = (field: string, code: 'AccessDenied' | 'NotAsked' | 'Gone', needs: string | null) => ({ field, code, text: 'no look at it', needs });
const halfSeen = snapshotFile(
  facts(
    [
      socket({ localPort: 1, pid: null, user: 'postgres', refusals: [refusal('OwningProcess', 'AccessDenied', 'root')] }),
      socket({ localPort: 2, pid: 101 }),
      socket({ localPort: 3, pid: 102 }),
      socket({ localPort: 4, pid: 103 }),
    ],
    {
      processes: [
        processFact({ pid: 101, imageName: 'nginx', user: null, refusals: [refusal('UserName', 'NotAsked', null)] }),
        processFact({ pid: 102, imageName: 'caddy2.8.exe', user: 'www' }),
        processFact({ pid: 103, imageName: 'lsass.exe', user: null, refusals: [refusal('UserName', 'AccessDenied', null)] }),
      ],
    },
  ),
);
for (const [args, code, count, told] of [
  ['--image postgres', 77, 0, true],
  ['--image postgres 1', 77, 0, true],
  ['--image postgres --count', 77, 0, true],
  ['--pid 4711', 77, 0, true],
  ['--service postgres*', 77, 0, true],
  ['--image postgres --user www', 1, 0, false], // the hidden socket is another account's
  ['--image postgres 2-3', 1, 0, false],
  ['--image postgres --address 10.0.0.1', 1, 0, false],
  ['--image nginx', 0, 1, true],
  ['--image Caddy2.8', 0, 1, true],
  ['--user anna', 69, 0, false],
  ['--user anna 3', 1, 0, false],
  ['--user anna 4', 1, 0, false], // nobody may see it: no more rights would tell
] as const) {
  test(`an owner that cannot be seen is not taken for another one: ${args}`, async () => {
    const { code: seen, out, err } = await run([...args.split(' '), '--from', halfSeen]);
    assert.is(seen, code);
    if (args.endsWith('--count')) assert.is(out, '0\n');
    else if (count === 0) assert.match(out, code === 1 ? /^No socket matches/ : /^Cannot tell: /);
    else assert.is(out.trim().split('\n').length, 2 + count);
    assert.is(/cannot be seen with your rights: port 1\n/.test(err), told);
  });
}

test('a program that reads an empty list is told that it cannot be told', async () => {
  const ask = (...more: string[]) => run(['--user', 'anna', '--from', halfSeen, ...more]);
  const json = await ask('--format', 'json');
  assert.is(json.code, 69);
  assert.is(json.out, '[]\n');
  assert.match(json.err, /^portowner: PO3001: cannot tell: some details of 1 socket are missing, so it may match\n/m);
  assert.match((await ask('--format', 'json', '--problems', 'rows')).out, /"Severity":"Error","Code":"PO3001","Message":"cannot tell: /);
  assert.match((await ask('--format', 'clixml', '--problems', 'rows')).out, /<S N="Code">PO3001<\/S>/);
  assert.match((await ask('--format', 'csv')).err, /^portowner: PO3001: cannot tell: /m);
  assert.not.match((await ask()).err, /PO3001: cannot tell/, 'a person reads it as the answer');
});

test('the ports of hidden owners are told in order', async () => {
  const refusals = [refusal('OwningProcess', 'AccessDenied', 'root')];
  const { err } = await run(['--image', 'x', '--from', snapshotFile(facts([4000, 22, 4000, 443].map((localPort) => socket({ localPort, pid: null, refusals }))))]);
  assert.match(err, /^portowner: PO3002: warning: the owner of 4 sockets cannot be seen with your rights: ports 22, 443, 4000\n/);
});

const launched = facts([socket({ localPort: 1 }), socket({ localPort: 2, pid: 101 }), socket({ localPort: 3, pid: 102 })], {
  processes: [
    processFact({ imageName: 'python3.11', application: 'python -m http.server', workingDirectory: '/home/ann/shop' }),
    processFact({ pid: 101, imageName: 'redis-check-rdb', application: 'redis-server' }),
    processFact({ pid: 102, imageName: 'node.exe', application: 'vite' }),
  ],
});
const byImage: [pattern: string, ports: number[]][] = [
  ['python3.11', [1]],
  ['python3', [1]],
  ['python', [1]],
  ['http.server', [1]],
  ['*http.server', [1]],
  ['redis-server', [2]],
  ['redis-check-rdb', [2]],
  ['node', [3]],
  ['node.exe', [3]],
  ['VITE', [3]],
  ['npm', []],
];
for (const [pattern, ports] of byImage)
  test(`--image ${pattern} finds a program by any of its names`, async () => {
    const { out } = await run(['--image', pattern, '--from', snapshotFile(launched), '--format', 'json']);
    assert.equal(
      (JSON.parse(out) as { LocalPort: number }[]).map(({ LocalPort }) => LocalPort),
      ports,
    );
  });

test('the working directory is told to a person who reads it now, and where it is asked for', async () => {
  const from = ['--from', snapshotFile(launched)];
  const terminal = { columns: 100, colors: false, unicode: true };
  assert.match((await run(['1', ...from], { terminal })).out, /python -m http\.server in ~\/shop \(100\)/);
  // A wide table abbreviates the folder as the owner of a narrow one does.
  assert.match((await run(['1', ...from], { terminal: { ...terminal, columns: 120 } })).out, /python -m http\.server \(100\) .* ~\/shop$/m);
  assert.match((await run(['1', ...from, '--format', 'list'])).out, /^WorkingDirectory +: \/home\/ann\/shop$/m);
  assert.match((await run(['1', ...from])).out, /python -m http\.server \(100\)/);
  for (const format of ['json', 'csv', 'clixml', 'ndjson']) assert.not.match((await run(['1', ...from, '--format', format], { terminal })).out, /WorkingDirectory|shop/);
  assert.is(
    (await run(['1', ...from, '--format', 'csv', '--columns', 'Application,WorkingDirectory'])).out,
    'Application,WorkingDirectory\r\npython -m http.server,/home/ann/shop\r\n',
  );
});

test.run();
