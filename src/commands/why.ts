import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import type { ErrorReading, ParsedError } from '../diagnosis/error-text.ts';
import type { Request } from '../diagnosis/request.ts';
import type { AskedFor } from '../configuration/asked-for.ts';
import type { WhyRequest } from '../diagnosis/why.ts';
import { textOfEnds } from '../io/read.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { verdict, type Verdict } from '../schema/verdict.ts';
import { placeOfOne, placeText } from '../cli/subject.ts';
import { RowCommand } from '../cli/row-command.ts';
import { sanitize } from '../io/sanitize.ts';
import type { Answer } from '../schema/answer.ts';
import { bindRequest, BindOptions, checkBindOptions } from '../cli/options/bind.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';

/** Lines under a title, with an empty line above; nothing where there are none. */
const titled = (title: string, items: readonly string[] | null): string[] =>
  items === null || items.length === 0 ? [] : ['', `${title}:`, ...items.map((text) => `  ${sanitize(text)}`)];

/** Shows whether a program could bind a port. */
export class WhyCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, BindOptions) {
  static override paths = [['why']];
  static override usage = Command.Usage({
    description: 'show whether a program could bind a port now, and if not, exactly why and what to do',
    details: `
      It checks sockets, services, and port ranges, and then makes a real attempt: it binds the port and releases it immediately, without listening. If the attempt could affect an owner (reuse, or UDP on Windows), it applies the rules of the system instead.

      PORT is a number or an IANA service name, and can include a protocol and an address: 53/udp, localhost:3000; 0 checks whether any dynamic port is left. With --error, the port, the address, and the protocol are read from the text, and PORT is needed only if the text contains none. A log with several failures gets one answer for each, newest first.
    `,
    examples: [
      ['Whether a web server could start here', '$0 why 80'],
      ['On one address, over UDP', '$0 why 53 --address 127.0.0.1 --protocol udp'],
      ['What an error message means', '$0 why --error "EADDRINUSE: address already in use :::3000"'],
      ['The last lines of a log', 'tail -n 20 error.log | portowner why --error -'],
      ['For a server that sets SO_REUSEADDR', '$0 why 8080 --reuse'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [verdict],
    operands: { column: 'LocalPort' },
    aliases: ['check'],
    values: {},
    exitCodes: {
      0: 'it can be bound',
      1: 'it cannot, or one of several cannot',
      69: 'cannot tell',
      77: 'needs elevated rights for a complete answer',
    },
    powershell: {
      name: 'Test-PortBinding',
      operand: 'Port',
      own: ['InputObject'],
      parameters: {
        ErrorText: '--error',
        ...BindOptions.about.parameters,
        Column: '--columns',
        FromSnapshot: '--from',
        Redact: '--redact',
      },
      terms: { Reuse: { Address: 'address', Port: 'port' } },
    },
  };

  port = Option.String({ name: 'PORT', required: false });
  error = Option.String('--error', {
    description: 'read the port, address, and cause from this error text (- is standard input)',
  });

  override readonly schema = verdict;

  protected async answer(): Promise<Answer> {
    const reading = this.error === undefined ? null : await this.reading(this.error);
    const errors = this.port === undefined ? (reading?.errors ?? [null]) : [reading?.errors[0] ?? null];
    const questions: WhyRequest[] = [];
    for (const error of errors) questions.push({ bind: await this.request(error), error });
    const { whyNotEach } = await import('../diagnosis/why.ts');
    const machine = this.askedMachine();
    const { surroundings } = this;
    const askedFor = async (request: Request): Promise<AskedFor> =>
      (await import('../configuration/configuration.ts')).askedFor(
        request,
        machine,
        await surroundings.configuration(),
      );
    const world = {
      machine,
      binder: surroundings.binder,
      home: this.readerHome,
      ...(machine.live ? { askedFor } : {}),
    };
    const { rows, headline, problems, exitCode } = await whyNotEach(questions, world);
    const [first, ...others] = rows as [Verdict, ...Verdict[]];
    const said = { ...first, Evidence: [...(first.Evidence ?? []), ...(reading?.leftOut ?? [])] };
    const sentence = headline.length === 0 ? {} : { headline };
    return { rows: [said, ...others], problems, exitCode, ...sentence, ...this.noteOf([said, ...others]) };
  }

  /** A table has no room for lists. */
  private noteOf(rows: readonly Verdict[]): { note?: string } {
    if (!this.narrow) return {};
    const of = (row: Verdict): string => (rows.length === 1 ? '' : ` (${placeText(row)})`);
    const notes = rows.flatMap((row) => [
      ...titled(`Evidence${of(row)}`, row.Evidence),
      ...titled(`What to do${of(row)}`, row.Remedy),
    ]);
    return { note: notes.join('\n') };
  }

  private async reading(text: string): Promise<ErrorReading> {
    if (text === '-' && this.from?.includes('-') === true)
      throw new PortOwnerError('PO1005', '--error - and --from - cannot both read standard input');
    const { readErrors, endsRead } = await import('../diagnosis/error-text.ts');
    if (text !== '-') return readErrors(text);
    const ends = this.surroundings.inputEnds(endsRead);
    return readErrors(textOfEnds(ends, 'standard input'), ends.leftOut);
  }

  /** The request; null if there is only an error text that names no port. */
  private async request(error: ParsedError | null): Promise<Request | null> {
    checkBindOptions(this);
    const place = this.port === undefined ? null : await placeOfOne(this.port, 'why');
    const port = place?.port ?? error?.port ?? null;
    if (port !== null) return bindRequest(this, port, { place, error });
    if (error !== null) return null;
    throw new PortOwnerError('PO1001', 'missing PORT: portowner why PORT, or portowner why --error TEXT', {
      hint: 'For example: portowner why 3000',
    });
  }
}
