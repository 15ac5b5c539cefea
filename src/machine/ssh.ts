import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { RemoteAnswer, RemoteCall } from '../system/remote.ts';

/** A collector takes a second, and on a slow machine with many processes some more. */
const timeoutMs = 180_000;
/** 100,000 sockets have 30 MB unpacked; several machines may send this much at once. */
const mostMegabytes = 64;
const mostErrors = 64 * 1024;
/** So long is waited for what ssh has started to say something, when ssh has ended. */
const stayMs = 1000;

/** The system's own ssh: what stands in the PATH or in the current folder may be anybody's. */
async function sshProgram(): Promise<string> {
  if (process.platform !== 'win32') return '/usr/bin/ssh';
  const { systemDirectory } = await import('./windows/ffi.ts');
  return `${systemDirectory()}\\OpenSSH\\ssh.exe`;
}

const running = new Set<ChildProcess>();
let isWatched = false;

/** Asked to end, ssh ends what it started itself, such as a jump host's ssh, and gives a terminal its echo back. */
function endAll(): void {
  for (const child of running) child.kill('SIGTERM');
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

/**
 * What a configuration of ssh may have for people is not for a collector: a command of its own, a connection that goes on in
 * the background (one that is there is used), forwarded ports, and the keys of an agent, which the far machine could use.
 */
const settings: readonly string[] = [
  'ConnectTimeout=10',
  'ServerAliveInterval=10',
  'ServerAliveCountMax=3',
  'LogLevel=ERROR',
  'RemoteCommand=none',
  'ControlMaster=no',
  'ClearAllForwardings=yes',
];

function sshArguments({ host, command, config, mayAsk }: RemoteCall): string[] {
  return [
    ...(config === null ? [] : ['-F', config]),
    '-Tax',
    ...[...settings, ...(mayAsk ? [] : ['BatchMode=yes'])].flatMap((one) => ['-o', one]),
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
    const timer = setTimeout(() => {
      stop(`it took longer than ${timeoutMs / 1000} s`);
      child.stdout.destroy();
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostMegabytes * 1024 * 1024) stop(`it sent more than ${mostMegabytes} MB`);
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < mostErrors) errors += chunk.toString();
    });
    // A program that ends without reading its input has still answered.
    child.stdin.on('error', () => {});
    child.on('error', (error) => (failure ??= error.message));
    // A proxy command has ssh's standard error, and may stay longer than ssh.
    child.on('exit', () => setTimeout(() => setImmediate(() => child.stderr.destroy()), stayMs).unref());
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ output: Buffer.concat(chunks), errors, exitCode, failure });
    });
    child.stdin.end(call.input);
  });
}
