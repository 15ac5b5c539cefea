const notAscii = /[\x7f-\uffff]/g;

/** Converts JSON to equivalent pure ASCII, which every code page and pipe leaves unchanged. */
export function asciiJson(json: string): string {
  return json.replace(notAscii, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
