import type { Refusal } from './raw.ts';

/** A process in the list of all processes. `startTime` is the same text as in the facts. */
export interface TreeProcess {
  readonly pid: number;
  /** The parent that started it; its number may belong to a younger process now. */
  readonly parent: number;
  readonly startTime: string | null;
  readonly imageName: string | null;
  /** Linux: whether it leads a session with a terminal, as the shell at a prompt does; absent if not. */
  readonly leadsTerminal?: true;
}

/** This program's own process on the machine. */
export interface Self {
  readonly pid: number;
  /** The ID of the container that it runs in. */
  readonly container: string | null;
  /** The systemd unit that it runs in. */
  readonly unit: string | null;
  /** The user whose systemd instance runs that unit; null for the system's. */
  readonly unitUser: number | null;
}

/** A service by the name that its manager uses, and the process for which it is to be stopped. */
export interface ServiceId {
  readonly name: string;
  readonly pid: number;
  /** The start time of that process; null if unknown. */
  readonly startTime: string | null;
  /** Linux: the user whose systemd instance runs it; null for the system's. */
  readonly user: number | null;
}

export interface ServiceState {
  /** Why the manager does not confirm that the process belongs to the service; null if it does. */
  readonly foreign: string | null;
  /** Why the manager would refuse to stop it; null if it would not. */
  readonly refusal: Refusal | null;
  readonly stopped: boolean;
  /** What must be stopped first so that it stays stopped: the sockets that start it. */
  readonly triggers: readonly string[];
  /** The services that stop with it, because they depend on it. */
  readonly dependents: readonly string[];
  /** Whether its manager restarts it when its process ends. */
  readonly restarts: boolean;
  /** The arguments that select the manager in its tool: `--user` … */
  readonly manager: readonly string[];
}

/** A handle to a process: it refers to the same process even if its number is reused. */
export interface HeldProcess {
  /** Asks it to end. `cannot` is why it cannot be asked. */
  ask(): { readonly how: string } | { readonly cannot: string };
  /** Ends it by force. */
  end(): void;
  ended(): boolean;
  release(): void;
}

/** Returns the refusal of a thrown error; null if the system did not refuse. */
export function refusalOf(error: unknown): Refusal | null {
  return error instanceof Error && 'refusal' in error ? (error.refusal as Refusal) : null;
}

/** The only operations that change a machine. Methods throw errors with a `refusal` (refusalOf). */
export interface Hands {
  readonly self: Self;
  /** How programs are asked to end on this system, in words. */
  readonly asking: string;
  processes(): TreeProcess[];
  /** Opens the process with this number and start time. Refused as Gone if another process has the number now. */
  hold(pid: number, startTime: string): HeldProcess;
  /** Returns the state of a service; null if there is no such service, or no service manager. */
  service(id: ServiceId): ServiceState | null;
  /**
   * Asks the manager to stop it and its dependents; does not wait for them. Refused if the process no longer belongs to
   * the service.
   */
  stopService(id: ServiceId): void;
  /** Ends the rest of it by force. Refused if it has been restarted since. */
  endService(id: ServiceId): void;
  /** Returns the sites of IIS; empty if IIS is not installed. */
  sites(): Site[];
  stopSite(name: string): void;
  /**
   * Windows: leaves this program's console for that of a process and sends Ctrl+C, if the process is alone on it.
   * Returns null if sent, else why not. Call it only in a process that does nothing else.
   */
  interrupt?(pid: number, startTime: string): string | null;
}

/** A site of IIS. */
export interface Site {
  readonly name: string;
  /** `http/*:80:host` … */
  readonly bindings: readonly string[];
  readonly started: boolean;
  /** The application pools that serve it. */
  readonly pools: readonly string[];
  /** The worker processes of these pools. */
  readonly workers: readonly number[];
}
