import { validate } from '../../generated/facts.validate.js';
import type { Facts } from '../model/facts.ts';

const states: ReadonlySet<unknown> = new Set(['ok', 'partial', 'failed', 'notAsked']);

/** Whether a value says how well it was answered, as each section does. */
function isSection(value: unknown): boolean {
  const { status, reason, needs } = (value ?? {}) as Partial<Record<string, unknown>>;
  return states.has(status) && [reason, needs].every((text) => text === null || typeof text === 'string');
}

/** The first thing that keeps a value from being facts, for people; null when nothing does. */
export function validateFacts(value: unknown): string | null {
  if (validate(value)) {
    // The schema leaves room for sections of newer versions, which people are told about if they are unavailable.
    const wrong = Object.entries((value as Facts).sections).find(([, section]) => !isSection(section));
    return wrong === undefined ? null : `/sections/${wrong[0]} must be a section, with its status, reason and needs`;
  }
  const [error] = validate.errors ?? [];
  if (error === undefined) return 'it does not match the schema';
  const where = error.instancePath === '' ? 'the top level' : error.instancePath;
  return `${where} ${error.message ?? 'does not match the schema'}`;
}
