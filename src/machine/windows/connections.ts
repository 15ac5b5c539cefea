import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { switchedOn } from '../../facts/decode/windows-statistics.ts';
import type { ConnectionStatistics, StatisticsAnswer } from '../../system/live.ts';
import type { Refusal } from '../../system/raw.ts';
import { ownCommand } from './apart.ts';
import { Refused } from './errors.ts';
import { systemDirectory, systemLibrary } from './ffi.ts';
import { uncovered } from './uncovered.ts';

/** The name by which the child process knows its task. */
export const connectionsTask = 'connections';

const iphlpapi = systemLibrary('iphlpapi.dll', uncovered['iphlpapi.dll']);
/** Wine lacks those for IPv6, which the child process then says of each connection. */
const needed = ['GetPerTcpConnectionEStats', 'SetPerTcpConnectionEStats'] as const;
/** The line that ends the child process. It ends with its input, too, such as when this process is ended. */
export const endLine = '.';
/** How long an answer may take: in all, and for each connection, which takes up to six calls. */
const [timeoutMs, rowMs] = [5000, 2];
/** After this many failures in a row, the child process is not started for a while. */
const [mostFailures, pauseMs] = [3, 30_000];

/** Why the child process would not be of use; null if it would. */
function hindrance(command: readonly string[] | null): Refusal | null {
  if (command === null) return { code: 'NotSupported', text: 'this program cannot start itself once more' };
  try {
    // Looking them up calls nothing.
    for (const name of needed) void iphlpapi[name];
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/** A child process that answers lines with lines, one at a time. */
interface Server {
  /** Whether it has ended, or is about to. */
  readonly isOver: () => boolean;
  /** Waits for the answer for this time, in milliseconds. */
  readonly ask: (line: string, limit: number) => Promise<string>;
  readonly end: () => void;
}

function startServer([program, ...args]: readonly string[]): Server {
  const directory = systemDirectory();
  const root = directory.slice(0, directory.lastIndexOf('\\'));
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child: ChildProcess = spawn(program!, [...args, '--child', connectionsTask], {
    cwd: directory,
    // Nothing from the caller's environment: a search path decides which DLLs a program loads.
    env: { SystemRoot: root, windir: root, PATH: directory },
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  return serverOf(child);
}

/** Talks to a child process. */
export function serverOf(child: ChildProcess): Server {
  const [stdin, stdout] = [child.stdin, child.stdout] as [Socket, Socket];
  let parts: string[] = [];
  let failure: string | null = null;
  let waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void } | null = null;
  const fail = (why: string): void => {
    failure ??= why;
    waiting?.reject(new Error(failure));
    waiting = null;
  };
  child.on('error', (error) => fail(`the child process could not be run: ${error.message}`));
  child.on('exit', (code, signal) => fail(`the child process ended with ${signal ?? `code ${code}`}`));
  // Closing a pipe fails under Wine where standard error is a pipe, too.
  stdout.on('error', () => {});
  stdin.on('error', () => fail('the child process does not read'));
  stdout.setEncoding('utf8');
  stdout.on('data', (part: string) => {
    const end = part.indexOf('\n');
    if (end < 0 || waiting === null) return void parts.push(part);
    const line = parts.join('') + part.slice(0, end);
    parts = [part.slice(end + 1)];
    waiting.resolve(line);
    waiting = null;
  });
  // It switches off what it has switched on, and ends; only its end is waited for.
  const end = (): void => {
    stdin.end(`${endLine}\n`);
    for (const stream of [stdin, stdout]) stream.unref();
    const timer = setTimeout(() => child.kill(), timeoutMs);
    child.on('exit', () => clearTimeout(timer));
  };
  return {
    isOver: () => failure !== null,
    async ask(line, limit) {
      if (failure !== null) throw new Error(failure);
      const timer = setTimeout(() => {
        fail(`the child process took longer than ${limit / 1000} s`);
        end();
      }, limit);
      try {
        return await new Promise<string>((resolve, reject) => {
          waiting = { resolve, reject };
          stdin.write(`${line}\n`);
        });
      } finally {
        clearTimeout(timer);
      }
    },
    end,
  };
}

const wordOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Rows with one more byte: what the child process has switched on for these connections. */
function ownRows(rows: readonly Uint8Array[], answer: Uint8Array): Uint8Array[] {
  return rows.flatMap((row, i) => {
    const bits = switchedOn(answer, i);
    return bits === 0 ? [] : [Uint8Array.of(...row, bits)];
  });
}

/**
 * The statistics of connections, through one long-lived child process, because a wrong call would end the process that
 * makes it. If it ends, the next one takes over what it has switched on.
 */
export function connectionStatistics(
  command: readonly string[] | null = ownCommand(),
  start: (command: readonly string[]) => Server = startServer,
  clock: () => number = () => performance.now(),
): ConnectionStatistics {
  let hindered: Refusal | null | undefined;
  let server: Server | null = null;
  let own: readonly Uint8Array[] = [];
  let failed: Refusal | null = null;
  let failures = 0;
  let pausedUntil = -Infinity;

  const isOff = (): boolean => server === null || server.isOver();
  async function ask(rows: readonly Uint8Array[]): Promise<Buffer> {
    const adopted = isOff() ? own : [];
    if (isOff()) server = start(command!);
    const line = await server!.ask([...adopted, ...rows].map(wordOf).join(' '), timeoutMs + rows.length * rowMs);
    return Buffer.from(line, 'base64');
  }

  return {
    async read(rows): Promise<StatisticsAnswer> {
      // There is nothing to switch off, either.
      if (rows.length === 0 && server === null && own.length === 0) return { bytes: new Uint8Array() };
      hindered ??= start === startServer ? hindrance(command) : null;
      if (hindered !== null) return { refusal: hindered };
      if (failed !== null && clock() < pausedUntil) return { refusal: failed };
      try {
        const bytes = await ask(rows);
        failures = 0;
        own = ownRows(rows, bytes);
        return { bytes };
      } catch (error) {
        server = null;
        failed = { code: 'Failed', text: (error as Error).message };
        if (++failures >= mostFailures) pausedUntil = clock() + pauseMs;
        return { refusal: failed };
      }
    },
    close() {
      // A child process that was killed left them on.
      if (isOff() && own.length > 0) ask([]).catch(() => {});
      server?.end();
      [server, own] = [null, []];
    },
  };
}
