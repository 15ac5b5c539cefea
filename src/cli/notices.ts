import type { RowWriter } from '../formats/writer.ts';
import { sanitize } from '../io/sanitize.ts';
import type { Surroundings } from '../system/surroundings.ts';
import type { Report } from '../schema/problems.ts';

/** Reports in rows; progress reaches the reader at once. */
export function reportTo(writer: RowWriter): Report {
  return (severity, message) => {
    writer.problem({ severity, message });
    if (severity === 'Progress') void writer.flush();
  };
}

/** Reports on standard error for a person: the progress of a single command is of no use there. */
export function toStandardError(error: Surroundings['error']): Report {
  return (severity, message) => {
    if (severity !== 'Progress') error(`portowner: ${sanitize(message)}\n`);
  };
}
