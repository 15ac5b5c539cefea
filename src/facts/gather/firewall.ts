import { decodeLinuxFirewall, noTools } from '../decode/linux-firewall.ts';
import { decodeWindowsFirewall } from '../decode/windows-firewall.ts';
import type { Sections } from '../model/facts.ts';
import type { RawSource } from '../../system/raw.ts';

/** Reads the machine's firewall rules for inbound traffic. */
export function gatherFirewall(source: RawSource): NonNullable<Sections['firewall']> {
  const { at, text, refusal } = source.read('firewall');
  if (text === undefined)
    return {
      status: 'failed',
      reason: refusal?.text ?? 'the answer is not readable',
      needs: refusal?.needs ?? null,
      at,
      data: [],
    };
  const { data, flaw } = (source.platform === 'win32' ? decodeWindowsFirewall : decodeLinuxFirewall)(text);
  // Without the tools, there is nothing to query, so the result is not incomplete.
  if (flaw === noTools) return { status: 'notAsked', reason: flaw, needs: null, at, data };
  return {
    status: flaw === null ? 'ok' : data.length === 0 ? 'failed' : 'partial',
    reason: flaw,
    needs: null,
    at,
    data,
  };
}
