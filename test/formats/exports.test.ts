// Exports for other programs, held against the shapes that their projects publish.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatOfFile, loadWriter, type Format } from '../../src/formats/formats.ts';
import type { DocumentFrame } from '../../src/formats/writer.ts';
import type { AnyRow } from '../../src/schema/column.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { findingKinds } from '../../src/schema/finding-kinds.ts';
import { finding, severities } from '../../src/schema/finding.ts';
import { hostileText } from '../support/formats.ts';
import { frame } from '../support/frame.ts';

const test = suite('exports');

const shape = <T>(name: string): T => JSON.parse(readFileSync(fileURLToPath(new URL(`../fixtures/exports/${name}.json`, import.meta.url)), 'utf8')) as T;
const ecs = shape<{
  version: string;
  kinds: string[];
  outcomes: string[];
  categories: Readonly<Record<string, readonly string[]>>;
  fields: Readonly<Record<string, string>>;
}>('ecs');
const otlp = shape<{ severityNumbers: number[]; messages: Readonly<Record<string, Readonly<Record<string, string>>>> }>('otlp');
const { attributes } = shape<{ attributes: Readonly<Record<string, string | readonly string[]>> }>('attributes');

const at = '2026-01-02T03:04:05.678Z';

const found = (more: AnyRow = {}): AnyRow => ({
  Kind: 'Opened',
  Severity: 'High',
  FirstSeen: '2026-01-01T03:00:00Z',
  Endpoint: 'TCP 0.0.0.0:8080',
  Owner: 'nginx',
  Before: null,
  After: '/usr/sbin/nginx as root',
  Rule: 'baseline web.yaml',
  Evidence: ['nobody listened there', 'port: 8080'],
  Remedy: ['portowner 8080'],
  Contact: 'web team',
  Ticket: 'OPS-7',
  Protocol: 'TCP',
  LocalAddress: '0.0.0.0',
  LocalPort: 8080,
  ComputerName: 'web1',
  ...more,
});

const listening = (more: AnyRow = {}): AnyRow => ({
  Protocol: 'TCP',
  LocalAddress: '0.0.0.0',
  LocalPort: 8080,
  State: 'Listen',
  OwningProcess: 77,
  ImageName: 'nginx',
  Application: 'nginx',
  Path: '/usr/sbin/nginx',
  UserName: 'CORP\\web',
  Services: ['nginx.service'],
  StartTime: '2026-01-01T00:00:00Z',
  Owner: 'nginx (77)',
  ComputerName: 'web1',
  ...more,
});

const audited = (more: Partial<DocumentFrame> = {}): DocumentFrame =>
  frame({
    audits: [{ ComputerName: 'web1', RunTime: at, Listeners: 2, IsComplete: true, IsSuccess: true }],
    binaries: [{ ComputerName: 'web1', OwningProcess: 77, Sha256: 'ab'.repeat(32), Signer: 'Nginx Inc' }],
    tables: [{ title: 'Listeners', schema: endpoint, rows: [listening(), listening({ Protocol: 'UDP', LocalAddress: 'fe80::1%eth0', LocalPort: 53, OwningProcess: 88 })] }],
    problems: [{ severity: 'Warning', code: 'PO3002', message: 'one process is hidden', hint: 'Run it as root.' }],
    ...more,
  });

async function text(format: Format, rows: readonly AnyRow[], about: DocumentFrame, replaced: string | null = null): Promise<string> {
  let all = '';
  const sink = { write: (more: string) => void (all += more), flush() {} };
  const writer = await loadWriter(format, finding, { columns: finding.columns, sink, problems: 'auto', frame: about, replaced: () => replaced });
  for (const row of rows) writer.row(row);
  await writer.end();
  return all;
}

type Fields = Readonly<Record<string, unknown>>;

const ecsTypes: Readonly<Record<string, (value: unknown) => boolean>> = {
  keyword: (value) => typeof value === 'string' && value !== '',
  match_only_text: (value) => typeof value === 'string',
  wildcard: (value) => typeof value === 'string',
  date: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  ip: (value) => typeof value === 'string' && /^[0-9a-f.:]+$/i.test(value),
  long: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
};

function checkedEcs(all: string): Fields[] {
  assert.match(all, /^[ -~\n]*$/, 'pure ASCII');
  return all
    .trimEnd()
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line) as Fields;
      for (const [name, value] of Object.entries(event)) {
        if (name === 'labels') {
          for (const label of Object.values(value as Fields)) assert.type(label, 'string');
          continue;
        }
        const type = ecs.fields[name];
        assert.ok(type !== undefined, `${name} is not a field of ECS`);
        assert.is(type.endsWith('[]'), Array.isArray(value), `${name} is ${type}`);
        for (const one of [value].flat()) assert.ok(ecsTypes[type.replace('[]', '')]!(one), `${name}: ${String(one)} is not ${type}`);
      }
      assert.is(event['ecs.version'], ecs.version);
      assert.ok(ecs.kinds.includes(String(event['event.kind'])));
      if ('event.outcome' in event) assert.ok(ecs.outcomes.includes(String(event['event.outcome'])));
      const [category = ''] = event['event.category'] as string[];
      for (const one of event['event.type'] as string[]) assert.ok(ecs.categories[category]?.includes(one), `${category}: ${one}`);
      return event;
    });
}

interface KeyValue {
  readonly key: string;
  readonly value: Fields;
}

/** Holds a value of a JSON text against a message, as the JSON mapping of Protocol Buffers and of OTLP has it. */
function checkMessage(value: unknown, name: string): void {
  const fields = otlp.messages[name];
  if (fields === undefined) {
    if (['fixed64', 'int64'].includes(name)) return assert.match(value as string, /^\d+$/);
    if (name === 'SeverityNumber') return assert.ok(otlp.severityNumbers.includes(value as number) && value !== 0);
    return assert.is(typeof value, name === 'bool' ? 'boolean' : name);
  }
  for (const [key, one] of Object.entries(value as Fields)) {
    const type = fields[key];
    assert.ok(type !== undefined, `${key} is not a field of ${name}`);
    if (!type.endsWith('[]')) checkMessage(one, type);
    else for (const item of one as unknown[]) checkMessage(item, type.replace('[]', ''));
  }
}

interface LogRequest {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeLogs: readonly { readonly logRecords: readonly (Fields & { readonly attributes: readonly KeyValue[] })[] }[];
  }[];
}

function plainAttributes(list: readonly KeyValue[]): Fields {
  assert.is(new Set(list.map(({ key }) => key)).size, list.length, 'each attribute once');
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const [[kind = '', plain] = []] = Object.entries(value);
      const known = attributes[key];
      assert.ok(known !== undefined || key.startsWith('portowner.'), `${key} is not an attribute of the conventions`);
      if (typeof known === 'string') assert.is(kind, `${known}Value`, key);
      else if (known !== undefined) assert.ok(known.includes(plain as string), `${key}: ${String(plain)}`);
      return [key, plain];
    }),
  );
}

function checkedOtlp(all: string): LogRequest[] {
  assert.match(all, /^[ -~\n]*$/, 'pure ASCII');
  return all
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const request = JSON.parse(line) as LogRequest;
      checkMessage(request, 'ExportLogsServiceRequest');
      for (const { resource, scopeLogs } of request.resourceLogs) {
        plainAttributes(resource.attributes);
        for (const { logRecords } of scopeLogs) for (const record of logRecords) plainAttributes(record.attributes);
      }
      return request;
    });
}

const recordsOf = (requests: readonly LogRequest[]): Fields[] =>
  requests.flatMap(({ resourceLogs }) =>
    resourceLogs.flatMap(({ resource, scopeLogs }) =>
      scopeLogs.flatMap(({ logRecords }) =>
        logRecords.map((record) => ({ ...record, attributes: { ...plainAttributes(resource.attributes), ...plainAttributes(record.attributes) } })),
      ),
    ),
  );

test('the longest extension decides the format', () => {
  assert.is(formatOfFile('a/x.ecs.ndjson', 'report', ''), 'ecs');
  assert.is(formatOfFile('X.ECS.NDJSON', 'report', ''), 'ecs');
  assert.is(formatOfFile('x.ndjson', 'report', ''), 'ndjson');
  assert.is(formatOfFile('decs.ndjson', 'report', ''), 'ndjson');
  assert.is(formatOfFile('x.otlp.jsonl', 'report', ''), 'otlp');
  assert.is(formatOfFile('x.prom', 'report', ''), 'prom');
  assert.is(formatOfFile('folder.prom/x', 'report', ''), null);
  assert.throws(() => formatOfFile('x.jsonl', 'report', ''), /cannot tell the report format/);
});

test('ECS: the audit, its findings, problems, and listeners', async () => {
  const events = checkedEcs(await text('ecs', [found()], audited()));
  assert.equal(
    events.map((event) => event['event.dataset']),
    ['portowner.audit', 'portowner.finding', 'portowner.problem', 'portowner.listener', 'portowner.listener'],
  );
  for (const event of events) assert.equal([event['@timestamp'], event['host.name']], [at, 'web1']);
  const [audit, one, problem, listener, other] = events;
  assert.equal([audit!['event.outcome'], audit!['message']], ['success', 'Audit of web1: 1 findings, 2 listeners']);
  assert.equal(one, {
    '@timestamp': at,
    'ecs.version': '9.4.0',
    message: 'Opened: TCP 0.0.0.0:8080, nginx on web1',
    'event.module': 'portowner',
    'event.provider': 'portowner',
    'event.dataset': 'portowner.finding',
    'agent.type': 'portowner',
    'agent.version': '0.1.0',
    'host.name': 'web1',
    'related.hosts': ['web1'],
    'event.kind': 'alert',
    'event.category': ['network'],
    'event.type': ['start'],
    'event.severity': 73,
    'log.level': 'high',
    'event.action': 'opened',
    'event.reason': 'nobody listened there; port: 8080',
    'event.start': '2026-01-01T03:00:00Z',
    'rule.name': 'baseline web.yaml',
    'rule.category': 'Opened',
    'rule.description': 'portowner 8080',
    labels: { endpoint: 'TCP 0.0.0.0:8080', owner: 'nginx', after: '/usr/sbin/nginx as root', contact: 'web team', ticket: 'OPS-7' },
    'network.transport': 'tcp',
    'network.type': 'ipv4',
    'server.address': '0.0.0.0',
    'server.ip': '0.0.0.0',
    'server.port': 8080,
    'destination.address': '0.0.0.0',
    'destination.ip': '0.0.0.0',
    'destination.port': 8080,
    'related.ip': ['0.0.0.0'],
    'process.pid': 77,
    'process.name': 'nginx',
    'process.executable': '/usr/sbin/nginx',
    'process.start': '2026-01-01T00:00:00Z',
    'process.hash.sha256': 'ab'.repeat(32),
    'process.code_signature.subject_name': 'Nginx Inc',
    'user.name': 'web',
    'user.domain': 'CORP',
    'service.name': 'nginx.service',
    'related.user': ['web'],
    'related.hash': ['ab'.repeat(32)],
  });
  assert.equal([problem!['error.code'], problem!['event.reason']], ['PO3002', 'Run it as root.']);
  assert.equal([listener!['event.kind'], listener!['process.pid'], listener!['process.hash.sha256']], ['state', 77, 'ab'.repeat(32)]);
  assert.equal([other!['server.ip'], other!['network.transport'], other!['network.type'], other!['process.hash.sha256']], ['fe80::1', 'udp', 'ipv6', undefined]);
});

test('OTLP: the same as log records', async () => {
  const requests = checkedOtlp(await text('otlp', [found()], audited()));
  assert.is(requests.length, 1);
  const [audit, one, problem, listener] = recordsOf(requests) as [Fields, Fields, Fields, Fields];
  assert.equal([audit['eventName'], audit['severityNumber']], ['portowner.audit', 9]);
  const { attributes: values, ...record } = one as { attributes: Fields };
  assert.equal(record, {
    timeUnixNano: '1767323045678000000',
    observedTimeUnixNano: '1767323045678000000',
    severityNumber: 17,
    severityText: 'High',
    eventName: 'portowner.finding',
    body: { stringValue: 'Opened: TCP 0.0.0.0:8080, nginx on web1' },
  });
  assert.equal(
    [
      'host.name',
      'service.name',
      'process.pid',
      'process.executable.path',
      'process.owner',
      'network.local.port',
      'server.port',
      'security_rule.name',
      'portowner.executable.sha256',
    ].map((name) => values[name]),
    ['web1', 'portowner', '77', '/usr/sbin/nginx', 'CORP\\web', '8080', '8080', 'baseline web.yaml', 'ab'.repeat(32)],
  );
  assert.equal([problem['severityText'], (problem['attributes'] as Fields)['error.type']], ['Warning', 'PO3002']);
  assert.is((listener['attributes'] as Fields)['portowner.owner'], 'nginx (77)');
});

test('OTLP: requests have at most 500 records and about a megabyte', async () => {
  const many = Array.from({ length: 1203 }, (_, index) => found({ LocalPort: index + 1, Endpoint: `TCP 0.0.0.0:${index + 1}`, ComputerName: `web${index % 3}` }));
  const requests = checkedOtlp(await text('otlp', many, audited({ tables: [], problems: [] })));
  assert.equal(
    requests.map(({ resourceLogs }) => resourceLogs.reduce((sum, { scopeLogs }) => sum + scopeLogs[0]!.logRecords.length, 0)),
    [500, 500, 204],
  );
  assert.is(requests[0]!.resourceLogs.length, 3, 'a machine is a resource');
  assert.is(recordsOf(requests).length, 1204);
  const long = Array.from({ length: 30 }, () => found({ Evidence: ['x'.repeat(100_000)] }));
  const lines = (await text('otlp', long, audited({ tables: [], problems: [] }))).trimEnd().split('\n');
  assert.is(lines.length, 3);
  for (const line of lines) assert.ok(line.length < 1_100_000);
});

test('every kind and severity has a place in each', async () => {
  const rows = Object.keys(findingKinds).flatMap((kind) => severities.map((severity) => found({ Kind: kind, Severity: severity })));
  const events = checkedEcs(await text('ecs', rows, audited())).filter((event) => event['event.kind'] === 'alert');
  assert.equal([...new Set(events.map((event) => event['event.severity']))], [0, 21, 47, 73, 99]);
  assert.is(new Set(events.map((event) => event['event.action'])).size, Object.keys(findingKinds).length);
  const records = recordsOf(checkedOtlp(await text('otlp', rows, audited()))).filter(({ eventName }) => eventName === 'portowner.finding');
  assert.equal([...new Set(records.map(({ severityNumber }) => severityNumber))], [9, 10, 13, 17, 21]);
});

test('a finding names a process only if one listener fits, and somebody listens there', async () => {
  const two = audited({ tables: [{ title: 'Listeners', schema: endpoint, rows: [listening(), listening({ OwningProcess: 78 })] }] });
  const processOf = async (row: AnyRow, about: DocumentFrame): Promise<unknown> => checkedEcs(await text('ecs', [row], about))[1]!['process.pid'];
  assert.is(await processOf(found(), audited()), 77);
  assert.is(await processOf(found(), two), undefined);
  assert.is(await processOf(found({ Kind: 'Closed', After: null }), audited()), undefined);
  assert.is(await processOf(found({ ComputerName: 'web2' }), audited()), undefined);
  assert.is(await processOf(found({ LocalAddress: 'any', LocalPort: null, Endpoint: 'TCP any:50000' }), audited()), undefined);
});

test('a dynamic listener has no address and no port', async () => {
  const [, one] = checkedEcs(await text('ecs', [found({ LocalAddress: 'any', LocalPort: null })], audited()));
  assert.equal(
    Object.keys(one!).filter((name) => /^(?:server|destination)\./.test(name)),
    [],
  );
  assert.is(one!['network.transport'], 'tcp');
});

test('any text leaves every shape as it is', async () => {
  const texts = ['Endpoint', 'Owner', 'Before', 'After', 'Rule', 'Contact', 'Ticket', 'LocalAddress', 'ComputerName'];
  await fc.assert(
    fc.asyncProperty(fc.array(hostileText, { minLength: texts.length, maxLength: texts.length }), fc.array(hostileText), async (values, evidence) => {
      const row = found({ ...Object.fromEntries(texts.map((name, index) => [name, values[index]!])), Evidence: evidence });
      const machine = values.at(-1)!;
      const about = audited({
        audits: [{ ComputerName: machine, RunTime: at, Listeners: 1, IsComplete: false, IsSuccess: true }],
        tables: [{ title: 'Listeners', schema: endpoint, rows: [listening({ ImageName: values[0], UserName: values[1], Path: values[2], ComputerName: machine })] }],
      });
      checkedEcs(await text('ecs', [row], about));
      checkedOtlp(await text('otlp', [row], about));
      checkedMetrics(await text('prom', [row], about));
    }),
    { numRuns: 200, includeErrorInReport: true },
  );
});

/** Reads the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
function checkedMetrics(all: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  let named = '';
  assert.ok(all.endsWith('\n'));
  for (const line of all.slice(0, -1).split('\n')) {
    const [, help] = /^# HELP ([a-z_]+) \S.*$/.exec(line) ?? [];
    const [, type] = /^# TYPE ([a-z_]+) gauge$/.exec(line) ?? [];
    if (help !== undefined) named = help;
    else if (type !== undefined) {
      assert.is(type, named, 'the help comes first');
      assert.not.ok(typed.has(type), 'each metric once');
      typed.add(type);
    } else {
      const [, name, labels, value] = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\}) (\d+)$/.exec(line) ?? [];
      assert.ok(name !== undefined, line);
      assert.is(name, named);
      assert.not.ok(samples.has(`${name}${labels}`), 'each sample once');
      samples.set(`${name}${labels}`, Number(value));
    }
  }
  return samples;
}

test('Prometheus: counts by severity, listeners, and how the audit ended', async () => {
  const rows = [found(), found({ Severity: 'High' }), found({ Severity: 'Low' })];
  const samples = checkedMetrics(await text('prom', rows, audited()));
  assert.equal(Object.fromEntries(samples), {
    'portowner_audit_info{machine="web1",version="0.1.0"}': 1,
    'portowner_audit_findings{machine="web1",severity="info"}': 0,
    'portowner_audit_findings{machine="web1",severity="low"}': 1,
    'portowner_audit_findings{machine="web1",severity="medium"}': 0,
    'portowner_audit_findings{machine="web1",severity="high"}': 2,
    'portowner_audit_findings{machine="web1",severity="critical"}': 0,
    'portowner_audit_listeners{machine="web1"}': 2,
    'portowner_audit_complete{machine="web1"}': 1,
    'portowner_audit_success{machine="web1"}': 1,
    'portowner_audit_timestamp_seconds{machine="web1"}': 1767323045,
    'portowner_audit_last_success_timestamp_seconds{machine="web1"}': 1767323045,
  });
});

test('Prometheus: the last success stays while audits fail, and for machines that are missing', async () => {
  const name = 'a\\b"c\nd';
  const state = (machine: string, RunTime: string, IsSuccess: boolean) => ({ ComputerName: machine, RunTime, Listeners: 1, IsComplete: IsSuccess, IsSuccess });
  const both = audited({ audits: [state(name, at, true), state('web2', at, true)] });
  const first = await text('prom', [], both);
  const later = '2026-01-03T03:00:00Z';
  const second = await text('prom', [], audited({ audits: [state(name, later, false)] }), first);
  const samples = checkedMetrics(second);
  const label = '{machine="a\\\\b\\"c\\nd"}';
  assert.is(samples.get(`portowner_audit_success${label}`), 0);
  assert.is(samples.get(`portowner_audit_timestamp_seconds${label}`), Date.parse(later) / 1000);
  assert.is(samples.get(`portowner_audit_last_success_timestamp_seconds${label}`), 1767323045);
  assert.is(samples.get('portowner_audit_last_success_timestamp_seconds{machine="web2"}'), 1767323045);
  const third = checkedMetrics(await text('prom', [], audited({ audits: [state(name, later, true)] }), second));
  assert.is(third.get(`portowner_audit_last_success_timestamp_seconds${label}`), Date.parse(later) / 1000);
  assert.is(checkedMetrics(await text('prom', [], audited({ audits: [state('x', at, false)] }), 'anything\n\0')).size, 10);
});

test.run();
