/** One run: everything that it depends on, so that it can be kept in a file and run again. */
export interface Case {
  readonly target: string;
  /** Which machine it believes to be on. */
  readonly machine: 'linux' | 'win32';
  readonly args: readonly string[];
  /** The files in the run's folder, by their names there. */
  readonly files: Readonly<Record<string, Buffer>>;
  /** Standard input. */
  readonly input: Buffer;
  /** What was wrong with it, in a file of the corpus. */
  readonly found?: string;
}

type Stored = string | { readonly base64: string };

function toStored(bytes: Buffer): Stored {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}
const fromStored = (stored: Stored): Buffer => (typeof stored === 'string' ? Buffer.from(stored) : Buffer.from(stored.base64, 'base64'));

export function caseText({ files, input, ...more }: Case): string {
  const stored = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, toStored(bytes)]));
  return `${JSON.stringify({ ...more, input: toStored(input), files: stored }, null, 1)}\n`;
}

export function parseCase(text: string): Case {
  const { files, input, ...more } = JSON.parse(text) as Omit<Case, 'files' | 'input'> & { files: Record<string, Stored>; input: Stored };
  return { ...more, input: fromStored(input), files: Object.fromEntries(Object.entries(files).map(([name, stored]) => [name, fromStored(stored)])) };
}
