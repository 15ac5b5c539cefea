import type { Sections } from './facts.ts';

type Status = NonNullable<Sections[keyof Sections]>['status'];

/** What predicates look at; facts that are older than a section do not have it. */
type Section = { readonly status: Status } | undefined;

/** Whether a section has everything that was asked for. */
export const isWhole = (section: Section): boolean => section?.status === 'ok';

/** Whether it has a part: what is not in it may be there all the same. */
export const isPartial = (section: Section): boolean => section?.status === 'partial';

/** Whether it was asked for and has nothing. */
export const hasFailed = (section: Section): boolean => section?.status === 'failed';

/** Whether it was asked for, with whatever success. */
export const wasAsked = (section: Section): boolean => section !== undefined && section.status !== 'notAsked';

/** Whether it was asked for and something is missing from it. */
export const isLacking = (section: Section): boolean => isPartial(section) || hasFailed(section);
