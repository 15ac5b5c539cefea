import type { NewConfiguredPort } from './reading.ts';
import { inFile, portOf } from './reading.ts';
import type { SettingSource } from './configured-port.ts';
import { partOf, type Word } from './readers/setting.ts';
import type { TextFile } from './text-file.ts';

/** The value of a name that a placeholder names, and where it is set. */
export interface Replacement {
  readonly value: string;
  readonly source: SettingSource;
  /** The name of the environment variable, if it is another one. */
  readonly name?: string;
}

/** How a server replaces `${NAME}` in its configuration. */
export interface Placeholders {
  /** What separates a name from its default value: `:` in `${PORT:8080}`, `:-` in `${PORT:-8080}`. */
  readonly separator: ':' | ':-';
  /** Returns the value of a name; null if it is not set. */
  readonly find: (name: string) => Replacement | null;
  /** Whether a name that was not found is not set. Otherwise, something unknown can set it. */
  readonly isComplete: boolean;
}

type PortValue = Pick<NewConfiguredPort, 'port' | 'source'> & {
  readonly reason: string | null;
  /** The setting to name instead, if another one has the value. */
  readonly setting?: string;
};

/** Describes the numbers that are no port to listen on. */
function reasonFor(text: string): string | null {
  if (text === '0') return 'with port 0, the operating system chooses a port';
  if (text === '-1') return '-1 switches it off';
  return portOf(text) === null ? 'the value is not a port' : null;
}

const listenPort = (text: string): number | null => portOf(text) || null;

/** Reads a value that is a port, or a placeholder for one. */
export function portValue(file: TextFile, word: Word, placeholders: Placeholders | null = null): PortValue {
  const { value } = word;
  const [, inside] = /^\$\{([^{}]*)\}$/.exec(value) ?? [];
  if (inside === undefined || placeholders === null)
    return {
      port: listenPort(value),
      source: inFile(file, word, value.includes('$') ? null : word),
      reason: value.includes('$') ? 'the value contains a variable' : reasonFor(value),
    };
  const { separator, find, isComplete } = placeholders;
  const at = inside.indexOf(separator);
  const name = at < 0 ? inside : inside.slice(0, at);
  const found = find(name);
  if (found !== null)
    return {
      port: listenPort(found.value),
      source: found.source,
      ...(found.source.kind === 'environment' ? { setting: found.name ?? name } : {}),
      reason: reasonFor(found.value) ?? `the value ${found.value} comes from ${name}`,
    };
  if (at < 0)
    return {
      port: null,
      source: inFile(file, word, null),
      reason: isComplete ? `${name} is not set` : `the value contains the variable ${name}`,
    };
  const fallback = inside.slice(at + separator.length);
  const start = 2 + at + separator.length;
  return {
    port: listenPort(fallback),
    source: inFile(file, word, listenPort(fallback) === null ? null : partOf(word, start, start + fallback.length)),
    reason: reasonFor(fallback) ?? (isComplete ? null : `unless ${name} is set`),
  };
}
