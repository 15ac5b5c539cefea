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
export const textWidth = (text: string, size = 12): number =>
  [...text].reduce((sum, character) => sum + (isWide.test(character) ? 1 : 0.56), 0) * size;

/** Characters that are about twice as wide as a letter: those of East Asian scripts, and emoji. */
const isWide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;

/** Shortens a text to the available width as it is displayed, without splitting characters. */
export function shortened(whole: string, room: number, size = 12): string {
  const text = sanitize(whole);
  if (textWidth(text, size) <= room) return text;
  let some = '';
  for (const character of text) {
    if (some !== '' && textWidth(`${some}${character}…`, size) > room) break;
    some += character;
  }
  return `${some}…`;
}
