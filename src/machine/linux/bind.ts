import { userInfo } from 'node:os';
import { socketAddress, type BindOutcome } from '../../facts/gather/probe.ts';
import type { RawSource } from '../../system/raw.ts';
import { binderSource, type TryBind } from '../binder.ts';

/** linux/socket.h, linux/in6.h */
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const SO_BINDTODEVICE = 25;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

function load() {
  const ffi = process.getBuiltinModule('node:ffi');
  const { lib, functions } = ffi.dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
    bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
    close: { arguments: ['int32'], return: 'int32' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  const errno = functions.__errno_location();
  return { lib, ...functions, errno: (): number => ffi.getInt32(errno, 0) };
}

let calls: ReturnType<typeof load> | undefined;

function setOption(descriptor: number, level: number, option: number, on: boolean): boolean {
  const value = Buffer.alloc(4);
  value.writeInt32LE(on ? 1 : 0);
  return calls!.setsockopt(descriptor, level, option, value, 4) === 0;
}

/** The name of the interface to bind to; null if none is named, or if it is the address's scope. */
function deviceOf(address: string): Buffer | null {
  const device = /%(.+)$/s.exec(address)?.[1];
  return device === undefined || /^f[ef]/i.test(address) ? null : Buffer.from(`${device}\0`);
}

const tryBind: TryBind = (bind, scope): BindOutcome => {
  calls ??= load();
  const { socket, bind: bindTo, close, errno } = calls;
  const address = socketAddress(bind, 'linux', scope);
  const six = address.length === 28;
  const descriptor = socket(
    six ? AF_INET6 : AF_INET,
    (bind.protocol === 'TCP' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC,
    0,
  );
  if (descriptor < 0) return { call: 'socket', error: errno() };
  try {
    const option = bind.sharing === 'reuse' ? SO_REUSEADDR : bind.sharing === 'reusePort' ? SO_REUSEPORT : null;
    if (option !== null && !setOption(descriptor, SOL_SOCKET, option, true))
      return { call: 'setsockopt', error: errno() };
    if (six && !setOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, bind.ipv6Only))
      return { call: 'setsockopt', error: errno() };
    const device = deviceOf(bind.address);
    if (device !== null && calls.setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, device.length) !== 0)
      return { call: 'bind', error: errno() };
    return bindTo(descriptor, address, address.length) === 0 ? {} : { call: 'bind', error: errno() };
  } finally {
    close(descriptor);
  }
};

function user(): string | null {
  try {
    return userInfo().username;
  } catch {
    // The user has no name.
    return process.geteuid === undefined ? null : String(process.geteuid());
  }
}

/** Bind attempts on this Linux machine. */
export function linuxBinder(): RawSource {
  return binderSource('linux', tryBind, user);
}
