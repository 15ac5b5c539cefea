// C library functions that have no equivalent in Node, each loaded when it is first needed.
import type { FunctionDefinitions } from 'node:ffi';

type Ffi = typeof import('node:ffi');

// Declares 64-bit lengths and results as 32 bits: the values are small, and BigInts would cost more than the calls.
const netlinkDefinitions = {
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  send: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
  recv: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
  close: { arguments: ['int32'], return: 'int32' },
} as const;
const closesDefinitions = {
  ...netlinkDefinitions,
  bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
  setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
  __errno_location: { arguments: [], return: 'pointer' },
} as const;
const pollDefinitions = { poll: { arguments: ['buffer', 'uint32', 'int32'], return: 'int32' } } as const;
const syslogDefinitions = {
  socket: netlinkDefinitions.socket,
  connect: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
  send: netlinkDefinitions.send,
  close: netlinkDefinitions.close,
} as const;
const userDefinitions = { getpwuid: { arguments: ['uint32'], return: 'pointer' } } as const;
// Pointers as numbers, obtained once: this keeps thousands of calls on Node's fast path.
const descriptorDefinitions = {
  open: { arguments: ['uint64', 'int32'], return: 'int32' },
  close: { arguments: ['int32'], return: 'int32' },
  getdents64: { arguments: ['int32', 'uint64', 'uint32'], return: 'int32' },
  readlinkat: { arguments: ['int32', 'uint64', 'uint64', 'uint32'], return: 'int32' },
  openat: { arguments: ['int32', 'uint64', 'int32'], return: 'int32' },
  read: { arguments: ['int32', 'uint64', 'uint32'], return: 'int32' },
} as const;
// The C library has no function for kcmp.
const comparisonDefinitions = {
  syscall: { arguments: ['int64', 'int32', 'int32', 'int32', 'int64', 'int64'], return: 'int32' },
} as const;

/** Loads symbols of this program itself, which is linked with the C library, whatever the library's file is called. */
function load<const T extends FunctionDefinitions>(definitions: T) {
  const ffi = process.getBuiltinModule('node:ffi') as Ffi;
  const { lib, functions } = ffi.dlopen(null, definitions);
  // Keep the library as long as its functions.
  return { ffi, lib, ...functions };
}

let netlink: ReturnType<typeof load<typeof netlinkDefinitions>> | undefined;
let descriptors: ReturnType<typeof load<typeof descriptorDefinitions>> | undefined;
let comparison: ReturnType<typeof load<typeof comparisonDefinitions>> | undefined;

/** The calls for a netlink socket. Throws if FFI is unavailable. */
export const netlinkCalls = () => (netlink ??= load(netlinkDefinitions));

/** The calls for a netlink socket that receives messages without a request. Throws if FFI is unavailable. */
export function closesCalls() {
  const calls = load(closesDefinitions);
  const place = calls.__errno_location();
  return { ...calls, errno: (): number => calls.ffi.getInt32(place, 0) };
}

/** The call that shows the state of a descriptor. Throws if FFI is unavailable. */
export const pollCalls = () => load(pollDefinitions);

/** The calls for a message to syslog. Throws if FFI is unavailable. */
export const syslogCalls = () => load(syslogDefinitions);

/** The calls for visiting descriptors. Throws if FFI or one of the functions is unavailable. */
export const descriptorCalls = () => (descriptors ??= load(descriptorDefinitions));

/** kcmp(2): https://man7.org/linux/man-pages/man2/kcmp.2.html */
const kcmpNumbers: Readonly<Record<string, bigint>> = { x64: 312n, arm64: 272n };
const KCMP_FILES = 2;

/** Whether two threads share a descriptor table; false if unknown. */
export function shareDescriptors(thread: number, other: number): boolean {
  const number = kcmpNumbers[process.arch];
  if (number === undefined) return false;
  try {
    return (comparison ??= load(comparisonDefinitions)).syscall(number, thread, other, KCMP_FILES, 0n, 0n) === 0;
  } catch {
    return false;
  }
}

/** The name of a user from all sources that the machine is configured for (files, LDAP …); null if there is none. */
export function userName(uid: number): string | null {
  const { ffi, getpwuid } = load(userDefinitions);
  const entry = getpwuid(uid);
  // struct passwd begins with the pointer to the name.
  return entry === 0n ? null : ffi.toString(ffi.getUint64(entry, 0));
}
