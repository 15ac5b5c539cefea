// The one way to install, run, check, build and test PortOwner: `node build.mjs COMMAND [ARGUMENTS…]`.
// Built-in modules only, any Node >= 20: it installs what is locked and runs the rest under the pinned Node.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFlags, npm, ownNode, root, sha256 } from './src/build/runtime.mjs';

const usage = `node build.mjs COMMAND
  install         install the locked dependencies and the pinned Node, when missing or stale
  start [ARGS…]   run PortOwner from its sources
  node [ARGS…]    run the pinned Node, e.g. on a script or a single test
  debug [ARGS…]   run PortOwner from its sources, and wait for a debugger
  check           check types, lint, dead code and layout
  format          lay out the sources as the check wants them
  lint            lint only
  build [NAME…]   build the executables in dist/ (or one of them: win, win-arm64, linux)
  generate        rewrite the sources and the tables of README.md that are made from other files
  screenshots     take the pictures of docs/images again (on Linux, as root)
  notices         write THIRD-PARTY-NOTICES
  test [PATTERN…] check, build and run every test (or only the test files whose path contains a PATTERN)
  test-fast       run the pure tests alone, several files in a process: the loop while one works
  coverage [PATTERN…]  run tests and write which lines they reach to .cache/coverage
  fuzz MINUTES [--seed N] [TARGET…]
                  run spoiled input, and keep what fails in test/fuzz/corpus/failures
  test-windows    on Windows: run everything that runs there, and leave a report in dist/windows-report
  bench           build, and measure against the budgets`;

function install() {
  const stamp = join(root, 'node_modules/.installed');
  const wanted = `${sha256(readFileSync(join(root, 'package-lock.json')))} ${process.platform}-${process.arch}\n`;
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    process.stderr.write('Installing the locked dependencies …\n');
    npm(['ci', '--loglevel=error'], root);
    writeFileSync(stamp, wanted);
  }
}

/** The files of a folder in src whose names end so, with their paths. */
const sources = (/** @type {string} */ folder, /** @type {RegExp} */ ending) =>
  readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .toSorted()
    .map((name) => join(root, 'src', folder, name));

/** Generates the validators of the JSON Schemas, and what the HTML page embeds, when one of them is missing or stale. */
async function generate() {
  const schemas = sources('', /\.schema\.json$/);
  // The page's script takes a few files of other rooms.
  const page = [...sources('page', /\.(?:ts|css)$/), ...sources('formats', /\.ts$/), join(root, 'src/io/sanitize.ts')];
  const makers = ['validators.ts', 'page.ts'].map((name) => join(root, 'src/build', name));
  const inputs = [...schemas, ...page, ...makers, join(root, 'package-lock.json')];
  const wanted = `${sha256(Buffer.concat(inputs.map((path) => readFileSync(path))))}\n`;
  const stamp = join(root, 'src/generated/.stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const code = (await run('src/build/validators.ts', ...schemas)) || (await run('src/build/page.ts'));
  if (code !== 0) throw new Error('generating the validators or the page failed');
  writeFileSync(stamp, wanted);
}

/**
 * Runs the pinned Node and gives its exit code.
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function node(...args) {
  const child = spawn(ownNode(), args, { stdio: 'inherit', cwd: process.cwd() });
  // Ctrl+C reaches the child by itself; this process only has to outlive it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

/**
 * @param {string} script
 * @param {string[]} args
 */
const run = (script, ...args) => node(...nodeFlags, join(root, script), ...args);

/** @type {Record<string, (args: string[]) => Promise<number> | number>} */
const commands = {
  install: () => (ownNode(), 0),
  start: (args) => run('src/main.ts', ...args),
  debug: (args) => node('--inspect-brk', ...nodeFlags, join(root, 'src/main.ts'), ...args),
  node: (args) => node(...nodeFlags, ...args),
  check: () => run('src/build/check.ts'),
  format: () => node(join(root, 'node_modules/oxfmt/bin/oxfmt'), 'src', 'test', 'build.mjs'),
  lint: () => run('src/build/check.ts', 'lint'),
  build: (args) => run('src/build/build.ts', ...args),
  generate: () => run('src/build/generated.ts'),
  screenshots: (args) => run('src/build/screenshots.ts', ...args),
  notices: () => run('src/build/notices.ts'),
  test: (args) => run('test/run.ts', ...args),
  'test-fast': (args) => run('test/fast.ts', ...args),
  coverage: (args) =>
    node(
      join(root, 'node_modules/c8/bin/c8.js'),
      '--all',
      '--src=src',
      '--include=src/**',
      '--exclude=src/build/**',
      '--exclude=src/generated/**',
      '--reporter=text-summary',
      '--reporter=html',
      `--reports-dir=${join(root, '.cache/coverage')}`,
      ownNode(),
      ...nodeFlags,
      join(root, 'test/run.ts'),
      ...args,
    ),
  fuzz: (args) => run('test/fuzz/main.ts', ...args),
  'test-windows': () => run('test/windows.ts'),
  bench: async (args) => (await run('src/build/build.ts')) || run('test/bench/main.ts', ...args),
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!command) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 64;
} else {
  try {
    install();
    await generate();
    process.exitCode = await command(args);
  } catch (error) {
    process.stderr.write(`build: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 70;
  }
}
