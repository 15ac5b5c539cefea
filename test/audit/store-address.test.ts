// The URLs of stores, and the password files that belong to them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseAddress, filesOfUrl } from '../../src/audit/store/address.ts';
import { passwordIn } from '../../src/audit/store/password.ts';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { isUrl } from '../../src/io/url.ts';

const test = suite('the address of a store');

function refusal(url: string): PortOwnerError {
  try {
    databaseAddress(url);
  } catch (error) {
    assert.ok(error instanceof PortOwnerError, String(error));
    assert.is(error.code, 'PO1001');
    return error;
  }
  throw new Error(`${url} was accepted`);
}

test('a path is not a URL', () => {
  for (const path of ['audits.db', '/var/lib/portowner/audits.db', 'C:\\audits.db', 'postgres:audits.db', './postgres://x/y', 'C://audits.db', 'C:\\a://b', '://x'])
    assert.not(isUrl(path), path);
  for (const url of ['postgres://db/x', 'postgresql://db/x', 'PostgreSQL://db/x']) assert.ok(isUrl(url), url);
  // Another scheme is not a path with a password in it.
  for (const url of ['cockroachdb://ann:s3cret@db/x', ' postgres://ann:s3cret@db/x', 'postgres+tls://ann:s3cret@db/x']) {
    assert.ok(isUrl(url), url);
    const { message, hint } = refusal(url);
    assert.match(message, /does not begin with postgres:\/\//);
    assert.not.match(message + hint, /s3cret/);
  }
});

test('a URL has the parts that libpq gives it', () => {
  const { host, port, database, user, isVerified, isSocket } = databaseAddress('postgresql://web1@db.example.com:6432/audits');
  assert.equal({ host, port, database, user, isVerified, isSocket }, { host: 'db.example.com', port: 6432, database: 'audits', user: 'web1', isVerified: true, isSocket: false });
  assert.is(databaseAddress('postgres://db/x').port, 5432);
  assert.is(databaseAddress('postgres://a%40b@db/x').user, 'a@b');
  assert.is(databaseAddress('postgres://db/x?user=ann').user, 'ann');
  assert.is(databaseAddress('postgres://db/x').user, null);
  assert.is(databaseAddress('postgres://[2001:db8::1]:5433/x').host, '2001:db8::1');
  for (const socket of ['postgres://%2Fvar%2Frun%2Fpostgresql/x', 'postgres:///x?host=/var/run/postgresql', 'postgres://ann@localhost/x?host=/var/run/postgresql']) {
    const address = databaseAddress(socket);
    assert.equal([address.host, address.isSocket, address.isVerified, address.database], ['/var/run/postgresql', true, false, 'x']);
  }
});

test('a server on another machine is always verified', () => {
  for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '[::1]']) {
    assert.not(databaseAddress(`postgres://${host}/x`).isVerified, host);
    assert.ok(databaseAddress(`postgres://${host}/x?sslmode=verify-full`).isVerified, host);
    assert.match(refusal(`postgres://${host}/x?sslmode=require`).message, /sslmode=require does not verify/);
  }
  for (const host of ['::1%25lo', '127.0.0.1%25eth0', 'fe80::1%25lo']) assert.ok(databaseAddress(`postgres://db/x?host=${host}`).isVerified, host);
  for (const host of ['db', 'localhost.example.com', '127.0.0.1.example.com', '10.0.0.1', '0.0.0.0', '[::]', '[::ffff:10.0.0.1]', '[::ffff:127.0.0.1]']) {
    assert.ok(databaseAddress(`postgres://${host}/x`).isVerified, host);
    for (const mode of ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'VERIFY-FULL'])
      assert.match(refusal(`postgres://${host}/x?sslmode=${mode}`).message, new RegExp(`sslmode=${mode} does not verify`));
  }
});

test('a URL with a password is refused, and never shown', () => {
  const urls = [
    'postgres://ann:s3cret@db/x',
    'postgres://ann:@db/x',
    'postgres://:s3cret@db/x',
    'postgres://ann:s3/cret@db/x',
    'postgres://ann:1/s3cret@db/x',
    'postgres://ann:s3#cret@db/x',
    'postgres://ann:s3?cret@db/x',
    'postgres://ann:s3:c@ret@db/x',
    'postgres://ann%3As3cret:x@db/x',
    'postgres://db/x?password=s3cret',
    'postgres://db/x?sslpassword=s3cret',
    'postgres://db/x?user=ann&password=s3cret',
    'postgres://ann:s3cret@[::1/x',
    'postgres://ann:s3 cret@db:99999/x',
    'postgres://db:s3cret/x',
  ];
  for (const url of urls) {
    const { problem } = refusal(url);
    assert.not.match(JSON.stringify(problem), /s3|cret/, url);
  }
  assert.match(refusal(urls[0]!).message, /contains a password/);
  assert.match(refusal('postgres://db/x?password=s3cret').message, /contains a password/);
});

test('what a URL lacks or cannot have is named', () => {
  const cases: [string, RegExp][] = [
    ['postgres:///x', /missing host/],
    ['postgres://db', /missing database/],
    ['postgres://db/', /missing database/],
    ['postgres://db/x?sslmod=verify-full', /unknown parameter "sslmod"/],
    ['postgres://db/x?options=-c', /unknown parameter "options"/],
    ['postgres://db/x?sslcert=/a', /sslcert and sslkey need each other/],
    ['postgres://db/x?sslkey=/a', /sslcert and sslkey need each other/],
    ['postgres://db/x?port=0', /not between 1 and 65535/],
    ['postgres://db:99999/x', /not a valid URL/],
    ['postgres://a,b/x?passfile=', /missing value for passfile/],
    ['postgres://db/x%00y', /not encoded/],
    ['postgres://db/x%zz', /not encoded/],
  ];
  for (const [url, message] of cases) assert.match(refusal(url).message, message, url);
});

test('the files of a URL are known', () => {
  assert.equal(filesOfUrl('postgres://db/x?sslrootcert=/ca&sslcert=/c&sslkey=/k&passfile=/p'), [
    ['sslrootcert', '/ca'],
    ['sslcert', '/c'],
    ['sslkey', '/k'],
    ['passfile', '/p'],
  ]);
  assert.equal(filesOfUrl('postgres://db/x?sslrootcert=system'), []);
});

test('a password file is read as libpq does', () => {
  const server = { host: 'db', port: 5432, database: 'audits', isSocket: false };
  const cases: [string, string | null][] = [
    ['db:5432:audits:ann:one', 'one'],
    ['*:*:*:*:any', 'any'],
    ['# db:5432:audits:ann:no\ndb:5432:audits:ann:two', 'two'],
    ['db:5433:*:ann:no\r\ndb:*:audits:ann:three\r\n', 'three'],
    ['db:5432:audits:bob:no', null],
    ['DB:5432:audits:ann:no', null],
    ['db:5432:audits:ann:a:b', 'a:b'],
    ['db:5432:audits:ann:a\\:b\\\\c', 'a:b\\c'],
    ['db:5432:audits:ann', null],
    ['', null],
  ];
  for (const [text, password] of cases) assert.is(passwordIn(text, server, 'ann'), password, text);
  assert.is(passwordIn('d\\:b:*:*:*:x', { ...server, host: 'd:b' }, 'ann'), 'x');
  assert.is(passwordIn('localhost:*:*:*:x', { ...server, host: '/var/run/postgresql', isSocket: true }, 'ann'), 'x');
  assert.is(passwordIn('localhost:*:*:*:x', { ...server, host: '/srv/socket', isSocket: true }, 'ann'), null);
});

test.run();
