import { asciiJson } from '../io/ascii.ts';
import type { Severity } from '../schema/finding.ts';
import { version } from '../schema/version.ts';
import { exportedEvents, known, type ExportedEvent, type ExportedProcess } from './exported.ts';
import { framed, writerAtEnd } from './text.ts';
import type { CreateWriter } from './writer.ts';

/*
 * Log records for OpenTelemetry: one JSON object per line, each an ExportLogsServiceRequest of bounded size.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/opentelemetry/proto/logs/v1/logs.proto
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/docs/specification.md#json-protobuf-encoding
 */

const schemaUrl = 'https://opentelemetry.io/schemas/1.44.0';

/** The most records, and about the most characters, of a request; one record can be longer. */
const mostRecords = 500;
const mostCharacters = 1024 * 1024;

/** The numbers of INFO, INFO2, WARN, ERROR, and FATAL. */
const severityNumbers: Readonly<Record<Severity, number>> = { Info: 9, Low: 10, Medium: 13, High: 17, Critical: 21 };
const problemNumbers: Readonly<Record<string, number>> = { Error: 17, Warning: 13 };

type Plain = ReturnType<typeof known>;

/** 64-bit integers are texts. */
function anyValue(value: Plain[string]): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}

const keyValues = (values: Plain): object[] =>
  Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));

const unixNano = (at: string): string => `${BigInt(Date.parse(at)) * 1_000_000n}`;

function processAttributes(process: ExportedProcess | null): Plain {
  if (process === null) return {};
  const { id, name, path, user, services, application, start, sha256, signer } = process;
  return known({
    'process.pid': id,
    'process.executable.name': name,
    'process.executable.path': path,
    'process.owner': user,
    'process.creation.time': start,
    'portowner.application': application,
    'portowner.services': services,
    'portowner.executable.sha256': sha256,
    'portowner.executable.signer': signer,
  });
}

function addressAttributes(event: ExportedEvent): Plain {
  const local = 'local' in event ? event.local : null;
  if (local === null) return {};
  const { transport, address, type, port } = local;
  return known({
    'network.transport': transport,
    'network.type': type,
    'network.local.address': address,
    'network.local.port': port,
    'server.address': address,
    'server.port': port,
  });
}

function ownAttributes(event: ExportedEvent): Plain {
  if (event.type === 'audit') {
    const { Listeners, IsComplete, IsSuccess } = event.audit;
    return known({
      'portowner.audit.findings': event.findings,
      'portowner.audit.listeners': Listeners,
      'portowner.audit.complete': IsComplete,
      'portowner.audit.success': IsSuccess,
    });
  }
  if (event.type === 'problem')
    return known({ 'error.type': event.problem.code, 'portowner.hint': event.problem.hint });
  if (event.type === 'listener') return known({ 'portowner.owner': event.listener.Owner });
  const { Kind, Endpoint, Owner, Before, After, Rule, Evidence, Remedy, Contact, Ticket, FirstSeen } = event.finding;
  return known({
    'security_rule.name': Rule,
    'security_rule.category': Kind,
    'portowner.finding.kind': Kind,
    'portowner.finding.endpoint': Endpoint,
    'portowner.finding.before': Before,
    'portowner.finding.after': After,
    'portowner.finding.evidence': Evidence,
    'portowner.finding.remedy': Remedy,
    'portowner.finding.contact': Contact,
    'portowner.finding.ticket': Ticket,
    'portowner.finding.first_seen': FirstSeen,
    'portowner.owner': Owner,
  });
}

/** The number and the name of a severity. */
function severityOf(event: ExportedEvent): readonly [number: number, text: string] {
  if (event.type === 'finding') return [severityNumbers[event.severity] ?? severityNumbers.Info, event.severity];
  if (event.type !== 'problem') return [severityNumbers.Info, 'Info'];
  const { severity } = event.problem;
  return [problemNumbers[severity] ?? severityNumbers.Info, severity];
}

function logRecord(event: ExportedEvent): object {
  const [severityNumber, severityText] = severityOf(event);
  const time = unixNano(event.at);
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber,
    severityText,
    eventName: `portowner.${event.type}`,
    body: { stringValue: event.message },
    attributes: keyValues({
      ...ownAttributes(event),
      ...addressAttributes(event),
      ...('process' in event ? processAttributes(event.process) : {}),
    }),
  };
}

/** The records of a machine, with what is the same for all of them. Records are JSON in ASCII already. */
function resourceLogs(machine: string, records: readonly string[]): string {
  const resource = {
    attributes: keyValues(known({ 'service.name': 'portowner', 'service.version': version, 'host.name': machine })),
  };
  const scope = { name: 'portowner', version };
  return `{"resource":${asciiJson(JSON.stringify(resource))},"scopeLogs":[{"scope":${JSON.stringify(scope)},"logRecords":[${records.join()}],"schemaUrl":"${schemaUrl}"}],"schemaUrl":"${schemaUrl}"}`;
}

/** Groups events to requests. */
function* requests(events: readonly ExportedEvent[]): Generator<string> {
  let machines = new Map<string, string[]>();
  let [count, size] = [0, 0];
  const request = (): string =>
    `{"resourceLogs":[${[...machines].map(([machine, records]) => resourceLogs(machine, records)).join()}]}`;
  for (const event of events) {
    const record = asciiJson(JSON.stringify(logRecord(event)));
    if (count > 0 && (count === mostRecords || size + record.length > mostCharacters)) {
      yield request();
      machines = new Map();
      [count, size] = [0, 0];
    }
    const own = machines.get(event.machine) ?? [];
    machines.set(event.machine, own);
    own.push(record);
    count++;
    size += record.length;
  }
  if (count > 0) yield request();
}

/** Writes the events of an audit as requests of OTLP, one per line, pure ASCII. */
export const createOtlp: CreateWriter = (_schema, { sink, frame }) =>
  writerAtEnd({ sink }, (rows) => {
    for (const line of requests(exportedEvents(framed(frame), rows))) sink.write(`${line}\n`);
  });
