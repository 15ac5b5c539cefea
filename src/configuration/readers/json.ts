import { NotParsed, type NamedValue, type Word } from './setting.ts';

const deepest = 64;
const blankOrComment = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const bare = /[^\s,:[\]{}"/]+/y;
const string = /"(?:[^"\\\n]|\\.)*"/y;

class JsonReader {
  readonly settings: NamedValue[] = [];
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  read(): NamedValue[] {
    this.skip();
    if (this.at < this.text.length) this.value('', 0);
    this.skip();
    if (this.at < this.text.length) this.fail('text follows the value');
    return this.settings;
  }

  private fail(message: string): never {
    throw new NotParsed(message, this.at);
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }

  private skip(): void {
    this.take(blankOrComment);
  }

  private word(): Word {
    const from = this.at;
    const quoted = this.take(string);
    if (quoted === null) {
      const value = this.take(bare) ?? this.fail('a value is missing');
      return { value, start: from, end: this.at, quote: null };
    }
    let value: string;
    try {
      value = JSON.parse(quoted) as string;
    } catch {
      this.at = from;
      return this.fail('a string is not valid');
    }
    return { value, start: from + 1, end: this.at - 1, quote: '"' };
  }

  private value(name: string, depth: number): void {
    if (depth > deepest) this.fail('it is nested too deeply');
    const open = this.text[this.at];
    if (open !== '{' && open !== '[') {
      this.settings.push({ ...this.word(), name });
      return;
    }
    const close = open === '{' ? '}' : ']';
    this.at++;
    for (let index = 0; ; index++) {
      this.skip();
      if (this.text[this.at] === close) break;
      if (open === '[') this.value(`${name}[${index}]`, depth + 1);
      else this.member(name, depth);
      this.skip();
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== close) this.fail(`a comma or ${close} is missing`);
    }
    this.at++;
  }

  private member(name: string, depth: number): void {
    const key = this.word().value;
    this.skip();
    if (this.text[this.at] !== ':') this.fail('a colon is missing');
    this.at++;
    this.skip();
    this.value(name === '' ? key : `${name}.${key}`, depth + 1);
  }
}

/**
 * Reads the values of a JSON text, which can have comments and commas at the end of lists:
 * `Kestrel.Endpoints.Http.Url`, `ports[0]`. Throws NotParsed.
 */
export const readJson = (text: string): NamedValue[] => new JsonReader(text).read();
