// Reports for other programs, as they get them: a collector of OpenTelemetry, and Prometheus' node_exporter.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collectorAddress } from '../../../src/audit/collector-address.ts';
import { sendLogs } from '../../../src/audit/send-logs.ts';
import type { Facts } from '../../../src/facts/model/facts.ts';
import { PortOwnerError, type Problem } from '../../../src/schema/problems.ts';
import { facts, process as processFact, socket } from '../../support/example.ts';
import { freePort } from '../../support/free-port.ts';
import { run, snapshotFile, temporaryFolder, type Outcome } from '../../support/harness.ts';
import { skip } from '../../support/skip.ts';

const test = suite('exports to other programs');
const folder = temporaryFolder();
chmodSync(folder, 0o755);

const snapshot = snapshotFile(facts([socket({ localPort: 8080, pid: 50 })], { processes: [processFact({ pid: 50, path: '/home/zoe/nginx', user: 'zoe' })] }));
const named = (name: string, given: Facts): Facts => ({ ...given, machine: { ...given.machine, name } });
const policy = join(folder, 'policy.yaml');
writeFileSync(policy, 'kind: PortOwner.Policy\nversion: 1\ndefault: forbid\nrules: []\n');

interface Received {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a collector answers, one after the other; the last one for all further requests. */
type Reply = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | 'close' | 'silence';

interface Collector {
  readonly port: number;
  readonly received: Received[];
  close(): void;
}

async function collector(replies: readonly Reply[], tls?: { key: string; cert: string; ca?: string; requestCert?: boolean }): Promise<Collector> {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    assert.is(request.method, 'POST');
    received.push({ url: request.url!, headers: request.headers, body: gunzipSync(Buffer.concat(parts)).toString() });
    const reply = replies[Math.min(received.length, replies.length) - 1]!;
    if (reply === 'silence') return;
    if (reply === 'close') return void request.socket.destroy();
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.body ?? '{}');
  };
  const server: Server = tls === undefined ? createServer(listener) : createSecureServer({ ...tls, rejectUnauthorized: true }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const audit = (...args: string[]): Promise<Outcome> => run(['audit', '--from', snapshot, '--policy', policy, ...args]);

const limits = { requestMs: 400, totalMs: 3000, pauseMs: 20 };

async function sent(port: number, more: { requests?: string[]; query?: string; limits?: typeof limits } = {}): Promise<{ error: PortOwnerError | null; warnings: Problem[] }> {
  const warnings: Problem[] = [];
  const address = collectorAddress(`otlp+http://127.0.0.1:${port}${more.query ?? ''}`);
  try {
    await sendLogs(address, more.requests ?? ['{"resourceLogs":[]}'], (problem) => warnings.push(problem), more.limits ?? limits);
    return { error: null, warnings };
  } catch (error) {
    assert.ok(error instanceof PortOwnerError, String(error));
    return { error, warnings };
  }
}

test('an audit sends its findings and listeners', async () => {
  const { port, received, close } = await collector([{ status: 200 }]);
  const secret = join(folder, 'headers');
  writeFileSync(secret, '# for the collector\nAuthorization: Bearer t0ken\nX-Scope-OrgID: 7\n', { mode: 0o600 });
  try {
    const { code, err } = await audit('--report', `otlp+http://127.0.0.1:${port}?headersfile=${secret}`);
    assert.is(code, 1, err);
    assert.is(received.length, 1);
    const [{ url, headers, body } = { url: '', headers: {}, body: '' }] = received;
    assert.equal(
      [url, headers['content-type'], headers['content-encoding'], headers['authorization'], headers['x-scope-orgid']],
      ['/v1/logs', 'application/json', 'gzip', 'Bearer t0ken', '7'],
    );
    const text = JSON.stringify(JSON.parse(body));
    for (const part of ['"eventName":"portowner.audit"', '"eventName":"portowner.finding"', '"eventName":"portowner.listener"', '/home/zoe/nginx'])
      assert.ok(text.includes(part), part);
    assert.is((await audit('--redact', '--report', `otlp+http://127.0.0.1:${port}/elsewhere`)).code, 1);
    assert.is(received[1]!.url, '/elsewhere');
    assert.not.match(received[1]!.body, /zoe/);
    assert.match(received[1]!.body, /user1/);
  } finally {
    close();
  }
});

test('redacted exports name nobody', async () => {
  const names = ['x.ecs.ndjson', 'x.otlp.jsonl', 'x.prom'].map((name) => join(folder, name));
  const { code } = await audit('--redact', ...names.flatMap((name) => ['--report', name]));
  assert.is(code, 1);
  for (const name of names) {
    const text = readFileSync(name, 'utf8');
    assert.match(text, /MACHINE1/, name);
    assert.not.match(text, /zoe|"box"/, name);
  }
});

test('a collector that is busy is asked again, as it says', async () => {
  for (const status of [429, 502, 503, 504]) {
    const { port, received, close } = await collector([
      { status, headers: { 'retry-after': '0' } },
      { status, headers: { 'retry-after': new Date(0).toUTCString() } },
      { status: 200 },
    ]);
    const { error } = await sent(port);
    close();
    assert.is(error, null);
    assert.is(received.length, 3, String(status));
  }
  const patient = await collector([{ status: 503, headers: { 'retry-after': '1' } }, { status: 200 }]);
  const start = Date.now();
  assert.is((await sent(patient.port)).error, null);
  patient.close();
  assert.ok(Date.now() - start >= 1000, 'it waits as long as the server says');
});

test('a collector that stays busy is given up', async () => {
  const busy = await collector([{ status: 503, body: '{"message":"no memory\\u001b[2J"}' }]);
  const { error } = await sent(busy.port);
  busy.close();
  assert.is(error?.code, 'PO2006');
  assert.is(error?.exitCode, 69);
  assert.match(error!.message, /^the report was not sent to otlp\+http:\/\/127\.0\.0\.1:\d+: it answered 503: no memory/);
  assert.not.match(error!.message, /\u001b/);
  assert.is(busy.received.length, 5);
  const later = await collector([{ status: 429, headers: { 'retry-after': '3600' } }]);
  const start = Date.now();
  assert.match((await sent(later.port)).error!.message, /it answered 429/);
  later.close();
  assert.is(later.received.length, 1);
  assert.ok(Date.now() - start < 2000, 'it does not wait for an hour');
});

test('other answers are final', async () => {
  for (const [status, hint] of [
    [400, /log of the collector/],
    [401, /token/],
    [404, /\/v1\/logs/],
    [302, /Check/],
    [500, /Check/],
  ] as const) {
    const { port, received, close } = await collector([{ status, headers: { location: 'http://127.0.0.1:1/' }, body: 'no JSON' }]);
    const { error } = await sent(port);
    close();
    assert.match(error!.message, `it answered ${status}`);
    assert.match(error!.problem.hint!, hint);
    assert.is(received.length, 1, String(status));
  }
});

test('a lost connection is made again, and a silent server is given up', async () => {
  const lost = await collector(['close', { status: 200 }]);
  assert.is((await sent(lost.port)).error, null);
  lost.close();
  assert.is(lost.received.length, 2);
  const silent = await collector(['silence']);
  const { error } = await sent(silent.port, { limits: { requestMs: 100, totalMs: 600, pauseMs: 20 } });
  silent.close();
  assert.match(error!.message, /it stopped answering/);
  assert.ok(silent.received.length >= 2);
  const endless = await collector([{ status: 200, body: `"${'x'.repeat(5 * 1024 * 1024)}"` }]);
  assert.match((await sent(endless.port)).error!.message, /its answer is too long/);
  endless.close();
  assert.match((await sent(await freePort(), { limits: { ...limits, totalMs: 100 } })).error!.message, /nothing listens there/);
});

test('what the collector rejects is reported', async () => {
  const partly = await collector([
    { status: 200, body: '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}' },
    { status: 200, body: '{"partialSuccess":{"rejectedLogRecords":1}}' },
  ]);
  const { error } = await sent(partly.port, { requests: ['{}', '{}', '{}'] });
  assert.match(error!.message, /it rejected 4 records: too old/);
  assert.is(partly.received.length, 3, 'the requests after it are sent, and none is sent again');
  partly.close();
  const remark = await collector([{ status: 200, body: '{"partialSuccess":{"errorMessage":"use gRPC"}}' }]);
  const whole = await sent(remark.port, { requests: ['{}', '{}'] });
  remark.close();
  assert.is(whole.error, null);
  assert.equal(
    whole.warnings.map(({ severity, message }) => [severity, message.replace(/^.* says: /, '')]),
    [['Warning', 'use gRPC']],
  );
});

test('a report that is not sent is an error, and the others are written', async () => {
  const { port, close } = await collector([{ status: 400, body: '{"message":"bad"}' }]);
  const first = join(folder, 'first.ndjson');
  const last = join(folder, 'last.prom');
  const { code, err } = await audit('--report', first, '--report', `otlp+http://127.0.0.1:${port}`, '--report', last);
  close();
  assert.is(code, 69);
  assert.match(err, /PO2006: the report was not sent to otlp\+http:\/\/127\.0\.0\.1:\d+: it answered 400: bad/);
  assert.match(err, /but the report otlp\S+ was not written/);
  assert.ok(existsSync(first));
  assert.match(readFileSync(last, 'utf8'), /\nportowner_audit_success\{machine="box"\} 0\n/);
});

test('several machines are one report', async () => {
  const other = snapshotFile(named('other', facts([socket({ localPort: 9090 })])));
  const { port, received, close } = await collector([{ status: 200 }]);
  const metrics = join(folder, 'several.prom');
  const { code, err } = await audit('--from', other, '--report', `otlp+http://127.0.0.1:${port}`, '--report', metrics);
  close();
  assert.is(code, 1, err);
  const { resourceLogs } = JSON.parse(received[0]!.body) as { resourceLogs: { resource: { attributes: { key: string; value: { stringValue: string } }[] } }[] };
  assert.equal(
    resourceLogs.map(({ resource }) => resource.attributes.find(({ key }) => key === 'host.name')!.value.stringValue),
    ['box', 'other'],
  );
  for (const machine of ['box', 'other']) assert.match(readFileSync(metrics, 'utf8'), `portowner_audit_complete{machine="${machine}"} 1\n`);
});

test('headers are read only from a file that only the account can read, and never shown', async () => {
  const { port, received, close } = await collector([{ status: 401, body: '{"message":"bad t0ken-of-ann, got Bearer t0ken-of-ann"}' }]);
  const file = (name: string, text: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const report = (path: string): Promise<Outcome> => audit('--report', `otlp+http://127.0.0.1:${port}?headersfile=${path}`);
  try {
    if (process.platform !== 'win32') {
      const open = await report(file('open', 'Authorization: Bearer t0ken-of-ann\n', 0o640));
      assert.is(open.code, 69);
      assert.match(open.err, /PO4210: the file of headers .* was not used: other users can read it/);
    }
    for (const line of ['t0ken-of-ann', 'Content-Type: t0ken-of-ann', 'Content-Encoding: t0ken-of-ann', 'Host: t0ken-of-ann', 'A b: t0ken-of-ann', 'A: t0ken-of-ann\u0007', 'A:']) {
      const { code, err } = await report(file('bad', `X: 1\n${line}\n`, 0o600));
      assert.is(code, 69, line);
      assert.match(err, /PO2002: line 2 of .*bad is not a header/);
      assert.not.match(err, /t0ken/);
    }
    assert.match((await report(join(folder, 'none'))).err, /PO2001: cannot read .*none: the file does not exist/);
    assert.is(received.length, 0, 'nothing is sent without them');
    const echoed = await report(file('good', 'authorization: Bearer t0ken-of-ann\n', 0o600));
    assert.is(received[0]!.headers['authorization'], 'Bearer t0ken-of-ann');
    assert.match(echoed.err, /it answered 401: bad …, got …/);
    assert.not.match(echoed.err + echoed.out, /t0ken/);
  } finally {
    close();
  }
});

test('the server is verified, and can verify the client', async (context) => {
  if (!existsSync('/usr/bin/openssl')) return skip('openssl is not installed', context);
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('/usr/bin/openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  const certificate = (name: string, extension: string): void => {
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '2', '-out', `${name}.pem`, '-extfile', `${name}.ext`);
  };
  for (const name of ['ca', 'foreign'])
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`);
  certificate('server', 'subjectAltName=DNS:localhost');
  certificate('client', 'extendedKeyUsage=clientAuth');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const tls = { key: text('server.key'), cert: text('server.pem'), ca: text('ca.pem') };
  const { port, received, close } = await collector([{ status: 200 }], tls);
  const strict = await collector([{ status: 200 }], { ...tls, requestCert: true });
  const report = (host: string, query: string, to = port): Promise<Outcome> => audit('--report', `otlp+https://${host}:${to}?${query}`);
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    assert.match((await report('localhost', '')).err, /PO2006: .*no trusted authority issued its certificate/);
    assert.match((await report('localhost', `sslrootcert=${folder}/foreign.pem`)).err, /no trusted authority/);
    assert.match((await report('127.0.0.1', `sslrootcert=${folder}/ca.pem`)).err, /its certificate is for another name/);
    assert.match((await report('localhost', `sslrootcert=${policy}`)).err, /PO2006: .*(?:unusable|no trusted authority)/);
    assert.is(received.length, 0, 'nothing was sent to a server that is not verified');
    const good = await report('localhost', `sslrootcert=${folder}/ca.pem`);
    assert.is(good.code, 1, good.err);
    assert.is(received.length, 1);
    assert.is((await report('localhost', `sslrootcert=${folder}/ca.pem`, strict.port)).code, 69);
    const known = `sslrootcert=${folder}/ca.pem&sslcert=${folder}/client.pem&sslkey=${folder}/client.key`;
    const verified = await report('localhost', known, strict.port);
    assert.is(verified.code, 1, verified.err);
    assert.is(strict.received.length, 1);
  } finally {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    close();
    strict.close();
  }
});

const exporter = '/usr/bin/prometheus-node-exporter';
test('node_exporter serves the metrics of a file that an audit with a strict mask wrote', async (context) => {
  if (!existsSync(exporter) || process.getuid?.() !== 0) return skip('prometheus-node-exporter is not installed, or the test does not run as root', context);
  const textfiles = mkdtempSync(join(tmpdir(), 'portowner-textfile-'));
  const path = join(textfiles, 'portowner.prom');
  const other = join(textfiles, 'other.prom');
  const mask = process.umask(0o077);
  try {
    assert.is((await audit('--report', path)).code, 1);
  } finally {
    process.umask(mask);
  }
  chmodSync(textfiles, 0o755);
  assert.is(statSync(path).mode & 0o777, 0o644);
  const hostile = snapshotFile(named('a\\b"c\nd', facts([])));
  assert.is((await run(['audit', '--from', hostile, '--policy', policy, '--report', other])).code, 0);
  chmodSync(other, 0o644);
  const port = await freePort();
  const child = spawn(exporter, ['--collector.disable-defaults', '--collector.textfile', `--collector.textfile.directory=${textfiles}`, `--web.listen-address=127.0.0.1:${port}`], {
    uid: 65_534,
    gid: 65_534,
    cwd: '/',
    stdio: 'ignore',
  });
  try {
    let text = '';
    for (let tries = 0; tries < 200 && text === ''; tries++) {
      text = await fetch(`http://127.0.0.1:${port}/metrics`)
        .then((answer) => answer.text())
        .catch(() => '');
      if (text === '') await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.match(text, /^node_textfile_scrape_error 0$/m);
    const samples = text.split('\n').filter((line) => line.startsWith('portowner_'));
    assert.ok(samples.includes('portowner_audit_findings{machine="box",severity="high"} 1'), samples.join('\n'));
    assert.ok(samples.includes('portowner_audit_complete{machine="a\\\\b\\"c\\nd"} 1'));
    const success = samples.find((line) => line.startsWith('portowner_audit_last_success_timestamp_seconds{machine="box"}'))!;
    assert.is(Number(success.split(' ').at(-1)), Math.floor(Date.parse(facts([]).at) / 1000));
    assert.match(text, /^# TYPE portowner_audit_last_success_timestamp_seconds gauge$/m);
    // A metric that node_exporter cannot read would be visible in the same way.
    writeFileSync(path, 'portowner_audit_findings{machine="box} 1\n');
    assert.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /^node_textfile_scrape_error 1$/m);
  } finally {
    child.kill();
    await once(child, 'exit');
    rmSync(textfiles, { recursive: true });
  }
});

test.run();
