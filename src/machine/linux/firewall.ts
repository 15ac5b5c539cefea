import { existsSync, readFileSync } from 'node:fs';
import type { RawEntry } from '../../system/raw.ts';
import { systemTool } from './tools.ts';

const timeoutSeconds = 10;

/** The save tool to run: the legacy iptables, once in use, has separate tables beside those of nftables. */
function legacy(program: string, names: string): string {
  try {
    return readFileSync(`/proc/net/${names}`, 'latin1').trim() !== '' && existsSync(`/usr/sbin/${program}-legacy-save`)
      ? `${program}-legacy-save`
      : `${program}-save`;
  } catch {
    return `${program}-save`;
  }
}

/** The packet filter as its tools print it: JSON text of nft, iptables, and ip6tables; null for a missing tool. */
export function firewall(): Omit<RawEntry, 'at'> {
  const answers = {
    nft: systemTool('nft', ['--json', 'list', 'ruleset'], timeoutSeconds),
    iptables: systemTool(legacy('iptables', 'ip_tables_names'), [], timeoutSeconds),
    ip6tables: systemTool(legacy('ip6tables', 'ip6_tables_names'), [], timeoutSeconds),
  };
  for (const { refusal } of Object.values(answers))
    if (refusal !== undefined && refusal.code !== 'NotSupported') return { refusal };
  return {
    text: JSON.stringify(Object.fromEntries(Object.entries(answers).map(([name, { text }]) => [name, text ?? null]))),
  };
}
