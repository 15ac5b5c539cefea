import { probe, type Probe } from '../facts/gather/probe.ts';
import type { AskedMachine } from '../facts/machine.ts';
import { advisedThere } from '../facts/there.ts';
import type { Facts } from '../facts/model/facts.ts';
import { sectionProblems } from '../ownership/problems.ts';
import type { Verdict } from '../schema/verdict.ts';
import { step } from '../schema/step.ts';
import { exitCodeOf, lackOf, type Lack } from '../schema/exit-code.ts';
import type { ExitCode, Problem } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { diagnose, isAboutDynamicPorts, type Diagnosis } from './diagnose.ts';
import type { ParsedError } from './error-text.ts';
import { goneHeadline, headline } from './headline.ts';
import { outgoingVerdict } from './outgoing.ts';
import { attemptsFor, type Request } from './request.ts';

/** Asks whether a program could bind a port, and if not, why. */
export interface WhyRequest {
  /** Null where only an error text is given that names no port. */
  readonly bind: Request | null;
  /** The error that the program reported. */
  readonly error: ParsedError | null;
}

/** The machine to inspect, and this machine, to attempt binds on. */
export interface WhyWorld extends Pick<Surroundings, 'binder'> {
  readonly machine: AskedMachine;
  /** The home folder of the person who reads the answer; empty if there is none. */
  readonly home: string;
  /** Returns which configurations of this machine ask for a port; without it, they are unknown. */
  readonly askedFor?: (request: Request) => Promise<{
    readonly evidence: readonly string[];
    readonly remedies: readonly string[];
  }>;
}

/** The verdict, and what determines the exit code. */
interface WhyAnswer {
  readonly row: Verdict;
  /** The verdict in one sentence. */
  readonly headline: string | null;
  readonly problems: readonly Problem[];
  /** What prevents deciding whether the port can be bound. */
  readonly lack: Lack;
}

/** Several verdicts and their exit code. */
interface WhyAnswers extends Pick<WhyAnswer, 'problems'> {
  readonly rows: readonly Verdict[];
  /** A sentence for each verdict on a port. */
  readonly headline: readonly string[];
  readonly exitCode: ExitCode;
}

/** Answers each question separately and combines the exit codes: no before unknown before yes. */
export async function whyNotEach(questions: readonly WhyRequest[], world: WhyWorld): Promise<WhyAnswers> {
  const answers: WhyAnswer[] = [];
  for (const question of questions) answers.push(await whyNot(question, world));
  const problems = new Map(answers.flatMap((answer) => answer.problems.map((one) => [JSON.stringify(one), one])));
  const rows = answers.map(({ row }) => row);
  const canBind = rows.some(({ CanBind }) => CanBind === false)
    ? false
    : rows.some(({ CanBind }) => CanBind === null)
      ? null
      : true;
  return {
    rows,
    headline: answers.flatMap((answer) => answer.headline ?? []),
    problems: [...problems.values()],
    exitCode: exitCodeOf(canBind, answers.find(({ lack }) => lack === 'rights')?.lack ?? null),
  };
}

/** Decides whether the port could be bound, and if not, exactly why. */
async function whyNot({ bind, error }: WhyRequest, world: WhyWorld): Promise<WhyAnswer> {
  if (bind === null) {
    const given = error!.about === 'connection' ? await outgoingVerdict(error!, world.machine) : noPort(error!);
    const [row = given] = advisedThere([given], world.machine.there);
    return { row, headline: row.Summary, problems: [], lack: 'source' };
  }
  let { facts, diagnosis } = await look(bind, error, world);
  // If a port changes hands during the check, check again.
  if (world.machine.live && (diagnosis.row.Cause === 'HeldWithoutSocket' || diagnosis.row.Cause === 'Disagreement'))
    ({ facts, diagnosis } = await look(bind, error, world));
  if (bind.isLocalhost === true && diagnosis.row.CanBind === true) {
    const other = await look({ ...bind, address: '::1' }, error, world);
    if (other.diagnosis.row.CanBind === false && other.diagnosis.row.Owner !== null) ({ facts, diagnosis } = other);
  }
  const { needs, said, isGone } = diagnosis;
  const configured = bind.port === 0 ? undefined : await world.askedFor?.(bind);
  const [row = diagnosis.row] = advisedThere([diagnosis.row], world.machine.there, facts);
  const lack = row.CanBind === null ? lackOf(needs) : null;
  const sentence = isGone ? goneHeadline(row) : headline(row, said);
  const evidence = [...(row.Evidence ?? []), ...(configured?.evidence ?? [])];
  // If the port is free, nobody has to move.
  const remedies = row.CanBind === true || row.Remedy === null ? [] : (configured?.remedies ?? []);
  return {
    row: {
      ...row,
      Evidence: evidence,
      Remedy: row.Remedy === null ? null : [...row.Remedy, ...remedies],
      Summary: sentence,
    },
    headline: sentence,
    problems: sectionProblems(facts, []),
    lack,
  };
}

async function look(
  request: Request,
  error: ParsedError | null,
  { machine, binder, home }: WhyWorld,
): Promise<{ facts: Facts; diagnosis: Diagnosis }> {
  const facts = await machine.facts({
    localPorts: isAboutDynamicPorts(request, error) ? null : [{ start: request.port, end: request.port }],
    protocols: [request.protocol],
    sockets: 'all',
    details: new Set(['owner', 'path', 'user', 'parent', 'services', 'workingDirectory']),
    ranges: true,
    addresses: true,
  });
  const attempts = attemptsFor(facts, request).filter((bind) => bind !== null);
  const probed: Probe | null = machine.live ? probe(await binder(), attempts) : null;
  return { facts, diagnosis: diagnose(facts, request, { probed, error, home }) };
}

/** Explains an error that names no port. */
function noPort(error: ParsedError): Verdict {
  return {
    Port: null,
    Protocol: error.protocol,
    Address: error.address,
    CanBind: null,
    Cause: 'Unknown',
    Owner: null,
    Evidence: [error.evidence],
    Remedy:
      error.about === 'file'
        ? null
        : [step('portowner why PORT --error "…"', 'the same with the port that the program needs')],
    Confidence: 'Low',
    ComputerName: null,
    Summary: error.about === 'file' ? 'There is no port to check.' : 'Cannot tell: the text names no port.',
  };
}
