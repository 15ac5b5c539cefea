import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { windowsOutcome, windowsOutcomes, type WindowsOutcome, type WindowsScope, type WindowsSharing } from '../../src/diagnosis/windows-rules.ts';

const test = suite('the rules of Windows');

// https://learn.microsoft.com/windows/win32/winsock/using-so-reuseaddr-and-so-exclusiveaddruse, "Enhanced Socket Security", word for word.
// Columns: the second bind, Default Wildcard, Default Specific, SO_REUSEADDR Wildcard …; rows: the first.
const published = {
  'same user': `
    Default wildcard:               INUSE   Success ACCESS  Success INUSE Success
    Default specific:               Success INUSE   Success ACCESS  INUSE INUSE
    SO_REUSEADDR wildcard:          INUSE   Success Success Success INUSE Success
    SO_REUSEADDR specific:          Success INUSE   Success Success INUSE INUSE
    SO_EXCLUSIVEADDRUSE wildcard:   INUSE   ACCESS  ACCESS  ACCESS  INUSE ACCESS
    SO_EXCLUSIVEADDRUSE specific:   Success INUSE   Success ACCESS  INUSE INUSE`,
  'different users': `
    Default wildcard:               INUSE   ACCESS  ACCESS  ACCESS  INUSE ACCESS
    Default specific:               Success INUSE   Success ACCESS  INUSE INUSE
    SO_REUSEADDR wildcard:          INUSE   ACCESS  Success Success INUSE ACCESS
    SO_REUSEADDR specific:          Success INUSE   Success Success INUSE INUSE
    SO_EXCLUSIVEADDRUSE wildcard:   INUSE   ACCESS  ACCESS  ACCESS  INUSE ACCESS
    SO_EXCLUSIVEADDRUSE specific:   Success INUSE   Success ACCESS  INUSE INUSE`,
} as const;
const sharings: Readonly<Record<string, WindowsSharing>> = { Default: 'default', SO_REUSEADDR: 'reuse', SO_EXCLUSIVEADDRUSE: 'exclusive' };
const outcomes: Readonly<Record<string, WindowsOutcome>> = { Success: 'success', INUSE: 'inUse', ACCESS: 'access' };
const seconds = Object.keys(sharings).flatMap((sharing) => (['wildcard', 'specific'] as const).map((scope) => ({ sharing, scope })));

for (const [users, table] of Object.entries(published)) {
  for (const line of table.trim().split('\n')) {
    const [, first, scope, cells] = /^\s*(\w+) (wildcard|specific):\s+(.*)$/.exec(line)!;
    cells!.split(/\s+/).forEach((cell, i) => {
      const second = seconds[i]!;
      test(`${users}: ${first} ${scope}, then ${second.sharing} ${second.scope}: ${cell}`, () => {
        const got = windowsOutcome(
          { sharing: sharings[first!]!, scope: scope as WindowsScope },
          { sharing: sharings[second.sharing]!, scope: second.scope },
          users === 'same user',
        );
        assert.is(got, outcomes[cell]);
      });
    });
  }
}

test('what is not known is every possibility', () => {
  const set = (...args: Parameters<typeof windowsOutcomes>) => [...windowsOutcomes(...args)].toSorted().join(' ');
  assert.is(set('wildcard', { sharing: 'default', scope: 'wildcard' }, null), 'inUse');
  assert.is(set('specific', { sharing: 'default', scope: 'wildcard' }, null), 'success');
  assert.is(set('wildcard', { sharing: 'default', scope: 'specific' }, true), 'access success');
  assert.is(set('wildcard', { sharing: 'default', scope: 'specific' }, false), 'access');
  assert.is(set('wildcard', { sharing: 'reuse', scope: 'wildcard' }, null), 'access success');
});

test.run();
