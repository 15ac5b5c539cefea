import type { Detail } from '../facts/model/question.ts';

/** What has to be asked of a machine before a column of an Endpoint can be filled. */
const detailOf: Readonly<Record<string, readonly Detail[]>> = {
  OwningProcess: ['owner'],
  // Behind HTTP.sys the processes that serve it.
  Holders: ['owner', 'services'],
  ImageName: ['owner'],
  StartTime: ['owner'],
  Reason: ['owner'],
  OwnerKind: ['owner', 'services'],
  Owner: ['owner', 'services'],
  Services: ['owner', 'services'],
  Path: ['owner', 'path'],
  CommandLine: ['owner', 'commandLine'],
  UserName: ['owner', 'user'],
  ParentProcess: ['owner', 'parent'],
  ParentImageName: ['owner', 'parent'],
};

/** The details that these columns need. */
export function detailsFor(columns: readonly string[]): ReadonlySet<Detail> {
  return new Set(columns.flatMap((column) => detailOf[column] ?? []));
}
