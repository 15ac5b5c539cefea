import type { PortRange } from '../model/facts.ts';
import { viewOf, type Decoded } from './windows-memory.ts';

/** sizeof(HCN_PORT_RANGE_ENTRY) on 64 bits. */
const entrySize = 64;
/** HCN_PORT_PROTOCOL. */
const protocols: Readonly<Record<number, PortRange['protocol']>> = { 1: 'TCP', 2: 'UDP', 3: null };

/**
 * Parses the ports that are reserved for guest networks (virtual machines, WSL): consecutive HCN_PORT_RANGE_ENTRY
 * structures, { GUID OwningPartitionId, TargetPartitionId; HCN_PORT_PROTOCOL Protocol; UINT64 Priority; UINT32
 * ReservationType, SharingFlags, DeliveryMode; UINT16 StartingPort, EndingPort }.
 * https://learn.microsoft.com/virtualization/api/hcn/reference/hcnenumerateguestnetworkportreservations
 */
export function decodeGuestPorts(bytes: Uint8Array): Decoded<PortRange[]> {
  const data: PortRange[] = [];
  const view = viewOf(bytes);
  let flaw: string | null = bytes.length % entrySize === 0 ? null : 'the list of guest networks is cut off';
  for (let entry = 0; entry + entrySize <= bytes.length; entry += entrySize) {
    const protocol = protocols[view.getUint32(entry + 32, true)];
    const [start, end] = [view.getUint16(entry + 60, true), view.getUint16(entry + 62, true)];
    if (protocol === undefined || start > end) flaw = 'the list of guest networks has an entry that is not readable';
    else
      data.push({
        kind: 'ReservedForGuests',
        protocol,
        family: null,
        start,
        end,
        source: 'HcnEnumerateGuestNetworkPortReservations',
      });
  }
  return { data, flaw };
}
