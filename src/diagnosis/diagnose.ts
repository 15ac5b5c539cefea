import type { Facts } from '../facts/model/facts.ts';
import type { BindAttempt, Bind, Probe } from '../facts/gather/probe.ts';
import { addressScope } from '../ownership/address.ts';
import { isUnfound } from '../ownership/absent.ts';
import type { Verdict } from '../schema/verdict.ts';
import { causes, type Cause } from './causes.ts';
import type { ParsedError } from './error-text.ts';
import { topText, usage } from './exhaustion.ts';
import { covers, endpointText, obstacles, rangeText, rule, ruleText, type Obstacle } from './obstacles.ts';
import { isWildcard } from './overlap.ts';
import { remedies } from './remedies.ts';
import { bindsOf, type Request } from './request.ts';
import { isWhole } from '../facts/model/section.ts';

/** A verdict, and what would reveal what it lacks. */
export interface Diagnosis {
  readonly row: Verdict;
  /** More rights that would turn "cannot tell" into an answer; null when they would not. */
  readonly needs: string | null;
}

/** What an error of bind() says, on either system. */
type Meaning = 'inUse' | 'access' | 'notLocal' | 'noBuffers' | 'other';

function meaning(error: string | null): Meaning {
  switch (error?.replace(/^WSA/, '')) {
    case 'EADDRINUSE':
      return 'inUse';
    case 'EACCES':
    case 'EPERM':
      return 'access';
    case 'EADDRNOTAVAIL':
    case 'ENODEV':
      return 'notLocal';
    case 'ENOBUFS':
      return 'noBuffers';
    default:
      return 'other';
  }
}

/** Yes, no or unknown for one bind, and why. */
interface Finding {
  readonly bind: Bind;
  readonly can: boolean | null;
  readonly cause: Cause;
  /** What the cause is about. */
  readonly main: Obstacle | null;
  readonly attempt: BindAttempt | null;
  readonly all: readonly Obstacle[];
  readonly notes: readonly string[];
  /** Whether attempt and facts say the same. */
  readonly agree: boolean;
}

function attemptText(attempt: BindAttempt, { sharing }: Bind, linux: boolean): string {
  // Reuse is not asked for where a process has the port.
  const without =
    attempt.sharing !== 'default'
      ? ''
      : sharing === 'reuse'
        ? ' without SO_REUSEADDR'
        : sharing === 'reusePort'
          ? linux
            ? ' without SO_REUSEPORT'
            : ' without SO_REUSEADDR'
          : '';
  const how =
    without !== ''
      ? without
      : attempt.sharing === 'default' || (linux && attempt.sharing === 'exclusive')
        ? ''
        : attempt.sharing === 'exclusive'
          ? ' for exclusive use'
          : attempt.sharing === 'reuse'
            ? ' with SO_REUSEADDR'
            : ' with SO_REUSEPORT';
  const what = `bind ${endpointText(attempt.protocol, attempt.address, attempt.port)}${how}`;
  switch (attempt.result) {
    case 'bound':
      return `An attempt to ${what} succeeded and was taken back at once.`;
    case 'refused':
      return `An attempt to ${what} failed: ${attempt.error} (${attempt.errorNumber}).`;
    case 'noFamily':
      return `This machine has no ${attempt.address.includes(':') ? 'IPv6' : 'IPv4'}.`;
    case 'notMade':
      return `An attempt to ${what} could not be made: ${attempt.reason}.`;
  }
}

/** The cause that several sockets on one and the same address give together. */
function together(found: readonly Obstacle[], first: Obstacle): Cause {
  const holders = found.filter((one) => one.overlap === 'same' && one.row !== null && one.cause === first.cause);
  const pids = new Set(holders.map((one) => one.row!.OwningProcess));
  if (first.overlap !== 'same' || pids.size < 2 || !(first.cause === 'Process' || first.cause === 'Service'))
    return first.cause;
  const one = (key: (obstacle: Obstacle) => string | null | undefined): boolean =>
    key(first) != null && holders.every((other) => key(other) === key(first));
  // The workers of one service are not two programs.
  if (first.cause === 'Service' && one(({ row }) => row!.Services?.join())) return 'Service';
  return one(({ row }) => row!.Path ?? row!.ImageName) ? 'Instances' : 'Shared';
}

/** Whether exclusive use is all that stands in the way. */
function onlyExclusive(facts: Facts, bind: Bind, main: Obstacle): boolean {
  return (
    facts.machine.platform === 'win32' &&
    bind.sharing === 'exclusive' &&
    main.socket !== null &&
    main.row !== null &&
    (main.overlap === 'same' || main.overlap === 'wildcard') &&
    rule('win32', { ...bind, sharing: 'default' }, main.socket, { same: null, dual: false, reusePort: false }) ===
      'allows'
  );
}

/** Whether an address is known to be this machine's. */
function isLocal(facts: Facts, address: string, addresses: readonly string[] | null): boolean {
  return (
    isWildcard(address) ||
    addressScope(address) === 'Loopback' ||
    (addresses?.includes(address) ?? false) ||
    facts.sections.sockets.data.some((socket) => socket.localAddress === address)
  );
}

/** What keeps the facts from being the whole truth about binding. */
function gaps(facts: Facts): { text: string; needs: string | null }[] {
  const { sockets, reservedPorts, boundSockets } = facts.sections;
  const windows = facts.machine.platform === 'win32';
  const wanted = [
    ['sockets', sockets] as const,
    ...(windows ? [['excluded port ranges', reservedPorts] as const] : []),
    ...(windows && boundSockets !== undefined
      ? [['sockets that are bound and do not listen', boundSockets] as const]
      : []),
  ];
  return wanted
    .filter(([, section]) => !isWhole(section))
    .map(([name, { status, reason, needs }]) => ({
      text: `The ${name} ${status === 'notAsked' ? 'are not in the facts' : `could not ${status === 'failed' ? 'be read' : 'all be read'}${reason === null ? '' : `: ${reason}`}`}.`,
      needs,
    }));
}

function find(
  facts: Facts,
  bind: Bind,
  attempt: BindAttempt | null,
  user: string | null,
  addresses: readonly string[] | null,
): Finding {
  const all = obstacles(facts, bind, user);
  const main = all[0] ?? null;
  const effect = main?.effect ?? 'allows';
  const linux = facts.machine.platform === 'linux';
  const made = attempt === null || attempt.result === 'notMade' || attempt.result === 'noFamily' ? null : attempt;
  const finding = (can: boolean | null, cause: Cause, agree: boolean, ...notes: string[]): Finding => ({
    bind,
    can,
    cause,
    main,
    attempt,
    all,
    notes,
    agree,
  });
  const mainCause = (): Cause =>
    main === null
      ? 'Free'
      : onlyExclusive(facts, bind, main)
        ? 'Sharing'
        : together(
            all.filter((one) => one.effect === effect),
            main,
          );
  // A closed connection or a range that lets one through is worth a line of evidence, not the name of the cause.
  const yes = (): Cause =>
    main !== null &&
    main.unsure !== true &&
    (main.overlap !== null || main.cause === 'Excluded') &&
    main.cause !== 'TimeWait'
      ? mainCause()
      : 'Free';
  const undecided = main?.socket == null ? [] : [ruleText(facts.machine.platform, bind, main.socket)];
  /** Who gets what when both have it. */
  const shares = (): string[] => {
    if (main === null || main.row === null || main.socket === null) return [];
    if (main.unsure === true) return [`The IPv6 socket leaves IPv4 alone.`];
    if (main.overlap !== 'wildcard') return [];
    const exclusive =
      facts.machine.platform === 'win32' &&
      bind.sharing !== 'exclusive' &&
      rule('win32', { ...bind, sharing: 'exclusive' }, main.socket, { same: null, dual: false, reusePort: false }) ===
        'blocks';
    return [
      ...(exclusive ? ['A program that asks for exclusive use does not get it.'] : []),
      isWildcard(bind.address)
        ? `It gets every address but ${main.socket.localAddress}.`
        : `It takes ${bind.address} away from the owner of ${main.socket.localAddress}.`,
    ];
  };

  if (made === null) {
    if (effect === 'blocks') return finding(false, mainCause(), false);
    if (effect === 'depends')
      return finding(
        null,
        main!.cause === 'NoRights' || main!.cause === 'Connection' || main!.cause === 'TimeWait'
          ? main!.cause
          : main!.unsure === true
            ? 'DualStack'
            : 'Sharing',
        false,
        ...(main!.unsure === true ? ['Whether the IPv6 socket is for IPv4 too is shown by no interface.'] : undecided),
      );
    if (!isLocal(facts, bind.address, addresses))
      return finding(
        null,
        'Unknown',
        false,
        `Whether ${bind.address} is an address of the machine is not in the facts.`,
      );
    // What was to be tried and could not be is a failed look.
    return attempt === null ? finding(true, yes(), false, ...shares()) : finding(null, 'Unknown', false);
  }
  if (made.result === 'bound') {
    return effect === 'blocks' && main?.cause !== 'NoRights'
      ? finding(null, 'Disagreement', false)
      : finding(true, yes() === 'NoRights' ? 'Free' : yes(), true, ...shares());
  }
  const error = meaning(made.error);
  if (error === 'notLocal') return finding(false, 'AddressNotLocal', true);
  if (error === 'noBuffers') return finding(false, 'Exhausted', true);
  if (error === 'other') return finding(false, 'Unknown', true);
  if (error === 'access' && linux) return finding(false, 'NoRights', true);
  if (bind.port === 0) return finding(false, 'Exhausted', true);
  const exact = made.sharing === bind.sharing;
  const foreign =
    error === 'access' && main?.row != null && main.overlap !== 'dualStack'
      ? ['10013 instead of 10048 says that the owner is another user or asked for exclusive use.']
      : [];
  if (main === null) return finding(false, gaps(facts).length === 0 ? 'HeldWithoutSocket' : 'Unknown', true);
  if (effect === 'blocks') return finding(false, mainCause(), true, ...foreign);
  // With what was tried instead it failed, as it had to: the rules answer for reuse.
  if (!exact && effect === 'depends')
    return finding(null, main.unsure === true ? 'DualStack' : 'Sharing', true, ...undecided);
  if (!exact)
    return finding(
      true,
      yes(),
      true,
      'The rules of the system let both have it; what then arrives goes to one of them, and it is not said to which.',
    );
  if (effect === 'depends') return finding(false, mainCause(), true, ...foreign);
  const refusedAll = main.row === null;
  return finding(
    false,
    refusedAll ? (main.cause === 'TimeWait' ? 'TimeWait' : 'HeldWithoutSocket') : mainCause(),
    refusedAll && main.cause !== 'TimeWait',
    ...(refusedAll ? [] : ['By the published rules of the system the attempt should have succeeded.']),
  );
}

/** What the request queues and reservations of HTTP.sys say of a port. */
function httpEvidence(facts: Facts, port: number, owned: boolean): string[] {
  const { httpQueues, urlReservations, ipListenList } = facts.sections;
  const about = (url: string): boolean => new RegExp(`^https?://[^/]*:${port}(?::[^/]*)?(?:/|$)`, 'i').test(url);
  const urls = (httpQueues?.data ?? []).flatMap((queue) =>
    queue.urls
      .filter(about)
      .map(
        (url) =>
          `HTTP.sys has ${url} registered for the request queue ${queue.name ?? 'without a name'}${queue.processes.length === 0 ? '' : `, served by process ${queue.processes.map(({ pid }) => pid).join(', ')}`}.`,
      ),
  );
  const reserved = (urlReservations?.data ?? [])
    .filter(({ url }) => about(url))
    .map(({ url }) => `The URL ${url} is reserved with HTTP.sys; that alone holds no port.`);
  const listen = (ipListenList?.data ?? []).map(({ address }) => address);
  return [
    ...urls.slice(0, 5),
    ...(urls.length > 5 ? [`… and ${urls.length - 5} more URLs.`] : []),
    ...reserved.slice(0, 3),
    ...(owned && listen.length > 0 ? [`HTTP.sys listens only on ${listen.join(', ')} (its IP listen list).`] : []),
  ];
}

function any(request: Request, facts: Facts): { evidence: string[]; full: boolean } {
  const uses = usage(facts).filter((one) => one.protocol === request.protocol);
  return {
    evidence: uses.map(
      (one) =>
        `${one.used} of ${one.size} dynamic ports ${one.start}-${one.end} are in use for ${one.protocol}${one.family === null ? '' : ` on ${one.family}`}${one.top.length === 0 ? '' : ` (${topText(facts, one)})`}.`,
    ),
    full: uses.some((one) => one.used >= one.size),
  };
}

/** The word of the error text as the cause, where nothing that can be seen contradicts. */
function fromError(error: ParsedError | null, can: boolean | null, cause: Cause, facts: Facts): Cause {
  if (error === null || facts.machine.platform !== 'win32') return cause;
  if (error.meaning === 'urlReserved') return 'UrlReserved';
  if (error.meaning === 'urlTaken' && (can === true || cause === 'HttpSys' || cause === 'Kernel')) return 'UrlTaken';
  return cause;
}

/**
 * Whether the request could be bound, from the facts and the attempts that were really made (null: none, because the
 * facts are of another machine or moment). `error`: what a pasted error text said.
 */
export function diagnose(
  facts: Facts,
  request: Request,
  probed: Probe | null,
  error: ParsedError | null = null,
): Diagnosis {
  const binds = bindsOf(request);
  const user = probed?.user ?? null;
  const addresses = probed?.addresses ?? null;
  const attemptOf = (bind: Bind): BindAttempt | null =>
    probed?.attempts.find((attempt) => attempt.address === bind.address && attempt.ipv6Only === bind.ipv6Only) ?? null;
  const findings = binds.map((bind) => find(facts, bind, attemptOf(bind), user, addresses));
  // A family that the machine does not have is wanted by nobody, unless it alone was asked for.
  const present = findings.filter((finding) => finding.attempt?.result !== 'noFamily');
  const missing = gaps(facts);
  const explained = ({ cause: one }: Finding): boolean => one !== 'HeldWithoutSocket' && one !== 'Unknown';
  const refused = present.filter((finding) => finding.can === false);
  // Who has the very address says more than who is in the way of it too.
  const direct = ({ main }: Finding): boolean => main?.row != null && main.overlap === 'same';
  const decisive =
    refused.find((finding) => explained(finding) && direct(finding)) ??
    refused.find(explained) ??
    refused[0] ??
    present.find((finding) => finding.can === null) ??
    present.find((finding) => finding.cause !== 'Free') ??
    present[0];

  let can: boolean | null = decisive === undefined ? false : decisive.can;
  let cause: Cause = decisive === undefined ? 'AddressNotLocal' : decisive.cause;
  const linux = facts.machine.platform === 'linux';
  const notes = [
    ...present.flatMap((finding) => finding.notes),
    ...(linux && request.sharing === 'exclusive'
      ? [
          'Linux has no exclusive use to ask for: it is what a socket has that sets neither SO_REUSEADDR nor SO_REUSEPORT.',
        ]
      : []),
    ...(!linux && request.sharing === 'reusePort' ? ['Windows has no SO_REUSEPORT: SO_REUSEADDR is meant.'] : []),
  ];
  const exhausted = request.port === 0 ? any(request, facts) : { evidence: [], full: false };
  if (exhausted.full && can !== false) {
    [can, cause] = [false, 'Exhausted'];
  }
  const attempted = present.some((finding) => finding.attempt !== null && finding.attempt.result !== 'notMade');
  // Excluded ranges that could not be read are made up for by an attempt; sockets are not.
  const blind = !isWhole(facts.sections.sockets) || (!attempted && missing.length > 0);
  if (can === true && blind) [can, cause] = [null, 'Unknown'];
  cause = fromError(error, can, cause, facts);
  // HTTP.sys cannot start on an address that the machine has no more.
  const stale =
    addresses === null
      ? []
      : (facts.sections.ipListenList?.data ?? [])
          .map(({ address }) => address)
          .filter((address) => !isLocal(facts, address, addresses));
  if (error?.http === true && stale.length > 0 && can !== false) [can, cause] = [false, 'AddressNotLocal'];
  if (cause === 'UrlReserved' || cause === 'UrlTaken') can = false;

  const main = decisive?.main ?? null;
  const named =
    cause === 'AddressNotLocal' ||
    cause === 'NoRights' ||
    cause === 'Exhausted' ||
    cause === 'UrlReserved' ||
    cause === 'Free'
      ? null
      : main;
  const owners = [
    ...new Set(
      present
        .flatMap((finding) => finding.all)
        .filter((one) => one.row !== null && one.effect === named?.effect)
        .map((one) => one.row!.Owner)
        .filter((owner) => owner !== null),
    ),
  ];
  const seen = [...new Set(present.flatMap((finding) => finding.all.map((one) => one.evidence)))];
  const attempts = findings.flatMap((finding) =>
    finding.attempt === null ? [] : [attemptText(finding.attempt, finding.bind, linux)],
  );
  const untried =
    probed === null
      ? ['No attempt was made: the facts are of another moment or machine.']
      : present.some((finding) => finding.attempt === null)
        ? ['No attempt was made: it could take datagrams from the owner.']
        : [];
  const handedOut = facts.sections.dynamicRanges.data.find((range) => binds.some((bind) => covers(range, bind)));
  const httpSys = facts.machine.platform === 'win32' && request.protocol === 'TCP';
  const relevant = missing.filter(
    () => can === null || !attempted || cause === 'Unknown' || !isWhole(facts.sections.sockets),
  );
  const confidence =
    !isWhole(facts.sections.sockets) ||
    can === null ||
    cause === 'Unknown' ||
    (named?.socket != null && isUnfound(named.socket))
      ? 'Low'
      : attempted && decisive?.agree !== false
        ? 'High'
        : 'Medium';
  return {
    row: {
      Port: request.port,
      Protocol: request.protocol,
      Address: request.address ?? '*',
      CanBind: can,
      Cause: cause,
      Owner:
        named === null || owners.length === 0
          ? null
          : owners.length > 3
            ? `${owners.slice(0, 3).join('; ')} and ${owners.length - 3} more`
            : owners.join('; '),
      Evidence: [
        `${can === null ? 'Whether it can be bound cannot be told' : can ? `It can be bound now${cause === 'Free' ? '' : ', although'}` : 'It cannot be bound now'}${can === true && cause !== 'Free' ? '' : ':'} ${request.port === 0 && cause === 'Free' ? 'dynamic ports are left' : causes[cause]}.`,
        ...(error === null ? [] : [error.evidence]),
        ...seen.slice(0, 8),
        ...(seen.length > 8 ? [`… and ${seen.length - 8} more.`] : []),
        ...exhausted.evidence,
        ...(handedOut === undefined || can !== true
          ? []
          : [
              `It is in the dynamic range ${rangeText(handedOut)}: a connection may have it when the program is started again.`,
            ]),
        ...stale.map((address) => `HTTP.sys is told to listen on ${address}, which is no address of this machine.`),
        ...(httpSys
          ? httpEvidence(facts, request.port, main?.row?.OwnerKind === 'HttpSys' || main?.row?.OwnerKind === 'Kernel')
          : []),
        ...attempts,
        ...untried,
        ...new Set(notes),
        ...(cause === 'Disagreement' ? ['The attempt succeeded although what was seen stands against it.'] : []),
        ...relevant.map(({ text }) => text),
      ],
      Remedy:
        can === true
          ? null
          : remedies(cause, {
              facts,
              request,
              row: main?.row ?? null,
              socket: main?.socket ?? null,
              range: main?.range ?? null,
              addresses,
              here: probed !== null,
              stale,
            }),
      Confidence: confidence,
      ComputerName: facts.machine.name,
    },
    needs: can === null ? (missing.find(({ needs }) => needs !== null)?.needs ?? null) : null,
  };
}
