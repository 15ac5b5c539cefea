import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveBinder, liveSource } from '../../../src/machine/live.ts';
import { serviceName } from '../../../src/ports/iana.ts';
import { run, temporaryFolder } from '../../support/harness.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('portowner free');

async function free(args: readonly string[], stateFolder = temporaryFolder()) {
  return run(['free', ...args], { source: await liveSource(), binder: await liveBinder(), stateFolder });
}
const numbers = (out: string): number[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);

async function listen(host = '0.0.0.0') {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

test('the number alone, for a shell, and it can be bound', async () => {
  const { code, out, err } = await free([]);
  assert.equal([code, err], [0, '']);
  const [port, ...more] = numbers(out);
  assert.equal(more, []);
  const server = createServer();
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  const others = numbers((await free(['--near', String(port), '--count', '3'])).out);
  assert.not.ok(others.includes(port!), 'a port in use is not free');
  server.close();
});

test('a port in use, and why', async () => {
  const { server, port } = await listen();
  try {
    const { code, out, err } = await free(['--range', String(port), '--explain', '--format', 'json', '--problems', 'rows']);
    assert.is(code, 1);
    const items = JSON.parse(out) as { IsFree?: boolean; LocalPort?: number; Reason?: string; Code?: string }[];
    const row = items.find(({ LocalPort }) => LocalPort === port)!;
    assert.equal([row.IsFree, err], [false, '']);
    // The system chose it from the dynamic range, which is reason enough.
    assert.match(row.Reason!, /in use: TCP|in the dynamic range/);
    assert.ok(items.some(({ Code }) => Code === 'PO4102'));
  } finally {
    server.close();
  }
});

test('a port that is taken is named with its owner, below the number, and if there is none', async () => {
  const server = createServer();
  server.listen(20_201, '127.0.0.1');
  await once(server, 'listening');
  try {
    const owner = /20201: in use: TCP 127\.0\.0\.1, owner: .*\(\d+\)/;
    assert.match((await free(['20201'])).err, owner);
    const terminal = { columns: 80, colors: false, unicode: true };
    const { out, err } = await run(['free', '20201-20205'], { source: await liveSource(), binder: await liveBinder(), terminal });
    assert.is(out, '20202\n');
    assert.match(err, new RegExp(`^${owner.source}\n(?:.*\n)*$`));
  } finally {
    server.close();
  }
});

test('at a prompt, standard error says what a port is registered for; in a script, nothing does', async () => {
  const surroundings = { source: await liveSource(), binder: await liveBinder() };
  const near = ['free', '--near', '3300', '--range', '3300-3400'];
  const silent = await run(near, surroundings);
  assert.equal([silent.code, silent.err], [0, '']);
  const [port] = numbers(silent.out);
  const service = serviceName(port!, 'TCP')!;
  const note = new RegExp(`(?:^|\n)${port}: free; registered with IANA for ${service}\n$`);
  // As in $(portowner free): only standard output is not the terminal.
  const substituted = await run(near, { ...surroundings, confirm: () => false });
  assert.is(substituted.out, silent.out, 'the number alone');
  assert.match(substituted.err, note);
  assert.match((await run([...near, '--explain'], surroundings)).out, note);
});

test('an address that is not of this machine', async () => {
  const { code, out, err } = await free(['--range', '20011-20012', '--address', '192.0.2.1']);
  assert.equal([code, out], [1, '']);
  assert.match(err, /PO4102: no free port in 20011-20012\n/);
});

test('ports in a row, as rows', async () => {
  const { code, out } = await free(['--count', '4', '--consecutive', '--protocol', 'both', '--format', 'ndjson']);
  assert.is(code, 0);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { LocalPort: number; Protocol: string; HeldUntil: null });
  assert.equal(
    rows.map(({ LocalPort }) => LocalPort - rows[0]!.LocalPort),
    [0, 1, 2, 3],
  );
  assert.equal([rows[0]!.Protocol, rows[0]!.HeldUntil], ['TCP,UDP', null]);
});

test('what is held is not handed out again, until it expires', async () => {
  const folder = temporaryFolder();
  const first = await free(['--hold', '60', '--format', 'ndjson'], folder);
  const { LocalPort, HeldUntil } = JSON.parse(first.out) as { LocalPort: number; HeldUntil: string };
  assert.is(HeldUntil, '2026-01-02T03:05:06.000Z');
  const second = await free(['--near', String(LocalPort), '--explain', '--format', 'ndjson'], folder);
  assert.match(second.out, new RegExp(`"LocalPort":${LocalPort},[^}]*"held for another call until 2026-01-02T03:05:06.000Z"`));
  assert.is(JSON.parse((await free(['--near', String(LocalPort), '--format', 'ndjson'])).out).LocalPort, LocalPort, 'without the note it is free');
});

test('what a policy or a baseline keeps for others is not free', async () => {
  const folder = temporaryFolder();
  const policy = join(folder, 'policy.yaml');
  const baseline = join(folder, 'baseline.yaml');
  writeFileSync(
    policy,
    [
      'kind: PortOwner.Policy',
      'version: 1',
      'rules:',
      '  - {name: web, action: allow, ports: 20301, program: /usr/sbin/nginx}',
      '  - {name: anybody, action: allow, ports: 20302-20303}',
      '  - {name: no telnet, action: forbid, program: telnetd}',
      '  - {name: the rest, action: forbid, ports: 20300-20399}',
      '',
    ].join('\n'),
  );
  writeFileSync(baseline, 'kind: PortOwner.Baseline\nversion: 1\nlisteners:\n  - {port: 20302, protocol: TCP, address: 0.0.0.0, program: /usr/bin/db}\n');
  const { code, out, err } = await free([
    '--range',
    '20300-20303',
    '--registered',
    '--policy',
    policy,
    '--baseline',
    baseline,
    '--explain',
    '--format',
    'ndjson',
    '--problems',
    'rows',
  ]);
  assert.equal([code, err], [0, '']);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { LocalPort: number; Reason: string | null });
  assert.equal(
    rows.filter(({ LocalPort }) => LocalPort !== undefined).map(({ LocalPort, Reason }) => [LocalPort, Reason]),
    [
      [20303, null],
      [20300, 'forbidden by the policy: the rest'],
      [20301, 'reserved by the policy: web'],
      [20302, 'in the baseline for /usr/bin/db'],
    ],
  );
  const missing = await free(['--policy', join(folder, 'none.yaml')]);
  assert.is(missing.code, 69);
  assert.match(missing.err, /PO2001/);
});

for (const [args, message] of [
  [['--count', '0'], /unknown value "0" for --count; expected a whole number from 1 to 10000\n/],
  [['--hold', '100000'], /unknown value "100000" for --hold/],
  [['--near', 'x'], /unknown value "x" for --near/],
  [['--range', '9-1'], /PO1002/],
  [['--protocol', 'icmp'], /unknown value "icmp" for --protocol; expected tcp, udp, or both\n/],
  [['--address', '10.0.0.0/8'], /PO1004/],
] as const) {
  test(`${args.join(' ')} is refused`, async () => {
    const { code, out, err } = await free(args);
    assert.equal([code, out], [64, '']);
    assert.match(err, message);
  });
}

test('50 calls at the same time never get the same port twice', async () => {
  const folder = temporaryFolder();
  const call = async (): Promise<number> => {
    const child = spawn(ownProgram[0], [...ownProgram.slice(1), 'free', '--hold', '60'], {
      env: { ...process.env, XDG_STATE_HOME: folder, LOCALAPPDATA: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const [code] = await once(child, 'close');
    assert.is(code, 0);
    return Number(out);
  };
  const ports = await Promise.all(Array.from({ length: 50 }, call));
  assert.ok(ports.every((port) => port > 0));
  assert.is(new Set(ports).size, 50);
});

test.run();
