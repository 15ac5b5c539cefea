import { decodeHttpQueues } from '../decode/windows-httpsys.ts';
import { decodePortProxies } from '../decode/windows-portproxy.ts';
import { decodeServices } from '../decode/windows-services.ts';
import { decodeServiceTags, tagKey } from '../decode/windows-tags.ts';
import { decodeConsoleText } from '../decode/windows-text.ts';
import type { Sections, Service, Socket } from '../model/facts.ts';
import { kernelListener } from './kernel-listeners.ts';
import { moreRights, type RawSource, type Refusal } from '../../system/raw.ts';
import { flawOf, troubleOf, section } from './windows-sections.ts';

const system = 4;

/**
 * Returns the sockets that wait for others and belong to the System process, so that HTTP.sys or another driver owns
 * them.
 */
function kernelPorts(sockets: readonly Socket[]): Socket[] {
  return sockets.filter(({ pid, state, protocol }) => pid === system && (protocol === 'UDP' || state === 'Listen'));
}

const isRunning = (services: readonly { readonly name: string; readonly state: string }[]) => {
  const running = new Set(services.filter(({ state }) => state === 'Running').map(({ name }) => name.toLowerCase()));
  return (name: string): boolean => running.has(name.toLowerCase());
};

function gatherHttpQueues(source: RawSource, elevated: boolean | null): NonNullable<Sections['httpQueues']> {
  const entry = source.read('httpsys');
  if (entry.bytes === undefined) {
    const trouble = troubleOf('httpsys', entry);
    const { needs } = trouble;
    return section(
      entry.at,
      [],
      [
        {
          ...trouble,
          needs: needs ?? (entry.refusal?.code === 'Failed' && elevated === false ? moreRights.win32 : null),
        },
      ],
      1,
    );
  }
  const { data, flaw } = decodeHttpQueues(decodeConsoleText(entry.bytes, entry.meta?.['codePage']));
  return section(entry.at, data, flaw === null ? [] : [flawOf(flaw)], 1);
}

function gatherDrivers(source: RawSource): NonNullable<Sections['drivers']> {
  const entry = source.read('drivers');
  if (entry.bytes === undefined) return section(entry.at, [], [troubleOf('drivers', entry)], 1);
  const { data, flaw } = decodeServices(entry.bytes, entry.meta?.['pages']);
  return section(
    entry.at,
    data.map(({ name, displayName, state }) => ({ name, displayName, state })),
    flaw === null ? [] : [flawOf(flaw)],
    1,
  );
}

export function gatherPortProxies(source: RawSource): NonNullable<Sections['portProxies']> {
  const entry = source.read('portproxy');
  if (entry.text === undefined) return section(entry.at, [], [troubleOf('portproxy', entry)], 1);
  const { data, flaw } = decodePortProxies(entry.text);
  return section(entry.at, data, flaw === null ? [] : [flawOf(flaw)], 1);
}

/**
 * Reads the owners behind the sockets of the System process and of forwarding services. Only sources that a socket
 * requires are read.
 */
export function gatherBehind(
  source: RawSource,
  sockets: readonly Socket[],
  services: readonly Service[],
  elevated: boolean | null,
): Pick<Sections, 'httpQueues' | 'drivers' | 'portProxies'> {
  const behind: Pick<Sections, 'httpQueues' | 'drivers' | 'portProxies'> = {};
  const ofKernel = kernelPorts(sockets);
  const running = isRunning(services);
  let drivers: ReturnType<typeof isRunning> | null = null;
  for (const { protocol, localPort } of ofKernel) {
    const known = kernelListener(protocol, localPort)?.services ?? [];
    if (known.some(running)) continue;
    if (known.length > 0) drivers ??= isRunning((behind.drivers = gatherDrivers(source)).data);
    if (drivers !== null && known.some(drivers)) continue;
    behind.httpQueues ??= gatherHttpQueues(source, elevated);
  }
  const proxies = new Set(services.filter(({ name }) => name.toLowerCase() === 'iphlpsvc').map(({ pid }) => pid));
  if (sockets.some(({ pid, state }) => state === 'Listen' && pid !== null && proxies.has(pid)))
    behind.portProxies = gatherPortProxies(source);
  return behind;
}

/**
 * Sets the service that created each socket, if its process hosts several and the socket has a tag. `tags` is parallel
 * to `sockets`.
 */
export function nameServices(
  source: RawSource,
  sockets: readonly Socket[],
  tags: readonly number[],
  services: readonly Service[],
): void {
  const hosted = new Map<number, string[]>();
  for (const { pid, name } of services) {
    const others = hosted.get(pid);
    if (others === undefined) hosted.set(pid, [name]);
    else others.push(name);
  }
  let known: ReturnType<typeof decodeServiceTags> | undefined;
  for (let i = 0; i < sockets.length; i++) {
    const socket = sockets[i]!;
    const tag = tags[i]!;
    const candidates = socket.pid === null || tag === 0 ? undefined : hosted.get(socket.pid);
    if (socket.pid === null || candidates === undefined || candidates.length < 2) continue;
    known ??= decodeServiceTags(source.read('servicetags'));
    const told = known(tagKey(socket.pid, tag));
    const refuse = (code: Refusal['code'], text: string, needs: string | null = null): void => {
      socket.refusals.push({ field: 'Services', code, text: `which one created the socket: ${text}`, needs });
    };
    if ('refusal' in told) {
      refuse(told.refusal.code, told.refusal.text, told.refusal.needs ?? null);
      continue;
    }
    // Windows may return the name of a system component instead.
    const service = candidates.find((name) => name.toLowerCase() === told.value.toLowerCase());
    if (service === undefined) refuse('NotSupported', `Windows names ${told.value}, which is not one of them`);
    else socket.service = service;
  }
}
