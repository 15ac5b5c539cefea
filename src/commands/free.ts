import { Command, Option } from 'clipanion';
import { findFree, type FindFreeRequest } from '../actions/find-free.ts';
import { longestHold } from '../actions/leases.ts';
import { problemText } from '../cli/base.ts';
import type { CommandAbout } from '../cli/about.ts';
import { named } from '../cli/files.ts';
import { RowCommand } from '../cli/row-command.ts';
import { choiceOf, FreeOptions } from '../cli/options/free.ts';
import { withOptions } from '../cli/options/group.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { places, wholeNumber } from '../cli/values.ts';
import { sanitize } from '../io/sanitize.ts';
import type { Answer } from '../schema/answer.ts';
import { freePort, type FreePort } from '../schema/free.ts';
import type { ExitCode } from '../schema/problems.ts';

/** Finds free ports. */
export class FreeCommand extends withOptions(RowCommand, FreeOptions, SnapshotOptions) {
  static override paths = [['free']];
  static override usage = Command.Usage({
    description: 'find ports that can be bound now',
    details: `
      A port is free if nobody holds it and a bind attempt succeeds on the requested address, by default on every IPv4 and IPv6 address. It must be outside the machine's dynamic, reserved, and excluded ranges, must not be registered with IANA for a service (unless you use --registered, --near, or PORTS), and must not be reserved by --policy or --baseline. The search starts at port 10000, unless PORTS, --range, or --near specifies otherwise. Nothing listens, so no firewall prompts.

      Without --format, only the numbers are written to standard output, one per line: PORT=$(portowner free). On a terminal, standard error says what was skipped, and which service a port is registered for.

      For another machine (--host, --from), only its sockets and ranges are checked, without a bind attempt.

      --hold SECONDS prevents other calls of portowner free by the same user from returning the port for that time. It does not keep the port bound: any other program can take it. Held ports are recorded in a file: leases.json in %LOCALAPPDATA%\\PortOwner on Windows, in $XDG_STATE_HOME/portowner or ~/.local/state/portowner on Linux.
    `,
    examples: [
      ['A free port', '$0 free'],
      ['Five ports that nobody else gets for a minute', '$0 free --count 5 --hold 60'],
      ['One port in a range', '$0 free 3000-3010'],
      ['The closest to 8080, and why not 8080 itself', '$0 free --near 8080 --explain'],
      ['Ten consecutive ports for UDP', '$0 free --count 10 --consecutive --protocol udp'],
      ['On another machine', '$0 free 8000-8099 --host server7'],
      ['A port that only this machine needs to reach', '$0 free --range 8000-8999 --address 127.0.0.1'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [freePort],
    operands: 'ports',
    values: { '--policy': 'file', '--baseline': 'file' },
    exitCodes: { 0: 'found as many as requested', 1: 'found fewer', 69: 'cannot tell' },
    powershell: {
      name: 'Get-FreePort',
      operand: 'Port',
      parameters: {
        ...FreeOptions.about.parameters,
        PolicyPath: '--policy',
        BaselinePath: '--baseline',
        Explain: '--explain',
        HoldSec: '--hold',
        Column: '--columns',
        Redact: '--redact',
      },
      leftOut: { '--from': 'the parameters of remoting name machines' },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  policy = Option.String('--policy', {
    description: 'exclude ports that this policy forbids, or allows only for a named program',
  });
  baseline = Option.String('--baseline', { description: 'exclude ports in this baseline' });
  explain = Option.Boolean('--explain', false, { description: 'also list the ports that were skipped, and why' });
  hold = Option.String('--hold', {
    description:
      'prevent other calls of free by this user from returning the ports, for this many seconds; does not keep them bound',
  });

  override readonly schema = freePort;
  protected override readonly decisive = false;

  override async perform(): Promise<ExitCode> {
    const bare =
      this.format === undefined &&
      this.columns === undefined &&
      !this.asksSeveral &&
      this.output === undefined &&
      !this.explain &&
      !this.excel &&
      !this.quiet &&
      this.problems !== 'rows';
    if (!bare) return super.perform();
    // For $(portowner free), without a header.
    const { rows, problems, exitCode, note } = this.redacted(await this.checkedAnswer([]));
    const sink = this.surroundings.output();
    for (const row of rows) sink.write(`${(row as FreePort).LocalPort}\n`);
    sink.close();
    for (const problem of problems) this.surroundings.error(problemText(problem));
    // Also in $(portowner free --near 3000) at a prompt: standard error is still the terminal.
    if (note !== undefined && (this.surroundings.terminal() !== null || this.surroundings.confirm !== null))
      this.surroundings.error(`${note.split('\n').map(sanitize).join('\n')}\n`);
    return exitCode;
  }

  protected override files() {
    return {
      inputs: [...super.files().inputs, ...named('--policy', this.policy), ...named('--baseline', this.baseline)],
    };
  }

  protected async answer(): Promise<Answer> {
    const { binder, stateFolder, now } = this.surroundings;
    return findFree(await this.request(), { machine: this.askedMachine(), binder, stateFolder, now });
  }

  private async request(): Promise<FindFreeRequest> {
    return {
      ...(await choiceOf(this, await places(this.ports))),
      explain: this.explain,
      holdSeconds: this.hold === undefined ? null : wholeNumber('--hold', this.hold, { most: longestHold }),
      policy: this.policy ?? null,
      baseline: this.baseline ?? null,
    };
  }
}
