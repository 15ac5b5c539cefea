// Writes a frame to a terminal: only the lines that changed.

/** Begins and ends a frame that the terminal shows at once, if it can; others ignore it. */
const [begin, end] = ['\x1b[?2026h', '\x1b[?2026l'];

const at = (row: number): string => `\x1b[${row + 1};1H`;

/** The sequences that turn one frame into the next; everything, without a frame before. Empty if nothing changed. */
export function difference(before: readonly string[] | null, lines: readonly string[]): string {
  let text = before === null ? '\x1b[0m\x1b[2J' : '';
  lines.forEach((line, row) => {
    if (before?.[row] !== line) text += `${at(row)}${line}`;
  });
  return text === '' ? '' : `${begin}${text}${end}`;
}
