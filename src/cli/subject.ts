import type { Subject } from '../ownership/who.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import type { PortSpan } from '../ports/expression.ts';
import { portSpans } from './values.ts';

/**
 * What PORTS ask for. The PowerShell module also asks for processes there, as `pid:1234`. A pipeline (`eachError`) gets an
 * error for each item that is wrong, and the answer for the others.
 */
export async function subjectOf(operands: readonly string[], eachError: boolean): Promise<Subject> {
  if (operands.length === 0) return { spans: null, pids: new Set(), problems: [] };
  const spans: PortSpan[] = [];
  const pids = new Set<number>();
  const problems: Problem[] = [];
  for (const text of operands.flatMap((ports) => ports.split(','))) {
    const pid = /^pid:(\d{1,10})$/.exec(text)?.[1];
    if (pid !== undefined) {
      pids.add(Number(pid));
      continue;
    }
    try {
      spans.push(...(await portSpans([text])));
    } catch (error) {
      if (!(error instanceof PortOwnerError) || !eachError) throw error;
      const { terminating: _, ...problem } = error.problem;
      problems.push(problem);
    }
  }
  return { spans, pids, problems };
}
