/** A part of a text, and what it means. */
export interface Word {
  /** Its value, without quotes and escapes. */
  readonly value: string;
  /** Its position in the text: within the quotes, if it has any. */
  readonly start: number;
  readonly end: number;
  readonly quote: '"' | "'" | null;
}

/** A named value. */
export interface NamedValue extends Word {
  /** Its name with those of what it is in: `mysqld.port`, `server.ports[0].port`. */
  readonly name: string;
}

/** Thrown by a reader for text that does not parse; the message completes a sentence about the file. */
export class NotParsed extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'NotParsed';
    this.at = at;
  }
}

/** Returns a part of a word that has a value such as `127.0.0.1:80`, if its characters are all literal. */
export function partOf(word: Word, start: number, end: number): Word | null {
  if (word.end - word.start !== word.value.length) return null;
  return { ...word, value: word.value.slice(start, end), start: word.start + start, end: word.start + end };
}
