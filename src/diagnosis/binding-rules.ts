import type { Bind } from '../facts/gather/probe.ts';
import type { Socket } from '../facts/model/facts.ts';
import type { Effect } from './cause.ts';
import { linuxEffect, linuxSharings } from './linux-rules.ts';
import { isWildcard } from './overlap.ts';
import { windowsOutcome, windowsOutcomes, windowsSharings, type WindowsScope } from './windows-rules.ts';

function scope(address: string): WindowsScope {
  return isWildcard(address) ? 'wildcard' : 'specific';
}

/** What the system's rules depend on, in addition to the two addresses. */
export interface Pair {
  /** Whether both belong to the same user; null if unknown. */
  readonly same: boolean | null;
  /** Whether the bind includes both IPv6 and IPv4. */
  readonly dual: boolean;
  /** Linux: whether the first socket is known to have set SO_REUSEPORT, as when another socket has the same port. */
  readonly reusePort: boolean;
}

/** Applies the system's rules to a bind beside a socket that holds its port other than as one end of a connection. */
export function rule(
  platform: 'win32' | 'linux',
  bind: Bind,
  socket: Pick<Socket, 'localAddress' | 'state'>,
  { same, dual, reusePort }: Pair,
): Effect {
  if (platform === 'linux') {
    const second = { reuse: bind.sharing === 'reuse', reusePort: bind.sharing === 'reusePort' };
    const firsts = reusePort ? linuxSharings.filter((first) => first.reusePort) : linuxSharings;
    const state = socket.state === 'Listen' ? 'listening' : 'other';
    return linuxEffect(bind.protocol, { state, sameUser: same, firsts }, second);
  }
  const sharing = bind.sharing === 'reusePort' ? 'reuse' : bind.sharing;
  const outcomes = windowsOutcomes(scope(socket.localAddress), { sharing, scope: scope(bind.address) }, same);
  // A dual-stack socket that requests exclusive use fails whichever address the port's owner uses.
  if (dual && sharing === 'exclusive') return 'blocks';
  return !outcomes.has('success') ? 'blocks' : outcomes.size === 1 ? 'allows' : 'depends';
}

const words = {
  default: 'set no option',
  reuse: 'set SO_REUSEADDR',
  exclusive: 'requested exclusive use',
  success: 'it succeeds',
  inUse: 'it fails with 10048',
  access: 'it fails with 10013',
} as const;

/** What the result depends on, in words. */
export function ruleText(platform: 'win32' | 'linux', bind: Bind, socket: Pick<Socket, 'localAddress'>): string {
  if (platform === 'linux') {
    const option = bind.sharing === 'reusePort' ? 'SO_REUSEPORT and is of the same user' : 'SO_REUSEADDR';
    return `It succeeds if the owner has also set ${option}, which no interface shows.`;
  }
  const second = {
    sharing: bind.sharing === 'reusePort' ? 'reuse' : bind.sharing,
    scope: scope(bind.address),
  } as const;
  const cases = windowsSharings.map((sharing) => {
    const [own, others] = [true, false].map((same) =>
      windowsOutcome({ sharing, scope: scope(socket.localAddress) }, second, same),
    );
    return `if the owner ${words[sharing]}, ${words[own!]}${own === others ? '' : ` (${words[others!]} if the owner is another user)`}`;
  });
  return `According to Microsoft's table: ${cases.join('; ')}. No interface shows what the owner requested.`;
}

/** Applies Windows' rules to a bind with another sharing mode beside a socket about which nothing more is known. */
export function ruleForAny(
  bind: Bind,
  sharing: Bind['sharing'],
  socket: Pick<Socket, 'localAddress' | 'state'>,
): Effect {
  return rule('win32', { ...bind, sharing }, socket, { same: null, dual: false, reusePort: false });
}
