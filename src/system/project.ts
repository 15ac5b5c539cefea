/** A project on this machine. */
export interface Project {
  readonly name: string;
  readonly folder: string;
}

/** The project that a folder belongs to; null where there is none. It ends at the home folder of its reader. */
export type FindProject = (folder: string, home: string) => Project | null;
