import { loadWriter } from '../formats/formats.ts';
import type { RowWriter } from '../formats/writer.ts';
import type { Sink } from '../io/sink.ts';
import { exit, PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import { problemRow } from '../schema/problem.ts';
import type { Words } from './module-calls.ts';

/** For the PowerShell module: runs a command without rows, and writes its messages, even a final error, as CLIXML. */
export async function reportInRows(
  sink: Sink,
  { stream, words }: { readonly stream: boolean; readonly words: Words },
  work: (writer: RowWriter, warn: (problem: Problem) => void) => Promise<ExitCode>,
): Promise<ExitCode> {
  const problems: Problem[] = [];
  const writer = await loadWriter('clixml', problemRow, {
    columns: problemRow.columns,
    sink,
    problems: 'rows',
    stream,
  });
  const exitCode = await work(writer, (problem) => problems.push(problem)).catch((error: unknown) => {
    const ending = endingProblem(error);
    problems.push(ending.problem);
    return ending.exitCode;
  });
  const { problemInPowerShell } = await import('./module-answer.ts');
  for (const problem of problems) writer.problem(await problemInPowerShell(problem, words));
  await writer.end();
  sink.close();
  return exitCode;
}

/** The error that ended a command, if it can be reported as a row. */
export function endingProblem(error: unknown): PortOwnerError {
  if (error instanceof PortOwnerError && error.exitCode !== exit.defect) return error;
  throw error;
}
