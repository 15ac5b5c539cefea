// Builds one executable with pkg. Runs under a Node of exactly the target's version, which determines the blob's layout.
// Argument: a Job as JSON.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkg, { type SeaConfig, type SeaOptions } from '@yao-pkg/pkg/lib-es5/sea.js';

export interface Job {
  platform: 'linux' | 'win';
  arch: 'x64' | 'arm64';
  /** Node's version. */
  version: string;
  /** The names of the main script and of the assets in the temporary folder. */
  main: string;
  assets: string[];
  /** Node's flags inside the executable. */
  execArgv: string[];
  /** Where to write the executable: an absolute path. */
  output: string;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;

// pkg works in a new folder inside the temporary one. The path of the main script is kept in the executable.
const relative = (name: string): string => `../${name}`;

// Node's settings; pkg's types have only some of them.
const seaConfig: SeaConfig & Record<string, unknown> = {
  main: relative(job.main),
  assets: Object.fromEntries(job.assets.map((name) => [name, relative(name)])),
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: false,
  // Nobody's NODE_OPTIONS may run code in what may be an elevated process.
  execArgvExtension: 'none',
  execArgv: job.execArgv,
};
const targets = [
  { platform: job.platform, arch: job.arch, nodeRange: `node${job.version}`, output: job.output },
] as SeaOptions['targets'];

await pkg.default(join(tmpdir(), job.main), { signature: false, targets, seaConfig });
