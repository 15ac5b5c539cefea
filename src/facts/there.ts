/*
 * Advice about a machine that is not this one: a command that is meant for that machine must not be run here by
 * accident, such as one that stops a program.
 */

import type { Problem } from '../schema/problems.ts';
import type { Facts } from './model/facts.ts';
import { holdsPort } from './model/question.ts';

/** How to reach the machine of an answer, if it is not this one. */
export interface There {
  /** What the user calls the machine; null for its own name. */
  readonly name: string | null;
  /**
   * The options, with a value each, with which portowner queries it from here; a value is null if it must not be written.
   * Null if the query has to be run there.
   */
  readonly options: readonly (readonly [option: string, value: string | null])[] | null;
  /** Whether these options also stop programs there. */
  readonly stops: boolean;
}

const wordForm = /^[\p{L}\p{N}_./\\:@%+,-]+$/u;

/** Returns a value as a word for every shell; if there is none, a word that stands for it. */
function wordOf(option: string, value: string | null): string {
  if (value !== null && wordForm.test(value)) return value;
  if (value === null || /["`$\\!%\p{C}]/u.test(value)) return option === '--host' ? 'HOST' : 'FILE';
  return `"${value}"`;
}

/** Returns options as text; null if there are none. */
const optionsText = ({ options }: There): string | null =>
  options?.map(([option, value]) => `${option} ${wordOf(option, value)}`).join(' ') ?? null;

/** A step that stops a service or container through its manager. */
const managed =
  /(?:^|\bsudo )(?:systemctl (?:-\S+ )*stop|Stop-Service|(?:docker|podman|nerdctl|crictl) (?:-\S+ )*stop)\b/;

const programForm = /^[\p{L}\p{N}_.+-]{1,64}$/u;

/**
 * Returns the steps that free a port with the commands of the machine itself, which may not have portowner. Process IDs
 * of the kernel are not stopped.
 */
function stopsThere(words: string, { machine, sections }: Facts, name: string): string[] {
  const port = Number(/^(?:stop|kill) (\d+)/.exec(words)?.[1]);
  const protocol = words.includes('--protocol udp') ? 'UDP' : 'TCP';
  const sockets = sections.sockets.data.filter(
    (socket) => socket.localPort === port && socket.protocol === protocol && holdsPort(socket),
  );
  const isWindows = machine.platform === 'win32';
  const pids = [...new Set(sockets.map(({ pid }) => pid))].filter((pid) => pid !== null);
  if (pids.length === 0)
    return [
      `# the owner is unknown: query ${name} with an account that is ${isWindows ? 'an administrator' : 'root'} there`,
    ];
  const images = new Map(sections.processes.data.map(({ pid, imageName }) => [pid, imageName]));
  return pids.flatMap((pid) => {
    const image = images.get(pid) ?? '';
    const program = programForm.test(image) ? image : 'the program';
    if (pid <= (isWindows ? 4 : 1)) return [];
    return isWindows
      ? `on ${name}: Stop-Process -Id ${pid} -Confirm  # end ${program}; first, Get-Process -Id ${pid} shows whether it is still this program`
      : `on ${name}: kill ${pid}  # ask ${program} to end; first, ps -fp ${pid} shows whether it is still this program`;
  });
}

/** An answer about a machine: how its steps are written. */
interface Advice {
  readonly there: There;
  readonly options: string | null;
  readonly name: string;
  readonly facts: Facts | null;
}

/**
 * Returns a step of a remedy as a person here can follow it: portowner may not be installed there. A step that is a
 * command has a description behind it.
 */
function stepThere(line: string, others: readonly string[], { there, options, name, facts }: Advice): string[] {
  const at = line.indexOf('  # ');
  if (at <= 0) return [line];
  const [, root, words] = /^(sudo )?portowner (.*)$/.exec(line.slice(0, at)) ?? [];
  if (words === undefined || options === null || /^(?:schedule|doctor|history) /.test(words))
    return [`on ${name}: ${line}`];
  if (!there.stops && /^(?:stop|kill) /.test(words)) {
    if (facts === null) return [`on ${name}: ${line}`];
    // Its manager would start it again.
    return others.some((other) => managed.test(other)) ? [] : stopsThere(words, facts, name);
  }
  const what = root === undefined ? '' : '; use an account that is root there';
  return [`portowner ${words} ${options}${line.slice(at)}${what}`];
}

/** Returns the name of the machine for its user: `machine` is its own name, which is empty if it could not be read. */
const nameThere = (there: There, machine: string | null | undefined): string =>
  there.name ?? (machine || 'that machine');

/** Returns a command that has to be run on the machine. */
export const commandThere = (command: string, there: There, machine: string | null): string =>
  `on ${nameThere(there, machine)}: ${command}`;

/** A row that says what to do. */
interface Advising {
  readonly Remedy?: readonly string[] | null;
  readonly ComputerName?: string | null;
}

/** Returns rows whose steps a person here can follow. `facts` are those of that machine, if a step can stop a program. */
export function advisedThere<Row extends Advising>(
  rows: readonly Row[],
  there: There | null,
  facts: Facts | null = null,
): readonly Row[] {
  if (there === null) return rows;
  const options = optionsText(there);
  return rows.map((row) => {
    if (row.Remedy == null) return row;
    const name = nameThere(there, row.ComputerName);
    const advice = { there, options, name, facts };
    const Remedy = row.Remedy.flatMap((line) => stepThere(line, row.Remedy!, advice));
    return Object.assign({}, row, { Remedy });
  });
}

/** Returns problems whose hints a person here can follow: rights are those of the account there, and queries go there. */
export function hintsThere(problems: readonly Problem[], there: There): readonly Problem[] {
  const options = optionsText(there);
  return problems.map((problem) => {
    const { code, hint } = problem;
    if (code === 'PO3002' && hint === undefined)
      return Object.assign({}, problem, { hint: 'Use an account of that machine that is root or an administrator.' });
    if (hint === undefined || options === null) return problem;
    const where = (command: string): string => `${command} ${options}`;
    return Object.assign({}, problem, {
      hint: hint.replace(/(?<![\w./\\$-])portowner (?:PORT --format list|free --explain|conflicts)(?=[ .]|$)/g, where),
    });
  });
}
