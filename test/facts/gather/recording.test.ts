import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { redact } from '../../../src/redaction/envelope.ts';
import { gather } from '../../../src/facts/gather/gather.ts';
import { recordingOf } from '../../../src/facts/gather/recording.ts';
import { everything } from '../../../src/facts/model/question.ts';
import { liveSource } from '../../../src/machine/live.ts';
import { recordedSource, recordingSource, type RawEntry } from '../../../src/system/raw.ts';
import { windows } from '../../support/windows-raw.ts';

const test = suite('a recording');
const told = (value: string) => ({ value });

/** A recording of what a machine says, as text. */
const textOf = (entries: ReadonlyMap<string, RawEntry>): string => JSON.stringify([...entries].map(([name, { text }]) => [name, text]));

test('this machine: what a process runs is kept, its arguments only where they are asked for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-recording-'));
  const script = join(folder, 'payroll-server.js');
  writeFileSync(script, "require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port); });\n");
  const child = spawn(process.execPath, [script, '--colour', 'ultramarine'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const live = await liveSource();
    for (const commandLines of [false, true]) {
      const entries = new Map<string, RawEntry>();
      const recording = recordingSource(live, entries, recordingOf(live.platform, commandLines));
      const question = { ...everything, firewall: false, configured: false, ranges: false };
      const facts = await gather(recording, question, new Date());
      const again = await gather(recordedSource({ platform: live.platform, entries }), question, new Date());
      for (const { sections } of [facts, again]) assert.is(sections.processes.data.find(({ pid }) => pid === child.pid)?.application, 'node payroll-server.js');
      assert.is(textOf(entries).includes('ultramarine'), commandLines);
      const report = redact({ platform: live.platform, entries });
      assert.not.match(textOf(report.entries), /ultramarine|payroll/);
      const sent = await gather(recordedSource(report), question, new Date());
      assert.is(sent.sections.processes.data.find(({ pid }) => pid === child.pid)?.application, undefined);
    }
  } finally {
    child.kill();
    await once(child, 'exit');
    rmSync(folder, { recursive: true });
  }
});

test('Windows: of a command line stays what it says of the program', () => {
  const { kept } = recordingOf('win32', false);
  const read = (name: string, commandLine: string) =>
    JSON.parse(
      kept!('process/7', { at: '', text: JSON.stringify({ created: told('1'), path: told(`C:\\x\\${name}`), user: told('BOX\\ann'), commandLine: told(commandLine) }) }).text!,
    );
  assert.equal(read('node.exe', 'node server.js --token hunter2'), {
    created: told('1'),
    path: told('C:\\x\\node.exe'),
    user: told('BOX\\ann'),
    realUser: null,
    commandLine: null,
    application: 'node server.js',
  });
  assert.is(read('cmd.exe', 'cmd /c dir').application, 'cmd /c');
  const other = windows({}).read('processes');
  assert.is(kept!('processes', other), other);
});

test('a report has of what interpreters run only what everybody has', () => {
  const sent = (application: string) => {
    const text = JSON.stringify({ stat: '7 (node) S 1', exe: '/usr/bin/node', cwd: '/srv/payroll', application, refused: {} });
    const { entries } = redact({ platform: 'linux', entries: new Map([['process/7', { at: '', text }]]) });
    return JSON.parse(entries.get('process/7')!.text!) as { application: string; cwd: string };
  };
  const names: [string, string][] = [
    ['node payroll.js', 'node'],
    ['python -m payroll', 'python'],
    ['npm run payroll', 'npm'],
    ['gunicorn: worker', 'gunicorn'],
    ['tomcat', 'tomcat'],
    ['redis-server', 'redis-server'],
    ['payroll', ''],
  ];
  for (const [application, public_] of names) assert.equal([sent(application).application, sent(application).cwd], [public_, ''], application);
});

test.run();
