import type { Machine } from '../model/facts.ts';
import { members, told, valueOf, type Told } from './windows-told.ts';

/** The raw entry `machine`, as JSON text. */
export interface MachineDetails {
  readonly name: Told;
  /** For example, 10.0.26100. */
  readonly release: Told;
  readonly architecture: Told;
  /** `true` or `false`. */
  readonly elevated: Told;
}

/** Parses the raw entry `machine`. Never throws: a missing value is `unknown`, or null. */
export function decodeMachine(text: string): Machine {
  const { name, release, architecture, elevated } = members(text) ?? {};
  const rights = valueOf(told(elevated));
  return {
    name: valueOf(told(name)) ?? 'unknown',
    platform: 'win32',
    release: valueOf(told(release)) ?? 'unknown',
    architecture: valueOf(told(architecture)) ?? 'unknown',
    elevated: rights === 'true' ? true : rights === 'false' ? false : null,
  };
}
