import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import type { SpanQuestion } from '../audit/store/contract.ts';
import { useStore } from '../audit/store/open.ts';
import { anyPattern } from '../ownership/filter.ts';
import { parsePorts, portMatcher } from '../ports/expression.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { auditRun, portSpan } from '../schema/audit-run.ts';
import type { RowSchema } from '../schema/column.ts';
import { named } from '../cli/files.ts';
import { RowCommand } from '../cli/row-command.ts';
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
  last = Option.String('--last', { description: 'only so many audits' });

  get schema(): RowSchema {
    return this.ports.length > 0 || this.program !== undefined || this.service !== undefined ? portSpan : auditRun;
  }

  protected override files() {
    return { inputs: named('--store', this.store) };
  }

  protected async answer(): Promise<Answer> {
    const { store } = this;
    if (store === undefined)
      throw new PortOwnerError('PO1001', 'history needs --store FILE', {
        hint: 'The file is the one that portowner audit --store keeps.',
      });
    const machine = this.machine ?? null;
    const limit = this.last === undefined ? null : /^[1-9]\d{0,8}$/.test(this.last) ? Number(this.last) : 0;
    if (limit === 0)
      throw new PortOwnerError('PO1001', `--last has no value ${JSON.stringify(this.last)}`, {
        hint: 'It takes a number from 1 on.',
        target: this.last!,
      });
    if (this.schema === auditRun) {
      const rows = await useStore(store, (audits) => audits.runs({ machine, limit }));
      return {
        rows,
        problems: [],
        exitCode: exitCodeOf(rows.length > 0),
        ...(rows.length > 0 ? {} : { note: 'There is no such audit.' }),
      };
    }
    if (limit !== null) throw new PortOwnerError('PO1005', '--last is for the list of audits');
    const { servicePorts } = await import('../ports/iana.ts');
    const parts = this.ports.flatMap((text) => text.split(','));
    const numbers = parts.filter((part) => part !== 'dynamic').flatMap((part) => parsePorts(part, servicePorts));
    const question: SpanQuestion = {
      machine,
      port: parts.length === 0 ? null : numbers.length === 0 ? () => false : portMatcher(numbers),
      dynamic: parts.length === 0 || parts.includes('dynamic'),
      owner: this.owner(),
    };
    const rows = await useStore(store, (audits) => audits.spans(question));
    return {
      rows,
      problems: [],
      exitCode: exitCodeOf(rows.length > 0),
      ...(rows.length > 0 ? {} : { note: 'The store has no such listener.' }),
    };
  }

  private owner():
    | ((owner: { readonly program: string | null; readonly services: readonly string[] }) => boolean)
    | null {
    const testOf = (patterns: readonly string[] | undefined) =>
      patterns === undefined ? undefined : anyPattern(patterns);
    const programs = testOf(
      this.program?.flatMap((pattern) =>
        /[\\/]/.test(pattern)
          ? [pattern]
          : [pattern, `${pattern}.exe`, `*/${pattern}`, `*\\${pattern}`, `*\\${pattern}.exe`],
      ),
    );
    const services = testOf(this.service?.flatMap((pattern) => [pattern, `${pattern}.service`]));
    if (programs === undefined && services === undefined) return null;
    return (owner) =>
      (programs === undefined || (owner.program !== null && programs(owner.program))) &&
      (services === undefined || owner.services.some(services));
  }
}
