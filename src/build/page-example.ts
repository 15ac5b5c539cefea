// The machine in the picture of the HTML page: a web server on Windows, in the night of an audit.
import { frameOf } from '../cli/frame.ts';
import { loadWriter } from '../formats/formats.ts';
import type { Answer, Background } from '../schema/answer.ts';
import { plainColumns, type AnyRow, type RowSchema } from '../schema/column.ts';
import type { AuditRun } from '../schema/audit-run.ts';
import type { Endpoint } from '../schema/endpoint.ts';
import { endpoint } from '../schema/endpoint.ts';
import type { Finding } from '../schema/finding.ts';
import { finding } from '../schema/finding.ts';
import { portClass } from '../ports/classes.ts';
import type { Range } from '../schema/range.ts';

export const machine = 'SERVER7';

const nothing = Object.fromEntries(endpoint.columns.map(({ name }) => [name, null])) as unknown as Endpoint;

type Listener = readonly [
  protocol: string,
  address: string,
  port: number,
  application: string,
  pid: number,
  service?: string,
];

const listening: readonly Listener[] = [
  ['TCP', '0.0.0.0', 80, 'IIS', 4, 'W3SVC'],
  ['TCP', '0.0.0.0', 135, 'svchost', 1012, 'RpcSs'],
  ['TCP', '10.0.0.7', 139, 'System', 4],
  ['TCP', '0.0.0.0', 443, 'IIS', 4, 'W3SVC'],
  ['TCP', '0.0.0.0', 445, 'System', 4],
  ['TCP', '0.0.0.0', 1433, 'sqlservr', 3120, 'MSSQLSERVER'],
  ['TCP', '127.0.0.1', 3000, 'node server.js', 7720],
  ['TCP', '0.0.0.0', 3389, 'svchost', 1288, 'TermService'],
  ['TCP', '0.0.0.0', 5985, 'System', 4, 'WinRM'],
  ['TCP', '127.0.0.1', 6379, 'redis-server', 4460],
  ['TCP', '0.0.0.0', 8080, 'python -m http.server', 9024],
  ['TCP', '127.0.0.1', 9229, 'node server.js', 7720],
  ['TCP', '0.0.0.0', 27_017, 'mongod', 2216, 'MongoDB'],
  ['TCP', '0.0.0.0', 47_001, 'System', 4, 'WinRM'],
  ['TCP', '0.0.0.0', 49_664, 'lsass', 804],
  ['TCP', '0.0.0.0', 49_665, 'wininit', 640],
  ['TCP', '0.0.0.0', 49_667, 'svchost', 1480, 'Schedule'],
  ['TCP', '0.0.0.0', 49_671, 'spoolsv', 2872, 'Spooler'],
  ['UDP', '0.0.0.0', 123, 'svchost', 1340, 'W32Time'],
  ['UDP', '10.0.0.7', 137, 'System', 4],
  ['UDP', '0.0.0.0', 500, 'svchost', 1616, 'IKEEXT'],
  ['UDP', '0.0.0.0', 1434, 'sqlbrowser', 3344, 'SQLBrowser'],
  ['UDP', '0.0.0.0', 5353, 'svchost', 1720, 'Dnscache'],
  ['UDP', '0.0.0.0', 5355, 'svchost', 1720, 'Dnscache'],
];

function listener([Protocol, LocalAddress, LocalPort, Application, OwningProcess, service]: Listener): Endpoint {
  const image = `${Application.split(' ', 1)[0]}.exe`;
  return {
    ...nothing,
    Protocol,
    LocalAddress,
    LocalPort,
    Application,
    OwningProcess,
    AddressScope: LocalAddress === '0.0.0.0' ? 'Any' : LocalAddress.startsWith('127.') ? 'Loopback' : 'Specific',
    State: Protocol === 'TCP' ? 'Listen' : null,
    ImageName: image,
    Services: service === undefined ? null : [service],
    PortRange: portClass(LocalPort),
    OwnerKind: service === undefined ? 'Process' : 'Service',
    Owner:
      service === undefined ? `${Application} (${OwningProcess})` : `${service} (${Application}, ${OwningProcess})`,
    UserName: service === undefined ? 'CONTOSO\\ann' : 'NT AUTHORITY\\SYSTEM',
    StartTime: '2026-05-03T22:14:07Z',
    ComputerName: machine,
  };
}

export const listeners: readonly Endpoint[] = listening.map(listener);

/** Connections of clients to some of the listeners, and of programs to servers. */
export const connections: readonly Endpoint[] = Array.from({ length: 96 }, (_, i): Endpoint => {
  const serving = [443, 443, 443, 443, 80, 1433, 1433, 3389][i % 8]!;
  const own = listeners.find(({ LocalPort }) => LocalPort === serving)!;
  const isClient = i % 3 !== 0;
  const [host, port, program] = [
    ['10.0.0.21', 5432, 'node server.js'],
    ['52.96.10.4', 443, 'msedge'],
    ['10.0.0.30', 389, 'lsass'],
    ['10.0.0.30', 88, 'lsass'],
    ['20.42.65.9', 443, 'svchost'],
  ][Math.floor(i / 3) % 5] as [string, number, string];
  return isClient
    ? {
        ...own,
        LocalAddress: '10.0.0.7',
        AddressScope: 'Specific',
        State: 'Established',
        RemoteAddress: `10.0.${i % 4}.${40 + (i % 9)}`,
        RemotePort: 50_000 + i * 7,
      }
    : {
        ...listener(['TCP', '10.0.0.7', 51_000 + i * 3, program, 5000 + i]),
        State: 'Established',
        RemoteAddress: host,
        RemotePort: port,
      };
});

const range = (Kind: string, Protocol: string | null, StartPort: number, EndPort: number): Range => ({
  Kind,
  Protocol,
  AddressFamily: null,
  StartPort,
  EndPort,
  Count: EndPort - StartPort + 1,
  Source: 'netsh',
  Reason: null,
  ComputerName: machine,
});

export const ranges: readonly Range[] = [
  range('LocalDynamic', 'TCP', 49_152, 65_535),
  range('LocalDynamic', 'UDP', 49_152, 65_535),
  range('Excluded', 'TCP', 5357, 5357),
  range('Excluded', 'TCP', 50_000, 50_059),
  range('Excluded', 'TCP', 53_160, 53_659),
  range('ExcludedPersistent', 'TCP', 28_000, 28_999),
];

/** The last nights, newest first. */
export const runs: readonly AuditRun[] = Array.from({ length: 30 }, (_, ago): AuditRun => {
  const findings = [3, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 5, 4][ago % 14]!;
  return {
    RunTime: new Date(Date.UTC(2026, 4, 4, 2) - ago * 86_400_000).toISOString(),
    Listeners: 24 - Math.round(ago / 5) + (findings > 2 ? 2 : 0),
    Appeared: findings > 0 ? 1 : 0,
    Disappeared: 0,
    Findings: findings,
    WorstSeverity: findings === 0 ? null : findings > 3 ? 'Medium' : findings > 2 ? 'High' : 'Low',
    Complete: ago !== 9,
    Problem: ago === 9 ? 'the owner of 2 sockets could not be seen' : null,
    Tool: 'portowner 0.1.0',
    ComputerName: machine,
  };
});

const noFinding = Object.fromEntries(finding.columns.map(({ name }) => [name, null])) as unknown as Finding;
const found = (more: Partial<Finding>): Finding => ({
  ...noFinding,
  FirstSeen: '2026-05-04T02:00:00Z',
  ComputerName: machine,
  Protocol: 'TCP',
  ...more,
});

export const findings: readonly Finding[] = [
  found({
    Kind: 'Forbidden',
    Severity: 'High',
    Endpoint: 'TCP 0.0.0.0:8080',
    LocalPort: 8080,
    Owner: 'python.exe, as CONTOSO\\ann',
    After: 'python.exe, as CONTOSO\\ann',
    Rule: 'no file servers',
    Evidence: [
      'python -m http.server listens on every address',
      'the rule forbids it on every machine but the build servers',
    ],
    Remedy: ['Stop-PortOwner 8080'],
    Contact: 'web team',
  }),
  found({
    Kind: 'Exposed',
    Severity: 'Medium',
    Endpoint: 'TCP 0.0.0.0:27017',
    LocalPort: 27_017,
    Owner: 'mongod.exe, MongoDB',
    Before: 'mongod.exe on 127.0.0.1:27017',
    After: 'mongod.exe on 0.0.0.0:27017',
    Rule: 'baseline server7.yaml',
    Evidence: ['the baseline has it for this machine only, and now it listens on every address'],
    Remedy: ['portowner baseline update server7.yaml'],
  }),
  found({
    Kind: 'Opened',
    Severity: 'Low',
    Endpoint: 'TCP 127.0.0.1:9229',
    LocalPort: 9229,
    Owner: 'node.exe, as CONTOSO\\ann',
    After: 'node.exe, as CONTOSO\\ann',
    Rule: 'baseline server7.yaml',
    Evidence: ['the baseline has no such listener'],
    Remedy: ['portowner baseline update server7.yaml'],
  }),
];

export const background: Background = { ranges, listeners, runs };

/** The page of an answer, as a command writes it. */
export async function pageText(
  schema: RowSchema,
  rows: readonly AnyRow[],
  answer: Partial<Omit<Answer, 'rows'>> = {},
): Promise<string> {
  const parts: string[] = [];
  const whole: Answer = { problems: [], exitCode: 0, ...answer, rows };
  const about = { rows: [schema], operands: null, values: {}, exitCodes: {}, powershell: 'an example' };
  const asker = { about, subject: null, question: null, at: () => new Date('2026-05-04T02:00:09Z') };
  const writer = await loadWriter('html', schema, {
    columns: plainColumns(schema),
    sink: { write: (text) => void parts.push(text), flush() {} },
    problems: 'auto',
    frame: await frameOf(whole, schema, asker),
  });
  for (const row of rows) writer.row(row);
  await writer.end();
  return parts.join('');
}
