import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../src/schema/configuration.ts';
import type { MoveResult } from '../../src/schema/move.ts';
import type { ConfigurationMachine } from '../../src/system/configuration.ts';
import { temporaryFolder, type Outcome } from './harness.ts';
import { onThisMachine } from './servers.ts';

/** What a test expects of a row: `[Setting, Value, Port, FILE:Line, …]`, with files below the folder of the test. */
export type ExpectedRow = readonly [setting: string, value: string, port: number | null, where: string | null];

/** Configuration files in a folder of their own; `@` in them stands for the folder. */
export class ConfigurationFiles {
  readonly folder = temporaryFolder();
  readonly main: string;
  readonly #names: readonly string[];

  constructor(files: Readonly<Record<string, string | Buffer>>) {
    this.#names = Object.keys(files);
    this.main = join(this.folder, this.#names[0]!);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), typeof content === 'string' ? content.replaceAll('@', this.folder) : content);
    }
  }

  read(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  /** The rows of portowner config, with what became of them. */
  async rows(application: string): Promise<Configuration[]> {
    const { out, err } = await onThisMachine(['config', '--path', this.main, '--app', application, '--json'], temporaryFolder());
    assert.ok(out !== '', err);
    return JSON.parse(out) as Configuration[];
  }

  /** What portowner config says about files that it did not read. */
  async unread(application: string): Promise<string> {
    const { err } = await onThisMachine(['config', '--path', this.main, '--app', application], temporaryFolder());
    return err;
  }

  async expectRows(application: string, expected: readonly ExpectedRow[]): Promise<readonly Configuration[]> {
    const rows = await this.rows(application);
    const where = ({ File, Line }: Configuration): string | null => (File === null ? null : `${File.slice(this.folder.length + 1)}:${Line}`);
    assert.equal(
      rows.map((row) => [row.Setting, row.Value, row.Port, where(row)]),
      expected,
    );
    return rows;
  }

  /** Moves a port, without the server's own check. */
  async move(application: string, [from, to]: readonly [number, number], state = temporaryFolder()): Promise<Outcome> {
    const machine: Partial<ConfigurationMachine> = { run: () => ({ status: 0, output: '' }) };
    return onThisMachine(['move', String(from), '--to', String(to), '--path', this.main, '--app', application, '--yes', '--json'], state, machine);
  }

  /** Moves a port, and expects that only these parts of the files change: the old text, and the new one. */
  async expectMove(application: string, [from, to]: readonly [number, number], changes: Readonly<Record<string, readonly (readonly [string, string])[]>>): Promise<MoveResult> {
    const before = new Map(this.#names.map((name) => [name, this.read(name)]));
    const state = temporaryFolder();
    const { code, out, err } = await this.move(application, [from, to], state);
    assert.is(code, 0, err + out);
    for (const [name, bytes] of before) {
      let expected = bytes.toString('latin1');
      for (const [old, young] of changes[name] ?? []) {
        assert.is(expected.split(old).length, 2, `${name} has ${JSON.stringify(old)} once`);
        expected = expected.replace(old, young);
      }
      assert.is(this.read(name).toString('latin1'), expected, name);
    }
    assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
    for (const [name, bytes] of before) assert.equal(this.read(name), bytes, name);
    return (JSON.parse(out) as MoveResult[])[0]!;
  }
}
