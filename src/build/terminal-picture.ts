// Draws terminal output with its colors as an SVG picture.
import stringWidth from 'string-width';

/** The colors and fonts of a picture. */
export interface Theme {
  readonly background: string;
  readonly text: string;
  readonly frame: string;
  /** The colors of SGR 30 to 37. */
  readonly colors: readonly string[];
}

export const themes: Readonly<Record<'light' | 'dark', Theme>> = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    frame: '#d0d7de',
    colors: ['#24292f', '#b3202c', '#116329', '#7a4d00', '#0550ae', '#8250df', '#1b6b78', '#6e7781'],
  },
  dark: {
    background: '#0d1117',
    text: '#e6edf3',
    frame: '#30363d',
    colors: ['#6e7681', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#e6edf3'],
  },
};

interface Style {
  color: number | null;
  bold: boolean;
  dim: boolean;
  underline: boolean;
  /** Text and background exchange their colors. */
  inverse: boolean;
}

interface Run extends Readonly<Style> {
  readonly text: string;
  /** Where it begins, in cells. */
  readonly start: number;
  readonly cells: number;
}

const plain: Style = { color: null, bold: false, dim: false, underline: false, inverse: false };

function changed(style: Style, code: number): Style {
  if (code === 0) return plain;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 4) return { ...style, underline: true };
  if (code === 24) return { ...style, underline: false };
  if (code === 7) return { ...style, inverse: true };
  if (code === 27) return { ...style, inverse: false };
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, color: code - 90 };
  if (code === 39) return { ...style, color: null };
  if (code === 49) return style;
  throw new Error(`a style that the pictures do not know: SGR ${code}`);
}

/** The lines of a text, each as runs of one style. A style continues in the next line. */
function linesOf(text: string): Run[][] {
  let style = plain;
  return text.split('\n').map((line) => {
    const runs: Run[] = [];
    let start = 0;
    // oxlint-disable-next-line no-control-regex -- The escape sequences of a terminal.
    for (const [, codes, words] of line.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)/g)) {
      if (words === undefined) {
        for (const code of codes!.split(';')) style = changed(style, Number(code));
      } else {
        // Its background is as wide as the blanks around the text.
        if (style.inverse) runs.push({ ...style, text: '', start, cells: stringWidth(words) });
        // A viewer may collapse spaces: position each part without two consecutive spaces separately.
        for (const [piece] of words.matchAll(/ {2,}|(?:\S| (?! ))+/g)) {
          const cells = stringWidth(piece);
          const text = piece.trim();
          const before = piece.length - piece.trimStart().length;
          if (text !== '') runs.push({ ...style, text, start: start + before, cells: stringWidth(text) });
          start += cells;
        }
      }
    }
    return runs;
  });
}

const [cellWidth, lineHeight, fontSize, margin] = [8.4, 20, 14, 16];

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The color of a run's text, or of the background of an inverse one; null for that of all text. */
const colorOf = ({ color }: Run, theme: Theme): string | null => (color === null ? null : theme.colors[color]!);

/** The background of an inverse run. */
function runBackground(run: Run, y: number, theme: Theme): string {
  const [x, width] = [margin + run.start * cellWidth, run.cells * cellWidth].map((value) => value.toFixed(1));
  return `<rect x="${x}" y="${y}" width="${width}" height="${lineHeight}" fill="${colorOf(run, theme) ?? theme.text}"/>`;
}

function runText(run: Run, theme: Theme): string {
  const color = run.inverse ? theme.background : colorOf(run, theme);
  const style = [
    color === null ? '' : ` fill="${color}"`,
    run.bold ? ' font-weight="bold"' : '',
    run.dim ? ' opacity="0.6"' : '',
    run.underline ? ' text-decoration="underline"' : '',
  ].join('');
  // The length keeps columns aligned in any font.
  const place = `x="${(margin + run.start * cellWidth).toFixed(1)}" textLength="${(run.cells * cellWidth).toFixed(1)}"`;
  return `<tspan ${place} lengthAdjust="spacingAndGlyphs"${style}>${xml(run.text)}</tspan>`;
}

/** Draws a terminal with this many columns. The title is the text alternative of the picture. */
export function terminalPicture(
  text: string,
  { columns, theme, title }: { readonly columns: number; readonly theme: Theme; readonly title: string },
): string {
  const lines = linesOf(text.trimEnd());
  const width = Math.ceil(columns * cellWidth + 2 * margin);
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.flatMap((runs, i) => {
    if (runs.length === 0) return [];
    const y = margin + i * lineHeight + fontSize;
    const backgrounds = runs
      .filter((run) => run.inverse && run.text === '')
      .map((run) => runBackground(run, y - fontSize, theme));
    const texts = runs.filter((run) => run.text !== '').map((run) => runText(run, theme));
    return [`${backgrounds.join('')}<text y="${y}">${texts.join('')}</text>`];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${xml(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.background}" stroke="${theme.frame}"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Consolas,'DejaVu Sans Mono',monospace" font-size="${fontSize}" fill="${theme.text}">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
