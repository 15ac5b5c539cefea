import type { Container, Facts, PortRange, Socket } from '../facts/model/facts.ts';
import { isUnfound } from '../ownership/absent.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Cause } from './causes.ts';
import { quote } from './quote.ts';
import type { Request } from './request.ts';
import { containerCommands, quotePattern, serviceUnit, systemctlCommand } from './stop-commands.ts';

/** What a remedy is written from. */
export interface Patient {
  readonly facts: Facts;
  readonly request: Request;
  readonly row: OwnedEndpoint | null;
  readonly socket: Socket | null;
  readonly range: PortRange | null;
  readonly addresses: readonly string[] | null;
  /** Whether the facts are this machine's, now. */
  readonly here: boolean;
  /** What HTTP.sys is told to listen on and the machine does not have. */
  readonly stale: readonly string[];
}

const step = (command: string, what: string): string => `${command}  # ${what}`;
const say = (what: string): string => `# ${what}`;

/** The question once more, with changes. */
function again(request: Request, changes: Partial<Request> = {}): string {
  const { port, protocol, address, sharing, ipv6Only } = { ...request, ...changes };
  const how = { default: '', exclusive: ' --exclusive', reuse: ' --reuse', reusePort: ' --reuse=port' }[sharing];
  return `portowner why ${port}${protocol === 'UDP' ? ' --protocol udp' : ''}${address === null ? '' : ` --address ${address}`}${ipv6Only ? ' --ipv6-only' : ''}${how}`;
}

function free({ port, protocol }: Request): string {
  return step(
    `portowner free --near ${port === 0 ? 8080 : port}${protocol === 'UDP' ? ' --protocol udp' : ''}`,
    'or take a port that can be bound now',
  );
}

/** Linux shows an owner to its user and to root. */
const asRoot = ({ facts, row }: Patient): string =>
  row?.Owner === null && facts.machine.platform === 'linux' ? 'sudo ' : '';

function look(patient: Patient): string {
  const { port } = patient.request;
  if (asRoot(patient) !== '') return step(`sudo portowner ${port} --format list`, 'see the owner, which needs root');
  return step(`portowner ${port} --format list`, 'see all that is known of the owner');
}

function stop(patient: Patient): string {
  const { port, protocol } = patient.request;
  return step(
    `${asRoot(patient)}portowner stop ${port}${protocol === 'UDP' ? ' --protocol udp' : ''} --dry-run`,
    'see what would end with it; without --dry-run it is stopped after a question',
  );
}

/** Stopping the service or container that holds it, by its manager. */
function stopManaged(patient: Patient): string[] {
  const { facts, row } = patient;
  if (facts.machine.platform === 'win32') return stopWindowsService(patient);
  const process = facts.sections.processes.data.find(({ pid }) => pid === row?.OwningProcess);
  if (process === undefined) return [];
  if (process.container !== null) return stopContainer(process.container, process.pid);
  const unit = serviceUnit(process);
  if (unit === null) return [];
  // A user's unit is another one than the system's of the same name.
  const manager = unit.user === null ? [] : ['--user', `--machine=${unit.user}@.host`];
  const [status, stopping] = ['status', 'stop'].map((verb) => systemctlCommand(verb, [unit.name], manager));
  if (status == null || stopping == null) return [];
  return [
    step(unit.user === null ? status : `sudo ${status}`, 'what the service is'),
    step(`sudo ${stopping}`, 'stop the service'),
  ];
}

function stopWindowsService({ row }: Patient): string[] {
  const names = row?.Services ?? [];
  // Which of several services in one process it is, is not known: none is stopped on a guess.
  if (names.length > 1)
    return [
      say(
        `one of the services ${names.filter((name) => quote(name, 'win32') === name).join(', ')} holds it; they run in one process`,
      ),
    ];
  const name = quotePattern(names[0] ?? '');
  if (name === null) return [];
  return [
    step(`Get-Service -Name ${name} -DependentServices`, 'what depends on the service'),
    step(`Stop-Service -Name ${name} -Confirm`, 'stop the service'),
  ];
}

function stopContainer(container: Container, pid: number): string[] {
  const commands = containerCommands(container, pid);
  if (commands === null) return [];
  return [
    step(
      commands.look,
      commands.stop === null
        ? 'what the container is; its runtime stops it'
        : `what runs in the container: process ${pid} must be among it`,
    ),
    ...(commands.stop === null ? [] : [step(commands.stop, 'stop the container, if so')]),
  ];
}

function excluded({ facts, request, range }: Patient): string[] {
  const family = range?.family === 'IPv6' ? 'ipv6' : 'ipv4';
  const protocol = request.protocol.toLowerCase();
  const all = step(`netsh interface ${family} show excludedportrange protocol=${protocol}`, 'every excluded range');
  if (range?.kind === 'ExcludedAdministered')
    return [all, say('a program that asks for this port itself gets it: nothing has to be done')];
  if (range?.kind === 'ExcludedPersistent') {
    return [
      all,
      free(request),
      step(
        `netsh interface ${family} delete excludedportrange protocol=${protocol} startport=${range.start} numberofports=${range.end - range.start + 1} store=persistent`,
        'give the range back, as administrator, if nobody needs it',
      ),
    ];
  }
  const dynamic = facts.sections.dynamicRanges.data.find(
    (one) => one.protocol === null || one.protocol === request.protocol,
  );
  return [
    all,
    free(request),
    ...(dynamic === undefined || dynamic.start >= 49152
      ? []
      : [
          step(
            `netsh interface ${family} set dynamicportrange protocol=${protocol} startport=49152 numberofports=16384`,
            'as administrator, then restart: reservations are made in the dynamic range, which is wider than usual here',
          ),
        ]),
    step(
      'net stop winnat',
      'as administrator: gives up the reservations of Hyper-V, WSL and containers, whose networks stop until it is started again',
    ),
    step(
      `netsh interface ${family} add excludedportrange protocol=${protocol} startport=${request.port} numberofports=1 store=persistent`,
      'keep the port for programs that ask for it itself',
    ),
    step('net start winnat', 'the reservations come again, elsewhere'),
  ];
}

function reserveFromClients({ facts, request: { port, protocol } }: Patient): string[] {
  if (facts.machine.platform === 'win32') {
    return [
      step(
        `netsh interface ipv4 add excludedportrange protocol=${protocol.toLowerCase()} startport=${port} numberofports=1 store=persistent`,
        'as administrator, once it is free: connections do not get the port again, a program that asks for it does',
      ),
    ];
  }
  const kept = facts.sections.reservedPorts.data
    .filter((range) => range.kind === 'Reserved')
    .map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`));
  return [
    step(
      `sudo sysctl -w net.ipv4.ip_local_reserved_ports=${[...kept, port].join(',')}`,
      'connections do not get the port again, a program that asks for it does; put it into /etc/sysctl.d to keep it',
    ),
  ];
}

function httpSys({ facts, request: { port } }: Patient): string[] {
  const list = facts.sections.ipListenList?.data ?? [];
  return [
    step(
      'netsh http show servicestate view=requestq',
      `as administrator: the request queues of HTTP.sys, their URLs and processes; look for :${port}`,
    ),
    ...(list.length > 0 ? [step('netsh http show iplisten', 'the addresses that HTTP.sys takes for itself')] : []),
    say('stop the site, application pool or service that has the URL, not HTTP.sys itself: much else hangs on it'),
  ];
}

/** What to do, the safest first. */
export function remedies(cause: Cause, patient: Patient): string[] | null {
  const { facts, request, addresses } = patient;
  const windows = facts.machine.platform === 'win32';
  const { port, protocol } = request;
  switch (cause) {
    case 'Free':
      return null;
    case 'Process':
    case 'Instances':
    case 'Shared':
      return [look(patient), free(request), ...stopManaged(patient), stop(patient)];
    case 'Service':
      return [look(patient), free(request), ...stopManaged(patient), stop(patient)];
    case 'Container':
      return [look(patient), free(request), ...stopManaged(patient), stop(patient)];
    case 'Relay':
      return [
        look(patient),
        free(request),
        say('stop what is behind the relay, or take its rule away: ending the relay ends everything it carries'),
        ...(windows ? [step('netsh interface portproxy show all', 'the rules of Windows that pass ports on')] : []),
      ];
    case 'HttpSys':
    case 'UrlTaken':
      return [...httpSys(patient), ...stopManaged(patient), free(request)];
    case 'UrlReserved':
      return [
        step('netsh http show urlacl', `who may register which URL; look for :${port}`),
        ...(port === 0
          ? []
          : [
              step(
                `netsh http add urlacl url=http://+:${port}/ user="$env:USERDOMAIN\\$env:USERNAME"`,
                'as administrator: lets your account register it; write the URL as the program does',
              ),
            ]),
        say('or run the program as administrator'),
      ];
    case 'Kernel':
      return [
        look(patient),
        free(request),
        say(
          windows
            ? 'a driver holds it: turn off the feature that it belongs to (Reason and Owner tell what is known)'
            : 'a module of the kernel holds it (NFS, SMB, WireGuard …): stop the service that set it up',
        ),
      ];
    case 'Orphan':
      return [
        look(patient),
        ...(patient.socket?.heirs ?? []).map((pid) =>
          step(
            windows ? `Get-Process -Id ${pid}` : `ps -fp ${pid}`,
            'may have inherited the socket: when it ends, the port is free',
          ),
        ),
        free(request),
        say('when no process is left that may have it, only a restart of the machine gives it back'),
      ];
    case 'ClientConnection':
      return [
        look(patient),
        say('the port comes back when the connection ends'),
        free(request),
        ...reserveFromClients(patient),
      ];
    case 'Connection':
      return [
        step(windows ? `portowner ${port} --all` : `ss -tanp 'sport = :${port}'`, 'every connection on the port'),
        ...(windows
          ? []
          : [step(again(request, { sharing: 'reuse' }), 'whether it works with SO_REUSEADDR, which most servers set')]),
        say('the port comes back when the connections end'),
      ];
    case 'TimeWait':
      return [
        say(windows ? 'wait up to 4 minutes (TcpTimedWaitDelay)' : 'wait a minute'),
        ...(windows
          ? []
          : [
              step(
                again(request, { sharing: 'reuse' }),
                'whether it works with SO_REUSEADDR, which most servers set for exactly this',
              ),
            ]),
        free(request),
      ];
    case 'Excluded':
    case 'DynamicReservation':
      return excluded(patient);
    case 'GuestReservation':
      return [
        step('portowner ranges', 'every range that is reserved, and for whom'),
        free(request),
        step('wsl --list --running', 'the distributions of WSL that run'),
        step(
          'wsl --shutdown',
          'ends all of them, and with them their reservations; virtual machines and containers have theirs as long as they run',
        ),
      ];
    case 'HeldWithoutSocket':
      return windows
        ? [
            step(again(request), 'once more, as administrator'),
            step(
              `netsh interface ipv4 show excludedportrange protocol=${protocol.toLowerCase()}`,
              'every excluded range',
            ),
            free(request),
            step(
              'Get-Service -Name hns, winnat, iphlpsvc',
              'what reserves ports without a socket: networks of containers, WSL and virtual machines',
            ),
          ]
        : [
            step(
              again(request),
              'once more: a socket that is bound and does not listen comes and goes, and Linux before 6.8 does not list it',
            ),
            free(request),
          ];
    case 'NoRights': {
      if (windows)
        return [say('ask for the port without exclusive use by others, or as the account that has it'), free(request)];
      const above = facts.sections.reservedPorts.data.find((range) => range.kind === 'Privileged')?.end ?? 1023;
      if (port > above)
        return [
          say('a security module (SELinux, AppArmor) or a sandbox forbids it: see its log'),
          step('sudo ausearch -m avc -ts recent', 'what SELinux refused'),
          free(request),
        ];
      return [
        step(
          `portowner free --near ${Math.max(above + 1, 8000)}`,
          `or take a port above ${above}, which needs no rights`,
        ),
        step("sudo setcap 'cap_net_bind_service=+ep' /path/to/program", 'lets this one program bind such ports'),
        say('for a service: AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit, or a systemd socket unit'),
        step(`sudo sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`, `lets everybody bind ports from ${port} on`),
      ];
    }
    case 'AddressNotLocal':
      if (patient.stale.length > 0)
        return [
          step('netsh http show iplisten', 'the addresses that HTTP.sys is told to listen on'),
          ...patient.stale.flatMap((address) =>
            quote(address, 'win32') === address
              ? [step(`netsh http delete iplisten ipaddress=${address}`, 'as administrator: this one is not here')]
              : [],
          ),
        ];
      return [
        step(
          windows ? 'Get-NetIPAddress | Format-Table IPAddress, InterfaceAlias' : 'ip -brief address',
          'the addresses of this machine',
        ),
        step(
          again(request, { address: request.address?.includes(':') === true ? '::' : '0.0.0.0' }),
          'whether every address works, which outlives a change of address',
        ),
        ...(addresses === null || addresses.length === 0
          ? []
          : [say(`its addresses are ${addresses.slice(0, 8).join(', ')}${addresses.length > 8 ? ' …' : ''}`)]),
      ];
    case 'WildcardAgainstSpecific':
    case 'DualStack':
    case 'Sharing':
      return [
        look(patient),
        ...(cause === 'DualStack' && patient.socket?.localAddress.includes(':') !== true
          ? [
              step(
                again(request, { address: '::', ipv6Only: true }),
                'whether IPv6 alone works: the program has to set IPV6_V6ONLY',
              ),
            ]
          : []),
        ...(cause === 'Sharing'
          ? [
              step(
                again(request, { sharing: 'default' }),
                request.sharing === 'exclusive'
                  ? 'whether it works without exclusive use'
                  : 'whether it works without reuse',
              ),
            ]
          : []),
        ...(cause === 'WildcardAgainstSpecific' && patient.socket !== null && request.address === null
          ? [say(`the program may ask for another address than ${patient.socket.localAddress}, instead of all`)]
          : []),
        free(request),
        ...stopManaged(patient),
        stop(patient),
      ];
    case 'Exhausted': {
      const p = protocol.toLowerCase();
      return [
        step('portowner --all --sort OwningProcess', 'who has how many'),
        say('programs that connect again and again should keep their connections'),
        windows
          ? step(
              `netsh interface ipv4 set dynamicportrange protocol=${p} startport=10000 numberofports=55536`,
              'as administrator: more dynamic ports; first see that no server listens there',
            )
          : step(
              'sudo sysctl -w net.ipv4.ip_local_port_range="15000 60999"',
              'more dynamic ports; first see that no server listens there',
            ),
      ];
    }
    case 'Disagreement':
      return [
        step(again(request), 'once more: the port changed hands while it was looked at, or something hides a socket'),
      ];
    case 'Unknown':
      if (patient.socket !== null && isUnfound(patient.socket)) return [look(patient), free(request)];
      if (!patient.here) return [say('ask on the machine itself: only there it can be tried')];
      return [step(again(request), windows ? 'once more, as administrator' : 'once more, as root (sudo)')];
  }
}
