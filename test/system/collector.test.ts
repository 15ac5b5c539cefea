// The collectors for real: what they send is decoded to the facts that a local look at the same machine gives.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { gather } from '../../src/facts/gather/gather.ts';
import type { Facts } from '../../src/facts/model/facts.ts';
import { everything, type Question } from '../../src/facts/model/question.ts';
import { readFacts } from '../../src/facts/read/read.ts';
import { linuxSource } from '../../src/machine/linux/source.ts';
import { facts as someFacts, socket } from '../support/example.ts';
import { noPowerShell, plain, pwsh } from '../support/powershell.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('collectors');
const folder = mkdtempSync(join(tmpdir(), 'portowner-collector-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const script = (name: string): string => join(root, 'ps/Collector', name);

const withLines: Question = { ...everything, details: new Set([...everything.details, 'commandLine']) };

async function factsOf(text: string | Buffer, question: Question): Promise<Facts> {
  const file = join(folder, 'collection.txt');
  writeFileSync(file, text);
  return (await readFacts([file]))(question);
}

// ---- Linux

const shells: readonly (readonly string[])[] = [['sh'], ['busybox', 'sh']];
const listeners: Server[] = [];
test.before(async () => {
  for (const address of ['127.0.0.1', '::1', '0.0.0.0']) {
    const server = createServer().listen(0, address);
    await once(server, 'listening');
    listeners.push(server);
  }
});
test.after(() => listeners.forEach((server) => server.close()));

/** What both can know of the listeners of this process, and of it. */
function ownFacts({ machine, sections }: Facts) {
  const ports = new Set(listeners.map((server) => (server.address() as AddressInfo).port));
  return {
    machine,
    sockets: sections.sockets.data.filter(({ localPort, state }) => ports.has(localPort) && state === 'Listen').sort((a, b) => a.localPort - b.localPort),
    process: sections.processes.data
      .filter(({ pid }) => pid === process.pid)
      // What runs it is told by its arguments, which are read only when they were asked for.
      .map(({ application: _, ...rest }) => rest),
    ranges: [sections.dynamicRanges.data, sections.reservedPorts.data],
    addresses: sections.addresses?.data.map(({ address }) => address).sort(),
  };
}

for (const shell of shells)
  test(`${shell.join(' ')} tells of Linux what a local look does`, async (context: TestContext) => {
    if (process.platform !== 'linux') return skip('Linux is asked', context);
    if (spawnSync(shell[0]!, ['-c', 'true']).error !== undefined) return skip(`${shell[0]} is not installed`, context);
    if (!existsSync('/usr/sbin/ip') && !existsSync('/sbin/ip') && !existsSync('/usr/bin/ip')) return skip('ip (iproute2) is not installed', context);
    const text = readFileSync(script('collect.sh'), 'utf8');
    const asked = spawnSync(shell[0]!, [...shell.slice(1), '-s'], { input: `command_lines=1\n${text}`, maxBuffer: 1e9 });
    assert.is(String(asked.stderr), '');
    assert.is(asked.status, 0);
    const [far, here] = [await factsOf(asked.stdout, withLines), await gather(linuxSource(), withLines, new Date())];
    assert.is(ownFacts(here).sockets.length, listeners.length);
    assert.equal(ownFacts(far), ownFacts(here));
    assert.match(far.sections.processes.data.find(({ pid }) => pid === process.pid)?.commandLine ?? '', /\S/);
  });

test('the collector sends no command lines unless it is asked to, and leaves nothing behind', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('Linux is asked', context);
  const empty = mkdtempSync(join(folder, 'home-'));
  const asked = spawnSync('sh', ['-s'], { input: readFileSync(script('collect.sh')), cwd: empty, env: { HOME: empty, TMPDIR: empty }, maxBuffer: 1e9 });
  const facts = await factsOf(asked.stdout, withLines);
  const own = facts.sections.processes.data.find(({ pid }) => pid === process.pid);
  assert.is(own?.commandLine, null);
  assert.equal(
    own?.refusals.map(({ field, code }) => [field, code]),
    [['CommandLine', 'NotAsked']],
  );
  assert.equal(spawnSync('ls', ['-A', empty]).stdout.toString(), '');
});

test('without gzip it is sent plain', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('Linux is asked', context);
  const text = readFileSync(script('collect.sh'), 'utf8').replaceAll('command -v gzip', 'command -v portowner-none');
  const asked = spawnSync('sh', ['-s'], { input: text, maxBuffer: 1e9 });
  assert.match(String(asked.stdout), /^#PortOwner\.Collection 1 plain\n@machine\n/);
  assert.equal(ownFacts(await factsOf(asked.stdout, everything)).sockets, ownFacts(await gather(linuxSource(), everything, new Date())).sockets);
});

test('docker is asked by its own program, and by none of the settings of a user', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('Linux is asked', context);
  const bin = mkdtempSync(join(folder, 'bin-'));
  const socket = join(bin, 'docker.sock');
  const engine = createServer().listen(socket);
  await once(engine, 'listening');
  // Says with what it was asked.
  writeFileSync(join(bin, 'docker'), `#!/bin/sh\n[ "$DOCKER_CONFIG" = /nonexistent ] && printf '%s\\n' "$*"\n`, { mode: 0o755 });
  const text = readFileSync(script('collect.sh'), 'utf8');
  const changed = text
    .replace('docker_socket=/var/run/docker.sock', `docker_socket=${socket}`)
    .replace("grep -qs 'docker[-/][0-9a-f]' /proc/[0-9]*/cgroup", 'true')
    .replace('PATH=/usr/sbin', `PATH=${bin}:/usr/sbin`)
    .replace(/^main\(\) \{[^]*/m, 'containers');
  const { stdout, status } = spawnSync('sh', ['-s'], { input: changed, encoding: 'utf8', env: { DOCKER_HOST: 'tcp://192.0.2.1:2375' } });
  engine.close();
  assert.is(status, 0);
  assert.match(stdout, `@engine/docker\n -H unix://${socket} ps --no-trunc --format {{.ID}}\\t{{.Names}}\\t`);
});

// ---- A portowner there

const snapshot = JSON.stringify(someFacts([socket({ localPort: 8443, pid: 4242 })], { platform: 'linux' }));
/** A program in place of a portowner, and what it prints as a snapshot. */
const standIn = (text = snapshot): string =>
  `#!/bin/sh\ncase "$1" in --version) echo 'portowner 1.0' ;; snapshot) printf '%s\\n' '${text}' ;; *) printf '%s;' "$@"; cat; exit 1 ;; esac\n`;

/** Runs the collector with a program in a folder that only root can change, after a change to either. */
function collectBeside(shell: readonly string[], before: string, change: (folder: string, program: string) => void, text = standIn()) {
  // Everybody can write to the folder for temporary files.
  const own = mkdtempSync('/opt/portowner-test-');
  try {
    const folder = join(own, 'a/b');
    const program = join(folder, 'portowner');
    mkdirSync(folder, { recursive: true });
    chmodSync(own, 0o755);
    writeFileSync(program, text, { mode: 0o755 });
    change(folder, program);
    const places = readFileSync(script('collect.sh'), 'utf8').replace(/^program_places='[^']*'/m, `program_places='${own}/none ${folder}'`);
    const { stdout, stderr } = spawnSync(shell[0]!, [...shell.slice(1), '-s'], { input: `${before}\n${places}`, maxBuffer: 1e9, env: { HOME: folder } });
    assert.is(String(stderr), '');
    // A slow answer follows lines with only #.
    const answer = String(stdout).replace(/^(?:#\n)+/, '');
    return { sent: stdout, lines: answer.split('\n'), way: /^#PortOwner\.Way ([^\n]*)\n/.exec(answer)?.[1]?.replaceAll(own, '') ?? '' };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

const noRoot = process.platform !== 'linux' ? 'Linux is asked' : process.getuid?.() !== 0 ? 'only root can make a folder that only root can change' : null;

for (const shell of shells) {
  test(`${shell.join(' ')}: a portowner that only root can change answers with its snapshot`, async (context: TestContext) => {
    if (noRoot !== null) return skip(noRoot, context);
    if (spawnSync(shell[0]!, ['-c', 'true']).error !== undefined) return skip(`${shell[0]} is not installed`, context);
    const { sent, way } = collectBeside(shell, 'facts_version=1', () => undefined);
    assert.is(way, 'used /a/b/portowner');
    assert.equal((await factsOf(sent, everything)).sections, JSON.parse(snapshot).sections);
    // Unless facts are wanted, it is not looked for.
    assert.is(collectBeside(shell, '', () => undefined).way, '');
  });

  const untrusted: readonly (readonly [what: string, change: (folder: string, program: string) => void, why: RegExp, text?: string])[] = [
    ['that others can write to', (_, program) => chmodSync(program, 0o757), /users other than root can write to \/a\/b\/portowner$/],
    ['that a group can write to', (_, program) => chmodSync(program, 0o775), /users other than root can write to \/a\/b\/portowner$/],
    ['of somebody else', (_, program) => chownSync(program, 65_534, 0), /root does not own \/a\/b\/portowner$/],
    ['in a folder that others can write to', (folder) => chmodSync(folder, 0o777), /users other than root can write to \/a\/b$/],
    ['in a folder of somebody else', (folder) => chownSync(join(folder, '..'), 65_534, 0), /root does not own \/a$/],
    [
      'that is a link to such a folder',
      (folder, program) => {
        mkdirSync(join(folder, 'open'));
        renameSync(program, join(folder, 'open/portowner'));
        chmodSync(join(folder, 'open'), 0o777);
        symlinkSync('open/portowner', program);
      },
      /users other than root can write to \/a\/b\/open$/,
    ],
    [
      'that a link of somebody else leads to',
      (folder, program) => {
        mkdirSync(join(folder, '../c'));
        renameSync(program, join(folder, '../c/portowner'));
        symlinkSync('../c/portowner', program);
        chmodSync(folder, 0o777);
      },
      /users other than root can write to \/a\/b$/,
    ],
    [
      'in a folder behind a link',
      (folder) => {
        renameSync(folder, join(folder, '../c'));
        symlinkSync('c', folder);
      },
      /\/a\/b is behind a link$/,
    ],
    ['with other facts', () => undefined, /its snapshot does not have format version 1$/, standIn(snapshot.replace('"formatVersion":1', '"formatVersion":2'))],
    ['that fails', () => undefined, /portowner snapshot ended with exit code 70$/, '#!/bin/sh\nexit 70\n'],
    ['that cannot run', (_, program) => chmodSync(program, 0o644), /portowner snapshot ended with exit code 126$/],
  ];
  for (const [what, change, why, text] of untrusted)
    test(`${shell.join(' ')}: a portowner ${what} is ignored, and the collector answers`, async (context: TestContext) => {
      if (noRoot !== null) return skip(noRoot, context);
      if (spawnSync(shell[0]!, ['-c', 'true']).error !== undefined) return skip(`${shell[0]} is not installed`, context);
      const { sent, way } = collectBeside(shell, 'facts_version=1', change, text);
      assert.match(way, /^ignored /);
      assert.match(way, why);
      assert.is(ownFacts(await factsOf(sent, everything)).sockets.length, listeners.length);
    });

  test(`${shell.join(' ')}: calls are answered by a portowner there, with their input`, (context: TestContext) => {
    if (noRoot !== null) return skip(noRoot, context);
    if (spawnSync(shell[0]!, ['-c', 'true']).error !== undefined) return skip(`${shell[0]} is not installed`, context);
    const before = "calls='why\t*\nwhy\t--a b'\nversion='portowner 1.0'\ntext='a text'";
    const { lines } = collectBeside(shell, before, () => undefined);
    assert.equal(lines.slice(1), ['#PortOwner.Answer 1', '@answer', ' why;*;a text', '@answer', ' why;--a b;a text', '#End', '']);
    const { sent: other, way } = collectBeside(shell, before.replace('1.0', '2.0'), () => undefined);
    assert.match(way, /it is not version portowner 2\.0$/);
    assert.match(String(other), /\n#PortOwner\.Collection 1 /);
  });
}

test('PowerShell on Linux hands over to sh', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('Linux is asked', context);
  if (pwsh === null) return skip(noPowerShell, context);
  const call = `& '${script('Collect.ps1')}' $false (Get-Content -Raw -LiteralPath '${script('collect.sh')}')`;
  const asked = spawnSync(pwsh, [...plain, '-Command', call], { maxBuffer: 1e9 });
  assert.is(asked.status, 0, String(asked.stderr));
  assert.equal(ownFacts(await factsOf(asked.stdout, everything)).sockets, ownFacts(await gather(linuxSource(), everything, new Date())).sockets);
});

test.run();
