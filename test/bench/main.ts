// Holds the budgets: measures side by side, in this run, and prints ratios. Only ratios count; machines differ.
import { existsSync, statSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { nodeBinary, ownNode, root, runtimes } from '../../src/build/runtime.mjs';
import { startCrowd } from './crowd.ts';
import { measureFar } from './far.ts';
import { fleetMissing, measureFleet } from './fleet.ts';
import { measureMemory, measureTime } from './formats.ts';
import { measureGrowth } from './growth.ts';
import { measureHistory } from './history.ts';
import { measureLooks } from './live.ts';
import { compare, type Command, type Comparison } from './measure.ts';
import { measureModule, moduleMissing } from './module.ts';
import { measurePage } from './page.ts';
import { workbookCost } from './workbook.ts';

interface Line {
  readonly what: string;
  readonly seen: string;
  readonly peer: string;
  readonly ratio: number;
  /** The ratio that must not be exceeded; null for what is only shown. */
  readonly budget: number | null;
}

const lines: Line[] = [];
const ms = (value: number): string => `${value.toFixed(0)} ms`;
const mb = (kib: number): string => `${(kib / 1024).toFixed(0)} MB`;

function add(line: Line): void {
  lines.push(line);
  const verdict = line.budget === null ? '' : line.ratio <= line.budget ? ` (budget ${line.budget}: held)` : ` (budget ${line.budget}: NOT HELD)`;
  process.stdout.write(`${line.what}: ${line.seen}, ${line.ratio.toFixed(2)} × ${line.peer}${verdict}\n`);
}

function addWall(what: string, peer: string, { own, peer: other, ratio }: Comparison, budget: number | null): void {
  add({ what, seen: `${ms(own.wall)} against ${ms(other.wall)}`, peer, ratio: ratio.wall, budget });
}

function tool(file: string, ...args: string[]): Command {
  return { file, args };
}

function installed(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
}

const portowner = join(root, 'dist/portowner');
if (!existsSync(portowner)) throw new Error('build first: npm run build');
const node = ownNode();
const bareNode: Command = { file: node, args: ['-e', '0'], env: { PATH: process.env.PATH } };

// A quiet machine: one listener of our own.
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const start = compare(tool(portowner, `${port}`), bareNode, 40);
addWall('portowner PORT, quiet machine', 'bare node', start, 1.65);
add({ what: 'its peak memory', seen: `${mb(start.own.memory)} against ${mb(start.peer.memory)}`, peer: 'bare node', ratio: start.ratio.memory, budget: 1.5 });
server.close();

// 20,000 TCP sockets and 300 processes.
const peers = { ss: installed('ss'), lsof: installed('lsof'), netstat: installed('netstat') };
const crowd = await startCrowd();
try {
  const one = tool(portowner, `${crowd.port}`);
  if (peers.ss) addWall('one listening port among 20,000 sockets and 300 processes, all holders', 'ss -ltnp', compare(one, tool('ss', '-ltnp', `sport = :${crowd.port}`), 15), 1);
  if (peers.lsof) addWall('the same', 'lsof -iTCP:PORT', compare(one, tool('lsof', '-nP', `-iTCP:${crowd.port}`, '-sTCP:LISTEN'), 7), 0.45);
  if (peers.netstat) addWall('the same', 'netstat -ltnp', compare(one, tool('netstat', '-ltnp'), 7), null);
  const all = tool(portowner, '--all', '--protocol', 'tcp', '--format', 'csv');
  if (peers.ss) {
    const everything = compare(all, tool('ss', '-tanp'), 9);
    addWall('all 20,000 sockets with their owners as CSV', 'ss -tanp', everything, 1.3);
    add({ what: 'its peak memory', seen: mb(everything.own.memory), peer: '140 MB', ratio: everything.own.memory / 1024 / 140, budget: 1 });
  }
  if (peers.netstat) addWall('the same', 'netstat -tanp', compare(all, tool('netstat', '-tanp'), 5), null);
} finally {
  await crowd.stop();
}

// Each doubling of sockets at most doubles the time above the start.
const above: number[] = [];
for (const sockets of [5_000, 10_000, 20_000]) {
  const some = await startCrowd({ sockets });
  try {
    const { own, peer } = compare(tool(portowner, '--all', '--protocol', 'tcp', '--format', 'csv'), tool(portowner, '--version'), 7);
    above.push(own.wall - peer.wall);
  } finally {
    await some.stop();
  }
}
above.slice(1).forEach((value, index) => {
  const before = above[index]!;
  add({
    what: `${10_000 * 2 ** index} sockets, time above the start`,
    seen: `${ms(value)} against ${ms(before)}`,
    peer: `${5_000 * 2 ** index} sockets`,
    ratio: value / before,
    budget: 2,
  });
});

// A look, and a whole refresh of the view with it.
const coreShare = 0.3;
if (peers.ss)
  for (const { sockets, own, peer, view } of await measureLooks([200, 2_000, 20_000])) {
    add({
      what: `a look at ${sockets.toLocaleString('en')} sockets, processor time`,
      seen: `${own.toFixed(1)} ms against ${ms(peer)}`,
      peer: 'ss -tinp',
      ratio: own / peer,
      budget: 1,
    });
    add({
      what: `a refresh of the view with ${sockets.toLocaleString('en')} sockets, processor time`,
      seen: `${view.toFixed(1)} ms`,
      peer: '30% of a core, once a second',
      ratio: view / (coreShare * 1000),
      budget: 1,
    });
  }

// Another machine with as many.
for (const line of await measureFar(portowner)) add(line);

// What somebody else may choose the number of.
for (const line of measureGrowth(portowner)) add(line);

// A workbook of 20,000 rows with every column.
const { seconds, megabytes } = workbookCost(20_000);
add({ what: '20,000 rows as a workbook', seen: `${seconds.toFixed(2)} s`, peer: '3 s', ratio: seconds / 3, budget: 1 });
add({ what: 'its peak memory', seen: `${megabytes.toFixed(0)} MB`, peer: '400 MB', ratio: megabytes / 400, budget: 1 });

// The Windows executable.
const exe = join(root, 'dist/portowner.exe');
const nodeExe = nodeBinary(runtimes['win32-x64']);
const own = statSync(exe).size - statSync(nodeExe).size;
add({ what: "the Windows executable's size above its node.exe", seen: `${(own / 1024 / 1024).toFixed(2)} MB`, peer: '2.5 MB', ratio: own / 1024 / 1024 / 2.5, budget: 1 });
const linuxSize = statSync(portowner).size / 1e6;
add({ what: "the Linux executable's size", seen: `${linuxSize.toFixed(1)} MB`, peer: '120 MB', ratio: linuxSize / 120, budget: 1 });
const wine = process.env.PORTOWNER_WINE ?? 'portowner-wine';
if (installed(wine)) {
  // One program stays, so that the Wine server does too.
  const keeper = spawn(wine, [nodeExe, '--disable-warning=ExperimentalWarning', '-e', 'setTimeout(() => {}, 300000)'], { stdio: 'ignore' });
  try {
    addWall("the exe's start under Wine (--version)", 'node.exe -e 0', compare(tool(wine, exe, '--version'), tool(wine, nodeExe, '-e', '0'), 15), 1.25);
  } finally {
    keeper.kill();
  }
} else process.stdout.write('skipped: the start of the Windows executable (no Wine)\n');

const missing = moduleMissing();
if (missing === undefined) for (const line of measureModule()) add(line);
else process.stdout.write(`skipped: the PowerShell module (${missing})\n`);

for (const { name, peer, ratio, budget } of [...(await measureTime()), ...measureMemory()]) add({ what: name, seen: 'in one process', peer, ratio, budget });

for (const { name, ...line } of measureHistory()) add({ what: name, ...line });

if (fleetMissing !== null) process.stdout.write(`skipped: a fleet in a database (${fleetMissing})\n`);
else for (const { name, ...line } of await measureFleet((text) => process.stdout.write(text))) add({ what: name, ...line });

// A second, and a fifth of one, are what people take for at once.
const page = await measurePage();
if (page === null) process.stdout.write('skipped: the HTML page (no Chromium)\n');
else {
  add({ what: 'the HTML page of 20,000 rows', seen: `${(page.bytes / 1e6).toFixed(2)} MB`, peer: '2 MB', ratio: page.bytes / 2e6, budget: 1 });
  for (const { name, milliseconds, budget } of page.times)
    add({
      what: `the HTML page of 20,000 rows: ${name}`,
      seen: `${milliseconds.toFixed(1)} ms`,
      peer: budget === null ? '1 ms' : `${budget} ms`,
      ratio: milliseconds / (budget ?? 1),
      budget: budget === null ? null : 1,
    });
}

const held = (line: Line): string => (line.budget === null ? '' : line.ratio <= line.budget ? 'yes' : '**no**');
process.stdout.write(`\n| what | seen | ratio | to | budget | held |\n|---|---|---|---|---|---|\n`);
for (const line of lines)
  process.stdout.write(`| ${line.what.replaceAll('|', '\\|')} | ${line.seen} | ${line.ratio.toFixed(2)} | ${line.peer} | ${line.budget ?? ''} | ${held(line)} |\n`);
process.exitCode = lines.some((line) => line.budget !== null && line.ratio > line.budget) ? 1 : 0;
