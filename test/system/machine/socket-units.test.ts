import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root as repository } from '../../../src/build/runtime.mjs';
import { linuxEnvelope } from '../../../src/facts/read/collection/linux.ts';
import { partsOf } from '../../../src/facts/read/collection/text.ts';
import { socketUnits } from '../../../src/machine/linux/socket-units.ts';

const test = suite('socket units of a machine');
let root = '';
test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'portowner-units-'));
});
test.after.each(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}
const enable = (name: string): void => link(`etc/systemd/system/sockets.target.wants/${name}`, `/usr/lib/systemd/system/${name}`);
/** By a look at the machine, and by the collector that is sent to others. */
const found = (): unknown => {
  const own: unknown = JSON.parse(socketUnits(root).text!);
  assert.equal(collected(), own, 'the collector tells the same');
  return own;
};
const script = readFileSync(join(repository, 'ps/Collector/collect.sh'), 'utf8');

/** The units that the collector tells of. */
function collected(): unknown {
  const asked = spawnSync('sh', ['-s'], { input: script.replace('unit_root=\n', `unit_root='${root}'\n`).replace(/^main\(\) \{[^]*/m, 'socket_units'), encoding: 'utf8' });
  assert.equal([asked.status, asked.stderr], [0, '']);
  const text = `#PortOwner.Collection 1 plain\n@machine\n platform linux\n at 2026-01-02T03:04:05Z\n${asked.stdout}#End\n`;
  const entry = linuxEnvelope(partsOf(Buffer.from(text), 'it'), new Map(), '2026-01-02T03:04:05Z').entries.get('socketunits')!;
  // A file that ends in the middle of a line is as good.
  return entry.text === undefined ? entry.refusal?.code : JSON.parse(entry.text.replaceAll(/(?:\\n)+"/g, '"'));
}

test('those that are enabled, with what overrides them', () => {
  put('run/systemd/system/.keep', '');
  put('usr/lib/systemd/system/a.socket', 'shipped');
  put('etc/systemd/system/a.socket', 'own');
  put('usr/lib/systemd/system/a.socket.d/20.conf', 'second');
  put('run/systemd/generator/a.socket.d/10.conf', 'first');
  put('usr/lib/systemd/system/a.socket.d/10.conf', 'overridden');
  put('etc/systemd/system/socket.d/30.conf', 'of all');
  put('usr/lib/systemd/system/disabled.socket', 'x');
  put('usr/lib/systemd/system/masked.socket', 'x');
  link('etc/systemd/system/masked.socket', '/dev/null');
  put('usr/lib/systemd/system/real.socket', 'real');
  link('etc/systemd/system/alias.socket', '/usr/lib/systemd/system/real.socket');
  put('usr/lib/systemd/system/t@.socket', 'x');
  for (const name of ['a.socket', 'masked.socket', 'alias.socket', 't@1.socket', 'removed.socket', 'real.socket', 'x.service']) enable(name);
  assert.equal(found(), [
    { name: 'a.socket', texts: ['own', 'first', 'second', 'of all'] },
    { name: 'real.socket', texts: ['real', 'of all'] },
  ]);
});

test('a machine whose systemd has none', () => {
  put('run/systemd/system/.keep', '');
  assert.equal(found(), []);
});

test('a machine without systemd', () => {
  put('usr/lib/systemd/system/a.socket', 'x');
  enable('a.socket');
  assert.is(socketUnits(root).refusal?.code, 'NotSupported');
  assert.is(collected(), 'NotSupported');
});

test.run();
