// Far machines that send what they should not, die in the middle, or whose users have other shells and configurations.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorsIn, jsonRows, portOwner, type PortOwner } from '../support/program.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { descendants, hostEntry, isAlive, noSshd, SshWorld, type Sshd } from '../support/sshd.ts';
import { ownProgram } from '../support/own-program.ts';

const test = suite('ssh, far machines of every kind');
const world = new SshWorld();
const { folder, config } = world;
const portowner: PortOwner = portOwner(ownProgram);
const daemons = new Map<string, Sshd>();

const listener = createServer();
let port = 0;

/** Shells that people have, each with a profile that prints something. */
const shells: Readonly<Record<string, { path: string; profile: string; text: string }>> = {
  bash: { path: '/bin/bash', profile: '.bashrc', text: 'echo "Welcome to bash"' },
  fish: { path: '/usr/bin/fish', profile: '.config/fish/config.fish', text: 'echo "Welcome to fish"' },
  csh: { path: '/bin/csh', profile: '.cshrc', text: 'echo "Welcome to csh"' },
  zsh: { path: '/usr/bin/zsh', profile: '.zshenv', text: 'echo "Welcome to zsh"' },
};
const installed = Object.keys(shells).filter((name) => existsSync(shells[name]!.path));

const collection = (machine: string, more: string): string =>
  `#PortOwner.Collection 1 plain\n@machine\n platform win32\n name ${machine}\n release 10.0.26100\n architecture AMD64\n elevated true\n at 2026-01-02T03:04:05Z\n${more}#End\n`;
const hostile = collection(
  'EVIL\x1b[2J\u202egnp',
  '@cim/tcp\n 0.0.0.0,443,0.0.0.0,0,2,7,134000000000000000\n@cim/udp\n@cim/processes\n 7,1,"\x1b]0;owned\x07web.exe","C:\\\x1b[31m\\web.exe",134000000000000000,""\n',
);
const bomb = (): string => `#PortOwner.Collection 1 gzip\n${gzipSync(Buffer.alloc(300 * 1024 * 1024, 0x0a)).toString('base64')}\n#End\n`;

test.before(async () => {
  if (noSshd !== null) return;
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  port = (listener.address() as AddressInfo).port;
  world.makeKeys();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  // The input is read, so that nobody fails to send it.
  const sends = (name: string, text: string): string => `cat >/dev/null; cat ${file(`${name}.txt`, text)}`;
  const scripts: Record<string, string> = {
    plain: 'eval "$SSH_ORIGINAL_COMMAND"; echo "logout"; echo "#End"',
    nologin: 'echo "This account is currently not available."; exit 1',
    dies: 'echo "#PortOwner.Collection 1 gzip"; echo H4sIAAAA; kill -9 $PPID; sleep 5',
    endless: 'echo "#PortOwner.Collection 1 plain"; exec yes " a line that is sent again and again, until somebody has enough of it"',
    // Says that it has begun, and goes on when it is told to.
    slow: `touch ${folder}/begun; turn=0; while [ ! -e ${folder}/go ] && [ $turn -lt 1200 ]; do sleep 0.1; turn=$((turn + 1)); done; eval "$SSH_ORIGINAL_COMMAND"`,
    hostile: sends('hostile', hostile),
    wrong: sends('wrong', '#PortOwner.Collection 1 gzip\n?this is no base64?\n#End\n'),
    bomb: sends('bomb', bomb()),
    complains: String.raw`cat >/dev/null; printf '\033[2Jno\033]0;owned\007thing\n' >&2; exit 9`,
  };
  for (const name of installed) {
    const { path, profile, text } = shells[name]!;
    const home = join(folder, `home-${name}`);
    mkdirSync(join(home, profile, '..'), { recursive: true });
    writeFileSync(join(home, profile), `${text}\n`);
    scripts[name] = `HOME=${home} ZDOTDIR=${home} XDG_CONFIG_HOME=${home}/.config exec ${path} -c "$SSH_ORIGINAL_COMMAND"`;
  }
  for (const [name, text] of Object.entries(scripts)) daemons.set(name, await world.start(name, world.script(name, text)));
  const entry = (name: string, more: readonly string[] = [], other = name): string => hostEntry(other, daemons.get(name)!.port, more);
  world.writeConfig([
    ...[...daemons.keys()].map((name) => entry(name)),
    entry(
      'plain',
      [
        'RemoteCommand echo other',
        'RequestTTY yes',
        'ControlMaster auto',
        `ControlPath ${folder}/master-%C`,
        'ControlPersist 300',
        `LocalForward ${port} 127.0.0.1:1`,
        'ExitOnForwardFailure yes',
        'ForwardAgent yes',
      ],
      'people',
    ),
    entry('plain', [`ProxyCommand sh -c "sleep 600 & echo \\$! > ${folder}/stays; exec false"`], 'broken'),
  ]);
});
test.after(() => {
  listener.close();
  world.stop();
});

const ask = (args: readonly (string | number)[], ...hosts: string[]) => portowner([...args, '--ssh-config', config, ...hosts.flatMap((host) => ['--host', host])]);

test('the shell of the far user, what it prints before and after, and a configuration made for people', (context: TestContext) => {
  if (noSshd !== null) return skip(noSshd, context);
  const { code, out, err } = ask([port, '--format', 'json'], 'plain', 'people', ...installed);
  assert.equal([code, err], [0, '']);
  assert.equal(
    jsonRows(out).map(({ ComputerName, OwningProcess }) => [ComputerName, OwningProcess]),
    ['plain', 'people', ...installed].map((name) => [name, process.pid]),
  );
  assert.not.ok(existsSync(join(folder, 'master')), 'no connection stays');
  const missing = Object.keys(shells).filter((name) => !installed.includes(name));
  if (missing.length > 0) skip(`no ${missing.join(', ')}`, context);
});

test('what ends in the middle, never ends, or is no collection, is one error, and the others are answered', (context: TestContext) => {
  if (noSshd !== null) return skip(noSshd, context);
  const { code, out, err } = ask([port, '--format', 'csv', '--columns', 'OwningProcess'], 'dies', 'plain', 'endless', 'wrong', 'bomb', 'nologin', 'broken', 'complains');
  assert.equal([code, out], [69, `OwningProcess\r\n${process.pid}\r\n`]);
  const errors = errorsIn(err);
  assert.is(errors.length, 7, err);
  const expected = [
    /PO3006: dies could not be queried: /,
    /PO3006: endless could not be queried: it sent more than 64 MB/,
    /PO2002: what wrong sent is not a complete collection: what it has packed cannot be unpacked/,
    /PO2002: what bomb sent is not a complete collection: /,
    /PO3006: nologin could not be queried: This account is currently not available\./,
    /PO3006: broken could not be queried: /,
    /PO3006: complains could not be queried: \\x1b\[2Jno\\x1b\]0;owned\\x07thing/,
  ];
  // What takes long comes later.
  for (const form of expected) assert.is(errors.filter((text) => form.test(text)).length, 1, `${form}: ${err}`);
  // Nobody waited for the proxy command, which stays.
  process.kill(Number(readFileSync(join(folder, 'stays'), 'utf8')), 'SIGKILL');
});

test('no name of a far machine moves the cursor', (context: TestContext) => {
  if (noSshd !== null) return skip(noSshd, context);
  for (const args of [[443], [443, '--format', 'list'], ['why', 443], ['conflicts'], ['ranges']]) {
    const { out, err } = ask(args, 'hostile', 'plain');
    // Sorted out of everything that the terminal acts on.
    assert.not.match(out + err, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/, String(args));
  }
  assert.match(ask([443], 'hostile', 'plain').out, String.raw`EVIL\x1b[2J\u202egnp`);
});

test('Ctrl+C leaves no process here or there', async (context: TestContext) => {
  if (noSshd !== null) return skip(noSshd, context);
  const [program, ...flags] = ownProgram;
  const child = spawn(program, [...flags, String(port), '--ssh-config', config, ...['endless', 'slow', 'plain'].flatMap((host) => ['--host', host])], { stdio: 'ignore' });
  const far = (): number[] => ['endless', 'slow'].flatMap((name) => descendants(daemons.get(name)!.pid));
  const until = async (what: () => boolean): Promise<boolean> => {
    for (let turn = 0; turn < 1000 && !what(); turn++) await new Promise((resolve) => setTimeout(resolve, 50));
    return what();
  };
  assert.ok(await until(() => existsSync(join(folder, 'begun'))));
  const here = descendants(child.pid!);
  assert.ok(here.length > 0 && far().length > 0);
  child.kill('SIGINT');
  assert.is((await once(child, 'exit'))[0], 130);
  assert.ok(await until(() => !here.some(isAlive)), 'something is left here');
  writeFileSync(join(folder, 'go'), '');
  // A collector there ends with the next word that it writes, since nobody reads it.
  assert.ok(await until(() => far().length === 0), 'something is left there');
});

test.run();
