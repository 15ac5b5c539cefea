/**
 * Keeps secrets that people give on command lines out of everything PortOwner shows or stores.
 * Names stay, values become `***`; when in doubt about a value behind such a name, it is masked.
 */

const mask = '***';

/** Names that end so have secret values, however they begin: `--db-password`, `clientSecret`, `PGPASSWORD`. */
const endings =
  /(?:password|passwort|passwd|passphrase|passcode|secret|token|credentials?|(?:api|access|account|auth|encryption|license|secret|shared|signing|subscription)[-_.]?key)$/i;
/** These only as a word of their own, or a word at the end: `bypass` and `compass` are none. */
const words = /(?:^|[-_.])(?:pass|pwd|pw|sas|psk|authorization)$/i;
const wholeNames = /^(?:requirepass|masterauth|keypass|storepass|sslpass|bearer|cookie)$/i;

function isSecretName(name: string): boolean {
  return endings.test(name) || words.test(name) || wholeNames.test(name);
}

const nameCharacter = /[\w.-]/;
/** Names are short; looking no further back keeps hostile text cheap. */
const longestName = 64;

/** Where the name that ends before `end` begins. */
function nameStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < longestName && nameCharacter.test(text[start - 1]!)) start--;
  return start;
}

function indexOfAny(text: string, characters: string, from: number): number {
  for (let i = from; i < text.length; i++) if (characters.includes(text[i]!)) return i;
  return text.length;
}

/** What is secret inside of one argument: `https://user:secret@host`, `?token=secret&`, `;Password=secret;`, `"token":"secret"`, `X-Api-Key: secret`. */
function maskInside(text: string): string {
  const plain = text.replace(/(:\/\/[^\s:/?#@]*):[^\s/?#]*@/g, `$1:${mask}@`);
  if (!/[=:]/.test(plain)) return plain;
  // A connection string has `;` between its values, and spaces in them.
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
      // A colon is a header's, and its value goes to the end, or a label's like `image:tag`.
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

/** Options with a secret that are no words: by program (with its `login`), and whether the secret may be the next argument. */
const shortOptions: readonly { readonly program: RegExp; readonly option: RegExp; readonly separate: boolean }[] = [
  // Without a value these ask for it.
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
/** Options with a user and a secret in one value. */
const userOptions: readonly { readonly program: RegExp; readonly option: RegExp; readonly separator: string }[] = [
  { program: /^curl$/, option: /^(?:-[uU]|--(?:proxy-)?user(?:=|$))/, separator: ':' },
  { program: /^(?:smbclient|rpcclient|net)$/, option: /^(?:-U|--user(?:=|$))/, separator: '%' },
];

function maskUser(value: string, separator: string): string {
  const at = value.indexOf(separator);
  return at < 0 ? value : value.slice(0, at + 1) + mask;
}

/** Such options have no value, though their names end like those that have. */
const switches = /^(?:no|ask|skip|prompt|show|reset|change|require|use|with|without|allow)[-_]/i;

function programName(args: readonly string[]): string {
  const [path = '', first] = args;
  const name = path
    .slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
    .replace(/\.exe$/i, '')
    .toLowerCase();
  return first === 'login' ? `${name} login` : name;
}

/** The part of `NAME=value`, `--name=value`, `-name:value`, `/name:value` or `--env=NAME=value` before a secret value; null when there is none. */
function secretAssignment(argument: string): string | null {
  for (const pattern of [/^(?:--?|\/)?([\w.-]{1,64})([=:])/, /^(?:--?|\/)[\w.-]{1,64}[=:]([\w.-]{1,64})(=)/]) {
    const match = pattern.exec(argument);
    if (match !== null && isSecretName(match[1]!) && (match[2] === '=' || /^[-/]/.test(argument))) return match[0];
  }
  return null;
}

/** Masks arguments, the first of which is the program; as many come back, in their order. */
export function maskArguments(args: readonly string[]): string[] {
  const program = programName(args);
  const short = shortOptions.find((entry) => entry.program.test(program));
  const user = userOptions.find((entry) => entry.program.test(program));
  /** What the argument before says of this one. */
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
    // An option behind `--password` means that it has no value here.
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
    // MSBuild's are properties, which have names; for all others it is a password.
    if (/^\/p:./i.test(argument) && !/^(?:msbuild|dotnet)$/.test(program)) return argument.slice(0, 3) + mask;
    // OpenSSL's way to say a passphrase.
    return /^pass:./.test(argument) ? `pass:${mask}` : maskInside(argument);
  });
}

/** White space, or an argument with its quotes; in quotes a backslash may keep a quote from ending them. */
const piece = /\s+|(?:"(?:\\.|[^"\\])*(?:"|\\?$)|[^\s"])+/gs;
const inQuotes = /^"(?:\\.|[^"\\])*"$/s;

/** Masks a command line that is one text, as Windows keeps it; quotes and spaces stay. */
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
