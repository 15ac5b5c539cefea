import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { RemoteAnswer, RemoteCall } from '../system/remote.ts';

/** A collector takes a second, and on a slow machine with many processes some more. */
const timeoutMs = 180_000;
/** As much as is read of a snapshot. */
const mostBytes = 400 * 1024 * 1024;
const mostErrors = 64 * 1024;

/** The system's own ssh: what stands in the PATH or in the current folder may be anybody's. */
async function sshProgram(): Promise<string> {
  if (process.platform !== 'win32') return '/usr/bin/ssh';
  const { systemDirectory } = await import('./windows/ffi.ts');
  return `${systemDirectory()}\\OpenSSH\\ssh.exe`;
}

const running = new Set<ChildProcess>();
let isWatched = false;

function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Whoever ends this program ends what it started. */
function watch(): void {
  if (isWatched) return;
  isWatched = true;
  process.on('exit', endAll);
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const)
    process.once(signal, () => {
      endAll();
      process.exit(128 + number);
    });
}

function sshArguments({ host, command, config, mayAsk }: RemoteCall): string[] {
  return [
    ...(config === null ? [] : ['-F', config]),
    '-T',
    ...['ConnectTimeout=10', 'ServerAliveInterval=10', 'ServerAliveCountMax=3', 'LogLevel=ERROR'].flatMap((one) => [
      '-o',
      one,
    ]),
    ...(mayAsk ? [] : ['-o', 'BatchMode=yes']),
    '--',
    host,
    command,
  ];
}

/** Runs a program on a far machine by the system's own ssh. */
export async function askBySsh(call: RemoteCall): Promise<RemoteAnswer> {
  const program = await sshProgram();
  const nothing = { output: new Uint8Array(), errors: '', exitCode: null };
  if (!existsSync(program)) return { ...nothing, failure: `there is no ${program}: install the OpenSSH client` };
  watch();
  return new Promise((resolve) => {
    const child = spawn(program, sshArguments(call), { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    running.add(child);
    const chunks: Buffer[] = [];
    let size = 0;
    let errors = '';
    let failure: string | null = null;
    const stop = (why: string): void => {
      failure ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop(`it took longer than ${timeoutMs / 1000} s`), timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) stop('it sent more than 400 MB');
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < mostErrors) errors += chunk.toString();
    });
    // A program that ends without reading its input has still answered.
    child.stdin.on('error', () => {});
    child.on('error', (error) => (failure ??= error.message));
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ output: Buffer.concat(chunks), errors, exitCode, failure });
    });
    child.stdin.end(call.input);
  });
}
