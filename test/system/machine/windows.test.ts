// The Windows source on a real Windows machine, or under Wine: what it says is compared with what a second program
// opened. What Wine lacks is noted where it is left out.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../../src/build/runtime.mjs';
import { decodeGuestPorts } from '../../../src/facts/decode/windows-guests.ts';
import { decodeIpListenList, decodeUrlReservations } from '../../../src/facts/decode/windows-httpsys.ts';
import { decodePortProxies } from '../../../src/facts/decode/windows-portproxy.ts';
import { createdText } from '../../../src/facts/decode/windows-processes.ts';
import { decodeServices } from '../../../src/facts/decode/windows-services.ts';
import { decodeBoundSockets } from '../../../src/facts/decode/windows-sockets.ts';
import type { Machine, Process, Sections, Socket } from '../../../src/facts/model/facts.ts';
import type { RawEntry } from '../../../src/system/raw.ts';
import { windowsNodeCommand } from '../../support/build-machine.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import type { Details, PlainQuestion } from '../../support/windows-ask.ts';
import type { Opened } from '../../support/windows-listeners.ts';

interface Facts {
  readonly machine: Machine;
  readonly sections: Sections;
}

/** What was opened, and what was said of it. */
interface World {
  readonly opened: Opened;
  readonly all: Facts;
  readonly listeners: Facts;
  /** On the listener's port, on the client's, and on one that nobody has. */
  readonly ports: readonly Facts[];
  readonly details: Details;
  readonly refused: readonly RawEntry[];
  readonly missing: RawEntry;
  /** What one source says, by its name. */
  readonly raw: Readonly<Record<string, RawEntry>>;
}

const secret = 'hunter2';
/** So many UDP sockets that their table does not fit into the first buffer for it. */
const crowd = 2000;

function open(command: readonly string[]): Promise<{ child: ChildProcess; opened: Opened }> {
  const [program, ...args] = [...command, join(root, 'test/support/windows-listeners.ts'), `--crowd=${crowd}`, `--password=${secret}`];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let text = '';
    child.on('error', reject).on('exit', (code) => reject(new Error(`the listeners ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.endsWith('\n')) resolve({ child, opened: JSON.parse(text) as Opened });
    });
  });
}

const sources = ['drivers', 'portproxy', 'urlacl', 'iplisten', 'servicetags', 'bound4', 'bound6', 'guestports'] as const;

/** An entry as it was before it travelled as JSON. */
function withBytes(entry: RawEntry & { bytes?: unknown }): RawEntry {
  return entry.bytes === undefined ? entry : { ...entry, bytes: Buffer.from((entry.bytes as unknown as { data: number[] }).data) };
}

const portProxyKey = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\PortProxy';
/** Rules of this run alone: another one may use the same registry. */
const rulePort = 20_000 + (process.pid % 40_000);
const rules = [
  { table: 'v4tov4', listen: '0.0.0.0', connect: '192.168.1.101/22' },
  { table: 'v6tov4', listen: '*', connect: '10.0.0.1/443' },
] as const;

/** Writes the rules into Wine's registry, as netsh does it on Windows, or removes them. */
function registry(command: readonly string[], action: 'add' | 'delete'): void {
  for (const { table, listen, connect } of rules) {
    const value = ['/v', `${listen}/${rulePort}`, ...(action === 'add' ? ['/d', connect] : []), '/f'];
    const { status, stderr } = spawnSync(command[0]!, ['reg.exe', action, `${portProxyKey}\\${table}\\tcp`, ...value], { encoding: 'utf8', timeout: 60_000 });
    assert.is(status, 0, stderr);
  }
}

function ask(command: readonly string[], opened: Opened): World {
  const whole: PlainQuestion = {
    localPorts: null,
    protocols: ['TCP', 'UDP'],
    sockets: 'all',
    ranges: true,
    details: ['owner', 'path', 'commandLine', 'workingDirectory', 'user', 'parent', 'services'],
  };
  const facts = (question: Partial<PlainQuestion>) => `facts:${JSON.stringify({ ...whole, ...question })}`;
  // The crowd of UDP sockets may have one on the same number.
  const port = (one: number) => facts({ protocols: ['TCP'], sockets: 'answer', localPorts: [{ start: one, end: one }], details: [], ranges: false });
  const questions = [
    facts({}),
    facts({ sockets: 'listeners', protocols: ['TCP'], details: [], ranges: false }),
    port(opened.tcp4),
    port(opened.client),
    port(1),
    'details',
    'process/999999',
    'no/such/name',
    'process/x',
    'tcp5',
    ...sources,
  ];
  const [program, ...args] = [...command, join(root, 'test/support/windows-ask.ts'), ...questions];
  const { stdout, stderr, status } = spawnSync(program!, args, { encoding: 'utf8', maxBuffer: 1e9, timeout: 120_000 });
  assert.is(status, 0, stderr);
  const answers = JSON.parse(stdout);
  const [all, listeners, listener, client, nobody, details, missing, ...refused] = answers.slice(0, -sources.length);
  const raw = Object.fromEntries(sources.map((name, i) => [name, withBytes(answers.at(i - sources.length))]));
  return { opened, all, listeners, ports: [listener, client, nobody], details, missing, refused, raw };
}

const command = windowsNodeCommand();
const onWine = process.platform === 'linux';
const test = suite('the windows source');
let world: World;
let child: ChildProcess | undefined;

test.before(async () => {
  if (command === null) return;
  const listeners = await open(command);
  child = listeners.child;
  if (onWine) registry(command, 'add');
  try {
    world = ask(command, listeners.opened);
  } finally {
    if (onWine) registry(command, 'delete');
  }
});
test.after(() => void child?.removeAllListeners('exit').kill());

/** A test that needs Windows. */
function windows(name: string, check: (world: World) => void): void {
  test(name, (context) => (command === null ? skip('there is neither Windows nor Wine (.ci/wine-setup)', context as TestContext) : check(world)));
}

const own = ({ sections }: Facts, { opened }: World): Socket[] => sections.sockets.data.filter(({ pid }) => pid === opened.pid);
const line = ({ protocol, localAddress, localPort, remotePort, state }: Socket) => [protocol, localAddress, localPort, remotePort, state].join(' ');

windows('the machine', ({ all }) => {
  const { name, platform, release, architecture, elevated } = all.machine;
  assert.is(platform, 'win32');
  assert.ok(name !== 'unknown' && name !== '');
  assert.match(release, /^10\.0\.\d+$/);
  assert.match(architecture, /^(x64|arm64)$/);
  assert.type(elevated, 'boolean');
});

windows('every socket with its owner', (world) => {
  const { opened, all } = world;
  assert.is(all.sections.sockets.status, 'ok');
  const expected = [
    `TCP 127.0.0.1 ${opened.tcp4}  Listen`,
    `TCP 127.0.0.1 ${opened.tcp4} ${opened.client} Established`,
    `TCP 127.0.0.1 ${opened.client} ${opened.tcp4} Established`,
    `TCP ::1 ${opened.tcp6}  Listen`,
    `TCP :: ${opened.dual}  Listen`,
    `UDP 127.0.0.1 ${opened.udp4}  `,
    `UDP ::1 ${opened.udp6}  `,
  ];
  const found = own(all, world).map(line);
  for (const one of expected) assert.ok(found.includes(one), one);
  assert.is(found.length, expected.length + crowd, 'no row is missing from a large table, and none is there that has no port');
  for (const { holders, kernel, refusals } of own(all, world)) assert.equal({ holders, kernel, refusals }, { holders: [opened.pid], kernel: false, refusals: [] });
});

windows('only what listens', (world) => {
  const { opened, listeners } = world;
  assert.equal(own(listeners, world).map(line).toSorted(), [`TCP 127.0.0.1 ${opened.tcp4}  Listen`, `TCP :: ${opened.dual}  Listen`, `TCP ::1 ${opened.tcp6}  Listen`].toSorted());
});

windows('the answer for one port', (world) => {
  const { opened, ports } = world;
  assert.equal(
    ports.map((facts) => own(facts, world).map(line)),
    [[`TCP 127.0.0.1 ${opened.tcp4}  Listen`], [`TCP 127.0.0.1 ${opened.client} ${opened.tcp4} Established`], []],
  );
});

windows('the process that owns them', ({ opened, all }) => {
  const { processes } = all.sections;
  assert.is(processes.status, 'ok');
  const process = processes.data.find(({ pid }) => pid === opened.pid) as Process;
  assert.is(process.imageName, opened.execPath.replace(/^.*\\/, ''));
  assert.is(process.path?.toLowerCase(), opened.execPath.toLowerCase());
  assert.match(String(process.user), /^[^\\]+\\[^\\]+$/);
  assert.match(String(process.startTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  const late = Date.parse(String(process.startTime)) - opened.startedAfter;
  assert.ok(Math.abs(late) < 5000, `started ${late} ms after what the process itself says`);
});

windows('a process that another one started', ({ opened, all }) => {
  const { sockets, processes } = all.sections;
  assert.equal(sockets.data.filter(({ pid }) => pid === opened.child.pid).map(line), [`UDP 127.0.0.1 ${opened.child.udp4}  `]);
  const process = processes.data.find(({ pid }) => pid === opened.child.pid) as Process;
  assert.is(process.parent, opened.pid);
  assert.equal(process.refusals, []);
});

windows('its command line, masked', ({ opened, all }) => {
  const { commandLine } = all.sections.processes.data.find(({ pid }) => pid === opened.pid) as Process;
  assert.ok(commandLine?.includes('windows-listeners.ts'), String(commandLine));
  assert.ok(commandLine?.endsWith('--password=***'), String(commandLine));
  assert.not.ok(JSON.stringify(all).includes(secret));
});

windows('what it runs, and where', ({ opened, all }) => {
  for (const pid of [opened.pid, opened.child.pid]) {
    const found = all.sections.processes.data.find((one) => one.pid === pid) as Process;
    assert.is(found.application, 'node windows-listeners.ts', JSON.stringify(found));
    assert.is(found.workingDirectory, opened.workingDirectory);
  }
});

windows('running services with their processes', ({ all, details }) => {
  const { services } = all.sections;
  assert.is(services.status, 'ok');
  assert.ok(services.data.length > 0);
  for (const { name, pid, state } of services.data) {
    assert.ok(name !== '' && state !== 'Unknown', name);
    assert.ok(
      details.some((process) => process.pid === pid),
      `${name} runs in ${pid}`,
    );
  }
});

windows('what every process says of itself', ({ opened, details }) => {
  const told = details.find(({ pid }) => pid === opened.pid)!;
  assert.is(createdText(told.details.created), told.started, 'the list and the process itself give the same time');
  for (const {
    pid,
    details: { path, created, user, commandLine },
  } of details) {
    // Others are not everybody's to look at, and may end meanwhile; System has no path. But nothing else goes wrong.
    if (pid <= 4) continue;
    for (const one of [path, created, user, commandLine!]) assert.ok('value' in one || ['Gone', 'AccessDenied'].includes(one.refusal.code), JSON.stringify(one));
  }
});

windows('the memory of a part of Windows is not read for its working directory', ({ details }) => {
  const parts = details.filter(({ details: { path } }) => 'value' in path && /^C:\\Windows\\/i.test(path.value));
  assert.ok(parts.length > 0);
  for (const { details: one, imageName } of parts) assert.equal(one.workingDirectory, { value: '' }, String(imageName));
});

windows('what cannot be answered is refused', ({ missing, refused }) => {
  assert.match(String(missing.text), /"path":\{"refusal":\{"code":"Gone",/);
  for (const { refusal, bytes, text } of refused) assert.equal([refusal?.code, bytes, text], ['NotSupported', undefined, undefined]);
});

windows('port proxy rules of the registry', ({ raw }) => {
  const { data, flaw } = decodePortProxies(raw['portproxy']!.text!);
  assert.is(flaw, null);
  // On a real Windows whatever rules there are.
  if (!onWine) return;
  assert.equal(
    data
      .filter(({ listenPort }) => listenPort === rulePort)
      .map(({ table, listenAddress, connectAddress, connectPort }) => ({ table, listen: listenAddress, connect: `${connectAddress}/${connectPort}` })),
    [...rules],
  );
});

windows('drivers that run', ({ raw }) => {
  const { data, flaw } = decodeServices(raw['drivers']!.bytes!, raw['drivers']!.meta?.['pages']);
  assert.is(flaw, null);
  assert.ok(data.length > 0);
  for (const { name, state } of data) assert.ok(name !== '' && state !== 'Unknown', name);
});

windows('the configuration of HTTP.sys', ({ raw }) => {
  const reservations = decodeUrlReservations(raw['urlacl']!.bytes!, raw['urlacl']!.meta?.['pages']);
  assert.is(reservations.flaw, null);
  for (const { url } of reservations.data) assert.match(url, /^https?:\/\//i);
  assert.is(decodeIpListenList(raw['iplisten']!.bytes!).flaw, null);
});

windows('what only a child process asks', ({ raw }) => {
  const { text, refusal } = raw['servicetags']!;
  assert.is(refusal, undefined);
  for (const [key, name] of Object.entries(JSON.parse(text!))) assert.ok(/^\d+:\d+$/.test(key) && typeof name === 'object', key);
  for (const [name, decode] of [
    ['bound4', (bytes: Uint8Array) => decodeBoundSockets('bound4', bytes, () => true)],
    ['bound6', (bytes: Uint8Array) => decodeBoundSockets('bound6', bytes, () => true)],
    ['guestports', decodeGuestPorts],
  ] as const) {
    const entry = raw[name]!;
    // Wine has none of them, and a Windows without Hyper-V no computenetwork.dll: then no child is started.
    if (entry.bytes === undefined) assert.is(entry.refusal?.code, 'NotSupported', JSON.stringify(entry));
    else assert.is(decode(entry.bytes).flaw, null, name);
  }
});

test('a child process that crashes or says something else is a refusal', (context) => {
  if (command === null) return skip('there is neither Windows nor Wine (.ci/wine-setup)', context as TestContext);
  const [program, ...args] = [...command, join(root, 'test/support/windows-crash.ts')];
  const { stdout, stderr, status } = spawnSync(program!, args, { encoding: 'utf8', timeout: 120_000 });
  assert.is(status, 0, stderr);
  const [crash, silence, missing] = JSON.parse(stdout) as RawEntry[];
  assert.match(`${crash?.refusal?.code} ${crash?.refusal?.text}`, /^Failed the child process ended with code \d+$/);
  assert.match(`${silence?.refusal?.code} ${silence?.refusal?.text}`, /^Failed the child process ended with code 0$/);
  assert.match(`${missing?.refusal?.code} ${missing?.refusal?.text}`, /^Failed the child process could not be run: /);
});

windows('the dynamic ranges', ({ all }) => {
  const { status, data, reason } = all.sections.dynamicRanges;
  // Wine's netsh says nothing.
  if (data.length === 0) assert.match(`${status} ${reason}`, /^failed dynamicports: netsh .* printed nothing/);
  else assert.is(data.length, 4);
});

test.run();
