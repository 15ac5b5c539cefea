// The main script of an executable that carries V8's code cache: the bundle runs from the cache instead of being compiled.
const { getRawAsset } = require('node:sea');
const { Script } = require('node:vm');

const script = new Script(Buffer.from(getRawAsset('portowner.cjs')).toString('latin1'), {
  filename: 'portowner.cjs',
  cachedData: Buffer.from(getRawAsset('portowner.cache')),
});
script.runInThisContext()(exports, require, module, __filename, __dirname);
