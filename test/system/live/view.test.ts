// The full-screen view of portowner watch in a real terminal: keys in, screen out.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { attacks, startHostile } from '../../support/hostile.ts';
import { endAll, newFolder, start } from '../../support/program.ts';
import { skip } from '../../support/skip.ts';
import { hasTmux, startTmux, type TmuxOptions, type TmuxTerminal } from '../../support/tmux.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('the view in a terminal');
const main = join(root, 'src/main.ts');
const portowner = (args: readonly (string | number)[]): string[] => [...ownProgram, ...args.map(String)];
const open: TmuxTerminal[] = [];

function watch(args: readonly (string | number)[], options: TmuxOptions = {}): TmuxTerminal {
  const terminal = startTmux(portowner(['watch', ...args]), options);
  open.push(terminal);
  return terminal;
}

let server: Server;
let connection: Socket;
let port = 0;

test.before(async () => {
  server = createServer((socket) => void socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  connection = connect(port, '127.0.0.1');
  await once(connection, 'connect');
});
test.after.each(() => open.splice(0).forEach((terminal) => terminal.close()));
test.after(() => {
  connection.destroy();
  server.close();
  endAll();
});

/** The modes of a terminal that a program may switch, and how they are in a shell. */
const modes = ['alternate_on', 'cursor_flag', 'wrap_flag', 'insert_flag', 'origin_flag', 'keypad_flag', 'keypad_cursor_flag', 'mouse_any_flag', 'mouse_sgr_flag'];
const usualModes = ['0', '1', '1', '0', '0', '0', '0', '0', '0'];

/** A test that needs a terminal. */
const inTerminal = (name: string, body: () => Promise<void>): void =>
  test(name, async (context) => {
    if (!hasTmux) return skip('tmux is not installed', context as never);
    await body();
  });

for (const [columns, rows] of [
  [80, 24],
  [200, 50],
] as const)
  inTerminal(`lists, sorts, filters, groups, pauses, and shows details and help at ${columns}×${rows}`, async () => {
    const terminal = watch([port, '--interval', '200ms'], { columns, rows });
    let lines = await terminal.until(/1 listening, 1 connection,.* (?:sent|out) (?!–)/);
    assert.match(lines[0]!, /^All sockets, sorted by port ↑.* \d\d:\d\d:\d\d$/);
    assert.match(lines[3]!, new RegExp(`^> *${port} +TCP +Listen .*\\(${process.pid}\\)`));
    assert.match(lines[4]!, new RegExp(`^  *${port} +TCP +Established .*127\\.0\\.0\\.1:${connection.localPort} `));
    assert.is(lines.length, rows);
    assert.match(lines.at(-1)!, /^\? keys {2}q quit/);
    const timer = setInterval(() => connection.write(Buffer.alloc(5000)), 50);
    try {
      // This is the socket of the server, which echoes what it receives.
      lines = await terminal.until(new RegExp(`^ +${port} .* \\d+ kB +\\d+ kB`, 'm'));
    } finally {
      clearInterval(timer);
    }
    terminal.press('e');
    await terminal.until(/sorted by executable ↑/);
    terminal.press('r');
    await terminal.until(/sorted by executable ↓/);
    terminal.type(`/:${connection.localPort}`);
    await terminal.until(new RegExp(`Filter: :${connection.localPort}`));
    terminal.press('Enter');
    lines = await terminal.until(/filter :/);
    assert.match(lines[3]!, /Established/);
    assert.is(lines[4], '');
    terminal.press('Escape');
    await terminal.until(/Listen/);
    terminal.press('Tab');
    await terminal.until(new RegExp(`All sockets by process[^]*^> .*\\(${process.pid}\\) +2 `, 'm'));
    terminal.press('Tab');
    await terminal.until(new RegExp(`by port[^]*^> ${port}/tcp +2 `, 'm'));
    terminal.press('Tab', 'Tab', ' ');
    await terminal.until(/ PAUSED /);
    const paused = terminal.lines();
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(terminal.lines(), paused);
    terminal.press(' ', 'p', 'Home', 'Enter');
    await terminal.until(/^OwningProcess +:/m);
    terminal.press(...Array<string>(6).fill('PageDown'));
    lines = await terminal.until(/^Cause +: Process/m);
    assert.match(lines[0]!, new RegExp(`^TCP port ${port}: .*\\(${process.pid}\\)`));
    terminal.press('q', '?');
    await terminal.until(/^Keys[^]*^q, Ctrl\+C +quit$/m);
    terminal.press('Escape');
    await terminal.until(/^All sockets/);
    terminal.press('q');
    assert.equal(await terminal.ended(), { code: 0, isRestored: true });
  });

/** The styles that have enough contrast on a light and on a dark background: attributes, and the colors of the terminal's own palette. */
const styles = new Set(['0', '1', '2', '4', '7', '22', '24', '27', '31', '32', '33', '36', '39', '49']);

for (const [columns, rows, headings, hints] of [
  [80, 24, 'Port↑ Prot State Remote Owner Send/s Recv/s', '? keys  q quit  Enter details  / filter  Tab group  <> sort  x stop  f follow'],
  [
    200,
    50,
    'Port↑ Prot State Local Remote Executable PID Application Owner Send/s Recv/s Sent Received RTT ms Retr',
    '? keys  q quit  Enter details  / filter  Tab group  <> sort  x stop  f follow  Space pause  a listeners  Esc back  w write  c copy',
  ],
] as const)
  inTerminal(`the picture at ${columns}×${rows}, for light and dark terminals, and without colors`, async () => {
    for (const hasColors of [true, false]) {
      const terminal = watch([port, '--interval', '200ms'], { columns, rows, env: hasColors ? {} : { NO_COLOR: '1' } });
      const lines = await terminal.until(new RegExp(`^1 listening[^]*^> *${port} +TCP +Listen[^]*^ +${port} +TCP +Established .* 0 +0`, 'm'));
      assert.is(lines.length, rows);
      for (const line of lines) assert.ok(line.length <= columns, line);
      assert.match(lines[0]!, new RegExp(`^All sockets, sorted by port ↑ +${port}  \\d\\d:\\d\\d:\\d\\d$`));
      assert.is(lines[0]!.length, columns);
      assert.is(lines[2]!.trim().replaceAll(/ +/g, ' '), headings);
      assert.is(lines.at(-1), hints);
      // The values of a column are below its heading.
      const state = lines[2]!.indexOf('State');
      assert.match(lines[3]!.slice(state), /^Listen /);
      assert.match(lines[4]!.slice(state), /^Established /);
      const used = new Set([...terminal.styled().matchAll(/\x1b\[([\d;]*)m/g)].flatMap(([, codes = '']) => codes.split(';')));
      const colors = [...used].filter((code) => /^3[0-8]$|^4[0-8]$|^9\d$|^10\d$/.test(code));
      if (!hasColors) assert.equal(colors, []);
      else assert.ok(colors.length >= 1 && [...used].every((code) => styles.has(code)), [...used].join(' '));
      terminal.press('q');
      assert.equal(await terminal.ended(), { code: 0, isRestored: true });
    }
  });

inTerminal('stops a server after the question, and comes back to the view', async () => {
  const child = start([process.execPath, '-e', 'require("node:net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  const own = Number(said.toString());
  const terminal = watch([own, '--interval', '200ms']);
  await terminal.until(/1 listening/);
  terminal.press('x');
  await terminal.until(/About to stop [^]*Stop .*\? \[y\/N\]/);
  assert.is(terminal.value('alternate_on'), '0');
  terminal.press('n', 'Enter');
  await terminal.until(/Declined[^]*Press Enter to return/);
  terminal.press('Enter');
  await terminal.until(/1 listening/);
  terminal.press('x');
  await terminal.until(/Stop .*\? \[y\/N\]\s*$/);
  const ended = once(child, 'exit');
  terminal.press('y', 'Enter');
  await terminal.until(/Stopped[^]*Press Enter to return/);
  await ended;
  terminal.press('Enter');
  await terminal.until(/There are no sockets\./);
  assert.is(terminal.value('alternate_on'), '1');
  terminal.press('q');
  assert.equal(await terminal.ended(), { code: 0, isRestored: true });
});

inTerminal('says why it does not stop a client, or a program that is never stopped, and stays on the screen', async () => {
  const code = 'const socket = require("node:net").connect(process.argv[1], "127.0.0.1", () => console.log(socket.localPort))';
  const child = start([process.execPath, '-e', code, String(port)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  const own = Number(said.toString());
  const terminal = watch([own, '--interval', '200ms'], { columns: 120 });
  await terminal.until(/1 connection/);
  const refusal = new RegExp(`^node .*\\(${child.pid}\\) does not listen on TCP port ${own}: only programs that listen can be stopped\\.`, 'm');
  terminal.press('x');
  await terminal.until(refusal);
  assert.is(terminal.value('alternate_on'), '1');
  // The answer is there until the next key; details can be asked, too.
  terminal.press('Enter');
  await terminal.until(/^OwningProcess/m);
  terminal.press('x');
  await terminal.until(refusal);
  terminal.press('q', 'Tab');
  await terminal.until(/by process/);
  terminal.press('x');
  await terminal.until(/ does not listen on any port: only programs that listen can be stopped\./);
  assert.is(child.exitCode, null);
  // Its connection is not there for the next test.
  child.kill('SIGKILL');
  assert.is(terminal.value('alternate_on'), '1');
  terminal.press('q');
  assert.equal(await terminal.ended(), { code: 0, isRestored: true });
  // The view runs in this program.
  const starts = `require("node:net").createServer().listen(0, "127.0.0.1", function () {
    const [command, ...args] = process.argv.slice(1);
    require("node:child_process").spawn(command, [...args, String(this.address().port)], { stdio: "inherit" }).on("exit", process.exit);
  })`;
  const inside = startTmux([process.execPath, '-e', starts, '--', ...portowner(['watch', '--interval', '200ms'])], { columns: 120 });
  open.push(inside);
  await inside.until(/1 listening/);
  inside.press('x');
  await inside.until(/^PO41\d\d: .*was not stopped: /m);
  assert.is(inside.value('alternate_on'), '1');
  inside.press('q');
  assert.equal(await inside.ended(), { code: 0, isRestored: true });
});

inTerminal('writes what is shown to a file in the folder that it runs in', async () => {
  const cwd = newFolder();
  const terminal = watch([port], { cwd });
  await terminal.until(/1 listening/);
  for (const [name, pattern] of [
    ['rows.csv', new RegExp(`,${port},.*,Established,`)],
    ['rows.json', /"State":"Listen"/],
    ['rows.md', /# /],
    ['rows.xlsx', /^PK/],
  ] as const) {
    terminal.type(`w${name}`);
    terminal.press('Enter');
    await terminal.until(new RegExp(`Wrote 2 rows to .*${name}`));
    assert.match(readFileSync(join(cwd, name), 'latin1'), pattern);
  }
  terminal.type('wrows.csv');
  terminal.press('Enter');
  await terminal.until(/rows\.csv exists\. Replace it\?/);
  terminal.press('n');
  for (const [name, pattern] of [
    ['rows.what', /Not written: cannot tell the .* format[^]*use \.txt(?![^]*--format)/],
    ['no-folder/rows.csv', /Not written: cannot write .*no-folder/],
    ['/dev/stdout', /exists\. Replace it\?/],
  ] as const) {
    terminal.type(`w${name}`);
    terminal.press('Enter');
    await terminal.until(pattern);
  }
  terminal.press('y');
  await terminal.until(/\/dev\/stdout is not a file/);
  assert.not.ok(existsSync(join(cwd, 'rows.what')));
});

inTerminal('reads keys from the terminal if standard input is a pipe', async () => {
  const terminal = startTmux(['sh', '-c', `echo | ${portowner(['watch', port]).join(' ')}`]);
  open.push(terminal);
  await terminal.until(/1 listening/);
  terminal.press('x');
  await terminal.until(/^Cannot ask whether to stop it: standard input is not a terminal\.$/m);
  terminal.press('Tab');
  await terminal.until(/by process/);
  terminal.press('C-c');
  assert.equal(await terminal.ended(), { code: 0, isRestored: true });
});

inTerminal('fills the screen after it is resized', async () => {
  const terminal = watch([port]);
  await terminal.until(/1 listening/);
  for (const [columns, rows] of [
    [200, 50],
    [40, 10],
    [20, 4],
    [80, 24],
  ] as const) {
    terminal.resize(columns, rows);
    const lines = await terminal.until(rows < 5 ? /^> *\d+/m : new RegExp(`^> *${port}[^]*\\n{${rows - 5}}\\? keys`, 'm'));
    assert.is(lines.length, rows);
    assert.ok(lines.every((line) => line.length <= columns));
  }
});

inTerminal('leaves the terminal as it was after Ctrl+C, SIGTERM, SIGHUP, SIGQUIT, an exception, --count, and --for', async () => {
  const cause = join(newFolder(), 'cause.mjs');
  writeFileSync(cause, `process.on('SIGUSR2', () => { throw new Error('thrown on purpose') });`);
  const send = (signal: NodeJS.Signals) => (terminal: TmuxTerminal) => void process.kill(terminal.pid(), signal);
  const ends: readonly (readonly [string, string[], ((terminal: TmuxTerminal) => void) | null, number])[] = [
    ['Ctrl+C', portowner(['watch', port]), (terminal) => terminal.press('C-c'), 0],
    ['SIGINT', portowner(['watch', port]), send('SIGINT'), 0],
    ['SIGTERM', portowner(['watch', port]), send('SIGTERM'), 143],
    ['SIGHUP', portowner(['watch', port]), send('SIGHUP'), 129],
    ['SIGQUIT', portowner(['watch', port]), send('SIGQUIT'), 131],
    ['an exception', [process.execPath, ...nodeFlags, '--import', cause, main, 'watch', String(port)], send('SIGUSR2'), 1],
    ['--count', portowner(['watch', port, '--count', 2]), null, 0],
    ['--for', portowner(['watch', port, '--for', '1']), null, 0],
  ];
  for (const [name, command, end, code] of ends) {
    const terminal = startTmux(command);
    open.push(terminal);
    if (end !== null) {
      await terminal.until(/1 listening/);
      assert.equal([terminal.value('alternate_on'), terminal.value('cursor_flag')], ['1', '0'], name);
      end(terminal);
    }
    assert.equal(await terminal.ended(), { code, isRestored: true }, name);
    assert.equal(modes.map(terminal.value), usualModes, name);
  }
});

inTerminal('ends when its terminal is closed', async () => {
  const terminal = watch([port]);
  await terminal.until(/1 listening/);
  const pid = terminal.pid();
  terminal.close();
  for (let tries = 0; existsSync(`/proc/${pid}`); tries++) {
    assert.ok(tries < 300, 'it still runs');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

inTerminal('stops with Ctrl+Z, and comes back with fg', async () => {
  const terminal = startTmux(['bash', '--noprofile', '--norc', '-i']);
  open.push(terminal);
  terminal.type(`${portowner(['watch', port]).join(' ')}`);
  terminal.press('Enter');
  await terminal.until(/1 listening/);
  terminal.press('C-z');
  await terminal.until(/Stopped/);
  assert.is(terminal.value('alternate_on'), '0');
  terminal.type('fg');
  terminal.press('Enter');
  await terminal.until(/1 listening/);
  terminal.press('q');
  await terminal.until(/[$#] *$/);
  assert.not.match(terminal.lines().join('\n'), /quit/, 'nothing of the view is on the screen of the shell');
});

inTerminal('gives the terminal back for SIGTSTP from another program, and takes it again after SIGCONT', async () => {
  const terminal = startTmux(['bash', '--noprofile', '--norc', '-i']);
  open.push(terminal);
  const usual = spawnSync('stty', ['-g', '-F', terminal.value('pane_tty')], { encoding: 'utf8' }).stdout;
  terminal.type(`stty -g; ${portowner(['watch', port]).join(' ')}`);
  terminal.press('Enter');
  await terminal.until(/1 listening/);
  const pid = Number(
    spawnSync('ps', ['-t', terminal.value('pane_tty'), '-o', 'pid=,args='], { encoding: 'utf8' })
      .stdout.split('\n')
      .find((line) => line.includes(' watch '))!
      .trim()
      .split(' ')[0],
  );
  for (let times = 0; times < 2; times++) {
    process.kill(pid, 'SIGTSTP');
    await terminal.until(/Stopped[^]*[$#] *$/);
    assert.equal(modes.map(terminal.value), usualModes);
    // A shell sets modes of its own while it edits a line; its commands get the usual ones.
    terminal.type('clear; stty -a | grep -c -- "-icanon\\|-echo " ; echo done');
    terminal.press('Enter');
    await terminal.until(/^0\ndone$/m);
    terminal.type('fg');
    terminal.press('Enter');
    await terminal.until(/1 listening/);
    assert.is(terminal.value('alternate_on'), '1');
  }
  terminal.press('j', 'q');
  await terminal.until(/[$#] *$/);
  assert.equal(modes.map(terminal.value), usualModes);
  assert.match(usual, /:/);
});

inTerminal('ends quietly when the reader of its lines does, and leaves the terminal as it was', async () => {
  const terminal = startTmux(['sh', '-c', `${portowner(['watch', '--interval', '200ms']).join(' ')} | head -n 1`]);
  open.push(terminal);
  assert.equal(await terminal.ended(), { code: 0, isRestored: true });
  const said = terminal.lines();
  assert.match(said[0]!, /^\d\d:\d\d:\d\d Watching /);
  assert.is(said.length, 1);
  assert.equal(modes.map(terminal.value), usualModes);
});

for (const [kind, name] of Object.entries(attacks))
  inTerminal(`the name of an owner does nothing to the terminal: ${kind}`, async () => {
    const held = await startHostile(name);
    // What arrives at the terminal, before the terminal acts on it.
    const line = portowner(['watch', held.port, '--interval', '200ms'])
      .map((word) => `'${word}'`)
      .join(' ');
    const child = spawn('script', ['-qec', `stty cols 120 rows 40; ${line}`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH, TERM: 'xterm', LC_ALL: 'C.UTF-8' },
    });
    try {
      const ended = once(child, 'exit');
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
      const until = async (pattern: RegExp): Promise<void> => {
        for (let tries = 0; !pattern.test(text); tries++) {
          assert.ok(tries < 600, `${pattern} does not come: ${JSON.stringify(text.slice(-2000))}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      await until(/1 listening/);
      child.stdin.write('\t');
      await until(/by process/);
      child.stdin.write('\r');
      await until(/, only /);
      child.stdin.write('\r');
      await until(/OwningProcess/);
      child.stdin.write('q');
      text += ' ';
      const before = text.length;
      child.stdin.write('x');
      await until(/Stop .*\? \[y\/N\]/);
      assert.ok(text.length > before);
      child.stdin.write('n\n\n');
      await until(/\? \[y\/N\][^]*1049h/);
      child.stdin.write('q');
      await ended;
      // Our own sequences: at the start of a line, a style, a frame, the screen, a mode.
      const ours = /\x1b\[(?:\d+;1H|[\d;]*m|0m\x1b\[2J|2J|\?(?:2026|1049|25|7)[hl])/g;
      const theirs = text.replaceAll(ours, '').replaceAll(/[\r\n]/g, '');
      const found = /[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069]/u.exec(theirs);
      assert.is(found, null, found === null ? '' : JSON.stringify(theirs.slice(Math.max(0, found.index - 60), found.index + 60)));
      // None of our own redraws the whole screen in the middle of a line: those of the name would be such.
      for (const [, before2 = ''] of text.matchAll(/(.{0,8})\x1b\[2J/g)) assert.match(before2, /\x1b\[0m$/);
      assert.not.match(text, /\x1b\[H/);
    } finally {
      child.kill('SIGKILL');
      held.stop();
    }
  });

inTerminal('shows a connection that opened and closed between two looks', async () => {
  const terminal = watch([port, '--interval', '3'], { columns: 120 });
  await terminal.until(/1 listening/);
  const brief = connect(port, '127.0.0.1');
  await once(brief, 'connect');
  const { localPort } = brief;
  brief.resetAndDestroy();
  const lines = await terminal.until(new RegExp(`127\\.0\\.0\\.1:${localPort}`));
  assert.match(lines.join('\n'), new RegExp(`^ - *${port} +TCP .*127\\.0\\.0\\.1:${localPort} .*closed before a look`, 'm'));
  terminal.press('q');
  assert.equal(await terminal.ended(), { code: 0, isRestored: true });
});

inTerminal('still takes keys, and ends, when its terminal takes nothing', async () => {
  // Nobody reads what script passes on, so that the terminal is full at some time.
  const line = portowner(['watch', '--interval', '100ms'])
    .map((word) => `'${word}'`)
    .join(' ');
  const child = spawn('script', ['-qec', `stty cols 200 rows 50; ${line}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, TERM: 'xterm', LC_ALL: 'C.UTF-8' },
  });
  const ended = once(child, 'exit');
  for (let i = 0; i < 100; i++) {
    child.stdin.write('\x0c');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.stdin.write('q');
  // Only now is the rest read, for script to end.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  assert.equal(await ended, [0, null]);
  // Without the frames that were left out, it would be a hundred full ones.
  assert.ok(text.length < 300_000, `${text.length} characters`);
});

test.run();
