// Creates V8's code cache of a wrapped bundle after running it: the cache contains only functions that ran.
// Arguments: the wrapped bundle, the file to write.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { Script } from 'node:vm';

const [source = '', output = ''] = process.argv.slice(2);
const script = new Script(readFileSync(source, 'latin1'), { filename: 'portowner.cjs' });

// Otherwise, it would end this process.
process.exit = (() => undefined) as unknown as typeof process.exit;

function run(args: string[]): void {
  process.argv = [process.execPath, process.execPath, ...args];
  script.runInThisContext()({}, createRequire(import.meta.url), { exports: {} }, process.execPath, '');
}

// The most frequent queries: a port with an owner (this process), a port without one, and every port.
const server = createServer().listen(0, '127.0.0.1', () => {
  server.unref();
  const owned = String((server.address() as AddressInfo).port);
  const questions = [['1'], []];
  let defect = false;
  // When the event loop is empty, the query is answered.
  const next = (): void => {
    defect ||= process.exitCode === 70;
    const args = questions.shift();
    // Later, so that the event loop becomes empty again.
    if (args) return void setImmediate(() => run(args));
    process.exitCode = defect ? 70 : 0;
    writeFileSync(output, script.createCachedData());
  };
  process.on('beforeExit', next);
  run([owned]);
});
