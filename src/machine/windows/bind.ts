import { socketAddress, type BindOutcome } from '../../facts/gather/probe.ts';
import type { RawSource } from '../../system/raw.ts';
import { binderSource, type TryBind } from '../binder.ts';
import { processAccount } from './advapi32.ts';
import { systemLibrary } from './ffi.ts';
import { thisProcess } from './kernel32.ts';

// https://learn.microsoft.com/windows/win32/api/winsock2/
const ws2 = systemLibrary('ws2_32.dll', {
  WSAStartup: { arguments: ['uint32', 'pointer'], return: 'int32' },
  WSACleanup: { arguments: [], return: 'int32' },
  WSAGetLastError: { arguments: [], return: 'int32' },
  WSASocketW: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32', 'uint32'], return: 'pointer' },
  setsockopt: { arguments: ['pointer', 'int32', 'int32', 'pointer', 'int32'], return: 'int32' },
  bind: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },
  closesocket: { arguments: ['pointer'], return: 'int32' },
});

/** winsock2.h, ws2ipdef.h */
const AF_INET = 2;
const AF_INET6 = 23;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const INVALID_SOCKET = 0xffff_ffff_ffff_ffffn;
/** A child process that is started meanwhile must not inherit the socket. */
const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;
const SOL_SOCKET = 0xffff;
const SO_REUSEADDR = 4;
const SO_EXCLUSIVEADDRUSE = ~SO_REUSEADDR;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 27;

function setOption(socket: bigint, level: number, option: number, on: boolean): boolean {
  const value = Buffer.alloc(4);
  value.writeInt32LE(on ? 1 : 0);
  return ws2.setsockopt(socket, level, option, value, 4) === 0;
}

const tryBind: TryBind = (bind, scope): BindOutcome => {
  // WSADATA has 408 bytes.
  const started = ws2.WSAStartup(0x0202, Buffer.alloc(512));
  if (started !== 0) return { call: 'socket', error: started };
  try {
    const address = socketAddress(bind, 'win32', scope);
    const six = address.length === 28;
    const tcp = bind.protocol === 'TCP';
    const socket = ws2.WSASocketW(
      six ? AF_INET6 : AF_INET,
      tcp ? SOCK_STREAM : SOCK_DGRAM,
      tcp ? IPPROTO_TCP : IPPROTO_UDP,
      null,
      0,
      WSA_FLAG_NO_HANDLE_INHERIT,
    );
    if (socket === INVALID_SOCKET) return { call: 'socket', error: ws2.WSAGetLastError() };
    try {
      const option =
        bind.sharing === 'exclusive' ? SO_EXCLUSIVEADDRUSE : bind.sharing === 'default' ? null : SO_REUSEADDR;
      if (option !== null && !setOption(socket, SOL_SOCKET, option, true))
        return { call: 'setsockopt', error: ws2.WSAGetLastError() };
      if (six && !setOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, bind.ipv6Only))
        return { call: 'setsockopt', error: ws2.WSAGetLastError() };
      return ws2.bind(socket, address, address.length) === 0 ? {} : { call: 'bind', error: ws2.WSAGetLastError() };
    } finally {
      ws2.closesocket(socket);
    }
  } finally {
    ws2.WSACleanup();
  }
};

function user(): string | null {
  try {
    return processAccount(thisProcess);
  } catch {
    return null;
  }
}

/** Bind attempts on this Windows machine. */
export function windowsBinder(): RawSource {
  return binderSource('win32', tryBind, user);
}
