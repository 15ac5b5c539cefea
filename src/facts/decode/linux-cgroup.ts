import type { Container } from '../facts.ts';

/** The unit and the container that a process belongs to. */
export interface Membership {
  readonly unit: string | null;
  readonly container: Container | null;
}

/** Undoes what systemd does to a name that would not do as a folder (systemd.unit: string escaping). */
function unescapeUnit(name: string): string {
  const plain = name.startsWith('_') ? name.slice(1) : name;
  return plain.replace(/(?:\\x[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('\\x', ''), 'hex').toString('utf8'),
  );
}

const unitName = /.\.(?:service|scope|socket|mount|swap)$/;
const userManager = /^user@\d+\.service$/;

/**
 * The first unit below the slices, as systemd sees it; below a user's manager, the unit which that one runs.
 * What comes deeper is the unit's own business.
 */
function unitOf(parts: readonly string[]): string | null {
  const [first, ...deeper] = parts.slice(parts.findIndex((part) => !part.endsWith('.slice')));
  if (first === undefined || !unitName.test(first)) return null;
  if (!userManager.test(first)) return unescapeUnit(first);
  const inner = deeper.find((part) => !part.endsWith('.slice'));
  return unescapeUnit(inner === undefined || inner === 'init.scope' || !unitName.test(inner) ? first : inner);
}

const runtimes: Readonly<Record<string, string>> = {
  docker: 'docker',
  libpod: 'podman',
  'libpod-payload': 'podman',
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'crio',
};
const named = /(?:^|:)(docker|libpod|libpod-payload|cri-containerd|nerdctl|crio)[-:]([0-9a-f]{12,64})(?:\.scope)?$/;
const identifier = /^[0-9a-f]{64}$/;
const lxcPayload = /^lxc\.payload\.(.+)$/;
const lxcFolder = /^lxc(?:\.payload)?$/;

/** A container's own folder in a path. */
interface Box extends Container {
  readonly index: number;
}

/** The innermost container of a path. */
function boxOf(parts: readonly string[]): Box | null {
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index]!;
    const match = named.exec(part);
    if (match !== null) return { runtime: runtimes[match[1]!]!, id: match[2]!, index };
    if (identifier.test(part)) {
      const above = new Set(parts.slice(0, index));
      if (above.has('docker')) return { runtime: 'docker', id: part, index };
      // Which runtime Kubernetes uses is not said here.
      if (above.has('kubepods')) return { runtime: 'kubernetes', id: part, index };
    }
    const payload = lxcPayload.exec(part)?.[1] ?? (index > 0 && lxcFolder.test(parts[index - 1]!) ? part : undefined);
    if (payload !== undefined) return { runtime: 'lxc', id: payload, index };
  }
  return null;
}

/**
 * Reads /proc/PID/cgroup: lines of `number:controllers:path`, with version 2 only `0::path`.
 * https://man7.org/linux/man-pages/man7/cgroups.7.html
 */
export function decodeCgroup(text: string): Membership {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^\d+:([^:]*):\/(.*)$/.exec(line);
    return match === null
      ? []
      : [{ controllers: match[1]!, parts: match[2]!.split('/').filter((part) => part !== '') }];
  });
  const found = lines.map(({ parts }) => boxOf(parts)).find((box) => box !== null);
  const container = found === undefined || found === null ? null : { runtime: found.runtime, id: found.id };
  // systemd keeps a tree of its own, or, with version 2, the only one.
  const tree = (
    lines.find((line) => line.controllers === 'name=systemd' && line.parts.length > 0) ??
    lines.find((line) => line.controllers === '')
  )?.parts;
  if (tree === undefined) return { unit: null, container };
  const box = boxOf(tree);
  if (box === null) return { unit: unitOf(tree), container };
  // What systemd inside of the container runs; else the unit that podman was told to live in.
  const inside = unitOf(tree.slice(box.index + 1));
  if (inside !== null || box.runtime !== 'podman') return { unit: inside, container };
  const outside = unitOf(tree.slice(0, box.index));
  return { unit: outside === null || userManager.test(outside) ? null : outside, container };
}
