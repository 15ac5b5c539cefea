import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSigners } from '../../../src/facts/decode/windows-signers.ts';
import { signersInput, signersScript } from '../../../src/machine/windows/signers-script.ts';
import { noPowerShell, plain, pwsh } from '../../support/powershell.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('asking for signers');

// Stands for the cmdlet: says the path as the name of the signer, and fails as it does for a file that is not there.
const cmdlet = `function Get-AuthenticodeSignature { param([string] $LiteralPath)
  if ($LiteralPath.Contains('missing')) { Write-Error -Message 'the file does not exist'; return }
  if ($LiteralPath.Contains('unsigned')) { return [pscustomobject] @{ Status = [DayOfWeek]::Friday; SignerCertificate = $null } }
  $certificate = [pscustomobject] @{ Thumbprint = 'AB12' }
  $certificate | Add-Member -MemberType ScriptMethod -Name GetNameInfo -Value { param($kind, $issuer) "$kind $issuer $LiteralPath" }.GetNewClosure()
  [pscustomobject] @{ Status = 'Valid'; SignerCertificate = $certificate }
}`;

const hostile = [
  'C:\\Program Files\\a b.exe',
  "C:\\it's; $(throw 'no') `n.exe",
  'C:\\"quoted" [1-9]*?.exe',
  'C:\\two\r\nlines|Valid|.exe',
  'C:\\\u8a3c\u660e\u66f8\\\u00fc\ud83d\udd12.exe',
  'C:\\\u2018typographic\u2019.exe',
  `C:\\${'long\\'.repeat(2000)}a.exe`,
];

test('the script has nothing that a command line would need to mask', () => {
  assert.not.match(signersScript, /["\n\r]|\\$/);
});

test('PowerShell runs it, whatever the names of the files', (context: TestContext) => {
  if (pwsh === null) return skip(noPowerShell, context);
  const paths = [...hostile, 'C:\\unsigned.exe', 'C:\\missing.exe'];
  const { status, stdout } = spawnSync(pwsh, ['-NoLogo', ...plain, '-Command', `${cmdlet}; ${signersScript}`], {
    input: signersInput(paths),
    encoding: 'latin1',
  });
  assert.is(status, 0);
  assert.not.match(stdout, /[^\r\n -~]/);
  assert.equal(
    [...decodeSigners(stdout)],
    [
      ...hostile.map((path) => [path, { status: 'Valid', signer: `SimpleName False ${path}` }]),
      ['C:\\unsigned.exe', { status: 'Friday', signer: null }],
      ['C:\\missing.exe', { status: 'Unreadable', signer: null }],
    ],
  );
  assert.match(stdout, /\|Valid\|[A-Za-z0-9+/=]+\|AB12\r?\n/);
});

test.run();
