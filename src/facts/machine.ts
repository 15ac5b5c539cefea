import { PortOwnerError, type Report } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { gather } from './gather/gather.ts';
import { factsText, reportingBinaries } from './gather/report.ts';
import type { Facts } from './model/facts.ts';
import { nothingAsked, type Question } from './model/question.ts';
import type { FactsReader } from './read/read.ts';
import type { FarRequest } from './remote/far.ts';
import type { AskRemote } from '../system/remote.ts';
import type { There } from './there.ts';

/** The machine to query: this one, or one described by files. */
export interface AskedMachine {
  /** Whether it is this machine, right now. */
  readonly live: boolean;
  /** Its name in messages. */
  readonly name: string;
  /** How to reach it for what an answer advises; null if it is this machine. */
  readonly there: There | null;
  /** The machine's own name. Throws what `facts` throws. */
  readonly ownName: () => Promise<string>;
  /** Resolves when the machine has answered, or cannot be queried, if it is a remote one. */
  readonly answered?: Promise<unknown>;
  /** Returns the facts for a question, with the hashes of executables if `hash` is set. */
  readonly facts: (question: Question, hash?: boolean) => Promise<Facts>;
}

/**
 * A machine that reports which facts were read for the first question. Later ones only add details to its answer.
 * Whoever redacts the report notes the names in the facts before.
 */
export function reportingFacts(machine: AskedMachine, report: Report): AskedMachine {
  let isFirst = true;
  return {
    ...machine,
    async facts(question, hash) {
      const facts = await machine.facts(question, hash);
      if (isFirst) report('Verbose', factsText(facts));
      isFirst = false;
      return facts;
    },
  };
}

/** Returns this machine. */
export function thisMachine({ source, now }: Pick<Surroundings, 'source' | 'now'>, report?: Report): AskedMachine {
  return {
    live: true,
    name: 'this machine',
    there: null,
    ownName: async () => (await gather(await source(), nothingAsked, now())).machine.name,
    async facts(question, hash = false) {
      const from = await source();
      if (question.firewall === true) report?.('Progress', 'reading this machine and its firewall rules');
      const live = await gather(from, question, now());
      if (!hash) return live;
      return (await import('./gather/binaries.ts')).withBinaries(live, from, report && reportingBinaries(report));
    },
  };
}

/** Returns the machines that these files describe: all CLIXML files describe one, and every other file one each. */
export async function machinesOf(paths: readonly string[], report?: Report): Promise<AskedMachine[]> {
  if (paths.length === 1) return [machineOf(paths, report)];
  const { isClixml } = await import('./read/read.ts');
  const rows = paths.filter((path) => isClixml(path));
  const groups = rows.length === 0 ? [] : [rows];
  // In the order of the paths.
  return paths
    .flatMap((path) => (path === rows[0] ? groups : rows.includes(path) ? [] : [[path]]))
    .map((group) => machineOf(group, report));
}

/** The given names without repetitions; the names of machines do not depend on case, those of users do. */
function withoutRepeated(hosts: readonly string[]): string[] {
  const seen = new Set<string>();
  const keyOf = (host: string): string => {
    const name = host.lastIndexOf('@') + 1;
    return host.slice(0, name) + host.slice(name).toLowerCase();
  };
  return hosts.filter((host) => seen.size < seen.add(keyOf(host)).size);
}

/** Returns far machines, which are queried in parallel from now on. */
export async function farMachines(request: FarRequest, remote: AskRemote, report?: Report): Promise<AskedMachine[]> {
  const { askHosts } = await import('./remote/far.ts');
  const hosts = withoutRepeated(request.hosts);
  const answers = await askHosts({ ...request, hosts }, remote, report);
  const own = request.config === null ? [] : [['--ssh-config', request.config] as const];
  return answers.map((answered, index): AskedMachine => {
    async function factsFor(question: Question): Promise<Facts> {
      const answer = await answered;
      if (answer instanceof PortOwnerError) throw answer;
      return answer.facts(question);
    }
    return {
      live: false,
      name: hosts[index]!,
      there: { name: hosts[index]!, options: [['--host', hosts[index]!], ...own], stops: false },
      answered: answered.catch(() => {}),
      ownName: async () => (await factsFor(nothingAsked)).machine.name,
      async facts(question, hash = false) {
        if (hash)
          throw new PortOwnerError(
            'PO1005',
            '--hash reads executables of this machine, but --host queries another one',
          );
        return factsFor(question);
      },
    };
  });
}

/** Returns the machine that a snapshot, a recording or CLIXML files describe; they are read for the first question. */
export function machineOf(paths: readonly string[], report?: Report): AskedMachine {
  let reader: Promise<FactsReader> | undefined;
  const read = async (): Promise<FactsReader> => {
    const { readFacts } = await import('./read/read.ts');
    return readFacts(paths, (name) => report?.('Progress', `reading ${name}`));
  };
  const factsFor = async (question: Question): Promise<Facts> => (await (reader ??= read()))(question);
  return {
    live: false,
    name: paths.join(', '),
    there: {
      name: null,
      options: paths.map((path) => ['--from', path]),
      stops: false,
    },
    ownName: async () => (await factsFor(nothingAsked)).machine.name,
    async facts(question, hash = false) {
      if (hash)
        throw new PortOwnerError('PO1005', '--hash reads executables of this machine, but --from answers from a file', {
          hint: 'Use portowner snapshot --hash to include hashes in a snapshot.',
        });
      return factsFor(question);
    },
  };
}
