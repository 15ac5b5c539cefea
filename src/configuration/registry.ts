import { registryPlace } from '../system/registry.ts';
import type { SettingSource } from './configured-port.ts';
import type { Word } from './readers/setting.ts';
import { inFile, type Reading } from './reading.ts';
import type { TextFile } from './text-file.ts';

/** A value of the registry, opened as a file. */
export interface OpenValue {
  readonly name: string;
  readonly type: string;
  readonly file: TextFile;
  /** Its data: of several strings, the first. */
  readonly word: Word;
}

/** Reads the text of a value (system/registry.ts): its type, and its strings or its number. */
export function readRegistryText(text: string): { readonly type: string; readonly strings: readonly Word[] } {
  const start = text.indexOf(' ') + 1;
  const strings: Word[] = [];
  for (let at = start; at <= text.length;) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    strings.push({ value: text.slice(at, end), start: at, end, quote: null });
    at = end + 1;
  }
  const type = text.slice(0, Math.max(start - 1, 0));
  // After the end of a string there can be anything.
  return { type, strings: type === 'REG_MULTI_SZ' ? strings.filter(({ value }) => value !== '') : strings.slice(0, 1) };
}

/** Opens a value by its path; null if it does not exist, or cannot be read, which becomes a gap. */
export function openPath(reading: Reading, path: string): OpenValue | null {
  const file = reading.open(path, { optional: true });
  if (file === null) return null;
  const { type, strings } = readRegistryText(file.text);
  const word = strings[0] ?? { value: '', start: file.text.length, end: file.text.length, quote: null };
  return { name: registryPlace(path).name, type, file, word };
}

/** Opens a value of a key. */
export const openValue = (reading: Reading, key: string, name: string): OpenValue | null =>
  openPath(reading, `${key}\\${name}`);

/** The number of a value; null if it does not exist, or is a text. */
export function numberIn(reading: Reading, key: string, name: string): number | null {
  const found = openValue(reading, key, name);
  return found === null || !/^\d{1,10}$/.test(found.word.value) ? null : Number(found.word.value);
}

/** The source of a setting that is not changed here. */
export const inRegistry = ({ file, word }: OpenValue): SettingSource => inFile(file, word, null);
