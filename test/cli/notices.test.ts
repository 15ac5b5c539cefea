import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { factsText, reportingBinaries } from '../../src/facts/gather/report.ts';
import { facts, socket } from '../support/example.ts';

const test = suite('notices');

test('what was read, and how well', () => {
  const { sections, ...rest } = facts([socket()], { processes: [] });
  const { dynamicRanges, reservedPorts, services } = sections;
  const none = { status: 'notAsked', reason: null, needs: null, at: null } as const;
  const few = {
    ...rest,
    sections: { ...sections, services: { ...services, ...none }, dynamicRanges: { ...dynamicRanges, ...none }, reservedPorts: { ...reservedPorts, ...none } },
  };
  assert.is(factsText(few), 'box at 2026-01-02T03:04:06Z: 1 socket, 0 processes (sockets ok, processes ok)');
});

test('of many executables only some are reported, and the signers always', () => {
  const told: string[] = [];
  const step = reportingBinaries((severity, message) => told.push(`${severity}: ${message}`));
  for (let nth = 1; nth <= 1000; nth++) step('hash', nth, 1000);
  step('signers', 1, 1000);
  assert.is(told[0], 'Progress: hashing executable 1 of 1000');
  assert.is(told.at(-1), 'Progress: checking the signers of 1000 executables');
  assert.ok(told.length < 100);
});

test.run();
