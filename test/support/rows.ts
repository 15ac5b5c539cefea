import type { Facts, Socket } from '../../src/facts/model/facts.ts';
import { endpoints, type ServiceName } from '../../src/ownership/endpoints.ts';
import * as tree from '../../src/ownership/origin.ts';
import { toRow } from '../../src/ownership/owned.ts';
import { endpoint, type Endpoint } from '../../src/schema/endpoint.ts';

const columns = new Set<string>(endpoint.columns.map(({ name }) => name));

/** Rows as they are written, of these sockets or of all in the facts. */
export function rowsOf(
  facts: Facts,
  sockets: readonly Socket[] = facts.sections.sockets.data,
  { live = false, serviceName = null, tree: withTree = false }: { live?: boolean; serviceName?: ServiceName | null; tree?: boolean } = {},
): Endpoint[] {
  const rows = endpoints(facts, sockets, { live, serviceName, tree: withTree ? tree : null }).map(toRow);
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name))) as unknown as Endpoint);
}
