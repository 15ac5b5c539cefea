const notAscii = /[\x7f-\uffff]/g;

/** JSON text in pure ASCII, which means the same: it passes every code page and pipe as it is. */
export function asciiJson(json: string): string {
  return json.replace(notAscii, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
