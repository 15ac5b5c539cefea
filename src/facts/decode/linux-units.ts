import { parseJson } from '../../io/nesting.ts';
import type { Process } from '../model/facts.ts';

/** systemd.service(5), Restart= */
const settings = [
  'no',
  'on-success',
  'on-failure',
  'on-abnormal',
  'on-watchdog',
  'on-abort',
  'always',
] as const satisfies Process['unitRestart'][];

/** Parses the raw entry `unit/PID`, `{ unit, restart }`. Null if it is invalid. */
export function decodeUnitRestart(
  text: string,
): { readonly unit: string; readonly restart: NonNullable<Process['unitRestart']> } | null {
  try {
    const { unit, restart } = parseJson(text) as Readonly<Record<string, unknown>>;
    const setting = settings.find((one) => one === restart);
    return typeof unit === 'string' && setting !== undefined ? { unit, restart: setting } : null;
  } catch {
    return null;
  }
}
