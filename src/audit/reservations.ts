import { addressScope } from '../ports/address.ts';
import { parseBaseline, type Baseline } from './baseline.ts';
import { readDocument } from './document.ts';
import type { Listener } from './listeners.ts';
import { decide, parsePolicy, type Policy } from './policy.ts';

/** Why a port is unavailable for a new program; null if it is available. */
export type Reserved = (port: number, protocol: 'TCP' | 'UDP') => string | null;

/** A program that no rule names. */
const nobody = '/a program without a name';

/**
 * Finds the ports that a policy and a baseline reserve: ports that the policy forbids for any program, or allows only for a
 * named one, and the ports of the baseline's listeners. `address` is where the program would listen; null: everywhere.
 */
export function reservations(
  policy: Policy | null,
  baseline: Baseline | null,
  address: string | null,
  at: string,
): Reserved {
  const taken = new Map(
    (baseline?.listeners ?? []).map((one) => [
      `${one.protocol} ${one.port}`,
      one.program ?? one.services[0] ?? 'somebody',
    ]),
  );
  const bound = address ?? '0.0.0.0';
  const listener = (port: Listener['port'], protocol: Listener['protocol'], program: string | null): Listener => ({
    protocol,
    port,
    address: bound,
    scope: addressScope(bound),
    program,
    services: [],
    user: null,
    sha256: null,
    signer: null,
    ports: [],
  });
  return (port, protocol) => {
    const owner = taken.get(`${protocol} ${port}`);
    if (owner !== undefined) return `in the baseline for ${owner}`;
    if (policy === null) return null;
    // A rule about this specific port that would decide if the program were known.
    const { undecided } = decide(policy, listener(port, protocol, null), at);
    if (undecided?.action === 'allow' && undecided.fits(listener('dynamic', protocol, null)) === false)
      return `reserved by the policy: ${undecided.name}`;
    const { rule } = decide(policy, listener(port, protocol, nobody), at);
    if (rule?.action === 'forbid') return `forbidden by the policy: ${rule.name}`;
    return rule === null && policy.default === 'forbid' ? 'forbidden by the policy: no rule allows it' : null;
  };
}

/** The same for files. Throws the errors of reading a policy or a baseline. */
export function reservationsOf(
  files: { readonly policy: string | null; readonly baseline: string | null },
  address: string | null,
  at: Date,
): Reserved {
  const { policy, baseline } = files;
  return reservations(
    policy === null ? null : parsePolicy(readDocument(policy), policy),
    baseline === null ? null : parseBaseline(readDocument(baseline), baseline),
    address,
    at.toISOString(),
  );
}
