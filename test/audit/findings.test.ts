import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../../src/audit/compare.ts';
import { atLeast, audit, findingKey, worst } from '../../src/audit/findings.ts';
import type { Listener } from '../../src/audit/listeners.ts';
import { parsePolicy } from '../../src/audit/policy.ts';
import { facts } from '../support/example.ts';
import { dynamic, listener, loopback } from '../support/listener.ts';

const test = suite('findings');

const reference = { name: 'baseline b.yaml', approve: 'portowner baseline update b.yaml' };

function find(before: Listener[] | null, now: Listener[], rules: string | null = null, more = '') {
  const policy = rules === null ? null : parsePolicy(`kind: PortOwner.Policy\nversion: 1\n${more}rules:\n${rules.trim() === '' ? '  []' : rules}\n`, 'p.yaml');
  return audit(facts([]), now, before === null ? null : compare(before, now), { policy, reference });
}
const kinds = (...args: Parameters<typeof find>): string[] =>
  find(...args).findings.map(({ Kind, Severity, Endpoint, Rule: rule }) => `${Severity} ${Kind} ${Endpoint?.replace(':50000', ':dynamic')} by ${rule}`);

test('a change is a finding by the baseline', () => {
  assert.equal(kinds([], [listener()]), ['High Opened TCP 0.0.0.0:80 by baseline b.yaml']);
  const inner = dynamic({ protocol: 'UDP', address: 'loopback', scope: 'Loopback' });
  assert.equal(kinds([inner], [inner, dynamic({ protocol: 'UDP' })]), ['Info Exposed UDP any:dynamic by baseline b.yaml']);
  assert.equal(kinds([], [dynamic()]), ['High Opened TCP any:dynamic by baseline b.yaml']);
  assert.equal(kinds([dynamic()], []), ['Info Closed TCP any:dynamic by baseline b.yaml']);
});

test('a UDP client of a known program is no alarm, a new program is a finding', () => {
  const udp = dynamic({ protocol: 'UDP' });
  assert.equal(kinds([], [udp]), ['Medium Opened UDP any:dynamic by baseline b.yaml']);
  assert.equal(kinds([], [{ ...udp, address: 'loopback', scope: 'Loopback' }]), ['Low Opened UDP loopback:dynamic by baseline b.yaml']);
  const known = listener({ program: udp.program });
  assert.equal(kinds([known], [known, udp]), ['Info Opened UDP any:dynamic by baseline b.yaml']);
  assert.equal(kinds([known], [known, udp], '', 'default: forbid\n'), ['Info Opened UDP any:dynamic by baseline b.yaml']);
  for (const more of [{ program: `/tmp${udp.program}` }, { user: 'eve' }, { program: null }]) {
    assert.equal(kinds([known], [known, { ...udp, ...more }]), ['Medium Opened UDP any:dynamic by baseline b.yaml']);
    assert.equal(kinds([known], [known, { ...udp, ...more }], '', 'default: forbid\n'), ['High NotAllowed UDP any:dynamic by default: forbid']);
  }
  assert.equal(kinds([known], [known, { ...udp, services: ['b.service'] }]), ['Info Opened UDP any:dynamic by baseline b.yaml']);
  assert.equal(
    kinds(
      [{ ...known, services: ['a.service'] }],
      [
        { ...known, services: ['a.service'] },
        { ...udp, services: ['b.service'] },
      ],
    ),
    ['Medium Opened UDP any:dynamic by baseline b.yaml'],
  );
});

test('another signer, or none, is worse than another hash', () => {
  const [signed, updated] = [listener({ sha256: 'a', signer: 'Contoso' }), listener({ sha256: 'b', signer: 'Contoso' })];
  const severities = (after: Listener): string[] => kinds([signed], [after]);
  assert.equal(severities(updated), ['Medium BinaryChanged TCP 0.0.0.0:80 by baseline b.yaml']);
  assert.equal(severities({ ...updated, signer: 'Eve' }), ['High BinaryChanged TCP 0.0.0.0:80 by baseline b.yaml']);
  assert.equal(severities({ ...updated, signer: null }), ['High BinaryChanged TCP 0.0.0.0:80 by baseline b.yaml']);
  assert.equal(find([signed], [{ ...updated, signer: null }]).findings[0]?.Evidence, ['SHA-256: a to b', 'signer: Contoso to no valid signature']);
  assert.equal(kinds([listener({ sha256: 'a' })], [listener({ sha256: 'b' })]), ['Medium BinaryChanged TCP 0.0.0.0:80 by baseline b.yaml']);
});

test('a file that is gone is told once, mildly, and hides nothing', () => {
  const gone = listener({ fileGone: true });
  assert.equal(kinds([listener()], [gone]), ['Low FileGone TCP 0.0.0.0:80 by baseline b.yaml']);
  assert.equal(kinds([listener()], [gone], '  - { name: web, action: allow, program: nginx }'), ['Low FileGone TCP 0.0.0.0:80 by baseline b.yaml']);
  const [forbidden] = find(null, [gone], '  - { name: no web, action: forbid, program: /usr/sbin/* }').findings;
  assert.equal([forbidden?.Kind, forbidden?.Evidence], ['Forbidden', ['its file was removed or replaced after it started']]);
  assert.equal(find([listener()], [gone]).findings[0]?.Remedy, ['portowner 80  # show the current owner', '# restart it if an update replaced its file']);
});

test('a row', () => {
  assert.equal(find([loopback()], [listener()]).findings, [
    {
      Kind: 'Exposed',
      Severity: 'High',
      FirstSeen: null,
      Endpoint: 'TCP 0.0.0.0:80',
      Owner: 'nginx as root',
      Before: 'TCP 127.0.0.1:80 /usr/sbin/nginx as root',
      After: '/usr/sbin/nginx as root',
      Rule: 'baseline b.yaml',
      Evidence: ['address: 127.0.0.1 to 0.0.0.0 (Loopback to Any)'],
      Remedy: ['portowner 80  # show the current owner', 'portowner baseline update b.yaml  # if this is intended'],
      Contact: null,
      Ticket: null,
      Protocol: 'TCP',
      LocalAddress: '0.0.0.0',
      LocalPort: 80,
      ComputerName: 'box',
    },
  ]);
});

test('the owner is called what it runs; what is compared and stored is the file', () => {
  const node = listener({ program: '/usr/bin/node', services: ['shop.service'] });
  const [plain] = find([], [node]).findings;
  const named = (...applications: string[]) => find([], [{ ...node, applications }]).findings[0]!;
  assert.is(plain!.Owner, 'node (shop.service) as root');
  assert.is(named('node server.js').Owner, 'node server.js (shop.service) as root');
  assert.is(named('node server.js', 'vite').Owner, 'node server.js, vite (shop.service) as root');
  assert.is(named('a', 'b', 'c', 'd', 'e').Owner, 'a, b, c and 2 more (shop.service) as root');
  assert.is(findingKey(named('node server.js')), findingKey(plain!));
  assert.equal({ ...named('node server.js'), Owner: plain!.Owner }, plain);
  assert.equal(find([node], [{ ...node, applications: ['node server.js'] }]).findings, []);
});

test('two executables of an owner are told apart', () => {
  const sides = (before: Partial<Listener>, after: Partial<Listener>) => find([listener(before)], [listener(after)]).findings.map(({ Before, After }) => [Before, After]);
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  assert.equal(sides({ sha256: a }, { sha256: b }), [['/usr/sbin/nginx as root, SHA-256 aaaaaaaaaaaa…', '/usr/sbin/nginx as root, SHA-256 bbbbbbbbbbbb…']]);
  assert.equal(sides({ sha256: a, signer: 'Contoso' }, { sha256: b }), [
    ['/usr/sbin/nginx as root, SHA-256 aaaaaaaaaaaa…, signer Contoso', '/usr/sbin/nginx as root, SHA-256 bbbbbbbbbbbb…, signer none'],
  ]);
  assert.equal(sides({ signer: 'Contoso' }, { signer: 'Eve' }), [['/usr/sbin/nginx as root, signer Contoso', '/usr/sbin/nginx as root, signer Eve']]);
});

test('a dynamic finding has the numbers of its ports, and is the same one with others', () => {
  const of = (...ports: number[]) => find([], [dynamic({ ports })]).findings[0]!;
  assert.equal([of(50000).Endpoint, of(1, 2, 3, 4).Endpoint, of(50000).Owner], ['TCP any:50000', 'TCP any:1,2,…', 'app as root']);
  assert.is(findingKey(of(50000)), findingKey(of(50001)));
  assert.equal(
    find([dynamic({ ports: [] })], []).findings.map(({ Endpoint, Owner, Before, After }) => [Endpoint, Owner, Before, After]),
    [['TCP any:dynamic', 'app as root', '/usr/bin/app as root', null]],
  );
});

const forbid = '  - { name: no web, action: forbid, ports: 80, severity: Critical, owner: the web team, ticket: CHG-1, reason: because }';
test('what is forbidden is a finding, whether the baseline has it or not, and quotes the rule', () => {
  const [finding] = find([listener()], [listener()], forbid).findings;
  assert.equal([finding?.Kind, finding?.Severity, finding?.Rule, finding?.Contact, finding?.Ticket], ['Forbidden', 'Critical', 'no web', 'the web team', 'CHG-1']);
  assert.equal(finding?.Evidence, ['reason: because', 'owner: the web team', 'ticket: CHG-1']);
  assert.equal(kinds([], [listener()], forbid), ['Critical Forbidden TCP 0.0.0.0:80 by no web']);
  assert.equal(kinds(null, [listener()], forbid), ['Critical Forbidden TCP 0.0.0.0:80 by no web']);
});

test('a forbidden port is found in the dynamic range too', () => {
  assert.equal(kinds([dynamic()], [dynamic()], '  - { name: back door, action: forbid, ports: 50000 }'), ['High Forbidden TCP any:dynamic by back door']);
});

test('an exception allows what is new, and a change only when it speaks of it', () => {
  const web = '  - { name: web, action: allow, ports: 80 }';
  assert.equal(kinds([], [listener()], web), []);
  assert.equal(kinds([listener()], [listener({ program: '/tmp/door' })], web), ['High OwnerChanged TCP 0.0.0.0:80 by baseline b.yaml']);
  assert.equal(kinds([listener()], [listener({ program: '/tmp/nginx' })], '  - { name: web, action: allow, program: nginx }'), [
    'High PathChanged TCP 0.0.0.0:80 by baseline b.yaml',
  ]);
  assert.equal(kinds([listener()], [listener({ program: '/opt/nginx' })], '  - { name: web, action: allow, program: /opt/* }'), []);
  assert.equal(kinds([loopback()], [listener()], web), ['High Exposed TCP 0.0.0.0:80 by baseline b.yaml']);
  assert.equal(kinds([loopback()], [listener()], '  - { name: web, action: allow, scope: Any }'), []);
});

test('an exception that has expired', () => {
  const old = '  - { name: old, action: allow, ports: 80, expires: 2025-12-31, ticket: CHG-9 }';
  assert.equal(kinds([listener()], [listener()], old), ['Medium ExpiredException TCP 0.0.0.0:80 by old']);
  assert.equal(kinds([listener()], [listener()], `${old}\n${forbid}`), ['Critical Forbidden TCP 0.0.0.0:80 by no web']);
  assert.match(find([listener()], [listener()], `${old}\n${forbid}`).findings[0]!.Evidence!.join(), /exception "old" has expired on 2025-12-31/);
});

test('an exception that has expired makes no finding milder', () => {
  const old = '  - { name: old, action: allow, ports: 80, expires: 2025-12-31, severity: Info }';
  assert.equal(kinds(null, [listener()], old), ['Info ExpiredException TCP 0.0.0.0:80 by old']);
  assert.equal(kinds([], [listener()], old), ['High ExpiredException TCP 0.0.0.0:80 by old']);
  assert.equal(kinds([], [loopback()], old), ['Medium ExpiredException TCP 127.0.0.1:80 by old']);
  assert.equal(kinds(null, [listener()], old, 'default: forbid\nseverity: Critical\n'), ['Critical ExpiredException TCP 0.0.0.0:80 by old']);
  assert.equal(kinds([listener()], [listener()], old, 'default: forbid\nseverity: Critical\n'), ['Info ExpiredException TCP 0.0.0.0:80 by old']);
});

test('default: forbid', () => {
  const forbidden = (before: Listener[] | null, now: Listener[], more = '') => kinds(before, now, '', `default: forbid\n${more}`);
  assert.equal(forbidden(null, [listener()]), ['High NotAllowed TCP 0.0.0.0:80 by default: forbid']);
  assert.equal(forbidden([listener()], [listener()]), [], 'the baseline approves');
  assert.equal(forbidden([], [listener()]), ['High NotAllowed TCP 0.0.0.0:80 by default: forbid']);
  assert.equal(find([], [listener()], '', 'default: forbid\n').findings[0]?.Evidence, ['neither the baseline nor a rule allows it']);
  assert.equal(forbidden([], [listener()], 'severity: Critical\n'), ['Critical NotAllowed TCP 0.0.0.0:80 by default: forbid']);
  assert.equal(forbidden([], [listener()], 'severity: Low\n'), ['High NotAllowed TCP 0.0.0.0:80 by default: forbid'], 'no milder than without it');
  assert.equal(forbidden([listener()], [listener({ program: '/x' })]), ['High OwnerChanged TCP 0.0.0.0:80 by baseline b.yaml']);
  assert.equal(kinds([], [listener()], '  - { name: web, action: allow, ports: 80 }', 'default: forbid\n'), []);
});

test('the worst comes first, and is counted', () => {
  const { findings } = find([listener({ port: 25 })], [listener({ port: 8080 }), listener()], forbid);
  assert.equal(
    findings.map(({ Severity }) => Severity),
    ['Critical', 'High', 'Low'],
  );
  assert.equal([worst(findings), worst([])], ['Critical', null]);
  assert.equal([atLeast(findings, 'High'), atLeast(findings, 'Info')], [2, 3]);
});

test('what a rule could not be applied to is said', () => {
  assert.is(find(null, [listener({ program: null })], '  - { name: r, action: forbid, program: x }').unseen.length, 1);
});

test.run();
