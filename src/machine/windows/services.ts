import { Refused, refused, win32 } from './errors.ts';
import { addressOf, systemLibrary } from './ffi.ts';
import { lastError, lastErrorCode } from './kernel32.ts';

// https://learn.microsoft.com/windows/win32/api/winsvc/nf-winsvc-enumservicesstatusexw
const advapi32 = systemLibrary('advapi32.dll', {
  OpenSCManagerW: { arguments: ['pointer', 'pointer', 'uint32'], return: 'pointer' },
  CloseServiceHandle: { arguments: ['pointer'], return: 'int32' },
  EnumServicesStatusExW: {
    arguments: [
      'pointer',
      'int32',
      'uint32',
      'uint32',
      'pointer',
      'uint32',
      'pointer',
      'pointer',
      'pointer',
      'pointer',
    ],
    return: 'int32',
  },
});

const connectAndEnumerate = 0x1 | 0x4;
const processInformation = 0;
/** Services that run as processes, and drivers. */
const kinds = { services: 0x30, drivers: 0x0b } as const;
const active = 1;
/** The largest buffer that one call accepts. */
const largestPage = 256 * 1024;

/**
 * Every service or driver that is not stopped: ENUM_SERVICE_STATUS_PROCESSW, undecoded, and how it was read
 * (see decodeServices).
 */
export function activeServices(kind: keyof typeof kinds): { bytes: Buffer; pages: string } {
  const manager = advapi32.OpenSCManagerW(null, null, connectAndEnumerate);
  if (manager === 0n) throw lastError('OpenSCManagerW');
  try {
    const [needed, returned, resume] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)];
    const pages: { bytes: Buffer; page: string }[] = [];
    let length = 64 * 1024;
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.alloc(length);
      const done =
        advapi32.EnumServicesStatusExW(
          manager,
          processInformation,
          kinds[kind],
          active,
          bytes,
          length,
          needed,
          returned,
          resume,
          null,
        ) !== 0;
      const error = done ? 0 : lastErrorCode();
      if (error !== 0 && error !== win32.moreData) throw refused('EnumServicesStatusExW', error);
      pages.push({ bytes, page: `${addressOf(bytes).toString(16)}:${length}:${returned.readUInt32LE()}` });
      if (done)
        return {
          bytes: Buffer.concat(pages.map(({ bytes }) => bytes)),
          pages: pages.map(({ page }) => page).join(' '),
        };
      length = Math.min(largestPage, needed.readUInt32LE() + 16 * 1024);
    }
    throw new Refused('Failed', 'the list of services has no end');
  } finally {
    advapi32.CloseServiceHandle(manager);
  }
}
