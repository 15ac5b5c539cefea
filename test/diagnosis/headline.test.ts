import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { causes } from '../../src/diagnosis/causes.ts';
import { headline } from '../../src/diagnosis/headline.ts';
import type { Verdict } from '../../src/schema/verdict.ts';

const test = suite('a verdict in a sentence');

const row = (more: Partial<Verdict>): Verdict => ({
  Port: 3000,
  Protocol: 'TCP',
  Address: '*',
  CanBind: false,
  Cause: 'Process',
  Owner: 'node server.js (8128)',
  Evidence: [],
  Remedy: null,
  Confidence: 'High',
  Summary: null,
  ComputerName: 'A',
  ...more,
});

const cases: [verdict: Partial<Verdict>, sentence: string | null][] = [
  [{}, 'Port 3000 is in use by node server.js (8128).'],
  [{ Owner: 'node server.js (774); node server.js (775)' }, 'Port 3000 is in use by node server.js (774) and node server.js (775).'],
  [{ Protocol: 'UDP', Address: '127.0.0.1' }, 'UDP port 3000 on 127.0.0.1 is in use by node server.js (8128).'],
  [{ CanBind: true, Cause: 'Free', Owner: null }, 'Port 3000 is free.'],
  [{ CanBind: true, Cause: 'Sharing' }, 'Port 3000 can be bound next to node server.js (8128).'],
  [{ CanBind: true, Cause: 'TimeWait', Owner: null }, 'Port 3000 can be bound.'],
  [{ Cause: 'Excluded', Owner: null }, 'Port 3000 cannot be bound: it is in an excluded port range.'],
  [{ Port: 0, Cause: 'Exhausted', Owner: null }, 'A dynamic port cannot be bound: the dynamic ports are used up.'],
  [{ CanBind: null, Cause: 'Unknown', Owner: null }, 'Cannot tell whether port 3000 can be bound: some of the necessary facts could not be seen.'],
  [{ CanBind: null, Cause: 'Unknown', Owner: null, Protocol: 'UDP' }, 'Cannot tell whether UDP port 3000 can be bound: some of the necessary facts could not be seen.'],
  [{ Port: null, CanBind: null }, null],
];

for (const [verdict, sentence] of cases) test(sentence ?? 'no port', () => assert.is(headline(row(verdict)), sentence));

test('every cause makes one whole sentence', () => {
  for (const { name } of causes)
    for (const CanBind of [true, false, null])
      for (const Owner of [null, 'nginx (1)']) assert.match(headline(row({ Cause: name, CanBind, Owner }))!, /^(?:Port|Cannot tell whether port) 3000 [^\n]+[^.]\.$/);
});

test.run();
