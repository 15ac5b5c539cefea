import { problemKinds } from '../problems.ts';
import { plainColumns, type RowSchema } from '../schema/column.ts';
import { sourceNames } from '../facts/switched-off.ts';
import { uncovered, uncoveredCalls } from '../machine/windows/uncovered.ts';
import { auditRun, portSpan } from '../schema/audit-run.ts';
import { check } from '../schema/check.ts';
import { conflict } from '../schema/conflict.ts';
import { endpoint } from '../schema/endpoint.ts';
import { finding } from '../schema/finding.ts';
import { freePort } from '../schema/free.ts';
import { listenerRow } from '../schema/listener.ts';
import { range } from '../schema/range.ts';
import { stopResult } from '../schema/stop.ts';
import { auditTask } from '../schema/task.ts';
import { verdict } from '../schema/verdict.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function columnTable(schema: RowSchema, of: string): string {
  const rows = plainColumns(schema).map(
    ({ name, type, description }) => `| \`${name}\` | ${type} | ${cell(description)} |`,
  );
  return [`Rows of ${of} (\`${schema.typeName}\`):`, '', '| column | type | meaning |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

function problemTable(): string {
  const rows = Object.entries(problemKinds).map(
    ([code, { summary, action, exitCode }]) => `| ${code} | ${cell(summary)} | ${cell(action)} | ${exitCode} |`,
  );
  return ['| code | meaning | what to do | exit code when it ends the command |', '|---|---|---|---|', ...rows].join(
    '\n',
  );
}

function sourceTable(): string {
  const names = { win32: 'Windows', linux: 'Linux' } as const;
  return (['win32', 'linux'] as const)
    .map((platform) =>
      [
        `| ${names[platform]} | what |`,
        '|---|---|',
        ...Object.entries(sourceNames[platform]).map(([name, what]) => `| \`${name}\` | ${cell(what)} |`),
      ].join('\n'),
    )
    .join('\n\n');
}

function uncoveredTable(): string {
  const rows = Object.entries(uncovered).flatMap(([file, calls]) =>
    Object.keys(calls).map((name) => {
      const { purpose, documented, source } = uncoveredCalls[name as keyof typeof uncoveredCalls];
      return `| \`${name}\` (${file}) | ${cell(purpose)} | [${documented ? 'documented' : 'undocumented'}](${source}) |`;
    }),
  );
  return ['| call | what for | signature from |', '|---|---|---|', ...rows].join('\n');
}

/** A README whose tables between `<!-- name -->` and `<!-- /name -->` are what the sources say. */
export function withReference(readme: string): string {
  const tables: Readonly<Record<string, string>> = {
    problems: problemTable(),
    sources: sourceTable(),
    uncovered: uncoveredTable(),
    columns: [
      columnTable(endpoint, '`portowner`'),
      columnTable(verdict, '`portowner why`'),
      columnTable(conflict, '`portowner conflicts`'),
      columnTable(freePort, '`portowner free`'),
      columnTable(stopResult, '`portowner stop`'),
      columnTable(range, '`portowner ranges`'),
      columnTable(listenerRow, '`portowner baseline`'),
      columnTable(finding, '`portowner diff` and `portowner audit`'),
      columnTable(auditRun, '`portowner history`'),
      columnTable(portSpan, '`portowner history` of a port or a program'),
      columnTable(auditTask, '`portowner schedule`'),
      columnTable(check, '`portowner doctor`'),
    ].join('\n\n'),
  };
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [before, rest] = text.split(`<!-- ${name} -->`) as [string, string?];
    const after = rest?.split(`<!-- /${name} -->`)[1];
    if (after === undefined) throw new Error(`README.md has no place for ${name}`);
    return `${before}<!-- ${name} -->\n${table}\n<!-- /${name} -->${after}`;
  }, readme);
}
