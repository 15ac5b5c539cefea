import { addressBytes } from '../../ports/address.ts';

/** A section of a text. */
export interface Span {
  readonly index: number;
  readonly length: number;
}

/** What begins with an IPv6 address, and its zone. */
const token =
  /(?:(?<![\w:.])|(?<=[g-z]\w{0,12}:)(?=[0-9a-f]))(?=[0-9a-f]{0,4}:)(?<written>[0-9a-f:.]{2,60}(?<!\.|[^:]:))(?<zone>%[\w.-]{1,20})?/gi;

/** What follows an address that is whole: a port, or the length of its prefix. */
const end = /^(?:\]:\d|\[\d|\]?(?:[.#@/]\d|,? port\b))/;

/** Returns the longest beginning of a text that is an IPv6 address. */
function longestAddress(text: string): string | null {
  for (let end = text.length; end > 1; end--)
    if (/^(?:[:.]|$)/.test(text.slice(end, end + 1)) && addressBytes(text.slice(0, end)) !== null)
      return text.slice(0, end);
  return null;
}

/**
 * Returns the IPv6 addresses of a text, whose groups are no ports. Where nothing shows where a compressed address ends,
 * its last group may be the port.
 */
export function ipv6Spans(text: string): Span[] {
  return [...text.matchAll(token)].flatMap(({ 0: found, index, groups }): Span[] => {
    const [written, zone = ''] = [groups!['written']!, groups!['zone']];
    const address = longestAddress(written);
    if (address === null) return [];
    const isEnd = zone !== '' || address !== written || end.test(text.slice(index + found.length));
    const head = isEnd ? undefined : /^(.*):\d{2,5}$/.exec(address)?.[1];
    const isHead = head !== undefined && addressBytes(head) !== null;
    return [{ index, length: isHead ? head.length : address.length + zone.length }];
  });
}
