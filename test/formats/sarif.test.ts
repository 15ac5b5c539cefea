import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../../src/audit/compare.ts';
import { audit } from '../../src/audit/findings.ts';
import { loadWriter } from '../../src/formats/formats.ts';
import type { DocumentFrame } from '../../src/formats/writer.ts';
import type { AnyRow, RowSchema } from '../../src/schema/column.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { finding, severities } from '../../src/schema/finding.ts';
import { findingKinds } from '../../src/schema/finding-kinds.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { hostileText } from '../support/formats.ts';
import { frame } from '../support/frame.ts';
import { listener } from '../support/listener.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('sarif');

interface Rule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly fullDescription: { readonly text: string };
  readonly help: { readonly text: string };
  readonly defaultConfiguration: { readonly level: string };
  readonly properties: { readonly 'security-severity': string; readonly tags: readonly string[] };
}

interface Log {
  readonly runs: readonly {
    readonly invocations: readonly { readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly { readonly message: { readonly text: string } }[] }[];
    readonly tool: { readonly driver: { readonly rules: readonly Rule[] } };
    readonly automationDetails: { readonly id: string };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } }[];
      readonly level: string;
      readonly message: { readonly text: string };
      readonly partialFingerprints: object;
    }[];
  }[];
}

const {
  $schema: _draft,
  id: _id,
  ...schema
} = JSON.parse(readFileSync(fileURLToPath(new URL('../fixtures/sarif/sarif-2.1.0-rtm.5.json', import.meta.url)), 'utf8')) as Record<string, unknown>;
// The schema is of an older draft, whose only words of its own it does not use; formats are not checked.
const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);

function checked(text: string): Log {
  assert.match(text, /^[ -~\n]*$/, 'pure ASCII');
  const log = JSON.parse(text) as Log;
  assert.ok(validate(log), JSON.stringify(validate.errors));
  return log;
}

async function written(rows: readonly AnyRow[], more: Partial<DocumentFrame> = {}): Promise<Log> {
  let text = '';
  const sink = { write: (more: string) => void (text += more), flush() {} };
  const writer = await loadWriter('sarif', finding, { columns: finding.columns, sink, problems: 'auto', frame: frame(more) });
  for (const row of rows) writer.row(row);
  await writer.end();
  return checked(text);
}

test('the schema refuses what is no SARIF', () => {
  assert.not.ok(validate({ version: '2.1.0' }));
  assert.not.ok(validate({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{ message: {}, level: 'bad' }] }] }));
});

test('an audit without findings is valid', async () => assert.equal((await written([])).runs[0]!.results, []));

test('any findings and problems are valid', async () => {
  const row = fc.record({
    Kind: hostileText,
    Severity: fc.constantFrom(...severities),
    Endpoint: fc.option(hostileText),
    Owner: fc.option(hostileText),
    Evidence: fc.option(fc.array(hostileText, { maxLength: 3 })),
    Remedy: fc.option(fc.array(hostileText, { maxLength: 3 })),
    LocalPort: fc.option(fc.integer({ min: 0, max: 65_535 })),
    ComputerName: fc.option(hostileText),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 5 }), hostileText, async (rows, message) => {
      const problems = [{ severity: 'Error', code: 'PO3001', message }] as const;
      const more = { title: '', rowsTitle: '', question: message, exitCode: 69, meaning: 'cannot tell', problems } as const;
      const { results, invocations } = (await written(rows, more)).runs[0]!;
      assert.is(results.length, rows.length);
      assert.is(invocations[0]!.executionSuccessful, false);
      assert.is(invocations[0]!.toolExecutionNotifications.length, 1);
    }),
    { numRuns: 60 },
  );
});

test('the report of an audit', async () => {
  const folder = temporaryFolder();
  const made = (ports: readonly number[]) =>
    snapshotFile(
      facts(
        ports.map((localPort) => socket({ localPort })),
        { processes: [processFact()] },
      ),
      folder,
    );
  await run(['baseline', 'create', join(folder, 'b.yaml'), '--from', made([443])]);
  const report = join(folder, 'a.sarif');
  const { code } = await run(['audit', '--from', made([443, 8080]), '--baseline', join(folder, 'b.yaml'), '--report', report]);
  assert.is(code, 1);
  const { results, invocations } = checked(readFileSync(report, 'utf8')).runs[0]!;
  assert.equal(
    results.map(({ ruleId, level }) => [ruleId, level]),
    [['Opened/High', 'error']],
  );
  assert.match(results[0]!.message.text, /^Opened: TCP 0\.0\.0\.0:8080, nginx as root\. /);
  const { 'portowner/v1': print, primaryLocationLineHash: hash } = results[0]!.partialFingerprints as Record<string, string>;
  assert.is(print, 'box|Opened|TCP 0.0.0.0:8080|nginx as root');
  assert.match(hash!, /^[0-9a-f]{16}:1$/);
  assert.is(invocations[0]!.executionSuccessful, true);
});

test('every rule has what code scanning shows: a severity, descriptions, help, and a level', async () => {
  const found = severities.flatMap((Severity) => Object.keys(findingKinds).map((Kind) => ({ Kind, Severity, Endpoint: 'TCP 0.0.0.0:80', ComputerName: 'box' })));
  const { tool, results } = (await written(found)).runs[0]!;
  const { rules } = tool.driver;
  assert.is(rules.length, found.length);
  // GitHub: critical is above 9.0, high from 7.0, medium from 4.0, low from 0.1, and 0.0 is no severity.
  const ranks = { Critical: [9.1, 10, 'error'], High: [7, 8.9, 'error'], Medium: [4, 6.9, 'warning'], Low: [0.1, 3.9, 'note'], Info: [0, 0, 'note'] } as const;
  for (const [i, { ruleId, ruleIndex, level }] of results.entries()) {
    const { id, shortDescription, fullDescription, help, defaultConfiguration, properties } = rules[ruleIndex]!;
    assert.is(id, ruleId);
    const [least, most, expected] = ranks[found[i]!.Severity];
    const rank = properties['security-severity'];
    assert.match(rank, /^\d+\.\d$/);
    assert.ok(Number(rank) >= least && Number(rank) <= most, `${id} ${rank}`);
    assert.equal([level, defaultConfiguration.level], [expected, expected], id);
    assert.ok(properties.tags.includes('security'));
    for (const { text } of [fullDescription, help]) assert.match(text, /^[A-Z].*\.$/, id);
    assert.match(shortDescription.text, `(${found[i]!.Severity})`);
    assert.ok(help.text.length > fullDescription.text.length);
  }
});

test('code scanning recognizes a finding of another night, and tells all findings of one night apart', async () => {
  const one = { Kind: 'Opened', Severity: 'High', Endpoint: 'TCP 0.0.0.0:80', Owner: 'nginx as root', ComputerName: 'box' };
  const hashes = async (rows: readonly AnyRow[], more: Partial<DocumentFrame> = {}): Promise<string[]> =>
    (await written(rows, more)).runs[0]!.results.map(({ partialFingerprints }) => (partialFingerprints as Record<string, string>)['primaryLocationLineHash']!);
  const first = await hashes([one]);
  assert.equal(
    await hashes([{ ...one, Severity: 'Medium', FirstSeen: '2026-01-01T00:00:00Z', Evidence: ['since another night'] }], { at: '2026-01-03T00:00:00Z', exitCode: 1 }),
    first,
  );
  assert.equal(await hashes([{ ...one, Endpoint: 'TCP 0.0.0.0:81' }, one]).then(([, last]) => [last]), first);
  const all = await hashes([one, one, { ...one, Kind: 'Closed' }, { ...one, Endpoint: 'TCP 0.0.0.0:81' }, { ...one, Owner: 'x' }, { ...one, ComputerName: 'b' }]);
  assert.is(new Set(all).size, all.length);
});

test('each machine is a category of its own, also in a night without findings', async () => {
  const row = (ComputerName: string): AnyRow => ({ Kind: 'Opened', Severity: 'High', Endpoint: 'TCP [::]:80', ComputerName });
  const listeners = (...names: string[]) => ({ tables: [{ title: 'Listeners', schema: endpoint as RowSchema, rows: names.map((ComputerName): AnyRow => ({ ComputerName })) }] });
  const id = async (rows: readonly AnyRow[], more: Partial<DocumentFrame> = {}): Promise<string> => (await written(rows, more)).runs[0]!.automationDetails.id;
  assert.is(await id([row('box')]), 'portowner/box/');
  assert.is(await id([], listeners('box')), 'portowner/box/');
  assert.is(await id([row('a/b ü')]), 'portowner/a%2Fb%20%C3%BC/');
  assert.is(await id([row('a'), row('b')]), 'portowner/');
  assert.is(await id([row('a')], listeners('a', 'b')), 'portowner/');
  assert.is(await id([]), 'portowner/');
});

test('a place is a relative address, whatever the names are', async () => {
  for (const name of ['box', 'C:', '..', '.', '/etc', 'https://x', 'a b', '\u202e', '?q', '#f', '%2e%2e', '']) {
    const uri = (await written([{ Kind: 'Opened', Severity: 'High', Endpoint: `TCP ${name}:80`, ComputerName: name }])).runs[0]!.results[0]!.locations[0]!.physicalLocation
      .artifactLocation.uri;
    const { href } = new URL(uri, 'file:///repo/root/');
    assert.match(href, /^file:\/\/\/repo\/root\/portowner\/[^/]+\/[^/]+$/, `${name}: ${uri} ${href}`);
  }
});

test('a fingerprint has the file of the owner, whatever application it runs', async () => {
  const rows = (applications: readonly string[]): AnyRow[] =>
    [
      { program: '/usr/bin/node' },
      { program: '/usr/bin/node', services: ['shop.service'] },
      { program: 'C:\\Program Files\\nodejs\\node.exe', user: 'BOX\\ann' },
      { program: '/opt/a as b/node', user: null },
      { program: 'node' },
    ].flatMap((more) => {
      const now = listener({ ...more, applications });
      const [before, binary] = [listener({ ...more, address: '127.0.0.1', scope: 'Loopback' }), listener({ ...more, sha256: 'a' })];
      return [[], [before], [binary]].flatMap(
        (baseline) => audit(facts([]), [{ ...now, sha256: 'b' }], compare(baseline, [{ ...now, sha256: 'b' }]), { policy: null, reference: { name: 'b', approve: null } }).findings,
      );
    });
  const prints = async (applications: readonly string[]) =>
    (await written(rows(applications))).runs[0]!.results.map(({ partialFingerprints }) => (partialFingerprints as Record<string, string>)['portowner/v1']);
  const plain = await prints([]);
  assert.is(plain.length, 15);
  assert.match(JSON.stringify(plain), /\|node \(shop\.service\) as root"/);
  for (const application of ['node server.js', 'python -m http.server', 'vite', 'x as root', 'node -e']) assert.equal(await prints([application]), plain, application);
});

test('other rows than findings are refused', async () => {
  const { code, err } = await run(['443', '--from', snapshotFile(facts([socket()])), '--format', 'sarif']);
  assert.is(code, 64);
  assert.match(err, /PO1005: --format sarif can be used only for findings: portowner audit and portowner diff/);
});

test.run();
