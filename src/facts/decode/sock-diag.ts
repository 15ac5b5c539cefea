// The form of a sock_diag answer: messages of a `struct nlmsghdr` (16 bytes), a `struct inet_diag_msg` (72 bytes,
// linux/inet_diag.h), and attributes. Numbers are in host byte order, which is little-endian wherever PortOwner runs.

/** The sizes of the two structures. */
export const diagHeader = 16;
export const diagMessage = 72;
export const NLMSG_DONE = 3;
const NLMSG_ERROR = 2;
const TCPDIAG_GETSOCK = 18;
const SOCK_DIAG_BY_FAMILY = 20;

/** A length in an answer, where the next message begins. */
export const padded = (length: number): number => (length + 3) & ~3;

/** Calls `visit` with the start and the end of each message about a socket. Returns what is wrong with the answer, or null. */
export function visitDiag(view: DataView, visit: (start: number, end: number) => void): string | null {
  for (let offset = 0; offset + diagHeader <= view.byteLength;) {
    const length = view.getUint32(offset, true);
    const type = view.getUint16(offset + 4, true);
    if (length < diagHeader || offset + length > view.byteLength) break;
    if (type === NLMSG_DONE || type === NLMSG_ERROR) {
      // Both message types contain a negative errno, or 0.
      const code = length < diagHeader + 4 ? 0 : view.getInt32(offset + diagHeader, true);
      return code === 0 ? null : `the system answered with error ${-code}`;
    }
    if ((type === SOCK_DIAG_BY_FAMILY || type === TCPDIAG_GETSOCK) && length >= diagHeader + diagMessage)
      visit(offset, offset + length);
    offset += padded(length);
  }
  return 'the answer is cut off';
}
