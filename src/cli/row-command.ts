import {
  farMachines,
  machineOf,
  machinesOf,
  reportingFacts,
  thisMachine,
  type AskedMachine,
} from '../facts/machine.ts';
import { formatOfFile, loadWriter, traitsOf, type Format } from '../formats/formats.ts';
import type { DocumentFrame, RowWriter } from '../formats/writer.ts';
import { sanitize } from '../io/sanitize.ts';
import { fitted } from '../io/wrap.ts';
import { replacedText } from '../io/read.ts';
import { ClosedPipe, fileSink, finished, nullSink, type Sink } from '../io/sink.ts';
import type { Answer } from '../schema/answer.ts';
import { PortOwnerError, type ExitCode, type Notice, type Problem, type Report } from '../schema/problems.ts';
import { isLookedUp, plainColumns, reportColumns, type AnyRow, type Column, type RowSchema } from '../schema/column.ts';
import { parseColumns } from '../schema/find.ts';
import { filledVariant, machineVariant } from '../schema/variant.ts';
import { BaseCommand, problemText, type CommandClass } from './base.ts';
import { checkFiles, named, withoutRepeated, type NamedFile } from './files.ts';
import type { Asker } from './frame.ts';
import type { Redactor } from '../redaction/rows.ts';
import type { Words } from './module-calls.ts';
import type { Terminal } from '../system/terminal.ts';
import { endingProblem } from './module-rows.ts';
import { reportTo, toStandardError } from './notices.ts';
import { withOptions } from './options/group.ts';
import { connectionOf, problemsOf, type Connection } from './options/module.ts';
import { RedactOption } from './options/redact.ts';
import { secondsPerHost } from './options/snapshot.ts';
import { checkStandardOutput, delimiterOf, formatNamed, RowOptions } from './options/rows.ts';

/** A command that answers with rows of one kind; selecting and writing them is the same for all commands. */
export abstract class RowCommand extends withOptions(BaseCommand, RowOptions, RedactOption) {
  /** Only if the command has CountOptions and SnapshotOptions. */
  declare readonly countRows?: boolean;
  declare readonly from?: string[] | undefined;
  declare readonly host?: string[] | undefined;
  declare readonly sshConfig?: string | undefined;
  declare readonly hostTimeout?: string | undefined;

  abstract readonly schema: RowSchema;

  /** The columns of a table if none were chosen. */
  protected defaultColumns(): readonly Column[] {
    return this.schema.columns.filter((column: Column) => column.importance !== undefined);
  }

  /** The columns of a report: those of the default table, and others that a page has room for. */
  private reportColumns(): readonly Column[] {
    const shown = new Set(this.defaultColumns().map(({ name }) => name));
    return reportColumns(this.schema).filter(
      ({ name, connectionsOnly }) => connectionsOnly !== true || shown.has(name),
    );
  }

  /** Returns the answer; `columns` are those that will be written or used otherwise. */
  protected abstract answer(columns: readonly Column[]): Promise<Answer>;

  /** Reports progress; undefined unless the caller requested it. */
  protected progress: Report | undefined;

  /** The current machine of several. */
  private asked: AskedMachine | null = null;

  /** Replaces names in what is written; null unless --redact is given. */
  protected redactor: Redactor | null = null;

  /** Whether --redact is about the rows of this command. */
  protected get redactsRows(): boolean {
    return this.redact;
  }

  /** The machine to query. */
  protected askedMachine(): AskedMachine {
    return this.noted(this.asked ?? this.onlyMachine());
  }

  /** The only machine that is queried, if no other one is named. */
  private onlyMachine(): AskedMachine {
    const machine =
      this.from === undefined ? thisMachine(this.surroundings, this.progress) : machineOf(this.from, this.progress);
    return this.reached(machine, 0);
  }

  /** The machine as the user of the PowerShell module reaches it; `--host` stands for the parameters of a connection. */
  protected reached(machine: AskedMachine, index: number): AskedMachine {
    const connection = this.connections[index];
    if (connection === undefined) return machine;
    const canWrite = connection.parameters !== '';
    const options = canWrite ? ([['--host', String(index)]] as const) : null;
    // What standard input has, the user calls by the name of the connection.
    const name = machine.name === '-' && this.redactor === null ? connection.name : machine.name;
    return { ...machine, name, there: { name: connection.name, options, stops: canWrite } };
  }

  private get connections(): readonly Connection[] {
    return (this.connection ?? []).map(connectionOf);
  }

  /** A machine that reports what was read, and whose names are noted for --redact before. */
  protected noted(machine: AskedMachine): AskedMachine {
    const { redactor, progress } = this;
    const noted = redactor === null ? machine : this.redactable(machine, redactor);
    return progress === undefined ? noted : reportingFacts(noted, progress);
  }

  /** A machine whose names are noted. */
  private redactable(machine: AskedMachine, redactor: Redactor): AskedMachine {
    // The given name and the options would name the machine; its own name is noted with its facts.
    const options =
      this.connections.length > 0 ? null : (machine.there?.options?.map(([option]) => [option, null] as const) ?? null);
    const there = machine.there === null ? null : { name: null, options, stops: false };
    return {
      ...machine,
      there,
      async facts(question, hash) {
        // Paths below the folder where a program runs name its project.
        const details = question.details.has('path')
          ? new Set([...question.details, 'workingDirectory' as const])
          : question.details;
        const facts = await machine.facts({ ...question, details }, hash);
        redactor.note(facts);
        return facts;
      },
    };
  }

  /** A text as it is written: redacted with --redact. */
  protected readonly shown = (text: string): string => this.redactor?.text(text) ?? text;

  /** The answer as it is written: redacted with --redact. */
  redacted<Given extends Answer>(answer: Given, columns: readonly Column[] = []): Given {
    return this.redactor === null ? answer : (this.redactor.answer(answer, columns) as Given);
  }

  /** Whether other machines or several machines are queried. */
  private get asksOthers(): boolean {
    return this.host !== undefined || (this.from?.length ?? 0) > 1;
  }

  /** Whether several machines are queried. */
  protected get asksSeveral(): boolean {
    return (this.host?.length ?? this.from?.length ?? 0) > 1;
  }

  /** Whether its rows come later, as something happens. */
  protected readonly isLive: boolean = false;
  /** How to specify the format if the name of a file does not; empty if there is no other way. */
  protected readonly otherWay: string = '; or specify --format';

  /** The answer that a single one of several machines is enough for. */
  protected readonly decisive: boolean = true;
  /** Why several machines cannot be queried; null if they can. */
  protected oneMachineOnly(): string | null {
    return null;
  }

  /** The machines to query, if they are not only this one. */
  private async machines(columns: readonly Column[]): Promise<AskedMachine[]> {
    const { host, from, sshConfig } = this;
    if (host === undefined)
      return (await machinesOf(withoutRepeated(from ?? []), this.progress)).map((one, index) =>
        this.reached(one, index),
      );
    if (from !== undefined)
      throw new PortOwnerError('PO1005', '--host and --from exclude each other', {
        hint: 'Remove one of them.',
      });
    const request = {
      hosts: host,
      config: sshConfig ?? null,
      commandLines: columns.some(({ name }) => name === 'CommandLine'),
      hasPerson: this.surroundings.confirm !== null,
      seconds: secondsPerHost(this),
    };
    return farMachines(request, await this.surroundings.remote(), this.progress);
  }

  /** The machines to query, with one line now and then about those that have not answered. */
  private async askedMachines(columns: readonly Column[]): Promise<AskedMachine[]> {
    const machines = await this.machines(columns);
    if (machines.length === 1) return machines;
    const why = this.oneMachineOnly();
    if (why !== null) throw new PortOwnerError('PO1005', `${why}, but there are ${machines.length}`);
    if (this.verbose || this.surroundings.confirm !== null)
      (await import('./machines.ts')).reportWaiting(machines, (text) => this.surroundings.error(this.shown(text)));
    return machines;
  }

  private async answerForAll(columns: readonly Column[]): Promise<Answer> {
    const machines = await this.askedMachines(columns);
    if (machines.length === 1) return this.answerOf(machines[0]!, columns);
    const { answerOfAll } = await import('./machines.ts');
    return answerOfAll(machines, (machine) => this.answerOf(machine, columns), this.decisive);
  }

  /** Whether the rows of a machine can be written before the others have answered. */
  private get canWriteInTurn(): boolean {
    const { host = [], output, redactsRows, quiet, countRows } = this;
    const { outputs = [] } = this.files();
    // A report needs all of them.
    const isPlain = output === undefined && outputs.length === 0 && !redactsRows && !quiet && countRows !== true;
    return host.length > 1 && isPlain && traitsOf(this.chosenFormat()).inTurn === true;
  }

  /** Writes the rows of each machine when it has answered, but for a short time, waits for all of them. */
  private async performInTurn(format: Format, columns: readonly Column[]): Promise<ExitCode> {
    this.checkNames();
    const machines = await this.askedMachines(columns);
    const { answersInTurn } = await import('./machines.ts');
    const answers = answersInTurn(machines, (machine) => this.answerOf(machine, columns), this.decisive);
    return finished(this.openSink(), async (sink) => {
      const writer = await this.writer(format, columns, sink, () => null);
      let answer = await answers.next();
      for (; answer.done !== true; answer = await answers.next()) {
        for (const problem of answer.value.problems) this.tell(problem);
        for (const row of answer.value.rows) writer.row(row);
        await writer.flush();
      }
      await writer.end();
      return answer.value;
    });
  }

  /** The answer of one machine, with problems as its user can solve them. */
  private async answerOf(machine: AskedMachine, columns: readonly Column[]): Promise<Answer> {
    this.asked = machine;
    const answer = await this.answer(columns);
    const { there } = this.askedMachine();
    if (there === null || answer.problems.length === 0) return answer;
    const { hintsThere } = await import('../facts/there.ts');
    return { ...answer, problems: hintsThere(answer.problems, there) };
  }

  /** Whether people read the answer, with its note. */
  protected get forPeople(): boolean {
    const { forPeople, whole } = traitsOf(this.chosenFormat());
    return forPeople === true || whole === true;
  }

  /** Translates for the caller: the PowerShell module has functions for the commands. */
  private async advise(answer: Answer): Promise<Answer> {
    if (!this.isModule) return answer;
    const { answerInPowerShell } = await import('./module-answer.ts');
    return answerInPowerShell(answer, this.words);
  }

  /** Whether the PowerShell module asks. */
  protected get isModule(): boolean {
    return this.problems === 'rows' && traitsOf(this.chosenFormat()).documents === true;
  }

  /** Rows for the caller's report. */
  async reported<Row extends AnyRow>(rows: readonly Row[]): Promise<readonly Row[]> {
    if (!this.isModule) return rows;
    const { rowsInPowerShell } = await import('./module-answer.ts');
    return (await rowsInPowerShell(rows, this.words)) as unknown as readonly Row[];
  }

  private get words(): Words {
    return {
      about: (this.constructor as CommandClass).about,
      catalogue: this.context.catalogue,
      connections: this.connections,
    };
  }

  /** Whether a person reads the answer now: only then are details looked up that take longer than the answer itself. */
  protected get personReads(): boolean {
    const format = this.chosenFormat();
    return !this.redactsRows && (format === 'list' || (this.forPeople && this.outputTerminal !== null));
  }

  /** The home folder of the person who reads the answer now; empty if nobody does. */
  protected get readerHome(): string {
    return this.personReads ? this.surroundings.homeFolder() : '';
  }

  /** The terminal that the answer goes to; null if it goes elsewhere, such as to a file. */
  protected get outputTerminal(): Terminal | null {
    return this.output === undefined ? this.surroundings.terminal() : null;
  }

  /** Whether the answer has no room for lists, which are then shown below it. */
  protected get narrow(): boolean {
    return traitsOf(this.chosenFormat()).narrow === true && this.columns === undefined;
  }

  override async execute(): Promise<ExitCode> {
    if (this.redactsRows) {
      this.redactor = (await import('../redaction/rows.ts')).newRedactor();
      this.redactor.noteHome(this.surroundings.homeFolder());
    }
    return super.execute();
  }

  /** An error may name what an answer names. */
  protected override fail(error: PortOwnerError): void {
    this.surroundings.error(problemText(this.redactor?.problem(error.problem) ?? error.problem));
  }

  async perform(): Promise<ExitCode> {
    this.problems = problemsOf(this.problems);
    // Check this first: overwriting an input file is a more useful error than an unknown file extension.
    if (this.output !== undefined) this.checkNames();
    const format = this.chosenFormat();
    const traits = traitsOf(format);
    await this.checkFormat(format);
    if (this.stream && traits.documents !== true) throw new PortOwnerError('PO1005', '--stream needs --format clixml');
    if (this.excel && traits.spreadsheet !== true) throw new PortOwnerError('PO1005', '--excel needs --format csv');
    if (this.delimiter !== undefined && traits.spreadsheet !== true)
      throw new PortOwnerError('PO1005', '--delimiter needs --format csv');
    if (this.problems === 'rows' && traits.problemRows !== true) {
      throw new PortOwnerError('PO1005', '--problems rows needs --format clixml, json, or ndjson');
    }
    if (this.quiet && (this.problems === 'rows' || this.countRows === true))
      throw new PortOwnerError('PO1005', '--quiet cannot be combined with --problems or --count');
    // Nobody would look in a file for the error that ended the command.
    if (this.problems === 'rows' && this.countRows !== true && this.output === undefined)
      return finished(this.openSink(), (sink) => this.performInRows(format, sink));
    if (this.verbose) this.progress = toStandardError((text) => this.surroundings.error(this.shown(text)));
    const columns = this.chosenColumns(format);
    if (this.canWriteInTurn) return this.performInTurn(format, columns);
    const answer = this.redacted(await this.checkedAnswer(columns), columns);
    return finished(this.openSink(), async (sink) => {
      if (this.countRows === true) {
        for (const problem of answer.problems) this.tell(problem);
        sink.write(`${answer.rows.length}\n`);
        return answer.exitCode;
      }
      const shown = this.withMachines(columns, answer);
      return this.writeAnswer(answer, await this.writer(format, shown, sink, () => answer), sink);
    }).catch((error: unknown) => {
      // The answer is known, although the reader stopped early.
      if (error instanceof ClosedPipe) return answer.exitCode;
      throw error;
    });
  }

  /** Throws PO1005 for a format that cannot contain the requested answer. */
  private async checkFormat(format: Format): Promise<void> {
    const { binary, findings, whole } = traitsOf(format);
    if (this.isLive && whole === true)
      throw new PortOwnerError(
        'PO1005',
        `--format ${format} needs all rows at once; use ndjson, csv, or table for rows that come later`,
      );
    const isWritten = this.countRows !== true && !this.quiet;
    if (this.output === undefined) checkStandardOutput(format, isWritten && this.outputTerminal !== null);
    if (binary === true && this.countRows === true)
      throw new PortOwnerError('PO1005', `--count writes a number, and --format ${format} a file of rows`);
    if (findings === true && this.schema !== ((await import('../schema/finding.ts')).finding as RowSchema))
      throw new PortOwnerError(
        'PO1005',
        `--format ${format} can be used only for findings: portowner audit and portowner diff`,
      );
  }

  /** Writes even a terminating error as a row, and progress before there is an answer, as the module needs them. */
  private async performInRows(format: Format, sink: Sink): Promise<ExitCode> {
    let columns: readonly Column[] = [];
    let ending: PortOwnerError | null = null;
    try {
      columns = this.chosenColumns(format);
    } catch (error) {
      ending = endingProblem(error);
    }
    let answer: Answer | null = null;
    const writer = await this.writer(format, columns, sink, () => answer);
    const report = reportTo(writer);
    this.progress = (severity, message) => report(severity, this.shown(message));
    answer = await (ending === null ? this.checkedAnswer(columns) : Promise.reject(ending)).catch(
      (error: unknown): Answer => {
        const { problem, exitCode } = endingProblem(error);
        return { rows: [], problems: [problem], exitCode };
      },
    );
    answer = this.redacted(answer, columns);
    return this.writeAnswer(await this.advise(answer), writer, sink);
  }

  /** The files that the command line names, except --output: inputs and outputs. */
  protected files(): { inputs: readonly NamedFile[]; outputs?: readonly NamedFile[] } {
    return { inputs: [...named('--from', this.from), ...named('--ssh-config', this.sshConfig)] };
  }

  private checkNames(): void {
    const { inputs, outputs = [] } = this.files();
    checkFiles(inputs, [...outputs, ...named('--output', this.output)]);
  }

  protected async checkedAnswer(columns: readonly Column[]): Promise<Answer> {
    if (this.output === undefined) this.checkNames();
    const wanted = this.countRows === true ? [] : columns;
    secondsPerHost(this);
    return this.asksOthers ? this.answerForAll(wanted) : this.answerOf(this.onlyMachine(), wanted);
  }

  private chosenFormat(): Format {
    if (this.format !== undefined) return formatNamed(this.format);
    if (this.excel || (this.delimiter !== undefined && this.output === undefined)) return 'csv';
    return (this.output === undefined ? null : formatOfFile(this.output, 'output', this.otherWay)) ?? 'table';
  }

  /** Whether the command line has an option that requests columns. */
  protected asks(_option: string): boolean {
    return true;
  }

  /** Every column, except those that only options fill that were not used. */
  private allColumns(): readonly Column[] {
    return plainColumns(this.schema).filter(
      (column) => column.askedBy === undefined || isLookedUp(column) || this.asks(column.askedBy),
    );
  }

  private chosenColumns(format: Format): readonly Column[] {
    if (this.columns !== undefined)
      return parseColumns(this.columns, this.schema, { report: this.reportColumns(), all: this.allColumns() });
    const { narrow, documents, whole, forPeople } = traitsOf(format);
    if (narrow === true) return this.withMachine(this.defaultColumns());
    return plainColumns(this.schema).filter((column) => {
      const { name, askedBy } = column;
      if (isLookedUp(column)) return forPeople === true || this.asks(askedBy!) || this.asks(name);
      return (documents !== true && whole !== true) || askedBy === undefined || this.asks(askedBy);
    });
  }

  /** Adds the column of the machine, if there may be several. */
  private withMachine(columns: readonly Column[], isSeveral = this.asksSeveral): readonly Column[] {
    const machine = isSeveral ? this.schema.columns.find(({ name }) => name === 'ComputerName') : undefined;
    // Without it, the rows of a narrow table would not say which machine they are about.
    return machine === undefined || columns.some(({ name }) => name === machine.name)
      ? columns
      : [{ ...machine, importance: machine.importance ?? 1 }, ...columns];
  }

  /** Adds the column of the machine to a table, if the rows turn out to be of several. */
  private withMachines(columns: readonly Column[], { rows }: Answer): readonly Column[] {
    return this.narrow && this.ofSeveral(rows) ? this.withMachine(columns, true) : columns;
  }

  /** Whether rows name several machines. */
  private ofSeveral(rows: readonly AnyRow[]): boolean {
    return rows.some((row) => row['ComputerName'] !== rows[0]!['ComputerName']);
  }

  protected openSink(): Sink {
    if (this.output !== undefined) return fileSink(this.output, traitsOf(this.chosenFormat()).mode);
    return this.quiet ? nullSink() : this.surroundings.output();
  }

  /** Reports a problem on standard error; with --quiet, only errors. */
  tell(problem: Problem): void {
    if (!this.quiet || problem.severity === 'Error') this.surroundings.error(problemText(problem));
  }

  /** The parts of a document besides the rows; null if the format is not a document. */
  private async frame(format: Format, answer: Answer | null): Promise<DocumentFrame | null> {
    if (answer === null || traitsOf(format).whole !== true) return null;
    const { frameOf } = await import('./frame.ts');
    return frameOf(answer, this.schema, this.asker());
  }

  /** The subject of a document; null if it is only about the rows. */
  protected readonly subject: string | null = null;

  /** The request, as shown in a document. */
  asker(): Asker {
    const { words, surroundings } = this.context;
    const { about } = this.constructor as CommandClass;
    const overSsh = this.host !== undefined;
    // A command line may name anything.
    const question = this.redactsRows ? null : ['portowner', ...words];
    return { about, subject: this.subject, question, overSsh, at: surroundings.now };
  }

  private async writer(
    format: Format,
    columns: readonly Column[],
    sink: Sink,
    answer: () => Answer | null,
  ): Promise<RowWriter> {
    const toFile = this.output !== undefined;
    const frame = await this.frame(format, answer());
    return loadWriter(format, this.schema, {
      columns,
      asked: this.columns !== undefined,
      variant: () => {
        const known = answer();
        const name = known?.variant ?? filledVariant(this.schema, known?.rows ?? []);
        const isElsewhere = this.asksSeveral || this.connections.length > 0 || this.ofSeveral(known?.rows ?? []);
        return isElsewhere ? machineVariant(this.schema, name) : name;
      },
      ...(frame === null ? {} : { frame }),
      ...(this.delimiter === undefined ? {} : { delimiter: delimiterOf(this.delimiter) }),
      warn: (problem) => this.tell(problem),
      ...(this.output === undefined ? {} : { replaced: () => replacedText(this.output!) }),
      sink,
      problems: this.problems === 'rows' ? 'rows' : 'auto',
      stream: this.stream,
      terminal: this.outputTerminal,
      ...(this.isLive ? { live: true } : {}),
      excel: this.excel || (toFile && traitsOf(format).spreadsheet === true),
    });
  }

  /** Wraps text to the width of the terminal that it goes to. */
  private fitted(text: string): string {
    const width = this.outputTerminal?.columns;
    return width === undefined ? text : fitted(text, width);
  }

  /** The rows, with a notice before those of each machine if there are several: the module knows them by their connections. */
  private *itemsByMachine({ rows, machines = [] }: Answer): Generator<AnyRow | Notice> {
    let from = 0;
    for (const { index, rows: count } of machines) {
      yield { severity: 'Machine', message: String(index) };
      yield* rows.slice(from, (from += count));
    }
    yield* rows.slice(from);
  }

  private async writeAnswer(answer: Answer, writer: RowWriter, sink: Sink): Promise<ExitCode> {
    const { forPeople } = traitsOf(this.chosenFormat());
    // CLIXML has separate streams for problems. Nobody would look for them in a file.
    const inBand = traitsOf(this.chosenFormat()).documents === true && this.output === undefined;
    for (const problem of answer.problems) {
      if (inBand || this.problems === 'rows') writer.problem(problem);
      else this.tell(problem);
    }
    // Rows do not show what is absent, so the module says it, unless an error explains it.
    const said = answer.note ?? (answer.rows.length > 0 ? '' : [answer.headline ?? []].flat().join(' '));
    if (this.problems === 'rows' && this.output === undefined && said !== '')
      if (answer.problems.every(({ severity }) => severity !== 'Error'))
        writer.problem({ severity: 'Information', message: said });
    const sentences = [answer.headline ?? []].flat();
    const goesOn = answer.rows.length > 0 || answer.later !== undefined || answer.note !== undefined;
    if (forPeople && sentences.length > 0)
      sink.write(`${this.fitted(sentences.map(sanitize).join('\n'))}\n${goesOn ? '\n' : ''}`);
    if (answer.rows.length > 0 || answer.later !== undefined || !forPeople) {
      for (const item of this.isModule ? this.itemsByMachine(answer) : answer.rows)
        if ('severity' in item) writer.problem(item as Notice);
        else writer.row(item);
      for await (const rows of answer.later ?? []) {
        for (const row of rows) writer.row(row);
        await writer.flush();
      }
      await writer.end();
    }
    if (forPeople && answer.note !== undefined) sink.write(`${this.fitted(answer.note)}\n`);
    return answer.exitCode;
  }
}
