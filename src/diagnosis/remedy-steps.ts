import type { Container } from '../facts/model/facts.ts';
import type { Patient } from './cause.ts';
import { queuesBehind } from '../ownership/kernel.ts';
import { addressFamily, unmapped } from '../ports/address.ts';
import { isOwnerDenied } from '../ownership/owned.ts';
import { quote } from './quote.ts';
import type { Request } from './request.ts';
import { relayOfOwner, relaySteps } from './relay-steps.ts';
import { isUnusual, usualStart, usualText } from './ranges.ts';
import { sharedProtocol } from './shared-ports.ts';
import { say, step } from '../schema/step.ts';
import { containerCommands, isVitalService, quotePattern, stoppableUnit, systemctlCommand } from './stop-commands.ts';

export { say, step };

/** Returns the command for the same question, with changes. */
export function again(request: Request, changes: Partial<Request> = {}): string {
  const { port, protocol, address, sharing, ipv6Only } = { ...request, ...changes };
  const how = { default: '', exclusive: ' --exclusive', reuse: ' --reuse', reusePort: ' --reuse=port' }[sharing];
  return `portowner why ${port}${protocol === 'UDP' ? ' --protocol udp' : ''}${address === null ? '' : ` --address ${address}`}${ipv6Only ? ' --ipv6-only' : ''}${how}`;
}

/** Returns the workaround: use another port. */
export function takeAnother({ port, protocol }: Request): string {
  return step(
    `portowner free --near ${port === 0 ? 8080 : port}${protocol === 'UDP' ? ' --protocol udp' : ''}`,
    'or use a port that is free now',
  );
}

/** Whether two questions are the same. */
const isSame = (one: Request, other: Request): boolean => again(one) === again(other);

/**
 * Returns the command for the question with changes, if they change anything: repeating the same question is no help.
 */
export function otherwise(request: Request, changes: Partial<Request>, what: string): string[] {
  return isSame({ ...request, ...changes }, request) ? [] : [step(again(request, changes), what)];
}

/** On Linux, only an owner's user and root can see the owner. */
const asRoot = ({ facts, row }: Patient): string =>
  row !== null && isOwnerDenied(row) && facts.machine.platform === 'linux' ? 'sudo ' : '';

/** Returns the command that shows the owner. */
export function look(patient: Patient): string {
  const { port } = patient.request;
  if (asRoot(patient) !== '') return step(`sudo portowner ${port} --format list`, 'show the owner, which needs root');
  return step(`portowner ${port} --format list`, 'show everything known about the owner');
}

/** Returns the protocol whose programs all share the port by reuse, so that none has to release it; otherwise null. */
const sharedBy = ({ request: { protocol, port } }: Patient): string | null => sharedProtocol(protocol, port);

/** Returns the steps for a port that all programs share. */
function shareIt({ request }: Patient, name: string): string[] {
  return [
    ...otherwise(
      request,
      { sharing: 'reuse', ipv6Only: request.ipv6Only },
      `${name} is shared by all programs that set SO_REUSEADDR: check whether that works`,
    ),
    say(`make the program set SO_REUSEADDR, like all others on ${name}: nothing has to be stopped`),
  ];
}

/** Returns `portowner stop`, which shows what would end before it asks. */
export function stop(patient: Patient): string {
  const { port, protocol } = patient.request;
  return step(
    `${asRoot(patient)}portowner stop ${port}${protocol === 'UDP' ? ' --protocol udp' : ''} --dry-run`,
    'show what would be stopped; without --dry-run, it asks before stopping',
  );
}

/** Returns the process that holds the port, according to the facts. */
const holderOf = ({ facts, row }: Patient) =>
  facts.sections.processes.data.find(({ pid }) => pid === row?.OwningProcess);

/** Whether HTTP.sys holds the port for a running program, or for one that IIS would start. */
const isServed = ({ facts, socket }: Patient): boolean =>
  socket !== null &&
  queuesBehind(facts.sections.httpQueues?.data ?? [], socket).some(
    ({ processes, controller }) => processes.length > 0 || controller !== null,
  );

/**
 * Returns `portowner stop` for what it can stop: listeners, but no container from outside, nor one of several services.
 */
function stopUnlessRefused(patient: Patient): string[] {
  const { row, socket } = patient;
  if (socket?.state === 'Bound')
    return [
      say(
        `portowner stop ends listeners only, and process ${row?.OwningProcess ?? '?'} has the port bound without listening; end that one itself, if it does not let go`,
      ),
    ];
  const process = holderOf(patient);
  if (process?.container != null && containerCommands(process.container, process.pid)?.stop != null) return [];
  return onWindows(patient) && (row?.Services?.length ?? 0) > 1 ? [] : [stop(patient)];
}

/** Returns the steps that stop the service or container that holds the port, through its manager. */
function stopManaged(patient: Patient): string[] {
  if (onWindows(patient)) return stopWindowsServices(patient);
  const process = holderOf(patient);
  if (process === undefined) return [];
  if (process.container !== null) return stopContainer(process.container, process.pid);
  const unit = stoppableUnit(process);
  if (unit === null) return [];
  // A user's unit is different from the system's unit of the same name.
  const manager = unit.user === null ? [] : ['--user', `--machine=${unit.user}@.host`];
  const [status, stopping] = ['status', 'stop'].map((verb) => systemctlCommand(verb, [unit.name], manager));
  if (status == null || stopping == null) return [];
  return [
    step(unit.user === null ? status : `sudo ${status}`, 'show the service'),
    step(`sudo ${stopping}`, 'stop the service'),
  ];
}

const isIis = (service: string): boolean => /^(?:W3SVC|WAS)$/i.test(service);

function stopWindowsServices({ row, request }: Patient): string[] {
  const all = row?.Services ?? [];
  const others = all.filter((name) => !isIis(name));
  return [
    // Stopping IIS's service ends all sites: stopping the site that has the port is enough.
    ...(others.length < all.length
      ? [
          step(
            `Get-WebBinding -Port ${request.port}`,
            'the IIS sites on the port; use Stop-Website to stop one of them',
          ),
        ]
      : []),
    ...stopService(others),
  ];
}

function stopService(names: readonly string[]): string[] {
  // Which of several services in one process has the port is unknown: do not stop one on a guess.
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
        ? 'show the container; use its runtime to stop it'
        : `the processes in the container: ${pid} must be one of them`,
    ),
    ...(commands.stop === null ? [] : [step(commands.stop, 'stop the container, if it is')]),
  ];
}

/** Returns netsh's name of an address family. */
const netshFamily = (family: 'IPv4' | 'IPv6' | null): string => (family === 'IPv6' ? 'ipv6' : 'ipv4');

/** Returns the command that restores Windows' default dynamic range. */
export const usualRange = (protocol: string, family: 'IPv4' | 'IPv6' | null): string =>
  step(
    `netsh interface ${netshFamily(family)} set dynamicportrange protocol=${protocol.toLowerCase()} startport=${usualStart} numberofports=${65_536 - usualStart}`,
    `as administrator, then restart: connections and reservations use the dynamic range, which is unusual (${usualText})`,
  );

/** Returns the command for a wider dynamic range, and its cost. */
export const moreDynamicPorts = ({ facts, request, pairs }: Patient): string =>
  facts.machine.platform === 'win32'
    ? step(
        `netsh interface ${pairs[0] === undefined ? 'ipv4' : netshFamily(addressFamily(unmapped(pairs[0].local)))} set dynamicportrange protocol=${request.protocol.toLowerCase()} startport=32768 numberofports=32768`,
        'as administrator: twice as many dynamic ports; ports of servers in that range have to be excluded from automatic assignment',
      )
    : step(
        'sudo sysctl -w net.ipv4.ip_local_port_range="15000 60999"',
        'more dynamic ports; first make sure that no server listens there',
      );

/** Returns the steps for an excluded range. */
export function excludedRange({ facts, request, range }: Patient): string[] {
  const family = netshFamily(range?.family ?? null);
  const protocol = request.protocol.toLowerCase();
  const all = step(`netsh interface ${family} show excludedportrange protocol=${protocol}`, 'every excluded range');
  if (range?.kind === 'ExcludedAdministered')
    return [all, say('programs can still bind this port explicitly: nothing has to be done')];
  if (range?.kind === 'ExcludedPersistent') {
    return [
      all,
      takeAnother(request),
      step(
        `netsh interface ${family} delete excludedportrange protocol=${protocol} startport=${range.start} numberofports=${range.end - range.start + 1} store=persistent`,
        'as administrator: releases the range, if nobody needs it',
      ),
    ];
  }
  const dynamic = facts.sections.dynamicRanges.data.filter(
    (one) => one.protocol === null || one.protocol === request.protocol,
  );
  // Hyper-V, WSL and containers reserve ports only inside the dynamic range.
  if (dynamic.length > 0 && dynamic.every(({ start, end }) => request.port < start || request.port > end))
    return [
      all,
      takeAnother(request),
      say('it is outside the dynamic range, so a program or driver reserves it while it runs'),
    ];
  const unusual = dynamic.find((one) => isUnusual(facts, one));
  return [
    all,
    takeAnother(request),
    ...(unusual === undefined ? [] : [usualRange(request.protocol, range?.family ?? null)]),
    step(
      'net stop winnat',
      'as administrator: releases the reservations of Hyper-V, WSL, and containers, whose networks stop until it is restarted',
    ),
    step(
      `netsh interface ${family} add excludedportrange protocol=${protocol} startport=${request.port} numberofports=1 store=persistent`,
      'reserve the port for programs that bind it explicitly',
    ),
    step('net start winnat', 'restores the reservations elsewhere'),
  ];
}

/** Returns the steps that find and stop the program with a URL in HTTP.sys. */
function stopBehindHttpSys(patient: Patient): string[] {
  const { facts, request } = patient;
  const list = facts.sections.ipListenList?.data ?? [];
  return [
    step(
      'netsh http show servicestate view=requestq',
      `as administrator: the HTTP.sys request queues, their URLs and processes; look for :${request.port}`,
    ),
    ...(list.length > 0 ? [step('netsh http show iplisten', 'the addresses that HTTP.sys listens on')] : []),
    say(
      'stop the site, application pool, or service that uses the URL, not HTTP.sys itself, on which much else depends',
    ),
    ...stopManaged(patient),
    ...(patient.row?.OwnerKind === 'HttpSys' && isServed(patient) ? [stop(patient)] : []),
  ];
}

/** Returns the steps for a URL or socket of HTTP.sys. */
export const freeFromHttpSys = (patient: Patient): string[] => [
  ...stopBehindHttpSys(patient),
  takeAnother(patient.request),
];

/** Returns the steps that stop the holder: first through its manager, then the process. For a relay, its target. */
export function stopping(patient: Patient): string[] {
  const name = sharedBy(patient);
  if (name !== null) return shareIt(patient, name);
  if (patient.row?.OwnerKind === 'HttpSys') return stopBehindHttpSys(patient);
  const relay = relayOfOwner(patient);
  if (relay !== null) return [...relaySteps(patient, relay), ...(relay.kind === 'alone' ? [stop(patient)] : [])];
  const vital = (patient.row?.Services ?? []).filter(isVitalService);
  if (vital.length > 0 && onWindows(patient))
    return [say(`much of Windows needs ${vital.join(', ')}: such services are never stopped to free a port`)];
  return [...stopManaged(patient), ...stopUnlessRefused(patient)];
}

/** Returns the steps for a program that holds the port. */
export const stopHolder = (patient: Patient): string[] => [
  ...stopping(patient),
  ...(sharedBy(patient) === null ? [takeAnother(patient.request)] : []),
  look(patient),
];

export const onWindows = ({ facts }: Patient): boolean => facts.machine.platform === 'win32';
