import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { formatPorts, parsePorts, portMatcher } from '../../src/ports/expression.ts';
import { serviceName, serviceNames, servicePorts } from '../../src/ports/iana.ts';
import { portClass } from '../../src/ports/classes.ts';

const test = suite('port expressions');

const good: [text: string, spans: [number, number][]][] = [
  ['443', [[443, 443]]],
  ['1', [[1, 1]]],
  ['65535', [[65535, 65535]]],
  ['0443', [[443, 443]]],
  [
    '80,443',
    [
      [80, 80],
      [443, 443],
    ],
  ],
  ['80\n', [[80, 80]]],
  [
    ' 80 , 443 ',
    [
      [80, 80],
      [443, 443],
    ],
  ],
  ['8000-8100', [[8000, 8100]]],
  ['8000..8100', [[8000, 8100]]],
  ['8000 - 8100', [[8000, 8100]]],
  ['5-5', [[5, 5]]],
  ['1-65535', [[1, 65535]]],
  ['https', [[443, 443]]],
  [
    'HTTP,22',
    [
      [80, 80],
      [22, 22],
    ],
  ],
  ['ms-sql-s', [[1433, 1433]]],
];
for (const [text, spans] of good) {
  test(`reads ${JSON.stringify(text)}`, () => {
    assert.equal(
      parsePorts(text, servicePorts),
      spans.map(([start, end]) => ({ start, end })),
    );
  });
}

for (const text of [
  '0',
  '65536',
  '70000',
  'abc',
  '9-1',
  '',
  ',',
  '80,',
  '1-',
  '-1',
  '1-2-3',
  '1.5',
  '0x50',
  '80;81',
  '0-5',
  '5-70000',
  '__proto__',
  'constructor',
  '８０',
  '99999999999999999999',
]) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parsePorts(text, servicePorts),
      (error: unknown) => error instanceof PortOwnerError && error.code === 'PO1002' && error.exitCode === 64,
    );
  });
}

const span = fc.tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 })).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 20 }), (spans) => {
      const once = spans.filter((span, index) => spans.findIndex((other) => other.start === span.start && other.end === span.end) === index);
      assert.equal(
        parsePorts(formatPorts(spans), () => []),
        once,
      );
    }),
  );
});

test('any text is read or refused with PO1002', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        for (const { start, end } of parsePorts(text, servicePorts)) assert.ok(start >= 1 && start <= end && end <= 65535);
      } catch (error) {
        assert.instance(error, PortOwnerError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('the matcher agrees with the spans', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 5 }), fc.integer({ min: 0, max: 65535 }), (spans, port) => {
      assert.is(
        portMatcher(spans)(port),
        spans.some(({ start, end }) => port >= start && port <= end),
      );
      assert.is(portMatcher(null)(port), true);
    }),
  );
});

test('names are IANA names', () => {
  const cases: [number, 'TCP' | 'UDP', string | null][] = [
    [22, 'TCP', 'ssh'],
    [80, 'TCP', 'http'],
    [443, 'TCP', 'https'],
    [53, 'UDP', 'domain'],
    [631, 'TCP', 'ipp'],
    [445, 'TCP', 'microsoft-ds'],
    [3389, 'TCP', 'ms-wbt-server'],
    [6000, 'TCP', 'x11'],
    [6063, 'TCP', 'x11'],
    [65000, 'TCP', null],
    [0, 'TCP', null],
  ];
  for (const [port, protocol, name] of cases) assert.is(serviceName(port, protocol), name, `${port}`);
  assert.equal(servicePorts('Www'), [80]);
  assert.equal(servicePorts('nothing-like-it'), []);
  assert.ok(serviceNames().length > 5000);
});

test('the three classes meet at 1024 and 49152', () => {
  assert.equal([0, 1023, 1024, 49151, 49152, 65535].map(portClass), ['WellKnown', 'WellKnown', 'Registered', 'Registered', 'Dynamic', 'Dynamic']);
});

test.run();
