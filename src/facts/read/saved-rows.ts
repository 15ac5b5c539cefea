import { readClixml } from '../../clixml/reader.ts';
import { ClixmlError } from '../../clixml/text.ts';
import type { ClixmlObject, ClixmlValue } from '../../clixml/values.ts';
import { chunksOf, closeFile, openFile } from '../../io/read.ts';
import type { Ancestor } from '../../schema/ancestor.ts';
import { plainColumns, type AnyRow, type Column, type RowSchema } from '../../schema/column.ts';
import { PortOwnerError } from '../../schema/problems.ts';

/** Rows of one kind. */
export interface SavedRows {
  readonly schema: RowSchema;
  readonly rows: readonly AnyRow[];
}

const hint = 'Give what the functions of the module gave to Export-Clixml, or what --format clixml wrote.';

const isObject = (value: ClixmlValue | undefined): value is ClixmlObject =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

/** A value that PowerShell wrapped in an object, and a large number as one that rows have. */
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

/** A value as its column has it; null for what is of another type. */
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

/** What PowerShell itself adds to objects that come from another machine. */
const added = new Set([
  'pscomputername',
  'runspaceid',
  'psshowcomputername',
  'pssourcejobinstanceid',
  'id',
  'identity',
]);

/** The kind of an object: by its type, and of what Select-Object left, by its properties. */
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
    // A remote call names the machine, where the row does not.
    const value = own === undefined && column.name === 'ComputerName' ? properties['pscomputername'] : own;
    return [column.name, cellOf(value, column)] as const;
  });
  return Object.fromEntries(values);
}

/**
 * Reads rows that were saved as CLIXML, of any of these kinds, in the order in which the kinds come. Throws PO2001, and
 * PO2002 for files that are no CLIXML or have other objects.
 */
export function readSavedRows(paths: readonly string[], schemas: readonly RowSchema[]): SavedRows[] {
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
              `holds an object of the type ${object.typeNames[0] ?? 'unknown'}, which is no row of PortOwner`,
            );
          let kind = kinds.get(schema);
          if (kind === undefined) kinds.set(schema, (kind = { columns: plainColumns(schema), rows: [] }));
          kind.rows.push(rowOf(object, kind.columns));
        },
      });
    } catch (error) {
      if (!(error instanceof ClixmlError)) throw error;
      throw new PortOwnerError('PO2002', `${file.name} ${error.message}`, { hint, target: path, cause: error });
    } finally {
      closeFile(file);
    }
  }
  return [...kinds].map(([schema, { rows }]) => ({ schema, rows }));
}
