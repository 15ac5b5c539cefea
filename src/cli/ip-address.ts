import { canonicalAddress } from '../ports/address.ts';
import { didYouMean } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** One IP address, in its shortest form; localhost is 127.0.0.1; `examples` is for the hint. Throws PO1004. */
export function ipAddress(text: string, examples: string): string {
  const address = text.toLowerCase() === 'localhost' ? '127.0.0.1' : canonicalAddress(text);
  if (address !== null) return address;
  throw new PortOwnerError('PO1004', `${JSON.stringify(text)} is not an IP address`, {
    hint: didYouMean(text, ['localhost'], `Use ${examples}.`),
    target: text,
  });
}
