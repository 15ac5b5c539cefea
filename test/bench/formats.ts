// What writing rows costs: CLIXML against JSON.stringify of the same rows in the same process, and peak memory as the
// rows become more. Alone: `node build.mjs node test/bench/formats.ts`.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { endpoint } from '../../src/schema/endpoint.ts';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import { loadWriter } from '../../src/formats/formats.ts';
import type { Format } from '../../src/formats/formats.ts';
import { stdoutSink } from '../../src/io/sink.ts';
import { plainColumns } from '../../src/schema/column.ts';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** Rows of a busy server: every socket is another, 300 processes own them, some names are not ASCII. */
export function* endpoints(count: number): Generator<Endpoint> {
  const states = ['Listen', 'Established', 'Established', 'Established', 'TimeWait', 'CloseWait'];
  for (let i = 0; i < count; i++) {
    const process = (i * 7919) % 300;
    const state = states[i % states.length]!;
    const pid = 1000 + process * 4;
    const image = process % 50 === 0 ? `dienst-größe-${process}.exe` : `service${process}.exe`;
    const service = process % 3 === 0;
    const listening = state === 'Listen';
    yield {
      Protocol: i % 11 === 0 ? 'UDP' : 'TCP',
      AddressScope: i % 3 === 0 ? 'Any' : 'Specific',
      LocalAddress: i % 4 === 0 ? `fe80::${hex(i % 65536, 4)}:12ff:fe34:5678%12` : `10.${(i >> 16) % 256}.${(i >> 8) % 256}.${i % 256}`,
      LocalPort: 1 + (i % 65535),
      RemoteAddress: listening ? null : `192.168.${(i >> 8) % 256}.${i % 256}`,
      RemotePort: listening ? null : 1024 + ((i * 31) % 60000),
      RemoteHostName: null,
      Project: null,
      Supervisor: null,
      Ancestors: null,
      FirewallStatus: null,
      FirewallRules: null,
      State: i % 11 === 0 ? null : state,
      OwningProcess: pid,
      ImageName: image,
      Application: image.replace('.exe', ''),
      WorkingDirectory: null,
      Path: `C:\\Program Files\\Company & Sons\\Product\\${image}`,
      CommandLine: `"C:\\Program Files\\Company & Sons\\Product\\${image}" --config C:\\ProgramData\\Product\\config_${process}.json --password *****`,
      UserName: service ? 'NT AUTHORITY\\SYSTEM' : 'CONTOSO\\operator',
      Services: service ? [`Service${process}`, 'Helper'] : null,
      ParentProcess: 700,
      ParentImageName: 'services.exe',
      StartTime: `2026-05-04T08:${String(process % 60).padStart(2, '0')}:11.1234567Z`,
      CreationTime: `2026-05-04T09:12:${String(i % 60).padStart(2, '0')}.${String(i).padStart(7, '0')}Z`,
      PortRange: 'Registered',
      PortService: i % 5 === 0 ? 'https' : null,
      OwnerKind: service ? 'Service' : 'Process',
      Owner: service ? `Service${process} (${image})` : image,
      Holders: i % 20 === 0 ? [pid, pid + 4] : null,
      Reason: i % 10 === 0 ? ['CommandLine: PO3002: access denied; run as administrator'] : null,
      ComputerName: 'SERVER01',
    };
  }
}

async function write(format: Format, rows: Iterable<Endpoint>): Promise<void> {
  const fd = openSync(devNull, 'w');
  const sink = stdoutSink(fd);
  const writer = await loadWriter(format, endpoint, { columns: plainColumns(endpoint), sink, problems: 'auto' });
  for (const row of rows) writer.row(row);
  await writer.end();
  sink.close();
  closeSync(fd);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

export interface Measurement {
  readonly name: string;
  /** What the ratio is to. */
  readonly peer: string;
  readonly ratio: number;
  /** The ratio that must not be exceeded; null for what is only shown. */
  readonly budget: number | null;
}

/** The time of each format, as a ratio to JSON.stringify of the same rows: medians of `rounds` turns side by side. */
export async function measureTime(count = 100_000, rounds = 5, formats: readonly Format[] = ['clixml', 'json', 'csv']): Promise<Measurement[]> {
  const rows = [...endpoints(count)];
  const peer: number[] = [];
  const own = new Map(formats.map((format) => [format, [] as number[]]));
  // The first turn warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    let start = performance.now();
    JSON.stringify(rows);
    if (round > 0) peer.push(performance.now() - start);
    for (const [format, times] of own) {
      start = performance.now();
      await write(format, rows);
      if (round > 0) times.push(performance.now() - start);
    }
  }
  return [...own].map(([format, times]) => ({
    name: `${count} endpoint rows as ${format}`,
    peer: 'JSON.stringify',
    ratio: median(times) / median(peer),
    budget: format === 'clixml' ? 1.2 : null,
  }));
}

/** In KiB. The young generation is kept small, since V8 lets it grow with time, whatever is kept. */
function peakMemory(format: Format, count: number): number {
  const script = `const { writeEndpoints } = await import(${JSON.stringify(import.meta.url)});
    await writeEndpoints(${JSON.stringify(format)}, ${count});
    process.stdout.write(String(process.resourceUsage().maxRSS));`;
  return Number(
    execFileSync(process.execPath, ['--max-semi-space-size=2', '--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', script], { encoding: 'utf8' }),
  );
}

/**
 * Writes generated rows, none of which is kept.
 * @public the child process above imports it
 */
export function writeEndpoints(format: Format, count: number): Promise<void> {
  return write(format, endpoints(count));
}

/** The peak memory of a process that writes four times the rows, as a ratio to one that writes `count`. */
export function measureMemory(count = 100_000, formats: readonly Format[] = ['clixml', 'json', 'csv']): Measurement[] {
  return formats.map((format) => ({
    name: `peak memory for ${4 * count} rows as ${format}`,
    peer: `${count} rows`,
    ratio: peakMemory(format, 4 * count) / peakMemory(format, count),
    budget: format === 'clixml' ? 1.25 : null,
  }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, peer, ratio, budget } of [...(await measureTime()), ...measureMemory()]) {
    process.stdout.write(`${name}: ${ratio.toFixed(2)} × ${peer}${budget === null ? '' : ` (budget ${budget})`}\n`);
  }
}
