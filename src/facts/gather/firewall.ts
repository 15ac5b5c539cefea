import { decodeLinuxFirewall, noTools } from '../decode/linux-firewall.ts';
import { decodeWindowsFirewall } from '../decode/windows-firewall.ts';
import type { Sections } from '../model/facts.ts';
import type { RawSource } from '../../system/raw.ts';

/** The rules of the machine's firewall for what comes in. */
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
  // A machine without the tools lacks nothing that it could be asked.
  if (flaw === noTools) return { status: 'notAsked', reason: flaw, needs: null, at, data };
  return {
    status: flaw === null ? 'ok' : data.length === 0 ? 'failed' : 'partial',
    reason: flaw,
    needs: null,
    at,
    data,
  };
}
