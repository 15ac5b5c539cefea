import type { NamedValue } from './setting.ts';

const token =
  /#[^\n]*|[A-Za-z]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|[\w.]+|\S|\s+/g;

/**
 * Reads what a Python file assigns at its top level: `bind = "0.0.0.0:8000"`, and each item of a list as `bind[0]`.
 * A value that is computed has its code as its value; an assignment in a block has `?` after its name.
 */
export function readPython(text: string): NamedValue[] {
  const found: NamedValue[] = [];
  const tokens = [...text.matchAll(token)].filter(([one]) => !/^(?:#|[^\S\n]+$)/.test(one) || one.includes('\n'));
  for (const [index, { 0: name, index: at }] of tokens.entries()) {
    const before = tokens[index - 1]?.[0] ?? '\n';
    if (!/^[A-Za-z_]\w*$/.test(name) || !before.includes('\n') || tokens[index + 1]?.[0] !== '=') continue;
    if (tokens[index + 2]?.[0] === '=') continue;
    const isTop = at === 0 || text[at - 1] === '\n';
    found.push(...assigned(text, tokens.slice(index + 2, index + 200), isTop ? name : `${name}?`));
  }
  return found;
}

function assigned(text: string, tokens: readonly RegExpExecArray[], name: string): NamedValue[] {
  const [first] = tokens;
  if (first === undefined) return [];
  const isList = '[('.includes(first[0]);
  const close = tokens.findIndex(([one]) => (isList ? '])'.includes(one) : one.includes('\n')));
  const inner = tokens.slice(isList ? 1 : 0, close < 0 ? undefined : close);
  const values = inner.filter(([one]) => one !== ',' && one.trim() !== '');
  const literals = values.map(({ 0: one, index }): NamedValue | null => {
    const quote = one[0] as '"' | "'";
    if (/^(?:"[^"\\]*"|'[^'\\]*')$/.test(one))
      return { name, value: one.slice(1, -1), start: index + 1, end: index + one.length - 1, quote };
    return /^\d+$/.test(one) ? { name, value: one, start: index, end: index + one.length, quote: null } : null;
  });
  const isPlain = literals.every((one) => one !== null) && (isList || literals.length === 1);
  if (isPlain)
    return literals.map((one, index) => (isList ? Object.assign(one!, { name: `${name}[${index}]` }) : one!));
  const end = inner.at(-1);
  const code = text.slice(first.index, end === undefined ? undefined : end.index + end[0].length);
  return [{ name, value: code, start: first.index, end: first.index + code.length, quote: null }];
}
