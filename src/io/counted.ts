/** Returns a number with its noun: `1 port`, `2 ports`, `2 processes`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
