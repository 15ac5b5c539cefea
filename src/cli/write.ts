import { fileSink, type Sink } from '../io/sink.ts';
import type { Surroundings } from '../system/surroundings.ts';

/** Writes to a file atomically, or to standard output. */
export function writeTo(
  path: string | undefined,
  { output }: Pick<Surroundings, 'output'>,
  work: (sink: Sink) => void,
): void {
  const sink = path === undefined ? output() : fileSink(path);
  try {
    work(sink);
    sink.close();
  } catch (error) {
    sink.abort();
    throw error;
  }
}
