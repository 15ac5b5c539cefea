/** Who writes to the system's log: the source of the events in the log Application of Windows. */
export const eventSourceName = 'PortOwner';

/** An entry of the system's log. */
export interface LogEvent {
  /** 1 to 1000: what a message file that every Windows has can show. Numbers never change their meaning. */
  readonly id: number;
  readonly level: 'Error' | 'Warning' | 'Information';
  /** One line, at most 31,000 characters: Windows takes 31,839. */
  readonly text: string;
}
