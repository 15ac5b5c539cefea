import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { auditRuns, listenerHistory } from '../audit/history.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { auditRun, portSpan } from '../schema/audit-run.ts';
import type { RowSchema } from '../schema/column.ts';
import { named } from '../cli/files.ts';
import { RowCommand } from '../cli/row-command.ts';
import { portSpans, portWords, wholeNumber } from '../cli/values.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';

/** Answers from the store of audits. */
export class HistoryCommand extends withOptions(RowCommand, CountOptions) {
  static override paths = [['history']];
  static override usage = Command.Usage({
    description: 'list the audits of a store, or say when a port or a program appeared, disappeared or changed hands',
    details: `
      Without PORTS, --program and --service it lists the audits, newest first. With them it lists the times in which a listener stayed the same: each row says when it was first and last seen, and whose it was.

      PORTS are as for the main question, and dynamic for what programs took from the dynamic range. A port of that range is told by its number, too: which program had it, and when.

      An audit whose Complete is false could not tell all, and Problem says why: no findings are no clean machine then.
    `,
    examples: [
      ['The last ten audits', '$0 history --store audits.db --last 10'],
      ['Who has had port 443', '$0 history 443 --store audits.db'],
      ['Since when there is nginx', '$0 history --program nginx --store audits.db'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [auditRun, portSpan],
    operands: { column: 'LocalPort' },
    values: { '--store': 'file', '--service': { column: 'Services' } },
    exitCodes: { 0: 'there is something', 1: 'there is nothing', 69: 'the store cannot be read' },
    powershell: {
      name: 'Get-PortAudit',
      operand: 'Port',
      parameters: {
        StorePath: '--store',
        Program: '--program',
        Service: '--service',
        Machine: '--machine',
        Last: '--last',
        Column: '--columns',
      },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  store = Option.String('--store', { description: 'the file that portowner audit --store keeps' });
  program = Option.Array('--program', {
    description: 'listeners of this executable: its path, or its name; * and ? are wildcards',
  });
  service = Option.Array('--service', { description: 'listeners of this service; * and ? are wildcards' });
  machine = Option.String('--machine', { description: 'only this machine' });
  last = Option.String('--last', { description: 'at most this many audits' });

  get schema(): RowSchema {
    return this.ports.length > 0 || this.program !== undefined || this.service !== undefined ? portSpan : auditRun;
  }

  protected override files() {
    return { inputs: named('--store', this.store) };
  }

  protected async answer(): Promise<Answer> {
    const { store } = this;
    if (store === undefined)
      throw new PortOwnerError('PO1001', 'missing --store: portowner history --store FILE', {
        hint: 'The file is the one that portowner audit --store keeps.',
      });
    const { machine = null, program: programs = null, service: services = null } = this;
    const limit = this.last === undefined ? null : wholeNumber('--last', this.last, { most: 999_999_999 });
    if (this.schema === auditRun) return auditRuns(store, { machine, limit });
    if (limit !== null) throw new PortOwnerError('PO1005', '--last is for the list of audits');
    const ports = this.ports.length === 0 ? null : await this.portsOf(portWords(this.ports));
    return listenerHistory(store, { machine, ports, programs, services });
  }

  private async portsOf(words: readonly string[]) {
    const spans = await portSpans(
      'history',
      words.filter((word) => word !== 'dynamic'),
    );
    return { spans, dynamic: words.includes('dynamic') };
  }
}
