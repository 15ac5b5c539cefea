import { Command, Option } from 'clipanion';
import { findFree, type FindFreeRequest } from '../actions/find-free.ts';
import { longestHold } from '../actions/leases.ts';
import { problemText } from '../cli/base.ts';
import type { CommandAbout } from '../cli/about.ts';
import { named } from '../cli/files.ts';
import { RowCommand } from '../cli/row-command.ts';
import { portSpans, wholeNumber, word } from '../cli/values.ts';
import { ipAddress } from '../cli/ip-address.ts';
import { sanitise } from '../io/sanitise.ts';
import type { Answer } from '../schema/answer.ts';
import { freePort, type FreePort } from '../schema/free.ts';
import type { ExitCode } from '../schema/problems.ts';

const protocols = { tcp: ['TCP'], udp: ['UDP'], both: ['TCP', 'UDP'] } as const;

/** Ports that nobody has. */
export class FreeCommand extends RowCommand {
  static override paths = [['free']];
  static override usage = Command.Usage({
    description: 'find ports that can be bound now',
    details: `
      A port is free when nobody holds it and binding it really succeeds on the address asked for, by default on every address, IPv4 and IPv6. It must be outside of the machine's dynamic, reserved and excluded ranges, and not be registered with IANA for a service, unless --registered allows that, nor be kept for others by --policy or --baseline. It is looked for from 10000 up, unless --range or --near says where. Nothing is listened on, so that no firewall asks.

      Without --format the numbers alone are written, one a line: PORT=$(portowner free).

      --hold SECONDS keeps other calls of portowner free by the same user from handing the port out for that time. It does not keep the port bound: any other program may take it. What is held is noted in a file: leases.json in %LOCALAPPDATA%\\PortOwner on Windows, in $XDG_STATE_HOME/portowner or ~/.local/state/portowner on Linux.
    `,
    examples: [
      ['A free port', '$0 free'],
      ['Five, that nobody else gets for a minute', '$0 free --count 5 --hold 60'],
      ['The closest to 8080, and why not 8080 itself', '$0 free --near 8080 --explain'],
      ['Ten in a row, for UDP', '$0 free --count 10 --consecutive --protocol udp'],
      ['Only this machine needs to reach it', '$0 free --range 8000-8999 --address 127.0.0.1'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [freePort],
    operands: null,
    values: { '--protocol': Object.keys(protocols), '--policy': 'file', '--baseline': 'file' },
    exitCodes: { 0: 'as many as wanted', 1: 'fewer', 69: 'cannot tell' },
    powershell: {
      name: 'Get-FreePort',
      parameters: {
        Count: '--count',
        Range: '--range',
        Near: '--near',
        Consecutive: '--consecutive',
        Protocol: '--protocol',
        Address: '--address',
        IncludeRegistered: '--registered',
        Except: '--except',
        PolicyPath: '--policy',
        BaselinePath: '--baseline',
        Explain: '--explain',
        HoldSec: '--hold',
        Column: '--columns',
      },
    },
  };

  count = Option.String('--count', { description: 'how many ports (default: 1)' });
  range = Option.Array('--range', { description: 'only ports of this expression: 8000-8999' });
  near = Option.String('--near', { description: 'this port, or the next ones upward, registered ones included' });
  consecutive = Option.Boolean('--consecutive', false, { description: 'ports that follow one another' });
  protocol = Option.String('--protocol', { description: 'tcp (default), udp or both' });
  address = Option.String('--address', {
    description: 'free on this address of the machine (default: on every address, IPv4 and IPv6)',
  });
  registered = Option.Boolean('--registered', false, { description: 'ports that IANA registered for a service, too' });
  except = Option.Array('--except', { description: 'none of these ports' });
  policy = Option.String('--policy', {
    description: 'none that this policy forbids, or allows only to a named program',
  });
  baseline = Option.String('--baseline', { description: 'none that is in this baseline' });
  explain = Option.Boolean('--explain', false, { description: 'also the ports that were passed over, and why' });
  hold = Option.String('--hold', {
    description:
      'keep other calls of free by this user from handing the ports out, for so many seconds; it does not keep them bound',
  });

  override readonly schema = freePort;

  override async perform(): Promise<ExitCode> {
    const bare =
      this.format === undefined &&
      this.columns === undefined &&
      this.output === undefined &&
      !this.explain &&
      this.problems !== 'rows';
    if (!bare) return super.perform();
    // For $(portowner free): a header would be in the way.
    const { rows, problems, exitCode, note } = await this.checkedAnswer([]);
    const sink = this.surroundings.output();
    for (const row of rows) sink.write(`${(row as FreePort).LocalPort}\n`);
    sink.close();
    for (const problem of problems) this.surroundings.error(problemText(problem));
    if (note !== undefined && this.surroundings.terminal() !== null) this.surroundings.error(sanitise(note));
    return exitCode;
  }

  protected override files() {
    return {
      inputs: [...named('--policy', this.policy), ...named('--baseline', this.baseline)],
    };
  }

  protected async answer(): Promise<Answer> {
    return findFree(await this.request(), this.surroundings, this.progress);
  }

  private async request(): Promise<FindFreeRequest> {
    const whole = (option: string, text: string | undefined, most: number): number | null =>
      text === undefined ? null : wholeNumber(option, text, { most });
    return {
      count: whole('--count', this.count, 10_000) ?? 1,
      spans: this.range === undefined ? null : await portSpans(this.range),
      near: whole('--near', this.near, 65_535),
      consecutive: this.consecutive,
      protocols: word('--protocol', this.protocol ?? 'tcp', protocols, 'tcp, udp or both'),
      address:
        this.address === undefined
          ? null
          : ipAddress(this.address, 'one address of this machine, such as 127.0.0.1 or ::1'),
      registered: this.registered,
      except: this.except === undefined ? [] : await portSpans(this.except),
      explain: this.explain,
      holdSeconds: whole('--hold', this.hold, longestHold),
      policy: this.policy ?? null,
      baseline: this.baseline ?? null,
    };
  }
}
