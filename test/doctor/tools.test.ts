import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import { comparableEndpoint, parseCim, parseNetstat, parseSs } from '../../src/doctor/tools.ts';

const test = suite("the system's own tools");

test('ss', () => {
  const text = [
    'udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=512,fd=13))',
    'udp   ESTAB  0      0        10.0.0.5:38118       10.0.0.1:53   users:(("dig",pid=99,fd=3))',
    'tcp   LISTEN 0      128             *:22                *:*     users:(("sshd",pid=700,fd=4),("sshd",pid=701,fd=4))',
    'tcp   LISTEN 0      511          [::1]:6379          [::]:*     users:(("a b",pid=7,fd=1))',
    'tcp   ESTAB  0      36        10.0.0.5:22     203.0.113.9:51515',
    'tcp   TIME-WAIT 0   0   [2001:db8::1]:443  [2001:db8::2]:40000',
    '',
  ].join('\n');
  assert.equal(parseSs(text), [
    { protocol: 'UDP', local: '127.0.0.53:53', remote: null, state: null, pids: [512] },
    { protocol: 'UDP', local: '10.0.0.5:38118', remote: null, state: null, pids: [99] },
    { protocol: 'TCP', local: ':::22', remote: null, state: 'Listen', pids: [700, 701] },
    { protocol: 'TCP', local: '::1:6379', remote: null, state: 'Listen', pids: [7] },
    { protocol: 'TCP', local: '10.0.0.5:22', remote: '203.0.113.9:51515', state: 'Established', pids: [] },
    { protocol: 'TCP', local: '2001:db8::1:443', remote: '2001:db8::2:40000', state: 'TimeWait', pids: [] },
  ]);
});

test('ss and names of processes that are more than one line', () => {
  const text = [
    'tcp   LISTEN 0      128     0.0.0.0:80      0.0.0.0:*     users:(("a',
    'b",pid=7,fd=3),("\r',
    '',
    'tcp x",pid=8,fd=3))',
    'udp   UNCONN 0      0       0.0.0.0:53      0.0.0.0:*     users:(("dns",pid=9,fd=3))',
    '',
  ].join('\n');
  assert.equal(
    parseSs(text).map(({ local, pids }) => [local, pids]),
    [
      ['0.0.0.0:80', [7, 8]],
      ['0.0.0.0:53', [9]],
    ],
  );
});

// The words of Windows' languages; the rows are the same everywhere.
const languages = {
  English: ['Active Connections', '  Proto  Local Address          Foreign Address        State           PID', 'LISTENING', 'ESTABLISHED', 'TIME_WAIT'],
  German: ['Aktive Verbindungen', '  Proto  Lokale Adresse         Remoteadresse          Status           PID', 'ABH\x99REN', 'HERGESTELLT', 'WARTEND'],
  French: ['Connexions actives', '  Proto  Adresse locale         Adresse distante       \x90tat           PID', 'LISTENING', 'ESTABLISHED', 'TIME_WAIT'],
  Japanese: ['\x83A\x83N\x83e\x83B\x83u\x82\xc8\x90\xda\x91\xb1', '  \x83v\x83\x8d\x83g\x83R\x83\x8b', 'LISTENING', 'ESTABLISHED', 'TIME_WAIT'],
};
for (const [language, [title, head, listening, established, waiting]] of Object.entries(languages)) {
  test(`netstat in ${language}`, () => {
    const text = [
      '',
      title,
      '',
      head,
      `  TCP    0.0.0.0:135            0.0.0.0:0              ${listening}       1004`,
      `  TCP    192.168.1.5:50123      203.0.113.9:443        ${established}     5120`,
      `  TCP    192.168.1.5:50124      203.0.113.9:443        ${waiting}       0`,
      `  TCP    [::]:445               [::]:0                 ${listening}       4`,
      '  UDP    0.0.0.0:123            *:*                                    1320',
      '  UDP    [fe80::1%12]:546       *:*                                    880',
      '',
    ].join('\r\n');
    assert.equal(parseNetstat(text), [
      { protocol: 'TCP', local: '0.0.0.0:135', remote: null, state: null, pids: [1004] },
      { protocol: 'TCP', local: '192.168.1.5:50123', remote: '203.0.113.9:443', state: null, pids: [5120] },
      { protocol: 'TCP', local: '192.168.1.5:50124', remote: '203.0.113.9:443', state: null, pids: [] },
      { protocol: 'TCP', local: ':::445', remote: null, state: null, pids: [4] },
      { protocol: 'UDP', local: '0.0.0.0:123', remote: null, state: null, pids: [1320] },
      { protocol: 'UDP', local: 'fe80::1:546', remote: null, state: null, pids: [880] },
    ]);
  });
}

test('an address is the same one in every form', () => {
  // Windows writes the end of some IPv6 addresses as IPv4.
  for (const [tool, own] of [
    ['[fe80::5efe:10.0.0.1%12]', 'fe80::5efe:a00:1%12'],
    ['[::10.0.0.1]', '::a00:1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ] as const)
    assert.is(comparableEndpoint(tool, 80), comparableEndpoint(own, 80));
});

test('Get-NetTCPConnection and Get-NetUDPEndpoint', () => {
  const tcp = [
    '"LocalAddress","LocalPort","RemoteAddress","RemotePort","State","OwningProcess"',
    '"::","445","::","0","2","4"',
    '"192.168.1.5","50123","203.0.113.9","443","5","5120"',
    '"0.0.0.0","50200","0.0.0.0","0","100","5120"',
    '',
  ].join('\r\n');
  assert.equal(parseCim('TCP', tcp), [
    { protocol: 'TCP', local: ':::445', remote: null, state: 'Listen', pids: [4] },
    { protocol: 'TCP', local: '192.168.1.5:50123', remote: '203.0.113.9:443', state: 'Established', pids: [5120] },
    { protocol: 'TCP', local: '0.0.0.0:50200', remote: null, state: 'Bound', pids: [5120] },
  ]);
  assert.equal(parseCim('UDP', '"LocalAddress","LocalPort","OwningProcess"\r\n"fe80::1%12","546","880"\r\n'), [
    { protocol: 'UDP', local: 'fe80::1:546', remote: null, state: null, pids: [880] },
  ]);
});

test('any text is read without an error', () => {
  const lines = fc.array(fc.oneof(fc.string(), fc.constantFrom('tcp LISTEN 0 0 *:1 *:*', '  TCP  a:1 b:2 X 3', '"a","b"', 'UDP')), { maxLength: 20 });
  fc.assert(
    fc.property(lines, (parts) => {
      const text = parts.join('\n');
      for (const socket of [...parseSs(text), ...parseNetstat(text), ...parseCim('TCP', text)]) assert.ok(socket.local.includes(':'));
    }),
  );
});

test.run();
