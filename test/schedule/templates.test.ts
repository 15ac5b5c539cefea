import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { checkTask } from '../../src/schedule/task-rules.ts';
import { templates } from '../support/task-templates.ts';

const test = suite('templates of tasks');
const folder = join(root, 'ps/Tasks');

test('there are three, and a script', () => {
  assert.equal(readdirSync(folder).toSorted(), [...Object.keys(templates), 'Invoke-FleetAudit.ps1'].toSorted());
});

for (const [name, expected] of Object.entries(templates)) {
  test(`${name} is what schedule show would write, and good`, () => {
    const text = readFileSync(join(folder, name), 'utf8');
    assert.is(text, expected);
    // Register-ScheduledTask takes a text without a declaration; ASCII is read alike by every PowerShell.
    assert.match(text, /^<Task [\n -~]*$/);
    const { flaws, concerns } = checkTask(text);
    assert.equal([flaws, concerns], [[], []]);
  });
}

test.run();
