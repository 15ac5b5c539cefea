import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import type { ParsedError } from '../diagnosis/error-text.ts';
import type { Request } from '../diagnosis/request.ts';
import { textOf } from '../io/read.ts';
import { sanitise } from '../io/sanitise.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { verdict } from '../schema/verdict.ts';
import { portSpans } from '../cli/values.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { bindRequest, BindOptions, checkBindOptions } from '../cli/options/bind.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';

/** More of a text than its beginning is not looked at: this is enough of it in UTF-8 and UTF-16. */
const errorBytes = 256 * 1024;

/** Whether a program could bind a port. */
export class WhyCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, BindOptions) {
  static override paths = [['why']];
  static override usage = Command.Usage({
    description: 'say whether a program could bind a port now, and if not, exactly why and what to do',
    details: `
      It looks at sockets, services and port ranges, and then really tries: it binds the port and gives it back at once, without listening. Where that could take something from an owner (reuse, or UDP on Windows) it does not try, and the rules of the system answer.

      PORT is a number or an IANA service name; 0 asks whether any dynamic port is left. With --error the port, the address and the protocol are read from the text, and PORT is needed only if it has none.
    `,
    examples: [
      ['Could a web server start here', '$0 why 80'],
      ['On one address, over UDP', '$0 why 53 --address 127.0.0.1 --protocol udp'],
      ['What an error message means', `$0 why --error "listen EADDRINUSE: address already in use :::3000"`],
      ['The last lines of a log', 'tail -n 20 error.log | portowner why --error -'],
      ['For a server that sets SO_REUSEADDR', '$0 why 8080 --reuse'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [verdict],
    operands: { column: 'LocalPort' },
    values: {},
    exitCodes: {
      0: 'it can be bound',
      1: 'it cannot',
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
      },
      terms: { Reuse: { Address: 'address', Port: 'port' } },
    },
  };

  port = Option.String({ name: 'PORT', required: false });
  error = Option.String('--error', {
    description: 'read port, address and cause from this error text (- is standard input)',
  });

  override readonly schema = verdict;

  protected async answer(): Promise<Answer> {
    const error = this.error === undefined ? null : await this.parsedError(this.error);
    const bind = await this.request(error);
    const { whyNot } = await import('../diagnosis/why.ts');
    const world = { machine: this.askedMachine(), binder: this.surroundings.binder };
    const { row, headline, problems, exitCode } = await whyNot({ bind, error }, world);
    const first = headline === null ? {} : { headline };
    return { rows: [row], problems, exitCode, ...first, ...this.noteOf(row.Evidence, row.Remedy) };
  }

  /** A table has no room for lists. */
  private noteOf(evidence: readonly string[] | null, remedy: readonly string[] | null): { note?: string } {
    if (!this.narrow) return {};
    const lines = (title: string, items: readonly string[] | null) =>
      items === null || items.length === 0 ? [] : ['', `${title}:`, ...items.map((item) => `  ${sanitise(item)}`)];
    return { note: [...lines('Evidence', evidence), ...lines('What to do', remedy)].join('\n') };
  }

  private async parsedError(text: string): Promise<ParsedError> {
    if (text === '-' && this.from?.includes('-') === true)
      throw new PortOwnerError('PO1005', '--error - and --from - both want standard input');
    const { parseError } = await import('../diagnosis/error-text.ts');
    if (text !== '-') return parseError(text);
    const bytes = this.surroundings.input(errorBytes);
    return parseError(textOf(bytes, 'standard input', { isCut: bytes.length === errorBytes }));
  }

  /** What is asked; null when only an error text was given and it names no port. */
  private async request(error: ParsedError | null): Promise<Request | null> {
    checkBindOptions(this);
    const port = this.port === undefined ? (error?.port ?? null) : await onePort(this.port);
    if (port !== null) return bindRequest(this, port, error);
    if (error !== null) return null;
    throw new PortOwnerError('PO1001', 'no PORT is given', { hint: 'Give a port, or an error text with --error.' });
  }
}

/** The port that is asked about, which may be none in particular. */
async function onePort(text: string): Promise<number> {
  if (text === '0') return 0;
  const spans = await portSpans([text]);
  const [span] = spans;
  if (span !== undefined && spans.length === 1 && span.start === span.end) return span.start;
  throw new PortOwnerError('PO1002', `${JSON.stringify(text)} is more than one port`, {
    hint: 'Ask for one at a time.',
    target: text,
  });
}
