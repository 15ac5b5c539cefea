import { moreRights, type RawEntry } from '../../system/raw.ts';

/** What keeps a section from being whole: one entry for each source that was refused or has a flaw. */
export interface Trouble {
  readonly reason: string;
  readonly needs: string | null;
}

export function section<T>(at: string | null, data: T[], troubles: readonly Trouble[], sources: number) {
  const status = troubles.length === 0 ? 'ok' : data.length === 0 && troubles.length >= sources ? 'failed' : 'partial';
  return {
    status,
    reason: troubles.length === 0 ? null : troubles.map(({ reason }) => reason).join('; '),
    needs: troubles.find(({ needs }) => needs !== null)?.needs ?? null,
    at,
    data,
  } as const;
}

export function notAsked<T>(): { status: 'notAsked'; reason: null; needs: null; at: null; data: T[] } {
  return { status: 'notAsked', reason: null, needs: null, at: null, data: [] };
}

/** What keeps an entry from being read: why it was refused, or that it is not of the kind it should be. */
export function troubleOf(name: string, { refusal }: RawEntry): Trouble {
  const needs = refusal?.needs ?? (refusal?.code === 'AccessDenied' ? moreRights.win32 : null);
  return { reason: `${name}: ${refusal?.text ?? 'the answer is not readable'}`, needs };
}

export function flawOf(flaw: string): Trouble {
  return { reason: flaw, needs: null };
}
