/** The files that this program reads and writes need a third of it. */
const maxDepth = 64;
/** A snapshot of 100,000 sockets needs a fifth of it. */
const most = 4_000_000;

const [quote, backslash, open, close] = [0x22, 0x5c, 0x5b, 0x5d];
// Without this bit, { and } become [ and ]; outside strings, no other JSON character does.
const brace = 0x20;

/**
 * Returns why a JSON text must not be parsed, else null: for bare brackets, a parser needs a hundred times their size.
 * `bytes` are UTF-8. Text that is not JSON may pass; the parser rejects it. Takes two milliseconds per megabyte.
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

/** Why a text is not JSON, without any of the text: the parser's message quotes it. */
export function jsonProblem({ message }: SyntaxError): string {
  if (!message.includes('JSON')) return message;
  const [, position] = /at position (\d{1,12})/.exec(message) ?? [];
  if (position !== undefined) return `the error is at character ${Number(position) + 1}`;
  return message.startsWith('Unexpected end') ? 'it ends too early' : 'it contains something else';
}

/** Parses the JSON of a file. Throws SyntaxError, also if it is nested too deeply. */
export function parseJson(text: string): unknown {
  const problem = nestingProblem(Buffer.from(text));
  if (problem !== null) throw new SyntaxError(problem);
  return JSON.parse(text);
}
