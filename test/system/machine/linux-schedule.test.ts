import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accountText, lookAt } from '../../../src/machine/linux/permissions.ts';
import { linuxScheduler } from '../../../src/machine/linux/units.ts';
import { installTask, removeTask, taskStatus } from '../../../src/schedule/install.ts';
import { listWriters } from '../../../src/facts/decode/linux-acl.ts';
import { concernsOf } from '../../../src/schedule/trust.ts';
import { has, withFolder } from '../../support/build-machine.ts';
import { linuxTask } from '../../support/schedule-example.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('permissions and units on Linux');
const here = process.platform === 'linux';

function onLinux(name: string, check: (folder: string, context: TestContext) => void | Promise<void>): void {
  test(name, async (context: TestContext) => (here ? withFolder((folder) => check(folder, context)) : skip('it needs Linux', context)));
}

onLinux('what stands at a path', (folder) => {
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('file', join(folder, 'link'));
  chmodSync(join(folder, 'file'), 0o640);
  const look = (name: string) => lookAt(join(folder, name));
  assert.equal(
    ['file', 'link', '.', 'none', 'file/below'].map((name) => look(name).standing),
    ['file', 'link', 'folder', 'missing', 'missing'],
  );
  const { access } = look('file');
  assert.equal(access, { platform: 'linux', uid: process.getuid!(), gid: process.getgid!(), mode: 0o640, list: null });
});

onLinux('an access list that lets others write', (folder, context) => {
  if (!has('setfacl', '--version')) return skip('there is no setfacl (package acl)', context);
  const path = join(folder, 'file');
  writeFileSync(path, '');
  assert.is(spawnSync('setfacl', ['-m', 'u:1234:rw,g:2345:rw,u:3456:r', path]).status, 0);
  const { access } = lookAt(path);
  assert.is(access?.platform, 'linux');
  assert.equal(access?.platform === 'linux' && access.list !== null ? listWriters(access.list) : null, ['user:1234', 'group:2345']);
});

onLinux('who could write is called by name', () => {
  assert.equal(['user:0', 'user:4000000', 'group:0', 'group:4000000', 'others'].map(accountText), ['root', 'user 4000000', 'group root', 'group 4000000', 'everybody']);
});

onLinux('real folders are judged', (folder, context) => {
  if (process.getuid!() !== 0) return skip('it needs root, whose files are trusted', context);
  const [path, within] = [join(folder, 'a/b.yaml'), join(folder, 'a')];
  mkdirSync(within, { mode: 0o755 });
  writeFileSync(path, '', { mode: 0o644 });
  chmodSync(within, 0o755);
  const said = (): string[] =>
    concernsOf(
      { role: 'the policy', path, mayBeMissing: false, standing: 'file' },
      { platform: 'linux', look: lookAt, trusted: { sids: [], uids: [] }, accountName: accountText },
    ).map(({ text }) => text);
  assert.equal(said(), [], 'the folder of temporary files is sticky, and ours are in one of our own');
  chmodSync(within, 0o777);
  assert.equal(said(), ['everybody could change the contents of the folder']);
  chmodSync(within, 0o755);
  chownSync(path, 12345, 12345);
  assert.equal(said(), ['user 12345 could change the file']);
});

onLinux('units are written below a root, changed, read and removed, and nothing else is there', async (folder) => {
  const scheduler = linuxScheduler();
  const units = join(folder, 'etc/systemd/system');
  const first = await installTask(linuxTask, scheduler, folder);
  assert.is(first.row.State, 'Installed');
  assert.equal(readdirSync(units).toSorted(), ['portowner-audit.service', 'portowner-audit.timer']);
  assert.is(lstatSync(join(units, 'portowner-audit.service')).mode & 0o777, 0o644 & ~process.umask());
  assert.ok(Math.abs(scheduler.changedAt(folder, 'portowner-audit.timer')!.getTime() - Date.now()) < 60_000);
  assert.is(scheduler.changedAt(folder, 'other.timer'), null);
  const second = await installTask({ ...linuxTask, at: { hour: 1, minute: 2 } }, scheduler, folder);
  assert.is(second.row.State, 'Updated');
  assert.match(readFileSync(join(units, 'portowner-audit.timer'), 'utf8'), 'OnCalendar=*-*-* 01:02:00');
  const { row } = await taskStatus('', scheduler, folder, { now: new Date(), checkReport() {} });
  assert.equal([row.TimeOfDay, row.Command, row.StorePath, row.RandomDelayMinutes, row.TimeLimitMinutes], ['01:02', linuxTask.command.executable, linuxTask.command.store, 30, 60]);
  assert.is(row.Arguments, second.row.Arguments);
  assert.is(removeTask('', scheduler, folder).row.State, 'Removed');
  assert.equal(readdirSync(units), []);
  assert.throws(() => removeTask('', scheduler, folder), /there is no unit/);
});

onLinux('a link below a root, which leads to this machine, is not followed', async (folder) => {
  const [image, outside] = [join(folder, 'image'), join(folder, 'outside')];
  mkdirSync(join(image, 'etc'), { recursive: true });
  mkdirSync(join(outside, 'system'), { recursive: true });
  symlinkSync(outside, join(image, 'etc/systemd'));
  const scheduler = linuxScheduler();
  const refusal = await installTask(linuxTask, scheduler, image).catch((error: unknown) => error);
  assert.match((refusal as Error).message, /etc\/systemd: it is a link/);
  assert.equal(readdirSync(join(outside, 'system')), []);
  writeFileSync(join(outside, 'system/portowner-audit.timer'), '');
  assert.throws(() => removeTask('', scheduler, image), /etc\/systemd: it is a link/);
  assert.equal(readdirSync(join(outside, 'system')), ['portowner-audit.timer']);
});

test.run();
