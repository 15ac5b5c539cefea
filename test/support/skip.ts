import { appendFileSync } from 'node:fs';

/** What uvu hands to a test's function. */
export interface TestContext {
  __suite__?: string;
  __test__?: string;
}

/**
 * Says that a check could not run here, and why: the closing line counts it as skipped. Return right after it:
 * `if (!wine) return skip('wine is not installed', context)`. `context` is what uvu hands to the test; without it the
 * skip stands for checks outside of any test, such as a whole file's.
 */
export function skip(reason: string, context?: TestContext): void {
  const name = [context?.__suite__, context?.__test__].filter(Boolean).join(' ');
  const file = process.env.PORTOWNER_TEST_SKIPS;
  if (file) appendFileSync(file, `${JSON.stringify({ name, reason })}\n`);
  else process.stderr.write(`SKIPPED ${name}: ${reason}\n`);
}
