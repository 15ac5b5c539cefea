/** What this program reads and writes has a third of it. */
const maxDepth = 64;
/** A snapshot of 100,000 sockets has a fifth of it. */
const most = 4_000_000;

const [quote, backslash, open, close] = [0x22, 0x5c, 0x5b, 0x5d];
// { and } are [ and ] with this bit, and no other character of JSON outside of texts is.
const brace = 0x20;

/**
 * Why a JSON text is not to be parsed: a parser takes a hundred times its size for nothing but brackets. `bytes` are of
 * UTF-8; what is not JSON may be called good, and is found by the parser. Takes two milliseconds for a megabyte.
 */
export function nestingProblem(bytes: Uint8Array): string | null {
  let depth = 0;
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
    } else if ((byte & ~brace) === open) {
      if (++depth > maxDepth) return `it is nested more than ${maxDepth} levels deep`;
      if (++count > most) return `it has more than ${most} lists and objects`;
    } else if ((byte & ~brace) === close) depth--;
  }
  return null;
}

/** Parses the JSON of a file. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  const problem = nestingProblem(Buffer.from(text));
  if (problem !== null) throw new SyntaxError(problem);
  return JSON.parse(text);
}
