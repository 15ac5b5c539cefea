import { scaleSqrt } from 'd3-scale';
import { linkHorizontal } from 'd3-shape';
import { counted } from '../../io/counted.ts';
import type { Endpoint } from '../../schema/endpoint.ts';
import { html, raw, type Markup } from './markup.ts';
import { shortened, px, svg, textWidth, type Frame } from './picture.ts';

type Socket = Partial<Endpoint>;

/** A program on this machine, the clients that connect to it, and the servers that it connects to. */
export interface Talk {
  readonly program: string;
  readonly other: string;
  readonly isClient: boolean;
  count: number;
}

/** The maximum number of names in a column; the rest are combined into one. */
const mostNames = 12;

const programOf = ({ Application, ImageName, OwnerKind, Owner }: Socket): string =>
  Application ?? ImageName ?? (OwnerKind === 'Unknown' ? null : Owner) ?? 'unknown owner';

const hostOf = ({ RemoteHostName, RemoteAddress }: Socket): string => RemoteHostName ?? RemoteAddress!;

/** Whether a socket is one end of a connection of a program; closed connections no longer have an owner. */
const isConnected = ({ RemoteAddress, RemotePort, State, OwnerKind }: Socket): boolean =>
  RemoteAddress != null && RemotePort != null && State !== 'TimeWait' && OwnerKind !== 'Kernel';

/**
 * Summarizes the connections. A connection to a port that a local program listens on comes from a client; a connection
 * within the machine is counted at its client's end only.
 */
export function talksOf(sockets: readonly Socket[]): Talk[] {
  const served = new Map(
    sockets.flatMap((one) => (one.State === 'Listen' ? [[one.LocalPort, programOf(one)] as const] : [])),
  );
  const found = new Map<string, Talk>();
  for (const socket of sockets.filter(isConnected)) {
    const isInside = socket.AddressScope === 'Loopback';
    const isClient = served.has(socket.LocalPort);
    if (isInside && isClient && sockets.length > 1) continue;
    const program = isClient ? `${socket.LocalPort} ${programOf(socket)}` : programOf(socket);
    const inside = isInside ? served.get(socket.RemotePort) : undefined;
    const other = isClient ? hostOf(socket) : `${inside === undefined ? hostOf(socket) : inside} ${socket.RemotePort}`;
    const key = JSON.stringify([isClient, program, other]);
    const talk = found.get(key) ?? { program, other, isClient, count: 0 };
    talk.count++;
    found.set(key, talk);
  }
  return [...found.values()];
}

/** Names with their counts, highest first; names beyond the maximum are combined into one. */
function ranked(talks: readonly Talk[], nameOf: (talk: Talk) => string): Map<string, string> {
  const counts = new Map<string, number>();
  for (const talk of talks) counts.set(nameOf(talk), (counts.get(nameOf(talk)) ?? 0) + talk.count);
  const names = [...counts].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  const most = names.length > mostNames ? mostNames - 1 : mostNames;
  return new Map(names.map((name, i) => [name, i < most ? name : `${names.length - most} others`]));
}

interface Node {
  readonly name: string;
  count: number;
  y: number;
  readonly height: number;
}

const rowHeight = 26;

/** Lays out the nodes for these names in a vertically centered column, in order. */
function column(names: Iterable<string>, talks: readonly Talk[], nameOf: (talk: Talk) => string): Map<string, Node> {
  const nodes = new Map<string, Node>();
  for (const name of new Set(names))
    nodes.set(name, { name, count: 0, y: nodes.size * rowHeight, height: rowHeight - 6 });
  for (const talk of talks) nodes.get(nameOf(talk))!.count += talk.count;
  return nodes;
}

/** The names at both ends of each connection that is drawn. */
interface Ends {
  readonly program: (talk: Talk) => string;
  readonly other: (talk: Talk) => string;
  readonly programs: Map<string, Node>;
  readonly clients: Map<string, Node>;
  readonly servers: Map<string, Node>;
}

function endsOf(all: readonly Talk[]): Ends {
  const sides = { clients: all.filter((one) => one.isClient), servers: all.filter((one) => !one.isClient) };
  const here = ranked(all, ({ program }) => program);
  const clients = ranked(sides.clients, ({ other }) => other);
  const servers = ranked(sides.servers, ({ other }) => other);
  const program = (talk: Talk): string => here.get(talk.program)!;
  const other = (talk: Talk): string => (talk.isClient ? clients : servers).get(talk.other)!;
  return {
    program,
    other,
    programs: column(here.values(), all, program),
    clients: column(clients.values(), sides.clients, other),
    servers: column(servers.values(), sides.servers, other),
  };
}

/** The positions of the columns: their left edges, and their width. */
interface Places {
  readonly edges: readonly [clients: number, programs: number, servers: number];
  readonly room: number;
}

function placesOf({ clients, servers }: Ends, width: number): Places {
  const isOneSided = clients.size === 0 || servers.size === 0;
  const room = (width - 16) / (isOneSided ? 2 : 3) - (width > 600 ? 70 : 8);
  const right = width - 8 - room;
  return { edges: [8, clients.size === 0 ? 8 : servers.size === 0 ? right : (width - room) / 2, right], room };
}

const titleOf = ({ program, other, isClient }: Talk): string =>
  isClient ? `${other} to ${program}` : `${program} to ${other}`;

/** The lines between the columns: the more connections, the thicker. */
function links(all: readonly Talk[], ends: Ends, { edges, room }: Places): Markup[] {
  const joined = new Map<string, Talk>();
  for (const talk of all) {
    const one = { isClient: talk.isClient, program: ends.program(talk), other: ends.other(talk) };
    const link = joined.get(JSON.stringify(one)) ?? { ...one, count: 0 };
    link.count += talk.count;
    joined.set(JSON.stringify(one), link);
  }
  const thickness = scaleSqrt([1, Math.max(2, ...[...joined.values()].map(({ count }) => count))], [1.2, 14]);
  const middle = ({ y, height }: Node): number => y + height / 2;
  const path = linkHorizontal<unknown, [number, number]>();
  return [...joined.values()].map((link) => {
    const { program, other, isClient, count } = link;
    const here = middle(ends.programs.get(program)!);
    const there = middle((isClient ? ends.clients : ends.servers).get(other)!);
    const [source, target]: [number, number][] = isClient
      ? [
          [edges[0] + room, there],
          [edges[1], here],
        ]
      : [
          [edges[1] + room, here],
          [edges[2], there],
        ];
    const title = html`<title>${titleOf(link)}: ${count}</title>`;
    const d = raw(path({ source: source!, target: target! }) ?? '');
    const kind = isClient ? 'link in' : 'link';
    return html`<path class="${kind}" d="${d}" stroke-width="${px(thickness(count))}">${title}</path>`;
  });
}

function drawNode({ name, count, y, height }: Node, kind: string, x: number, room: number): Markup {
  // On a phone, an address has to fit.
  const [size, cls] = room < 200 ? ([10, 'small'] as const) : ([12, ''] as const);
  const line = px(y + 14);
  const box = html`<rect x="${px(x)}" y="${px(y)}" width="${px(room)}" height="${height}" rx="4"/>`;
  const text = shortened(name, room - 14 - textWidth(String(count), size), size);
  const label = html`<text class="${cls}" x="${px(x + 4)}" y="${line}">${text}</text>`;
  const number = html`<text class="count ${cls}" x="${px(x + room - 4)}" y="${line}" text-anchor="end">${count}</text>`;
  return html`<g class="node ${kind}"><title>${name}: ${count}</title>${box}${label}${number}</g>`;
}

/** Draws who is connected to whom: clients on the left, the programs of the machine, and their servers on the right. */
export function talks(all: readonly Talk[], machine: string, frame: Frame): Markup {
  const ends = endsOf(all);
  const places = placesOf(ends, frame.width);
  const columns = [
    { head: 'Clients', kind: 'client', nodes: ends.clients },
    { head: 'Here', kind: 'program', nodes: ends.programs },
    { head: 'Servers', kind: 'server', nodes: ends.servers },
  ];
  const rows = Math.max(...columns.map(({ nodes }) => nodes.size));
  for (const { nodes } of columns)
    for (const node of nodes.values()) node.y += 26 + ((rows - nodes.size) * rowHeight) / 2;
  const drawn = columns.flatMap(({ head, kind, nodes }, i) => {
    const x = places.edges[i]!;
    if (nodes.size === 0) return [];
    const title = html`<text class="band" x="${px(x)}" y="14">${head}</text>`;
    return [title].concat(Array.from(nodes.values(), (node) => drawNode(node, kind, x, places.room)));
  });
  const most = [...all].sort((a, b) => b.count - a.count).slice(0, 5);
  const sum = all.reduce((total, { count }) => total + count, 0);
  const description = `${counted(sum, 'connection')}. Most: ${most.map((one) => `${titleOf(one)} (${one.count})`).join(', ')}.`;
  const title = `Who talks to whom${machine === '' ? '' : ` on ${machine}`}`;
  return svg(frame, { title, description, height: 30 + rows * rowHeight }, [...links(all, ends, places), ...drawn]);
}
