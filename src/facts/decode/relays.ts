import { bracketed } from '../../ports/address.ts';
import type { Relay } from '../model/facts.ts';

/** The parts of a process that are needed to recognize a relay. */
export interface RelayCandidate {
  /** Its file name. */
  readonly imageName: string;
  readonly parentImageName: string | null;
  /** Its arguments, starting with the program; null if unavailable. */
  readonly arguments: readonly string[] | null;
}

type Describe = (args: readonly string[], parent: string | null) => Relay[];

const aContainer = 'a container';
const aMachine = 'a virtual machine';

/** Longer targets are not addresses. */
const longestTarget = 255;

function portOf(text: string | undefined): number | null {
  const port = Number(text);
  return text !== undefined && /^\d{1,5}$/.test(text) && port <= 65535 ? port : null;
}

function relay(name: string, listenPort: number | null = null, target: string | null = null): Relay {
  return {
    name,
    listenPort,
    target: target === null || target === '' || target.length > longestTarget ? null : target,
  };
}

function option(args: readonly string[], name: string): string | undefined {
  const at = args.findIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return args[at] === name ? args[at + 1] : args[at]!.slice(name.length + 1);
}

// https://github.com/moby/moby/blob/master/cmd/docker-proxy/main_linux.go
const dockerProxy =
  (name: string): Describe =>
  (args) => {
    const address = option(args, '-container-ip');
    const port = option(args, '-container-port');
    const target =
      address === undefined || port === undefined
        ? null
        : `${address.startsWith('[') ? address : bracketed(address)}:${port}`;
    return [relay(name, portOf(option(args, '-host-port')), target)];
  };

/** The last arguments are the command that it starts inside: https://github.com/rootless-containers/rootlesskit */
const rootlessKit: Describe = (args) => [
  relay(
    args.some((arg) => /containerd-rootless/.test(arg)) ? 'RootlessKit for containerd' : 'RootlessKit',
    null,
    aContainer,
  ),
];

/**
 * With rootful Podman, conmon holds the published ports:
 * https://github.com/containers/conmon/blob/main/docs/conmon.8.md
 */
const conmon: Describe = (args) => [relay('conmon', null, option(args, '-n') ?? option(args, '--name') ?? aContainer)];

/** One program with two names: https://passt.top/builds/latest/web/passt.1.html */
const passt: Describe = (args) => [
  /(?:^|\/)pasta[^/]*$/.test(args[0] ?? '') ? relay('pasta', null, aContainer) : relay('passt', null, aMachine),
];

/** `lxd forkproxy -- PID FD tcp:0.0.0.0:80 PID FD tcp:127.0.0.1:80 …`: https://documentation.ubuntu.com/lxd/ */
const forkProxy =
  (name: string): Describe =>
  (args) => {
    if (args[1] !== 'forkproxy') return [];
    const [listens, target] = args.filter((arg) => /^(?:tcp|udp|unix):/.test(arg));
    return [relay(name, portOf(/:(\d{1,5})$/.exec(listens ?? '')?.[1]), target ?? aContainer)];
  };

/** `[address:]port:host:hostport`, the argument of ssh's -L; IPv6 addresses are in brackets. */
const forward = /^(?:(?:\[[^\]]*\]|[^:[\]]*):)?(\d{1,5}):((?:\[[^\]]+\]|[^:[\]]+):\d{1,5})$/;

// https://man.openbsd.org/ssh
const ssh: Describe = (args) => {
  const found: Relay[] = [];
  let host: string | null = null;
  const forwards: { kind: string; text: string }[] = [];
  for (let i = 1; i < args.length; i++) {
    const argument = args[i]!;
    if (!argument.startsWith('-') || argument === '-') {
      // Everything after the host is a command to run there.
      host = argument.replace(/^ssh:\/\//, '').replace(/^.*@/, '');
      break;
    }
    // Letters may be combined. The first one that takes a value uses the rest, or the next argument: -fNL8080:db:80.
    const match = /^-([^BbcDEeFIiJLlmOoPpQRSWw]*)([BbcDEeFIiJLlmOoPpQRSWw])(.*)$/s.exec(argument);
    if (match === null) continue;
    const value = match[3] === '' ? args[++i] : match[3];
    if (value !== undefined) forwards.push({ kind: match[2]!, text: value });
  }
  for (const { kind, text } of forwards) {
    if (kind === 'D') found.push(relay('ssh SOCKS proxy', portOf(/(?:^|:)(\d{1,5})$/.exec(text)?.[1]), host));
    const [, port, target] = (kind === 'L' ? forward.exec(text) : null) ?? [];
    if (port !== undefined)
      found.push(relay('ssh forward', portOf(port), host === null ? target! : `${target} by ${host}`));
  }
  return found;
};

/**
 * A session's process listens on the ports that its client requested (ssh -R); the main process listens for clients.
 */
const sshd: Describe = (_args, parent) =>
  parent !== null && /^sshd(?:-session)?(?:\.exe)?$/i.test(parent)
    ? [relay('sshd forward', null, 'the SSH client')]
    : [];

// http://www.dest-unreach.org/socat/doc/socat.html
const socat: Describe = (args) => {
  // The two addresses come last.
  const addresses = args
    .slice(1)
    .filter((argument) => !argument.startsWith('-'))
    .slice(-2);
  const listening = addresses.findIndex((address) =>
    /^(?:tcp|udp|sctp|dccp|openssl|ssl)[46]?-(?:listen|l|recv|recvfrom):/i.test(address),
  );
  if (listening < 0) return [];
  const other = addresses[1 - listening];
  // A command, or options after the first comma, may contain secrets.
  const target =
    other === undefined ? null : /^(?:exec|system|shell):/i.test(other) ? 'a program' : other.replace(/,.*$/s, '');
  return [relay('socat', portOf(/^[^:]*:(\d{1,5})/.exec(addresses[listening]!)?.[1]), target)];
};

// https://www.freedesktop.org/software/systemd/man/latest/systemd-socket-proxyd.html
const socketProxy: Describe = (args) => [
  relay('systemd-socket-proxyd', null, args.slice(1).findLast((argument) => !argument.startsWith('-')) ?? null),
];

const plain =
  (name: string, target: string | null): Describe =>
  () => [relay(name, null, target)];

/** By file name in lower case, without `.exe`. `needs` is whether the arguments provide more detail. */
const relays: Readonly<Record<string, { readonly needs: boolean; readonly describe: Describe }>> = {
  'docker-proxy': { needs: true, describe: dockerProxy('docker-proxy') },
  'rootlesskit-docker-proxy': { needs: true, describe: dockerProxy('rootlesskit-docker-proxy') },
  ssh: { needs: true, describe: ssh },
  sshd: { needs: false, describe: sshd },
  'sshd-session': { needs: false, describe: plain('sshd forward', 'the SSH client') },
  socat: { needs: true, describe: socat },
  'systemd-socket-proxyd': { needs: true, describe: socketProxy },
  wslrelay: { needs: false, describe: plain('WSL relay', 'a program in WSL') },
  wslhost: { needs: false, describe: plain('WSL relay', 'a program in WSL') },
  'com.docker.backend': { needs: false, describe: plain('Docker Desktop', aContainer) },
  'com.docker.proxy': { needs: false, describe: plain('Docker Desktop', aContainer) },
  'com.docker.vpnkit': { needs: false, describe: plain('Docker Desktop (vpnkit)', aContainer) },
  vpnkit: { needs: false, describe: plain('Docker Desktop (vpnkit)', aContainer) },
  'vpnkit-bridge': { needs: false, describe: plain('Docker Desktop (vpnkit)', aContainer) },
  'host-switch': { needs: false, describe: plain('Rancher Desktop', aContainer) },
  rootlessport: { needs: false, describe: plain('rootless port forwarder', aContainer) },
  rootlesskit: { needs: true, describe: rootlessKit },
  slirp4netns: { needs: false, describe: plain('slirp4netns', aContainer) },
  pasta: { needs: false, describe: plain('pasta', aContainer) },
  'pasta.avx2': { needs: false, describe: plain('pasta', aContainer) },
  passt: { needs: true, describe: passt },
  'passt.avx2': { needs: true, describe: passt },
  conmon: { needs: true, describe: conmon },
  gvproxy: { needs: false, describe: plain('Podman machine', aContainer) },
  lxd: { needs: true, describe: forkProxy('LXD proxy') },
  incusd: { needs: true, describe: forkProxy('Incus proxy') },
  limactl: { needs: false, describe: plain('Lima', aMachine) },
};

/** An engine that can be queried about the containers that a relay forwards ports to. */
export type Engine = 'docker' | 'podman';

/**
 * The container or virtual machine that depends on a relay for its network. The relay must never be ended in its place.
 */
export interface Carried {
  readonly what: 'container' | 'virtual machine';
  /** The engines that may have created it, the most likely first. */
  readonly engines: readonly Engine[];
  /** The command that lists the containers, if no engine does. */
  readonly list?: string;
}

const container = (...engines: readonly Engine[]): Carried => ({ what: 'container', engines });

/** By name of the relay. */
const carriers: Readonly<Record<string, Carried>> = {
  'docker-proxy': container('docker'),
  'rootlesskit-docker-proxy': container('docker'),
  'Docker Desktop': container('docker'),
  'Docker Desktop (vpnkit)': container('docker'),
  'Rancher Desktop': container('docker'),
  RootlessKit: container('docker'),
  'RootlessKit for containerd': { what: 'container', engines: [], list: 'nerdctl ps' },
  'rootless port forwarder': container('podman'),
  slirp4netns: container('podman', 'docker'),
  pasta: container('podman', 'docker'),
  conmon: container('podman'),
  'Podman machine': container('podman'),
  'LXD proxy': { what: 'container', engines: [], list: 'lxc list' },
  'Incus proxy': { what: 'container', engines: [], list: 'incus list' },
  passt: { what: 'virtual machine', engines: [] },
  Lima: { what: 'virtual machine', engines: [] },
};

/** Returns what depends on a relay for its network; null for a standalone program such as ssh. */
export function carriedBy({ name }: Pick<Relay, 'name'>): Carried | null {
  return Object.hasOwn(carriers, name) ? carriers[name]! : null;
}

function entryOf(imageName: string): (typeof relays)[string] | undefined {
  const key = imageName.toLowerCase().replace(/\.exe$/, '');
  return Object.hasOwn(relays, key) ? relays[key] : undefined;
}

/** Returns whether a process with this file name may be a relay. */
export function mayRelay(imageName: string): boolean {
  return entryOf(imageName) !== undefined;
}

/** Returns whether a process with this file name may be a relay that only its arguments describe. */
export function relayNeedsArguments(imageName: string): boolean {
  return entryOf(imageName)?.needs ?? false;
}

/** Returns the relays for a process of which only the name is known. Most of these programs also do other things. */
function withoutArguments(name: string): Relay[] {
  switch (name.toLowerCase()) {
    case 'ssh':
    case 'lxd':
    case 'incusd':
      return [];
    case 'rootlesskit':
      return [relay('RootlessKit')];
    case 'passt.avx2':
      return [relay('passt')];
    default:
      return [relay(name)];
  }
}

/**
 * Returns what a process forwards; null if its file name is not that of a relay, empty if it is but this process
 * forwards nothing.
 */
export function relaysOf(process: RelayCandidate): Relay[] | null {
  const entry = entryOf(process.imageName);
  if (entry === undefined) return null;
  if (entry.needs && process.arguments === null) return withoutArguments(process.imageName.replace(/\.exe$/i, ''));
  return entry.describe(process.arguments ?? [], process.parentImageName);
}

/** Splits a Windows command line as the C runtime does, except for doubled quotes. */
export function splitCommandLine(line: string): string[] {
  return (line.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []).map((part) => part.replaceAll('"', ''));
}
