import { loadWriter } from '../formats/formats.ts';
import type { RowWriter } from '../formats/writer.ts';
import type { Sink } from '../io/sink.ts';
import { exit, PortOwnerError, type ExitCode } from '../schema/problems.ts';
import { problemRow } from '../schema/problem.ts';

/** Runs a command without rows, and writes in CLIXML what it tells, even the error that ends it: for the PowerShell module. */
export async function reportInRows(
  sink: Sink,
  stream: boolean,
  work: (writer: RowWriter) => Promise<ExitCode>,
): Promise<ExitCode> {
  const writer = await loadWriter('clixml', problemRow, {
    columns: problemRow.columns,
    sink,
    problems: 'rows',
    stream,
  });
  const exitCode = await work(writer).catch((error: unknown) => {
    const ending = endingProblem(error);
    writer.problem(ending.problem);
    return ending.exitCode;
  });
  await writer.end();
  sink.close();
  return exitCode;
}

/** The error that ended a command, where it can be told as a row. */
export function endingProblem(error: unknown): PortOwnerError {
  if (error instanceof PortOwnerError && error.exitCode !== exit.defect) return error;
  throw error;
}
