import { homedir } from 'node:os';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { readSecret } from '../../io/secret.ts';
import type { DatabaseAddress } from './address.ts';

/*
 * Password files, as libpq reads them: https://www.postgresql.org/docs/current/libpq-pgpass.html
 */

/** The fields of a line: `:` and `\` are escaped with `\`. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  let field = '';
  for (let index = 0; index < line.length; index++) {
    if (line[index] === ':' && fields.length < 4) {
      fields.push(field);
      field = '';
      continue;
    }
    if (line[index] === '\\' && index + 1 < line.length) index++;
    field += line.charAt(index);
  }
  return [...fields, field];
}

/** The password in the text of a password file; null if no line is for the server, the database, and the user. */
export function passwordIn(
  text: string,
  { host, port, database, isSocket }: Pick<DatabaseAddress, 'host' | 'port' | 'database' | 'isSocket'>,
  user: string,
): string | null {
  // The usual folder of sockets is localhost there.
  const isUsual = isSocket && ['/var/run/postgresql', '/run/postgresql', '/tmp'].includes(host);
  const wanted = [[host, ...(isUsual ? ['localhost'] : [])], [String(port)], [database], [user]];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    if (
      fields.length === 5 &&
      wanted.every((values, index) => fields[index] === '*' || values.includes(fields[index]!))
    )
      return fields[4]!;
  }
  return null;
}

/** The usual password file of this account, if it exists. */
function usualFile(variables: Readonly<Record<string, string | undefined>>): string | null {
  const file =
    process.platform === 'win32'
      ? join(variables['APPDATA'] ?? homedir(), 'postgresql', 'pgpass.conf')
      : join(homedir(), '.pgpass');
  return existsSync(file) ? file : null;
}

/** The password for an address, from its password file, PGPASSFILE, or the account's usual file; null if none has one. */
export async function passwordFor(address: DatabaseAddress, user: string): Promise<string | null> {
  const file = address.passwordFile ?? (process.env['PGPASSFILE'] || usualFile(process.env));
  if (file === null) return null;
  const { text, wasEncrypted } = await readSecret(file, 'the password file');
  // Read-Host and ConvertFrom-SecureString write the password alone.
  return wasEncrypted ? text : passwordIn(text, address, user);
}
