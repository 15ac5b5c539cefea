import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connection, facts, socket, udp } from '../support/example.ts';
import { linux as linuxSource } from '../support/linux-raw.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { formats } from '../../src/formats/formats.ts';

const formatNames = `${formats.slice(0, -1).join(', ')}, or ${formats.at(-1)}`;
const test = suite('what people type');

const file = snapshotFile(
  facts([
    socket({ localAddress: '127.0.0.1', localPort: 3000 }),
    socket({ localAddress: '::1', localPort: 3001 }),
    socket({ localAddress: '0.0.0.0', localPort: 3002 }),
    socket({ localAddress: '::', localPort: 3003 }),
    socket({ localAddress: '10.0.0.5', localPort: 3004 }),
    socket({ localPort: 53 }),
    udp({ localPort: 53 }),
    socket({ localPort: 80 }),
    socket({ localPort: 443 }),
    socket({ localPort: 5432 }),
    connection({ localAddress: '127.0.0.1', localPort: 3000, state: 'TimeWait', pid: null }),
    connection({ localAddress: '127.0.0.1', localPort: 3000, state: 'CloseWait' }),
  ]),
);

/** The rows that a line of words asks for: TCP/127.0.0.1:3000. */
async function asked(words: readonly string[]): Promise<string> {
  const { out, err, code } = await run([...words, '--from', file, '--format', 'csv', '--columns', 'Protocol,LocalAddress,LocalPort,State']);
  if (code > 1) return err;
  return out
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => {
      const [protocol, address, port, state] = line.split(',');
      return `${protocol}/${address}:${port}${state === 'Listen' || state === '' ? '' : ` ${state}`}`;
    })
    .toSorted()
    .join(' ');
}

const t3000 = 'TCP/127.0.0.1:3000';
const ports: readonly (readonly [words: string, rows: string])[] = [
  // As netstat and sentences have it.
  ['TCP 127.0.0.1:3000', t3000],
  ['tcp 3000', t3000],
  ['tcp6 :::3003', 'TCP/:::3003'],
  ['udp 53', 'UDP/0.0.0.0:53'],
  ['port 3000', t3000],
  ['ports 80 443', 'TCP/0.0.0.0:443 TCP/0.0.0.0:80'],
  [':3000', t3000],
  ['*:3000', t3000],
  ['0.0.0.0:3000', t3000],
  ['[::]:3000', t3000],
  [':::3000', t3000],
  ['localhost:3000', t3000],
  ['LOCALHOST:3000', t3000],
  ['127.0.0.1:3000', t3000],
  ['127.0.0.1.3000', t3000],
  ['[::1]:3000', ''],
  ['[::1]:3001', 'TCP/::1:3001'],
  ['::1:3001', 'TCP/::1:3001'],
  ['localhost:3001', 'TCP/::1:3001'],
  ['localhost:3002', 'TCP/0.0.0.0:3002'],
  ['127.0.0.1:3002', 'TCP/0.0.0.0:3002'],
  ['[::1]:3002', ''],
  ['127.0.0.1:3003', 'TCP/:::3003'],
  ['localhost:3004', ''],
  ['10.0.0.5:3004', 'TCP/10.0.0.5:3004'],
  ['box.example.org:3004', 'TCP/10.0.0.5:3004'],
  ['localhost:3000-3002', 'TCP/0.0.0.0:3002 TCP/127.0.0.1:3000 TCP/::1:3001'],
  ['3000-3001', `${t3000} TCP/::1:3001`],
  ['3000\u20133001', `${t3000} TCP/::1:3001`],
  ['3000..3001', `${t3000} TCP/::1:3001`],
  ['3000/tcp', t3000],
  ['3000/udp', ''],
  ['tcp:3000', t3000],
  ['TCP/127.0.0.1:3000', t3000],
  ['53/udp', 'UDP/0.0.0.0:53'],
  ['udp/53', 'UDP/0.0.0.0:53'],
  ['udp:53', 'UDP/0.0.0.0:53'],
  ['domain/udp', 'UDP/0.0.0.0:53'],
  ['53', 'TCP/0.0.0.0:53 UDP/0.0.0.0:53'],
  ['53/udp,3000/tcp', `${t3000} UDP/0.0.0.0:53`],
  ['53/udp 3000', `${t3000} UDP/0.0.0.0:53`],
  ['http://localhost:3000/path?x=1,2#y', t3000],
  ['http://127.0.0.1:3000', t3000],
  ['http://[::1]:3001/', 'TCP/::1:3001'],
  ['http://ann:secret@localhost:3000/', t3000],
  ['https://example.org', 'TCP/0.0.0.0:443'],
  ['HTTPS://example.org/a,b', 'TCP/0.0.0.0:443'],
  ['ws://localhost/socket', 'TCP/0.0.0.0:80'],
  ['postgres://ann@db.example.org/orders', 'TCP/0.0.0.0:5432'],
  ['jdbc:postgresql://localhost/orders', 'TCP/0.0.0.0:5432'],
  ['udp://0.0.0.0:53', 'UDP/0.0.0.0:53'],
  ['mongodb://localhost:3000,localhost:3001/db', `${t3000} TCP/::1:3001`],
  ['http://localhost:3000, 443', `TCP/0.0.0.0:443 ${t3000}`],
  ['http://localhost:3000,443', `TCP/0.0.0.0:443 ${t3000}`],
  ['http://localhost:3000/,443,80', `TCP/0.0.0.0:443 TCP/0.0.0.0:80 ${t3000}`],
  ['http://localhost:3000/?x=1,80', t3000],
  ['http://localhost:3000/,https://example.org/', `TCP/0.0.0.0:443 ${t3000}`],
  ['443,http://localhost:3000/', `TCP/0.0.0.0:443 ${t3000}`],
  ['80, 443,', 'TCP/0.0.0.0:443 TCP/0.0.0.0:80'],
  ['80, 443', 'TCP/0.0.0.0:443 TCP/0.0.0.0:80'],
  ['80 , 443', 'TCP/0.0.0.0:443 TCP/0.0.0.0:80'],
  ['80 ,443', 'TCP/0.0.0.0:443 TCP/0.0.0.0:80'],
  ['80,443,', 'TCP/0.0.0.0:443 TCP/0.0.0.0:80'],
  ['-p 3000', t3000],
  ['--port 3000', t3000],
  ['--port=3000', t3000],
  ['--local-port 3000 443', `TCP/0.0.0.0:443 ${t3000}`],
  ['who 3000', t3000],
  ['list 3000', t3000],
  ['find 3000', t3000],
  ['WHO 3000', t3000],
  ['--tcp 53', 'TCP/0.0.0.0:53'],
  ['-u 53', 'UDP/0.0.0.0:53'],
  ['--protocol UDP 53', 'UDP/0.0.0.0:53'],
  ['3000 --name nginx', t3000],
  ['3000 --name=nginx', t3000],
  ['3000 --state listening', t3000],
  ['3000 --state LISTEN', t3000],
  ['3000 --listening', t3000],
  ['3000 --state time_wait', `${t3000} TimeWait`],
  ['3000 --state TIME-WAIT', `${t3000} TimeWait`],
  ['3000 --state close_wait, timewait', `${t3000} CloseWait ${t3000} TimeWait`],
  ['53/udp --address 10.0.0.5', ''],
];
for (const [words, rows] of ports) {
  test(`portowner ${words}`, async () => assert.is(await asked(words.split(' ')), rows));
}

test('a label before a port, without any option', async () => {
  const { out, err } = await run(['TCP', '9999'], { source: linuxSource({}) });
  assert.match(out, 'Nobody owns TCP port 9999.', err);
});

test('every state in the spelling of netstat, ss and lsof', async () => {
  const spellings = {
    Established: 'ESTABLISHED ESTAB established',
    SynSent: 'SYN_SENT SYN-SENT',
    SynReceived: 'SYN_RECV SYN-RECV SYN_RCVD SYN_RECEIVED',
    FinWait1: 'FIN_WAIT1 FIN-WAIT-1 FIN_WAIT_1',
    FinWait2: 'FIN_WAIT2 FIN-WAIT-2',
    LastAck: 'LAST_ACK LAST-ACK',
    Closing: 'CLOSING',
    Closed: 'CLOSED',
    DeleteTCB: 'DELETE_TCB',
    Bound: 'BOUND',
  };
  for (const [state, words] of Object.entries(spellings) as [keyof typeof spellings, string][]) {
    const from = snapshotFile(facts([connection({ state })]));
    for (const word of words.split(' ')) assert.is((await run(['--state', word, '--count', '--from', from])).out, '1\n', word);
  }
});

test('formats by their names alone', async () => {
  for (const format of ['json', 'ndjson', 'csv', 'clixml', 'list', 'table'])
    assert.equal(await run(['443', `--${format}`, '--from', file]), await run(['443', '--format', format, '--from', file]), format);
});

test('a file has the format that its name says', async () => {
  const folder = temporaryFolder();
  const written = async (name: string, ...more: string[]): Promise<string> => {
    const path = join(folder, name);
    const { code, err } = await run(['443', '-o', path, '--from', file, '--columns', 'LocalPort', ...more]);
    assert.equal([code, err], [0, ''], name);
    return readFileSync(path, 'utf8');
  };
  assert.is(await written('p.csv'), '\ufeffLocalPort\r\n443\r\n');
  assert.is(await written('p.CSV'), '\ufeffLocalPort\r\n443\r\n');
  assert.is(await written('p.json'), '[\n{"LocalPort":443}\n]\n');
  assert.is(await written('p.ndjson'), '{"LocalPort":443}\n');
  assert.match(await written('p.clixml'), /^<Objs/m);
  assert.match(await written('p.txt'), /^LocalPort\n/);
  assert.match(await written('p'), /^LocalPort\n/);
  assert.is(await written('q.csv', '--json'), '[\n{"LocalPort":443}\n]\n');
  assert.is((await run(['443', '--excel', '--columns', 'LocalPort', '--from', file])).out, '\ufeffLocalPort\r\n443\r\n');
});

test('--quiet leaves the exit code', async () => {
  assert.equal(await run(['443', '-q', '--from', file]), { code: 0, out: '', err: '' });
  assert.equal(await run(['444', '--quiet', '--from', file]), { code: 1, out: '', err: '' });
  assert.match((await run(['444x', '-q'])).err, /PO1002/);
  assert.equal(await run(['ranges', '-q', '--from', file]), { code: 0, out: '', err: '' });
});

test('--version and help in the words of all systems', async () => {
  for (const word of ['-V', '--version', 'version']) assert.match((await run([word])).out, /^portowner \d/);
  const help = (await run(['--help'])).out;
  for (const word of ['-h', '-?', '/?', 'help']) assert.is((await run([word])).out, help, word);
  const stop = (await run(['stop', '--help'])).out;
  for (const words of [
    ['kill', '-?'],
    ['help', 'kill'],
    ['stop', '8080', '-h'],
    ['Stop', '--help'],
  ])
    assert.is((await run(words)).out, stop, words.join(' '));
});

test('stop in other words is stop', async () => {
  for (const words of ['kill 3000', 'KILL localhost:3000', 'kill -p 3000', 'stop 3000/tcp -f', 'stop 3000 -n', 'stop http://localhost:3000/ --what-if'])
    assert.match((await run([...words.split(' '), '--timeout', 'x'])).err, /^portowner: PO1001: unknown value "x" for --timeout/, words);
  assert.match((await run(['stop', '3000', '-f', 'json', '--timeout', 'x'])).err, /unknown value "x" for --timeout/, '-f is --format before a format');
});

test('conflicts of one port', async () => {
  const from = snapshotFile(
    facts([
      socket({ localAddress: '127.0.0.1', localPort: 5173 }),
      socket({ localPort: 5173, pid: 101, localAddress: '::1' }),
      socket({ localPort: 80 }),
      socket({ localPort: 80, pid: 101, localAddress: '127.0.0.1' }),
    ]),
  );
  const all = JSON.parse((await run(['conflicts', '--json', '--from', from])).out) as { Port: number }[];
  assert.ok(
    all.some(({ Port }) => Port === 80),
    'there is one to leave out',
  );
  const one = JSON.parse((await run(['conflicts', 'localhost:5173', '--json', '--from', from])).out) as { Port: number }[];
  assert.equal(
    one,
    all.filter(({ Port }) => Port === 5173),
  );
  assert.is((await run(['conflicts', '9999', '--from', from])).out, 'No conflicts on port 9999.\n');
  assert.is((await run(['conflicts', '9998-9999', '--from', from])).out, 'No conflicts on ports 9998-9999.\n');
});

/** A line of words, and the whole of what is said about it. */
const wrong: readonly (readonly [words: string, message: string, hint: string])[] = [
  ['wyh 3000', 'PO1002: "wyh" is not a command, a port, or a known service name', 'Did you mean portowner why? To list the commands and port forms: portowner --help'],
  [
    'wyh 3000 --protocol tcp',
    'PO1002: "wyh" is not a command, a port, or a known service name',
    'Did you mean portowner why? To list the commands and port forms: portowner --help',
  ],
  ['stpo 3000 --yes', 'PO1001: unknown command "stpo"', 'Did you mean portowner stop? To list the commands: portowner --help'],
  ['htpp', 'PO1002: "htpp" is not a command, a port, or a known service name', 'Did you mean portowner http? To list the commands and port forms: portowner --help'],
  [
    'api',
    'PO1002: "api" is not a command, a port, or a known service name',
    'To find the ports of a program: portowner --image api; to list the commands and port forms: portowner --help',
  ],
  [
    'abc',
    'PO1002: "abc" is not a command, a port, or a known service name',
    'To find the ports of a program: portowner --image abc; to list the commands and port forms: portowner --help',
  ],
  ['conflicts abc', 'PO1002: "abc" is not a port, a range, or a known service name', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['conflicts server', 'PO1002: "server" is not a port, a range, or a known service name', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  [
    'why mongo',
    'PO1002: "mongo" is not a port, a range, or a known service name',
    'Did you mean mongodb? Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.',
  ],
  ['why redi', 'PO1002: "redi" is not a port, a range, or a known service name', 'Did you mean redis? Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['443 htpp', 'PO1002: "htpp" is not a port, a range, or a known service name', 'Did you mean http? Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['44e', 'PO1002: "44e" is not a port, a range, or a known service name', 'Did you mean 443? Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['8o8o', 'PO1002: "8o8o" is not a port, a range, or a known service name', 'Did you mean 8080? Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['443 qqqqqqqqqq', 'PO1002: "qqqqqqqqqq" is not a port, a range, or a known service name', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['http://', 'PO1002: "http://" is a URL without a host', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['nosuchscheme://host/', 'PO1002: "nosuchscheme://host/" is a URL without a port', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['tcp:53/udp', 'PO1002: "tcp:53/udp" names two protocols', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['1.2.3:80', 'PO1002: "1.2.3:80" is not an address with a port', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['localhost:', 'PO1002: "localhost:" is not an address with a port', 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.'],
  ['localhost:99999', 'PO1002: port 99999 is not between 1 and 65535', 'Use ports such as 443, 80,443, 8000-8100, or an IANA service name such as https.'],
  ['53/udp --protocol tcp', 'PO1005: 53/udp and --protocol tcp exclude each other', ''],
  ['--remote-port 443/tcp', 'PO1002: --remote-port takes only ports, but "443/tcp" names the protocol TCP', 'Use a port such as 443, 8000-8100, or https.'],
  ['--formt json', 'PO1001: unknown option --formt', 'Did you mean --format? To list the options: portowner --help'],
  ['-format json', 'PO1001: unknown option -format', 'Did you mean --format? To list the options: portowner --help'],
  ['--Format=json', 'PO1001: unknown option --Format', 'Did you mean --format? To list the options: portowner --help'],
  ['443 --zzz', 'PO1001: unknown option --zzz', 'To list the options: portowner --help'],
  ['443 -x', 'PO1001: unknown option -x', 'To list the options: portowner --help'],
  ['443 --all=yes', 'PO1001: --all takes no value, but got "yes"', 'To list the options: portowner --help'],
  ['443 --format', `PO1001: missing value for --format; expected ${formatNames}`, 'To list the options: portowner --help'],
  ['443 --format --all', `PO1001: missing value for --format; expected ${formatNames}`, 'To list the options: portowner --help'],
  ['443 --from', 'PO1001: missing value for --from; expected the path of a file', 'To list the options: portowner --help'],
  ['--port', 'PO1001: missing value for --port; expected a port', 'To list the options: portowner --help'],
  ['443 --format xml', `PO1001: unknown value "xml" for --format; expected ${formatNames}`, ''],
  ['443 --format jsno', `PO1001: unknown value "jsno" for --format; expected ${formatNames}`, 'Did you mean json?'],
  ['443 --protocol tpc', 'PO1001: unknown value "tpc" for --protocol; expected tcp or udp', 'Did you mean tcp?'],
  ['443 --problems row', 'PO1001: unknown value "row" for --problems; expected rows', 'Did you mean rows?'],
  [
    '443 --state lisening',
    'PO1001: unknown value "lisening" for --state; expected Bound, Closed, CloseWait, Closing, DeleteTCB, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, or TimeWait',
    'Did you mean Listen?',
  ],
  ['443 --pid nginx', 'PO1001: unknown value "nginx" for --pid; expected process IDs, such as 1234', ''],
  ['443 --resolve=never', 'PO1001: unknown value "never" for --resolve; expected seconds, up to 300', ''],
  ['free --proto both', 'PO1001: unknown option --proto for portowner free', 'Did you mean --protocol? To list the options: portowner free --help'],
  ['free 80/tcp,53/udp', 'PO1005: free supports only one protocol and one address at a time', ''],
  ['conflicts --severity warn', 'PO1001: unknown value "warn" for --severity; expected error, warning, or information', 'Did you mean warning?'],
  ['audit --policy x --fail-on hihg', 'PO1001: unknown value "hihg" for --fail-on; expected info, low, medium, high, or critical', 'Did you mean high?'],
  ['audit --store x --keep never', 'PO1001: unknown value "never" for --keep; expected a number of days from 1 to 99999', ''],
  ['diff', 'PO1001: missing A: portowner diff <A> [B]', 'To list the options: portowner diff --help'],
  ['report', 'PO1001: missing FILES: portowner report FILES…', 'To list the options: portowner report --help'],
  ['diff a b c', 'PO1001: unexpected operand "c": portowner diff <A> [B]', 'To list the options: portowner diff --help'],
  ['why 3000 9999', 'PO1001: why answers about one port at a time, and "9999" is another one', 'To list the options: portowner why --help'],
  ['ranges 80', 'PO1001: unexpected operand "80": portowner ranges', 'To list the options: portowner ranges --help'],
  ['why', 'PO1001: missing PORT: portowner why PORT, or portowner why --error TEXT', 'For example: portowner why 3000'],
  ['baseline shwo', 'PO1001: unknown subcommand "shwo": portowner baseline create, show, or update', 'Did you mean show? For details: portowner baseline --help'],
  ['completion tcsh', 'PO1001: unknown value "tcsh" for SHELL; expected bash, zsh, fish, or powershell', ''],
  ['snapshot a.json --output b.json', 'PO1005: FILE a.json and --output b.json exclude each other', ''],
  ['help wyh', 'PO1001: unknown command "wyh"', 'Did you mean why? To list the commands: portowner --help'],
];
for (const [words, message, hint] of wrong) {
  test(`wrong: portowner ${words}`, async () => {
    const { code, out, err } = await run(words.split(' '));
    assert.equal([code, out, err], [64, '', `portowner: ${message}\n${hint === '' ? '' : `  ${hint}\n`}`]);
  });
}

test('a column that is nearly one', async () => {
  assert.match((await run(['443', '--columns', 'LocalPort,ownr', '--from', file])).err, /PO1003: unknown column "ownr"\n {2}Did you mean Owner\? Columns: Protocol, /);
});

test('a word that names no file leaves none', async () => {
  const path = join(temporaryFolder(), 'p.json');
  assert.is((await run(['443', '--formt', 'json', '-o', path])).code, 64);
  assert.not.ok(existsSync(path));
});

test.run();
