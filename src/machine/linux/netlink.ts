import { netlinkCalls } from './libc.ts';

/** linux/socket.h, linux/netlink.h */
export const AF_NETLINK = 16;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
export const MSG_DONTWAIT = 0x40;
/** linux/sock_diag.h, for the lists of sockets and the messages about closed ones. */
export const NETLINK_SOCK_DIAG = 4;

/** Requests all entries: NLM_F_REQUEST, NLM_F_ROOT and NLM_F_MATCH. */
export const NLM_F_REQUEST_DUMP = 0x301;
export const headerSize = 16;

/** The kernel never returns more than this in one piece. */
const pieceSize = 32 * 1024;

/** Whether the last message of a dump is among the messages from `start` to `end`. */
function ends(view: DataView, start: number, end: number): boolean {
  for (let offset = start; offset + headerSize <= end;) {
    const length = view.getUint32(offset, true);
    const type = view.getUint16(offset + 4, true);
    if (type === NLMSG_DONE || type === NLMSG_ERROR || length < headerSize) return true;
    offset += (length + 3) & ~3;
  }
  return false;
}

/**
 * Returns the kernel's answer to a netlink message that requests a dump: messages one after the other.
 * Throws if netlink, this netlink protocol, or FFI is unavailable; a truncated answer lacks its last message.
 */
export function netlinkDump(protocol: number, message: Uint8Array): Uint8Array {
  const { socket, send, recv, close } = netlinkCalls();
  const descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (descriptor < 0) throw new Error('the system has no netlink sockets of this kind');
  try {
    if (send(descriptor, message, message.length, 0) !== message.length)
      throw new Error('the system refused the netlink request');
    let bytes = new Uint8Array(2 * pieceSize);
    let view = new DataView(bytes.buffer);
    for (let length = 0; ;) {
      if (bytes.length - length < pieceSize) {
        const larger = new Uint8Array(2 * bytes.length);
        larger.set(bytes.subarray(0, length));
        bytes = larger;
        view = new DataView(bytes.buffer);
      }
      // Each piece is ready once the previous one has been read, so this never waits or hangs.
      const got = recv(descriptor, bytes.subarray(length), bytes.length - length, MSG_DONTWAIT);
      if (got > 0) length += got;
      if (got <= 0 || ends(view, length - got, length)) return bytes.subarray(0, length);
    }
  } finally {
    close(descriptor);
  }
}
