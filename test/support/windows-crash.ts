// A program for windows.test.ts: what is said when the child process is another than it should be. It says the answers as
// one line of JSON. As its own child it reads at an address where nothing is, so that it ends as a wrong call would.
import { writeSync } from 'node:fs';
import { toString } from 'node:ffi';
import { windowsSource } from '../../src/machine/windows/source.ts';

const self = [process.execPath, ...process.execArgv, process.argv[1]!];
if (process.argv.includes('--crash')) toString(16n);
else if (!process.argv.includes('--silent')) {
  const answers = [[...self, '--crash'], [...self, '--silent'], ['C:\\no\\such.exe']].map((command) => windowsSource(command).read('servicetags'));
  writeSync(1, `${JSON.stringify(answers)}\n`);
}
