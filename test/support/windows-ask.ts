// A program for windows.test.ts: puts questions to this Windows machine and says the answers as one line of JSON.
// Its arguments are the questions: `facts:JSON` to gather, `details` for what each process says, or the name of a raw entry.
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memoryOf } from '../../src/facts/decode/windows-memory.ts';
import { decodeProcessDetails, decodeProcesses, type ProcessDetails, type ProcessEntry } from '../../src/facts/decode/windows-processes.ts';
import { gatherWindows } from '../../src/facts/gather/windows.ts';
import type { Detail, Question } from '../../src/facts/model/question.ts';
import { windowsSource } from '../../src/machine/windows/source.ts';

/** A question as JSON carries it. */
export type PlainQuestion = Omit<Question, 'details'> & { readonly details: readonly Detail[] };
export type Details = readonly (ProcessEntry & { readonly details: ProcessDetails })[];

const source = windowsSource([process.execPath, ...process.execArgv, fileURLToPath(new URL('../../src/main.ts', import.meta.url))]);

function details(): Details {
  const { bytes, meta } = source.read('processes');
  const { data } = decodeProcesses(memoryOf(bytes!, meta?.['base'])!);
  return [...data.values()].map((entry) =>
    Object.assign(entry, { details: decodeProcessDetails(source.read(`process/${entry.pid}`, { commandLine: true, workingDirectory: true }).text!) }),
  );
}

function answer(argument: string): unknown {
  if (argument === 'details') return details();
  if (!argument.startsWith('facts:')) return source.read(argument);
  const question = JSON.parse(argument.slice(6)) as PlainQuestion;
  return gatherWindows(source, { ...question, details: new Set(question.details) });
}

writeSync(1, `${JSON.stringify(process.argv.slice(2).map(answer))}\n`);
