// Generated from facts.schema.json by "node build.mjs generate": change the schema, not this file.

/**
 * A UTC instant, ISO 8601.
 */
export type Instant = string;

/**
 * What PortOwner knows about one machine at one moment: plain data, decoded from what the system said.
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
   * Its processor architecture, by Node's names.
   */
  architecture: string;
  /**
   * Whether the facts were gathered with full rights.
   */
  elevated: boolean | null;
}
/**
 * What was asked, each with how well it was answered.
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
   * IPv4 dotted or IPv6 in its shortest form (RFC 5952), with %interface where it is bound to one, or the address local to one.
   */
  localAddress: string;
  localPort: number;
  /**
   * Null for listeners and UDP.
   */
  remoteAddress: string | null;
  remotePort: number | null;
  /**
   * By the names of Get-NetTCPConnection; null for UDP.
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
   * The owner: the oldest holder where several hold it; null when it could not be seen or there is none.
   */
  pid: number | null;
  /**
   * Every process that holds the socket, oldest first; empty when none could be seen.
   */
  holders: number[];
  /**
   * When it was bound.
   */
  created: Instant | null;
  /**
   * The account that made the socket, where the system keeps it.
   */
  user: string | null;
  /**
   * True when no process can hold it: the kernel itself listens, or it is in TIME_WAIT.
   */
  kernel: boolean;
  refusals: FieldRefusal[];
  /**
   * Windows: the service that made the socket, by its tag; absent when the socket has none or it was not asked.
   */
  service?: string;
  /**
   * Linux: the part of the kernel that was shown to have the socket; absent when none was.
   */
  kernelPart?: string;
  container?: Container;
  /**
   * Linux: a connection that waits in the queue of a listener, whose holders are said to have it; absent when it does not.
   */
  unaccepted?: true;
  /**
   * Linux: the VRF by whose interface it is bound, and whose ports are apart from all others; absent when there is none.
   */
  vrf?: string;
  /**
   * Windows: where the owner has ended, the processes it started that still run and may have inherited the socket, the likeliest first.
   */
  heirs?: number[];
  /**
   * Windows: where the owner has ended and nothing that it started is seen to run, processes that were started after the socket was bound and whose parent has ended, too: one of them may have inherited the socket, the oldest first.
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
   * In words.
   */
  text: string;
  /**
   * What would reveal it.
   */
  needs: string | null;
}
/**
 * The container whose published port the owner passes on, as its engine says; absent when that was not asked, or there is none.
 */
export interface Container {
  /**
   * docker, podman, containerd, crio, lxc …
   */
  runtime: string;
  /**
   * Its id or name.
   */
  id: string;
  /**
   * Its name, as its engine says; absent when that was not asked or does not say, as are those below.
   */
  name?: string;
  /**
   * What it was made from.
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
   * Its restart policy; only when it was asked what may start it again.
   */
  restart?: 'no' | 'always' | 'unless-stopped' | 'on-failure';
}
/**
 * What every section says of itself; each adds its data.
 */
export interface Section {
  /**
   * Data of a section that is not ok says nothing about what is missing from it.
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
   * When the system was asked.
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
   * Its executable, whole path.
   */
  path: string | null;
  /**
   * Masked; only when asked for.
   */
  commandLine: string | null;
  /**
   * What it runs, where its file name does not say it: node server.js, vite, redis-server. Short, without path, version and port.
   */
  application?: string;
  /**
   * Linux: what systemd does when the service of the unit ends; only when it was asked what may start it again.
   */
  unitRestart?: 'no' | 'on-success' | 'on-failure' | 'on-abnormal' | 'on-watchdog' | 'on-abort' | 'always';
  /**
   * What of its arguments says that it starts again what it has started: --watch, --reload, a loop; absent where nothing does.
   */
  restartsBy?: string;
  /**
   * Only from saved rows: what they say of it that its other facts do not show.
   */
  saved?: {
    /**
     * What starts it again when it ends.
     */
    supervisor?: string;
    /**
     * What it is to the processes that it starts: Supervisor, Shell, and so on.
     */
    role?: string;
    /**
     * The project that it was started in, and its folder.
     */
    project?: string;
  };
  /**
   * Its working directory; only when asked for.
   */
  workingDirectory?: string | null;
  /**
   * The account it runs as.
   */
  user: string | null;
  /**
   * Windows: the account for whom Administrator Protection made the one it runs as; absent for any other process.
   */
  realUser?: string;
  /**
   * The process that started it, if that one still runs.
   */
  parent: number | null;
  startTime: Instant | null;
  /**
   * Linux: the systemd unit.
   */
  unit: string | null;
  /**
   * Linux: the user whose own systemd runs the unit; without one it is the system's.
   */
  unitUser?: number;
  container: Container1 | null;
  refusals: FieldRefusal[];
  /**
   * What it passes on to others, when it is a relay.
   */
  relays?: Relay[];
  /**
   * Linux: the file itself has the name in path, though that ends as the kernel marks a removed one, ' (deleted)'.
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
   * Its id or name.
   */
  id: string;
  /**
   * Its name, as its engine says; absent when that was not asked or does not say, as are those below.
   */
  name?: string;
  /**
   * What it was made from.
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
   * Its restart policy; only when it was asked what may start it again.
   */
  restart?: 'no' | 'always' | 'unless-stopped' | 'on-failure';
}
/**
 * What a process passes on.
 */
export interface Relay {
  /**
   * What kind of relay it is.
   */
  name: string;
  /**
   * The local port it is about; null: all of the process.
   */
  listenPort: number | null;
  /**
   * Where connections go, where that is known.
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
   * Its name for people.
   */
  displayName: string | null;
  pid: number;
  /**
   * Running, Stopped …
   */
  state: string;
  /**
   * True when its process may host other services.
   */
  shared: boolean;
}
/**
 * Ports the system hands out by itself.
 */
export interface DynamicRangeSection extends Section {
  /**
   * @maxItems 256
   */
  data: PortRange[];
}
/**
 * Ports from start to end, both included.
 */
export interface PortRange {
  /**
   * LocalDynamic, Reserved, Privileged, Excluded, ExcludedAdministered (excluded by an administrator: may be bound explicitly), ExcludedPersistent (excluded, also after a restart) or ReservedForGuests (virtual machines and WSL).
   */
  kind: string;
  /**
   * Null: both.
   */
  protocol: 'TCP' | 'UDP' | null;
  /**
   * Null: both.
   */
  family: 'IPv4' | 'IPv6' | null;
  start: number;
  end: number;
  /**
   * The interface that said it.
   */
  source: string;
}
/**
 * Ports kept from random use, or from any.
 */
export interface ReservedPortSection extends Section {
  data: PortRange[];
}
/**
 * Windows: the HTTP.sys request queues, which hold ports in the name of the System process. Absent in facts older than the section, as are those below.
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
   * The service that serves it, where netsh tells.
   */
  service: string | null;
}
/**
 * Windows: the drivers that run, asked only where one may be behind a port of the kernel.
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
   * Its name for people.
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
 * A rule that passes connections on.
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
 * Windows: who may register which URL with HTTP.sys. A reservation alone holds no port.
 */
export interface UrlReservationSection extends Section {
  data: UrlReservation[];
}
/**
 * A URL prefix and who may register it.
 */
export interface UrlReservation {
  /**
   * The prefix.
   */
  url: string;
  /**
   * Who may, as a security descriptor.
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
 * Windows: how well the sockets that are bound but not listening could be had. They are among the sockets: this section has no data of its own.
 */
export interface BoundSocketSection extends Section {
  data: Socket[];
}
/**
 * The executable files behind the sockets, only when asked for.
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
   * Whole path, as its processes have it.
   */
  path: string;
  /**
   * The SHA-256 of its bytes, lower-case hex; null when they could not be read.
   */
  sha256: string | null;
  /**
   * Windows: the name of who signed it, once the signature was found valid; null when it is not, or was not looked at.
   */
  signer: string | null;
}
/**
 * The rules of this machine's firewall for what comes in.
 */
export interface FirewallSection extends Section {
  data: FirewallChain[];
}
/**
 * Rules that are tried in their order. On Windows each profile has one; on Linux each chain.
 */
export interface FirewallChain {
  /**
   * Its name.
   */
  name: string;
  /**
   * Windows: the kind of network for which it is in force; null: for all.
   */
  profile: 'Domain' | 'Private' | 'Public' | null;
  /**
   * Linux: the packets that it sees; null: both.
   */
  family: 'IPv4' | 'IPv6' | null;
  /**
   * Whether what comes in starts here; else it gets here by a jump.
   */
  base: boolean;
  /**
   * Whether it is in force.
   */
  enabled: boolean;
  /**
   * What becomes of what no rule decides.
   */
  otherwise: 'Allow' | 'Block' | 'Return';
  /**
   * @maxItems 100000
   */
  rules: FirewallRule[];
}
/**
 * One rule; what it does not ask for is null.
 */
export interface FirewallRule {
  /**
   * Its name, or the rule itself.
   */
  name: string;
  /**
   * What it does with what it matches.
   */
  verdict: 'Allow' | 'Block' | 'Return' | 'Jump';
  /**
   * The chain that a jump leads to.
   */
  target: string | null;
  /**
   * Null: both.
   */
  protocol: 'TCP' | 'UDP' | null;
  /**
   * Null: both.
   */
  family: 'IPv4' | 'IPv6' | null;
  /**
   * Local ports; null: all.
   *
   * @maxItems 65536
   */
  ports: PortSpan[] | null;
  /**
   * Windows: only for this program, as the rule writes it.
   */
  program: string | null;
  /**
   * Windows: only for this service; * is any.
   */
  service: string | null;
  /**
   * What else limits it, such as remote addresses.
   */
  limit: string | null;
  /**
   * What of it is not understood: it may match or not.
   */
  doubt: string | null;
}
/**
 * Ports from start to end, both included.
 */
export interface PortSpan {
  start: number;
  end: number;
}
/**
 * Linux: the ports that enabled systemd socket units are to listen on.
 */
export interface SocketUnitSection extends Section {
  data: SocketUnit[];
}
/**
 * One address that a socket unit is to listen on.
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
   * Without one in the unit every address, ::.
   */
  address: string;
  port: number;
  /**
   * Whether :: leaves IPv4 alone.
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
   * IPv4 or IPv6, with %scope where it has one.
   */
  address: string;
  /**
   * The name of the interface.
   */
  interface: string;
}
