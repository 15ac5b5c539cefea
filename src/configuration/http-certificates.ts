import { openValue } from './registry.ts';
import type { Reading } from './reading.ts';
import { servicesKey } from './windows-service.ts';

/*
 * Certificates that HTTP.sys has for a port: they belong to the port, whichever program listens there.
 */

const http = String.raw`${servicesKey}\HTTP\Parameters`;

/** Where HTTP.sys has the certificate of a binding, and how netsh calls it. */
const certificates = [
  ['SslBindingInfo', 'ipport'],
  ['SslSniBindingInfo', 'hostnameport'],
  ['SslCcsBindingInfo', 'ccs'],
] as const;

/** Returns the certificates for a port, with the commands for another port. `host`: only that name's; null for all. */
export function certificateEffects(
  port: number,
  to: number,
  { reading, host }: { readonly reading: Reading; readonly host: string | null },
): string[] {
  return certificates.flatMap(([key, option]) =>
    (reading.machine.list(`${http}\\${key}`) ?? [])
      .filter((name) => name === String(port) || name.endsWith(`:${port}`))
      .filter(
        (name) => host === null || option !== 'hostnameport' || name.toLowerCase() === `${host}:${port}`.toLowerCase(),
      )
      .map((name) => {
        const read = (of: string): string | null =>
          openValue(reading, `${http}\\${key}\\${name}`, of)?.word.value ?? null;
        const [hash, store, id] = [read('SslCertHash'), read('SslCertStoreName'), read('AppId')];
        const young = `${name.slice(0, name.length - String(port).length)}${to}`;
        const known = [
          ...(hash === null || option === 'ccs' ? [] : [`certhash=${hash}`]),
          `appid=${id === null ? '{4dc3e181-e14b-4a21-b022-59fc669b0914}' : id}`,
          ...(store === null || option === 'ccs' ? [] : [`certstorename=${store}`]),
        ];
        return `the certificate of ${name} has to be bound to the new port: netsh http add sslcert ${option}=${young} ${known.join(' ')}`;
      }),
  );
}
