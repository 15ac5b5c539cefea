import type { CloseFeed } from '../../system/live.ts';
import { closesCalls } from './libc.ts';
import { AF_NETLINK, MSG_DONTWAIT, NETLINK_SOCK_DIAG, SOCK_CLOEXEC, SOCK_RAW } from './netlink.ts';

/** asm-generic/socket.h, asm-generic/errno.h */
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const ENOBUFS = 105;
/** The groups SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY, or those of UDP, one bit each. */
const groups = { TCP: (1 << (1 - 1)) | (1 << (3 - 1)), UDP: (1 << (2 - 1)) | (1 << (4 - 1)) } as const;

/** Room for the messages about thousands of sockets that are closed at once: a message takes about 1 KB of it. */
const bufferSize = 16 * 1024 * 1024;
/** A message has 380 bytes, with struct tcp_info. */
const messageSize = 8 * 1024;

/**
 * Collects the messages that the kernel sends when it frees a socket: `struct nlmsghdr`, `struct inet_diag_msg`, and for
 * TCP struct tcp_info, as in a dump. Ordinary users receive them, too. Throws if FFI or netlink is unavailable.
 */
export function listenForCloses(protocol: 'TCP' | 'UDP'): CloseFeed {
  const { socket, bind, setsockopt, recv, close, errno } = closesCalls();
  const descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (descriptor < 0) throw new Error('the system has no netlink sockets of this kind');
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups[protocol], 8);
  // struct sockaddr_nl
  if (bind(descriptor, address, address.length) !== 0) {
    close(descriptor);
    throw new Error('the system refused the messages about closed sockets');
  }
  const size = Buffer.alloc(4);
  size.writeInt32LE(bufferSize);
  // Only root may exceed the limit of the system.
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, size, 4) !== 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, size, 4);
  let room = new Uint8Array(256 * 1024);
  return {
    read() {
      let length = 0;
      let lost = false;
      for (;;) {
        if (room.length - length < messageSize) {
          const larger = new Uint8Array(2 * room.length);
          larger.set(room.subarray(0, length));
          room = larger;
        }
        const got = recv(descriptor, room.subarray(length), room.length - length, MSG_DONTWAIT);
        if (got > 0) length += got;
        else if (got < 0 && errno() === ENOBUFS) lost = true;
        else return { bytes: room.slice(0, length), lost };
      }
    },
    close: () => void close(descriptor),
  };
}
