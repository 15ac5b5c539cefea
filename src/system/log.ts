/** The name that writes to the system's log: the event source in the Windows log Application. */
export const eventSourceName = 'PortOwner';

/** An entry of the system's log. */
export interface LogEvent {
  /** 1 to 1000: the IDs that a message file on every Windows machine can show. An ID never changes its meaning. */
  readonly id: number;
  readonly level: 'Error' | 'Warning' | 'Information';
  /** One line of at most 31,000 characters; the limit of Windows is 31,839. */
  readonly text: string;
}
