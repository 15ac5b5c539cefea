import type { Facts } from '../facts/model/facts.ts';
import type { FindProject } from '../system/project.ts';
import type { OwnedEndpoint } from './owned.ts';
import { shortPath } from './short-path.ts';

/** Adds to each row the project in which its owner was started. Containers have their own folders. */
export function withProjects(
  rows: readonly OwnedEndpoint[],
  { sections }: Facts,
  find: FindProject,
  home: string,
): OwnedEndpoint[] {
  const contained = new Set(
    sections.processes.data.filter(({ container }) => container !== null).map(({ pid }) => pid),
  );
  const known = new Map<string, string | null>();
  const projectIn = (folder: string): string | null => {
    let text = known.get(folder);
    if (text === undefined) {
      const project = find(folder, home);
      known.set(folder, (text = project === null ? null : `${project.name} (${shortPath(project.folder, home)})`));
    }
    return text;
  };
  return rows.map((row) =>
    row.WorkingDirectory === null || contained.has(row.OwningProcess ?? 0)
      ? row
      : { ...row, Project: projectIn(row.WorkingDirectory) },
  );
}
