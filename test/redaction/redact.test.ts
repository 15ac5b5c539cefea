import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import { root } from '../../src/build/runtime.mjs';
import { redact } from '../../src/redaction/envelope.ts';
import { decodeDiag, decodeProcNet } from '../../src/facts/decode/linux-sockets.ts';
import { decodeSockets } from '../../src/facts/decode/windows-sockets.ts';
import { envelopeText, parseEnvelope, readEnvelope } from '../../src/facts/read/envelope.ts';
import { gather } from '../../src/facts/gather/gather.ts';
import { everything } from '../../src/facts/model/question.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { recordedSource, type Platform, type RawEntry } from '../../src/system/raw.ts';

const test = suite('a redacted report');
const at = '2026-01-02T03:04:05Z';

function redacted(platform: Platform, entries: Readonly<Record<string, Omit<RawEntry, 'at'>>>): Record<string, RawEntry> {
  const all = new Map(Object.entries(entries).map(([name, entry]) => [name, { at, ...entry }]));
  return Object.fromEntries(redact({ platform, entries: all }).entries);
}

/** The bytes of an OWNER_MODULE table with one row. */
function tcp4(local: readonly number[], remote: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(8 + 160);
  bytes.writeUInt32LE(1);
  bytes.writeUInt32LE(5, 8);
  bytes.set(local, 12);
  bytes.writeUInt16BE(50123, 16);
  bytes.set(remote, 20);
  bytes.writeUInt16BE(443, 24);
  bytes.writeUInt32LE(5120, 28);
  return new Uint8Array(bytes);
}

test('Windows: names, profiles, accounts and addresses, the same by the same', () => {
  const secrets = ['WS-ANNA-01', 'anna', 'CONTOSO', 'Payroll', '192.168.17.5', '93.184.216.34', 'intranet.contoso.example', 's3cret'];
  const told = (value: string) => ({ value });
  const entries = redacted('win32', {
    machine: { text: JSON.stringify({ name: told('WS-ANNA-01'), release: told('10.0.19045'), architecture: told('x64'), elevated: told('true') }) },
    tcp4: { bytes: tcp4([192, 168, 17, 5], [93, 184, 216, 34]) },
    'process/5120': {
      text: JSON.stringify({
        created: told('1'),
        path: told('C:\\Users\\anna\\AppData\\Local\\Payroll Tools\\agent.exe'),
        user: told('WS-ANNA-01\\ADMIN_anna'),
        realUser: told('CONTOSO\\anna'),
        commandLine: told('agent.exe --password s3cret'),
      }),
    },
    'process/8': { text: JSON.stringify({ created: told('1'), path: told('C:\\Windows\\System32\\svchost.exe'), user: told('NT AUTHORITY\\SYSTEM'), commandLine: null }) },
    'process/9': { text: JSON.stringify({ created: told('1'), path: told('D:\\Apps\\x.exe'), user: told('WS-ANNA-01\\anna'), commandLine: null }) },
    httpsys: {
      bytes: Buffer.from(
        'Request queue name: Payroll\r\n    HTTP://intranet.contoso.example:8080:192.168.17.5/WSMAN/\r\n  HTTPS://192.168.17.5:443/\r\n  ID: 12, image: C:\\Users\\anna\\x.exe\r\n HTTP://+:5985/WSMAN/',
        'latin1',
      ),
      meta: { codePage: 850 },
    },
    addresses: { text: JSON.stringify([{ address: '192.168.17.5', interface: 'Ethernet' }]) },
    portproxy: { text: JSON.stringify({ v4tov4: [['0.0.0.0/9999', '192.168.17.5/22']] }) },
    firewall: {
      text: JSON.stringify({
        local: {
          rules: [['r', 'v2.30|Action=Allow|Active=TRUE|Dir=In|RA4=192.168.17.5|RA4=192.168.0.0/255.255.0.0|LUOwn=S-1-5-21-111-222-333-1001|App=C:\\Users\\anna\\x.exe|Name=x|']],
          profiles: {},
        },
      }),
    },
    processes: { bytes: Buffer.from('agent.exe of ANNA', 'utf16le') },
    doctor: { text: JSON.stringify([{ check: 'netstat', evidence: ['only the tool lists TCP 192.168.17.5:50123 to 93.184.216.34:443'] }]) },
    'something/new': { text: 'whoever' },
  });
  // A queue's name is kept: it is what says whose queue it is.
  const all = JSON.stringify(entries, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') + Buffer.from(value).toString('utf16le') : value,
  );
  for (const secret of secrets.filter((one) => one !== 'Payroll')) assert.not.ok(all.toLowerCase().includes(secret.toLowerCase()), secret);
  assert.is(JSON.parse(entries['machine']!.text!).name.value, 'MACHINE1');
  assert.equal(JSON.parse(entries['process/5120']!.text!), {
    created: told('1'),
    path: told('C:\\Users\\user1\\AppData\\Local\\folder1\\agent.exe'),
    user: told('MACHINE1\\user2'),
    realUser: told('DOMAIN1\\user1'),
    commandLine: told(''),
  });
  assert.is(JSON.parse(entries['process/8']!.text!).user.value, 'NT AUTHORITY\\SYSTEM');
  assert.is(JSON.parse(entries['process/8']!.text!).path.value, 'C:\\Windows\\System32\\svchost.exe');
  assert.is(JSON.parse(entries['process/9']!.text!).user.value, 'MACHINE1\\user1');
  const [row] = decodeSockets('tcp4', entries['tcp4']!.bytes!, () => true).data;
  assert.equal([row!.localAddress, row!.localPort, row!.remoteAddress, row!.remotePort, row!.pid], ['198.18.0.1', 50123, '198.18.0.2', 443, 5120]);
  assert.equal(JSON.parse(entries['addresses']!.text!), [{ address: '198.18.0.1', interface: 'Ethernet' }]);
  assert.is(JSON.parse(entries['portproxy']!.text!).v4tov4[0][1], '198.18.0.1/22');
  assert.equal(JSON.parse(entries['doctor']!.text!)[0].evidence, ['only the tool lists TCP 198.18.0.1:50123 to 198.18.0.2:443']);
  assert.match(entries['firewall']!.text!, /RA4=198\.18\.0\.1\|RA4=198\.18\.0\.\d\/255\.255\.0\.0\|LUOwn=S-1-5-21-0-0-0-1001\|App=C:\\\\Users\\\\user1\\\\x\.exe/);
  const queue = Buffer.from(entries['httpsys']!.bytes!).toString('latin1');
  assert.match(queue, /HTTP:\/\/host1:8080:198\.18\.0\.1\/path1\//);
  assert.match(queue, /HTTPS:\/\/198\.18\.0\.1:443\//);
  assert.match(queue, /HTTP:\/\/\+:5985\/path1\//);
  assert.is(entries['processes']!.bytes!.length, 'agent.exe of ANNA'.length * 2);
  assert.equal(entries['something/new'], { at, refusal: { code: 'Disabled', text: 'left out of the report' } });
});

const secret = /ann|shop|corp|10\.1\.2\.|srv7|hunter2|2001:db8:77/i;

test('facts: a snapshot for others has no people, projects, machines, or addresses, and answers', async () => {
  const container = { runtime: 'docker', id: 'a'.repeat(64), name: 'shop-web-1', image: 'registry.corp.example/shop:1', project: 'shop', service: 'shop-web' };
  const known = facts(
    [
      socket({ localPort: 3000, localAddress: '10.1.2.3', user: 'ann' }),
      socket({ localPort: 3001, localAddress: '2001:db8:77::5', pid: 101, user: 'CORP\\ann' }),
      socket({ localPort: 443, pid: 102, container }),
    ],
    {
      processes: [
        processFact({
          imageName: 'node',
          path: '/home/ann/.nvm/node/bin/node',
          application: 'node shop.js',
          commandLine: 'node shop.js --password hunter2',
          workingDirectory: '/home/ann/work/shop',
          user: 'ann',
          unit: 'shop.service',
          saved: { project: 'shop (~/code/shop)' },
        }),
        processFact({ pid: 101, imageName: 'server.exe', path: 'C:\\Users\\ann\\shop\\server.exe', user: 'CORP\\ann' }),
        processFact({ pid: 102, imageName: 'postgres', path: '/usr/bin/postgres', user: 'postgres', container }),
      ],
    },
  );
  known.machine.name = 'srv7';
  const file = snapshotFile(known);
  const folder = temporaryFolder();
  const path = join(folder, 'redacted.json');
  const { code, err } = await run(['snapshot', path, '--from', file, '--redact']);
  assert.equal([code, err], [0, '']);
  const text = readFileSync(path, 'utf8');
  assert.not.match(text, secret);
  const { out } = await run([
    '3000',
    '3001',
    '443',
    '--from',
    path,
    '--format',
    'json',
    '--columns',
    'LocalPort,OwningProcess,ImageName,Application,UserName,Path,Owner,ComputerName',
  ]);
  assert.equal(
    (JSON.parse(out) as Record<string, unknown>[]).map(({ LocalPort, ImageName, Application, UserName, Path, ComputerName }) => [
      LocalPort,
      ImageName,
      Application,
      UserName,
      Path,
      ComputerName,
    ]),
    [
      [443, 'postgres', 'postgres', 'postgres', '/usr/bin/postgres', 'MACHINE1'],
      [3000, 'node', 'node', 'user1', '/home/user1/.nvm/folder6/bin/node', 'MACHINE1'],
      [3001, 'server.exe', 'server', 'DOMAIN1\\user1', 'C:\\Users\\user1\\folder2\\server.exe', 'MACHINE1'],
    ],
  );
  for (const other of ['--command-lines', '--raw=x']) assert.match((await run(['snapshot', '--redact', other])).err, `--redact and ${other.split('=')[0]} exclude each other`);
});

test('Linux: the recorded machine decodes as before, but for its names and addresses', async () => {
  const recorded = readEnvelope(join(root, 'test/fixtures/recorded/linux-6.18'));
  const machine = JSON.parse(recorded.entries.get('machine')!.text!).name as string;
  const text = envelopeText(redact(recorded));
  const replayed = parseEnvelope(JSON.parse(text), 'report.json');
  assert.equal([...replayed.entries.keys()], [...recorded.entries.keys()]);
  const [before, after] = await Promise.all([recorded, replayed].map((envelope) => gather(recordedSource(envelope), everything, new Date(at))));
  assert.is(after!.machine.name, 'MACHINE1');
  assert.not.ok(machine.length > 2 && text.includes(machine));
  const shape = (facts: typeof before) =>
    facts!.sections.sockets.data.map(({ protocol, localPort, remotePort, state, pid, holders, kernel }) => [protocol, localPort, remotePort, state, pid, holders, kernel]);
  assert.equal(shape(after), shape(before));
  assert.equal(
    after!.sections.processes.data.map(({ pid, imageName, startTime }) => [pid, imageName, startTime]),
    before!.sections.processes.data.map(({ pid, imageName, startTime }) => [pid, imageName, startTime]),
  );
  assert.ok(after!.sections.processes.data.every(({ commandLine }) => commandLine === null));
});

test('Linux: accounts, profiles, and addresses in both tables', () => {
  const line = '   0: 0511A8C0:1F90 22D8B85D:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0';
  const diag = Buffer.alloc(16 + 72 + 20);
  diag.writeUInt32LE(88, 0);
  diag.writeUInt16LE(20, 4);
  diag.set([2, 1], 16);
  diag.writeUInt16BE(8080, 20);
  diag.writeUInt16BE(443, 22);
  diag.set([192, 168, 17, 5], 24);
  diag.set([93, 184, 216, 34], 40);
  diag.writeUInt32LE(20, 88);
  diag.writeUInt16LE(3, 92);
  const entries = redacted('linux', {
    machine: { text: JSON.stringify({ name: 'annas-laptop', release: '6.1', architecture: 'x64', elevated: true }) },
    users: { text: 'root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000:Anna Example,,,:/home/anna:/bin/zsh\n' },
    'user/70000': { text: 'CORP\\berta' },
    'process/77': {
      text: JSON.stringify({ stat: '77 (anna-agent) S 1', exe: '/home/anna/work/payroll/agent', cgroup: '0::/user.slice', cmdline: 'agent\0--password=s3cret\0', refused: {} }),
    },
    'proc/net/tcp': { text: `  sl  local_address\n${line}\n` },
    'proc/net/if_inet6': { text: '20010db8aaaabbbb0000000000000001 02 40 00 80     eth0\n' },
    'diag/tcp': { bytes: diag },
  });
  const all = JSON.stringify(entries);
  for (const secret of ['anna', 'berta', 'Example', 'payroll', 's3cret', 'CORP', '0511A8C0', '20010db8aaaa'])
    assert.not.ok(all.toLowerCase().includes(secret.toLowerCase()), secret);
  assert.is(entries['users']!.text, 'root:x:0:0::/root:/bin/bash\nuser1:x:1000:1000::/home/user1:/bin/zsh\n');
  assert.match(entries['process/77']!.text!, /"exe":"\/home\/user1\/folder1\/folder2\/agent"/);
  const [binary] = decodeDiag('TCP', entries['diag/tcp']!.bytes!, () => true).data;
  const [texted] = decodeProcNet('TCP', entries['proc/net/tcp']!.text!, () => true).data;
  assert.equal([binary!.localAddress, binary!.remoteAddress], [texted!.localAddress, texted!.remoteAddress]);
  assert.match(binary!.localAddress, /^198\.18\.0\.\d$/);
});

test('somebody may be called like a member', () => {
  const entries = redacted('linux', {
    users: { text: 'user:x:1000:1000::/home/user:/bin/sh\nstat:x:1001:1001::/home/stat:/bin/sh\n' },
    'process/77': { text: JSON.stringify({ stat: '77 (agent of user) S 1', uid: 1000, exe: '/home/user/agent', refused: {} }) },
  });
  assert.equal(JSON.parse(entries['process/77']!.text!), { stat: '77 (agent of user1) S 1', uid: 1000, exe: '/home/user1/agent', refused: {} });
});

test('addresses that mean the same everywhere stay', () => {
  const keep = ['127.0.0.1', '0.0.0.0', '224.0.0.251', '255.255.255.255', '::', '::1', 'ff02::fb', '::ffff:127.0.0.1'];
  const evidence = [...keep, '10.1.2.3', 'fe80::a00:27ff:fe4e:66a1', '2a00:1450:4001::65', '::ffff:10.1.2.3', '10.0.19045'].map((address) => `at ${address}, yes`);
  const [, ...rest] = JSON.parse(redacted('linux', { doctor: { text: JSON.stringify(['first', ...evidence]) } })['doctor']!.text!) as string[];
  assert.equal(
    rest.map((text) => text.slice(3, -5)),
    [
      '127.0.0.1',
      '0.0.0.0',
      '224.0.0.251',
      '255.255.255.255',
      '::',
      '::1',
      'ff02::fb',
      '::ffff:127.0.0.1',
      '198.18.0.1',
      'fe80::1',
      '2001:db8::2',
      '::ffff:198.18.0.1',
      '10.0.19045',
    ],
  );
});

test('addresses are replaced in every form', () => {
  const told = ['http://[fe80::a00:27ff:fe4e:66a1%25eth0]:80/a', '2001:0DB9:0:0:0:0:0:1', '2001:db9::1', '::ffff:0a01:0203', '::ffff:10.1.2.3'];
  const [, url, long, short, hex, mapped] = JSON.parse(
    redacted('linux', { doctor: { text: JSON.stringify(['first', ...told]) } })['doctor']!.text!.replaceAll('\\/', '/'),
  ) as string[];
  assert.not.match(url!, /66a1/);
  assert.is(long, short);
  assert.is(hex, mapped);
  assert.is(mapped, '::ffff:198.18.0.1');
});

test('anything is redacted without an error', () => {
  const names = [
    'machine',
    'users',
    'user/1',
    'process/1',
    'diag/tcp',
    'proc/net/tcp',
    'proc/net/if_inet6',
    'tcp4',
    'tcp6',
    'udp4',
    'udp6',
    'bound4',
    'bound6',
    'httpsys',
    'portproxy',
    'doctor',
    'boot',
    'x',
  ];
  const entry = fc.oneof(fc.record({ text: fc.oneof(fc.string(), fc.json()) }), fc.record({ bytes: fc.uint8Array({ maxLength: 400 }) }));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), entry), (entries) => {
      const result = redacted('win32', entries);
      assert.equal(Object.keys(result), Object.keys(entries));
      for (const [name, { bytes }] of Object.entries(entries) as [string, { bytes?: Uint8Array }][])
        if (bytes !== undefined && name !== 'x' && name !== 'httpsys') assert.is(result[name]!.bytes?.length, bytes.length);
    }),
  );
});

test('a report that is no report is refused', () => {
  for (const value of [
    null,
    1,
    {},
    { kind: 'PortOwner.Raw' },
    { kind: 'PortOwner.Raw', platform: 'linux', formatVersion: 1, entries: { a: null } },
    { kind: 'PortOwner.Raw', platform: 'linux', formatVersion: 1, entries: { a: { at: 1 } } },
  ]) {
    assert.throws(
      () => parseEnvelope(value, 'x'),
      (error: { code?: string }) => error.code === 'PO2002',
    );
  }
  assert.throws(
    () => parseEnvelope({ kind: 'PortOwner.Raw', platform: 'linux', formatVersion: 2, entries: {} }, 'x'),
    (error: { code?: string }) => error.code === 'PO2003',
  );
});

test.run();
