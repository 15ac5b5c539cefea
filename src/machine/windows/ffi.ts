import {
  DynamicLibrary,
  getRawPointer,
  type FunctionDefinitions,
  type WrappedFunctionsFromDefinitions,
} from 'node:ffi';
import { errorCode } from '../../io/errors.ts';
import { Refused } from './errors.ts';

/*
 * How calls are declared in this folder: handles, addresses, and buffers are `pointer` (a bigint or a Buffer),
 * BOOL and NTSTATUS are int32, DWORD and ULONG are uint32, SIZE_T is uint64. A wrong declaration ends the process,
 * which cannot be caught: only functions that Microsoft documents are called, with the sizes allocated here.
 */

function find<T>(what: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) === 'ERR_FFI_CALL_FAILED') {
      throw new Refused('NotSupported', `this Windows has no ${what}`);
    }
    throw error;
  }
}

/** Functions that are looked up on first use; a missing one then throws Refused with NotSupported. */
function lazily<const D extends FunctionDefinitions>(
  file: string,
  path: () => string,
  definitions: D,
): WrappedFunctionsFromDefinitions<D> {
  let library: DynamicLibrary | undefined;
  const functions: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(definitions)) {
    Object.defineProperty(functions, name, {
      configurable: true,
      get() {
        library ??= find(file, () => new DynamicLibrary(path()));
        const value = find(`${name} in ${file}`, () => library!.getFunction(name, signature));
        Object.defineProperty(functions, name, { value });
        return value;
      },
    });
  }
  return functions as WrappedFunctionsFromDefinitions<D>;
}

// kernel32.dll is mapped into every process before its first instruction, so its bare name cannot find another file.
// Anyone could have set SystemRoot in the environment; the answer of kernel32 comes from the system.
const loader = lazily('kernel32.dll', () => 'kernel32.dll', {
  GetSystemDirectoryW: { arguments: ['pointer', 'uint32'], return: 'uint32' },
});

let directory: string | undefined;

/**
 * The folder of the system's own DLLs and tools, such as `C:\Windows\System32`.
 * https://learn.microsoft.com/windows/win32/api/sysinfoapi/nf-sysinfoapi-getsystemdirectoryw
 */
export function systemDirectory(): string {
  if (directory !== undefined) return directory;
  const capacity = 32768;
  const buffer = Buffer.alloc(capacity * 2);
  const length = loader.GetSystemDirectoryW(buffer, capacity);
  if (length === 0 || length >= capacity) throw new Refused('Failed', 'GetSystemDirectoryW failed');
  directory = buffer.toString('utf16le', 0, length * 2);
  return directory;
}

/** Functions of a DLL in the system directory, by name; each is looked up on first use. */
export function systemLibrary<const D extends FunctionDefinitions>(
  file: string,
  definitions: D,
): WrappedFunctionsFromDefinitions<D> {
  return lazily(file, () => `${systemDirectory()}\\${file}`, definitions);
}

/** The address of a buffer's bytes; valid as long as the buffer is referenced. */
export function addressOf(buffer: Buffer): bigint {
  return getRawPointer(buffer);
}

/** Text as a NUL-terminated UTF-16 string. */
export function wide(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le');
}

/** The NUL-terminated UTF-16 string at the start of a buffer. */
export function wideText(buffer: Buffer): string {
  const text = buffer.toString('utf16le');
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
