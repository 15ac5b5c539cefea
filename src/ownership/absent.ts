import type { FieldRefusal, Socket } from '../facts/model/facts.ts';
import { isWhole, wasAsked } from '../facts/model/section.ts';
import { moreRights, type Platform } from '../system/raw.ts';
import { amongHolders, processText, type AttributeSocket, type Attribution, type Known } from './attribution.ts';

/** Whether no owner of a socket was found, although everything could be read. */
export function isUnfound({ pid, kernel, refusals }: Socket): boolean {
  return pid === null && !kernel && refusals.some(({ field, code }) => field === 'OwningProcess' && code === 'Failed');
}

/** Describes whose process owns a socket. Sockets of the Linux kernel belong to root, too. */
function whose({ user }: Pick<Socket, 'user'>, platform: Platform): string {
  if (user === null) return "another user's process";
  return user === 'root' && platform === 'linux' ? 'a process of root, or the kernel' : `a process of ${user}`;
}

/** Describes the owner of a socket whose process cannot be seen. */
export function unseenText(socket: Pick<Socket, 'user'>, platform: Platform): string {
  if (socket.user === null) return 'a process that cannot be seen';
  return socket.user === 'root' && platform === 'linux'
    ? 'a process of root that cannot be seen, or the kernel'
    : `${whose(socket, platform)} that cannot be seen`;
}

/** Describes the hidden process and how to reveal it; null if rights would not help. */
function hiddenText(socket: Socket, { windows, live }: Known): string | null {
  const denied = socket.refusals.find(({ field, code }) => field === 'OwningProcess' && code === 'AccessDenied');
  if (denied === undefined) return null;
  const platform = windows ? 'win32' : 'linux';
  // A caller with these rights needs something else.
  if (denied.needs !== moreRights[platform]) return unseenText(socket, platform);
  const rights = windows ? 'elevated' : 'with sudo';
  return `${whose(socket, platform)} (${live ? `run ${rights} to see it` : `seen only ${rights}`})`;
}

/** Attributes a socket whose process cannot be seen, or was not found. */
export const unseen: AttributeSocket = (known) => (socket) => {
  if (socket.pid !== null) return null;
  const { user } = socket;
  const owner = isUnfound(socket)
    ? `an unknown holder${user === null ? '' : ` (user ${user})`}`
    : hiddenText(socket, known);
  return { kind: 'Unknown', owner, userName: user };
};

const shownHeirs = 4;

const few = (names: readonly string[]): string =>
  names.length > shownHeirs
    ? `${names.slice(0, shownHeirs).join(', ')} and ${names.length - shownHeirs} more`
    : names.join(', ');

/** Describes processes that may have inherited a socket although the processes in between have ended. */
function perhapsInherited(candidates: readonly string[]): { text: string; refusal: FieldRefusal } {
  const [which, were] = candidates.length === 1 ? ['', 'was'] : ['one of ', 'were'];
  return {
    text: `perhaps inherited by ${which}${few(candidates)}`,
    refusal: {
      field: 'Holders',
      code: 'Gone',
      text: `no program that it started still runs, but ${few(candidates)} ${were} started after the socket was bound, by programs that have ended, too, and may have inherited it (confidence: low)`,
      needs: null,
    },
  };
}

/** Describes the heirs of an ended process, and the confidence that one of them has the socket. */
function inherited(heirs: readonly string[], created: string | null): { text: string; refusal: FieldRefusal } {
  const confidence = created === null ? 'low' : heirs.length === 1 ? 'high' : 'medium';
  const when = created === null ? 'it' : 'after the socket was bound it';
  const shown = few(heirs);
  return {
    text: heirs.length === 1 ? `probably inherited by ${shown}` : `inherited by one of ${shown}`,
    refusal: {
      field: 'Holders',
      code: 'Gone',
      text: `${when} started ${heirs.join(', ')}, which may have inherited the socket (confidence: ${confidence})`,
      needs: null,
    },
  };
}

/** Attributes a socket to an ended process: any program that it started since the socket was bound may have inherited it. */
export const orphan: AttributeSocket = ({ facts, processes }) => {
  if (!isWhole(facts.sections.processes)) return null;
  return (socket): Attribution | null => {
    const { pid, created } = socket;
    if (pid === null) return null;
    const gone = { field: 'ImageName', code: 'Gone', text: `process ${pid} has ended`, needs: null } as const;
    const named = (all: readonly number[] = []): string[] =>
      all.map((one) => processText(processes.get(one) ?? { pid: one, imageName: null }));
    const [heirs, candidates] = [named(socket.heirs), named(socket.heirCandidates)];
    if (heirs.length === 0 && candidates.length === 0)
      return amongHolders({ kind: 'Orphan', owner: `ended process ${pid}`, refusals: [gone] }, socket);
    const { text, refusal } = heirs.length > 0 ? inherited(heirs, created) : perhapsInherited(candidates);
    return amongHolders({ kind: 'Orphan', owner: `ended process ${pid}, ${text}`, refusals: [gone, refusal] }, socket);
  };
};

/** Attributes a socket to a process ID, because some processes could not be read. */
export const unlisted: AttributeSocket = ({ facts }) => {
  const { processes } = facts.sections;
  if (isWhole(processes)) return null;
  const asked = wasAsked(processes);
  const refusal: FieldRefusal = {
    field: 'ImageName',
    code: asked ? 'Failed' : 'NotAsked',
    text: processes.reason ?? (asked ? 'the list of processes is incomplete' : 'processes were not requested'),
    needs: null,
  };
  return (socket) =>
    socket.pid === null
      ? null
      : amongHolders({ kind: 'Unknown', owner: `process ${socket.pid}`, refusals: [refusal] }, socket);
};
