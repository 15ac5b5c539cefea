import type { Facts } from '../facts/model/facts.ts';
import { holdsPort } from '../facts/model/question.ts';
import type { RawEntry } from '../system/raw.ts';
import { finding, plural, type Finding } from './finding.ts';
import { isWhole, wasAsked } from '../facts/model/section.ts';

/** Where the hundreds of entries of one kind become one check. */
const familyOf = (name: string): string => name.replace(/^(process|user)\/\d+$/, '$1/…');

/** Whether each source answered. A process that ended meanwhile is no failure. */
export function sourceFindings(entries: ReadonlyMap<string, RawEntry>): Finding[] {
  const families = new Map<string, RawEntry[]>();
  for (const [name, entry] of entries) {
    const family = familyOf(name);
    const known = families.get(family);
    if (known === undefined) families.set(family, [entry]);
    else known.push(entry);
  }
  return [...families].map(([family, all]): Finding => {
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
      detail: `${plural(all.length, 'answer')}, ${plural(bytes, 'byte')}${texts.length === 0 ? '' : `; ${texts[0]}`}`,
      evidence: texts,
    };
  });
}

/** Whether each source was decoded whole, to its last byte. */
export function sectionFindings(facts: Facts): Finding[] {
  return Object.entries(facts.sections)
    .filter(([, section]) => wasAsked(section))
    .map(([name, section]): Finding => {
      const reasons = section.reason === null ? [] : section.reason.split('; ');
      const why =
        reasons.length === 0 ? '' : `; ${reasons[0]}${reasons.length > 1 ? `, and ${reasons.length - 1} more` : ''}`;
      return {
        check: `facts ${name}`,
        status: isWhole(section) ? 'ok' : section.needs === null ? 'failed' : 'skipped',
        detail: `${plural(section.data.length, 'item')}${why}${section.needs === null ? '' : ` (needs ${section.needs})`}`,
        evidence: reasons,
      };
    });
}

/** What holds on every machine, whatever it runs. */
export function invariantFindings(facts: Facts): Finding[] {
  const { sockets, processes, services, dynamicRanges } = facts.sections;
  const byPid = new Map(processes.data.map((process) => [process.pid, process]));
  const socketText = (socket: (typeof sockets.data)[number]): string =>
    `${socket.protocol} ${socket.localAddress}:${socket.localPort}${socket.state === null ? '' : ` ${socket.state}`}`;
  const broken = <T>(items: readonly T[], holds: (item: T) => boolean, say: (item: T) => string): string[] =>
    items.filter((item) => !holds(item)).map(say);
  const holding = sockets.data.filter(holdsPort);
  const windows = facts.machine.platform === 'win32';
  const processCount = `${processes.data.length} process${processes.data.length === 1 ? '' : 'es'}`;
  const findings = [
    finding(
      'every port that is held has an owner, or a reason why not',
      plural(holding.length, 'socket'),
      broken(holding, (socket) => socket.pid !== null || socket.kernel || socket.refusals.length > 0, socketText),
    ),
    finding(
      'ports are ports',
      plural(sockets.data.length, 'socket'),
      broken(
        sockets.data,
        (socket) =>
          socket.localPort >= 1 &&
          socket.localPort <= 65535 &&
          (socket.remotePort === null || socket.remotePort <= 65535),
        socketText,
      ),
    ),
    finding(
      'the owner is one of the holders',
      plural(sockets.data.length, 'socket'),
      broken(
        sockets.data,
        (socket) => socket.pid === null || socket.holders.length === 0 || socket.holders.includes(socket.pid),
        socketText,
      ),
    ),
    finding(
      'a connection has another end, a listener has none',
      plural(sockets.data.length, 'socket'),
      broken(
        sockets.data,
        (socket) =>
          socket.protocol === 'UDP' ||
          (socket.remotePort === null) ===
            (socket.state === 'Listen' || socket.state === 'Bound' || socket.state === 'Closed'),
        socketText,
      ),
    ),
    finding('a socket is not listed twice', plural(sockets.data.length, 'socket'), twice(facts)),
    finding(
      'a parent is older than its child',
      processCount,
      broken(
        processes.data,
        ({ parent, startTime }) => {
          const older = parent === null ? undefined : byPid.get(parent)?.startTime;
          return older === undefined || older === null || startTime === null || older <= startTime;
        },
        ({ pid, parent }) => `process ${pid}, parent ${parent}`,
      ),
    ),
    finding(
      'no process was started in the future',
      processCount,
      // Clocks of the kernel and of the calendar drift apart by seconds.
      broken(
        processes.data,
        ({ startTime }) => startTime === null || Date.parse(startTime) <= Date.parse(processes.at ?? facts.at) + 10_000,
        ({ pid, startTime }) => `process ${pid}: ${startTime}`,
      ),
    ),
    finding(
      'the dynamic range is a range',
      plural(dynamicRanges.data.length, 'range'),
      broken(
        dynamicRanges.data,
        ({ start, end }) => start >= 1 && start <= end && end <= 65535,
        ({ start, end, source }) => `${start}-${end} (${source})`,
      ),
    ),
  ];
  if (windows && isWhole(services)) {
    findings.push(
      finding(
        'a running service has a process',
        plural(services.data.length, 'service'),
        broken(
          services.data,
          ({ pid, state }) => state !== 'Running' || pid > 0,
          ({ name }) => name,
        ),
      ),
    );
  }
  return findings;
}

/** Connections that are listed twice: the ends of a connection are unique. */
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
