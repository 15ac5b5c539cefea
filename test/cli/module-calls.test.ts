import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { moduleCalls } from '../../src/cli/module-calls.ts';
import { loadClipanion } from '../../src/cli/clipanion.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { run } from '../support/harness.ts';

const test = suite('advice in PowerShell');
test.before(async () => {
  await loadClipanion();
});

const cases: [line: string, call: string][] = [
  ['portowner 80 --format list  # see all', 'Get-PortOwner 80 | Format-List -Property *  # see all'],
  ['portowner 80 --all', 'Get-PortOwner 80 -All'],
  ['portowner --all --sort OwningProcess  # who', 'Get-PortOwner -All | Sort-Object -Property OwningProcess  # who'],
  ['portowner why 5353 --protocol udp --address ::1 --reuse', 'Test-PortBinding 5353 -Protocol udp -Address ::1 -Reuse Address'],
  ['portowner why 80 --reuse=port', 'Test-PortBinding 80 -Reuse Port'],
  ['portowner why 80 --address :: --ipv6-only --exclusive', 'Test-PortBinding 80 -Address :: -IPv6Only -Exclusive'],
  ['portowner free --near 80 --protocol udp', 'Get-FreePort -Near 80 -Protocol udp'],
  ['portowner stop 80 --dry-run  # see; without --dry-run it is stopped', 'Stop-PortOwner 80 -WhatIf  # see; without -WhatIf it is stopped'],
  ['portowner ranges', 'Get-PortRange'],
  ['sudo portowner why 80', 'sudo portowner why 80'],
  ['netsh http show iplisten  # what', 'netsh http show iplisten  # what'],
  ['# wait a minute', '# wait a minute'],
];
for (const [line, call] of cases) test(line, async () => assert.equal(await moduleCalls([line], catalogue), [call]));

test('every command line in any verdict has its function', async () => {
  const text = readFileSync(join(root, 'test/diagnosis/situations.test.ts'), 'utf8');
  const lines = [...text.matchAll(/^\$ (portowner [^`\n]*)/gm)].map(([, line]) => line!);
  assert.ok(lines.length > 100);
  for (const call of await moduleCalls(lines, catalogue)) assert.match(call, /^[A-Z][a-z]+-[A-Z]\w+/);
});

test('the module is told of its functions, everybody else of the commands', async () => {
  const ask = (...more: string[]) => run(['why', '8080', '--from', 'test/fuzz/corpus/snapshots/windows.json', ...more]);
  const [own, others] = [await ask('--format=clixml', '--problems=rows'), await ask('--format=clixml')];
  assert.not.match(own.out, /portowner (?:why|free|stop|\d)/);
  assert.not.match(others.out, /Get-FreePort|Test-PortBinding/);
});

test.run();
