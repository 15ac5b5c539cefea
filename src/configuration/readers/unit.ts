import { readLines, textLines } from './lines.ts';
import type { NamedValue } from './setting.ts';

/**
 * Reads a systemd unit: `Service.ExecStart`. Of a value in several lines, the backslashes, the line breaks, and the
 * comments between them are blanks in the value, so positions in it are those in the text.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html
 */
export function readUnit(text: string): NamedValue[] {
  let flat = '';
  let isContinued = false;
  for (const { text: line, start } of textLines(text)) {
    flat += text.slice(flat.length, start);
    if (isContinued && /^[ \t]*[#;]/.test(line)) {
      flat += ' '.repeat(line.length + lineBreakAt(text, start + line.length));
      continue;
    }
    isContinued = line.endsWith('\\');
    flat += isContinued ? line.slice(0, -1) + ' '.repeat(1 + lineBreakAt(text, start + line.length)) : line;
  }
  flat += text.slice(flat.length);
  return readLines(flat, { comments: '#;', separators: '=', sections: true });
}

/** The length of the line break at a position. */
const lineBreakAt = (text: string, at: number): number => /^\r?\n?/.exec(text.slice(at, at + 2))![0].length;
