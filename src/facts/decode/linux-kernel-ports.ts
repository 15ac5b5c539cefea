import { parseJson } from '../../io/nesting.ts';

/** The parts of a socket that identify the kernel component that owns it. */
interface Ends {
  readonly protocol: 'TCP' | 'UDP';
  readonly localPort: number;
  /** Null for listeners. */
  readonly remotePort: number | null;
}

type Protocol = Ends['protocol'];

/** A kernel component that owns ports. */
interface Part {
  readonly what: string;
  /** Its ports as the component reports them; null if it does not report them. */
  readonly told: readonly string[] | null;
  /** For a component that does not report its ports: its module and its default ports (`TCP 2049`). */
  readonly module: string;
  readonly usual: readonly string[];
}

const both = (...ports: readonly number[]): string[] => ports.flatMap((port) => [`TCP ${port}`, `UDP ${port}`]);
const tcp = (...ports: readonly number[]): string[] => ports.map((port) => `TCP ${port}`);
const udp = (...ports: readonly number[]): string[] => ports.map((port) => `UDP ${port}`);
const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Parses a decimal port number. Returns null for any other value and for 0, which means no port. */
function portOf(value: unknown): number | null {
  const port = typeof value === 'number' ? value : /^\s*\d{1,5}\s*$/.test(String(value)) ? Number(value) : 0;
  return Number.isInteger(port) && port > 0 && port <= 65535 ? port : null;
}

const ports = (values: readonly unknown[]): number[] => values.map(portOf).filter((port) => port !== null);

/** Parses lines of `tcp 2049`, as nfsd writes them. */
function portList(text: string): string[] {
  return [...text.matchAll(/^(tcp|udp) +(\d{1,5})$/gm)].map(
    ([, protocol, port]) => `${protocol!.toUpperCase()} ${port}`,
  );
}

/**
 * Parses lines of `100021    1   udp  40000  nlockmgr`, as rpcinfo -p prints them. The lock manager runs in the kernel.
 */
function lockManager(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [program, , protocol = '', port = ''] = line.trim().split(/ +/);
    return program === '100021' && /^(?:tcp|udp)$/.test(protocol) && /^\d{1,5}$/.test(port)
      ? [`${protocol.toUpperCase()} ${port}`]
      : [];
  });
}

type Json = Readonly<Record<string, unknown>>;
const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

/** Parses a JSON list, as `ip -json` prints it; null if the text is not a list. */
function items(text: unknown): Json[] | null {
  if (typeof text !== 'string') return null;
  try {
    const parsed: unknown = text.trim() === '' ? [] : parseJson(text);
    return Array.isArray(parsed) ? parsed.map(record) : null;
  } catch {
    return null;
  }
}

/** Returns the UDP ports of tunnels of a kind. */
function tunnels(links: readonly Json[] | null, kind: string, usual: readonly number[] = []): string[] | null {
  if (links === null) return null;
  const infos = links.map(({ linkinfo }) => record(linkinfo)).filter(({ info_kind: one }) => one === kind);
  return udp(
    ...infos.flatMap(({ info_data: data }) => {
      const { port, dstport } = record(data);
      const told = ports([port ?? dstport]);
      return told.length > 0 ? told : usual;
    }),
  );
}

/** Parses lines of `wg0	51820`, as wg prints them. */
function wireGuard(text: string): string[] {
  return udp(...ports([...text.matchAll(/^\S+\t(\d{1,5})$/gm)].map(([, port]) => port)));
}

/** Returns the port at the end of each text that has one after a colon. */
const atEnd = (texts: readonly string[]): number[] => ports(texts.map((text) => /:(\d{1,5})$/.exec(text)?.[1]));

/** Connections that the kernel opens itself, by remote port, if the module is loaded. */
const clients: readonly (readonly [module: string, what: string, port: (port: number) => boolean])[] = [
  ['nfs', 'NFS client', (port) => port === 2049 || port === 111 || port === 20048],
  ['cifs', 'SMB client', (port) => port === 445 || port === 139],
  ['nvme_tcp', 'NVMe over TCP', (port) => port === 4420 || port === 8009],
  ['libceph', 'Ceph client', (port) => port === 3300 || port === 6789 || (port >= 6800 && port <= 7568)],
];

/** The ports that kernel components report, by their names in `kernelports`. */
class Told {
  readonly #given: Json;
  readonly links: ReturnType<typeof items>;

  constructor(given: Json) {
    this.#given = given;
    this.links = items(given['links']);
  }

  list(name: string): readonly unknown[] {
    const found = this.#given[name];
    return Array.isArray(found) ? found : [];
  }

  /** Returns what `read` finds in a text; null if the text is missing. */
  text(name: string, read: (text: string) => string[]): string[] | null {
    const found = this.#given[name];
    return typeof found === 'string' ? read(found) : null;
  }

  /** Returns the UDP ports in a member of each item; null if there are no items. */
  numbers(name: string, key: string): string[] | null {
    const found = items(this.#given[name]);
    return found === null ? null : udp(...ports(found.map((item) => item[key])));
  }
}

/** Returns the components for files, block devices, and clusters. */
function storageParts(told: Told): Part[] {
  const [lockTcp, lockUdp] = told.list('lockd');
  return [
    { what: 'NFS server (nfsd)', told: told.text('nfsd', portList), module: 'nfsd', usual: both(2049) },
    {
      what: 'NFS lock manager (lockd)',
      told: [...tcp(...ports([lockTcp])), ...udp(...ports([lockUdp])), ...(told.text('rpc', lockManager) ?? [])],
      module: 'lockd',
      usual: [],
    },
    { what: 'SMB server (ksmbd)', told: null, module: 'ksmbd', usual: tcp(445) },
    {
      what: 'iSCSI target (LIO)',
      told: tcp(...atEnd(told.list('iscsi').map(String))),
      module: 'iscsi_target_mod',
      usual: [],
    },
    {
      what: 'NVMe over TCP target (nvmet)',
      told: tcp(
        ...told.list('nvmet').flatMap((one) => {
          const [type, port] = Array.isArray(one) ? (one as unknown[]) : [];
          return String(type).trim() === 'tcp' ? ports([port]) : [];
        }),
      ),
      module: 'nvmet_tcp',
      usual: [],
    },
    {
      what: 'distributed lock manager (dlm)',
      told: told.text('dlm', (one) => tcp(...ports([one]))),
      module: 'dlm',
      usual: tcp(21064),
    },
    { what: 'OCFS2 cluster (o2net)', told: tcp(...ports(told.list('ocfs2'))), module: 'ocfs2_nodemanager', usual: [] },
    { what: 'DRBD', told: null, module: 'drbd', usual: tcp(...from(7788, 7799)) },
  ];
}

/** Returns the components that carry other protocols. */
function carrierParts(told: Told): Part[] {
  const { links } = told;
  return [
    { what: 'RDS over TCP', told: null, module: 'rds_tcp', usual: tcp(16385) },
    { what: 'TIPC over UDP', told: null, module: 'tipc', usual: udp(6118) },
    { what: 'RDMA over Ethernet (rxe)', told: null, module: 'rdma_rxe', usual: udp(4791) },
    { what: 'SCTP over UDP', told: told.text('sctp', (one) => udp(...ports([one]))), module: 'sctp', usual: udp(9899) },
    {
      what: 'RxRPC (AFS)',
      told: told.text('rxrpc', (one) => udp(...atEnd(one.split(/\s+/)))),
      module: 'kafs',
      usual: udp(7001),
    },
    { what: 'WireGuard', told: told.text('wireguard', wireGuard), module: 'wireguard', usual: udp(51820) },
    { what: 'VXLAN', told: tunnels(links, 'vxlan'), module: 'vxlan', usual: udp(4789, 8472) },
    { what: 'Geneve', told: tunnels(links, 'geneve'), module: 'geneve', usual: udp(6081) },
    { what: 'bare UDP tunnel', told: tunnels(links, 'bareudp'), module: 'bareudp', usual: udp(6635) },
    { what: 'GTP', told: tunnels(links, 'gtp', [2152, 3386]), module: 'gtp', usual: udp(2152, 3386) },
    { what: 'AMT', told: tunnels(links, 'amt', [2268]), module: 'amt', usual: udp(2268) },
    { what: 'Foo over UDP (fou)', told: told.numbers('fou', 'port'), module: 'fou', usual: [] },
    { what: 'L2TP', told: told.numbers('l2tp', 'local_port'), module: 'l2tp_core', usual: udp(1701) },
  ];
}

/**
 * Returns a function that finds the kernel component that owns a socket without a process. It uses the ports that
 * components report (`kernelports`); for a component that reports none, its module and its default port. Null if no
 * known component owns the socket.
 */
export function decodeKernelPorts(text: string): (ends: Ends) => string | null {
  let given: Json = {};
  try {
    given = record(parseJson(text));
  } catch {
    // Without valid data, no component is reported.
  }
  const told = new Told(given);
  const modules = new Set(told.list('modules'));
  const parts = [...storageParts(told), ...carrierParts(told)];
  const owners = new Map<string, string>();
  for (const { what, told: own, module, usual } of parts)
    for (const key of own ?? (modules.has(module) ? usual : [])) if (!owners.has(key)) owners.set(key, what);
  return ({ protocol, localPort, remotePort }) => {
    const key = (port: number): string => `${protocol satisfies Protocol} ${port}`;
    const own = owners.get(key(localPort));
    if (own !== undefined || remotePort === null || protocol === 'UDP') return own ?? null;
    return clients.find(([module, , port]) => modules.has(module) && port(remotePort))?.[1] ?? null;
  };
}
