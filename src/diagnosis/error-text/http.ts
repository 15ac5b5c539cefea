import type { Sign } from './codes.ts';
import { wordsIn } from './words.ts';

/*
 * HTTP.sys and programs on it (HttpListener, WCF, IIS, IIS Express) report numbers that have other meanings elsewhere,
 * so they count only next to its name.
 */

/** Whether a text comes from HTTP.sys or a program on it. */
export function isHttp(text: string): boolean {
  return /HttpListener|HttpSys(?:Exception|Listener)|WebListener|http\.sys|HttpAddUrl|UrlAcl|HTTP could not register|register(?:ed)? (?:the )?URL|URL prefix|UrlPrefix|listen on prefix|The prefix '|IIS ?Express|W3SVC|HttpEvent|to the underlying transport|\badd URL \(|namespace reservation existed|\b(?:re)?start (?:the )?web ?site\b(?=[^\n]{0,200}0x8007)|\bIIs\.PowerShell\b|\bStart-(?:Web\w{1,20}|IISSite)\b|https?:\/\/[+*]:/i.test(
    text,
  );
}

/** The exception that PowerShell names below the message. */
const exception = /\b(?:CategoryInfo|FullyQualifiedErrorId)\b[^\n]{0,200}\b(HttpListenerException|IIs\.PowerShell)\b/;

/** Returns the text of a failure with the exception of HTTP.sys or IIS that other lines of its message name. */
export function withException(text: string, around: string): string {
  const named = exception.exec(around)?.[1];
  return named === undefined || text.includes(named) ? text : `${text} ${named}`;
}

const numbers: Readonly<Record<string, readonly [Sign['meaning'], string]>> = {
  5: ['urlReserved', 'ERROR_ACCESS_DENIED (5)'],
  '0x80070005': ['urlReserved', 'ERROR_ACCESS_DENIED (5)'],
  32: ['inUse', 'ERROR_SHARING_VIOLATION (32)'],
  '0x80070020': ['inUse', 'ERROR_SHARING_VIOLATION (32)'],
  183: ['urlTaken', 'ERROR_ALREADY_EXISTS (183)'],
  '0x800700b7': ['urlTaken', 'ERROR_ALREADY_EXISTS (183)'],
  '0xc0000022': ['urlReserved', 'STATUS_ACCESS_DENIED (0xC0000022)'],
  '0xc0000035': ['urlTaken', 'STATUS_OBJECT_NAME_COLLISION (0xC0000035)'],
  '0xc0000043': ['inUse', 'STATUS_SHARING_VIOLATION (0xC0000043)'],
  // HTTP.sys does not listen on the address of the prefix.
  1214: ['notLocal', 'ERROR_INVALID_NETNAME (1214)'],
};

/** "This registration already exists" in the languages of Windows. */
const taken: readonly RegExp[] = [
  /existing registration|already registered|prefix (?:'[^'\n]{1,200}' is )?already/i,
  /vorhandenen? Registrierung|inscription existante|enregistrement existant|registr?o existente|registrazione esistente|istniejącą rejestracją/iu,
  /существующей регистрацией|现有注册|現有註冊|既存の登録|기존 등록/u,
];

/** HTTP.sys does not say why it cannot listen: mostly, the port is in use. */
export const unbound = 'HTTP.sys cannot bind';

/** Finds what HTTP.sys reports; null where the text is not from HTTP.sys or has no known meaning. */
export function httpSign(text: string): Sign | null {
  if (!isHttp(text)) return null;
  const found =
    /Http(?:Listener|Sys)Exception \((?:0x[0-9a-f]{8}|(?<a>\d{1,4}))\)|(?:ErrorCode|error code|Fehlercode|code d.erreur|Win32 error|error)[ :=]{1,3}(?<b>\d{1,4})(?!\d)|(?<c>0x8007(?:0005|0020|00b7)|0xc00000(?:22|35|43))/i.exec(
      text,
    );
  const number =
    found?.groups?.['a'] ??
    found?.groups?.['b'] ??
    found?.groups?.['c'] ??
    /0x(?:8007(?:0005|0020|00b7)|c00000(?:22|35|43))/i.exec(text)?.[0];
  const known = numbers[number?.toLowerCase() ?? ''];
  if (known !== undefined) return { meaning: known[0], sign: known[1], index: found?.index ?? 0, length: 0 };
  const said = (meaning: Sign['meaning']): Sign => ({ meaning, sign: 'the words of the message', index: 0, length: 0 });
  if (/port \d{1,5} is being used by another application/i.test(text)) return said('inUse');
  if (/underlying transport/i.test(text)) return { ...said('inUse'), sign: unbound };
  if (/\bno namespace reservation existed\b/i.test(text)) return said('urlReserved');
  if (taken.some((words) => words.test(text))) return said('urlTaken');
  const denied = wordsIn(text)?.meaning === 'access' || /does not have access rights to this namespace/i.test(text);
  return denied && !/10013/.test(text) ? said('urlReserved') : null;
}
