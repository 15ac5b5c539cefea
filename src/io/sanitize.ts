const plain = /^[ -~]*$/;

const short: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return short[character] ?? (code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`);
}

/**
 * Text as a person may see it on a terminal, in one line: what could move the cursor, color, reorder or hide
 * something is shown as an escape such as `\x1b`, `\n` or `\u202e`. For everything that comes from outside.
 */
export function sanitize(text: string): string {
  if (plain.test(text)) return text;
  // Control, format (bidi and other invisible characters) and separator characters and lone surrogates;
  // the two joiners stay, since scripts and emoji need them and they only shape their neighbours.
  // Made here: the tables of Unicode take long to load.
  return text.replace(/[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\u200c\u200d]]/gv, escape);
}
