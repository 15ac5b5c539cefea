const plain = /^[ -~]*$/;

const short: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return short[character] ?? (code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`);
}

/**
 * Returns text that is safe to show on a terminal, in one line: anything that could move the cursor, color, reorder or
 * hide text becomes an escape such as `\x1b`, `
 * ` or `\u202e`. Use it for all text from outside.
 */
export function sanitize(text: string): string {
  if (plain.test(text)) return text;
  // Control, format (bidi and other invisible characters) and separator characters, and lone surrogates. The two
  // joiners stay: scripts and emoji need them, and they only shape adjacent characters. Created here because loading
  // the Unicode tables is slow.
  return text.replace(/[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\u200c\u200d]]/gv, escape);
}
