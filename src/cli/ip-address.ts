import { isIP } from 'node:net';
import { PortOwnerError } from '../schema/problems.ts';

/** One IP address; `examples` is for the hint. Throws PO1004. */
export function ipAddress(text: string, examples: string): string {
  if (isIP(text.replace(/%[^%/]{1,64}$/, '')) !== 0) return text;
  throw new PortOwnerError('PO1004', `${JSON.stringify(text)} is not an IP address`, {
    hint: `Give ${examples}.`,
    target: text,
  });
}
