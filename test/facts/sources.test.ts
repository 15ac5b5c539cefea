import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { redact } from '../../src/redaction/envelope.ts';
import { gather } from '../../src/facts/gather/gather.ts';
import { readEnvelope } from '../../src/facts/read/envelope.ts';
import { doctorEntries, sourceEntry, sources, switchableSources } from '../../src/facts/sources.ts';
import { answers as linuxAnswers, linuxSource } from '../../src/machine/linux/source.ts';
import { answers as windowsAnswers, windowsSource } from '../../src/machine/windows/source.ts';
import { everything } from '../../src/facts/model/question.ts';
import { recordingOf } from '../../src/facts/gather/recording.ts';
import { recordingSource, type Platform, type RawEntry, type RawSource } from '../../src/system/raw.ts';
import { skip } from '../support/skip.ts';

const test = suite('the list of sources');

const platforms = ['win32', 'linux'] as const satisfies Platform[];
const answers = { win32: windowsAnswers, linux: linuxAnswers };
const machine: Readonly<Record<Platform, () => RawSource>> = { win32: windowsSource, linux: linuxSource };

/** Every form of name with numbers and a path in it, by platform. */
const entries = platforms.flatMap((platform) =>
  Object.values(sources[platform]).flatMap((source) =>
    source.entries.flatMap((entry) =>
      entry.names.map((name) => ({
        platform,
        source,
        entry,
        name: name
          .replace(/PID|UID/g, '1')
          .replace('/ID', `/${'a'.repeat(64)}`)
          .replace('PATH', '/bin/a/file'),
      })),
    ),
  ),
);

for (const platform of platforms) {
  test(`${platform}: has every source that the machine answers to, and no other`, () => {
    const [listed, answered] = [Object.keys(sources[platform]), Object.keys(answers[platform])];
    assert.equal(
      { missingInTheList: answered.filter((name) => !listed.includes(name)), withoutAnAnswer: listed.filter((name) => !answered.includes(name)) },
      { missingInTheList: [], withoutAnAnswer: [] },
    );
  });

  test(`${platform}: the machine answers to every entry, and to nothing else`, () => {
    const { read } = machine[platform]();
    const text = (name: string): string => {
      try {
        return read(name).refusal?.text ?? '';
      } catch (error) {
        // The calls of the other system cannot be made here.
        return String(error);
      }
    };
    const unknown = / has no (?:source )?\S*$/;
    for (const name of ['', 'nonsense', 'toString', 'machine/x', 'process', 'process/x', 'firewall/1', 'sha256/1']) {
      assert.match(text(name), unknown, name);
      assert.is(sourceEntry(platform, name), null, name);
    }
    const names = entries.filter((one) => one.platform === platform && !['signers', 'kernelports'].includes(one.name)).map(({ name }) => name);
    assert.equal(
      names.filter((name) => text(name).match(unknown)?.input?.endsWith(` ${name}`)),
      [],
    );
  });
}

test('every entry is found by its name, and begins with the name of its source', () => {
  for (const { platform, source, entry, name } of entries) {
    assert.is(sourceEntry(platform, name), entry, name);
    assert.is(sources[platform][name.split('/', 1)[0]!], source, name);
  }
  assert.ok(entries.length > 40);
});

test('what doctor reads can be read, and what is switched off by name is a source', () => {
  for (const platform of platforms) {
    for (const name of doctorEntries(platform)) assert.ok(sourceEntry(platform, name) !== null, name);
    assert.not.ok(switchableSources(platform).includes('machine'));
    assert.ok(doctorEntries(platform).length > 2 && switchableSources(platform).length > 9);
  }
});

test('every way to redact is one that a bundle knows', () => {
  const at = '2026-01-02T03:04:05Z';
  for (const { platform, entry, name } of entries) {
    const raw: RawEntry = entry.content === 'bytes' ? { at, bytes: new Uint8Array(400) } : { at, text: '{}' };
    const { text, bytes, refusal } = redact({ platform, entries: new Map([[name, raw]]) }).entries.get(name)!;
    assert.is(refusal?.code, entry.redaction === 'left out' ? 'Disabled' : undefined, name);
    assert.is(text !== undefined || bytes !== undefined, entry.redaction !== 'left out', name);
  }
});

test('has every entry of a recording', async (context) => {
  const folder = join(root, 'test/fixtures/recorded');
  for (const name of readdirSync(folder, { withFileTypes: true })
    .filter((one) => one.isDirectory() && existsSync(join(folder, one.name, 'envelope.json')))
    .map((one) => one.name)) {
    const { platform, entries: recorded } = readEnvelope(join(folder, name));
    assert.equal(
      [...recorded.keys()].filter((one) => sourceEntry(platform, one) === null),
      [],
      name,
    );
  }
  if (process.platform !== 'linux') return skip('records Linux', context);
  const live = new Map<string, RawEntry>();
  await gather(recordingSource(linuxSource(), live, recordingOf('linux', false)), everything, new Date());
  assert.equal(
    [...live.keys()].filter((one) => sourceEntry('linux', one) === null),
    [],
  );
  assert.ok(live.size > 5);
});

test.run();
