import { makeLinear } from './linear-parser.ts';

const streams = ['stdin', 'stdout', 'stderr'] as const;

let loaded: typeof import('clipanion') | undefined;

/**
 * Loads clipanion without letting it open the three standard streams, as it does when it is loaded: nothing here
 * uses them, opening them costs milliseconds, and Node cannot open a pipe under Wine.
 */
export async function loadClipanion(): Promise<typeof import('clipanion')> {
  if (loaded !== undefined) return loaded;
  const originals = streams.map((name) => Object.getOwnPropertyDescriptor(process, name)!);
  for (const name of streams) Object.defineProperty(process, name, { configurable: true, value: undefined });
  try {
    loaded = await import('clipanion');
    makeLinear(await import('clipanion/lib/core.js'));
  } finally {
    streams.forEach((name, index) => Object.defineProperty(process, name, originals[index]!));
  }
  return loaded;
}
