import type { Facts } from '../facts/model/facts.ts';
import { sectionTitle } from '../facts/model/sections.ts';
import type { Problem } from '../schema/problems.ts';
import { hasFailed, isLacking, isPartial } from '../facts/model/section.ts';
import { isOwnerDenied, type OwnedEndpoint } from './owned.ts';

/**
 * The problems with the facts behind these rows that the user should know. Missing details of owners are in the rows
 * themselves; without rows (a snapshot), they are reported here.
 */
export function sectionProblems(facts: Facts, rows: readonly OwnedEndpoint[] | null): Problem[] {
  const problems: Problem[] = [];
  for (const [key, section] of Object.entries(facts.sections)) {
    if (!isLacking(section)) continue;
    if (rows !== null && key === 'processes' && isPartial(section)) continue;
    const name = sectionTitle(key);
    problems.push({
      severity: hasFailed(section) && key === 'sockets' ? 'Error' : 'Warning',
      code: section.needs === null ? 'PO3001' : 'PO3002',
      message: `${hasFailed(section) ? `the ${name} could not be read` : `some ${name} could not be read`}${section.reason === null ? '' : `: ${section.reason}`}`,
      ...(section.needs === null ? {} : { hint: `Needs ${section.needs}.` }),
      target: key,
    });
  }
  const hidden = (rows ?? []).filter((row) => row.OwningProcess === null && isOwnerDenied(row));
  if (hidden.length > 0) {
    const ports = [...new Set(hidden.map((row) => row.LocalPort))].sort((a, b) => Number(a) - Number(b));
    const shown = ports.slice(0, 8).join(', ') + (ports.length > 8 ? ' …' : '');
    const needs = hidden[0]!.refusals.find(({ field }) => field === 'OwningProcess')?.needs ?? 'elevated rights';
    problems.push({
      severity: 'Warning',
      code: 'PO3002',
      message: `the owner of ${hidden.length} socket${hidden.length === 1 ? '' : 's'} cannot be seen with your rights: port${ports.length === 1 ? '' : 's'} ${shown}`,
      hint: `Needs ${needs}.`,
      target: shown,
    });
  }
  return problems;
}
