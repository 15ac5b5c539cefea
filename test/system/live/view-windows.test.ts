// portowner.exe watch on the console of Wine, which does not understand escape sequences: lines instead of a screen.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { products } from '../../support/build-machine.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { hasTmux, startTmux } from '../../support/tmux.ts';

const { command, without } = products().find(({ name }) => name === 'portowner.exe')!;
const test = suite('the view on Windows');

test('a console that does not understand escape sequences gets lines', async (context) => {
  if (process.platform === 'win32') return skip('only Wine has such a console', context as TestContext);
  if (command === null) return skip(without, context as TestContext);
  if (!hasTmux) return skip('tmux is not installed', context as TestContext);
  const terminal = startTmux([...command, 'watch', '--count', '3'], { columns: 100 });
  try {
    const lines = await terminal.until(/\d\d:\d\d:\d\d Watching \d+ listeners? and \d+ other sockets?/);
    assert.not.match(lines.join('\n'), /sorted by|\[6G/);
  } finally {
    terminal.close();
  }
});

test.run();
