/*
 * Advice about a machine that is not this one: a command that is meant for that machine must not be run here by
 * accident, such as one that stops a program.
 */

import type { Problem } from '../schema/problems.ts';

/** How to reach the machine of an answer, if it is not this one. */
export interface There {
  /** What the user calls the machine; null for its own name. */
  readonly name: string | null;
  /** The options, with a value each, with which portowner queries it from here; null if it has to be run there. */
  readonly options: readonly (readonly [option: string, value: string])[] | null;
  /** Whether these options also stop programs there. */
  readonly stops: boolean;
}

const wordForm = /^[\p{L}\p{N}_./\\:@%+,-]+$/u;

/** Returns options as text; null if a value cannot be written for every shell. */
function optionsText({ options }: There): string | null {
  if (options === null) return null;
  const parts = options.map(([option, value]) =>
    wordForm.test(value) ? `${option} ${value}` : /["`$\\!%\p{C}]/u.test(value) ? null : `${option} "${value}"`,
  );
  return parts.includes(null) ? null : parts.join(' ');
}

/** Whether portowner with these words can query the machine from here. */
const canAsk = (words: string, { stops }: There): boolean =>
  stops ? !/^(?:schedule|doctor|history) /.test(words) : !/^(?:stop|kill|schedule|doctor|history) /.test(words);

/** Returns a step of a remedy as a person here can follow it. A step that is a command has a description behind it. */
function stepThere(line: string, there: There, options: string | null, name: string): string {
  const at = line.indexOf('  # ');
  if (at <= 0) return line;
  const command = line.slice(0, at);
  const words = /^portowner (.*)$/.exec(command)?.[1];
  return words !== undefined && options !== null && canAsk(words, there)
    ? `${command} ${options}${line.slice(at)}`
    : `on ${name}: ${line}`;
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

/** Returns rows whose steps a person here can follow. */
export function advisedThere<Row extends Advising>(rows: readonly Row[], there: There | null): readonly Row[] {
  if (there === null) return rows;
  const options = optionsText(there);
  return rows.map((row) => {
    if (row.Remedy == null) return row;
    const name = nameThere(there, row.ComputerName);
    return Object.assign({}, row, { Remedy: row.Remedy.map((line) => stepThere(line, there, options, name)) });
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
