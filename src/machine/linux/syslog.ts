import type { LogEvent } from '../../system/log.ts';
import type { Refusal } from '../../system/raw.ts';
import { syslogCalls } from './libc.ts';

/** sys/socket.h, sys/syslog.h */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const LOG_DAEMON = 3 << 3;
const levels = { Error: 3, Warning: 4, Information: 6 } as const;

/** The socket of journald, rsyslog, and other daemons. */
const socketPath = '/dev/log';
/** A message size that every syslog daemon accepts. */
const longest = 8_000;

/**
 * Writes events to syslog (journald on most systems) as `portowner[PID]: [ID] TEXT` with the facility daemon.
 * Returns the reason if it fails, or null.
 */
export function writeSyslog(events: readonly LogEvent[], path = socketPath): Refusal | null {
  const { socket, connect, send, close } = syslogCalls();
  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return { code: 'Failed', text: 'no socket for the system log can be had' };
  try {
    // struct sockaddr_un: the family and the NUL-terminated path.
    const address = Buffer.alloc(110);
    address.writeUInt16LE(AF_UNIX, 0);
    address.write(path, 2, 107);
    if (connect(descriptor, address, address.length) !== 0)
      return { code: 'NotSupported', text: `nobody listens at ${path}` };
    for (const { id, level, text } of events) {
      const message = Buffer.from(`<${LOG_DAEMON | levels[level]}>portowner[${process.pid}]: [${id}] ${text}`).subarray(
        0,
        longest,
      );
      if (send(descriptor, message, message.length, MSG_NOSIGNAL) < 0)
        return { code: 'Failed', text: `${path} does not take messages` };
    }
    return null;
  } finally {
    close(descriptor);
  }
}
