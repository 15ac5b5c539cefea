import { moreRights, type RawEntry } from '../../system/raw.ts';

/** Why a section is incomplete: one entry for each source that was refused or has a flaw. */
export interface Trouble {
  /** The source, if it was refused or is unreadable. */
  readonly source?: string;
  readonly text: string;
  readonly needs: string | null;
}

const reasonOf = ({ source, text }: Trouble): string => (source === undefined ? text : `${source}: ${text}`);

export function section<T>(at: string | null, data: T[], troubles: readonly Trouble[], sources: number) {
  const status = troubles.length === 0 ? 'ok' : data.length === 0 && troubles.length >= sources ? 'failed' : 'partial';
  return {
    status,
    reason: troubles.length === 0 ? null : troubles.map(reasonOf).join('; '),
    needs: troubles.find(({ needs }) => needs !== null)?.needs ?? null,
    at,
    data,
  } as const;
}

export function notAsked<T>(): { status: 'notAsked'; reason: null; needs: null; at: null; data: T[] } {
  return { status: 'notAsked', reason: null, needs: null, at: null, data: [] };
}

/** Returns why an entry cannot be read: its refusal, or that its type is wrong. */
export function troubleOf(name: string, { refusal }: RawEntry): Trouble {
  const needs = refusal?.needs ?? (refusal?.code === 'AccessDenied' ? moreRights.win32 : null);
  return { source: name, text: refusal?.text ?? 'the answer is not readable', needs };
}

export function flawOf(flaw: string): Trouble {
  return { text: flaw, needs: null };
}
