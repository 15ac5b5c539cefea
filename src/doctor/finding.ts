import type { CheckStatus } from '../schema/check.ts';

/** What one check found: a row but for the machine's name. */
export interface Finding {
  readonly check: string;
  readonly status: CheckStatus;
  readonly detail: string;
  readonly evidence: readonly string[];
}

/** A finding with all its evidence; it differs when there is some. */
export function finding(check: string, detail: string, evidence: readonly string[]): Finding {
  return { check, status: evidence.length === 0 ? 'ok' : 'differs', detail, evidence };
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
