import { asciiJson } from '../io/ascii.ts';
import type { FindingKind } from '../schema/finding-kinds.ts';
import type { Severity } from '../schema/finding.ts';
import { version } from '../schema/version.ts';
import { exportedEvents, joinedText, known, type ExportedEvent, type ExportedProcess } from './exported.ts';
import { framed, wordsOf, writerAtEnd } from './text.ts';
import type { CreateWriter } from './writer.ts';

/*
 * Events for Elasticsearch and whatever else knows the Elastic Common Schema: one JSON object per line.
 * https://www.elastic.co/docs/reference/ecs/ecs-field-reference
 */

const ecsVersion = '9.4.0';

/** The numbers of Elastic's rules for low, medium, high, and critical. */
const severities: Readonly<Record<Severity, number>> = { Info: 0, Low: 21, Medium: 47, High: 73, Critical: 99 };

/** The category and the type of an event, of which each category has its own. */
type Sort = readonly [category: string, type: string];

const change: Sort = ['host', 'change'];
const violation: Sort = ['network', 'info'];

const sorts: Readonly<Record<FindingKind, Sort>> = {
  Opened: ['network', 'start'],
  Closed: ['network', 'end'],
  OwnerChanged: change,
  PathChanged: change,
  UserChanged: change,
  AddressChanged: change,
  Exposed: change,
  BinaryChanged: change,
  FileGone: change,
  Forbidden: violation,
  NotAllowed: violation,
  ExpiredException: violation,
};

type Fields = Record<string, unknown>;

const eventFields = (kind: string, [category, type]: Sort): Fields => ({
  'event.kind': kind,
  'event.category': [category],
  'event.type': [type],
});

function processFields(process: ExportedProcess | null): Fields {
  if (process === null) return {};
  const { id, name, path, user, services, start, sha256, signer } = process;
  const [, domain = null, account = user] = /^([^\\]{1,256})\\(.*)$/s.exec(user ?? '') ?? [];
  return known({
    'process.pid': id,
    'process.name': name,
    'process.executable': path,
    'process.start': start,
    'process.hash.sha256': sha256,
    'process.code_signature.subject_name': signer,
    'user.name': account,
    'user.domain': domain,
    'service.name': joinedText(services, ', '),
    'related.user': account === null ? null : [account],
    'related.hash': sha256 === null ? null : [sha256],
  });
}

function addressFields(event: ExportedEvent): Fields {
  const local = 'local' in event ? event.local : null;
  if (local === null) return {};
  const { transport, address, type, port } = local;
  // A schema that knows the roles of both sides has a copy in source and destination.
  return known({
    'network.transport': transport,
    'network.type': type,
    'server.address': address,
    'server.ip': address,
    'server.port': port,
    'destination.address': address,
    'destination.ip': address,
    'destination.port': port,
    'related.ip': address === null ? null : [address],
  });
}

const dashed = (name: string): string => wordsOf(name).toLowerCase().replaceAll(' ', '-');

function ownFields(event: ExportedEvent): Fields {
  if (event.type === 'audit') {
    const { IsComplete, IsSuccess } = event.audit;
    return {
      ...eventFields('event', ['host', 'info']),
      'event.outcome': IsSuccess ? 'success' : 'failure',
      ...known({ 'event.reason': IsComplete ? null : 'incomplete' }),
    };
  }
  if (event.type === 'problem') {
    const { code, message, severity, hint } = event.problem;
    return {
      ...eventFields('event', ['host', 'info']),
      'log.level': severity.toLowerCase(),
      ...known({ 'error.code': code, 'error.message': message, 'event.reason': hint }),
    };
  }
  if (event.type === 'listener') return eventFields('state', ['network', 'info']);
  const { finding, severity } = event;
  const { Kind, Rule, Evidence, Remedy, Contact, Ticket, Owner, Before, After, FirstSeen } = finding;
  return {
    ...eventFields('alert', sorts[Kind as FindingKind] ?? violation),
    'event.severity': severities[severity] ?? 0,
    'log.level': severity.toLowerCase(),
    ...known({
      'event.action': dashed(Kind ?? ''),
      'event.reason': joinedText(Evidence),
      'event.start': FirstSeen,
      'rule.name': Rule,
      'rule.category': Kind,
      'rule.description': joinedText(Remedy),
    }),
    labels: known({
      endpoint: finding.Endpoint,
      owner: Owner,
      before: Before,
      after: After,
      contact: Contact,
      ticket: Ticket,
    }),
  };
}

function ecsEvent(event: ExportedEvent): Fields {
  const { at, machine, message, type } = event;
  return {
    '@timestamp': at,
    'ecs.version': ecsVersion,
    message,
    ...known({
      'event.module': 'portowner',
      'event.provider': 'portowner',
      'event.dataset': `portowner.${type}`,
      'agent.type': 'portowner',
      'agent.version': version,
      'host.name': machine,
      'related.hosts': machine === '' ? null : [machine],
    }),
    ...ownFields(event),
    ...addressFields(event),
    ...('process' in event ? processFields(event.process) : {}),
  };
}

/** Writes the events of an audit as NDJSON with the field names of ECS, pure ASCII. */
export const createEcs: CreateWriter = (_schema, { sink, frame }) =>
  writerAtEnd({ sink }, (rows) => {
    for (const event of exportedEvents(framed(frame), rows))
      sink.write(`${asciiJson(JSON.stringify(ecsEvent(event)))}\n`);
  });
