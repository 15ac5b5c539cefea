import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseFree, type FreeRequest } from '../../src/actions/free.ts';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import { caseFiles, growthCases } from '../bench/growth.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { connection, facts, process as owner, socket, udp } from '../support/example.ts';

const test = suite('growth');

/**
 * Runs Node with little memory and much time. What grows with the square takes minutes or gigabytes at these sizes, and
 * what does not a few seconds: the limits are no measurement.
 */
function bounded(args: readonly string[], { input = '', memory = 1024 }: { input?: string | Buffer; memory?: number } = {}) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, `--max-old-space-size=${memory}`, ...args], {
    input,
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 30,
    cwd: root,
  });
  assert.is(signal, null, 'it ended by itself');
  return { status, stdout, stderr };
}

const portowner = (args: readonly string[], more: { input?: string | Buffer; memory?: number } = {}) => bounded([join(root, 'src/main.ts'), ...args], more);

/** Sizes at which what was there before took minutes, or all memory. */
const large: Readonly<Record<string, number>> = {
  operands: 60_000,
  options: 60_000,
  'processes asked for, and sockets whose owner is hidden': 50_000,
  'owners of one port and its addresses': 50_000,
  'programs with one port and address': 50_000,
  'instances of one program with one port': 50_000,
  'siblings with one port': 50_000,
  'owners of a port that is asked about': 100_000,
  'rules of a policy with ports, and listeners': 10_000,
  'rules of a policy with programs, and listeners': 10_000,
  'owners of one port before and after': 40_000,
  'services with one port before and after': 20_000,
  'dynamic UDP sockets of one program, and users': 20_000,
  'queues of HTTP.sys for one port, and its addresses': 100_000,
  'keys to sort by, and sockets that are alike': 60_000,
  'programs that have had one endpoint': 200_000,
};

for (const one of growthCases) {
  const size = large[one.name] ?? 20_000;
  test(`${size} ${one.name}`, () => {
    const files = caseFiles();
    try {
      // The operating system allows no such command line.
      const args = files.args(one, size);
      const { status, stderr } = portowner(['@-'], { input: args.join('\n') });
      assert.ok(status === 0 || status === 1, `${status}: ${stderr.slice(0, 300)}`);
    } finally {
      files.remove();
    }
  });
}

test('a pattern with many stars', () => {
  const path = snapshotFile(facts([socket()], { processes: [owner({ imageName: 'a'.repeat(255) })] }));
  assert.is(portowner(['--image', `${'*a'.repeat(30)}*b`, '--from', path]).status, 1);
});

test('a run of ports is found in one pass', () => {
  const request: FreeRequest = {
    count: 10_000,
    spans: [{ start: 1, end: 65_535 }],
    near: null,
    consecutive: true,
    protocols: ['TCP'],
    address: null,
    registered: true,
    except: [],
  };
  let steps = 0;
  const { get } = Map.prototype;
  const counting = (work: (this: Map<unknown, unknown>, key: unknown) => unknown): void =>
    void Reflect.defineProperty(Map.prototype, 'get', { value: work, writable: true, configurable: true });
  counting(function (key) {
    if (++steps > 2_000_000) throw new Error('too many steps');
    return get.call(this, key) as unknown;
  });
  try {
    const found = chooseFree(
      facts([], { sections: { dynamicRanges: { ...facts([]).sections.dynamicRanges, data: [] }, reservedPorts: facts([]).sections.services as never } }),
      request,
      {
        serviceName: () => null,
        reserved: () => null,
        leasedUntil: () => null,
        owner: () => null,
        // Each run lacks one port alone, its first.
        tryBind: (port) => (port % 10_000 === 0 ? 'taken' : null),
      },
    );
    assert.equal(found.ports, []);
    assert.equal([...found.skipped.keys()], [10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
  } finally {
    counting(get);
  }
});

test('a port that two ranges have is offered once', async () => {
  const request: FreeRequest = {
    count: 3,
    spans: [
      { start: 20, end: 21 },
      { start: 20, end: 22 },
    ],
    near: null,
    consecutive: false,
    protocols: ['TCP'],
    address: null,
    registered: true,
    except: [],
  };
  const known = { serviceName: () => null, reserved: () => null, leasedUntil: () => null, owner: () => null, tryBind: () => null };
  assert.equal(chooseFree(facts([]), request, known).ports, [20, 21, 22]);
});

const floods: readonly (readonly [name: string, text: string, why: RegExp])[] = [
  ['commas', `[${','.repeat(2_000_000)}`, /Unexpected , in flow sequence|more than 300000 entries/],
  ['brackets', '[]'.repeat(1_000_000), /Unexpected flow-seq-start at node end|tokens/],
  ['closing brackets', ']'.repeat(1_000_000), /Unexpected flow-seq-end|tokens/],
  ['escapes', `"${'\\q'.repeat(1_000_000)}"`, /Invalid escape sequence/],
  ['aliases', `a: &a 1\nb: [${'*a,'.repeat(600_000)}]`, /more than 500 aliases/],
  ['entries', `[${'"",'.repeat(500_000)}]`, /more than 300000 entries/],
];
for (const [name, text, why] of floods) {
  test(`a file of nothing but ${name} is refused`, () => {
    const policy = join(temporaryFolder(), 'policy.yaml');
    writeFileSync(policy, text);
    const { status, stderr } = portowner(['audit', '--policy', policy, '--from', snapshotFile(facts([socket()]))], { memory: 256 });
    assert.is(status, 69);
    assert.match(stderr, why);
    assert.match(stderr, /line \d+, column \d+/);
  });
}

test('doctor: 100,000 processes, and sockets with one address', () => {
  const script = `
    const { sourceResults } = await import(${JSON.stringify(join(root, 'src/doctor/checks.ts'))});
    const { disagreements } = await import(${JSON.stringify(join(root, 'src/doctor/compare.ts'))});
    const numbers = Array.from({ length: 300_000 }, (_, i) => i);
    const findings = sourceResults(new Map(numbers.map((i) => ['process/' + i, { at: '2026-01-02T03:04:06Z', text: '' }])));
    const sockets = numbers.map((i) => ({ protocol: 'UDP', local: '0.0.0.0:5353', remote: null, state: null, pids: [i] }));
    console.log(JSON.stringify([findings.length, disagreements(sockets, sockets, sockets, { states: false })]));`;
  assert.is(bounded(['--input-type=module', '--eval', script]).stdout.trim(), '[1,[]]');
});

/** What no command line reaches without such a machine, by the program's own modules; and what they print. */
const scripts: readonly (readonly [name: string, script: string, printed: RegExp])[] = [
  [
    '20,000 users in a report, and megabytes of text and bytes',
    `const { redact } = await load('src/redaction/envelope.ts');
    const at = '2026-01-02T03:04:06Z';
    const users = numbers(20_000).map((i) => ['person' + i, 'x', 1000 + i, 1, '', '/home/person' + i, '/bin/sh'].join(':')).join('\\n');
    const text = 'person19999 and somebody else '.repeat(70_000);
    const { entries } = redact({ platform: 'linux', entries: new Map([
      ['users', { at, text: users }],
      ['process/1', { at, text: JSON.stringify({ stat: text }) }],
      ['holders', { at, bytes: Buffer.from(text) }],
    ]) });
    const [stat, bytes] = [entries.get('process/1').text, Buffer.from(entries.get('holders').bytes).toString()];
    console.log(stat.slice(9, 22), bytes.slice(0, 15), (stat + bytes).includes('person'));`,
    /^user20000 and xxxxxxxxxxx and false$/,
  ],
  [
    '100,000 processes that ended, and their heirs',
    `const { heirFinder } = await load('src/facts/gather/heirs.ts');
    const heirsOf = heirFinder(numbers(100_000).map((i) => ({ pid: i + 200_000, parent: i, imageName: 'a.exe', started: '2026' })));
    console.log(numbers(100_000).reduce((sum, pid) => sum + heirsOf(pid, null).length, 0));`,
    /^100000$/,
  ],
  [
    '300,000 processes, each started by the one before',
    `const { heirFinder } = await load('src/facts/gather/heirs.ts');
    console.log(heirFinder(numbers(300_000).map((i) => ({ pid: i + 2, parent: i + 1, imageName: 'a.exe', started: '2026' })))(1, null).length);`,
    /^300000$/,
  ],
  [
    'a stop of 20,000 programs, each with other ports and a line of processes',
    `const { planStop } = await load('src/actions/plan.ts');
    const { facts, process, socket } = await load('test/support/example.ts');
    const all = numbers(20_000);
    const processes = all.map((i) => process({ pid: i + 1000, parent: 1 }));
    const sockets = all.flatMap((i) => [443, 444].map((localPort) => socket({ pid: i + 1000, holders: [i + 1000], localPort })));
    const tree = [...processes, ...all.map((i) => ({ pid: i + 100_000, parent: i % 1000 === 0 ? i + 1000 : i + 99_999, startTime: null, imageName: 'b' }))];
    const targets = planStop(
      { facts: facts(sockets, { processes }), tree, self: { pid: 1, container: null, unit: null, unitUser: null }, asking: 'ask', service: () => null, sites: () => [], mayStop: () => null },
      ({ localPort }) => localPort === 443,
    );
    console.log(targets.length, targets[0].otherPorts.length, targets[0].children.length);`,
    /^20000 1 1000$/,
  ],
  [
    '20,000 rules and sets of a packet filter, and its chains',
    `const { decodeLinuxFirewall } = await load('src/facts/decode/linux-firewall.ts');
    const at = { family: 'inet', table: 't' };
    const nft = numbers(20_000).flatMap((i) => [
      { set: { ...at, name: 's' + i, elem: [i + 1] } },
      { chain: { ...at, name: 'c' + i, ...(i === 0 ? { hook: 'input', type: 'filter' } : {}) } },
      { rule: { ...at, chain: 'c0', handle: i, expr: [{ match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: '@s' + i } }, { drop: null }] } },
    ]);
    const iptables = ['*nat', ...numbers(20_000).map((i) => '# ' + i), '*filter', ...numbers(20_000).map((i) => ':c' + i + ' - [0:0]'), ...numbers(20_000).map((i) => '-A c1 -p tcp --dport ' + (i + 1) + ' -j c' + i)].join('\\n');
    const { data } = decodeLinuxFirewall(JSON.stringify({ nft: JSON.stringify({ nftables: nft }), iptables, ip6tables: iptables }));
    console.log(data.length, data.reduce((sum, { rules }) => sum + rules.length, 0));`,
    /^60000 60000$/,
  ],
];
for (const [name, script, printed] of scripts) {
  test(name, () => {
    const common = `
      const load = (name) => import(${JSON.stringify(root)} + '/' + name);
      const numbers = (count) => Array.from({ length: count }, (_, i) => i);`;
    const { stdout, stderr } = bounded(['--input-type=module', '--eval', common + script]);
    assert.match(stdout.trim() || stderr, printed);
  });
}

test('completion of 60,000 names in bash', () => {
  const folder = temporaryFolder();
  const program = join(folder, 'portowner');
  // Its output stands in for a machine with so many.
  writeFileSync(program, '#!/bin/sh\nseq -f p%.0f 60000\n', { mode: 0o755 });
  const completion = bounded([join(root, 'src/main.ts'), 'completion', 'bash']).stdout;
  const script = `${completion}
    COMP_WORDS=(${program} --image p) COMP_CWORD=2; _portowner; echo \${#COMPREPLY[@]}`;
  const { stdout, signal } = spawnSync('bash', ['--norc'], { input: script, encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' });
  assert.is(signal, null);
  assert.is(stdout.trim(), '60000');
});

test('more words than are read are refused', async () => {
  const { code, err } = await run(Array.from({ length: 100_001 }, () => '80'));
  assert.is(code, 64);
  assert.match(err, /PO1001: the command line has 100001 words; the limit is 100000/);
  const { status, stderr } = portowner(['@-', '@-'], { input: '80\n'.repeat(60_000) });
  assert.is(status, 64);
  assert.match(stderr, /has 120000 words/);
});

test('standard input without an end is refused', () => {
  const { status, stderr } = portowner(['@-'], { input: '8'.repeat(20 * 1024 * 1024) });
  assert.is(status, 64);
  assert.match(stderr, /PO1001: @- reads at most 16 MB/);
});

test('of an error text without an end both ends are read', () => {
  const ask = (input: string | Buffer) => portowner(['why', '--error', '-', '--from', snapshotFile(facts([])), '--format', 'list'], { input, memory: 64 });
  const [flood, error] = ['x'.repeat(100 * 1024 * 1024), 'listen EADDRINUSE :::3000\n'];
  for (const input of [`${error}${flood}`, `${flood}\n${error}`, Buffer.from(`\ufeff${flood.slice(0, 10_000_001)}\n${error}`, 'utf16le')]) {
    const { status, stdout } = ask(input);
    assert.is(status, 0);
    assert.match(stdout, /3000/);
    assert.match(stdout, /\d+ bytes between them were not/);
  }
});

test('a wrong option is named, whatever stands before it', async () => {
  for (const args of [
    ['443', '--bogus'],
    ['443', '--pid=1', '--bogus'],
    ['stop', '443', '--bogus'],
  ])
    assert.match((await run(args)).err, /PO1001: unknown option --bogus(?: for portowner stop)?\n/);
  assert.match((await run(['443', '--bogus=1'])).err, /PO1001: unknown option --bogus\n/);
  assert.match((await run(['443', '--format'])).err, /PO1001: missing value for --format; expected table, /);
});

test('a pattern of thousands of characters, and thousands of patterns are refused', async () => {
  const from = snapshotFile(facts([socket(), udp(), connection()]));
  const long = await run(['--image', `*${'a'.repeat(2000)}*b`, '--from', from]);
  assert.is(long.code, 64);
  assert.match(long.err, /PO1001: a wildcard pattern has 2003 characters; the limit is 1000/);
  const many = await run(['--image', Array.from({ length: 1001 }, (_, i) => `a*b${i}*c`).join(), '--from', from]);
  assert.is(many.code, 64);
  assert.match(many.err, /there are 1001 patterns with wildcards; the limit is 1000/);
});

test('a policy of more rules than a person writes, and a machine of hundreds of dynamic ranges are refused', async () => {
  const policy = join(temporaryFolder(), 'policy.yaml');
  writeFileSync(policy, `kind: PortOwner.Policy\nversion: 1\nrules:\n${'  - {name: r, action: allow}\n'.repeat(10_001)}`);
  const rules = await run(['audit', '--policy', policy, '--from', snapshotFile(facts([socket()]))]);
  assert.is(rules.code, 69);
  assert.match(rules.err, /PO2002: .*it has 10001 rules; the limit is 10000/);
  const [range] = facts([]).sections.dynamicRanges.data;
  const ranges = snapshotFile(facts([socket()], { sections: { dynamicRanges: { ...facts([]).sections.dynamicRanges, data: Array.from({ length: 257 }, () => range!) } } }));
  const dynamic = await run(['--from', ranges]);
  assert.is(dynamic.code, 69);
  assert.match(dynamic.err, /dynamicRanges\/data must NOT have more than 256 items/);
});

test.run();
