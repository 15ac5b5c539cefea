// The firewall's rules as a real system gives them: nftables and iptables in a network of the test's own, and the
// registry of Windows or Wine.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import type { RawEntry } from '../../../src/system/raw.ts';
import { decodeWindowsFirewall } from '../../../src/facts/decode/windows-firewall.ts';
import type { Endpoint } from '../../../src/schema/endpoint.ts';
import { has, wine, windowsNode } from '../../support/build-machine.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite("the machine's own firewall");

/** What PortOwner says of listeners in a network namespace of their own, after `rules` were run there. */
function inNamespace(rules: readonly string[], context: TestContext, program: string): Map<string, Endpoint> | null {
  if (process.platform !== 'linux') return (skip('this machine is not Linux', context), null);
  if (process.getuid?.() !== 0 || spawnSync('unshare', ['-n', 'true']).status !== 0) return (skip('only root may make a network namespace', context), null);
  if (!has(program, '--version')) return (skip(`${program} is not installed`, context), null);
  const listeners = `
    const { createServer } = require('node:net');
    const all = [['0.0.0.0', 8022], ['0.0.0.0', 8080], ['::', 8085], ['0.0.0.0', 8443], ['127.0.0.1', 8444], ['0.0.0.0', 9000]];
    let open = 0;
    for (const [host, port] of all) createServer().listen({ host, port, ipv6Only: false }, () => {
      if (++open < all.length) return;
      const { spawnSync } = require('node:child_process');
      spawnSync(process.execPath, ${JSON.stringify([...nodeFlags, join(root, 'src/main.ts'), '--firewall', '--protocol', 'tcp', '--format', 'json'])}, { stdio: 'inherit' });
      process.exit();
    });`;
  const script = `set -e; ip link set lo up; ${rules.join('; ')}; exec "$0" -e "$1"`;
  const { stdout, stderr, status } = spawnSync('unshare', ['-n', 'sh', '-c', script, process.execPath, listeners], { encoding: 'utf8', timeout: 60_000 });
  assert.is(status, 0, stderr);
  const items = JSON.parse(stdout) as Endpoint[];
  return new Map(items.filter(({ LocalPort }) => typeof LocalPort === 'number').map((row) => [`${row.LocalAddress}:${row.LocalPort}`, row]));
}

const statuses = (rows: ReadonlyMap<string, Endpoint>): Record<string, string | null> => Object.fromEntries([...rows].map(([name, row]) => [name, row.FirewallStatus]));

test('nftables', (context) => {
  const rows = inNamespace(
    [
      'nft add table inet filter',
      "nft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'",
      "nft 'add chain inet filter web'",
      "nft 'add set inet filter doors { type inet_service; flags interval; elements = { 8080-8089 }; }'",
      'nft add rule inet filter input iif lo accept',
      "nft 'add rule inet filter input ct state vmap { established : accept, related : accept, invalid : drop }'",
      'nft add rule inet filter input meta l4proto icmp accept',
      'nft \'add rule inet filter input tcp dport 8022 counter accept comment "the door"\'',
      'nft add rule inet filter input jump web',
      'nft add rule inet filter web tcp dport @doors accept',
      'nft add rule inet filter web ip saddr 10.0.0.0/8 tcp dport 8443 accept',
    ],
    context,
    'nft',
  );
  if (rows === null) return;
  assert.equal(statuses(rows), {
    '0.0.0.0:8022': 'Allowed',
    '0.0.0.0:8080': 'Allowed',
    ':::8085': 'Allowed',
    '0.0.0.0:8443': 'AllowedFrom',
    '127.0.0.1:8444': null,
    '0.0.0.0:9000': 'Blocked',
  });
  assert.match(rows.get('0.0.0.0:8022')!.FirewallRules?.[0] ?? '', /^IPv4: Allowed: inet filter input rule \d+: the door$/);
});

test('iptables', (context) => {
  const rows = inNamespace(
    [
      'iptables -P INPUT DROP',
      'iptables -A INPUT -i lo -j ACCEPT',
      'iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      'iptables -N web',
      'iptables -A INPUT -p tcp -j web',
      'iptables -A web -p tcp -m multiport --dports 8080,8085:8089 -m comment --comment "the web" -j ACCEPT',
      'iptables -A web -s 10.0.0.0/8 -p tcp --dport 8443 -j ACCEPT',
      'iptables -A INPUT -p tcp --dport 8022 -j REJECT --reject-with tcp-reset',
    ],
    context,
    'iptables',
  );
  if (rows === null) return;
  assert.equal(statuses(rows), {
    '0.0.0.0:8022': 'Blocked',
    '0.0.0.0:8080': 'Allowed',
    ':::8085': 'Varies',
    '0.0.0.0:8443': 'AllowedFrom',
    '127.0.0.1:8444': null,
    '0.0.0.0:9000': 'Blocked',
  });
  assert.match(rows.get('0.0.0.0:8080')!.FirewallRules?.[0] ?? '', /^IPv4: Allowed: iptables filter web rule 1: the web$/);
});

test('no rules at all', (context) => {
  const rows = inNamespace(['true'], context, 'nft');
  if (rows !== null) assert.is(rows.get('0.0.0.0:9000')!.FirewallStatus, 'Off');
});

test('the registry of Wine', (context) => {
  // A real machine's policy is not for a test to change.
  const runner = process.platform === 'linux' ? wine() : null;
  if (runner === null) return skip('Wine is not installed (.ci/wine-setup)', context);
  const policy = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';
  const reg = (...args: string[]) => spawnSync(runner[0]!, ['reg.exe', ...args], { encoding: 'utf8', timeout: 60_000 });
  const rule = `PortOwner-test-${process.pid}`;
  const setting = [`${policy}\\PublicProfile`, '/v', 'EnableFirewall'] as const;
  const there = reg('query', ...setting).status === 0;
  const text = 'v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8443|RA4=LocalSubnet|Name=Grüße|';
  try {
    assert.is(reg('add', `${policy}\\FirewallRules`, '/v', rule, '/t', 'REG_SZ', '/d', text, '/f').status, 0);
    if (!there) assert.is(reg('add', ...setting, '/t', 'REG_DWORD', '/d', '0', '/f').status, 0);
    const ask = spawnSync(runner[0]!, [windowsNode(), ...nodeFlags, join(root, 'test/support/windows-ask.ts'), 'firewall'], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.is(ask.status, 0, ask.stderr);
    const [entry] = JSON.parse(ask.stdout) as [RawEntry];
    const { data, flaw } = decodeWindowsFirewall(entry.text!);
    assert.is(flaw, null);
    assert.equal(
      data.map(({ name }) => name),
      ['Domain', 'Private', 'Public'],
    );
    for (const { rules } of data) assert.ok(rules.some(({ name, ports, limit }) => name === 'Grüße' && ports?.[0]?.start === 8443 && limit === 'remote addresses'));
    if (!there)
      assert.equal(
        data.map(({ enabled }) => enabled),
        [true, true, false],
      );
  } finally {
    reg('delete', `${policy}\\FirewallRules`, '/v', rule, '/f');
    if (!there) reg('delete', ...setting, '/f');
  }
});

test.run();
