import xml2js from 'xml2js';
import {
  auditArguments,
  checkLengths,
  description,
  folderOf,
  windowsArguments,
  type AuditTask,
  type TaskAccount,
} from './definition.ts';

/** https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema */
export const taskNamespace = 'http://schemas.microsoft.com/windows/2004/02/mit/task';
/** The machine's own account, in every language. */
export const systemSid = 'S-1-5-18';

const duration = (minutes: number): string => `PT${minutes}M`;
const two = (number: number): string => String(number).padStart(2, '0');

/** What to start, if not the executable with the audit's arguments. */
export interface TaskAction {
  readonly command: string;
  readonly arguments: string;
  readonly folder: string;
}

/** SYSTEM has no LogonType in XML. A gMSA has Password, and no password: the machine fetches it. */
function principal(account: TaskAccount): Record<string, unknown> {
  return account.kind === 'system'
    ? { $: { id: 'Author' }, UserId: systemSid, RunLevel: 'HighestAvailable' }
    : { $: { id: 'Author' }, UserId: account.name, LogonType: 'Password', RunLevel: 'HighestAvailable' };
}

/** What Task Scheduler starts for the audit. */
export function auditAction({ command }: AuditTask): TaskAction {
  return {
    command: command.executable,
    arguments: windowsArguments(auditArguments(command)),
    folder: folderOf(command.executable, 'win32'),
  };
}

/**
 * Writes a task as Task Scheduler's XML, without a declaration, as Register-ScheduledTask expects it. Throws PO5004 if
 * something is too long.
 */
export function taskXml(task: AuditTask, action: TaskAction = auditAction(task)): string {
  checkLengths(task);
  const { at, randomDelay, timeLimit, account } = task;
  const builder = new xml2js.Builder({ headless: true, renderOpts: { pretty: true, indent: '  ', newline: '\n' } });
  return `${builder.buildObject({
    Task: {
      $: { version: '1.2', xmlns: taskNamespace },
      RegistrationInfo: { Author: 'PortOwner', Description: description },
      Triggers: {
        CalendarTrigger: {
          Enabled: true,
          // Without a zone, it is local time, with or without daylight saving. Only the time of day counts.
          StartBoundary: `2024-01-01T${two(at.hour)}:${two(at.minute)}:00`,
          ...(randomDelay === 0 ? {} : { RandomDelay: duration(randomDelay) }),
          ScheduleByDay: { DaysInterval: 1 },
        },
      },
      Principals: { Principal: principal(account) },
      Settings: {
        MultipleInstancesPolicy: 'IgnoreNew',
        DisallowStartIfOnBatteries: false,
        StopIfGoingOnBatteries: false,
        AllowHardTerminate: true,
        StartWhenAvailable: true,
        ExecutionTimeLimit: duration(timeLimit),
        Priority: 7,
        Enabled: true,
      },
      Actions: {
        $: { Context: 'Author' },
        Exec: { Command: action.command, Arguments: action.arguments, WorkingDirectory: action.folder },
      },
    },
  })}\n`;
}

/** XML that is plain ASCII, so that no pipe changes it. */
export function asciiXml(xml: string): string {
  return xml.replace(/[^\n -~]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** XML as the file that `schtasks /Create /XML` reads: UTF-16, little endian, with byte order mark and declaration. */
export function taskFile(xml: string): Buffer {
  return Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>\r\n${xml.replace(/\r?\n/g, '\r\n')}`, 'utf16le');
}
