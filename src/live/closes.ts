import { decodeCloses, type ClosedSocket } from '../facts/decode/linux-closes.ts';
import { withoutScope } from '../ports/address.ts';
import type { CloseFeed, LiveSource } from '../system/live.ts';
import type { LiveSocket } from './look.ts';

const protocols = ['TCP', 'UDP'] as const;

/** A message about a closed socket. */
export interface Close extends ClosedSocket {
  readonly protocol: 'TCP' | 'UDP';
  /** As in a look. */
  readonly key: string;
}

/** Messages about closed sockets, if the system sends them. */
export interface Closes {
  /** Reads the messages that have arrived. */
  readonly read: () => Close[];
  /** Whether messages were lost since the last call. */
  readonly lost: () => boolean;
  readonly close: () => void;
}

/** Starts to collect messages about closed sockets; null if the system sends none. */
export function collectCloses(live: LiveSource): Closes | null {
  const { closes } = live;
  if (closes === undefined) return null;
  const feeds = new Map<Close['protocol'], CloseFeed>();
  try {
    for (const protocol of protocols) feeds.set(protocol, closes(protocol));
  } catch {
    // What polling sees is still true.
    for (const feed of feeds.values()) feed.close();
    return null;
  }
  let isLost = false;
  return {
    read: () =>
      [...feeds].flatMap(([protocol, feed]) => {
        const { bytes, lost } = feed.read();
        isLost ||= lost;
        return decodeCloses(protocol, bytes).map((one): Close =>
          Object.assign(one, { protocol, key: `${protocol} ${one.id}` }),
        );
      }),
    lost() {
      const was = isLost;
      isLost = false;
      return was;
    },
    close: () => feeds.forEach((feed) => feed.close()),
  };
}

/** Identifies a connection by its ends. */
export const connectionText = ({
  protocol,
  localAddress,
  localPort,
  remoteAddress,
  remotePort,
}: Pick<LiveSocket, 'protocol' | 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>): string =>
  `${protocol} ${withoutScope(localAddress)} ${localPort} ${remoteAddress === null ? '' : withoutScope(remoteAddress)} ${remotePort}`;
