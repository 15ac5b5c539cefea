/**
 * Windows PowerShell script that reads the signers of files: embedded signatures and those of system catalogs. Each
 * line of its standard input is a path, and each line that it prints is `path|status|signer|thumbprint`, see
 * decodeSigners. Paths and names are UTF-16LE in base64: no file name can be mistaken for a command or altered by a
 * code page. The script has no double quotes, which would have to be escaped on a command line.
 */
export const signersScript = [
  `$ErrorActionPreference='Stop'; $ProgressPreference='SilentlyContinue'; $unicode=[Text.Encoding]::Unicode;`,
  // Not [Console]::In: PowerShell itself reads redirected input, into $input.
  `foreach ($line in $input) { $status='Unreadable'; $name=''; $thumbprint='';`,
  `try { $answer=Get-AuthenticodeSignature -LiteralPath $unicode.GetString([Convert]::FromBase64String($line));`,
  `$status=$answer.Status.ToString(); $signer=$answer.SignerCertificate;`,
  `if ($null -ne $signer) { $thumbprint=$signer.Thumbprint; $name=[Convert]::ToBase64String($unicode.GetBytes($signer.GetNameInfo('SimpleName',$false))) } } catch { }`,
  // Not the pipeline, which wraps long lines.
  `[Console]::Out.WriteLine($line+'|'+$status+'|'+$name+'|'+$thumbprint) }`,
].join(' ');

/** The standard input for these paths. */
export function signersInput(paths: readonly string[]): string {
  return paths.map((path) => `${Buffer.from(path, 'utf16le').toString('base64')}\n`).join('');
}
