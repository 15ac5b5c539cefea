/**
 * Keeps secrets on command lines out of everything PortOwner shows or stores. Names stay, values become `***`. If it is
 * unclear whether the value after such a name is secret, it is masked.
 */

const mask = '***';

/**
 * Names with these endings have secret values, whatever their prefix: `--db-password`, `clientSecret`, `PGPASSWORD`.
 */
const endings =
  /(?:password|passwort|passwd|passphrase|passcode|secret|token|credentials?|(?:api|access|account|auth|encryption|license|secret|shared|signing|subscription)[-_.]?key)$/i;
/** These count only as a separate word at the end of a name: `bypass` and `compass` do not match. */
const words = /(?:^|[-_.])(?:pass|pwd|pw|sas|psk|authorization)$/i;
const wholeNames = /^(?:requirepass|masterauth|keypass|storepass|sslpass|bearer|cookie)$/i;

function isSecretName(name: string): boolean {
  return endings.test(name) || words.test(name) || wholeNames.test(name);
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

/**
 * Masks secrets inside one argument: `https://user:secret@host`, `?token=secret&`, `;Password=secret;`,
 * `"token":"secret"`, `X-Api-Key: secret`.
 */
function maskInside(text: string): string {
  const plain = text.replace(/(:\/\/[^\s:/?#@]*):[^\s/?#]*@/g, `$1:${mask}@`);
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

function programName(args: readonly string[]): string {
  const [path = '', first] = args;
  const name = path
    .slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
    .replace(/\.exe$/i, '')
    .toLowerCase();
  return first === 'login' ? `${name} login` : name;
}

/**
 * Returns the part of `NAME=value`, `--name=value`, `-name:value`, `/name:value`, or `--env=NAME=value` before a secret
 * value; null if there is none.
 */
function secretAssignment(argument: string): string | null {
  for (const pattern of [/^(?:--?|\/)?([\w.-]{1,64})([=:])/, /^(?:--?|\/)[\w.-]{1,64}[=:]([\w.-]{1,64})(=)/]) {
    const match = pattern.exec(argument);
    if (match !== null && isSecretName(match[1]!) && (match[2] === '=' || /^[-/]/.test(argument))) return match[0];
  }
  return null;
}

/** Masks arguments, of which the first is the program. Returns the same number of arguments, in the same order. */
export function maskArguments(args: readonly string[]): string[] {
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
const inQuotes = /^"(?:\\.|[^"\\])*"$/s;

/** Masks a command line in a single text, as Windows stores it. Quotes and spaces stay. */
export function maskCommandLine(text: string): string {
  const pieces = text.match(piece) ?? [];
  const args = pieces.filter((part) => part.trim() !== '');
  const masked = maskArguments(args.map((part) => (inQuotes.test(part) ? part.slice(1, -1) : part)));
  let index = 0;
  return pieces
    .map((part) => {
      if (part.trim() === '') return part;
      const result = masked[index++]!;
      return inQuotes.test(part) ? `"${result}"` : result;
    })
    .join('');
}
