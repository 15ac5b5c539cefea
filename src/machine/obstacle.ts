import type { Stats } from 'node:fs';
import type { ConfigurationMachine } from '../system/configuration.ts';

export type ReplaceObstacle = NonNullable<ReturnType<ConfigurationMachine['obstacle']>>;

/** Why a file with this name must not be replaced on any system; null if it can be. */
export function nameObstacle(path: string, found: Stats): ReplaceObstacle | null {
  if (!found.isFile()) return { text: `${path} is not a regular file`, serious: true };
  if (found.nlink > 1)
    return { text: `${path} has ${found.nlink} names (hard links), which replacing it would separate`, serious: true };
  return null;
}
