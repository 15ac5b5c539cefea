import { probe, type Probe } from '../facts/gather/probe.ts';
import type { Machine } from '../facts/machine.ts';
import type { Facts } from '../facts/model/facts.ts';
import { sectionProblems } from '../ownership/problems.ts';
import type { Verdict } from '../schema/verdict.ts';
import { exitCodeOf, lackOf } from '../schema/exit-code.ts';
import type { ExitCode, Problem } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { diagnose, type Diagnosis } from './diagnose.ts';
import type { ParsedError } from './error-text.ts';
import { attemptsFor, type Request } from './request.ts';

/** Could a program bind a port, and if not, why? */
export interface WhyRequest {
  /** Null where only an error text is given, and it names no port. */
  readonly bind: Request | null;
  /** What the program said. */
  readonly error: ParsedError | null;
}

/** The machine that is asked, and this one, to try binds on. */
export interface WhyWorld extends Pick<Surroundings, 'binder'> {
  readonly machine: Machine;
}

/** The verdict, and what it amounts to. */
export interface WhyAnswer {
  readonly row: Verdict;
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
}

/** Says whether the port could be bound, and if not, exactly why. */
export async function whyNot({ bind, error }: WhyRequest, world: WhyWorld): Promise<WhyAnswer> {
  if (bind === null) return { row: noPort(error!), problems: [], exitCode: exitCodeOf(null) };
  let { facts, diagnosis } = await look(bind, error, world);
  // A port that changes hands while it is looked at explains itself at the second look.
  if (world.machine.live && (diagnosis.row.Cause === 'HeldWithoutSocket' || diagnosis.row.Cause === 'Disagreement'))
    ({ facts, diagnosis } = await look(bind, error, world));
  const { row, needs } = diagnosis;
  const exitCode = exitCodeOf(row.CanBind, row.CanBind === null ? lackOf(needs) : null);
  return { row, problems: sectionProblems(facts, []), exitCode };
}

async function look(
  request: Request,
  error: ParsedError | null,
  { machine, binder }: WhyWorld,
): Promise<{ facts: Facts; diagnosis: Diagnosis }> {
  const facts = await machine.facts({
    localPorts: request.port === 0 ? null : [{ start: request.port, end: request.port }],
    protocols: [request.protocol],
    sockets: 'all',
    details: new Set(['owner', 'path', 'user', 'parent', 'services']),
    ranges: true,
  });
  const attempts = attemptsFor(facts, request).filter((bind) => bind !== null);
  const probed: Probe | null = machine.live ? probe(await binder(), attempts) : null;
  return { facts, diagnosis: diagnose(facts, request, probed, error) };
}

/** An error that names no port: what it means is still worth saying. */
function noPort(error: ParsedError): Verdict {
  return {
    Port: null,
    Protocol: error.protocol,
    Address: error.address,
    CanBind: null,
    Cause: 'Unknown',
    Owner: null,
    Evidence: [`Cannot tell: no port is named.`, error.evidence],
    Remedy: ['portowner why PORT --error "…"  # the same with the port that the program wants'],
    Confidence: 'Low',
    ComputerName: null,
  };
}
