import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auditArguments, windowsArguments } from '../../../src/schedule/definition.ts';
import { registerScript } from '../../../src/schedule/register-script.ts';
import { noPowerShell, plain, pwsh } from '../../support/powershell.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { gmsaTask } from '../../support/schedule-example.ts';

const test = suite("the script for a gMSA's task");
const shell = process.platform === 'win32' ? 'powershell.exe' : pwsh;

/** Cmdlets that only note what they were called with, by the parameters of the real ones. */
const cmdlets = `
$calls = [ordered]@{}
function New-ScheduledTaskAction([string] $Execute, [string] $Argument, [string] $WorkingDirectory) { $calls.Action = $PSBoundParameters; 'an action' }
function New-ScheduledTaskTrigger([switch] $Daily, [datetime] $At, [timespan] $RandomDelay) { $calls.Trigger = @{ Daily = [bool] $Daily; At = $At.ToString('HH:mm:ss'); Delay = $RandomDelay.TotalMinutes }; $made = [pscustomobject]@{ StartBoundary = $At.ToString('yyyy-MM-ddTHH:mm:sszzz') }; $made | Add-Member ScriptMethod ToString { "a trigger at $($this.StartBoundary)" } -Force -PassThru }
function New-ScheduledTaskPrincipal([string] $UserId, [string] $LogonType, [string] $RunLevel) { $calls.Principal = $PSBoundParameters; 'a principal' }
function New-ScheduledTaskSettingsSet([switch] $StartWhenAvailable, [switch] $AllowStartIfOnBatteries, [switch] $DontStopIfGoingOnBatteries, [string] $MultipleInstances, [timespan] $ExecutionTimeLimit) {
    $calls.Settings = @{ On = @($StartWhenAvailable, $AllowStartIfOnBatteries, $DontStopIfGoingOnBatteries | ForEach-Object { [bool] $_ }); Instances = $MultipleInstances; Limit = $ExecutionTimeLimit.TotalMinutes }; 'settings'
}
function New-ScheduledTask([string] $Action, [string] $Trigger, [string] $Principal, [string] $Settings, [string] $Description) { "$Action, $Trigger, $Principal, $Settings" }
function Register-ScheduledTask([string] $TaskName, [string] $InputObject, [switch] $Force) { $calls.Register = @{ Name = $TaskName; Task = $InputObject; Force = [bool] $Force } }
`;

function called(script: string): Record<string, Record<string, unknown>> {
  const whole = `${cmdlets}${script}\nConvertTo-Json $calls -Depth 4 -Compress`;
  const { status, stdout, stderr } = spawnSync(shell!, [...plain, '-EncodedCommand', Buffer.from(whole, 'utf16le').toString('base64')], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout) as never;
}

test('it registers what the XML would', (context: TestContext) => {
  if (shell === null) return skip(noPowerShell, context);
  // PowerShell takes typographic quotes for quotes.
  const name = "it's \u2019the\u2018 $audit `n";
  const baseline = "C:\\it's\\\u201bb\u2019 (x).yaml";
  const task = { ...gmsaTask, name, command: { ...gmsaTask.command, baseline } };
  const { Action, Trigger, Principal, Settings, Register } = called(registerScript(task));
  assert.equal(Action, { Execute: task.command.executable, Argument: windowsArguments(auditArguments(task.command)), WorkingDirectory: 'C:\\Program Files\\Port & Öwner' });
  assert.equal(Trigger, { Daily: true, At: '03:05:00', Delay: 30 });
  assert.equal(Principal, { UserId: 'CORP\\audit$', LogonType: 'Password', RunLevel: 'Highest' });
  assert.equal(Settings, { On: [true, true, true], Instances: 'IgnoreNew', Limit: 60 });
  assert.equal(Register, { Name: name, Task: 'an action, a trigger at 2024-01-01T03:05:00, a principal, settings', Force: true });
});

test('SYSTEM needs none', () => {
  assert.throws(() => registerScript({ ...gmsaTask, account: { kind: 'system' } }));
});

test.run();
