import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import * as t from 'typanion';
import type { Process } from '../facts/model/facts.ts';
import { gather } from '../facts/gather/gather.ts';
import { everything, type Question } from '../facts/model/question.ts';
import { recordingSource, type RawEntry } from '../system/raw.ts';
import { fileSink } from '../io/sink.ts';
import { PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import { BaseCommand, problemText } from '../cli/base.ts';
import { checkFiles, named } from '../cli/files.ts';
import { factsText, tellingBinaries, tellingTo, type Tell } from '../cli/notices.ts';
import { tellInRows } from '../cli/module-rows.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { exitCodeOf } from '../ownership/whole.ts';
import { hasFailed } from '../facts/model/section.ts';

/** Says why there is no command line, so that an answer from the snapshot can. */
function leaveCommandLineOut({ refusals }: Process): void {
  if (refusals.some(({ field }) => field === 'CommandLine')) return;
  refusals.push({
    field: 'CommandLine',
    code: 'NotAsked',
    text: 'command lines were not asked for',
    needs: 'portowner snapshot --command-lines',
  });
}

/** Writes the facts about this machine. */
export class SnapshotCommand extends BaseCommand {
  static override paths = [['snapshot']];
  static override usage = Command.Usage({
    description: 'write all facts about this machine as JSON, to answer from later with --from',
    details: `
      The facts are every TCP and UDP socket, the processes and services behind them, and the port ranges. Their form is documented by src/facts/model/facts.schema.json. Each section says how well it could be had.

      Command lines are left out, because they may hold secrets; --command-lines puts them in, with password-like arguments masked.

      --raw also keeps what the system said, untouched, in a new folder: nothing in it is masked.
    `,
    examples: [
      ['A snapshot in a file', '$0 snapshot --output server7.json'],
      ['Ask it later', '$0 443 --from server7.json'],
      ['With command lines', '$0 snapshot --command-lines --output server7.json'],
      ['What the system itself said, for a report of a defect', '$0 snapshot --raw server7-raw --output server7.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [],
    operands: null,
    values: { '--output': 'file', '--raw': 'folder', '--problems': ['rows'] },
    exitCodes: { 0: 'done', 69: 'the sockets cannot be read, or the file cannot be written' },
    powershell: {
      name: 'Save-PortSnapshot',
      own: ['PassThru'],
      parameters: {
        Path: '--output',
        RawPath: '--raw',
        IncludeCommandLine: '--command-lines',
        IncludeHash: '--hash',
      },
    },
  };

  output = Option.String('--output,-o', {
    description: 'write to this file (temporary file, then renamed) instead of standard output',
  });
  raw = Option.String('--raw', { description: 'keep the raw answers of the system in this new folder' });
  hash = Option.Boolean('--hash', false, {
    description: 'read the executables that hold a port, and include their SHA-256 and, on Windows, their signer',
  });
  commandLines = Option.Boolean('--command-lines', false, { description: 'include command lines, masked' });
  problems = Option.String('--problems', {
    description:
      'rows: write errors, warnings and what is going on as CLIXML rows to standard output, for the PowerShell module (needs --output)',
    validator: t.isEnum(['rows'] as const),
  });
  stream = Option.Boolean('--stream', false, {
    description: 'with --problems rows: a document for each notice, at once, for PowerShell 7',
  });

  async perform(): Promise<ExitCode> {
    if (this.problems !== 'rows') {
      if (this.stream) throw new PortOwnerError('PO1005', '--stream needs --problems rows');
      return this.save((problem) => this.surroundings.error(problemText(problem)));
    }
    if (this.output === undefined) throw new PortOwnerError('PO1005', '--problems rows needs --output');
    return tellInRows(this.surroundings.output(), this.stream, (writer) =>
      this.save((problem) => writer.problem(problem), tellingTo(writer)),
    );
  }

  private async save(warn: (problem: Problem) => void, tell?: Tell): Promise<ExitCode> {
    checkFiles([], [...named('--raw', this.raw), ...named('--output', this.output)]);
    const question: Question = this.commandLines
      ? { ...everything, details: new Set([...everything.details, 'commandLine']) }
      : everything;
    const source = await this.surroundings.source();
    const entries = new Map<string, RawEntry>();
    const recorded = this.raw === undefined ? source : recordingSource(source, entries, this.commandLines);
    tell?.('Progress', 'reading this machine');
    let facts = await gather(recorded, question, this.surroundings.now());
    if (this.hash)
      facts = (await import('../facts/gather/binaries.ts')).withBinaries(
        facts,
        recorded,
        tell && tellingBinaries(tell),
      );
    if (!this.commandLines) facts.sections.processes.data.forEach(leaveCommandLineOut);
    // The envelope first: when it cannot be written there must not be a snapshot that claims it was.
    if (this.raw !== undefined) {
      const { writeEnvelope } = await import('../facts/read/envelope.ts');
      writeEnvelope(this.raw, { platform: source.platform, entries });
    }
    const sink = this.output === undefined ? this.surroundings.output() : fileSink(this.output);
    try {
      sink.write(`${JSON.stringify(facts)}\n`);
      sink.close();
    } catch (error) {
      sink.abort();
      throw error;
    }
    tell?.('Verbose', factsText(facts));
    sectionProblems(facts, null).forEach(warn);
    return exitCodeOf(hasFailed(facts.sections.sockets) ? null : true);
  }
}
