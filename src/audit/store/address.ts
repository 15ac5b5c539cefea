import { canonicalAddress } from '../../ports/address.ts';
import { PortOwnerError } from '../../schema/problems.ts';

/*
 * The address of a store in a database: a URL as libpq has them
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS), of which only what is safe is
 * accepted. An error never contains a URL that may contain a password.
 */

/** A store in a database that speaks the protocol of PostgreSQL. */
export interface DatabaseAddress {
  /** The URL as it was given; it contains no secret. */
  readonly url: string;
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly isSocket: boolean;
  readonly port: number;
  readonly database: string;
  /** Null: the name of the account that runs this program. */
  readonly user: string | null;
  /** Whether to encrypt the connection, and to verify the server's certificate and its name. */
  readonly isVerified: boolean;
  /** The certificates of the authorities to trust; null: those that the system trusts. */
  readonly rootCertificate: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  /** The file with the password; null: PGPASSFILE, or the usual file of the account. */
  readonly passwordFile: string | null;
}

const scheme = /^postgres(?:ql)?:\/\//i;

const parameters = [
  'host',
  'port',
  'user',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'passfile',
] as const;
type Parameter = (typeof parameters)[number];

const example = 'postgres://USER@HOST:5432/DATABASE?sslrootcert=/etc/portowner/ca.pem';

function flaw(why: string, hint: string): PortOwnerError {
  return new PortOwnerError('PO1001', `unusable URL of the store: ${why}`, { hint });
}

function refusePassword(): never {
  throw flaw(
    'it contains a password, which other programs and the log can show',
    'Remove it from the URL, change it, and put it into a file that only this account can read: passfile=FILE, with a line HOST:PORT:DATABASE:USER:PASSWORD.',
  );
}

/** The parts of a URL. */
function partsOf(text: string): URL {
  if (!scheme.test(text)) throw flaw('it does not begin with postgres://', `Use ${example}`);
  const rest = text.replace(scheme, '');
  const authority = /^[^/?#]*/.exec(rest)![0];
  const colon = authority.indexOf(':');
  if (colon >= 0 && authority.includes('@', colon)) refusePassword();
  // A password with a character that is not encoded ends up in another part.
  if (rest.slice(authority.length).includes('@') || rest.includes('#'))
    throw flaw(
      'it contains @ or # in an unexpected place',
      'Encode them as %40 and %23. Never put a password into it.',
    );
  let url: URL;
  try {
    url = new URL(`postgres://${rest}`);
  } catch {
    throw flaw('it is not a valid URL', `Use ${example}`);
  }
  if (url.password !== '') refusePassword();
  return url;
}

function parametersOf(url: URL): Partial<Record<Parameter, string>> {
  const given: Partial<Record<Parameter, string>> = {};
  for (const [name, value] of url.searchParams) {
    if (name === 'password' || name === 'sslpassword') refusePassword();
    const known = parameters.find((one) => one === name);
    if (known === undefined) throw flaw(`unknown parameter ${JSON.stringify(name)}`, `Use ${parameters.join(', ')}.`);
    if (value === '' || /\p{Cc}/u.test(value)) throw flaw(`missing value for ${name}`, `Use ${example}`);
    given[known] = value;
  }
  return given;
}

function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text);
    if (!/\p{Cc}/u.test(plain)) return plain;
  } catch {
    // Reported below.
  }
  throw flaw('it contains a character that is not encoded', `Use ${example}`);
}

/** Whether a connection to a host cannot leave this machine. */
export function isThisMachine(host: string): boolean {
  const address = canonicalAddress(host);
  if (address === null) return host.toLowerCase() === 'localhost';
  return address === '::1' || (address.startsWith('127.') && !address.includes('%'));
}

/** Whether to verify the server. Throws PO1001 for a mode that verifies less than sslmode=verify-full. */
function verified(mode: string | undefined, host: string, isHere: boolean): boolean {
  if (mode === undefined) return !isHere;
  if (mode === 'verify-full') return true;
  if (mode === 'disable' && isHere) return false;
  throw flaw(
    `sslmode=${mode} does not verify that the server is ${host}`,
    isHere ? 'Use sslmode=verify-full, or omit it.' : 'Use sslmode=verify-full, which is the default.',
  );
}

/** Reads the URL of a store. Throws PO1001, without the URL. */
export function databaseAddress(text: string): DatabaseAddress {
  const url = partsOf(text);
  const given = parametersOf(url);
  const host = given.host ?? decoded(url.hostname).replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw flaw('missing host', `Use ${example}, or host=/var/run/postgresql for a socket.`);
  const isSocket = host.startsWith('/');
  const isHere = isSocket || isThisMachine(host);
  const port = Number(given.port ?? (url.port === '' ? '5432' : url.port));
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw flaw('the port is not between 1 and 65535', `Use ${example}`);
  const database = given.dbname ?? decoded(url.pathname.slice(1));
  if (database === '') throw flaw('missing database', `Use ${example}`);
  const isVerified = !isSocket && verified(given.sslmode, host, isHere);
  const { sslcert: certificate = null, sslkey: key = null, sslrootcert, passfile: passwordFile = null } = given;
  if ((certificate === null) !== (key === null))
    throw flaw('sslcert and sslkey need each other', 'Specify the client certificate and its key, or neither.');
  const user = given.user ?? (url.username === '' ? null : decoded(url.username));
  const rootCertificate = sslrootcert === undefined || sslrootcert === 'system' ? null : sslrootcert;
  return {
    url: text,
    host,
    isSocket,
    port,
    database,
    user,
    isVerified,
    rootCertificate,
    certificate,
    key,
    passwordFile,
  };
}

/** The files that a URL names, with their parameters. */
export function filesOfUrl(text: string): [parameter: string, path: string][] {
  const { rootCertificate, certificate, key, passwordFile } = databaseAddress(text);
  const files: [string, string | null][] = [
    ['sslrootcert', rootCertificate],
    ['sslcert', certificate],
    ['sslkey', key],
    ['passfile', passwordFile],
  ];
  return files.filter((file): file is [string, string] => file[1] !== null);
}
