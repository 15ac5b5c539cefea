import type { Family } from '../family.ts';
import { inRegistry, numberIn, openValue, type OpenValue } from '../registry.ts';
import { inFile, portOf, type Reading } from '../reading.ts';

/*
 * Remote Desktop: each listener is a key with a PortNumber, of which RDP-Tcp is that of Windows.
 * https://learn.microsoft.com/windows-server/remote/remote-desktop-services/remotepc/change-listening-port
 */

const server = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server`;
const stations = `${server}\\WinStations`;
const policies = String.raw`HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services`;

/** What switches a listener off; a policy wins over the setting of the machine. */
function switchOf(reading: Reading, station: string): OpenValue | null {
  const denied = openValue(reading, policies, 'fDenyTSConnections') ?? openValue(reading, server, 'fDenyTSConnections');
  if (denied?.word.value === '1') return denied;
  const enabled = openValue(reading, `${stations}\\${station}`, 'fEnableWinStation');
  return enabled?.word.value === '0' ? enabled : null;
}

function addStation(reading: Reading, station: string): void {
  const found = openValue(reading, `${stations}\\${station}`, 'PortNumber');
  if (found === null) return;
  const { file, word } = found;
  const off = switchOf(reading, station);
  // The policy "Select RDP transport protocols": 1 is only TCP.
  const isOnlyTcp = off !== null || numberIn(reading, policies, 'SelectTransport') === 1;
  for (const protocol of isOnlyTcp ? (['TCP'] as const) : (['TCP', 'UDP'] as const))
    reading.add({
      setting: 'PortNumber',
      value: word.value,
      port: portOf(word.value) || null,
      protocol,
      source: inFile(file, word),
      ...(off === null ? {} : { key: station }),
    });
  if (off !== null)
    reading.add({
      setting: off.name,
      value: off.word.value,
      port: null,
      source: inRegistry(off),
      key: station,
      rank: 1,
      reason: 'Remote Desktop is switched off',
    });
}

const stationOf = (path: string): string => path.split('\\').at(-2) ?? '';

export const rdp: Family = {
  name: 'RDP',
  defaultFiles: [`${stations}\\RDP-Tcp\\PortNumber`],
  read(instance, reading) {
    // All listeners belong to one service: the one of Windows comes first.
    const names = reading.machine.list(stations) ?? [];
    const own = instance.path === null ? 'RDP-Tcp' : stationOf(instance.path);
    for (const name of new Set([own, ...names])) addStation(reading, name);
  },
  obstacles({ source }, { machine: { variables } }) {
    // https://learn.microsoft.com/windows/win32/termserv/terminal-services-sessions: `RDP-Tcp#12`
    const [session = ''] = (variables.get('SESSIONNAME') ?? '').split('#');
    const isThis = source.kind === 'file' && stationOf(source.file.path).toLowerCase() === session.toLowerCase();
    return isThis ? ['this session is connected through Remote Desktop (SESSIONNAME)'] : [];
  },
  sideEffects: (_, { protocol }, to) => [
    `clients of Remote Desktop have to name the new port: mstsc /v:COMPUTER:${to}`,
    `the firewall has to allow port ${to}: New-NetFirewallRule -DisplayName 'Remote Desktop ${to} (${protocol})' -Direction Inbound -Protocol ${protocol} -LocalPort ${to} -Action Allow`,
  ],
};
