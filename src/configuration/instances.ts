import { stoppableUnit } from '../diagnosis/stop-commands.ts';
import { splitCommandLine } from '../facts/decode/relays.ts';
import type { Facts, Process, Socket } from '../facts/model/facts.ts';
import { holdsPort, pidsOf, type Question } from '../facts/model/question.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { ConfigurationMachine, FileRead, StartedProgram } from '../system/configuration.ts';
import { families, familiesOfFile, familyOf, type FamilyEntry } from './families.ts';
import type { Family } from './family.ts';
import type { Instance } from './configured-port.ts';
import { ranked, type RankedPort } from './overlay.ts';
import { isSamePath, Reading } from './reading.ts';
import { serviceOfPath, traceToService } from './windows-service.ts';

/** An instance with its family, and what its configuration asks for. */
export interface Configured {
  readonly family: Family;
  readonly instance: Instance;
  readonly reading: Reading;
  readonly places: readonly RankedPort[];
  /** The sockets that it holds. */
  readonly sockets: readonly Socket[];
  /** When its process started; null if it does not run. */
  readonly startTime: string | null;
  /** The processes that hold its sockets, and itself, with the time of their start. */
  readonly processes: ReadonlyMap<number, string | null>;
}

/** What instances need of the machine: every listener with its program. */
export const listenersQuestion: Question = {
  localPorts: null,
  protocols: ['TCP', 'UDP'],
  sockets: 'listeners',
  details: new Set(['owner', 'path', 'commandLine', 'workingDirectory', 'parent', 'services'] as const),
  ranges: true,
};

/** The directory of the machine, and what runs on it. */
export interface Surveyed {
  readonly facts: Facts;
  readonly machine: ConfigurationMachine;
}

interface Found {
  readonly entry: FamilyEntry;
  readonly instance: Instance;
  readonly pids: Set<number>;
}

/** The arguments of a process, as far as they are known. */
const argumentsOf = ({ commandLine }: Process, started: StartedProgram | null): readonly string[] =>
  started?.arguments ?? (commandLine === null ? [] : splitCommandLine(commandLine));

function instanceOf(process: Process, world: Surveyed, named: string | null = null): Instance {
  const started = world.machine.program(process.pid);
  const told = argumentsOf(process, started);
  // Not a session, nor all that a user runs.
  const unit = stoppableUnit(process);
  return {
    pid: process.pid,
    executable: process.path,
    arguments: told.length > 0 ? told : [process.imageName ?? ''],
    environment: started?.environment ?? null,
    workingDirectory: process.workingDirectory ?? null,
    account: started?.account ?? null,
    service: named ?? serviceOf(process, world.facts),
    serviceUser: unit?.user ?? null,
    path: null,
  };
}

/** The process of HTTP.sys. */
const systemPid = 4;

/** The unit of a process, or the Windows service that it is, or that started it: a wrapper such as nssm. */
export function serviceOf(process: Process, { sections }: Facts): string | null {
  const unit = stoppableUnit(process);
  if (unit !== null) return unit.name;
  if (sections.services.data.length === 0) return null;
  const byPid = new Map(sections.processes.data.map((one) => [one.pid, one]));
  let seen: Process | undefined = process;
  for (let depth = 0; seen !== undefined && depth < 4; depth++) {
    const { pid, parent }: Process = seen;
    const own = sections.services.data.filter((service) => service.pid === pid);
    if (own.length > 0) return own.length === 1 ? own[0]!.name : null;
    seen = byPid.get(parent ?? -1);
  }
  return null;
}

/** Returns the running instances: a process that was started by another one of its family belongs to that one. */
function running(world: Surveyed): Found[] {
  const { processes, sockets } = world.facts.sections;
  const byPid = new Map(processes.data.map((process) => [process.pid, process]));
  const holders = new Set(sockets.data.filter(holdsPort).flatMap(pidsOf));
  const entries = new Map<number, FamilyEntry | null>();
  const entryOf = (process: Process): FamilyEntry | null => {
    const { pid, imageName } = process;
    let entry = entries.get(pid);
    if (entry === undefined) {
      const args = imageName === null ? [] : argumentsOf(process, world.machine.program(pid));
      entries.set(pid, (entry = imageName === null ? null : familyOf({ imageName, arguments: args })));
    }
    return entry;
  };
  const found = new Map<number, Found>();
  for (const pid of holders) {
    let process = byPid.get(pid);
    const entry = process === undefined ? null : entryOf(process);
    if (process === undefined || entry === null || process.container !== null) continue;
    const pids = [pid];
    for (let parent = byPid.get(process.parent ?? -1); parent !== undefined; parent = byPid.get(parent.parent ?? -1)) {
      if (entryOf(parent) !== entry || pids.includes(parent.pid)) break;
      if (entry.runsAnything === true && !holders.has(parent.pid)) break;
      pids.push((process = parent).pid);
    }
    const known = found.get(process.pid) ?? { entry, instance: instanceOf(process, world), pids: new Set() };
    for (const one of pids) known.pids.add(one);
    found.set(process.pid, known);
  }
  return [...found.values(), ...servicesOf(world, byPid)];
}

/** The running services that are servers, of which the program says nothing. */
function servicesOf(world: Surveyed, byPid: ReadonlyMap<number, Process>): Found[] {
  return world.facts.sections.services.data.flatMap(({ pid, name }) => {
    const entry = families.find(({ services }) => services?.test(name) === true);
    if (entry === undefined || pid === 0) return [];
    const process = byPid.get(pid);
    const instance =
      process === undefined ? { ...idleInstance(null), pid, service: name } : instanceOf(process, world, name);
    return [{ entry, instance, pids: new Set(entry.usesHttpSys === true ? [pid, systemPid] : [pid]) }];
  });
}

/** What a configuration file describes that no running server was found with: a Windows service may run all the same. */
function described(entry: FamilyEntry, path: string | null, world: Surveyed): Found {
  const { services, processes } = world.facts.sections;
  const name = path === null ? null : serviceOfPath(path);
  const service = services.data.find((one) => one.name.toLowerCase() === name?.toLowerCase());
  const process = processes.data.find(({ pid }) => pid !== 0 && pid === service?.pid);
  if (service === undefined || process === undefined) return { entry, instance: idleInstance(path), pids: new Set() };
  // A wrapper listens nowhere itself.
  const children = processes.data.filter(({ parent }) => parent === process.pid).map(({ pid }) => pid);
  const instance = { ...instanceOf(process, world, service.name), path };
  return { entry, instance, pids: new Set([process.pid, ...children]) };
}

/** An instance of which only the configuration is known. */
export const idleInstance = (path: string | null): Instance => ({
  pid: null,
  executable: null,
  arguments: [],
  environment: null,
  workingDirectory: null,
  account: null,
  service: null,
  serviceUser: null,
  path,
});

async function configured({ entry, instance, pids }: Found, { machine, facts }: Surveyed): Promise<Configured> {
  const family = await entry.load();
  const reading = new Reading(machine);
  family.read(instance, reading);
  traceToService(instance, reading);
  const sockets = facts.sections.sockets.data.filter(
    (socket) => holdsPort(socket) && pidsOf(socket).some((pid) => pids.has(pid)),
  );
  const own = new Set([instance.pid, ...sockets.flatMap(pidsOf)]);
  const processes = new Map(
    facts.sections.processes.data.filter(({ pid }) => own.has(pid)).map(({ pid, startTime }) => [pid, startTime]),
  );
  const startTime = processes.get(instance.pid ?? -1) ?? null;
  return { family, instance, reading, places: ranked(reading.places), sockets, startTime, processes };
}

/** Whether there is a file, which may be one that cannot be read. */
const isPresent = (read: FileRead): boolean => read.bytes !== null || !read.isMissing;

/** Returns the instances that run, and those whose configuration was found in its default place. */
export async function survey(world: Surveyed, only: readonly FamilyEntry[] = families): Promise<Configured[]> {
  const answers: Configured[] = [];
  const here = only.filter(({ platform = world.machine.platform }) => platform === world.machine.platform);
  for (const found of running(world)) if (here.includes(found.entry)) answers.push(await configured(found, world));
  const known = new Set(answers.flatMap(({ reading }) => [...reading.files.keys()]));
  const gaps = new Set(answers.flatMap(({ reading }) => reading.gaps));
  for (const entry of here) {
    const { defaultFiles, defaultPatterns = [], isPresent: isFound } = await entry.load();
    const several = defaultPatterns.flatMap((pattern) => new Reading(world.machine).glob(pattern));
    const isThere = (path: string): boolean => !known.has(path) && isPresent(world.machine.read(path));
    const isUsual = defaultFiles.some(isThere) || isFound?.(world.machine) === true;
    for (const path of [...(isUsual ? [null] : []), ...several.filter(isThere)]) {
      const answer = await configured(described(entry, path, world), world);
      const { places, reading } = answer;
      const isNew = reading.main === null ? !reading.gaps.every((gap) => gaps.has(gap)) : !known.has(reading.main);
      if (isNew && (places.length > 0 || reading.gaps.length > 0)) answers.push(answer);
    }
  }
  return answers;
}

/** Returns the instance of a configuration file: a running one that reads it, or one that does not run. Throws PO2001. */
export async function surveyFile(path: string, world: Surveyed, only: readonly FamilyEntry[]): Promise<Configured[]> {
  const { bytes, refusal } = world.machine.read(path);
  if (bytes === null)
    throw new PortOwnerError('PO2001', `cannot read ${path}: ${refusal}`, {
      hint: 'Name one configuration file.',
      target: path,
    });
  const entries = only.length === families.length ? familiesOfFile(path) : only;
  const live = await survey(world, entries);
  const using = live.filter(({ reading }) =>
    [...reading.files.keys()].some((one) => isSamePath(one, path, world.machine)),
  );
  if (using.length > 0) return using;
  const answers: Configured[] = [];
  for (const entry of entries) answers.push(await configured(described(entry, path, world), world));
  const having = answers.filter(({ places }) => places.length > 0);
  // A file without a port may be one that is not valid.
  return having.length > 0 ? having : answers.filter(({ reading }) => reading.gaps.length > 0);
}
