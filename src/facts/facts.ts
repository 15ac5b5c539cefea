// Generated from facts.schema.json by build.mjs: change the schema, not this file.

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
}
/**
 * TCP and UDP sockets.
 */
export interface SocketSection {
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
  data: Socket[];
}
/**
 * One socket.
 */
export interface Socket {
  protocol: 'TCP' | 'UDP';
  /**
   * IPv4 dotted or IPv6 in its shortest form (RFC 5952), with %scope where there is one.
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
 * Processes that hold a socket, and their parents.
 */
export interface ProcessSection {
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
   * The account it runs as.
   */
  user: string | null;
  /**
   * The process that started it, if that one still runs.
   */
  parent: number | null;
  startTime: Instant | null;
  /**
   * Linux: the systemd unit.
   */
  unit: string | null;
  container: Container | null;
  refusals: FieldRefusal[];
}
/**
 * The container a process runs in.
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
}
/**
 * Services that have a process.
 */
export interface ServiceSection {
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
export interface DynamicRangeSection {
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
  data: PortRange[];
}
/**
 * Ports from start to end, both included.
 */
export interface PortRange {
  /**
   * LocalDynamic, Reserved or Excluded.
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
export interface ReservedPortSection {
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
  data: PortRange[];
}
