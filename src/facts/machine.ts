import { PortOwnerError, type Report } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { gather } from './gather/gather.ts';
import { factsText, reportingBinaries } from './gather/report.ts';
import type { Facts } from './model/facts.ts';
import type { Question } from './model/question.ts';
import type { FactsReader } from './read/read.ts';

/** The machine that is asked: this one, or the one that files tell about. */
export interface AskedMachine {
  /** Whether it is this one, now. */
  readonly live: boolean;
  /** What messages call it. */
  readonly name: string;
  /** The facts for a question; with the hashes of executables when they are wanted. */
  readonly facts: (question: Question, hash?: boolean) => Promise<Facts>;
}

/** This machine. */
export function thisMachine({ source, now }: Pick<Surroundings, 'source' | 'now'>, report?: Report): AskedMachine {
  return {
    live: true,
    name: 'this machine',
    async facts(question, hash = false) {
      const from = await source();
      if (question.firewall === true) report?.('Progress', 'reading this machine and the rules of its firewall');
      const live = await gather(from, question, now());
      const facts = hash
        ? (await import('./gather/binaries.ts')).withBinaries(live, from, report && reportingBinaries(report))
        : live;
      report?.('Verbose', factsText(facts));
      return facts;
    },
  };
}

/** The machine that a snapshot, a recording or CLIXML files tell about; they are read with the first question. */
export function machineOf(paths: readonly string[], report?: Report): AskedMachine {
  let reader: Promise<FactsReader> | undefined;
  const read = async (): Promise<FactsReader> => {
    const { readFacts } = await import('./read/read.ts');
    return readFacts(paths, (name) => report?.('Progress', `reading ${name}`));
  };
  return {
    live: false,
    name: paths.join(', '),
    async facts(question, hash = false) {
      if (hash)
        throw new PortOwnerError('PO1005', '--hash reads executables of this machine, and --from answers from a file', {
          hint: 'portowner snapshot --hash puts the hashes into a snapshot.',
        });
      reader ??= read();
      const facts = await (await reader)(question);
      report?.('Verbose', factsText(facts));
      return facts;
    },
  };
}
