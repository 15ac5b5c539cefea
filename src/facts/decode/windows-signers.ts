/** What Get-AuthenticodeSignature says of a file. */
export interface Signature {
  /** By the cmdlet's own names, such as Valid, NotSigned and HashMismatch; Unreadable where it could not look at the file. */
  readonly status: string;
  /** The simple name of the certificate's subject; null without a valid signature: anybody can claim a name. */
  readonly signer: string | null;
}

const text = (base64: string): string => Buffer.from(base64, 'base64').toString('utf16le');

/**
 * Signatures by path, from lines `path|status|signer|thumbprint`, path and signer UTF-16LE in base64. Lines of another form
 * are left out; of two lines for one path the first counts.
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
