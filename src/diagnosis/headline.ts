import type { Verdict } from '../schema/verdict.ts';
import { causes } from './causes.ts';

/** Returns the request as the beginning of a sentence. */
function subject({ Port, Protocol, Address }: Pick<Verdict, 'Port' | 'Protocol' | 'Address'>): string {
  const where = Address === null || Address === '*' ? '' : ` on ${Address}`;
  if (Port === 0) return `A dynamic port${where}`;
  return `${Protocol === 'UDP' ? 'UDP port' : 'Port'} ${Port}${where}`;
}

/** Several owners as a sentence lists them; an owner is text such as `node server.js (8128)`. */
function ownersText(owner: string): string {
  const owners = owner.split(/(?<=\(\d+\)); /);
  return owners.length < 3 ? owners.join(' and ') : `${owners.slice(0, -1).join(', ')}, and ${owners.at(-1)}`;
}

/** The sentence about a port that can be bound now, although an error text says that it was in use. */
export const goneHeadline = (row: Pick<Verdict, 'Port' | 'Protocol' | 'Address'>): string =>
  `${subject(row)} is free now: its owner at that time has gone.`;

/** Returns a verdict in one sentence; null where no port is named. `said`: what is more exact than the cause's meaning. */
export function headline(row: Omit<Verdict, 'Summary'>, said: string | null = null): string | null {
  const { CanBind, Cause, Owner, Port } = row;
  if (Port === null) return null;
  const what = subject(row);
  const meaning = said ?? causes.find(({ name }) => name === Cause)?.meaning;
  const why = meaning === undefined ? '' : `: ${meaning}`;
  if (CanBind === null)
    return `Cannot tell whether ${what.replace(/^[AP]/, (letter) => letter.toLowerCase())} can be bound${why}.`;
  if (CanBind)
    return Cause === 'Free' ? `${what} is free.` : `${what} can be bound${Owner === null ? '' : ` next to ${Owner}`}.`;
  return Owner === null ? `${what} cannot be bound${why}.` : `${what} is in use by ${ownersText(Owner)}.`;
}
