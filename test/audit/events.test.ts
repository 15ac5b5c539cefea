import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auditEvents, failureEvent } from '../../src/audit/events.ts';
import type { Finding } from '../../src/schema/finding.ts';

const test = suite('what an audit writes to the log');

const finding = (more: Partial<Finding> = {}): Finding => ({
  Kind: 'Opened',
  Severity: 'High',
  FirstSeen: null,
  Endpoint: 'TCP 0.0.0.0:80',
  Owner: 'x',
  Before: null,
  After: 'x',
  Rule: 'r',
  Evidence: null,
  Remedy: null,
  Contact: null,
  Ticket: null,
  Protocol: 'TCP',
  LocalAddress: '0.0.0.0',
  LocalPort: 80,
  ComputerName: 'box',
  ...more,
});

test('an event a finding, and the summary', () => {
  assert.equal(auditEvents([finding({ Ticket: 'CHG-1' }), finding({ Kind: 'Closed', Severity: 'Info' })], [], 'audit of box', true), [
    { id: 101, level: 'Error', text: 'High: Opened TCP 0.0.0.0:80 on box; after: x; rule: r; ticket: CHG-1' },
    { id: 102, level: 'Information', text: 'Info: Closed TCP 0.0.0.0:80 on box; after: x; rule: r' },
    { id: 100, level: 'Warning', text: 'audit of box' },
  ]);
  assert.equal(auditEvents([], [], 'clean', true), [{ id: 100, level: 'Information', text: 'clean' }]);
});

test('at most 100 findings, each of one line and at most 31,000 characters', () => {
  const events = auditEvents(
    Array.from({ length: 500 }, () => finding({ After: `a\r\nb\u001b[31m${'x'.repeat(50_000)}` })),
    [],
    'sum',
    true,
  );
  assert.is(events.length, 101);
  assert.ok(events.every(({ text, id }) => text.length <= 31_000 && !/\p{Cc}/u.test(text) && id >= 1 && id <= 1000));
  assert.is(events.at(-1)!.text, 'sum; this log contains the first 100 findings');
});

test('every kind of finding has an id of its own', () => {
  const kinds = [
    'Opened',
    'Closed',
    'OwnerChanged',
    'PathChanged',
    'UserChanged',
    'AddressChanged',
    'Exposed',
    'BinaryChanged',
    'FileGone',
    'Forbidden',
    'NotAllowed',
    'ExpiredException',
  ];
  const ids = auditEvents(
    kinds.map((Kind) => finding({ Kind })),
    [],
    '',
    true,
  ).map(({ id }) => id);
  assert.is(new Set(ids).size, kinds.length + 1);
  assert.ok(ids.every((id) => Number.isInteger(id)));
});

test('what the audit could not tell is an event of its own, and never mere information', () => {
  const warning = { severity: 'Warning', code: 'PO3002', message: 'not all is known\nof 1 listener', hint: 'Be root.' } as const;
  const error = { severity: 'Error', code: 'PO4203', message: 'damaged' } as const;
  assert.equal(auditEvents([], [warning, error], 'no findings', false), [
    { id: 301, level: 'Warning', text: 'PO3002: not all is known of 1 listener; Be root.' },
    { id: 301, level: 'Error', text: 'PO4203: damaged' },
    { id: 100, level: 'Warning', text: 'no findings' },
  ]);
  assert.equal(failureEvent(error), { id: 302, level: 'Error', text: 'the audit failed: PO4203: damaged' });
  const many = auditEvents(
    Array.from({ length: 500 }, () => finding()),
    Array.from({ length: 50 }, () => warning),
    'sum',
    false,
  );
  assert.equal([many.length, many.filter(({ id }) => id === 301).length, many.at(-1)!.text], [101, 20, 'sum; this log contains the first 80 findings']);
});

test.run();
