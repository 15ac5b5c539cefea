// The edge to Task Scheduler on a real Windows machine, or under Wine: its own schtasks takes our XML.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { decodeDescriptor } from '../../../src/facts/decode/windows-descriptor.ts';
import { taskFile, taskXml } from '../../../src/schedule/task-xml.ts';
import { wine, withFolder, windowsNode } from '../../support/build-machine.ts';
import { gmsaTask, windowsTask } from '../../support/schedule-example.ts';
import { templates } from '../../support/task-templates.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import type { ScheduleTold } from '../../support/windows-schedule.ts';

const test = suite('Task Scheduler');
const onWindows = process.platform === 'win32';
const runner = onWindows ? [] : process.platform === 'linux' ? wine() : null;
const node = runner && (onWindows ? [process.execPath, ...nodeFlags] : [...runner, windowsNode(), ...nodeFlags]);

/** A path of this machine as Windows programs see it. */
const windowsPath = (path: string): string => (onWindows ? path : `Z:${path.replaceAll('/', '\\')}`);
const newName = (): string => `PortOwner-Test-${randomBytes(6).toString('hex')}`;

let told: ScheduleTold | undefined;
async function tell(command: readonly string[]): Promise<ScheduleTold> {
  await withFolder((folder) => {
    const file = join(folder, 'task.xml');
    writeFileSync(file, taskFile(taskXml(windowsTask)));
    const [program, ...args] = [...command, join(root, 'test/support/windows-schedule.ts'), newName(), windowsPath(file)];
    const { status, stdout, stderr } = spawnSync(program!, args, { encoding: 'utf8', timeout: 300_000 });
    assert.is(status, 0, stderr);
    told = JSON.parse(stdout) as ScheduleTold;
  });
  return told!;
}

function onIt(name: string, check: (all: ScheduleTold) => void): void {
  test(name, async (context: TestContext) => {
    if (node === null) return skip('there is no Windows, and no Wine (.ci/wine-setup)', context);
    check(told ?? (await tell(node)));
  });
}

onIt('a task is made, seen and removed, and no file of it stays', ({ created, exists, removed, removedTwice }) => {
  assert.equal('value' in created && created.value.done, true, JSON.stringify(created));
  assert.equal(exists, [false, true, false, false]);
  assert.equal('value' in removed && removed.value.done, true, JSON.stringify(removed));
  assert.equal('value' in removedTwice && removedTwice.value.done, false, JSON.stringify(removedTwice));
});

onIt('when it was defined', ({ ages: [there, gone] }) => {
  assert.ok(Math.abs(there!) < 300_000, String(there));
  assert.is(gone, null);
});

onIt('its definition is read back, where schtasks can do it', ({ query }) => {
  // Wine's says nothing.
  if (onWindows) assert.match(query.replaceAll('\0', ''), '<UserId>S-1-5-18</UserId>');
  else assert.is(query, 'NotSupported');
});

onIt('and from the file that Task Scheduler keeps', ({ defined }) => assert.is(defined, 'PortOwner'));

onIt('access lists are those of Windows', ({ looks }) => {
  const decoded = (name: string) => decodeDescriptor(Buffer.from(looks[name]!.descriptor!, 'hex'));
  assert.equal([looks.folder!.standing, looks.windows!.standing, looks.nothing, looks.program!.standing], ['folder', 'folder', { standing: 'missing', descriptor: null }, 'file']);
  for (const name of ['folder', 'windows', 'program']) {
    const { owner, entries, flaw } = decoded(name);
    assert.is(flaw, null);
    assert.match(owner!, /^S-1-/);
    assert.ok(entries!.length > 0 && entries!.every(({ sid }) => /^S-1-\d+(?:-\d+)+$/.test(sid)));
  }
  // Wine keeps of a list what Unix permissions can say.
  if (!onWindows) return;
  const { owner, entries, isProtected } = decoded('folder');
  assert.equal([owner, isProtected, entries!.map(({ sid }) => sid).toSorted()], ['S-1-5-32-544', true, ['S-1-5-18', 'S-1-5-32-544']]);
});

onIt('an event source comes and goes', ({ sources }) => assert.equal(sources, [null, '%SystemRoot%\\System32\\EventCreate.exe', null]));

onIt('accounts and drives', ({ sids, names, rights, remote, dataFolder, machine }) => {
  assert.equal(
    [sids, remote],
    [
      ['S-1-5-18', 'S-1-1-0', null],
      [false, true],
    ],
  );
  assert.match(names[0]!, /SYST/);
  assert.is(names[2], 'S-1-5-21-1-2-3-4444');
  assert.ok('value' in rights && Array.isArray(rights.value), JSON.stringify(rights));
  if (onWindows) assert.ok('value' in rights && rights.value.includes('SeBatchLogonRight'));
  assert.match(dataFolder, /^[A-Z]:\\.+\\PortOwner$/);
  assert.ok(machine.length > 0);
});

test('schtasks takes every template, and refuses what is no task', async (context: TestContext) => {
  // On a real Windows a template would be a task of that machine, and those of a gMSA need a domain.
  if (runner === null || onWindows) return skip('there is no Wine (.ci/wine-setup)', context);
  const schtasks = async (...args: string[]): Promise<number | null> => {
    const child = spawn(runner[0]!, ['schtasks.exe', ...args], { stdio: 'ignore', timeout: 120_000 });
    const [status] = (await once(child, 'close')) as [number | null];
    return status;
  };
  await withFolder(async (folder) => {
    const fileOf = (xml: string): string => {
      const file = join(folder, `${newName()}.xml`);
      writeFileSync(file, taskFile(xml));
      return windowsPath(file);
    };
    const created = async (xml: string, times = 1): Promise<(number | null)[]> => {
      const [name, file, outcomes] = [newName(), fileOf(xml), [] as (number | null)[]];
      for (let time = 0; time < times; time++) outcomes.push(await schtasks('/Create', '/XML', file, '/TN', name, '/F'));
      outcomes.push(await schtasks('/Delete', '/TN', name, '/F'));
      return outcomes;
    };
    // Each call waits for seconds under Wine: once is enough to see that /F replaces.
    const all = Object.entries({ ...templates, gmsa: taskXml(gmsaTask) });
    const outcomes = await Promise.all(all.map(([, xml], index) => created(xml, index === 0 ? 2 : 1)));
    for (const [index, [title]] of all.entries()) assert.equal(outcomes[index], index === 0 ? [0, 0, 0] : [0, 0], title);
    // What is cut off keeps Wine's busy for as long as it may run.
    assert.is(await schtasks('/Create', '/XML', fileOf('<?xml version="1.0" encoding="UTF-16"?><Other/>'), '/TN', newName(), '/F'), 1);
  });
});

test.run();
