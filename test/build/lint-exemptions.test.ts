// A file that is exempt from a rule of lint, and would pass it, is to leave the list: the rule holds it then.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';

const test = suite('exemptions from lint');

interface Settings {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly overrides: readonly { readonly files: readonly string[]; readonly rules: Readonly<Record<string, unknown>> }[];
}

const settings = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8').replace(/^\s*\/\/.*$/gm, '')) as Settings;
/** Of the sources alone: tests may be as long as they are. */
const exemptions = settings.overrides.flatMap(({ files, rules }) =>
  files.filter((file) => file.startsWith('src/')).flatMap((file) => Object.keys(rules).map((rule) => ({ file, rule }))),
);

/** The files that break a rule when nothing is exempt from it. */
function offenders(rule: string, files: readonly string[]): ReadonlySet<string> {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-lint-'));
  try {
    const config = join(folder, 'lint.json');
    writeFileSync(config, JSON.stringify({ categories: { correctness: 'off' }, rules: { [rule]: settings.rules[rule] } }));
    const lint = join(root, 'node_modules/oxlint/bin/oxlint');
    const { stdout } = spawnSync(process.execPath, [lint, '--config', config, '--format', 'json', ...files], { cwd: root, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly { readonly filename: string }[] };
    return new Set(diagnostics.map(({ filename }) => filename.replaceAll('\\', '/')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the check sees a function that is too long', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-lint-'));
  try {
    const path = join(folder, 'long.ts');
    writeFileSync(path, `export function long(): void {\n${'  globalThis.a = 1;\n'.repeat(61)}}\n`);
    assert.is(offenders('max-lines-per-function', [path]).size, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const rule of new Set(exemptions.map((exemption) => exemption.rule))) {
  test(`no file is exempt from ${rule} that keeps it`, () => {
    assert.ok(settings.rules[rule] !== undefined, `${rule} is a rule of this project`);
    const exempt = exemptions.filter((exemption) => exemption.rule === rule).map(({ file }) => file);
    assert.equal(
      exempt.filter((file) => !existsSync(join(root, file))),
      [],
      'files that are gone',
    );
    const found = offenders(rule, exempt);
    assert.equal(
      exempt.filter((file) => !found.has(file)),
      [],
      'take these out of .oxlintrc.json',
    );
  });
}

test.run();
