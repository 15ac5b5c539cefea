// Node.js: https://nodejs.org/api/environment_variables.html#dotenv, https://nodejs.org/api/cli.html#--env-filefile,
// https://vite.dev/config/server-options#server-port, https://angular.dev/reference/configs/workspace-config,
// https://nextjs.org/docs/app/guides/environment-variables#environment-variable-load-order
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../../src/schema/configuration.ts';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { onThisMachine } from '../../support/servers.ts';

const test = suite('Node.js');
const app = 'Node.js';

test('.env files: the last one of a variable, and the more specific file, win', async () => {
  const files = new ConfigurationFiles({
    '.env': Buffer.from('\ufeff# PORT=1\r\nPORT=2\r\nexport PORT = "20100"  # here\r\nXPORT=3\r\n', 'utf16le'),
    '.env.local': "DB=1\n  PORT='20101'\n",
    '.env.development': 'PORT=20102\n',
  });
  const rows = await files.expectRows(app, [
    ['PORT', '20100', 20_100, '.env:3'],
    ['PORT', '20102', 20_102, '.env.development:1'],
    ['PORT', '20101', 20_101, '.env.local:2'],
  ]);
  assert.equal(
    rows.map(({ IsEffective }) => IsEffective),
    [false, false, true],
  );
  assert.match(rows[2]!.Reason!.join(), 'the code of the program decides');
  await files.expectMove(app, [20_101, 31_000], { '.env.local': [["'20101'", "'31000'"]] });
});

test('UTF-16 stays UTF-16, and a variable is not guessed', async () => {
  const text = '\ufeffPORT = "20100" # \u00e4\r\n';
  const files = new ConfigurationFiles({ '.env': Buffer.from(text, 'utf16le') });
  await files.expectRows(app, [['PORT', '20100', 20_100, '.env:1']]);
  const { code } = await onThisMachine(['move', '20100', '--to', '31000', '--path', files.main, '--yes'], temporaryFolder());
  assert.is(code, 0);
  assert.equal(files.read('.env'), Buffer.from(text.replace('20100', '31000'), 'utf16le'));
  const other = new ConfigurationFiles({ '.env': 'BASE=1\nPORT=${BASE}\n' });
  const [row] = await other.expectRows(app, [['PORT', '${BASE}', null, '.env:2']]);
  assert.match(row!.Reason!.join(), 'variable');
});

test('scripts of package.json', async () => {
  const files = new ConfigurationFiles({
    'package.json':
      '{\r\n  "name": "shop --port 1",\r\n  "scripts": {\r\n    "dev": "vite --port 20200 --host",\r\n    "start": "cross-env NODE_ENV=production PORT=20201 node server.js",\r\n    "next": "next dev -p 20202",\r\n    "other": "serve --port=20203 && echo -production",\r\n    "quoted": "x --port \\"20204\\"",\r\n    "variable": "x --port $PORT"\r\n  }\r\n}\r\n',
  });
  await files.expectRows(app, [
    ['scripts.dev --port', '20200', 20_200, 'package.json:4'],
    ['scripts.start PORT', '20201', 20_201, 'package.json:5'],
    ['scripts.next -p', '20202', 20_202, 'package.json:6'],
    ['scripts.other --port', '20203', 20_203, 'package.json:7'],
    ['scripts.quoted --port', '20204', 20_204, 'package.json:8'],
  ]);
  for (const [from, old, young] of [
    [20_200, 'port 20200', 'port 31000'],
    [20_201, 'PORT=20201', 'PORT=31000'],
    [20_203, '=20203', '=31000'],
  ] as const)
    await files.expectMove(app, [from, 31_000], { 'package.json': [[old, young]] });
  // The escapes make the position of the value unknown.
  const { code } = await onThisMachine(['move', '20204', '--to', '31000', '--path', files.main, '--yes'], temporaryFolder());
  assert.is(code, 1);
});

test('vite.config: a literal is changed, code is not', async () => {
  const files = new ConfigurationFiles({
    'vite.config.ts':
      "import { defineConfig } from 'vite';\n// server: { port: 1 }\nconst text = `port: ${2}`;\nexport default defineConfig(({ mode }) => ({\n  plugins: [a({ port: 3 }), 'server: {'],\n  server: {\n    host: true, /* port: 4, */\n    'port' :  20300 , // here\n    hmr: { port: 5 },\n    proxy: { '/api': 'http://127.0.0.1:8080' },\n  },\n  preview: { port: 6 },\n}));\n",
  });
  await files.expectRows(app, [['server.port', '20300', 20_300, 'vite.config.ts:8']]);
  await files.expectMove(app, [20_300, 31_000], { 'vite.config.ts': [['20300 ,', '31000 ,']] });
  for (const code of ['Number(process.env.PORT) || 3000', '3000 + offset', 'port', '`3000`']) {
    const [row] = await new ConfigurationFiles({ 'vite.config.mjs': `export default { server: { port: ${code}, open: true } }\n` }).rows(app);
    assert.is(row!.Port, null, code);
    assert.match(row!.Reason!.join(), 'computed by code');
  }
});

test('vite.config: a number with separators', async () => {
  const files = new ConfigurationFiles({ 'vite.config.ts': 'export default { server: { port: 20_300 } };\n' });
  await files.expectRows(app, [['server.port', '20_300', 20_300, 'vite.config.ts:1']]);
  await files.expectMove(app, [20_300, 31_000], { 'vite.config.ts': [['20_300', '31000']] });
  const [row] = await new ConfigurationFiles({ 'vite.config.ts': 'export default { server: { port: 0x1435 } };\n' }).rows(app);
  assert.is(row!.Port, null);
});

test('angular.json: the port of every configuration', async () => {
  const files = new ConfigurationFiles({
    'angular.json':
      '{ "projects": { "shop": { "architect": { "build": {"options": {"port": 1}}, "serve": { "options": { "port": 20400 }, "configurations": { "other": { "port": 20401 } } } } } } }\n',
  });
  await files.expectRows(app, [
    ['projects.shop.architect.serve.options.port', '20400', 20_400, 'angular.json:1'],
    ['projects.shop.architect.serve.configurations.other.port', '20401', 20_401, 'angular.json:1'],
  ]);
  await files.expectMove(app, [20_401, 31_000], { 'angular.json': [['20401', '31000']] });
});

/** A program that listens on PORT, started by Node itself. */
async function started(args: readonly string[], folder: string, environment: Record<string, string> = {}) {
  writeFileSync(join(folder, 'server.cjs'), "require('node:http').createServer((_, r) => r.end('ok')).listen(process.env.PORT, '127.0.0.1', () => console.log('ready'));\n");
  const child = spawn(process.execPath, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the program ended')));
  });
  return child;
}

if (process.platform === 'linux')
  test('a real program: --env-file and its environment, with the script that it is from', async () => {
    const folder = temporaryFolder();
    const [first, second] = [await freePort(), await freePort()];
    mkdirSync(join(folder, 'conf'));
    const env = `# \u00e4\r\nPORT=1\r\nPORT="${first}"\r\n`;
    writeFileSync(join(folder, 'conf', 'app.env'), env);
    writeFileSync(join(folder, '.env'), 'PORT=1\n');
    writeFileSync(join(folder, 'package.json'), `{"scripts": {"start": "PORT=${second} node server.cjs"}}\n`);
    const children = [await started(['--env-file=conf/app.env', 'server.cjs'], folder), await started(['server.cjs'], folder, { PORT: String(second) })];
    try {
      const look = async (port: number): Promise<unknown[]> => {
        const { out } = await onThisMachine(['config', String(port), '--app', app, '--json'], temporaryFolder());
        return (JSON.parse(out) as Configuration[]).map(({ File, Line, Confidence, OwningProcess }) => [File, Line, Confidence, OwningProcess]);
      };
      assert.equal(await look(first), [[join(folder, 'conf', 'app.env'), 3, 'Confirmed', children[0]!.pid]]);
      assert.equal(await look(second), [[join(folder, 'package.json'), 1, 'Confirmed', children[1]!.pid]]);
      const { code, err } = await onThisMachine(['move', String(first), '--to', '31000', '--yes'], temporaryFolder());
      assert.is(code, 0, err);
      assert.is(readFileSync(join(folder, 'conf', 'app.env'), 'utf8'), env.replace(String(first), '31000'));
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

test.run();
