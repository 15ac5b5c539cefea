const mark = Buffer.from('#PortOwner.Collection ');
const end = Buffer.from('\n#End');

/**
 * A collection among what else a far machine has written, in UTF-8: what its shell prints at the beginning of a session
 * comes before, and what it prints at the end comes behind. Null where there is none; what is cut off goes to its end.
 */
export function collectionIn(output: Uint8Array): Uint8Array | null {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength);
  const start = bytes.indexOf(mark);
  if (start < 0) return null;
  // Each line of data has a blank before it, so that none of them is this one.
  for (let at = bytes.indexOf(end, start); at >= 0; at = bytes.indexOf(end, at + 1)) {
    const after = bytes[at + end.length];
    if (after === undefined || after === 0x0a || after === 0x0d) return bytes.subarray(start, at + end.length);
  }
  return bytes.subarray(start);
}
