import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import { decodeLinuxFirewall } from '../../../src/facts/decode/linux-firewall.ts';
import type { FirewallRule } from '../../../src/facts/model/facts.ts';

const test = suite('the packet filter of Linux');

const chain = { family: 'inet', table: 'filter', name: 'input', type: 'filter', hook: 'input', prio: 0, policy: 'drop' };
const nftText = (expr: readonly unknown[], more: readonly unknown[] = []): string =>
  JSON.stringify({
    nft: JSON.stringify({ nftables: [{ metainfo: {} }, { chain }, ...more, { rule: { family: 'inet', table: 'filter', chain: 'input', handle: 7, expr } }] }),
    iptables: null,
    ip6tables: null,
  });
const only = (expr: readonly unknown[], more: readonly unknown[] = []): Partial<FirewallRule>[] =>
  decodeLinuxFirewall(nftText(expr, more)).data[0]!.rules.map((rule) => Object.fromEntries(Object.entries(rule).filter(([name, value]) => value !== null && name !== 'name')));
const match = (left: unknown, right: unknown, op = '==') => ({ match: { op, left, right } });
const dport = { payload: { protocol: 'tcp', field: 'dport' } };
const accept = { accept: null };

const nftCases: readonly (readonly [name: string, expr: readonly unknown[], expected: readonly object[]])[] = [
  ['tcp dport 22 accept', [match(dport, 22), accept], [{ verdict: 'Allow', protocol: 'TCP', ports: [{ start: 22, end: 22 }] }]],
  [
    'tcp dport { 22, 80-90 } accept',
    [match(dport, { set: [22, { range: [80, 90] }] }), accept],
    [
      {
        verdict: 'Allow',
        protocol: 'TCP',
        ports: [
          { start: 22, end: 22 },
          { start: 80, end: 90 },
        ],
      },
    ],
  ],
  [
    'tcp dport != 22 drop',
    [match(dport, 22, '!='), { drop: null }],
    [
      {
        verdict: 'Block',
        protocol: 'TCP',
        ports: [
          { start: 0, end: 21 },
          { start: 23, end: 65535 },
        ],
      },
    ],
  ],
  ['iif lo accept: nothing from outside', [match({ meta: { key: 'iif' } }, 'lo'), accept], []],
  ['iifname != lo drop', [match({ meta: { key: 'iifname' } }, 'lo', '!='), { drop: null }], [{ verdict: 'Block' }]],
  ['iifname eth0 accept', [match({ meta: { key: 'iifname' } }, 'eth0'), accept], [{ verdict: 'Allow', limit: 'interfaces' }]],
  ['ct state established,related accept: nothing new', [match({ ct: { key: 'state' } }, ['established', 'related'], 'in'), accept], []],
  ['ct state new accept', [match({ ct: { key: 'state' } }, 'new', 'in'), accept], [{ verdict: 'Allow' }]],
  [
    'ct state vmap { established : accept, invalid : drop, new : jump new }',
    [
      {
        vmap: {
          key: { ct: { key: 'state' } },
          data: {
            set: [
              ['established', accept],
              ['invalid', { drop: null }],
              ['new', { jump: { target: 'new' } }],
            ],
          },
        },
      },
    ],
    [{ verdict: 'Jump', target: 'inet filter new' }],
  ],
  [
    'ip saddr 10.0.0.0/8 udp dport 53 accept',
    [match({ payload: { protocol: 'ip', field: 'saddr' } }, { prefix: { addr: '10.0.0.0', len: 8 } }), match({ payload: { protocol: 'udp', field: 'dport' } }, 53), accept],
    [{ verdict: 'Allow', protocol: 'UDP', family: 'IPv4', ports: [{ start: 53, end: 53 }], limit: 'remote addresses' }],
  ],
  ['icmp type echo-request accept', [match({ payload: { protocol: 'icmp', field: 'type' } }, 'echo-request'), accept], []],
  [
    'meta l4proto { tcp, udp } th dport 53 accept',
    [match({ meta: { key: 'l4proto' } }, { set: ['tcp', 'udp'] }), match({ payload: { protocol: 'th', field: 'dport' } }, 53), accept],
    [{ verdict: 'Allow', ports: [{ start: 53, end: 53 }] }],
  ],
  ['meta nfproto ipv6 reject', [match({ meta: { key: 'nfproto' } }, 'ipv6'), { reject: {} }], [{ verdict: 'Block', family: 'IPv6' }]],
  ['limit rate 5/second accept', [{ limit: { rate: 5, per: 'second' } }, accept], [{ verdict: 'Allow', limit: 'rate' }]],
  ['counter log: decides nothing', [{ counter: { packets: 1, bytes: 2 } }, { log: null }], []],
  ['meta mark 7 accept', [match({ meta: { key: 'mark' } }, 7), accept], [{ verdict: 'Allow', doubt: 'meta mark' }]],
  ['fib daddr type local accept', [match({ fib: { result: 'type', flags: 'daddr' } }, 'local'), accept], [{ verdict: 'Allow' }]],
];
for (const [name, expr, expected] of nftCases) test(`nft: ${name}`, () => assert.equal(only(expr), expected));

test('nft: a named set is looked up', () => {
  const set = { set: { family: 'inet', name: 'web', table: 'filter', type: 'inet_service', elem: [80, { range: [8000, 8100] }] } };
  assert.equal(only([match(dport, '@web'), accept], [set]), [
    {
      verdict: 'Allow',
      protocol: 'TCP',
      ports: [
        { start: 80, end: 80 },
        { start: 8000, end: 8100 },
      ],
    },
  ]);
  assert.equal(only([match(dport, '@gone'), accept]), [{ verdict: 'Allow', doubt: 'a comparison' }]);
});

// As ufw and Docker leave them.
const iptables = `# Generated by iptables-save v1.8.9 (nf_tables)
*filter
:INPUT DROP [10:600]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-user-input - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "the \\"front\\" door" -j ACCEPT
-A INPUT -p udp -m multiport --dports 53,5000:5010 -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 5432 -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -p tcp -m tcp ! --dport 1024:65535 -j REJECT --reject-with tcp-reset
-A INPUT -m geoip --source-country DE -j ACCEPT
-A INPUT -j LOG --log-prefix "[UFW BLOCK] "
-A INPUT -j ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
COMMIT
`;
test('iptables-save', () => {
  const { data, flaw } = decodeLinuxFirewall(JSON.stringify({ nft: null, iptables, ip6tables: null }));
  assert.is(flaw, null);
  assert.equal(
    data.map(({ name, base, otherwise, rules }) => [name, base, otherwise, rules.length]),
    [
      ['iptables filter INPUT', true, 'Block', 6],
      ['iptables filter FORWARD', false, 'Allow', 0],
      ['iptables filter OUTPUT', false, 'Allow', 0],
      ['iptables filter ufw-user-input', false, 'Return', 1],
    ],
  );
  const rules = data[0]!.rules.map(({ name, family: _, program: __, service: ___, ...rule }) => [
    name.replace('iptables filter INPUT ', ''),
    Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== null)),
  ]);
  assert.equal(rules, [
    ['rule 3: the "front" door', { verdict: 'Allow', protocol: 'TCP', ports: [{ start: 22, end: 22 }] }],
    [
      'rule 4',
      {
        verdict: 'Allow',
        protocol: 'UDP',
        ports: [
          { start: 53, end: 53 },
          { start: 5000, end: 5010 },
        ],
      },
    ],
    ['rule 5', { verdict: 'Allow', protocol: 'TCP', ports: [{ start: 5432, end: 5432 }], limit: 'remote addresses' }],
    ['rule 7', { verdict: 'Block', protocol: 'TCP', ports: [{ start: 0, end: 1023 }] }],
    ['rule 8', { verdict: 'Allow', doubt: '--source-country' }],
    ['rule 10', { verdict: 'Jump', target: 'iptables filter ufw-user-input' }],
  ]);
});

test("iptables' own tables are not read twice", () => {
  const nft = JSON.stringify({ nftables: [{ chain: { ...chain, family: 'ip', name: 'INPUT' } }, { chain }] });
  assert.equal(
    decodeLinuxFirewall(JSON.stringify({ nft, iptables, ip6tables: null }))
      .data.filter(({ base }) => base)
      .map(({ name }) => name),
    ['iptables filter INPUT', 'inet filter input'],
  );
  assert.equal(
    decodeLinuxFirewall(JSON.stringify({ nft, iptables: '', ip6tables: null })).data.map(({ name }) => name),
    ['ip filter INPUT', 'inet filter input'],
  );
});

test('without a tool nothing is known', () => {
  assert.match(decodeLinuxFirewall('{"nft":null,"iptables":null,"ip6tables":null}').flaw ?? '', /nft and iptables-save are not installed/);
  assert.match(decodeLinuxFirewall('{"nft":"?","iptables":null,"ip6tables":null}').flaw ?? '', /nft is not readable/);
  assert.is(decodeLinuxFirewall('?').flaw, 'the packet filter is not readable');
});

test('any text is decoded without an error', () => {
  const word = fc.constantFrom('-A', 'INPUT', '-p', 'tcp', '--dport', '80', '!', '-j', 'ACCEPT', '-m', '"', '"a b"', '-i', 'lo', '--ctstate', 'NEW', '-s', 'ufw-user-input', '--x');
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 10 }), { maxLength: 10 }), (lines) => {
      const text = `*filter\n:INPUT DROP [0:0]\n${lines.map((words) => `-A INPUT ${words.join(' ')}`).join('\n')}\n`;
      assert.is(decodeLinuxFirewall(JSON.stringify({ nft: null, iptables: text, ip6tables: text })).flaw, null);
    }),
  );
  fc.assert(fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), (expr) => assert.ok(Array.isArray(decodeLinuxFirewall(nftText(expr)).data))));
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => assert.ok(Array.isArray(decodeLinuxFirewall(text).data))));
});

test.run();
