import { parseBaseline } from '../audit/baseline.ts';
import { readDocument } from '../audit/document.ts';
import { parsePolicy } from '../audit/policy.ts';
import { useStore } from '../audit/store/open.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { filesOfUrls, isSecretRole, type AuditCommandLine, type TaskPlatform } from './definition.ts';
import { readSecret } from '../io/secret.ts';
import { isUrl } from '../io/url.ts';

/*
 * Checks in advance whether the audit can use its files, because nobody reads its messages at night.
 */

/** A file that the audit cannot use, and why. */
export interface Unusable {
  /** Its role in the audit, such as `the baseline`. */
  readonly role: string;
  readonly path: string;
  readonly error: PortOwnerError;
}

const roles = (command: AuditCommandLine): [role: string, path: string][] => {
  const { executable, baseline, policy, store, spool, reports } = command;
  return [
    ['the executable', executable],
    ...(baseline === null ? [] : [['the baseline', baseline] as [string, string]]),
    ...(policy === null ? [] : [['the policy', policy] as [string, string]]),
    ...(isUrl(store) ? [] : [['the store', store] as [string, string]]),
    ...filesOfUrls(command),
    ...(spool === null ? [] : [['the spool', spool] as [string, string]]),
    ...reports.filter((path) => !isUrl(path)).map((path): [string, string] => ['a report', path]),
  ];
};

/** Problems of the paths that would make the audit fail or destroy one of its files. */
export function unusablePaths(command: AuditCommandLine, platform: TaskPlatform): Unusable[] {
  const found: Unusable[] = [];
  const add = (role: string, path: string, message: string, hint: string): void =>
    void found.push({ role, path, error: new PortOwnerError('PO5004', message, { hint, target: path }) });
  const seen = new Map<string, string>();
  for (const [role, path] of roles(command)) {
    const key = platform === 'win32' ? path.toLowerCase() : path;
    const other = seen.get(key);
    if (other !== undefined)
      add(role, path, `${role} and ${other} are the same file: ${path}`, 'Use a different path for each.');
    seen.set(key, role);
    // PrivateTmp=yes
    if (platform === 'linux' && /^\/(?:var\/)?tmp(?:\/|$)/.test(path)) {
      add(
        role,
        path,
        `${role}: ${path}: the nightly audit cannot access it, because it has its own private /tmp and /var/tmp`,
        'Choose another folder, such as /etc/portowner or /var/lib/portowner.',
      );
    }
  }
  return found;
}

const readers: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  'the baseline': async (file) => parseBaseline(readDocument(file), file),
  'the policy': async (file) => parsePolicy(readDocument(file), file),
  'the store': (file) => useStore(file, (store) => store.runs({ machine: null, limit: 1 })),
};

/**
 * What reads a file as the audit will. On Windows, only the account of the task, which can be another one, knows whether it
 * will accept and decrypt a secret.
 */
function readerOf(role: string, platform: TaskPlatform): ((file: string) => Promise<unknown>) | undefined {
  return platform === 'linux' && isSecretRole(role) ? (file) => readSecret(file, role) : readers[role];
}

/** Finds the files that an audit would reject; `find` returns where to read a file now, or null to skip it. */
export async function unusableContents(
  command: AuditCommandLine,
  platform: TaskPlatform,
  find: (path: string, role: string) => string | null,
): Promise<Unusable[]> {
  const unusable: Unusable[] = [];
  for (const [role, path] of roles(command)) {
    const read = readerOf(role, platform);
    const file = read === undefined ? null : find(path, role);
    if (file === null) continue;
    try {
      await read!(file);
    } catch (error) {
      if (!(error instanceof PortOwnerError)) throw error;
      // A locked store may be unlocked at night.
      if (error.problem.code !== 'PO4202') unusable.push({ role, path, error });
    }
  }
  return unusable;
}
