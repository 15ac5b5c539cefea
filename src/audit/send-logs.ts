import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { counted } from '../io/counted.ts';
import { errorCode, messageOf } from '../io/errors.ts';
import { sanitize } from '../io/sanitize.ts';
import { readSecret } from '../io/secret.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import type { CollectorAddress } from './collector-address.ts';
import { networkFault, verifyingContext } from './secure-connection.ts';

/*
 * Sends log records with OTLP/HTTP.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/docs/specification.md#otlphttp
 */

/** How long requests may take. */
export interface SendLimits {
  /** One request, in milliseconds. */
  readonly requestMs: number;
  /** All requests and the pauses between them, in milliseconds. */
  readonly totalMs: number;
  /** The pause before the first retry; each further one is twice as long. */
  readonly pauseMs: number;
}

const usual: SendLimits = { requestMs: 10_000, totalMs: 120_000, pauseMs: 1000 };
const attempts = 5;
/** The longest answer to read, and the longest text of it to show. */
const maxAnswer = 4 * 1024 * 1024;
const maxText = 300;

const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Errors that can pass. Others are of names, certificates, and files, which a retry cannot change. */
const passing: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Headers that belong to the request itself. */
const ownHeaders = /^(?:connection|content-.{1,40}|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** Reads lines of `Name: value`. An error names the line, never its text. Throws PO2002, PO4210, and PO2001. */
async function headersIn(path: string): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  const { text } = await readSecret(path, 'the file of headers');
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, Math.max(colon, 0)).trim(), line.slice(colon + 1).trim()];
    const isUsable = /^[\w!#$%&'*+.^`|~-]{1,200}$/.test(name) && /^[ -~]+$/.test(value) && !ownHeaders.test(name);
    if (!isUsable)
      throw new PortOwnerError('PO2002', `line ${index + 1} of ${path} is not a header that can be added`, {
        hint: 'Each line is a name and a value: Authorization: Bearer TOKEN',
        target: path,
      });
    headers[name] = value;
  }
  return headers;
}

interface Reply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

const coded = (code: string): Error => Object.assign(new Error(code), { code });

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxAnswer) throw coded('TOO_LONG');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

interface Connection {
  readonly address: CollectorAddress;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: PlainAgent;
  readonly limits: SendLimits;
  /** When to give up, in milliseconds of the clock. */
  readonly deadline: number;
}

/** Sends one request. Rejects with errors of the connection; ETIMEDOUT if it takes too long. */
function post({ address, headers, agent, limits }: Connection, body: Buffer): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const send = address.isVerified ? secureRequest : plainRequest;
  const sent = send(
    address.target,
    {
      method: 'POST',
      agent,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'content-length': body.length,
      },
    },
    (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      textOf(response).then((text) => resolve({ status, retryAfter: answered['retry-after'], text }), reject);
    },
  );
  const late = setTimeout(() => sent.destroy(coded('ETIMEDOUT')), limits.requestMs);
  sent.on('error', reject);
  sent.end(body);
  return promise.finally(() => clearTimeout(late));
}

/** The pause that a server asks for, in milliseconds; null if it does not. */
function askedPause(header: string | undefined): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

/** The text of a server for people: one line of bounded length, without the secrets that it was sent. */
function shownText(text: string, { headers }: Connection): string {
  let plain = text;
  for (const value of Object.values(headers))
    for (const secret of [value, ...value.split(' ')].filter((one) => one.length > 3))
      plain = plain.replaceAll(secret, '…');
  plain = sanitize(plain.slice(0, 4 * maxText)).trim();
  return plain.length > maxText ? `${plain.slice(0, maxText)}…` : plain;
}

/** What a server answered, as far as it is JSON. */
function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function notSent({ url }: CollectorAddress, why: string, hint: string, cause?: unknown): PortOwnerError {
  return new PortOwnerError('PO2006', `the report was not sent to ${url}: ${why}`, { hint, target: url, cause });
}

/** The error of a connection for the user. */
function connectionError({ address, limits }: Connection, error: unknown): PortOwnerError {
  if (error instanceof PortOwnerError) return error;
  const code = errorCode(error);
  if (code === 'TOO_LONG') return notSent(address, 'its answer is too long', 'Check that it is an OTLP collector.');
  const fault = networkFault(code, 'sslrootcert=FILE', limits.requestMs / 1000);
  if (fault !== null) return notSent(address, ...fault, error);
  return notSent(address, messageOf(error), 'Check the URL, and that it is an OTLP collector.', error);
}

const hints: Readonly<Record<number, string>> = {
  401: 'Check the token in the file of headers: headersfile=FILE.',
  403: 'Check the rights of the token in the file of headers: headersfile=FILE.',
  404: 'Check the path of the URL; the usual one is /v1/logs.',
};

/** The error of an answer for the user. */
function answerError(connection: Connection, { status, text }: Reply): PortOwnerError {
  const { message } = jsonOf(text);
  const said = shownText(typeof message === 'string' ? message : '', connection);
  const hint = hints[status] ?? 'Check the URL, and the log of the collector.';
  return notSent(connection.address, `it answered ${status}${said === '' ? '' : `: ${said}`}`, hint);
}

/** Sends one request until the server takes it. Throws PO2006. */
async function delivered(connection: Connection, body: Buffer): Promise<Reply> {
  const { limits, deadline } = connection;
  for (let attempt = 1; ; attempt++) {
    let failure: PortOwnerError;
    let pause = limits.pauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
    let isFinal = attempt === attempts;
    try {
      const reply = await post(connection, body);
      if (reply.status >= 200 && reply.status < 300) return reply;
      failure = answerError(connection, reply);
      isFinal ||= !retryable.has(reply.status);
      pause = askedPause(reply.retryAfter) ?? pause;
    } catch (error) {
      failure = connectionError(connection, error);
      isFinal ||= !passing.has(errorCode(error));
    }
    if (isFinal || Date.now() + pause > deadline) throw failure;
    await wait(pause);
  }
}

/** What a server did not take of a request that it accepted. */
function rejectedIn(reply: Reply, connection: Connection): { readonly count: number; readonly text: string } {
  const { partialSuccess } = jsonOf(reply.text);
  const { rejectedLogRecords = 0, errorMessage = '' } = (partialSuccess ?? {}) as Record<string, unknown>;
  // A 64-bit integer is a number or a text.
  const count = Number(rejectedLogRecords);
  return {
    count: Number.isSafeInteger(count) && count > 0 ? count : 0,
    text: shownText(String(errorMessage), connection),
  };
}

/**
 * Sends requests, one after the other: each is the JSON of an ExportLogsServiceRequest. `warn` is called for the remarks of a
 * server that took everything. Throws PO2006 (not sent, or not all of it was accepted), PO2001, PO2002, and PO4210.
 */
export async function sendLogs(
  address: CollectorAddress,
  requests: readonly string[],
  warn: (problem: Problem) => void,
  limits: SendLimits = usual,
): Promise<void> {
  const headers = address.headersFile === null ? {} : await headersIn(address.headersFile);
  const fail = (why: string, hint: string, cause: unknown): never => {
    throw notSent(address, `a certificate or its key is unusable: ${why}`, hint, cause);
  };
  const agent = address.isVerified
    ? new SecureAgent({
        keepAlive: true,
        secureContext: await verifyingContext(address, fail),
        rejectUnauthorized: true,
      })
    : new PlainAgent({ keepAlive: true });
  const connection = { address, headers, agent, limits, deadline: Date.now() + limits.totalMs };
  let [rejected, reason] = [0, ''];
  const remarks = new Set<string>();
  try {
    for (const request of requests) {
      const { count, text } = rejectedIn(await delivered(connection, gzipSync(request)), connection);
      rejected += count;
      if (count > 0) reason ||= text;
      else if (text !== '') remarks.add(text);
    }
  } finally {
    agent.destroy();
  }
  for (const text of remarks)
    warn({
      severity: 'Warning',
      code: 'PO2006',
      message: `the collector ${address.url} says: ${text}`,
      target: address.url,
    });
  if (rejected > 0)
    throw notSent(
      address,
      `it rejected ${counted(rejected, 'record')}${reason === '' ? '' : `: ${reason}`}`,
      'Check the log of the collector. The other records were accepted.',
    );
}
