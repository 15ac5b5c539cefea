/**
 * Every source of facts, defined once. PORTOWNER_DISABLE, the entries that `doctor` reads and redacts, and
 * docs/reference/sources.md are derived from it. src/machine/linux and src/machine/windows implement these names, and
 * the type of their answers is derived from them.
 */
import type { Platform } from '../system/raw.ts';
import type { Sections } from './model/facts.ts';

/**
 * How src/redaction/envelope.ts redacts an entry for `doctor --bundle`.
 *
 * | kind | for |
 * |---|---|
 * | `keep` | entries without personal data |
 * | `left out` | entries that are not needed, or have not been reviewed yet |
 * | `console text` | bytes in a console code page |
 * | `JSON`, `JSON with slashes` | JSON text whose strings have paths, URLs and addresses; strings of `/`-separated parts |
 * | `machine`, `process` | JSON text with the machine's name; with an account and a command line |
 * | `account`, `passwd` | text: one account; lines of /etc/passwd |
 * | `sock_diag`, `proc net`, `if_inet6` | these formats, for their addresses |
 * | a table | addresses of `length` bytes at `places` of each row of `size` bytes, from `first` on |
 */
export type Redaction =
  | 'keep'
  | 'left out'
  | 'console text'
  | 'JSON'
  | 'JSON with slashes'
  | 'machine'
  | 'process'
  | 'account'
  | 'passwd'
  | 'sock_diag'
  | 'proc net'
  | 'if_inet6'
  | { readonly first: number; readonly size: number; readonly places: readonly number[]; readonly length: 4 | 16 };

/** Raw entries of one form. */
export interface SourceEntry {
  /** Their names. PID and UID stand for digits, ID for a container ID, PATH for any text. */
  readonly names: readonly string[];
  readonly content: 'bytes' | 'text' | 'JSON text';
  /** The contents of the bytes or the text. */
  readonly what: string;
  /** The contents of `meta`. */
  readonly meta?: string;
  readonly redaction: Redaction;
  /** Whether `doctor` reads them even if no socket needs them. */
  readonly doctor?: true;
}

/** One source: the raw entries whose names begin with its name. */
export interface Source {
  /** Its description. */
  readonly title: string;
  /** The section of the facts that it fills or completes; null for the machine itself. */
  readonly section: keyof Sections | null;
  /**
   * Whether an ordinary user is refused some of it; `moreRights` in src/system/raw.ts names the rights that reveal it.
   */
  readonly rights: boolean;
  /** Whether PORTOWNER_DISABLE cannot switch it off. */
  readonly always?: true;
  /** Whether it makes a call that no test run covers, in a child process (src/machine/windows/uncovered.ts). */
  readonly uncovered?: true;
  readonly entries: readonly SourceEntry[];
}

/** netsh has one command for each family and protocol. */
const ofEach = (name: string): string[] =>
  ['ipv4/tcp', 'ipv4/udp', 'ipv6/tcp', 'ipv6/udp'].map((rest) => `${name}/${rest}`);

const machine = (type: string): Source => ({
  title: 'name, release, architecture, and rights of the machine',
  section: null,
  rights: false,
  always: true,
  entries: [{ names: ['machine'], content: 'JSON text', what: type, redaction: 'machine' }],
});

const sha256 = (what: string): Source => ({
  title: 'hashes of executables',
  section: 'binaries',
  rights: true,
  always: true,
  entries: [{ names: ['sha256/PID/PATH'], content: 'text', what, redaction: 'left out' }],
});

const engines = (names: readonly string[], where: string): Source => ({
  title: 'running containers, as their engine lists them (Docker, Podman)',
  section: 'sockets',
  rights: true,
  entries: [
    {
      names,
      content: 'JSON text',
      what: `names, images, Compose projects, and published ports of containers, queried through ${where} only if an owner is a container or a relay to one; see decodeContainers`,
      redaction: 'left out',
    },
    {
      names: names.map((name) => `${name}/inspect/ID`),
      content: 'JSON text',
      what: 'the restart policy of a container, queried only if the answer shows what might restart an owner; see decodeRestartPolicy',
      redaction: 'left out',
    },
  ],
});

const addresses: Source = {
  title: 'interface addresses',
  section: 'addresses',
  rights: false,
  entries: [
    {
      names: ['addresses'],
      content: 'JSON text',
      what: 'a list of `address` (IPv6 with its %scope, as sockets have it) and `interface`',
      redaction: 'JSON',
      doctor: true,
    },
  ],
};

const windowsSources = {
  machine: machine('`MachineDetails`'),
  addresses,
  tcp4: {
    title: 'TCP over IPv4 (GetExtendedTcpTable)',
    section: 'sockets',
    rights: false,
    entries: [
      {
        names: ['tcp4'],
        content: 'bytes',
        what: 'MIB_TCPTABLE_OWNER_MODULE; only listeners if `hint.states` has no other state',
        redaction: { first: 8, size: 160, places: [4, 12], length: 4 },
      },
    ],
  },
  tcp6: {
    title: 'TCP over IPv6 (GetExtendedTcpTable)',
    section: 'sockets',
    rights: false,
    entries: [
      {
        names: ['tcp6'],
        content: 'bytes',
        what: 'MIB_TCP6TABLE_OWNER_MODULE; only listeners if `hint.states` has no other state',
        redaction: { first: 8, size: 192, places: [0, 24], length: 16 },
      },
    ],
  },
  udp4: {
    title: 'UDP over IPv4 (GetExtendedUdpTable)',
    section: 'sockets',
    rights: false,
    entries: [
      {
        names: ['udp4'],
        content: 'bytes',
        what: 'MIB_UDPTABLE_OWNER_MODULE',
        redaction: { first: 8, size: 160, places: [0], length: 4 },
      },
    ],
  },
  udp6: {
    title: 'UDP over IPv6 (GetExtendedUdpTable)',
    section: 'sockets',
    rights: false,
    entries: [
      {
        names: ['udp6'],
        content: 'bytes',
        what: 'MIB_UDP6TABLE_OWNER_MODULE',
        redaction: { first: 8, size: 176, places: [0], length: 16 },
      },
    ],
  },
  bound4: {
    title: 'bound IPv4 sockets that are not listening (child process)',
    section: 'boundSockets',
    rights: false,
    uncovered: true,
    entries: [
      {
        names: ['bound4'],
        content: 'bytes',
        what: 'MIB_TCPTABLE2',
        redaction: { first: 4, size: 28, places: [4, 12], length: 4 },
      },
    ],
  },
  bound6: {
    title: 'bound IPv6 sockets that are not listening (child process)',
    section: 'boundSockets',
    rights: false,
    uncovered: true,
    entries: [
      {
        names: ['bound6'],
        content: 'bytes',
        what: 'MIB_TCP6TABLE2',
        redaction: { first: 4, size: 56, places: [0, 24], length: 16 },
      },
    ],
  },
  processes: {
    title: 'the list of processes (NtQuerySystemInformation)',
    section: 'processes',
    rights: false,
    entries: [
      {
        names: ['processes'],
        content: 'bytes',
        what: 'SYSTEM_PROCESS_INFORMATION',
        meta: '`base`: the address they were read at, in hex',
        redaction: 'keep',
        doctor: true,
      },
    ],
  },
  process: {
    title: 'path, account, and command line of a process',
    section: 'processes',
    rights: true,
    entries: [
      {
        names: ['process/PID'],
        content: 'JSON text',
        what: '`ProcessDetails`; the command line only with `hint.commandLine`, and for programs that `hint.commandLineOf` selects; the working directory only with `hint.workingDirectory`; recordings contain the application instead of the command line. To read a process of another user, SeDebugPrivilege is enabled if the account has it',
        redaction: 'process',
      },
    ],
  },
  services: {
    title: 'services (EnumServicesStatusEx)',
    section: 'services',
    rights: false,
    entries: [
      {
        names: ['services'],
        content: 'bytes',
        what: 'ENUM_SERVICE_STATUS_PROCESSW for each one that is not stopped',
        meta: '`pages`: see decodeServices',
        redaction: 'keep',
        doctor: true,
      },
    ],
  },
  drivers: {
    title: 'drivers (EnumServicesStatusEx)',
    section: 'drivers',
    rights: false,
    entries: [
      {
        names: ['drivers'],
        content: 'bytes',
        what: 'ENUM_SERVICE_STATUS_PROCESSW for each one that is not stopped',
        meta: '`pages`: see decodeServices',
        redaction: 'keep',
        doctor: true,
      },
    ],
  },
  servicetags: {
    title: 'the service in a shared process that created a socket (child process)',
    section: 'services',
    rights: true,
    uncovered: true,
    entries: [
      {
        names: ['servicetags'],
        content: 'JSON text',
        what: '`Told` by `PID:TAG`, see decodeServiceTags',
        redaction: 'JSON with slashes',
        doctor: true,
      },
    ],
  },
  httpsys: {
    title: 'HTTP.sys request queues (netsh)',
    section: 'httpQueues',
    rights: true,
    entries: [
      {
        names: ['httpsys'],
        content: 'bytes',
        what: 'the request queues, as printed by netsh',
        meta: '`codePage`',
        redaction: 'console text',
        doctor: true,
      },
    ],
  },
  urlacl: {
    title: 'URL reservations (HttpQueryServiceConfiguration)',
    section: 'urlReservations',
    rights: false,
    entries: [
      {
        names: ['urlacl'],
        content: 'bytes',
        what: 'HTTP_SERVICE_CONFIG_URLACL_SET, one after another',
        meta: '`pages`: see decodeUrlReservations',
        redaction: 'left out',
      },
    ],
  },
  iplisten: {
    title: 'the IP listen list (HttpQueryServiceConfiguration)',
    section: 'ipListenList',
    rights: false,
    entries: [
      { names: ['iplisten'], content: 'bytes', what: 'HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY', redaction: 'left out' },
    ],
  },
  portproxy: {
    title: 'port proxy rules (registry)',
    section: 'portProxies',
    rights: false,
    entries: [
      {
        names: ['portproxy'],
        content: 'JSON text',
        what: 'the registry values of each of the four tables, as [name, text]',
        redaction: 'JSON with slashes',
        doctor: true,
      },
    ],
  },
  dynamicports: {
    title: 'dynamic port ranges (netsh)',
    section: 'dynamicRanges',
    rights: false,
    entries: [
      {
        names: ofEach('dynamicports'),
        content: 'bytes',
        what: 'the output of netsh',
        meta: '`codePage`',
        redaction: 'console text',
      },
    ],
  },
  excludedports: {
    title: 'excluded port ranges (netsh)',
    section: 'reservedPorts',
    rights: false,
    entries: [
      {
        names: ofEach('excludedports'),
        content: 'bytes',
        what: 'the output of netsh',
        meta: '`codePage`',
        redaction: 'console text',
      },
    ],
  },
  persistentports: {
    title: 'persistent excluded port ranges (netsh)',
    section: 'reservedPorts',
    rights: false,
    entries: [
      {
        names: ofEach('persistentports'),
        content: 'bytes',
        what: 'the output of netsh',
        meta: '`codePage`',
        redaction: 'console text',
      },
    ],
  },
  firewall: {
    title: 'firewall rules (registry)',
    section: 'firewall',
    rights: false,
    entries: [
      {
        names: ['firewall'],
        content: 'JSON text',
        what: 'the policy of this machine and that of group policy, see decodeWindowsFirewall',
        redaction: 'JSON',
      },
    ],
  },
  signers: {
    title: 'signers of executables (Windows PowerShell)',
    section: 'binaries',
    rights: false,
    entries: [
      {
        names: ['signers'],
        content: 'text',
        what: 'who signed the files of `hint.paths`, see decodeSigners',
        redaction: 'left out',
      },
    ],
  },
  guestports: {
    title: 'ports reserved for virtual machines and WSL (child process)',
    section: 'reservedPorts',
    rights: true,
    uncovered: true,
    entries: [
      { names: ['guestports'], content: 'bytes', what: 'HCN_PORT_RANGE_ENTRY, one after another', redaction: 'keep' },
    ],
  },
  engine: engines(['engine/docker', 'engine/podman'], "the engine's pipe, never with administrator rights,"),
  sha256: sha256('the SHA-256 of the executable, in hex'),
} as const satisfies Readonly<Record<string, Source>>;

const linuxSources = {
  machine: machine('name, release, architecture, elevated'),
  addresses,
  diag: {
    title: 'sockets from sock_diag (without it, /proc/net is read)',
    section: 'sockets',
    rights: false,
    entries: [
      {
        names: ['diag/tcp', 'diag/udp4', 'diag/udp6'],
        content: 'bytes',
        what: 'sock_diag messages, narrowed by `hint.states`, with the counters of `hint.counters`; `tcp` is IPv4 and IPv6',
        redaction: 'sock_diag',
      },
    ],
  },
  proc: {
    title: 'sockets and interfaces from /proc/net',
    section: 'sockets',
    rights: false,
    entries: [
      {
        names: ['proc/net/tcp', 'proc/net/tcp6', 'proc/net/udp', 'proc/net/udp6'],
        content: 'text',
        what: 'that file; read only if sock_diag is unavailable',
        redaction: 'proc net',
      },
      {
        names: ['proc/net/if_inet6'],
        content: 'text',
        what: 'that file: the numbers and names of interfaces',
        redaction: 'if_inet6',
      },
    ],
  },
  interfaces: {
    title: 'names of interfaces, and their VRFs (rtnetlink)',
    section: 'sockets',
    rights: false,
    entries: [
      {
        names: ['interfaces'],
        content: 'bytes',
        what: 'rtnetlink messages, one for each interface, queried only if a socket is bound to an interface; see decodeLinks',
        meta: '`acceptsAll`: 1 if a TCP socket outside all VRFs accepts connections from each of them (tcp_l3mdev_accept)',
        redaction: 'left out',
      },
    ],
  },
  holders: {
    title: 'who holds a socket (/proc/PID/fd)',
    section: 'processes',
    rights: true,
    entries: [
      {
        names: ['holders'],
        content: 'bytes',
        what: 'pid and socket inode, both little-endian uint32, for every open descriptor, narrowed by `hint.inodes`; also a refusal if some processes could not be inspected',
        meta: '`unreadable`: the process IDs that were refused, separated by commas; `started`: when each process was started (`pid:ticks`, separated by commas)',
        redaction: 'keep',
        doctor: true,
      },
      {
        names: ['holders/threads'],
        content: 'bytes',
        what: 'the same, with threads that have their own descriptors, and with processes that have started in the meantime',
        meta: 'as `holders`',
        redaction: 'left out',
      },
    ],
  },
  kernelports: {
    title: 'ports used by parts of the kernel',
    section: 'sockets',
    rights: false,
    always: true,
    entries: [
      {
        names: ['kernelports'],
        content: 'JSON text',
        what: 'what the kernel reports about its own ports, see decodeKernelPorts',
        redaction: 'left out',
      },
    ],
  },
  process: {
    title: 'details of a process (/proc/PID)',
    section: 'processes',
    rights: true,
    entries: [
      {
        names: ['process/PID'],
        content: 'JSON text',
        what: 'stat, uid (effective), exe, literalExe (true if ` (deleted)` at the end of exe is part of the name), cgroup, cmdline (with `hint.commandLine`, and for programs that `hint.commandLineOf` selects), cwd (with `hint.workingDirectory`), application (only in recordings: the application that cmdline names), and refused (why any of them is missing); all from the same process, even if its ID is reused',
        redaction: 'process',
      },
    ],
  },
  boot: {
    title: 'when the machine was started',
    section: 'processes',
    rights: false,
    entries: [
      {
        names: ['boot'],
        content: 'JSON text',
        what: 'stat (only its btime), hertz (clock ticks per second)',
        redaction: 'keep',
        doctor: true,
      },
    ],
  },
  users: {
    title: 'names of users from /etc/passwd',
    section: 'processes',
    rights: false,
    entries: [{ names: ['users'], content: 'text', what: '/etc/passwd', redaction: 'passwd', doctor: true }],
  },
  user: {
    title: 'names of users from the name service',
    section: 'processes',
    rights: false,
    entries: [
      {
        names: ['user/UID'],
        content: 'text',
        what: 'the name of a user who is not in /etc/passwd',
        redaction: 'account',
      },
    ],
  },
  firewall: {
    title: 'packet filter rules (nft, iptables-save)',
    section: 'firewall',
    rights: true,
    entries: [
      {
        names: ['firewall'],
        content: 'JSON text',
        what: 'the output of nft, iptables-save, and ip6tables-save, see decodeLinuxFirewall',
        redaction: 'JSON',
      },
    ],
  },
  ranges: {
    title: 'dynamic and reserved ports (/proc/sys/net)',
    section: 'dynamicRanges',
    rights: false,
    entries: [
      {
        names: ['ranges'],
        content: 'JSON text',
        what: 'ip_local_port_range, ip_local_reserved_ports, ip_unprivileged_port_start',
        redaction: 'keep',
      },
    ],
  },
  socketunits: {
    title: 'ports of enabled socket units (systemd)',
    section: 'socketUnits',
    rights: false,
    entries: [
      {
        names: ['socketunits'],
        content: 'JSON text',
        what: 'the files of enabled socket units, see decodeSocketUnits',
        redaction: 'left out',
      },
    ],
  },
  engine: engines(
    ['engine/docker', 'engine/podman', 'engine/docker/UID', 'engine/podman/UID'],
    "the engine's socket (of a user: that user's)",
  ),
  unit: {
    title: 'what systemd does when a service ends (systemctl show)',
    section: 'processes',
    rights: false,
    entries: [
      {
        names: ['unit/PID'],
        content: 'JSON text',
        what: 'the `unit` that runs the process, and its `restart` policy, according to systemd; queried only if the answer shows what may restart an owner',
        redaction: 'left out',
      },
    ],
  },
  sha256: sha256('the SHA-256 of the executable of the process, in hex'),
} as const satisfies Readonly<Record<string, Source>>;

/** The source names of one platform; the machine's answers are typed by them. */
export type SourceName<P extends Platform> = keyof (P extends 'win32' ? typeof windowsSources : typeof linuxSources);

/** The names of sources that make a call that no test run covers. */
export type UncoveredSource = {
  [Name in SourceName<'win32'>]: (typeof windowsSources)[Name] extends { uncovered: true } ? Name : never;
}[SourceName<'win32'>];

/** The sources of both platforms, by the first part of their raw entry names. */
export const sources: Readonly<Record<Platform, Readonly<Record<string, Source>>>> = {
  win32: windowsSources,
  linux: linuxSources,
};

/** Returns the sources that PORTOWNER_DISABLE can turn off. */
export const switchableSources = (platform: Platform): string[] =>
  Object.entries(sources[platform]).flatMap(([name, { always }]) => (always === true ? [] : [name]));

/** Returns the entries that `doctor` reads even if no socket needs them. */
export const doctorEntries = (platform: Platform): string[] =>
  Object.values(sources[platform]).flatMap(({ entries }) =>
    entries.flatMap(({ names, doctor }) => (doctor === true ? names : [])),
  );

const pattern = (name: string): RegExp =>
  new RegExp(
    `^${RegExp.escape(name)
      .replace(/PID|UID/g, String.raw`\d+`)
      .replace('/ID', '/[0-9a-f]+')
      .replace('PATH', '.+')}$`,
    's',
  );

/** Returns the form of a raw entry; null if no source defines it. */
export function sourceEntry(platform: Platform, name: string): SourceEntry | null {
  const slash = name.indexOf('/');
  const first = slash < 0 ? name : name.slice(0, slash);
  if (!Object.hasOwn(sources[platform], first)) return null;
  const { entries } = sources[platform][first]!;
  return entries.find(({ names }) => names.some((one) => one === name || pattern(one).test(name))) ?? null;
}
