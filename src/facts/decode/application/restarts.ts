import { applicationOf, optionsBefore, programName, type ApplicationCandidate } from './application.ts';

/** Arguments by which a program starts again what it has started, when a file changes. */
interface Watching {
  /** The first word of what it runs: node, python, uvicorn. */
  readonly of: string;
  /** Options, or first words, that say so; the first of them that is there is what is told. */
  readonly words: readonly string[];
  /** Whether only options before the script are meant: those behind it are the script's own. */
  readonly leading?: true;
  /** The option that takes it back. */
  readonly unless?: string;
}

/** Extend it by a line. Programs that watch files inside of themselves, as Bun and Deno do, start nothing again. */
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

/** Loops in code that a shell was given. */
const posixStart = /(?:^|[\s;&|({])(?:while|until|for)\s/;
const powershellStart = /(?:^|[\s;&|({])(?:(?:while|for)\s*\(|do\s*\{)/i;
const cmdStart = /(?:^|[\s"&|(])for\s+\/l\s/i;

function posixLoop(code: string): boolean {
  const start = code.search(posixStart);
  return start >= 0 && /[\s;]do\s/.test(code.slice(start));
}

const powershellLoop = (code: string): boolean => powershellStart.test(code);
const loopOf: Readonly<Record<string, ((code: string) => boolean) | undefined>> = {
  sh: posixLoop,
  bash: posixLoop,
  busybox: posixLoop,
  pwsh: powershellLoop,
  powershell: powershellLoop,
  cmd: (code) => cmdStart.test(code),
};
const loopWords = /^(?:-[a-z]*c|-command|-commandwithargs|-cwa|\/[ckr])$/i;

/** Code is not looked through for longer than this. */
const longestCode = 4096;

/** The code that a shell was given among its arguments. */
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

/** What of its arguments says that a process starts again what it has started: `--watch`, `a loop`; null where nothing does. */
export function restartsBy(candidate: ApplicationCandidate): string | null {
  const { imageName, arguments: args } = candidate;
  // A title that a process gave itself has no arguments.
  if (args === null || args.length < 2) return null;
  const loop = loopOf[programName(imageName).toLowerCase()];
  if (loop !== undefined) return loop(codeIn(args) ?? '') ? 'a loop' : null;
  const [first = ''] = applicationOf(candidate).split(' ');
  for (const { of, words, leading, unless } of watching) {
    if (of !== first) continue;
    const looked = leading === true ? optionsBefore(imageName, args) : args.slice(1);
    if (unless !== undefined && looked.includes(unless)) return null;
    const found = words.find((word) => looked.some((argument) => isWord(argument, word)));
    if (found !== undefined) return found;
  }
  return null;
}
