import { PortOwnerError } from '../../schema/problems.ts';
import type { Platform, RawSource } from '../../system/raw.ts';

/** The sources that PORTOWNER_DISABLE can switch off, by the first part of the names of their raw entries. */
export const sourceNames: Readonly<Record<Platform, Readonly<Record<string, string>>>> = {
  win32: {
    tcp4: 'TCP over IPv4 (GetExtendedTcpTable)',
    tcp6: 'TCP over IPv6 (GetExtendedTcpTable)',
    udp4: 'UDP over IPv4 (GetExtendedUdpTable)',
    udp6: 'UDP over IPv6 (GetExtendedUdpTable)',
    bound4: 'bound IPv4 sockets that do not listen (child process)',
    bound6: 'bound IPv6 sockets that do not listen (child process)',
    processes: 'the list of processes (NtQuerySystemInformation)',
    process: 'path, account and command line of a process',
    services: 'services (EnumServicesStatusEx)',
    drivers: 'drivers (EnumServicesStatusEx)',
    servicetags: 'which service of a shared process made a socket (child process)',
    httpsys: 'the request queues of HTTP.sys (netsh)',
    urlacl: 'URL reservations (HttpQueryServiceConfiguration)',
    iplisten: 'the IP listen list (HttpQueryServiceConfiguration)',
    portproxy: 'port proxy rules (registry)',
    dynamicports: 'dynamic port ranges (netsh)',
    excludedports: 'excluded port ranges (netsh)',
    persistentports: 'excluded port ranges that come back after a restart (netsh)',
    firewall: 'the rules of the firewall (registry)',
    signers: 'who signed executables (Windows PowerShell)',
    guestports: 'ports reserved for virtual machines and WSL (child process)',
  },
  linux: {
    diag: 'sockets from sock_diag; /proc/net is read instead',
    proc: 'sockets and interfaces from /proc/net',
    holders: 'who holds a socket (/proc/PID/fd)',
    process: 'what a process says of itself (/proc/PID)',
    boot: 'when the machine was started',
    users: 'names of users from /etc/passwd',
    user: 'names of users from the name service',
    firewall: 'the rules of the packet filter (nft, iptables-save)',
    ranges: 'dynamic and reserved ports (/proc/sys/net)',
    socketunits: 'ports of enabled socket units (systemd)',
  },
};

/** A source whose entries of these names, separated by commas, are refused as Disabled. Throws PO1001 for a name that is none. */
export function switchedOff(source: RawSource, names: string): RawSource {
  const known = sourceNames[source.platform];
  const off = new Set(
    names
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  );
  for (const name of off) {
    if (Object.hasOwn(known, name)) continue;
    throw new PortOwnerError('PO1001', `PORTOWNER_DISABLE names ${JSON.stringify(name)}, which is no source here`, {
      hint: `Sources: ${Object.keys(known).join(', ')}.`,
      target: name,
    });
  }
  return {
    platform: source.platform,
    read: (name, hint) =>
      off.has(name.split('/', 1)[0]!)
        ? {
            at: new Date().toISOString(),
            refusal: { code: 'Disabled', text: 'it is switched off by PORTOWNER_DISABLE' },
          }
        : source.read(name, hint),
  };
}
