// The bundler puts this in place of the compressed modules (compressed.ts), which are assets of the executable.
import { getRawAsset } from 'node:sea';
import { compileFunction } from 'node:vm';
import { brotliDecompressSync } from 'node:zlib';

/** Runs a compressed module, and returns its exports. The bundler calls it once for each. */
export function load(name: string): unknown {
  const code = brotliDecompressSync(new Uint8Array(getRawAsset(name))).toString('latin1');
  const module = { exports: {} };
  const parameters = ['exports', 'require', 'module'];
  compileFunction(code, parameters, { filename: `${name}.cjs` })(module.exports, process.getBuiltinModule, module);
  return module.exports;
}
