import { readFileSync } from 'node:fs';
import type { RawEntry } from '../../system/raw.ts';
import { headerSize, NLM_F_REQUEST_DUMP, netlinkDump } from './netlink.ts';

/** linux/netlink.h, linux/rtnetlink.h, linux/if_link.h */
const NETLINK_ROUTE = 0;
const RTM_GETLINK = 18;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 8;

/** Builds the request: struct ifinfomsg, all zero to select every interface, and one attribute. */
function request(): Uint8Array {
  const message = new Uint8Array(headerSize + 16 + 8);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length, true);
  view.setUint16(4, RTM_GETLINK, true);
  view.setUint16(6, NLM_F_REQUEST_DUMP, true);
  view.setUint16(headerSize + 16, 8, true);
  view.setUint16(headerSize + 18, IFLA_EXT_MASK, true);
  view.setUint32(headerSize + 20, RTEXT_FILTER_SKIP_STATS, true);
  return message;
}

/** Whether a TCP socket outside any VRF accepts for all of them. A kernel without VRFs has no such setting. */
function acceptsAll(): number {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_l3mdev_accept', 'latin1').trim() === '0' ? 0 : 1;
  } catch {
    return 0;
  }
}

/** The interfaces of this network namespace. Throws like netlinkDump. */
export function interfaces(): Omit<RawEntry, 'at'> {
  return { bytes: netlinkDump(NETLINK_ROUTE, request()), meta: { acceptsAll: acceptsAll() } };
}
