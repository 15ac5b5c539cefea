import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { addLayers, type Layer } from '../layers.ts';
import { lastOption } from '../readers/arguments.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { inRegistry, numberIn, openPath, openValue, type OpenValue } from '../registry.ts';
import { inFile, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';

/*
 * SQL Server: each instance has keys for all addresses, and for each of them; ListenOnAllIPs decides which ones count.
 * https://learn.microsoft.com/sql/database-engine/configure-windows/configure-a-server-to-listen-on-a-specific-tcp-port
 * https://learn.microsoft.com/sql/tools/configuration-manager/tcp-ip-properties-ip-addresses-tab
 */

const roots = [
  String.raw`HKLM\SOFTWARE\Microsoft\Microsoft SQL Server`,
  String.raw`HKLM\SOFTWARE\Wow6432Node\Microsoft\Microsoft SQL Server`,
];
const instanceNames = String.raw`\Instance Names\SQL`;
const network = String.raw`\MSSQLServer\SuperSocketNetLib`;

/** The name of an instance, from the service or the command line that started it. */
function nameOf({ service, arguments: args, path }: Instance): string | null {
  if (path !== null && path.includes(instanceNames)) return path.slice(path.lastIndexOf('\\') + 1);
  if (service !== null) return service.replace(/^MSSQL\$/i, '');
  // -sNAME starts it as that service.
  return lastOption(args, ['-s'])?.value ?? null;
}

/** The key of an instance; the value that leads to it is the first one that is opened. */
function keyOf(instance: Instance, reading: Reading): string | null {
  const { path } = instance;
  const at = path === null ? -1 : path.toLowerCase().indexOf(network.toLowerCase());
  if (path !== null && at >= 0) return openPath(reading, path) === null ? null : path.slice(0, at);
  const name = nameOf(instance);
  for (const root of name === null ? [] : roots) {
    const id = openValue(reading, `${root}${instanceNames}`, name!);
    if (id !== null) return `${root}\\${id.word.value}`;
  }
  if (instance.pid !== null) reading.gap('the name of the instance of SQL Server is unknown');
  return null;
}

/** The ports of a comma list. */
function listed({ name, file, word }: OpenValue, address: string | null): NewConfiguredPort[] {
  return [...word.value.matchAll(/[^,\s]+/g)].map(({ 0: text, index }) => {
    const port = portOf(text) || null;
    const part = partOf(word, index, index + text.length);
    return {
      setting: name,
      value: word.value,
      port,
      address,
      source: inFile(file, word, port === null ? null : part),
      reason: port === null ? 'the value is not a port' : null,
    };
  });
}

const inTheTextOf = (word: Word): Word => ({ ...word, value: '', end: word.start });

/**
 * The port that SQL Server chose: it tries it again when it starts. A move makes it a fixed one, for which this value has
 * to be empty.
 */
function dynamic(
  { name, file, word }: OpenValue,
  fixed: OpenValue | null,
  address: string | null,
): NewConfiguredPort[] {
  const port = portOf(word.value);
  if (port === null) return [];
  if (port === 0)
    return [
      {
        setting: name,
        value: word.value,
        port: null,
        address,
        source: inFile(file, word, null),
        reason: 'SQL Server chooses a port when it starts',
      },
    ];
  const isFree = fixed !== null && fixed.word.value.trim() === '';
  const common = { port, address };
  const reason = 'SQL Server chose it, and tries it again; a move makes it a fixed port (TcpPort)';
  const place = {
    ...common,
    setting: name,
    value: word.value,
    reason,
    source: inFile(file, word, isFree ? word : null),
  };
  if (!isFree) return [place];
  const empty = inTheTextOf(fixed.word);
  // In this order, it listens on one of them wherever a move is interrupted.
  return [
    {
      ...common,
      setting: fixed.name,
      value: '',
      source: inFile(fixed.file, empty),
      reason: 'it is empty: it gets the port of a move',
    },
    place,
  ];
}

/** The ports of a key with both values. */
function portsOf(reading: Reading, key: string, address: string | null): NewConfiguredPort[] {
  const [fixed, chosen] = [openValue(reading, key, 'TcpPort'), openValue(reading, key, 'TcpDynamicPorts')];
  return [
    ...(fixed === null ? [] : listed(fixed, address)),
    ...(chosen === null ? [] : dynamic(chosen, fixed, address)),
  ];
}

/** The keys of single addresses that are enabled. */
function addressesOf(reading: Reading, tcp: string): NewConfiguredPort[] {
  const names = (reading.machine.list(tcp) ?? []).filter((name) => /^IP\d+$/i.test(name));
  return names.flatMap((name) => {
    const key = `${tcp}\\${name}`;
    if (numberIn(reading, key, 'Enabled') !== 1) return [];
    return portsOf(reading, key, openValue(reading, key, 'IpAddress')?.word.value ?? null);
  });
}

/** The connection for administrators, which is on the loopback unless it was opened. */
const adminPort = (reading: Reading, key: string): NewConfiguredPort[] => {
  const found = openValue(reading, `${key}${network}\\AdminConnection\\Tcp`, 'TcpDynamicPorts');
  return found === null ? [] : listed(found, null).filter(({ port }) => port !== null);
};

/** Aliases of clients that lead to this machine: `DBMSSOCN,server,port`. */
function addAliases(reading: Reading): void {
  for (const root of ['HKLM\\SOFTWARE', 'HKLM\\SOFTWARE\\Wow6432Node']) {
    const key = `${root}\\Microsoft\\MSSQLServer\\Client\\ConnectTo`;
    for (const name of reading.machine.list(key) ?? []) {
      const found = openValue(reading, key, name);
      const [, server = '', port = ''] = /^DBMSSOCN,([^,]+),(\d{1,5})$/i.exec(found?.word.value ?? '') ?? [];
      const own = [
        reading.machine.variables.get('COMPUTERNAME')?.toLowerCase(),
        'localhost',
        '127.0.0.1',
        '.',
        '(local)',
      ];
      const isOwn = own.includes(server.toLowerCase().split('\\', 1)[0]);
      if (found === null || !isOwn) continue;
      const setting = `alias ${name}`;
      reading.add({
        role: 'reference',
        setting,
        value: found.word.value,
        port: portOf(port),
        source: inRegistry(found),
      });
    }
  }
}

const isAdmin = (path: string): boolean => /\\AdminConnection\\/i.test(path);

export const sqlServer: Family = {
  name: 'SQL Server',
  defaultFiles: [],
  defaultPatterns: roots.map((root) => `${root}${instanceNames}\\*`),
  read(instance, reading) {
    const key = keyOf(instance, reading);
    if (key === null) return;
    const tcp = `${key}${network}\\Tcp`;
    const all = portsOf(reading, `${tcp}\\IPAll`, null);
    const single = addressesOf(reading, tcp);
    // Absent, as in old versions, it is on.
    const layers: Layer[] = numberIn(reading, tcp, 'ListenOnAllIPs') === 0 ? [all, single] : [single, all];
    const off = openValue(reading, tcp, 'Enabled');
    if (off?.word.value === '0')
      layers.push([
        { setting: 'Enabled', value: '0', port: null, source: inRegistry(off), reason: 'TCP/IP is switched off' },
      ]);
    addLayers(reading, 'TCP', layers);
    for (const place of adminPort(reading, key)) reading.add(place);
    addAliases(reading);
  },
  newText: ({ setting, source }, to) =>
    setting === 'TcpDynamicPorts' && source.kind === 'file' && !isAdmin(source.file.path) ? '' : String(to),
  obstacles({ source }, reading) {
    const path = source.kind === 'file' ? source.file.path : '';
    const key = path.slice(0, Math.max(0, path.toLowerCase().indexOf(network.toLowerCase())));
    const cluster = openValue(reading, `${key}\\Cluster`, 'ClusterName');
    return cluster === null
      ? []
      : [`the instance belongs to the failover cluster ${cluster.word.value}, which may restore its own settings`];
  },
  sideEffects: (instance, { port, source }, to) => {
    if (source.kind === 'file' && isAdmin(source.file.path)) return [];
    const name = nameOf(instance);
    const isDefault = name === null || /^MSSQLSERVER$/i.test(name);
    return [
      isDefault
        ? `clients have to name the new port: SERVER,${to}; without one, they use port 1433`
        : `clients that name port ${port} have to use port ${to}; those that name the instance need the SQL Server Browser (UDP port 1434)`,
    ];
  },
};
