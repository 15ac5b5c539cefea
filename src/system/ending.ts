/** The end of a command that would otherwise go on. */
export interface Ending {
  /** Aborted when the user presses Ctrl+C, or nobody reads standard output anymore. */
  readonly signal: AbortSignal;
  /** Ctrl+C ends the program again. */
  readonly release: () => void;
}
