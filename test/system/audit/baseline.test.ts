import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { baselineText, parseBaseline, updateBaseline } from '../../../src/audit/baseline.ts';
import { compare } from '../../../src/audit/compare.ts';
import { listenerOrder, type Listener } from '../../../src/audit/listeners.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import { dynamic, listener, loopback } from '../../support/listener.ts';

const test = suite('baselines');

const state: Listener[] = [
  dynamic({ services: ['app.service'] }),
  listener({ port: 443, address: '::', services: ['nginx.service'], sha256: 'a'.repeat(64) }),
  loopback({ port: 22, program: 'C:\\Program Files\\OpenSSH\\sshd.exe', user: 'NT AUTHORITY\\SYSTEM' }),
];

test('the form: sorted, one listener an entry, no pids and no times', () => {
  assert.is(
    baselineText('box', state),
    `# The listeners that are approved on this machine, for "portowner audit --baseline". A missing value matches anything.

kind: PortOwner.Baseline
version: 1
machine: box
listeners:
  - port: 22
    protocol: TCP
    address: 127.0.0.1
    program: C:\\Program Files\\OpenSSH\\sshd.exe
    user: NT AUTHORITY\\SYSTEM
  - port: 443
    protocol: TCP
    address: "::"
    program: /usr/sbin/nginx
    services: [ nginx.service ]
    user: root
    sha256: ${'a'.repeat(64)}
  - port: dynamic
    protocol: TCP
    address: any
    program: /usr/bin/app
    services: [ app.service ]
    user: root
`,
  );
});

test('written and read again it is the same', () => {
  const { machine, listeners } = parseBaseline(baselineText('box', state), 'b.yaml');
  assert.is(machine, 'box');
  assert.equal(compare(listeners, state).changes, []);
  assert.equal(parseBaseline(baselineText('box', []), 'b.yaml').listeners, []);
});

const awkward = fc.oneof(
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.constantFrom('null', 'true', '1', '0x10', '- a', '# x', 'a: b', ' ', '\n', "'", '*a', '&a', '!t', '%', '2026-01-01', '...', '---', '~'),
);
test('a protocol can be in any case', () => {
  const text = 'kind: PortOwner.Baseline\nversion: 1\nlisteners:\n  - { port: Dynamic, protocol: udp, address: any }\n';
  const [entry] = parseBaseline(text, 'b.yaml').listeners;
  assert.is(entry!.protocol, 'UDP');
  assert.is(entry!.port, 'dynamic');
});

test('any name survives, whatever it means in YAML', () => {
  fc.assert(
    fc.property(awkward, awkward, (program, user) => {
      const [only] = parseBaseline(baselineText(user, [listener({ program, user, services: [program] })]), 'b.yaml').listeners;
      assert.equal([only?.program, only?.user, only?.services], [program, user, [program]]);
    }),
  );
});

const written = `# Approved by the web team.
kind: PortOwner.Baseline
version: 1
listeners:
  # The web, in an order of our own

  # CHG-1: TLS
  - port: 443
    protocol: TCP
    address: 0.0.0.0
    program: /usr/sbin/nginx # ours
    user: root
  # CHG-2: FTP
  - { port: 21, protocol: TCP, address: 0.0.0.0, program: /usr/sbin/ftpd, user: root }
  # Mail

  # CHG-3
  - port: 25
    protocol: TCP
    address: 0.0.0.0
    program: /usr/sbin/exim4

# the end
`;
const update = (now: Listener[], keepClosed = false): string => updateBaseline(written, 'b.yaml', now, { keepClosed }).text;
const tls = listener({ port: 443 });
const ftp = listener({ port: 21, program: '/usr/sbin/ftpd' });
const mail = listener({ port: 25, program: '/usr/sbin/exim4', user: 'Debian-exim' });

test('an update without changes leaves the file as it is, to the byte', () => assert.is(update([tls, ftp, mail]), written));

test('an update keeps comments and order, and changes entries in place', () => {
  assert.is(update([{ ...tls, user: 'www-data' }, ftp, mail]), written.replace('nginx # ours\n    user: root', 'nginx # ours\n    user: www-data'));
});

test('what is gone takes its own comment along, and leaves the others', () => {
  const text = update([tls, ftp]);
  assert.not.match(text, /CHG-3|exim4/);
  assert.match(text, /# Mail/);
  assert.not.match(update([tls, mail]), /CHG-2|ftpd/);
  assert.is(update([tls, ftp], true), written);
});

test('what is new goes where it belongs', () => {
  const text = update([tls, ftp, mail, listener({ port: 8080 }), listener({ port: 22, program: '/usr/sbin/sshd' })]);
  assert.equal(
    [...text.matchAll(/port: (\d+)/g)].map((match) => Number(match[1])),
    [22, 443, 21, 25, 8080],
  );
  assert.match(text, /# Approved by the web team[\s\S]*# The web[\s\S]*# CHG-1[\s\S]*# ours[\s\S]*# CHG-2[\s\S]*# Mail[\s\S]*# CHG-3[\s\S]*# the end/);
});

test('lines end as they did', () => {
  const crlf = written.replaceAll('\n', '\r\n');
  const { text } = updateBaseline(crlf, 'b.yaml', [{ ...tls, user: 'eve' }, ftp, mail], { keepClosed: false });
  assert.is(text, crlf.replace('# ours\r\n    user: root', '# ours\r\n    user: eve'));
});

test('what the file leaves open stays open', () => assert.not.match(update([tls, { ...ftp, user: 'eve' }, mail]), /Debian-exim/));

test('a service that is one no more is approved', () => {
  const text = written.replace('program: /usr/sbin/exim4\n', 'program: /usr/sbin/exim4\n    services: [ exim4.service ]\n');
  const now = [tls, ftp, { ...mail, serviceless: true as const }];
  const { text: approved, comparison } = updateBaseline(text, 'b.yaml', now, { keepClosed: false });
  assert.equal(
    comparison.changes.map(({ kind }) => kind),
    ['OwnerChanged'],
  );
  assert.is(approved, written);
});

test('an application that a person wrote is a condition, and PortOwner writes none', () => {
  const node = (...applications: string[]): Listener => listener({ program: '/usr/bin/node', ...(applications.length === 0 ? {} : { applications }) });
  const bare = baselineText('box', [node('node server.js')]);
  assert.not.match(bare, /application/);
  const found = (text: string, now: Listener) => compare(parseBaseline(text, 'b.yaml').listeners, [now]).changes.map(({ kind, evidence }) => [kind, evidence.at(-1)]);
  assert.equal(found(bare, node('node other.js')), []);
  const text = bare.replace('/usr/bin/node\n', '/usr/bin/node\n    application: node server.js\n');
  for (const same of [node('node server.js'), node(), listener({ program: null })]) assert.equal(found(text, same), []);
  const other = [['OwnerChanged', 'application: node server.js to node other.js']];
  assert.equal(found(text, node('node other.js')), other);
  const open = text.replace('    program: /usr/bin/node\n', '');
  assert.equal(found(open, node('node server.js')), []);
  assert.equal(found(open, node('node other.js')), other);
  assert.equal(found(open, listener()), [['OwnerChanged', 'application: node server.js to nginx']]);

  const after = (now: Listener): string => updateBaseline(text, 'b.yaml', [now], { keepClosed: false }).text;
  assert.is(after({ ...node('node server.js'), user: 'eve' }), text.replace('root', 'eve'));
  assert.is(after(node('node other.js')), text.replace('server.js', 'other.js'));
  assert.is(after(node('node other.js', 'node server.js')), bare);
});

test('what was known of another executable goes with it', () => {
  const [old, now] = ['a'.repeat(64), 'b'.repeat(64)];
  const text = baselineText('box', [listener({ sha256: old, signer: 'Contoso' })]);
  const after = (more: Partial<Listener>): string => updateBaseline(text, 'b.yaml', [listener(more)], { keepClosed: false }).text;
  assert.is(after({ sha256: now }), text.replace(old, now).replace('    signer: Contoso\n', ''));
  assert.is(after({ sha256: now, signer: 'Contoso' }), text.replace(old, now));
  assert.is(after({ sha256: old }), text, 'the same file, whose signer cannot be told now');
  assert.not.match(after({ program: '/usr/sbin/apache2' }), /sha256|signer/);
});

test('after an update there is nothing to find', () => {
  const any = fc.record({
    port: fc.constantFrom(21, 25, 443, 8080, 'dynamic'),
    program: fc.constantFrom('/usr/sbin/nginx', '/usr/sbin/ftpd', '/x'),
    user: fc.constantFrom('root', 'eve'),
  });
  fc.assert(
    fc.property(fc.uniqueArray(any, { maxLength: 6, selector: (one) => `${one.port} ${one.program}` }), (parts) => {
      const now = parts
        .map((part) => (part.port === 'dynamic' ? dynamic({ program: part.program, user: part.user }) : listener(part as Partial<Listener>)))
        .toSorted(listenerOrder);
      const text = update(now);
      assert.equal(compare(parseBaseline(text, 'b.yaml').listeners, now).changes, []);
      assert.is(updateBaseline(text, 'b.yaml', now, { keepClosed: false }).text, text);
    }),
  );
});

const head = 'kind: PortOwner.Baseline\nversion: 1\n';
const wrong: [what: string, text: string, code: string, message: RegExp][] = [
  ['something else', 'hello\n', 'PO2002', /line 1, column 1: this is not a baseline/],
  ['an empty file', '', 'PO2002', /not a baseline/],
  ['a policy', 'kind: PortOwner.Policy\nversion: 1\nrules: []\n', 'PO2002', /line 1, column 7: this is not a baseline/],
  ['a newer version', 'kind: PortOwner.Baseline\nversion: 2\nanything: new\n', 'PO2003', /version 2/],
  ['no YAML', `${head}listeners:\n  - port: [\n`, 'PO2002', /line \d+, column \d+/],
  ['a key twice', `${head}version: 1\nlisteners: []\n`, 'PO2002', /line 3, column 1: duplicate key "version"/],
  ['an unknown key', `${head}listeners:\n  - port: 80\n    protocol: TCP\n    address: 0.0.0.0\n    pid: 7\n`, 'PO2002', /line 7, column 5: unknown key "pid"/],
  ['a missing key', `${head}listeners:\n  - port: 80\n    protocol: TCP\n`, 'PO2002', /line 4, column 5: listeners, entry 1, lacks address/],
  ['a wrong port', `${head}listeners:\n  - port: 70000\n    protocol: TCP\n    address: 0.0.0.0\n`, 'PO2002', /line 4, column 11: port must be <= 65535 or be dynamic/],
  ['a wrong word', `${head}listeners:\n  - port: 80\n    protocol: sctp\n    address: 0.0.0.0\n`, 'PO2002', /line 5, column 15: protocol must be one of TCP, UDP/],
  ['a wrong address', `${head}listeners:\n  - port: 80\n    protocol: TCP\n    address: nowhere\n`, 'PO2002', /line 6, column 14: "nowhere" is not an IP address/],
  ['deep nesting', '[{a: '.repeat(100_000), 'PO2002', /nested too deeply/],
  ['many keys', `${Array.from({ length: 50_000 }, (_, i) => `k${i}: 1\n`).join('')}`, 'PO2002', /not a baseline/],
  [
    'a bomb of aliases',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${Array(10).fill(`*${'abcdefghi'[i]}`).join()}]\n`).join('')}`,
    'PO2002',
    /alias/i,
  ],
];
for (const [what, text, code, message] of wrong) {
  test(`refused: ${what}`, () => {
    try {
      parseBaseline(text, 'b.yaml');
    } catch (error) {
      assert.instance(error, PortOwnerError);
      assert.is((error as PortOwnerError).code, code);
      assert.match((error as PortOwnerError).message, message);
      assert.match((error as PortOwnerError).message, /b\.yaml/);
      return;
    }
    assert.unreachable('it was read');
  });
}

test('an update leaves alone what it cannot approve: that a file is gone', () => {
  const text = baselineText('box', state).replace('\n  - port: 22', '\n\n  # ssh\n  - port:   22');
  const gone = state.map((one) => listener({ ...one, fileGone: true }));
  const updated = updateBaseline(text, 'b.yaml', gone, { keepClosed: false });
  assert.equal([updated.text, updated.comparison.changes.map(({ kind }) => kind)], [text, ['FileGone', 'FileGone', 'FileGone']]);
  assert.not.match(baselineText('box', gone), /deleted|gone/i);
});

test('addresses by hand are brought to the form of the system', () => {
  const addressOf = (address: string) =>
    parseBaseline(`${head}listeners:\n  - port: 80\n    protocol: TCP\n    address: "${address}"\n`, 'b.yaml').listeners.map((one) => [one.address, one.scope])[0];
  assert.equal(addressOf('0:0:0:0:0:0:0:1'), ['::1', 'Loopback']);
  assert.equal(addressOf('0:0::0'), ['::', 'Any']);
  assert.equal(addressOf('2001:DB8:0:0::0012'), ['2001:db8::12', 'Specific']);
  assert.equal(addressOf('fe80::1%eth0'), ['fe80::1', 'Specific']);
  assert.equal(addressOf('::ffff:7f00:1'), ['::ffff:127.0.0.1', 'Loopback']);
  assert.equal(addressOf('192.0.2.1'), ['192.0.2.1', 'Specific']);
});

test('any text is read or refused with an error of ours', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => head + text),
        fc.string().map((text) => `${head}listeners:\n  - ${text}`),
      ),
      (text) => {
        try {
          parseBaseline(text, 'b.yaml');
        } catch (error) {
          assert.instance(error, PortOwnerError);
        }
      },
    ),
  );
});

test.run();
