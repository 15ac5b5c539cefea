import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle } from '../src/build/bundle.ts';
import { nodeFlags, root } from '../src/build/runtime.mjs';

const test = suite('structure');

/** Which room of src may import from which others, types included. A room on the right never imports one on its left. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  // main.ts: wires the catalogue, the command line and the machine.
  '.': ['cli', 'commands', 'machine'],
  commands: ['cli', 'configuration', 'actions', 'live', 'audit', 'schedule', 'diagnosis', 'doctor', 'redaction', 'ownership', 'facts', 'schema', 'system', 'io'],
  cli: ['actions', 'live', 'audit', 'schedule', 'diagnosis', 'redaction', 'ownership', 'facts', 'formats', 'ports', 'schema', 'system', 'io'],
  machine: ['facts', 'ports', 'system', 'schema', 'io'],
  schedule: ['audit', 'ownership', 'facts', 'ports', 'schema', 'system', 'io'],
  audit: ['ownership', 'facts', 'ports', 'schema', 'system', 'io', 'generated'],
  configuration: ['actions', 'schedule', 'diagnosis', 'ownership', 'facts', 'ports', 'schema', 'system', 'io'],
  actions: ['audit', 'diagnosis', 'ownership', 'facts', 'ports', 'schema', 'system', 'io'],
  // What a live view shows, computed from looks at the sockets.
  live: ['diagnosis', 'ownership', 'facts', 'ports', 'schema', 'system', 'io'],
  diagnosis: ['ownership', 'facts', 'ports', 'schema', 'system', 'io'],
  ownership: ['facts', 'ports', 'schema', 'system', 'io'],
  doctor: ['redaction', 'facts', 'ports', 'schema', 'system', 'io'],
  redaction: ['facts', 'ports', 'schema', 'system', 'io'],
  facts: ['clixml', 'ports', 'schema', 'system', 'io', 'generated'],
  // What a browser runs of the HTML page: bundled into `generated`, which the format embeds.
  page: ['formats', 'io'],
  formats: ['clixml', 'ports', 'schema', 'system', 'io', 'generated'],
  clixml: ['schema', 'io'],
  system: ['schema', 'io'],
  ports: ['schema'],
  io: ['schema'],
  schema: [],
  generated: [],
};

const roomOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? '.';

/** Every file of src with the files that it imports: `import type` and `import()` count like any other. */
const imports = new Map(
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const targets = [...text.matchAll(/\b(?:from|import\()\s*'(\.{1,2}\/[^']+)'/g)].map(([, target = '']) => normalize(join(dirname(path), target)).replaceAll('\\', '/'));
      return [path, targets.filter((target) => target.startsWith('src/'))] as const;
    }),
);

test('rooms import one way, types included', () => {
  const wrong = [...imports].flatMap(([path, targets]) =>
    // The build looks at everything, and is part of nothing.
    roomOf(path) === 'build'
      ? []
      : targets.filter((target) => roomOf(target) !== roomOf(path) && !mayImport[roomOf(path)]?.includes(roomOf(target))).map((target) => `${path} imports ${target}`),
  );
  assert.ok([...imports.values()].flat().length > 500);
  assert.equal(wrong, []);
});

test('the architecture page says the same of the rooms', () => {
  const page = readFileSync(join(root, 'docs/architecture/overview.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `src\/(\w+)` \|.*\| ([^|]*) \|$/gm)].map(([, room = '', text = '']) => [room, text === 'nothing' ? [] : text.split(', ')] as const);
  const { '.': _main, generated: _generated, ...rooms } = mayImport;
  const written = Object.entries(rooms).map(([room, others]) => [room, others.filter((other) => other !== 'generated')]);
  assert.equal(Object.fromEntries(rows), Object.fromEntries(written));
});

test('no room imports one that imports it', () => {
  const reached = (room: string, seen = new Set<string>()): Set<string> => {
    for (const next of mayImport[room] ?? []) if (!seen.has(next)) reached(next, seen.add(next));
    return seen;
  };
  assert.equal(
    Object.keys(mayImport).filter((room) => reached(room).has(room)),
    [],
  );
});

test('no file imports one that imports it, types included', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
    if (done.has(path) || way.includes(path)) return;
    // What is loaded by the catalogue takes nothing from it.
    for (const target of imports.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  assert.equal(circles, []);
});

test('addresses are read, judged and compared in one place', () => {
  // What is told by the text of an address: its scope, its form, whether it is one.
  const signs = [/replace\(\/%/, /\bisIP(?:v[46])?\(/, /new SocketAddress\(/, /\^?::ffff:/];
  const own = new Set(['src/ports/address.ts', 'src/redaction/envelope.ts', 'src/redaction/names.ts']);
  const found = [...imports.keys()].filter((path) => !own.has(path) && signs.some((sign) => sign.test(readFileSync(join(root, path), 'utf8'))));
  assert.equal(found, []);
});

test('the code of an error is read in one place', () => {
  const signs = [/'code' in \w*(?:error|Error)\b/, /as NodeJS\.ErrnoException/];
  const found = [...imports.keys()].filter((path) => path !== 'src/io/errors.ts' && signs.some((sign) => sign.test(readFileSync(join(root, path), 'utf8'))));
  assert.equal(found, []);
});

test('no file lies loose in src but main.ts', () => {
  assert.equal(
    [...imports.keys()].filter((path) => roomOf(path) === '.'),
    ['src/main.ts'],
  );
});

/** The files of src but these, with the lines in which a pattern is. */
function linesWith(pattern: RegExp, except: RegExp): string[] {
  return [...imports.keys()]
    .filter((path) => !except.test(path))
    .flatMap((path) =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .filter((line) => pattern.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
}

test('a command parses and prints', () => {
  const sizes = [...imports.keys()]
    .filter((path) => path.startsWith('src/commands/'))
    .flatMap((path) => Array.from(readFileSync(join(root, path), 'utf8').matchAll(/^export class (\w+)[^]*?^}$/gm)))
    .map(([text, name]) => {
      const rest = text.replace(/^ {2}static readonly about: CommandAbout = \{[^]*?^ {2}\};$/m, '');
      return [name, rest.split('\n').filter((line) => line.trim() !== '').length] as const;
    });
  assert.ok(sizes.length > 10);
  // Beside its `about`: its options, and one call into the house.
  assert.equal(
    sizes.filter(([, lines]) => lines > 85),
    [],
  );
});

test('how whole a section is, only the predicates of its model tell', () => {
  // What doctor found has words of its own.
  assert.equal(linesWith(/\bstatus *[!=]== *'(?:ok|partial|failed|notAsked)'/, /^src\/(?:facts\/model\/section\.ts|doctor\/)/), []);
});

test('the exit code of every answer comes from one rule', () => {
  assert.equal(linesWith(/\bexit\.(?:ok|no|unavailable|rights)\b/, /^src\/(?:schema|cli|build)\//), []);
});

test('only machine touches node:ffi and starts processes', async () => {
  const { metafile } = await bundle();
  const users = (module: string): string[] =>
    Object.entries(metafile.inputs)
      .filter(([path, { imports: used }]) => path.startsWith('src/') && roomOf(path) !== 'machine' && used.some((item) => item.path === module || item.path === `node:${module}`))
      .map(([path]) => path);
  assert.equal(users('ffi'), []);
  assert.equal(users('child_process'), []);
});

/** The exit code of the bundle with a command line, and the modules of Node that it loads. */
async function runBundle(...args: string[]): Promise<{ status: number | null; loaded: ReadonlySet<string> }> {
  const { code } = await bundle();
  const folder = mkdtempSync(join(tmpdir(), 'portowner-structure-'));
  try {
    // Not with -e, for which Node loads more itself.
    const script = join(folder, 'question.cjs');
    writeFileSync(script, `process.on('exit', () => require('node:fs').writeSync(2, process.moduleLoadList.join('\\n')));\n${code}`);
    const { status, stderr } = spawnSync(process.execPath, [...nodeFlags, script, ...args], { encoding: 'utf8' });
    const loaded = new Set(stderr.split('\n').map((line) => line.replace('NativeModule ', '')));
    assert.ok(loaded.has('fs'), 'the list of modules is there');
    return { status, loaded };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the main question loads none of the modules that cost milliseconds', async () => {
  const { loaded } = await runBundle('1');
  assert.equal(
    ['child_process', 'crypto', 'dns', 'net', 'sqlite', 'tty', 'zlib'].filter((name) => loaded.has(name)),
    [],
  );
});

test('no command loads a compressed module before it needs it', async () => {
  // Help loads every command. Outside of an executable, there are no compressed modules: loading one fails.
  const { status, loaded } = await runBundle('--help');
  assert.is(status, 0);
  assert.not.ok(loaded.has('zlib'));
});

test.run();
