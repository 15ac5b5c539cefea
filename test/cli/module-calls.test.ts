import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import type { CommandAbout } from '../../src/cli/about.ts';
import { loadClipanion } from '../../src/cli/clipanion.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { run } from '../support/harness.ts';

const test = suite('advice in PowerShell');
await loadClipanion();
const { inPowerShell } = await import('../../src/cli/module-calls.ts');
const { AuditCommand } = await import('../../src/commands/audit.ts');
const { BaselineCreateCommand } = await import('../../src/commands/baseline.ts');
const { ConflictsCommand } = await import('../../src/commands/conflicts.ts');
const { DiffCommand } = await import('../../src/commands/diff.ts');
const { PortsCommand } = await import('../../src/commands/ports.ts');
const { StopCommand } = await import('../../src/commands/stop.ts');
const { WhyCommand } = await import('../../src/commands/why.ts');

const here = '& "$((Get-Module PortOwner).ModuleBase)/bin/portowner"';

const steps: [line: string, call: string][] = [
  ['portowner 80 --format list  # see all', 'Get-PortOwner 80 -Column * | Format-List  # see all'],
  ['portowner 80 --all', 'Get-PortOwner 80 -All'],
  ['portowner --all --sort OwningProcess  # who', 'Get-PortOwner -All | Sort-Object -Property OwningProcess  # who'],
  ['portowner why 5353 --protocol udp --address ::1 --reuse', 'Test-PortBinding 5353 -Protocol udp -Address ::1 -Reuse Address'],
  ['portowner why 80 --reuse=port', 'Test-PortBinding 80 -Reuse Port'],
  ['portowner why 80 --address :: --ipv6-only --exclusive', 'Test-PortBinding 80 -Address :: -IPv6Only -Exclusive'],
  ['portowner free --near 80 --protocol udp', 'Get-FreePort -Near 80 -Protocol udp'],
  ['portowner stop 80 --dry-run  # see; without --dry-run it is stopped', 'Stop-PortOwner 80 -WhatIf  # see; without -WhatIf it is stopped'],
  ['portowner kill 80', 'Stop-PortOwner 80'],
  ['portowner ranges', 'Get-PortRange'],
  ['portowner baseline update here.yaml', 'Update-PortBaseline here.yaml'],
  ['portowner diff a.json b.json --hash', 'Compare-PortSnapshot a.json b.json -IncludeHash'],
  ['portowner doctor  # what fails', `${here} doctor  # what fails`],
  ['sudo portowner 80 --format list  # who', 'sudo pwsh -Command "Get-PortOwner 80 -Column * | Format-List"  # who'],
  ['netsh http show iplisten  # what', 'netsh http show iplisten  # what'],
  ['# wait a minute', '# wait a minute'],
];
for (const [line, call] of steps) test(line, async () => assert.is(await inPowerShell(line, { about: WhyCommand.about, catalogue, whole: true }), call));

const sentences: [command: CommandAbout, text: string, words: string][] = [
  [BaselineCreateCommand.about, 'Use portowner baseline update to update it, or --force to replace it.', 'Use Update-PortBaseline to update it, or -Force to replace it.'],
  [DiffCommand.about, 'Create the snapshot with portowner snapshot --hash.', 'Create the snapshot with Save-PortSnapshot -IncludeHash.'],
  [PortsCommand.about, 'Use a file written by "portowner snapshot", in UTF-8.', 'Use a file written by "Save-PortSnapshot", in UTF-8.'],
  [PortsCommand.about, 'Use a folder written by "portowner snapshot --raw".', 'Use a folder written by "Save-PortSnapshot -RawPath".'],
  [PortsCommand.about, 'Give what "portowner doctor" wrote.', `Give what ${here} doctor wrote.`],
  [AuditCommand.about, 'To see why: portowner PORT --format list.', 'To see why: Get-PortOwner PORT -Column * | Format-List.'],
  [StopCommand.about, 'node is still running; use --force to end it', 'node is still running; use -Force to end it'],
  [
    StopCommand.about,
    'Use --yes to stop without asking, or --dry-run to show what would be stopped.',
    'Use -Confirm:$false to stop without asking, or -WhatIf to show what would be stopped.',
  ],
  [StopCommand.about, 'missing PORTS: portowner stop PORTS, or portowner stop --pid PID', 'missing PORTS: Stop-PortOwner PORTS, or Stop-PortOwner -Id PID'],
  [ConflictsCommand.about, 'Double: … and 3 more; to see them, use --format list', 'Double: … and 3 more; to see them, use Format-List -Property *'],
  [
    PortsCommand.about,
    'Did you mean portowner why? To list the commands and port forms: portowner --help',
    'Did you mean Test-PortBinding? To list the commands and port forms: Get-Help about_PortOwner',
  ],
  [PortsCommand.about, 'Run portowner doctor to see which sources fail, and why.', `Run ${here} doctor to see which sources fail, and why.`],
  [PortsCommand.about, 'systemctl --user stop web, and choose another folder than /etc/portowner', 'systemctl --user stop web, and choose another folder than /etc/portowner'],
  [AuditCommand.about, 'missing --baseline, --policy, or --store', 'missing -BaselinePath, -PolicyPath, or -StorePath'],
  [PortsCommand.about, 'To register it, run portowner schedule install as an administrator.', 'To register it, run Register-PortAuditTask as an administrator.'],
  [WhyCommand.about, '--ipv6-only needs --address ::', '-IPv6Only needs -Address ::'],
];
for (const [about, text, words] of sentences) test(text, async () => assert.is(await inPowerShell(text, { about, catalogue }), words));

/** What is left of the executable's words: its name before a command, or one of its options. */
const leftOf = (text: string): string[] => text.replaceAll(here, '').match(/(?<![\w./\\-])portowner [a-z0-9-]+|(?<=^|[\s("])--[a-z][a-z-]+/g) ?? [];

test('every command line in any verdict has its function', async () => {
  const text = readFileSync(join(root, 'test/diagnosis/situations.test.ts'), 'utf8');
  const lines = [...text.matchAll(/^\$ ((?:sudo )?portowner [^`\n]*)/gm)].map(([, line]) => line!);
  assert.ok(lines.length > 100);
  for (const line of lines) assert.equal(leftOf(await inPowerShell(line, { about: WhyCommand.about, catalogue, whole: true })), [], line);
});

/** The texts of a source file: what stands in quotes, with a number for each value. */
const textsOf = (source: string): string[] =>
  [...source.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)].map(([, plain, filled]) =>
    (plain ?? filled!).replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '8080').replaceAll(/\\(.)/g, '$1'),
  );

test('every message that names a command line has its function', async () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    // What tells of the executable itself.
    .filter((file) => file.endsWith('.ts') && !/^(?:build|cli\/(?:completion|help|module-calls|words))\b/.test(file));
  const found: string[] = [];
  for (const file of sources) {
    const source = readFileSync(join(root, 'src', file), 'utf8')
      .replaceAll(/^ *(?:\*|\/\*\*|\/\/).*$/gm, '')
      // Help has the executable's words.
      .replaceAll(/static override usage = [\s\S]*?\n {2}\}\);/g, '')
      .replaceAll(/powershell: '.*/g, '')
      .replaceAll(/description:\s*(?:'[^'\n]*'|`[^`]*`|"[^"\n]*")/g, '');
    for (const text of textsOf(source)) {
      if (!/(?<![\w./-])portowner [a-z0-9-]/.test(text)) continue;
      found.push(text);
      const said = await inPowerShell(text, { about: PortsCommand.about, catalogue });
      assert.not.match(said.replaceAll(here, ''), /(?<![\w./\\-])portowner [a-z0-9-]+/, `${file}: ${text}`);
    }
  }
  assert.ok(found.length > 40, `only ${found.length} messages`);
});

test('hints name functions in the module, and commands elsewhere', async () => {
  const ask = (...more: string[]) => run(['why', '8080', '--from', 'test/fuzz/corpus/snapshots/windows.json', ...more]);
  const [own, others] = [await ask('--format=clixml', '--problems=rows'), await ask('--format=clixml')];
  assert.not.match(own.out, /portowner (?:why|free|stop|\d)/);
  assert.not.match(others.out, /Get-FreePort|Test-PortBinding/);
});

test.run();
