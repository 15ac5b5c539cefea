// A store in a database as the nightly audits of many machines would have left it, made by the server itself: storing each
// audit of a year would take hours.
import { createHash } from 'node:crypto';
import type { Listener } from '../../src/audit/listeners.ts';
import type { StoredRun } from '../../src/audit/store/contract.ts';
import type { DatabaseServer } from './postgres-server.ts';

/** The size of a fleet. */
export interface FleetSize {
  readonly machines: number;
  /** The listeners of each machine: a multiple of 50. */
  readonly listeners: number;
  readonly nights: number;
}

/** Every listener gets another program once in so many nights: 2 % change each night. */
const period = 50;
const tool = 'a generator';

export const nightOf = (night: number): Date => new Date(Date.UTC(2025, 0, 1 + night, 3));
export const machineName = (machine: number): string => `web${String(machine).padStart(5, '0')}`;

/** The night of the first change of the listener in a place of a machine; another one comes after each period. */
const firstChange = (machine: number, place: number): number => (machine + place) % period || period;

/** How often the listener in a place of a machine has changed by a night. */
const versionAt = (machine: number, place: number, night: number): number => Math.floor((night + period - firstChange(machine, place)) / period);

/** Many machines have the same listeners: made once, they do not fill the memory of who measures something else. */
const made = new Map<string, Listener>();

/** The listener in a place of a machine at a night. The first place of every machine is port 443. */
const listenerAt = (machine: number, place: number, night: number): Listener =>
  made.getOrInsertComputed(`/opt/vendor${place % 40}/product${place}-${versionAt(machine, place, night)}/bin/server${place}`, (program) => listenerOf(place, program));

function listenerOf(place: number, program: string): Listener {
  const port = place === 0 ? 443 : 1024 + place * 13;
  return {
    protocol: place % 10 === 9 ? 'UDP' : 'TCP',
    port,
    address: place % 2 === 0 ? '0.0.0.0' : '127.0.0.1',
    scope: place % 2 === 0 ? 'Any' : 'Loopback',
    program,
    services: [`server${place}.service`],
    user: `svc${place % 20}`,
    sha256: createHash('sha256').update(program).digest('hex'),
    signer: null,
    ports: [port],
  };
}

/** The audit of a machine at a night, counted from 0. */
export function runAt(size: Pick<FleetSize, 'listeners'>, machine: number, night: number): StoredRun {
  return {
    machine: machineName(machine),
    at: nightOf(night).toISOString(),
    tool,
    listeners: Array.from({ length: size.listeners }, (_, place) => listenerAt(machine, place, night)),
    findings: [],
    keepDays: null,
    partial: false,
    forgetLater: false,
  };
}

const night = (number: string): string => `timestamptz '2025-01-01 03:00Z' + ${number} * interval '1 day'`;

/** The spans of some machines, as the functions above have them, in the order in which nights would have written them: one that ends is written again. */
const spansOf = (from: number, to: number, { listeners, nights }: FleetSize): string => `
  insert into portowner.span (machine, key, first, last, numbered, protocol, port, address, program, services, account, sha256, signer)
  select machine, translate(substr(encode(sha256(convert_to(
      '[false,"' || protocol || '",' || port || ',"' || address || '",' || to_json('[' || to_json('[' || to_json(program) || ',' || services || ',' || to_json(account) || ']') || ',"' || hash || '",null]') || ']',
      'utf8')), 'base64'), 1, 22), '+/', '-_'),
    ${night('first')}, ${night('last')}, false, protocol, port, address, program, services, account, hash, null
  from (
    select *, encode(sha256(convert_to(program, 'utf8')), 'hex') as hash from (
      select 'web' || lpad(m::text, 5, '0') as machine, case when p % 10 = 9 then 'UDP' else 'TCP' end as protocol,
        case when p = 0 then 443 else 1024 + p * 13 end as port, case when p % 2 = 0 then '0.0.0.0' else '127.0.0.1' end as address,
        '/opt/vendor' || p % 40 || '/product' || p || '-' || version || '/bin/server' || p as program,
        '["server' || p || '.service"]' as services, 'svc' || p % 20 as account,
        case when version = 0 then 0 else change + (version - 1) * ${period} end as first,
        case when change + version * ${period} < ${nights} then change + version * ${period} - 1 end as last
      from generate_series(${from}, ${to - 1}) as m, generate_series(0, ${listeners - 1}) as p,
        lateral (select case when (m + p) % ${period} = 0 then ${period} else (m + p) % ${period} end as change) as changes,
        lateral generate_series(0, (${nights - 1} + ${period} - change) / ${period}) as version
    ) as spans
  ) as hashed
  order by coalesce(last + 1, first), machine`;

const auditsOf = (from: number, to: number, { listeners, nights }: FleetSize): string => `
    insert into portowner.audit (machine, at, tool, listeners, appeared, disappeared, findings, worst, complete, problem)
    select 'web' || lpad(m::text, 5, '0'), ${night('n')}, '${tool}', ${listeners},
      case when n = 0 then 0 else ${listeners / period} end, case when n = 0 then 0 else ${listeners / period} end, 0, null, true, null
    from generate_series(${from}, ${to - 1}) as m, generate_series(0, ${nights - 1}) as n`;

/** Fills an empty store of a database. */
export async function fillFleet(server: DatabaseServer, database: string, size: FleetSize, clients = 1): Promise<void> {
  const { machines, listeners, nights } = size;
  const share = 250;
  const starts = Array.from({ length: Math.ceil(machines / share) }, (_, index) => index * share);
  const client = async (): Promise<void> => {
    for (let from = starts.shift(); from !== undefined; from = starts.shift()) {
      const to = Math.min(from + share, machines);
      await server.run(`begin; ${spansOf(from, to, size)}; ${auditsOf(from, to, size)}; commit`, database);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  await server.run(
    `insert into portowner.machine (machine, last_audit, listeners, complete, tool)
      select 'web' || lpad(m::text, 5, '0'), ${night(String(nights - 1))}, ${listeners}, true, '${tool}' from generate_series(0, ${machines - 1}) as m;
      vacuum (analyze) portowner.machine; vacuum (analyze) portowner.audit; vacuum (analyze) portowner.span`,
    database,
  );
}
