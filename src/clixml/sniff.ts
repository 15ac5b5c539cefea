export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32';

/** Detects the encoding by its byte order mark, or else by the zero bytes that UTF-16 has beside ASCII. */
export function encodingOf(head: Uint8Array): Encoding {
  const [a, b, c, d] = head;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32' : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'utf-32';
  if (a !== 0 && b === 0) return c === 0 && d === 0 ? 'utf-32' : 'utf-16le';
  return a === 0 && b !== 0 ? 'utf-16be' : 'utf-8';
}

/** Whether a file that begins with these bytes is XML, or CLIXML with PowerShell's header. JSON begins with neither. */
export function looksLikeXml(head: Uint8Array): boolean {
  const encoding = encodingOf(head);
  if (encoding === 'utf-32') return head.includes(0x3c);
  const text = new TextDecoder(encoding).decode(head);
  return /^[ \t\r\n]*(?:<|#< CLIXML)/.test(text);
}
