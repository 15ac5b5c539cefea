import { validate } from '../../generated/facts.validate.js';
import type { Facts } from '../model/facts.ts';

const states: ReadonlySet<unknown> = new Set(['ok', 'partial', 'failed', 'notAsked']);

/** Whether a value has the status, reason and needs that every section has. */
function isSection(value: unknown): boolean {
  const { status, reason, needs } = (value ?? {}) as Partial<Record<string, unknown>>;
  return states.has(status) && [reason, needs].every((text) => text === null || typeof text === 'string');
}

/** Returns the first reason why a value is not facts, for display; null if it is valid. */
export function validateFacts(value: unknown): string | null {
  if (validate(value)) {
    // The schema allows sections from newer versions, which are reported if they are unavailable.
    const wrong = Object.entries((value as Facts).sections).find(([, section]) => !isSection(section));
    return wrong === undefined ? null : `/sections/${wrong[0]} must be a section, with its status, reason and needs`;
  }
  const [error] = validate.errors ?? [];
  if (error === undefined) return 'it does not match the schema';
  const where = error.instancePath === '' ? 'the top level' : error.instancePath;
  return `${where} ${error.message ?? 'does not match the schema'}`;
}
