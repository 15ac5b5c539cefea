import type { HttpQueue, IpListenAddress, UrlReservation } from '../model/facts.ts';
import { canonicalAddress, ipv4Text, ipv6Text, withoutScope } from '../../ports/address.ts';
import { memoryOf, viewOf, wideString, type Decoded } from './windows-memory.ts';

const urlLine = /^<?(https?:\/\/[^\s<>]+)>?$/i;
/** A number alone; or a number before a path: `ID: 2688, image: C:\Windows\System32\svchost.exe`, the path being `<?>` when it is hidden. */
const barePid = /^(\d{1,10})$/;
const pidBeforeImage = /^[^\d\\/<]*(\d{1,10})[^\d\\/:].*?(?:[a-z]:[\\/]|\\[a-z?\\]|<\?>)/i;
const labelled = /^[^:\uff1a]*[:\uff1a](.*)$/s;

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** The text after the first colon; empty when there is none. */
const valueOf = (text: string): string => labelled.exec(text)?.[1]?.trim() ?? '';
const isPid = (text: string): number => {
  const pid = Number(text);
  return pid > 0 && pid <= 0xffffffff ? pid : 0;
};

/** One queue: its heading and what is indented below it. */
function decodeQueue(heading: string, lines: readonly Line[]): HttpQueue {
  const urls: string[] = [];
  const processes: { pid: number; service: string | null }[] = [];
  /** Numbers of the queue itself, before its lists: the last is how many processes it has, or the controller after that. */
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
    // What comes after the first URL group is about sessions and limits.
    if (pid !== 0 && urls.length === 0) {
      inHeader = false;
      // Below the newer form stand the services of the process and the one among them that made the queue.
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
  // The count of processes is what the list has, so that what stands behind it is the controller.
  let controller: number | null = null;
  if (numbers.at(-1) !== processes.length && numbers.at(-2) === processes.length)
    controller = isPid(String(numbers.at(-1))) || null;
  else if (numbers.at(-1) === processes.length - 1) controller = processes.shift()!.pid;
  return { name: valueOf(heading) || null, controller, processes, urls };
}

/**
 * The request queues that `netsh http show servicestate view=requestq verbose=yes` prints, in any language: a queue
 * begins at a line that is not indented, and of what is below only URLs, numbers and paths are looked at. Older
 * versions list process ids alone, newer ones also images and services.
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
  // A queue's name is its own: what several have, or what is a sentence, says that there is none.
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
  // There is a rule under the title even when there is no queue.
  return {
    data,
    flaw: data.length === 0 && !/^-{3,}\s*$/m.test(text) ? 'the output of netsh http contains no request queues' : null,
  };
}

/** The parts of a URL prefix of HTTP.sys; null when it is none. `address` is the one it is bound to, where it names one. */
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
 * URL reservations: HTTP_SERVICE_CONFIG_URLACL_SET, { PWSTR pUrlPrefix; PWSTR pStringSecurityDescriptor }, one after another.
 * `pages` is `BASE:LENGTH` for each, separated by blanks: the address it was read at, in hex, and its bytes.
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
 * The IP listen list: HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY, { ULONG AddrCount; SOCKADDR_STORAGE AddrList[] }.
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
