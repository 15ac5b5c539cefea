// Whether a port answers: by connecting, or with a request. Loaded only by `wait`.
import { errorCode, messageOf } from '../io/errors.ts';
import { bracketed, canonicalAddress } from '../ports/address.ts';

/** What an attempt found: the address that it reached, or why it reached none, as the end of a sentence. */
export interface Reached {
  readonly address: string | null;
  readonly failure: string | null;
}

/** An end to connect to. */
export interface RemoteEnd {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

export interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const failures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'resets connections',
  EHOSTUNREACH: 'cannot be reached: there is no route to it',
  ENETUNREACH: 'cannot be reached: there is no route to it',
  ENOTFOUND: 'cannot be resolved: DNS has no such name',
  EAI_AGAIN: 'cannot be resolved: DNS does not answer',
  EADDRNOTAVAIL: 'cannot be reached: no local port or address is available',
  ETIMEDOUT: 'does not answer',
  EPIPE: 'closes connections',
};

/** Why a connection failed, as the end of a sentence. */
export function failureText(error: unknown): string {
  return failures[errorCode(error)] ?? `cannot be reached: ${messageOf(error) || errorCode(error)}`;
}

/** Tries to connect, and closes the connection immediately. Never throws. */
export async function connectTo({ host, port }: RemoteEnd, { timeoutMs, signal }: Patience): Promise<Reached> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (reached: Reached): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', late);
      socket.destroy();
      resolve(reached);
    };
    const late = (): void => end({ address: null, failure: failures['ETIMEDOUT']! });
    const timer = setTimeout(late, timeoutMs);
    signal.addEventListener('abort', late, { once: true });
    socket.on('error', (error) => end({ address: null, failure: failureText(error) }));
    socket.on('connect', () => {
      const { remoteAddress = host, localPort, localAddress } = socket;
      // A client can be given the very port that it connects to, and then reaches itself.
      const isItself = localPort === port && localAddress === remoteAddress;
      end(isItself ? { address: null, failure: failures['ECONNREFUSED']! } : { address: remoteAddress, failure: null });
    });
  });
}

/** A request to a web server. */
export interface WebRequest extends RemoteEnd {
  readonly scheme: 'http' | 'https';
  /** With its query. */
  readonly path: string;
  /** The address to connect to instead of that of the host. */
  readonly address: string | null;
}

/** What a web server answered: its status, or why there is no answer. */
export interface WebAnswer extends Reached {
  readonly status: number | null;
}

/** Sends a GET request, and reads the status of its answer. Follows no redirects, checks no certificate. Never throws. */
export async function askWeb(
  { scheme, host, port, path, address }: WebRequest,
  { timeoutMs, signal }: Patience,
): Promise<WebAnswer> {
  const { request } = scheme === 'https' ? await import('node:https') : await import('node:http');
  const none = (failure: string): WebAnswer => ({ status: null, address: null, failure });
  return new Promise((resolve) => {
    const asked = request({
      host: address ?? host,
      port,
      path,
      headers: { Host: `${bracketed(host)}:${port}`, Accept: '*/*', 'User-Agent': 'portowner' },
      agent: false,
      rejectUnauthorized: false,
      // The name of a server is never an address (RFC 6066).
      ...(canonicalAddress(host) === null ? { servername: host } : {}),
      signal,
    });
    const timer = setTimeout(() => asked.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })), timeoutMs);
    const end = (answer: WebAnswer): void => {
      clearTimeout(timer);
      asked.destroy();
      resolve(answer);
    };
    asked.on('error', (error) =>
      end(none(errorCode(error) === 'ABORT_ERR' ? failures['ETIMEDOUT']! : webFailure(error))),
    );
    asked.on('response', (response) => {
      response.on('error', () => {});
      end({ status: response.statusCode ?? 0, address: response.socket.remoteAddress ?? address, failure: null });
    });
    asked.end();
  });
}

/** Why a request has no answer. */
function webFailure(error: unknown): string {
  if (errorCode(error).startsWith('HPE_')) return 'does not speak HTTP';
  if (/SSL|TLS|EPROTO/.test(errorCode(error))) return 'does not speak HTTPS';
  return messageOf(error) === 'socket hang up' ? 'closes the connection without an answer' : failureText(error);
}
