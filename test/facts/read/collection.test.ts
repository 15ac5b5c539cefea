// What a collector sends, as it may come: cut off, in other encodings, of another version, with hostile names.
import { gzipSync } from 'node:zlib';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { everything } from '../../../src/facts/model/question.ts';
import { readFacts } from '../../../src/facts/read/read.ts';
import type { Facts } from '../../../src/facts/model/facts.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';

const test = suite('collections');
const folder = mkdtempSync(join(tmpdir(), 'portowner-collection-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const linux = (more: string): string =>
  `#PortOwner.Collection 1 plain
@machine
 platform linux
 name far
 release 6.18.0
 architecture x86_64
 uid 0
 at 2026-01-02T03:04:05Z
 namespace pid:[4026531836]
@proc/net/tcp
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
    0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0
@proc/net/tcp6
!NotSupported the system does not have it
@proc/net/udp
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
@proc/net/udp6
!NotSupported the system does not have it
@unreadable
${more}@users
 root:x:0
 ann:x:1000
@boot
 btime 1700000000
 hertz 100
#End
`;

const stat = (pid: number, name: string, parent: number): string => ` ${pid} ${pid} (${name}) S ${parent} 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4200 0 0\n`;
const honest = linux(`@descriptors
 1 3
 80 3
 80 4
@links
 1 3 -
 80 3 77
 80 4 -
@executables
 1 /sbin/init
 80 /usr/bin/server
@stat
${stat(1, 'init', 0)}${stat(80, 'server', 1)}@users/effective
 1 0
 80 1000
`);

async function facts(content: string | Uint8Array): Promise<Facts> {
  const file = join(folder, 'collection.txt');
  writeFileSync(file, content);
  return (await readFacts([file]))(everything);
}

const packed = (text: string): string => `#PortOwner.Collection 1 gzip\n${gzipSync(text).toString('base64').replace(/.{76}/g, '$&\n')}\n#End\n`;

test('who has a port, and on which machine', async () => {
  const { machine, sections } = await facts(honest);
  assert.equal(machine, { name: 'far', platform: 'linux', release: '6.18.0', architecture: 'x64', elevated: true });
  assert.equal(sections.sockets.status, 'ok');
  assert.equal(
    sections.sockets.data.map(({ localPort, pid, state }) => ({ localPort, pid, state })),
    [{ localPort: 443, pid: 80, state: 'Listen' }],
  );
  const [owner] = sections.processes.data;
  assert.equal([owner?.imageName, owner?.path, owner?.user, owner?.parent, owner?.startTime], ['server', '/usr/bin/server', 'ann', 1, '2023-11-14T22:14:02.000Z']);
});

test('a name that no machine can have is none', async () => {
  assert.is((await facts(honest.replace('name far', `name ${'x'.repeat(255)}`))).machine.name, 'x'.repeat(255));
  for (const name of ['x'.repeat(256), 'x'.repeat(100_000), '']) assert.is((await facts(honest.replace('name far', `name ${name}`))).machine.name, '');
});

test('the same in every form that a shell or an editor gives it', async () => {
  const expected = await facts(honest);
  const forms: [string, string | Uint8Array][] = [
    ['packed', packed(honest)],
    ['with CR', honest.replaceAll('\n', '\r\n')],
    ['packed, with CR', packed(honest).replaceAll('\n', '\r\n')],
    ['UTF-8 with its mark', `\ufeff${honest}`],
    ['UTF-16', Buffer.from(`\ufeff${honest}`, 'utf16le')],
    ['UTF-16, packed', Buffer.from(`\ufeff${packed(honest)}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`\ufeff${honest}`, 'utf16le').swap16()],
    ['with empty lines at its end', `${honest}\n\n`],
    ['between what a shell prints', `Welcome!\r\n\x1b[1mLast login: yesterday${honest}logout\nBye #End\n`],
    ['packed, between what a shell prints', `Welcome!\n${packed(honest)}Bye\n#End\n`],
    ['UTF-16, behind what a shell prints', Buffer.from(`\ufeffWelcome!\r\n${honest}`, 'utf16le')],
  ];
  for (const [name, form] of forms) assert.equal(await facts(form), expected, name);
});

async function problemOf(content: string): Promise<[code: string, text: string]> {
  try {
    await facts(content);
  } catch (error) {
    if (error instanceof PortOwnerError) return [error.problem.code, error.problem.message];
    throw error;
  }
  return ['none', ''];
}

test('what is cut off anywhere is an error, and never an answer', async () => {
  const lines = honest.trimEnd().split('\n');
  for (let length = 1; length < lines.length; length++) {
    const [code, text] = await problemOf(lines.slice(0, length).join('\n'));
    assert.is(code, 'PO2002');
    assert.match(text, 'the rest is missing');
  }
  const whole = packed(honest).trimEnd().split('\n');
  assert.match((await problemOf(whole.slice(0, -1).join('\n')))[1], 'the rest is missing');
  assert.match((await problemOf([...whole.slice(0, -4), '#End'].join('\n')))[1], 'cannot be unpacked');
  // The far machine died while it packed: what is packed is whole, and what is in it is not.
  assert.match((await problemOf(packed(lines.slice(0, -3).join('\n'))))[1], 'the rest is missing');
});

test('lines of sockets that cannot be read make the sockets incomplete', async () => {
  const windows = (more: string): string => `#PortOwner.Collection 1 plain\n@machine\n platform win32\n name far\n at 2026-01-02T03:04:05Z\n${more}#End\n`;
  const good = ' 0.0.0.0,443,0.0.0.0,0,2,7,0\n';
  for (const [status, more] of [
    ['ok', `@cim/tcp\n${good} \n@cim/udp\n :: ,53,7,0\n`.replace(':: ', '::')],
    ['partial', `@cim/tcp\n${good} garbage\n@cim/udp\n`],
    ['partial', `@cim/tcp\n${good} 0.0.0.0,99999,0.0.0.0,0,2,7,0\n@cim/udp\n`],
    ['partial', `@cim/tcp\n${good} no address,80,0.0.0.0,0,2,7,0\n@cim/udp\n`],
    ['partial', `@cim/tcp\n${good}@cim/udp\n 1.2.3.4,x\n`],
    ['ok', '@netstat\n Active Connections\n\n   Proto  Local Address  Foreign Address  State  PID\n   TCP    0.0.0.0:443    0.0.0.0:0    LISTENING    7\n'],
    ['partial', '@netstat\n   TCP    0.0.0.0:443    0.0.0.0:0    LISTENING    7\n   TCP    oops\n'],
  ] as const) {
    const { sockets } = (await facts(windows(more))).sections;
    assert.is(sockets.status, status, more);
    assert.ok(
      sockets.data.some(({ localPort }) => localPort === 443),
      more,
    );
  }
});

test('what is of another version, or no collection, is an error', async () => {
  assert.is((await problemOf(honest.replace('Collection 1', 'Collection 2')))[0], 'PO2003');
  for (const wrong of [
    honest.replace('platform linux', 'platform plan9'),
    honest.replace(/ at .*\n/, ''),
    honest.replace(/@machine\n(?: .*\n)+/, ''),
    honest.replace('@boot', '@users'),
    honest.replace('@boot', 'boot'),
    honest.replace('1 plain', '1 zip'),
    packed('something else'),
    packed(packed(honest)),
  ])
    assert.is((await problemOf(wrong))[0], 'PO2002', wrong.slice(0, 100));
});

test('nothing but line breaks, and text that is no base64, are refused', async () => {
  assert.match((await problemOf(`#PortOwner.Collection 1 plain\n@machine\n${'\n'.repeat(5_000_000)}#End\n`))[1], 'more than 4000000 lines');
  assert.match((await problemOf(packed(`#PortOwner.Collection 1 plain\n@machine\n${'\n'.repeat(5_000_000)}#End\n`)))[1], 'more than 4000000 lines');
  for (const wrong of ['', '!!!!', 'H4sI', 'äöü', packed(honest).split('\n')[1]!.toLowerCase()])
    assert.is((await problemOf(`#PortOwner.Collection 1 gzip\n${wrong}\n#End\n`))[0], 'PO2002', wrong);
});

test('a packed text that never ends is refused', async () => {
  const bomb = gzipSync(Buffer.alloc(500 * 1024 * 1024));
  assert.match((await problemOf(`#PortOwner.Collection 1 gzip\n${bomb.toString('base64')}\n#End\n`))[1], 'cannot be unpacked');
});

test('a file whose name looks like a line gives nobody a socket', async () => {
  for (const pretended of [' 1 3 77\n', ' 1 99 77\n', ' 80 4 77\n']) {
    const text = honest.replace(' 80 3 77\n', '').replace(' 80 3\n', '').replace(' 80 4 -\n', ` 80 4 -\n${pretended}`);
    const { sections } = await facts(text);
    assert.equal(sections.sockets.data[0]?.pid, null, pretended);
    assert.match(sections.processes.reason ?? '', 'cannot be read');
  }
});

test('containers by the names that docker gives them, or why there are none', async () => {
  const id = '0123456789abcdef'.repeat(4);
  const of = (text: string): string =>
    honest.replace('@users/effective', `@cgroup\n 80 0::/system.slice/docker-${id}.scope\n${text}@users/effective`).replace(' 80 1000\n', ' 80 0\n');
  const [web] = (await facts(of(`@engine/docker\n ${id}\tshop-web-1,other/alias\tnginx:1.27\tshop\tweb\t0.0.0.0:8080-8081->80-81/tcp, [::]:8080->80/tcp, 443/tcp\n`))).sections
    .processes.data;
  assert.equal(web?.container, { runtime: 'docker', id, name: 'shop-web-1', image: 'nginx:1.27', project: 'shop', service: 'web' });
  const [unnamed] = (await facts(of(''))).sections.processes.data;
  assert.equal(
    unnamed?.refusals.map(({ field, text }) => [field, text]),
    [['Owner', 'docker could not be asked which container it is: a collector did not ask it']],
  );
  // More ports than there are.
  const many = Array.from({ length: 1000 }, () => '0.0.0.0:1-65535->1-65535/tcp').join(', ');
  assert.is((await facts(of(`@engine/docker\n ${id}\tweb\tnginx\t\t\t${many}\n`))).sections.processes.data[0]?.container?.name, 'web');
});

test('a name with line breaks is one process', async () => {
  const text = honest.replace(stat(80, 'server', 1), stat(80, 'se\n 80 @links\n 80 #End', 1)).replace(' 80 /usr/bin/server\n', ' 80\n');
  const { sections } = await facts(text);
  assert.is(sections.processes.data[0]?.imageName, 'se\n@links\n#End');
  assert.equal(
    sections.processes.data[0]?.refusals.map(({ field, code }) => [field, code]),
    [['Path', 'AccessDenied']],
  );
});

const windows = (more: string): string =>
  `#PortOwner.Collection 1 plain 850
@machine
 platform win32
 name BOX
 release 10.0.26100
 architecture AMD64
 elevated true
 at 2026-01-02T03:04:05Z
${more}#End
`;

test('netstat in another language, where CIM was refused', async () => {
  const { sections } = await facts(
    windows(`@cim/tcp
!AccessDenied Access denied
@cim/udp
!AccessDenied Access denied
@netstat

 Aktive Verbindungen

   Proto  Lokale Adresse         Remoteadresse          Status           PID
   TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN         900
   TCP    10.0.0.5:50000         10.0.0.6:443           HERGESTELLT     901
   TCP    10.0.0.5:50001         10.0.0.6:443           WARTEND         0
   TCP    [fe80::1%7]:139        [::]:0                 LISTENING       4
   UDP    [::]:500               *:*                                    902
@processes
 900,"svchost"
`),
  );
  assert.equal(
    sections.sockets.data.map(({ protocol, localAddress, localPort, state, pid }) => [protocol, localAddress, localPort, state, pid]),
    [
      ['TCP', '0.0.0.0', 135, 'Listen', 900],
      ['TCP', '10.0.0.5', 50000, null, 901],
      ['TCP', '10.0.0.5', 50001, 'TimeWait', 0],
      ['TCP', 'fe80::1%7', 139, 'Listen', 4],
      ['UDP', '::', 500, null, 902],
    ],
  );
  assert.equal(
    sections.sockets.data[1]?.refusals.map(({ field }) => field),
    ['State'],
  );
  assert.is(sections.processes.data[0]?.imageName, 'svchost.exe');
});

test('nothing at all is a reason for each section, and no answer', async () => {
  const { sections } = await facts(windows(''));
  assert.is(sections.sockets.status, 'failed');
  assert.match(sections.sockets.reason ?? '', 'the collector did not request it');
});

test('where guests may have ports reserved, that cannot be told', async () => {
  const reasonOf = async (services: string): Promise<string | null> => (await facts(windows(`@cim/services\n${services}`))).sections.reservedPorts.reason;
  assert.match((await reasonOf(' "HNS","Host Network Service",7,Running,Share Process\n')) ?? '', 'which ports are reserved for virtual machines');
  assert.not.match((await reasonOf(' "RpcSs","RPC",7,Running,Share Process\n')) ?? '', 'virtual machines');
  assert.match((await reasonOf('!AccessDenied Access denied\n')) ?? '', 'virtual machines');
});

test('a console that wrote in its own code page', async () => {
  const text = windows(`@cim/tcp
 0.0.0.0,80,0.0.0.0,0,2,7,134000000000000000
@cim/udp
@cim/processes
 7,1,"w@b.exe","C:\\w@b.exe",134000000000000000,""
`);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0x40 && bytes[at - 1] === 0x77) bytes[at] = 0x82;
  assert.is((await facts(bytes)).sections.processes.data[0]?.imageName, 'wéb.exe');
});

test.run();
