import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { named, namedStore } from '../cli/files.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { fleetRequest, FleetOptions, fleetQuestion } from '../cli/options/fleet.ts';
import { requiredStore, StoreOptions } from '../cli/options/store.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { FleetQuestion } from '../audit/fleet.ts';
import type { Answer } from '../schema/answer.ts';
import { portSpan } from '../schema/audit-run.ts';
import type { Column, RowSchema } from '../schema/column.ts';
import { fleetListener, fleetMachine, programVersion } from '../schema/fleet.ts';

const schemas = {
  machines: fleetMachine,
  missing: fleetMachine,
  listeners: fleetListener,
  rare: fleetListener,
  new: portSpan,
  versions: programVersion,
} as const satisfies Readonly<Record<FleetQuestion, RowSchema>>;

/** Queries all machines in the audit store. */
export class FleetCommand extends withOptions(RowCommand, CountOptions, StoreOptions, FleetOptions) {
  static override paths = [['fleet']];
  static override usage = Command.Usage({
    description: 'show which machines have a listener, what is new, rare, or missing among all machines in a store',
    details: `
      Without PORTS and options, it lists the machines in the store, with the time of their newest audits. With PORTS, --program, --service, or --sha256, it lists the listeners that the newest audits saw. PORTS are the same as for the main query, or dynamic for ports from the dynamic range.

      --new lists what appeared, --rare the listeners that few machines have, --versions the versions of each program, and --missing the machines that did not report. --machine can be combined with all of them, and PORTS and the other filters with all but --missing.

      To compare the listeners of several machines, --rare uses the protocol, the port, and the file name of the program, without .exe and a version number with a dot, but neither its folder nor its address.

      The first audit of a machine has no new listeners: a sentence says how many machines reported for the first time. Event compares a new listener with what was there in the two days before the period, or as long before it as the period lasts.
    `,
    examples: [
      ['Which machines have a listener on port 443', '$0 fleet 443 --store postgres://reader@db.corp/audits'],
      ['What appeared last night', '$0 fleet --new --store audits.db'],
      ['Which machines did not report', '$0 fleet --missing --store audits.db'],
      ['Listeners on one machine only', "$0 fleet --rare --machine 'web*' --store audits.db"],
      ['Which version of nginx is where', '$0 fleet --versions --program nginx --store audits.db'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [fleetMachine, fleetListener, portSpan, programVersion],
    operands: { column: 'LocalPort' },
    values: {},
    exitCodes: { 0: 'found', 1: 'not found', 69: 'the store cannot be read' },
    powershell: {
      name: 'Get-PortFleet',
      operand: 'Port',
      parameters: {
        ...StoreOptions.about.parameters,
        ...FleetOptions.about.parameters,
        Column: '--columns',
        Redact: '--redact',
      },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });

  get schema(): RowSchema {
    return schemas[fleetQuestion(this, this.ports)];
  }

  /** The rows are about several machines, even if there is only one. */
  protected override get asksSeveral(): boolean {
    return true;
  }

  /** When a new listener was last seen matters less than what it is. */
  protected override defaultColumns(): readonly Column[] {
    const importance: Readonly<Record<string, number>> = { Event: 1, LastSeen: 4 };
    const columns = super.defaultColumns();
    return this.schema === portSpan
      ? columns.map((column) => ({ ...column, importance: importance[column.name] ?? column.importance! }))
      : columns;
  }

  protected override files() {
    return { inputs: [...namedStore(this.store), ...named('--expected', this.expected)] };
  }

  protected async answer(): Promise<Answer> {
    const store = requiredStore(this, 'fleet');
    const request = await fleetRequest(this, this.ports, this.surroundings.now());
    return (await import('../audit/fleet.ts')).askFleet(store, request);
  }
}
