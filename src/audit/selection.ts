import { anyPattern } from '../ownership/filter.ts';
import type { PortSpan } from '../ports/expression.ts';
import type { MachineChoice, SpanQuestion } from './store/contract.ts';

/** Selects listeners in a store; null selects all. Several values of one filter are alternatives. */
export interface StoreRequest {
  /** Names of machines, as patterns. */
  readonly machines: readonly string[] | null;
  readonly ports: {
    readonly spans: readonly PortSpan[];
    /** Whether to include listeners in the dynamic range. */
    readonly dynamic: boolean;
  } | null;
  /** Paths or names of executables, as patterns. */
  readonly programs: readonly string[] | null;
  /** Names of services, as patterns. */
  readonly services: readonly string[] | null;
}

/** The machines that patterns select: a single name without wildcards is looked up. */
export function machineChoice(patterns: readonly string[] | null): MachineChoice {
  if (patterns === null) return null;
  const [name = ''] = patterns;
  return patterns.length === 1 && !/[*?[]/.test(name) ? name : anyPattern(patterns);
}

/** What a request selects, as a store is queried for it. */
export const spanQuestion = (request: StoreRequest): SpanQuestion => ({
  machine: machineChoice(request.machines),
  port: request.ports?.spans ?? null,
  dynamic: request.ports === null || request.ports.dynamic,
  owner: ownerTest(request),
});

function ownerTest({ programs, services }: StoreRequest): SpanQuestion['owner'] {
  if (programs === null && services === null) return null;
  const isProgram = programs === null ? null : anyPattern(programs.flatMap(programPatterns));
  const isService =
    services === null ? null : anyPattern(services.flatMap((pattern) => [pattern, `${pattern}.service`]));
  return (owner) =>
    (isProgram === null || (owner.program !== null && isProgram(owner.program))) &&
    (isService === null || owner.services.some(isService));
}

/** A path matches exactly; a name matches a file in any folder, on Windows with or without its extension. */
const programPatterns = (pattern: string): string[] =>
  /[\\/]/.test(pattern) ? [pattern] : [pattern, `${pattern}.exe`, `*/${pattern}`, `*\\${pattern}`, `*\\${pattern}.exe`];
