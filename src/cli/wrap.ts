// Text for people, as wide as they see it.
import { sanitise } from '../io/sanitise.ts';

/** Text broken at blanks into lines of at most `width` that start with `indent` blanks; a longer word stays whole. */
export function wrap(text: string, indent: number, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((part) => ' '.repeat(indent) + part).join('\n');
}

/** A line under a title. What a command does stands behind it, or below where there is no room: the command stays whole. */
function item(text: string, width: number): string {
  if (text.length + 2 <= width) return `  ${text}`;
  const [, command, comment] = /^(\S.*?) {2}# (.*)$/s.exec(text) ?? [];
  if (comment === undefined) return wrap(text, 4, width).slice(2);
  return `  ${command}\n${wrap(comment, 6, width).replace(/^ {6}/gm, '    # ')}`;
}

/** Lines under a title, with an empty line above; nothing where there are none. */
export function titled(title: string, items: readonly string[] | null, width: number): string[] {
  return items === null || items.length === 0
    ? []
    : ['', `${title}:`, ...items.map((text) => item(sanitise(text), width))];
}
