import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Platform, RawSource } from '../../../src/system/raw.ts';
import { switchedOff } from '../../../src/facts/gather/switched-off.ts';
import { switchableSources } from '../../../src/facts/sources.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';

const test = suite('PORTOWNER_DISABLE');

const source = (platform: Platform): RawSource => ({ platform, read: (name) => ({ at: '', text: name }) });

test('what is named is refused, all else is as it was', () => {
  const { read, platform } = switchedOff(source('win32'), ' httpsys, Process,dynamicports ,');
  assert.is(platform, 'win32');
  assert.equal(
    ['httpsys', 'process/7', 'dynamicports/ipv4/tcp'].map((name) => read(name).refusal?.code),
    ['Disabled', 'Disabled', 'Disabled'],
  );
  assert.equal(
    ['processes', 'tcp4', 'machine'].map((name) => read(name).text),
    ['processes', 'tcp4', 'machine'],
  );
});

test('a name that is no source is wrong usage, and the hint has the names', () => {
  for (const [platform, names] of [
    ['win32', 'httpsy'],
    ['linux', 'httpsys'],
    ['linux', 'machine'],
    ['linux', 'toString'],
  ] as const) {
    assert.throws(
      () => switchedOff(source(platform), names),
      (error: unknown) => error instanceof PortOwnerError && error.code === 'PO1001' && error.hint === `Sources: ${switchableSources(platform).join(', ')}.`,
    );
  }
});

test.run();
