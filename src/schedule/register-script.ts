import { description, type AuditTask } from './definition.ts';
import { auditAction } from './task-xml.ts';

/** Quotes a text for PowerShell, which treats typographic quotes as quotes. */
const quoted = (text: string): string => `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;

/**
 * The script that registers the task of a gMSA: Task Scheduler reportedly rejects its XML, which contains no password, so the
 * cmdlets that support such accounts build it. Runs in Windows PowerShell 3 and newer on Windows 8, Server 2012, and newer.
 */
export function registerScript(task: AuditTask): string {
  if (task.account.kind !== 'gmsa') throw new Error('only the task of a gMSA is registered by cmdlets');
  const { command, arguments: words, folder } = auditAction(task);
  const start = `2024-01-01T${String(task.at.hour).padStart(2, '0')}:${String(task.at.minute).padStart(2, '0')}:00`;
  const minutes = (count: number): string => `(New-TimeSpan -Minutes ${count})`;
  const delay = task.randomDelay === 0 ? '' : ` -RandomDelay ${minutes(task.randomDelay)}`;
  return `$ErrorActionPreference = 'Stop'
$action = New-ScheduledTaskAction -Execute ${quoted(command)} -Argument ${quoted(words)} -WorkingDirectory ${quoted(folder)}
$trigger = New-ScheduledTaskTrigger -Daily -At ([datetime] '${start}')${delay}
# Since Windows 10 and Server 2016 the cmdlet adds a zone, and the time would move with summer time.
$trigger.StartBoundary = '${start}'
$principal = New-ScheduledTaskPrincipal -UserId ${quoted(task.account.name)} -LogonType Password -RunLevel Highest
$settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew -ExecutionTimeLimit ${minutes(task.timeLimit)}
$task = New-ScheduledTask -Action $action -Trigger $trigger -Principal $principal -Settings $settings -Description ${quoted(description)}
$null = Register-ScheduledTask -TaskName ${quoted(task.name)} -InputObject $task -Force
`;
}
