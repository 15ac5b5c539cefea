import { concernsOf } from '../schedule/trust.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import { isRegistryPath } from '../system/registry.ts';

/**
 * Returns who else can change a file while this process has more rights than they have: they could make it write
 * something else. Empty where there are no access lists.
 */
export function writersOf(path: string, { access, isElevated, platform }: ConfigurationMachine): string[] {
  if (access === null || !isElevated || isRegistryPath(path)) return [];
  const { look, trusted, accountName } = access;
  const used = { role: 'the configuration', path, mayBeMissing: false, standing: 'file' } as const;
  return concernsOf(used, { platform, look, accountName, trusted: { sids: trusted, uids: [] } })
    .filter(({ isOpen }) => isOpen)
    .map((concern) => `others can change it while this runs elevated: ${concern.path}: ${concern.text}`);
}
