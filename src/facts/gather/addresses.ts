import { decodeInterfaceAddresses } from '../decode/interface-addresses.ts';
import type { Sections } from '../model/facts.ts';
import type { RawSource } from '../../system/raw.ts';

/** Reads the addresses of the machine's interfaces; empty for recordings that predate this entry. */
export function gatherAddresses(source: RawSource): Pick<Sections, 'addresses'> {
  const { at, text, refusal } = source.read('addresses');
  if (text === undefined) {
    if (refusal?.code === 'NotSupported') return {};
    const reason = refusal?.text ?? 'the answer is not readable';
    return { addresses: { status: 'failed', reason, needs: refusal?.needs ?? null, at, data: [] } };
  }
  const { data, flaw } = decodeInterfaceAddresses(text);
  const status = flaw === null ? 'ok' : data.length === 0 ? 'failed' : 'partial';
  return { addresses: { status, reason: flaw, needs: null, at, data } };
}
