import { ClixmlError } from './text.ts';

/**
 * A value of a CLIXML document. I64 and U64 are bigints. D (decimal), TS (duration), G, URI, Version, XD, SBK and SS
 * stay text. DT is ISO 8601: `…Z` in UTC if the file gives a time zone, otherwise unchanged and without one.
 */
export type ClixmlValue = null | boolean | number | bigint | string | Uint8Array | ClixmlObject;

/** An object of a CLIXML document; lists and properties hold only wanted values. */
export interface ClixmlObject {
  /** The most derived type first; empty if the file gives none. */
  readonly typeNames: readonly string[];
  /** The result of ToString(). */
  readonly text: string | null;
  /** The primitive or object that it wraps, such as the number of an enum; undefined if none. */
  readonly base: ClixmlValue | undefined;
  /** The items of a list, queue, stack or other collection, in file order. */
  readonly items: readonly ClixmlValue[] | null;
  /** The keys and values of a dictionary. */
  readonly entries: readonly (readonly [ClixmlValue, ClixmlValue])[] | null;
  /**
   * Properties by lower-case name, without a prototype; an extended property overrides an adapted one of the same name.
   */
  readonly properties: Readonly<Record<string, ClixmlValue>>;
}

/** Decodes `_xHHHH_` and `_xHHHHHHHH_` as XmlConvert.DecodeName does. */
export function decodeName(text: string): string {
  if (!text.includes('_x') && !text.includes('_X')) return text;
  return text.replace(
    /_[xX](?:([0-9a-fA-F]{4})|([0-9a-fA-F]{8}))_/g,
    (whole, unit: string | undefined, point: string | undefined) => {
      if (unit !== undefined) return String.fromCharCode(parseInt(unit, 16));
      const code = parseInt(point ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

const pad = (value: number, length: number): string => String(value).padStart(length, '0');
const datePattern = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?)?(?:(Z)|([+-])(\d\d):(\d\d))?$/;

/**
 * Converts an XML Schema dateTime to ISO 8601 with at most seven fraction digits, in UTC if it has a time zone. Returns
 * undefined if it is not a dateTime.
 */
export function decodeDate(text: string): string | undefined {
  const match = datePattern.exec(text.trim());
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [fraction, utc, sign, zoneHours, zoneMinutes] = match.slice(7);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (year < 1 || month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || Number(zoneHours ?? 0) > 14 || Number(zoneMinutes ?? 0) > 59)
    return undefined;
  const offset = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * (sign === '-' ? -1 : 1);
  date.setUTCHours(hour, minute - offset, second);
  const digits = (fraction ?? '').slice(0, 7).replace(/(?<!0)0+$/, '');
  const tail = `${digits === '' ? '' : `.${digits}`}${utc === undefined && sign === undefined ? '' : 'Z'}`;
  // The first and the last representable dates cannot be shifted to UTC.
  if (date.getUTCFullYear() < 1) return `0001-01-01T00:00:00${tail}`;
  if (date.getUTCFullYear() > 9999) return `9999-12-31T23:59:59${tail}`;
  const day8 = `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`;
  return `${day8}T${pad(date.getUTCHours(), 2)}:${pad(date.getUTCMinutes(), 2)}:${pad(date.getUTCSeconds(), 2)}${tail}`;
}

type Parse = (text: string) => ClixmlValue | undefined;

export interface Primitive {
  readonly typeNames: readonly [string];
  readonly parse: Parse;
}

function integer(min: number, max: number): Parse {
  return (text) => {
    const value = /^\s*[+-]?\d{1,15}\s*$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };
}

function long(min: bigint, max: bigint): Parse {
  return (text) => {
    const plain = text.trim().replace(/^\+/, '');
    if (!/^-?\d{1,40}$/.test(plain)) return undefined;
    const value = BigInt(plain);
    return value >= min && value <= max ? value : undefined;
  };
}

const named: Readonly<Record<string, number>> = { INF: Infinity, '-INF': -Infinity, NaN };

function float(text: string): number | undefined {
  const plain = text.trim();
  if (Object.hasOwn(named, plain)) return named[plain];
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(plain) ? Number(plain) : undefined;
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };

const matching =
  (pattern: RegExp): Parse =>
  (text) =>
    pattern.test(text.trim()) ? text.trim() : undefined;
const characterCode = integer(0, 0xffff);

/**
 * The primitive elements (MS-PSRP 2.2.5.1; engine/serialization.cs): their .NET types and parsers. A parser returns
 * undefined for invalid text.
 */
export const primitives: ReadonlyMap<string, Primitive> = new Map(
  Object.entries<Primitive>({
    S: { typeNames: ['System.String'], parse: decodeName },
    C: {
      typeNames: ['System.Char'],
      parse: (text) => {
        const code = characterCode(text);
        return typeof code === 'number' ? String.fromCharCode(code) : undefined;
      },
    },
    B: {
      typeNames: ['System.Boolean'],
      parse: (text) => (Object.hasOwn(booleans, text.trim()) ? booleans[text.trim()] : undefined),
    },
    DT: { typeNames: ['System.DateTime'], parse: decodeDate },
    TS: {
      typeNames: ['System.TimeSpan'],
      parse: matching(/^-?P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/),
    },
    By: { typeNames: ['System.Byte'], parse: integer(0, 0xff) },
    SB: { typeNames: ['System.SByte'], parse: integer(-0x80, 0x7f) },
    U16: { typeNames: ['System.UInt16'], parse: integer(0, 0xffff) },
    I16: { typeNames: ['System.Int16'], parse: integer(-0x8000, 0x7fff) },
    U32: { typeNames: ['System.UInt32'], parse: integer(0, 0xffffffff) },
    I32: { typeNames: ['System.Int32'], parse: integer(-0x80000000, 0x7fffffff) },
    U64: { typeNames: ['System.UInt64'], parse: long(0n, 2n ** 64n - 1n) },
    I64: { typeNames: ['System.Int64'], parse: long(-(2n ** 63n), 2n ** 63n - 1n) },
    Sg: {
      typeNames: ['System.Single'],
      parse: (text) => {
        const value = float(text);
        return value === undefined ? undefined : Math.fround(value);
      },
    },
    Db: { typeNames: ['System.Double'], parse: float },
    D: { typeNames: ['System.Decimal'], parse: matching(/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/) },
    BA: {
      typeNames: ['System.Byte[]'],
      parse: (text) => {
        const plain = text.replace(/[ \t\r\n]+/g, '');
        const whole = plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain);
        return whole ? new Uint8Array(Buffer.from(plain, 'base64')) : undefined;
      },
    },
    G: { typeNames: ['System.Guid'], parse: matching(/^\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?$/) },
    URI: { typeNames: ['System.Uri'], parse: decodeName },
    Version: { typeNames: ['System.Version'], parse: matching(/^\d{1,10}(?:\.\d{1,10}){1,3}$/) },
    XD: { typeNames: ['System.Xml.XmlDocument'], parse: decodeName },
    SBK: { typeNames: ['System.Management.Automation.ScriptBlock'], parse: decodeName },
    // Encrypted for one user of one machine, so it stays text.
    SS: { typeNames: ['System.Security.SecureString'], parse: (text) => text },
  }),
);

/** Parses the value of a primitive element. */
export function parsePrimitive({ typeNames, parse }: Primitive, text: string): ClixmlValue {
  const value = parse(text);
  if (value === undefined) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new ClixmlError(`is not valid CLIXML: ${JSON.stringify(shown)} is no ${typeNames[0]}`);
  }
  return value;
}
