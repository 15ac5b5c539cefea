import { moreRights, type RawEntry, type RawEnvelope, type Refusal } from '../../../system/raw.ts';
import { decodeStat } from '../../decode/linux-processes.ts';
import { nothing, textEntry, type Part, type Parts } from './text.ts';

/** Node's names of architectures. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  aarch64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  i686: 'ia32',
  i586: 'ia32',
};

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/**
 * Maps the lines `PID rest` by PID. The value is null for a process that occurs twice though it was queried once: its
 * lines cannot be trusted.
 */
function byProcess({ lines }: Part, join: boolean): Map<number, string | null> {
  const found = new Map<number, string | null>();
  let last = -1;
  for (const line of lines) {
    const [, number, rest = ''] = /^(\d{1,10})(?: (.*))?$/s.exec(line) ?? [];
    if (number === undefined) continue;
    const pid = Number(number);
    if (!found.has(pid)) found.set(pid, rest);
    else if (join && last === pid && found.get(pid) !== null) found.set(pid, `${found.get(pid)}\n${rest}`);
    else found.set(pid, null);
    last = pid;
  }
  return found;
}

interface Descriptors {
  readonly pairs: Uint8Array;
  readonly unreadable: ReadonlySet<number>;
}

/**
 * Returns which process holds which socket. Each requested link has one line. A file whose name contains a line break
 * can forge another line; then a link occurs twice or was not requested, and everything about that process is
 * discarded.
 */
function descriptorsOf(parts: Parts): Descriptors {
  const asked = new Set((parts.get('descriptors') ?? nothing).lines);
  const unreadable = new Set(
    (parts.get('unreadable') ?? nothing).lines.filter((line) => /^\d{1,10}$/.test(line)).map(Number),
  );
  const targets = new Map<string, string>();
  for (const line of (parts.get('links') ?? nothing).lines) {
    const [, place, pid, target] = /^((\d{1,10}) \d{1,10}) (\d{1,10}|-|\?)$/.exec(line) ?? [];
    if (place === undefined) continue;
    if (target === '?' || targets.has(place) || !asked.has(place)) unreadable.add(Number(pid));
    targets.set(place, target!);
  }
  const pairs: number[] = [];
  for (const [place, target] of targets) {
    const pid = Number(place.slice(0, place.indexOf(' ')));
    const inode = Number(target);
    if (!unreadable.has(pid) && inode > 0 && inode <= 0xffff_ffff && pid <= 0xffff_ffff) pairs.push(pid, inode);
  }
  return { pairs: new Uint8Array(Uint32Array.from(pairs).buffer), unreadable };
}

/** Returns why the list of holders is incomplete, in the words of a local query; null if it is complete. */
function holdersRefusal(
  unreadable: ReadonlySet<number>,
  isRoot: boolean,
  namespace: string | undefined,
  pids: ReadonlySet<number>,
): Refusal | null {
  const needs = isRoot
    ? 'the right to trace every process: CAP_SYS_PTRACE, and no security module against it'
    : moreRights.linux;
  if (unreadable.size > 0) {
    const those = `${unreadable.size} process${unreadable.size === 1 ? '' : 'es'}`;
    return { code: 'AccessDenied', text: `the open files of ${those} cannot be read`, needs };
  }
  // The initial PID namespace has this fixed number.
  if (namespace !== 'pid:[4026531836]')
    return {
      code: 'AccessDenied',
      text: 'processes outside of this PID namespace cannot be seen',
      needs: 'to run as root on the host itself',
    };
  return pids.has(1) ? null : { code: 'AccessDenied', text: 'processes of other users are hidden (hidepid)', needs };
}

/** Converts lines back to the kernel's NUL-terminated arguments. */
function argumentsOf(lines: string): string {
  return `${lines.replaceAll('\n', '\0').replaceAll('\x01', '\n')}\0`;
}

/** Whether the process has no executable because it is a kernel thread or a zombie: that is not a refusal. */
function hasNoFile(stat: string): boolean {
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' || parent === '2' || stat.startsWith('2 (kthreadd)');
}

function processEntries(parts: Parts, at: string): Map<string, RawEntry> {
  const part = (name: string, join: boolean) => byProcess(parts.get(name) ?? nothing, join);
  const [stats, files] = [part('stat', true), part('executables', false)];
  const [groups, users, lines] = [part('cgroup', true), part('users/effective', false), part('arguments', true)];
  const entries = new Map<string, RawEntry>();
  for (const [pid, stat] of stats) {
    if (stat === null || decodeStat(stat) === null) continue;
    const exe = files.get(pid);
    const uid = Number(users.get(pid) ?? NaN);
    const refused: Record<string, Refusal['code']> = {};
    if (!exe && !hasNoFile(stat)) refused['exe'] = exe === null ? 'Failed' : 'AccessDenied';
    const line = lines.get(pid);
    const details = {
      stat,
      uid: Number.isInteger(uid) ? uid : undefined,
      exe: exe || undefined,
      cgroup: groups.get(pid) ?? undefined,
      cmdline: line == null ? undefined : line === '' ? '' : argumentsOf(line),
      refused,
    };
    entries.set(`process/${pid}`, { at, text: JSON.stringify(details) });
  }
  return entries;
}

/** Parses the addresses of `ip -o address`: `2: eth0    inet6 fe80::1/64 scope link …`. */
function addressesOf(lines: readonly string[]): string {
  return JSON.stringify(
    lines.flatMap((line) => {
      const [, name, address, rest = ''] = /^\d+: +(\S+) +inet6? +([0-9a-f.:]+)(?:\/\d+)?(.*)$/s.exec(line) ?? [];
      if (name === undefined || address === undefined) return [];
      const [device = ''] = name.split('@', 1);
      return [
        {
          address: / scope link\b/.test(rest) && address.includes(':') ? `${address}%${device}` : address,
          interface: device,
        },
      ];
    }),
  );
}

function kernelPorts(parts: Parts): string {
  const told = (name: string): Part | null => {
    const part = parts.get(`kernel/${name}`);
    return part === undefined || part.refusal !== null ? null : part;
  };
  const whole = (name: string): string | null => {
    const part = told(name);
    return part === null ? null : text(part.lines);
  };
  return JSON.stringify({
    modules: told('modules')?.lines ?? [],
    nfsd: whole('nfsd'),
    lockd: [whole('nlm_tcpport'), whole('nlm_udpport')],
    rpc: whole('rpc'),
    iscsi: told('iscsi')?.lines ?? [],
    nvmet: (told('nvmet')?.lines ?? []).map((line) => line.split(' ')),
    dlm: whole('dlm'),
    ocfs2: told('ocfs2')?.lines ?? [],
    rxrpc: whole('rxrpc'),
    sctp: whole('sctp'),
    links: whole('links'),
    wireguard: whole('wireguard'),
    fou: whole('fou'),
    l2tp: whole('l2tp'),
  });
}

function firewallEntry(parts: Parts, at: string): RawEntry {
  const denied = parts.get('firewall')?.refusal;
  if (denied != null) return { at, refusal: { ...denied, needs: moreRights.linux } };
  const rules = ['nft', 'iptables', 'ip6tables'].map((name): [string, string | null] => {
    const part = parts.get(`firewall/${name}`);
    return [name, part === undefined ? null : text(part.lines)];
  });
  return { at, text: JSON.stringify(Object.fromEntries(rules)) };
}

function bootText(part: Part): string {
  const hertz = Number(part.lines.find((line) => line.startsWith('hertz '))?.slice(6) ?? NaN);
  return JSON.stringify({
    stat: part.lines.find((line) => /^btime \d+$/.test(line)) ?? '',
    hertz: hertz > 0 ? hertz : 100,
  });
}

function ranges(parts: Parts): string {
  return JSON.stringify(
    Object.fromEntries(
      ['ip_local_port_range', 'ip_local_reserved_ports', 'ip_unprivileged_port_start'].map((name) => {
        const part = parts.get(`ranges/${name}`);
        return [name, part === undefined || part.refusal !== null ? null : part.lines.join('\n').trim()];
      }),
    ),
  );
}

/** The most that a machine can publish: each port of both protocols once. */
const mostPublished = 131_072;

/**
 * Parses the ports that Docker publishes on the machine, at most `most`: `0.0.0.0:8000-8001->80-81/tcp`,
 * `[::]:53->53/udp`.
 */
function publishedPorts(text: string, most: number) {
  const ports: { IP: string; PublicPort: number; Type: string }[] = [];
  for (const one of text.split(', ')) {
    const [, address = '', first, last = first, protocol] =
      /^\[?([0-9a-f.:]{1,45}?)\]?:(\d{1,5})(?:-(\d{1,5}))?->[^/]*\/(tcp|udp)$/i.exec(one) ?? [];
    if (protocol === undefined) continue;
    for (let port = Number(first); port <= Number(last) && ports.length < most; port++)
      ports.push({ IP: address, PublicPort: port, Type: protocol });
  }
  return ports;
}

/** Converts the output of `docker ps` to the JSON of its engine. */
function dockerContainers(lines: readonly string[]): string {
  let left = mostPublished;
  return JSON.stringify(
    lines.map((line) => {
      const [id, names = '', image, project, service, text = ''] = line.split('\t');
      const ports = publishedPorts(text, left);
      left -= ports.length;
      return { id, names: names.split(','), image, project, service, ports, addresses: [] };
    }),
  );
}

/**
 * Returns the entries of Docker and Podman, for the system and for each user with processes. An engine that was not
 * queried gets a refusal.
 */
function engineEntries(parts: Parts, at: string): [string, RawEntry][] {
  const uids = new Set((parts.get('users/effective') ?? nothing).lines.map((line) => line.split(' ')[1]));
  const refusal: Refusal = { code: 'Failed', text: 'a collector did not ask it' };
  const docker = parts.get('engine/docker');
  return ['docker', 'podman'].flatMap((name) =>
    ['', ...[...uids].map((uid) => `/${uid}`)].map((user): [string, RawEntry] => [
      `engine/${name}${user}`,
      name === 'docker' && user === '' && docker !== undefined && docker.lines.length > 0
        ? textEntry(at, docker, dockerContainers)
        : { at, refusal },
    ]),
  );
}

/** Parses socket units: `unit NAME` begins a unit, `file` begins a drop-in, and `text` holds a line of either. */
function socketUnits(lines: readonly string[]): string {
  const units: { name: string; texts: string[] }[] = [];
  for (const line of lines) {
    const [, word, rest = ''] = /^(unit|file|text)(?: (.*))?$/s.exec(line) ?? [];
    const texts = units.at(-1)?.texts;
    if (word === 'unit') units.push({ name: rest, texts: [''] });
    else if (word === 'file') texts?.push('');
    else if (word === 'text' && texts !== undefined) texts[texts.length - 1] += `${rest}\n`;
  }
  return JSON.stringify(units);
}

/** Converts the output of a collector on Linux to the entries of src/facts/sources.ts. */
export function linuxEnvelope(parts: Parts, machine: ReadonlyMap<string, string>, at: string): RawEnvelope {
  const isRoot = machine.get('uid') === '0';
  const architecture = machine.get('architecture') ?? '';
  const entries = new Map<string, RawEntry>();
  entries.set('machine', {
    at,
    text: JSON.stringify({
      name: machine.get('name') ?? '',
      release: machine.get('release') ?? '',
      architecture: architectures[architecture] ?? architecture,
      elevated: machine.has('uid') ? isRoot : undefined,
    }),
  });
  for (const name of ['tcp', 'tcp6', 'udp', 'udp6', 'if_inet6'])
    entries.set(`proc/net/${name}`, textEntry(at, parts.get(`proc/net/${name}`), text));
  for (const name of ['diag/tcp', 'diag/udp4', 'diag/udp6'])
    entries.set(name, { at, refusal: { code: 'NotSupported', text: 'a collector reads /proc/net instead' } });

  const processes = processEntries(parts, at);
  for (const [name, entry] of processes) entries.set(name, entry);
  const { pairs, unreadable } = descriptorsOf(parts);
  const pids = new Set([...processes.keys()].map((name) => Number(name.slice(name.indexOf('/') + 1))));
  const refusal = holdersRefusal(unreadable, isRoot, machine.get('namespace'), pids);
  const started = [...processes].map(([name, entry]) => {
    const stat = decodeStat((JSON.parse(entry.text!) as { stat: string }).stat);
    return `${name.slice(name.indexOf('/') + 1)}:${stat!.startTicks}`;
  });
  const holders: RawEntry = {
    at,
    bytes: pairs,
    meta: { unreadable: [...unreadable].join(','), started: started.join(',') },
    ...(refusal === null ? {} : { refusal }),
  };
  entries.set('holders', holders).set('holders/threads', holders);

  const others = parts.get('users/others') ?? nothing;
  entries.set(
    'users',
    textEntry(at, parts.get('users'), (lines) => text([...lines, ...others.lines])),
  );
  entries.set(
    'boot',
    textEntry(at, parts.get('boot'), () => bootText(parts.get('boot')!)),
  );
  entries.set('ranges', { at, text: ranges(parts) });
  entries.set('kernelports', { at, text: kernelPorts(parts) });
  entries.set('firewall', firewallEntry(parts, at));
  for (const [name, entry] of engineEntries(parts, at)) entries.set(name, entry);
  entries.set('socketunits', textEntry(at, parts.get('socketunits'), socketUnits));
  // If ip is not installed, addresses are omitted, as in recordings from older versions.
  const addresses = parts.get('addresses');
  if (addresses !== undefined) entries.set('addresses', textEntry(at, addresses, addressesOf));
  return { platform: 'linux', entries };
}
