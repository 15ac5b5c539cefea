import { checks, report } from '../../src/build/checks.ts';
import type { Layer } from './layer.ts';

/** The type check and the linter. */
export const checkLayer: Layer = async () => {
  const failures = Object.values(checks)
    .map((check) => check())
    .filter((check) => !check.ok);
  for (const failure of failures) report(failure);
  return { passed: Object.keys(checks).length - failures.length, failed: failures.length, skipped: [] };
};
