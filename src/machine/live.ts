import type { Hands } from '../actions/hands.ts';
import type { RawSource } from '../facts/raw.ts';
import { PortOwnerError } from '../problems.ts';

async function wholeSource(): Promise<RawSource> {
  if (process.platform === 'win32') return (await import('./windows/source.ts')).windowsSource();
  if (process.platform === 'linux') return (await import('./linux/source.ts')).linuxSource();
  throw new PortOwnerError('PO3003', `PortOwner does not run on ${process.platform}`, { hint: 'It runs on Windows and Linux.' });
}

/**
 * This machine as a source of raw, without what PORTOWNER_DISABLE names.
 * Throws PO3003 on an operating system that PortOwner does not know, PO1001 for a name that is no source.
 */
export async function liveSource(): Promise<RawSource> {
  const source = await wholeSource();
  const off = process.env['PORTOWNER_DISABLE'];
  return off ? (await import('../facts/switched-off.ts')).switchedOff(source, off) : source;
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
