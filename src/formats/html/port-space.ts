import { scaleLinear, scaleSqrt } from 'd3-scale';
import type { Endpoint } from '../../schema/endpoint.ts';
import type { Range } from '../../schema/range.ts';
import { html, type Markup } from './markup.ts';
import { shortened, px, svg, textWidth, type Frame } from './picture.ts';

/** IANA's three classes of ports (RFC 6335), each drawn in a separate band. */
const bands = [
  { name: 'Well-known', from: 0, to: 1023 },
  { name: 'Registered', from: 1024, to: 49_151 },
  { name: 'Dynamic', from: 49_152, to: 65_535 },
] as const;
type Band = (typeof bands)[number];

/** Ranges whose ports no program is assigned automatically, and the range that the machine assigns ports from. */
const kept: ReadonlySet<string> = new Set([
  'Reserved',
  'Excluded',
  'ExcludedAdministered',
  'ExcludedPersistent',
  'ReservedForGuests',
]);
const handedOut = 'LocalDynamic';

type Socket = Partial<Endpoint>;

/** Sockets that are so close together that they are drawn as one mark. */
interface Mark {
  readonly x: number;
  readonly isTcp: boolean;
  readonly sockets: Socket[];
}

const strip = 16;
const heading = 22;
/** The height that the numbers below a strip take, in pixels. */
const foot = 24;
const bare = 4;

/** Whether a socket occupies a port: listeners, bound sockets, and UDP sockets without a remote address. */
const keepsPort = ({ Protocol, State, RemotePort }: Socket): boolean =>
  Protocol === 'UDP' ? RemotePort == null : State === 'Listen' || State === 'Bound';

/** The sockets that a picture of the ports shows: those that occupy a port or, if there are none, all of them. */
export function shownSockets(sockets: readonly Socket[]): readonly Socket[] {
  const keeping = sockets.filter(keepsPort);
  return (keeping.length > 0 ? keeping : sockets).filter(({ LocalPort }) => LocalPort != null);
}

/** The number of ports that sockets occupy: a TCP port and a UDP port are two. */
export const portCount = (sockets: readonly Socket[]): number =>
  new Set(sockets.map((one) => `${one.ComputerName} ${one.Protocol} ${one.LocalPort}`)).size;

const nameOf = ({ Application, ImageName, Services, OwnerKind, Owner }: Socket): string =>
  Application ?? Services?.[0] ?? ImageName ?? (OwnerKind === 'Unknown' ? null : Owner) ?? 'unknown owner';

const isReachable = ({ AddressScope }: Socket): boolean => AddressScope !== 'Loopback';

/** The tooltip of a mark. */
function markTitle({ sockets }: Mark): string {
  const lines = [
    ...new Set(
      sockets.map((one) => `${one.Protocol} ${one.LocalAddress ?? '*'}:${one.LocalPort} ${one.Owner ?? nameOf(one)}`),
    ),
  ];
  return lines.length <= 8 ? lines.join(', ') : `${lines.slice(0, 8).join(', ')}, and ${lines.length - 8} more`;
}

function marksOf(sockets: readonly Socket[], x: (port: number) => number): Mark[] {
  const found = new Map<string, Mark>();
  for (const socket of sockets) {
    const isTcp = socket.Protocol !== 'UDP';
    const place = Math.round(x(socket.LocalPort!) / 5) * 5;
    const key = `${place} ${isTcp}`;
    const mark = found.get(key) ?? { x: place, isTcp, sockets: [] };
    mark.sockets.push(socket);
    found.set(key, mark);
  }
  return [...found.values()].sort((a, b) => a.x - b.x);
}

function drawMark(mark: Mark, y: number, stem: number): Markup {
  const { x, isTcp, sockets } = mark;
  const from = y + (isTcp ? 0 : strip);
  const to = isTcp ? from - stem : from + stem;
  const radius = Math.min(6, 3 + Math.log2(sockets.length) / 2);
  const ports = new Set(sockets.map(({ LocalPort }) => LocalPort));
  const kind = sockets.some(isReachable) ? 'mark reachable' : 'mark';
  const line = html`<line x1="${px(x)}" x2="${px(x)}" y1="${px(from)}" y2="${px(to)}"/>`;
  const circle = html`<circle cx="${px(x)}" cy="${px(to)}" r="${px(radius)}"/>`;
  const find = ports.size === 1 ? [...ports][0]! : null;
  return html`<g class="${kind}" data-find="${find}"><title>${markTitle(mark)}</title>${line}${circle}</g>
`;
}

/** The label of a mark: its port or ports, and their owners. */
function labelOf({ sockets }: Mark): string {
  const ports = [...new Set(sockets.map(({ LocalPort }) => LocalPort!))].sort((a, b) => a - b);
  const names = new Set(sockets.map(nameOf));
  const [name] = names;
  if (ports.length === 1) return `${ports[0]} ${name}`;
  return names.size === 1 ? `${ports[0]}–${ports.at(-1)} ${name}` : `${ports.length} ports`;
}

/** A mark with the length of its stem, and its label if there is room for it. */
interface Placed {
  readonly mark: Mark;
  readonly stem: number;
  readonly label: { readonly text: string; readonly x: number } | null;
}

/** Where a mark with its label begins: at the right edge, the label is on the left. */
const leftOf = ({ mark, label }: Placed): number => Math.min(mark.x, label?.x ?? mark.x);

/**
 * Labels the marks of one protocol from left to right, as many as there is room for: the others only have a tooltip. A
 * label is placed higher than the stems that it covers, so that none crosses it.
 */
function place(marks: readonly Mark[], lanes: readonly number[], width: number): Placed[] {
  const levels: number[] = [];
  const placed: Placed[] = [];
  for (const [i, mark] of marks.toReversed().entries()) {
    const text = shortened(labelOf(mark), 150, 11);
    const room = textWidth(text, 11);
    const isAtEnd = mark.x + 10 + room > width;
    const x = isAtEnd ? mark.x - 14 - room : mark.x + 9;
    // The marks to its right, farthest first.
    const covered = placed.flatMap((one, j) => (leftOf(one) < x + room + 14 ? levels[j]! : []));
    const level = Math.max(0, ...covered) + 1;
    const before = marks[marks.length - 2 - i];
    const fits = level <= lanes.length && (!isAtEnd || before === undefined || before.x < x - 4);
    levels.push(fits ? level : 0);
    placed.push({ mark, stem: fits ? lanes[level - 1]! : 7, label: fits ? { text, x } : null });
  }
  return placed;
}

function drawLabel({ mark, stem, label }: Placed, y: number): Markup | null {
  if (label === null) return null;
  const base = y + (mark.isTcp ? -stem : strip + stem) + 4;
  return html`<text class="label" x="${px(label.x)}" y="${px(base)}">${label.text}</text>
`;
}

/** Draws the part of a range that is in a band. */
function drawRange(
  { StartPort, EndPort, Kind, Protocol }: Range,
  x: (port: number) => number,
  { from, to }: Band,
  y: number,
): Markup {
  const start = x(Math.max(from, StartPort!));
  const size = Math.max(2, x(Math.min(to, EndPort!)) - start);
  const title = `${Kind} ${Protocol ?? 'TCP and UDP'} ${StartPort}–${EndPort}`;
  const kind = kept.has(Kind!) ? 'kept' : 'handed';
  const box = html`x="${px(start)}" y="${px(y)}" width="${px(size)}" height="${strip}"`;
  return html`<rect class="${kind}" ${box}><title>${title}</title></rect>
`;
}

const tallest = (placed: readonly Placed[]): number => Math.max(bare, ...placed.map(({ stem }) => stem + 10));

/** Most registered ports in use are low: a square root scale gives them more room. */
const scaleOf = ({ name, from, to }: Band, width: number) =>
  (name === 'Registered' ? scaleSqrt() : scaleLinear()).domain([from, to]).range([8, width - 8]);

/** Draws a band, and returns where the next one begins, and the marks. */
function drawBand(
  band: Band,
  top: number,
  { sockets, ranges, width }: Space & { readonly width: number },
): [Markup, number, readonly Placed[]] {
  const x = scaleOf(band, width);
  const own = sockets.filter(({ LocalPort }) => LocalPort! >= band.from && LocalPort! <= band.to);
  const marks = marksOf(own, x);
  const tcp = place(
    marks.filter(({ isTcp }) => isTcp),
    [22, 37, 52, 67],
    width,
  );
  const udp = place(
    marks.filter(({ isTcp }) => !isTcp),
    [22, 36],
    width,
  );
  const y = top + heading + tallest(tcp);
  const bottom = y + strip + (udp.length === 0 ? 0 : tallest(udp)) + foot;
  const inside = ranges.filter(({ StartPort, EndPort }) => StartPort! <= band.to && EndPort! >= band.from);
  const ports = portCount(own);
  const ticks = x.ticks(width > 600 ? 10 : 4).filter((port) => x(port) > 20 && x(port) < width - 24);
  const all = [...tcp, ...udp];
  const used = ports === 0 ? 'none in use' : `${ports} in use`;
  const tick = (port: number): Markup => {
    const at = px(x(port));
    const line = html`<line class="tick" x1="${at}" x2="${at}" y1="${px(y)}" y2="${px(y + strip)}"/>`;
    return html`${line}<text class="tick" x="${at}" y="${px(bottom - 8)}" text-anchor="middle">${port}</text>`;
  };
  const drawing = html`<text class="band" x="8" y="${top + 14}">${band.name} <tspan class="quiet">${band.from}–${band.to}, ${used}</tspan></text>
<rect class="strip" x="8" y="${px(y)}" width="${width - 16}" height="${strip}"/>
${inside.filter(({ Kind }) => Kind === handedOut).map((one) => drawRange(one, x, band, y))}
${inside.filter(({ Kind }) => kept.has(Kind!)).map((one) => drawRange(one, x, band, y))}
${ticks.map(tick)}
${all.map(({ mark, stem }) => drawMark(mark, y, stem))}${all.map((one) => drawLabel(one, y))}`;
  return [drawing, bottom + 6, all];
}

/** The sockets and the ranges of one machine, which are drawn. */
export interface Space {
  readonly machine: string;
  readonly sockets: readonly Socket[];
  readonly ranges: readonly Range[];
}

/** Describes the picture in words. */
function describe({ sockets, ranges }: Space): string {
  const count = (test: (socket: Socket) => boolean): number => portCount(sockets.filter(test));
  const spans = (test: (range: Range) => boolean): string =>
    ranges
      .filter(test)
      .slice(0, 12)
      .map(({ StartPort, EndPort, Protocol }) => `${Protocol ?? ''} ${StartPort}–${EndPort}`.trim())
      .join(', ');
  const excluded = spans(({ Kind }) => kept.has(Kind!));
  const dynamic = spans(({ Kind }) => Kind === handedOut);
  return [
    ...bands.map(
      ({ name, from, to }) =>
        `${name} ports, ${from} to ${to}: ${count(({ LocalPort }) => LocalPort! >= from && LocalPort! <= to)} in use.`,
    ),
    `${count(isReachable)} can be reached from other machines.`,
    ...(dynamic === '' ? [] : [`The machine assigns ports automatically from ${dynamic}.`]),
    ...(excluded === '' ? [] : [`Excluded or reserved: ${excluded}.`]),
  ].join(' ');
}

/** Says how many marks have no label; nothing if all have one. */
function labelNote(labels: readonly boolean[]): Markup | null {
  const labeled = labels.filter(Boolean).length;
  if (labeled === labels.length) return null;
  return html`<p class="quiet">${labeled} of ${labels.length} marks have a label: the others have no room for one. The list has all ports.</p>`;
}

/**
 * Draws the port space of a machine: three bands, TCP above and UDP below, and the ranges that are reserved or used for
 * automatic assignment.
 */
export function portSpace(space: Space, frame: Frame): Markup {
  const { width } = frame;
  const title = `Ports in use${space.machine === '' ? '' : ` on ${space.machine}`}`;
  const drawn: Markup[] = [];
  const labels: boolean[] = [];
  let top = 0;
  for (const band of bands) {
    const [drawing, next, placed] = drawBand(band, top, { ...space, width });
    drawn.push(drawing);
    labels.push(...placed.map(({ label }) => label !== null));
    top = next;
  }
  const picture = svg(frame, { title, description: describe(space), height: Math.ceil(top) }, drawn);
  return html`${picture}${labelNote(labels)}`;
}
