import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PortRange } from '../../src/facts/model/facts.ts';
import { reservedNotes } from '../../src/ownership/reserved.ts';
import { facts } from '../support/example.ts';

const test = suite('what keeps a port without a socket');

const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;
const range = (more: Partial<PortRange>): PortRange => ({ kind: 'Excluded', protocol: 'TCP', family: 'IPv4', start: 5000, end: 5099, source: 'netsh', ...more });
const notes = (ranges: PortRange[], port = 5050, urls: string[] = []) =>
  reservedNotes(
    facts([], {
      platform: 'win32',
      sections: { reservedPorts: { ...ok, data: ranges }, dynamicRanges: { ...ok, data: [] }, urlReservations: { ...ok, data: urls.map((url) => ({ url, sddl: null })) } },
    }),
    [{ start: port, end: port }],
    ['TCP', 'UDP'],
  );

const cases: [what: string, ranges: PortRange[], expected: string[]][] = [
  ['excluded', [range({})], ['It is in the range 5000-5099 for TCP IPv4 that is excluded, so that no program can bind it (netsh).']],
  ['excluded for both families', [range({}), range({ family: 'IPv6' })], ['It is in the range 5000-5099 for TCP that is excluded, so that no program can bind it (netsh).']],
  [
    'excluded by an administrator',
    [range({ kind: 'ExcludedAdministered' })],
    ['It is in the range 5000-5099 for TCP IPv4 that an administrator excluded from automatic assignment; a program can still bind the port explicitly (netsh).'],
  ],
  [
    'excluded for good',
    [range({ kind: 'ExcludedPersistent', start: 5050, end: 5050 })],
    ['It is in the range 5050 for TCP IPv4 that is excluded, also after a restart, so that no program can bind it (netsh).'],
  ],
  [
    'reserved for guests',
    [range({ kind: 'ReservedForGuests', protocol: null, family: null })],
    ['It is in the range 5000-5099 that is reserved for virtual machines and WSL, so that no program on this machine can bind it (netsh).'],
  ],
  ['reserved on Linux', [range({ kind: 'Reserved', protocol: null, family: null })], ['It is in the range 5000-5099 that is reserved (netsh).']],
  ['beside the port', [range({ start: 5051 }), range({ end: 5049 })], []],
];
for (const [what, ranges, expected] of cases) test(what, () => assert.equal(notes(ranges), expected));

test('URL reservations on the very port', () => {
  assert.equal(notes([], 80, ['http://+:80/a/', 'http://+:8080/b/', 'https://[::1]:80/c/']), [
    'HTTP.sys may register http://+:80/a/, https://[::1]:80/c/ there; that alone does not hold the port.',
  ]);
});

test.run();
