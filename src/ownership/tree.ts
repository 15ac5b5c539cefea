import { sanitize } from '../io/sanitize.ts';
import { ancestorText } from '../schema/ancestor.ts';
import type { Endpoint } from '../schema/endpoint.ts';
import { suspectIn, suspectText } from './origin.ts';

const shownOwners = 20;

/** What restarts an owner, or may do so. */
function againText({ Ancestors, Supervisor }: Endpoint): string {
  if (Supervisor !== null) return `May be restarted by: ${Supervisor}`;
  const suspect = suspectIn(Ancestors ?? []);
  if (suspect === null) return 'Nothing is known that restarts it.';
  return suspect.isShell
    ? `Nothing is known that restarts it, unless ${suspect.text} runs it in a loop.`
    : `May be restarted by: ${suspectText(suspect)}`;
}

/** One owner below its ancestors. */
function branch(row: Endpoint): string {
  const { Ancestors, Owner } = row;
  const above = (Ancestors ?? [])
    .toReversed()
    .map((one) => `${ancestorText(one)}${one.Role === null ? '' : `  ${one.Role.toLowerCase()}`}`);
  const lines = [...above, Owner ?? 'an owner that cannot be seen'].map(
    (line, depth) => `${'  '.repeat(depth + 1)}${line}`,
  );
  return [...lines, `  ${againText(row)}`].map(sanitize).join('\n');
}

/** Explains why the owners of these rows run, each once. */
export function treeText(rows: readonly Endpoint[]): string {
  const owners = [...Map.groupBy(rows, ({ OwningProcess, Owner }) => OwningProcess ?? Owner)];
  const shown = owners.slice(0, shownOwners).map(([, [first, ...others]]) => {
    const ports = [...new Set([first!, ...others].map(({ LocalPort }) => LocalPort))];
    const head = `Port${ports.length === 1 ? '' : 's'} ${ports.slice(0, 10).join(', ')}${ports.length > 10 ? ' …' : ''}:`;
    return `\n${head}\n${branch(first!)}`;
  });
  const more = owners.length - shown.length;
  return [...shown, ...(more > 0 ? [`\nand ${more} more owners`] : [])].join('\n');
}
