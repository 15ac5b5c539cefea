// Draws src/icon/portowner.ico from the SVG next to it. Run it after changing the SVG, and commit both.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { root } from './runtime.mjs';

const sizes = [16, 32, 48, 256];
/** The number of samples per pixel along each side. */
const samples = 8;

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
  rx: number;
  color: readonly [red: number, green: number, blue: number];
}

/** The rectangles of an SVG that contains nothing else, on a square of 16 by 16. */
function rectangles(svg: string): Rectangle[] {
  return [...svg.matchAll(/<rect ([^>]*)\/>/g)].map(([, attributes = '']) => {
    const value = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '0';
    const color = [1, 3, 5].map((at) => parseInt(value('fill').slice(at, at + 2), 16)) as [number, number, number];
    const [x, y, width, height, rx] = ['x', 'y', 'width', 'height', 'rx'].map((name) => Number(value(name))) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { x, y, width, height, rx, color };
  });
}

function contains({ x, y, width, height, rx }: Rectangle, px: number, py: number): boolean {
  if (px < x || py < y || px > x + width || py > y + height) return false;
  const dx = Math.max(x + rx - px, px - (x + width - rx), 0);
  const dy = Math.max(y + rx - py, py - (y + height - rx), 0);
  return dx * dx + dy * dy <= rx * rx;
}

/** The picture as rows of red, green, blue and opacity. */
export function draw(svg: string, size: number): Buffer {
  const shapes = rectangles(svg).toReversed();
  const pixels = Buffer.alloc(size * size * 4);
  const all = samples * samples;
  for (let at = 0; at < size * size; at++) {
    let covered = 0;
    const sum = [0, 0, 0];
    for (let sample = 0; sample < all; sample++) {
      const px = (((at % size) + ((sample % samples) + 0.5) / samples) * 16) / size;
      const py = ((Math.floor(at / size) + (Math.floor(sample / samples) + 0.5) / samples) * 16) / size;
      const top = shapes.find((shape) => contains(shape, px, py));
      if (top === undefined) continue;
      covered++;
      for (const channel of [0, 1, 2]) sum[channel]! += top.color[channel]!;
    }
    if (covered > 0)
      pixels.set([...sum.map((value) => Math.round(value / covered)), Math.round((covered * 255) / all)], at * 4);
  }
  return pixels;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** Encodes PNG with 8 bits per channel. */
export function png(pixels: Buffer, size: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6], 8);
  const lines = Array.from({ length: size }, (_, y) =>
    Buffer.concat([Buffer.from([0]), pixels.subarray(y * size * 4, (y + 1) * size * 4)]),
  );
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(lines), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Encodes a bitmap for an icon: BITMAPINFOHEADER with twice the height, rows from the bottom, an empty mask. */
function bitmap(pixels: Buffer, size: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40, 0);
  header.writeInt32LE(size, 4);
  header.writeInt32LE(size * 2, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(32, 14);
  header.writeUInt32LE(size * size * 4, 20);
  const body = Buffer.alloc(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [red = 0, green = 0, blue = 0, opacity = 0] = pixels.subarray((y * size + x) * 4);
      body.set([blue, green, red, opacity], ((size - 1 - y) * size + x) * 4);
    }
  }
  return Buffer.concat([header, body, Buffer.alloc(Math.ceil(size / 32) * 4 * size)]);
}

/** The icon file: small pictures as bitmaps, which every reader supports, the large one as PNG. */
export function icon(svg: string): Buffer {
  const images = sizes.map((size) => (size < 256 ? bitmap : png)(draw(svg, size), size));
  const head = Buffer.alloc(6 + 16 * sizes.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(sizes.length, 4);
  let offset = head.length;
  images.forEach((image, index) => {
    const at = 6 + 16 * index;
    // 256 is written as 0.
    head.set([sizes[index]! & 0xff, sizes[index]! & 0xff], at);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(image.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += image.length;
  });
  return Buffer.concat([head, ...images]);
}

export const iconSource = (): string => readFileSync(join(root, 'src/icon/portowner.svg'), 'utf8');

if (import.meta.main) writeFileSync(join(root, 'src/icon/portowner.ico'), icon(iconSource()));
