import { Resolver } from 'node:dns/promises';
import { errorCode } from '../io/errors.ts';
import { unmapped, withoutScope } from '../ports/address.ts';
import type { Problem } from '../schema/problems.ts';
import type { OwnedEndpoint } from './owned.ts';

/**
 * Fills RemoteHostName by reverse DNS, with one parallel query for each address, and gives up on the rest after `seconds`. An
 * address without a name keeps null. `started` receives the number of addresses.
 */
export async function resolveNames(
  rows: readonly OwnedEndpoint[],
  seconds: number,
  resolver = new Resolver({ timeout: Math.ceil(seconds * 1000), tries: 1 }),
  started?: (addresses: number) => void,
): Promise<{ rows: OwnedEndpoint[]; problems: Problem[] }> {
  const addresses = new Set(rows.flatMap((row) => row.RemoteAddress ?? []));
  started?.(addresses.size);
  const names = new Map<string, string>();
  const late = new Set<string>();
  const timer = setTimeout(() => resolver.cancel(), seconds * 1000);
  await Promise.all(
    [...addresses].map(async (address) => {
      try {
        const [name] = await resolver.reverse(unmapped(withoutScope(address)));
        if (name !== undefined) names.set(address, name);
      } catch (error) {
        const code = errorCode(error);
        if (code === 'ECANCELLED' || code === 'ETIMEOUT') late.add(address);
      }
    }),
  );
  clearTimeout(timer);
  return {
    rows: rows.map((row) => {
      if (row.RemoteAddress === null) return row;
      const RemoteHostName = names.get(row.RemoteAddress) ?? null;
      if (!late.has(row.RemoteAddress)) return { ...row, RemoteHostName };
      const text = `no answer from DNS within ${seconds} s`;
      return {
        ...row,
        RemoteHostName,
        refusals: [...row.refusals, { field: 'RemoteHostName', code: 'Failed', text, needs: null }],
      };
    }),
    problems:
      late.size === 0
        ? []
        : [
            {
              severity: 'Warning',
              code: 'PO3004',
              message: `DNS had no answer for ${late.size} of ${addresses.size} addresses within ${seconds} s`,
              hint: 'Allow more time with --resolve=SECONDS.',
            },
          ],
  };
}
