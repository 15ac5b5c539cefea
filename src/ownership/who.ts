import type { AskedMachine } from '../facts/machine.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';
import { holdsPort, selectSockets, spansWithout, type Question } from '../facts/model/question.ts';
import { isWhole, wasAsked } from '../facts/model/section.ts';
import { formatPorts, portsText } from '../ports/expression.ts';
import type { Place } from '../ports/place.ts';
import type { Answer, Background } from '../schema/answer.ts';
import { endpoint } from '../schema/endpoint.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { exit, type ExitCode, type Problem, type Report } from '../schema/problems.ts';
import { treeVariant, variantOf } from '../schema/variant.ts';
import { detailsFor } from './details.ts';
import { endpoints } from './endpoints.ts';
import type { RowFilter } from './filter.ts';
import { defaultOrder } from './order.ts';
import { isOwnerDenied, isRefused, toRow, type OwnedEndpoint } from './owned.ts';
import type { FindProject } from '../system/project.ts';
import { sectionProblems } from './problems.ts';
import type { SortKey } from './sort.ts';

/** The subject of a query: ports, processes, or both. */
export interface Subject {
  /** Null selects every port. */
  readonly spans: readonly Place[] | null;
  readonly pids: ReadonlySet<number>;
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

/** A query for the owners of ports. */
export interface WhoRequest {
  readonly subject: Subject;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /** Whether to include connections and all other states. */
  readonly all: boolean;
  readonly filter: RowFilter;
  readonly sort: readonly SortKey[] | null;
  /** How long to query DNS for the names of remote addresses; null to skip it. */
  readonly resolveSeconds: number | null;
  readonly firewall: boolean;
  /** Whether to show the ancestors of the owners. */
  readonly tree: boolean;
  /** Whether the values of an option's columns are requested. */
  readonly asks: (option: string) => boolean;
  /** The requested columns. */
  readonly columns: readonly string[];
  /** Whether a person reads the answer as text. */
  readonly forPeople: boolean;
  /** Whether the answer has an explanation if there are no rows, and says which of the requested ports nobody owns. */
  readonly explain: boolean;
  /** The home folder of the person who reads the answer, to show where programs run; null if there is none. */
  readonly home: string | null;
  /** Finds projects on this machine. */
  readonly projects: () => Promise<FindProject>;
}

/** The filter as a test of a row (null: unknown), and the columns it uses; null if it selects all. */
interface Filter {
  readonly test: (row: OwnedEndpoint) => boolean | null;
  readonly columns: readonly string[];
}

async function filterOf(filter: RowFilter): Promise<Filter | null> {
  if (Object.values(filter).every((value) => value === null)) return null;
  const columns: string[] = [];
  if (filter.pids !== null) columns.push('OwningProcess');
  if (filter.images !== null) columns.push('ImageName', 'Application');
  if (filter.users !== null) columns.push('UserName');
  if (filter.services !== null) columns.push('Services');
  return { test: (await import('./filter.ts')).rowFilter(filter), columns };
}

/** The facts to gather from the machine. */
function questionOf({ subject, protocols, all, firewall }: WhoRequest, columns: readonly string[]): Question {
  const { pids } = subject;
  const spans = pids.size === 0 ? subject.spans : null;
  return {
    localPorts: spans,
    protocols,
    sockets: all || (pids.size > 0 && subject.spans?.length !== 0) ? 'all' : spans === null ? 'listeners' : 'answer',
    details: detailsFor(columns),
    ranges: false,
    firewall,
  };
}

/** The requested columns, and those that the rest of the request uses. */
function columnsFor({ columns, firewall, tree, home, sort }: WhoRequest, filter: Filter | null): string[] {
  return [
    ...columns,
    ...(firewall ? ['Path', 'Services'] : []),
    ...(tree ? ['Ancestors', 'Supervisor'] : []),
    ...(home !== null && columns.includes('Owner') ? ['WorkingDirectory'] : []),
    ...(sort ?? []).map((key) => key.column.name),
    ...(filter?.columns ?? []),
  ];
}

/** Finds the owners of the requested ports. */
export async function whoOwns(request: WhoRequest, machine: AskedMachine, report?: Report): Promise<Answer> {
  const { subject, sort, firewall } = request;
  if (subject.problems.length > 0 && subject.spans?.length === 0 && subject.pids.size === 0)
    return { rows: [], problems: subject.problems, exitCode: exit.usage };
  const filter = await filterOf(request.filter);
  const columns = columnsFor(request, filter);
  const question = questionOf(request, columns);
  const facts = await machine.facts(question);
  const found = await ownersOf(request, question, facts, {
    live: machine.live,
    home: request.home,
    tree: columns.includes('Ancestors') || columns.includes('Supervisor') ? await import('./origin.ts') : null,
    serviceName: columns.includes('PortService') ? (await import('../ports/iana.ts')).serviceName : null,
  });
  let { undecided } = found;
  const places = placesOf(subject);
  let owned = places === null ? found.owned : await atPlaces(found.owned, places, subject);
  if (filter !== null) {
    const { test } = filter;
    undecided = [...undecided.filter((row) => test(row) !== false), ...owned.filter((row) => test(row) === null)];
    owned = owned.filter((row) => test(row) === true);
  }
  if (firewall) owned = (await import('./firewall.ts')).withFirewall(owned, facts);
  if (machine.live && columns.includes('Project'))
    owned = (await import('./projects.ts')).withProjects(owned, facts, await request.projects(), request.home ?? '');
  owned.sort(defaultOrder);

  const problems = [
    ...subject.problems,
    ...sectionProblems(facts, undecided.length === 0 ? owned : [...owned, ...undecided]),
    ...(firewall ? firewallProblems(facts) : []),
  ];
  if (request.resolveSeconds !== null) {
    const resolved = await withNames(owned, request.resolveSeconds, report);
    owned = resolved.rows;
    problems.push(...resolved.problems);
  }
  const exitCode = verdict(facts, owned, undecided, question.localPorts !== null);
  const rows = owned.map(toRow);
  const background = (): Promise<Background> => rangesOf(machine, question);
  if (sort !== null) rows.sort((await import('./sort.ts')).compareRows(sort));
  const isConnected = rows.some((row) => row.RemotePort !== null);
  const variant = request.tree ? treeVariant : variantOf(endpoint, isConnected, request.asks).name;
  if (rows.length > 0) {
    const note = request.explain ? await besides(request, { question, facts, owned, rows }) : '';
    const more = { ...(variant === '' ? {} : { variant }), ...(note === '' ? {} : { note }) };
    return { rows, problems, exitCode, background, ...more };
  }
  if (exitCode !== exitCodeOf(null) && !request.explain) return { rows, problems, exitCode, background };
  const why =
    exitCode === exitCodeOf(false)
      ? await nobodyText(question, { places, filtered: filter !== null }, machine)
      : unknownText(undecided, facts);
  const hint = filter === null ? '' : (await import('./filter.ts')).nearestOwner(request.filter, found.owned);
  const note = hint === '' ? why : `${why} ${hint}`;
  // An empty list would look like "nobody".
  const isMute = !request.forPeople && exitCode === exitCodeOf(null);
  return { rows, problems: isMute ? [...problems, asProblem(note)] : problems, exitCode, note, background };
}

/** The question for the ranges of ports only. */
const rangesOnly = (question: Question): Question => ({
  ...question,
  protocols: [],
  details: new Set(),
  firewall: false,
  ranges: true,
});

/** What port numbers mean on the machine, for a picture of them. */
async function rangesOf(machine: AskedMachine, question: Question): Promise<Background> {
  return { ranges: (await import('./ranges.ts')).ranges(await machine.facts(rangesOnly(question))) };
}

/** The text for a person, in addition to the rows. */
async function besides(
  { subject, tree, filter, forPeople }: WhoRequest,
  {
    question,
    facts,
    owned,
    rows,
  }: {
    readonly question: Question;
    readonly facts: Facts;
    readonly owned: readonly OwnedEndpoint[];
    readonly rows: Parameters<typeof import('./tree.ts').treeText>[0];
  },
): Promise<string> {
  const isFiltered = Object.values(filter).some((value) => value !== null);
  const says = !isFiltered && isWhole(facts.sections.sockets);
  const nobody = says ? await unownedText(question, placesOf(subject), owned) : null;
  return [
    ...(tree && forPeople ? [(await import('./tree.ts')).treeText(rows)] : []),
    ...(nobody === null ? [] : [`${forPeople ? '\n' : ''}${nobody}`]),
  ].join('\n');
}

/** The text for a person, as a problem. */
const asProblem = (note: string): Problem => ({
  severity: 'Error',
  code: 'PO3001',
  message: `${note[0]!.toLowerCase()}${note.slice(1).replace(/\.$/, '')}`,
});

/** Warns that there is no firewall. */
function firewallProblems({ sections: { firewall } }: Facts): Problem[] {
  if (wasAsked(firewall) || firewall?.reason == null) return [];
  return [
    {
      severity: 'Warning',
      code: 'PO3001',
      message: `the firewall cannot be queried: ${firewall.reason}`,
      target: 'firewall',
    },
  ];
}

/** The owners of the requested sockets, and of sockets whose hidden owner may be a requested process. */
async function ownersOf(
  { subject, all }: WhoRequest,
  question: Question,
  facts: Facts,
  options: Parameters<typeof endpoints>[2],
): Promise<{ owned: OwnedEndpoint[]; undecided: readonly OwnedEndpoint[] }> {
  const { data } = facts.sections.sockets;
  if (subject.pids.size === 0)
    return { owned: endpoints(facts, selectSockets(data, question), options), undecided: [] };
  const sockets = socketsOf(data, subject, question, all);
  const chosen = new Set(sockets);
  const hidden = data.filter(
    (socket) =>
      socket.pid === null &&
      socket.refusals.length > 0 &&
      question.protocols.includes(socket.protocol) &&
      (all || holdsPort(socket)) &&
      !chosen.has(socket),
  );
  return { owned: endpoints(facts, sockets, options), undecided: endpoints(facts, hidden, options) };
}

/** Selects the sockets on the requested ports, and those of the requested processes. */
function socketsOf(
  sockets: readonly Socket[],
  { spans, pids }: Subject,
  { protocols }: Question,
  all: boolean,
): Socket[] {
  const byPort = new Set(selectSockets(sockets, { localPorts: spans, protocols, sockets: all ? 'all' : 'answer' }));
  return sockets.filter(
    (socket) =>
      byPort.has(socket) ||
      (protocols.includes(socket.protocol) &&
        (all || holdsPort(socket)) &&
        ((socket.pid !== null && pids.has(socket.pid)) || socket.holders.some((pid) => pids.has(pid)))),
  );
}

/** The requested places, if they are more specific than ports. */
function placesOf({ spans }: Subject): readonly Place[] | null {
  return spans?.some(({ protocol, address }) => protocol !== undefined || address !== undefined) === true
    ? spans
    : null;
}

/** Selects sockets at one of the places, or of a requested process. */
async function atPlaces(
  owned: readonly OwnedEndpoint[],
  places: readonly Place[],
  { pids }: Subject,
): Promise<OwnedEndpoint[]> {
  const isThere = (await import('../ports/place.ts')).placeMatcher(places);
  const isAsked = ({ OwningProcess, Holders }: OwnedEndpoint): boolean =>
    pids.size > 0 && [OwningProcess, ...(Holders ?? [])].some((pid) => pid !== null && pids.has(pid));
  return owned.filter((row) => isAsked(row) || isThere(row.Protocol, row.LocalAddress, row.LocalPort));
}

/** Looks up the names of remote addresses. */
async function withNames(rows: readonly OwnedEndpoint[], seconds: number, report: Report | undefined) {
  const { resolveNames } = await import('./resolve.ts');
  return resolveNames(rows, seconds, undefined, (addresses) =>
    report?.(
      'Progress',
      `querying DNS for the names of ${addresses} address${addresses === 1 ? '' : 'es'}, for up to ${seconds} s`,
    ),
  );
}

/** Whether somebody owns the requested ports, according to the matching and undecided rows. */
function verdict(
  { sections }: Facts,
  rows: readonly OwnedEndpoint[],
  undecided: readonly OwnedEndpoint[],
  isAboutPorts: boolean,
): ExitCode {
  if (rows.length === 0) {
    if (undecided.some(({ refusals }) => refusals.some(({ code }) => code === 'AccessDenied')))
      return exitCodeOf(null, 'rights');
    return exitCodeOf(isWhole(sections.sockets) && undecided.length === 0 ? false : null);
  }
  if (!isAboutPorts) return exitCodeOf(true);
  const unknown = rows.filter(({ OwnerKind }) => OwnerKind === 'Unknown');
  const hidden = unknown.filter(isOwnerDenied);
  const unfound = unknown.filter((row) => isRefused(row, 'OwningProcess', 'Failed') && !isOwnerDenied(row));
  if (hidden.length + unfound.length < rows.length) return exitCodeOf(true);
  return exitCodeOf(null, hidden.length > 0 ? 'rights' : 'source');
}

/** Explains why the answer is unknown. */
function unknownText(undecided: readonly OwnedEndpoint[], { sections }: Facts): string {
  const { sockets } = sections;
  if (undecided.length > 0)
    return `Cannot tell: some details of ${undecided.length === 1 ? '1 socket' : `${undecided.length} sockets`} are missing, so ${undecided.length === 1 ? 'it' : 'they'} may match.`;
  return `Cannot tell: ${(wasAsked(sockets) ? null : sockets.reason) ?? 'some sources could not be read'}.`;
}

/** Names the requested ports that nobody owns, if somebody owns others; null if there are none. */
async function unownedText(
  { localPorts, protocols }: Question,
  places: readonly Place[] | null,
  owned: readonly OwnedEndpoint[],
): Promise<string | null> {
  if (localPorts === null) return null;
  if (places === null) {
    const sockets = owned.map(({ LocalPort }) => ({ localPort: LocalPort! }));
    const unowned = spansWithout(localPorts, sockets);
    return unowned.length === 0 ? null : nobodyOwns(formatPorts(unowned), protocols);
  }
  const { formatPlaces, placeMatcher } = await import('../ports/place.ts');
  const byPort = Map.groupBy(owned, ({ LocalPort }) => LocalPort);
  const unowned = places.filter((place) => {
    const isThere = placeMatcher([place]);
    const rows = place.start === place.end ? (byPort.get(place.start) ?? []) : owned;
    return !rows.some((row) => isThere(row.Protocol, row.LocalAddress, row.LocalPort));
  });
  return unowned.length === 0 ? null : nobodyOwns(formatPlaces(unowned), []);
}

/** The sentence that nobody owns these ports. */
function nobodyOwns(ports: string, protocols: Question['protocols']): string {
  const protocol = protocols.length === 1 ? `${protocols[0]} ` : '';
  // Of one address: `port 80 on localhost`.
  const [, host, port] = /^([^\s,/]+):(\d+)$/.exec(ports) ?? [];
  return `Nobody owns ${protocol}${port === undefined ? portsText(ports) : `port ${port} on ${host}`}.`;
}

/** Says that nobody matches; for a port, also whether the system reserves it. */
async function nobodyText(
  question: Question,
  { places, filtered }: { readonly places: readonly Place[] | null; readonly filtered: boolean },
  machine: AskedMachine,
): Promise<string> {
  const { protocols, localPorts } = question;
  if (localPorts === null || filtered) return `No ${protocols.length === 1 ? `${protocols[0]} ` : ''}socket matches.`;
  const isElsewhere = places?.some(({ address }) => address !== undefined || protocols.length > 1) === true;
  const nobody = isElsewhere
    ? nobodyOwns((await import('../ports/place.ts')).formatPlaces(places!), [])
    : nobodyOwns(formatPorts(localPorts), protocols);
  const facts = await machine.facts(rangesOnly(question));
  const { reservedNotes } = await import('./reserved.ts');
  return [nobody, ...reservedNotes(facts, localPorts, protocols)].join('\n');
}
