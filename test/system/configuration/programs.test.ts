// Real programs that read their port from files: ASP.NET Core and Flask, found, moved, and asked on the new port.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../../src/schema/configuration.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { onThisMachine } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moving real programs');

const dotnet = '/usr/share/dotnet';
const newest = (folder: string): string | null => (existsSync(folder) ? (readdirSync(folder).toSorted().at(-1) ?? null) : null);

/** Compiles a program without a project, which takes two seconds instead of many. Null without a software development kit. */
function compiled(folder: string): string | null {
  const sdk = newest(join(dotnet, 'sdk'));
  const frameworks = ['Microsoft.NETCore.App', 'Microsoft.AspNetCore.App'];
  const versions = frameworks.map((name) => newest(join(dotnet, 'shared', name)));
  if (sdk === null || versions.includes(null)) return null;
  const references = frameworks.flatMap((name, index) => {
    const from = join(dotnet, 'shared', name, versions[index]!);
    return readdirSync(from)
      .filter((file) => /^(?:System|Microsoft|netstandard).*\.dll$/.test(file))
      .map((file) => `-r:${join(from, file)}`);
  });
  const source = join(folder, 'Program.cs');
  writeFileSync(source, 'using Microsoft.AspNetCore.Builder;\nvar app = WebApplication.CreateBuilder(args).Build();\napp.MapGet("/", () => "shop");\napp.Run();\n');
  const out = join(folder, 'shop.dll');
  const { status } = spawnSync(join(dotnet, 'dotnet'), [join(dotnet, 'sdk', sdk, 'Roslyn/bincore/csc.dll'), '-nologo', '-nostdlib', `-out:${out}`, ...references, source], {
    stdio: 'ignore',
  });
  const config = { runtimeOptions: { frameworks: frameworks.map((name, index) => ({ name, version: versions[index] })) } };
  writeFileSync(join(folder, 'shop.runtimeconfig.json'), JSON.stringify(config));
  return status === 0 ? out : null;
}

async function answers(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      return (await (await fetch(`http://127.0.0.1:${port}/`)).text()) === 'shop';
    } catch {
      await setTimeout(50);
    }
  }
  return false;
}

/** Starts a program, moves it, starts it again, and undoes the move. */
async function expectMoved(start: () => ChildProcess, port: number, file: string): Promise<void> {
  const state = temporaryFolder();
  const to = Number((await onThisMachine(['free', '--near', String(20_000 + Math.floor(Math.random() * 10_000))], state)).out);
  const before = readFileSync(file, 'utf8');
  let child = start();
  try {
    assert.ok(await answers(port));
    const { out } = await onThisMachine(['config', String(port), '--json'], state);
    assert.equal(
      (JSON.parse(out) as Configuration[]).map(({ File, Confidence, OwningProcess }) => [File, Confidence, OwningProcess]),
      [[file, 'Confirmed', child.pid]],
    );
    const moved = await onThisMachine(['move', String(port), '--to', String(to), '--yes'], state);
    assert.is(moved.code, 0, moved.err);
    assert.is(readFileSync(file, 'utf8'), before.replace(String(port), String(to)));
    child.kill('SIGKILL');
    child = start();
    assert.ok(await answers(to));
    assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
    assert.is(readFileSync(file, 'utf8'), before);
  } finally {
    child.kill('SIGKILL');
  }
}

test('ASP.NET Core: an endpoint in appsettings.json', async (context) => {
  const folder = temporaryFolder();
  const program = compiled(folder);
  if (program === null) return skip('the .NET SDK is not installed', context as TestContext);
  const port = await freePort();
  const file = join(folder, 'appsettings.json');
  writeFileSync(file, `{\r\n  "Urls": "http://127.0.0.1:1", // not used\r\n  "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:${port}" } } },\r\n}\r\n`);
  const env = { PATH: '/usr/bin:/bin', HOME: folder, DOTNET_CLI_HOME: folder, ASPNETCORE_URLS: 'http://127.0.0.1:2' };
  await expectMoved(() => spawn(join(dotnet, 'dotnet'), [program], { cwd: folder, env, stdio: 'ignore' }), port, file);
});

test('Flask: .flaskenv', async (context) => {
  const has = spawnSync('python3', ['-c', 'import flask, dotenv']).status === 0;
  if (!has) return skip('Flask with python-dotenv is not installed', context as TestContext);
  const folder = temporaryFolder();
  const port = await freePort();
  const file = join(folder, '.flaskenv');
  writeFileSync(join(folder, 'app.py'), "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef shop():\n    return 'shop'\n");
  writeFileSync(file, `# Flask\nFLASK_RUN_PORT=1\nFLASK_RUN_PORT="${port}"  # here\n`);
  await expectMoved(() => spawn('python3', ['-m', 'flask', 'run'], { cwd: folder, stdio: 'ignore' }), port, file);
});

test.run();
