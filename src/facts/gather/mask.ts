/**
 * Keeps secrets on command lines out of everything PortOwner shows or stores. Names stay, values become `***`. If it is
 * unclear whether the value after such a name is secret, it is masked.
 */

const mask = '***';

/**
 * Names with these endings have secret values, whatever their prefix: `--db-password`, `clientSecret`, `PGPASSWORD`,
 * `rootpw`.
 */
const endings =
  /(?:password|passwort|passwd|passphrase|passcode|passkey|pwd|pw|secret|token|root[-_]?token[-_]?id|credentials?|bearer|jwt|(?:api|access|account|auth|encryption|license|private|secret|shared|signing|subscription)[-_.]?key)$/i;
/** So has `dbpass`, but not `compass`. */
const passEnding = /(?<!by|com|all|tres|over|under|sur|multi|single|one|two|first|last|low|high|band)pass$/i;
/** These count only as a separate word at the end of a name. */
const words = /(?:^|[-_.])(?:pass|sas|psk|otp|authorization)$/i;
/** A word that begins with a capital letter is separate, too: `byPass`, `dbPass`. */
const capitalized = /[a-z0-9](?:Pass|Sas|Psk|Otp)$/;
const wholeNames = /^(?:requirepass|masterauth|cookie)$/i;

function isSecretName(name: string): boolean {
  return (
    endings.test(name) || passEnding.test(name) || words.test(name) || capitalized.test(name) || wholeNames.test(name)
  );
}

const nameCharacter = /[\w.-]/;
/** Names are short; this limit keeps hostile text from being expensive. */
const longestName = 64;

/** Returns where the name that ends before `end` begins. */
function nameStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < longestName && nameCharacter.test(text[start - 1]!)) start--;
  return start;
}

function indexOfAny(text: string, characters: string, from: number): number {
  for (let i = from; i < text.length; i++) if (characters.includes(text[i]!)) return i;
  return text.length;
}

/** Tokens that their form gives away, wherever they are: of GitHub, GitLab, Slack, OpenAI, and JSON web tokens. */
const tokens =
  /(?<![\w-])(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{20,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)/g;
/** `//user:secret@host`. */
const userInUrl = /(:\/\/[^\s:/?#@]*):[^\s/?#]*@/g;
/** `user:secret@host`, but not an image by its digest, or a package of a registry. */
const userAtHost =
  /(?<![^\s=,"'])((?!(?:npm|jsr|node|file|git|workspace):)[\w.-]{1,64}):[^\s:/@"']{1,256}@(?!sha\d{3}:)(?=[\w[])/g;
/** The key or signature in a query. */
const inQuery = /([?&](?:key|sig|signature|auth)=)[^&\s"'#]+/gi;

/**
 * Masks secrets inside one argument: `https://user:secret@host`, `?token=secret&`, `;Password=secret;`,
 * `"token":"secret"`, `X-Api-Key: secret`.
 */
function maskInside(text: string): string {
  const plain = text
    .replace(tokens, mask)
    .replace(userInUrl, `$1:${mask}@`)
    .replace(userAtHost, `$1:${mask}@`)
    .replace(inQuery, `$1${mask}`);
  if (!/[=:]/.test(plain)) return plain;
  // A connection string has `;` between its values, and its values may contain spaces.
  const separators = plain.includes(';') ? ';"\'' : '&,"\' \t\r\n';
  let result = '';
  let done = 0;
  for (let i = indexOfAny(plain, '=:', 0); i < plain.length; i = indexOfAny(plain, '=:', Math.max(i + 1, done))) {
    if (i < done) continue;
    const quote = plain[i - 1] === '"' || plain[i - 1] === "'" ? plain[i - 1]! : '';
    const nameEnd = i - quote.length;
    if (!isSecretName(plain.slice(nameStart(plain, nameEnd), nameEnd))) continue;
    let start = i + 1;
    while (plain[start] === ' ') start++;
    const opening = plain[start] === '"' || plain[start] === "'" ? plain[start]! : '';
    let end: number;
    if (opening !== '') {
      start++;
      end = indexOfAny(plain, opening, start);
    } else if (plain[i] === ':') {
      // A colon belongs either to a header, whose value extends to the end, or to a label such as `image:tag`.
      if (start === i + 1) continue;
      end = plain.length;
    } else {
      end = indexOfAny(plain, separators, start);
    }
    if (end === start) continue;
    result += plain.slice(done, start) + mask;
    done = end;
  }
  return done === 0 ? plain : result + plain.slice(done);
}

/**
 * Options with a secret whose names are not words: by program (with its `login`), and whether the secret may be the
 * next argument.
 */
const shortOptions: readonly { readonly program: RegExp; readonly option: RegExp; readonly separate: boolean }[] = [
  // Without a value, these programs prompt for the secret.
  { program: /^(?:mysql|mariadb)/, option: /^-p/, separate: false },
  { program: /^(?:7z|7za|7zr|rar|unrar)$/, option: /^-h?p/, separate: false },
  {
    program: /^(?:sshpass|mongo|mongosh|mongodump|mongorestore|psexec(?:64)?|(?:docker|podman|oc|az) login)$/,
    option: /^-p/,
    separate: true,
  },
  { program: /^(?:sqlcmd|bcp|osql|isql|zip)$/, option: /^-P/, separate: true },
  {
    program: /^(?:schtasks|tasklist|taskkill|systeminfo|driverquery|getmac|openfiles)$/,
    option: /^\/r?p$/i,
    separate: true,
  },
  { program: /^redis-cli$/, option: /^-a/, separate: true },
  { program: /^(?:consul|nomad|serf)$/, option: /^--?encrypt=?/, separate: true },
  { program: /^ldap\w+$/, option: /^-w/, separate: true },
];
/** Options with a user name and a secret in one value. */
const userOptions: readonly { readonly program: RegExp; readonly option: RegExp; readonly separator: string }[] = [
  { program: /^curl$/, option: /^(?:-[uU]|--(?:proxy-)?user(?:=|$))/, separator: ':' },
  { program: /^(?:smbclient|rpcclient|net)$/, option: /^(?:-U|--user(?:=|$))/, separator: '%' },
];

function maskUser(value: string, separator: string): string {
  const at = value.indexOf(separator);
  return at < 0 ? value : value.slice(0, at + 1) + mask;
}

/** Such options have no value, although their names have the endings of options that do. */
const switches = /^(?:no|ask|skip|prompt|show|reset|change|require|use|with|without|allow)[-_]/i;

const fileName = (path: string): string =>
  path
    .slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
    .replace(/\.exe$/i, '')
    .toLowerCase();

function programName(args: readonly string[]): string {
  const [path = '', first] = args;
  const name = fileName(path);
  return first === 'login' ? `${name} login` : name;
}

const assignments = [
  /^(?:--?|\/)?([\w.-]{1,64})([=:])/,
  // A property of Java, Maven, or Gradle.
  /^-[DP]([\w.-]{1,64})(=)/,
  /^(?:--?|\/)[\w.-]{1,64}[=:]([\w.-]{1,64})(=)/,
];

/** Where a program expects a secret without an option: `sqlplus scott/tiger@db`, `net use Z: \\\\server\\share secret`. */
function maskOperand(args: readonly string[], index: number): string | null {
  const program = programName(args);
  const argument = args[index]!;
  if (/^(?:sqlplus|sqlldr|expdp|impdp|exp|imp|rman)$/.test(program) && /^[^\s/@-][^\s/@]*\/[^\s@]/.test(argument))
    return argument.replace(/\/[^@]*/, `/${mask}`);
  const isNetUse = program === 'net' && args[1]?.toLowerCase() === 'use';
  return isNetUse && args[index - 1]?.startsWith('\\\\') === true && !/^[/*]/.test(argument) ? mask : null;
}

/** Shells, whose argument after such an option is a command line. */
const shell = /^(?:(?:ba|da|z|k|fi|a)?sh|busybox|cmd|pwsh|powershell)$/;
const commandOption = /^(?:-[a-z]*c|\/[ckr]|-command)$/i;
/** Whether an argument is a command line for a shell, which may itself be run: `sudo sh -c "…"`. */
const isScript = (args: readonly string[], index: number): boolean =>
  commandOption.test(args[index - 1]!) &&
  (shell.test(programName(args)) || shell.test(fileName(args[index - 2] ?? '')));

/** A command line in a command line in a command line is masked; deeper ones are not worth the time. */
const deepest = 3;

/** Masks a command line for a shell: several commands, with quotes of both kinds. */
function maskScript(text: string, depth: number): string {
  return maskInside(text)
    .split(/(&&|\|\||[;|&\n])/)
    .map((part, index) => (index % 2 === 1 ? part : maskText(part, depth)))
    .join('');
}

/**
 * Returns the part of `NAME=value`, `--name=value`, `-name:value`, `/name:value`, or `--env=NAME=value` before a secret
 * value; null if there is none.
 */
function secretAssignment(argument: string): string | null {
  for (const pattern of assignments) {
    const match = pattern.exec(argument);
    if (match !== null && isSecretName(match[1]!) && (match[2] === '=' || /^[-/]/.test(argument))) return match[0];
  }
  return null;
}

/** Masks arguments, of which the first is the program. Returns the same number of arguments, in the same order. */
export const maskArguments = (args: readonly string[]): string[] => maskEach(args, 0);

function maskEach(args: readonly string[], depth: number): string[] {
  const program = programName(args);
  const short = shortOptions.find((entry) => entry.program.test(program));
  const user = userOptions.find((entry) => entry.program.test(program));
  /** What the previous argument implies about this one. */
  let pending: 'secret' | 'user' | null = null;

  function value(whole: string, option: string, kind: 'secret' | 'user'): string {
    if (whole.length === option.length) {
      pending = kind;
      return whole;
    }
    return option + (kind === 'secret' ? mask : maskUser(whole.slice(option.length), user!.separator));
  }

  return args.map((argument, index): string => {
    if (index === 0) return maskInside(argument);
    const before = pending;
    pending = null;
    if (before === 'user') return maskUser(argument, user!.separator);
    // If an option follows `--password`, `--password` has no value here.
    if (before === 'secret' && argument !== '' && !/^--?[A-Za-z]/.test(argument)) return mask;

    if (depth < deepest && isScript(args, index)) return maskScript(argument, depth + 1);
    const operand = maskOperand(args, index);
    if (operand !== null) return operand;
    const letters = short?.option.exec(argument)?.[0];
    if (letters !== undefined && (short!.separate || argument.length > letters.length))
      return value(argument, letters, 'secret');
    const login = user?.option.exec(argument)?.[0];
    if (login !== undefined) return value(argument, login, 'user');
    const assignment = secretAssignment(argument);
    if (assignment !== null) return value(argument, assignment, 'secret');
    const option = /^(?:--?|\/)([\w.-]{1,64})$/.exec(argument)?.[1];
    if (option !== undefined && isSecretName(option) && !switches.test(option))
      return value(argument, argument, 'secret');
    // For MSBuild, /p: sets a property, which has a name; for all other programs, it is a password.
    if (/^\/p:./i.test(argument) && !/^(?:msbuild|dotnet)$/.test(program)) return argument.slice(0, 3) + mask;
    // The OpenSSL syntax for a passphrase.
    return /^pass:./.test(argument) ? `pass:${mask}` : maskInside(argument);
  });
}

/** White space, or an argument with its quotes. Inside quotes, a backslash can escape a quote. */
const piece = /\s+|(?:"(?:\\.|[^"\\])*(?:"|\\?$)|[^\s"])+/gs;
/** The same for a shell, where single quotes count. */
const shellPiece = /\s+|(?:"(?:\\.|[^"\\])*(?:"|\\?$)|'[^']*(?:'|$)|[^\s"'])+/gs;
const inQuotes = /^(?:"(?:\\.|[^"\\])*"|'[^']*')$/s;

/** Masks a command line in a single text, as Windows stores it. Quotes and spaces stay. */
export const maskCommandLine = (text: string): string => maskText(text, 0);

function maskText(text: string, depth: number): string {
  const pieces = text.match(depth === 0 ? piece : shellPiece) ?? [];
  const args = pieces.filter((part) => part.trim() !== '');
  const isQuoted = (part: string): boolean => inQuotes.test(part) && (depth > 0 || part.startsWith('"'));
  const masked = maskEach(
    args.map((part) => (isQuoted(part) ? part.slice(1, -1) : part)),
    depth,
  );
  let index = 0;
  return pieces
    .map((part) => {
      if (part.trim() === '') return part;
      const result = masked[index++]!;
      return isQuoted(part) ? `${part[0]}${result}${part[0]}` : result;
    })
    .join('');
}
