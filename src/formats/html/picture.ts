import { html, raw, type Markup } from './markup.ts';

/** The widths that pictures are drawn in: for a page, and for a phone, where a shrunk one could not be read. */
export const widths = { wide: 1040, narrow: 340 } as const;

/** How wide a picture is, and what it is called in the page. */
export interface Frame {
  readonly id: string;
  readonly width: number;
}

/** A picture that says in words what it shows. `drawing` is in pixels. */
export function svg(
  { id, width }: Frame,
  { title, description, height }: { title: string; description: string; height: number },
  drawing: readonly Markup[],
): Markup {
  const size = html`viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  return html`<svg ${size} role="img" aria-labelledby="${id}t ${id}d">
<title id="${id}t">${title}</title><desc id="${id}d">${description}</desc>
${drawing}
</svg>`;
}

/** The same picture for a wide and for a narrow page; the style shows one of them. */
export function inBothWidths(name: string, draw: (frame: Frame) => Markup): Markup {
  const drawn = (size: 'wide' | 'narrow'): Markup =>
    html`<div class="${size}">${draw({ id: `${name}-${size}-`, width: widths[size] })}</div>`;
  return html`${drawn('wide')}${drawn('narrow')}`;
}

/** A number for an attribute. */
export const px = (value: number): Markup => raw(String(Math.round(value * 10) / 10));

/** The width of a text in pixels, roughly: the page's font is the reader's own. */
export const textWidth = (text: string, size = 12): number => text.length * size * 0.56;

/** A text that is no longer than there is room for, whole characters only. */
export function shortened(text: string, room: number, size = 12): string {
  if (textWidth(text, size) <= room) return text;
  const most = Math.max(1, Math.floor(room / (size * 0.56)) - 1);
  return `${[...text].slice(0, most).join('')}…`;
}
