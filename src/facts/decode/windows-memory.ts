/** What a decoder read, and what prevented it from reading everything. `flaw` is null if everything was read. */
export interface Decoded<T> {
  readonly data: T;
  readonly flaw: string | null;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A block of process memory: the `bytes` at the address `base`, so that pointers into the block can be resolved. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly base: bigint;
}

/** Creates a memory block. `base` is hex text without 0x, as in raw entries; returns null if it is invalid. */
export function memoryOf(bytes: Uint8Array, base: string | number | undefined): Memory | null {
  if (typeof base !== 'string' || !/^[0-9a-f]{1,16}$/i.test(base)) return null;
  return { bytes, view: viewOf(bytes), base: BigInt(`0x${base}`) };
}

/** Returns the offset within the memory that the pointer at `offset` refers to; -1 if it is outside. */
function follow(memory: Memory, offset: number): number {
  const distance = memory.view.getBigUint64(offset, true) - memory.base;
  return distance >= 0n && distance < BigInt(memory.bytes.length) ? Number(distance) : -1;
}

function utf16(memory: Memory, start: number, end: number): string {
  return Buffer.from(memory.bytes.buffer, memory.bytes.byteOffset + start, end - start).toString('utf16le');
}

/**
 * Returns the text of the UNICODE_STRING at `offset`; null if it is empty, longer than `longest` bytes, or outside the
 * memory.
 * https://learn.microsoft.com/windows/win32/api/subauth/ns-subauth-unicode_string
 */
export function unicodeString(memory: Memory, offset: number, longest: number): string | null {
  const length = memory.view.getUint16(offset, true);
  const start = follow(memory, offset + 8);
  return length === 0 || length > longest || start < 0 || start + length > memory.bytes.length
    ? null
    : utf16(memory, start, start + length);
}

/**
 * Returns the NUL-terminated text that the pointer at `offset` refers to; null if it is longer than `longest` bytes or
 * outside the memory.
 */
export function wideString(memory: Memory, offset: number, longest: number): string | null {
  const start = follow(memory, offset);
  if (start < 0) return null;
  const limit = Math.min(memory.bytes.length - 2, start + longest);
  for (let end = start; end <= limit; end += 2) {
    if (memory.bytes[end] === 0 && memory.bytes[end + 1] === 0) return utf16(memory, start, end);
  }
  return null;
}

/** Far beyond the year 9999, and low enough for exact arithmetic below. */
const highLimit = 0x30000000;

/**
 * Converts a FILETIME (100 ns since 1601, UTC), given as two halves, to ISO 8601 with seven fractional digits. Returns
 * null for 0, which means unknown, and for values that no calendar date represents.
 * https://learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-filetime
 */
export function filetimeText(low: number, high: number): string | null {
  if ((low === 0 && high === 0) || high > highLimit) return null;
  // 2^32 ticks are 429 s and 4,967,296 ticks, so each step stays below 2^53, where numbers are exact.
  const ticks = high * 4_967_296 + low;
  const seconds = high * 429 + Math.floor(ticks / 1e7);
  const text = new Date((seconds - 11_644_473_600) * 1000).toISOString();
  return text.length > 24 ? null : `${text.slice(0, 19)}.${String(ticks % 1e7).padStart(7, '0')}Z`;
}

/** Returns the FILETIME at `offset` as ISO 8601. */
export function filetimeAt(view: DataView, offset: number): string | null {
  return filetimeText(view.getUint32(offset, true), view.getUint32(offset + 4, true));
}
