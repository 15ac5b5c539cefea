import type { Result } from './layer.ts';

/** A reason to skip that says at its end what installs the missing thing: `… is not installed (.ci/NAME, …)`. */
const installable = /^(.*) \((\.ci\/[\w-]+)(?:, (.*))?\)$/;

/**
 * The last lines of a test run: what was skipped, then one line for each command that would have let skipped checks
 * run, and the counts alone on the last.
 */
export function closingLines({ passed, failed, skipped }: Result): string[] {
  const lines = skipped.map(({ name, reason }) => `skipped ${name}: ${reason}`);
  const found = skipped.map(({ reason }) => installable.exec(reason)).filter((match) => match !== null);
  for (const [command, matches] of Map.groupBy(found, ([, , command]) => command)) {
    const [, missing, , more] = matches[0]!;
    lines.push(`${matches.length} skipped, ${missing}: to install it, run ${command}${more === undefined ? '' : `, ${more}`}`);
  }
  return [...lines, `${passed} passed, ${failed} failed, ${skipped.length} skipped`];
}
