import { kernelListener } from '../facts/gather/kernel-listeners.ts';
import type { Bind } from '../facts/gather/probe.ts';
import type { Facts } from '../facts/model/facts.ts';
import { isLacking } from '../facts/model/section.ts';
import { addressFamily, bracketed, unmapped } from '../ports/address.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Cause } from './cause.ts';
import { dockerAllocated } from './causes/docker-allocated.ts';
import { kubernetesAllocated } from './causes/kubernetes-allocated.ts';
import { lastPrivileged, privilegedSteps } from './causes/no-rights.ts';
import { isWslKernel, windowsHostSteps, windowsHostText } from './causes/windows-host.ts';
import type { ParsedError } from './error-text.ts';
import { hasUrlOn } from './http-evidence.ts';
import { listensOn, type ListenList } from './listen-list.ts';
import { listenListSteps } from './listen-list-steps.ts';
import { isWildcard } from './overlap.ts';
import { endText, pairText, toldEnds, type PairUse } from './pairs.ts';
import { covers, handedOut, isUnusual, rangeText, usualText } from './ranges.ts';
import { dockerSteps, kubernetesSteps } from './relay-steps.ts';
import { usualRange } from './remedy-steps.ts';
import type { Request } from './request.ts';
import { securityModuleSteps } from './security-module.ts';
import { say, step } from '../schema/step.ts';

/** The input in which circumstances are found. */
export interface Setting {
  readonly facts: Facts;
  readonly request: Request;
  /** The binds whose address families the machine has. */
  readonly binds: readonly Bind[];
  readonly can: boolean | null;
  readonly cause: Cause;
  /** The owner of the port. */
  readonly owner: OwnedEndpoint | null;
  readonly error: ParsedError | null;
  readonly listenList: ListenList;
  readonly pairs: readonly PairUse[];
  /** Where other connections than those of the error text use up the dynamic ports. */
  readonly otherPairs: readonly PairUse[];
}

/** What the user should know in addition to the cause, and what to do about it. */
export interface Circumstance {
  readonly evidence: readonly string[];
  readonly remedies: readonly string[];
}

type Finder = (setting: Setting) => Circumstance | null;

/** The port may go to a connection when the program restarts; on Windows, a wide range takes ports from servers. */
const dynamicPort: Finder = ({ facts, binds, can, request }) => {
  const free = binds.map((bind) => handedOut(facts, bind)).find((found) => found !== undefined);
  const range =
    free ??
    facts.sections.dynamicRanges.data.find((one) => isUnusual(facts, one) && binds.some((bind) => covers(one, bind)));
  if (range === undefined || request.port === 0) return null;
  const where = rangeText(range);
  if (!isUnusual(facts, range))
    return can === true
      ? {
          evidence: [`It is in the dynamic range ${where}: a connection may take it before the program restarts.`],
          remedies: [],
        }
      : null;
  return {
    evidence: [
      `It is in the dynamic range ${where}, which is unusual (${usualText}): ${free === undefined ? '' : 'a connection may take it before the program restarts; '}Hyper-V, WSL, and containers reserve ports there; and programs in WSL with mirrored networking cannot bind any of them.`,
    ],
    remedies: [usualRange(request.protocol, range.family)],
  };
};

/** A text from WSL about a port that nothing there holds: Windows may have refused it. */
const windowsRefused: Finder = ({ facts, request, error, can }) =>
  can !== true ||
  error?.port !== request.port ||
  (error.meaning !== 'access' && error.meaning !== 'inUse') ||
  facts.machine.platform !== 'linux' ||
  !isWslKernel(facts.machine.release)
    ? null
    : {
        evidence: [`The bind was refused, although nothing in WSL holds the port now. ${windowsHostText}`],
        remedies: windowsHostSteps(request),
      };

/** A text about a port that this account can bind on Linux: the program lacks the right, or is confined. */
const deniedToProgram: Finder = ({ facts, request, error, can }) => {
  const { platform, release } = facts.machine;
  if (can !== true || error?.port !== request.port || error.confinement === null || error.sign?.startsWith('WSA'))
    return null;
  const isPrivileged = request.port <= lastPrivileged(facts);
  // In WSL, the refusal may be Windows', and there are no security modules.
  const isWsl = isWslKernel(release);
  if (platform !== 'linux' || (isWsl && !isPrivileged)) return null;
  const rights = isPrivileged ? ', which needs root or CAP_NET_BIND_SERVICE for it' : '';
  return {
    evidence: [`The refusal was about the rights of the program${rights}: the port can be bound.`],
    remedies: [
      ...(isPrivileged && error.confinement.module === null ? privilegedSteps({ facts, request }) : []),
      ...(isWsl ? [] : securityModuleSteps(request, error)),
    ],
  };
};

/** A text about an address that the machine has now, but did not have when the program started. */
const lateAddress: Finder = ({ facts, request: { address, port }, error, can }) => {
  if (can !== true || error?.meaning !== 'notLocal' || error.port !== port) return null;
  if (address === null || error.address !== address || isWildcard(address)) return null;
  const family = addressFamily(unmapped(address)) === 'IPv6' ? 'ipv6' : 'ipv4';
  return {
    evidence: [
      `The machine did not have ${address} when the program started, as at boot before the network is up${family === 'ipv6' ? ' or the address is checked for duplicates' : ''}, but it has it now.`,
    ],
    remedies:
      facts.machine.platform === 'linux'
        ? [
            say(
              'for a service that starts at boot: Wants=network-online.target and After=network-online.target in its unit',
            ),
            step(
              `sudo sysctl -w net.${family}.ip_nonlocal_bind=1`,
              'or let programs bind addresses that the machine does not have yet',
            ),
          ]
        : [say('for a service that starts at boot: set its startup type to automatic (delayed start)')],
  };
};

/** Connections that use up the ports for one address, although other ports are left. */
const takenPairs: Finder = ({ pairs }) =>
  pairs.length === 0 ? null : { evidence: pairs.slice(0, 3).map(pairText), remedies: [] };

/** Connections that use up the ports for one address, although the error text is about something else. */
const otherPairs: Finder = ({ otherPairs: pairs, request, error, can }) => {
  if (pairs.length === 0) return null;
  const ends = toldEnds(pairs[0]!, error?.farEnds ?? []).map(({ address, port }) =>
    address === null ? `port ${port}` : endText(address, port),
  );
  const said =
    request.port === 0
      ? `The text is about ${[...new Set(ends)].join(', ')}: connections there can still use these ports.`
      : 'A bind to a specific port needs none of them.';
  return { evidence: [...pairs.slice(0, 3).map(pairText), ...(can === false ? [] : [said])], remedies: [] };
};

/** Addresses in the HTTP.sys IP listen list that are not, or may not be, on this machine. */
const foreignListenList: Finder = ({ request, error, listenList }) => {
  if (request.protocol === 'UDP') return null;
  const { stale, doubtful } = listenList;
  return {
    evidence: [
      ...stale.map(
        (address) => `HTTP.sys is configured to listen on ${address}, which is not assigned to this machine.`,
      ),
      ...(error?.origin === 'HttpSysListen' ? doubtful : []).map(
        (address) =>
          `HTTP.sys is configured to listen on ${address} (its IP listen list), but no socket has that address: if it is no longer assigned to the machine, HTTP.sys cannot listen there.`,
      ),
    ],
    remedies: [],
  };
};

/** Whether HTTP.sys serves a port: it has a URL there, or, where nobody may see its URLs, the kernel listens on its addresses. */
const isServedOn = (facts: Facts, port: number, list: ListenList): boolean =>
  hasUrlOn(facts, port) ||
  (facts.sections.httpQueues !== undefined &&
    isLacking(facts.sections.httpQueues) &&
    kernelListener('TCP', port) === null &&
    facts.sections.sockets.data.some(
      ({ localPort, localAddress, state, kernel }) =>
        kernel && state === 'Listen' && localPort === port && listensOn(list, localAddress),
    ));

/** An HTTP.sys URL on a port of an address on which HTTP.sys does not listen. */
const narrowListenList: Finder = ({ facts, request, owner, listenList, can, cause }) => {
  const { all } = listenList;
  const wanted = request.address ?? '127.0.0.1';
  if (cause.name === 'IpListenList' || all.length === 0) return null;
  const isOwner = owner?.OwnerKind === 'HttpSys' || owner?.OwnerKind === 'Kernel';
  const short = `HTTP.sys listens only on ${all.join(', ')} (its IP listen list)`;
  if (
    listensOn(listenList, wanted) ||
    !isServedOn(facts, request.port, listenList) ||
    (request.address === null && can === false)
  )
    // A program that wants every address for itself does not need HTTP.sys to listen on more.
    return isOwner ? { evidence: [`${short}.`], remedies: [] } : null;
  return {
    evidence: [`${short}: a request for its URL on ${wanted} does not reach it.`],
    remedies: listenListSteps({ ...listenList, stale: [], doubtful: [] }, wanted),
  };
};

/** A text from Docker about a port that is in use. */
const dockerText: Finder = ({ facts, request, error, cause }) => {
  if (error?.origin !== 'DockerList') return null;
  return {
    evidence: error.namesProtocol
      ? []
      : [`The text does not say whether it is about TCP or UDP; this answer is about ${request.protocol}.`],
    remedies: cause === dockerAllocated ? [] : dockerSteps({ facts, request }),
  };
};

/** A text from Kubernetes about a port that is also in use on this machine. */
const kubernetesText: Finder = ({ request, error, can, cause }) =>
  error?.origin !== 'KubernetesList' || can === null || cause === kubernetesAllocated
    ? null
    : {
        evidence: ['Kubernetes refuses the port by its own list of the ports of the cluster, whoever has it here.'],
        remedies: kubernetesSteps(request),
      };

/** A text of a server about a port that another program holds: its configuration may have been changed only in part. */
const oldConfiguration: Finder = ({ request, error, can, cause, owner }) => {
  const server = error?.port === request.port && request.port !== 0 && can === false ? error.server : null;
  const image = owner?.ImageName?.toLowerCase() ?? '';
  if (server == null || cause.isOwnerless === true || server.images.some((name) => image.startsWith(name))) return null;
  const place = request.address === null ? `port ${request.port}` : `${bracketed(request.address)}:${request.port}`;
  return {
    evidence: [],
    remedies: [
      say(
        `if you changed the port of ${server.name}: another ${server.directive} directive still has ${place}, for example in an included file`,
      ),
    ],
  };
};

const finders: readonly Finder[] = [
  takenPairs,
  otherPairs,
  deniedToProgram,
  lateAddress,
  windowsRefused,
  dynamicPort,
  foreignListenList,
  narrowListenList,
  dockerText,
  kubernetesText,
  oldConfiguration,
];

/** Returns everything worth knowing in addition to the cause. */
export function circumstances(setting: Setting): Circumstance {
  const found = finders.map((find) => find(setting)).filter((one) => one !== null);
  return {
    evidence: found.flatMap(({ evidence }) => evidence),
    remedies: found.flatMap(({ remedies }) => remedies),
  };
}
