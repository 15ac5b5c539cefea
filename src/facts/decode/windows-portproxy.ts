import type { PortProxy } from '../model/facts.ts';
import type { Decoded } from './windows-memory.ts';
import { members } from './windows-told.ts';

/** The registry keys of `netsh interface portproxy`. */
export const portProxyTables = ['v4tov4', 'v4tov6', 'v6tov4', 'v6tov6'] as const;

/** Parses `ADDRESS/PORT`; null if the text is invalid. */
function end(text: unknown): { address: string; port: number } | null {
  const match = typeof text === 'string' ? /^([^/\s]{1,255})\/(\d{1,5})$/.exec(text.trim()) : null;
  const port = Number(match?.[2]);
  return match === null || port < 1 || port > 65535 ? null : { address: match[1]!, port };
}

/**
 * Parses the raw entry `portproxy`. The name of each value is the listening address, its data the target, such as
 * `0.0.0.0/9999` = `192.168.1.101/22`. Windows ignores entries of any other form.
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
