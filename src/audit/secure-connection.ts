import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { messageOf } from '../io/errors.ts';
import { readBytes } from '../io/read.ts';
import { readSecret } from '../io/secret.ts';

/*
 * Connections to servers on other machines: what TLS verifies, and the errors of networks in words.
 */

/** The longest file with certificates. */
const maxBytes = 1024 * 1024;

/** The files of a connection. */
export interface CertificateFiles {
  /** The certificates of the authorities to trust; null: those that the system trusts. */
  readonly rootCertificate: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
}

/**
 * What TLS uses to verify a server, and to prove who this client is. `fail` reports an unusable certificate or key. Throws
 * PO2001, and PO4210 for a key that others can read.
 */
export async function verifyingContext(
  { rootCertificate, certificate, key }: CertificateFiles,
  fail: (why: string, hint: string, cause: unknown) => never,
): Promise<SecureContext> {
  const ca = rootCertificate === null ? getCACertificates('system') : [readBytes(rootCertificate, maxBytes)];
  const own =
    certificate === null || key === null
      ? {}
      : {
          cert: readBytes(certificate, maxBytes),
          key: (await readSecret(key, 'the key of the client certificate')).text,
        };
  try {
    return createSecureContext({ ca, minVersion: 'TLSv1.2', ...own });
  } catch (error) {
    const hint = 'Use files in PEM format, with the key of the certificate, without a password.';
    return fail(messageOf(error), hint, error);
  }
}

type Fault = readonly [why: string, hint: string];

const faults: Readonly<Record<string, Fault>> = {
  ECONNREFUSED: ['nothing listens there', 'Check the host and the port in the URL, and that the server runs.'],
  ENOENT: ['there is no socket in that folder', 'Check the host and the port in the URL, and that the server runs.'],
  EACCES: ['access to the socket is denied', 'Check the rights of the socket.'],
  EHOSTUNREACH: ['there is no route to it', 'Check the network, and the host in the URL.'],
  ENETUNREACH: ['there is no route to it', 'Check the network, and the host in the URL.'],
  ENOTFOUND: ['its name is unknown', 'Check the host in the URL.'],
  EAI_AGAIN: ['its name could not be resolved', 'Check the name server.'],
  ETIMEDOUT: ['it stopped answering', 'Check the network, and the server.'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'its certificate is for another name',
    'Use the name in the certificate as the host of the URL.',
  ],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'Renew the certificate of the server.'],
};

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Whether an error is about certificates, by its code: it stays until somebody acts, and the server may be another one than it
 * says.
 */
export const isMistrust = (code: string): boolean =>
  untrusted.has(code) ||
  ['CERT_', 'ERR_TLS_CERT_', 'ERR_OSSL_'].some((start) => code.startsWith(start)) ||
  // The server rejects the client's certificate, or the way to connect.
  (code.startsWith('ERR_SSL_') && code.includes('_ALERT_'));

/** What an error of a connection means, by its code; null if it is another error. `authority`: the parameter for authorities to trust. */
export function networkFault(code: string, authority: string, seconds: number): Fault | null {
  if (untrusted.has(code))
    return ['no trusted authority issued its certificate', `Specify the certificate of the authority: ${authority}`];
  if (code === 'CONNECT_TIMEOUT')
    return [`it did not answer within ${seconds} seconds`, 'Check the host, the port, and the firewall.'];
  return faults[code] ?? null;
}
