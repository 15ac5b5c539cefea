import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { withOptions } from '../cli/options/group.ts';
import { namesIn, targetsOf, WaitOptions } from '../cli/options/wait.ts';
import { RowCommand } from '../cli/row-command.ts';
import { duration } from '../cli/values.ts';
import { waitFor } from '../live/wait.ts';
import { sanitize } from '../io/sanitize.ts';
import type { Answer } from '../schema/answer.ts';
import { PortOwnerError, type Report } from '../schema/problems.ts';
import { waitResult, type WaitResult } from '../schema/wait.ts';

/** What is also a part of other sentences, as a sentence. The name of a machine stays as it is. */
const sentence = (text: string): string =>
  `${text.replace(/^(?:port|waiting) /, (word) => word[0]!.toUpperCase() + word.slice(1))}.`;

/** Waits for ports. */
export class WaitCommand extends withOptions(RowCommand, WaitOptions) {
  static override paths = [['wait']];
  static override usage = Command.Usage({
    description: 'wait until a port is open, free, owned by a program, or answers HTTP',
    details: `
      It returns as soon as the condition is met, within 0.1 seconds of the change (0.25 seconds and the time of a connection for another machine), and with exit code 1 after --timeout seconds, with what was seen last. PORTS are the same as for the main query: 5432, udp/53, 127.0.0.1:8080, [::1]:80; without a protocol, a port is TCP. A URL such as http://localhost:3000/health waits for its answer, as with --http.

      A port is free if no socket listens on it or has bound it, and a bind succeeds. Connections in TIME_WAIT do not count: on Linux, the bind uses SO_REUSEADDR, as servers do. Ports that Windows excludes never become free.

      --http accepts any answer below 500, follows no redirects, and does not check certificates. It uses HTTPS for https URLs and for port 443.

      --host connects to a port of another machine: once it accepts a connection, it is open. Use --host localhost for a port of this machine that is forwarded without a socket. In other commands, --host queries another machine through ssh; here, nothing is asked of it but a connection.
    `,
    examples: [
      ['Until the database listens', '$0 wait 5432 && ./migrate'],
      ['Until a web server answers', '$0 wait http://localhost:3000/health --timeout 30'],
      ['Until a stopped server has freed its port', '$0 wait 8080 --free'],
      ['Until a port of another machine is open', '$0 wait 5432 --host db1 --timeout 5m'],
      ['Until one of two programs is ready', '$0 wait 8080,8081 --any'],
      ['Whether nginx owns the port now', '$0 wait 80 --owned-by nginx --timeout 0'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [waitResult],
    operands: { column: 'LocalPort' },
    values: { '--timeout': ['none'] },
    exitCodes: {
      0: 'the condition is met',
      1: 'timed out',
      69: 'cannot tell',
      77: 'timed out, and needs elevated rights to see the owner',
    },
    powershell: {
      name: 'Wait-Port',
      operand: 'Port',
      own: ['InputObject', 'Quiet'],
      parameters: {
        ...WaitOptions.about.parameters,
        Any: '--any',
        TimeoutSec: '--timeout',
        Column: '--columns',
        Redact: '--redact',
      },
      leftOut: { '--every': 'the default' },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  any = Option.Boolean('--any', false, { description: 'of several ports, wait for one' });
  every = Option.Boolean('--every', false, {
    description: 'of several ports, wait until each was ready once (default)',
  });
  timeout = Option.String('--timeout', {
    description:
      'how long to wait: seconds, or 30s, 5m, 1h; 0 only checks, none or -1 waits without a limit (default: 60)',
  });

  override readonly schema = waitResult;

  protected async answer(): Promise<Answer> {
    if (this.redactor !== null) {
      const { hosts, paths } = namesIn(this, this.ports);
      hosts.forEach(this.redactor.noteHost);
      paths.forEach(this.redactor.noteRequestPath);
      this.redactor.noteExpectedOwner(this.ownedBy?.trim() ?? '');
    }
    if (this.any && this.every) throw new PortOwnerError('PO1005', '--any and --every exclude each other');
    if (this.ports.length === 0)
      throw new PortOwnerError('PO1001', 'missing PORTS: portowner wait PORTS', {
        hint: 'For example: portowner wait 5432',
      });
    const { timeout = '60' } = this;
    const request = {
      targets: await targetsOf(this, this.ports),
      isAny: this.any,
      timeoutMs: /^(?:none|-1)$/i.test(timeout) ? null : duration('--timeout', timeout, { least: 0, else: 'none' }),
    };
    const world = { machine: this.askedMachine(), binder: this.surroundings.binder };
    const answer = await waitFor(request, world, this.report());
    // Without --format, a sentence is enough.
    const isPlain =
      this.format === undefined && this.columns === undefined && this.output === undefined && this.forPeople;
    return isPlain
      ? { ...answer, rows: [], headline: answer.rows.map((row) => sentence((row as WaitResult).Seen ?? '')) }
      : answer;
  }

  /** Shows a person what it waits for. */
  private report(): Report | undefined {
    const { confirm, error } = this.surroundings;
    if (this.progress !== undefined || this.quiet || confirm === null) return this.progress;
    return (_severity, message) => error(`${sanitize(sentence(this.shown(message)))}\n`);
  }
}
