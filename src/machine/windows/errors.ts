import type { Refusal } from '../../system/raw.ts';

/** Thrown in this folder if Windows refuses an operation; source.ts converts it to a raw entry. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(code: Refusal['code'], text: string) {
    super(text);
    this.refusal = { code, text };
  }
}

/** https://learn.microsoft.com/windows/win32/debug/system-error-codes */
export const win32 = {
  fileNotFound: 2,
  accessDenied: 5,
  notSupported: 50,
  invalidParameter: 87,
  callNotImplemented: 120,
  insufficientBuffer: 122,
  moreData: 234,
  noMoreItems: 259,
  noneMapped: 1332,
} as const;

/** https://learn.microsoft.com/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55 */
export const ntstatus = {
  notImplemented: 0xc0000002,
  invalidInfoClass: 0xc0000003,
  infoLengthMismatch: 0xc0000004,
  invalidCid: 0xc000000b,
  accessDenied: 0xc0000022,
  notSupported: 0xc00000bb,
} as const;

/** The error for a call that returned a Win32 error code. */
export function refused(call: string, error: number): Refused {
  if (error === win32.accessDenied) return new Refused('AccessDenied', `${call} was denied`);
  if (error === win32.notSupported || error === win32.callNotImplemented)
    return new Refused('NotSupported', `this Windows has no ${call}`);
  return new Refused('Failed', `${call} failed with error ${error}`);
}

/** The error for a call that returned an NTSTATUS. */
export function refusedStatus(call: string, status: number): Refused {
  switch (status) {
    case ntstatus.accessDenied:
      return new Refused('AccessDenied', `${call} was denied`);
    case ntstatus.invalidCid:
      return new Refused('Gone', 'the process has ended');
    case ntstatus.notImplemented:
    case ntstatus.invalidInfoClass:
    case ntstatus.notSupported:
      return new Refused('NotSupported', `this Windows has no ${call}`);
    default:
      return new Refused('Failed', `${call} failed with status ${status.toString(16)}`);
  }
}
