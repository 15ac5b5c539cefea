// Makes V8's code cache of a wrapped bundle after really running it: what ran is compiled in it, and only that.
// Arguments: the wrapped bundle, the file to write.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { Script } from 'node:vm';

const [source = '', output = ''] = process.argv.slice(2);
const script = new Script(readFileSync(source, 'latin1'), { filename: 'portowner.cjs' });

// The question asked most, about a port that surely has an owner: this process.
const server = createServer().listen(0, '127.0.0.1', () => {
  server.unref();
  process.argv = [process.execPath, process.execPath, String((server.address() as AddressInfo).port)];
  script.runInThisContext()({}, createRequire(import.meta.url), { exports: {} }, process.execPath, '');
});
process.on('exit', () => writeFileSync(output, script.createCachedData()));
