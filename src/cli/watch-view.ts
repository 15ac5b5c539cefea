// The full-screen view of portowner watch: what it uses of the other commands.
import { existsSync } from 'node:fs';
import { isListener, type ViewRow } from '../live/screen/model.ts';
import { runView } from '../live/screen/view.ts';
import type { Looker } from '../live/looker.ts';
import type { LiveSocket } from '../live/look.ts';
import { nullSink } from '../io/sink.ts';
import type { Surroundings } from '../system/surroundings.ts';
import type { Catalogue } from './base.ts';
import { runPortOwner } from './run.ts';

export interface WatchView {
  readonly surroundings: Surroundings;
  readonly catalogue: Catalogue;
  readonly looker: Looker;
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** After this many looks, it ends; null: when a person quits. */
  readonly count: number | null;
  /** The requested ports, as they were typed; empty for all. */
  readonly title: string;
  readonly write: (rows: readonly ViewRow[], file: string) => Promise<string>;
}

/** The operand and options of a command for one socket. Wildcard addresses are left out: they select every listener. */
function placeOf({ protocol, localAddress, localPort }: LiveSocket, { withAddress = true } = {}): string[] {
  const isWildcard = /^(?:0\.0\.0\.0|::)$/.test(localAddress);
  return [
    String(localPort),
    '--protocol',
    protocol.toLowerCase(),
    ...(isWildcard || !withAddress ? [] : ['--address', localAddress]),
  ];
}

/** The command lines whose answers are the details of a socket. */
export function detailCommands(socket: LiveSocket): readonly (readonly string[])[] {
  const { protocol, localPort, remoteAddress, remotePort } = socket;
  const ends =
    remoteAddress === null
      ? placeOf(socket)
      : [
          String(localPort),
          '--protocol',
          protocol.toLowerCase(),
          '--all',
          '--address',
          remoteAddress,
          '--remote-port',
          String(remotePort),
        ];
  return [
    [...ends, '--format', 'list', '--command-lines', '--tree'],
    ['why', ...placeOf(socket), '--format', 'list'],
  ];
}

/** The command line that stops the owner of a row: only listeners on that very port, and only of that process. */
export function stopCommand({ socket, owner }: ViewRow): readonly string[] {
  const pid = owner === null || owner.pid === null ? [] : ['--pid', String(owner.pid)];
  if (socket === null) return ['stop', ...pid];
  return ['stop', ...placeOf(socket, { withAddress: isListener(socket) }), ...pid];
}

/** The output of a command line, with its errors, as lines. */
async function linesOf(args: readonly string[], { surroundings, catalogue }: WatchView): Promise<string[]> {
  let text = '';
  const add = (part: string): void => void (text += part);
  await runPortOwner({
    args,
    catalogue,
    surroundings: {
      ...surroundings,
      output: () => ({ ...nullSink(), write: add }),
      error: add,
      terminal: () => null,
      confirm: null,
    },
  });
  return text.trimEnd().split('\n');
}

async function stop(row: ViewRow, { surroundings, catalogue }: WatchView): Promise<void> {
  await runPortOwner({ args: stopCommand(row), catalogue, surroundings });
  surroundings.confirm?.('Press Enter to return to the view. ');
}

/** Shows the view until it ends. The terminal is as it was then. */
export async function showView(view: WatchView): Promise<void> {
  const { surroundings, looker, interval, count, title } = view;
  const screen = await surroundings.screen();
  try {
    await runView({
      screen,
      look: looker.look,
      interval,
      count,
      title,
      details: async (socket) => {
        const lines: string[] = [];
        for (const args of detailCommands(socket)) lines.push(...(await linesOf(args, view)), '');
        return lines;
      },
      stop: (row) => stop(row, view),
      write: view.write,
      exists: (file) => existsSync(file),
    });
  } finally {
    looker.close();
    screen.close();
  }
}
