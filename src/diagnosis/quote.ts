import type { Platform } from '../system/raw.ts';

/**
 * A name as one argument of a command line that somebody pastes into sh or PowerShell; null when that cannot be made
 * safe: text with control characters may end a line, and a name may be anybody's choice.
 */
export function quote(name: string, platform: Platform): string | null {
  if (name === '' || name.length > 255 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name) || !name.isWellFormed()) return null;
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/.test(name)) return name;
  // PowerShell takes typographic quotes for quotes, and doubles are the character itself.
  return platform === 'win32' ? `'${name.replace(/['\u2018-\u201b]/g, '$&$&')}'` : `'${name.replaceAll("'", "'\\''")}'`;
}
