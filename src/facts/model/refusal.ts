import type { FieldRefusal } from './facts.ts';

const codes: Readonly<Record<FieldRefusal['code'], true>> = {
  AccessDenied: true,
  Gone: true,
  NotSupported: true,
  Failed: true,
  Disabled: true,
  NotAsked: true,
};

/** `Column: code: text (needs what)`: how rows are written with why a value is missing. */
export function refusalText({ field, code, text, needs }: FieldRefusal): string {
  return `${field}: ${code}: ${text}${needs === null ? '' : ` (needs ${needs})`}`;
}

/** Reads such a text of a row that somebody saved; null for any other. */
export function parseRefusal(text: string): FieldRefusal | null {
  const match = /^(\w{1,32}): (\w{1,32}): ([\s\S]*?)(?: \(needs ([\s\S]*)\))?$/.exec(text);
  if (match === null || !Object.hasOwn(codes, match[2]!)) return null;
  return { field: match[1]!, code: match[2] as FieldRefusal['code'], text: match[3]!, needs: match[4] ?? null };
}
