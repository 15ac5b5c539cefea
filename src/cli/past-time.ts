import { duration, unknownValue } from './values.ts';

/** A date, perhaps with a time and an offset: as ISO 8601 writes it, or as PortOwner shows it. */
const moment = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?) ?(Z|UTC|[+-]\d\d:\d\d|))?$/i;

/**
 * Parses a time in the past: a date with or without a time, which is UTC unless it has an offset, or a duration with a unit
 * before now. Throws PO1001.
 */
export function pastTime(option: string, text: string, now: Date): Date {
  const expected = 'a time in the past, such as 24h, 7d, 2026-01-31, or 2026-01-31T02:00';
  const [, date, time = '00:00', zone = ''] = moment.exec(text.trim()) ?? [];
  if (date === undefined) {
    if (!/\d ?(?:ms|s|m|h|d)$/i.test(text.trim())) throw unknownValue(option, text, expected);
    return new Date(now.getTime() - duration(option, text, { mostDays: 36_500 }));
  }
  // JavaScript takes a day that a month does not have for one of the next month.
  const isDay = new Date(`${date}T00:00Z`).toJSON()?.startsWith(date) === true;
  const found = Date.parse(`${date}T${time}${/^[+-]/.test(zone) ? zone : 'Z'}`);
  if (isDay && found <= now.getTime()) return new Date(found);
  throw unknownValue(option, text, expected);
}
