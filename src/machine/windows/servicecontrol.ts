import type { ServiceProcess } from '../../system/configuration.ts';
import type { ServiceId, ServiceState } from '../../system/hands.ts';
import type { Refusal } from '../../system/raw.ts';
import { Refused, refused, win32 } from './errors.ts';
import { addressOf, systemLibrary, wide, wideText } from './ffi.ts';
import { lastError, lastErrorCode } from './kernel32.ts';
import { allProcesses, holdProcess } from './terminate.ts';

// https://learn.microsoft.com/windows/win32/api/winsvc/
const advapi32 = systemLibrary('advapi32.dll', {
  OpenSCManagerW: { arguments: ['pointer', 'pointer', 'uint32'], return: 'pointer' },
  OpenServiceW: { arguments: ['pointer', 'pointer', 'uint32'], return: 'pointer' },
  CloseServiceHandle: { arguments: ['pointer'], return: 'int32' },
  QueryServiceStatusEx: { arguments: ['pointer', 'int32', 'pointer', 'uint32', 'pointer'], return: 'int32' },
  QueryServiceConfigW: { arguments: ['pointer', 'pointer', 'uint32', 'pointer'], return: 'int32' },
  EnumDependentServicesW: {
    arguments: ['pointer', 'uint32', 'pointer', 'uint32', 'pointer', 'pointer'],
    return: 'int32',
  },
  ControlService: { arguments: ['pointer', 'uint32', 'pointer'], return: 'int32' },
  StartServiceW: { arguments: ['pointer', 'uint32', 'pointer'], return: 'int32' },
});

const connect = 0x1;
const access = { look: 0x4 | 0x8, stop: 0x4 | 0x8 | 0x20, restart: 0x1 | 0x4 | 0x8 | 0x10 | 0x20 } as const;
const active = 1;
const stopControl = 1;
const stoppedState = 1;
const stopPendingState = 3;
const runningState = 4;
const disabledStart = 4;
const alreadyRunning = 1056;
const isDisabled = 1058;
const noSuchService = 1060;
const cannotAccept = 1061;
const notActive = 1062;
/** How long to wait for a service at least. */
const shortestMs = 30_000;

const clock = new Int32Array(new SharedArrayBuffer(4));

function withService<T>(name: string, rights: number, use: (service: bigint) => T): T {
  const manager = advapi32.OpenSCManagerW(null, null, connect);
  if (manager === 0n) throw lastError('OpenSCManagerW');
  try {
    const service = advapi32.OpenServiceW(manager, wide(name), rights);
    if (service === 0n) {
      const error = lastErrorCode();
      if (error === noSuchService) throw new Refused('NotSupported', `the service ${name} does not exist`);
      throw error === win32.accessDenied
        ? new Refused('AccessDenied', `the service manager does not let this user stop ${name}`)
        : refused('OpenServiceW', error);
    }
    try {
      return use(service);
    } finally {
      advapi32.CloseServiceHandle(service);
    }
  } finally {
    advapi32.CloseServiceHandle(manager);
  }
}

/** SERVICE_STATUS_PROCESS */
function status(service: bigint): { readonly state: number; readonly accepted: number; readonly pid: number } {
  const bytes = Buffer.alloc(36);
  if (advapi32.QueryServiceStatusEx(service, 0, bytes, bytes.length, Buffer.alloc(4)) === 0)
    throw lastError('QueryServiceStatusEx');
  return { state: bytes.readUInt32LE(4), accepted: bytes.readUInt32LE(8), pid: bytes.readUInt32LE(28) };
}

/** The start type of a service: QUERY_SERVICE_CONFIGW, which has at most 8 KB. */
function startType(service: bigint): number {
  const bytes = Buffer.alloc(8 * 1024);
  if (advapi32.QueryServiceConfigW(service, bytes, bytes.length, Buffer.alloc(4)) === 0)
    throw lastError('QueryServiceConfigW');
  return bytes.readUInt32LE(4);
}

/** ENUM_SERVICE_STATUSW on 64 bits: two pointers and seven numbers. */
const entrySize = 48;

/** The running services that depend on this one, in the order in which they must be stopped. */
function dependents(service: bigint): string[] {
  const [needed, count] = [Buffer.alloc(4), Buffer.alloc(4)];
  let bytes = Buffer.alloc(16 * 1024);
  for (let i = 0; i < 5; i++) {
    if (advapi32.EnumDependentServicesW(service, active, bytes, bytes.length, needed, count) !== 0) {
      const base = addressOf(bytes);
      return Array.from({ length: count.readUInt32LE() }, (_, index) => {
        const offset = Number(bytes.readBigUInt64LE(index * entrySize) - base);
        if (offset < 0 || offset >= bytes.length)
          throw new Refused('Failed', 'EnumDependentServicesW gave a name outside of its answer');
        return wideText(bytes.subarray(offset));
      });
    }
    const error = lastErrorCode();
    if (error !== win32.moreData) throw refused('EnumDependentServicesW', error);
    bytes = Buffer.alloc(bytes.length + needed.readUInt32LE());
  }
  throw new Refused('Failed', 'the list of dependent services grew faster than it could be read');
}

/** Returns why a service is not proved to run in a process, or null if it does. */
function foreignTo({ name, pid, startTime }: ServiceId, actual: number): string | null {
  if (actual !== pid)
    return actual === 0
      ? `the service manager says that ${name} does not run`
      : `the service manager says that ${name} runs in process ${actual}, not in ${pid}`;
  const started = allProcesses().find((process) => process.pid === pid)?.startTime;
  return startTime === null || started !== startTime ? `process ${pid} has ended` : null;
}

/** Throws Refused if a service no longer runs in the expected process. */
function checkMeant(id: ServiceId, service: bigint): void {
  const foreign = foreignTo(id, status(service).pid);
  if (foreign !== null)
    throw new Refused('Failed', `the service ${id.name} has changed since it was inspected: ${foreign}`);
}

/** Reads the state of a service. Returns null if there is no such service. */
export function serviceState(id: ServiceId): ServiceState | null {
  const { name } = id;
  const look = (service: bigint): ServiceState => {
    const { state, accepted, pid } = status(service);
    const refusal: Refusal | null =
      state === stoppedState || (accepted & 1) !== 0
        ? null
        : { code: 'NotSupported', text: `the service ${name} cannot be stopped` };
    return {
      foreign: foreignTo(id, pid),
      refusal,
      stopped: state === stoppedState,
      triggers: [],
      dependents: dependents(service),
      restarts: false,
      manager: [],
    };
  };
  try {
    return withService(name, access.stop, look);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.refusal.code === 'NotSupported') return null;
    if (error.refusal.code !== 'AccessDenied') throw error;
    const { refusal } = error;
    try {
      return { ...withService(name, access.look, look), refusal };
    } catch {
      return { foreign: null, refusal, stopped: false, triggers: [], dependents: [], restarts: false, manager: [] };
    }
  }
}

/** Sends a stop to a service. `check` is called with the open service, right before the stop is sent. */
function control(name: string, check: (service: bigint) => void = () => {}): void {
  withService(name, access.stop, (service) => {
    check(service);
    if (advapi32.ControlService(service, stopControl, Buffer.alloc(28)) !== 0) return;
    const error = lastErrorCode();
    if (error === notActive) return;
    // It stops already, because of an attempt that took too long.
    if (error === cannotAccept && status(service).state === stopPendingState) return;
    throw error === win32.accessDenied
      ? new Refused('AccessDenied', `the service manager does not let this user stop ${name}`)
      : refused(`stopping the service ${name}`, error);
  });
}

/** Stops the dependent services and waits for them, then asks the service to stop. */
export function stopService(id: ServiceId): void {
  const check = (service: bigint): void => checkMeant(id, service);
  const needing = withService(id.name, access.stop, (service) => (check(service), dependents(service)));
  for (const dependent of needing) {
    control(dependent);
    waitFor(dependent, stoppedState, 'stop');
  }
  control(id.name, check);
}

/** Waits until a service is in a state. */
function waitFor(name: string, state: number, what: string, timeoutMs = shortestMs): void {
  const end = Date.now() + timeoutMs;
  while (withService(name, access.look, (service) => status(service).state) !== state) {
    if (Date.now() > end)
      throw new Refused('Failed', `the service ${name} did not ${what} within ${timeoutMs / 1000} s`);
    Atomics.wait(clock, 0, 0, 100);
  }
}

function start(name: string, timeoutMs?: number): void {
  withService(name, access.restart, (service) => {
    if (advapi32.StartServiceW(service, 0, null) !== 0) return;
    const error = lastErrorCode();
    if (error === isDisabled) throw new Refused('Failed', disabledText(name));
    if (error !== alreadyRunning) throw refused(`starting the service ${name}`, error);
  });
  waitFor(name, runningState, 'start', timeoutMs);
}

/** The services that were stopped because they depend on one whose restart failed: its next restart starts them. */
const owed = new Map<string, readonly string[]>();

/** Starts the dependent services again after a failure, if the service itself runs. */
function startOwed(name: string): void {
  for (const one of (owed.get(name) ?? []).toReversed()) {
    try {
      if (withService(name, access.look, (service) => status(service).state) === runningState) start(one);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
}

const nameText = (name: string): string => (/\s/.test(name) ? `"${name}"` : name);

const disabledText = (name: string): string =>
  `the service ${name} is disabled, so it cannot be started: to enable it, sc.exe config ${nameText(name)} start= demand`;

/** Throws Refused if a service cannot be stopped, or could not be started again: Windows stops a disabled one. */
function checkRestartable(name: string): void {
  withService(name, access.restart, (service) => {
    const { state, accepted } = status(service);
    if (state === runningState && (accepted & 1) === 0)
      throw new Refused('Failed', `the service ${name} cannot be stopped`);
    if (startType(service) === disabledStart) throw new Refused('Failed', disabledText(name));
  });
}

/** The commands that start what is stopped of a service, and of those that were stopped with it. */
export function startCommands(name: string): string[] {
  const isStopped = (one: string): boolean => {
    try {
      return withService(one, access.look, status).state === stoppedState;
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
  };
  return [name, ...(owed.get(name) ?? []).toReversed()].filter(isStopped).map((one) => `sc.exe start ${nameText(one)}`);
}

/**
 * Restarts a service, and the running ones that depend on it, as Restart-Service -Force does. Returns why that failed,
 * or null. A service that does not run is started. A check changes nothing.
 */
export function restartService(
  name: string,
  action: 'restart' | 'reload' | 'check',
  of: Pick<ServiceProcess, 'timeoutMs'>,
): { readonly text: string; readonly isMissing: boolean } | null {
  const timeoutMs = Math.max(of.timeoutMs, shortestMs);
  try {
    const needing = withService(name, access.restart, dependents);
    for (const one of [...needing, name]) checkRestartable(one);
    if (action === 'check') return null;
    // In the order in which they were stopped; those that run now are not all that ran before.
    const others = [...new Set([...(owed.get(name) ?? []), ...needing])];
    owed.set(name, others);
    for (const one of [...needing, name]) {
      control(one);
      waitFor(one, stoppedState, 'stop', timeoutMs);
    }
    for (const one of [name, ...others.toReversed()]) start(one, timeoutMs);
    owed.delete(name);
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    startOwed(name);
    return { text: error.message, isMissing: error.refusal.code === 'NotSupported' };
  }
}

/** Ends the process of a service that does not share it. */
export function endService(id: ServiceId): void {
  withService(id.name, access.look, (service) => checkMeant(id, service));
  // While the handle is open, the process ID cannot be reused.
  const held = holdProcess(id.pid, id.startTime ?? '');
  try {
    withService(id.name, access.look, (service) => checkMeant(id, service));
    held.end();
  } finally {
    held.release();
  }
}
