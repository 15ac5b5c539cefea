import { errorCategories, problemKinds, recommendedAction, type Problem } from '../schema/problems.ts';
import {
  liveTypeName,
  plainColumns,
  type AnyRow,
  type Column,
  type ColumnType,
  type RowSchema,
} from '../schema/column.ts';
import { ancestorText, type Ancestor } from '../schema/ancestor.ts';
import { sanitize } from '../io/sanitize.ts';
import { endRow, problemRow, toProblemRow } from '../schema/problem.ts';
import type { CreateWriter } from './writer.ts';

// PowerShell's serialization format (MS-PSRP 2.2.5; engine/serialization.cs). The first line makes PowerShell read
// the following lines of a program's output as live objects.
const header = '#< CLIXML\n';
const open = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">';
const close = '</Objs>\n';
/**
 * The number of characters in a batch: .NET keeps strings of 42,000 or more characters on the large object heap, which
 * slows PowerShell by a tenth.
 */
const batchLength = 32_768;

const special = /[^ -~]|[&<>]|_(?=[xX])/;
const everySpecial = /[^ -~]|[&<>]|_(?=[xX])/g;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const encodeUnit = (unit: string): string =>
  entities[unit] ?? `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;

/** Text for an element, in pure ASCII: PowerShell decodes `_xHHHH_` to one UTF-16 unit. */
export function encode(text: string): string {
  return special.test(text) ? text.replace(everySpecial, encodeUnit) : text;
}

/**
 * The type names of one document: each list is written once, with an ID that later objects refer to. The objects
 * themselves have no ID: nothing refers to them, and the reader would keep them all.
 */
class TypeNames {
  readonly #written = new Map<readonly string[], string>();

  /** The names, or a reference to them if this list has already been written. */
  of(names: readonly string[]): string {
    const reference = this.#written.get(names);
    if (reference !== undefined) return reference;
    const id = this.#written.size;
    this.#written.set(names, `<TNRef RefId="${id}" />`);
    return `<TN RefId="${id}">${names.map((name) => `<T>${name}</T>`).join('')}</TN>`;
  }

  clear(): void {
    this.#written.clear();
  }
}

const textList = ['System.String[]', 'System.Array', 'System.Object'];
const objectList = ['System.Object[]', 'System.Array', 'System.Object'];
const numberList = ['System.UInt32[]', 'System.Array', 'System.Object'];
const errorRecord = ['System.Management.Automation.ErrorRecord', 'System.Object'];
const exception = ['System.Exception', 'System.Object'];

type WriteProperty = (value: AnyRow[string]) => string;

const memorySize = 512;

/** Caches the texts of a column's values, until the column turns out to have many different ones. */
function remembering(write: WriteProperty): WriteProperty {
  let known: Map<AnyRow[string], string> | null = new Map();
  return (value) => {
    if (known === null) return write(value);
    let text = known.get(value);
    if (text === undefined) {
      text = write(value);
      if (known.size < memorySize) known.set(value, text);
      else known = null;
    }
    return text;
  };
}

const tags: Readonly<Record<Exclude<ColumnType, 'texts' | 'uint32s' | 'ancestors' | 'text' | 'date'>, string>> = {
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  int32: 'I32',
  boolean: 'B',
  double: 'Db',
};

/** Column types whose values rarely repeat. */
const lists: ReadonlySet<ColumnType> = new Set(['texts', 'uint32s', 'ancestors']);

const ancestorNames = ['PortOwner.Ancestor'];
const ancestorColumns: readonly Column[] = [
  { name: 'ProcessId', type: 'uint32', description: '' },
  { name: 'ImageName', type: 'text', description: '' },
  { name: 'Application', type: 'text', description: '' },
  { name: 'StartTime', type: 'date', description: '' },
  { name: 'Role', type: 'text', description: '' },
];

/**
 * A text as a property or an item. If PowerShell shows rows without a view, it would pass control characters on to the
 * terminal: it then gets the text to show beside the text itself.
 */
function textElement(text: string, hasView: boolean, start = ''): string {
  const element = `<S${start}>${encode(text)}</S>`;
  const safe = hasView ? text : sanitize(text);
  return safe === text ? element : `<Obj${start}><ToString>${encode(safe)}</ToString><S>${encode(text)}</S></Obj>`;
}

/** Ancestors as a list of property bags. */
function ancestorsProperty(name: string, types: TypeNames): WriteProperty {
  const properties = ancestorColumns.map((column) => [column.name, property(column, types, true)] as const);
  return (value) => {
    if (!Array.isArray(value)) return `<Nil N="${name}" />`;
    const list = types.of(objectList);
    const items = (value as unknown as readonly (Ancestor & AnyRow)[]).map(
      (item) =>
        `<Obj>${types.of(ancestorNames)}<ToString>${encode(ancestorText(item))}</ToString><MS>${properties.map(([key, write]) => write(item[key])).join('')}</MS></Obj>`,
    );
    return `<Obj N="${name}">${list}<LST>${items.join('')}</LST></Obj>`;
  };
}

function property({ name, type }: Column, types: TypeNames, hasView: boolean): WriteProperty {
  const nil = `<Nil N="${name}" />`;
  if (type === 'ancestors') return ancestorsProperty(name, types);
  if (type === 'texts' || type === 'uint32s') {
    const start = `<Obj N="${name}">`;
    const names = type === 'texts' ? textList : numberList;
    return (value) => {
      if (!Array.isArray(value)) return nil;
      let items = '';
      for (const item of value)
        items += type === 'texts' ? textElement(String(item), hasView) : `<U32>${encode(String(item))}</U32>`;
      return `${start}${types.of(names)}<LST>${items}</LST></Obj>`;
    };
  }
  if (type === 'text') {
    const start = ` N="${name}"`;
    return (value) => (value == null ? nil : textElement(String(value), hasView, start));
  }
  if (type === 'date') {
    const start = `<DT N="${name}">`;
    return (value) => {
      if (value == null) return nil;
      const date = encode(String(value));
      // With Z, PowerShell creates a Utc date, which compares incorrectly with local dates.
      return `${start}${date.endsWith('Z') ? `${date.slice(0, -1)}+00:00` : date}</DT>`;
    };
  }
  const tag = tags[type];
  const start = `<${tag} N="${name}">`;
  const end = `</${tag}>`;
  // Whatever the value is, the result contains no markup.
  return (value) => (value == null ? nil : `${start}${type === 'boolean' ? value === true : Number(value)}${end}`);
}

/**
 * The type names of a row. With chosen columns, a row has a type without a view, as from Select-Object: PowerShell
 * shows the columns that exist. The names that every property bag has (PSCustomObject, Object) are left out: PowerShell
 * copies all names for each row.
 */
function typeNames(schema: RowSchema, columns: readonly Column[], variant: string | undefined): string[] {
  const own = plainColumns(schema).every((column) => column.askedBy !== undefined || columns.includes(column))
    ? [schema.typeName]
    : [`Selected.${schema.typeName}`];
  if (variant !== undefined) own.unshift(`${own[0]}#${variant}`);
  return own;
}

/** Whether rows with these type names have no view. */
const isSelected = (names: readonly string[]): boolean => names.some((name) => name.startsWith('Selected.'));

/** Writes the rows of one schema as property bags. */
function rowEncoder(
  schema: RowSchema,
  columns: readonly Column[],
  types: TypeNames,
  variant?: string,
): (row: AnyRow) => string {
  const own = typeNames(schema, columns, variant);
  // A row is live if it has a value in the column that only live rows have.
  const mark = schema.columns.find(({ liveAliasOf }) => columns.some(({ name }) => name === liveAliasOf))?.name;
  const live = [...own, liveTypeName(schema.typeName)];
  const names = columns.map((column) => column.name);
  const properties = columns.map((column) => {
    const write = property(column, types, !isSelected(own));
    return lists.has(column.type) ? write : remembering(write);
  });
  return (row) => {
    let text = `<Obj>${types.of(mark !== undefined && row[mark] != null ? live : own)}<MS>`;
    for (let i = 0; i < names.length; i++) text += properties[i]!(row[names[i]!]);
    return `${text}</MS></Obj>`;
  };
}

const optional = (name: string, value: string | undefined): string =>
  value === undefined ? `<Nil N="${name}" />` : `<S N="${name}">${encode(value)}</S>`;

/** A problem as an item of PowerShell's own stream for it (engine/NativeCommandProcessor.cs reads them). */
function streamItem(problem: Problem, types: TypeNames): string {
  if (problem.severity === 'Warning') {
    const text =
      problem.hint === undefined ? problem.message : `${problem.message.replace(/\.$/, '')}. ${problem.hint}`;
    return `<S S="warning">${encode(`${problem.code}: ${text}`)}</S>`;
  }
  const message = encode(problem.message);
  return (
    `<Obj S="Error">${types.of(errorRecord)}<ToString>${message}</ToString><MS>` +
    `<Obj N="Exception">${types.of(exception)}<ToString>${message}</ToString><Props><S N="Message">${message}</S></Props></Obj>` +
    `${optional('TargetObject', problem.target)}<S N="FullyQualifiedErrorId">${problem.code}</S><Nil N="InvocationInfo" />` +
    `<I32 N="ErrorCategory_Category">${errorCategories[problemKinds[problem.code].category]}</I32><S N="ErrorCategory_Activity">portowner</S>` +
    `<S N="ErrorCategory_Reason">${problem.code}</S>${optional('ErrorCategory_TargetName', problem.target)}` +
    `${optional('ErrorCategory_TargetType', problem.target && 'String')}<S N="ErrorCategory_Message">${message}</S><S N="ErrorDetails_Message">${message}</S>` +
    `${optional('ErrorDetails_RecommendedAction', recommendedAction(problem))}<B N="SerializeExtendedInfo">false</B></MS></Obj>`
  );
}

/** Writes one document in one line or, with `stream`, one per batch (which Windows PowerShell cannot read). */
export const create: CreateWriter = (schema, { columns, variant, sink, problems, stream = false }) => {
  const types = new TypeNames();
  let encodeRow: ((row: AnyRow) => string) | null = null;
  const encodeProblem = rowEncoder(problemRow, problemRow.columns, types);
  let started = false;
  let items = 0;
  let length = 0;

  function begin(): void {
    if (!started) sink.write(header);
    started = true;
    if (items++ === 0) sink.write(open);
  }

  function item(text: string): void {
    sink.write(text);
    length += text.length;
    if (stream && length >= batchLength) endDocument();
  }

  function endDocument(): void {
    sink.write(close);
    sink.flush();
    types.clear();
    items = 0;
    length = 0;
  }

  return {
    carriesProblems: true,
    row(row) {
      begin();
      encodeRow ??= rowEncoder(schema, columns, types, variant?.());
      item(encodeRow(row));
    },
    problem(problem) {
      begin();
      if (problems === 'rows') item(encodeProblem(toProblemRow(problem)));
      else if ('code' in problem) item(streamItem(problem, types));
    },
    flush() {
      if (stream && items > 0) endDocument();
    },
    end() {
      if (problems === 'rows') {
        begin();
        item(encodeProblem(endRow));
      }
      if (items > 0) endDocument();
      else if (!started) sink.write(`${header}${open}${close}`);
    },
  };
};
