import type { CheckStatus } from '../schema/check.ts';

/** What one check found: a row but for the machine's name. */
export interface CheckResult {
  readonly check: string;
  readonly status: CheckStatus;
  readonly detail: string;
  readonly evidence: readonly string[];
}

/** What a check found, with all its evidence; it differs when there is some. */
export function checkResult(check: string, detail: string, evidence: readonly string[]): CheckResult {
  return { check, status: evidence.length === 0 ? 'ok' : 'differs', detail, evidence };
}
