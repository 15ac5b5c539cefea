import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auditEvents } from '../../src/audit/events.ts';
import type { Finding } from '../../src/schema/finding.ts';

const test = suite('what an audit writes to the log');

const finding = (more: Partial<Finding> = {}): Finding => ({
  Kind: 'Opened', Severity: 'High', Endpoint: 'TCP 0.0.0.0:80', Before: null, After: 'x', Rule: 'r', Evidence: null, Remedy: null, FirstSeen: null,
  Contact: null, Ticket: null, Protocol: 'TCP', LocalAddress: '0.0.0.0', LocalPort: 80, ComputerName: 'box', ...more,
});

test('an event a finding, and the summary', () => {
  assert.equal(auditEvents([finding({ Ticket: 'CHG-1' }), finding({ Kind: 'Closed', Severity: 'Info' })], 'audit of box'), [
    { id: 101, level: 'Error', text: 'High: Opened TCP 0.0.0.0:80 on box; after: x; rule: r; ticket: CHG-1' },
    { id: 102, level: 'Information', text: 'Info: Closed TCP 0.0.0.0:80 on box; after: x; rule: r' },
    { id: 100, level: 'Warning', text: 'audit of box' },
  ]);
  assert.equal(auditEvents([], 'clean'), [{ id: 100, level: 'Information', text: 'clean' }]);
});

test('at most 100 findings, each of one line and at most 31,000 characters', () => {
  const events = auditEvents(Array.from({ length: 500 }, () => finding({ After: `a\r\nb\u001b[31m${'x'.repeat(50_000)}` })), 'sum');
  assert.is(events.length, 101);
  assert.ok(events.every(({ text, id }) => text.length <= 31_000 && !/\p{Cc}/u.test(text) && id >= 1 && id <= 1000));
  assert.is(events.at(-1)!.text, 'sum; the first 100 findings are in this log');
});

test('every kind of finding has an id of its own', () => {
  const kinds = ['Opened', 'Closed', 'OwnerChanged', 'PathChanged', 'UserChanged', 'AddressChanged', 'Exposed', 'BinaryChanged', 'FileGone', 'Forbidden', 'NotAllowed', 'ExpiredException'];
  const ids = auditEvents(kinds.map((Kind) => finding({ Kind })), '').map(({ id }) => id);
  assert.is(new Set(ids).size, kinds.length + 1);
  assert.ok(ids.every((id) => Number.isInteger(id)));
});

test.run();
