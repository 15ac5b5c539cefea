// What a workbook of 20,000 rows with every column costs: seconds and peak memory, each in a process of its own. Alone:
// `node build.mjs node test/bench/workbook.ts`.
import { execFileSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWriter } from '../../src/formats/formats.ts';
import { fileSink } from '../../src/io/sink.ts';
import { plainColumns } from '../../src/schema/column.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { frame } from '../support/frame.ts';
import { endpoints } from './formats.ts';

/**
 * Writes generated rows as a workbook, and gives how long that took in milliseconds.
 * @public the child process below imports it
 */
export async function writeWorkbook(path: string, count: number): Promise<number> {
  const rows = [...endpoints(count)];
  const start = performance.now();
  const sink = fileSink(path);
  const writer = await loadWriter('xlsx', endpoint, { columns: plainColumns(endpoint), sink, problems: 'auto', frame: frame({ question: 'portowner --all' }) });
  for (const row of rows) writer.row(row);
  await writer.end();
  sink.close();
  return performance.now() - start;
}

export interface Cost {
  readonly seconds: number;
  /** Seconds of the processor, of the whole process: other work of the machine does not count. */
  readonly processor: number;
  readonly megabytes: number;
  /** Of the file. */
  readonly size: number;
}

/** What it costs to write so many rows. */
export function workbookCost(count: number): Cost {
  const path = join(tmpdir(), `portowner-bench-${process.pid}.xlsx`);
  const script = `const { writeWorkbook } = await import(${JSON.stringify(import.meta.url)});
    const time = await writeWorkbook(${JSON.stringify(path)}, ${count});
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    process.stdout.write(JSON.stringify([time, maxRSS, userCPUTime + systemCPUTime]));`;
  try {
    const text = execFileSync(process.execPath, ['--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', script], { encoding: 'utf8' });
    const [time, memory, cpu] = JSON.parse(text) as [number, number, number];
    return { seconds: time / 1000, processor: cpu / 1e6, megabytes: memory / 1024, size: statSync(path).size };
  } finally {
    rmSync(path, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const count of [1_000, 20_000, 20_001, 100_000]) {
    const { seconds, processor, megabytes, size } = workbookCost(count);
    process.stdout.write(
      `${count} rows as a workbook: ${seconds.toFixed(2)} s, ${processor.toFixed(2)} s of the processor, ${megabytes.toFixed(0)} MB, a file of ${(size / 1e6).toFixed(2)} MB\n`,
    );
  }
}
