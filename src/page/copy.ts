import { neutraliser } from '../formats/csv.ts';
import {
  cell,
  textAt,
  columnNamed,
  type Cell,
  type PageAbout,
  type UnpackedColumn,
  type UnpackedTable,
} from './data.ts';

/** UTF-16 units that a console would act on when they are pasted, or that hide or reorder text. */
const unseen = /([\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}])/u;

/** Quotes a PowerShell string. PowerShell also treats curly quotes as quotes: within single quotes, each is doubled. */
function quoted(text: string): string {
  // Units, not characters: PowerShell's characters have 16 bits.
  const parts = Array.from(text, (character) => (unseen.test(character) ? character.split('') : character)).flat();
  let [code, open] = ["'", true];
  for (const part of parts) {
    if (unseen.test(part)) {
      code += `${open ? "'" : ''} + [char]${part.charCodeAt(0)}`;
      open = false;
    } else {
      code += (open ? '' : " + '") + part.replaceAll(/['\u2018-\u201b]/g, '$&$&');
      open = true;
    }
  }
  return parts.some((part) => unseen.test(part)) ? `(${code}${open ? "'" : ''})` : `${code}'`;
}

function literal(value: Cell, type: UnpackedColumn['type']): string {
  if (value === null) return '$null';
  if (typeof value === 'boolean') return value ? '$true' : '$false';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object') return `@(${value.map((item) => literal(item, 'text')).join(', ')})`;
  return type === 'date' ? `[datetime]${quoted(value)}` : quoted(value);
}

/** Returns the PowerShell command that recreates a row as an object. */
export function asObject({ kind, columns }: UnpackedTable, row: number): string {
  const properties = columns.map((column) => `${column.name} = ${literal(cell(column, row), column.type)}`);
  return `[pscustomobject]@{ PSTypeName = ${quoted(kind)}; ${properties.join('; ')} }`;
}

/**
 * Returns the PowerShell command that queries the machine about the subject of a row; null if the row has no port. With
 * a parameter for the machine, the command names the row's, and is null if that name cannot be used.
 */
export function asCommand(table: UnpackedTable, row: number, parameter: PageAbout['machineParameter']): string | null {
  const value = (name: string): Cell => {
    const column = columnNamed(table, name);
    return column === undefined ? null : cell(column, row);
  };
  const machine = String(value('ComputerName') ?? '');
  if (parameter !== null && !/^[\w.-]+$/.test(machine)) return null;
  const there = parameter === null ? '' : ` ${parameter} ${quoted(machine)}`;
  const [start, end] = [value('StartPort'), value('EndPort')];
  if (start !== null)
    return `Get-PortRange${there} | Where-Object { $_.StartPort -eq ${start} -and $_.EndPort -eq ${end} }`;
  const port = value('LocalPort') ?? value('Port');
  if (!/^\d+$/.test(String(port))) return null;
  const [protocol, remote, address] = [value('Protocol'), value('RemotePort'), value('LocalAddress')];
  const parts = ['Get-PortOwner', '-Port', String(port)];
  if (protocol === 'TCP' || protocol === 'UDP') parts.push('-Protocol', protocol);
  if (typeof remote === 'number') parts.push('-RemotePort', String(remote));
  if (typeof address === 'string' && /^[\da-f.:]+$/i.test(address)) parts.push('-Address', quoted(address));
  return parts.join(' ') + there;
}

/** Copies a text to the clipboard. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A browser can deny clipboard access to a page that is a local file.
    const area = document.createElement('textarea');
    area.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const neutralise = neutraliser();

/** Returns the rows as CSV for a spreadsheet: a byte order mark, CRLF, and no cell that runs as a formula. */
export function csv(columns: readonly UnpackedColumn[], rows: Uint32Array): string {
  const lines = [columns.map(({ name }) => quote(name)).join(',')];
  for (const row of rows)
    lines.push(
      columns
        .map((column) =>
          typeof cell(column, row) === 'number' ? textAt(column, row) : quote(neutralise(textAt(column, row))),
        )
        .join(','),
    );
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

/** Downloads a text as a file. */
export function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
