/**
 * Parses the dynamic range from `netsh interface ipv4|ipv6 show dynamicportrange tcp|udp`; null if the text contains
 * none. The labels are in the system's language and in the code page of that language, so only the numbers at the ends
 * of lines are read: the first port, then the number of ports.
 */
export function decodeDynamicRange(text: string): { start: number; end: number } | null {
  const numbers = [...text.matchAll(/[^\w.](\d{1,5})[^\S\n]*$/gm)].map((match) => Number(match[1]));
  if (numbers.length !== 2) return null;
  const [start, count] = numbers as [number, number];
  const end = start + count - 1;
  return start < 1 || count < 1 || end > 65535 ? null : { start, end };
}

/** A port range that `netsh` lists as excluded. */
export interface ExcludedRange {
  readonly start: number;
  readonly end: number;
  /** Excluded by an administrator: not assigned automatically, but a program may bind it explicitly. */
  readonly administered: boolean;
}

/**
 * Parses the ranges that `netsh interface ipv4|ipv6 show excludedportrange tcp|udp` lists; there may be none. Returns
 * null if the text is not such a list, which always has a line of dashes under its headings. Digits, `-`, and `*` are
 * the same in every language.
 */
export function decodeExcludedRanges(text: string): ExcludedRange[] | null {
  const lines = text.split('\n').map((line) => line.trim());
  if (!lines.some((line) => /^-{3,}\s+-{3,}$/.test(line))) return null;
  const ranges: ExcludedRange[] = [];
  for (const line of lines) {
    const match = /^(\d{1,5})\s+(\d{1,5})\s*(\*?)$/.exec(line);
    if (match === null) continue;
    const [start, end] = [Number(match[1]), Number(match[2])];
    if (start >= 1 && start <= end && end <= 65535) ranges.push({ start, end, administered: match[3] === '*' });
  }
  return ranges;
}
