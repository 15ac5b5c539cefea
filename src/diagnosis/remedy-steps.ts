import type { Container } from '../facts/model/facts.ts';
import type { Patient } from './cause.ts';
import { isOwnerDenied } from '../ownership/owned.ts';
import { quote } from './quote.ts';
import type { Request } from './request.ts';
import { containerCommands, quotePattern, serviceUnit, systemctlCommand } from './stop-commands.ts';

/** A command to paste, with what it does. */
export const step = (command: string, what: string): string => `${command}  # ${what}`;
/** What to do that is no command. */
export const say = (what: string): string => `# ${what}`;

/** The question once more, with changes. */
export function again(request: Request, changes: Partial<Request> = {}): string {
  const { port, protocol, address, sharing, ipv6Only } = { ...request, ...changes };
  const how = { default: '', exclusive: ' --exclusive', reuse: ' --reuse', reusePort: ' --reuse=port' }[sharing];
  return `portowner why ${port}${protocol === 'UDP' ? ' --protocol udp' : ''}${address === null ? '' : ` --address ${address}`}${ipv6Only ? ' --ipv6-only' : ''}${how}`;
}

/** The way around: another port. */
export function takeAnother({ port, protocol }: Request): string {
  return step(
    `portowner free --near ${port === 0 ? 8080 : port}${protocol === 'UDP' ? ' --protocol udp' : ''}`,
    'or take a port that can be bound now',
  );
}

/** Linux shows an owner to its user and to root. */
const asRoot = ({ facts, row }: Patient): string =>
  row !== null && isOwnerDenied(row) && facts.machine.platform === 'linux' ? 'sudo ' : '';

/** Who it is. */
export function look(patient: Patient): string {
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

/** What to do about an excluded range. */
export function excludedRange({ facts, request, range }: Patient): string[] {
  const family = range?.family === 'IPv6' ? 'ipv6' : 'ipv4';
  const protocol = request.protocol.toLowerCase();
  const all = step(`netsh interface ${family} show excludedportrange protocol=${protocol}`, 'every excluded range');
  if (range?.kind === 'ExcludedAdministered')
    return [all, say('a program that asks for this port itself gets it: nothing has to be done')];
  if (range?.kind === 'ExcludedPersistent') {
    return [
      all,
      takeAnother(request),
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
    takeAnother(request),
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

/** What to do about a URL or socket of HTTP.sys. */
export function freeFromHttpSys(patient: Patient): string[] {
  const { facts, request } = patient;
  const list = facts.sections.ipListenList?.data ?? [];
  return [
    step(
      'netsh http show servicestate view=requestq',
      `as administrator: the request queues of HTTP.sys, their URLs and processes; look for :${request.port}`,
    ),
    ...(list.length > 0 ? [step('netsh http show iplisten', 'the addresses that HTTP.sys takes for itself')] : []),
    say('stop the site, application pool or service that has the URL, not HTTP.sys itself: much else hangs on it'),
    ...stopManaged(patient),
    takeAnother(request),
  ];
}

/** Stopping who holds it: by its manager, then the process. */
export const stopping = (patient: Patient): string[] => [...stopManaged(patient), stop(patient)];

/** What to do about a program that holds the port. */
export const stopHolder = (patient: Patient): string[] => [
  look(patient),
  takeAnother(patient.request),
  ...stopping(patient),
];

export const onWindows = ({ facts }: Patient): boolean => facts.machine.platform === 'win32';
