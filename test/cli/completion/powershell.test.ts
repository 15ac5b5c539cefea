import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formats } from '../../../src/formats/formats.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { noPowerShell, plain, pwsh } from '../../support/powershell.ts';
import { skip } from '../../support/skip.ts';
import { environment, hostileNames, prepare, prepareHostile } from '../../support/shells.ts';

const test = suite('completion in PowerShell');
const folder = temporaryFolder();

interface Match {
  CompletionText: string;
  ToolTip: string;
}

const lines: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ['portowner sn', ['snapshot']],
  ['portowner.exe sn', ['snapshot']],
  ['portowner --form', ['--format']],
  ['portowner --stat', ['--state']],
  ['portowner --format ', formats],
  ['portowner -f c', ['csv', 'clixml']],
  ['portowner --format=c', ['--format=csv', '--format=clixml']],
  ['portowner --all --state fin', ['FinWait1', 'FinWait2']],
  ['portowner --columns localp', ['LocalPort']],
  ['portowner --columns LocalPort,own', ['OwningProcess', 'OwnerKind', 'Owner']],
  ['portowner --columns=LocalPort,own', ['--columns=LocalPort,OwningProcess', '--columns=LocalPort,OwnerKind', '--columns=LocalPort,Owner']],
  ['portowner --sort -Sta', ['-State', '-StartTime']],
  ['portowner ranges --columns St', ['StartPort']],
  ['portowner snapshot --c', ['--command-lines']],
  ['portowner completion ', ['powershell', 'bash']],
  ['portowner help ra', ['ranges']],
];
const portCommands = ['why', 'stop', 'history'] as const;
let matches: Record<string, Match[]> = {};
let servers: Server[] = [];
let port = 0;

test.before(async () => {
  if (pwsh === null) return;
  servers = [createServer()];
  port = await new Promise((resolve) => servers[0]!.listen(0, '127.0.0.1', () => resolve((servers[0]!.address() as AddressInfo).port)));
  const script = prepare(folder, 'powershell');
  const asked = [
    ...lines.map(([line]) => line),
    ...portCommands.map((command) => `portowner ${command} ${String(port).slice(0, -1)}`),
    `portowner ${String(port).slice(0, -1)}`,
    `portowner 80,${port}`,
    `portowner --pid ${process.pid}`,
    'portowner --image ',
  ];
  writeFileSync(join(folder, 'lines.json'), JSON.stringify(asked));
  writeFileSync(
    join(folder, 'ask.ps1'),
    `param($script, $lines)
$ErrorActionPreference = 'Stop'
Get-Content -Raw -LiteralPath $script | Invoke-Expression
$answers = [ordered]@{}
foreach ($line in (Get-Content -Raw -LiteralPath $lines | ConvertFrom-Json)) {
    $answers[$line] = @((TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches | Select-Object CompletionText, ToolTip)
}
ConvertTo-Json -Depth 4 -InputObject $answers`,
  );
  const { stdout, stderr, status } = spawnSync(pwsh, [...plain, '-File', join(folder, 'ask.ps1'), script, join(folder, 'lines.json')], {
    encoding: 'utf8',
    cwd: folder,
    env: environment(folder),
  });
  assert.is(status, 0, `${stdout}${stderr}`);
  matches = JSON.parse(stdout) as typeof matches;
});
test.after(() => {
  for (const server of servers) server.close();
});

const textsOf = (line: string): string[] => (matches[line] ?? []).map((match) => match.CompletionText);

for (const [line, expected] of lines) {
  test(line, (context) => {
    if (pwsh === null) return skip(noPowerShell, context);
    assert.equal(textsOf(line), expected);
  });
}

test('ports in use, with their owners as tool tips', (context) => {
  if (pwsh === null) return skip(noPowerShell, context);
  const match = matches[`portowner ${String(port).slice(0, -1)}`]?.find(({ CompletionText }) => CompletionText === String(port));
  assert.match(match?.ToolTip ?? '', String(process.pid));
  assert.equal(textsOf(`portowner 80,${port}`), [String(port)]);
  assert.ok(textsOf(`portowner --pid ${process.pid}`).includes(String(process.pid)));
  assert.ok(textsOf('portowner --image ').includes(process.execPath.split('/').at(-1)!));
});

for (const command of portCommands) {
  test(`ports in use behind ${command}`, (context) => {
    if (pwsh === null) return skip(noPowerShell, context);
    assert.ok(textsOf(`portowner ${command} ${String(port).slice(0, -1)}`).includes(String(port)));
  });
}

test('names that come from anybody add no word, and what is offered is one argument', (context) => {
  if (pwsh === null) return skip(noPowerShell, context);
  const hostile = temporaryFolder();
  const script = prepare(hostile, 'powershell');
  prepareHostile(hostile);
  const ask = `$ErrorActionPreference = 'Stop'
Get-Content -Raw -LiteralPath '${script}' | Invoke-Expression
$line = 'portowner --image '
$found = @((TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches)
$words = foreach ($match in $found) {
    # As it stands on the line then: the words of one command, none of which is run.
    $errors = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseInput($line + $match.CompletionText, [ref] $null, [ref] $errors)
    $commands = @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true))
    @{ Text = $match.CompletionText; Errors = $errors.Count; Commands = $commands.Count; Words = @($commands[0].CommandElements | ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { "$_" } }); Tip = $match.ToolTip; Listed = $match.ListItemText }
}
ConvertTo-Json -Depth 4 -EscapeHandling EscapeNonAscii -InputObject @($words)`;
  const { stdout, stderr, status } = spawnSync(pwsh, [...plain, '-EncodedCommand', Buffer.from(ask, 'utf16le').toString('base64')], {
    encoding: 'utf8',
    cwd: hostile,
    env: environment(hostile),
  });
  assert.is(status, 0, `${stdout}${stderr}`);
  const found = JSON.parse(stdout) as { Text: string; Errors: number; Commands: number; Words: string[]; Tip: string; Listed: string }[];
  const fine = hostileNames.filter((name) => !/^-|[\p{Cc}\p{Cf}]/u.test(name));
  assert.equal(found.map(({ Words }) => Words[2]).toSorted(), fine.toSorted());
  for (const { Text, Errors, Commands, Words, Tip, Listed } of found) {
    assert.equal([Errors, Commands, Words.length], [0, 1, 3], Text);
    assert.not.match(Tip + Listed, /[\p{Cc}\p{Cf}]/u);
  }
  assert.not.ok(existsSync(join(hostile, 'pwned')));
});

test('options are explained', (context) => {
  if (pwsh === null) return skip(noPowerShell, context);
  assert.match(matches['portowner snapshot --c']?.[0]?.ToolTip ?? '', /masked/);
});

test.run();
