/**
 * The processor time of one look at the sockets of a crowd, with owners, counters, rates, and changes, beside one run of
 * `ss -tinp`. `node test/bench/live.ts looks LOOKS` prints it in milliseconds, with a connection that opens and one that
 * closes between the looks, so that each one searches for owners. `refreshes` instead of `looks`: the processor time from
 * one look of the view to the next, with sorting by traffic, drawing, and writing a screen of 200×50.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ownNode } from '../../src/build/runtime.mjs';
import { changes } from '../../src/live/changes.ts';
import { lookAtAll, startLooking } from '../../src/live/looker.ts';
import { rates } from '../../src/live/rates.ts';
import { runView } from '../../src/live/screen/view.ts';
import type { Screen } from '../../src/system/screen.ts';
import { liveLooks } from '../../src/machine/live.ts';
import { startCrowd } from './crowd.ts';
import { median, runOnce } from './measure.ts';

const script = fileURLToPath(import.meta.url);
const warmUp = 5;
/** Rounds of measuring this program and then its peer, so that a busy moment meets both. */
const rounds = 3;
const runsEach = 6;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A server, and a step after which another connection to it is open, and the one before closed. */
async function changing(): Promise<{ step: () => Promise<void>; stop: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let last: Socket | undefined;
  return {
    async step() {
      const client = connect(port, '127.0.0.1');
      await once(client, 'connect');
      last?.destroy();
      last = client;
    },
    stop() {
      last?.destroy();
      server.close();
    },
  };
}

const processorTime = (start?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};

async function looks(count: number): Promise<number> {
  const { step, stop } = await changing();
  const looker = await startLooking(await liveLooks(), { ...lookAtAll, protocols: ['TCP'] });
  let before = await looker.look();
  const times: number[] = [];
  for (let turn = 0; turn < warmUp + count; turn++) {
    await step();
    const start = process.cpuUsage();
    const after = await looker.look();
    rates(before, after);
    changes(before, after);
    if (turn >= warmUp) times.push(processorTime(start));
    before = after;
  }
  looker.close();
  stop();
  return mean(times);
}

/** A terminal of 200×50 that takes everything at once. */
function nullScreen(isListening: (press: (name: string) => void) => void): Screen {
  const file = openSync('/dev/null', 'w');
  return {
    columns: 200,
    rows: 50,
    colors: true,
    unicode: true,
    isBusy: false,
    write: (text) => void writeSync(file, text),
    listen: ({ key }) => isListening((name) => key({ name, sequence: name, ctrl: false, meta: false, shift: false })),
    leave() {},
    enter() {},
    suspend() {},
    close() {},
  };
}

async function refreshes(count: number): Promise<number> {
  const { step, stop } = await changing();
  const looker = await startLooking(await liveLooks(), { ...lookAtAll, protocols: ['TCP'] });
  let turn = 0;
  /** The time between the looks that are measured, without that of the steps. */
  let measured = 0;
  let since: NodeJS.CpuUsage | undefined;
  await runView({
    screen: nullScreen((press) => setTimeout(() => press('t'), 0)),
    async look(wanted) {
      if (since !== undefined) measured += processorTime(since);
      await step();
      since = turn++ < warmUp ? undefined : process.cpuUsage();
      return looker.look(wanted);
    },
    interval: 0,
    // The last one is not measured: no look follows it.
    count: warmUp + count + 1,
    lasting: null,
    title: '',
    details: async () => [],
    stop: null,
    write: async () => '',
    exists: () => false,
  });
  looker.close();
  stop();
  return measured / count;
}

/** The processor time of a look or a refresh, in milliseconds, measured in a process of its own. */
function measureOwn(what: 'looks' | 'refreshes'): number {
  const { stdout, stderr } = spawnSync(ownNode(), ['--disable-warning=ExperimentalWarning', script, what, '20'], { encoding: 'utf8', timeout: 120_000 });
  const time = Number(stdout);
  if (!(time > 0)) throw new Error(`the looks could not be measured: ${stderr}`);
  return time;
}

interface Refresh {
  readonly sockets: number;
  /** Milliseconds of processor time. */
  readonly own: number;
  readonly peer: number;
  /** A whole refresh of the view. */
  readonly view: number;
}

/** Measures with crowds of these sizes. */
export async function measureLooks(sizes: readonly number[]): Promise<Refresh[]> {
  const found: Refresh[] = [];
  for (const sockets of sizes) {
    const crowd = await startCrowd({ sockets });
    try {
      const own: number[] = [];
      const peer: number[] = [];
      const view: number[] = [];
      for (let round = 0; round < rounds; round++) {
        own.push(measureOwn('looks'));
        view.push(measureOwn('refreshes'));
        for (let run = 0; run < runsEach; run++) peer.push(runOnce({ file: 'ss', args: ['-tinp'] }).cpu);
      }
      // The system counts the processor time of a process in steps that are about as long as a run of ss.
      found.push({ sockets, own: median(own), peer: mean(peer), view: median(view) });
    } finally {
      await crowd.stop();
    }
  }
  return found;
}

if (process.argv[1] === script) {
  const [, , what, count] = process.argv;
  process.stdout.write(String(await (what === 'looks' ? looks : refreshes)(Number(count))));
  process.exit();
}
