import { PortOwnerError } from '../schema/problems.ts';
import { isThisMachine } from './store/address.ts';

/*
 * The address of a report that is sent to a collector of OpenTelemetry, instead of being written to a file. An error never
 * contains a URL that may contain a secret.
 */

/** A collector that takes logs with OTLP/HTTP. */
export interface CollectorAddress {
  /** The URL as it was given; it contains no secret. */
  readonly url: string;
  /** Where the requests go. */
  readonly target: string;
  /** Whether the connection is encrypted, and the certificate of the server and its name are verified. */
  readonly isVerified: boolean;
  /** The certificates of the authorities to trust; null: those that the system trusts. */
  readonly rootCertificate: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  /** The file with headers for the requests, such as a token; null if there are none. */
  readonly headersFile: string | null;
}

const parameters = ['headersfile', 'sslrootcert', 'sslcert', 'sslkey'] as const;
type Parameter = (typeof parameters)[number];

const example = 'otlp+https://HOST:4318/v1/logs?headersfile=/etc/portowner/otlp-headers';

function flaw(why: string, hint: string): PortOwnerError {
  return new PortOwnerError('PO1001', `unusable URL of a report: ${why}`, { hint });
}

const secretHint =
  'Remove it from the URL, change it, and put it into a file that only this account can read: headersfile=FILE, with a line such as Authorization: Bearer TOKEN.';

function partsOf(text: string): URL {
  const [, letter, rest = ''] = /^otlp\+http(s?):\/\/(.*)$/is.exec(text) ?? [];
  if (letter === undefined)
    throw flaw('it begins neither with otlp+https:// nor with otlp+http://', `For a collector, use ${example}`);
  const [authority = ''] = rest.split(/[/?#]/, 1);
  if (authority.includes('@'))
    throw flaw('it contains a user or a password, which other programs and the log can show', secretHint);
  // A password with a character that is not encoded ends up in another part.
  if (rest.includes('@') || rest.includes('#'))
    throw flaw('it contains @ or # in an unexpected place', 'Encode them as %40 and %23. Never put a token into it.');
  if (/\p{Cc}/u.test(text)) throw flaw('it contains a control character', `Use ${example}`);
  try {
    return new URL(`http${letter}://${rest}`);
  } catch {
    throw flaw('it is not a valid URL', `Use ${example}`);
  }
}

function parametersOf(url: URL): Partial<Record<Parameter, string>> {
  const given: Partial<Record<Parameter, string>> = {};
  for (const [name, value] of url.searchParams) {
    const parameter = parameters.find((one) => one === name);
    // It may be a secret.
    if (parameter === undefined)
      throw flaw(`it has an unknown parameter; expected ${parameters.join(', ')}`, secretHint);
    if (value === '' || /\p{Cc}/u.test(value)) throw flaw(`missing value for ${parameter}`, `Use ${example}`);
    given[parameter] = value;
  }
  return given;
}

/** Reads the URL of a report. Throws PO1001, without the URL. */
export function collectorAddress(text: string): CollectorAddress {
  const url = partsOf(text);
  const given = parametersOf(url);
  const isVerified = url.protocol === 'https:';
  if (!isVerified && !isThisMachine(url.hostname.replace(/^\[(.*)\]$/, '$1')))
    throw flaw(
      'otlp+http:// does not encrypt what is sent to another machine',
      'Use otlp+https://, or a collector on this machine: otlp+http://127.0.0.1:4318',
    );
  const { headersfile: headersFile = null, sslrootcert: rootCertificate = null } = given;
  const { sslcert: certificate = null, sslkey: key = null } = given;
  if ((certificate === null) !== (key === null))
    throw flaw('sslcert and sslkey need each other', 'Specify the client certificate and its key, or neither.');
  if (!isVerified && (rootCertificate !== null || certificate !== null))
    throw flaw('otlp+http:// uses no certificates', 'Use otlp+https://, or omit sslrootcert, sslcert, and sslkey.');
  url.search = '';
  // The path for logs, if only the base of all signals is given.
  if (url.pathname === '/') url.pathname = '/v1/logs';
  return { url: text, target: url.href, isVerified, rootCertificate, certificate, key, headersFile };
}

/** The files that the URL of a report names, with their parameters. */
export function filesOfReport(text: string): [parameter: string, path: string][] {
  const { rootCertificate, certificate, key, headersFile } = collectorAddress(text);
  const files: [string, string | null][] = [
    ['sslrootcert', rootCertificate],
    ['sslcert', certificate],
    ['sslkey', key],
    ['headersfile', headersFile],
  ];
  return files.filter((file): file is [string, string] => file[1] !== null);
}
