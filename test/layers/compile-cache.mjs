// Loaded before a test file: the sources are compiled once for all of them. What a test starts does not inherit it.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';

enableCompileCache(join(root, '.cache/compiled'));
