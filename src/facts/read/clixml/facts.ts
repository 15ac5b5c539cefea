import { PortOwnerError } from '../../../schema/problems.ts';
import type { Facts } from '../../model/facts.ts';
import type { Question } from '../../model/question.ts';
import { Collection } from './collection.ts';
import { Fields } from './fields.ts';
import { kindOfProperties, kindOfTypes, plainType, wantedProperties, type Kind } from './kinds.ts';
import { collectCimProcess, collectProcess, collectService, collectSocket } from './objects.ts';
import { clixmlLimits, readClixml, type ClixmlLimits } from '../../../clixml/reader.ts';
import { collectRow } from './rows.ts';
import { ClixmlError } from '../../../clixml/text.ts';
import type { ClixmlObject } from '../../../clixml/values.ts';

export interface ClixmlFile {
  /** The name in error messages. */
  readonly name: string;
  readonly chunks: Iterable<Uint8Array>;
  /** The time of the last write: the closest a file comes to the time of the query. */
  readonly modified: Date;
}

const hint =
  'Use the output of Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, Get-CimInstance Win32_Process or Win32_Service, or Get-PortOwner saved with Export-Clixml, all from one machine.';
/** At most this many types are counted for an error. */
const mostTypes = 1000;

/** Adds the objects of files to a collection. */
class Collector {
  readonly collection = new Collection();
  readonly #fields = new Fields();
  readonly #kinds = new WeakMap<readonly string[], { readonly kind: Kind | null }>();
  /** The number of unusable objects of each type in the current file. */
  #strange = new Map<string, number>();
  #recognised = 0;

  #kindOf(typeNames: readonly string[]): Kind | null {
    let known = this.#kinds.get(typeNames);
    if (known === undefined) this.#kinds.set(typeNames, (known = { kind: kindOfTypes(typeNames) }));
    return known.kind;
  }

  #collect(object: ClixmlObject, part: boolean): void {
    const kind = this.#kindOf(object.typeNames) ?? kindOfProperties(object);
    if (kind === null) {
      if (part) return;
      const type = plainType(object.typeNames[0] ?? 'unknown').slice(0, 200);
      const counted = this.#strange.has(type) || this.#strange.size < mostTypes ? type : 'other types';
      this.#strange.set(counted, (this.#strange.get(counted) ?? 0) + 1);
      return;
    }
    this.#recognised++;
    this.collection.noteKind(kind);
    this.collection.machines.note(object);
    const [fields, collection] = [this.#fields, this.collection];
    switch (kind) {
      case 'tcp':
      case 'udp':
        return collectSocket(object, kind === 'tcp', fields, collection);
      case 'process':
        return collectProcess(object, fields, collection);
      case 'cimProcess':
        return collectCimProcess(object, fields, collection);
      case 'cimService':
        return collectService(object, fields, collection);
      case 'endpoint':
        return collectRow(object, fields, collection);
    }
  }

  /** Reads a file. Throws ClixmlError, also for a file without usable objects. */
  read(chunks: Iterable<Uint8Array>, limits: ClixmlLimits): void {
    this.#strange = new Map();
    this.#recognised = 0;
    this.collection.nextFile();
    readClixml(
      chunks,
      {
        wants: (property) => wantedProperties.has(property),
        complete: (typeNames) => this.#kindOf(typeNames) !== null,
        // Errors and warnings that were saved with the rows are not part of the answer.
        item: (object, stream, part) => {
          if (stream.toLowerCase() === 'output') this.#collect(object, part);
        },
      },
      limits,
    );
    if (this.#recognised > 0) return;
    if (this.#strange.size === 0) throw new ClixmlError('holds no objects');
    const types = [...this.#strange].sort(([, a], [, b]) => b - a);
    const texts = types.slice(0, 3).map(([type, count]) => `${count} object${count === 1 ? '' : 's'} of type ${type}`);
    if (types.length > 3) texts.push('others');
    throw new ClixmlError(`holds ${texts.join(', ')}, but nothing about ports`);
  }
}

/**
 * Reads CLIXML files about one machine together, once, in memory that grows only with the usable contents. The result
 * returns the facts for a question. Throws PO2002 for files that are not CLIXML, that contain no sockets, processes or
 * services, or that come from several machines.
 */
export function readClixmlFacts(
  files: readonly ClixmlFile[],
  limits: ClixmlLimits = clixmlLimits,
): (question: Question) => Facts {
  const collector = new Collector();
  let name = '';
  try {
    for (const file of files) {
      name = file.name;
      collector.read(file.chunks, limits);
      // Check here so that the error names the file with another machine's objects.
      collector.collection.machines.check();
    }
  } catch (error) {
    if (!(error instanceof ClixmlError)) throw error;
    throw new PortOwnerError('PO2002', `${name} ${error.message}`, { hint, target: name, cause: error });
  }
  const modified = new Date(Math.max(...files.map((file) => file.modified.getTime())));
  return (question) => collector.collection.facts(question, modified);
}
