// Connections that the kernel holds until the program of their listener accepts them.
const notYetAccepted = 'not yet accepted by ';

export const unacceptedText = (owner: string): string => `${notYetAccepted}${owner}`;

/** Who owns a connection, or accepts it: the text of its process, whether it has accepted it yet or not. */
export const accepterText = (owner: string): string =>
  owner.startsWith(notYetAccepted) ? owner.slice(notYetAccepted.length) : owner;
