/**
 * What an answer about a far machine with 20,000 sockets costs when what it said has arrived. Alone:
 * `node build.mjs node test/bench/far.ts`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../src/build/runtime.mjs';
import { startCrowd } from './crowd.ts';
import { plain, pwsh } from '../support/powershell.ts';
import { median } from './measure.ts';
import { moduleMissing } from './module.ts';

export interface FarLine {
  readonly what: string;
  readonly seen: string;
  readonly peer: string;
  readonly ratio: number;
  readonly budget: number;
}

const sockets = 20_000;
const rounds = 9;

/** Milliseconds from the start of a program to the first thing that it says. */
async function firstRow(file: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const time = performance.now() - start;
  child.stdout.resume();
  await once(child, 'close');
  return time;
}

/** What the collector says of this machine, which has a crowd. */
function linuxCollection(): { text: Buffer; time: number } {
  const start = performance.now();
  const { stdout } = spawnSync('sh', ['-s'], { input: readFileSync(join(root, 'ps/Collector/collect.sh')), maxBuffer: 1e9 });
  return { text: stdout, time: performance.now() - start };
}

/** As many sockets on Windows, of 300 processes. */
function windowsCollection(): Buffer {
  const rows = (count: number, row: (index: number) => string): string => Array.from({ length: count }, (_, index) => ` ${row(index)}\n`).join('');
  const text = `#PortOwner.Collection 1 plain
@machine
 platform win32
 name CROWD
 release 10.0.26100
 architecture AMD64
 elevated true
 at 2026-01-02T03:04:05Z
@cim/tcp
${rows(sockets, (i) => `10.0.${i >> 8}.${i & 255},${1024 + i},192.0.2.9,443,5,${1000 + (i % 300)},134000000000000000`)}@cim/udp
@cim/processes
${rows(300, (i) => `${1000 + i},4,"service${i}.exe","C:\\Program Files\\Vendor\\service${i}.exe",134000000000000000,""`)}@accounts
${rows(300, (i) => `${1000 + i},"NT AUTHORITY\\SYSTEM"`)}@cim/services
${rows(300, (i) => `"service${i}","Service ${i}",${1000 + i},Running,Own Process`)}#End
`;
  return Buffer.from(`#PortOwner.Collection 1 gzip\n${gzipSync(text).toString('base64')}\n#End\n`);
}

/** Milliseconds to the first row that the module gives of what a far machine sent; null where it cannot be measured. */
function moduleRows(file: string): number | null {
  if (moduleMissing() !== undefined) return null;
  const script = join(root, 'test/bench/far.ps1');
  const result = spawnSync(pwsh!, [...plain, '-File', script, '-Module', join(root, 'dist/PortOwner'), '-Facts', file, '-Rounds', '5'], {
    encoding: 'utf8',
    env: { ...process.env, PORTOWNER_EXE: '' },
  });
  if (result.status !== 0) throw new Error(`pwsh failed: ${result.stderr || result.stdout}`);
  return median(result.stdout.trim().split('\n').map(Number));
}

export async function measureFar(portowner: string): Promise<FarLine[]> {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-far-'));
  const crowd = await startCrowd({ sockets });
  try {
    const { text, time } = linuxCollection();
    const machines: [string, Buffer, string][] = [
      ['Linux', text, `; collected in ${time.toFixed(0)} ms`],
      ['Windows', windowsCollection(), ''],
    ];
    const lines: FarLine[] = [];
    for (const [name, sent, more] of machines) {
      const file = join(folder, `${name}.txt`);
      writeFileSync(file, sent);
      const times: number[] = [];
      for (let round = 0; round <= rounds; round++) times.push(await firstRow(portowner, ['--all', '--format', 'csv', '--from', file]));
      const wall = median(times.slice(1));
      const size = (sent.length / 1024).toFixed(0);
      lines.push({
        what: `the first of ${sockets} sockets of a far machine (${name}), when what it said has arrived`,
        seen: `${wall.toFixed(0)} ms (${size} KB over the wire${more})`,
        peer: '1 s',
        ratio: wall / 1000,
        budget: 1,
      });
      const module = moduleRows(file);
      if (module !== null)
        lines.push({
          what: `the same through the PowerShell module (${name})`,
          seen: `${module.toFixed(0)} ms`,
          peer: '1 s',
          ratio: module / 1000,
          budget: 1,
        });
    }
    return lines;
  } finally {
    await crowd.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename)
  for (const { what, seen, ratio, budget } of await measureFar(join(root, 'dist/portowner'))) process.stdout.write(`${what}: ${seen}, ${ratio.toFixed(2)} of ${budget}\n`);
