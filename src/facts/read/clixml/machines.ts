import { canonicalAddress } from '../../../ports/address.ts';
import { ClixmlError } from '../../../clixml/text.ts';
import { isObject } from './fields.ts';
import type { ClixmlObject } from '../../../clixml/values.ts';

/** The properties with the machine's own name, and with the name that the caller used. */
const ownNames = ['csname', 'systemname', '__server', 'computername'];
const givenNames = ['pscomputername', 'machinename'];
/** Names that do not identify a machine. */
const here: ReadonlySet<string> = new Set(['.', 'localhost', '127.0.0.1', '::1', 'unknown']);

function nameIn({ properties }: ClixmlObject, names: readonly string[]): string | null {
  for (const name of names) {
    const value = properties[name];
    if (typeof value === 'string' && value !== '' && value.length <= 255 && !here.has(value.toLowerCase()))
      return value;
  }
  return null;
}

/** Returns the server from the class that Export-Clixml writes beside each CIM instance. */
function serverOf({ properties }: ClixmlObject): string | null {
  const classes = properties['__classmetadata'];
  for (const item of isObject(classes) ? (classes.items ?? []) : []) {
    const name = isObject(item) ? nameIn(item, ['servername']) : null;
    if (name !== null) return name;
  }
  return null;
}

/** Returns the comparison key: SRV1.contoso.com and srv1 are the same machine. */
function key(name: string): string {
  const lower = name.toLowerCase();
  return canonicalAddress(lower) === null ? (lower.split('.')[0] ?? lower) : lower;
}

/** The machine names in objects; facts describe one machine. */
export class MachineNames {
  /** Each set holds the known keys of one machine. */
  #machines: Set<string>[] = [];
  #last = '';
  #own: string | null = null;
  #given: string | null = null;

  note(object: ClixmlObject): void {
    const own = nameIn(object, ownNames) ?? serverOf(object);
    const given = nameIn(object, givenNames);
    const both = `${own}\n${given}`;
    if (both === this.#last) return;
    this.#last = both;
    this.#own ??= own;
    this.#given ??= given;
    const keys = [own, given].filter((name) => name !== null).map(key);
    if (keys.length === 0) return;
    const merged = new Set(keys);
    this.#machines = this.#machines.filter((machine) => {
      const same = keys.some((name) => machine.has(name));
      if (same) for (const name of machine) merged.add(name);
      return !same;
    });
    this.#machines.push(merged);
    if (this.#machines.length > 100) this.check();
  }

  /** Returns the machine's name; null if unknown. Throws if there are several machines. */
  check(): string | null {
    if (this.#machines.length > 1) {
      const names = this.#machines.slice(0, 4).map((machine) => [...machine][0]);
      const more = this.#machines.length > names.length ? ' …' : '';
      throw new ClixmlError(`describes more than one machine: ${names.join(', ')}${more}`);
    }
    return this.#own ?? this.#given;
  }
}
