// A program for windows-services.test.ts: stops and restarts services that depend on each other (`BASE DEPENDENT LAST`),
// and says as JSON what it called, what came of it, and what ran then.
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === './ffi.ts' && context.parentURL?.endsWith('/servicecontrol.ts') === true
      ? next(new URL('windows-dependents.ts', import.meta.url).href, context)
      : next(specifier, context),
});

const { calls, machine } = await import('./windows-dependents.ts');
const { restartService, serviceState, startCommands, stopService } = await import('../../src/machine/windows/servicecontrol.ts');
const { systemLibrary, wide } = await import('../../src/machine/windows/ffi.ts');
const { allProcesses } = await import('../../src/machine/windows/terminate.ts');

const [base = '', middle = '', last = ''] = process.argv.slice(2);
const all = [base, middle, last];
const advapi32 = systemLibrary('advapi32.dll', {
  OpenSCManagerW: { arguments: ['pointer', 'pointer', 'uint32'], return: 'pointer' },
  OpenServiceW: { arguments: ['pointer', 'pointer', 'uint32'], return: 'pointer' },
  QueryServiceStatusEx: { arguments: ['pointer', 'int32', 'pointer', 'uint32', 'pointer'], return: 'int32' },
  ChangeServiceConfigW: {
    arguments: ['pointer', 'uint32', 'uint32', 'uint32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
    return: 'int32',
  },
});
const everything = 0xf_003f;
const manager = advapi32.OpenSCManagerW(null, null, everything);
const handleOf = (name: string): bigint => advapi32.OpenServiceW(manager, wide(name), 0xf_01ff);
const handles = new Map(all.map((name) => [name, handleOf(name)]));
const unchanged = 0xffff_ffff;

function setStart(name: string, start: number): void {
  if (advapi32.ChangeServiceConfigW(handles.get(name)!, unchanged, start, unchanged, null, null, null, null, null, null, null) === 0)
    throw new Error(`${name} has no other start type`);
}

function pidOf(name: string): number {
  const bytes = Buffer.alloc(36);
  advapi32.QueryServiceStatusEx(handles.get(name)!, 0, bytes, bytes.length, Buffer.alloc(4));
  return bytes.readUInt32LE(4) === 4 ? bytes.readUInt32LE(28) : 0;
}

machine.dependents = new Map([
  [base, [middle]],
  [middle, [last]],
]);
machine.isRunning = (name) => pidOf(name) !== 0;

/** Does something, and says what it returned, what it called, and what has another process since, or none. */
function seen(work: () => unknown) {
  calls.length = 0;
  const before = all.map(pidOf);
  const answer = work();
  const after = all.map(pidOf);
  return { answer, calls: [...calls], after: after.map((pid, i) => (pid === 0 ? 'stopped' : pid === before[i] ? 'same' : 'other')) };
}
export type SeenServices = ReturnType<typeof seen>;

const of = { timeoutMs: 30_000 };
const results: Record<string, SeenServices> = {};
results.started = seen(() => all.map((name) => restartService(name, 'restart', of)));
results.checked = seen(() => restartService(base, 'check', of));
results.restarted = seen(() => restartService(base, 'restart', of));
for (const name of [base, last]) {
  setStart(name, 4);
  results[`disabled ${name}`] = seen(() => [restartService(base, 'check', of), restartService(base, 'restart', of)]);
  setStart(name, 3);
}
machine.failing.add(base);
results.failed = seen(() => restartService(base, 'restart', of));
results.advice = seen(() => startCommands(base));
machine.failing.clear();
results.rolledBack = seen(() => restartService(base, 'restart', of));
results.healthy = seen(() => startCommands(base));
machine.failing.add(last);
results.half = seen(() => [restartService(base, 'restart', of), startCommands(base)]);
machine.failing.clear();
results.again = seen(() => restartService(base, 'restart', of));
results.stopped = seen(() => {
  const pid = pidOf(base);
  const id = { name: base, pid, startTime: allProcesses().find((one) => one.pid === pid)?.startTime ?? null, user: null };
  const { foreign, refusal, dependents } = serviceState(id)!;
  stopService(id);
  for (let i = 0; i < 100 && pidOf(base) !== 0; i++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  return { foreign, refusal, dependents };
});
writeSync(1, JSON.stringify(results));
