// The full-screen view of portowner watch: what it uses of the other commands.
import { existsSync } from 'node:fs';
import { collectCloses } from '../live/closes.ts';
import { isListener, type ViewRow } from '../live/screen/model.ts';
import { runView } from '../live/screen/view.ts';
import { lookAtAll, startLooking } from '../live/looker.ts';
import type { LiveSocket } from '../live/look.ts';
import { placeMatcher } from '../ports/place.ts';
import { exit, type ExitCode } from '../schema/problems.ts';
import { textSink } from '../io/sink.ts';
import type { Screen } from '../system/screen.ts';
import type { Context } from './base.ts';
import type { Asker } from './frame.ts';
import type { WatchRequest } from './options/watch.ts';
import { runPortOwner } from './run.ts';

/** What the view is part of. */
export interface ViewContext extends Pick<Context, 'surroundings' | 'catalogue'> {
  /** Takes over the terminal. */
  readonly open: () => Screen;
  readonly asker: Asker;
  /** The name of this machine. */
  readonly computer: string;
  /** The requested ports, as they were typed; empty for all. */
  readonly title: string;
}

/** What is watched, and for how long. */
export interface ViewRequest extends WatchRequest {
  readonly home: string;
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
async function linesOf(args: readonly string[], { surroundings, catalogue }: ViewContext): Promise<string[]> {
  let text = '';
  const add = (part: string): void => void (text += part);
  await runPortOwner({
    args,
    catalogue,
    surroundings: {
      ...surroundings,
      output: () => textSink(add),
      error: add,
      terminal: () => null,
      confirm: null,
    },
  });
  return text.trimEnd().split('\n');
}

/** Why nothing was asked: the owner does not listen there, or is never stopped. */
function refusalOf({ socket, owner }: ViewRow, { errors, answer }: { errors: string; answer: string }): string {
  if (answer.trimEnd().endsWith(': there is nothing to stop.')) {
    const port = socket === null ? 'any port' : `${socket.protocol} port ${socket.localPort}`;
    const name = owner === null || owner.pid === null ? 'Its owner' : owner.owner;
    return `${name} does not listen on ${port}: only programs that listen can be stopped.`;
  }
  const said = (errors === '' ? answer : errors).split('\n').map((line) => line.trim());
  return said
    .filter((line) => line !== '')
    .join(' ')
    .replace(/^portowner: /, '');
}

/** Stops the owner of a row. Takes the terminal only for a question; without one, returns the reason. */
async function stop(
  row: ViewRow,
  leave: () => boolean,
  { surroundings, catalogue }: ViewContext,
): Promise<string | null> {
  const { confirm, error, output } = surroundings;
  const said = { errors: '', answer: '' };
  let isAsked = false;
  const ask = (question: string): boolean => {
    if (confirm === null || !leave()) return false;
    if (!isAsked) error(said.errors);
    isAsked = true;
    return confirm(question);
  };
  await runPortOwner({
    args: stopCommand(row),
    catalogue,
    surroundings: {
      ...surroundings,
      error: (text) => (isAsked ? error(text) : void (said.errors += text)),
      output: () => (isAsked ? output() : textSink((text) => void (said.answer += text))),
      confirm: ask,
    },
  });
  if (!isAsked) return refusalOf(row, said);
  confirm?.('Press Enter to return to the view. ');
  return null;
}

/** Shows the view until it ends. The terminal is as it was then. */
export async function showView(
  { places, intervalMs, count, forMs, home }: ViewRequest,
  context: ViewContext,
): Promise<ExitCode> {
  const { surroundings, open, title } = context;
  const live = await surroundings.live();
  const looker = await startLooking(live, { ...lookAtAll, spans: places, home }, { now: surroundings.now });
  const closes = collectCloses(live);
  const isThere = placeMatcher(places);
  let isReleased = false;
  const release = (): void => {
    if (!isReleased) {
      closes?.close();
      looker.close();
    }
    isReleased = true;
  };
  try {
    const screen = open();
    try {
      await runView({
        screen,
        look: looker.look,
        closes: () =>
          (closes?.read() ?? []).filter(({ protocol, localAddress, localPort }) =>
            isThere(protocol, localAddress, localPort),
          ),
        interval: intervalMs,
        count,
        lasting: forMs,
        title,
        details: async (socket) => {
          const lines: string[] = [];
          for (const args of detailCommands(socket)) lines.push(...(await linesOf(args, context)), '');
          return lines;
        },
        stop: surroundings.confirm === null ? null : (row, leave) => stop(row, leave, context),
        write: async (rows, file) => (await import('./write-shown.ts')).writeRows(rows, file, context),
        exists: (file) => existsSync(file),
      });
    } finally {
      release();
      // If a signal asked the process to end, it ends here.
      screen.close();
    }
  } finally {
    release();
  }
  return exit.ok;
}
