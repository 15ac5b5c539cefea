import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attemptsReason, bindsFor, chooseFree, passedOver, registeredLines, skippedSpans, type FreeKnowledge, type FreeRequest } from '../../src/actions/free.ts';
import type { PortRange } from '../../src/facts/model/facts.ts';
import type { BindAttempt } from '../../src/facts/gather/probe.ts';
import { connection, facts, socket, udp } from '../support/example.ts';

const test = suite('which port is free');

const ask = (more: Partial<FreeRequest> = {}): FreeRequest => ({
  count: 1,
  spans: [{ start: 8000, end: 8009 }],
  near: null,
  consecutive: false,
  protocols: ['TCP'],
  address: null,
  registered: false,
  except: [],
  ...more,
});
const know = (more: Partial<FreeKnowledge> = {}): FreeKnowledge => ({
  serviceName: () => null,
  leasedUntil: () => null,
  reserved: () => null,
  owner: () => 'nginx (100)',
  tryBind: () => null,
  ...more,
});
const range = (kind: string, start: number, end: number, more: Partial<PortRange> = {}): PortRange => ({
  kind,
  protocol: null,
  family: null,
  start,
  end,
  source: 'a test',
  ...more,
});
const at = '2026-01-02T03:04:06Z';
const reserved = (...data: PortRange[]) => ({ sections: { reservedPorts: { status: 'ok', reason: null, needs: null, at, data } as const } });

const cases: [what: string, world: Parameters<typeof facts>, request: Partial<FreeRequest>, knowledge: Partial<FreeKnowledge>, ports: number[], skipped: [number, RegExp][]][] = [
  ['the first', [[]], {}, {}, [8000], []],
  ['several', [[]], { count: 3 }, {}, [8000, 8001, 8002], []],
  ['fewer than wanted', [[]], { count: 20 }, {}, [8000, 8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009], []],
  ['a listener', [[socket({ localPort: 8000 })]], {}, {}, [8001], [[8000, /^in use: TCP 0\.0\.0\.0, owner: nginx \(100\)$/]]],
  ['a listener of the other protocol', [[udp({ localPort: 8000 })]], {}, {}, [8000], []],
  ['both protocols', [[udp({ localPort: 8000 })]], { protocols: ['TCP', 'UDP'] }, {}, [8001], [[8000, /^in use: UDP/]]],
  [
    'the attempt decides on client connections',
    [[connection({ localPort: 8000 })]],
    {},
    { tryBind: (port) => (port === 8000 ? 'cannot be bound: EADDRINUSE on TCP 0.0.0.0' : null) },
    [8001],
    [[8000, /EADDRINUSE/]],
  ],
  ['registered at IANA', [[]], {}, { serviceName: (port) => (port === 8000 ? 'irdmi' : null) }, [8001], [[8000, /irdmi \(--registered allows it\)/]]],
  ['registered at IANA, allowed', [[]], { registered: true }, { serviceName: () => 'irdmi' }, [8000], []],
  ['promised to somebody else', [[]], {}, { leasedUntil: (port) => (port === 8000 ? at : null) }, [8001], [[8000, /until 2026-01-02T03:04:06Z/]]],
  [
    'kept by a policy',
    [[]],
    {},
    { reserved: (port, protocol) => (port === 8000 && protocol === 'TCP' ? 'reserved by the policy: web' : null) },
    [8001],
    [[8000, /by the policy: web/]],
  ],
  ['not these', [[]], { except: [{ start: 8000, end: 8004 }] }, {}, [8005], [8000, 8001, 8002, 8003, 8004].map((port) => [port, /--except/])],
  [
    'an excluded range',
    [[], reserved(range('Excluded', 8000, 8001, { protocol: 'TCP', family: 'IPv4' }))],
    {},
    {},
    [8002],
    [
      [8000, /excluded range 8000-8001/],
      [8001, /excluded/],
    ],
  ],
  ['an administered excluded range', [[], reserved(range('ExcludedAdministered', 8000, 8000))], {}, {}, [8001], [[8000, /excluded/]]],
  ['an excluded range of the other protocol', [[], reserved(range('Excluded', 8000, 8001, { protocol: 'UDP' }))], {}, {}, [8000], []],
  ['the dynamic range', [[]], { spans: [{ start: 32760, end: 61000 }], count: 9 }, {}, [32760, 32761, 32762, 32763, 32764, 32765, 32766, 32767, 61000], []],
  ['near', [[socket({ localPort: 8005 })]], { near: 8005, count: 6 }, {}, [8006, 8007, 8008, 8009, 8004, 8003], [[8005, /in use/]]],
  ['near a well-known port', [[socket({ localPort: 80 })]], { spans: null, near: 80, count: 2 }, {}, [81, 82], [[80, /in use/]]],
  [
    'near a well-known port, without the right to bind one',
    [[socket({ localPort: 1022 })]],
    { spans: null, near: 1022 },
    { tryBind: (port) => (port < 1024 ? 'cannot be bound: EACCES on TCP 0.0.0.0' : null) },
    [1024],
    [
      [1022, /in use/],
      [1023, /EACCES/],
    ],
  ],
  ['near the end', [[]], { near: 8009, count: 2 }, {}, [8009, 8008], []],
  ['consecutive', [[socket({ localPort: 8002 })]], { consecutive: true, count: 4 }, {}, [8003, 8004, 8005, 8006], [[8002, /in use/]]],
  ['consecutive, near', [[socket({ localPort: 8006 })]], { consecutive: true, count: 3, near: 8005 }, {}, [8007, 8008, 8009], [[8006, /in use/]]],
  ['consecutive, too many', [[socket({ localPort: 8005 })]], { consecutive: true, count: 6 }, {}, [], [[8005, /in use/]]],
  ['up from 10000 by default', [[]], { spans: null }, {}, [10000], []],
];

for (const [what, world, request, knowledge, ports, skipped] of cases) {
  test(what, () => {
    const answer = chooseFree(facts(...world), ask(request), know(knowledge));
    assert.equal(answer.ports, ports);
    if (what === 'the dynamic range') return;
    assert.equal(
      [...answer.skipped.keys()],
      skipped.map(([port]) => port),
    );
    const spans = skippedSpans(answer.skipped);
    for (const [port, reason] of skipped) assert.match(spans.find(({ start, end }) => start <= port && port <= end)!.reason, reason);
  });
}

test("a dynamic range that is not known is IANA's", () => {
  const world = facts([], { sections: { dynamicRanges: { status: 'failed', reason: 'no netsh', needs: null, at, data: [] } } });
  const { ports, skipped } = chooseFree(world, ask({ spans: [{ start: 49152, end: 49153 }] }), know());
  assert.equal(ports, []);
  assert.equal(skippedSpans(skipped), [{ start: 49152, end: 49153, reason: "in the dynamic range 49152-65535 (IANA's class: the machine's own could not be read)" }]);
});

test('a person sees which ports were skipped, and what the port is registered for', () => {
  const request = ask({ near: 8005, spans: null });
  const knowledge = know({ serviceName: (port) => (port === 8006 ? 'wpl-analytics' : null) });
  const answer = chooseFree(facts([socket({ localPort: 8005 })]), request, knowledge);
  assert.equal(answer.ports, [8006]);
  assert.equal(passedOver(request, answer), ['8005: in use: TCP 0.0.0.0, owner: nginx (100)']);
  assert.equal(registeredLines(request, answer, knowledge), ['8006: free; registered with IANA for wpl-analytics']);
});

test('ports that are registered and follow one another are explained as one', () => {
  const names = ['a', 'b', 'c', 'd', 'd'];
  const answer = chooseFree(facts([]), ask({ spans: [{ start: 8000, end: 8009 }] }), know({ serviceName: (port) => names[port - 8000] ?? null }));
  assert.equal(answer.ports, [8005]);
  assert.equal(skippedSpans(answer.skipped), [{ start: 8000, end: 8004, reason: 'registered with IANA for a, b, c and 1 more (--registered allows it)' }]);
});

test('what is tried', () => {
  assert.equal(bindsFor(80, { protocols: ['TCP'], address: null }, 'win32'), [
    { protocol: 'TCP', port: 80, sharing: 'exclusive', address: '0.0.0.0', ipv6Only: false },
    { protocol: 'TCP', port: 80, sharing: 'exclusive', address: '::', ipv6Only: true },
  ]);
  assert.equal(
    bindsFor(80, { protocols: ['TCP', 'UDP'], address: '::1' }, 'linux').map(({ protocol, sharing }) => [protocol, sharing]),
    [
      ['TCP', 'default'],
      ['UDP', 'default'],
    ],
  );
});

const attempt = (result: BindAttempt['result'], more: Partial<BindAttempt> = {}): BindAttempt => ({
  protocol: 'TCP',
  address: '0.0.0.0',
  port: 80,
  sharing: 'default',
  ipv6Only: false,
  error: null,
  errorNumber: null,
  reason: null,
  at,
  ...more,
  result,
});
const outcomes: [BindAttempt[], RegExp | null][] = [
  [[attempt('bound'), attempt('bound')], null],
  [[attempt('bound'), attempt('noFamily')], null],
  [[attempt('noFamily'), attempt('noFamily')], /no such address family/],
  [[attempt('bound'), attempt('refused', { error: 'EADDRINUSE', address: '::' })], /EADDRINUSE on TCP ::$/],
  [[attempt('notMade', { reason: 'out of descriptors' })], /could not be tried on TCP 0\.0\.0\.0: out of descriptors/],
];
for (const [attempts, expected] of outcomes) {
  test(`attempts: ${attempts.map(({ result }) => result).join(', ')}`, () => {
    const reason = attemptsReason(attempts);
    if (expected === null) assert.is(reason, null);
    else assert.match(String(reason), expected);
  });
}

test.run();
