// What the PowerShell module costs, where there is a PowerShell. Alone: `node build.mjs node test/bench/module.ts`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';
import { noPowerShell, plain, pwsh as shell } from '../support/powershell.ts';
import { connection, facts, process as processFact } from '../support/example.ts';
import { median } from './measure.ts';

/** One line of the table of budgets. */
export interface ModuleLine {
  readonly what: string;
  readonly seen: string;
  readonly peer: string;
  readonly ratio: number;
  readonly budget: number;
}

interface Measured {
  readonly alone: number;
  readonly function: number;
  readonly above: number;
  readonly rate: number;
  readonly lead: number;
  readonly count: number;
}

const windows = process.platform === 'win32';
const module = join(root, 'dist/PortOwner');
const executable = join(module, 'bin', windows ? 'portowner.exe' : 'portowner');
const script = join(root, 'test/bench/module.ps1');
const env = { ...process.env, PORTOWNER_EXE: '' };

function pwsh(...args: string[]): string {
  const result = spawnSync(shell!, [...plain, ...args], { encoding: 'utf8', env, maxBuffer: 1e8 });
  if (result.status !== 0) throw new Error(`pwsh failed: ${result.stderr || result.stdout}`);
  return result.stdout;
}

/** Facts about 20,000 connections of 300 processes. */
function snapshot(): string {
  const sockets = Array.from({ length: 20_000 }, (_, i) =>
    connection({ localPort: 1024 + (i % 60_000), localAddress: `10.0.${(i >> 8) & 255}.${i & 255}`, remoteAddress: '192.0.2.9', remotePort: 443, pid: 1000 + (i % 300) }),
  );
  return JSON.stringify(facts(sockets, { processes: Array.from({ length: 300 }, (_, i) => processFact({ pid: 1000 + i, imageName: `service-${i}` })) }));
}

/** How many processes `1..200 | Get-PortOwner` starts: a program in the executable's place notes each of them. */
function starts(folder: string): number {
  const stub = join(folder, windows ? 'stub.cmd' : 'stub');
  const log = join(folder, 'starts');
  writeFileSync(stub, windows ? `@echo start>>"${log}"\r\n@"${executable}" %*\r\n` : `#!/bin/sh\necho start >> '${log}'\nexec '${executable}' "$@"\n`, { mode: 0o755 });
  pwsh('-Command', `Import-Module '${module}'; $env:PORTOWNER_EXE = '${stub}'; $null = 1..200 | Get-PortOwner -WarningAction Ignore`);
  return readFileSync(log, 'utf8').trim().split('\n').length;
}

/** Why the module cannot be measured here, if it cannot. */
export function moduleMissing(): string | undefined {
  if (!existsSync(executable)) return 'dist/PortOwner is not built';
  return shell === null ? noPowerShell : undefined;
}

export function measureModule(): ModuleLine[] {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-bench-'));
  try {
    const file = join(folder, 'snapshot.json');
    writeFileSync(file, snapshot());
    const imports = Array.from({ length: 9 }, () => Number(pwsh('-File', script, '-Module', module, '-Import')));
    const seen = JSON.parse(pwsh('-File', script, '-Module', module, '-Executable', executable, '-Snapshot', file)) as Measured;
    const started = starts(folder);
    const ms = (value: number): string => `${value.toFixed(0)} ms`;
    return [
      {
        what: 'Get-PortOwner PORT in a running PowerShell, above the executable alone',
        seen: `${ms(seen.above)} (${ms(seen.function)} against ${ms(seen.alone)})`,
        peer: '30 ms',
        ratio: seen.above / 30,
        budget: 1,
      },
      {
        what: `${seen.count} rows to the pipeline, from the first to the last`,
        seen: `${seen.rate.toFixed(0)} rows/s, the last one ${ms(seen.lead)} after the first`,
        peer: 'the time at 40,000 rows/s',
        ratio: 40_000 / seen.rate,
        budget: 1,
      },
      { what: 'processes that 1..200 | Get-PortOwner starts', seen: `${started}`, peer: 'one', ratio: started, budget: 1 },
      { what: 'Import-Module PortOwner', seen: ms(median(imports)), peer: '90 ms', ratio: median(imports) / 90, budget: 1 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const missing = moduleMissing();
  const lines = missing === undefined ? measureModule() : [];
  if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);
  for (const { what, seen, peer, ratio, budget } of lines)
    process.stdout.write(`${what}: ${seen}, ${ratio.toFixed(2)} × ${peer} (budget ${budget}: ${ratio <= budget ? 'held' : 'NOT HELD'})\n`);
  process.exitCode = lines.some(({ ratio, budget }) => ratio > budget) ? 1 : 0;
}
