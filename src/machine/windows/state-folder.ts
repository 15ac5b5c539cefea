import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { realSid, sidText } from './advapi32.ts';
import { Refused } from './errors.ts';
import { thisProcess } from './kernel32.ts';
import { registryTexts } from './registry.ts';

const profileList = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList';

/** The profile of the user for whom Administrator Protection runs this process; null for any other process. */
function profileOfPerson(): string | null {
  try {
    const sid = realSid(thisProcess);
    if (sid === null) return null;
    const path = registryTexts(`${profileList}\\${sidText(sid)}`).find(([name]) =>
      /^ProfileImagePath$/i.test(name),
    )?.[1];
    return path !== undefined && isAbsolute(path) ? path : null;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** The state folder of this user's programs: the same for a person's elevated and other programs. */
export function userStateFolder(): string {
  const person = profileOfPerson();
  const { LOCALAPPDATA } = process.env;
  const local =
    person === null ? LOCALAPPDATA || join(homedir(), 'AppData', 'Local') : join(person, 'AppData', 'Local');
  return join(local, 'PortOwner');
}
