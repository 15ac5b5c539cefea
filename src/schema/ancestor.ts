/** An ancestor of a process. In CLIXML, a separate object; as text, `npm run dev (8100)`. */
export interface Ancestor {
  readonly ProcessId: number;
  readonly ImageName: string | null;
  /** Its application. */
  readonly Application: string | null;
  readonly StartTime: string | null;
  /** Its role for its children: Supervisor, Scheduler, Session, Terminal, Editor, Shell, Runner. */
  readonly Role: string | null;
}

export const ancestorText = ({ ProcessId, Application }: Ancestor): string =>
  Application === null ? `process ${ProcessId}` : `${Application} (${ProcessId})`;
