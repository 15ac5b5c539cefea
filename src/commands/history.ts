import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { auditRuns, listenerHistory } from '../audit/history.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { auditRun, portSpan } from '../schema/audit-run.ts';
import type { RowSchema } from '../schema/column.ts';
import { namedStore } from '../cli/files.ts';
import { RowCommand } from '../cli/row-command.ts';
import { wholeNumber } from '../cli/values.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { requiredStore, selectsListeners, storeRequest, StoreOptions } from '../cli/options/store.ts';

/** Queries the audit store. */
export class HistoryCommand extends withOptions(RowCommand, CountOptions, StoreOptions) {
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
      ['The audits of all web servers', "$0 history --machine 'web*' --store audits.db"],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [auditRun, portSpan],
    operands: { column: 'LocalPort' },
    values: {},
    exitCodes: { 0: 'found', 1: 'not found', 69: 'the store cannot be read' },
    powershell: {
      name: 'Get-PortAudit',
      operand: 'Port',
      parameters: {
        ...StoreOptions.about.parameters,
        Last: '--last',
        Column: '--columns',
        Redact: '--redact',
      },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  last = Option.String('--last', { description: 'at most this many audits' });

  get schema(): RowSchema {
    return selectsListeners(this, this.ports) ? portSpan : auditRun;
  }

  protected override files() {
    return { inputs: namedStore(this.store) };
  }

  protected async answer(): Promise<Answer> {
    const store = requiredStore(this, 'history');
    const limit = this.last === undefined ? null : wholeNumber('--last', this.last, { most: 999_999_999 });
    const request = await storeRequest(this, this.ports, 'history');
    if (this.schema === auditRun) return auditRuns(store, { machines: request.machines, limit });
    if (limit !== null) throw new PortOwnerError('PO1005', '--last can be used only for the list of audits');
    return listenerHistory(store, request);
  }
}
