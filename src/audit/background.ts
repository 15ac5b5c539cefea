import type { Facts } from '../facts/model/facts.ts';
import { selectSockets } from '../facts/model/question.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { defaultOrder } from '../ownership/order.ts';
import { toRow } from '../ownership/owned.ts';
import { ranges } from '../ownership/ranges.ts';
import { serviceName } from '../ports/iana.ts';
import type { Background } from '../schema/answer.ts';
import type { AuditRun } from '../schema/audit-run.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { auditQuestion } from './listeners.ts';
import { useStore } from './store/open.ts';

/** How many of the last audits a report shows. */
const lastRuns = 60;

/** What a report of an audit shows besides its findings: who listens, and the last audits of the machine in its store. */
export async function backgroundOf(facts: Facts, store: string | null): Promise<Background> {
  const owned = endpoints(facts, selectSockets(facts.sections.sockets.data, auditQuestion), {
    live: false,
    home: null,
    tree: null,
    serviceName,
  });
  const machine = facts.machine.name;
  return {
    ranges: ranges(facts),
    listeners: owned.sort(defaultOrder).map(toRow),
    ...(store === null ? {} : { runs: await runsOf(store, machine) }),
  };
}

/** The last audits of a machine; none of a store that cannot be used, which the audit has told already. */
async function runsOf(store: string, machine: string): Promise<readonly AuditRun[]> {
  try {
    return await useStore(store, (audits) => audits.runs({ machine, limit: lastRuns }));
  } catch (error) {
    if (error instanceof PortOwnerError) return [];
    throw error;
  }
}
