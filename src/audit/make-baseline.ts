// Creates, updates, and shows baselines.
import { existsSync } from 'node:fs';
import type { AskedMachine } from '../facts/machine.ts';
import { counted } from '../io/counted.ts';
import { fileSink } from '../io/sink.ts';
import type { Answer } from '../schema/answer.ts';
import type { ListenerRow } from '../schema/listener.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { baselineText, parseBaseline, updateBaseline } from './baseline.ts';
import { checkWritable, readDocument } from './document.ts';
import {
  auditable,
  factProblems,
  gapReason,
  gaps,
  hashed,
  hashProblem,
  machineProblem,
  signed,
  signerProblem,
  present,
  unfoundProblem,
  unseenProblem,
} from './facts-problems.ts';
import { changeRows, changesText } from './findings.ts';
import { auditQuestion, listeners, type Listener } from './listeners.ts';

/** A request to create or update a baseline. */
export interface BaselineRequest {
  readonly file: string;
  /** Whether to read and hash the executables, too. */
  readonly hash: boolean;
  /** Whether to continue in spite of objections. */
  readonly force: boolean;
}

export interface UpdateRequest extends BaselineRequest {
  /** Whether to keep the entries of closed listeners. */
  readonly keepClosed: boolean;
  /** Whether to write nothing. */
  readonly dryRun: boolean;
}

/** Writes a baseline if it can be read back. */
function writeBaseline(path: string, text: string): void {
  checkWritable(text, path);
  const sink = fileSink(path);
  try {
    sink.write(text);
    sink.close();
  } catch (error) {
    sink.abort();
    throw error;
  }
}

function rowOf(
  { port, protocol, address, scope, program, services, user, sha256, signer }: Listener,
  comment: string | null,
  machine: string | null,
): ListenerRow {
  return {
    Port: String(port),
    Protocol: protocol,
    LocalAddress: address,
    AddressScope: scope,
    Program: program,
    Services: services.length === 0 ? null : services,
    UserName: user,
    Sha256: sha256,
    Signer: signer,
    Comment: comment,
    ComputerName: machine,
  };
}

/** Approves the current listeners. Throws if the baseline cannot be written. */
export async function createBaseline({ file, hash, force }: BaselineRequest, machine: AskedMachine): Promise<Answer> {
  if (!force && existsSync(file)) {
    throw new PortOwnerError('PO4204', `${file} already exists`, {
      hint: 'Use portowner baseline update to update it, or --force to replace it.',
      target: file,
    });
  }
  const facts = auditable(await machine.facts(auditQuestion, hash), machine.name);
  const missing = gaps(facts);
  if (missing.length > 0 && !force) {
    throw new PortOwnerError(
      'PO3001',
      `${missing.join(', and ')}, so the baseline would be incomplete: ${gapReason(facts)}`,
      { hint: 'Use --force to write what could be read.', target: file },
    );
  }
  const found = listeners(facts);
  writeBaseline(file, baselineText(facts.machine.name, found));
  const unseen = unseenProblem(
    found.filter(({ program }) => program === null),
    'whose entries therefore approve any program',
  );
  return {
    rows: found.map((listener) => rowOf(listener, null, facts.machine.name)),
    problems: [...factProblems(facts), ...present(unseen, unfoundProblem(found, 'so the baseline leaves it out'))],
    exitCode: exitCodeOf(true, missing.length > 0 ? 'source' : null),
    headline: `${counted(found.length, 'listener')} approved in ${file}.`,
  };
}

/** Approves everything that has changed since a baseline was written. Throws if it cannot be changed. */
export async function bringUpToDate(request: UpdateRequest, machine: AskedMachine): Promise<Answer> {
  const { file, hash, force, dryRun } = request;
  const text = readDocument(file);
  // Report mistakes in the file before querying the machine.
  const { machine: own, listeners: approved } = parseBaseline(text, file);
  const needed = hashed(approved) || signed(approved);
  const facts = auditable(await machine.facts(auditQuestion, hash || (machine.live && needed)), machine.name);
  const otherMachine = machineProblem(own, facts.machine.name, file);
  if (otherMachine !== null && !force && !dryRun) {
    throw new PortOwnerError(
      'PO4205',
      `${file} belongs to the machine ${own}, but this is ${facts.machine.name}: nothing was changed`,
      {
        hint: 'Use --force to update it anyway; a baseline without the line machine: applies to any machine.',
        target: file,
      },
    );
  }
  // Listeners that could not be read may still be there.
  const partial = gaps(facts).length > 0;
  const keepClosed = request.keepClosed || partial;
  const now = listeners(facts);
  const { text: updated, comparison } = updateBaseline(text, file, now, { keepClosed });
  if (updated !== text && !dryRun) writeBaseline(file, updated);
  const changes = comparison.changes.filter(({ kind }) => kind !== 'FileGone' && !(keepClosed && kind === 'Closed'));
  return {
    rows: changeRows(changes, facts.machine.name, { name: `baseline ${file}`, approve: null }),
    problems: [
      ...factProblems(facts),
      ...present(
        otherMachine,
        unseenProblem(comparison.unseen, 'whose entries stay unchanged'),
        unfoundProblem(now, 'so its entry stays unchanged'),
        hashProblem(approved, facts, file),
        signerProblem(signed(approved), facts, file),
      ),
    ],
    exitCode: exitCodeOf(true, partial ? 'source' : null),
    ...(updated === text
      ? { note: `${file} is up to date.` }
      : {
          headline: `${counted(changes.length, 'change')} ${dryRun ? 'to approve' : 'approved'} in ${file}${changes.length === 0 ? '' : `: ${changesText(changes)}`}.`,
        }),
  };
}

/** Checks a baseline and returns its listeners. */
export function showBaseline(file: string): Answer {
  const { machine, listeners: approved, comments } = parseBaseline(readDocument(file), file);
  return {
    rows: approved.map((listener, index) => rowOf(listener, comments[index] ?? null, machine)),
    problems: [],
    exitCode: exitCodeOf(true),
    ...(approved.length === 0
      ? { note: `${file} approves no listeners.` }
      : {
          headline: `${file} approves ${counted(approved.length, 'listener')} on ${machine ?? 'any machine'}.`,
        }),
  };
}
