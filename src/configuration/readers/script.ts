import { NotParsed, type NamedValue } from './setting.ts';

const deepest = 64;
// What is not closed goes to the end of its line or of the text, so that it is looked at once.
const skipped = /(?:\s|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$))*/y;
const string =
  /"(?:[^"\\\n]|\\.)*(?:"|\\?$|(?=\\?\n))|'(?:[^'\\\n]|\\.)*(?:'|\\?$|(?=\\?\n))|`(?:[^`\\]|\\[^])*(?:`|\\?$)/y;
const key = /([A-Za-z_$][\w$]*|"[^"\\\n]*"|'[^'\\\n]*')(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/)*:(?!:)/y;

interface Level {
  readonly close: string;
  readonly name: string;
  /** The index of the next item of a list; null in braces and parentheses. */
  index: number | null;
}

/** A value that ends at a comma or a closing bracket of its own level: a literal, or code. */
function valueAt(text: string, at: number, name: string): NamedValue | null {
  string.lastIndex = at;
  const found = string.exec(text)?.[0];
  const quoted = found !== undefined && found.length > 1 && found.endsWith(found[0]!) ? found : undefined;
  // 5_173 is 5173.
  const number = /^\d(?:_?\d){0,11}/.exec(text.slice(at, at + 12))?.[0];
  const literal = quoted ?? number;
  if (literal === undefined) {
    const code = /^[^,{}()[\]\n]*/.exec(text.slice(at, at + 200))![0].trim();
    return code === '' ? null : { name, value: code, start: at, end: at + code.length, quote: null };
  }
  skipped.lastIndex = at + literal.length;
  skipped.exec(text);
  const after = text[skipped.lastIndex];
  const isAlone = after === undefined || ',}])'.includes(after);
  if (!isAlone || literal.startsWith('`') || literal.includes('\\'))
    return { name, value: `${literal} …`, start: at, end: at + literal.length, quote: null };
  if (quoted === undefined) return { name, value: literal, start: at, end: at + literal.length, quote: null };
  const quote = quoted[0] as '"' | "'";
  return { name, value: quoted.slice(1, -1), start: at + 1, end: at + quoted.length - 1, quote };
}

/**
 * Reads the properties of the object literals in JavaScript and TypeScript: `server.port`, `apps[0].env.PORT`. A value
 * that is computed has its code as its value. It does not know regular expressions: braces in them that do not match
 * throw NotParsed.
 */
export function readScript(text: string): NamedValue[] {
  const found: NamedValue[] = [];
  const levels: Level[] = [{ close: '', name: '', index: null }];
  let pending: string | null = null;
  for (let at = 0; at < text.length;) {
    skipped.lastIndex = at;
    skipped.exec(text);
    at = skipped.lastIndex;
    if (at >= text.length) break;
    const level = levels.at(-1)!;
    const open = '{[('.indexOf(text[at]!);
    if (open >= 0) {
      const own = pending ?? (level.index === null ? level.name : `${level.name}[${level.index}]`);
      if (levels.length > deepest) throw new NotParsed('it is nested too deeply', at);
      levels.push({ close: '}])'[open]!, name: own, index: open === 1 ? 0 : null });
      pending = null;
      at++;
    } else if ('}])'.includes(text[at]!)) {
      if (levels.pop()!.close !== text[at] || levels.length === 0) throw new NotParsed('brackets do not match', at);
      pending = null;
      at++;
    } else {
      key.lastIndex = at;
      const named = level.close === '}' ? key.exec(text) : null;
      if (named !== null) {
        const own = named[1]!.replace(/^["']|["']$/g, '');
        pending = level.name === '' ? own : `${level.name}.${own}`;
        skipped.lastIndex = key.lastIndex;
        skipped.exec(text);
        at = skipped.lastIndex;
        const value = '{['.includes(text[at] ?? '{') ? null : valueAt(text, at, pending);
        if (value !== null) found.push(value);
        continue;
      }
      if (text[at] === ',') {
        if (level.index !== null) level.index++;
        pending = null;
      }
      string.lastIndex = at;
      at += string.exec(text)?.[0].length ?? /^[\w$]+/.exec(text.slice(at, at + 100))?.[0].length ?? 1;
    }
  }
  if (levels.length > 1) throw new NotParsed('a bracket is not closed', text.length);
  return found;
}
