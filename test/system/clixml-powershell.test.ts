import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, temporaryFolder } from '../support/harness.ts';
import { noPowerShell, plain, pwsh } from '../support/powershell.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('CLIXML of this PowerShell');
const folder = temporaryFolder();

test('Export-Clixml in every encoding, of real processes and of sockets that are said to be of one', async (context: TestContext) => {
  if (pwsh === null) return skip(noPowerShell, context);
  const script = `
    $ErrorActionPreference = 'Stop'
    Set-Location -LiteralPath '${folder.replaceAll("'", "''")}'
    $socket = [pscustomobject]@{ LocalAddress = '::1'; LocalPort = 8080; State = 'Listen'; OwningProcess = $PID; RemoteAddress = '::'; RemotePort = 0 }
    foreach ($encoding in 'utf8', 'utf8BOM', 'unicode', 'bigendianunicode') {
      $socket, (Get-Process -Id $PID) | Export-Clixml -Encoding $encoding -LiteralPath "$encoding.clixml"
    }
    Export-Clixml -InputObject @($socket, (Get-Process -Id $PID)) -LiteralPath list.clixml
    @{ Sockets = @($socket); Processes = @(Get-Process -Id $PID) } | Export-Clixml -Depth 4 -LiteralPath table.clixml
    $socket, (Get-Process -Id $PID) | ForEach-Object { $_; $_ } | Export-Clixml -LiteralPath twice.clixml
    Import-Clixml utf8.clixml | Export-Clixml -LiteralPath again.clixml
    $process = Get-Process -Id $PID
    ConvertTo-Json @($process.Id, $process.Name)`;
  const output = execFileSync(pwsh, [...plain, '-Command', script], { encoding: 'utf8' });
  const [pid, name] = JSON.parse(output) as [number, string];
  for (const file of ['utf8', 'utf8BOM', 'unicode', 'bigendianunicode', 'list', 'table', 'twice', 'again']) {
    const { code, out } = await run(['8080', '--from', join(folder, `${file}.clixml`), '--format', 'json', '--columns', 'LocalAddress,State,OwningProcess,Owner']);
    assert.is(code, 0, file);
    const rows = (JSON.parse(out) as { Problem?: string }[]).filter(({ Problem }) => Problem === undefined);
    assert.equal(rows, [{ LocalAddress: '::1', State: 'Listen', OwningProcess: pid, Owner: `${name} (${pid})` }], file);
  }
});

test.run();
