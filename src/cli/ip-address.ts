import { canonicalAddress } from '../ports/address.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** One IP address, in its shortest form; `examples` is for the hint. Throws PO1004. */
export function ipAddress(text: string, examples: string): string {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  throw new PortOwnerError('PO1004', `${JSON.stringify(text)} is not an IP address`, {
    hint: `Give ${examples}.`,
    target: text,
  });
}
