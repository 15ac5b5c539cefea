import { canonicalAddress } from '../../../ports/address.ts';
import { ClixmlError } from '../../../clixml/text.ts';
import { isObject } from './fields.ts';
import type { ClixmlObject } from '../../../clixml/values.ts';

/** What the machine calls itself, and what the one who asked it called it. */
const ownNames = ['csname', 'systemname', '__server', 'computername'];
const givenNames = ['pscomputername', 'machinename'];
/** Names that say nothing. */
const here: ReadonlySet<string> = new Set(['.', 'localhost', '127.0.0.1', '::1', 'unknown']);

function nameIn({ properties }: ClixmlObject, names: readonly string[]): string | null {
  for (const name of names) {
    const value = properties[name];
    if (typeof value === 'string' && value !== '' && value.length <= 255 && !here.has(value.toLowerCase()))
      return value;
  }
  return null;
}

/** The server in the class that Export-Clixml puts beside each CIM instance. */
function serverOf({ properties }: ClixmlObject): string | null {
  const classes = properties['__classmetadata'];
  for (const item of isObject(classes) ? (classes.items ?? []) : []) {
    const name = isObject(item) ? nameIn(item, ['servername']) : null;
    if (name !== null) return name;
  }
  return null;
}

/** SRV1.contoso.com and srv1 are one. */
function key(name: string): string {
  const lower = name.toLowerCase();
  return canonicalAddress(lower) === null ? (lower.split('.')[0] ?? lower) : lower;
}

/** The names that objects give to their machine; facts are about one machine. */
export class MachineNames {
  /** Each set has the keys of one machine, as far as is known. */
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

  /** The machine's name, null when nothing tells it. Throws when there are several machines. */
  check(): string | null {
    if (this.#machines.length > 1) {
      const names = this.#machines.slice(0, 4).map((machine) => [...machine][0]);
      const more = this.#machines.length > names.length ? ' …' : '';
      throw new ClixmlError(`describes more than one machine: ${names.join(', ')}${more}`);
    }
    return this.#own ?? this.#given;
  }
}
