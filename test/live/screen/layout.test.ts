import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { arrange } from '../../../src/live/screen/arrange.ts';
import { listeningPorts } from '../../../src/live/screen/groups.ts';
import { keyHelp, type Key } from '../../../src/live/screen/keys.ts';
import { viewFrame, pageOf } from '../../../src/live/screen/layout.ts';
import { barsOf, bytesText, millisecondsText } from '../../../src/live/screen/text.ts';
import { firstScene, nextScene } from '../../../src/live/screen/scene.ts';
import { initialState, press, selectionOf, settled } from '../../../src/live/screen/state.ts';
import { wrapLine } from '../../../src/live/screen/details.ts';
import type { LiveSocket } from '../../../src/live/look.ts';
import { liveSocket, lookAt } from '../../support/live-screen.ts';

const test = suite('layout of the view');

/** A line without its styles. */
const plain = (line: string): string => line.replaceAll(/\x1b\[[\d;]*m/g, '');

const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('node', 'nginx', '日本語のサーバー', '\x1b]0;owned\x07', '👩‍👩‍👧‍👦'.repeat(9), 'a\u202eb'));
const count = fc.oneof(fc.constant(null), fc.nat(), fc.double({ min: 0, max: 1e18, noNaN: true }));
const socket: fc.Arbitrary<LiveSocket> = fc
  .record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    localAddress: fc.constantFrom('0.0.0.0', '::', 'fe80::1234:5678:9abc:def0%a-long-interface'),
    localPort: fc.nat(65535),
    remoteAddress: fc.constantFrom(null, '10.0.0.1', '2001:db8:1111:2222:3333:4444:5555:6666', '::ffff:1.2.3.4'),
    remotePort: fc.oneof(fc.constant(null), fc.nat(65535)),
    state: fc.constantFrom(null, 'Listen', 'Established', 'TimeWait'),
    owner: fc.record({
      pid: fc.oneof(fc.constant(null), fc.nat()),
      imageName: fc.oneof(fc.constant(null), name),
      application: fc.oneof(fc.constant(null), name),
      owner: name,
    }) as fc.Arbitrary<{
      imageName: string;
    }>,
    counters: fc.record({ sent: count, received: count, roundTrip: count, retransmits: count, receiveQueue: count, sendQueue: count, drops: count }),
    reason: fc.oneof(fc.constant(null), name),
  })
  .map(liveSocket);
const keys: readonly Key[] = [
  ...'qjkgGahlpetrfxcyw /?<>é日1 ',
  'up down left right pageup pagedown home end enter escape backspace tab shift+tab f1 delete ctrl+b ctrl+f ctrl+u ctrl+d ctrl+w ctrl+c ctrl+z'.split(' '),
].flat();
const size = fc.record({
  columns: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1, 2, 40, 80)),
  rows: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(1, 2, 3, 10, 24)),
  colors: fc.boolean(),
  unicode: fc.boolean(),
});

test('whatever the sockets, keys, and sizes are, a frame fills the screen exactly', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(socket, { maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.constantFrom(...keys), { maxLength: 30 }),
      fc.array(size, { minLength: 1, maxLength: 3 }),
      (looks, pressed, sizes) => {
        let scene = firstScene(lookAt(0, looks[0]!));
        looks.slice(1).forEach((sockets, i) => (scene = nextScene(scene, lookAt(i + 1, sockets))));
        let state = initialState;
        let seen = {};
        for (const [i, key] of ['', ...pressed].entries()) {
          const now = sizes[i % sizes.length]!;
          if (key !== '') state = press(state, key, { rows: arrange(scene, selectionOf(state)), page: pageOf(now.rows), most: 3, listening: listeningPorts(scene) }).state;
          const rows = arrange(scene, selectionOf(state));
          state = settled(state, { rows, page: pageOf(now.rows) });
          const frame = viewFrame(
            {
              state,
              scene: i % 7 === 6 ? null : scene,
              rows,
              seen,
              details: i % 2 === 0 ? null : wrapLine('Owner : 日本 \x1b[2J x'.repeat(20), now.columns),
              gaps: i % 3 === 0 ? [] : ['The owner of 3 sockets cannot be seen: \x1b[2J needs root.'],
              note: i % 5 === 0 ? 'A note that is longer than a narrow screen has room for.' : null,
              title: '443',
            },
            now,
          );
          seen = frame.seen;
          assert.is(frame.lines.length, now.rows);
          for (const line of frame.lines) {
            assert.not.match(plain(line), /[\p{Cc}\u202a-\u202e]/u);
            assert.is(stringWidth(plain(line)), now.columns, JSON.stringify(line));
            if (!now.unicode) assert.match(plain(line), /^[ -~]*$/);
            if (!now.colors) assert.not.match(line, /\x1b\[3\d/);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('every key of the help does something, or says so', () => {
  const scene = firstScene(lookAt(0, [liveSocket(), liveSocket({ localPort: 4000, remotePort: 5 })]));
  const words = keyHelp.flatMap(([text]) => text.split(/,? /));
  const names: Readonly<Record<string, Key>> = { up: 'up', down: 'down', pgup: 'pageup', pgdn: 'pagedown', esc: 'escape', space: ' ' };
  for (const word of words) {
    const key = word.length === 1 ? word : (names[word.toLowerCase()] ?? word.toLowerCase());
    const state = { ...initialState, filter: ' ', index: 1, selected: '4000 5', sorts: { ...initialState.sorts, none: { column: 'state', descending: false } } };
    const { state: after, action } = press(state, key, { rows: arrange(scene, selectionOf(state)), page: 1, most: 0, listening: new Set() });
    const before = key === 'down' || key === 'j' || key === 'pagedown' || key === 'ctrl+f' || key === 'end' || key === 'G';
    if (!before) assert.ok(action !== undefined || JSON.stringify(after) !== JSON.stringify(state), word);
  }
});

test('numbers for people have three digits at most', () => {
  const bytes: readonly (readonly [number, string])[] = [
    [0, '0'],
    [0.2, '0'],
    [1, '1 B'],
    [999, '999 B'],
    [999.6, '1.0 kB'],
    [1234, '1.2 kB'],
    [9960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [34_000_000, '34 MB'],
    [1.2e18, '1.2 EB'],
    [-5, '0'],
  ];
  for (const [value, text] of bytes) assert.is(bytesText(value), text);
  assert.equal([0.04, 0.999, 1.24, 12.6, 1234.5].map(millisecondsText), ['0.04', '1.0', '1.2', '13', '1235']);
});

test('the history is drawn relative to its peak, and an unknown value is a gap', () => {
  assert.is(barsOf([0, 1, 4, 8, null, 8], 8, { unicode: true }), '  ▁▁▄█ █');
  assert.is(barsOf([1, 2, 3, 4], 2, { unicode: false }), '*@');
  assert.is(barsOf([1, 2], 0, { unicode: true }), '');
});

test('long lines of details are wrapped below their value', () => {
  assert.equal(wrapLine('Path : /a/very/long/path with words', 20), ['Path : /a/very/long/', '       path with', '       words']);
  assert.equal(wrapLine('日本語日本語', 4), ['日本', '語日', '本語']);
  assert.equal(wrapLine('short', 80), ['short']);
});

test.run();
