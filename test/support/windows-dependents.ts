// Stands in for src/machine/windows/ffi.ts: Wine's EnumDependentServicesW lists nothing. What depends on a service comes
// from the registry, and the order of the calls that stop and start services is kept. `failing` fails to start.
import type { FunctionDefinitions, WrappedFunctionsFromDefinitions } from 'node:ffi';
import { addressOf, systemLibrary as realLibrary, wide, wideText } from '../../src/machine/windows/ffi.ts';

export * from '../../src/machine/windows/ffi.ts';

const kernel32 = realLibrary('kernel32.dll', { SetLastError: { arguments: ['uint32'], return: 'void' } });
const entrySize = 48;
const [moreData, timedOut] = [234, 1053];

/** What depends directly on each service, and which of them run: set by the test. */
export const machine = { dependents: new Map<string, readonly string[]>(), isRunning: (_: string): boolean => false, failing: new Set<string>() };
export const calls: string[] = [];
const names = new Map<bigint, string>();

/** Those that depend on a service, in the order in which they have to be stopped, as Windows lists them. */
const all = (name: string): string[] => (machine.dependents.get(name) ?? []).flatMap((one) => all(one).concat(one));

/** ENUM_SERVICE_STATUSW: first the entries, and then the names that they point to. */
function enumerate(service: bigint, bytes: Buffer, [needed, count]: readonly Buffer[]): number {
  const found = all(names.get(service) ?? '').filter(machine.isRunning);
  const texts = found.map(wide);
  const size = found.length * entrySize + texts.reduce((sum, text) => sum + text.length, 0);
  // Once as if the list had grown: the answer has to be asked for again.
  if (size > bytes.length || (found.length > 0 && bytes.length <= 16 * 1024)) {
    needed!.writeUInt32LE(size);
    kernel32.SetLastError(moreData);
    return 0;
  }
  let at = found.length * entrySize;
  for (const [index, text] of texts.entries()) {
    bytes.writeBigUInt64LE(addressOf(bytes) + BigInt(at), index * entrySize);
    text.copy(bytes, at);
    at += text.length;
  }
  count!.writeUInt32LE(found.length);
  return 1;
}

type Call = (...args: never[]) => number | bigint;

/** The functions of a DLL; of those that control services, some are watched, and one is replaced. */
export function systemLibrary<const D extends FunctionDefinitions>(file: string, definitions: D): WrappedFunctionsFromDefinitions<D> {
  const real = realLibrary(file, definitions) as Record<string, Call>;
  if (!('EnumDependentServicesW' in definitions)) return real as WrappedFunctionsFromDefinitions<D>;
  const watched: Record<string, (...args: never[]) => number | bigint> = {
    OpenServiceW(manager: bigint, name: Buffer, rights: number) {
      const handle = real.OpenServiceW!(...([manager, name, rights] as never[])) as bigint;
      names.set(handle, wideText(name));
      return handle;
    },
    EnumDependentServicesW: (service: bigint, _: number, bytes: Buffer, __: number, needed: Buffer, count: Buffer) => enumerate(service, bytes, [needed, count]),
    ControlService(service: bigint, control: number, status: Buffer) {
      calls.push(`stop ${names.get(service)}`);
      return real.ControlService!(...([service, control, status] as never[]));
    },
    StartServiceW(service: bigint, count: number, args: null) {
      const name = names.get(service)!;
      calls.push(`start ${name}`);
      if (!machine.failing.has(name)) return real.StartServiceW!(...([service, count, args] as never[]));
      kernel32.SetLastError(timedOut);
      return 0;
    },
  };
  return new Proxy(real, { get: (functions, name: string) => watched[name] ?? functions[name] }) as WrappedFunctionsFromDefinitions<D>;
}
