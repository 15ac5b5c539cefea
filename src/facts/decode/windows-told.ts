import { parseJson } from '../../io/nesting.ts';
import { isRefusalCode, type Refusal } from '../../system/raw.ts';

/** The answer to one query: its value, or why there is none. Raw entries in JSON text have members of this type. */
export type Told = { readonly value: string } | { readonly refusal: Refusal };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Returns the members of a JSON object; null if the text is not an object. */
export function members(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = parseJson(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Converts a recorded value to Told; an invalid value becomes a refusal. */
export function told(value: unknown): Told {
  if (isObject(value)) {
    if (typeof value['value'] === 'string') return { value: value['value'] };
    const refusal = value['refusal'];
    if (isObject(refusal) && typeof refusal['text'] === 'string' && isRefusalCode(refusal['code'])) {
      return { refusal: { code: refusal['code'], text: refusal['text'] } };
    }
  }
  return { refusal: { code: 'Failed', text: 'the answer is not readable' } };
}

export function valueOf(answer: Told): string | null {
  return 'value' in answer ? answer.value : null;
}
