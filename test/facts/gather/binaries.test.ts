import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { binaryName, parseBinaryName, withBinaries } from '../../../src/facts/gather/binaries.ts';
import { gather } from '../../../src/facts/gather/gather.ts';
import { everything } from '../../../src/facts/model/question.ts';
import { recordedSource, recordingSource, type RawEntry, type RawSource } from '../../../src/system/raw.ts';
import { validateFacts } from '../../../src/facts/read/validate.ts';
import { liveSource } from '../../../src/machine/live.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { connection, facts, process as processFact, socket } from '../../support/example.ts';
import { signerLine } from '../../support/windows-signers-text.ts';

const test = suite('the hashes of executables');

const hash = 'a'.repeat(64);
function source(answer: (name: string) => Pick<ReturnType<RawSource['read']>, 'text' | 'refusal'>): RawSource & { readonly asked: string[] } {
  const asked: string[] = [];
  return { platform: 'linux', asked, read: (name) => (asked.push(name), { at: '2026-01-02T03:04:05Z', ...answer(name) }) };
}

test('the name of a question', () => {
  assert.equal(parseBinaryName(binaryName(7, 'C:\\a/b\nc')), { pid: 7, path: 'C:\\a/b\nc' });
  assert.is(parseBinaryName('process/7'), null);
});

test('each file once, of processes that hold a port', () => {
  const raw = source(() => ({ text: hash }));
  const processes = [processFact(), processFact({ pid: 101 }), processFact({ pid: 102, path: '/bin/other' }), processFact({ pid: 103, container: { runtime: 'docker', id: 'x' } })];
  const found = withBinaries(facts([socket(), socket({ pid: 101 }), connection({ pid: 102 }), socket({ pid: 103 })], { processes }), raw);
  assert.equal(raw.asked, ['sha256/100//usr/sbin/nginx', 'sha256/103//usr/sbin/nginx']);
  assert.equal(
    found.sections.binaries?.data.map(({ pid, sha256 }) => [pid, sha256]),
    [
      [100, hash],
      [101, hash],
      [103, hash],
    ],
  );
  assert.is(found.sections.binaries?.status, 'ok');
  assert.is(validateFacts(found), null);
});

test('each step is told before it is made', () => {
  const told: string[] = [];
  const raw = { platform: 'win32', read: (name: string) => (told.push(name), { at: '', text: hash }) } as const;
  const processes = [processFact({ path: 'a' }), processFact({ pid: 101, path: 'a' }), processFact({ pid: 102, path: 'b' })];
  const asked = facts([socket(), socket({ pid: 101 }), socket({ pid: 102 })], { processes, platform: 'win32' });
  withBinaries(asked, raw, (...step) => told.push(step.join(' ')));
  assert.equal(told, ['hash 1 2', 'sha256/100/a', 'hash 2 2', 'sha256/102/b', 'signers 1 2', 'signers']);
});

test('what cannot be read is said', () => {
  const raw = source(() => ({ refusal: { code: 'AccessDenied', text: 'access is denied', needs: 'root' } }));
  const { binaries } = withBinaries(facts([socket()]), raw).sections;
  assert.equal([binaries?.status, binaries?.reason, binaries?.needs, binaries?.data[0]?.sha256], ['failed', '/usr/sbin/nginx: access is denied', 'root', null]);
});

const at = '2026-01-02T03:04:05Z';
const first = 'C:\\a.exe';
const second = 'C:\\b.exe';

function windowsSigners(signers: Omit<RawEntry, 'at'>): ReturnType<typeof withBinaries>['sections']['binaries'] {
  const processes = [processFact({ path: first }), processFact({ pid: 101, path: second }), processFact({ pid: 102, path: first })];
  const entries = new Map<string, RawEntry>([
    [binaryName(100, first), { at, text: hash }],
    [binaryName(101, second), { at, text: hash }],
    ['signers', { at, ...signers }],
  ]);
  const found = withBinaries(facts([socket(), socket({ pid: 101 }), socket({ pid: 102 })], { processes, platform: 'win32' }), recordedSource({ platform: 'win32', entries }));
  assert.is(validateFacts(found), null);
  return found.sections.binaries;
}

test('who signed them', () => {
  const binaries = windowsSigners({ text: signerLine(first, 'Valid', 'Contoso') + signerLine(second, 'Valid', 'Microsoft Windows') });
  assert.equal([binaries?.status, binaries?.reason], ['ok', null]);
  assert.equal(
    binaries?.data.map(({ pid, signer }) => [pid, signer]),
    [
      [100, 'Contoso'],
      [101, 'Microsoft Windows'],
      [102, 'Contoso'],
    ],
  );
});

for (const [what, signers, reason] of [
  ['a file without a signature', { text: signerLine(first, 'NotSigned') + signerLine(second, 'Valid', 'Contoso') }, `${first}: its signature is NotSigned`],
  ['a changed file', { text: signerLine(first, 'HashMismatch', 'Contoso') + signerLine(second, 'Valid', 'Contoso') }, `${first}: its signature is HashMismatch`],
  ['a file that was left out', { text: signerLine(second, 'Valid', 'Contoso') }, `${first}: its signature is not told`],
  ['no PowerShell', { refusal: { code: 'NotSupported', text: 'Windows PowerShell printed nothing' } }, 'their signers: Windows PowerShell printed nothing'],
] as const) {
  test(`no signer: ${what}`, () => {
    const binaries = windowsSigners(signers);
    assert.equal([binaries?.status, binaries?.reason, binaries?.data[0]?.sha256, binaries?.data[0]?.signer], ['partial', reason, hash, null]);
  });
}

test('a recording asks for the signers of the same files', () => {
  const asked: unknown[] = [];
  const live: RawSource = { platform: 'win32', read: (name, hint) => (asked.push(name, hint), { at, text: '' }) };
  recordingSource(live, new Map(), { hint: {} }).read('signers', { paths: [first] });
  assert.equal(asked, ['signers', { paths: [first] }]);
});

test('of this process, really', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('the path of the executable is taken from /proc', context);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const raw = await liveSource();
    const found = withBinaries(await gather(raw, { ...everything, sockets: 'listeners', localPorts: [{ start: port, end: port }] }, new Date()), raw);
    const own = found.sections.binaries?.data.find(({ pid }) => pid === process.pid);
    assert.is(
      own?.sha256,
      createHash('sha256')
        .update(readFileSync(readlinkSync('/proc/self/exe')))
        .digest('hex'),
    );
  } finally {
    server.close();
  }
});

test.run();
