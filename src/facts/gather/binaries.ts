import { decodeSigners } from '../decode/windows-signers.ts';
import type { Facts, Process } from '../model/facts.ts';
import { holdsPort } from '../model/question.ts';
import type { RawSource } from '../../system/raw.ts';

/**
 * Returns the name of the raw entry for an executable, which contains the SHA-256 of its bytes as hex text. On Linux
 * the file is opened through the process, because its path may be in another mount namespace.
 */
export function binaryName(pid: number, path: string): string {
  return `sha256/${pid}/${path}`;
}

/** Parses such a name; null for any other name. */
export function parseBinaryName(name: string): { pid: number; path: string } | null {
  const [, pid, path] = /^sha256\/(\d{1,10})\/(.+)$/s.exec(name) ?? [];
  return path === undefined ? null : { pid: Number(pid), path };
}

interface Signers {
  readonly names: ReadonlyMap<string, string>;
  readonly refused: readonly string[];
}

const nobody: Signers = { names: new Map(), refused: [] };

/** Returns the signers of files. Only a valid signature has a signer; for all others, only the status is reported. */
function signersOf(paths: readonly string[], source: RawSource): Signers {
  const { text, refusal } = source.read('signers', { paths });
  if (text === undefined)
    return { names: new Map(), refused: [`their signers: ${refusal?.text ?? 'the answer is not readable'}`] };
  const signatures = decodeSigners(text);
  const names = new Map<string, string>();
  const refused: string[] = [];
  for (const path of paths) {
    const { status, signer } = signatures.get(path) ?? { status: 'not told', signer: null };
    if (signer === null)
      refused.push(`${path}: its signature is ${status === 'Valid' ? 'Valid, but names nobody' : status}`);
    else names.set(path, signer);
  }
  return { names, refused };
}

/** Called before each executable is read, and before the signers of all executables are queried. */
export type BinaryStep = (step: 'hash' | 'signers', nth: number, of: number) => void;

// In a container, the same path refers to a different file.
const fileOf = (path: string, container: Process['container']): string =>
  container === null ? path : `${container.id} ${path}`;

/**
 * Adds to the facts the hashes of the executables that hold a port and, on Windows, their signers. Files that cannot be
 * read are reported in the section.
 */
export function withBinaries(facts: Facts, source: RawSource, step?: BinaryStep): Facts {
  const holders = new Set(facts.sections.sockets.data.filter(holdsPort).map(({ pid }) => pid));
  const known = new Map<string, string | null>();
  const refused: string[] = [];
  let needs: string | null = null;
  let at: string | null = null;
  const held = facts.sections.processes.data.flatMap(({ pid, path, container }) =>
    path === null || !holders.has(pid) ? [] : [{ pid, path, file: fileOf(path, container) }],
  );
  const count = new Set(held.map(({ file }) => file)).size;
  const data = held.map(({ pid, path, file }) => {
    if (!known.has(file)) {
      step?.('hash', known.size + 1, count);
      const entry = source.read(binaryName(pid, path));
      at ??= entry.at;
      known.set(file, entry.refusal === undefined && /^[0-9a-f]{64}$/.test(entry.text ?? '') ? entry.text! : null);
      if (known.get(file) === null) {
        refused.push(`${path}: ${entry.refusal?.text ?? 'the answer is not readable'}`);
        needs ??= entry.refusal?.needs ?? null;
      }
    }
    return { pid, path, sha256: known.get(file)! };
  });
  const paths = source.platform === 'win32' ? [...new Set(data.map(({ path }) => path))] : [];
  if (paths.length > 0) step?.('signers', 1, paths.length);
  const signers = paths.length > 0 ? signersOf(paths, source) : nobody;
  const reasons = [...refused, ...signers.refused];
  const status =
    reasons.length === 0 ? 'ok' : refused.length > 0 && refused.length === known.size ? 'failed' : 'partial';
  const reason = reasons.length === 0 ? null : reasons.slice(0, 3).join('; ') + (reasons.length > 3 ? ' …' : '');
  const binaries = {
    status,
    reason,
    needs,
    at,
    data: data.map(({ pid, path, sha256 }) => ({ pid, path, sha256, signer: signers.names.get(path) ?? null })),
  } as const;
  return { ...facts, sections: { ...facts.sections, binaries } };
}
