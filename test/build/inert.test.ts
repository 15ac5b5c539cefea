// The embedded Node is deaf to the environment: no variable runs code, writes a file or changes an answer.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { executable } from '../../src/build/executable.ts';
import { findReads, inert, languages, makeInert } from '../../src/build/inert.ts';
import { type Platform, runtimeOf } from '../../src/build/platform.ts';
import { nodeBinary } from '../../src/build/runtime.mjs';
import { skip } from '../support/skip.ts';
import { dist, products, wine, withFolder } from '../support/build-machine.ts';

const test = suite('inert');

/** A string as V8's snapshot has it: its length, its text, and whatever follows. */
const serialized = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, Buffer.from(`${text}\x9f`, 'latin1')]);
};
const binary = (...parts: (string | Buffer)[]): Buffer => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
const after = (bytes: Buffer, name: string, count: number): string => {
  makeInert(bytes, new Map([[name, count]]));
  return bytes.toString('latin1');
};

const forms: [what: string, before: Buffer, after: string, name?: string][] = [
  ['a string in C', binary('\0NODE_PATH\0'), '\0\0ODE_PATH\0'],
  ['the end of a longer string in C', binary('\0 is not allowed in NODE_PATH\0'), '\0 is not allowed in \0ODE_PATH\0'],
  ['the end of a longer word in C', binary('\0CLANG\0SLANG\0'), '\0C\0ANG\0SLANG\0', 'LANG'],
  ["a string for Windows' own functions", Buffer.from('\0NODE_PATH\0', 'utf16le'), `\0\0\0\0${[...'ODE_PATH'].join('\0')}\0\0\0`],
  ["a string in V8's snapshot", serialized('NODE_PATH'), '\x09\0\0\0\0ODE_PATH\x9f'],
  ['JavaScript that reads it', binary('if (process.env.NODE_PATH) {'), 'if (process    .NODE_PATH) {'],
  ['JavaScript that hands its name on', binary("safeGetenv('NODE_PATH');"), "safeGetenv('\\0DE_PATH');"],
  ['JavaScript that looks whether it is there', binary("ObjectHasOwn(process.env, 'NODE_PATH')"), "ObjectHasOwn(process.env, '\\0DE_PATH')"],
];
for (const [what, before, expected, name = 'NODE_PATH'] of forms) {
  test(`the patch covers ${what}`, () => assert.is(after(before, name, 1), expected));
}

test('the patch leaves what only mentions a name, and longer names, as they are', () => {
  const text = "// NODE_PATH is read\n`NODE_PATH=${path}`, ['NODE_PATH', help], MY_NODE_PATH\0 NODE_PATH_2 \0";
  assert.is(after(binary(text), 'NODE_PATH', 0), text);
});

test('what the patch writes is JavaScript that finds nothing', () => {
  const code = after(binary("return [process.env.NODE_PATH, safeGetenv('NODE_PATH')];"), 'NODE_PATH', 2);
  const asked: string[] = [];
  const run = new Function('process', 'safeGetenv', code) as (process: object, safeGetenv: (name: string) => void) => unknown[];
  assert.equal(
    run({ env: { NODE_PATH: 'x' } }, (name) => void asked.push(name)),
    [undefined, undefined],
  );
  assert.equal(asked, ['\0DE_PATH']);
});

for (const [count, said] of [
  [1, 'NODE_PATH is found 2 times, expected 1'],
  [3, 'NODE_PATH is found 2 times, expected 3'],
] as const) {
  test(`the build fails when a name is found twice and expected ${count} times`, () => {
    const bytes = binary('\0NODE_PATH\0NODE_PATH\0');
    const untouched = Buffer.from(bytes);
    assert.throws(
      () => makeInert(bytes, new Map([['NODE_PATH', count]])),
      (error: Error) => error.message.endsWith(`\n${said}`),
    );
    assert.equal(bytes, untouched);
  });
}

for (const text of ['\0NODE_NEW_WAY\0', `\0\0${[...'NODE_NEW_WAY'].join('\0')}\0\0\0`, 'process.env.NODE_NEW_WAY', 'env.NODE_NEW_WAY']) {
  test(`the build fails when Node reads what nobody has judged: ${JSON.stringify(text)}`, () => {
    assert.throws(() => makeInert(binary(text), new Map()), /NODE_NEW_WAY is read, and neither inert nor heeded/);
  });
}

const built: readonly (readonly [name: string, platform: Platform])[] = [
  ['portowner', 'linux'],
  ['portowner.exe', 'win'],
  ['portowner-arm64.exe', 'win-arm64'],
];
for (const [name, platform] of built) {
  test(`${name} holds no name where its Node would read it`, () => {
    const reads = (path: string): string[] => [...findReads(readFileSync(path), Object.keys(inert))].flatMap(([variable, found]) => (found.length > 0 ? [variable] : []));
    assert.equal(reads(join(dist, name)), []);
    assert.ok(reads(nodeBinary(runtimeOf[platform])).includes('NODE_OPTIONS'));
  });
}

interface Hostile {
  readonly name: string;
  readonly value: string;
  /** What shows that Node heeds it; runs as a script that may `say` something. */
  readonly script: string;
  /** Not on Windows, where Node has no such thing, or shows it in a stream that Wine has not. */
  readonly linuxOnly?: boolean;
}

/** Variables with a value that shows in bare Node: in what is printed, in files, or by the code that was run. */
const hostile: readonly Hostile[] = [
  { name: 'NODE_OPTIONS', value: '--require ./evil.cjs', script: '' },
  { name: 'NODE_COMPILE_CACHE', value: 'written', script: 'require("node:module").flushCompileCache?.()' },
  { name: 'NODE_V8_COVERAGE', value: 'written', script: '' },
  { name: 'NODE_REDIRECT_WARNINGS', value: 'written/warnings', script: 'process.emitWarning("x")' },
  { name: 'NODE_DEBUG', value: '*', script: 'require("node:util").debuglog("x")("seen")' },
  { name: 'NODE_DEBUG_NATIVE', value: 'BOOTSTRAP,MKSNAPSHOT', script: '' },
  { name: 'NODE_EXTRA_CA_CERTS', value: 'missing.pem', script: 'require("node:tls").createSecureContext()' },
  { name: 'NODE_CHANNEL_FD', value: '0', script: 'say(typeof process.send); process.disconnect?.()', linuxOnly: true },
  { name: 'NODE_UNIQUE_ID', value: '1', script: 'say(require("node:cluster").isWorker)' },
  { name: 'NODE_CLUSTER_SCHED_POLICY', value: 'none', script: 'say(require("node:cluster").schedulingPolicy)', linuxOnly: true },
  { name: 'NODE_NO_WARNINGS', value: '1', script: 'process.emitWarning("x")' },
  { name: 'NODE_PENDING_DEPRECATION', value: '1', script: 'process.binding("fs")' },
  {
    name: 'NODE_TLS_REJECT_UNAUTHORIZED',
    value: '0',
    script: 'require("node:tls").connect({ port: 1, host: "127.0.0.1" }).on("error", () => {})',
  },
  { name: 'NODE_USE_ENV_PROXY', value: '1', script: 'say(require("node:http").globalAgent.options)' },
  { name: 'NODE_TEST_CONTEXT', value: 'child', script: 'require("node:test")("x", () => {})', linuxOnly: true },
  // As no language is called: ICU has room for a hundred characters or so.
  ...Object.keys(languages).map((name) => ({ name, value: 'a'.repeat(3000), script: '', linuxOnly: true })),
  { name: 'OPENSSL_CONF', value: 'evil.cjs', script: '' },
  { name: 'ICU_TIMEZONE_FILES_DIR', value: 'damaged', script: 'say(new Date(0).toLocaleString("de", { timeZone: "Europe/Berlin" }))' },
  { name: 'SIMDUTF_FORCE_IMPLEMENTATION', value: 'none', script: '' },
  {
    name: 'UV_THREADPOOL_SIZE',
    value: '1',
    script: 'require("node:fs").stat(".", () => say(require("node:fs").readdirSync("/proc/self/task").length))',
    linuxOnly: true,
  },
];

/** Makes a folder with what the hostile values name. */
function layTrap(folder: string): void {
  writeFileSync(join(folder, 'evil.cjs'), `require('node:fs').writeFileSync('evil.txt', '');`);
  for (const name of ['written', 'damaged']) mkdirSync(join(folder, name));
  for (const name of ['zoneinfo64', 'timezoneTypes', 'metaZones', 'windowsZones']) writeFileSync(join(folder, 'damaged', `${name}.res`), 'damaged');
}

/** One language goes before the other. */
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !Object.hasOwn(languages, name)));

/** What a program does in a folder with a trap: what it says and ends with, and the files that it leaves. */
function outcome(command: readonly string[], folder: string, env: Record<string, string>): string {
  const [program = '', ...args] = command;
  const { status, signal, stdout, stderr } = spawnSync(program, args, { cwd: folder, env: { ...inherited, ...env }, encoding: 'utf8', input: '', timeout: 60_000 });
  const files = readdirSync(join(folder, 'written')).length > 0 || existsSync(join(folder, 'evil.txt'));
  rmSync(join(folder, 'evil.txt'), { force: true });
  rmSync(join(folder, 'written'), { recursive: true });
  mkdirSync(join(folder, 'written'));
  // A warning names the process, a test its duration.
  return JSON.stringify({
    status,
    signal,
    stdout: stdout.replace(/\d+\.\d+ms|_ms \d+\.\d+/g, 'ms'),
    stderr: stderr.replace(/\(node:\d+\)/g, '(node)').replace(/^.*fixme:.*\n/gm, ''),
    files,
  });
}

/** Holds an executable of the same making, which runs the script in its argument, against bare Node. */
async function holdAgainstNode(platform: 'linux' | 'win', prefix: readonly string[], rows: readonly Hostile[]): Promise<void> {
  const bytes = await executable(platform, 'new Function("require", process.argv[2])(require)');
  // Node's own streams cannot write into a pipe under Wine.
  const say = 'const say = (value) => void require("node:fs").writeSync(1, JSON.stringify(value) + "\\n");';
  await withFolder((folder) => {
    layTrap(folder);
    const probe = join(folder, platform === 'linux' ? 'probe' : 'probe.exe');
    writeFileSync(probe, bytes, { mode: 0o755 });
    const node = nodeBinary(runtimeOf[platform]);
    // Many scripts are the same.
    const plain = new Map<string, string>();
    const without = (command: readonly string[], key: string): string => plain.getOrInsertComputed(key, () => outcome(command, folder, {}));
    for (const { name, value, script } of rows) {
      const whole = `${say}${script}`;
      writeFileSync(join(folder, 'script.cjs'), whole);
      const bare = [...prefix, node, 'script.cjs'];
      const own = [...prefix, probe, whole];
      assert.is.not(outcome(bare, folder, { [name]: value }), without(bare, `bare ${script}`), `bare Node heeds ${name}`);
      assert.is(outcome(own, folder, { [name]: value }), without(own, `own ${script}`), `${name} has no effect`);
    }
  });
}

test("the Linux executable's Node does not heed what bare Node heeds", async (context) => {
  if (process.platform !== 'linux') return skip('this machine is not Linux', context);
  await holdAgainstNode('linux', [], hostile);
});

test("the Windows executable's Node does not heed what bare Node heeds", async (context) => {
  const prefix = process.platform === 'win32' ? [] : wine();
  if (prefix === null) return skip('Wine is not installed (.ci/wine-setup)', context);
  await holdAgainstNode(
    'win',
    prefix,
    hostile.filter(({ linuxOnly }) => !linuxOnly),
  );
});

/** A value for every variable, in a folder with a trap. */
const valueOf = (name: string): string =>
  hostile.find((row) => row.name === name)?.value ??
  (/(?:DIR|PATH|ENGINES|MODULES|INCLUDE|ICU_DATA)$/.test(name) ? 'damaged' : /(?:FILE|MODULE|CONF|HOSTS)$/.test(name) ? './evil.cjs' : '1');

for (const { name, command, without } of products()) {
  test(`${name} answers the same whatever the environment says`, async (context) => {
    if (command === null) return skip(without, context);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await withFolder((folder) => {
      layTrap(folder);
      // Under Wine the ports are those of its own world: what counts is that the answer is the same.
      const ask = [...command, String(port), '--format', 'json'];
      const plain = outcome(ask, folder, {});
      const variables = [...Object.keys(inert), ...Object.keys(languages)];
      const all = Object.fromEntries(variables.map((variable) => [variable, valueOf(variable)]));
      assert.is(outcome(ask, folder, all), plain, 'all at once');
      // A start under Wine takes a second.
      const alone = name === 'portowner' ? variables : ['NODE_REPL_EXTERNAL_MODULE', 'NODE_CHANNEL_FD', 'NODE_ICU_DATA', 'OPENSSL_MODULES'];
      for (const variable of alone) assert.is(outcome(ask, folder, { [variable]: valueOf(variable) }), plain, variable);
    });
    server.close();
  });
}

test('the child process that portowner.exe starts of itself answers the same, too', async (context) => {
  const command = products().find(({ name }) => name === 'portowner.exe')?.command;
  if (!command) return skip('Wine is not installed (.ci/wine-setup)', context);
  await withFolder((folder) => {
    layTrap(folder);
    const ask = [...command, '--child', 'servicetags'];
    const all = Object.fromEntries(Object.keys(inert).map((variable) => [variable, valueOf(variable)]));
    assert.is(outcome(ask, folder, all), outcome(ask, folder, {}));
  });
});

test('files that Node reads by convention are not read', async (context) => {
  if (process.platform !== 'linux') return skip('this machine is not Linux', context);
  await withFolder((folder) => {
    layTrap(folder);
    const probe = join(folder, 'portowner');
    writeFileSync(probe, readFileSync(join(dist, 'portowner')), { mode: 0o755 });
    const plain = outcome([probe, '1'], folder, {});
    writeFileSync(join(folder, '.env'), 'NODE_OPTIONS=--require ./evil.cjs\nPORTOWNER_DISABLE=all\n');
    writeFileSync(join(folder, 'node.config.json'), '{"nodeOptions":{"require":["./evil.cjs"]}}');
    writeFileSync(join(folder, 'package.json'), '{"type":"module","main":"./evil.cjs","imports":{"#x":"./evil.cjs"}}');
    writeFileSync(join(folder, 'openssl.cnf'), 'nodejs_conf = [\n');
    assert.is(outcome([probe, '1'], folder, { HOME: folder }), plain);
  });
});

/** The name that a caller gives the program, and its arguments, which Node would take for its own flags. */
const disguised: readonly (readonly string[])[] = [
  ['--require=./evil.cjs', '--version'],
  ['--import=./evil.cjs', '--version'],
  ['--eval=require("fs").writeFileSync("evil.txt","")', '--version'],
  ['-v', '--version'],
  ['portowner', '--require=./evil.cjs'],
  ['portowner', '--env-file=.env'],
  ['portowner', '--node-options=--require=./evil.cjs'],
  ['portowner', '--inspect-brk=0'],
];
for (const [name = '', ...args] of disguised) {
  test(`Node takes no flag from the caller: ${name} ${args.join(' ')}`, async (context) => {
    if (process.platform !== 'linux') return skip('this machine is not Linux', context);
    await withFolder((folder) => {
      layTrap(folder);
      writeFileSync(join(folder, '.env'), 'NODE_OPTIONS=--require ./evil.cjs\n');
      const { status, stdout } = spawnSync(join(dist, 'portowner'), args, { argv0: name, cwd: folder, encoding: 'utf8', timeout: 60_000 });
      assert.not.ok(existsSync(join(folder, 'evil.txt')));
      if (args[0] === '--version') assert.match(stdout, /^portowner \d/);
      else assert.is(status, 64);
    });
  });
}

test('a signal opens no debugger', async (context) => {
  if (process.platform !== 'linux') return skip('this machine is not Linux', context);
  const script = 'process.kill(process.pid, "SIGUSR1"); setTimeout(() => console.log(require("node:inspector").url() ?? "closed"), 300)';
  const probe = await executable('linux', script);
  await withFolder((folder) => {
    writeFileSync(join(folder, 'probe'), probe, { mode: 0o755 });
    const said = (program: string, ...args: string[]): string => spawnSync(program, args, { encoding: 'utf8' }).output.join('');
    assert.match(said(nodeBinary(runtimeOf.linux), '--inspect-port=0', '-e', script), /^Debugger listening on/m);
    assert.is(said(join(folder, 'probe')), 'closed\n');
  });
});

test.run();
