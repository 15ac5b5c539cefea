import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { RemoteAnswer, RemoteCall } from '../system/remote.ts';

/** 100,000 sockets take 30 MB uncompressed; several machines may send this much at once. */
const mostMegabytes = 64;
const mostErrors = 64 * 1024;
/** How long to wait, after ssh has ended, for output of programs that it started; and for ssh to end by itself. */
const stayMs = 1000;

/** Finds the system's ssh: one in PATH or in the current folder could be anyone's. */
async function sshProgram(): Promise<string> {
  if (process.platform !== 'win32') return '/usr/bin/ssh';
  const { systemDirectory } = await import('./windows/ffi.ts');
  return `${systemDirectory()}\\OpenSSH\\ssh.exe`;
}

const running = new Set<ChildProcess>();
let isWatched = false;

/** Asks ssh to end: it then ends what it started, such as a jump host's ssh, and restores the terminal's echo. */
function endAll(): void {
  for (const child of running) child.kill('SIGTERM');
}

/** Ends the child processes when this program is ended. */
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
 * Overrides settings for interactive ssh that a collector must not use: a configured command, a connection kept open in
 * the background (an existing one is used), forwarded ports, and an agent's keys, which the remote machine could use.
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
    // ssh does not accept an IPv6 address in brackets.
    host.replace(/\[([^[\]]*)\]$/, '$1'),
    command,
  ];
}

/** Runs a program on a remote machine through the system's ssh. */
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
      // It first ends what it started, such as a jump host's ssh.
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), stayMs).unref();
    };
    const timer = setTimeout(() => {
      stop(`it took longer than ${Math.ceil(call.seconds)} s (--host-timeout)`);
      child.stdout.destroy();
    }, call.seconds * 1000);
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
    // A proxy command inherits ssh's standard error, and may outlive ssh.
    child.on('exit', () => setTimeout(() => setImmediate(() => child.stderr.destroy()), stayMs).unref());
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ output: Buffer.concat(chunks), errors, exitCode, failure });
    });
    child.stdin.end(call.input);
  });
}
