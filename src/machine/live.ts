import type { RawSource } from '../facts/raw.ts';
import { PortOwnerError } from '../problems.ts';

/** This machine as a source of raw. Throws PO3003 on an operating system that PortOwner does not know. */
export async function liveSource(): Promise<RawSource> {
  if (process.platform === 'win32') return (await import('./windows/source.ts')).windowsSource();
  if (process.platform === 'linux') return (await import('./linux/source.ts')).linuxSource();
  throw new PortOwnerError('PO3003', `PortOwner does not run on ${process.platform}`, { hint: 'It runs on Windows and Linux.' });
}
