import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, sep } from 'node:path';
import { NtExecutable, NtExecutableResource } from 'pe-library';
import { Resource } from 'resedit';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle, version } from '../../src/build/bundle.ts';
import { type Platform, runtimeOf } from '../../src/build/platform.ts';
import { arm64Runtimes, nodeBinary, nodeFlags, ownNode, root, sha256 } from '../../src/build/runtime.mjs';
import { skip } from '../support/skip.ts';
import { dist, has, products, withFolder } from '../support/build-machine.ts';
import { readPortableExecutable } from '../support/portable-executable.ts';

const test = suite('executables');
/** The Windows executables with their machine types (PE Format, "Machine Types"): x64 and ARM64. */
const windows = [
  ['portowner.exe', 0x8664],
  ['portowner-arm64.exe', 0xaa64],
] as const;
const executables: readonly (readonly [name: string, platform: Platform])[] = [
  ['portowner', 'linux'],
  ['portowner.exe', 'win'],
  ['portowner-arm64.exe', 'win-arm64'],
];
const bytesOf = (name: string): Buffer => readFileSync(join(dist, name));

/** Runs a product with one environment variable more, in `folder`. */
function run(command: string[], args: string[], folder: string, env: Record<string, string> = {}): { code: number | null; stdout: string; stderr: string } {
  const [program = '', ...first] = command;
  const result = spawnSync(program, [...first, ...args], { cwd: folder, env: { ...process.env, ...env }, encoding: 'utf8', timeout: 120_000 });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

for (const [name, machine] of windows) {
  test(`${name} is for its machine, and what node.exe was`, () => {
    const own = readPortableExecutable(bytesOf(name));
    const node = readPortableExecutable(readFileSync(nodeBinary(runtimeOf[name === 'portowner.exe' ? 'win' : 'win-arm64'])));
    assert.is(own.machine, machine);
    assert.is(own.machine, node.machine);
    assert.is(own.subsystem, node.subsystem);
    assert.is(own.characteristics, node.characteristics);
  });

  test(`${name} carries PortOwner for Node to start`, () => {
    const bytes = bytesOf(name);
    // Node's mark of a single executable application: 0 without one.
    assert.ok(bytes.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1'));
    const blobs = NtExecutableResource.from(NtExecutable.from(bytes)).entries.filter(({ id }) => id === 'NODE_SEA_BLOB');
    assert.is(blobs.length, 1);
    assert.ok(Buffer.from(blobs[0]!.bin).includes('PortOwner'));
  });

  test(`${name} carries no signature and no trace of one`, () => {
    const bytes = bytesOf(name);
    const { security, end } = readPortableExecutable(bytes);
    assert.equal(security, { at: 0, size: 0 });
    assert.is(end, bytes.length);
  });

  test(`${name} has the right checksum`, () => {
    const { checksum, computedChecksum } = readPortableExecutable(bytesOf(name));
    assert.is(checksum, computedChecksum);
  });

  test(`${name} loads DLLs from System32 only`, () => {
    assert.is(readPortableExecutable(bytesOf(name)).dependentLoadFlags, 0x0800);
  });

  test(`${name} says what it is`, () => {
    const resources = NtExecutableResource.from(NtExecutable.from(bytesOf(name)));
    const infos = Resource.VersionInfo.fromEntries(resources.entries);
    assert.is(infos.length, 1);
    const info = infos[0]!;
    assert.equal(info.getAllLanguagesForStringValues(), [{ lang: 0x409, codepage: 1200 }]);
    const values = info.getStringValues({ lang: 0x409, codepage: 1200 });
    assert.is(values.ProductName, 'PortOwner');
    assert.is(values.OriginalFilename, name);
    assert.is(values.FileVersion, version);
    assert.is(values.ProductVersion, version);
    assert.ok(values.FileDescription);
    assert.ok(values.LegalCopyright);
    const [major, minor, patch] = version.split('.').map(Number) as [number, number, number];
    const { fileVersionMS, fileVersionLS, productVersionMS, productVersionLS } = info.fixedInfo;
    assert.equal([fileVersionMS, fileVersionLS, productVersionMS, productVersionLS], [major * 65536 + minor, patch * 65536, major * 65536 + minor, patch * 65536]);
  });
}

test("portowner-arm64.exe's Node runs PortOwner with the flags it is given", async (context) => {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') return skip('this machine is not Linux x64', context);
  // Not for its processor, but the same version: what its JavaScript finds there.
  const { code } = await bundle();
  await withFolder((folder) => {
    writeFileSync(join(folder, 'portowner.cjs'), code);
    const { code: status, stdout } = run([ownNode(arm64Runtimes)], ['--experimental-ffi', ...nodeFlags, 'portowner.cjs', '--all', '--count'], folder);
    assert.is(status, 0);
    assert.match(stdout, /^\d+\n$/);
  });
});

test('the executables are not much bigger than their Node', () => {
  for (const [name, platform] of executables) {
    const more = readFileSync(join(dist, name)).length - readFileSync(nodeBinary(runtimeOf[platform])).length;
    assert.ok(more <= 2_500_000, `${name}: ${more} bytes more`);
  }
});

test('the Linux executable carries no symbols, and is at most 120 MB', (context) => {
  if (!has('strip', '--version')) return skip('strip (binutils) is not installed', context);
  const bytes = bytesOf('portowner');
  assert.ok(bytes.length <= 120_000_000, `${bytes.length} bytes`);
  // The mangled name of a function that no other program calls, which only a table of symbols has.
  const symbol = '_ZN4nodeL32InitializeOncePerProcessInternal';
  assert.not.ok(bytes.includes(symbol));
  assert.ok(readFileSync(nodeBinary(runtimeOf.linux)).includes(symbol));
});

test('the executables hold no path of the machine that built them', () => {
  // Node's own binary may name a common folder such as /root: what counts is what the build adds.
  const found = (bytes: Buffer, text: string): number => bytes.toString('latin1').split(text).length - 1;
  for (const [name, platform] of executables) {
    const bytes = readFileSync(join(dist, name));
    const node = readFileSync(nodeBinary(runtimeOf[platform]));
    // With what would follow: "/root" alone is also what a process sees as its root.
    for (const path of [root, `${homedir()}${sep}`, 'portowner-build-', 'pkg-sea-']) {
      for (const text of [path, Buffer.from(path, 'utf16le').toString('latin1')]) assert.ok(found(bytes, text) <= found(node, text), `${name} holds ${path}`);
    }
  }
});

test('SHA256SUMS names the executables, their bill of materials and the man page', () => {
  const lines = [...executables.map(([name]) => name), 'portowner.cdx.json', 'portowner.1'].map((name) => `${sha256(bytesOf(name))}  ${name}\n`);
  assert.is(readFileSync(join(dist, 'SHA256SUMS'), 'utf8'), lines.join(''));
});

for (const { name, command, without } of products()) {
  const node = runtimeOf[name === 'portowner' ? 'linux' : 'win'];

  test(`${name} needs no other file and leaves none`, async (context) => {
    if (!command) return skip(without, context);
    await withFolder((folder) => {
      const alone = join(folder, name);
      copyFileSync(join(dist, name), alone);
      mkdirSync(join(folder, 'temp'));
      mkdirSync(join(folder, 'home'));
      const temp = { TEMP: join(folder, 'temp'), TMP: join(folder, 'temp'), HOME: join(folder, 'home') };
      const { code, stdout } = run([...command.slice(0, -1), alone], ['--version'], folder, temp);
      assert.is(stdout.trim(), `portowner ${version}`);
      assert.is(code, 0);
      assert.equal(readdirSync(folder).toSorted(), ['home', name, 'temp'].toSorted());
      assert.equal(readdirSync(join(folder, 'temp')), []);
      assert.equal(readdirSync(join(folder, 'home')), []);
    });
  });

  test(`${name} does not heed NODE_OPTIONS`, async (context) => {
    if (!command) return skip(without, context);
    await withFolder((folder) => {
      writeFileSync(join(folder, 'evil.cjs'), `require('node:fs').writeFileSync('evil.txt', '');`);
      const env = { NODE_OPTIONS: '--require ./evil.cjs' };
      assert.is(run(command, ['--version'], folder, env).code, 0);
      assert.not.ok(existsSync(join(folder, 'evil.txt')));
      run([...command.slice(0, -1), nodeBinary(node)], ['-e', '0'], folder, env);
      assert.ok(existsSync(join(folder, 'evil.txt')), 'bare Node runs the script');
    });
  });

  test(`${name} does not heed OPENSSL_CONF`, async (context) => {
    if (!command) return skip(without, context);
    await withFolder((folder) => {
      // Whoever reads it stumbles; a right one could name a library to be loaded.
      writeFileSync(join(folder, 'openssl.cnf'), 'nodejs_conf = [\nno equal sign\n');
      const env = { OPENSSL_CONF: 'openssl.cnf' };
      assert.is.not(run([...command.slice(0, -1), nodeBinary(node)], ['-e', '0'], folder, env).code, 0, 'bare Node reads the file');
      const { code, stdout } = run(command, ['--version'], folder, env);
      assert.is(stdout.trim(), `portowner ${version}`);
      assert.is(code, 0);
    });
  });
}

test('signing tools can sign portowner.exe', async (context) => {
  if (!has('osslsigncode', '--version')) return skip('osslsigncode is not installed', context);
  if (!has('openssl', 'version')) return skip('openssl is not installed', context);
  await withFolder((folder) => {
    const inFolder = (name: string): string => join(folder, name);
    const call = (program: string, ...args: string[]): string => {
      const result = spawnSync(program, args, { encoding: 'utf8' });
      assert.is(result.status, 0, `${program} ${args[0]}: ${result.stdout}${result.stderr}`);
      return result.stdout;
    };
    call(
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      inFolder('key.pem'),
      '-out',
      inFolder('certificate.pem'),
      '-days',
      '2',
      '-subj',
      '/CN=PortOwner test',
      '-addext',
      'extendedKeyUsage=codeSigning',
    );
    const signed = inFolder('portowner.exe');
    call('osslsigncode', 'sign', '-certs', inFolder('certificate.pem'), '-key', inFolder('key.pem'), '-h', 'sha256', '-in', join(dist, basename(signed)), '-out', signed);
    assert.match(call('osslsigncode', 'verify', '-CAfile', inFolder('certificate.pem'), '-in', signed), /Signature verification: ok/);
    const { security, checksum, computedChecksum, end } = readPortableExecutable(readFileSync(signed));
    assert.is(security.at, end);
    assert.ok(security.size > 0);
    assert.is(checksum, computedChecksum);
  });
});

test.run();
