import { applicationOf, optionsBefore, programName, type ApplicationCandidate } from './application.ts';

/** Arguments that make a program restart its child process when a file changes. */
interface Watching {
  /** The first word of the application name: node, python, uvicorn. */
  readonly of: string;
  /** Options or subcommands that turn this on. The first one that is present is reported. */
  readonly words: readonly string[];
  /** Whether only options before the script count. Options after it belong to the script. */
  readonly leading?: true;
  /** The option that turns it off. */
  readonly unless?: string;
}

/**
 * To support another program, add a line. Programs that watch files within one process, such as Bun and Deno, restart
 * nothing.
 */
const watching: readonly Watching[] = [
  // https://nodejs.org/api/cli.html#--watch
  { of: 'node', words: ['--watch', '--watch-path'], leading: true },
  // https://www.uvicorn.org/settings/#development
  { of: 'uvicorn', words: ['--reload'] },
  { of: 'hypercorn', words: ['--reload'] },
  { of: 'fastapi', words: ['dev', '--reload'], unless: '--no-reload' },
  // https://flask.palletsprojects.com/en/stable/cli/
  { of: 'flask', words: ['--debug', '--reload'], unless: '--no-reload' },
  // https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver
  { of: 'python', words: ['runserver'], unless: '--noreload' },
];

/** Loops in code that was passed to a shell. */
const posixStart = /(?:^|[\s;&|({])(?:while|until|for)\s/;
const powershellStart = /(?:^|[\s;&|({])(?:(?:while|for)\s*\(|do\s*\{)/i;
const cmdStart = /(?:^|[\s"&|(])for\s+\/l\s/i;

function posixLoop(code: string): boolean {
  const start = code.search(posixStart);
  return start >= 0 && /[\s;]do\s/.test(code.slice(start));
}

const fishStart = /(?:^|[\s;])(?:while|for)\s/;
const fishLoop = (code: string): boolean => fishStart.test(code) && /[\s;]end(?:[\s;]|$)/.test(code);

const powershellLoop = (code: string): boolean => powershellStart.test(code);
const loopOf: Readonly<Record<string, ((code: string) => boolean) | undefined>> = {
  sh: posixLoop,
  bash: posixLoop,
  ksh: posixLoop,
  mksh: posixLoop,
  zsh: posixLoop,
  fish: fishLoop,
  busybox: posixLoop,
  pwsh: powershellLoop,
  powershell: powershellLoop,
  cmd: (code) => cmdStart.test(code),
};
const loopWords = /^(?:-[a-z]*c|--?command|-commandwithargs|-cwa|\/[ckr])$/i;

/** Only this many characters of the code are searched. */
const longestCode = 4096;

/** Returns the code in a shell's arguments. */
function codeIn(args: readonly string[]): string | null {
  const at = args.findIndex((argument, number) => number > 0 && loopWords.test(argument));
  return at < 0
    ? null
    : args
        .slice(at + 1)
        .join(' ')
        .slice(0, longestCode);
}

const isWord = (argument: string, word: string): boolean => argument === word || argument.startsWith(`${word}=`);

/**
 * Returns which part of the arguments makes a process restart its child processes: `--watch`, `a loop`; null if none
 * does.
 */
export function restartsBy(candidate: ApplicationCandidate): string | null {
  const { imageName, arguments: args } = candidate;
  // A title that a process set contains no arguments.
  if (args === null || args.length < 2) return null;
  const [first = ''] = applicationOf(candidate).split(' ');
  const loop = loopOf[programName(imageName).toLowerCase()] ?? loopOf[first];
  if (loop !== undefined) return loop(codeIn(args) ?? '') ? 'a loop' : null;
  for (const { of, words, leading, unless } of watching) {
    if (of !== first) continue;
    const looked = leading === true ? optionsBefore(imageName, args) : args.slice(1);
    if (unless !== undefined && looked.includes(unless)) return null;
    const found = words.find((word) => looked.some((argument) => isWord(argument, word)));
    if (found !== undefined) return found;
  }
  return null;
}
