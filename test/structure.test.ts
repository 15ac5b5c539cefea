import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle } from '../src/build/bundle.ts';
import { nodeFlags } from '../src/build/runtime.mjs';

const test = suite('structure');

/** Which folder of src may import from which others; files directly in src, and those of io, may be imported by all. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  '.': ['commands'],
  cli: ['commands', 'completion', 'formats', 'schema'],
  commands: ['cli', 'audit', 'actions', 'diagnosis', 'ownership', 'facts', 'ports', 'schema', 'formats', 'completion', 'doctor', 'schedule'],
  audit: ['ownership', 'facts', 'ports', 'schema', 'generated'],
  schedule: ['audit', 'ownership', 'facts', 'ports', 'schema'],
  actions: ['diagnosis', 'ownership', 'facts', 'ports', 'schema'],
  diagnosis: ['ownership', 'facts', 'ports', 'schema'],
  ownership: ['facts', 'ports', 'schema'],
  facts: ['ports', 'schema', 'generated'],
  machine: ['facts'],
  formats: ['schema'],
  completion: ['cli'],
  doctor: ['facts', 'schema'],
  io: [],
  schema: [],
  ports: [],
  generated: [],
};

const folderOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? '.';

test('imports point one way', async () => {
  const { metafile } = await bundle();
  const wrong: string[] = [];
  for (const [path, { imports }] of Object.entries(metafile.inputs)) {
    if (!path.startsWith('src/')) continue;
    const from = folderOf(path);
    for (const { path: target } of imports) {
      if (!target.startsWith('src/')) continue;
      const to = folderOf(target);
      // The child process is another program in the same executable.
      if (path === 'src/main.ts' && target === 'src/machine/windows/child.ts') continue;
      // The one door between the commands and the operating system.
      if (path === 'src/commands/process-surroundings.ts' && target === 'src/machine/live.ts') continue;
      if (to !== from && to !== '.' && to !== 'io' && !mayImport[from]?.includes(to)) wrong.push(`${path} imports ${target}`);
    }
  }
  assert.equal(wrong, []);
});

test('only machine touches node:ffi and starts processes', async () => {
  const { metafile } = await bundle();
  const users = (module: string): string[] =>
    Object.entries(metafile.inputs)
      .filter(([path, { imports }]) => path.startsWith('src/') && folderOf(path) !== 'machine' && imports.some((item) => item.path === module || item.path === `node:${module}`))
      .map(([path]) => path);
  assert.equal(users('ffi'), []);
  assert.equal(users('child_process'), []);
});

test('the main question loads none of the modules that cost milliseconds', async () => {
  const { code } = await bundle();
  const folder = mkdtempSync(join(tmpdir(), 'portowner-structure-'));
  try {
    // Not with -e, for which Node loads more itself.
    const script = join(folder, 'question.cjs');
    writeFileSync(script, `process.on('exit', () => require('node:fs').writeSync(2, process.moduleLoadList.join('\\n')));\n${code}`);
    const { stderr } = spawnSync(process.execPath, [...nodeFlags, script, '1'], { encoding: 'utf8' });
    const loaded = new Set(stderr.split('\n').map((line) => line.replace('NativeModule ', '')));
    assert.ok(loaded.has('fs'), 'the list of modules is there');
    assert.equal(
      ['child_process', 'crypto', 'dns', 'net', 'sqlite', 'tty'].filter((name) => loaded.has(name)),
      [],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
