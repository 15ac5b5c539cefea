import { existsSync } from 'node:fs';
import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import type { Baseline } from '../audit/baseline.ts';
import { changeRows } from '../audit/findings.ts';
import { auditQuestion, listeners, type Listener } from '../audit/listeners.ts';
import type { Facts } from '../facts/model/facts.ts';
import { fileSink } from '../io/sink.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { finding } from '../schema/finding.ts';
import { listenerRow, type ListenerRow } from '../schema/listener.ts';
import {
  auditable,
  factProblems,
  gaps,
  hashed,
  hashProblem,
  machineProblem,
  signed,
  signerProblem,
  some,
  unfoundProblem,
  unseenProblem,
} from '../audit/facts-problems.ts';
import { named } from '../cli/files.ts';
import { RowCommand, type Answer } from '../cli/row-command.ts';
import { exitCodeOf } from '../ownership/whole.ts';

/** Writes a baseline, but none that would not be read again. */
async function writeBaseline(path: string, text: string): Promise<void> {
  const { checkWritable } = await import('../audit/document.ts');
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

const hashOption = () =>
  Option.Boolean('--hash', false, {
    description:
      'read the executables too, and keep their SHA-256 and, on Windows, their signer: a file that was replaced is found then',
  });
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** A command about a baseline that looks at the machine, or at a snapshot. */
abstract class BaselineCommand extends RowCommand {
  file = Option.String({ name: 'FILE' });
  hash = hashOption();

  protected override files() {
    return { ...super.files(), outputs: named('FILE', this.file) };
  }

  protected async now(hash = this.hash): Promise<Facts> {
    return auditable(await this.facts(auditQuestion, hash), this.from?.join(', ') ?? 'this machine');
  }
}

/** Approves what listens now. */
export class BaselineCreateCommand extends BaselineCommand {
  static override paths = [['baseline', 'create']];
  static override usage = Command.Usage({
    description: 'write the listeners of this machine to a file, as the approved state',
    details: `
      The file is YAML, made to be reviewed and kept in git: sorted, one listener an entry, without process ids and times. What a program takes from the machine's dynamic range is one entry with the port dynamic.

      A value that you remove from an entry may be any from then on. Without a line machine: the baseline is for any machine.

      When not all sockets can be read, nothing is written but with --force.
    `,
    examples: [
      ['Approve what listens now', '$0 baseline create server7.yaml'],
      ['Another machine, from its snapshot', '$0 baseline create server8.yaml --from server8.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [listenerRow],
    operands: 'file',
    values: {},
    exitCodes: { 0: 'done', 69: 'the sockets cannot be read, or not all of them, or the file cannot be written' },
    powershell: {
      name: 'New-PortBaseline',
      operand: 'Path',
      parameters: { IncludeHash: '--hash', Force: '--force', FromSnapshot: '--from' },
      leftOut: { '--columns': 'Select-Object selects' },
    },
  };

  force = Option.Boolean('--force', false, {
    description: 'replace a baseline that exists, and write one although not all sockets could be read',
  });

  override readonly schema = listenerRow;

  protected async answer(): Promise<Answer> {
    if (!this.force && existsSync(this.file)) {
      throw new PortOwnerError('PO4204', `${this.file} exists already`, {
        hint: 'portowner baseline update brings it up to date; --force replaces it.',
        target: this.file,
      });
    }
    const { baselineText } = await import('../audit/baseline.ts');
    const facts = await this.now();
    const missing = gaps(facts);
    if (missing.length > 0 && !this.force) {
      throw new PortOwnerError(
        'PO3001',
        `${missing.join(', and ')}, and a baseline without them would have holes: ${facts.sections.sockets.reason ?? facts.sections.processes.reason ?? 'no reason is known'}`,
        { hint: '--force writes what could be read.', target: this.file },
      );
    }
    const found = listeners(facts);
    await writeBaseline(this.file, baselineText(facts.machine.name, found));
    const unseen = unseenProblem(
      found.filter(({ program }) => program === null),
      'which the baseline leaves open',
    );
    return {
      rows: found.map((listener) => rowOf(listener, null, facts.machine.name)),
      problems: [...factProblems(facts), ...some(unseen, unfoundProblem(found, 'so that the baseline leaves it open'))],
      exitCode: exitCodeOf(true, missing.length > 0 ? 'source' : null),
      note: `${counted(found.length, 'listener')} approved in ${this.file}.`,
    };
  }
}

/** Brings a baseline up to date. */
export class BaselineUpdateCommand extends BaselineCommand {
  static override paths = [['baseline', 'update']];
  static override usage = Command.Usage({
    description: 'approve what has changed since a baseline was written, and say what that was',
    details: `
      New listeners are added where they belong, entries of listeners that are gone are removed, and the rest is changed in place: comments and the order of entries stay. The comment right above an entry goes with it.

      A value that an entry leaves out stays left out. When not all sockets can be read, no entry is removed. A baseline of another machine is changed only with --force.
    `,
    examples: [
      ['Approve what is now', '$0 baseline update server7.yaml'],
      ['Only look', '$0 baseline update server7.yaml --dry-run'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [finding],
    operands: 'file',
    values: {},
    exitCodes: {
      0: 'done',
      69: 'the sockets cannot be read, or not all of them, or the file is of another machine, or cannot be written',
    },
    powershell: {
      name: 'Update-PortBaseline',
      operand: 'Path',
      parameters: { Force: '--force', KeepClosed: '--keep-closed', IncludeHash: '--hash', FromSnapshot: '--from' },
      leftOut: { '--dry-run': 'Invoke-PortAudit says what differs', '--columns': 'Select-Object selects' },
    },
  };

  keepClosed = Option.Boolean('--keep-closed', false, { description: 'keep the entries of listeners that are gone' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'only say what would change' });
  force = Option.Boolean('--force', false, { description: 'change a baseline of another machine, too' });

  override readonly schema = finding;

  protected async answer(): Promise<Answer> {
    const { updateBaseline, parseBaseline } = await import('../audit/baseline.ts');
    const { readDocument } = await import('../audit/document.ts');
    const text = readDocument(this.file);
    // A mistake in the file is told before the machine is asked.
    const { machine, listeners: approved } = parseBaseline(text, this.file);
    const facts = await this.now(this.hash || (this.live && (hashed(approved) || signed(approved))));
    const otherMachine = machineProblem(machine, facts.machine.name, this.file);
    if (otherMachine !== null && !this.force && !this.dryRun) {
      throw new PortOwnerError(
        'PO4205',
        `${this.file} is of the machine ${machine}, and this is ${facts.machine.name}: nothing is changed`,
        {
          hint: '--force changes it all the same; without its line machine: a baseline is for any machine.',
          target: this.file,
        },
      );
    }
    // What could not all be read may be there still.
    const partial = gaps(facts).length > 0;
    const keepClosed = this.keepClosed || partial;
    const now = listeners(facts);
    const { text: updated, comparison } = updateBaseline(text, this.file, now, { keepClosed });
    if (updated !== text && !this.dryRun) await writeBaseline(this.file, updated);
    const changes = comparison.changes.filter(({ kind }) => kind !== 'FileGone' && !(keepClosed && kind === 'Closed'));
    return {
      rows: changeRows(changes, facts.machine.name, { name: `baseline ${this.file}`, approve: null }),
      problems: [
        ...factProblems(facts),
        ...some(
          otherMachine,
          unseenProblem(comparison.unseen, 'whose entries stay as they are'),
          unfoundProblem(now, 'so that its entry stays as it is'),
          hashProblem(approved, facts, this.file),
          signerProblem(signed(approved), facts, this.file),
        ),
      ],
      exitCode: exitCodeOf(true, partial ? 'source' : null),
      note:
        updated === text
          ? `${this.file} is up to date.`
          : `${counted(changes.length, 'change')} ${this.dryRun ? 'to approve' : 'approved'} in ${this.file}.`,
    };
  }
}

/** Prints a baseline. */
export class BaselineShowCommand extends RowCommand {
  static override paths = [['baseline', 'show']];
  static override usage = Command.Usage({
    description: 'check a baseline and print its listeners',
    examples: [
      ['What is approved', '$0 baseline show server7.yaml'],
      ['As a table for a spreadsheet', '$0 baseline show server7.yaml --format csv --output approved.csv'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [listenerRow],
    operands: 'file',
    values: {},
    exitCodes: { 0: 'done', 69: 'the file cannot be read, or is not a baseline' },
    powershell: { name: 'Get-PortBaseline', operand: 'Path', parameters: { Column: '--columns' } },
  };

  override readonly from: undefined = undefined;
  file = Option.String({ name: 'FILE' });

  override readonly schema = listenerRow;

  protected override files() {
    return { inputs: named('FILE', this.file) };
  }

  protected async answer(): Promise<Answer> {
    const { parseBaseline } = await import('../audit/baseline.ts');
    const { readDocument } = await import('../audit/document.ts');
    const { machine, listeners: approved, comments }: Baseline = parseBaseline(readDocument(this.file), this.file);
    return {
      rows: approved.map((listener, index) => rowOf(listener, comments[index] ?? null, machine)),
      problems: [],
      exitCode: exitCodeOf(true),
      ...(approved.length === 0 ? { note: `${this.file} approves no listener.` } : {}),
    };
  }
}
