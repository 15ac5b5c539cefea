import type { Target } from '../actions/target.ts';
import { processText } from '../ownership/attribution.ts';
import { restartTexts } from '../ownership/origin.ts';
import { endpointText } from '../ports/address.ts';
import { sanitize } from '../io/sanitize.ts';
import type { Answer } from '../schema/answer.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';

/** At most this many items of one kind are listed. */
const mostItems = 8;

const listed = ([label, text]: readonly [string, string]): [string, readonly string[]] => [label, [text]];

/** Describes what would end with a target, and other notes, for a person: one line for each kind. */
function planLines(target: Target): string[] {
  const lines: [string, readonly string[]][] = [
    ['also stopped, because they share the port', target.holders.map(processText)],
    ['child processes, which may end, too', target.children.map(processText)],
    ['services', target.services],
    ['services that depend on them, which are stopped, too', target.dependents],
    ['other ports that become free', target.otherPorts.map(endpointText)],
    ['open connections', target.connections === 0 ? [] : [String(target.connections)]],
    ...(target.supervisor === null ? [] : [listed(restartTexts(target.supervisor))]),
    ['note', target.notes],
  ];
  const shown = (texts: readonly string[]): string =>
    texts.slice(0, mostItems).join(', ') + (texts.length > mostItems ? ` and ${texts.length - mostItems} more` : '');
  return lines.filter(([, texts]) => texts.length > 0).map(([name, texts]) => `  ${name}: ${sanitize(shown(texts))}`);
}

/** Returns the text about a target on which a person decides. */
export function planText(target: Target): string {
  const { owner, endpoints, method } = target;
  const head = sanitize(`About to stop ${owner} on ${endpoints.map(endpointText).join(', ')} (${method}).`);
  return [head, ...planLines(target)].map((line) => `${line}\n`).join('');
}

/** Asks whether to stop an owner. Throws PO4103 if nobody can answer. */
export function asksToStop(owner: string, confirm: Surroundings['confirm']): boolean {
  if (confirm === null)
    throw new PortOwnerError('PO4103', 'there is no terminal to ask on', {
      hint: 'Use --yes to stop without asking, or --dry-run to show what would be stopped.',
    });
  return confirm(`Stop ${sanitize(owner)}? [y/N] `);
}

/** Describes what would end in addition to the owners in the answer; empty if nothing would. */
export function besidesText(targets: readonly Target[]): string {
  return targets
    .map((target): [Target, string[]] => [target, planLines(target)])
    .filter(([, lines]) => lines.length > 0)
    .map(([{ owner }, lines]) => ['', `With ${sanitize(owner)}:`, ...lines].join('\n'))
    .join('\n');
}

/** Returns a redacted dry run with the identities that it had before. */
export function withIdentities<Given extends Answer>(redacted: Given, { rows: before }: Answer): Given {
  const rows = redacted.rows.map((row, index) =>
    row['Result'] === 'Planned' ? { ...row, Identity: before[index]!['Identity'] } : row,
  );
  return { ...redacted, rows };
}
