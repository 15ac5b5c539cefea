// The URLs of reports that are sent to a collector.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collectorAddress, filesOfReport } from '../../src/audit/collector-address.ts';
import { reportFormat } from '../../src/cli/report.ts';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { isUrl } from '../../src/io/url.ts';

const test = suite('the address of a collector');

function refusal(url: string): PortOwnerError {
  try {
    collectorAddress(url);
  } catch (error) {
    assert.ok(error instanceof PortOwnerError, String(error));
    assert.is(error.code, 'PO1001');
    return error;
  }
  throw new Error(`${url} was accepted`);
}

test('a path is not a URL', () => {
  for (const path of ['x.prom', '/var/lib/x.ecs.ndjson', 'C:\\x.csv', './otlp+https://x', 'C://x.csv']) assert.not(isUrl(path), path);
  assert.is(reportFormat('x.prom'), 'prom');
  assert.is(reportFormat('otlp+https://collector:4318'), 'otlp');
});

test('requests go to the path for logs, or to the one that is given', () => {
  const targets = {
    'otlp+https://collector:4318': 'https://collector:4318/v1/logs',
    'otlp+https://collector:4318/': 'https://collector:4318/v1/logs',
    'OTLP+HTTPS://Collector/v1/logs': 'https://collector/v1/logs',
    'otlp+https://collector/otlp/v1/logs': 'https://collector/otlp/v1/logs',
    'otlp+https://collector?headersfile=/etc/h': 'https://collector/v1/logs',
    'otlp+http://127.0.0.1:4318': 'http://127.0.0.1:4318/v1/logs',
    'otlp+http://[::1]:4318': 'http://[::1]:4318/v1/logs',
    'otlp+http://localhost:4318/': 'http://localhost:4318/v1/logs',
  };
  for (const [url, target] of Object.entries(targets)) assert.is(collectorAddress(url).target, target);
});

test('nothing leaves the machine without encryption', () => {
  for (const host of ['collector', '10.0.0.1', '[fe80::1]', '0.0.0.0', '[::]', '127.0.0.1.example.com', 'localhost.example.com', '[::ffff:10.0.0.1]'])
    assert.match(refusal(`otlp+http://${host}:4318`).message, /does not encrypt/, host);
  assert.ok(collectorAddress('otlp+https://collector').isVerified);
  assert.ok(collectorAddress('otlp+https://127.0.0.1').isVerified);
  assert.not(collectorAddress('otlp+http://127.0.0.1').isVerified);
  assert.match(refusal('otlp+http://127.0.0.1?sslrootcert=/ca.pem').message, /uses no certificates/);
});

test('a URL with a secret is refused, and never shown', () => {
  const urls = [
    'otlp+https://ann:s3cret@collector/',
    'otlp+https://s3cret@collector/',
    'otlp+https://ann:s3/cret@collector',
    'otlp+https://ann:1/s3cret@collector',
    'otlp+https://ann:s3#cret@collector',
    'otlp+https://ann:s3?cret@collector',
    'otlp+https://collector/?token=s3cret',
    'otlp+https://collector/?s3cret',
    'otlp+https://collector/?headersfile=/x&key=s3cret',
    'otlp+https://collector:s3cret/',
    'otlp+https://collector#s3cret',
    'otlp+https://ann:s3 cret@[::1',
    'https://ann:s3cret@collector/',
    'postgres://ann:s3cret@db/x',
    'otlp+grpc://ann:s3cret@collector/',
    ' otlp+https://ann:s3cret@collector/',
  ];
  for (const url of urls) {
    const { message, hint, target } = refusal(url).problem;
    assert.not.match(`${message}${hint}${target}`, /s3|cret/, url);
    assert.throws(
      () => reportFormat(url),
      (error: PortOwnerError) => !/s3|cret/.test(`${error.message}${error.problem.hint}`),
    );
  }
});

test('a URL names files', () => {
  assert.equal(filesOfReport('otlp+https://c?sslrootcert=/ca&sslcert=/c&sslkey=/k&headersfile=/h'), [
    ['sslrootcert', '/ca'],
    ['sslcert', '/c'],
    ['sslkey', '/k'],
    ['headersfile', '/h'],
  ]);
  assert.match(refusal('otlp+https://c?sslcert=/c').message, /need each other/);
  assert.match(refusal('otlp+https://c?headersfile=').message, /missing value for headersfile/);
});

test.run();
