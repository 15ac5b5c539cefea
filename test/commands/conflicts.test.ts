import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linuxSource } from '../../src/machine/linux/source.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { run, snapshotFile } from '../support/harness.ts';

const test = suite('portowner conflicts');

const two = [processFact(), processFact({ pid: 101, imageName: 'caddy', path: '/usr/bin/caddy' })];
const clash = snapshotFile(facts([socket({ localPort: 80 }), socket({ localPort: 80, pid: 101 }), socket({ localPort: 40000, localAddress: '127.0.0.1' })], { processes: two }));
const calm = snapshotFile(facts([socket({ localPort: 40000, localAddress: '127.0.0.1' })], { processes: two }));
const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;

test('a warning ends with 1, and says what it means', async () => {
  const { code, out, err } = await run(['conflicts', '--from', clash]);
  assert.equal([code, err], [1, '']);
  assert.match(out, /^1 conflict on port 80 \(1 warning\), and 1 for information\.\n\n/);
  assert.match(out, /Warning +SharedByReuse +TCP +0\.0\.0\.0 +80 +nginx \(100\), caddy \(101\)/);
  assert.match(out, /\nSharedByReuse: Several programs share the port: .*\n/);
});

test('information alone is no conflict', async () => {
  const { code, out } = await run(['conflicts', '--from', calm, '--format', 'json']);
  assert.equal([code, (JSON.parse(out) as { Severity: string }[]).map((row) => row.Severity)], [0, ['Information']]);
  assert.match((await run(['conflicts', '--from', calm])).out, /^No conflicts; 1 for information on port 40000\.\n\n/);
});

test('--severity leaves out, and changes no exit code', async () => {
  assert.equal(await run(['conflicts', '--from', calm, '--severity', 'warning']), { code: 0, out: 'No conflicts.\n', err: '' });
  const { code, out } = await run(['conflicts', '--from', clash, '--severity', 'error', '--format', 'csv', '--columns', 'Port']);
  assert.equal([code, out], [1, 'Port\r\n']);
  assert.is((await run(['conflicts', '--severity', 'bad'])).code, 64);
});

test('what could not be seen is no calm', async () => {
  const failed = snapshotFile(facts([], { sections: { sockets: { ...ok, status: 'failed', reason: 'the table cannot be read', data: [] } } }));
  const { code, out, err } = await run(['conflicts', '--from', failed]);
  assert.is(code, 69);
  assert.match(err, /PO3001/);
  assert.match(out, /some facts could not be seen/);
  const ranges = snapshotFile(facts([], { sections: { dynamicRanges: { ...ok, status: 'failed', reason: 'netsh printed nothing', data: [] } } }));
  assert.is((await run(['conflicts', '--from', ranges])).code, 69);
  const hidden = socket({ localPort: 80, pid: null, user: 'www', refusals: [{ field: 'OwningProcess', code: 'AccessDenied', text: 'hidden', needs: 'root (sudo)' }] });
  const unseen = snapshotFile(facts([hidden, hidden], { sections: { processes: { ...ok, status: 'partial', reason: 'hidden', needs: 'root (sudo)', data: [] } } }));
  assert.is((await run(['conflicts', '--from', unseen])).code, 77);
});

test('this machine', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context);
  const { code, err } = await run(['conflicts', '--format', 'ndjson'], { source: linuxSource() });
  assert.ok([0, 1, 77].includes(code), `${code} ${err}`);
});

test.run();
