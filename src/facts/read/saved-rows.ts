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

/** What the saved rows are called in errors, and what can be reported instead of other objects. */
export interface Origin {
  /** Null if the name of the file is told. */
  readonly name: string | null;
  readonly hint: string;
}

/** Files that the user named. */
export const ownFiles: Origin = {
  name: null,
  hint: 'Use files with rows of PortOwner: objects of its PowerShell functions that Export-Clixml saved, or the output of --format clixml.',
};

/** What Export-PortReport received; its file is temporary, and unknown to the user. */
export const pipeline: Origin = {
  name: 'the input of Export-PortReport',
  hint: 'Use the objects that functions of the module PortOwner return, such as Get-PortOwner, or Select-Object with properties of these objects only.',
};

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

/** Property names of an object, except those that PowerShell adds. */
const namesOf = ({ properties }: ClixmlObject): string[] => Object.keys(properties).filter((name) => !added.has(name));

const has = ({ columns }: RowSchema, property: string): boolean =>
  columns.some((column) => column.name.toLowerCase() === property);

/** The properties that are listed in an error. */
const mostNamed = 5;

/** Describes an object that is not a row: by its type or, for a custom object, by the properties that rows lack. */
function foreign(object: ClixmlObject, schemas: readonly RowSchema[]): string {
  const type = object.typeNames[0] ?? 'unknown';
  const is = `contains an object of the type ${type}, which is not a row of PortOwner`;
  if (!type.endsWith('PSCustomObject')) return is;
  const names = namesOf(object);
  const unknown = names.filter((name) => !schemas.some((schema) => has(schema, name)));
  if (unknown.length === 0) return is;
  const told = unknown.slice(0, mostNamed).map((name) => JSON.stringify(name));
  return `${is}: no row has the ${told.length === 1 ? 'property' : 'properties'} ${told.join(', ')}${unknown.length > mostNamed ? ' …' : ''}`;
}

/** Returns the schema of an object by its type, or by its properties if it comes from Select-Object. */
function kindOf(object: ClixmlObject, schemas: readonly RowSchema[]): RowSchema | null {
  for (const name of object.typeNames) {
    const bare = name.replace(/^(?:(?:Deserialized|Selected)\.)+/, '').replace(/#.*$/s, '');
    const found = schemas.find(({ typeName }) => typeName === bare);
    if (found !== undefined) return found;
  }
  const names = namesOf(object);
  return names.length === 0 ? null : (schemas.find((schema) => names.every((name) => has(schema, name))) ?? null);
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
  { name, hint }: Origin = ownFiles,
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
          if (schema === null) throw new ClixmlError(foreign(object, schemas));
          let kind = kinds.get(schema);
          if (kind === undefined) kinds.set(schema, (kind = { columns: plainColumns(schema), rows: [] }));
          kind.rows.push(rowOf(object, kind.columns));
        },
      });
    } catch (error) {
      if (!(error instanceof ClixmlError)) throw error;
      const target = name === null ? { target: path } : {};
      throw new PortOwnerError('PO2002', `${name ?? file.name} ${error.message}`, { hint, ...target, cause: error });
    } finally {
      closeFile(file);
    }
  }
  return [...kinds].map(([schema, { rows }]) => ({ schema, rows }));
}
