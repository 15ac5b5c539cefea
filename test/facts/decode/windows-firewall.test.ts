import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import { decodeWindowsFirewall } from '../../../src/facts/decode/windows-firewall.ts';

const test = suite('the policy of the Windows firewall');

const off = { DomainProfile: {}, StandardProfile: {}, PublicProfile: {} };
const decode = (rules: readonly (readonly [string, string])[], local: object = off, group: object = off, groupRules: readonly (readonly [string, string])[] = []) =>
  decodeWindowsFirewall(JSON.stringify({ local: { rules, profiles: local }, group: { rules: groupRules, profiles: group } }));
const nothing = { target: null, protocol: null, family: null, ports: null, program: null, service: null, limit: null, doubt: null };
const rulesOf = (text: string) => decode([['id', text]]).data[0]!.rules;

test("the example of [MS-GPFAS] 4.2, as of Microsoft's page", () => {
  const text =
    'v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|LPort=RPC|RPort=49000|LA4=192.168.1.0/255.255.255.0|LA4=192.168.0.0/255.255.255.0|RA4=LocalSubnet|RA6=LocalSubnet|App=c:\\\\path\\\\foo.exe|Name=Firewall Rule Test|Security=Authenticate|Security2_9=An-NoEncap|';
  const [domain, privately, publicly] = decode([['{F7EE5C6D-6C90-456B-9166-E301B1305A56}', text]]).data;
  assert.equal([domain!.rules, privately!.rules], [[], []]);
  assert.equal(publicly!.rules, [
    {
      ...nothing,
      name: 'Firewall Rule Test',
      verdict: 'Allow',
      protocol: 'TCP',
      program: 'c:\\\\path\\\\foo.exe',
      ports: [{ start: 1024, end: 65535 }],
      limit: 'remote ports, local addresses, remote addresses, authenticated remotes',
      doubt: 'its ports are RPC',
    },
  ]);
});

// Rules that Windows itself comes with, by their ids.
test('rules of Windows 10 and 11', () => {
  assert.equal(
    rulesOf('v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5985|App=System|Name=@FirewallAPI.dll,-30253|Desc=@FirewallAPI.dll,-30256|EmbedCtxt=@FirewallAPI.dll,-30267|'),
    [{ ...nothing, name: 'id', verdict: 'Allow', protocol: 'TCP', ports: [{ start: 5985, end: 5985 }], program: 'System' }],
  );
  assert.equal(rulesOf('v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|Name=RDP|'), [
    { ...nothing, name: 'RDP', verdict: 'Allow', protocol: 'UDP', ports: [{ start: 3389, end: 3389 }], program: '%SystemRoot%\\system32\\svchost.exe', service: 'termservice' },
  ]);
  assert.equal(rulesOf('v2.32|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort2_10=5000-5010|LPort=80|LPort2_10=IPHTTPSIn|Name=x|')[0]!.ports, [
    { start: 5000, end: 5010 },
    { start: 80, end: 80 },
    { start: 443, end: 443 },
  ]);
});

test('a rule for a packaged app, as Windows 11 has hundreds', () => {
  const text =
    'v2.32|Action=Allow|Active=TRUE|Dir=In|Profile=Domain|Profile=Private|Name=@{Microsoft.Todos_2.1_x64__8wekyb3d8bbwe?ms-resource://x}|LUOwn=S-1-5-21-1-2-3-1001|AppPkgId=S-1-15-2-1|EmbedCtxt=@{x}|Platform=2:6:2|Platform2=GTEQ|';
  assert.equal(rulesOf(text), [{ ...nothing, name: 'id', verdict: 'Allow', program: '*\\WindowsApps\\*' }]);
  assert.is(rulesOf('v2.10|Action=Allow|Active=TRUE|Dir=In|Platform=2:6:1|Name=x|')[0]!.doubt, 'it is for Windows 2:6:1');
  assert.equal(rulesOf('v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort2_24=mDNS|Name=x|')[0]!.ports, [{ start: 5353, end: 5353 }]);
});

test('what is not in force, not for what comes in, or not for TCP and UDP is no rule', () => {
  for (const text of ['v2.10|Action=Allow|Active=FALSE|Dir=In|', 'v2.10|Action=Allow|Active=TRUE|Dir=Out|', 'v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=1|', '', 'v2.10'])
    assert.equal(rulesOf(text), []);
});

test('what is not known leaves a doubt', () => {
  assert.is(rulesOf('v2.40|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|NewThing=1|Name=x|')[0]!.doubt, 'NewThing is not evaluated');
  assert.is(rulesOf('v2.10|Action=ByPass|Active=TRUE|Dir=In|Name=x|')[0]!.limit, 'authenticated remotes');
});

test('where there is no policy nothing is known', () => {
  assert.equal(decode([]), { data: [], flaw: 'this Windows has no firewall policy' });
});

test('rules that block come first', () => {
  const rule = (action: string, name: string) => [name, `v2.10|Action=${action}|Active=TRUE|Dir=In|Name=${name}|`] as const;
  assert.equal(
    decode([rule('Allow', 'a'), rule('Block', 'b')]).data[0]!.rules.map(({ name }) => name),
    ['b', 'a'],
  );
});

test('settings of group policy win, and may put local rules out of force', () => {
  const rule = ['r', 'v2.10|Action=Allow|Active=TRUE|Dir=In|Name=r|'] as const;
  const local = {
    DomainProfile: { EnableFirewall: 1, DefaultInboundAction: 1 },
    StandardProfile: { EnableFirewall: 0 },
    PublicProfile: { EnableFirewall: 1, DoNotAllowExceptions: 1, DefaultInboundAction: 0 },
  };
  const chains = decode([rule], local).data;
  assert.equal(
    chains.map(({ name, profile, base, enabled, otherwise, rules }) => [name, profile, base, enabled, otherwise, rules.length]),
    [
      ['Domain', 'Domain', true, true, 'Block', 1],
      ['Private', 'Private', true, false, 'Block', 1],
      ['Public', 'Public', true, true, 'Block', 0],
    ],
  );
  const group = { DomainProfile: { EnableFirewall: 0 }, StandardProfile: { EnableFirewall: 1, AllowLocalPolicyMerge: 0, DefaultInboundAction: 0 }, PublicProfile: {} };
  const both = decode([rule], local, group, [['g', 'v2.10|Action=Block|Active=TRUE|Dir=In|Name=g|']]).data;
  assert.equal(
    both.map(({ enabled, otherwise, rules }) => [enabled, otherwise, rules.map(({ name }) => name)]),
    [
      [false, 'Block', ['g', 'r']],
      [true, 'Allow', ['g']],
      [true, 'Block', ['g']],
    ],
  );
});

test('any text is decoded without an error', () => {
  const field = fc.oneof(fc.constantFrom('Action=Allow', 'Active=TRUE', 'Dir=In', 'Protocol=6', 'LPort=80', 'LPort=99999', 'LPort2_10=9-1', 'Profile=Public', '='), fc.string());
  fc.assert(
    fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
      for (const { rules } of decode([['x', `v2.10|${fields.join('|')}|`]]).data)
        for (const { ports } of rules) for (const { start, end } of ports ?? []) assert.ok(start <= 65535 && end <= 65535);
    }),
  );
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => assert.ok(Array.isArray(decodeWindowsFirewall(text).data))));
});

test.run();
