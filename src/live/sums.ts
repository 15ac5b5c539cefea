// Numbers of which some are unknown.

/** Adds what is known; null if nothing is. */
export function sumOf(values: Iterable<number | null>): number | null {
  let sum: number | null = null;
  for (const value of values) if (value !== null) sum = (sum ?? 0) + value;
  return sum;
}

/** The largest number that is known; null if none is. */
export function largestOf(values: Iterable<number | null | undefined>): number | null {
  let largest: number | null = null;
  for (const value of values) if (value != null && (largest === null || value > largest)) largest = value;
  return largest;
}
