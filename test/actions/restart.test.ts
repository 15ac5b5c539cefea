import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchTime } from '../../src/actions/restart.ts';
import type { TreeProcess } from '../../src/system/hands.ts';

const test = suite('who may start a program again');

const named = (names: readonly string[]): TreeProcess[] =>
  names.map((name, index) => {
    const leadsTerminal = name.startsWith('-');
    return { pid: 50 - index, parent: 49 - index, startTime: '2026-01-01T00:00:00Z', imageName: name.replace(/^-/, ''), ...(leadsTerminal ? { leadsTerminal } : {}) };
  });

/** The nearest first; - marks the leader of a session with a terminal, ! one that has ended since. */
const cases: [above: string, time: 'alone' | 'prompt' | 'supervised'][] = [
  ['', 'alone'],
  ['systemd', 'alone'],
  ['tini', 'alone'],
  ['-bash sshd', 'prompt'],
  ['bash sshd', 'prompt'],
  ['sh make -bash', 'supervised'],
  ['!sh !make -bash', 'prompt'],
  ['bash supervisord', 'supervised'],
  ['-supervisord sshd', 'supervised'],
  ['node -zsh', 'supervised'],
  ['!npm systemd', 'alone'],
  ['explorer.exe', 'prompt'],
  ['cmd.exe explorer.exe', 'prompt'],
  ['cmd.exe services.exe', 'supervised'],
  ['powershell.exe !explorer.exe', 'supervised'],
  ['services.exe', 'supervised'],
  ['containerd-shim', 'supervised'],
];

for (const [names, time] of cases)
  test(`${names === '' ? 'nobody' : names}: ${time}`, () => {
    const list = names === '' ? [] : names.split(' ');
    const line = named(list.map((name) => name.replace(/^!/, '')));
    const running = new Map(line.filter((_one, index) => !list[index]!.startsWith('!')).map((one) => [one.pid, one]));
    assert.is(watchTime(line, running, new Set()), time);
  });

test('a number that went to another process is not the one that was above', () => {
  const [parent] = named(['pm2']);
  assert.is(watchTime([parent!], new Map([[50, { ...parent!, startTime: '2026-01-02T00:00:00Z' }]]), new Set()), 'alone');
});

test('what this program runs in does not start it again', () => {
  const line = named(['node']);
  assert.is(watchTime(line, new Map(line.map((one) => [one.pid, one])), new Set([50])), 'prompt');
});

test.run();
