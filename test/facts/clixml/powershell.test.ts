import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, temporaryFolder } from '../../commands/harness.ts';
import { skip, type TestContext } from '../../skip.ts';

const test = suite('CLIXML of this PowerShell');
const found = spawnSync('pwsh', ['-NoProfile', '-Command', '1'], { encoding: 'utf8' }).stdout?.trim() === '1';
const folder = temporaryFolder();

test('Export-Clixml in every encoding, of real processes and of sockets that are said to be of one', async (context: TestContext) => {
  if (!found) return skip('pwsh is not installed', context);
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
    $PID`;
  const pid = execFileSync('pwsh', ['-NoProfile', '-Command', script], { encoding: 'utf8' }).trim();
  for (const name of ['utf8', 'utf8BOM', 'unicode', 'bigendianunicode', 'list', 'table', 'twice', 'again']) {
    const { code, out } = await run(['8080', '--from', join(folder, `${name}.clixml`), '--format', 'json', '--columns', 'LocalAddress,State,OwningProcess,Owner']);
    assert.is(code, 0, name);
    assert.match(out, new RegExp(`\\{"LocalAddress":"::1","State":"Listen","OwningProcess":${pid},"Owner":"pwsh \\(${pid}\\)"\\}`), name);
  }
});

test.run();
