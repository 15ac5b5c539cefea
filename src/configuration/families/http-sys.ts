import { urlPrefix } from '../../facts/decode/windows-httpsys.ts';
import type { Family } from '../family.ts';
import { openPath } from '../registry.ts';
import type { Reading } from '../reading.ts';

/*
 * URL reservations of HTTP.sys: who may use a URL. They open no port, and the program that does has the port in a
 * configuration of its own, so they are only shown.
 * https://learn.microsoft.com/windows/win32/http/urlprefix-strings
 */

const key = String.raw`HKLM\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\UrlAclInfo`;

function addReservation(reading: Reading, path: string): void {
  const found = openPath(reading, path);
  if (found === null) return;
  const url = found.name;
  const prefix = urlPrefix(url);
  reading.add({
    role: 'reservation',
    setting: 'URL reservation',
    value: url,
    port: prefix?.port ?? null,
    address: prefix?.address ?? null,
    source: { kind: 'file', file: found.file, at: 0, port: null },
    needsRestart: false,
    reason:
      prefix === null
        ? 'the value is not a URL'
        : `it only says who may use the URL; for another port: netsh http delete urlacl url=${url}, and netsh http add urlacl`,
  });
}

export const httpSys: Family = {
  name: 'HTTP.sys',
  defaultFiles: [],
  isPresent: (machine) => (machine.list(key)?.length ?? 0) > 0,
  read(instance, reading) {
    const names = (reading.machine.list(key) ?? []).map((name) => `${key}\\${name}`);
    for (const path of instance.path === null ? names : [instance.path]) addReservation(reading, path);
  },
};
