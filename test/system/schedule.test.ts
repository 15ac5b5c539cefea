// What the built executables say of scheduled audits. Nothing is scheduled on this machine.
import { readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { taskText } from '../../src/facts/decode/windows-text.ts';
import { checkTask } from '../../src/schedule/task-rules.ts';
import { products } from '../support/build-machine.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { linkOrCopy, newFolder, portOwner } from '../support/program.ts';

const test = suite('portowner schedule');

/** The executable, or a copy of it where the audit would not see it: on Linux it has a /tmp of its own. */
function placed(command: readonly string[]): readonly string[] {
  const [file = '', ...words] = command;
  if (!/^\/(?:var\/)?tmp\//.test(file)) return command;
  const copy = join(newFolder(homedir()), 'portowner');
  linkOrCopy(file, copy);
  return [copy, ...words];
}

for (const { name, command, without } of products()) {
  const isWindows = name.endsWith('.exe');

  test(`${name} is what its own task starts`, (context: TestContext) => {
    if (command === null) return skip(without, context);
    const words = isWindows ? command : placed(command);
    const portowner = portOwner(words);
    const folder = newFolder();
    const { code, out } = portowner(['schedule', 'show', '--baseline', isWindows ? 'C:\\a b\\b.yaml' : '/a b/b.yaml']);
    assert.is(code, 0);
    if (isWindows) {
      const { flaws, concerns, facts } = checkTask(out);
      assert.equal([flaws, concerns], [[], []]);
      assert.match(facts!.command!, /^[A-Z]:\\.*\\portowner\.exe$/);
      assert.match(facts!.arguments!, 'audit --baseline "C:\\a b\\b.yaml" --store C:\\ProgramData\\PortOwner\\audits.db');
      const file = join(folder, 'task.xml');
      const target = process.platform === 'win32' ? file : `Z:${file.replaceAll('/', '\\')}`;
      assert.is(portowner(['schedule', 'show', '--baseline', 'C:\\a b\\b.yaml', '--output', target]).code, 0);
      assert.equal(checkTask(taskText(readFileSync(file))).facts, facts);
    } else {
      assert.match(out, `ExecStart="${words[0]}" "audit" "--baseline" "/a b/b.yaml" "--store" "/var/lib/portowner/audits.db"`);
      assert.is(portowner(['schedule', 'install', '--baseline', '/a b/b.yaml', '--root', folder]).code, 0);
      assert.equal(readdirSync(join(folder, 'etc/systemd/system')).toSorted(), ['portowner-audit.service', 'portowner-audit.timer']);
      assert.is(portowner(['schedule', 'remove', '--root', folder]).code, 0);
      assert.is(portowner(['schedule', 'remove', '--root', folder]).code, 1);
    }
  });

  test(`${name} says that there is no task, and that making one takes more rights`, (context: TestContext) => {
    if (command === null) return skip(without, context);
    const portowner = portOwner(command);
    if (isWindows) {
      const none = portowner(['schedule', 'status', '--name', 'PortOwner-Test-None', '--format', 'json']);
      assert.equal([none.code, (JSON.parse(none.out) as { State: string }[])[0]!.State], [1, 'NotInstalled']);
      if (process.platform === 'win32') return;
      // Wine's user is no elevated administrator.
      for (const words of [
        ['install', '--baseline', 'C:\\b.yaml'],
        ['remove', '--name', 'PortOwner-Test-None'],
      ]) {
        const { code, err } = portowner(['schedule', ...words]);
        assert.equal([code, err.split('\n')[0]], [77, 'portowner: PO5001: scheduling audits needs elevated rights']);
      }
      return;
    }
    for (const words of [['install', '--baseline', '/etc/passwd'], ['remove']]) {
      const { code, err } = portowner(['schedule', ...words], { uid: 65_534 });
      assert.equal([code, err.split('\n')[0]], [77, 'portowner: PO5001: scheduling audits needs elevated rights']);
    }
  });
}

test.run();
