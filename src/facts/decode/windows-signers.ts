/** What Get-AuthenticodeSignature reports about a file. */
export interface Signature {
  /** The cmdlet's own names, such as Valid, NotSigned, and HashMismatch; Unreadable if it could not read the file. */
  readonly status: string;
  /** The simple name of the certificate's subject; null without a valid signature, because anyone can claim a name. */
  readonly signer: string | null;
}

const text = (base64: string): string => Buffer.from(base64, 'base64').toString('utf16le');

/**
 * Parses signatures by path from lines `path|status|signer|thumbprint`, with path and signer UTF-16LE in base64. Lines
 * of any other form are skipped; if a path is repeated, the first line wins.
 * https://learn.microsoft.com/dotnet/api/system.management.automation.signaturestatus
 */
export function decodeSigners(lines: string): ReadonlyMap<string, Signature> {
  const found = new Map<string, Signature>();
  for (const line of lines.split(/\r?\n/)) {
    const [, path, status, name] =
      /^([A-Za-z0-9+/]+={0,2})\|([A-Za-z]{1,64})\|([A-Za-z0-9+/]*={0,2})\|[0-9A-Fa-f]*$/.exec(line) ?? [];
    if (path === undefined || status === undefined || name === undefined || found.has(text(path))) continue;
    found.set(text(path), { status, signer: status === 'Valid' ? text(name) || null : null });
  }
  return found;
}
