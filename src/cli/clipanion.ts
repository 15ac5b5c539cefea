const streams = ['stdin', 'stdout', 'stderr'] as const;

let linear = false;
let loaded: typeof import('clipanion') | undefined;

/**
 * Loads clipanion without letting it open the three standard streams: nothing here uses them, opening them costs
 * milliseconds, and Node cannot open a pipe under Wine.
 */
export async function loadClipanion(): Promise<typeof import('clipanion')> {
  if (loaded !== undefined) return loaded;
  const originals = streams.map((name) => Object.getOwnPropertyDescriptor(process, name)!);
  for (const name of streams) Object.defineProperty(process, name, { configurable: true, value: undefined });
  try {
    loaded = await import('clipanion');
  } finally {
    streams.forEach((name, index) => Object.defineProperty(process, name, originals[index]!));
  }
  return loaded;
}

/**
 * Loads clipanion for a command line with this many words. A single word, the most common main query, does not
 * need the linear parser, which costs milliseconds.
 */
export async function loadParser(words: number): Promise<void> {
  await loadClipanion();
  if (words < 2 || linear) return;
  linear = true;
  const { makeLinear } = await import('./linear-parser.ts');
  makeLinear(await import('clipanion/lib/core.js'));
}
