import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './runtime.mjs';

/** The output of a checking tool. */
export interface Check {
  name: string;
  ok: boolean;
  output: string;
}

function tool(name: string, script: string, ...args: string[]): Check {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  return {
    name,
    ok: result.status === 0,
    output: `${result.error?.message ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`.trim(),
  };
}

export const checks = {
  types: () => tool('types', 'typescript/bin/tsc', '--project', 'tsconfig.json'),
  'types of the page': () => tool('types of the page', 'typescript/bin/tsc', '--project', 'src/page/tsconfig.json'),
  lint: () => tool('lint', 'oxlint/bin/oxlint', '--deny-warnings', 'src', 'test', 'build.mjs'),
  'dead code': () => tool('dead code', 'knip/bin/knip.js', '--no-progress'),
  format: () => tool('format', 'oxfmt/bin/oxfmt', '--list-different', 'src', 'test', 'build.mjs'),
};

export function report(check: Check): void {
  process.stdout.write(`${check.name} failed:\n${check.output}\n`);
}
