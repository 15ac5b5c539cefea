import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { machineOf, type AskedMachine } from '../facts/machine.ts';
import { hasFailed } from '../facts/model/section.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type ExitCode, type Problem, type Report } from '../schema/problems.ts';
import { BaseCommand, problemText } from '../cli/base.ts';
import { checkFiles, named } from '../cli/files.ts';
import { reportTo } from '../cli/notices.ts';
import { withOptions } from '../cli/options/group.ts';
import { ModuleOptions, problemsOf } from '../cli/options/module.ts';
import { RedactOption } from '../cli/options/redact.ts';
import { OutputOption } from '../cli/options/rows.ts';
import { HostOptions, secondsPerHost } from '../cli/options/snapshot.ts';
import { reportInRows } from '../cli/module-rows.ts';
import { writeTo } from '../cli/write.ts';
import { writeSnapshot, type SnapshotRequest, type SnapshotWorld } from '../facts/write-snapshot.ts';
import { sectionProblems } from '../ownership/problems.ts';

/** Writes the facts about this machine. */
export class SnapshotCommand extends withOptions(BaseCommand, OutputOption, RedactOption, ModuleOptions, HostOptions) {
  static override paths = [['snapshot']];
  static override usage = Command.Usage({
    description: 'save all facts about this machine as JSON, to query later with --from',
    details: `
      The facts are every TCP and UDP socket, the processes and services behind them, and the port ranges. Each section of the file has a status that says how complete it is: ok, partial, failed, or notAsked.

      They go to FILE, which is the same as --output FILE, or to standard output.

      Command lines are left out because they may contain secrets; --command-lines includes them, with password-like arguments masked.

      --redact makes a snapshot that you can show to others: names of users, machines, projects, and containers, paths below user profiles, and IP addresses are replaced consistently, and working directories are left out. Names of programs, services, and units are kept: review the file before you send it.

      --raw also saves the unmodified answers of the system in a new folder: nothing in it is masked.
    `,
    examples: [
      ['A snapshot in a file', '$0 snapshot server7.json'],
      ['Query it later', '$0 443 --from server7.json'],
      ['A snapshot of a machine without PortOwner', '$0 snapshot server7.json --host server7'],
      ['From the output of a collector', '$0 snapshot server7.json --from server7.txt'],
      ['To show to others', '$0 snapshot report.json --redact'],
      ['With command lines', '$0 snapshot server7.json --command-lines'],
      ['With the raw answers of the system, for a defect report', '$0 snapshot server7.json --raw server7-raw'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [],
    operands: 'file',
    values: { '--raw': 'folder', '--from': 'file' },
    exitCodes: { 0: 'done', 69: 'the sockets cannot be read, or the file cannot be written' },
    powershell: {
      name: 'Save-PortSnapshot',
      own: ['PassThru'],
      parameters: {
        Path: '--output',
        RawPath: '--raw',
        IncludeCommandLine: '--command-lines',
        IncludeHash: '--hash',
        Redact: '--redact',
      },
      leftOut: { '--from': 'the parameters of remoting name machines' },
    },
  };

  file = Option.String({ name: 'FILE', required: false });
  raw = Option.String('--raw', { description: 'save the raw answers of the system in this new folder' });
  hash = Option.Boolean('--hash', false, {
    description: 'read the executables that hold a port, and include their SHA-256 hash and, on Windows, their signer',
  });
  from = Option.String('--from', {
    description: 'convert this collection or recording (- is standard input), instead of querying this machine',
  });
  commandLines = Option.Boolean('--command-lines', false, { description: 'include command lines, masked' });

  async perform(): Promise<ExitCode> {
    this.problems = problemsOf(this.problems);
    if (this.file !== undefined) {
      if (this.output !== undefined)
        throw new PortOwnerError('PO1005', `FILE ${this.file} and --output ${this.output} exclude each other`);
      this.output = this.file === '-' ? undefined : this.file;
    }
    if (this.problems !== 'rows') {
      if (this.stream) throw new PortOwnerError('PO1005', '--stream needs --problems rows');
      return this.save((problem) => this.surroundings.error(problemText(problem)));
    }
    if (this.output === undefined) throw new PortOwnerError('PO1005', '--problems rows needs --output');
    const words = { about: SnapshotCommand.about, catalogue: this.context.catalogue };
    return reportInRows(this.surroundings.output(), { stream: this.stream, words }, (writer, warn) =>
      this.save(warn, reportTo(writer)),
    );
  }

  private async save(warn: (problem: Problem) => void, report?: Report): Promise<ExitCode> {
    const redaction = await redactionOf(this);
    secondsPerHost(this);
    checkFiles(named('--from', this.from), [...named('--raw', this.raw), ...named('--output', this.output)]);
    const read = this.from === undefined ? undefined : toldBy(this.from, this, report);
    const origin: Pick<SnapshotWorld, 'source' | 'now' | 'told'> =
      this.host === undefined ? this.surroundings : await farMachine(this, this.host, report);
    const { source, now } = origin;
    const told = read ?? origin.told;
    const write = (text: string): void => writeTo(this.output, this.surroundings, (sink) => sink.write(text));
    const { raw, hash, commandLines } = this;
    const world = { source, now, write, ...(told === undefined ? {} : { told }) };
    const facts = await writeSnapshot({ raw, hash, commandLines, redaction }, world, report);
    sectionProblems(facts, null).forEach(warn);
    return exitCodeOf(hasFailed(facts.sections.sockets) ? null : true);
  }
}

/** What redacts the facts; null to keep them. Throws PO1005 for options that keep what is to be redacted. */
async function redactionOf({ redact, raw, commandLines }: SnapshotCommand): Promise<SnapshotRequest['redaction']> {
  if (!redact) return null;
  const kept = raw !== undefined ? '--raw' : commandLines ? '--command-lines' : null;
  if (kept !== null) throw new PortOwnerError('PO1005', `--redact and ${kept} exclude each other`);
  return (await import('../redaction/facts.ts')).redactFacts;
}

/** A remote machine: as a source for --raw, or else as facts. */
async function farMachine(
  command: SnapshotCommand,
  host: readonly string[],
  report: Report | undefined,
): Promise<Pick<SnapshotWorld, 'source' | 'now' | 'told'>> {
  if (host.length > 1 || command.hash)
    throw new PortOwnerError(
      'PO1005',
      command.hash
        ? '--hash reads executables of this machine, but --host queries another one'
        : 'a snapshot describes one machine',
      { hint: command.hash ? 'Remove one of them.' : 'Create one snapshot for each --host.' },
    );
  const { farOrigin } = await import('../facts/remote/far.ts');
  const request = {
    hosts: host,
    config: command.sshConfig ?? null,
    commandLines: command.commandLines,
    raw: command.raw !== undefined,
    hasPerson: command.surroundings.confirm !== null,
    seconds: secondsPerHost(command),
  };
  return farOrigin(request, command.surroundings, report);
}

/** What finds the facts in a file. Throws PO1005 where a machine is asked, too. */
function toldBy(
  from: string,
  { host, raw, hash }: Pick<SnapshotCommand, 'host' | 'raw' | 'hash'>,
  report: Report | undefined,
): AskedMachine['facts'] {
  const other = host !== undefined ? '--host' : raw !== undefined ? '--raw' : hash ? '--hash' : null;
  if (other !== null)
    throw new PortOwnerError('PO1005', `--from and ${other} exclude each other`, {
      hint: 'Remove one of them.',
    });
  return (question) => machineOf([from], report).facts(question);
}
