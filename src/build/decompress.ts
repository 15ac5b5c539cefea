// The bundler puts this in place of the compressed modules (compressed.ts), which are assets of the executable.

type Exports = Record<string, unknown>;

/** What a compressed module uses from the bundle, by the names in compressed.ts. */
type Shared = Readonly<Record<string, () => Exports>>;

function run(name: string, shared: Shared): Exports {
  // Not imported: this file is loaded with the code that imports such a module, which may not need it in the end.
  const { getRawAsset } = process.getBuiltinModule('node:sea');
  const { brotliDecompressSync } = process.getBuiltinModule('node:zlib');
  const { compileFunction } = process.getBuiltinModule('node:vm');
  const code = brotliDecompressSync(new Uint8Array(getRawAsset(name))).toString('latin1');
  const module = { exports: {} };
  const load = (one: string): unknown => (Object.hasOwn(shared, one) ? shared[one]!() : process.getBuiltinModule(one));
  const parameters = ['exports', 'require', 'module'];
  compileFunction(code, parameters, { filename: `${name}.cjs` })(module.exports, load, module);
  return module.exports;
}

/** These exports of a compressed module, which is decompressed and run when one of them is first read. */
export function lazily(name: string, names: readonly string[], shared: Shared = {}): Exports {
  const exports = {};
  const define = (describe: (one: string) => PropertyDescriptor): void => {
    for (const one of names)
      Object.defineProperty(exports, one, { ...describe(one), enumerable: true, configurable: true });
  };
  define((one) => ({
    get: () => {
      const all = run(name, shared);
      define((each) => ({ value: all[each] }));
      return all[one];
    },
  }));
  return exports;
}
