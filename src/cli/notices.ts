import type { RowWriter } from '../formats/writer.ts';
import type { Report } from '../schema/problems.ts';

/** Reports in rows; progress reaches the reader at once. */
export function reportTo(writer: RowWriter): Report {
  return (severity, message) => {
    writer.problem({ severity, message });
    if (severity === 'Progress') void writer.flush();
  };
}
