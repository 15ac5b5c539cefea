import { Refused, refused, win32 } from './errors.ts';
import { addressOf, systemLibrary } from './ffi.ts';

// https://learn.microsoft.com/windows/win32/api/http/nf-http-httpinitialize; HTTPAPI_VERSION is two USHORTs by value.
// https://learn.microsoft.com/windows/win32/api/http/nf-http-httpqueryserviceconfiguration
const httpapi = systemLibrary('httpapi.dll', {
  HttpInitialize: { arguments: ['uint32', 'uint32', 'pointer'], return: 'uint32' },
  HttpTerminate: { arguments: ['uint32', 'pointer'], return: 'uint32' },
  HttpQueryServiceConfiguration: {
    arguments: ['pointer', 'int32', 'pointer', 'uint32', 'pointer', 'uint32', 'pointer', 'pointer'],
    return: 'uint32',
  },
});

const version1 = 1;
const forConfiguration = 0x2;
const configuration = { ipListenList: 0, urlReservations: 2 } as const;
const queryNext = 1;
const call = 'HttpQueryServiceConfiguration';

function withHttp<T>(use: () => T): T {
  const error = httpapi.HttpInitialize(version1, forConfiguration, null);
  if (error !== 0) throw refused('HttpInitialize', error);
  try {
    return use();
  } finally {
    httpapi.HttpTerminate(forConfiguration, null);
  }
}

/** Queries one answer, a buffer with pointers into itself; null if there is no data. */
function query(kind: number, input: Buffer | null): Buffer | null {
  const needed = Buffer.alloc(4);
  let output = Buffer.alloc(4096);
  for (let i = 0; i < 4; i++) {
    const error = httpapi.HttpQueryServiceConfiguration(
      null,
      kind,
      input,
      input?.length ?? 0,
      output,
      output.length,
      needed,
      null,
    );
    if (error === 0) return output.subarray(0, Math.min(output.length, needed.readUInt32LE()));
    if (error === win32.noMoreItems || error === win32.fileNotFound) return null;
    if (error !== win32.insufficientBuffer && error !== win32.moreData) throw refused(call, error);
    output = Buffer.alloc(Math.max(needed.readUInt32LE(), output.length * 2));
  }
  throw new Refused('Failed', `${call} wants ever more room`);
}

const mostReservations = 65536;

/** All URL reservations, undecoded, and how they were read (see decodeUrlReservations). */
export function urlReservations(): { bytes: Buffer; pages: string } {
  return withHttp(() => {
    const parts: Buffer[] = [];
    const pages: string[] = [];
    for (let i = 0; i < mostReservations; i++) {
      // HTTP_SERVICE_CONFIG_URLACL_QUERY { QueryDesc; PWSTR pUrlPrefix; DWORD dwToken }
      const input = Buffer.alloc(24);
      input.writeInt32LE(queryNext, 0);
      input.writeUInt32LE(i, 16);
      const answer = query(configuration.urlReservations, input);
      if (answer === null) return { bytes: Buffer.concat(parts), pages: pages.join(' ') };
      parts.push(answer);
      pages.push(`${addressOf(answer).toString(16)}:${answer.length}`);
    }
    throw new Refused('Failed', 'the list of URL reservations has no end');
  });
}

/** HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY, undecoded; with a count of 0 if there is no list. */
export function ipListenList(): Buffer {
  return withHttp(() => query(configuration.ipListenList, null) ?? Buffer.alloc(8));
}
