import { sanitize } from '../../io/sanitize.ts';

/** Text that is HTML. Only `html` and `raw` make it, so that nothing from elsewhere becomes markup. */
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

/** Text as it stands in an element or in a quoted attribute; what could reorder or hide something is shown as an escape. */
const escape = (text: string): string => sanitize(text).replace(special, (sign) => entities[sign]!);

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escape(part);
  if (typeof part === 'number') return String(part);
  return part === null ? '' : part.map(textOf).join('');
}

/** A template of HTML: whatever is put in stays text, but for other templates. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, i) => (i < parts.length ? text + textOf(parts[i]!) : text)).join(''));
}

/** HTML of our own. */
export const raw = (text: string): Markup => new Markup(text);

const notPlain = /[<\x7f-\uffff]/g;
const unicode = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** JSON in ASCII that no HTML parser takes for anything else inside of a script element. */
export const jsonText = (value: unknown): Markup => raw(JSON.stringify(value).replaceAll(notPlain, unicode));
