import type { CheckStatus } from '../schema/check.ts';

/** The result of one check: a row without the machine's name. */
export interface CheckResult {
  readonly check: string;
  readonly status: CheckStatus;
  readonly detail: string;
  readonly evidence: readonly string[];
}

/** Makes the result of a check with all its evidence: any evidence means that something differs. */
export function checkResult(check: string, detail: string, evidence: readonly string[]): CheckResult {
  return { check, status: evidence.length === 0 ? 'ok' : 'differs', detail, evidence };
}
