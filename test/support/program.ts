/** What the tests of the executables share: running one, the rows it answers with, and the processes it looks at. */
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import type { OpenSocket, Said } from './listeners.ts';

/** A machine that is busy with other things may take long. */
const limit = 60_000;

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Instead of this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  readonly uid?: number;
  /** Instead of pipes. */
  readonly stdio?: ('ignore' | 'pipe' | number)[];
}

/** Runs a program to its end. */
export function runProgram(command: readonly string[], { uid, ...options }: RunOptions = {}): Outcome {
  const [file, ...args] = command as [string, ...string[]];
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    ...options,
    ...(uid === undefined ? {} : { uid, gid: uid }),
    encoding: 'utf8',
    timeout: limit,
    maxBuffer: 1e9,
  });
  if (error !== undefined) throw error;
  return { code: status, out: stdout ?? '', err: stderr ?? '' };
}

/** PortOwner as a user starts it, with a command line. */
export type PortOwner = (args: readonly (string | number)[], options?: RunOptions) => Outcome;

export function portOwner(command: readonly string[]): PortOwner {
  return (args, options) => runProgram([...command, ...args.map(String)], options);
}

/** The rows of JSON output. */
export const jsonRows = (text: string): Endpoint[] => JSON.parse(text) as Endpoint[];

/** What is on standard error but warnings. */
export const errorsIn = (err: string): string[] => err.split('\n').filter((line) => line.startsWith('portowner: ') && !/^portowner: PO\d+: warning: /.test(line));

/** The rows that answer a command line, with command lines: exit code 0, or 1 when there are none. */
export function rowsOf(portowner: PortOwner, args: readonly (string | number)[], options?: RunOptions): Endpoint[] {
  const { code, out, err } = portowner([...args, '--command-lines', '--format', 'json'], options);
  assert.equal(errorsIn(err), []);
  const rows = jsonRows(out);
  assert.is(code, rows.length === 0 ? 1 : 0, `portowner ${args.join(' ')}`);
  return rows;
}

/** A socket in one line, in an order of its own. */
export const socketText = ({ Protocol, LocalAddress, LocalPort, RemoteAddress, RemotePort, State }: OpenSocket | Endpoint): string =>
  [Protocol, LocalAddress, LocalPort, RemoteAddress ?? '-', RemotePort ?? '-', State ?? '-'].join(' ');

/** Sockets are the same, in any order. */
export function assertSockets(rows: readonly Endpoint[], expected: readonly OpenSocket[], message?: string): void {
  assert.equal(rows.map(socketText).toSorted(), expected.map(socketText).toSorted(), message);
}

/** Rows are the same, in the same order; what differs is said shortly. */
export function assertRows(rows: readonly Endpoint[], expected: readonly Endpoint[], message?: string): void {
  const short = (row: Endpoint): string => `${socketText(row)} ${row.Owner}`;
  assert.equal(rows.map(short), expected.map(short), message);
  assert.equal(rows, expected, message);
}

const started = new Set<ChildProcess>();
const end = (child: ChildProcess): void => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  started.delete(child);
};
/** For `test.after`: while one runs, this process does too. */
export const endAll = (): void => started.forEach(end);
process.on('exit', endAll);

/** Starts a program that is ended with this process at the latest. */
export function start(command: readonly string[], options: SpawnOptions): ChildProcess {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, options);
  started.add(child);
  child.on('exit', () => started.delete(child));
  return child;
}

export interface Listeners extends Said {
  /** Everything that is open. */
  readonly all: readonly OpenSocket[];
  /** The local port of the socket that an argument asked for, of the first where it asked for several. */
  port(plan: string, index?: number): number;
  readonly startedAfter: number;
  readonly startedBefore: number;
  stop(): Promise<void>;
}

/** Starts listeners.ts under a Node, given by its command line, and waits until its sockets are open. */
export async function startListeners(node: readonly string[], plans: readonly string[], more: { uid?: number; script?: string } = {}): Promise<Listeners> {
  const { uid, script = join(root, 'test/support/listeners.ts') } = more;
  const startedAfter = Date.now();
  const child = start([...node, ...nodeFlags, script, ...plans], { stdio: ['ignore', 'pipe', 'inherit'], ...(uid === undefined ? {} : { uid, gid: uid }) });
  const said = await new Promise<Said>((resolve, reject) => {
    let text = '';
    child.on('error', reject).on('exit', (code, signal) => reject(new Error(`the listeners ended with ${code ?? signal}`)));
    child.stdout!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.endsWith('\n')) resolve(JSON.parse(text) as Said);
    });
  });
  return {
    ...said,
    all: Object.values(said.sockets).flat(),
    port: (plan, index = 0) => said.sockets[plan]![index]!.LocalPort,
    startedAfter,
    startedBefore: Date.now(),
    stop: async () => {
      const ended = once(child, 'exit');
      end(child);
      await ended;
    },
  };
}

export interface Held {
  readonly pids: readonly number[];
  readonly port: number;
  stop(): void;
}

/** Starts programs that hold one listening socket, which nobody else holds, as their file descriptor 3. */
export async function hold(commands: readonly (readonly string[])[], options: SpawnOptions = {}): Promise<Held> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // The types do not have it; child_process takes it.
  const { _handle: handle } = server as unknown as { _handle: never };
  const children = commands.map((command) => start(command, { ...options, stdio: ['ignore', 'ignore', 'ignore', handle] }));
  await Promise.all(children.map((child) => once(child, 'spawn')));
  server.close();
  await once(server, 'close');
  return { pids: children.map((child) => child.pid!), port, stop: () => children.forEach(end) };
}

/** The loopback address of IPv6, or a second IPv4 address if there is none. */
export const otherLoopback = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1')) ? '::1' : '127.0.0.2';

/** A new folder that goes with this process. */
export function newFolder(parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'portowner-e2e-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A large file under another name. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
