import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { disagreements } from '../../src/doctor/compare.ts';
import type { ToolSocket } from '../../src/doctor/tools.ts';

const test = suite('comparison with a tool');

const listener = (port: number, ...pids: number[]): ToolSocket => ({ protocol: 'TCP', local: `0.0.0.0:${port}`, remote: null, state: 'Listen', pids });
const connection = (port: number, state: string): ToolSocket => ({ protocol: 'TCP', local: `10.0.0.5:${port}`, remote: '10.0.0.9:443', state, pids: [] });

const cases: readonly (readonly [name: string, before: ToolSocket[], tool: ToolSocket[], after: ToolSocket[], expected: string[]])[] = [
  ['the same', [listener(80, 1)], [listener(80, 1)], [listener(80, 1)], []],
  ['opened meanwhile', [], [listener(80, 1)], [listener(80, 1)], []],
  ['closed meanwhile', [listener(80, 1)], [], [], []],
  ['only the tool lists it', [], [listener(80, 1)], [], ['only the tool lists TCP 0.0.0.0:80 Listen']],
  ['only PortOwner lists it', [listener(80, 1)], [], [listener(80, 1)], ['only PortOwner lists TCP 0.0.0.0:80 Listen']],
  ['another process', [listener(80, 1)], [listener(80, 2)], [listener(80, 1)], ['TCP 0.0.0.0:80 Listen: the tool shows process 2, PortOwner process 1']],
  ['it changed hands', [listener(80, 1)], [listener(80, 2)], [listener(80, 2)], []],
  ['the tool does not see who', [listener(80, 1)], [listener(80)], [listener(80, 1)], []],
  ['two of them, in any order', [listener(80, 1), listener(80, 2)], [listener(80, 2), listener(80, 1)], [listener(80, 1), listener(80, 2)], []],
  ['one of two is missing', [listener(80, 1), listener(80, 1)], [listener(80, 1)], [listener(80, 1), listener(80, 1)], ['TCP 0.0.0.0:80 Listen: the tool lists 1, PortOwner 2']],
  [
    'another state',
    [connection(1, 'Established')],
    [connection(1, 'CloseWait')],
    [connection(1, 'Established')],
    ['only the tool lists TCP 10.0.0.5:1 to 10.0.0.9:443 CloseWait', 'only PortOwner lists TCP 10.0.0.5:1 to 10.0.0.9:443 Established'],
  ],
  ["a bound socket is nobody's business", [], [{ ...listener(80, 1), state: 'Bound' }], [], []],
];
for (const [name, before, tool, after, expected] of cases) {
  test(name, () => assert.equal(disagreements(before, tool, after, { states: true }), expected));
}

test('without states only the ends count', () => {
  assert.equal(disagreements([connection(1, 'Established')], [{ ...connection(1, ''), state: null }], [connection(1, 'CloseWait')], { states: false }), []);
});

test.run();
