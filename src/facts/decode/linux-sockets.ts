import type { Socket } from '../model/facts.ts';
import { addressText, ipv4Text, ipv6Text } from '../../ports/address.ts';
import { diagHeader, visitDiag } from './sock-diag.ts';
import type { Decoded } from './windows-memory.ts';

/** A socket as Linux lists it. */
export interface KernelSocket {
  readonly protocol: 'TCP' | 'UDP';
  readonly localAddress: string;
  readonly localPort: number;
  /** Null if it is not connected. */
  readonly remoteAddress: string | null;
  readonly remotePort: number | null;
  readonly state: Socket['state'];
  /** 0 if no file descriptor refers to it: TIME_WAIT, closed by its process, or not yet accepted. */
  readonly inode: number;
  /** The user who created it; meaningless if the inode is 0. */
  readonly uid: number;
  /** The index of the interface that the socket is bound to or that its address is local to; 0 if there is none. */
  readonly scope: number;
}

/**
 * Returns whether to keep a socket. It is called before the addresses are decoded. The state is the kernel's number.
 */
export type Keep = (state: number, localPort: number, inode: number) => boolean;

/** The kernel's TCP states by number (include/net/tcp_states.h), with the names of Get-NetTCPConnection. */
const stateNames: readonly Socket['state'][] = [
  null,
  'Established',
  'SynSent',
  'SynReceived',
  'FinWait1',
  'FinWait2',
  'TimeWait',
  'Closed',
  'CloseWait',
  'LastAck',
  'Listen',
  'Closing',
  'SynReceived',
  'Bound',
];
const closed = 7;

/**
 * Returns the state of a TCP socket. A closed socket with a local port is bound; any other closed socket is not listed.
 */
export function tcpState(state: number, localPort: number): Socket['state'] {
  return state === closed && localPort !== 0 ? 'Bound' : (stateNames[state] ?? null);
}

interface Ends {
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

/** What the kernel reports about a socket in addition to its addresses. `number` is the state's number. */
interface Told {
  readonly number: number;
  readonly inode: number;
  readonly uid: number;
  readonly scope: number;
}

function kernelSocket(protocol: 'TCP' | 'UDP', ends: Ends, { number, inode, uid, scope }: Told): KernelSocket {
  const state = protocol === 'TCP' ? tcpState(number, ends.localPort) : null;
  const connected = protocol === 'TCP' ? state !== 'Listen' && state !== 'Bound' : ends.remotePort !== 0;
  return {
    protocol,
    localAddress: ends.local,
    localPort: ends.localPort,
    remoteAddress: connected ? ends.remote : null,
    remotePort: connected ? ends.remotePort : null,
    state,
    inode,
    uid,
    scope,
  };
}

const AF_INET6 = 10;

/**
 * Parses the sockets of a sock_diag answer, limited to those that `keep` accepts. Each message is a `struct nlmsghdr`
 * (16 bytes) and a `struct inet_diag_msg` (72 bytes, linux/inet_diag.h). Ports and addresses are in network byte order,
 * the rest in host byte order, which is little-endian wherever Node 26 supports FFI and PortOwner runs.
 */
export function decodeDiag(protocol: 'TCP' | 'UDP', bytes: Uint8Array, keep: Keep): Decoded<KernelSocket[]> {
  const data: KernelSocket[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // Most sockets share a few addresses.
  const texts = new Map<string, string>();
  const address = (family: number, offset: number): string => {
    const end = offset + (family === AF_INET6 ? 16 : 4);
    const key = buffer.toString('latin1', offset, end);
    let text = texts.get(key);
    if (text === undefined)
      texts.set(key, (text = family === AF_INET6 ? ipv6Text(bytes, offset) : ipv4Text(bytes, offset)));
    return text;
  };
  const flaw = visitDiag(view, (start) => {
    const at = start + diagHeader;
    const state = bytes[at + 1]!;
    const localPort = view.getUint16(at + 4);
    const inode = view.getUint32(at + 68, true);
    if (!keep(state, localPort, inode)) return;
    const family = bytes[at]!;
    const ends = {
      local: address(family, at + 8),
      localPort,
      remote: address(family, at + 24),
      remotePort: view.getUint16(at + 6),
    };
    const scope = view.getUint32(at + 40, true);
    const uid = view.getUint32(at + 64, true);
    data.push(kernelSocket(protocol, ends, { number: state, inode, uid, scope }));
  });
  return { data, flaw };
}

/** Parses 4 or 16 bytes in hex, written as 32-bit numbers in host byte order (little-endian). */
function hexAddress(hex: string): string | null {
  if (!/^(?:[0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return null;
  return addressText(Buffer.from(hex, 'hex').swap32());
}

/**
 * Parses the sockets of /proc/net/tcp, tcp6, udp, or udp6, limited to those that `keep` accepts: a header, then one
 * line for each socket.
 * https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export function decodeProcNet(protocol: 'TCP' | 'UDP', text: string, keep: Keep): Decoded<KernelSocket[]> {
  const data: KernelSocket[] = [];
  let broken = 0;
  for (const line of text.split('\n').slice(1)) {
    const fields = line.split(' ').filter((field) => field !== '');
    if (fields.length === 0) continue;
    const [, local = '', remote = '', state = '', , , , uid = '', , inode = ''] = fields;
    const [localHex = '', localPort = ''] = local.split(':');
    const [remoteHex = '', remotePort = ''] = remote.split(':');
    const numbers = [
      parseInt(localPort, 16),
      parseInt(remotePort, 16),
      parseInt(state, 16),
      Number(uid || NaN),
      Number(inode || NaN),
    ] as const;
    const limits = [0xffff, 0xffff, 0xff, 0xffffffff, 0xffffffff];
    const localText = hexAddress(localHex);
    const remoteText = hexAddress(remoteHex);
    if (
      localText === null ||
      remoteText === null ||
      !numbers.every((number, index) => Number.isInteger(number) && number >= 0 && number <= limits[index]!)
    ) {
      broken++;
    } else if (keep(numbers[2], numbers[0], numbers[4])) {
      const ends = { local: localText, localPort: numbers[0], remote: remoteText, remotePort: numbers[1] };
      data.push(kernelSocket(protocol, ends, { number: numbers[2], inode: numbers[4], uid: numbers[3], scope: 0 }));
    }
  }
  return { data, flaw: broken === 0 ? null : `${broken} lines cannot be read` };
}

/** Parses interface names by index from /proc/net/if_inet6. */
export function decodeInterfaces(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const fields = line.split(' ').filter((field) => field !== '');
    if (fields.length === 6 && /^[0-9a-f]{1,8}$/i.test(fields[1]!)) names.set(parseInt(fields[1]!, 16), fields[5]!);
  }
  return names;
}

/**
 * Returns the PIDs of the holders of each `wanted` socket, by inode. A PID is repeated for each of its file
 * descriptors.
 */
export function decodeHolders(bytes: Uint8Array, wanted: ReadonlySet<number>): Map<number, number[]> {
  const holders = new Map<number, number[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
    const inode = view.getUint32(offset + 4, true);
    if (!wanted.has(inode)) continue;
    const pid = view.getUint32(offset, true);
    const known = holders.get(inode);
    if (known === undefined) holders.set(inode, [pid]);
    else known.push(pid);
  }
  return holders;
}

/**
 * Parses the start times of the holders in ticks, by PID: `meta.started` of the entry. Recordings of older versions
 * have none.
 */
export function decodeStarted(text: unknown): Map<number, number> {
  const started = new Map<number, number>();
  if (typeof text !== 'string') return started;
  for (const [, pid, ticks] of text.matchAll(/(\d{1,10}):(\d{1,15})(?:,|$)/g)) started.set(Number(pid), Number(ticks));
  return started;
}
