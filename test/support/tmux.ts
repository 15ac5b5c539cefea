// A real terminal: tmux shows a program, takes keys, and gives what is on its screen.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { newFolder } from './program.ts';

/** A machine that is busy with other things may take long. */
const limitMs = 30_000;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether tmux is installed. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export interface TmuxOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** In addition to what every terminal has. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface TmuxTerminal {
  /** Sends keys by their names in tmux, such as Enter and C-c. */
  readonly press: (...keys: string[]) => void;
  /** Sends text as it is. */
  readonly type: (text: string) => void;
  readonly lines: () => string[];
  /** The lines with the sequences of their styles. */
  readonly styled: () => string;
  /** The lines, as soon as they match. */
  readonly until: (pattern: RegExp) => Promise<string[]>;
  readonly resize: (columns: number, rows: number) => void;
  /** A format of tmux, such as alternate_on. */
  readonly value: (name: string) => string;
  /** The process ID of the program; that of its shell before it runs. */
  readonly pid: () => number;
  /** How the program ended, once it did, and whether the modes of the terminal are as they were. */
  readonly ended: () => Promise<{ code: number; isRestored: boolean }>;
  /** Closes the terminal. */
  readonly close: () => void;
}

let base: string | undefined;
const open = new Set<() => void>();
process.on('exit', () => open.forEach((close) => close()));

/** Starts a program in a terminal. */
export function startTmux(command: readonly string[], { columns = 80, rows = 24, env = {}, cwd }: TmuxOptions = {}): TmuxTerminal {
  const folder = mkdtempSync(join((base ??= newFolder()), 'x-'));
  const { PATH = '' } = process.env;
  const tmux = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync('tmux', ['-S', join(folder, 'socket'), '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      timeout: limitMs,
      cwd: cwd ?? folder,
      env: { PATH, HOME: folder, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    });
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const file = (name: string): string => join(folder, name);
  const script = [`stty -g >${file('before')}`, command.map(quoted).join(' '), `echo $? >${file('code')}`, `stty -g >${file('after')}`, 'exec sleep 1000', ''];
  writeFileSync(file('script'), script.join('\n'));
  tmux(
    'new-session',
    '-d',
    '-x',
    String(columns),
    '-y',
    String(rows),
    `exec sh ${file('script')}`,
    ';',
    'set',
    '-g',
    'status',
    'off',
    ';',
    'set',
    '-g',
    'default-terminal',
    'tmux-256color',
  );
  const close = (): void => {
    spawnSync('tmux', ['-S', join(folder, 'socket'), 'kill-server']);
    open.delete(close);
  };
  open.add(close);
  const terminal: TmuxTerminal = {
    press: (...keys) => void tmux('send-keys', ...keys),
    type: (text) => void tmux('send-keys', '-l', text),
    lines: () => tmux('capture-pane', '-p').trimEnd().split('\n'),
    styled: () => tmux('capture-pane', '-p', '-e'),
    async until(pattern) {
      const end = Date.now() + limitMs;
      for (;;) {
        const lines = terminal.lines();
        if (pattern.test(lines.join('\n'))) return lines;
        assert.ok(Date.now() < end, `${pattern} does not come:\n${lines.join('\n')}`);
        await wait(50);
      }
    },
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    value: (name) => tmux('display-message', '-p', `#{${name}}`).trim(),
    pid() {
      const shell = terminal.value('pane_pid');
      const child = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim();
      return Number(child === '' ? shell : child.split(' ')[0]);
    },
    async ended() {
      const end = Date.now() + limitMs;
      for (;;) {
        try {
          const [code, before, after] = ['code', 'before', 'after'].map((name) => readFileSync(file(name), 'utf8'));
          if (after !== '') return { code: Number(code), isRestored: before === after };
        } catch {
          // It has not ended yet.
        }
        assert.ok(Date.now() < end, `the program does not end:\n${terminal.lines().join('\n')}`);
        await wait(50);
      }
    },
    close,
  };
  return terminal;
}
