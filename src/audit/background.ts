import type { Facts } from '../facts/model/facts.ts';
import { selectSockets } from '../facts/model/question.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { defaultOrder } from '../ownership/order.ts';
import { toRow } from '../ownership/owned.ts';
import { ranges } from '../ownership/ranges.ts';
import { serviceName } from '../ports/iana.ts';
import type { AuditState, Background } from '../schema/answer.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { auditQuestion, listeners } from './listeners.ts';
import { useStore } from './store/open.ts';

/** How many of the last audits a report shows. */
const lastRuns = 60;

/**
 * The last audits of a machine, and what changed between them; nothing if the store cannot be read. The audit itself
 * reports that: the report does not fail because of it.
 */
async function historyOf(store: string, machine: string): Promise<Pick<Background, 'runs' | 'changes'>> {
  return lastAudits(store, machine).catch((error: unknown) => {
    if (error instanceof PortOwnerError) return {};
    throw error;
  });
}

async function lastAudits(store: string, machine: string): Promise<Pick<Background, 'runs' | 'changes'>> {
  return useStore(store, async (audits) => {
    const runs = await audits.runs({ machine, limit: lastRuns });
    const first = runs.at(-1)?.RunTime ?? '';
    const spans = await audits.spans({ machine, port: null, dynamic: true, owner: null });
    // What the first audit saw is not a change, and neither is what had disappeared before it.
    const changes = spans.filter(
      ({ FirstSeen, LastSeen, IsOpen }) => FirstSeen! > first || (IsOpen === false && LastSeen! >= first),
    );
    return { runs, changes };
  });
}

/** How an audit ended, as far as its facts do not say. */
type Ending = Pick<AuditState, 'IsComplete' | 'IsSuccess'>;

/** What a report of an audit shows in addition to findings: listeners, and the last audits of the machine in its store. */
export async function backgroundOf(facts: Facts, store: string | null, ending: Ending): Promise<Background> {
  const owned = endpoints(facts, selectSockets(facts.sections.sockets.data, auditQuestion), {
    live: false,
    home: null,
    tree: null,
    serviceName,
  });
  const machine = facts.machine.name;
  const audited = listeners(facts).length;
  return {
    ranges: ranges(facts),
    listeners: owned.sort(defaultOrder).map(toRow),
    audited,
    audits: [{ ComputerName: machine, RunTime: facts.at, Listeners: audited, ...ending }],
    binaries: (facts.sections.binaries?.data ?? []).map(({ pid, sha256, signer }) => ({
      ComputerName: machine,
      OwningProcess: pid,
      Sha256: sha256,
      Signer: signer,
    })),
    ...(store === null ? {} : await historyOf(store, machine)),
  };
}
