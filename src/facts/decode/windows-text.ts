/** The Windows code pages that the platform's TextDecoder supports, with its names for them. */
const labels: Readonly<Record<number, string>> = {
  866: 'ibm866',
  874: 'windows-874',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  65001: 'utf-8',
  ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [1250 + i, `windows-${1250 + i}`])),
};

/**
 * The upper halves of the code pages of western consoles, which TextDecoder does not support.
 * https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC/
 */
const upper437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';
const upper850 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0';
const uppers: Readonly<Record<number, string>> = { 437: upper437, 850: upper850, 858: upper850.replace('ı', '€') };

/**
 * Decodes text that a Windows tool wrote to a pipe. For an unknown code page, bytes above 127 become U+FFFD; only the
 * ASCII part of such text is used.
 */
export function decodeConsoleText(bytes: Uint8Array, codePage: string | number | undefined): string {
  const page = Number(codePage);
  const label = labels[page];
  if (label !== undefined) return new TextDecoder(label).decode(bytes);
  const upper = uppers[page];
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (character) => upper?.[character.charCodeAt(0) - 128] ?? '\ufffd');
}

/** Decodes the text of a task file, or of `schtasks /Query /XML`, which declares UTF-16 whatever its encoding is. */
export function taskText(
  bytes: Uint8Array,
  otherwise: (bytes: Uint8Array) => string = (all) => Buffer.from(all).toString('utf8'),
): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (buffer[0] === 0xff && buffer[1] === 0xfe) || (buffer[0] === 0x3c && buffer[1] === 0);
  return (wide ? buffer.toString('utf16le') : otherwise(buffer)).replace(/^\ufeff/, '');
}
