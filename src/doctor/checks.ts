import type { Facts, Socket } from '../facts/model/facts.ts';
import { holdsPort } from '../facts/model/question.ts';
import type { RawEntry } from '../system/raw.ts';
import { counted } from '../io/counted.ts';
import { checkResult, type CheckResult } from './check-result.ts';
import { isWhole, wasAsked } from '../facts/model/section.ts';

/** Combines the many entries of one kind into one check. */
const familyOf = (name: string): string => name.replace(/^(process|user)\/\d+$/, '$1/…');

/** Checks whether each source answered. A process that has ended in the meantime is not a failure. */
export function sourceResults(entries: ReadonlyMap<string, RawEntry>): CheckResult[] {
  const families = new Map<string, RawEntry[]>();
  for (const [name, entry] of entries) {
    const family = familyOf(name);
    const known = families.get(family);
    if (known === undefined) families.set(family, [entry]);
    else known.push(entry);
  }
  return [...families].map(([family, all]): CheckResult => {
    const bytes = all.reduce((sum, entry) => sum + (entry.bytes?.length ?? entry.text?.length ?? 0), 0);
    const refused = all.filter(({ refusal }) => refusal !== undefined && refusal.code !== 'Gone');
    const failed = refused.some(({ refusal }) => refusal!.code === 'Failed');
    const texts = [
      ...new Set(
        refused.map(
          ({ refusal }) =>
            `${refusal!.code}: ${refusal!.text}${refusal!.needs === undefined ? '' : ` (needs ${refusal!.needs})`}`,
        ),
      ),
    ];
    return {
      check: `source ${family}`,
      status: failed ? 'failed' : refused.length > 0 ? 'skipped' : 'ok',
      detail: `${counted(all.length, 'answer')}, ${counted(bytes, 'byte')}${texts.length === 0 ? '' : `; ${texts[0]}`}`,
      evidence: texts,
    };
  });
}

/** Checks whether each source was decoded completely, to its last byte. */
export function sectionResults(facts: Facts): CheckResult[] {
  return Object.entries(facts.sections)
    .filter(([, section]) => wasAsked(section))
    .map(([name, section]): CheckResult => {
      const why = section.reason === null ? '' : `; ${section.reason}`;
      return {
        check: `facts ${name}`,
        status: isWhole(section) ? 'ok' : section.needs === null ? 'failed' : 'skipped',
        detail: `${counted(section.data.length, 'item')}${why}${section.needs === null ? '' : ` (needs ${section.needs})`}`,
        evidence: section.reason === null ? [] : [section.reason],
      };
    });
}

const socketText = (socket: Socket): string =>
  `${socket.protocol} ${socket.localAddress}:${socket.localPort}${socket.state === null ? '' : ` ${socket.state}`}`;

/** Describes the items for which a condition does not hold. */
const broken = <T>(items: readonly T[], holds: (item: T) => boolean, say: (item: T) => string): string[] =>
  items.filter((item) => !holds(item)).map(say);

/** The conditions that every socket meets, with their descriptions. */
const socketInvariants: readonly (readonly [what: string, holds: (socket: Socket) => boolean])[] = [
  [
    'port numbers are valid',
    ({ localPort, remotePort }) => localPort >= 1 && localPort <= 65535 && (remotePort === null || remotePort <= 65535),
  ],
  [
    'the owner is one of the holders',
    ({ pid, holders }) => pid === null || holders.length === 0 || holders.includes(pid),
  ],
  [
    'connections have a remote end, and listeners have none',
    ({ protocol, remotePort, state }) =>
      protocol === 'UDP' || (remotePort === null) === (state === 'Listen' || state === 'Bound' || state === 'Closed'),
  ],
];

function socketResults(facts: Facts): CheckResult[] {
  const sockets = facts.sections.sockets.data;
  const holding = sockets.filter(holdsPort);
  const isAccountedFor = ({ pid, kernel, refusals }: Socket): boolean => pid !== null || kernel || refusals.length > 0;
  const count = counted(sockets.length, 'socket');
  return [
    checkResult(
      'every held port has an owner, or a reason why not',
      counted(holding.length, 'socket'),
      broken(holding, isAccountedFor, socketText),
    ),
    ...socketInvariants.map(([what, holds]) => checkResult(what, count, broken(sockets, holds, socketText))),
    checkResult('a socket is not listed twice', count, twice(facts)),
  ];
}

function processResults({ at, sections: { processes } }: Facts): CheckResult[] {
  const byPid = new Map(processes.data.map((process) => [process.pid, process]));
  const count = `${processes.data.length} process${processes.data.length === 1 ? '' : 'es'}`;
  // The clocks of the kernel and the calendar drift apart by seconds.
  const latest = Date.parse(processes.at ?? at) + 10_000;
  return [
    checkResult(
      'a parent is older than its child',
      count,
      broken(
        processes.data,
        ({ parent, startTime }) => {
          const older = parent === null ? undefined : byPid.get(parent)?.startTime;
          return older === undefined || older === null || startTime === null || older <= startTime;
        },
        ({ pid, parent }) => `process ${pid}, parent ${parent}`,
      ),
    ),
    checkResult(
      'no process has a start time in the future',
      count,
      broken(
        processes.data,
        ({ startTime }) => startTime === null || Date.parse(startTime) <= latest,
        ({ pid, startTime }) => `process ${pid}: ${startTime}`,
      ),
    ),
  ];
}

function rangeResult({ sections: { dynamicRanges } }: Facts): CheckResult {
  return checkResult(
    'the dynamic range is valid',
    counted(dynamicRanges.data.length, 'range'),
    broken(
      dynamicRanges.data,
      ({ start, end }) => start >= 1 && start <= end && end <= 65535,
      ({ start, end, source }) => `${start}-${end} (${source})`,
    ),
  );
}

/** Checks the Windows services; does nothing on other systems, and if the services could not be read. */
function serviceResults({ machine, sections: { services } }: Facts): CheckResult[] {
  if (machine.platform !== 'win32' || !isWhole(services)) return [];
  const found = broken(
    services.data,
    ({ pid, state }) => state !== 'Running' || pid > 0,
    ({ name }) => name,
  );
  return [checkResult('a running service has a process', counted(services.data.length, 'service'), found)];
}

/** Checks the conditions that hold on every machine, whatever runs on it. */
export function invariantResults(facts: Facts): CheckResult[] {
  return [...socketResults(facts), ...processResults(facts), rangeResult(facts), ...serviceResults(facts)];
}

/** Finds connections that are listed twice: the ends of a connection are unique. */
function twice(facts: Facts): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const { protocol, state, localAddress, localPort, remoteAddress, remotePort } of facts.sections.sockets.data) {
    if (protocol !== 'TCP' || state !== 'Established') continue;
    const name = `${localAddress}:${localPort} to ${remoteAddress}:${remotePort}`;
    if (seen.has(name)) found.push(name);
    seen.add(name);
  }
  return found;
}
