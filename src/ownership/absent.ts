import type { FieldRefusal, Socket } from '../facts/model/facts.ts';
import { moreRights } from '../system/raw.ts';
import { isWhole, wasAsked } from '../facts/model/section.ts';
import { amongHolders, processText, type AttributeSocket, type Attribution, type Known } from './attribution.ts';

/** Whether nobody was found to have a socket, though everything could be looked at. */
export function isUnfound({ pid, kernel, refusals }: Socket): boolean {
  return pid === null && !kernel && refusals.some(({ field, code }) => field === 'OwningProcess' && code === 'Failed');
}

/** Whose the process is that may not be seen, and what shows it; null where rights are not what is missing. */
function hiddenText({ user, refusals }: Socket, { windows, live }: Known): string | null {
  const denied = refusals.find(({ field, code }) => field === 'OwningProcess' && code === 'AccessDenied');
  if (denied === undefined) return null;
  const whose = user === null ? "another user's process" : `a process of ${user}`;
  // Who has these rights already needs something else.
  if (denied.needs !== moreRights[windows ? 'win32' : 'linux']) return `${whose} that cannot be seen`;
  if (!live) return `${whose} (seen only ${windows ? 'elevated' : 'with sudo'})`;
  return `${whose} (run ${windows ? 'elevated' : 'with sudo'} to see it)`;
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

/** The heirs of an ended process in words, and how sure it is that one of them has the socket. */
function inherited(heirs: readonly string[], created: string | null): { text: string; refusal: FieldRefusal } {
  const confidence = created === null ? 'low' : heirs.length === 1 ? 'high' : 'medium';
  const when = created === null ? 'it' : 'after the socket was bound it';
  const shown =
    heirs.length > shownHeirs
      ? `${heirs.slice(0, shownHeirs).join(', ')} and ${heirs.length - shownHeirs} more`
      : heirs.join(', ');
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
    const heirs = (socket.heirs ?? []).map((heir) =>
      processes.has(heir) ? processText(processes.get(heir)!) : `process ${heir}`,
    );
    if (heirs.length === 0)
      return amongHolders({ kind: 'Orphan', owner: `ended process ${pid}`, refusals: [gone] }, socket);
    const { text, refusal } = inherited(heirs, created);
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
