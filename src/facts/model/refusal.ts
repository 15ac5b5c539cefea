import type { FieldRefusal } from './facts.ts';

const codes: Readonly<Record<FieldRefusal['code'], true>> = {
  AccessDenied: true,
  Gone: true,
  NotSupported: true,
  Failed: true,
  Disabled: true,
  NotAsked: true,
};

/** Formats a refusal as `Column: code: text (needs what)`, the form in which rows state why a value is missing. */
export function refusalText({ field, code, text, needs }: FieldRefusal): string {
  return `${field}: ${code}: ${text}${needs === null ? '' : ` (needs ${needs})`}`;
}

/** Splits `text (needs what)`; `needs` is null where nothing is named. */
export function splitNeeds(reason: string): { readonly text: string; readonly needs: string | null } {
  const before = ' (needs ';
  const at = reason.endsWith(')') ? reason.indexOf(before) : -1;
  return at < 0
    ? { text: reason, needs: null }
    : { text: reason.slice(0, at), needs: reason.slice(at + before.length, -1) };
}

/** Parses such a text from a saved row; null for any other text. */
export function parseRefusal(line: string): FieldRefusal | null {
  const [, field = '', code = '', rest = ''] = /^(\w{1,32}): (\w{1,32}): (.*)$/s.exec(line) ?? [];
  if (!Object.hasOwn(codes, code)) return null;
  const { text, needs } = splitNeeds(rest);
  return { field, code: code as FieldRefusal['code'], text, needs };
}
