import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sectionResults } from '../../src/doctor/checks.ts';
import { linux } from '../support/world.ts';

const test = suite('checks of the doctor');

test('a reason is told as it is, whatever is in it', () => {
  const reason = 'nft --json list ruleset: exit 1; see "; " in its output';
  const facts = linux([], { sections: { firewall: { status: 'partial', reason, needs: null, at: null, data: [] } } });
  const found = sectionResults(facts).find(({ check }) => check === 'facts firewall')!;
  assert.equal([found.detail, found.evidence], [`0 items; ${reason}`, [reason]]);
});

test.run();
