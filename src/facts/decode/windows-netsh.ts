/**
 * The dynamic range from `netsh interface ipv4|ipv6 show dynamicportrange tcp|udp`; null when the text has none.
 * The labels are in the system's language and in a code page of its own, so only the numbers at the ends of lines count:
 * the first port, then how many.
 */
export function decodeDynamicRange(text: string): { start: number; end: number } | null {
  const numbers = [...text.matchAll(/[^\w.](\d{1,5})[^\S\n]*$/gm)].map((match) => Number(match[1]));
  if (numbers.length !== 2) return null;
  const [start, count] = numbers as [number, number];
  const end = start + count - 1;
  return start < 1 || count < 1 || end > 65535 ? null : { start, end };
}
