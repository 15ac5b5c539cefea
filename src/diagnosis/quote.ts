import type { Platform } from '../system/raw.ts';

/** Returns an address as one word of a command line of any shell; null when that is not possible. */
export const shownAddress = (address: string): string | null => (/^[\w.:%-]{1,64}$/.test(address) ? address : null);

/**
 * Quotes a name as one argument of a command line to paste into sh or PowerShell. Returns null when this cannot be done
 * safely: control characters may end a line, and anyone may have chosen the name.
 */
export function quote(name: string, platform: Platform): string | null {
  if (name === '' || name.length > 255 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name) || !name.isWellFormed()) return null;
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/.test(name)) return name;
  // PowerShell treats typographic quotes as quotes, and a doubled quote as the literal character.
  return platform === 'win32' ? `'${name.replace(/['\u2018-\u201b]/g, '$&$&')}'` : `'${name.replaceAll("'", "'\\''")}'`;
}
