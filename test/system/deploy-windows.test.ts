// What deploys the executable on Windows, in Windows' own PowerShell under Wine: the receiving of pieces for real, and the
// check of who can change a folder with the real descriptors of Wine, whose folders belong to an ordinary user.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deployScript } from '../../src/build/module.ts';
import { windowsPowerShell } from '../layers/windows-module.ts';
import { wine } from '../support/build-machine.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('deploying on Windows');
const folder = mkdtempSync(join(tmpdir(), 'portowner-deploy-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A descriptor that only administrators can change. */
const standIns = `
function Get-Acl($LiteralPath) {
    $acl = [pscustomobject]@{ Sddl = 'O:BAD:PAI(A;;FA;;;BA)(A;;0x1200a9;;;BU)' }
    $acl | Add-Member -MemberType ScriptMethod -Name SetSecurityDescriptorSddlForm -Value { param($Text) "protected $Text" | Out-Host } -PassThru
}
function Set-Acl($LiteralPath, $AclObject) { }
`;

/** What the script prints in each of its steps: the first is a heading. */
function run(context: TestContext, before: string, steps: readonly (readonly string[])[]): string[][] | null {
  if (process.platform !== 'linux') return (skip('it is started under Wine', context), null);
  const [runner, program] = [wine(), windowsPowerShell()];
  if (runner === null) return (skip('Wine is not installed (.ci/wine-setup)', context), null);
  if (program === undefined) return (skip("Windows' PowerShell is not installed (.ci/windows-powershell-setup)", context), null);
  const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;
  writeFileSync(join(folder, 'Deploy.ps1'), deployScript());
  const calls = steps.map(
    (step) => `'=== ${step[0]}'; ${step[0] === 'show' ? step[1] : `& '${windowsPath(join(folder, 'Deploy.ps1'))}' ${step.map((word) => `'${word}'`).join(' ')}`}`,
  );
  writeFileSync(join(folder, 'run.ps1'), [before, ...calls].join('\n'));
  const words = [...runner, program, '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', windowsPath(join(folder, 'run.ps1'))];
  // Into files: services of Wine that this starts would hold a pipe for two minutes.
  const [out, err] = ['out', 'err'].map((name) => join(folder, name)) as [string, string];
  const streams = [out, err].map((path) => openSync(path, 'w'));
  const { status } = spawnSync(words[0]!, words.slice(1), { stdio: ['ignore', ...streams], timeout: 120_000 });
  for (const stream of streams) closeSync(stream);
  assert.is(status, 0, readFileSync(err, 'utf8'));
  return readFileSync(out, 'utf8')
    .split('=== ')
    .slice(1)
    .map((text) => text.trim().split(/\r?\n/).slice(1));
}

const piece = (text: string): string => gzipSync(text).toString('base64');
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').toUpperCase();
const deployed = 'C:\\Program Files\\PortOwner';
const show = ['show', `Get-ChildItem -LiteralPath '${deployed}' -Recurse -Force -ErrorAction SilentlyContinue | ForEach-Object FullName`] as const;

test('pieces become the file, and what fails leaves what was there', (context: TestContext) => {
  const [first, second] = [piece('before'), piece('after')];
  const half = Math.floor(first.length / 8) * 4;
  const told = run(context, standIns, [
    // What a run that was ended left.
    ['Remove'],
    ['Piece', '', first.slice(0, half)],
    ['Piece', '', first.slice(half)],
    show,
    ['Finish', hash('before')],
    ['Look'],
    ['Piece', '', second],
    ['Finish', hash('other')],
    show,
    ['Piece', '', second],
    ['Finish', hash('after')],
    ['Look'],
    ['Remove'],
    show,
  ]);
  if (told === null) return;
  const [, , , nothing, finish, look, , wrong, kept, , , newer, removed, end] = told.map((lines) => lines.join('\n'));
  assert.is(nothing, '');
  assert.match(finish!, /protected O:BAG:BAD:PAI\(A;OICI;FA;;;SY\)\(A;OICI;FA;;;BA\)\(A;OICI;0x1200a9;;;BU\)[^]*protected O:BAG:BAD:PAI\(A;;FA;;;SY\)/);
  assert.not.match(finish!, /failed/);
  assert.match(look!, /^language FullLanguage\nplatform win-x64\n/);
  assert.match(look!, `\npath ${deployed}\\Deployed\\portowner.exe\n`);
  assert.match(look!, `\nhash ${hash('before')}\n`);
  assert.match(wrong!, `failed the copy has the SHA-256 hash ${hash('after')} instead of ${hash('other')}\n`);
  assert.is(kept, [`${deployed}\\Deployed`, `${deployed}\\Deployed\\portowner.exe`].join('\n'));
  assert.match(newer!, `\nhash ${hash('after')}\n`);
  assert.is(removed, '#End');
  assert.is(end, '');
});

test('a folder of an ordinary user is refused', (context: TestContext) => {
  const told = run(context, '', [['Look'], ['Piece', '', piece('x')], ['Finish', hash('x')], show]);
  if (told === null) return;
  assert.match(told[0]!.join('\n'), /\nproblem others than administrators can write to C:\\Program Files \(the owner S-1-5-21-/);
  assert.match(told[2]![0]!, /^failed others than administrators can write to C:\\Program Files/);
  assert.equal(told[3], []);
});

test.run();
