// One question to several machines, by their files.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOfAll } from '../../src/schema/exit-code.ts';
import { facts, process, socket } from '../support/example.ts';
import { run, snapshotFile } from '../support/harness.ts';

const test = suite('several machines');
const clixml = (name: string): string => fileURLToPath(new URL(`../fixtures/synthetic/clixml/${name}.clixml`, import.meta.url));

const of = (name: string, port: number): string => {
  const one = facts([socket({ localPort: port, pid: 7, holders: [7] })], { processes: [process({ pid: 7, imageName: 'web' })] });
  return snapshotFile({ ...one, machine: { ...one.machine, name } });
};
const [first, second] = [of('alpha', 80), of('beta', 81)];

test('each row says of which machine it is, in their order', async () => {
  const { code, out, err } = await run(['80,81', '--from', second, '--from', first, '--format', 'csv', '--columns', 'ComputerName,LocalPort']);
  assert.equal([code, out, err], [0, 'ComputerName,LocalPort\r\nbeta,81\r\nalpha,80\r\n', '']);
  const table = (await run(['80', '--from', first, '--from', second])).out;
  assert.match(table, /^ComputerName +Protocol/);
  assert.match(table, '\nbeta: Nobody owns port 80.\n');
  assert.match((await run(['80', '--from', first])).out, /^Protocol/);
});

test('one unreadable file is one error, and the others are answered', async () => {
  const { code, out, err } = await run(['80', '--from', first, '--from', '/nowhere/at/all.json', '--from', second, '--format', 'json']);
  assert.is(code, 69);
  assert.is((JSON.parse(out) as unknown[]).length, 1);
  assert.is(err.split('\n').filter((line) => line.startsWith('portowner: ')).length, 1);
  assert.match(err, 'PO2001: cannot read /nowhere/at/all.json');
});

test('CLIXML files are of one machine, beside others', async () => {
  const { code, out } = await run(['443', '--from', clixml('tcp'), '--from', first, '--format', 'csv', '--columns', 'ComputerName']);
  assert.equal([code, out], [0, 'ComputerName\r\nSERVER7\r\n']);
});

test('nobody on any of them', async () => {
  assert.is((await run(['9', '--from', first, '--from', second])).code, 1);
});

test('what is about one machine is refused for several', async () => {
  const { code, err } = await run(['baseline', 'create', '/nowhere/baseline.yaml', '--from', first, '--from', second]);
  assert.is(code, 64);
  assert.match(err, 'PO1005: a baseline describes one machine, but there are 2');
});

test('the exit code of all', () => {
  const ports = (...codes: Parameters<typeof exitCodeOfAll>[0]) => exitCodeOfAll(codes, { decisive: true, isUnread: false });
  const findings = (...codes: Parameters<typeof exitCodeOfAll>[0]) => exitCodeOfAll(codes, { decisive: false, isUnread: false });
  assert.equal([ports(1, 0, 69), ports(1, 77, 69), ports(1, 77), ports(1, 1), ports(64, 0)], [0, 69, 77, 1, 64]);
  assert.equal([findings(0, 1, 69), findings(0, 77, 69), findings(0, 77), findings(0, 0)], [1, 69, 77, 0]);
  assert.is(exitCodeOfAll([0], { decisive: true, isUnread: true }), 69);
});

test.run();
