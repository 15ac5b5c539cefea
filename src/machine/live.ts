import type { Hands } from '../system/hands.ts';
import type { LogEvent } from '../system/log.ts';
import type { LiveSource } from '../system/live.ts';
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
 * This machine as a source of raw entries, without the sources that PORTOWNER_DISABLE names.
 * Throws PO3003 on an unsupported operating system, and PO1001 for an unknown source.
 */
export async function liveSource(): Promise<RawSource> {
  const source = await wholeSource();
  const off = process.env['PORTOWNER_DISABLE'];
  return off ? (await import('../facts/gather/switched-off.ts')).switchedOff(source, off) : source;
}

/** This machine, to be looked at again and again. Throws like liveSource. */
export async function liveLooks(): Promise<LiveSource> {
  const source = await liveSource();
  if (process.platform === 'win32') {
    const statistics = (await import('./windows/connections.ts')).connectionStatistics();
    return { source, statistics, close: () => statistics.close() };
  }
  const { listenForCloses } = await import('./linux/closes.ts');
  return { source, closes: listenForCloses, close() {} };
}

/** This machine as a source of bind attempts. Throws PO3003 like liveSource. */
export async function liveBinder(): Promise<RawSource> {
  if (process.platform === 'win32') return (await import('./windows/bind.ts')).windowsBinder();
  if (process.platform === 'linux') return (await import('./linux/bind.ts')).linuxBinder();
  return liveSource();
}

/** The tools of this machine's system, for comparison. Throws PO3003 like liveSource. */
export async function liveTools(): Promise<RawSource> {
  if (process.platform === 'win32') return (await import('./windows/tools.ts')).windowsTools();
  if (process.platform === 'linux') return (await import('./linux/tools.ts')).linuxTools();
  return liveSource();
}

/** Stops programs on this machine. Throws PO3003 like liveSource. */
export async function liveHands(): Promise<Hands> {
  if (process.platform === 'win32') return (await import('./windows/hands.ts')).windowsHands();
  if (process.platform === 'linux') return (await import('./linux/hands.ts')).linuxHands();
  return liveSource() as never;
}

/** The scheduler of audits on this machine. Throws PO3003 like liveSource. */
export async function liveScheduler(): Promise<Scheduler> {
  if (process.platform === 'win32') return (await import('./windows/tasks.ts')).windowsScheduler();
  if (process.platform === 'linux') return (await import('./linux/units.ts')).linuxScheduler();
  return liveSource() as never;
}

/** Writes to this machine's log; the writer returns the reason if it fails, or null. Throws PO3003 like liveSource. */
export async function liveEventLog(): Promise<(events: readonly LogEvent[]) => Refusal | null> {
  if (process.platform === 'win32') return (await import('./windows/event-log.ts')).writeEventLog;
  if (process.platform === 'linux') return (await import('./linux/syslog.ts')).writeSyslog;
  return liveSource() as never;
}
