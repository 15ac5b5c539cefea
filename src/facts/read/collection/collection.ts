import type { RawEnvelope } from '../../../system/raw.ts';
import { canName } from '../../machine-name.ts';
import { damagedCollection, partsOf, settings } from './text.ts';

/**
 * Parses the output of a collector into the raw entries of its machine, or returns the text of the snapshot that a
 * portowner there took instead. Throws PO2002 and PO2003.
 */
export async function parseCollection(bytes: Uint8Array, name: string): Promise<RawEnvelope | string> {
  const parts = partsOf(bytes, name);
  const snapshot = parts.get('snapshot');
  if (snapshot !== undefined) return snapshot.lines.join('\n');
  const machine = parts.get('machine');
  if (machine === undefined || machine.refusal !== null)
    throw damagedCollection(
      name,
      `it does not name its machine${machine === undefined ? '' : `: ${machine.refusal!.text}`}`,
    );
  const told = new Map(settings(machine));
  if (!canName(told.get('name') ?? '')) told.set('name', '');
  const at = told.get('at') ?? '';
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(at) || Number.isNaN(Date.parse(at)))
    throw damagedCollection(name, 'it does not contain its time');
  const platform = told.get('platform');
  if (platform === 'win32') return (await import('./windows.ts')).windowsEnvelope(parts, told, at);
  if (platform === 'linux') return (await import('./linux.ts')).linuxEnvelope(parts, told, at);
  throw damagedCollection(name, 'it is from a system other than Windows or Linux');
}
