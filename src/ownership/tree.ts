import { capitalized } from '../io/capitalized.ts';
import { sanitize } from '../io/sanitize.ts';
import { ancestorText } from '../schema/ancestor.ts';
import type { Endpoint } from '../schema/endpoint.ts';
import { restartTexts } from './origin.ts';

const shownOwners = 20;

/** One owner below its ancestors. */
function branch({ Ancestors, Owner, OwningProcess, Supervisor }: Endpoint): string {
  const above = (Ancestors ?? [])
    .toReversed()
    .map((one) => `${ancestorText(one)}${one.Role === null ? '' : `  ${one.Role.toLowerCase()}`}`);
  const lines = [...above, Owner ?? 'an owner that cannot be seen'].map(
    (line, depth) => `${'  '.repeat(depth + 1)}${line}`,
  );
  // Of a process that cannot be seen, nothing is known at all.
  const nothing = OwningProcess === null ? [] : ['  Nothing is known that restarts it.'];
  const again = Supervisor === null ? nothing : [`  ${capitalized(restartTexts(Supervisor).join(': '))}`];
  return [...lines, ...again].map(sanitize).join('\n');
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
