/** A project on this machine. */
export interface Project {
  readonly name: string;
  readonly folder: string;
}

/** Returns the project that a folder belongs to; null if there is none. The search stops at the home folder. */
export type FindProject = (folder: string, home: string) => Project | null;
