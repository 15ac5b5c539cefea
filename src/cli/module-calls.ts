import type { PowerShellFunction } from './about.ts';
import type { Catalogue, CommandClass } from './base.ts';

/** Options that PowerShell has words of its own for; a pipeline comes at the end. */
const own: Readonly<Record<string, (value: string) => string>> = {
  '--dry-run': () => ' -WhatIf',
  '--format': (value) => (value === 'list' ? ' | Format-List -Property *' : ''),
  '--sort': (value) => ` | Sort-Object -Property ${value}`,
};

/** The words of an option: its name, and its value, if it has one. */
function optionsOf(words: readonly string[]): (readonly [name: string, value: string])[] {
  return words.flatMap((word, i) => {
    if (!word.startsWith('--')) return [];
    const [name, joined] = word.split('=', 2) as [string, string?];
    const next = words[i + 1];
    return [[name, joined ?? (next === undefined || next.startsWith('--') ? '' : next)] as const];
  });
}

/** A parameter of a function with its value, as the option has it. */
function parameterOf({ parameters, terms }: PowerShellFunction, option: string, value: string): string | null {
  const name = Object.keys(parameters).find((parameter) => parameters[parameter] === option);
  if (name === undefined) return null;
  const words = Object.entries(terms?.[name] ?? {});
  // An option that means one of its values by itself.
  const word = value === '' ? words[0]?.[0] : (words.find(([, one]) => one === value)?.[0] ?? value);
  return ` -${name}${word === undefined ? '' : ` ${word}`}`;
}

/** What a command line of portowner is in PowerShell; null where the module has nothing for it. */
function callOf(about: PowerShellFunction, words: readonly string[]): string | null {
  const first = words.findIndex((word) => word.startsWith('--'));
  const operands = first < 0 ? words : words.slice(0, first);
  const parts = optionsOf(words).map(([option, value]) => own[option]?.(value) ?? parameterOf(about, option, value));
  if (parts.includes(null) || (operands.length > 0 && about.operand === undefined)) return null;
  const [pipes, parameters] = [true, false].map((piped) =>
    parts.filter((part) => part!.startsWith(' |') === piped).join(''),
  );
  return `${about.name}${operands.length === 0 ? '' : ` ${operands.join(',')}`}${parameters}${pipes}`;
}

/** Advice for who asks by the PowerShell module: command lines of portowner as calls of its functions, all else as it is. */
export async function moduleCalls(lines: readonly string[], catalogue: Catalogue): Promise<string[]> {
  return Promise.all(
    lines.map(async (line) => {
      const [, command, rest = ''] = /^portowner( .*?)?(  # .*)?$/s.exec(line) ?? [];
      if (command === undefined) return line;
      const words = command.trim().split(' ');
      const known = words[0] !== '' && Object.hasOwn(catalogue, words[0]!);
      const named = catalogue[known ? words[0]! : '']!;
      const load = typeof named === 'string' ? catalogue[named]! : named;
      if (typeof load === 'string') return line;
      const [{ about }] = (await load()) as [CommandClass];
      const call =
        typeof about.powershell === 'string' ? null : callOf(about.powershell, known ? words.slice(1) : words);
      return call === null ? line : `${call}${rest.replace('--dry-run', '-WhatIf')}`;
    }),
  );
}
