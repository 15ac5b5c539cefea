// Writes the rows that a view shows to a file, in every format that a command can write.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ViewRow } from '../live/screen/model.ts';
import { counted } from '../io/counted.ts';
import type { Answer } from '../schema/answer.ts';
import { exit } from '../schema/problems.ts';
import { traffic, type Traffic } from '../schema/traffic.ts';
import type { CommandAbout } from './about.ts';
import type { Context } from './base.ts';
import type { Asker } from './frame.ts';
import { RowCommand } from './row-command.ts';
import { runPortOwner } from './run.ts';

const whole = (value: number | null): number | null => (value === null ? null : Math.round(value));

/** A row as `portowner stats` would have it. A group has no ends. */
function trafficOf({ socket, group, owner, ...row }: ViewRow, computer: string): Traffic {
  const counters = socket?.counters ?? null;
  const isListening = socket?.state === 'Listen';
  const [receiveQueue, sendQueue] = [counters?.receiveQueue ?? null, counters?.sendQueue ?? null];
  return {
    Protocol: socket?.protocol ?? null,
    LocalAddress: socket?.localAddress ?? null,
    LocalPort: socket?.localPort ?? null,
    RemoteAddress: socket?.remoteAddress ?? null,
    RemotePort: socket?.remotePort ?? null,
    State: socket?.state ?? null,
    OwningProcess: owner?.pid ?? null,
    ImageName: owner?.imageName ?? null,
    Application: owner?.application ?? null,
    StartTime: owner?.startTime ?? null,
    Owner: owner?.owner ?? group!.label,
    Sockets: group?.sockets ?? null,
    SendRate: whole(row.send),
    ReceiveRate: whole(row.receive),
    BytesSent: row.sent,
    BytesReceived: row.received,
    RoundTripTime: row.roundTrip,
    Retransmits: row.retransmits,
    NewRetransmits: null,
    ReceiveQueue: isListening ? null : receiveQueue,
    SendQueue: isListening ? null : sendQueue,
    AcceptQueue: isListening ? receiveQueue : null,
    Backlog: isListening ? sendQueue : null,
    Drops: counters?.drops ?? null,
    DynamicPortUse: null,
    Warning: null,
    Seconds: null,
    Reason: socket === null || socket.reason === null ? null : [`Statistics: NotSupported: ${socket.reason}`],
    ComputerName: computer,
  };
}

/** A command that answers with these rows. It is not in the catalog. */
function shownCommand(
  rows: readonly Traffic[],
  asker: Asker,
): typeof RowCommand & { new (): RowCommand; about: CommandAbout } {
  return class extends RowCommand {
    static override paths = [['shown']];
    static readonly about: CommandAbout = { ...asker.about, rows: [traffic] };
    override readonly schema = traffic;
    // A person typed the name of the file, and no options.
    protected override readonly otherWay = '';

    override asker(): Asker {
      return asker;
    }

    protected async answer(): Promise<Answer> {
      return { rows, problems: [], exitCode: exit.ok };
    }
  };
}

/** What is at a path that is not a file to write to; null if a file can be there. */
function obstacle(path: string): string | null {
  try {
    return statSync(path).isFile() ? null : `${path} is not a file.`;
  } catch {
    // Writing reports any other problem.
    return null;
  }
}

/** Writes rows to a file, whose extension determines the format. Returns a sentence about it, or about what prevented it. */
export async function writeRows(
  rows: readonly ViewRow[],
  file: string,
  {
    surroundings,
    catalogue,
    asker,
    computer,
  }: Pick<Context, 'surroundings' | 'catalogue'> & { readonly asker: Asker; readonly computer: string },
): Promise<string> {
  const path = resolve(file);
  const wrong = obstacle(path);
  if (wrong !== null) return wrong;
  let errors = '';
  const command = shownCommand(
    rows.map((row) => trafficOf(row, computer)),
    asker,
  );
  const code = await runPortOwner({
    args: ['shown', `--output=${path}`],
    catalogue: { ...catalogue, shown: async () => [command] },
    surroundings: { ...surroundings, terminal: () => null, error: (text) => void (errors += text) },
  });
  if (code === exit.ok) return `Wrote ${counted(rows.length, 'row')} to ${path}.`;
  const [first = ''] = errors.split('\n');
  return first.replace(/^portowner: PO\d+: /, 'Not written: ');
}
