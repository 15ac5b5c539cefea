// Whatever is misspelled, the nearest one is suggested.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { facts, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('what is misspelled');
const folder = temporaryFolder();

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const policy = (name: string, text: string): string[] => ['audit', '--policy', written(name, `kind: PortOwner.Policy\nversion: 1\n${text}`)];
const baseline = (name: string, text: string): string[] => ['audit', '--baseline', written(name, `kind: PortOwner.Baseline\nversion: 1\n${text}`)];

for (const [args, meant] of [
  [['wyh', '3000'], 'portowner why'],
  [['htpp'], 'portowner http'],
  [['44e'], '443'],
  [['80/tpc'], '80/tcp'],
  [['upd/53'], '53/udp'],
  [['80:tpc'], '80/tcp'],
  [['--formt', 'csv'], '--format'],
  [['--al'], '--all'],
  [['-format', 'csv'], '--format'],
  [['hlep'], 'portowner help'],
  [['--format', 'jsn'], 'json'],
  [['--state', 'Lisen'], 'Listen'],
  [['--columns', 'Ownr'], 'Owner'],
  [['--columns', 'Owne'], 'Owner'],
  [['--columns', 'Own'], 'Owner'],
  [['--columns', 'Local'], 'LocalPort'],
  [['--sort', 'Serv'], 'Services'],
  [['--columns', 'port'], 'LocalPort'],
  [['--columns', 'PID'], 'OwningProcess'],
  [['--sort', '-user'], 'UserName'],
  [['ranges', '--columns', 'port'], 'StartPort'],
  [['--address', 'locahost'], 'localhost'],
  [['why', '80', '--address', 'localhots'], 'localhost'],
  [['--delimiter', 'semicolom', '--excel', '--from', snapshotFile(facts([]), folder)], 'semicolon'],
  [['--output', 'p.jsno'], '.json'],
  [['audit', '--baseline', 'x', '--report', 'x.hmtl'], '.html'],
  [['baseline', 'craete'], 'create'],
  [['completion', 'zhs'], 'zsh'],
  [['help', 'wyh'], 'why'],
  [policy('key.yaml', 'rules:\n  - name: a\n    action: forbid\n    prots: 23\n'), 'ports'],
  [policy('needed.yaml', 'rules:\n  - name: a\n    acton: forbid\n'), 'action'],
  [policy('value.yaml', 'rules:\n  - name: a\n    action: forbit\n'), 'forbid'],
  [policy('scope.yaml', 'rules:\n  - name: a\n    action: forbid\n    scope: Loobback\n'), 'Loopback'],
  [policy('top.yaml', 'defualt: forbid\nrules: []\n'), 'default'],
  [baseline('b-key.yaml', 'listners: []\n'), 'listeners'],
  [baseline('b-value.yaml', 'listeners:\n  - port: 80\n    protocol: TPC\n    address: 0.0.0.0\n'), 'TCP'],
] as const)
  test(args.join(' ').replace(folder, ''), async () => {
    const { code, err } = await run(args);
    assert.ok(code === 64 || code === 69, `${code}`);
    assert.match(err, `Did you mean ${meant}?`);
  });

test('what is not near anything is not replaced', async () => {
  for (const args of [['--columns', 'Zzzzzz'], policy('far.yaml', 'rules:\n  - name: a\n    action: forbid\n    zzzzzzzz: 1\n')])
    assert.not.match((await run(args)).err, 'Did you mean');
});

test('the letters of another tool are not the beginning of an option', async () => {
  for (const letters of ['-ano', '-an', '-tlnp']) {
    const { code, err } = await run([letters]);
    assert.is(code, 64);
    assert.match(err, `unknown option ${letters}`);
    assert.not.match(err, 'Did you mean');
  }
});

test('the name of a program is found by its option', async () => {
  for (const name of ['node', 'nginx', 'vite', 'server.js', 'app.py', 'shop.jar', 'nginx.exe'])
    assert.match((await run([name])).err, `To find the ports of a program: portowner --image ${name}`);
});

test('an address alone needs a port', async () => {
  for (const [address, example] of [
    ['127.0.0.1', '127.0.0.1:3000'],
    ['localhost', 'localhost:3000'],
    ['10.0.0.5', '10.0.0.5:3000'],
    ['::1', '[::1]:3000'],
  ] as const)
    assert.match((await run([address])).err, `Add a port, for example ${example}`);
});

test('localhost is the loopback addresses', async () => {
  const file = snapshotFile(facts([socket({ localAddress: '127.0.0.1', localPort: 1 }), socket({ localAddress: '::1', localPort: 2 }), socket({ localPort: 3 })]));
  const { out } = await run(['--address', 'localhost', '--from', file, '--format', 'csv', '--columns', 'LocalPort']);
  assert.equal(out.trim().split(/\s+/), ['LocalPort', '1', '2']);
});

test.run();
