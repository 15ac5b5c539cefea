/**
 * The few functions of the C library that Node has no equivalent for. Nothing is loaded before the first call:
 * `node:ffi` and the library take about 2 ms.
 */
type Ffi = typeof import('node:ffi');

// 64-bit lengths and results are declared as 32 bits: the values are small, and BigInts would cost more than the calls.
const definitions = {
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  send: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
  recv: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
  close: { arguments: ['int32'], return: 'int32' },
  getpwuid: { arguments: ['uint32'], return: 'pointer' },
} as const;

function load(ffi: Ffi) {
  // The symbols of this program itself, which is linked with its C library, whatever the file is called there.
  return { ffi, ...ffi.dlopen(null, definitions).functions };
}

let loaded: ReturnType<typeof load> | undefined;

/** Throws where FFI is not to be had. */
export function libc(): ReturnType<typeof load> {
  return (loaded ??= load(process.getBuiltinModule('node:ffi') as Ffi));
}

/** The name of a user by all sources that the machine is set up for (files, LDAP …); null when there is none. */
export function userName(uid: number): string | null {
  const { ffi, getpwuid } = libc();
  const entry = getpwuid(uid);
  // struct passwd begins with the pointer to the name.
  return entry === 0n ? null : ffi.toString(ffi.getUint64(entry, 0));
}
