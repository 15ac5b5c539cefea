// The details of a row: what the view itself knows, in lines like those of the list format.
import { part } from '../../io/cells.ts';
import type { ViewRow } from './model.ts';
import { bytesText, cells, millisecondsText } from './text.ts';

/** The label of a line, with the blanks and the colon after it. */
const label = /^(?:\w+ *: | *)/;

/** Wraps a line at blanks, or anywhere if there are none; continuation lines are indented, by default to its value. */
export function wrapLine(line: string, room: number, indent = label.exec(line)![0].length): string[] {
  const lines: string[] = [];
  const blanks = ' '.repeat(indent < room / 2 ? indent : 0);
  let rest = line;
  while (cells(rest) > room) {
    const start = part(rest, room, cells, 'start');
    const space = start.lastIndexOf(' ');
    const cut = space > blanks.length && space > room / 3 ? space : start.length;
    // A character can be wider than the screen.
    if (cut <= (lines.length === 0 ? 0 : blanks.length)) break;
    lines.push(rest.slice(0, cut));
    rest = blanks + rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

/** The numbers of a socket now. An unknown one has the reason. */
export function liveLines({ socket, ...row }: ViewRow): string[] {
  if (socket === null) return [];
  const { counters, reason } = socket;
  const isListening = socket.state === 'Listen';
  const number = (value: number | null, write: (value: number) => string): string =>
    value === null ? '' : write(value);
  const withExact = (value: number): string =>
    value < 1000 ? bytesText(value) : `${bytesText(value)} (${value} bytes)`;
  const perSecond = (value: number): string => `${bytesText(value)}/s`;
  const values: readonly (readonly [name: string, text: string])[] = [
    ['SendRate', number(row.send, perSecond)],
    ['ReceiveRate', number(row.receive, perSecond)],
    ['Sent', number(counters.sent, (value) => withExact(value))],
    ['Received', number(counters.received, (value) => withExact(value))],
    ['RoundTripTime', number(counters.roundTrip, (value) => `${millisecondsText(value)} ms`)],
    ['Retransmits', number(counters.retransmits, String)],
    [isListening ? 'AcceptQueue' : 'ReceiveQueue', number(counters.receiveQueue, String)],
    [isListening ? 'Backlog' : 'SendQueue', number(counters.sendQueue, String)],
    ['Drops', number(counters.drops, String)],
    ['Unknown', reason === null ? '' : `some counters: ${reason}`],
  ];
  return values.filter(([, text]) => text !== '').map(([name, text]) => `${name.padEnd(16)} : ${text}`);
}
