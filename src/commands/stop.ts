import { Command, Option } from 'clipanion';
import { giveBack, type GiveBackRequest } from '../actions/give-back.ts';
import { looksLikeIdentity, parseIdentity } from '../actions/identity.ts';
import type { Target } from '../actions/target.ts';
import { watchTimes } from '../actions/restart.ts';
import type { CommandAbout } from '../cli/about.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { RowCommand } from '../cli/row-command.ts';
import { asksToStop, besidesText, planText, withIdentities } from '../cli/stop-plan.ts';
import { subjectOf } from '../cli/subject.ts';
import { duration, portWords, processIds, word } from '../cli/values.ts';
import type { Answer } from '../schema/answer.ts';
import type { Column } from '../schema/column.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { stopResult } from '../schema/stop.ts';

const protocols = { tcp: ['TCP'], udp: ['UDP'] } as const;

/** Frees a port. */
export class StopCommand extends withOptions(RowCommand, CountOptions) {
  static override paths = [['stop']];
  static override usage = Command.Usage({
    description: 'free a port: stop the program that listens on it',
    details: `
      It first shows what would end: the owner, its children, its service and the services that depend on it, its other ports, and its live connections. Then it asks, unless you use --yes. It stops only listeners on exactly these ports, never a client. PORTS are the same as for the main query: 8080, 53/udp, localhost:3000. Instead of a port, you can use an Identity shown by --dry-run to stop exactly that target.

      A service is stopped through its manager (the Windows service manager, systemd), and an IIS port by stopping its site; for a container, the answer shows the command that stops it. A program is asked to end: on Windows by closing its windows, or with Ctrl+C if nothing else uses its console; on Linux with SIGTERM. Only with --force, it is ended forcibly if it does not end within --timeout seconds, or cannot be ended gracefully.

      It never stops the kernel, programs of the session and its security, or the shell and terminal that it runs in.

      Success means that the owner has ended, nobody listens, and nobody took the port: if a program runs that may restart the owner, the port is watched for ${watchTimes.supervised / 1000} seconds. The answer names what restarted it.
    `,
    examples: [
      ['Show what would be stopped', '$0 stop 8080 --dry-run'],
      ['Ask, and then stop it', '$0 stop 8080'],
      ['In a script, forcibly after 5 seconds if necessary', '$0 stop 8080 --yes --force --timeout 5'],
      ['Every port of a process', '$0 stop --pid 1234'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [stopResult],
    operands: { column: 'LocalPort' },
    aliases: ['kill'],
    synonyms: { '-f': ['--force'], '-n': ['--dry-run'], '--what-if': ['--dry-run'] },
    values: { '--protocol': Object.keys(protocols), '--pid': { column: 'OwningProcess' }, '--from': 'file' },
    exitCodes: {
      0: 'freed (or with --dry-run: can be freed)',
      1: 'not freed, or nobody listens there',
      64: 'wrong usage, or no terminal to ask on and no --yes',
      69: 'cannot tell',
      77: 'needs elevated rights',
    },
    powershell: {
      name: 'Stop-PortOwner',
      operand: 'Port',
      own: ['InputObject'],
      parameters: {
        Id: '--pid',
        Protocol: '--protocol',
        Address: '--address',
        Force: '--force',
        TimeoutSec: '--timeout',
        Redact: '--redact',
      },
      leftOut: {
        '--dry-run': 'ShouldProcess is called for each target of a dry run',
        '--yes': 'only what ShouldProcess approved is stopped',
        '--columns': 'Select-Object selects',
        '--from': 'the parameters of remoting name machines',
      },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  pid = Option.Array('--pid', { description: 'only listeners of these processes; without PORTS, all of them' });
  protocol = Option.String('--protocol', { description: 'only tcp or udp' });
  address = Option.Array('--address', { description: 'only listeners on this address, or CIDR range' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'only show what would be stopped' });
  override from = Option.Array('--from', {
    description:
      'with --dry-run: show what would end on the machine in this snapshot or collection (- is standard input)',
  });
  yes = Option.Boolean('--yes,-y', false, { description: 'do not ask' });
  force = Option.Boolean('--force', false, {
    description: 'forcibly end programs that do not end within --timeout, or cannot be ended gracefully',
  });
  timeout = Option.String('--timeout', {
    description: 'how long to wait after asking: seconds, or 500ms, 2m (default: 10)',
  });

  override readonly schema = stopResult;

  protected override oneMachineOnly(): string {
    return 'programs of one machine are stopped at a time';
  }

  protected async answer(): Promise<Answer> {
    const request = await this.request();
    const { source, hands, now, confirm, error } = this.surroundings;
    const seen: Target[] = [];
    // A dry run asks nothing: its answer has all of it. So has an error of what is never stopped.
    const show = (target: Target): void => {
      if (target.means.how === 'refused') return;
      if (this.dryRun) seen.push(target);
      else if (this.forPeople && this.problems !== 'rows') error(this.shown(planText(target)));
    };
    const approve = ({ owner }: Target): boolean => this.yes || asksToStop(this.shown(owner), confirm);
    const told = {
      home: this.readerHome,
      ...(this.redactor === null ? {} : { note: this.redactor.note }),
      ...(this.from === undefined ? {} : { told: this.askedMachine() }),
    };
    const answer = await giveBack(request, { source, hands, now, show, approve, ...told }, this.progress);
    const besides = this.narrow ? besidesText(seen) : '';
    return besides === '' ? answer : { ...answer, note: besides };
  }

  /** The module approves targets of a dry run, and stops exactly those: their identities stay as they are. */
  override redacted<Given extends Answer>(answer: Given, columns: readonly Column[] = []): Given {
    const shown = super.redacted(answer, columns);
    return this.dryRun && this.isModule ? withIdentities(shown, answer) : shown;
  }

  private async request(): Promise<GiveBackRequest> {
    const operands = portWords(this.ports);
    const { spans, pids } = await subjectOf(
      operands.filter((text) => !looksLikeIdentity(text)),
      { eachError: false },
    );
    const ofOption = (this.pid ?? []).flatMap((text) => text.split(','));
    if (this.ports.length === 0 && ofOption.length === 0)
      throw new PortOwnerError('PO1001', 'missing PORTS: portowner stop PORTS, or portowner stop --pid PID', {
        hint: 'For example: portowner stop 8080 --dry-run',
      });
    return {
      spans: spans ?? [],
      pids: new Set([...processIds('--pid', ofOption), ...pids]),
      identities: operands.filter(looksLikeIdentity).map(parseIdentity),
      protocols: this.protocol === undefined ? ['TCP', 'UDP'] : word('--protocol', this.protocol, protocols),
      addresses: this.address ?? null,
      dryRun: this.dryRun,
      force: this.force,
      timeout: duration('--timeout', this.timeout ?? '10', { least: 0 }),
    };
  }
}
