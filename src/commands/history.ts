import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { auditRuns, listenerHistory } from '../audit/history.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { auditRun, portSpan } from '../schema/audit-run.ts';
import type { RowSchema } from '../schema/column.ts';
import { namedStore } from '../cli/files.ts';
import { RowCommand } from '../cli/row-command.ts';
import { portSpans, portWords, wholeNumber } from '../cli/values.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';

/** Queries the audit store. */
export class HistoryCommand extends withOptions(RowCommand, CountOptions) {
  static override paths = [['history']];
  static override usage = Command.Usage({
    description: 'list the audits in a store, or show when a port or program appeared, disappeared, or changed',
    details: `
      Without PORTS, --program, and --service, it lists the audits, newest first. With them, it lists the periods in which a listener stayed the same: each row shows when it was first and last seen, and its owner.

      PORTS are the same as for the main query, or dynamic for ports from the dynamic range. For a port number in that range, it also shows which program used it, and when.

      If Complete is false, the audit was incomplete, and Problem says why: in that case, a machine without findings is not necessarily clean.
    `,
    examples: [
      ['The last ten audits', '$0 history --store audits.db --last 10'],
      ['Who owned port 443, and when', '$0 history 443 --store audits.db'],
      ['When nginx appeared', '$0 history --program nginx --store audits.db'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [auditRun, portSpan],
    operands: { column: 'LocalPort' },
    values: { '--store': 'file', '--service': { column: 'Services' } },
    exitCodes: { 0: 'found', 1: 'not found', 69: 'the store cannot be read' },
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
        Redact: '--redact',
      },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  store = Option.String('--store', {
    description: 'the file or the database of portowner audit --store',
  });
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
    return { inputs: namedStore(this.store) };
  }

  protected async answer(): Promise<Answer> {
    const { store } = this;
    if (store === undefined)
      throw new PortOwnerError('PO1001', 'missing --store: portowner history --store FILE', {
        hint: 'Use the file of portowner audit --store.',
      });
    const { machine = null, program: programs = null, service: services = null } = this;
    const limit = this.last === undefined ? null : wholeNumber('--last', this.last, { most: 999_999_999 });
    if (this.schema === auditRun) return auditRuns(store, { machine, limit });
    if (limit !== null) throw new PortOwnerError('PO1005', '--last can be used only for the list of audits');
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
