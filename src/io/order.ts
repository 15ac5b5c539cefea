/** Compares two values for an ascending order; texts by their code units, as every engine of a store can. */
export const ascending = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
