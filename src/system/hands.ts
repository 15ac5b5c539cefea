import type { Refusal } from './raw.ts';

/** A process in the list of all. `startTime` is the same text as in the facts. */
export interface TreeProcess {
  readonly pid: number;
  /** Its parent when it was started; that number may have gone to a younger process. */
  readonly parent: number;
  readonly startTime: string | null;
  readonly imageName: string | null;
  /** Linux: it leads a session that has a terminal, as the shell at a prompt does; absent when it does not. */
  readonly leadsTerminal?: true;
}

/** This program itself, on the machine. */
export interface Self {
  readonly pid: number;
  /** The id of the container it runs in. */
  readonly container: string | null;
  /** The systemd unit it runs in. */
  readonly unit: string | null;
  /** The user whose own systemd runs that unit; null for the system's. */
  readonly unitUser: number | null;
}

/** A service by its manager's name for it, and the process for whose sake it is meant. */
export interface ServiceId {
  readonly name: string;
  readonly pid: number;
  /** When that process was started; null if unknown. */
  readonly startTime: string | null;
  /** Linux: the user whose own systemd runs it; null for the system's. */
  readonly user: number | null;
}

export interface ServiceState {
  /** Why its manager does not show it to be the service of that very process; null when it does. */
  readonly foreign: string | null;
  /** Why its manager would not stop it; null when it would. */
  readonly refusal: Refusal | null;
  readonly stopped: boolean;
  /** What else has to be stopped before it, so that it stays stopped: the sockets that start it. */
  readonly triggers: readonly string[];
  /** What is stopped with it, because it needs it. */
  readonly dependents: readonly string[];
  /** Whether its manager starts it again by itself when its process ends. */
  readonly restarts: boolean;
  /** Which manager runs it, as its tool's arguments: `--user` … */
  readonly manager: readonly string[];
}

/** A process that is held on to: whatever becomes of its number, it is meant and no other. */
export interface HeldProcess {
  /** Asks it to end. `cannot` says why it cannot be asked. */
  ask(): { readonly how: string } | { readonly cannot: string };
  /** Ends it by force. */
  end(): void;
  ended(): boolean;
  release(): void;
}

/** What the system refused, if that is what was thrown: an error with a `refusal`. */
export function refusalOf(error: unknown): Refusal | null {
  return error instanceof Error && 'refusal' in error ? (error.refusal as Refusal) : null;
}

/** What changes a machine: the only things that do. Methods throw errors with a `refusal` (refusalOf). */
export interface Hands {
  readonly self: Self;
  /** How a program is asked here, in words. */
  readonly asking: string;
  processes(): TreeProcess[];
  /** Takes hold of the process with this number that was started then. Refused as Gone when it is another one. */
  hold(pid: number, startTime: string): HeldProcess;
  /** Null where there is no such service, or no manager of services. */
  service(id: ServiceId): ServiceState | null;
  /**
   * Asks the manager to stop it, and what goes with it; does not wait until it is stopped. Refused when it is not the
   * service of that very process any more.
   */
  stopService(id: ServiceId): void;
  /** Ends what is left of it by force. Refused when it was started anew since. */
  endService(id: ServiceId): void;
  /** The sites of IIS; empty where there is none. */
  sites(): Site[];
  stopSite(name: string): void;
  /**
   * Windows: leaves this program's console for that of a process and sends Ctrl+C there, if it is alone on it. Null
   * when it was sent, else why not. For a process that does nothing else.
   */
  interrupt?(pid: number, startTime: string): string | null;
}

/** A site of IIS. */
export interface Site {
  readonly name: string;
  /** `http/*:80:host` … */
  readonly bindings: readonly string[];
  readonly started: boolean;
  /** The application pools that it runs in. */
  readonly pools: readonly string[];
  /** The worker processes of these pools. */
  readonly workers: readonly number[];
}
