import { ipv4Text, ipv6Text } from '../../ports/address.ts';
import { cookie, findAttribute, tcpInfo } from './linux-counters.ts';
import { diagHeader, diagMessage, padded } from './sock-diag.ts';
import { uint64 } from './socket-record.ts';

/** A socket that the kernel has freed. */
export interface ClosedSocket {
  /** The ID that the socket has in a list. */
  readonly id: number | string;
  /** Without the interface. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Null for a listener, and for UDP that was not connected. */
  readonly remoteAddress: string | null;
  readonly remotePort: number | null;
  /** The bytes in each direction; null for UDP, a listener, and older kernels. */
  readonly sent: number | null;
  readonly received: number | null;
}

const INET_DIAG_INFO = 2;
const AF_INET6 = 10;

/**
 * Parses the kernel's messages about closed sockets, which have the form of a sock_diag answer: `struct nlmsghdr`,
 * `struct inet_diag_msg`, attributes. The state is always closed, and the inode is gone. Leaves out sockets that never
 * had a port.
 */
export function decodeCloses(protocol: 'TCP' | 'UDP', bytes: Uint8Array): ClosedSocket[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const closed: ClosedSocket[] = [];
  for (let start = 0; start + diagHeader + diagMessage <= bytes.length;) {
    const length = view.getUint32(start, true);
    if (length < diagHeader + diagMessage || start + length > bytes.length) break;
    const at = start + diagHeader;
    const text = bytes[at] === AF_INET6 ? ipv6Text : ipv4Text;
    const [localPort, remotePort] = [view.getUint16(at + 4), view.getUint16(at + 6)];
    const info = findAttribute(view, at + diagMessage, start + length, INET_DIAG_INFO);
    const isCounted = protocol === 'TCP' && remotePort !== 0 && info.length >= tcpInfo.bytesReceived + 8;
    if (localPort !== 0)
      closed.push({
        id: cookie(view, at + 44),
        localAddress: text(bytes, at + 8),
        localPort,
        remoteAddress: remotePort === 0 ? null : text(bytes, at + 24),
        remotePort: remotePort === 0 ? null : remotePort,
        sent: isCounted ? uint64(view, info.start + tcpInfo.bytesAcked) : null,
        received: isCounted ? uint64(view, info.start + tcpInfo.bytesReceived) : null,
      });
    start += padded(length);
  }
  return closed;
}
