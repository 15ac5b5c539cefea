import type { RawEntry } from '../../system/raw.ts';
import { members, told, type Told } from './windows-told.ts';

/** Returns the name of a tag in the raw entry `servicetags`. Tags are unique only within a process. */
export function tagKey(pid: number, tag: number): string {
  return `${pid}:${tag}`;
}

/**
 * Returns a lookup function for the raw entry `servicetags`, JSON text that maps tags to services. Never throws: a
 * missing tag is a refusal.
 */
export function decodeServiceTags(entry: RawEntry): (key: string) => Told {
  const names = entry.text === undefined ? null : members(entry.text);
  const otherwise: Told = {
    refusal: entry.refusal ?? {
      code: 'Failed',
      text: names === null ? 'the answer is not readable' : 'the tag is new since the tags were read',
    },
  };
  return (key) => {
    const name = names !== null && Object.hasOwn(names, key) ? told(names[key]) : otherwise;
    return 'value' in name && name.value === ''
      ? { refusal: { code: 'NotSupported', text: 'Windows does not tell' } }
      : name;
  };
}
