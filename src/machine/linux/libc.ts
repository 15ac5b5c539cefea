// The few functions of the C library that Node has no equivalent for, each loaded when it is first wanted.
import type { FunctionDefinitions } from 'node:ffi';

type Ffi = typeof import('node:ffi');

// 64-bit lengths and results are declared as 32 bits: the values are small, and BigInts would cost more than the calls.
const netlinkDefinitions = {
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  send: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
  recv: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
  close: { arguments: ['int32'], return: 'int32' },
} as const;
const syslogDefinitions = {
  socket: netlinkDefinitions.socket,
  connect: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
  send: netlinkDefinitions.send,
  close: netlinkDefinitions.close,
} as const;
const userDefinitions = { getpwuid: { arguments: ['uint32'], return: 'pointer' } } as const;
// Pointers as numbers, taken once: that keeps thousands of calls on Node's fast path.
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

/** The symbols of this program itself, which is linked with its C library, whatever the file is called there. */
function load<const T extends FunctionDefinitions>(definitions: T) {
  const ffi = process.getBuiltinModule('node:ffi') as Ffi;
  const { lib, functions } = ffi.dlopen(null, definitions);
  // The library is kept as long as its functions.
  return { ffi, lib, ...functions };
}

let netlink: ReturnType<typeof load<typeof netlinkDefinitions>> | undefined;
let descriptors: ReturnType<typeof load<typeof descriptorDefinitions>> | undefined;
let comparison: ReturnType<typeof load<typeof comparisonDefinitions>> | undefined;

/** What a netlink socket takes. Throws if FFI is unavailable. */
export const netlinkCalls = () => (netlink ??= load(netlinkDefinitions));

/** What a message to syslog takes. Throws if FFI is unavailable. */
export const syslogCalls = () => load(syslogDefinitions);

/** What a walk through descriptors takes. Throws if FFI or one of the functions is unavailable. */
export const descriptorCalls = () => (descriptors ??= load(descriptorDefinitions));

/** kcmp(2): https://man7.org/linux/man-pages/man2/kcmp.2.html */
const kcmpNumbers: Readonly<Record<string, bigint>> = { x64: 312n, arm64: 272n };
const KCMP_FILES = 2;

/** Whether two threads have one table of descriptors; false where that cannot be told. */
export function shareDescriptors(thread: number, other: number): boolean {
  const number = kcmpNumbers[process.arch];
  if (number === undefined) return false;
  try {
    return (comparison ??= load(comparisonDefinitions)).syscall(number, thread, other, KCMP_FILES, 0n, 0n) === 0;
  } catch {
    return false;
  }
}

/** The name of a user by all sources that the machine is set up for (files, LDAP …); null when there is none. */
export function userName(uid: number): string | null {
  const { ffi, getpwuid } = load(userDefinitions);
  const entry = getpwuid(uid);
  // struct passwd begins with the pointer to the name.
  return entry === 0n ? null : ffi.toString(ffi.getUint64(entry, 0));
}
