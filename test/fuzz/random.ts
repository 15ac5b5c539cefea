import fc from 'fast-check';

/** Numbers that only depend on their seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 on, less than `end` (mulberry32). */
  below(end: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A small count, mostly 1. */
  few(): number {
    let count = 1;
    while (count < 8 && this.chance(0.4)) count++;
    return count;
  }

  /** A value that an arbitrary of fast-check gives. */
  sample<T>(arbitrary: fc.Arbitrary<T>): T {
    return fc.sample(arbitrary, { numRuns: 1, seed: this.below(2 ** 31) })[0]!;
  }
}

/** Numbers that programs get wrong. */
export const oddNumbers = [0, -0, -1, 1, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e21, 1e300, -1e300, 0.1, 5e-324, 8.64e15, 8.64e15 + 1] as const;

/** Texts that programs get wrong; the long one is not the longest that is tried. */
export const oddTexts = [
  '',
  ' ',
  '\0',
  '\n',
  '\r\n',
  '\x1b[2J\x1b]0;x\x07',
  '\u009b31m',
  '\u202eabc',
  '\ud800',
  'a\udfffb',
  '\ufeff',
  '\u2028',
  '=1+1',
  '@-',
  '-',
  '--',
  '__proto__',
  'constructor',
  'toString',
  '*',
  '?*'.repeat(40),
  '1-',
  '0-65535',
  '70000',
  '[::1]:80',
  '::ffff:1.2.3.4%eth0',
  '10.0.0.0/8',
  '0.0.0.0/999',
  'C:\\a\\..\\b',
  '\\\\server\\share',
  '2026-01-02T03:04:05.0000000Z',
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z',
  '_x0041__xD800_',
  ']]>',
  '<a>&#0;</a>',
  '%s%n{0}$(id)`id`',
  'x'.repeat(5000),
  '\u{1f600}'.repeat(500),
] as const;

const anyText = fc.oneof(
  fc.constantFrom(...oddTexts),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 4 }).map((units) => String.fromCharCode(...units)),
);
export const textFrom = (random: Random): string => (random.chance(0.6) ? random.pick(oddTexts) : random.sample(anyText));

/** A value of JSON that may be anything, but is not large. */
export function valueFrom(random: Random): unknown {
  switch (random.below(7)) {
    case 0:
      return random.pick(oddNumbers);
    case 1:
      return textFrom(random);
    case 2:
      return null;
    case 3:
      return random.chance(0.5);
    case 4:
      return [];
    case 5:
      return {};
    default:
      return random.sample(fc.jsonValue({ maxDepth: 3 }));
  }
}
