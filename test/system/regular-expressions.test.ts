import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseSync } from 'oxc-parser';
import { check } from 'recheck';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../src/build/runtime.mjs';

/*
 * No text makes a regular expression of the program hang: the time grows with the text, not with its square. Each one
 * is analyzed; where that finds something, or cannot tell, it is measured with the worst texts that are known for it.
 */

const test = suite('regular expressions');

/** A part of a syntax tree. */
type Node = Readonly<Record<string, unknown>> & { readonly type: string };
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value;

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item);
  if (!isNode(value)) return;
  yield value;
  for (const inner of Object.values(value)) yield* nodesOf(inner);
}

interface Found {
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

/** The text of an expression, as far as it stands in the file; what comes from elsewhere stands for a word. */
function textOf(node: unknown, constants: ReadonlyMap<string, unknown>, form: 'raw' | 'cooked' = 'cooked'): string {
  if (!isNode(node)) return '';
  if (node.type === 'Literal') return String(node['value']);
  // The tag is String.raw.
  if (node.type === 'TaggedTemplateExpression') return textOf(node['quasi'], constants, 'raw');
  if (node.type === 'Identifier' && constants.has(String(node['name']))) return textOf(constants.get(String(node['name'])), constants);
  if (node.type !== 'TemplateLiteral') return 'aB0';
  const parts = node['quasis'] as { readonly value: { readonly raw: string; readonly cooked: string } }[];
  const inner = node['expressions'] as unknown[];
  return parts.map(({ value }, index) => value[form] + (index < inner.length ? textOf(inner[index], constants) : '')).join('');
}

function expressionsIn(name: string): Found[] {
  const text = readFileSync(join(root, name), 'utf8');
  const { program, errors } = parseSync(name, text);
  assert.equal(errors, []);
  const nodes = [...nodesOf(program)];
  const constants = new Map<string, unknown>();
  for (const { type, id, init } of nodes)
    if (type === 'VariableDeclarator' && isNode(id) && isNode(init) && /Literal|Tagged/.test(init.type)) constants.set(String(id['name']), init);
  return nodes.flatMap((node): Found[] => {
    const where = `${name}:${text.slice(0, Number(node['start'])).split('\n').length}`;
    const { regex, callee, arguments: given } = node as Node & { regex?: { pattern: string; flags: string } };
    if (node.type === 'Literal' && regex !== undefined) return [{ where, source: regex.pattern, flags: regex.flags }];
    if (node.type !== 'NewExpression' || !isNode(callee) || callee['name'] !== 'RegExp') return [];
    const [source, flags] = given as unknown[];
    return [{ where, source: textOf(source, constants), flags: isNode(flags) ? textOf(flags, constants).replace('aB0', '') : '' }];
  });
}

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  // What builds the program sees its own files alone.
  .filter((name) => /\.m?ts$/.test(name) && !/^src\/(?:build|generated)\//.test(name))
  .toSorted();
const all = files.flatMap(expressionsIn);

/** A text that is longer the more often its middle comes. */
type Attack = readonly [before: string, middle: string, after: string];

/**
 * What the analysis found, by expression: null if it could not tell. It takes seconds each, so that only new expressions are
 * analyzed; `node build.mjs node test/system/regular-expressions.test.ts --write` records these.
 */
const recordPath = join(root, 'test/fixtures/analysis/regular-expressions.json');
const recorded = new Map<string, readonly Attack[] | null>(
  existsSync(recordPath) ? Object.entries(JSON.parse(readFileSync(recordPath, 'utf8')) as Record<string, readonly Attack[] | null>) : [],
);

/** An expression without its assertions, groups in them included, and without the names of its groups. */
function withoutAssertions(source: string): string {
  let kept = '';
  let depth = 0;
  for (const [part] of source.matchAll(/\[(?:\\.|[^\]\\])*\]|\\.|\(\?<?[=!]|\((?:\?<\w+>)?|[^]/g)) {
    if (depth > 0 || /^\(\?<?[=!]/.test(part)) depth += Number(part[0] === '(') - Number(part === ')');
    else kept += part === '\\b' ? '' : part.replace(/^\(\?<\w+>/, '(');
  }
  return kept;
}

/** What fits the expression, and begins to fit it again and again. */
function guessed({ source, flags }: Found): Attack[] {
  const plain = withoutAssertions(source);
  const fitting = fc.sample(fc.stringMatching(new RegExp(plain.replace(/[\^$]+(?=$|[|)])|^\^/g, ''), flags.replaceAll(/[^su]/g, ''))), {
    numRuns: 20,
    seed: 1,
  });
  const beginnings = fitting.flatMap((text) => [text, text.slice(0, -1), text.slice(0, text.length >> 1), text.slice(0, 1), text.slice(-1)]);
  return [...new Set(beginnings)]
    .filter((text) => text !== '')
    .flatMap((text): Attack[] => [
      ['', text, ''],
      ['', text, '\0\n'],
      [text[0]!, text.at(-1)!, '\0'],
    ]);
}

const keyOf = ({ source, flags }: Found): string => `/${source}/${flags}`;

async function analyzed({ source, flags }: Found): Promise<readonly Attack[] | null> {
  // What repeats nothing looks at each place once.
  if (!/[*+{]/.test(source.replace(/\\p\{\w+\}|\\./g, ''))) return [];
  const diagnosis = await check(source, flags, { timeout: 5000 });
  if (diagnosis.status === 'safe') return [];
  if (diagnosis.status === 'unknown') return null;
  const { pumps, suffix } = diagnosis.attack;
  return pumps.map(({ prefix, pump }, index) => [prefix, pump, index === pumps.length - 1 ? suffix : '\0']);
}

async function attacksOn(found: Found): Promise<readonly Attack[]> {
  const known = recorded.get(keyOf(found));
  return (known === undefined ? await analyzed(found) : known) ?? guessed(found);
}

/** Runs each expression on its texts, and prints those that take too long. */
const measure = `
  const length = 200_000;
  for (const { where, source, flags, attacks } of JSON.parse(require('node:fs').readFileSync(0, 'utf8'))) {
    for (const [before, middle, after] of attacks) {
      const text = before + middle.repeat(Math.ceil(length / middle.length)) + after;
      const what = where + ' /' + source + '/' + flags + ' on ' + JSON.stringify([before, middle, after]);
      const start = process.cpuUsage();
      text.replace(new RegExp(source, flags), '');
      const { user } = process.cpuUsage(start);
      // One attack on it is enough.
      if (user > 3_000_000) {
        console.log(what);
        break;
      }
    }
  }
  console.log('done');`;

const once = new Map(all.map((found) => [keyOf(found), found]));

if (process.argv.includes('--write')) {
  const found: [string, readonly Attack[] | null][] = [];
  for (const [key, one] of once) found.push([key, recorded.has(key) ? recorded.get(key)! : await analyzed(one)]);
  writeFileSync(recordPath, `{\n${found.map(([key, attacks]) => `${JSON.stringify(key)}: ${JSON.stringify(attacks)}`).join(',\n')}\n}\n`);
}

test('all are found', () => {
  assert.ok(all.length > 400, `${all.length}`);
  assert.ok(all.some(({ where, source }) => where.startsWith('src/diagnosis/error-text/places.ts') && source.includes('(?<a>[0-9a-f:.]{2,45}(?:%')));
});

test('none takes the square of the length of a text', async () => {
  const suspects: object[] = [];
  for (const found of once.values()) {
    const attacks = await attacksOn(found);
    if (attacks.length > 0) suspects.push({ ...found, attacks });
  }
  const { stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, '--eval', measure], {
    input: JSON.stringify(suspects),
    encoding: 'utf8',
    timeout: 400_000,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 28,
  });
  assert.is(`${stdout}${stderr}`.trimEnd(), 'done');
});

test.run();
