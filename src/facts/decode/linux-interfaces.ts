import type { Decoded } from './windows-memory.ts';

/** A network interface. */
export interface Link {
  readonly name: string;
  /** The VRF, whose sockets have a separate port space; null if there is none. */
  readonly vrf: string | null;
}

/** linux/netlink.h, linux/rtnetlink.h, linux/if_link.h */
const headerSize = 16;
const infoSize = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;

interface Attribute {
  readonly type: number;
  readonly value: Buffer;
}

/**
 * Parses `struct nlattr` (length and type, 16 bits each), each with its value, padded to 4 bytes. A truncated attribute
 * is omitted.
 */
function attributes(bytes: Buffer): Attribute[] {
  const found: Attribute[] = [];
  for (let offset = 0; offset + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(offset);
    if (length < 4 || offset + length > bytes.length) break;
    // The two highest bits are flags.
    found.push({ type: bytes.readUInt16LE(offset + 2) & 0x3fff, value: bytes.subarray(offset + 4, offset + length) });
    offset += (length + 3) & ~3;
  }
  return found;
}

const textOf = (value: Buffer): string => value.toString('utf8').replace(/\0.*$/s, '');

/** The interface data in a message. */
interface Said {
  readonly name: string;
  /** The index of the interface that it belongs to. */
  readonly master: number | null;
  readonly isVrf: boolean;
}

function said(payload: Buffer): Said | null {
  let name = '';
  let master: number | null = null;
  let isVrf = false;
  for (const { type, value } of attributes(payload.subarray(infoSize))) {
    if (type === IFLA_IFNAME) name = textOf(value);
    else if (type === IFLA_MASTER && value.length >= 4) master = value.readUInt32LE(0);
    else if (type === IFLA_LINKINFO)
      isVrf = attributes(value).some((one) => one.type === IFLA_INFO_KIND && textOf(one.value) === 'vrf');
  }
  // The kernel allows any characters in a name except slashes and white space, and the name becomes part of an address.
  return /^[^\s/%\p{C}]{1,15}$/u.test(name) ? { name, master, isVrf } : null;
}

/**
 * Parses the interfaces by index from rtnetlink messages: `struct nlmsghdr` (16 bytes), `struct ifinfomsg` (16 bytes,
 * the index at offset 4), and attributes. A socket that is bound to a VRF, or to an interface directly below one, uses
 * the port space of the VRF, unless sockets outside it accept traffic for all VRFs (`acceptsAll`).
 * https://docs.kernel.org/networking/vrf.html
 */
export function decodeLinks(bytes: Uint8Array, acceptsAll: boolean): Decoded<Map<number, Link>> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, Said>();
  let flaw: string | null = 'the answer is cut off';
  for (let offset = 0; offset + headerSize <= buffer.length;) {
    const length = buffer.readUInt32LE(offset);
    const type = buffer.readUInt16LE(offset + 4);
    if (length < headerSize || offset + length > buffer.length) break;
    if (type === NLMSG_DONE || type === NLMSG_ERROR) {
      const code = length < headerSize + 4 ? 0 : buffer.readInt32LE(offset + headerSize);
      flaw = code === 0 ? null : `the system answered with error ${-code}`;
      break;
    }
    if (type === RTM_NEWLINK && length >= headerSize + infoSize) {
      const one = said(buffer.subarray(offset + headerSize, offset + length));
      if (one !== null) found.set(buffer.readInt32LE(offset + headerSize + 4), one);
    }
    offset += (length + 3) & ~3;
  }
  const vrfOf = ({ name, master, isVrf }: Said): string | null => {
    if (acceptsAll) return null;
    const above = master === null ? undefined : found.get(master);
    return isVrf ? name : above?.isVrf === true ? above.name : null;
  };
  return { data: new Map([...found].map(([number, one]) => [number, { name: one.name, vrf: vrfOf(one) }])), flaw };
}
