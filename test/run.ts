// Runs every layer of tests and ends with one line: N passed, N failed, N skipped.
// Arguments: parts of paths; then only the test files that have one of them in their path run, and no other layer.
import { buildLayer } from './layers/build.ts';
import { checkLayer } from './layers/check.ts';
import { moduleLayer } from './layers/module.ts';
import { runLayers, type Group } from './layers/run.ts';
import { uvuLayer } from './layers/uvu.ts';
import { windowsModuleLayer } from './layers/windows-module.ts';

const patterns = process.argv.slice(2);
const everything: Group[] = [{ check: checkLayer }, { build: buildLayer() }, { uvu: uvuLayer(), module: moduleLayer }, { windowsModule: windowsModuleLayer }];
const { ok } = await runLayers(patterns.length > 0 ? [{ some: uvuLayer(patterns) }] : everything);
process.exitCode = ok ? 0 : 1;
