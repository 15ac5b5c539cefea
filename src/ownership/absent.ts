import type { FieldRefusal, Socket } from '../facts/model/facts.ts';
import { isWhole, wasAsked } from '../facts/model/section.ts';
import { moreRights, type Platform } from '../system/raw.ts';
import { amongHolders, processText, type AttributeSocket, type Attribution, type Known } from './attribution.ts';

/** Whether nobody was found to have a socket, though everything could be looked at. */
export function isUnfound({ pid, kernel, refusals }: Socket): boolean {
  return pid === null && !kernel && refusals.some(({ field, code }) => field === 'OwningProcess' && code === 'Failed');
}

/** Whose a socket is. What the kernel of Linux has for itself is root's as well. */
function whose({ user }: Pick<Socket, 'user'>, platform: Platform): string {
  if (user === null) return "another user's process";
  return user === 'root' && platform === 'linux' ? 'a process of root, or the kernel' : `a process of ${user}`;
}

/** Whose a socket is whose process cannot be seen. */
export function unseenText(socket: Pick<Socket, 'user'>, platform: Platform): string {
  if (socket.user === null) return 'a process that cannot be seen';
  return socket.user === 'root' && platform === 'linux'
    ? 'a process of root that cannot be seen, or the kernel'
    : `${whose(socket, platform)} that cannot be seen`;
}

/** Whose the process is that may not be seen, and what shows it; null where rights are not what is missing. */
function hiddenText(socket: Socket, { windows, live }: Known): string | null {
  const denied = socket.refusals.find(({ field, code }) => field === 'OwningProcess' && code === 'AccessDenied');
  if (denied === undefined) return null;
  const platform = windows ? 'win32' : 'linux';
  // Who has these rights already needs something else.
  if (denied.needs !== moreRights[platform]) return unseenText(socket, platform);
  const rights = windows ? 'elevated' : 'with sudo';
  return `${whose(socket, platform)} (${live ? `run ${rights} to see it` : `seen only ${rights}`})`;
}

/** A socket whose process cannot be seen, or was not found. */
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

/** Those who may have inherited a socket although nothing leads to them, in words: the chain to them has ended. */
function perhapsInherited(candidates: readonly string[]): { text: string; refusal: FieldRefusal } {
  const [which, were] = candidates.length === 1 ? ['', 'was'] : ['one of ', 'were'];
  return {
    text: `perhaps inherited by ${which}${few(candidates)}`,
    refusal: {
      field: 'Holders',
      code: 'Gone',
      text: `nothing that it started still runs, but ${few(candidates)} ${were} started after the socket was bound by what has ended, too, and may have inherited it (confidence: low)`,
      needs: null,
    },
  };
}

/** The heirs of an ended process in words, and how sure it is that one of them has the socket. */
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

/** An owner that has ended: whatever it started since the socket was bound may have inherited it. */
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

/** An owner of which only the number is known, because the processes could not all be read. */
export const unlisted: AttributeSocket = ({ facts }) => {
  const { processes } = facts.sections;
  if (isWhole(processes)) return null;
  const asked = wasAsked(processes);
  const refusal: FieldRefusal = {
    field: 'ImageName',
    code: asked ? 'Failed' : 'NotAsked',
    text: processes.reason ?? (asked ? 'the list of processes is not whole' : 'processes were not asked for'),
    needs: null,
  };
  return (socket) =>
    socket.pid === null
      ? null
      : amongHolders({ kind: 'Unknown', owner: `process ${socket.pid}`, refusals: [refusal] }, socket);
};
