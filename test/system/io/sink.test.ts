import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ClosedPipe, fileSink } from '../../../src/io/sink.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import { skip } from '../../support/skip.ts';

const test = suite<{ folder: string }>('sink');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'portowner-sink-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const posix = process.platform !== 'win32';
const noPosix = 'Windows has no such files';

const sinkUrl = JSON.stringify(new URL('../../../src/io/sink.ts', import.meta.url).href);
/** The arguments of a Node that runs `code` with the sinks, and with fs.writeSync replaced by `writeSync` where given. */
const script = (code: string, writeSync = ''): string[] => [
  '--disable-warning=ExperimentalWarning',
  '--input-type=module',
  '--eval',
  `import fs from 'node:fs';
   import { syncBuiltinESMExports } from 'node:module';
   const real = fs.writeSync;
   ${writeSync === '' ? '' : `fs.writeSync = ${writeSync}; syncBuiltinESMExports();`}
   const { stdoutSink, fileSink, ClosedPipe } = await import(${sinkUrl});
   ${code}`,
];

/** A function of node:fs that always fails. */
const failing = (code: string): string => `() => { throw Object.assign(new Error('${code}: failed'), { code: '${code}' }); }`;

/** 300,000 lines of their own, with characters of one to four bytes. */
const long = `Array.from({ length: 300000 }, (_, i) => i + ' é漢👍\\n')`;
const longText = Array.from({ length: 300_000 }, (_, i) => `${i} é漢👍\n`).join('');
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

function error(work: () => void): PortOwnerError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof PortOwnerError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

test('standard output gets everything, in order', () => {
  const out = execFileSync(process.execPath, script(`const sink = stdoutSink(); for (const line of ${long}) sink.write(line); sink.close();`), { maxBuffer: 1e8 });
  assert.is(sha256(out), sha256(longText));
});

test('one text of any length', () => {
  const out = execFileSync(process.execPath, script(`const sink = stdoutSink(); sink.write(${long}.join('')); sink.bytes(Buffer.from([0xff])); sink.close();`), { maxBuffer: 1e8 });
  assert.is(sha256(out), sha256(Buffer.concat([Buffer.from(longText), Buffer.from([0xff])])));
});

test('writes that take only a part are continued', () => {
  const partly = `(fd, bytes, at) => real(fd, bytes, at, Math.min(bytes.length - at, 1009))`;
  const out = execFileSync(process.execPath, script(`const sink = stdoutSink(); for (const line of ${long}) sink.write(line); sink.close();`, partly), { maxBuffer: 1e8 });
  assert.is(sha256(out), sha256(longText));
});

test('text waits until there is a chunk, or for flush', () => {
  const counting = `(...all) => { sizes.push(all[1].length); return real(...all); }`;
  const code = `globalThis.sizes = []; const sink = stdoutSink();
    sink.write('a'.repeat(65535)); sink.write('b'); sink.write('c'); sink.flush(); sink.flush(); sink.close(); fs.writeFileSync(2, sizes.join());`;
  assert.is(spawnSync(process.execPath, script(code, counting), { encoding: 'utf8' }).stderr, '65536,1');
});

test('a full pipe that does not block is waited for, without spinning', async () => {
  // process.stdout makes the pipe non-blocking; the reader here is slow.
  const counting = `(...all) => { try { return real(...all); } catch (error) { if (error.code === 'EAGAIN') again++; throw error; } }`;
  const code = `globalThis.again = 0; process.stdout; const sink = stdoutSink(); for (const line of ${long}) sink.write(line); sink.close(); fs.writeFileSync(2, String(again));`;
  const child = spawn(process.execPath, script(code, counting), { stdio: ['ignore', 'pipe', 'pipe'] });
  const hash = createHash('sha256');
  let again = '';
  child.stderr.on('data', (data) => (again += data));
  child.stdout.pause();
  setTimeout(() => child.stdout.on('data', (data: Buffer) => hash.update(data)).resume(), 500);
  await new Promise((resolve) => child.on('close', resolve));
  assert.is(hash.digest('hex'), sha256(longText));
  assert.ok(Number(again) < 5000, `${again} attempts`);
  if (posix) assert.ok(Number(again) > 0, 'the pipe never was full');
});

test('a reader that goes away ends it quietly', async () => {
  const code = `const sink = stdoutSink();
    try { for (;;) sink.write('line\\n'); } catch (error) { sink.abort(); process.exitCode = error instanceof ClosedPipe ? 42 : 1; }`;
  const child = spawn(process.execPath, script(code), { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', () => child.stdout.destroy());
  assert.is(await new Promise((resolve) => child.on('close', resolve)), 42);
});

test('Windows calls a closed pipe EOF', () => {
  const code = `const sink = stdoutSink(); sink.write('x'); try { sink.close(); } catch (error) { process.exitCode = error instanceof ClosedPipe ? 42 : 1; }`;
  assert.is(spawnSync(process.execPath, script(code, failing('EOF'))).status, 42);
});

test('other errors of standard output are PO2004', () => {
  const code = `const sink = stdoutSink(); sink.write('x'); try { sink.close(); } catch (error) { process.stderr.write(error.code + ': ' + error.message); }`;
  const { stderr } = spawnSync(process.execPath, script(code, failing('EIO')), { encoding: 'utf8' });
  assert.is(stderr, 'PO2004: cannot write standard output: the device reports an error');
});

test('a new file is there only after close', ({ folder }) => {
  const path = join(folder, 'new.csv');
  const sink = fileSink(path);
  sink.write('é');
  sink.flush();
  sink.bytes(new Uint8Array([0x41]));
  assert.not.ok(existsSync(path));
  sink.close();
  sink.abort();
  assert.is(readFileSync(path, 'utf8'), 'éA');
  assert.equal(readdirSync(folder), ['new.csv']);
  if (posix) assert.is(statSync(path).mode & 0o777, 0o666 & ~process.umask());
});

test('an existing file is replaced as a whole and keeps its permissions', ({ folder }) => {
  const path = join(folder, 'old.csv');
  writeFileSync(path, 'old and longer');
  chmodSync(path, 0o640);
  const sink = fileSink(path);
  sink.write('new');
  sink.flush();
  assert.is(readFileSync(path, 'utf8'), 'old and longer');
  sink.close();
  assert.is(readFileSync(path, 'utf8'), 'new');
  assert.equal(readdirSync(folder), ['old.csv']);
  if (posix) assert.is(statSync(path).mode & 0o777, 0o640);
});

test('abort leaves everything as it was', ({ folder }) => {
  const path = join(folder, 'old.csv');
  writeFileSync(path, 'old');
  for (const target of [path, join(folder, 'new.csv')]) {
    const sink = fileSink(target);
    sink.write('x'.repeat(100_000));
    sink.abort();
    sink.abort();
  }
  assert.equal(readdirSync(folder), ['old.csv']);
  assert.is(readFileSync(path, 'utf8'), 'old');
});

test('a killed run leaves the old file', async ({ folder }) => {
  const path = join(folder, 'old.csv');
  writeFileSync(path, 'old');
  const code = `const sink = fileSink(${JSON.stringify(path)}); sink.write('x'.repeat(1e6)); sink.flush(); fs.writeSync(1, 'ready'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, script(code), { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  assert.is(readFileSync(path, 'utf8'), 'old');
});

test('a write that fails removes the temporary file', ({ folder }) => {
  const path = join(folder, 'old.csv');
  writeFileSync(path, 'old');
  const code = `const sink = fileSink(${JSON.stringify(path)}); sink.write('x'); try { sink.close(); } catch (error) { process.stderr.write(error.message); }`;
  const { stderr } = spawnSync(process.execPath, script(code, failing('ENOSPC')), { encoding: 'utf8' });
  assert.is(stderr, `cannot write ${path}: the disk is full`);
  assert.equal(readdirSync(folder), ['old.csv']);
  assert.is(readFileSync(path, 'utf8'), 'old');
});

test('what cannot be a file is said in one line', ({ folder }) => {
  const cases: [path: string, message: string][] = [
    [folder, `cannot write ${folder}: it is a folder`],
    [join(folder, 'no', 'x.csv'), `cannot write ${join(folder, 'no', 'x.csv')}: its folder does not exist${posix ? '' : ', or its name is not valid'}`],
    ...(posix ? [[join(folder, 'x'.repeat(300)), `cannot write ${join(folder, 'x'.repeat(300))}: its name is too long`] as [string, string]] : []),
  ];
  for (const [path, message] of cases) {
    const thrown = error(() => fileSink(path));
    assert.equal([thrown.code, thrown.exitCode, thrown.target], ['PO2004', 69, path]);
    assert.is(thrown.message, message);
  }
  assert.equal(readdirSync(folder), []);
});

test('a file that may not be written is not replaced', ({ folder }) => {
  const path = join(folder, 'old.csv');
  writeFileSync(path, 'old');
  // Root may write to any file, so that permissions alone would prove nothing.
  const code = `fs.accessSync = ${failing('EACCES')}; syncBuiltinESMExports(); try { fileSink(${JSON.stringify(path)}); } catch (error) { process.stderr.write(error.message); }`;
  const { stderr } = spawnSync(process.execPath, script(code), { encoding: 'utf8' });
  assert.is(stderr, `cannot write ${path}: access is denied`);
  assert.equal(readdirSync(folder), ['old.csv']);
});

test('symbolic links are followed, dangling ones too', (context) => {
  if (!posix) return skip(noPosix, context as object);
  const { folder } = context;
  mkdirSync(join(folder, 'deep'));
  const target = join(folder, 'deep', 'target.csv');
  symlinkSync('deep/target.csv', join(folder, 'one'));
  symlinkSync('one', join(folder, 'two'));
  for (const text of ['first', 'second']) {
    const sink = fileSink(join(folder, 'two'));
    sink.write(text);
    sink.close();
    assert.is(readFileSync(target, 'utf8'), text);
  }
  assert.ok(lstatSync(join(folder, 'one')).isSymbolicLink() && lstatSync(join(folder, 'two')).isSymbolicLink());
  assert.equal(readdirSync(join(folder, 'deep')), ['target.csv']);
  symlinkSync('loop', join(folder, 'loop'));
  assert.match(error(() => fileSink(join(folder, 'loop'))).message, /its symbolic links go round in circles$/);
});

test('a full device', (context) => {
  if (!existsSync('/dev/full')) return skip('there is no /dev/full', context as object);
  const sink = fileSink('/dev/full');
  const thrown = error(() => {
    sink.write('x'.repeat(1e6));
    sink.close();
  });
  assert.equal([thrown.code, thrown.message], ['PO2004', 'cannot write /dev/full: the disk is full']);
  assert.ok(statSync('/dev/full').isCharacterDevice());
});

test('/dev/stdout is standard output', (context) => {
  if (!posix) return skip(noPosix, context as object);
  for (const path of ['/dev/stdout', '/proc/self/fd/1'].filter((each) => existsSync(each))) {
    const out = join(context.folder, 'out');
    const code = `const sink = fileSink('${path}'); sink.write('text'); sink.close();`;
    execFileSync('sh', ['-c', 'node="$1"; shift; "$node" "$@" | cat > "$OUT"', 'sh', process.execPath, ...script(code)], { env: { ...process.env, OUT: out } });
    assert.is(readFileSync(out, 'utf8'), 'text');
  }
});

test('a named pipe is written to, and can be closed by its reader', async (context) => {
  if (!posix) return skip(noPosix, context as object);
  const pipe = join(context.folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = spawn('head', ['-c', '5', pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  reader.stdout.on('data', (data) => (text += data));
  const closed = new Promise((resolve) => reader.on('close', resolve));
  const sink = fileSink(pipe);
  assert.throws(
    () => {
      for (;;) sink.write('line\n');
    },
    (thrown: unknown) => thrown instanceof ClosedPipe,
  );
  await closed;
  assert.is(text, 'line\n');
  assert.ok(statSync(pipe).isFIFO());
});

test.run();
