import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine, decodeProcess, decodeStat, imageName, startTime } from '../../../src/facts/decode/linux-processes.ts';
import { processText, statText } from '../../support/linux-raw.ts';

const test = suite('linux processes');

for (const name of ['nginx', '', 'a b', ') (', '))) S 5 6 7', 'new\nline', 'kworker/0:1-events', '\ufffd\ufffd', '(sd-pam)', '\x1b[2J']) {
  test(`stat of ${JSON.stringify(name)}`, () =>
    assert.equal(decodeStat(statText(77, { name, parent: 5, ticks: 987 })), { name, parent: 5, startTicks: 987, leadsTerminal: false }));
}

for (const text of [
  '',
  '77',
  '77 (x',
  '77 )x(',
  '77 (x) S',
  '77 (x) S a 1 1',
  statText(1, {}).replace(' 100 ', ' x '),
  statText(1, {}).replace(' 100 ', ' -1 '),
  statText(1, { parent: -3 }),
]) {
  test(`no stat: ${JSON.stringify(text.slice(0, 20))}`, () => assert.is(decodeStat(text), null));
}

test('a process', () => {
  assert.equal(decodeProcess(processText(9, { uid: 33, exe: '/x', cgroup: '0::/a\n', cmdline: 'x\0', refused: { exe: 'AccessDenied' } })), {
    stat: { name: 'server', parent: 1, startTicks: 100, leadsTerminal: false },
    uid: 33,
    exe: '/x',
    literalExe: false,
    cgroup: '0::/a\n',
    cmdline: 'x\0',
    cwd: null,
    application: null,
    refused: { exe: 'AccessDenied' },
  });
});

for (const text of ['', '{', 'null', '[]', '"x"', '{"stat":7}', '{"stat":"7 (x) S"}']) {
  test(`no process: ${text}`, () => assert.is(decodeProcess(text), null));
}

test('parts of the wrong kind are missing', () => {
  const text = JSON.stringify({ stat: statText(9, {}), uid: -1, exe: 5, cgroup: {}, cmdline: null, refused: { exe: 'Bad', cgroup: 'Failed' } });
  assert.equal(decodeProcess(text), {
    stat: { name: 'server', parent: 1, startTicks: 100, leadsTerminal: false },
    uid: null,
    exe: null,
    literalExe: false,
    cgroup: null,
    cmdline: null,
    cwd: null,
    application: null,
    refused: { cgroup: 'Failed' },
  });
});

test('any text is decoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.json(), (text, json) => {
      decodeStat(text);
      decodeProcess(text);
      decodeProcess(json);
      commandLine(text);
    }),
  );
});

for (const [exe, expected] of [
  ['/usr/sbin/nginx', 'nginx'],
  ['/usr/sbin/nginx (deleted)', 'nginx'],
  ['/opt/a b/ö', 'ö'],
  ['/', 'comm'],
  [undefined, 'comm'],
] as const) {
  test(`the image name of ${exe}`, () => {
    const parsed = decodeProcess(JSON.stringify({ stat: statText(9, { name: 'comm' }), exe }));
    assert.is(imageName(parsed!), expected);
  });
}

for (const [cmdline, expected] of [
  ['', null],
  ['\0\0', null],
  ['sleep\x0060\0', 'sleep 60'],
  ['/usr/bin/my prog\0-x\0', "'/usr/bin/my prog' -x"],
  ['sh\0-c\0echo \'a\' "b"\0', "sh -c 'echo '\\''a'\\'' \"b\"'"],
  ['x\0\0y\0', "x '' y"],
  ['nginx: master process /usr/sbin/nginx -g daemon off;\0\0\0', 'nginx: master process /usr/sbin/nginx -g daemon off;'],
  ['sshd: me [priv]', 'sshd: me [priv]'],
  ['app\0--password\0a b\0', 'app --password ***'],
  ['app\0--password=geheim\0', 'app --password=***'],
  ['title with --password geheim', 'title with --password ***'],
] as const) {
  test(`the command line ${JSON.stringify(cmdline)}`, () => assert.is(commandLine(cmdline), expected));
}

test('a command line without end is cut', () => {
  const line = commandLine(`java\0-cp\0${'a:'.repeat(1_000_000)}\0`);
  assert.ok(line!.length < 33_000 && line!.endsWith('…'));
});

test('a start time is the same at every look', () => {
  assert.is(startTime(1_767_322_800, 100, 0), '2026-01-02T03:00:00.000Z');
  assert.is(startTime(1_767_322_800, 100, 12_345), '2026-01-02T03:02:03.450Z');
  assert.is(startTime(1_767_322_800, 1024, 1), '2026-01-02T03:00:00.001Z');
  assert.is(startTime(1_767_322_800, 100, Number.MAX_SAFE_INTEGER), null);
  assert.is(startTime(1e15, 100, 0), null);
});

test.run();
