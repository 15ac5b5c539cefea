// Generated from facts.schema.json by "node build.mjs generate": change the schema, not this file.

/**
 * A UTC instant, ISO 8601.
 */
export type Instant = string;

/**
 * What PortOwner knows about one machine at one moment: plain data, decoded from the answers of the system.
 */
export interface Facts {
  kind: 'PortOwner.Facts';
  formatVersion: 1;
  /**
   * The program and version that wrote the facts.
   */
  tool: string;
  at: Instant;
  machine: Machine;
  sections: Sections;
}
/**
 * The machine that the facts are about.
 */
export interface Machine {
  /**
   * Its name.
   */
  name: string;
  platform: 'win32' | 'linux';
  /**
   * The version of its system or kernel.
   */
  release: string;
  /**
   * Its processor architecture, with Node's names.
   */
  architecture: string;
  /**
   * Whether the facts were gathered with full rights.
   */
  elevated: boolean | null;
}
/**
 * The queries, each with the completeness of its answer.
 */
export interface Sections {
  sockets: SocketSection;
  processes: ProcessSection;
  services: ServiceSection;
  dynamicRanges: DynamicRangeSection;
  reservedPorts: ReservedPortSection;
  httpQueues?: HttpQueueSection;
  drivers?: DriverSection;
  portProxies?: PortProxySection;
  urlReservations?: UrlReservationSection;
  ipListenList?: IpListenSection;
  boundSockets?: BoundSocketSection;
  binaries?: BinarySection;
  firewall?: FirewallSection;
  socketUnits?: SocketUnitSection;
  addresses?: AddressSection;
}
/**
 * TCP and UDP sockets.
 */
export interface SocketSection extends Section {
  data: Socket[];
}
/**
 * One socket.
 */
export interface Socket {
  protocol: 'TCP' | 'UDP';
  /**
   * An IPv4 address, or an IPv6 address in its shortest form (RFC 5952), with %interface if the socket is bound to an interface, or the address is link-local.
   */
  localAddress: string;
  localPort: number;
  /**
   * Null for listeners and UDP.
   */
  remoteAddress: string | null;
  remotePort: number | null;
  /**
   * With the names of Get-NetTCPConnection; null for UDP.
   */
  state:
    | 'Closed'
    | 'Listen'
    | 'SynSent'
    | 'SynReceived'
    | 'Established'
    | 'FinWait1'
    | 'FinWait2'
    | 'CloseWait'
    | 'Closing'
    | 'LastAck'
    | 'TimeWait'
    | 'DeleteTCB'
    | 'Bound'
    | null;
  /**
   * The owner: the oldest holder if there are several; null if it could not be seen, or does not exist.
   */
  pid: number | null;
  /**
   * Every process that holds the socket, oldest first; empty if none could be seen.
   */
  holders: number[];
  /**
   * When it was bound.
   */
  created: Instant | null;
  /**
   * The account that created the socket, if the system reports it.
   */
  user: string | null;
  /**
   * Whether no process can hold it: the kernel itself listens, or it is in TIME_WAIT.
   */
  kernel: boolean;
  refusals: FieldRefusal[];
  /**
   * Windows: the service that created the socket, by its tag; absent if the socket has no tag, or it was not queried.
   */
  service?: string;
  /**
   * Linux: the part of the kernel that is known to own the socket; absent if none is.
   */
  kernelPart?: string;
  container?: Container;
  /**
   * Linux: whether it is a connection in the queue of a listener, whose holders are reported as its holders.
   */
  unaccepted?: true;
  /**
   * Linux: the VRF of its interface, which has a separate port space; absent if there is none.
   */
  vrf?: string;
  /**
   * Windows: if the owner has ended, the running processes that it started and that may have inherited the socket, most likely first.
   */
  heirs?: number[];
  /**
   * Windows: if the owner has ended and no process that it started is running, the processes that were started after the socket was bound and whose parent has ended, oldest first: one of them may have inherited the socket.
   */
  heirCandidates?: number[];
}
/**
 * Why one value is missing.
 */
export interface FieldRefusal {
  /**
   * The column that lacks it.
   */
  field: string;
  code: 'AccessDenied' | 'Gone' | 'NotSupported' | 'Failed' | 'Disabled' | 'NotAsked';
  /**
   * The reason as text.
   */
  text: string;
  /**
   * What would reveal it.
   */
  needs: string | null;
}
/**
 * The container whose published port the owner forwards, as reported by its engine; absent if it does not exist, or was not queried.
 */
export interface Container {
  /**
   * docker, podman, containerd, crio, lxc …
   */
  runtime: string;
  /**
   * Its ID or name.
   */
  id: string;
  /**
   * Its name; absent if its engine was not queried or does not report it, as are the values below.
   */
  name?: string;
  /**
   * Its image.
   */
  image?: string;
  /**
   * The Compose project that it belongs to.
   */
  project?: string;
  /**
   * Its service in the Compose project.
   */
  service?: string;
  /**
   * Its restart policy; only if restarts were queried.
   */
  restart?: 'no' | 'always' | 'unless-stopped' | 'on-failure';
}
/**
 * What every section contains, in addition to its data.
 */
export interface Section {
  /**
   * If a section is not ok, what is missing from its data may exist.
   */
  status: 'ok' | 'partial' | 'failed' | 'notAsked';
  /**
   * Why the section is not ok.
   */
  reason: string | null;
  /**
   * What would reveal the rest.
   */
  needs: string | null;
  /**
   * When the system was queried.
   */
  at: Instant | null;
}
/**
 * Processes that hold a socket, and their parents.
 */
export interface ProcessSection extends Section {
  data: Process[];
}
/**
 * One process.
 */
export interface Process {
  pid: number;
  /**
   * Its file name.
   */
  imageName: string | null;
  /**
   * The full path of its executable.
   */
  path: string | null;
  /**
   * Its command line, masked; only if requested.
   */
  commandLine: string | null;
  /**
   * The application it runs, if it differs from its file name: node server.js, vite, redis-server. Without path, version, and port.
   */
  application?: string;
  /**
   * Linux: what systemd does when the service of the unit ends; only if restarts were queried.
   */
  unitRestart?: 'no' | 'on-success' | 'on-failure' | 'on-abnormal' | 'on-watchdog' | 'on-abort' | 'always';
  /**
   * The argument that makes it restart the processes that it started: --watch, --reload, a loop; absent if there is none.
   */
  restartsBy?: string;
  /**
   * Only from saved rows: what the other facts do not contain.
   */
  saved?: {
    /**
     * What restarts it when it ends.
     */
    supervisor?: string;
    /**
     * Its role for the processes that it starts: Supervisor, Shell, and so on.
     */
    role?: string;
    /**
     * The project in which it was started, and its folder.
     */
    project?: string;
  };
  /**
   * Its working directory; only if requested.
   */
  workingDirectory?: string | null;
  /**
   * The account it runs as.
   */
  user: string | null;
  /**
   * Windows: the account for which Administrator Protection created the account it runs as; absent for any other process.
   */
  realUser?: string;
  /**
   * The process that started it, if that process is still running.
   */
  parent: number | null;
  startTime: Instant | null;
  /**
   * Linux: the systemd unit.
   */
  unit: string | null;
  /**
   * Linux: the user whose systemd runs the unit; absent if it is the system's.
   */
  unitUser?: number;
  container: Container1 | null;
  refusals: FieldRefusal[];
  /**
   * What it forwards, if it is a relay.
   */
  relays?: Relay[];
  /**
   * Linux: whether ' (deleted)' at the end of the path is part of the file name, instead of the mark of a removed file.
   */
  literalPath?: true;
}
/**
 * A container.
 */
export interface Container1 {
  /**
   * docker, podman, containerd, crio, lxc …
   */
  runtime: string;
  /**
   * Its ID or name.
   */
  id: string;
  /**
   * Its name; absent if its engine was not queried or does not report it, as are the values below.
   */
  name?: string;
  /**
   * Its image.
   */
  image?: string;
  /**
   * The Compose project that it belongs to.
   */
  project?: string;
  /**
   * Its service in the Compose project.
   */
  service?: string;
  /**
   * Its restart policy; only if restarts were queried.
   */
  restart?: 'no' | 'always' | 'unless-stopped' | 'on-failure';
}
/**
 * What a process forwards.
 */
export interface Relay {
  /**
   * The kind of relay.
   */
  name: string;
  /**
   * The local port; null means all ports of the process.
   */
  listenPort: number | null;
  /**
   * The target of the connections, if it is known.
   */
  target: string | null;
}
/**
 * Services that have a process.
 */
export interface ServiceSection extends Section {
  data: Service[];
}
/**
 * A service and the process it runs in.
 */
export interface Service {
  /**
   * Its short name.
   */
  name: string;
  /**
   * Its display name.
   */
  displayName: string | null;
  pid: number;
  /**
   * Running, Stopped …
   */
  state: string;
  /**
   * Whether its process may host other services.
   */
  shared: boolean;
}
/**
 * Ports that the system assigns automatically.
 */
export interface DynamicRangeSection extends Section {
  /**
   * @maxItems 256
   */
  data: PortRange[];
}
/**
 * Ports from start to end, inclusive.
 */
export interface PortRange {
  /**
   * LocalDynamic, Reserved, Privileged, Excluded, ExcludedAdministered (excluded by an administrator: may be bound explicitly), ExcludedPersistent (excluded, also after a restart) or ReservedForGuests (virtual machines and WSL).
   */
  kind: string;
  /**
   * Null means both.
   */
  protocol: 'TCP' | 'UDP' | null;
  /**
   * Null means both.
   */
  family: 'IPv4' | 'IPv6' | null;
  start: number;
  end: number;
  /**
   * The interface that reported it.
   */
  source: string;
}
/**
 * Ports that are excluded from automatic assignment, or from any use.
 */
export interface ReservedPortSection extends Section {
  data: PortRange[];
}
/**
 * Windows: the HTTP.sys request queues, which hold ports in the name of the System process. Older facts lack this section and those below.
 */
export interface HttpQueueSection extends Section {
  data: HttpQueue[];
}
/**
 * A request queue of HTTP.sys, the URLs that lead to it and the processes that serve it.
 */
export interface HttpQueue {
  /**
   * Its name, such as an IIS application pool; null for a queue without a name.
   */
  name: string | null;
  /**
   * The process that manages the queue and serves no requests, such as WAS for IIS.
   */
  controller: number | null;
  /**
   * The processes that serve it; an idle IIS pool has none.
   */
  processes: HttpProcess[];
  /**
   * The URLs registered for it.
   *
   * Items: A URL prefix: http://host:port/path or http://host:port:address/path.
   */
  urls: string[];
}
/**
 * A process that serves a request queue.
 */
export interface HttpProcess {
  pid: number;
  /**
   * The service that serves it, if netsh reports it.
   */
  service: string | null;
}
/**
 * Windows: the running drivers; queried only if one may be behind a port of the kernel.
 */
export interface DriverSection extends Section {
  data: Driver[];
}
/**
 * A driver that runs.
 */
export interface Driver {
  /**
   * Its short name.
   */
  name: string;
  /**
   * Its display name.
   */
  displayName: string | null;
  /**
   * Running, StartPending …
   */
  state: string;
}
/**
 * Windows: the rules of netsh interface portproxy.
 */
export interface PortProxySection extends Section {
  data: PortProxy[];
}
/**
 * A rule that forwards connections.
 */
export interface PortProxy {
  /**
   * The families of the two ends.
   */
  table: 'v4tov4' | 'v4tov6' | 'v6tov4' | 'v6tov6';
  /**
   * An address, a name, or * for every address.
   */
  listenAddress: string;
  listenPort: number;
  /**
   * An address or a name.
   */
  connectAddress: string;
  connectPort: number;
}
/**
 * Windows: which accounts can register which URL with HTTP.sys. A reservation by itself does not hold a port.
 */
export interface UrlReservationSection extends Section {
  data: UrlReservation[];
}
/**
 * A URL prefix, and who can register it.
 */
export interface UrlReservation {
  /**
   * The prefix.
   */
  url: string;
  /**
   * Who can register it, as a security descriptor.
   */
  sddl: string | null;
}
/**
 * Windows: the addresses that HTTP.sys listens on; an empty list means all.
 */
export interface IpListenSection extends Section {
  data: IpListenAddress[];
}
/**
 * An address that HTTP.sys listens on.
 */
export interface IpListenAddress {
  /**
   * IPv4 or IPv6.
   */
  address: string;
}
/**
 * Windows: how complete the sockets are that are bound but not listening. They are among the sockets: this section has no data.
 */
export interface BoundSocketSection extends Section {
  data: Socket[];
}
/**
 * The executable files behind the sockets; only if requested.
 */
export interface BinarySection extends Section {
  data: Binary[];
}
/**
 * An executable file.
 */
export interface Binary {
  /**
   * A process that runs it.
   */
  pid: number;
  /**
   * The full path, as its processes report it.
   */
  path: string;
  /**
   * Its SHA-256 hash in lower-case hex; null if the file could not be read.
   */
  sha256: string | null;
  /**
   * Windows: the signer, if the signature is valid; null if it is not, or was not checked.
   */
  signer: string | null;
}
/**
 * The rules of this machine's firewall for incoming traffic.
 */
export interface FirewallSection extends Section {
  data: FirewallChain[];
}
/**
 * Rules that are evaluated in order: of a profile on Windows, of a chain on Linux.
 */
export interface FirewallChain {
  /**
   * Its name.
   */
  name: string;
  /**
   * Windows: the kind of network it applies to; null means all.
   */
  profile: 'Domain' | 'Private' | 'Public' | null;
  /**
   * Linux: the packets it applies to; null means both.
   */
  family: 'IPv4' | 'IPv6' | null;
  /**
   * Whether incoming packets start here; otherwise, a jump leads here.
   */
  base: boolean;
  /**
   * Whether it is in force.
   */
  enabled: boolean;
  /**
   * What happens to packets that no rule decides.
   */
  otherwise: 'Allow' | 'Block' | 'Return';
  /**
   * @maxItems 100000
   */
  rules: FirewallRule[];
}
/**
 * One rule; conditions that it does not have are null.
 */
export interface FirewallRule {
  /**
   * Its name, or the rule itself.
   */
  name: string;
  /**
   * What it does with matching packets.
   */
  verdict: 'Allow' | 'Block' | 'Return' | 'Jump';
  /**
   * The chain that a jump leads to.
   */
  target: string | null;
  /**
   * Null means both.
   */
  protocol: 'TCP' | 'UDP' | null;
  /**
   * Null means both.
   */
  family: 'IPv4' | 'IPv6' | null;
  /**
   * Local ports; null means all.
   *
   * @maxItems 65536
   */
  ports: PortSpan[] | null;
  /**
   * Windows: only for this program, as written in the rule.
   */
  program: string | null;
  /**
   * Windows: only for this service; * means any.
   */
  service: string | null;
  /**
   * Other conditions, such as remote addresses.
   */
  limit: string | null;
  /**
   * Conditions that PortOwner does not understand: the rule may match or not.
   */
  doubt: string | null;
}
/**
 * Ports from start to end, inclusive.
 */
export interface PortSpan {
  start: number;
  end: number;
}
/**
 * Linux: the ports on which enabled systemd socket units are configured to listen.
 */
export interface SocketUnitSection extends Section {
  data: SocketUnit[];
}
/**
 * An address on which a socket unit is configured to listen.
 */
export interface SocketUnit {
  /**
   * The socket unit.
   */
  unit: string;
  /**
   * The unit that it starts.
   */
  service: string;
  protocol: 'TCP' | 'UDP';
  /**
   * If the unit has none, every address: ::.
   */
  address: string;
  port: number;
  /**
   * Whether :: excludes IPv4.
   */
  ipv6Only: boolean;
}
/**
 * The addresses of the machine's interfaces.
 */
export interface AddressSection extends Section {
  data: InterfaceAddress[];
}
/**
 * An address of an interface.
 */
export interface InterfaceAddress {
  /**
   * IPv4 or IPv6, with %scope if it has one.
   */
  address: string;
  /**
   * The name of the interface.
   */
  interface: string;
}
