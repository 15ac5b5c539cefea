import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeLinuxFirewall } from '../../src/facts/decode/linux-firewall.ts';
import { decodeWindowsFirewall } from '../../src/facts/decode/windows-firewall.ts';
import type { Facts, Process, Service, Socket } from '../../src/facts/model/facts.ts';
import { endpoints } from '../../src/ownership/endpoints.ts';
import { withFirewall } from '../../src/ownership/firewall.ts';
import { toRow } from '../../src/ownership/owned.ts';
import { gather } from '../../src/facts/gather/gather.ts';
import { everything } from '../../src/facts/model/question.ts';
import { sectionProblems } from '../../src/ownership/problems.ts';
import { run } from '../support/harness.ts';
import { at, linux as linuxRaw } from '../support/linux-raw.ts';
import { connection, facts, process, service, socket, udp } from '../support/example.ts';

const test = suite('what the firewall does');
const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;

function rows(
  platform: 'win32' | 'linux',
  chains: NonNullable<Facts['sections']['firewall']>['data'],
  sockets: Socket[],
  more: { processes?: Process[]; services?: Service[] } = {},
) {
  const all = facts(sockets, { platform, sections: { firewall: { ...ok, data: chains } }, ...more });
  return withFirewall(endpoints(all, all.sections.sockets.data, { live: false, serviceName: null }), all).map(toRow);
}

const on = { EnableFirewall: 1, DefaultInboundAction: 1 };
/** A Windows machine with these rules, all profiles on and blocking. */
function windows(
  rules: readonly string[],
  sockets: Socket[],
  more: Parameters<typeof rows>[3] = {},
  profiles: object = { DomainProfile: on, StandardProfile: on, PublicProfile: on },
) {
  const text = JSON.stringify({ local: { rules: rules.map((rule, index) => [`r${index}`, `v2.30|Active=TRUE|Dir=In|${rule}|`]), profiles }, group: { rules: [], profiles: {} } });
  return rows('win32', decodeWindowsFirewall(text).data, sockets, more);
}
const svchost = process({ imageName: 'svchost.exe', path: 'C:\\Windows\\System32\\svchost.exe' });

const windowsCases: readonly (readonly [name: string, rules: readonly string[], more: Parameters<typeof rows>[3], expected: string])[] = [
  ['nothing allows it', [], {}, 'Blocked'],
  ['its port is allowed', ['Action=Allow|Protocol=6|LPort=443|Name=web'], {}, 'Allowed'],
  ['another port is allowed', ['Action=Allow|Protocol=6|LPort=444|Name=web'], {}, 'Blocked'],
  ['the other protocol is allowed', ['Action=Allow|Protocol=17|LPort=443|Name=web'], {}, 'Blocked'],
  ['all ports are allowed', ['Action=Allow|Name=all'], {}, 'Allowed'],
  [
    'a block wins over an allow',
    ['Action=Allow|Protocol=6|LPort=443|Name=web', 'Action=Block|Protocol=6|LPort=1-1000|Name=no', 'Action=Block|Protocol=6|LPort2_10=1-1000|Name=no'],
    {},
    'Blocked',
  ],
  ['only some remotes', ['Action=Allow|Protocol=6|LPort=443|RA4=LocalSubnet|Name=web'], {}, 'AllowedFrom'],
  ['some remotes are blocked', ['Action=Allow|Protocol=6|LPort=443|Name=web', 'Action=Block|RA4=203.0.113.0/24|Name=bad'], {}, 'AllowedFrom'],
  ['its program is allowed', ['Action=Allow|App=%SystemRoot%\\system32\\svchost.exe|Name=p'], { processes: [svchost] }, 'Allowed'],
  ['another program is allowed', ['Action=Allow|App=C:\\Windows\\System32\\other.exe|Name=p'], { processes: [svchost] }, 'Blocked'],
  ['whose program it is is not known', ['Action=Allow|App=C:\\x.exe|Name=p'], { processes: [process({ path: null })] }, 'Unknown'],
  [
    'its service is allowed',
    ['Action=Allow|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|Name=s'],
    { processes: [svchost], services: [service({ name: 'TermService' })] },
    'Allowed',
  ],
  [
    'it may be its service',
    ['Action=Allow|Svc=termservice|Name=s'],
    { processes: [svchost], services: [service({ name: 'TermService' }), service({ name: 'Dnscache' })] },
    'Unknown',
  ],
  ['another service is allowed', ['Action=Allow|Svc=dhcp|Name=s'], { processes: [svchost], services: [service({ name: 'TermService' })] }, 'Blocked'],
  ['a rule with something new', ['Action=Allow|Protocol=6|LPort=443|New=1|Name=n'], {}, 'Unknown'],
  ['something new that cannot change it', ['Action=Allow|Protocol=6|LPort=443|New=1|Name=n', 'Action=Allow|Protocol=6|LPort=443|Name=web'], {}, 'Allowed'],
  ['rules for packaged apps', ['Action=Allow|AppPkgId=S-1-15-2-1|LUOwn=S-1-5-21-1-2-3-1001|Name=app'], { processes: [svchost] }, 'Blocked'],
  ['a packaged app', ['Action=Allow|AppPkgId=S-1-15-2-1|Name=app'], { processes: [process({ path: 'C:\\Program Files\\WindowsApps\\x\\y.exe' })] }, 'Unknown'],
  ['only in private networks', ['Action=Allow|Protocol=6|LPort=443|Profile=Private|Name=web'], {}, 'Varies'],
];
for (const [name, rules, more, expected] of windowsCases) test(`Windows: ${name}`, () => assert.is(windows(rules, [socket()], more)[0]!.FirewallStatus, expected));

test('Windows: the rules are named for each kind of network', () => {
  const [row] = windows(['Action=Allow|Protocol=6|LPort=443|Profile=Domain|Profile=Private|Name=World Wide Web Services'], [socket()]);
  assert.equal(row!.FirewallRules, ['Domain: Allowed: World Wide Web Services', 'Private: Allowed: World Wide Web Services', 'Public: Blocked: no rule in Public decides']);
});

test('Windows: a firewall that is off, and one that is off in one kind of network', () => {
  const off = { EnableFirewall: 0 };
  assert.is(windows([], [socket()], {}, { DomainProfile: off, StandardProfile: off, PublicProfile: off })[0]!.FirewallStatus, 'Off');
  assert.equal(windows([], [socket()], {}, { DomainProfile: off, StandardProfile: on, PublicProfile: on })[0]!.FirewallRules, [
    'Domain: Off: Domain is off',
    'Private: Blocked: no rule in Private decides',
    'Public: Blocked: no rule in Public decides',
  ]);
});

test('Windows: the kernel is the program System', () => {
  const kernel = socket({ pid: 4, kernel: true, localPort: 5985 });
  assert.is(windows(['Action=Allow|Protocol=6|LPort=5985|App=System|Name=WinRM'], [kernel])[0]!.FirewallStatus, 'Allowed');
  assert.is(windows(['Action=Allow|Protocol=6|LPort=443|App=System|Name=WinRM'], [socket()], { processes: [svchost] })[0]!.FirewallStatus, 'Blocked');
});

test('what nobody from outside comes to has no status', () => {
  for (const one of [socket({ localAddress: '127.0.0.1' }), connection(), udp({ localAddress: '::1' })]) {
    const [row] = windows([], [one]);
    assert.equal([row!.FirewallStatus, row!.FirewallRules, row!.Reason], [null, null, null]);
  }
});

test('rules that could not be read are no answer', () => {
  const section = { status: 'failed', reason: 'nft --json list ruleset was denied', needs: 'root (sudo)', at: null, data: [] } as const;
  const all = facts([socket()], { sections: { firewall: { ...section, data: [] } } });
  const [row] = withFirewall(endpoints(all, all.sections.sockets.data, { live: false, serviceName: null }), all).map(toRow);
  assert.is(row!.FirewallStatus, 'Unknown');
  assert.equal(row!.Reason, ['FirewallStatus: AccessDenied: nft --json list ruleset was denied (needs root (sudo))']);
});

const linux = (rules: string, sockets: Socket[], policy = 'DROP', six: string | null = null) =>
  rows('linux', decodeLinuxFirewall(JSON.stringify({ nft: null, iptables: `*filter\n:INPUT ${policy} [0:0]\n:mine - [0:0]\n${rules}\nCOMMIT\n`, ip6tables: six })).data, sockets);
const linuxCases: readonly (readonly [name: string, rules: string, policy: string, expected: string])[] = [
  ['the policy blocks', '', 'DROP', 'Blocked'],
  ['the policy allows', '', 'ACCEPT', 'Allowed'],
  ['the first that matches decides', '-A INPUT -p tcp --dport 443 -j DROP\n-A INPUT -p tcp --dport 443 -j ACCEPT', 'ACCEPT', 'Blocked'],
  ['a jump that comes back', '-A INPUT -j mine\n-A INPUT -p tcp --dport 443 -j ACCEPT\n-A mine -p tcp --dport 80 -j ACCEPT', 'DROP', 'Allowed'],
  ['a jump that decides', '-A INPUT -p tcp -j mine\n-A mine -p tcp --dport 443 -j ACCEPT', 'DROP', 'Allowed'],
  ['return', '-A INPUT -j mine\n-A mine -p tcp --dport 443 -j RETURN\n-A mine -j ACCEPT', 'DROP', 'Blocked'],
  ['from some only', '-A INPUT -s 10.0.0.0/8 -j mine\n-A mine -p tcp --dport 443 -j ACCEPT', 'DROP', 'AllowedFrom'],
  ['not from some', '-A INPUT -s 203.0.113.7 -j DROP', 'ACCEPT', 'AllowedFrom'],
  ['a return for some', '-A INPUT -j mine\n-A mine -s 10.0.0.0/8 -j RETURN\n-A mine -j ACCEPT', 'DROP', 'Unknown'],
  ['a match that is not understood', '-A INPUT -m geoip --source-country DE -j ACCEPT', 'DROP', 'Unknown'],
  ['chains in a circle', '-A INPUT -j mine\n-A mine -j mine', 'DROP', 'Unknown'],
];
for (const [name, rules, policy, expected] of linuxCases) test(`Linux: ${name}`, () => assert.is(linux(rules, [socket()], policy)[0]!.FirewallStatus, expected));

test('Linux: a socket for both families is told of each', () => {
  const six = '*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 443 -j ACCEPT\n';
  const [both, four] = linux('', [socket({ localAddress: '::' }), socket()], 'DROP', six);
  assert.is(both!.FirewallStatus, 'Varies');
  assert.equal(both!.FirewallRules, ['IPv6: Allowed: ip6tables filter INPUT rule 1', 'IPv4: Blocked: no rule in iptables filter INPUT decides']);
  assert.is(four!.FirewallStatus, 'Blocked');
});

test('Linux: a machine without the tools lacks nothing, but to who asks for the firewall', async () => {
  const firewall = { text: '{"nft":null,"iptables":null,"ip6tables":null}' };
  const source = linuxRaw({ tcp: [{ port: 5001, inode: 9, local: '0.0.0.0' }], raw: { firewall } });
  assert.equal(
    sectionProblems(await gather(source, { ...everything, ranges: false, configured: false }, new Date(at)), null).filter(({ target }) => target === 'firewall'),
    [],
  );
  assert.not.match((await run(['5001'], { source })).err, /firewall|nft/);
  const { out, err } = await run(['5001', '--firewall', '--format', 'csv'], { source });
  assert.match(err, /warning: the firewall cannot be queried: nft and iptables-save are not installed/);
  assert.match(out, /FirewallStatus: NotSupported: nft and iptables-save are not installed/);
});

test('Linux: no rules at all', () => {
  assert.is(rows('linux', [], [socket()])[0]!.FirewallStatus, 'Off');
});

test.run();
