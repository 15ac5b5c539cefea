import fc from 'fast-check';
import { loadWriter } from '../../src/formats/formats.ts';
import type { Format } from '../../src/formats/formats.ts';
import type { WriterOptions } from '../../src/formats/writer.ts';
import type { Problem } from '../../src/schema/problems.ts';
import { plainColumns, type AnyRow, type RowSchema } from '../../src/schema/column.ts';

/** A schema with a column of every type. */
export const sample = {
  typeName: 'PortOwner.Sample',
  columns: [
    { name: 'Port', type: 'uint16', importance: 1, description: '' },
    { name: 'Process', type: 'uint32', importance: 2, description: '' },
    { name: 'Offset', type: 'int32', importance: 6, description: '' },
    { name: 'Owner', type: 'text', importance: 1, description: '' },
    { name: 'State', type: 'text', importance: 4, description: '' },
    { name: 'Elevated', type: 'boolean', importance: 5, description: '' },
    { name: 'Start', type: 'date', importance: 7, description: '' },
    { name: 'Services', type: 'texts', importance: 8, description: '' },
    { name: 'Holders', type: 'uint32s', importance: 9, description: '' },
    { name: 'Id', type: 'int32', liveAliasOf: 'Process', description: '' },
  ],
} as const satisfies RowSchema;

export const full: AnyRow = {
  Port: 443,
  Process: 4_000_000_000,
  Offset: -7,
  Owner: 'W3SVC (svchost.exe)',
  State: 'Listen',
  Elevated: true,
  Start: '2026-05-04T08:09:11.1234567Z',
  Services: ['W3SVC', 'WAS'],
  Holders: [4, 1000],
  Id: 1000,
};

export const empty: AnyRow = {
  Port: null,
  Process: null,
  Offset: null,
  Owner: null,
  State: null,
  Elevated: null,
  Start: null,
  Services: null,
  Holders: null,
};

export const problem: Problem = { severity: 'Warning', code: 'PO3002', message: 'some are hidden', hint: 'Run as root.', target: 'pid 4' };

/** What a writer writes, and what it had written at each flush. */
export async function written(format: Format, schema: RowSchema, items: readonly (AnyRow | Problem)[], options: Partial<Omit<WriterOptions, 'sink'>> = {}) {
  let text = '';
  const flushed: string[] = [];
  const sink = {
    write: (more: string) => {
      text += more;
    },
    flush: () => {
      flushed.push(text);
    },
  };
  const columns = plainColumns(schema);
  const writer = await loadWriter(format, schema, { columns, problems: 'auto', sink, ...options });
  for (const item of items) {
    if (isProblem(item)) writer.problem(item);
    else writer.row(item);
  }
  await writer.end();
  return { text, flushed, writer };
}

function isProblem(item: AnyRow | Problem): item is Problem {
  return 'severity' in item;
}

const units = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0, max: 0xff }),
  // What is special to one of the formats: separators, quotes, escapes, formulas, controls, bidi, surrogates, wide and combining characters.
  fc.constantFrom(
    ...[...'_xX0041\\<>&"\',;=+-@\t\r\n \x1b\x7f\x85\u00a0\u0301\u200d\u202e\u2028\u2066\ufe0f\ufeff\uff1d\ufffe\uffff漢한é👍🏽'].flatMap((text) =>
      [...Array(text.length).keys()].map((i) => text.charCodeAt(i)),
    ),
  ),
);

/** Any text at all, lone surrogates included, most of it awkward. */
export const hostileText = fc.array(units, { maxLength: 40 }).map((codes) => String.fromCharCode(...codes));

export const hostileRow: fc.Arbitrary<AnyRow> = fc.record({
  Port: fc.option(fc.integer({ min: 0, max: 0xffff })),
  Process: fc.option(fc.integer({ min: 0, max: 0xffff_ffff })),
  Offset: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  Owner: fc.option(hostileText),
  State: fc.option(hostileText),
  Elevated: fc.option(fc.boolean()),
  Start: fc.option(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString())),
  Services: fc.option(fc.array(hostileText, { maxLength: 3 })),
  Holders: fc.option(fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 3 })),
});
