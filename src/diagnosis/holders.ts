import type { Inspected, Obstacle } from './cause.ts';
import { process } from './causes/process.ts';
import { service } from './causes/service.ts';

/** Checks for several processes on exactly one address that are not one service; null where there are none. */
export function holdersTogether({ can, obstacle: first, all }: Inspected): { readonly isOneProgram: boolean } | null {
  if (can === null || first === null || first.overlap !== 'same') return null;
  if (first.cause !== process && first.cause !== service) return null;
  const holders = all.filter(
    (one) => one.effect === first.effect && one.overlap === 'same' && one.row !== null && one.cause === first.cause,
  );
  if (new Set(holders.map(({ row }) => row!.OwningProcess)).size < 2) return null;
  const isOne = (key: (obstacle: Obstacle) => string | null | undefined): boolean =>
    key(first) != null && holders.every((other) => key(other) === key(first));
  // The workers of one service are not two programs.
  if (first.cause === service && isOne(({ row }) => row!.Services?.join())) return null;
  return { isOneProgram: isOne(({ row }) => row!.Path ?? row!.ImageName) };
}
