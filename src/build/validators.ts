// Writes a validator for each JSON Schema given: src/generated/NAME.validate.js for NAME.schema.json.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { root } from './runtime.mjs';

const folder = join(root, 'src/generated');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const declaration = `/** What does not fit: where (a JSON pointer) and why. */
export interface SchemaProblem {
  instancePath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
}

/** Whether the data fits the schema; \`errors\` says what did not in the last call. */
export declare const validate: {
  (data: unknown): boolean;
  errors?: SchemaProblem[] | null;
};

/** Every key that some object of the schema can have. */
export declare const keys: readonly string[];

/** The words that the value of a key can be. */
export declare const words: Readonly<Record<string, readonly string[]>>;
`;

/** The names of the properties of a schema, and of the schemas in it. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties } = schema as { properties?: object };
  return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(keysOf)];
}

interface Schema {
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** The words that a value can be: those of its enumerations and constants. */
function wordsOf(schema: Schema, all: Schema): string[] {
  if (schema.$ref !== undefined) return wordsOf(all.$defs![schema.$ref.replace('#/$defs/', '')]!, all);
  const inner = [...(schema.oneOf ?? []), ...(schema.items === undefined ? [] : [schema.items])];
  return [
    ...(schema.enum ?? []),
    ...(typeof schema.const === 'string' ? [schema.const] : []),
    ...inner.flatMap((one) => wordsOf(one, all)),
  ];
}

/** The words that the value of each key of a file can be. */
function wordsByKey(all: Schema): Record<string, string[]> {
  const properties = [all, ...Object.values(all.$defs ?? {})].flatMap((one) => Object.entries(one.properties ?? {}));
  return Object.fromEntries(
    properties
      .map(([key, one]): [string, string[]] => [key, [...new Set(wordsOf(one, all))]])
      .filter(([, words]) => words.length > 0),
  );
}

const prose = new Set(['title', 'description', '$comment']);

for (const path of process.argv.slice(2)) {
  const ajv = new Ajv2020({ allowUnionTypes: true, code: { source: true, esm: true, lines: true } });
  // The validator includes its schema: remove the descriptions.
  const schema = JSON.parse(readFileSync(path, 'utf8'), (key, value) =>
    prose.has(key) && typeof value === 'string' ? undefined : value,
  );
  const validate = ajv.compile(schema);
  const imports: string[] = [];
  // ajv requires its run-time helpers, even in an ES module.
  const code = standalone
    .default(ajv, validate)
    .replaceAll(/const (\w+) = require\("(ajv\/[\w/]+)"\)\.default;/g, (_, name, module) => {
      imports.push(`import ${name}Module from '${module}.js';\n`);
      return `const ${name} = ${name}Module.default;`;
    });
  if (code.includes('require(')) throw new Error(`${path}: the validator still requires something`);
  const name = basename(path, '.schema.json');
  writeFileSync(
    join(folder, `${name}.validate.js`),
    `// @ts-nocheck\n${imports.join('')}${code}export const keys = ${JSON.stringify([...new Set(keysOf(schema))])};\nexport const words = ${JSON.stringify(wordsByKey(schema))};\n`,
  );
  writeFileSync(join(folder, `${name}.validate.d.ts`), declaration);
}
