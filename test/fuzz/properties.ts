import type { Outcome } from '../support/harness.ts';

/** What nobody's terminal should get: as src/io/sanitize.ts has it, but with the ends of lines. */
const unsafe = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\u200c\u200d]]/v;
const exitCodes: ReadonlySet<number> = new Set([0, 1, 64, 69, 77]);
const errorLine = /^portowner: PO\d{4}: \S/;

function wrongErrors({ code, out, err }: Outcome): string | null {
  if (unsafe.test(err)) return `stderr has the character ${JSON.stringify(unsafe.exec(err)![0])}`;
  const lines = err.split('\n');
  if (err !== '' && lines.pop() !== '') return 'stderr does not end with a line';
  const strange = lines.find((line) => err !== '' && !/^(?:portowner:| ) \S/.test(line));
  if (strange !== undefined) return `stderr has a line of another kind: ${JSON.stringify(strange.slice(0, 200))}`;
  const errors = lines.filter((line) => errorLine.test(line) && !/^portowner: PO\d{4}: warning: /.test(line));
  if (code === 64 && (errors.length !== 1 || out !== '') && !/PO\d{4}/.test(out)) return `wrong usage gives ${errors.length} errors`;
  if (code === 69 && err === '' && !/PO\d{4}/.test(out) && out === '') return 'nothing says why it cannot tell';
  return null;
}

/** RFC 4180, with as many values in each row. */
function wrongCsv(text: string): string | null {
  const widths = new Set<number>();
  let width = 0;
  let end = 0;
  for (const [cell, separator] of text.replace(/^\ufeff/, '').matchAll(/(?:"(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy)) {
    width++;
    end += cell.length;
    if (separator === ',') continue;
    widths.add(width);
    width = 0;
  }
  if (end !== text.replace(/^\ufeff/, '').length) return `CSV ends at character ${end}`;
  return widths.size > 1 ? `CSV rows have ${[...widths].join(' and ')} values` : null;
}

function wrongXml(text: string): string | null {
  const [first, ...rest] = text.split('\n');
  if (first !== '#< CLIXML') return 'CLIXML does not start with its header';
  if (/[^\x20-\x7e\n]/.test(text)) return 'CLIXML is not plain ASCII';
  const open: string[] = [];
  for (const [, close, name, empty] of rest.join('\n').matchAll(/<(\/?)([A-Za-z0-9]+)[^>]*?(\/?)>/g)) {
    if (close !== '') {
      if (open.pop() !== name) return `CLIXML closes ${name} in a wrong place`;
    } else if (empty === '') open.push(name!);
  }
  return open.length > 0 ? `CLIXML leaves ${open.at(-1)} open` : null;
}

/** A page has three scripts, whatever is in its rows; the last is ours, which has a tab. */
function wrongPage(text: string): string | null {
  if (text === '') return null;
  if (!text.startsWith('<!doctype html>\n') || !text.endsWith('</html>\n')) return 'the page is not whole';
  if ([...text.matchAll(/<script/g)].length !== 3 || [...text.matchAll(/<\/script/g)].length !== 3) return 'the page has another script';
  if (/<[^>]*\son\w+=|javascript:/i.test(text.slice(0, text.indexOf('<script')))) return 'the page has a script in its markup';
  const rest = text.slice(0, text.lastIndexOf('<script>'));
  return unsafe.test(rest) ? `the page has the character ${JSON.stringify(unsafe.exec(rest)![0])}` : null;
}

function wrongForm(out: string, format: string | null): string | null {
  switch (format) {
    case 'json':
      return Array.isArray(JSON.parse(out)) ? null : 'JSON is no list';
    case 'ndjson':
      for (const line of out.split('\n').filter((text) => text !== '')) JSON.parse(line);
      return null;
    case 'csv':
      return wrongCsv(out);
    case 'clixml':
      return wrongXml(out);
    case 'html':
      return wrongPage(out);
    default:
      return unsafe.test(out) ? `stdout has the character ${JSON.stringify(unsafe.exec(out)![0])}` : null;
  }
}

/** The format that an answer has, if the command line surely says so. */
function formatOf(args: readonly string[]): string | null {
  const at = args.indexOf('--format');
  // Of free it says how many ports are wanted, elsewhere that only the number of rows is.
  const isNumber = args.includes('--count') && args[0] !== 'free';
  return at < 0 || isNumber ? null : (args[at + 1] ?? null);
}

/** Whether a spoiled command line still surely asks for text that people read. */
function isForPeople(args: readonly string[]): boolean {
  return !args.some((word) => /^-[^-]*f|^--f|^--s/.test(word) || ['completion', 'definitions', 'schedule'].includes(word));
}

/** What is wrong with an answer; null when nothing is. `plain` says that the command line is as it was made, not spoiled. */
export function flawOf(outcome: Outcome, args: readonly string[], plain: boolean): string | null {
  if (!exitCodes.has(outcome.code)) return `exit code ${outcome.code}: ${outcome.err.slice(0, 600)}`;
  const errors = wrongErrors(outcome);
  if (errors !== null) return errors;
  if (outcome.out === '' || (!plain && !isForPeople(args))) return null;
  const format = plain ? formatOf(args) : null;
  try {
    return wrongForm(outcome.out, format);
  } catch (error) {
    return `stdout is not ${format}: ${String(error).slice(0, 200)}`;
  }
}
