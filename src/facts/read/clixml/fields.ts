import { ClixmlError } from '../../../clixml/text.ts';
import { canonicalAddress } from '../../../ports/address.ts';
import type { ClixmlObject, ClixmlValue } from '../../../clixml/values.ts';

/** The limit in facts.schema.json. */
const longestText = 65_536;
/** FILETIME 0, Windows' value for unknown, is in 1601; a time zone may have shifted it. */
const earliest = '1970';

/** Reads the properties of objects, and shares equal texts in memory. */
export class Fields {
  readonly #texts = new Map<string, string>();
  readonly #addresses = new Map<string, string | null>();

  #same(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  /** Returns a text that is not empty, or the name of an enum value; otherwise null. */
  text({ properties }: ClixmlObject, name: string): string | null {
    const value = unwrapped(properties[name]);
    const text =
      typeof value === 'string' ? value : isObject(value) && typeof value.base === 'number' ? value.text : null;
    if (text === null || text === '') return null;
    if (text.length > longestText) throw new ClixmlError(`is not read: a ${name} in it has ${text.length} characters`);
    return this.#same(text);
  }

  /** Returns the texts of a list. */
  texts({ properties }: ClixmlObject, name: string): string[] {
    const value = properties[name];
    const items = isObject(value) ? (value.items ?? []) : [value];
    return items
      .filter((item) => typeof item === 'string' && item !== '' && item.length <= longestText)
      .map((item) => this.#same(String(item)));
  }

  /**
   * Returns an IP address in the form that facts use: IPv6 in its shortest form, with its scope. Null if it is not an
   * address.
   */
  address(object: ClixmlObject, name: string): string | null {
    const text = this.text(object, name);
    if (text === null) return null;
    let address = this.#addresses.get(text);
    if (address === undefined) this.#addresses.set(text, (address = canonicalAddress(text.trim())));
    return address;
  }
}

export function isObject(value: ClixmlValue | undefined): value is ClixmlObject {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

/** Unwraps a value that PowerShell wrapped in an object, such as a text with note properties. */
function unwrapped(value: ClixmlValue | undefined): ClixmlValue | undefined {
  return isObject(value) && value.base !== undefined && typeof value.base !== 'number' && !isObject(value.base)
    ? value.base
    : value;
}

/** Returns a whole number from 0 to `max`, also from text or an enum value; otherwise null. */
export function numberOf({ properties }: ClixmlObject, name: string, max: number): number | null {
  const value = properties[name];
  const plain = isObject(value) ? value.base : value;
  const number =
    typeof plain === 'number' || typeof plain === 'bigint'
      ? Number(plain)
      : typeof plain === 'string' && /^\d{1,10}$/.test(plain)
        ? Number(plain)
        : NaN;
  return Number.isInteger(number) && number >= 0 && number <= max ? number : null;
}

/** Returns the numbers of a list. */
export function numbersOf({ properties }: ClixmlObject, name: string, max: number): number[] {
  const value = properties[name];
  const items = isObject(value) ? (value.items ?? []) : [value];
  return items.filter((item): item is number => Number.isInteger(item) && Number(item) >= 0 && Number(item) <= max);
}

/** A CIM datetime from WMI's cmdlets: 20260102030405.678901+060, with the time zone in minutes. */
const cimDate = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-])(\d{3})$/;

/** Returns a UTC instant; null if there is none or its time zone is missing. */
export function instantOf({ properties }: ClixmlObject, name: string): string | null {
  const wrapped = unwrapped(properties[name]);
  if (typeof wrapped !== 'string') return null;
  let instant = wrapped;
  const match = cimDate.exec(wrapped);
  if (match !== null) {
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const offset = Number(match[9]) * (match[8] === '-' ? -1 : 1);
    const seconds = new Date(Date.UTC(year, month - 1, day, hour, minute - offset, second)).toISOString().slice(0, 19);
    const fraction = match[7]!.replace(/(?<!0)0+$/, '');
    instant = `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
  }
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z$/.test(instant) && instant >= earliest ? instant : null;
}
