/** A key press, as `node:readline` parses it. */
export interface KeyPress {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
}

/** What a screen reports. */
export interface ScreenEvents {
  key(press: KeyPress): void;
  /** The size changed, or the content was lost: everything has to be drawn again. */
  resized(): void;
  /** The terminal is gone, or the process is asked to end. Call close() soon. */
  ended(): void;
}

/** A terminal that a full-screen view has taken over, until close(). It is restored however the process ends. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colors: boolean;
  readonly unicode: boolean;
  /** Whether the terminal has not taken everything yet that was written: draw later. */
  readonly isBusy: boolean;
  write(text: string): void;
  /** Starts reporting. */
  listen(events: ScreenEvents): void;
  /** Gives the terminal back until enter(): for questions, and other programs. */
  leave(): void;
  enter(): void;
  /** Stops this process as Ctrl+Z does, and enters again when it continues; does nothing on Windows. */
  suspend(): void;
  /** Gives the terminal back. If a signal asked the process to end, it ends by that signal. */
  close(): void;
}
