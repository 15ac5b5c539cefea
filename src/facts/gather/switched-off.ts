import { PortOwnerError } from '../../schema/problems.ts';
import { askSource, type RawEntry, type RawSource } from '../../system/raw.ts';
import { switchableSources } from '../sources.ts';

/**
 * Returns a source that refuses the named entries, separated by commas, as Disabled. Throws PO1001 for an unknown name.
 */
export function switchedOff(source: RawSource, names: string): RawSource {
  const known = switchableSources(source.platform);
  const off = new Set(
    names
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  );
  for (const name of off) {
    if (known.includes(name)) continue;
    throw new PortOwnerError(
      'PO1001',
      `PORTOWNER_DISABLE names ${JSON.stringify(name)}, which isn't a source on this system`,
      {
        hint: `Sources: ${known.join(', ')}.`,
        target: name,
      },
    );
  }
  const refusalOf = (name: string): RawEntry | null =>
    off.has(name.split('/', 1)[0]!)
      ? {
          at: new Date().toISOString(),
          refusal: { code: 'Disabled', text: 'it is switched off by PORTOWNER_DISABLE' },
        }
      : null;
  return {
    platform: source.platform,
    read: (name, hint) => refusalOf(name) ?? source.read(name, hint),
    ask: async (name) => refusalOf(name) ?? askSource(source, name),
  };
}
