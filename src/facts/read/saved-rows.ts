import { readClixml } from '../../clixml/reader.ts';
import { ClixmlError } from '../../clixml/text.ts';
import type { ClixmlObject, ClixmlValue } from '../../clixml/values.ts';
import { chunksOf, closeFile, openFile } from '../../io/read.ts';
import type { Ancestor } from '../../schema/ancestor.ts';
import { plainColumns, type AnyRow, type Column, type RowSchema } from '../../schema/column.ts';
import { PortOwnerError } from '../../schema/problems.ts';

/** Where rows come from, for a message. */
export interface SavedSource {
  readonly name: string;
  readonly hint: string;
}

/** Rows of one kind. */
export interface SavedRows {
  readonly schema: RowSchema;
  readonly rows: readonly AnyRow[];
}

const hint = 'Use a file that Export-Clixml wrote from objects of this module, or that --format clixml wrote.';

const isObject = (value: ClixmlValue | undefined): value is ClixmlObject =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

/** Unwraps a value that PowerShell wrapped in an object, and converts a large number to one that rows use. */
function plain(value: ClixmlValue | undefined): string | number | boolean | null {
  if (isObject(value))
    return value.base === undefined || typeof value.base === 'number' ? value.text : plain(value.base);
  if (typeof value === 'bigint') return Number(value);
  return value === undefined || value instanceof Uint8Array ? null : value;
}

function ancestorOf(value: ClixmlValue): Ancestor[] {
  if (!isObject(value)) return [];
  const { processid, imagename, application, starttime, role } = value.properties;
  const one = {
    ProcessId: plain(processid),
    ImageName: plain(imagename),
    Application: plain(application),
    StartTime: plain(starttime),
    Role: plain(role),
  };
  return typeof one.ProcessId === 'number' ? [one as Ancestor] : [];
}

/** Converts a value to its column's type; null if it has another type. */
function cellOf(value: ClixmlValue | undefined, { type }: Column): AnyRow[string] {
  const items = isObject(value) ? (value.items ?? [value]) : value === null || value === undefined ? [] : [value];
  switch (type) {
    case 'texts':
      return items.length === 0 ? null : items.map((item) => String(plain(item) ?? ''));
    case 'uint32s': {
      const numbers = items.map(plain).filter((item) => typeof item === 'number');
      return numbers.length === 0 ? null : numbers;
    }
    case 'ancestors':
      return items.length === 0 ? null : items.flatMap(ancestorOf);
    case 'boolean': {
      const flag = plain(value);
      return typeof flag === 'boolean' ? flag : null;
    }
    case 'text':
    case 'date': {
      const text = plain(value);
      return text === null || text === '' ? null : String(text);
    }
    default: {
      const number = plain(value);
      return typeof number === 'number' ? number : null;
    }
  }
}

/** Properties that PowerShell adds to objects from another machine. */
const added = new Set([
  'pscomputername',
  'runspaceid',
  'psshowcomputername',
  'pssourcejobinstanceid',
  'id',
  'identity',
]);

/** Returns the schema of an object by its type, or by its properties if it comes from Select-Object. */
function kindOf({ typeNames, properties }: ClixmlObject, schemas: readonly RowSchema[]): RowSchema | null {
  for (const name of typeNames) {
    const bare = name.replace(/^(?:(?:Deserialized|Selected)\.)+/, '').replace(/#.*$/s, '');
    const found = schemas.find(({ typeName }) => typeName === bare);
    if (found !== undefined) return found;
  }
  const names = Object.keys(properties).filter((name) => !added.has(name));
  const has = ({ columns }: RowSchema): boolean =>
    names.every((name) => columns.some((column) => column.name.toLowerCase() === name));
  return names.length === 0 ? null : (schemas.find(has) ?? null);
}

function rowOf({ properties }: ClixmlObject, columns: readonly Column[]): AnyRow {
  const values = columns.map((column) => {
    const own = properties[column.name.toLowerCase()];
    // If the row has no machine name, use the one that PowerShell remoting added.
    const value = own === undefined && column.name === 'ComputerName' ? properties['pscomputername'] : own;
    return [column.name, cellOf(value, column)] as const;
  });
  return Object.fromEntries(values);
}

/**
 * Reads rows of any of these kinds that were saved as CLIXML; the kinds are in order of first appearance. Throws
 * PO2001, and PO2002 for files that are not CLIXML or contain other objects.
 */
export function readSavedRows(
  paths: readonly string[],
  schemas: readonly RowSchema[],
  source: SavedSource | null = null,
): SavedRows[] {
  const kinds = new Map<RowSchema, { readonly columns: readonly Column[]; readonly rows: AnyRow[] }>();
  for (const path of paths) {
    const file = openFile(path, hint);
    try {
      readClixml(chunksOf(file), {
        wants: () => true,
        complete: () => true,
        item(object, stream) {
          if (stream.toLowerCase() !== 'output' || object.typeNames.some((name) => name.endsWith('PortOwner.Problem')))
            return;
          const schema = kindOf(object, schemas);
          if (schema === null)
            throw new ClixmlError(
              `contains an object of the type ${object.typeNames[0] ?? 'unknown'}; expected rows of PortOwner`,
            );
          let kind = kinds.get(schema);
          if (kind === undefined) kinds.set(schema, (kind = { columns: plainColumns(schema), rows: [] }));
          kind.rows.push(rowOf(object, kind.columns));
        },
      });
    } catch (error) {
      if (!(error instanceof ClixmlError)) throw error;
      throw new PortOwnerError('PO2002', `${source?.name ?? file.name} ${error.message}`, {
        hint: source?.hint ?? hint,
        ...(source === null ? { target: path } : {}),
        cause: error,
      });
    } finally {
      closeFile(file);
    }
  }
  return [...kinds].map(([schema, { rows }]) => ({ schema, rows }));
}
