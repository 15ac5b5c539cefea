// What reads workbooks that are not ours: LibreOffice, and the validator of the Open XML SDK.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sax from 'sax';
import { temporaryFolder } from './harness.ts';

export const noOffice = 'LibreOffice is not installed (apt-get install --no-install-recommends libreoffice-calc-nogui)';
export const office = spawnSync('soffice', ['--version'], { stdio: 'ignore' }).status === 0 ? 'soffice' : null;

export const noValidator = 'the validator of workbooks is not built (.ci/openxml-setup, which needs the .NET SDK 10)';
const folders = [process.env.PORTOWNER_OPENXML_ROOT, '/var/cache/portowner/openxml', join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'portowner/openxml')];
export const validator = folders.map((folder) => join(folder ?? '', 'validate.dll')).find((path) => existsSync(path)) ?? null;

/** What is wrong with workbooks by the rules of Office Open XML: a line for each error. */
export function flawsOf(paths: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('dotnet', [validator!, ...paths], { encoding: 'utf8', maxBuffer: 1e8 });
  return status === 0 && stdout === '' ? '' : `${status} ${stdout}${stderr}`;
}

export interface ReadCell {
  readonly type: string;
  readonly value: string;
}

/** The sheets of a workbook as LibreOffice reads them: the cells of each row, null for an empty one. */
export function readWorkbook(path: string): Map<string, (ReadCell | null)[][]> {
  const folder = temporaryFolder();
  const profile = pathToFileURL(join(folder, 'profile')).href;
  const { stderr } = spawnSync(office!, [`-env:UserInstallation=${profile}`, '--headless', '--convert-to', 'fods', '--outdir', folder, path], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  const converted = join(folder, basename(path).replace(/\.xlsx$/, '.fods'));
  if (!existsSync(converted)) throw new Error(`LibreOffice did not convert ${path}: ${stderr}`);
  return readSheets(readFileSync(converted, 'utf8'));
}

/** The sheets of a flat OpenDocument spreadsheet (OpenDocument 1.3, 9). */
function readSheets(text: string): Map<string, (ReadCell | null)[][]> {
  const sheets = new Map<string, (ReadCell | null)[][]>();
  let rows: (ReadCell | null)[][] = [];
  let row: (ReadCell | null)[] = [];
  let cell: { type: string; value: string | null; paragraphs: string[]; repeated: number } | null = null;
  let isParagraph = false;
  const add = (more: string): void => {
    if (cell !== null && isParagraph) cell.paragraphs[cell.paragraphs.length - 1] += more;
  };
  // A chart has a table of its own.
  let frames = 0;
  const handlers = sax.parser(true, { position: false });
  const onopentag = ({ name, attributes }: sax.Tag | sax.QualifiedTag): void => {
    if (name === 'draw:frame') frames++;
    if (frames > 0) return;
    const of = (key: string): string | null => (attributes[key] as string | undefined) ?? null;
    const repeated = (key: string): number => Math.min(Number(of(key) ?? '1'), 100);
    if (name === 'table:table') sheets.set(of('table:name')!, (rows = []));
    else if (name === 'table:table-row') rows.push((row = []));
    else if (name === 'table:table-cell' || name === 'table:covered-table-cell')
      cell = {
        type: of('office:value-type') ?? 'empty',
        value: of('office:value') ?? of('office:date-value') ?? of('office:boolean-value'),
        paragraphs: [],
        repeated: repeated('table:number-columns-repeated'),
      };
    else if (name === 'text:p') {
      isParagraph = true;
      cell?.paragraphs.push('');
    } else if (name === 'text:s') add(' '.repeat(Number(of('text:c') ?? '1')));
    else if (name === 'text:tab') add('\t');
    else if (name === 'text:line-break') add('\n');
  };
  const onclosetag = (name: string): void => {
    if (name === 'draw:frame') frames--;
    if (frames > 0) return;
    if (name === 'text:p') isParagraph = false;
    if (name !== 'table:table-cell' && name !== 'table:covered-table-cell') return;
    const { type, value, paragraphs, repeated } = cell!;
    const read = type === 'empty' ? null : { type, value: value ?? paragraphs.join('\n') };
    for (let i = 0; i < repeated; i++) row.push(read);
    cell = null;
  };
  Object.assign(handlers, { onopentag, onclosetag, ontext: (more: string) => frames === 0 && add(more) });
  handlers.write(text).close();
  return sheets;
}
