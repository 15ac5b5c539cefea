import { bracketed, canonicalAddress } from '../ports/address.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** One listener: `TCP/0.0.0.0:8080`, `UDP/[::1]:53`. */
export interface EndpointKey {
  readonly protocol: 'TCP' | 'UDP';
  readonly address: string;
  readonly port: number;
}

/** Exactly one target, as it was inspected. */
export interface Identity {
  readonly endpoints: readonly EndpointKey[];
  readonly pid: number;
  /** Null: unknown, matches any. */
  readonly startTime: string | null;
  /** Null: this machine. */
  readonly computer: string | null;
  /** How it is stopped, `service=NAME` or `sites=NAME+NAME`; null: through the process itself, or in a request, in any way. */
  readonly what: string | null;
}

export function endpointKeyText({ protocol, address, port }: EndpointKey): string {
  return `${protocol}/${bracketed(address)}:${port}`;
}

export function identityText({ endpoints, pid, startTime, computer, what }: Identity): string {
  const last = what === null ? '' : `;${what}`;
  return `${endpoints.map(endpointKeyText).join('+')};${pid};${startTime ?? ''};${computer ?? ''}${last}`;
}

/** Formats the names of what is stopped, as part of an identity. */
export function whatText(kind: 'service' | 'sites', names: readonly string[]): string {
  return `${kind}=${names.map((name) => encodeURIComponent(name.toWellFormed())).join('+')}`;
}

const endpointForm = /^(TCP|UDP)\/(?:\[([0-9a-f:.]+(?:%[^\];,+]{1,64})?)\]|([0-9.]+(?:%[^\];,+/]{1,64})?)):(\d{1,5})$/i;
const whatForm = /^(?:service|sites)=[\w.~!*'()%+-]{1,4096}$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z$/;

/** Returns whether a word is an identity rather than a port expression. */
export const looksLikeIdentity = (text: string): boolean => text.includes(';');

/** Parses the output of identityText. Throws PO1002. */
export function parseIdentity(text: string): Identity {
  const [endpoints = '', pid = '', startTime = '', computer = '', what, ...rest] = text.split(';');
  const keys = endpoints.split('+').map((part): EndpointKey | null => {
    const [, protocol, six, four, port] = endpointForm.exec(part) ?? [];
    const number = Number(port);
    const address = canonicalAddress(six ?? four ?? '');
    return protocol === undefined || address === null || number < 1 || number > 65535
      ? null
      : { protocol: protocol.toUpperCase() as 'TCP' | 'UDP', address, port: number };
  });
  const valid = keys.every((key) => key !== null) && (what === undefined || whatForm.test(what));
  if (!valid || !/^\d{1,10}$/.test(pid) || (startTime !== '' && !instant.test(startTime)) || rest.length > 0) {
    throw new PortOwnerError('PO1002', `${JSON.stringify(text)} is not a target`, {
      hint: 'Specify a port, or an Identity as shown by --dry-run.',
      target: text,
    });
  }
  return {
    endpoints: keys as EndpointKey[],
    pid: Number(pid),
    startTime: startTime === '' ? null : startTime,
    computer: computer === '' ? null : computer,
    what: what ?? null,
  };
}

/** Removes trailing zeros from an instant, which not every form has. */
function plainInstant(text: string): string {
  const [seconds, fraction = ''] = text.replace(/Z$/, '').split('.');
  return `${seconds}.${fraction.replace(/(?<!0)0+$/, '')}`;
}

export function sameInstant(a: string, b: string): boolean {
  return plainInstant(a) === plainInstant(b);
}

/** Returns whether a target is the inspected one: it has the same listeners, process, and start time. */
export function isSame(target: Identity, wanted: Identity): boolean {
  if (target.pid !== wanted.pid) return false;
  if (wanted.what !== null && target.what !== wanted.what) return false;
  if (wanted.startTime !== null && (target.startTime === null || !sameInstant(target.startTime, wanted.startTime)))
    return false;
  const own = new Set(target.endpoints.map(endpointKeyText));
  return wanted.endpoints.every((endpoint) => own.has(endpointKeyText(endpoint)));
}
