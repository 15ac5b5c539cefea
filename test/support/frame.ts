import type { DocumentFrame } from '../../src/formats/writer.ts';

/** What a whole document says besides its rows: as little as possible, unless told otherwise. */
export function frame(more: Partial<DocumentFrame> = {}): DocumentFrame {
  return {
    title: 'Ports',
    rowsTitle: 'Ports',
    question: 'portowner',
    at: '2026-01-02T03:04:05Z',
    exitCode: 0,
    meaning: null,
    headline: null,
    note: null,
    problems: [],
    tables: [],
    nights: [],
    ...more,
  };
}
