import type { Instance, SettingSource } from './configured-port.ts';
import { readEnv, readWords } from './readers/lines.ts';
import type { Word } from './readers/setting.ts';
import { inFile, type Reading } from './reading.ts';
import type { TextFile } from './text-file.ts';
import { unitObstacle, unitSettings, type UnitSetting } from './units.ts';

/*
 * What starts a service: the unit, its drop-ins, and the files with its environment.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment
 */

/** A text with arguments or a variable, and where it is. */
interface StartText extends Word {
  readonly file: TextFile;
}

/** A value among what starts a service. */
export interface StartValue {
  readonly file: TextFile;
  readonly word: Word;
  /** Why it must not be changed there; null if it can be. */
  readonly refusal: string | null;
}

/** What starts a service, in the order in which it overrides each other. */
export interface ServiceStart {
  readonly variables: ReadonlyMap<string, StartText>;
  /** The command line of the unit. */
  readonly command: StartText | null;
}

/** Joins lines that a backslash continues; every position stays. */
const joined = (text: string): string => text.replaceAll(/\\\r?\n/g, (end) => ' '.repeat(end.length));

const isUnit = (path: string): boolean => /\.(?:service|conf)$/.test(path);

/** Adds the variables of a file with an environment. */
function addEnvironmentFile(file: TextFile, variables: Map<string, StartText>): void {
  for (const setting of readEnv(joined(file.text))) variables.set(setting.name, { ...setting, file });
}

/** Adds the variables of `Environment="A=b" C=d`. */
function addEnvironment(setting: UnitSetting, variables: Map<string, StartText>): void {
  for (const part of readWords(setting.value).flat()) {
    const at = part.value.indexOf('=');
    if (at > 0)
      variables.set(part.value.slice(0, at), {
        value: part.value.slice(at + 1),
        start: setting.start + part.start + at + 1,
        end: setting.start + part.end,
        quote: part.quote,
        file: setting.file,
      });
  }
}

/** Reads what starts a service: its unit if it has one, and the files with an environment. */
export function readServiceStart(
  { service, path }: Instance,
  reading: Reading,
  environmentFiles: readonly string[],
): ServiceStart {
  const variables = new Map<string, StartText>();
  const environment: string[] = [];
  let command: StartText | null = null;
  const given = path === null ? null : reading.open(path);
  const settings =
    given !== null && isUnit(given.path)
      ? unitSettings(reading, reading.path.basename(given.path), given.path)
      : service === null
        ? []
        : unitSettings(reading, service.includes('.') ? service : `${service}.service`);
  for (const setting of settings) {
    if (setting.name === 'Service.ExecStart') command = setting;
    if (setting.name === 'Service.EnvironmentFile') environment.push(setting.value.replace(/^-/, ''));
    if (setting.name === 'Service.Environment') addEnvironment(setting, variables);
  }
  if (given !== null && !isUnit(given.path)) addEnvironmentFile(given, variables);
  else
    for (const one of [...(settings.length === 0 ? environmentFiles : []), ...environment].flatMap((name) =>
      reading.glob(name),
    )) {
      const file = reading.open(one, { optional: true });
      if (file !== null) addEnvironmentFile(file, variables);
    }
  return { variables, command };
}

/** Returns a variable of what starts a service; null if it is not set there. */
export function startVariable({ variables }: ServiceStart, name: string): StartValue | null {
  const found = variables.get(name);
  return found === undefined ? null : { file: found.file, word: found, refusal: unitObstacle(found.file.path) };
}

/** Returns the values of an option among what starts a service: in its command line, and in all variables. */
export function startOptions({ variables, command }: ServiceStart, option: string): StartValue[] {
  const texts = [...(command === null ? [] : [command]), ...variables.values()];
  const escaped = option.replaceAll('.', String.raw`\.`);
  const pattern = new RegExp(`(?<![\\w-])(?:${escaped})(?:=|[ \\t]+)(?:\\\\?["'])?([^\\s"'\\\\]+)`, 'g');
  return texts.flatMap(({ file, start, end }) =>
    [...joined(file.text).slice(start, end).matchAll(pattern)].map((match) => {
      const value = match[1]!;
      const at = start + match.index + match[0].length - value.length;
      return {
        file,
        word: { value, start: at, end: at + value.length, quote: null },
        refusal: unitObstacle(file.path),
      };
    }),
  );
}

/** Returns where the value of a running server comes from: what starts its service, if that has the same value. */
export function originOf(
  value: string,
  start: StartValue | null | undefined,
  otherwise: SettingSource,
): { readonly source: SettingSource; readonly reason: string | null } {
  if (start == null || start.word.value !== value) return { source: otherwise, reason: null };
  const { file, word, refusal } = start;
  return { source: inFile(file, word, refusal === null ? word : null), reason: refusal };
}

/** Returns a sentence about what systemd needs after a change of a file; none for files that are not units. */
export const unitSideEffects = (path: string): string[] =>
  path.includes('/systemd/')
    ? ['systemd uses the changed unit only after systemctl daemon-reload, before the restart']
    : [];
