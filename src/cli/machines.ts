import { sanitize } from '../io/sanitize.ts';
import type { AskedMachine } from '../facts/machine.ts';
import type { Answer, Background } from '../schema/answer.ts';
import { exitCodeOfAll } from '../schema/exit-code.ts';
import { exit, PortOwnerError, type Problem } from '../schema/problems.ts';

/*
 * Queries several machines: each answers separately, and a problem of one machine is reported for that machine.
 */

/** A machine with a name that distinguishes it from the others, or the reason why it cannot be read. */
interface Named {
  readonly machine: AskedMachine;
  readonly name: string;
  readonly failure: PortOwnerError | null;
}

/** The names that occur more than once, ignoring case as PowerShell and most people do. */
function repeated(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(names.map((name) => name.toLowerCase()).filter((name) => seen.size === seen.add(name).size));
}

/** The names of the machines: each machine's own name, or if several share it, the name that the user specified. */
async function namesOf(machines: readonly AskedMachine[]): Promise<Named[]> {
  const own: { readonly name: string; readonly failure: PortOwnerError | null }[] = [];
  for (const machine of machines)
    try {
      own.push({ name: await machine.ownName(), failure: null });
    } catch (error) {
      if (!(error instanceof PortOwnerError)) throw error;
      own.push({ name: machine.name, failure: error });
    }
  let names = own.map(({ name }) => name);
  // The name that the user specified for one machine may be another machine's own name.
  for (let before: typeof names = []; before.join('\0') !== names.join('\0');) {
    const same = repeated(names);
    before = names;
    names = names.map((name, index) => (same.has(name.toLowerCase()) ? machines[index]!.name : name));
  }
  return machines.map((machine, index) => ({ machine, name: names[index]!, failure: own[index]!.failure }));
}

/** The machine with this name instead of its own. */
function renamed(machine: AskedMachine, name: string): AskedMachine {
  return {
    ...machine,
    ownName: async () => name,
    async facts(question, hash) {
      const facts = await machine.facts(question, hash);
      return { ...facts, machine: { ...facts.machine, name } };
    },
  };
}

const named = (name: string, text: string): string => (text.includes('\n') ? `${name}:\n${text}` : `${name}: ${text}`);

/** The background of all machines for a report, with what is the same on every machine only once. */
async function backgroundOfAll(answers: readonly Answer[]): Promise<Background> {
  const all: Background[] = [];
  for (const { background } of answers) if (background !== undefined) all.push(await background());
  const listeners = all.flatMap((one) => one.listeners ?? []);
  return {
    ranges: all.flatMap(({ ranges }, i) => ranges.filter(({ ComputerName }) => i === 0 || ComputerName !== null)),
    ...(listeners.length === 0
      ? {}
      : { listeners, audited: all.reduce((sum, one) => sum + (one.audited ?? one.listeners?.length ?? 0), 0) }),
    runs: all.flatMap(({ runs }) => runs ?? []),
    // Without a store, nobody knows of any.
    ...(all.every(({ changes }) => changes === undefined)
      ? {}
      : { changes: all.flatMap(({ changes }) => changes ?? []) }),
  };
}

/**
 * Returns the answer of several machines. A machine that cannot be read is an error, and the exit code is 69, because
 * its answer is unknown. `decisive`: the answer that a single machine is enough for.
 */
export async function answerOfAll(
  machines: readonly AskedMachine[],
  ask: (machine: AskedMachine) => Promise<Answer>,
  decisive: boolean,
): Promise<Answer> {
  const problems: Problem[] = [];
  const answers: Answer[] = [];
  const counts: { index: number; rows: number }[] = [];
  const [headlines, notes]: [string[], string[]] = [[], []];
  let isUnread = false;
  for (const [index, { machine, name: plain, failure }] of (await namesOf(machines)).entries()) {
    if (failure !== null) {
      isUnread = true;
      problems.push(failure.nonTerminating);
      continue;
    }
    const name = sanitize(plain);
    let answer: Answer;
    try {
      answer = await ask(renamed(machine, plain));
    } catch (error) {
      // An error in the query applies to all machines.
      if (!(error instanceof PortOwnerError) || error.exitCode === exit.usage) throw error;
      isUnread = true;
      problems.push({ ...error.nonTerminating, message: named(name, error.message) });
      continue;
    }
    answers.push(answer);
    counts.push({ index, rows: answer.rows.length });
    for (const problem of answer.problems) problems.push({ ...problem, message: named(name, problem.message) });
    for (const sentence of [answer.headline ?? []].flat()) headlines.push(named(name, sentence));
    if (answer.note !== undefined) notes.push(named(name, answer.note.replace(/^\n/, '')));
  }
  const summaries = answers.flatMap(({ summary }) => summary ?? []);
  return {
    rows: answers.flatMap(({ rows }) => rows),
    problems,
    exitCode: exitCodeOfAll(
      answers.map(({ exitCode }) => exitCode),
      { decisive, isUnread },
    ),
    machines: counts,
    ...(headlines.length === 0 ? {} : { headline: headlines }),
    ...(notes.length === 0 ? {} : { note: notes.join('\n') }),
    ...(answers[0]?.variant === undefined ? {} : { variant: answers[0].variant }),
    ...(summaries.length === 0 ? {} : { summary: summaries.join('\n') }),
    ...(answers.some(({ background }) => background !== undefined)
      ? { background: () => backgroundOfAll(answers) }
      : {}),
  };
}
