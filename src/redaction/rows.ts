import { programName, withoutProject } from '../facts/decode/application/application.ts';
import type { Container, Facts } from '../facts/model/facts.ts';
import { refusalText } from '../facts/model/refusal.ts';
import type { Ancestor } from '../schema/ancestor.ts';
import type { Answer, Background } from '../schema/answer.ts';
import type { AnyRow, Column } from '../schema/column.ts';
import type { Problem } from '../schema/problems.ts';
import { longestName, nameFinder, type NameFinder } from './finder.ts';
import {
  accountOf,
  hostName,
  machineName,
  newNames,
  noteExpectedOwner,
  noteHome,
  noteProject,
  noteRequestPath,
  redactContainer,
  redactText,
  scrubText,
  type Names,
} from './names.ts';

/** Redacts what a command writes, as src/redaction/facts.ts redacts a snapshot: the same names by the same replacements. */
export interface Redactor {
  /** Notes the names in the facts behind an answer: its texts may contain names that no column shows. */
  readonly note: (facts: Facts) => void;
  /** Notes the home folder of the person who asks. */
  readonly noteHome: (home: string) => void;
  /** Notes the name of another machine that the command line names. */
  readonly noteHost: (host: string) => void;
  /** Notes the path of a request that the command line names. */
  readonly noteRequestPath: (path: string) => void;
  /** Notes the name of an owner that the command line waits for. */
  readonly noteExpectedOwner: (name: string) => void;
  /** Redacts an answer; `columns` are those that will be written. */
  readonly answer: (answer: Answer, columns?: readonly Column[]) => Answer;
  /** Redacts rows of several kinds, which may name each other. */
  readonly rows: (kinds: readonly (readonly AnyRow[])[]) => readonly (readonly AnyRow[])[];
  readonly text: (text: string) => string;
  readonly problem: (problem: Problem) => Problem;
}

/** How the values of a column are redacted; any other column is a text. */
type ColumnRule =
  | 'keep'
  | 'left out'
  | 'account'
  | 'machine'
  | 'identity'
  | 'host'
  | 'contact'
  | 'application'
  | 'ancestors'
  | 'owner'
  | 'address';

const fixedWords =
  'Protocol AddressScope State PreviousState PortRange PortService OwnerKind Kind Severity Cause Confidence Result Event WorstSeverity Tool Sha256 Code Category FirewallStatus Status Check AddressFamily TimeOfDay Role';

const columnRules: ReadonlyMap<string, ColumnRule> = new Map<string, ColumnRule>([
  ...fixedWords.split(' ').map((name) => [name, 'keep'] as const),
  ...['CommandLine', 'WorkingDirectory', 'Project'].map((name) => [name, 'left out'] as const),
  ['UserName', 'account'],
  ['ComputerName', 'machine'],
  ['ComputerNames', 'machine'],
  ['Identity', 'identity'],
  ['RemoteHostName', 'host'],
  ['Contact', 'contact'],
  ['Application', 'application'],
  ['Ancestors', 'ancestors'],
  ...'Owner Owners PreviousOwner NewOwner Before After Holders Children OtherPorts Supervisor'
    .split(' ')
    .map((name) => [name, 'owner'] as const),
  ...['Address', 'LocalAddress', 'RemoteAddress'].map((name) => [name, 'address'] as const),
]);

/** The names that an answer must not contain, and the programs whose accounts have their name. */
interface Known {
  readonly names: Names;
  readonly programs: Set<string | null>;
  /** The values that were searched for names: equal ones are common. */
  readonly seen: Set<string>;
}

/** The part of an application that does not depend on the project; the name of its program if there is none. */
function publicApplication(application: string, imageName: string | null): string {
  if (imageName !== null && (application === imageName || application === programName(imageName))) return application;
  return withoutProject(application) || (imageName === null ? 'a program' : programName(imageName));
}

function noteApplication(application: string, imageName: string | null, { names }: Known): void {
  const shown = publicApplication(application, imageName);
  if (shown !== application && application.length <= longestName) names.secrets.set(application, shown);
}

/** A name of one or two letters is also a word: it is replaced only where a name is expected. */
function noteShort(name: string, shown: string, { names }: Known): void {
  for (const before of [' as ', ' of ', ' on ', ' to ', 'user: ']) names.secrets.set(before + name, before + shown);
}

function noteMachine(name: string, known: Known): void {
  const shown = machineName(name, known.names);
  if (name === '' || name.length >= 3) return;
  noteShort(name, shown, known);
  const { secrets } = known.names;
  for (const before of ['the machine ', 'this is ', 'with ']) secrets.set(before + name, before + shown);
  // A sentence or a line can begin with the name of the machine it is about.
  for (const after of [': ', ':\n', ' assigns ', ' at ']) secrets.set(name + after, shown + after);
}

function noteAccount(account: string, known: Known): void {
  const { names, programs } = known;
  const shown = accountOf(account, names, programs);
  if (shown === account || account.length > longestName) return;
  const [domain, name] = account.includes('\\') ? account.split('\\', 2) : ['', account];
  if (domain!.length >= 3) names.secrets.set(domain!, shown.slice(0, shown.indexOf('\\')));
  if (name!.length < 3) noteShort(account, shown, known);
}

function noteContainer(container: Container, { names }: Known): void {
  const shown = redactContainer(container, names);
  for (const key of ['name', 'image', 'project', 'service'] as const) {
    const [name, replacement] = [container[key], shown[key]];
    if (name === undefined || name === '' || name.length > longestName) continue;
    if (name.length >= 3) names.secrets.set(name, replacement!);
    else names.secrets.set(`compose ${name}`, `compose ${replacement!}`);
  }
}

function noteFacts({ machine, sections }: Facts, known: Known): void {
  const { names, programs } = known;
  noteMachine(machine.name, known);
  for (const { imageName } of sections.processes.data) programs.add(imageName);
  for (const process of sections.processes.data) {
    const { application, imageName, workingDirectory, user, realUser, container } = process;
    if (workingDirectory != null) noteProject(workingDirectory, names, programs);
    if (application !== undefined) noteApplication(application, imageName, known);
    for (const account of [user, realUser]) if (account != null) noteAccount(account, known);
    if (container !== null) noteContainer(container, known);
  }
  for (const socket of [...sections.sockets.data, ...(sections.boundSockets?.data ?? [])]) {
    if (socket.user !== null) noteAccount(socket.user, known);
    if (socket.container !== undefined) noteContainer(socket.container, known);
  }
}

const textOf = (value: AnyRow[string]): string | null => (typeof value === 'string' ? value : null);

/** `docker shop-web-1 (nginx:1.27), compose shop/web`, as owners name a container. */
const containerOwner =
  /^(?:docker|podman|containerd|crio|lxc|nerdctl) (?!container )(?<name>\S+?)(?: \((?<image>[^\s()]+)\)(?=[, ]))?(?:, compose (?<project>[^\s/]+)(?:\/(?<service>\S+))?)?(?= \(|$)/;

/** `nginx.exe as CORP\\ann`, `a process of ann`, as owners name an account. */
const accountOwner = /(?: as |\bprocess of )([^\s,;()]+)/;

function noteValue(value: string, rule: ColumnRule | undefined, imageName: string | null, known: Known): void {
  const { names } = known;
  if (rule === 'account') noteAccount(value, known);
  else if (rule === 'machine') noteMachine(value, known);
  else if (rule === 'host') hostName(value, names);
  else if (rule === 'application') noteApplication(value, imageName, known);
  else if (rule === 'contact') {
    if (value.length >= 3 && value.length <= longestName) names.secrets.set(value, names.contact(value));
  } else if (rule === 'owner') {
    const groups = containerOwner.exec(value)?.groups;
    if (groups !== undefined) noteContainer({ runtime: '', id: '', ...groups }, known);
    noteOwner(value, known);
    const account = accountOwner.exec(value)?.[1];
    if (account !== undefined) noteAccount(account, known);
  }
  // A path below a profile names a person.
  if (rule === 'owner' || rule === undefined) redactText(value, names);
}

/** The part of an owner that is its program: `node server.js` of `node server.js (8128)`. */
const programOf = (owner: string): string => /^(?:(?! \(| as |, | and \d).)*/s.exec(owner)?.[0] ?? '';

/** Notes what an interpreter runs, which sentences about the owner repeat. */
function noteOwner(owner: string, { names }: Known): void {
  const name = programOf(owner);
  const shown = withoutProject(name);
  if (shown !== '' && shown !== name && name.length <= longestName) names.secrets.set(name, shown);
}

/** Notes the names in a row: all that is known of a saved one, and of a history. */
function noteRow(row: AnyRow, known: Known): void {
  const { names, programs, seen } = known;
  const imageName = textOf(row['ImageName']);
  programs.add(imageName);
  for (const [name, value] of Object.entries(row)) {
    const rule = columnRules.get(name);
    if (rule === 'ancestors')
      for (const { Application, ImageName } of (value ?? []) as readonly Ancestor[])
        if (Application !== null) noteApplication(Application, ImageName, known);
    if (rule === 'keep' || rule === 'ancestors') continue;
    for (const one of [value].flat()) {
      if (typeof one !== 'string') continue;
      if (name === 'WorkingDirectory') noteProject(one, names, programs);
      const key = `${rule ?? ''} ${rule === 'application' ? imageName : ''} ${one}`;
      if (seen.has(key)) continue;
      seen.add(key);
      noteValue(one, rule, imageName, known);
    }
  }
}

/** The folder where an owner runs: `node server.js in ~/shop (8128)`. */
const runsIn = / in (?:[~/\\]|[a-z]:[\\/])[^"\n]{0,4096}? \((?=(?:[^\s()]+ )?\d+\))/gi;

/** Removes what an interpreter runs from an owner, if only the owner names it: `node server.js (8128)`, `node a.js as ann`. */
function publicOwner(text: string): string {
  const name = programOf(text);
  const shown = withoutProject(name);
  return shown === '' ? text : shown + text.slice(name.length);
}

/** Calls a function once for each text: equal ones are common. */
function cached(change: (text: string) => string): (text: string) => string {
  const done = new Map<string, string>();
  return (text) => {
    let result = done.get(text);
    if (result === undefined) done.set(text, (result = change(text)));
    return result;
  };
}

/** Redacts the values of one answer. */
function cellRedactor({ names, programs }: Known): {
  text: (text: string) => string;
  row: (row: AnyRow, written: ReadonlySet<string>) => AnyRow;
} {
  const find: NameFinder = nameFinder(names.secrets);
  const text = cached((value) => scrubText(redactText(value.replace(runsIn, ' ('), names), find));
  const owner = cached((value) => publicOwner(text(value)));
  const ancestor = (one: Ancestor): Ancestor => ({
    ...one,
    ImageName: one.ImageName === null ? null : text(one.ImageName),
    Application: one.Application === null ? null : text(publicApplication(one.Application, one.ImageName)),
  });
  const changed = (value: string, rule: ColumnRule | undefined, imageName: string | null): string | null => {
    switch (rule) {
      case 'keep':
        return value;
      case 'left out':
        return null;
      case 'account':
        return accountOf(value, names, programs);
      case 'machine':
        return machineName(value, names);
      case 'identity':
        return redactIdentity(value, text, names);
      case 'host':
        return hostName(value, names);
      case 'contact':
        return names.contact(value);
      case 'application':
        return text(publicApplication(value, imageName));
      case 'owner':
        return owner(value);
      case 'address':
        return redactText(value, names);
      case 'ancestors':
      case undefined:
        return text(value);
    }
  };
  return { text, row: (row, written) => withReasons(redactRow(row, changed, ancestor), row, written) };
}

/** Redacts the machine of an identity (src/actions/identity.ts), whose name may be too short to be found in a text. */
function redactIdentity(value: string, text: (text: string) => string, names: Names): string {
  const [endpoints = '', pid, start, computer = '', ...what] = value.split(';');
  return [text(endpoints), pid, start, machineName(computer, names), ...what].join(';');
}

function redactRow(
  row: AnyRow,
  changed: (value: string, rule: ColumnRule | undefined, imageName: string | null) => string | null,
  ancestor: (one: Ancestor) => Ancestor,
): AnyRow {
  const imageName = textOf(row['ImageName']);
  const result: Record<string, AnyRow[string]> = { ...row };
  for (const [name, value] of Object.entries(row)) {
    const rule = columnRules.get(name);
    if (typeof value === 'string') result[name] = changed(value, rule, imageName);
    else if (rule === 'ancestors' && Array.isArray(value)) result[name] = (value as readonly Ancestor[]).map(ancestor);
    else if (Array.isArray(value))
      result[name] = (value as readonly unknown[]).map((one) =>
        typeof one === 'string' ? changed(one, rule, imageName) : one,
      ) as string[];
  }
  return result;
}

/** Adds why a value is missing, if its column is written and can have reasons. */
function withReasons(redacted: AnyRow, given: AnyRow, written: ReadonlySet<string>): AnyRow {
  const missing = [...written].filter((name) => columnRules.get(name) === 'left out' && given[name] != null);
  if (missing.length === 0 || !Object.hasOwn(redacted, 'Reason')) return redacted;
  const reasons = missing.map((field) =>
    refusalText({ field, code: 'Disabled', text: 'left out of a redacted answer', needs: null }),
  );
  return { ...redacted, Reason: [...((redacted['Reason'] as readonly string[] | null) ?? []), ...reasons] };
}

/** The two machines of a file that is for another one (PO4205). */
function foreignMachines(message: string): readonly string[] {
  const [, ...named] = message.split(' belongs to the machine ');
  const names = named.join(' belongs to the machine ').split(/, but (?:this is|is compared with) /);
  const other = names.pop()!;
  return names.length === 0 ? [] : [...names, other.split(': ', 1)[0]!];
}

function redactProblem(problem: Problem, text: (text: string) => string): Problem {
  const { message, hint, target } = problem;
  return {
    ...problem,
    message: text(message),
    ...(hint === undefined ? {} : { hint: text(hint) }),
    ...(target === undefined ? {} : { target: text(target) }),
  };
}

/** Makes a redactor for everything that a command writes. */
export function newRedactor(): Redactor {
  const known: Known = { names: newNames(), programs: new Set(), seen: new Set() };
  let current: { readonly size: number; readonly cells: ReturnType<typeof cellRedactor> } | null = null;
  const cells = (): ReturnType<typeof cellRedactor> => {
    const { size } = known.names.secrets;
    if (current?.size !== size) current = { size, cells: cellRedactor(known) };
    return current.cells;
  };
  const redactRows = <Row extends AnyRow>(
    kinds: readonly (readonly Row[])[],
    written: ReadonlySet<string> = new Set(),
  ): readonly (readonly Row[])[] => {
    for (const rows of kinds) for (const row of rows) noteRow(row, known);
    const { row: change } = cells();
    return kinds.map((rows) => rows.map((row) => change(row, written) as Row));
  };
  const background = async (told: () => Promise<Background>): Promise<Background> => {
    const { audited, ...tables } = await told();
    const kinds = redactRows(Object.values<readonly AnyRow[]>(tables));
    const redacted = Object.fromEntries(Object.keys(tables).map((name, index) => [name, kinds[index]!]));
    return { ...(redacted as unknown as Background), ...(audited === undefined ? {} : { audited }) };
  };
  const text = (value: string): string => cells().text(value);
  const problem = (given: Problem): Problem => {
    // Only the file names the other machine.
    for (const name of foreignMachines(given.message)) noteMachine(name, known);
    return redactProblem(given, text);
  };
  async function* each(later: AsyncIterable<readonly AnyRow[]>): AsyncIterable<readonly AnyRow[]> {
    for await (const rows of later) yield redactRows([rows])[0]!;
  }
  const answer = (given: Answer, columns: readonly Column[] = []): Answer => {
    const [rows = []] = redactRows([given.rows], new Set(columns.map(({ name }) => name)));
    const { headline, note, summary, later, background: told } = given;
    return {
      ...given,
      rows,
      problems: given.problems.map(problem),
      ...(headline === undefined ? {} : { headline: [headline].flat().map(text) }),
      ...(note === undefined ? {} : { note: text(note) }),
      ...(summary === undefined ? {} : { summary: text(summary) }),
      ...(later === undefined ? {} : { later: each(later) }),
      ...(told === undefined ? {} : { background: async () => background(told) }),
    };
  };
  const { names } = known;
  return {
    note: (facts) => noteFacts(facts, known),
    noteHome: (home) => noteHome(home, names),
    noteHost: (host) => void hostName(host, names),
    noteRequestPath: (path) => noteRequestPath(path, names),
    noteExpectedOwner: (name) => noteExpectedOwner(name, names),
    answer,
    rows: (kinds) => redactRows(kinds),
    text,
    problem,
  };
}
