import type { Family } from '../family.ts';
import { inRegistry, openValue } from '../registry.ts';
import { inFile, portOf, type Reading } from '../reading.ts';

/*
 * Windows Remote Management: one key for each listener, `ADDRESS+TRANSPORT`.
 * https://learn.microsoft.com/windows/win32/winrm/installation-and-configuration-for-windows-remote-management
 */

const listeners = String.raw`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\Listener`;
const defaults: Readonly<Record<string, number>> = { HTTP: 5985, HTTPS: 5986 };

function addListener(reading: Reading, name: string): void {
  const key = `${listeners}\\${name}`;
  const [, address, transport = ''] = /^(.*)\+(HTTPS?)$/i.exec(name) ?? [];
  if (address === undefined) return;
  const [found, enabled] = [openValue(reading, key, 'Port'), openValue(reading, key, 'enabled')];
  const where = address === '*' ? null : address.replace(/^IP:/i, '');
  const isOff = enabled?.word.value === '0';
  const common = { address: where, ...(isOff ? { key: name } : {}) };
  if (found !== null)
    reading.add({
      ...common,
      setting: 'Port',
      value: found.word.value,
      port: portOf(found.word.value) || null,
      source: inFile(found.file, found.word),
    });
  else {
    const port = defaults[transport.toUpperCase()]!;
    reading.add({ ...common, setting: 'Port', value: String(port), port, source: { kind: 'default' } });
  }
  if (isOff)
    reading.add({
      setting: 'enabled',
      value: '0',
      port: null,
      source: inRegistry(enabled),
      key: name,
      rank: 1,
      reason: 'the listener is switched off',
    });
}

/** The programs that run what a person does over WinRM. */
const host = /^(?:wsmprovhost|winrshost)(?:\.exe)?$/i;

export const winrm: Family = {
  name: 'WinRM',
  defaultFiles: [`${listeners}\\*+HTTP\\Port`, `${listeners}\\*+HTTPS\\Port`],
  read(instance, reading) {
    const own = instance.path?.split('\\').at(-2);
    for (const name of new Set([...(own === undefined ? [] : [own]), ...(reading.machine.list(listeners) ?? [])]))
      addListener(reading, name);
  },
  obstacles(_, { machine, path }) {
    const names = machine.ancestors().map((pid) => path.basename(machine.program(pid)?.arguments[0] ?? ''));
    return names.some((name) => host.test(name)) ? ['this session is connected through WinRM'] : [];
  },
  sideEffects: (_, __, to) => [`clients have to name the new port: Enter-PSSession -Port ${to}`],
};
