// What a file of a newer version gets: a clear refusal, whatever else is in it. docs/reference/file-versions.md says the same.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readLeases } from '../../src/actions/leases.ts';
import { parseBaseline } from '../../src/audit/baseline.ts';
import { readDocument } from '../../src/audit/document.ts';
import { parsePolicy } from '../../src/audit/policy.ts';
import { useStore } from '../../src/audit/store/open.ts';
import { readFacts } from '../../src/facts/read/read.ts';
import { PortOwnerError } from '../../src/schema/problems.ts';

const test = suite('versions of files');

const json = (value: unknown) => (path: string) => writeFileSync(path, JSON.stringify(value));

/** Each format: how a file of a newer version is made, and how it is read. */
const formats: Readonly<Record<string, { readonly write: (path: string) => void; readonly read: (path: string) => unknown }>> = {
  snapshot: { write: json({ kind: 'PortOwner.Facts', formatVersion: 2 }), read: (path) => readFacts([path]) },
  bundle: { write: json({ kind: 'PortOwner.Raw', platform: 'linux', formatVersion: 2, entries: {} }), read: (path) => readFacts([path]) },
  baseline: { write: json({ kind: 'PortOwner.Baseline', version: 2, added: [] }), read: (path) => parseBaseline(readDocument(path), path) },
  policy: { write: json({ kind: 'PortOwner.Policy', version: 2, added: [] }), read: (path) => parsePolicy(readDocument(path), path) },
  'list of held ports': {
    write: (path) => {
      mkdirSync(path, { mode: 0o700 });
      writeFileSync(join(path, 'leases.json'), JSON.stringify({ kind: 'PortOwner.Leases', version: 2, added: [] }), { mode: 0o600 });
    },
    read: (path) => readLeases(path, Date.now()),
  },
  store: {
    write: (path) => {
      const database = new DatabaseSync(path);
      database.exec('PRAGMA application_id = 1347375700; PRAGMA user_version = 3; CREATE TABLE added (x)');
      database.close();
    },
    read: (path) => useStore(path, (store) => store.runs({ machine: null, limit: null })),
  },
};

for (const [name, { write, read }] of Object.entries(formats))
  test(`a ${name} of a newer version is refused, and says which version it has`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portowner-versions-'));
    try {
      const path = join(folder, 'newer');
      write(path);
      const refusal = await (async () => read(path))().catch((error: unknown) => error);
      assert.ok(refusal instanceof PortOwnerError, String(refusal));
      assert.is(refusal.problem.code, 'PO2003');
      assert.match(refusal.message, /version [23]; this program (?:reads|knows) version [12]$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

test.run();
