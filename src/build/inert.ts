// Makes the embedded Node ignore the environment. A variable such as NODE_COMPILE_CACHE or NODE_V8_COVERAGE loads
// code or writes files before the first line of PortOwner runs, in what may be an elevated process: PortOwner cannot
// refuse it, so Node's binary must not know its name.
import type { Platform } from './platform.ts';

/** How often a name occurs where it is read: in Node for Linux, for Windows x64, for Windows on ARM64. */
type Counts = readonly [linux: number, win: number, winArm64: number];

/**
 * The variables that Node, V8, ICU, libuv, OpenSSL, c-ares, SQLite and libffi read, without those of `heeded`. Another
 * Node has other counts: look at what reads the name before you change one.
 */
export const inert: Readonly<Record<string, Counts>> = {
  // Node: code, files and sockets.
  NODE_CHANNEL_FD: [8, 8, 4],
  NODE_CHANNEL_SERIALIZATION_MODE: [5, 5, 2],
  NODE_CLUSTER_SCHED_POLICY: [2, 2, 1],
  NODE_COMPILE_CACHE: [4, 4, 2],
  NODE_COMPILE_CACHE_PORTABLE: [4, 4, 2],
  NODE_COMPILE_CACHE_READONLY: [4, 4, 0],
  NODE_DISABLE_COMPILE_CACHE: [1, 1, 2],
  NODE_EXTRA_CA_CERTS: [3, 3, 2],
  NODE_ICU_DATA: [2, 2, 1],
  NODE_OPTIONS: [6, 6, 3],
  NODE_PATH: [5, 5, 2],
  NODE_PENDING_PIPE_INSTANCES: [2, 2, 1],
  NODE_PRESERVE_SYMLINKS: [2, 2, 1],
  NODE_PRESERVE_SYMLINKS_MAIN: [1, 1, 1],
  NODE_REDIRECT_WARNINGS: [2, 2, 1],
  NODE_REPL_EXTERNAL_MODULE: [5, 5, 3],
  NODE_SKIP_PLATFORM_CHECK: [1, 2, 1],
  NODE_TLS_REJECT_UNAUTHORIZED: [4, 4, 1],
  NODE_UNIQUE_ID: [7, 7, 4],
  NODE_USE_ENV_PROXY: [1, 1, 1],
  NODE_USE_SYSTEM_CA: [1, 1, 1],
  NODE_V8_COVERAGE: [17, 17, 12],
  WATCH_REPORT_DEPENDENCIES: [10, 10, 5],
  // Node: its output.
  NODE_DEBUG: [6, 6, 3],
  NODE_DEBUG_NATIVE: [2, 2, 1],
  NODE_NO_WARNINGS: [4, 4, 1],
  NODE_PENDING_DEPRECATION: [2, 2, 1],
  // Node: test runner, benchmarks, debugger, and bundled packages.
  JEST_WORKER_ID: [1, 1, 1],
  NODE_BENCH_CONTEXT: [6, 6, 0],
  NODE_BENCH_FILE_RUN_ID: [3, 3, 0],
  NODE_BENCH_RUN_ID: [3, 3, 0],
  NODE_INSPECT_RESUME_ON_START: [2, 2, 2],
  NODE_TEST_CONTEXT: [5, 5, 5],
  NODE_TEST_WORKER_ID: [2, 2, 2],
  UNDICI_NO_WASM_SIMD: [2, 2, 2],
  __MINIMATCH_TESTING_PLATFORM__: [2, 2, 1],
  // OpenSSL.
  CTLOG_FILE: [1, 0, 0],
  LEGACY_GOST_PKCS12: [1, 1, 1],
  OPENSSL_CONF: [2, 2, 1],
  OPENSSL_CONF_INCLUDE: [1, 1, 1],
  OPENSSL_ENGINES: [1, 1, 1],
  OPENSSL_MODULES: [1, 1, 1],
  OPENSSL_WIN32_UTF8: [0, 1, 1],
  OPENSSL_ia32cap: [1, 2, 0],
  OSSL_QFILTER: [1, 1, 1],
  QLOGDIR: [1, 1, 1],
  RANDFILE: [1, 1, 1],
  SSL_CERT_DIR: [2, 2, 1],
  SSL_CERT_FILE: [2, 2, 1],
  // ICU, simdutf, simdjson, libuv, c-ares, libffi, SQLite, Abseil.
  CARES_HOSTS: [1, 1, 1],
  HOSTALIASES: [1, 0, 0],
  ICU_ENABLE_TENTATIVE_ERA: [1, 1, 1],
  ICU_TIMEZONE_FILES_DIR: [1, 1, 1],
  LIBFFI_TMPDIR: [1, 0, 0],
  LOCALDOMAIN: [1, 1, 1],
  LOCALTIME: [1, 0, 0],
  RES_OPTIONS: [1, 1, 1],
  SIMDJSON_FORCE_IMPLEMENTATION: [1, 1, 0],
  SIMDUTF_FORCE_IMPLEMENTATION: [1, 1, 0],
  SQLITE_TMPDIR: [1, 0, 0],
  TZDIR: [1, 0, 0],
  UV_THREADPOOL_SIZE: [2, 2, 1],
  UV_USE_IO_URING: [1, 0, 0],
};

/**
 * How often the variables stand where ICU reads a language in Node for Linux: a long one ends Node with a segmentation
 * fault before its first line. On Windows ICU asks the system, and the C runtime has texts like them.
 */
export const languages: Readonly<Record<string, number>> = { LANG: 1, LC_ALL: 1, LC_MESSAGES: 1 };

/** What precedes a name that the linker merged into the end of a longer text, which is then truncated: CLANG. */
const tails: Readonly<Record<string, string>> = { LANG: 'C' };

/** The variables that Node's own JavaScript may still read: they name neither code nor a file to write. */
export const heeded: ReadonlySet<string> = new Set(
  [
    // Output to a terminal.
    'CI_NAME COLORTERM FORCE_COLOR NODE_DISABLE_COLORS NO_COLOR TEAMCITY_VERSION TERM TERM_PROGRAM TERM_PROGRAM_VERSION TMUX',
    // The folders of the system and the user.
    'SystemRoot TEMP TMP USERPROFILE comspec windir',
    // Proxies, only with --use-env-proxy.
    'HTTPS_PROXY HTTP_PROXY NO_PROXY http_proxy https_proxy no_proxy',
    // The interactive prompt, which the executable does not have.
    'NODE_NO_READLINE NODE_REPL_HISTORY NODE_REPL_HISTORY_SIZE NODE_REPL_MODE',
  ].flatMap((names) => names.split(' ')),
);

/** Strings of Node's binary that look like a variable but are not. */
const noVariable = /^NODE_(?:DEBUG_ENABLED|PERFORMANCE_\w+|SEA_\w+)$/;

/** The expected contents of each platform's Node. */
export function expectedCounts(platform: Platform): Map<string, number> {
  const column = { linux: 0, win: 1, 'win-arm64': 2 }[platform];
  return new Map([
    ...Object.entries(inert).map(([name, counts]): [string, number] => [name, counts[column]!]),
    ...(platform === 'linux' ? Object.entries(languages) : []),
  ]);
}

/** The offset and the new text of a change that keeps every other byte where it is. */
type Change = readonly [at: number, text: string];

/** The change at an occurrence of a name; null if it is only mentioned, in a comment or a help text. */
function changeAt(bytes: Buffer, text: string, at: number, name: string): Change | null {
  const end = at + name.length;
  // A string in C, or in V8's snapshot and code cache, which has its length in front. An empty name is never found:
  // anybody who sets the environment could set any other name.
  if (bytes[end] === 0 || (at >= 4 && bytes.readUInt32LE(at - 4) === name.length)) return [at, '\0'];
  // JavaScript, as V8 compiles it when it has no code cache: `process.NAME`, which nobody has set.
  if (text.startsWith('process.env.', at - 12)) return [at - 5, '    '];
  const before = text.slice(Math.max(0, at - 24), at);
  if (/(?:safeGetenv\(|\(process\.env, )'$/.test(before) && text[end] === "'") return [at, '\\0'];
  return null;
}

/** The variables that the binary reads and that are in neither list. */
function unknownVariables(text: string): string[] {
  const found = [
    ...text.matchAll(/\bprocess\.env\.([A-Za-z_]\w*)/g),
    ...text.matchAll(/\benv\.([A-Z_][A-Z0-9_]+)\b/g),
    ...text.matchAll(/(?<!\w)(NODE_[A-Z0-9_]+)\0/g),
    ...text.matchAll(/(?<!\w\0)(N\0O\0D\0E\0_\0(?:[A-Z0-9_]\0)+)\0\0/g),
  ].map((match) => match[1]!.replaceAll('\0', ''));
  return [...new Set(found)]
    .filter((name) => !Object.hasOwn(inert, name) && !heeded.has(name) && !noVariable.test(name))
    .toSorted();
}

/** The changes in a binary, by the names that it reads. */
export function findReads(bytes: Buffer, names: readonly string[]): Map<string, Change[]> {
  const text = bytes.toString('latin1');
  const found = new Map<string, Change[]>(names.map((name) => [name, []]));
  if (names.length === 0) return found;
  const merged = names.flatMap((name) => (tails[name] === undefined ? [] : [`|(?<=\0${tails[name]})${name}(?=\0)`]));
  const named = `(?<![\\w$])(?:${names.join('|')})(?![\\w$])${merged.join('')}`;
  for (const match of text.matchAll(new RegExp(named, 'g'))) {
    const [name] = match;
    const change = changeAt(bytes, text, match.index, name);
    if (change !== null) found.get(name)!.push(change);
  }
  // For Windows' own functions: 16 bits per character.
  const wide = names.map((name) => `${[...name].join('\0')}\0`).join('|');
  for (const match of text.matchAll(new RegExp(`(?<![\\w$]\0)(?:${wide})(?=\0\0)`, 'g')))
    found.get(match[0].replaceAll('\0', ''))!.push([match.index, '\0']);
  return found;
}

/**
 * Makes a Node binary ignore the variables in `expected`, which says how often each is found where it is read. Changes
 * the bytes in place; throws when a count differs, or when the binary reads a variable that is neither inert nor heeded.
 */
export function makeInert(bytes: Buffer, expected: ReadonlyMap<string, number>): void {
  const reads = findReads(bytes, [...expected.keys()]);
  const faults = [
    ...[...expected].flatMap(([name, count]) => {
      const { length } = reads.get(name)!;
      return length === count ? [] : [`${name} is found ${length} times, expected ${count}`];
    }),
    ...unknownVariables(bytes.toString('latin1')).map((name) => `${name} is read, and neither inert nor heeded`),
  ];
  if (faults.length > 0) throw new Error(`the Node binary reads its environment differently:\n${faults.join('\n')}`);
  for (const [at, text] of [...reads.values()].flat()) bytes.write(text, at, 'latin1');
}
