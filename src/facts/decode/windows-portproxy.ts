import type { PortProxy } from '../model/facts.ts';
import type { Decoded } from './windows-memory.ts';
import { members } from './windows-told.ts';

/** The registry's tables of `netsh interface portproxy`. */
export const portProxyTables = ['v4tov4', 'v4tov6', 'v6tov4', 'v6tov6'] as const;

/** `ADDRESS/PORT`; null when it is none. */
function end(text: unknown): { address: string; port: number } | null {
  const match = typeof text === 'string' ? /^([^/\s]{1,255})\/(\d{1,5})$/.exec(text.trim()) : null;
  const port = Number(match?.[2]);
  return match === null || port < 1 || port > 65535 ? null : { address: match[1]!, port };
}

/**
 * The raw entry `portproxy`: each value's name is where it listens, its text where it connects to, such as
 * `0.0.0.0/9999` = `192.168.1.101/22`. What is not like that is no rule that Windows would follow.
 */
export function decodePortProxies(text: string): Decoded<PortProxy[]> {
  const tables = members(text);
  if (tables === null) return { data: [], flaw: 'the port proxy rules are not readable' };
  const data: PortProxy[] = [];
  for (const table of portProxyTables) {
    const rules: unknown = tables[table];
    for (const rule of Array.isArray(rules) ? rules : []) {
      const [from, to] = Array.isArray(rule) ? [end(rule[0]), end(rule[1])] : [null, null];
      if (from !== null && to !== null)
        data.push({
          table,
          listenAddress: from.address,
          listenPort: from.port,
          connectAddress: to.address,
          connectPort: to.port,
        });
    }
  }
  return { data, flaw: null };
}
