import type { Facts, Process, Service, Socket } from '../../src/facts/model/facts.ts';

/** A socket for a test: a TCP listener on every address unless told otherwise. */
export function socket(more: Partial<Socket> = {}): Socket {
  return {
    protocol: 'TCP',
    localAddress: '0.0.0.0',
    localPort: 443,
    remoteAddress: null,
    remotePort: null,
    state: 'Listen',
    pid: 100,
    holders: more.pid === null ? [] : [more.pid ?? 100],
    created: null,
    user: null,
    kernel: false,
    refusals: [],
    ...more,
  };
}

export function udp(more: Partial<Socket> = {}): Socket {
  return socket({ protocol: 'UDP', state: null, ...more });
}

export function connection(more: Partial<Socket> = {}): Socket {
  return socket({ state: 'Established', remoteAddress: '192.0.2.7', remotePort: 50000, ...more });
}

export function process(more: Partial<Process> = {}): Process {
  return {
    pid: 100,
    imageName: 'nginx',
    path: '/usr/sbin/nginx',
    commandLine: null,
    user: 'root',
    parent: null,
    startTime: '2026-01-02T03:04:05.67Z',
    unit: null,
    container: null,
    refusals: [],
    ...more,
  };
}

export function service(more: Partial<Service> = {}): Service {
  return { name: 'W3SVC', displayName: 'World Wide Web Publishing Service', pid: 100, state: 'Running', shared: false, ...more };
}

const at = '2026-01-02T03:04:06Z';

/** Facts whose every section is whole. */
export function facts(sockets: Socket[], more: { processes?: Process[]; services?: Service[]; platform?: 'linux' | 'win32'; sections?: Partial<Facts['sections']> } = {}): Facts {
  const ok = { status: 'ok', reason: null, needs: null, at } as const;
  return {
    kind: 'PortOwner.Facts',
    formatVersion: 1,
    tool: 'a test',
    at,
    machine: { name: 'box', platform: more.platform ?? 'linux', release: '1', architecture: 'x64', elevated: true },
    sections: {
      sockets: { ...ok, data: sockets },
      processes: { ...ok, data: more.processes ?? [process()] },
      services: { ...ok, data: more.services ?? [] },
      dynamicRanges: { ...ok, data: [{ kind: 'LocalDynamic', protocol: null, family: null, start: 32768, end: 60999, source: 'a test' }] },
      reservedPorts: { ...ok, data: [{ kind: 'Reserved', protocol: null, family: null, start: 9000, end: 9010, source: 'a test' }] },
      ...more.sections,
    },
  };
}
