const base64 = (text: string): string => Buffer.from(text, 'utf16le').toString('base64');

/** A line of the script that asks for signers; the test's own writing of its form. */
export function signerLine(path: string, status: string, signer = '', thumbprint = ''): string {
  return `${base64(path)}|${status}|${base64(signer)}|${thumbprint}\r\n`;
}
