import type { Container } from '../model/facts.ts';

/** The unit and the container that a process belongs to. */
export interface Membership {
  readonly unit: string | null;
  /** The user whose systemd manager runs the unit; null for the system manager. */
  readonly unitUser: number | null;
  readonly container: Container | null;
}

/** A systemd unit and the manager that runs it. */
interface Unit {
  readonly name: string;
  readonly user: number | null;
}

/**
 * Removes the underscore that systemd prepends to a unit name that would conflict with a kernel file. An escape such as
 * \x2d is part of the unit's name and stays.
 */
const plainName = (part: string): string => (part.startsWith('_') ? part.slice(1) : part);

/**
 * Returns whether this is a valid systemd unit name and not a template. A name with other characters is a folder that
 * somebody created manually, and systemctl would treat some of them as a pattern.
 */
export function isUnitName(name: string): boolean {
  return (
    name.length <= 255 &&
    /^(?:[\w:.\\-]+|[\w:.\\-]+@[\w:.\\@-]+)\.(?:service|scope|socket|mount|automount|swap|slice|target|path|timer|device)$/.test(
      name,
    ) &&
    !/^[^@]*@\.[a-z]+$/.test(name)
  );
}

/** The types of units that have processes. */
const hasProcesses = (name: string): boolean => /\.(?:service|scope|socket|mount|swap)$/.test(name) && isUnitName(name);

const isSlice = (part: string): boolean => part.endsWith('.slice') && isUnitName(plainName(part));
const userManager = /^user@(\d{1,10})\.service$/;

/** Returns whether the unit is a user's service manager. When it ends, all of that user's units end. */
export const isUserManager = (unit: string): boolean => userManager.test(unit);

/**
 * Returns the first unit below the slices, as systemd does; below a user's manager, the unit that the manager runs.
 * Deeper folders are managed by the unit itself.
 */
function unitOf(parts: readonly string[]): Unit | null {
  const start = parts.findIndex((part) => !isSlice(part));
  const name = plainName(parts[start] ?? '');
  if (start < 0 || !hasProcesses(name)) return null;
  const user = userManager.exec(name)?.[1];
  if (user === undefined) return { name, user: null };
  const inner = plainName(parts.slice(start + 1).find((part) => !isSlice(part)) ?? 'init.scope');
  return inner === 'init.scope' || !hasProcesses(inner) ? { name, user: null } : { name: inner, user: Number(user) };
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

/** The folder of a container within a path. */
interface Box extends Container {
  readonly index: number;
}

/** Returns the innermost container of a path. */
function boxOf(parts: readonly string[]): Box | null {
  const isBelow = (name: string, index: number): boolean => {
    const first = parts.indexOf(name);
    return first >= 0 && first < index;
  };
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index]!;
    const match = named.exec(part);
    if (match !== null) return { runtime: runtimes[match[1]!]!, id: match[2]!, index };
    if (identifier.test(part)) {
      if (isBelow('docker', index)) return { runtime: 'docker', id: part, index };
      // The path does not show which runtime Kubernetes uses.
      if (isBelow('kubepods', index)) return { runtime: 'kubernetes', id: part, index };
    }
    const payload = lxcPayload.exec(part)?.[1] ?? (index > 0 && lxcFolder.test(parts[index - 1]!) ? part : undefined);
    if (payload !== undefined) return { runtime: 'lxc', id: payload, index };
  }
  return null;
}

interface Line {
  readonly controllers: string;
  readonly path: string;
}

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    return match === null ? [] : [{ controllers: match[1]!, path: match[2]! }];
  });
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

/**
 * Returns the path in the systemd hierarchy: the named one, or the only one with cgroup version 2. Null if there is
 * none.
 */
function systemdLine(lines: readonly Line[]): string | null {
  const line =
    lines.find(({ controllers, path }) => controllers === 'name=systemd' && path !== '/') ??
    lines.find(({ controllers }) => controllers === '');
  return line?.path ?? null;
}

/**
 * Returns the control group that systemd assigned to a process, from /proc/PID/cgroup: `/system.slice/nginx.service`.
 */
export const controlGroupOf = (text: string): string | null => systemdLine(linesOf(text));

/**
 * Parses /proc/PID/cgroup: lines of `number:controllers:path`; with version 2, only `0::path`.
 * https://man7.org/linux/man-pages/man7/cgroups.7.html
 */
export function decodeCgroup(text: string): Membership {
  const lines = linesOf(text);
  const found = lines.map(({ path }) => boxOf(partsOf(path))).find((box) => box !== null);
  const container = found === undefined || found === null ? null : { runtime: found.runtime, id: found.id };
  const member = (unit: Unit | null): Membership => ({
    unit: unit?.name ?? null,
    unitUser: unit?.user ?? null,
    container,
  });
  const path = systemdLine(lines);
  if (path === null) return member(null);
  const tree = partsOf(path);
  const box = boxOf(tree);
  if (box === null) return member(unitOf(tree));
  // The unit that systemd runs inside the container; otherwise the unit that podman was started in.
  const inside = unitOf(tree.slice(box.index + 1));
  if (inside !== null || box.runtime !== 'podman') return member(inside);
  const outside = unitOf(tree.slice(0, box.index));
  return member(outside === null || isUserManager(outside.name) ? null : outside);
}
