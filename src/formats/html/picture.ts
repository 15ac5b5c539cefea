import { sanitize } from '../../io/sanitize.ts';
import { html, raw, type Markup } from './markup.ts';

/** The widths of pictures: for a wide page, and for a phone, where a scaled-down picture would be illegible. */
export const widths = { wide: 1040, narrow: 340 } as const;

/** The width of a picture, and its name in the page. */
export interface Frame {
  readonly id: string;
  readonly width: number;
}

/** A picture with a text alternative. `drawing` is in pixels. */
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

/** The same picture for a wide and for a narrow page; the style sheet shows one of them. */
export function inBothWidths(name: string, draw: (frame: Frame) => Markup): Markup {
  const drawn = (size: 'wide' | 'narrow'): Markup =>
    html`<div class="${size}">${draw({ id: `${name}-${size}-`, width: widths[size] })}</div>`;
  return html`${drawn('wide')}${drawn('narrow')}`;
}

/** Formats a number for an attribute. */
export const px = (value: number): Markup => raw(String(Math.round(value * 10) / 10));

/** Estimates the width of a text in pixels: the page uses the reader's own font. */
export const textWidth = (text: string, size = 12): number => text.length * size * 0.56;

/** Shortens a text to the available width as it is displayed, without splitting characters. */
export function shortened(whole: string, room: number, size = 12): string {
  const text = sanitize(whole);
  if (textWidth(text, size) <= room) return text;
  const most = Math.max(1, Math.floor(room / (size * 0.56)) - 1);
  return `${[...text].slice(0, most).join('')}…`;
}
