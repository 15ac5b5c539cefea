/** An option on a command line. */
export interface GivenOption {
  /** As it was written, without its value: `--port`. */
  readonly name: string;
  readonly value: string;
  /** The index of the argument with the value. */
  readonly index: number;
}

/** The options of a command line with these names: `-p 80`, `-p80`, `--port 80`, and `--port=80`. */
export function optionsOf(args: readonly string[], names: readonly string[]): GivenOption[] {
  const found: GivenOption[] = [];
  for (const [index, argument] of args.entries()) {
    if (index === 0) continue;
    for (const name of names) {
      const isShort = /^-\w$/.test(name);
      if (argument === name && index + 1 < args.length) found.push({ name, value: args[index + 1]!, index: index + 1 });
      else if (argument.startsWith(`${name}=`)) found.push({ name, value: argument.slice(name.length + 1), index });
      else if (isShort && argument.startsWith(name) && argument.length > 2 && !names.includes(argument))
        found.push({ name, value: argument.slice(2), index });
    }
  }
  return found;
}

/** The value of the last option with one of these names, which wins; null if there is none. */
export const lastOption = (args: readonly string[], names: readonly string[]): GivenOption | null =>
  optionsOf(args, names).at(-1) ?? null;

/** Splits a title that a program wrote over its arguments: `nginx: master process nginx -c /etc/nginx.conf`. */
export const titleWords = (title: string): string[] => title.trim().split(/\s+/);
