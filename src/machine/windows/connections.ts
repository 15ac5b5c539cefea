import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
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
const timeoutMs = 5000;
/** After this many failures in a row, there are no statistics anymore. */
const mostFailures = 3;

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
  readonly ask: (line: string) => Promise<string>;
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
  return {
    async ask(line) {
      if (failure !== null) throw new Error(failure);
      const late = `the child process took longer than ${timeoutMs / 1000} s`;
      const timer = setTimeout(() => {
        fail(late);
        child.kill();
      }, timeoutMs);
      try {
        return await new Promise<string>((resolve, reject) => {
          waiting = { resolve, reject };
          stdin.write(`${line}\n`);
        });
      } finally {
        clearTimeout(timer);
      }
    },
    // It switches off what it has switched on, and ends; only its end is waited for.
    end() {
      stdin.end(`${endLine}\n`);
      for (const stream of [stdin, stdout]) stream.unref();
      const timer = setTimeout(() => child.kill(), timeoutMs);
      child.on('exit', () => clearTimeout(timer));
    },
  };
}

/**
 * The statistics of connections, through one long-lived child process, because a wrong call would end the process that
 * makes it. It is started again when it has failed.
 */
export function connectionStatistics(
  command: readonly string[] | null = ownCommand(),
  start: (command: readonly string[]) => Server = startServer,
): ConnectionStatistics {
  let refusal: Refusal | null | undefined;
  let server: Server | null = null;
  let failures = 0;
  return {
    async read(rows): Promise<StatisticsAnswer> {
      // There is nothing to switch off, either.
      if (rows.length === 0 && server === null) return { bytes: new Uint8Array() };
      refusal ??= start === startServer ? hindrance(command) : null;
      if (refusal !== null) return { refusal };
      try {
        server ??= start(command!);
        const line = await server.ask(rows.map((row) => Buffer.from(row).toString('base64')).join(' '));
        failures = 0;
        return { bytes: Buffer.from(line, 'base64') };
      } catch (error) {
        server = null;
        const failed: Refusal = { code: 'Failed', text: (error as Error).message };
        if (++failures >= mostFailures) refusal = failed;
        return { refusal: failed };
      }
    },
    close() {
      server?.end();
      server = null;
    },
  };
}
