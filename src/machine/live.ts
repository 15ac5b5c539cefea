import type { Hands } from '../system/hands.ts';
import type { LogEvent } from '../system/log.ts';
import type { RawSource, Refusal } from '../system/raw.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Scheduler } from '../system/scheduler.ts';

async function wholeSource(): Promise<RawSource> {
  if (process.platform === 'win32') return (await import('./windows/source.ts')).windowsSource();
  if (process.platform === 'linux') return (await import('./linux/source.ts')).linuxSource();
  throw new PortOwnerError('PO3003', `PortOwner does not run on ${process.platform}`, {
    hint: 'It runs on Windows and Linux.',
  });
}

/**
 * This machine as a source of raw, without what PORTOWNER_DISABLE names.
 * Throws PO3003 on an operating system that PortOwner does not know, PO1001 for a name that is no source.
 */
export async function liveSource(): Promise<RawSource> {
  const source = await wholeSource();
  const off = process.env['PORTOWNER_DISABLE'];
  return off ? (await import('../facts/gather/switched-off.ts')).switchedOff(source, off) : source;
}

/** This machine as a source of bind attempts. Throws PO3003 as liveSource does. */
export async function liveBinder(): Promise<RawSource> {
  if (process.platform === 'win32') return (await import('./windows/bind.ts')).windowsBinder();
  if (process.platform === 'linux') return (await import('./linux/bind.ts')).linuxBinder();
  return liveSource();
}

/** The tools of this machine's system, to compare with. Throws PO3003 as liveSource does. */
export async function liveTools(): Promise<RawSource> {
  if (process.platform === 'win32') return (await import('./windows/tools.ts')).windowsTools();
  if (process.platform === 'linux') return (await import('./linux/tools.ts')).linuxTools();
  return liveSource();
}

/** This machine, to stop what runs on it. Throws PO3003 as liveSource does. */
export async function liveHands(): Promise<Hands> {
  if (process.platform === 'win32') return (await import('./windows/hands.ts')).windowsHands();
  if (process.platform === 'linux') return (await import('./linux/hands.ts')).linuxHands();
  return liveSource() as never;
}

/** What starts audits on this machine. Throws PO3003 as liveSource does. */
export async function liveScheduler(): Promise<Scheduler> {
  if (process.platform === 'win32') return (await import('./windows/tasks.ts')).windowsScheduler();
  if (process.platform === 'linux') return (await import('./linux/units.ts')).linuxScheduler();
  return liveSource() as never;
}

/** What writes to this machine's log: gives why it could not, or null. Throws PO3003 as liveSource does. */
export async function liveEventLog(): Promise<(events: readonly LogEvent[]) => Refusal | null> {
  if (process.platform === 'win32') return (await import('./windows/event-log.ts')).writeEventLog;
  if (process.platform === 'linux') return (await import('./linux/syslog.ts')).writeSyslog;
  return liveSource() as never;
}
