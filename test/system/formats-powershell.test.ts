// What PowerShell itself makes of the CLIXML: it reads a program's output by the first line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noPowerShell, plain, pwsh } from '../support/powershell.ts';
import { skip } from '../support/skip.ts';
import { empty, full, hostileText, problem, sample, written } from '../support/formats.ts';

const test = suite('powershell');

/** Runs a PowerShell script in which `Read-Output` runs a program that prints `text`. Gives what the script prints. */
function powershell(text: string, body: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-pwsh-'));
  try {
    const [data, program, file] = ['data', 'print.cjs', 'test.ps1'].map((name) => join(folder, name)) as [string, string, string];
    writeFileSync(data, text);
    writeFileSync(program, `process.stdout.write(require('fs').readFileSync(${JSON.stringify(data)}))`);
    writeFileSync(file, `function Read-Output { & $env:TEST_NODE $env:TEST_PROGRAM }\n${body}\n`);
    const { stdout, stderr, status } = spawnSync(pwsh!, [...plain, '-File', file], {
      encoding: 'utf8',
      env: { ...process.env, TEST_NODE: process.execPath, TEST_PROGRAM: program, TEST_DATA: data, NO_COLOR: '1' },
    });
    assert.is(status, 0, stderr);
    return stdout.trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('typed properties', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context as object);
  const { text } = await written('clixml', sample, [full, { ...empty, Services: [] }]);
  const result: unknown = JSON.parse(
    powershell(
      text,
      `$rows = @(Read-Output)
      $types = @{}
      foreach ($property in $rows[0].PSObject.Properties) { $types[$property.Name] = $property.Value.GetType().Name }
      @{
        Count = $rows.Count
        Names = $rows[0].PSTypeNames
        Types = $types
        Port = $rows[0].Port; Process = $rows[0].Process; Offset = $rows[0].Offset; Elevated = $rows[0].Elevated
        Kind = "$($rows[0].Start.Kind)"; Start = $rows[0].Start.ToUniversalTime().ToString('o')
        Services = $rows[0].Services; Holder = $rows[0].Holders[1].GetType().Name
        Nulls = @('Port', 'Owner', 'Elevated', 'Start', 'Holders' | Where-Object { $null -eq $rows[1].$_ })
        NoServices = $rows[1].Services.Count
      } | ConvertTo-Json -Depth 4`,
    ),
  );
  assert.equal(result, {
    Count: 2,
    Names: ['Deserialized.PortOwner.Sample', 'Deserialized.PortOwner.Sample#Live'],
    Types: {
      Port: 'UInt16',
      Process: 'UInt32',
      Offset: 'Int32',
      Owner: 'String',
      State: 'String',
      Elevated: 'Boolean',
      Start: 'DateTime',
      Services: 'ArrayList',
      Holders: 'ArrayList',
    },
    Port: 443,
    Process: 4_000_000_000,
    Offset: -7,
    Elevated: true,
    Kind: 'Local',
    Start: '2026-05-04T08:09:11.1234567Z',
    Services: ['W3SVC', 'WAS'],
    Holder: 'UInt32',
    Nulls: ['Port', 'Owner', 'Elevated', 'Start', 'Holders'],
    NoServices: 0,
  });
});

test('any text, unit by unit', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context as object);
  const texts = fc.sample(hostileText, 1000);
  const units = (text: string): string => [...Array(text.length).keys()].map((i) => text.charCodeAt(i)).join(' ');
  const { text } = await written(
    'clixml',
    sample,
    texts.map((each) => ({ Owner: each, Services: [each] })),
  );
  const lines = powershell(text, 'Read-Output | ForEach-Object { "[" + ([int[]]$_.Owner.ToCharArray() -join " ") + "|" + ([int[]]$_.Services[0].ToCharArray() -join " ") + "]" }');
  assert.equal(
    lines.split(/\r?\n/),
    texts.map((each) => `[${units(each)}|${units(each)}]`),
  );
});

test('a stream of documents', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context as object);
  const { text } = await written(
    'clixml',
    sample,
    Array.from({ length: 600 }, (_, i) => ({ ...full, Port: i })),
    { stream: true },
  );
  assert.is(powershell(text, '$rows = @(Read-Output); "$($rows.Count) $($rows[599].Port) $($rows[599].Services)"'), '600 599 W3SVC WAS');
});

test('one document is what PSSerializer reads', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context as object);
  const { text } = await written('clixml', sample, [full, empty]);
  const read = '$rows = [System.Management.Automation.PSSerializer]::Deserialize([System.IO.File]::ReadAllLines($env:TEST_DATA)[1]); "$($rows.Count) $($rows[0].Port)"';
  assert.is(powershell(text, read), '2 443');
});

test('nothing at all is no row and no error', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context as object);
  const { text } = await written('clixml', sample, []);
  assert.is(powershell(text, '$rows = @(Read-Output 2>&1); "$($rows.Count)"'), '0');
});

test('problems on their streams', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context as object);
  const severities = ['Warning', 'Error'] as const;
  const { text } = await written('clixml', sample, [
    ...severities.map((severity) => Object.assign({}, problem, { severity })),
    { severity: 'Error', code: 'PO2001', message: 'é' },
    full,
  ]);
  const shown = powershell(
    text,
    `Read-Output 2>&1 | ForEach-Object {
      if ($_ -isnot [System.Management.Automation.ErrorRecord]) { return "row $($_.Port)" }
      "$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category) $([int[]]"$($_.Exception.Message)".ToCharArray()) $($_.TargetObject) $($_.ErrorDetails.RecommendedAction)"
    }`,
  );
  const message = [...'some are hidden'].map((character) => character.charCodeAt(0)).join(' ');
  assert.equal(shown.split(/\r?\n/), [
    'WARNING: PO3002: some are hidden. Run as root.',
    `PO3002 PermissionDenied ${message} pid 4 Run as root.`,
    'PO2001 ReadError 233  Make sure that the file exists and that you can read it.',
    'row 443',
  ]);
});

test('problems as rows', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context as object);
  const { text } = await written('clixml', sample, [problem, full], { problems: 'rows' });
  assert.is(
    powershell(text, '@(Read-Output | ForEach-Object { "$($_.PSTypeNames[0]) $($_.Code)$($_.Port)" }) -join ","'),
    'Deserialized.PortOwner.Problem PO3002,Deserialized.PortOwner.Sample 443,Deserialized.PortOwner.Problem',
  );
});

test.run();
