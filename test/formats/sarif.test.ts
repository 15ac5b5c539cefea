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
import type { AnyRow } from '../../src/schema/column.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { findingKinds } from '../../src/schema/finding-kinds.ts';
import { finding, severities } from '../../src/schema/finding.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { hostileText } from '../support/formats.ts';
import { frame } from '../support/frame.ts';
import { listener } from '../support/listener.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('sarif');

interface Log {
  readonly runs: readonly {
    readonly automationDetails: { readonly id: string };
    readonly tool: {
      readonly driver: {
        readonly rules: readonly {
          readonly id: string;
          readonly shortDescription: { readonly text: string };
          readonly fullDescription: { readonly text: string };
          readonly help: { readonly text: string; readonly markdown: string };
          readonly defaultConfiguration: { readonly level: string };
          readonly properties: { readonly tags: readonly string[]; readonly 'security-severity': string };
        }[];
      };
    };
    readonly invocations: readonly { readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly { readonly message: { readonly text: string } }[] }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly partialFingerprints: Readonly<Record<string, string>>;
      readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: { readonly startLine: number } } }[];
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
  const { results, invocations, automationDetails } = checked(readFileSync(report, 'utf8')).runs[0]!;
  assert.equal(
    results.map(({ ruleId, level }) => [ruleId, level]),
    [['Opened', 'error']],
  );
  assert.match(results[0]!.message.text, /^Opened: TCP 0\.0\.0\.0:8080, nginx as root\. /);
  assert.is(results[0]!.partialFingerprints['portowner/v1'], 'box|Opened|TCP 0.0.0.0:8080|nginx as root');
  assert.match(automationDetails.id, /^PortOwner\/box\/\d{4}-/);
  assert.is(invocations[0]!.executionSuccessful, true);
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
  const prints = async (applications: readonly string[]) => (await written(rows(applications))).runs[0]!.results.map(({ partialFingerprints }) => partialFingerprints);
  const plain = await prints([]);
  assert.is(plain.length, 15);
  assert.match(JSON.stringify(plain), /\|node \(shop\.service\) as root"/);
  for (const application of ['node server.js', 'python -m http.server', 'vite', 'x as root', 'node -e']) assert.equal(await prints([application]), plain, application);
});

const row = (more: AnyRow): AnyRow => ({
  Kind: 'Opened',
  Severity: 'High',
  Endpoint: 'TCP 0.0.0.0:8080',
  Owner: 'nginx as root',
  Protocol: 'TCP',
  LocalAddress: '0.0.0.0',
  LocalPort: 8080,
  ComputerName: 'box',
  ...more,
});

test('a rule for code scanning says what it is about, and how severe its worst finding is', async () => {
  const rows = [
    row({ Severity: 'Medium' }),
    row({ Severity: 'Critical', LocalPort: 23, Endpoint: 'TCP 0.0.0.0:23' }),
    row({ Kind: 'Closed', Severity: 'Low' }),
    row({ Kind: 'New', Severity: 'Odd' }),
  ];
  const { rules } = (await written(rows)).runs[0]!.tool.driver;
  assert.equal(
    rules.map(({ id, defaultConfiguration, properties }) => [id, defaultConfiguration.level, properties['security-severity']]),
    [
      ['Opened', 'error', '9.5'],
      ['Closed', 'note', '3.0'],
      ['New', 'note', '0.0'],
    ],
  );
  for (const { shortDescription, fullDescription, help, properties } of rules) {
    for (const said of [shortDescription.text, fullDescription.text, help.text, help.markdown]) assert.ok(said.length > 5 && said.length < 1024, said);
    assert.ok(properties.tags.includes('security'));
  }
  assert.match(rules[0]!.help.markdown, /^\*\*A listener that was not there before\.\*\*\n\nSeverity: High/);
  for (const kind of Object.keys(findingKinds)) assert.not.match((await written([row({ Kind: kind })])).runs[0]!.tool.driver.rules[0]!.help.text, /^A finding\./, kind);
});

test('a fingerprint is the same the next night, and differs between findings', async () => {
  const prints = async (more: AnyRow): Promise<string> => {
    const { partialFingerprints } = (await written([row(more)])).runs[0]!.results[0]!;
    assert.match(partialFingerprints['primaryLocationLineHash']!, /^[\da-f]{16}:1$/);
    return JSON.stringify(partialFingerprints);
  };
  const dynamic = { LocalAddress: 'any', LocalPort: null };
  const first = await prints({ ...dynamic, Endpoint: 'TCP any:50000' });
  // The system assigns other ports every time, and severities, evidence, and remedies can be worded otherwise.
  for (const more of [{ Endpoint: 'TCP any:50111' }, { Endpoint: 'TCP any:dynamic' }, { Severity: 'Low', Evidence: ['x'], FirstSeen: '2026-01-01T00:00:00Z' }])
    assert.is(await prints({ ...dynamic, Endpoint: 'TCP any:50000', ...more }), first);
  const others = [{ ComputerName: 'other' }, { Kind: 'Closed' }, { Protocol: 'UDP' }, { LocalAddress: 'loopback' }, { Owner: 'node' }].map((more) =>
    prints({ ...dynamic, ...more }),
  );
  const plain = await prints({});
  assert.is(new Set([first, plain, await prints({ LocalPort: 8081, Endpoint: 'TCP 0.0.0.0:8081' }), ...(await Promise.all(others))]).size, 8);
});

test('a location is a file below a repository, whatever a machine is called', async () => {
  for (const name of ['box', '..', '.', '', 'a/b', 'C:\\x', '\u00fc \u{1f600}', '\ud800', '//x', 'http://x', null]) {
    const { physicalLocation } = (await written([row({ ComputerName: name, Endpoint: 'TCP [::]:1' })])).runs[0]!.results[0]!.locations[0]!;
    const { uri } = physicalLocation.artifactLocation;
    const root = 'file:///root/of/repository/';
    const { href } = new URL(uri, root);
    assert.ok(href.startsWith(`${root}portowner/`) && href.split('/').length === root.split('/').length + 2, `${uri} ${href}`);
    assert.is(physicalLocation.region.startLine, 1);
  }
});

test('a run replaces the one of the same machine in code scanning', async () => {
  const category = async (rows: readonly AnyRow[], more: Partial<DocumentFrame> = {}): Promise<string> =>
    (await written(rows, more)).runs[0]!.automationDetails.id.replace(/[^/]*$/, '');
  assert.is(await category([row({})]), 'PortOwner/box/');
  assert.is(await category([row({}), row({ ComputerName: 'b' })]), 'PortOwner/several-machines/');
  // A clean night closes the findings of the night before.
  assert.is(await category([], { tables: [{ title: 'Listeners', schema: endpoint, rows: [{ ComputerName: 'box' }] }] }), 'PortOwner/box/');
  assert.is(await category([]), 'PortOwner/');
});

test('code scanning tells findings apart that have one identity', async () => {
  const one = { Kind: 'Opened', Severity: 'High', Endpoint: 'TCP 0.0.0.0:80', Owner: 'node as root', ComputerName: 'box' };
  const hashes = (
    await written([
      { ...one, After: '/a/node as root' },
      { ...one, After: '/b/node as root' },
    ])
  ).runs[0]!.results.map(({ partialFingerprints }) => (partialFingerprints as Record<string, string>)['primaryLocationLineHash']!);
  assert.equal(
    hashes.map((hash) => hash.slice(-2)),
    [':1', ':2'],
  );
  assert.is(hashes[0]!.slice(0, -2), hashes[1]!.slice(0, -2));
});

test('other rows than findings are refused', async () => {
  const { code, err } = await run(['443', '--from', snapshotFile(facts([socket()])), '--format', 'sarif']);
  assert.is(code, 64);
  assert.match(err, /PO1005: --format sarif can be used only for findings: portowner audit and portowner diff/);
});

test.run();
