/**
 * The processor time of one look at the sockets of a crowd, with owners, counters, rates, and changes, beside one run of
 * `ss -tinp`. `node test/bench/live.ts LOOKS` prints it in milliseconds, with a connection that opens and one that closes
 * between the looks, so that each one searches for owners.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ownNode } from '../../src/build/runtime.mjs';
import { changes } from '../../src/live/changes.ts';
import { lookAtAll, startLooking } from '../../src/live/looker.ts';
import { rates } from '../../src/live/rates.ts';
import { liveLooks } from '../../src/machine/live.ts';
import { startCrowd } from './crowd.ts';
import { median, runOnce } from './measure.ts';

const script = fileURLToPath(import.meta.url);
const warmUp = 5;
/** Rounds of measuring this program and then its peer, so that a busy moment meets both. */
const rounds = 3;
const runsEach = 6;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function looks(count: number): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const looker = await startLooking(await liveLooks(), { ...lookAtAll, protocols: ['TCP'] });
  let before = await looker.look();
  let last: Socket | undefined;
  const times: number[] = [];
  for (let turn = 0; turn < warmUp + count; turn++) {
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    last?.destroy();
    last = client;
    const start = process.cpuUsage();
    const after = await looker.look();
    rates(before, after);
    changes(before, after);
    const { user, system } = process.cpuUsage(start);
    if (turn >= warmUp) times.push((user + system) / 1000);
    before = after;
  }
  last?.destroy();
  looker.close();
  server.close();
  return mean(times);
}

/** The processor time of a look, in milliseconds, measured in a process of its own. */
function measureOwn(): number {
  const { stdout, stderr } = spawnSync(ownNode(), ['--disable-warning=ExperimentalWarning', script, '20'], { encoding: 'utf8', timeout: 120_000 });
  const time = Number(stdout);
  if (!(time > 0)) throw new Error(`the looks could not be measured: ${stderr}`);
  return time;
}

interface Refresh {
  readonly sockets: number;
  /** Milliseconds of processor time. */
  readonly own: number;
  readonly peer: number;
}

/** Measures with crowds of these sizes. */
export async function measureLooks(sizes: readonly number[]): Promise<Refresh[]> {
  const found: Refresh[] = [];
  for (const sockets of sizes) {
    const crowd = await startCrowd({ sockets });
    try {
      const own: number[] = [];
      const peer: number[] = [];
      for (let round = 0; round < rounds; round++) {
        own.push(measureOwn());
        for (let run = 0; run < runsEach; run++) peer.push(runOnce({ file: 'ss', args: ['-tinp'] }).cpu);
      }
      // The system counts the processor time of a process in steps that are about as long as a run of ss.
      found.push({ sockets, own: median(own), peer: mean(peer) });
    } finally {
      await crowd.stop();
    }
  }
  return found;
}

if (process.argv[1] === script) {
  process.stdout.write(String(await looks(Number(process.argv[2]))));
  process.exit();
}
