import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { spansWithout } from '../../../src/facts/model/question.ts';

const test = suite('a question');

const port = fc.oneof(fc.constantFrom(0, 1, 65534, 65535), fc.integer({ min: 0, max: 65535 }));
const span = fc.tuple(port, port).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

test('the spans without a socket are those that no port is in', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 20 }), fc.array(port, { maxLength: 20 }), (spans, ports) => {
      const sockets = ports.map((localPort) => ({ localPort }));
      assert.equal(
        spansWithout(spans, sockets),
        spans.filter(({ start, end }) => !ports.some((one) => one >= start && one <= end)),
      );
    }),
  );
});

test('all ports are one span', () => {
  assert.equal(spansWithout(null, []), [{ start: 0, end: 65535 }]);
  assert.equal(spansWithout(null, [{ localPort: 1 }]), []);
});

test.run();
