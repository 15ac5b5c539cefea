import { sanitize } from '../io/sanitize.ts';
import { canName } from '../facts/machine-name.ts';
import type { AskedMachine } from '../facts/machine.ts';
import type { Answer, Background } from '../schema/answer.ts';
import { exitCodeOfAll } from '../schema/exit-code.ts';
import { exit, PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';

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

/**
 * The names of the machines: each machine's own name, or if it has none or several share it, the name that the user
 * specified. `taken` are names of other machines.
 */
async function namesOf(machines: readonly AskedMachine[], taken: readonly string[] = []): Promise<Named[]> {
  const own: { readonly name: string; readonly failure: PortOwnerError | null }[] = [];
  for (const machine of machines)
    try {
      const name = await machine.ownName();
      own.push({ name: canName(name) ? name : machine.name, failure: null });
    } catch (error) {
      if (!(error instanceof PortOwnerError)) throw error;
      own.push({ name: machine.name, failure: error });
    }
  let names = own.map(({ name }) => name);
  // The name that the user specified for one machine may be another machine's own name.
  for (let before: typeof names = []; before.join('\0') !== names.join('\0');) {
    const same = repeated([...new Set(taken), ...names]);
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
    audits: all.flatMap(({ audits }) => audits ?? []),
    binaries: all.flatMap(({ binaries }) => binaries ?? []),
    // Without a store, nobody knows of any.
    ...(all.every(({ changes }) => changes === undefined)
      ? {}
      : { changes: all.flatMap(({ changes }) => changes ?? []) }),
  };
}

/** The answers of some machines. A machine that cannot be read is a problem. */
interface Answers {
  readonly answers: readonly Answer[];
  readonly problems: readonly Problem[];
  readonly headlines: readonly string[];
  readonly notes: readonly string[];
  readonly isUnread: boolean;
  /** Whose answers they are, and how many rows each has. */
  readonly counts: readonly { readonly index: number; readonly rows: number }[];
}

async function answersOf(
  machines: readonly Named[],
  ask: (machine: AskedMachine) => Promise<Answer>,
): Promise<Answers> {
  const problems: Problem[] = [];
  const answers: Answer[] = [];
  const counts: { index: number; rows: number }[] = [];
  const [headlines, notes]: [string[], string[]] = [[], []];
  let isUnread = false;
  for (const [index, { machine, name: plain, failure }] of machines.entries()) {
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
  return { answers, problems, headlines, notes, isUnread, counts };
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
  const { answers, problems, headlines, notes, isUnread, counts } = await answersOf(await namesOf(machines), ask);
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

/** How long rows wait for machines that have not answered, so that they usually are in the order of the machines. */
const patienceMs = 5000;

/** The machines that have not answered. */
function waitedFor(machines: readonly AskedMachine[]): ReadonlySet<AskedMachine> {
  const left = new Set(machines);
  for (const machine of machines) void Promise.resolve(machine.answered).then(() => left.delete(machine));
  return left;
}

/**
 * Yields the answers of machines, and returns the exit code of all, like `answerOfAll`. If a machine does not answer
 * soon, the others do not wait for it: from then on, each answer is yielded when it is there.
 */
export async function* answersInTurn(
  machines: readonly AskedMachine[],
  ask: (machine: AskedMachine) => Promise<Answer>,
  decisive: boolean,
): AsyncGenerator<Pick<Answer, 'rows' | 'problems'>, ExitCode> {
  const left = waitedFor(machines);
  const exitCodes: ExitCode[] = [];
  const used: string[] = [];
  let isUnread = false;
  let remaining = machines;
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, patienceMs);
  await Promise.race([patience.promise, Promise.all(machines.map(({ answered }) => answered))]);
  clearTimeout(timer);
  while (remaining.length > 0) {
    if (remaining.every((machine) => left.has(machine))) await Promise.race(remaining.map(({ answered }) => answered));
    const there = remaining.filter((machine) => !left.has(machine));
    remaining = remaining.filter((machine) => left.has(machine));
    // A later machine may need the name that the user specified for it.
    const names = await namesOf(there, [...used, ...remaining.map(({ name }) => name)]);
    const part = await answersOf(names, ask);
    for (const { name } of names) used.push(name);
    for (const { exitCode } of part.answers) exitCodes.push(exitCode);
    isUnread ||= part.isUnread;
    yield { rows: part.answers.flatMap(({ rows }) => rows), problems: part.problems };
  }
  return exitCodeOfAll(exitCodes, { decisive, isUnread });
}

/** The number of machines that a line names. */
const mostNamed = 5;

/** Says now and then which machines have not answered. */
export function reportWaiting(machines: readonly AskedMachine[], write: (text: string) => void): void {
  const left = waitedFor(machines);
  let told = 0;
  const timer = setInterval(() => {
    if (left.size === 0) clearInterval(timer);
    // Once for the same machines.
    if (left.size === 0 || left.size === told) return;
    told = left.size;
    const names = [...left].slice(0, mostNamed).map(({ name }) => sanitize(name));
    const others = left.size > mostNamed ? `, and ${left.size - mostNamed} more` : '';
    write(`portowner: waiting for ${names.join(', ')}${others} (${left.size} of ${machines.length} machines)\n`);
  }, patienceMs).unref();
}
