import { validate } from '../generated/facts.validate.js';

/** The first thing that keeps a value from being facts, for people; null when nothing does. */
export function validateFacts(value: unknown): string | null {
  if (validate(value)) return null;
  const [error] = validate.errors ?? [];
  if (error === undefined) return 'it does not match the schema';
  const where = error.instancePath === '' ? 'the top level' : error.instancePath;
  return `${where} ${error.message ?? 'does not match the schema'}`;
}
