import type { HttpQueue, IpListenAddress, UrlReservation } from '../model/facts.ts';
import { canonicalAddress, ipv4Text, ipv6Text, withoutScope } from '../../ports/address.ts';
import { memoryOf, viewOf, wideString, type Decoded } from './windows-memory.ts';

const urlLine = /^<?(https?:\/\/[^\s<>]+)>?$/i;
/** A bare PID, or a PID before a path: `ID: 2688, image: C:\Windows\System32\svchost.exe`. A hidden path is `<?>`. */
const barePid = /^(\d{1,10})$/;
const pidBeforeImage = /^[^\d\\/<]*(\d{1,10})[^\d\\/:].*?(?:[a-z]:[\\/]|\\[a-z?\\]|<\?>)/i;
const labelled = /^[^:\uff1a]*[:\uff1a](.*)$/s;

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Returns the text after the first colon; empty if there is none. */
const valueOf = (text: string): string => labelled.exec(text)?.[1]?.trim() ?? '';
const isPid = (text: string): number => {
  const pid = Number(text);
  return pid > 0 && pid <= 0xffffffff ? pid : 0;
};

/** Parses a queue: its heading and the lines that are indented below it. */
function decodeQueue(heading: string, lines: readonly Line[]): HttpQueue {
  const urls: string[] = [];
  const processes: { pid: number; service: string | null }[] = [];
  /**
   * The numbers of the queue itself, before its lists. The last one is the number of processes, or the controller that
   * follows it.
   */
  const numbers: number[] = [];
  const firstIndent = lines[0]?.indent ?? 0;
  let inHeader = true;
  for (let i = 0; i < lines.length; i++) {
    const { indent, text } = lines[i]!;
    const url = urlLine.exec(text)?.[1];
    if (url !== undefined) {
      urls.push(url);
      continue;
    }
    const bare = barePid.exec(text)?.[1];
    const pid = isPid(bare ?? pidBeforeImage.exec(text)?.[1] ?? '');
    // Everything after the first URL group is about sessions and limits.
    if (pid !== 0 && urls.length === 0) {
      inHeader = false;
      // In the newer format, the services of the process follow, then the service that created the queue.
      const below = bare === undefined ? lines.slice(i + 1, i + 3) : [];
      const other = below.findIndex(
        (line) => line.indent < indent || pidBeforeImage.test(line.text) || urlLine.test(line.text),
      );
      const service = valueOf(below.slice(0, other < 0 ? below.length : other).at(-1)?.text ?? '');
      processes.push({ pid, service: /^[^\s,;<>?]+$/.test(service) ? service : null });
      continue;
    }
    if (!inHeader || indent !== firstIndent) continue;
    const value = valueOf(text);
    if (/^\d+$/.test(value)) numbers.push(Number(value));
  }
  // The number of processes equals the length of the list, so the value after it is the controller.
  let controller: number | null = null;
  if (numbers.at(-1) !== processes.length && numbers.at(-2) === processes.length)
    controller = isPid(String(numbers.at(-1))) || null;
  else if (numbers.at(-1) === processes.length - 1) controller = processes.shift()!.pid;
  return { name: valueOf(heading) || null, controller, processes, urls };
}

/**
 * Parses the request queues that `netsh http show servicestate view=requestq verbose=yes` prints, in any language. A
 * queue begins at a line that is not indented; below it, only URLs, numbers, and paths are read. Older versions list
 * only PIDs, newer ones also images and services.
 * https://github.com/Azure/Service-Fabric-Troubleshooting-Guides/blob/master/Cluster/Determine%20Process%20Listening%20on%20Port.md
 */
export function decodeHttpQueues(text: string): Decoded<HttpQueue[]> {
  const blocks: { heading: string; lines: Line[] }[] = [];
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trimEnd();
    const indent = line.length - line.trimStart().length;
    if (line === '') continue;
    if (indent === 0) blocks.push({ heading: line, lines: [] });
    else blocks.at(-1)?.lines.push({ indent, text: line.trim() });
  }
  const queues = blocks
    .filter(({ lines }) => lines.length > 0)
    .map(({ heading, lines }) => decodeQueue(heading, lines));
  // A queue's name is unique. A text that several queues share, or that is a sentence, means that the queue has no
  // name.
  const times = new Map<string | null, number>();
  for (const { name } of queues) times.set(name, (times.get(name) ?? 0) + 1);
  const unnamed = (name: string | null) => name === null || times.get(name)! > 1 || /[.\u3002\uff0e\u0964]$/.test(name);
  const data = queues
    .map(({ name, controller, processes, urls }) => ({
      name: unnamed(name) ? null : name,
      controller,
      processes,
      urls,
    }))
    .filter(({ urls, processes }) => urls.length > 0 || processes.length > 0);
  // The title is underlined even if there are no queues.
  return {
    data,
    flaw: data.length === 0 && !/^-{3,}\s*$/m.test(text) ? 'the output of netsh http contains no request queues' : null,
  };
}

/**
 * Parses a URL prefix of HTTP.sys; null if the text is not one. `address` is the address that it is bound to, if it
 * names one.
 */
export function urlPrefix(
  url: string,
): { secure: boolean; host: string; port: number; address: string | null; path: string } | null {
  const match = /^http(s?):\/\/(\[[^\]/]*\]|[^:/[\]]*):(\d{1,5})(?::([^/]*))?(\/.*)?$/i.exec(url);
  if (match === null) return null;
  const port = Number(match[3]);
  if (port > 65535) return null;
  const bare = (text: string) => text.replace(/^\[|\]$/g, '').toLowerCase();
  const host = bare(match[2]!);
  const bound = bare(match[4] ?? '') || host;
  const address = canonicalAddress(withoutScope(bound));
  return { secure: match[1] !== '', host, port, address, path: match[5] ?? '/' };
}

/** Both texts of an entry have at most 64 KiB. */
const longestText = 0x20000;

/**
 * Parses URL reservations: consecutive HTTP_SERVICE_CONFIG_URLACL_SET structures, { PWSTR pUrlPrefix; PWSTR
 * pStringSecurityDescriptor }. `pages` is `BASE:LENGTH` for each, separated by spaces: the address that it was read
 * from, in hex, and its length in bytes.
 * https://learn.microsoft.com/windows/win32/api/http/ns-http-http_service_config_urlacl_set
 */
export function decodeUrlReservations(
  bytes: Uint8Array,
  pages: string | number | undefined,
): Decoded<UrlReservation[]> {
  const data: UrlReservation[] = [];
  let start = 0;
  for (const page of String(pages ?? '')
    .split(' ')
    .filter((part) => part !== '')) {
    const match = /^([0-9a-f]{1,16}):(\d{1,9})$/i.exec(page);
    const length = Number(match?.[2]);
    const memory =
      match === null || length < 16 || start + length > bytes.length
        ? null
        : memoryOf(bytes.subarray(start, start + length), match[1]);
    const url = memory === null ? null : wideString(memory, 0, longestText);
    if (memory === null || url === null) return { data, flaw: 'the list of URL reservations is broken' };
    data.push({ url, sddl: wideString(memory, 8, longestText) || null });
    start += length;
  }
  return { data, flaw: null };
}

const family = { ipv4: 2, ipv6: 23 } as const;
/** sizeof(SOCKADDR_STORAGE). */
const addressSize = 128;

/**
 * Parses the IP listen list: HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY, { ULONG AddrCount; SOCKADDR_STORAGE AddrList[] }.
 * https://learn.microsoft.com/windows/win32/api/http/ns-http-http_service_config_ip_listen_query
 */
export function decodeIpListenList(bytes: Uint8Array): Decoded<IpListenAddress[]> {
  const data: IpListenAddress[] = [];
  if (bytes.length < 4) return { data, flaw: 'the IP listen list is cut off' };
  const view = viewOf(bytes);
  const count = view.getUint32(0, true);
  for (let i = 0; i < count; i++) {
    const entry = 8 + i * addressSize;
    if (entry + 28 > bytes.length) return { data, flaw: 'the IP listen list is cut off' };
    const kind = view.getUint16(entry, true);
    if (kind === family.ipv4) data.push({ address: ipv4Text(bytes, entry + 4) });
    else if (kind === family.ipv6) data.push({ address: ipv6Text(bytes, entry + 8, view.getUint32(entry + 24, true)) });
    else return { data, flaw: 'the IP listen list has an address of an unknown family' };
  }
  return { data, flaw: null };
}
