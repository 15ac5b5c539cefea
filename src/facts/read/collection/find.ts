const mark = Buffer.from('#PortOwner.Collection ');
const end = Buffer.from('\n#End');

/**
 * Finds a collection in the UTF-8 output of a far machine, whose shell may print text before and after it. Returns null
 * if there is none. A truncated collection extends to the end of the output.
 */
export function collectionIn(output: Uint8Array): Uint8Array | null {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength);
  const start = bytes.indexOf(mark);
  if (start < 0) return null;
  // Every line of data starts with a blank, so it cannot match the end mark.
  for (let at = bytes.indexOf(end, start); at >= 0; at = bytes.indexOf(end, at + 1)) {
    const after = bytes[at + end.length];
    if (after === undefined || after === 0x0a || after === 0x0d) return bytes.subarray(start, at + end.length);
  }
  return bytes.subarray(start);
}
