import { setTimeout } from 'node:timers/promises';
import type { Facts } from '../facts/model/facts.ts';
import { holdsPort, pidsOf, type Question } from '../facts/model/question.ts';
import type { AskedMachine } from '../facts/machine.ts';
import type { ConfigurationMachine, ProgramCall } from '../system/configuration.ts';
import type { Reload } from './family.ts';
import { listenersQuestion, serviceOf } from './instances.ts';
import type { MoveEdits } from './plan-move.ts';
import type { Reading } from './reading.ts';
import { programObstacle } from './writers.ts';

/** What restarting a server needs. */
export interface RestartWorld {
  readonly asked: AskedMachine;
  readonly machine: ConfigurationMachine;
  readonly now: () => Date;
}

/**
 * Returns the call of a server's own program, for the user of the server: a program that only looks like a server, or
 * a configuration that loads code, must not run with the rights of root.
 */
export function asItsUser(
  call: ProgramCall,
  { configured: { instance, reading } }: Pick<MoveEdits, 'configured'>,
): ProgramCall {
  const { machine, main } = reading;
  const own = instance.account ?? (main === null ? null : machine.ownerOf(main));
  const isRoot = own === null || own.uid === 0;
  const as = isRoot ? call.as : own;
  return as === undefined ? call : { ...call, as };
}

/** A server that has to use its changed configuration. */
export type Restarted = Pick<MoveEdits, 'configured' | 'needsRestart'>;

/** How a server uses its new configuration without its service; Windows has no signals. */
function reloadOf({ family, instance, reading }: MoveEdits['configured']): Reload {
  const reload = family.reload?.(instance, reading) ?? null;
  const isSignal = reload !== null && reload !== 'watches' && 'signal' in reload;
  return isSignal && reading.machine.platform === 'win32' ? null : reload;
}

/** How a server will use its new configuration, in words, and why it cannot be restarted from here. */
export interface RestartWay {
  readonly text: string;
  readonly obstacle: string | null;
}

/** What a move would do. */
export interface MovePlan extends MoveEdits {
  readonly sideEffects: readonly string[];
  readonly restart: RestartWay;
}

/** Returns why the program that restarts a server cannot be run; null if it can. */
function callObstacle(call: ProgramCall, reading: Reading): string | null {
  const program = call.words[0]!;
  return reading.machine.realPath(program) === null ? `${program} does not exist` : programObstacle(call, reading);
}

/** Returns how a server will use its new configuration. */
export function restartWay({ configured, needsRestart }: Restarted): RestartWay {
  const { family, instance, reading } = configured;
  const { pid, service, serviceUser } = instance;
  const reload = reloadOf(configured);
  if (pid === null) return { text: 'it does not run', obstacle: null };
  if (reload === 'watches') return { text: `${family.name} uses it without a restart`, obstacle: null };
  const own = (obstacle: string): RestartWay => ({
    text: 'restart it yourself',
    obstacle: `${family.name} (process ${pid}) cannot be restarted from here: ${obstacle}`,
  });
  if (service !== null) {
    const failure = reading.machine.service(service, 'check', { pid, user: serviceUser, timeoutMs: 0 });
    const user = serviceUser === null ? '' : ` of user ${serviceUser}`;
    if (failure === null) return { text: `${needsRestart ? 'restart' : 'reload'} ${service}${user}`, obstacle: null };
    if (!failure.isMissing || reload === null) return own(failure.text);
  }
  if (reload === null) return own('no service is known that runs it');
  if ('obstacle' in reload) return own(reload.obstacle);
  if ('signal' in reload) return { text: `${reload.signal} to process ${pid}`, obstacle: null };
  const obstacle = callObstacle(reload.call, reading);
  return obstacle === null ? { text: reload.call.words.join(' '), obstacle } : own(obstacle);
}

/** Makes a server use its new configuration. Returns why that failed, or null. */
export async function restartServer(
  plan: Restarted,
  { asked, machine }: RestartWorld,
  timeoutMs: number,
): Promise<string | null> {
  const { family, instance, startTime } = plan.configured;
  const { pid, service, serviceUser } = instance;
  const reload = reloadOf(plan.configured);
  if (pid === null || reload === 'watches') return null;
  if (service !== null) {
    const action = plan.needsRestart ? 'restart' : 'reload';
    const failure = machine.service(service, action, { pid, user: serviceUser, timeoutMs });
    if (failure === null) return null;
    if (!failure.isMissing) return failure.text;
  }
  if (reload === null) return `PortOwner cannot restart ${family.name} without its service`;
  if ('obstacle' in reload) return `${family.name}: ${reload.obstacle}`;
  if ('call' in reload) {
    const obstacle = callObstacle(reload.call, plan.configured.reading);
    if (obstacle !== null) return obstacle;
    const { status, output } = machine.run({ ...asItsUser(reload.call, plan), timeoutMs });
    return status === 0 ? null : `${reload.call.words[0]} failed: ${output}`;
  }
  // The number could belong to another process by now.
  const facts = await asked.facts(listenersQuestion);
  const same = facts.sections.processes.data.find((one) => one.pid === pid);
  if (same === undefined || same.startTime !== startTime) return `process ${pid} has ended`;
  machine.signal(pid, reload.signal);
  return null;
}

/** Returns how to start what a failed restart left stopped; empty if everything runs, or no service runs it. */
export function startAdvice({ instance, reading }: MoveEdits['configured']): string[] {
  const { pid, service, serviceUser } = instance;
  if (pid === null || service === null) return [];
  const commands = reading.machine.startCommands(service, { user: serviceUser });
  return commands.length === 0 ? [] : [`it does not run now; to start it: ${commands.join('; ')}`];
}

/**
 * Returns which processes are a server after its restart: those that it had, and its program in its service. Where it
 * has a service, the program alone tells nothing: many have the same one.
 */
function ownerTest(configured: MoveEdits['configured'], facts: Facts) {
  const { instance, processes } = configured;
  const { service, executable } = instance;
  const reload = reloadOf(configured);
  const isByProgram = service === null || (reload !== null && reload !== 'watches' && 'call' in reload);
  const present = new Map(facts.sections.processes.data.map((process) => [process.pid, process]));
  const isEarlier = (pid: number): boolean =>
    processes.has(pid) && (present.get(pid)?.startTime ?? null) === processes.get(pid);
  const isOwn = (pid: number): boolean => {
    const process = present.get(pid);
    if (isEarlier(pid)) return true;
    if (service !== null && facts.sections.services.data.some((one) => one.pid === pid && one.name === service))
      return true;
    if (process === undefined || executable === null || process.path !== executable) return false;
    // Many services have the same program.
    return isByProgram ? !/[\\/]svchost\.exe$/i.test(executable) : serviceOf(process, facts) === service;
  };
  return { isEarlier, isOwn };
}

/** Waits until the program of a server owns the new port, and no longer the old one. Returns what is wrong, or null. */
export async function waitForPort(
  { configured, from, to }: Pick<MoveEdits, 'configured' | 'from' | 'to'>,
  { asked, now }: RestartWorld,
  timeoutMs: number,
): Promise<string | null> {
  const end = now().getTime() + timeoutMs;
  const question: Question = {
    ...listenersQuestion,
    localPorts: [from, to].map((port) => ({ start: port, end: port })),
    details: new Set(['owner', 'path', 'parent', 'services'] as const),
    ranges: false,
  };
  for (;;) {
    const facts = await asked.facts(question);
    const { isEarlier, isOwn } = ownerTest(configured, facts);
    const holdersOf = (port: number): readonly number[] =>
      facts.sections.sockets.data.filter((socket) => socket.localPort === port && holdsPort(socket)).flatMap(pidsOf);
    const [old, young] = [holdersOf(from), holdersOf(to)];
    const own = young.filter(isOwn);
    // Another server that waited for the old port may have the same program.
    const isOnBoth = old.some((pid) => isEarlier(pid) || own.includes(pid));
    if (own.length > 0 && !isOnBoth) return null;
    if (now().getTime() >= end) {
      if (own.length > 0) return `it still listens on port ${from}, too`;
      return young.length > 0
        ? `another program owns port ${to} now`
        : `it does not listen on port ${to} after ${timeoutMs / 1000} s`;
    }
    await setTimeout(100);
  }
}
