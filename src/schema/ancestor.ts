/** A process that led to another one. In CLIXML an object of its own; as text `npm run dev (8100)`. */
export interface Ancestor {
  readonly ProcessId: number;
  readonly ImageName: string | null;
  /** What it runs. */
  readonly Application: string | null;
  readonly StartTime: string | null;
  /** What it is to those that it starts: Supervisor, Scheduler, Session, Terminal, Editor, Shell, Runner. */
  readonly Role: string | null;
}

export const ancestorText = ({ ProcessId, Application }: Ancestor): string =>
  Application === null ? `process ${ProcessId}` : `${Application} (${ProcessId})`;
