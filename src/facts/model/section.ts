import type { Sections } from './facts.ts';

type Status = NonNullable<Sections[keyof Sections]>['status'];

/** The input of the predicates; undefined in facts that are older than the section. */
type Section = { readonly status: Status } | undefined;

/** Whether a section is complete. */
export const isWhole = (section: Section): boolean => section?.status === 'ok';

/** Whether a section is incomplete: what it lacks may still exist. */
export const isPartial = (section: Section): boolean => section?.status === 'partial';

/** Whether a section was requested and is empty because it failed. */
export const hasFailed = (section: Section): boolean => section?.status === 'failed';

/** Whether a section was requested, successfully or not. */
export const wasAsked = (section: Section): boolean => section !== undefined && section.status !== 'notAsked';

/** Whether a section was requested and is incomplete or empty. */
export const isLacking = (section: Section): boolean => isPartial(section) || hasFailed(section);
