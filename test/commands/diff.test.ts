import { truncateSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Facts } from '../../src/facts/model/facts.ts';
import { connection, facts, process, socket } from '../support/example.ts';
import { run, snapshotFile } from '../support/harness.ts';

const test = suite('portowner diff');

const one = facts([socket({ localPort: 443 }), socket({ localPort: 25, localAddress: '127.0.0.1' }), connection({ localPort: 443 })]);
const withHash = (sha256: string): Facts => ({
  ...one,
  sections: {
    ...one.sections,
    binaries: { status: 'ok', reason: null, needs: null, at: null, data: [{ pid: 100, path: '/usr/sbin/nginx', sha256: sha256.repeat(64), signer: null }] },
  },
});

async function kinds(a: Facts, b: Facts): Promise<{ code: number; found: string[] }> {
  const { code, out, err } = await run(['diff', snapshotFile(a), snapshotFile(b), '--format', 'json']);
  assert.is(err, '');
  return { code, found: (JSON.parse(out) as { Kind: string; Endpoint: string }[]).map(({ Kind, Endpoint }) => `${Kind} ${Endpoint}`) };
}

test('no difference', async () => {
  const path = snapshotFile(one);
  assert.equal(await run(['diff', path, path]), { code: 0, out: `No differences between ${path} and ${path}.\n`, err: '' });
});

test('what differs', async () => {
  const other = facts([socket({ localPort: 443, pid: 101 }), socket({ localPort: 25 }), socket({ localPort: 8080 })], {
    processes: [process(), process({ pid: 101, imageName: 'apache2', path: '/usr/sbin/apache2' })],
  });
  assert.equal(await kinds(one, other), { code: 1, found: ['Exposed TCP 0.0.0.0:25', 'OwnerChanged TCP 0.0.0.0:443', 'Opened TCP 0.0.0.0:8080'] });
  assert.equal((await kinds(other, one)).found.length, 3);
});

test('another executable under the same path', async () => {
  assert.equal(await kinds(withHash('a'), withHash('b')), { code: 1, found: ['BinaryChanged TCP 127.0.0.1:25', 'BinaryChanged TCP 0.0.0.0:443'] });
  assert.equal(await kinds(withHash('a'), one), { code: 0, found: [] });
});

test('a process with a new id is the same owner', async () => {
  assert.is(
    (
      await kinds(
        one,
        facts(
          one.sections.sockets.data.map((each) => ({ ...each, pid: 200, holders: [200] })),
          { processes: [process({ pid: 200, startTime: '2026-01-03T00:00:00Z' })] },
        ),
      )
    ).code,
    0,
  );
});

test('an owner that cannot be seen any more is no difference, but no answer either', async () => {
  const { code, err } = await run(['diff', snapshotFile(one), snapshotFile(facts([socket({ localPort: 443, pid: null }), socket({ localPort: 25, localAddress: '127.0.0.1' })]))]);
  assert.is(code, 77);
  assert.match(err, /PO3002: warning: details are missing for 1 listener, which may have changed: port 443/);
});

test('different machines', async () => {
  const { code, err } = await run(['diff', snapshotFile(one), snapshotFile({ ...one, machine: { ...one.machine, name: 'other' } })]);
  assert.is(code, 0);
  assert.match(err, /PO4205/);
});

test('a snapshot cut in half, and one without sockets', async () => {
  const whole = snapshotFile(one);
  const half = snapshotFile(one);
  truncateSync(half, Math.floor(readFileSync(half).length / 2));
  const cut = await run(['diff', whole, half]);
  assert.equal([cut.code, cut.out], [69, '']);
  assert.match(cut.err, /^portowner: PO2002: .*not a snapshot[^\n]*\n[^\n]*\n$/);
  const none = snapshotFile({ ...one, sections: { ...one.sections, sockets: { ...one.sections.sockets, status: 'notAsked', data: [] } } });
  assert.is((await run(['diff', whole, none])).code, 69);
});

test('what could not be read is not closed', async () => {
  const [all, partly] = [structuredClone(one), structuredClone(one)];
  partly.sections.sockets = { ...partly.sections.sockets, status: 'partial', reason: 'a test', data: [] };
  const { code, out } = await run(['diff', snapshotFile(all), snapshotFile(partly)]);
  assert.is(code, 69);
  assert.not.match(out, /Closed/);
});

test('hashes of the past cannot be taken now', async () => {
  const path = snapshotFile(one);
  assert.match((await run(['diff', path, path, '--hash'])).err, /PO1005/);
});

test.run();
