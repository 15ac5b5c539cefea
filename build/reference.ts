import { problemKinds } from '../src/problems.ts';
import { plainColumns, type RowSchema } from '../src/schema/column.ts';
import { endpoint } from '../src/schema/endpoint.ts';
import { range } from '../src/schema/range.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function columnTable(schema: RowSchema, of: string): string {
  const rows = plainColumns(schema).map(({ name, type, description }) => `| \`${name}\` | ${type} | ${cell(description)} |`);
  return [`Rows of ${of} (\`${schema.typeName}\`):`, '', '| column | type | meaning |', '|---|---|---|', ...rows].join('\n');
}

function problemTable(): string {
  const rows = Object.entries(problemKinds).map(([code, { summary, exitCode }]) => `| ${code} | ${cell(summary)} | ${exitCode} |`);
  return ['| code | meaning | exit code when it ends the command |', '|---|---|---|', ...rows].join('\n');
}

/** A README whose tables between `<!-- name -->` and `<!-- /name -->` are what the sources say. */
export function withReference(readme: string): string {
  const tables: Readonly<Record<string, string>> = {
    problems: problemTable(),
    columns: `${columnTable(endpoint, '`portowner`')}\n\n${columnTable(range, '`portowner ranges`')}`,
  };
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [before, rest] = text.split(`<!-- ${name} -->`) as [string, string?];
    const after = rest?.split(`<!-- /${name} -->`)[1];
    if (after === undefined) throw new Error(`README.md has no place for ${name}`);
    return `${before}<!-- ${name} -->\n${table}\n<!-- /${name} -->${after}`;
  }, readme);
}
