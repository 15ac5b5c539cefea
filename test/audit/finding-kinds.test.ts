import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auditEventIds, findingKinds } from '../../src/schema/finding-kinds.ts';
import { finding } from '../../src/schema/finding.ts';

const test = suite('finding kinds');

test('no two events have one id', () => {
  const ids = [...Object.values(findingKinds).map(({ event }) => event), ...Object.values(auditEventIds)];
  assert.is(new Set<number>(ids).size, ids.length);
});

test('the column Kind names every kind', () => {
  const { description } = finding.columns.find(({ name }) => name === 'Kind')!;
  assert.equal(
    Object.keys(findingKinds).filter((kind) => !description.includes(kind)),
    [],
  );
});

test.run();
