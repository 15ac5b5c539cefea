import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { withOptions } from '../cli/options/group.ts';
import { watchRequest, WatchOptions } from '../cli/options/watch.ts';
import { RowCommand } from '../cli/row-command.ts';
import { sanitize } from '../io/sanitize.ts';
import { finished } from '../io/sink.ts';
import type { Answer } from '../schema/answer.ts';
import type { Column } from '../schema/column.ts';
import { event } from '../schema/event.ts';
import { PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';

/** Watches sockets. */
export class WatchCommand extends withOptions(RowCommand, WatchOptions) {
  static override paths = [['watch']];
  static override usage = Command.Usage({
    description: 'watch sockets: on a full screen, as lines, or as events for scripts',
    details: `
      PORTS are local ports, the same as for the main query: 443, 8000-8100, 53/udp, localhost:3000. Without PORTS, it watches all sockets.

      On a terminal, it shows the sockets on a full screen: with their owners, traffic, and what opens and closes. Sort, filter, and group them, show the details of one, or stop its owner: press ? for the keys.

      --plain writes lines for people, such as users of a screen reader, and for logs: first the listeners, then what happens, and now and then the busiest connections. This is also the default if the output is not a terminal.

      --events writes a row for each socket that opens, closes, or changes its state or owner, as soon as it is noticed. Every difference between two checks is one row. It ends with the pipeline, after --count events or the time of --for, or with Ctrl+C, with exit code 0.

      Sockets are compared once per --interval. On Linux, the system also reports each socket that it closes: one that was opened and closed between two checks is shown as Closed, without an owner and a state. On Windows, such sockets are missed, and bytes are counted only if --columns names them. A change of owner can be noticed some checks later.
    `,
    examples: [
      ['All sockets with their traffic, on a full screen', '$0 watch'],
      ['The connections of the web server', '$0 watch 80,443'],
      ['What happens, as lines', '$0 watch --plain'],
      ['Who connects to the web server', '$0 watch 443 --events'],
      ['For a script, for five minutes', '$0 watch --events --format ndjson --for 5m'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [event],
    operands: { column: 'LocalPort' },
    values: {},
    exitCodes: { 0: 'done', 69: 'the sockets cannot be read' },
    powershell: {
      name: 'Watch-Port',
      operand: 'Port',
      own: ['InputObject'],
      parameters: {
        ...WatchOptions.about.parameters,
        Events: '--events',
        Plain: '--plain',
        Column: '--columns',
        Redact: '--redact',
      },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  events = Option.Boolean('--events', false, { description: 'write a row for each change, as soon as it is noticed' });
  plain = Option.Boolean('--plain', false, { description: 'write lines instead of a full screen' });

  override readonly schema = event;
  protected override readonly isLive = true;

  override async perform(): Promise<ExitCode> {
    if (this.events && this.plain) throw new PortOwnerError('PO1005', '--events and --plain exclude each other');
    if (this.events) return super.perform();
    const { format, columns, delimiter, problems } = this;
    for (const [name, value] of Object.entries({ format, columns, delimiter, problems }))
      if (value !== undefined) throw new PortOwnerError('PO1005', `--${name} needs --events`);
    const request = await watchRequest(this, this.ports);
    // Lines are about all sockets, unless some are asked for.
    const watched = { ...request, home: this.readerHome, rates: request.places !== null };
    const open = this.plain || this.output !== undefined ? null : await this.surroundings.screen();
    if (open !== null) {
      if (this.redact) throw new PortOwnerError('PO1005', '--redact needs --events or --plain');
      const { showView } = await import('../cli/watch-view.ts');
      const computer = await this.askedMachine().ownName();
      return showView(watched, { ...this.context, open, asker: this.asker(), computer, title: this.ports.join(' ') });
    }
    const { watchLines } = await import('../live/watch.ts');
    return finished(this.openSink(), async (sink) =>
      watchLines(watched, this.surroundings, (lines, owners) => {
        // Lines name owners that no row names.
        this.redactor?.rows([owners().map((Owner) => ({ Owner }))]);
        for (const line of lines) sink.write(`${sanitize(this.shown(line))}\n`);
        sink.flush();
      }),
    );
  }

  protected async answer(columns: readonly Column[]): Promise<Answer> {
    const { watchEvents } = await import('../live/watch.ts');
    const rates = this.columns !== undefined && columns.some(({ name }) => name.startsWith('Bytes'));
    const watched = { ...(await watchRequest(this, this.ports)), home: null, rates };
    const { live, ending, now } = this.surroundings;
    const warn = (problem: Problem): void => this.tell(problem);
    return watchEvents(watched, await this.askedMachine().ownName(), { live, ending, now, warn });
  }
}
