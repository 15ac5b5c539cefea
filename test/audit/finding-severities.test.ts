// The column Severity of docs/reference/findings.md, which is made from findingKinds, is what findings really have.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../../src/audit/compare.ts';
import { findingKinds, type FindingKind } from '../../src/schema/finding-kinds.ts';
import { audit } from '../../src/audit/findings.ts';
import type { Listener } from '../../src/audit/listeners.ts';
import { parsePolicy } from '../../src/audit/policy.ts';
import { facts } from '../support/example.ts';
import { dynamic, listener, loopback } from '../support/listener.ts';

const test = suite('severities of findings');

/** The severities of the findings of a kind, when a machine came from one state to another. */
function severitiesOf(kind: FindingKind, before: Listener[] | null, now: Listener[], policy: string | null): string[] {
  const rules = policy === null ? null : parsePolicy(`kind: PortOwner.Policy\nversion: 1\n${policy}\n`, 'p.yaml');
  const { findings } = audit(facts([]), now, before === null ? null : compare(before, now), { policy: rules, reference: { name: 'b.yaml', approve: null } });
  return findings.filter(({ Kind }) => Kind === kind).map(({ Severity }) => Severity!);
}

const [one, other] = [listener(), listener({ program: '/tmp/other' })];
const udp = dynamic({ protocol: 'UDP' });
const inner = loopback();
const udpInner = { ...udp, address: 'loopback', scope: 'Loopback' as const };
const forbid = (more = '') => `rules:\n  - name: no\n    action: forbid\n    ports: 80${more}`;
const expired = (more = '') => `rules:\n  - name: once\n    action: allow\n    ports: 80\n    expires: 2020-01-01${more}`;
const byDefault = (more = '') => `default: forbid\n${more}rules: []`;

/** What each part of a description claims, and a change that it is claimed of. */
const claims: Readonly<Record<FindingKind, readonly (readonly [words: string, severity: string, before: Listener[] | null, now: Listener[], policy?: string])[]>> = {
  Opened: [
    ['High', 'High', [], [one]],
    ['or Medium on loopback', 'Medium', [], [inner]],
    ['one lower for UDP in the dynamic range', 'Medium', [], [udp]],
    ['one lower for UDP in the dynamic range', 'Low', [], [udpInner]],
    ['Info for a client of a program that had a listener before', 'Info', [listener({ program: udp.program })], [listener({ program: udp.program }), udp]],
  ],
  Closed: [
    ['Low', 'Low', [one], []],
    ['Info in the dynamic range', 'Info', [dynamic()], []],
  ],
  OwnerChanged: [['High', 'High', [one], [other]]],
  PathChanged: [['High', 'High', [one], [listener({ program: `/tmp${one.program}` })]]],
  UserChanged: [['Medium', 'Medium', [listener({ user: 'a' })], [listener({ user: 'b' })]]],
  AddressChanged: [['Medium', 'Medium', [one], [listener({ address: '10.0.0.1', scope: 'Specific' })]]],
  Exposed: [
    ['High', 'High', [inner], [listener()]],
    ['Info for UDP in the dynamic range', 'Info', [udpInner], [udpInner, udp]],
  ],
  BinaryChanged: [
    ['Medium', 'Medium', [listener({ sha256: 'a', signer: 'A' })], [listener({ sha256: 'b', signer: 'A' })]],
    ['High if the signer changed', 'High', [listener({ sha256: 'a', signer: 'A' })], [listener({ sha256: 'b', signer: 'B' })]],
  ],
  FileGone: [['Low', 'Low', [one], [listener({ fileGone: true })]]],
  Forbidden: [
    ["the rule's", 'Low', null, [one], forbid('\n    severity: Low')],
    ['otherwise High', 'High', null, [one], forbid()],
  ],
  NotAllowed: [
    ["the policy's", 'Low', null, [one], byDefault('severity: Low\n')],
    ['that of Opened if it is higher', 'High', [], [one], byDefault('severity: Low\n')],
  ],
  ExpiredException: [
    ["the rule's", 'Low', null, [one], expired('\n    severity: Low')],
    ['otherwise Medium', 'Medium', null, [one], expired()],
    ['that of NotAllowed or Opened if it is higher', 'Critical', null, [one], `default: forbid\nseverity: Critical\n${expired()}`],
    ['that of NotAllowed or Opened if it is higher', 'High', [], [one], expired()],
  ],
};

for (const kind of Object.keys(findingKinds) as FindingKind[]) {
  test(`${kind}: ${findingKinds[kind].severity}`, () => {
    for (const [words, severity, before, now, policy = null] of claims[kind]) {
      assert.ok(findingKinds[kind].severity.includes(words), `the description says ${words}`);
      assert.equal(severitiesOf(kind, before, now, policy), [severity], `${kind}: ${words}`);
    }
    // A severity that the description names and no change has, and the other way round.
    const named = findingKinds[kind].severity.match(/\b(?:Critical|High|Medium|Low|Info)\b/g) ?? [];
    const shown = new Set(claims[kind].map(([, severity]) => severity));
    for (const severity of named) assert.ok(shown.has(severity), `nothing shows ${severity} of ${kind}`);
    const parts = findingKinds[kind].severity.split(/[;,]/).length;
    assert.is(new Set(claims[kind].map(([words]) => words)).size, parts, 'each part of the description is shown');
  });
}

test.run();
