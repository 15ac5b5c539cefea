import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { leftOut } from '../../src/build/catalogue.ts';
import { exitCodesOf, type PowerShellFunction } from '../../src/cli/about.ts';
import { loadAllCommands, type KnownCommand } from '../../src/cli/commands.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { optionNames } from '../../src/cli/words.ts';

const test = suite('what is known of a command');
const all = await loadAllCommands(catalogue);

for (const { path, about, definition } of all) {
  const name = `portowner ${path}`;
  test(`${name}: every value that completion knows belongs to an option`, () => {
    const options = new Set(definition.options.flatMap(optionNames));
    assert.equal(
      Object.keys(about.values).filter((option) => !options.has(option)),
      [],
    );
  });

  test(`${name}: says what its exit codes mean, and shows examples`, () => {
    const codes = new Set(exitCodesOf(about).map(([code]) => code));
    assert.ok(codes.has(0) && codes.has(64));
    assert.ok((definition.examples ?? []).length > 0);
    assert.not.match(definition.details ?? '', /^\s*Exit codes:/m);
  });
}

const free = all.find(({ path }) => path === 'free')!;
const powershell = free.about.powershell as PowerShellFunction;
const changed = (more: Partial<PowerShellFunction>): (() => unknown) => {
  const about: PowerShellFunction = { ...powershell, ...more };
  const command: KnownCommand = { ...free, about: { ...free.about, powershell: about } };
  return () => leftOut(command, about);
};

test('an option without a parameter and without a reason is named', () => {
  const { Near: _, ...parameters } = powershell.parameters;
  assert.throws(changed({ parameters }), /--near of "portowner free" has no parameter of Get-FreePort/);
  assert.not.throws(changed({ parameters, leftOut: { ...powershell.leftOut, '--near': 'because' } }));
});

test('a parameter or a reason for an option that is not there is named', () => {
  assert.throws(changed({ parameters: { ...powershell.parameters, Far: '--far' } }), /no option --far, which Get-FreePort names/);
  assert.throws(changed({ leftOut: { '--far': 'because' } }), /no option --far/);
});

test.run();
