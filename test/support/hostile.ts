// Real processes whose names attack a terminal.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hold, linkOrCopy, newFolder, type Held } from './program.ts';

/** What a name can contain that a terminal acts on, or that hides or reorders other text. */
export const attacks: Readonly<Record<string, string>> = {
  clear: '\x1b[2J\x1b[H',
  title: '\x1b]0;owned\x07',
  clipboard: '\x1b]52;c;b3duZWQ=\x1b\\',
  c1: '\x9b31mred\x9d0;x\x9c',
  lines: 'a\nb\r\tc\v\f',
  bidi: 'a\u202egnp.\u2066b\u2069',
  invisible: 'a\u200b\u2060\ufeff\u00adb',
  wide: '日本語のサーバー',
  emoji: '👩‍👩‍👧‍👦🦊🇩🇪',
  combining: `e${'\u0301'.repeat(30)}`,
};

/** What must not reach a terminal from a name: whatever a name in here consists of. */
export const attackPattern = /\x1b\[2J\x1b\[H|\x1b\]|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|[\u200b\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069]/u;

/** A process with this text in the names of its program and its script, and in its arguments, that holds a port. */
export async function startHostile(name: string): Promise<Held> {
  const folder = newFolder();
  const program = join(folder, `${name}x`);
  if (!existsSync(program)) linkOrCopy(process.execPath, program);
  const script = join(folder, `${name}.js`);
  writeFileSync(script, 'setInterval(() => {}, 1000);');
  return hold([[program, script, `--name=${name}`]]);
}
