import type { AskedMachine } from '../facts/machine.ts';
import { holdsPort, pidsOf } from '../facts/model/question.ts';
import type { Conflict } from '../schema/conflict.ts';
import { step } from '../schema/step.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import { listenersQuestion, survey, type Configured } from './instances.ts';
import { canMeet } from './meeting.ts';
import { isConfirmed, outdated, outdatedAt, outdatedReason } from './outdated.ts';
import { settingText, settingWithValue, whereText, type RankedPort } from './overlay.ts';

/** A setting that counts, with its server. */
interface Wish {
  readonly configured: Configured;
  readonly place: RankedPort;
  readonly port: number;
}

/** Returns what the configurations ask for: a default of a running server counts only where it listens. */
function wishesOf(all: readonly Configured[]): Wish[] {
  return all.flatMap((configured) =>
    configured.places.flatMap((place) => {
      const { role, isEffective, port, source } = place;
      const isDoubtful = source.kind === 'default' && !isConfirmed(configured, place);
      return role === 'listen' && isEffective && port !== null && port !== 0 && !isDoubtful
        ? [{ configured, place, port }]
        : [];
    }),
  );
}

/** What configurations say about a port. */
export interface AskedFor {
  readonly evidence: readonly string[];
  /** Empty if none of them can be moved away. */
  readonly remedies: readonly string[];
}

/** Returns the command that moves a server away from a port, if one server has the port in a file. */
function moveSteps(wishes: readonly Wish[], port: number): string[] {
  const holding = wishes.filter(({ configured, place }) => isConfirmed(configured, place));
  const servers = new Set((holding.length > 0 ? holding : wishes).map(({ configured }) => configured));
  const [subject, other] = servers;
  const own = wishes.filter(({ configured }) => configured === subject);
  const canMove = own.every(({ place: { source } }) => source.kind === 'file' && source.port !== null);
  return subject === undefined || other !== undefined || !canMove
    ? []
    : [
        step(
          `portowner move ${port} --to auto --dry-run`,
          `show how ${subject.family.name} would move to a free port; without --dry-run, it asks before changing its configuration`,
        ),
      ];
}

/** Returns which configurations ask for a port. */
export async function askedFor(
  { port, protocol }: { readonly port: number; readonly protocol: string },
  asked: AskedMachine,
  machine: ConfigurationMachine,
): Promise<AskedFor> {
  const near = await asked.facts({ ...listenersQuestion, localPorts: [{ start: port, end: port }] });
  const isHeld = near.sections.sockets.data.some((socket) => socket.protocol === protocol && holdsPort(socket));
  // Nobody listens there, but a server that listens elsewhere may do so after its restart.
  const facts = isHeld ? near : await asked.facts(listenersQuestion);
  const all = await survey({ facts, machine });
  const wishes = wishesOf(all).filter(({ place, port: wanted }) => wanted === port && place.protocol === protocol);
  // Without rights, the program that listens there is unknown: it may be this server.
  const isUnseen = facts.sections.sockets.data.some(
    (socket) =>
      socket.localPort === port && socket.protocol === protocol && holdsPort(socket) && pidsOf(socket).length === 0,
  );
  const texts = wishes.map(({ configured, place }) => {
    const name = configured.family.name;
    const setting = settingWithValue(place);
    const late = isHeld ? null : outdated(configured, machine);
    if (late?.places.includes(place) === true)
      return `${name} is configured for it in ${whereText(place)}: ${setting}; ${outdatedReason(late)}`;
    return isConfirmed(configured, place) || isUnseen
      ? `${name} is configured for it in ${whereText(place)}: ${setting}`
      : `${name} is still configured for it in ${whereText(place)}, but does not listen there now: ${setting}`;
  });
  const outdatedTexts = await outdatedAt(port, all, asked, machine);
  return { evidence: [...new Set([...texts, ...outdatedTexts])], remedies: moveSteps(wishes, port) };
}

/** Whether both are settings of one server: the same process, or the same file. */
const isSameServer = (one: Configured, other: Configured): boolean =>
  one === other ||
  (one.family === other.family && one.reading.main !== null && one.reading.main === other.reading.main);

/** Returns the conflicts of servers whose configurations ask for the same port. */
export async function configuredConflicts(asked: AskedMachine, machine: ConfigurationMachine): Promise<Conflict[]> {
  const facts = await asked.facts(listenersQuestion);
  const wishes = wishesOf(await survey({ facts, machine }));
  const rows: Conflict[] = [];
  for (const group of Map.groupBy(wishes, ({ port, place }) => `${place.protocol} ${port}`).values()) {
    const members = group.filter((one) =>
      group.some(
        (other) => !isSameServer(one.configured, other.configured) && canMeet(one.place, other.place) === true,
      ),
    );
    // Several processes that listen there share it: that is a conflict of its own.
    const owners = new Set(
      members.filter(({ configured, place }) => isConfirmed(configured, place)).map(({ configured }) => configured),
    );
    if (members.length > 0 && owners.size < 2) rows.push(conflictOf(members, facts.machine.name));
  }
  return rows;
}

function conflictOf(members: readonly Wish[], computer: string | null): Conflict {
  const [{ place, port }] = members as readonly [Wish, ...Wish[]];
  const owners = members.map(
    ({ configured, place: one }) =>
      `${configured.family.name}${isConfirmed(configured, one) ? ', which listens there' : ''}: ${settingText(one)}`,
  );
  const addresses = [...new Set(members.map(({ place: { address } }) => address ?? '*'))];
  return {
    Severity: 'Warning',
    Kind: 'ConfiguredTwice',
    Protocol: place.protocol,
    Address: addresses.join(', '),
    Port: port,
    Owners: [...new Set(owners)],
    Description:
      'The configurations of several servers ask for the port: the one that starts last cannot listen there.',
    Remedy: [
      `portowner config ${port}  # where it is configured`,
      `portowner move ${port} --app '${members.at(-1)!.configured.family.name}' --to auto --dry-run  # moves one of them to another port`,
    ],
    ComputerName: computer,
  };
}
