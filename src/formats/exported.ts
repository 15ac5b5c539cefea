import { addressFamily, canonicalAddress, withoutScope } from '../ports/address.ts';
import type { AuditState, ListenerBinary } from '../schema/answer.ts';
import type { AnyRow } from '../schema/column.ts';
import { endpoint, type Endpoint } from '../schema/endpoint.ts';
import type { Finding, Severity } from '../schema/finding.ts';
import type { Problem } from '../schema/problems.ts';
import { plainText } from './text.ts';
import type { DocumentFrame } from './writer.ts';

/*
 * An audit as events for programs that collect those of many machines: its findings, its listeners, its problems, and one
 * event for each audited machine, so that a night without findings is visible, too.
 */

/** A local address and port of a machine. */
export interface ExportedAddress {
  readonly transport: 'tcp' | 'udp';
  /** Null if it stands for several addresses. */
  readonly address: string | null;
  readonly type: 'ipv4' | 'ipv6' | null;
  /** Null if it stands for several ports. */
  readonly port: number | null;
}

/** The process that owns a listener. */
export interface ExportedProcess {
  readonly id: number | null;
  readonly name: string | null;
  readonly path: string | null;
  readonly user: string | null;
  readonly services: readonly string[];
  readonly application: string | null;
  readonly start: string | null;
  readonly sha256: string | null;
  readonly signer: string | null;
}

interface EventBase {
  /** When the machine was audited, ISO 8601. */
  readonly at: string;
  readonly machine: string;
  readonly message: string;
}

export type ExportedEvent = EventBase &
  (
    | {
        readonly type: 'finding';
        readonly severity: Severity;
        readonly finding: Finding;
        readonly local: ExportedAddress | null;
        /** The process that listens there now. */
        readonly process: ExportedProcess | null;
      }
    | {
        readonly type: 'listener';
        readonly listener: Endpoint;
        readonly local: ExportedAddress | null;
        readonly process: ExportedProcess;
      }
    | { readonly type: 'problem'; readonly problem: Problem }
    | { readonly type: 'audit'; readonly audit: AuditState; readonly findings: number }
  );

function addressOf({ Protocol, LocalAddress, LocalPort }: AnyRow): ExportedAddress | null {
  if (Protocol !== 'TCP' && Protocol !== 'UDP') return null;
  // The interface or the scope is not a part of the address.
  const address = canonicalAddress(withoutScope(String(LocalAddress ?? '')));
  return {
    transport: Protocol === 'TCP' ? 'tcp' : 'udp',
    address,
    type: address === null ? null : addressFamily(address) === 'IPv6' ? 'ipv6' : 'ipv4',
    port: typeof LocalPort === 'number' ? LocalPort : null,
  };
}

const processKey = (machine: unknown, id: unknown): string => JSON.stringify([machine ?? '', id]);

function processOf(row: Endpoint, binaries: ReadonlyMap<string, ListenerBinary>): ExportedProcess {
  const binary = binaries.get(processKey(row.ComputerName, row.OwningProcess));
  return {
    id: row.OwningProcess,
    name: row.ImageName,
    path: row.Path,
    user: row.UserName,
    services: row.Services ?? [],
    application: row.Application ?? null,
    start: row.StartTime ?? null,
    sha256: binary?.Sha256 ?? null,
    signer: binary?.Signer ?? null,
  };
}

/** Identifies the address and port of a row; null for several. */
function placeKey(row: AnyRow): string | null {
  const local = addressOf(row);
  if (local === null || local.address === null || local.port === null) return null;
  return JSON.stringify([row['ComputerName'] ?? '', local.transport, local.address, local.port]);
}

function findingMessage({ Kind, Endpoint: place, Owner, ComputerName }: Finding): string {
  const owner = Owner === null || Owner === '' ? '' : `, ${Owner}`;
  return `${Kind}: ${place}${owner} on ${ComputerName}`;
}

function listenerMessage({ Protocol, LocalAddress, LocalPort, Owner, ComputerName }: Endpoint): string {
  const host = LocalAddress?.includes(':') === true ? `[${LocalAddress}]` : LocalAddress;
  return `Listening: ${Protocol} ${host}:${LocalPort}, ${Owner ?? 'unknown owner'} on ${ComputerName}`;
}

function auditMessage({ ComputerName, Listeners, IsComplete }: AuditState, findings: number): string {
  const numbers = `${findings} findings, ${Listeners} listeners`;
  return `Audit of ${ComputerName}: ${numbers}${IsComplete ? '' : ', incomplete'}`;
}

/** The events of an audit: the audit itself, its findings, its problems, and its listeners. */
export function exportedEvents(frame: DocumentFrame, rows: readonly AnyRow[]): ExportedEvent[] {
  const { audits = [], problems, tables } = frame;
  const findings = rows as readonly AnyRow[] as readonly Finding[];
  const listeners = tables.flatMap(({ schema, rows: all }) =>
    schema.typeName === endpoint.typeName ? (all as readonly AnyRow[] as readonly Endpoint[]) : [],
  );
  const binaries = new Map((frame.binaries ?? []).map((one) => [processKey(one.ComputerName, one.OwningProcess), one]));
  const times = new Map(audits.map(({ ComputerName, RunTime }) => [ComputerName, RunTime]));
  const base = (machine: string | null, message: string): EventBase => ({
    at: times.get(machine ?? '') ?? frame.at,
    machine: (machine ?? '').toWellFormed(),
    message: message.toWellFormed(),
  });
  const counts = Map.groupBy(findings, ({ ComputerName }) => ComputerName);
  const places = Map.groupBy(listeners, placeKey);
  // Of several programs with one address and port, it is unknown which one a finding is about.
  const processAt = (row: AnyRow): ExportedProcess | null => {
    const key = placeKey(row);
    const [found, another] = key === null || row['After'] === null ? [] : (places.get(key) ?? []);
    return found === undefined || another !== undefined ? null : processOf(found, binaries);
  };
  // A problem does not name its machine.
  const only = audits.length === 1 ? audits[0]!.ComputerName : null;
  return [
    ...audits.map((audit): ExportedEvent => {
      const found = counts.get(audit.ComputerName)?.length ?? 0;
      const type = 'audit' as const;
      return Object.assign(base(audit.ComputerName, auditMessage(audit, found)), { type, audit, findings: found });
    }),
    ...findings.map((finding): ExportedEvent => {
      const severity = (finding.Severity ?? 'Info') as Severity;
      const [local, process, type] = [addressOf(finding), processAt(finding), 'finding' as const];
      return Object.assign(base(finding.ComputerName, findingMessage(finding)), {
        type,
        severity,
        finding,
        local,
        process,
      });
    }),
    ...problems.map((problem): ExportedEvent =>
      Object.assign(base(only, problem.message), { type: 'problem' as const, problem }),
    ),
    ...listeners.map((listener): ExportedEvent => {
      const [local, process, type] = [addressOf(listener), processOf(listener, binaries), 'listener' as const];
      return Object.assign(base(listener.ComputerName, listenerMessage(listener)), { type, listener, local, process });
    }),
  ];
}

/** A list as one text; null if it is empty or missing. */
export function joinedText(value: AnyRow[string], separator = '; '): string | null {
  const text = plainText(value, separator);
  return text === '' ? null : text.toWellFormed();
}

type PlainValue = string | number | boolean | readonly string[];

const wellFormed = (value: PlainValue): PlainValue => {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'object' ? value.filter((one) => one !== '').map((one) => one.toWellFormed()) : value;
};

/** Removes values that are unknown, and halves of characters, which UTF-8 does not have. */
export function known(values: Readonly<Record<string, PlainValue | null | undefined>>): Record<string, PlainValue> {
  const found: Record<string, PlainValue> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    const plain = wellFormed(value);
    if (plain !== '' && (typeof plain !== 'object' || plain.length > 0)) found[name] = plain;
  }
  return found;
}
