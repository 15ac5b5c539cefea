import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveSource, liveTools } from '../../../src/machine/live.ts';
import { readEnvelope } from '../../../src/facts/read/envelope.ts';
import { recordedSource, type RawSource } from '../../../src/system/raw.ts';
import type { Check } from '../../../src/schema/check.ts';
import { root } from '../../../src/build/runtime.mjs';
import { skip } from '../../support/skip.ts';
import { run, temporaryFolder } from '../../support/harness.ts';

const test = suite('portowner doctor');
const recorded = readEnvelope(join(root, 'test/fixtures/recorded/linux-6.18'));

/** Tools that say what a test wants. */
const saying = (texts: Readonly<Record<string, string>>): RawSource => ({
  platform: 'linux',
  read: (name) => ({ at: '2026-01-02T03:04:05Z', ...(texts[name] === undefined ? { refusal: { code: 'NotSupported', text: `there is no ${name}` } } : { text: texts[name] }) }),
});

async function checks(source: RawSource, tools: RawSource): Promise<{ code: number; rows: Check[] }> {
  const { code, out } = await run(['doctor', '--format', 'json'], { source, tools });
  return { code, rows: JSON.parse(out) as Check[] };
}

/** Skipped checks are not failures. */
const failureCode = (rows: readonly Check[]): number => (rows.some(({ Status }) => Status === 'failed') ? 69 : 0);

test('checks that are only skipped are not failures', async (context) => {
  if (process.platform !== 'linux') return skip('this machine is not Linux', context);
  const [source, tools] = [await liveSource(), saying({})];
  const { code, rows } = await checks(source, tools);
  assert.ok(rows.some(({ Status }) => Status === 'skipped'));
  assert.is(code, failureCode(rows));
});

test('one that is missing is a disagreement', async () => {
  const { code, rows } = await checks(recordedSource(recorded), saying({ ss: 'tcp LISTEN 0 5 0.0.0.0:59999 0.0.0.0:* users:(("x",pid=5,fd=3))\n' }));
  assert.is(code, 1);
  const row = rows.find(({ Check }) => Check === 'ss -tuanp agrees')!;
  assert.is(row.Status, 'differs');
  assert.ok(row.Evidence?.some((text) => text === 'only the tool lists TCP 0.0.0.0:59999 Listen'));
  assert.ok(row.Evidence?.some((text) => text.startsWith('only PortOwner lists TCP ')));
  assert.ok(row.Evidence!.length <= 21);
});

test('a missing tool is skipped, and one whose output cannot be parsed is a failure', async () => {
  for (const [texts, status] of [
    [{}, 'skipped'],
    [{ ss: 'hello\n' }, 'failed'],
  ] as const) {
    const { code, rows } = await checks(recordedSource(recorded), saying(texts));
    assert.is(code, failureCode(rows));
    assert.is(rows.find(({ Check }) => Check === 'ss -tuanp agrees')?.Status, status);
  }
});

test('a source that is refused is told', async () => {
  const source = recordedSource({ ...recorded, entries: new Map([...recorded.entries].filter(([name]) => name !== 'holders')) });
  const { code, rows } = await checks(source, saying({}));
  assert.is(code, failureCode(rows));
  assert.is(rows.find(({ Check }) => Check === 'source holders')?.Status, 'skipped');
});

test('it takes no facts of another machine', async () => {
  const { code, err } = await run(['doctor', '--from', 'x.json']);
  assert.is(code, 64);
  assert.match(err, /PO1005/);
});

test('a report that cannot be written is an error', async () => {
  const { code, err } = await run(['doctor', '--bundle', join(temporaryFolder(), 'no/such/folder/x.json')], { source: recordedSource(recorded), tools: saying({}) });
  assert.is(code, 69);
  assert.match(err, /PO2004/);
});

test('this machine, and a report of it that answers like it', async (context) => {
  if (process.platform !== 'linux') return skip('this machine is not Linux', context);
  if (spawnSync('ss', ['-V']).status !== 0) return skip('there is no ss', context);
  const server = createServer();
  const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
  try {
    const [source, tools] = [await liveSource(), await liveTools()];
    const bundle = join(temporaryFolder(), 'report.json');
    const { code, out, err } = await run(['doctor', '--bundle', bundle, '--format', 'json'], { source, tools });
    const rows = JSON.parse(out) as Check[];
    assert.equal(
      rows.filter(({ Status }) => Status === 'differs'),
      [],
      err,
    );
    assert.is(code, failureCode(rows));
    assert.is(rows.find(({ Check }) => Check === 'ss -tuanp agrees')?.Status, 'ok');
    const text = readFileSync(bundle, 'utf8');
    const host = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
    if (host.length > 2) assert.not.ok(text.includes(host));
    const people = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .filter(([, , uid]) => Number(uid) >= 1000 && uid !== '65534');
    for (const [name = ''] of people) assert.not.match(text, new RegExp(`(?<![A-Za-z0-9])${name}(?![A-Za-z0-9])`));
    const live = await run([String(port), '--format', 'json'], { source });
    const replayed = await run([String(port), '--format', 'json', '--from', bundle]);
    assert.is(replayed.code, 0);
    const pick = (json: string) =>
      (JSON.parse(json) as Record<string, unknown>[]).map(({ LocalPort, OwningProcess, ImageName, Owner, StartTime }) => ({
        LocalPort,
        OwningProcess,
        ImageName,
        Owner,
        StartTime,
      }));
    // What an interpreter runs is nobody's business.
    assert.match(live.out, /"Owner":"node doctor\.test\.ts \(\d+\)"/);
    assert.equal(pick(replayed.out), pick(live.out.replace('node doctor.test.ts (', 'node (')));
    assert.ok(existsSync(bundle));
  } finally {
    server.close();
  }
});

test.run();
