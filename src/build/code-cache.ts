// Makes V8's code cache of a wrapped bundle after really running it: what ran is compiled in it, and only that.
// Arguments: the wrapped bundle, the file to write.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { Script } from 'node:vm';

const [source = '', output = ''] = process.argv.slice(2);
const script = new Script(readFileSync(source, 'latin1'), { filename: 'portowner.cjs' });

// It would end this process.
process.exit = (() => undefined) as unknown as typeof process.exit;

function run(args: string[]): void {
  process.argv = [process.execPath, process.execPath, ...args];
  script.runInThisContext()({}, createRequire(import.meta.url), { exports: {} }, process.execPath, '');
}

// The questions asked most: about a port that surely has an owner (this process), about one without, about all of them.
const server = createServer().listen(0, '127.0.0.1', () => {
  server.unref();
  const owned = String((server.address() as AddressInfo).port);
  const questions = [['1'], []];
  let defect = false;
  // An event loop that runs empty has answered.
  const next = (): void => {
    defect ||= process.exitCode === 70;
    const args = questions.shift();
    // Later, so that the event loop has something to do and runs empty once more.
    if (args) return void setImmediate(() => run(args));
    process.exitCode = defect ? 70 : 0;
    writeFileSync(output, script.createCachedData());
  };
  process.on('beforeExit', next);
  run([owned]);
});
