import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide, parsePolicy } from '../../src/audit/policy.ts';
import type { Listener } from '../../src/audit/listeners.ts';
import type { PortOwnerError } from '../../src/schema/problems.ts';
import { dynamic, listener, loopback } from '../support/listener.ts';

const test = suite('policies');

const head = 'kind: PortOwner.Policy\nversion: 1\n';
const at = '2026-06-30T23:59:59Z';
const windows = listener({ program: 'C:\\Program Files\\nginx\\nginx.exe', user: 'CORP\\web', services: ['nginx'] });

const node = (...applications: string[]): Listener => listener({ program: '/usr/bin/node', ...(applications.length === 0 ? {} : { applications }) });

const conditions: [condition: string, fits: boolean | null, of: Listener][] = [
  ['ports: 80', true, listener()],
  ['ports: 443', false, listener()],
  ['ports: 22,80-90', true, listener()],
  ['ports: http', true, listener()],
  ['ports: dynamic', true, dynamic()],
  ['ports: dynamic', false, listener()],
  ['ports: 50000', true, dynamic()],
  ['protocol: UDP', false, listener()],
  ['protocol: TCP', true, listener()],
  ['scope: Loopback', true, loopback()],
  ['scope: [Loopback, Specific]', false, listener()],
  ['program: /usr/sbin/*', true, listener()],
  ['program: /usr/sbin/NGINX', false, listener()],
  ['program: nginx', true, listener()],
  ['program: [apache2, nginx]', true, listener()],
  ['program: ngin?', true, listener()],
  ['program: ngin', false, listener()],
  ['program: nginx', null, listener({ program: null })],
  ['program: kernel', true, listener({ program: 'kernel' })],
  ['program: kernel', false, listener({ program: '/tmp/kernel' })],
  ['program: System', false, listener({ program: 'C:\\Temp\\System' })],
  ['program: [kernel, nginx]', true, listener()],
  ['program: c:\\program files\\*\\NGINX.exe', true, windows],
  ['program: nginx.exe', true, windows],
  ['program: /usr/sbin/nginx', null, listener({ program: 'nginx' })],
  ['application: node server.js', true, node('node server.js')],
  ['application: Node Server.js', true, node('node server.js')],
  ['application: node server.js', false, node('node other.js')],
  ['application: [node other.js, "node s*.js"]', true, node('node server.js')],
  ['application: node server.js', false, node('node server.js', 'node other.js')],
  ['application: "node *"', true, node('node server.js', 'node other.js')],
  ['application: node server.js', null, node()],
  ['application: node', true, node()],
  ['application: node server.js', false, listener()],
  ['application: nginx', true, listener()],
  ['application: node server.js', null, listener({ program: null })],
  ['application: kernel', false, listener({ program: 'kernel' })],
  ['service: nginx', true, listener({ services: ['nginx.service'] })],
  ['service: nginx', false, listener()],
  ['user: web', true, windows],
  ['user: corp\\web', true, windows],
  ['user: root', null, listener({ user: null })],
  ['user: root', false, listener({ user: null, program: 'kernel' })],
  ['signer: "Microsoft*"', null, listener()],
  ['signer: "Microsoft*"', false, listener({ program: 'System' })],
  ['signer: "Microsoft*"', true, listener({ signer: 'Microsoft Windows' })],
];
for (const [condition, fits, of] of conditions) {
  test(`${condition} ${fits === null ? 'cannot be told of' : fits ? 'fits' : 'does not fit'} ${of.program}`, () => {
    const [rule] = parsePolicy(`${head}rules:\n  - name: r\n    action: allow\n    ${condition}\n`, 'p.yaml').rules;
    assert.is(rule!.fits(of), fits);
  });
}

test('one forbidden port of many is enough, but all must be allowed', () => {
  const policy = (action: string) => parsePolicy(`${head}rules:\n  - { name: r, action: ${action}, ports: 50000 }\n`, 'p.yaml').rules[0]!;
  const two = dynamic({ ports: [50000, 50001] });
  assert.is(policy('forbid').fits(two), true);
  assert.is(policy('allow').fits(two), false);
});

test('one forbidden application of several is enough', () => {
  const [rule] = parsePolicy(`${head}rules:\n  - { name: r, action: forbid, application: node server.js }\n`, 'p.yaml').rules;
  assert.is(rule!.fits(node('node other.js', 'node server.js')), true);
  // Any program can claim to run an application.
  assert.is(rule!.speaksOf('OwnerChanged'), false);
});

test('the first rule that fits decides; an exception ends with its last day', () => {
  const policy = parsePolicy(
    `${head}rules:\n  - { name: until June, action: allow, ports: 80, expires: 2026-06-30 }\n  - { name: no web, action: forbid, ports: "80,443" }\n`,
    'p.yaml',
  );
  assert.is(decide(policy, listener(), at).rule?.name, 'until June');
  const later = decide(policy, listener(), '2026-07-01T00:00:00Z');
  assert.equal([later.rule?.name, later.expired?.name], ['no web', 'until June']);
  assert.is(decide(policy, listener({ port: 22 }), at).rule, null);
});

test('many wildcards end in time', () => {
  const [rule] = parsePolicy(`${head}rules:\n  - { name: r, action: allow, program: "${'*a'.repeat(40)}b" }\n`, 'p.yaml').rules;
  assert.is(rule!.fits(listener({ program: `/${'a'.repeat(4000)}` })), false);
});

test('the words of a policy can be in any case', () => {
  const policy = parsePolicy(
    `${head}default: Forbid\nseverity: low\nrules:\n  - { name: r, action: FORBID, protocol: tcp, scope: [loopback, any], severity: critical }\n`,
    'p.yaml',
  );
  assert.is(policy.default, 'forbid');
  assert.is(policy.severity, 'Low');
  assert.is(policy.rules[0]!.action, 'forbid');
  assert.is(policy.rules[0]!.severity, 'Critical');
  assert.is(decide(policy, listener(), at).rule?.name, 'r');
  assert.is(decide(policy, listener({ protocol: 'UDP' }), at).rule, null);
});

const rule = `rules:\n  - name: r\n    action: allow\n`;
const wrong: [what: string, text: string, message: RegExp][] = [
  ['an unknown condition', `${rule}    port: 80\n`, /line 6, column 5: unknown key "port"/],
  ['a wrong action', 'rules:\n  - name: r\n    action: deny\n', /line 5, column 13: action must be one of allow, forbid/],
  ['a rule without a name', 'rules:\n  - action: allow\n', /line 4, column 5: rules, entry 1, lacks name/],
  ['a wrong port', `${rule}    ports: 80-70\n`, /line 6, column 12: the range 80-70 ends before it starts/],
  ['a wrong scope', `${rule}    scope: Everywhere\n`, /line 6, column 12: scope must be one of Loopback, Specific, Any/],
  ['no day', `${rule}    expires: 2026-02-30\n`, /line 6, column 14: 2026-02-30 is not a valid date/],
  ['a ban that expires', 'rules:\n  - name: r\n    action: forbid\n    expires: 2026-02-20\n', /line 6, column 14: only a rule with action: allow can expire/],
  ['a bad indent', `${rule}   ports: 80\n`, /line \d+, column \d+: /],
  ['one bad line among many', `rules:\n${'  - { name: fine, action: allow, ports: 80 }\n'.repeat(50)}  - { name: bad, action: allow, ports: [80] }\n`, /line 54, column 40: /],
];
for (const [what, text, message] of wrong) {
  test(`refused: ${what}`, () => {
    try {
      parsePolicy(head + text, 'p.yaml');
    } catch (error) {
      assert.is((error as PortOwnerError).code, 'PO2002');
      assert.match((error as PortOwnerError).message, message);
      return;
    }
    assert.unreachable('it was read');
  });
}

test.run();
