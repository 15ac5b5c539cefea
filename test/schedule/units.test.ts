import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { units } from '../../src/schedule/units.ts';
import { has, withFolder } from '../support/build-machine.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { linuxTask } from '../support/schedule-example.ts';

const test = suite('units of systemd');

/** What `systemd-analyze verify` says of units with these texts. */
function verify(files: Readonly<Record<string, string>>, folder: string): { status: number | null; said: string } {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...Object.keys(files).map((name) => join(folder, name))], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  // It looks at the machine's own units, too.
  return {
    status,
    said: stderr
      .split('\n')
      .filter((line) => line.includes('portowner'))
      .join('\n'),
  };
}

test('systemd has nothing to say against them', async (context: TestContext) => {
  if (!has('systemd-analyze', '--version')) return skip('there is no systemd-analyze (package systemd)', context);
  await withFolder((folder) => {
    // An executable that is there.
    const files = units({ ...linuxTask, command: { ...linuxTask.command, executable: process.execPath } });
    assert.equal(verify(files, join(folder, 'good')), { status: 0, said: '' });
    const bad = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, text.replace('ProtectSystem=strict', 'ProtectSystem=always').replace(/OnCalendar=.*/, 'OnCalendar=at night')]),
    );
    const { said } = verify(bad, join(folder, 'bad'));
    assert.match(said, /protect system value/);
    assert.match(said, /calendar specification/);
  });
});

test('they are as people would write them', () => {
  const { 'portowner-audit.service': service, 'portowner-audit.timer': timer } = units(linuxTask);
  assert.match(
    service!,
    'ExecStart="/usr/local/bin/portowner" "audit" "--baseline" "/etc/portowner/b line \\"é\\" 100%% $$HOME \\\\n.yaml" "--store" "/var/lib/portowner/audits.db"',
  );
  assert.match(service!, '\nStateDirectory=portowner\nStateDirectoryMode=0700\nReadWritePaths="/var/log/portowner"\n');
  const [, cleared = ''] = /\nUnsetEnvironment=(.*)/.exec(service!) ?? [];
  for (const variable of ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'GLIBC_TUNABLES', 'GCONV_PATH']) assert.ok(cleared.split(' ').includes(variable), variable);
  assert.match(service!, '\nTimeoutStartSec=60min\n');
  assert.match(timer!, '\nOnCalendar=*-*-* 03:05:00\nRandomizedDelaySec=30min\n');
  assert.match(timer!, '\nPersistent=yes\n');
});

test('every process and network of the machine stays in sight', () => {
  const { 'portowner-audit.service': service } = units(linuxTask);
  for (const hidden of [/^PrivateNetwork=/m, /^ProtectProc=/m, /^ProcSubset=/m, /^PrivateUsers=/m, /^User=/m, /^DynamicUser=/m, /^PrivatePIDs=/m])
    assert.not.match(service!, hidden);
  assert.match(service!, /^CapabilityBoundingSet=.*CAP_SYS_PTRACE/m);
});

test.run();
