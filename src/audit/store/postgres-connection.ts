import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import postgres from 'postgres';
import { errorCode, messageOf } from '../../io/errors.ts';
import { canonicalAddress } from '../../ports/address.ts';
import { PortOwnerError, type ProblemCode } from '../../schema/problems.ts';
import { networkFault, verifyingContext } from '../secure-connection.ts';
import type { DatabaseAddress } from './address.ts';
import { passwordFor } from './password.ts';

/*
 * Connections to a database, and its errors in words. Every option is given, so that no variable of libpq has an effect.
 */

export type Sql = postgres.Sql;

const connectSeconds = 15;
/** How long a statement waits for a lock, and how long it may run. */
const lockSeconds = 30;
const statementSeconds = 120;

/** How long a connection may last in total, in milliseconds: a network that falls silent reports no error. */
const patienceMs = 180_000;

/** What TLS verifies: postgres.js itself verifies nothing, and would compare an address with the name localhost. */
async function tlsOptions({ host, rootCertificate, certificate, key }: DatabaseAddress): Promise<ConnectionOptions> {
  const name = canonicalAddress(host) === null ? { servername: host } : {};
  const secureContext = await verifyingContext({ rootCertificate, certificate, key }, (why, hint, cause) => {
    throw new PortOwnerError('PO4201', `the store cannot be used: sslcert or sslkey is unusable: ${why}`, {
      hint,
      cause,
    });
  });
  return { host, ...name, secureContext, rejectUnauthorized: true };
}

const networkError = (code: string): Error => Object.assign(new Error(code), { code });

async function connectedSocket({ host, isSocket, port }: DatabaseAddress): Promise<Socket> {
  const socket = isSocket ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectSeconds * 1000) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw errorCode(error) === 'ABORT_ERR' ? networkError('CONNECT_TIMEOUT') : error;
  }
}

/** One connection. A lost one is not made again: postgres.js would write to the socket that it no longer has. */
interface Connection {
  readonly sql: Sql;
  /** Rejects when the connection is lost. Queries that were not sent yet would never end. */
  readonly lost: Promise<never>;
  readonly isLost: () => boolean;
  /** Ends it; `seconds`: how long its queries may take to end. */
  readonly end: (seconds: number) => Promise<void>;
}

/** Prepares a connection, which the first query makes. Throws PO4201, PO4210, and PO2001 for files that the address names. */
async function newConnection(address: DatabaseAddress): Promise<Connection> {
  const { host, port, database, isVerified } = address;
  const user = address.user ?? userInfo().username;
  const password = (await passwordFor(address, user)) ?? '';
  const ssl = isVerified ? await tlsOptions(address) : false;
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  let [isOpened, isLost] = [false, false];
  let socket: Socket | undefined;
  const sql = postgres({
    // Not texts, which postgres.js would split at colons and commas.
    host: [host],
    port: [port],
    socket: async () => {
      if (isOpened) throw networkError('CONNECTION_CLOSED');
      isOpened = true;
      return (socket = await connectedSocket(address));
    },
    onclose: () => {
      isLost = true;
      // Later than the error of a query, which says more.
      setImmediate(lost.reject, networkError('CONNECTION_CLOSED'));
    },
    database,
    user,
    pass: () => password,
    ssl,
    sslnegotiation: null,
    max: 1,
    connect_timeout: connectSeconds,
    idle_timeout: null,
    max_lifetime: null,
    keep_alive: 30,
    fetch_types: false,
    prepare: true,
    debug: false,
    onnotice: () => {},
    connection: { application_name: 'portowner', TimeZone: 'UTC', DateStyle: 'ISO' },
  } as unknown as postgres.Options<Record<string, postgres.PostgresType>>);
  const end = async (seconds: number): Promise<void> => {
    await sql.end({ timeout: seconds }).catch(() => {});
    socket?.destroy();
  };
  return { sql, lost: lost.promise, isLost: () => isLost, end };
}

/** Runs `work` with a connection for a limited time; the connection ends if that fails. Throws errors of the server. */
async function withTime<T>(connection: Connection, patience: number, work: (sql: Sql) => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const watch = setTimeout(() => late.reject(networkError('ETIMEDOUT')), patience);
  try {
    return await Promise.race([work(connection.sql), connection.lost, late.promise]);
  } catch (error) {
    await connection.end(0);
    throw error;
  } finally {
    clearTimeout(watch);
  }
}

/** Runs `work` with one connection, and ends it. Throws like `newConnection`, and errors of the server. */
export async function withConnection<T>(
  address: DatabaseAddress,
  work: (sql: Sql) => Promise<T>,
  patience = patienceMs,
): Promise<T> {
  const connection = await newConnection(address);
  const result = await withTime(connection, patience, work);
  await connection.end(1);
  return result;
}

/** Connections to a database that are kept: the server needs longer for a new one than to store an audit. */
export interface Connections {
  readonly address: DatabaseAddress;
  /** Runs `work` with a connection that nothing else uses meanwhile. Throws like `withConnection`. */
  use<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Connections are made when they are needed, and kept until they fail. */
export function keptConnections(address: DatabaseAddress): Connections {
  const idle: Connection[] = [];
  return {
    address,
    async use(work) {
      let connection = idle.pop();
      while (connection?.isLost() === true) {
        await connection.end(0);
        connection = idle.pop();
      }
      connection ??= await newConnection(address);
      const result = await withTime(connection, patienceMs, work);
      idle.push(connection);
      return result;
    },
    async close() {
      await Promise.all(idle.splice(0).map((connection) => connection.end(1)));
    },
  };
}

/** A query that is sent when it is awaited or executed. */
export type LazyQuery = postgres.PendingQuery<postgres.Row[]>;

/** Takes queries that are sent together with the end of a transaction, in their order. */
export type AtEnd = (...queries: readonly LazyQuery[]) => void;

/** How a transaction runs. */
export interface TransactionMode {
  /** What follows BEGIN. */
  readonly mode: string;
  /** Statements of `localSetting`. */
  readonly settings: readonly string[];
}

/** Sets something for a transaction, if the engine has it; `condition`: more that must be true. */
export const localSetting = (name: string, value: string, condition = 'true'): string =>
  `select set_config('${name}', '${value}', true) where current_setting('${name}', true) is not null and ${condition}`;

/**
 * Runs `work` in a transaction. After an error, the connection must end, which rolls it back. Its end is sent with its last
 * queries: waiting for the server takes longer than most of them. If one of them fails, the end rolls everything back.
 */
export async function inTransaction<T>(
  sql: Sql,
  { mode, settings }: TransactionMode,
  work: (atEnd: AtEnd) => Promise<T>,
): Promise<T> {
  const limits = [`set local lock_timeout = '${lockSeconds}s'`, `set local statement_timeout = '${statementSeconds}s'`];
  const last: LazyQuery[] = [];
  // What was sent before it is known to have begun could be stored by itself.
  await sql.unsafe([`begin ${mode}`, ...limits, ...settings].join('; '));
  // A query that postgres.js sends again, for example because a table has changed, comes after the end, or after its own error.
  const lostIfRepeated = (error: unknown): never => {
    throw errorCode(error) === '25P02' ? networkError('CONNECTION_CLOSED') : error;
  };
  const result = await work((...queries) => void last.push(...queries)).catch(lostIfRepeated);
  const answers = await Promise.all([...last, sql.unsafe('commit')].map((query) => query.execute())).catch(
    lostIfRepeated,
  );
  if (answers.at(-1)!.command !== 'COMMIT') throw networkError('CONNECTION_CLOSED');
  return result;
}

/** An array as the text that PostgreSQL reads: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export function arrayText(values: readonly (string | number | boolean | Date | null)[]): string {
  const texts = values.map((value) => {
    if (value === null) return 'NULL';
    if (value instanceof Date) return value.toISOString();
    return typeof value === 'string' ? `"${value.replace(/[\\"]/g, '\\$&')}"` : String(value);
  });
  return `{${texts.join(',')}}`;
}

/** Another transaction was faster; the whole transaction can run again. */
const conflicts: ReadonlySet<string> = new Set(['40001', '40P01']);
/** The server ended, or starts. */
const restarts: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '08006', '08003', '08000']);
const lost: ReadonlySet<string> = new Set(['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'ECONNRESET', 'EPIPE']);
const attempts = 6;

/** Runs a transaction again if it failed because of another one, or if its connection was lost; `again`: it may have succeeded. */
export async function retried<T>(work: (again: boolean) => Promise<T>): Promise<T> {
  let again = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(again);
    } catch (error) {
      const code = errorCode(error);
      const isLost: boolean = restarts.has(code) || lost.has(code) || (again && code === 'ECONNREFUSED');
      if (attempt === attempts || !(conflicts.has(code) || isLost)) throw error;
      again ||= isLost;
      await new Promise((resolve) => setTimeout(resolve, (0.5 + Math.random()) * 50 * 2 ** attempt));
    }
  }
}

const createFirst = 'Create the store first: portowner store create URL';

/** What an error of the server means, by its code: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const serverErrors: Readonly<Record<string, readonly [why: string, hint: string, code?: ProblemCode]>> = {
  '28P01': [
    'it rejected the account',
    'Check the user in the URL, and the password in its password file (passfile=FILE).',
  ],
  '28000': ['it rejected the account', 'Check the user in the URL, and pg_hba.conf on the server.'],
  '3D000': ['the database does not exist', 'Create it first: createdb'],
  '3F000': ['it has no PortOwner store', createFirst],
  '42P01': ['it has no PortOwner store', createFirst],
  '42501': [
    'the account does not have the rights',
    'Grant it one of the roles: portowner_writer, portowner_collector, portowner_reader',
  ],
  '25006': ['it is read-only', 'Use the primary server.'],
  '53100': ['its disk is full', 'Nothing was changed. Free some space on the server.'],
  '53300': ['it has too many connections', 'Try again later.'],
  '55P03': ['another audit of the machine is being stored', 'Try again later.', 'PO4202'],
  '57014': ['it did not answer in time', 'Try again later.'],
};

/** Converts an error of a database for the user. */
export function databaseError({ url, isVerified }: DatabaseAddress, error: unknown): PortOwnerError {
  if (error instanceof PortOwnerError) return error;
  const code = errorCode(error);
  const message = messageOf(error);
  const make = (why: string, hint: string, problem: ProblemCode = 'PO4201'): PortOwnerError =>
    new PortOwnerError(problem, `the store ${url} cannot be used: ${why}`, { hint, target: url, cause: error });
  const server = serverErrors[code];
  if (server !== undefined) return make(`${server[0]}: ${message}`, server[1], server[2]);
  const network = networkFault(code, 'sslrootcert=FILE', connectSeconds);
  if (network !== null) return make(...network);
  if (lost.has(code) || restarts.has(code))
    return make(
      'the connection was lost',
      isVerified ? 'Check that the server runs, and supports TLS.' : 'Check that the server runs.',
    );
  if (error instanceof postgres.PostgresError) return make(message, 'Check the server: portowner store check URL');
  return make(message, 'Check the network, and the server.');
}
