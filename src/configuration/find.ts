import type { AskedMachine } from '../facts/machine.ts';
import type { Facts } from '../facts/model/facts.ts';
import { holdsPort, pidsOf } from '../facts/model/question.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { formatPlaces, placeMatcher, type Place as PortPlace } from '../ports/place.ts';
import type { Answer } from '../schema/answer.ts';
import type { Configuration } from '../schema/configuration.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { didYouMean } from '../schema/nearest.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import { isRegistryPath } from '../system/registry.ts';
import { families, type FamilyEntry } from './families.ts';
import { listenersQuestion, survey, surveyFile, type Configured } from './instances.ts';
import { isConfirmed, outdated, outdatedReason, outdatedText, type Outdated } from './outdated.ts';
import { whereText, settingText, type RankedPort } from './overlay.ts';
import { lineAt } from './text-file.ts';

/** Which configurations to find. */
export interface FindRequest {
  /** Null: every port. */
  readonly ports: readonly PortPlace[] | null;
  readonly application: string | null;
  /** One configuration file, with its full path. */
  readonly path: string | null;
}

export interface FindWorld {
  readonly asked: AskedMachine;
  readonly machine: ConfigurationMachine;
}

/** The names of all families, for help and completion. */
export const familyNames = (): string[] => families.map(({ name }) => name);

/** Returns the families that a name selects. Throws PO1001. */
export function familiesNamed(name: string | null): readonly FamilyEntry[] {
  if (name === null) return families;
  const found = families.filter((family) => family.name.toLowerCase() === name.toLowerCase());
  if (found.length > 0) return found;
  const hint = didYouMean(name, familyNames());
  throw new PortOwnerError(
    'PO1001',
    `unknown value ${JSON.stringify(name)} for --app; expected ${familyNames().join(', ')}`,
    {
      ...(hint === '' ? {} : { hint }),
      target: name,
    },
  );
}

const sourceWords = {
  file: 'File',
  commandLine: 'CommandLine',
  environment: 'Environment',
  default: 'Default',
} as const;

function rowOf(
  configured: Configured,
  place: RankedPort,
  stale: Outdated | undefined,
  computer: string | null,
): Configuration {
  const { family, instance, reading } = configured;
  const { source, winner } = place;
  const isUnknown = place.port === null;
  const isIn = source.kind === 'file' && isRegistryPath(source.file.path);
  const reasons = [
    ...(place.reason === null ? [] : [place.reason]),
    ...(winner === null ? [] : [`overridden by ${settingText(winner)}`]),
    ...(stale?.places.includes(place) === true ? [outdatedReason(stale)] : []),
    ...(isUnknown ? reading.gaps : []),
  ];
  return {
    Application: family.name,
    Port: place.port,
    Protocol: place.protocol,
    Address: place.address,
    File: source.kind === 'file' ? source.file.path : null,
    Line: source.kind === 'file' && !isIn ? lineAt(source.file.text, source.at) : null,
    Setting: place.setting,
    Value: place.value,
    Source: isIn ? 'Registry' : sourceWords[source.kind],
    IsEffective: place.isEffective,
    Overrides: place.overrides.length === 0 ? null : place.overrides.map(settingText),
    NeedsRestart: place.needsRestart,
    Confidence: isUnknown
      ? 'Unknown'
      : place.isEffective && isConfirmed(configured, place)
        ? 'Confirmed'
        : 'Configured',
    OwningProcess: instance.pid,
    Reason: reasons.length === 0 ? null : reasons,
    ComputerName: computer,
  };
}

/** Returns the warnings about files that were not read. */
export function unreadProblems(found: readonly Configured[]): Problem[] {
  return found.flatMap(({ family, reading }) =>
    reading.gaps.map((gap): Problem => ({
      severity: 'Warning',
      code: 'PO4401',
      message: `${family.name}: ${gap}`,
      target: family.name,
    })),
  );
}

/** Returns the warnings about servers that listen on these ports, which are in no configuration any more. */
function outdatedProblems(ports: FindRequest['ports'], stale: readonly Outdated[]): Problem[] {
  if (ports === null) return [];
  return stale.flatMap((one) =>
    one.ports
      .filter((port) => ports.some(({ start, end }) => start <= port && port <= end))
      .map((port): Problem => ({
        severity: 'Warning',
        code: 'PO4406',
        message: outdatedText(one, port),
        target: String(port),
      })),
  );
}

/** The port that a request is about; null if it is about several. */
function onlyPort(ports: FindRequest['ports']): number | null {
  const [first, second] = ports ?? [];
  return first !== undefined && second === undefined && first.start === first.end ? first.start : null;
}

/** Returns the servers whose unread files could set what a request is about. */
function incomplete(
  found: readonly Configured[],
  having: ReadonlySet<Configured>,
  { ports, application, path }: FindRequest,
  { sections }: Facts,
): Configured[] {
  const gapped = found.filter(({ reading }) => reading.gaps.length > 0);
  const port = onlyPort(ports);
  if (port === null || application !== null || path !== null) return gapped;
  const holding = sections.sockets.data.filter((socket) => socket.localPort === port && holdsPort(socket));
  const isExplained = having.size > 0 || (holding.length > 0 && holding.every((socket) => pidsOf(socket).length > 0));
  return isExplained
    ? gapped.filter((one) => having.has(one) || one.sockets.some(({ localPort }) => localPort === port))
    : gapped;
}

/** Finds where ports are configured. */
export async function findConfiguration(request: FindRequest, world: FindWorld): Promise<Answer> {
  const { ports, application, path } = request;
  const only = familiesNamed(application);
  const facts = await world.asked.facts(listenersQuestion);
  const surveyed = { facts, machine: world.machine };
  const found = path === null ? await survey(surveyed, only) : await surveyFile(path, surveyed, only);
  const isAsked = ports === null ? () => true : placeMatcher(ports.map(({ address: _, ...span }) => span));
  const selected = found.flatMap((configured) =>
    configured.places
      .filter(
        ({ role, protocol, port }) =>
          role !== 'reference' && (ports === null || (port !== null && isAsked(protocol, null, port))),
      )
      .map((place) => ({ configured, place })),
  );
  const stale = new Map(
    found.flatMap((one): [Configured, Outdated][] => {
      const answer = outdated(one, world.machine);
      return answer === null ? [] : [[one, answer]];
    }),
  );
  const rows = selected.map(({ configured, place }) =>
    rowOf(configured, place, stale.get(configured), facts.machine.name),
  );
  // A listener whose configuration is not found may be set in what could not be read.
  const unread = incomplete(found, new Set(selected.map(({ configured }) => configured)), request, facts);
  const what = path === null ? (ports === null ? 'a port' : `port ${formatPlaces(ports)}`) : `a port in ${path}`;
  return {
    rows,
    problems: [
      ...sectionProblems(facts, []),
      ...unreadProblems(unread),
      ...outdatedProblems(ports, [...stale.values()]),
    ],
    exitCode: exitCodeOf(rows.length > 0 ? true : unread.length > 0 ? null : false),
    ...(rows.length > 0
      ? {}
      : {
          note:
            unread.length > 0
              ? `Whether a configuration sets ${what} is unknown: the warnings say what was not read.`
              : `No configuration that PortOwner understands sets ${what}. It understands ${familyNames().join(', ')}.`,
        }),
    ...(selected.length === 1 ? { headline: headlineOf(selected[0]!) } : {}),
  };
}

const headlineOf = ({ configured, place }: { configured: Configured; place: RankedPort }): string =>
  `${configured.family.name} is configured for port ${place.port ?? '?'} in ${whereText(place)}.`;
