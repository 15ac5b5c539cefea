import { sanitize } from '../../io/sanitize.ts';

/** Text that is HTML. Only `html` and `raw` create it, so that external text never becomes markup. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | readonly Part[];

const special = /[&<>"']/g;
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Escapes text for an element or a quoted attribute; characters that could reorder or hide text are shown as escapes.
 */
const escape = (text: string): string => sanitize(text).replace(special, (sign) => entities[sign]!);

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escape(part);
  if (typeof part === 'number') return String(part);
  return part === null ? '' : part.map(textOf).join('');
}

/** An HTML template: inserted values are escaped, except for other templates. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, i) => (i < parts.length ? text + textOf(parts[i]!) : text)).join(''));
}

/** Marks trusted text of our own as HTML. */
export const raw = (text: string): Markup => new Markup(text);

const notPlain = /[<\x7f-\uffff]/g;
const unicode = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** JSON in ASCII that an HTML parser cannot mistake for markup inside a script element. */
export const jsonText = (value: unknown): Markup => raw(JSON.stringify(value).replaceAll(notPlain, unicode));
