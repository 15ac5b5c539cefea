import { sanitise } from '../io/sanitise.ts';
import type { AskedMachine } from '../facts/machine.ts';
import type { Answer, Background } from '../schema/answer.ts';
import { exitCodeOfAll } from '../schema/exit-code.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';

/*
 * One question, several machines: each answers by itself, and what goes wrong with one is said of that one.
 */

/** An asked machine that remembers what it is called, and what kept it from being read. */
function watched(machine: AskedMachine) {
  const seen: { name: string | null; failure: unknown } = { name: null, failure: null };
  const asked: AskedMachine = {
    ...machine,
    async facts(question, hash) {
      try {
        const facts = await machine.facts(question, hash);
        seen.name = facts.machine.name;
        return facts;
      } catch (error) {
        seen.failure = error;
        throw error;
      }
    },
  };
  return { asked, seen };
}

const named = (name: string, text: string): string => (text.includes('\n') ? `${name}:\n${text}` : `${name}: ${text}`);

/** What a report shows of all machines; what is the same on every one of them, once. */
async function backgroundOfAll(answers: readonly Answer[]): Promise<Background> {
  const all: Background[] = [];
  for (const { background } of answers) if (background !== undefined) all.push(await background());
  const listeners = all.flatMap((one) => one.listeners ?? []);
  return {
    ranges: all.flatMap(({ ranges }, i) => ranges.filter(({ ComputerName }) => i === 0 || ComputerName !== null)),
    ...(listeners.length === 0 ? {} : { listeners }),
    runs: all.flatMap(({ runs }) => runs ?? []),
  };
}

/**
 * The answer of several machines. A machine that cannot be read is one error about it; then the exit code is 69, since
 * that machine might have anything. `decisive`: the answer that one machine is enough for.
 */
export async function answerOfAll(
  machines: readonly AskedMachine[],
  ask: (machine: AskedMachine) => Promise<Answer>,
  decisive: boolean,
): Promise<Answer> {
  const problems: Problem[] = [];
  const answers: Answer[] = [];
  const [headlines, notes]: [string[], string[]] = [[], []];
  let isUnread = false;
  for (const machine of machines) {
    const { asked, seen } = watched(machine);
    try {
      const answer = await ask(asked);
      answers.push(answer);
      const name = sanitise(seen.name ?? machine.name);
      for (const problem of answer.problems) problems.push({ ...problem, message: named(name, problem.message) });
      if (answer.headline !== undefined) headlines.push(named(name, answer.headline));
      if (answer.note !== undefined) notes.push(named(name, answer.note.replace(/^\n/, '')));
    } catch (error) {
      if (!(error instanceof PortOwnerError) || error !== seen.failure) throw error;
      isUnread = true;
      problems.push(error.problem);
    }
  }
  const summaries = answers.flatMap(({ summary }) => summary ?? []);
  return {
    rows: answers.flatMap(({ rows }) => rows),
    problems,
    exitCode: exitCodeOfAll(
      answers.map(({ exitCode }) => exitCode),
      { decisive, isUnread },
    ),
    ...(headlines.length === 0 ? {} : { headline: headlines.join('\n') }),
    ...(notes.length === 0 ? {} : { note: notes.join('\n') }),
    ...(answers[0]?.variant === undefined ? {} : { variant: answers[0].variant }),
    ...(summaries.length === 0 ? {} : { summary: summaries.join('\n') }),
    ...(answers.some(({ background }) => background !== undefined)
      ? { background: () => backgroundOfAll(answers) }
      : {}),
  };
}
