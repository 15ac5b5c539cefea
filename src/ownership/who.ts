import type { Machine } from '../facts/machine.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';
import { holdsPort, selectSockets, type Question } from '../facts/model/question.ts';
import { formatPorts, type PortSpan } from '../ports/expression.ts';
import type { Place } from '../ports/place.ts';
import type { Answer } from '../schema/answer.ts';
import { endpoint, type Endpoint } from '../schema/endpoint.ts';
import { exit, type ExitCode, type Problem, type Report } from '../schema/problems.ts';
import { variantOf } from '../schema/variant.ts';
import { detailsFor } from './details.ts';
import { endpoints } from './endpoints.ts';
import type { RowFilter } from './filter.ts';
import { defaultOrder } from './order.ts';
import { sectionProblems } from './problems.ts';
import type { SortKey } from './sort.ts';

/** Whose ports are asked for: the ports, or the ports and the processes of either. */
export interface Subject {
  /** Null asks for every port. */
  readonly spans: readonly Place[] | null;
  readonly pids: ReadonlySet<number>;
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

/** Who owns a port? */
export interface WhoRequest {
  readonly subject: Subject;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /** Whether connections and every other state count, too. */
  readonly all: boolean;
  readonly filter: RowFilter;
  readonly sort: readonly SortKey[] | null;
  /** For how long DNS is asked for the names of remote addresses; null does not ask. */
  readonly resolveSeconds: number | null;
  readonly firewall: boolean;
  /** The columns that are wanted. */
  readonly columns: readonly string[];
  /** Whether people read the answer, who are told why there are no rows. */
  readonly forPeople: boolean;
}

/** The filter as a test of a row (null: cannot tell), and the columns it looks at; null when all are wanted. */
interface Filter {
  readonly test: (row: Endpoint) => boolean | null;
  readonly columns: readonly string[];
}

async function filterOf(filter: RowFilter): Promise<Filter | null> {
  if (Object.values(filter).every((value) => value === null)) return null;
  const columns: string[] = [];
  if (filter.pids !== null) columns.push('OwningProcess');
  if (filter.images !== null) columns.push('ImageName');
  if (filter.users !== null) columns.push('UserName');
  if (filter.services !== null) columns.push('Services');
  return { test: (await import('./filter.ts')).rowFilter(filter), columns };
}

/** What the machine is asked. */
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

/** Says who owns the ports that are asked for. */
export async function whoOwns(request: WhoRequest, machine: Machine, report?: Report): Promise<Answer> {
  const { subject, sort, firewall } = request;
  if (subject.problems.length > 0 && subject.spans?.length === 0 && subject.pids.size === 0)
    return { rows: [], problems: subject.problems, exitCode: exit.usage };
  const filter = await filterOf(request.filter);
  const columns = [
    ...request.columns,
    ...(firewall ? ['Path', 'Services'] : []),
    ...(sort ?? []).map((key) => key.column.name),
    ...(filter?.columns ?? []),
  ];
  const question = questionOf(request, columns);
  const facts = await machine.facts(question);
  const found = await rowsOf(request, question, facts, {
    live: machine.live,
    serviceName: columns.includes('PortService') ? (await import('../ports/iana.ts')).serviceName : null,
  });
  let { rows, undecided } = found;
  const places = placesOf(subject);
  if (places !== null) {
    const isThere = (await import('../ports/place.ts')).placeMatcher(places);
    rows = rows.filter((row) => isAsked(row, subject) || isThere(row.Protocol, row.LocalAddress, row.LocalPort));
  }
  if (filter !== null) {
    const { test } = filter;
    undecided = [...undecided.filter((row) => test(row) !== false), ...rows.filter((row) => test(row) === null)];
    rows = rows.filter((row) => test(row) === true);
  }
  if (firewall) rows = (await import('./firewall.ts')).withFirewall(rows, facts);
  rows.sort(defaultOrder);
  if (sort !== null) rows.sort((await import('./sort.ts')).compareRows(sort));

  const problems = [
    ...subject.problems,
    ...sectionProblems(facts, undecided.length === 0 ? rows : [...rows, ...undecided]),
  ];
  if (request.resolveSeconds !== null) {
    const resolved = await withNames(rows, request.resolveSeconds, report);
    rows = resolved.rows;
    problems.push(...resolved.problems);
  }
  const exitCode = verdict(facts, rows, undecided, question.localPorts);
  const { name: variant } = variantOf(
    endpoint,
    rows.some((row) => row.RemotePort !== null),
    (option) => (option === 'resolve' ? request.resolveSeconds !== null : firewall),
  );
  if (rows.length > 0) return { rows, problems, exitCode, ...(variant === '' ? {} : { variant }) };
  if (exitCode !== exit.unavailable && !request.forPeople) return { rows, problems, exitCode };
  const note =
    exitCode === exit.no
      ? await nobodyText(question, { places, filtered: filter !== null }, machine)
      : unknownText(undecided, facts);
  // An empty list would look like "nobody".
  if (!request.forPeople)
    problems.push({
      severity: 'Error',
      code: 'PO3001',
      message: `${note[0]!.toLowerCase()}${note.slice(1).replace(/\.$/, '')}`,
    });
  return { rows, problems, exitCode, note };
}

/** The rows of the sockets that are asked for, and of those whose hidden owner may be a process that is. */
async function rowsOf(
  { subject, all }: WhoRequest,
  question: Question,
  facts: Facts,
  options: Parameters<typeof endpoints>[2],
): Promise<{ rows: Endpoint[]; undecided: readonly Endpoint[] }> {
  const { data } = facts.sections.sockets;
  if (subject.pids.size === 0) return { rows: endpoints(facts, selectSockets(data, question), options), undecided: [] };
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
  return { rows: endpoints(facts, sockets, options), undecided: endpoints(facts, hidden, options) };
}

/** Of the sockets, those on the ports and those of the processes that are asked for. */
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

/** The places that are asked for, where they say more than ports. */
function placesOf({ spans }: Subject): readonly Place[] | null {
  return spans?.some(({ protocol, address }) => protocol !== undefined || address !== undefined) === true
    ? spans
    : null;
}

/** Whether a row is of a process that is asked for, wherever it is. */
const isAsked = ({ OwningProcess, Holders }: Endpoint, { pids }: Subject): boolean =>
  pids.size > 0 && [OwningProcess, ...(Holders ?? [])].some((pid) => pid !== null && pids.has(pid));

/** Looks the names of remote addresses up. */
async function withNames(rows: readonly Endpoint[], seconds: number, report: Report | undefined) {
  const { resolveNames } = await import('./resolve.ts');
  return resolveNames(rows, seconds, undefined, (addresses) =>
    report?.(
      'Progress',
      `asking DNS for the names of ${addresses} address${addresses === 1 ? '' : 'es'}, for up to ${seconds} s`,
    ),
  );
}

/** Yes, no, or why it cannot be told. */
function verdict(
  facts: Facts,
  rows: readonly Endpoint[],
  undecided: readonly Endpoint[],
  spans: readonly PortSpan[] | null,
): ExitCode {
  const denied = (row: Endpoint, column = ''): boolean =>
    row.Reason?.some((reason) => reason.startsWith(column) && reason.includes(': AccessDenied: ')) ?? false;
  if (rows.length === 0) {
    if (undecided.some((row) => denied(row))) return exit.rights;
    return facts.sections.sockets.status === 'ok' && undecided.length === 0 ? exit.no : exit.unavailable;
  }
  if (spans === null) return exit.ok;
  const hidden = (row: Endpoint): boolean => row.OwnerKind === 'Unknown' && denied(row, 'OwningProcess');
  const unfound = (row: Endpoint): boolean =>
    row.OwnerKind === 'Unknown' &&
    (row.Reason?.some((reason) => reason.startsWith('OwningProcess: Failed: ')) ?? false);
  if (!rows.every((row) => hidden(row) || unfound(row))) return exit.ok;
  return rows.some(hidden) ? exit.rights : exit.unavailable;
}

/** Why it cannot be told. */
function unknownText(undecided: readonly Endpoint[], { sections }: Facts): string {
  const { status, reason } = sections.sockets;
  if (undecided.length > 0)
    return `Cannot tell: too little is known of ${undecided.length} socket${undecided.length === 1 ? '' : 's'} to say whether ${undecided.length === 1 ? 'it matches' : 'they match'}.`;
  return `Cannot tell: ${(status === 'notAsked' ? reason : null) ?? 'not every source could be read'}.`;
}

/** That there is nobody; for a port also whether the system keeps it for itself. */
async function nobodyText(
  question: Question,
  { places, filtered }: { readonly places: readonly Place[] | null; readonly filtered: boolean },
  machine: Machine,
): Promise<string> {
  const protocol = question.protocols.length === 1 ? `${question.protocols[0]} ` : '';
  if (question.localPorts === null || filtered) return `No ${protocol}socket matches.`;
  const what = places?.some(({ address }) => address !== undefined)
    ? (await import('../ports/place.ts')).formatPlaces(places)
    : formatPorts(question.localPorts);
  const nobody = `Nobody owns ${protocol}port${/,|\d-/.test(what) ? 's' : ''} ${what}.`;
  const facts = await machine.facts({ ...question, protocols: [], details: new Set(), ranges: true });
  const { reservedNotes } = await import('./reserved.ts');
  return [nobody, ...reservedNotes(facts, question.localPorts, question.protocols)].join('\n');
}
