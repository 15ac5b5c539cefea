import { Option } from 'clipanion';
import type { FleetQuestion, FleetRequest } from '../../audit/fleet.ts';
import { readText } from '../../io/read.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { pastTime } from '../past-time.ts';
import { duration, unknownValue, wholeNumber } from '../values.ts';
import type { GroupAbout } from './group.ts';
import { selectsListeners, storeRequest, type StoreOptions } from './store.ts';

const hourMs = 3_600_000;
/** Nightly audits are a day apart, and start up to half an hour later at random. */
const usualAge = '25h';
/** The longest list of machines, in bytes. */
const maxListBytes = 16 * 1024 * 1024;

/** What to ask about the machines in a store. */
export class FleetOptions {
  static readonly about = {
    values: { '--expected': 'file' },
    parameters: {
      Sha256: '--sha256',
      New: '--new',
      Since: '--since',
      Rare: '--rare',
      MaxMachines: '--max-machines',
      Version: '--versions',
      Missing: '--missing',
      MaxAge: '--max-age',
      ExpectedPath: '--expected',
    },
  } as const satisfies GroupAbout;

  sha256 = Option.String('--sha256', {
    description: 'listeners whose executable has this SHA-256 hash, or one that begins with these 8 or more digits',
  });
  isNew = Option.Boolean('--new', false, { description: 'listeners that appeared in the last 24 hours' });
  since = Option.String('--since', {
    description: 'listeners that appeared after this time: 7d, 2026-01-31, or 2026-01-31T02:00 (UTC without an offset)',
  });
  rare = Option.Boolean('--rare', false, { description: 'listeners that only one machine has' });
  maxMachines = Option.String('--max-machines', {
    description: 'for --rare: listeners that at most this many machines have (default: 1)',
  });
  versions = Option.Boolean('--versions', false, {
    description: 'the versions of each program by their SHA-256 hashes, and the number of machines with each',
  });
  missing = Option.Boolean('--missing', false, {
    description: 'machines that did not report: their newest audits are older than --max-age',
  });
  maxAge = Option.String('--max-age', {
    description: 'the age from which a newest audit means that its machine is missing (default: 25h)',
  });
  expected = Option.String('--expected', {
    description: 'a file with the names of the machines that should report, one in a line; # begins a comment',
  });
}

type Options = StoreOptions & FleetOptions;

/** The options that are questions. */
const asked = ({ isNew, since, rare, versions, missing }: FleetOptions): FleetQuestion[] => [
  ...(isNew || since !== undefined ? (['new'] as const) : []),
  ...(rare ? (['rare'] as const) : []),
  ...(versions ? (['versions'] as const) : []),
  ...(missing ? (['missing'] as const) : []),
];

/** Whether listeners are selected, instead of machines. */
const isAboutListeners = (options: Options, ports: readonly string[]): boolean =>
  selectsListeners(options, ports) || options.sha256 !== undefined;

/** The question of a command line; the first one, if there are several. */
export const fleetQuestion = (options: Options, ports: readonly string[]): FleetQuestion =>
  asked(options)[0] ?? (isAboutListeners(options, ports) ? 'listeners' : 'machines');

const excludes = (one: string, other: string): PortOwnerError =>
  new PortOwnerError('PO1005', `${one} cannot be combined with ${other}`);

/** Throws PO1005 for options that have no effect together. */
function checkOptions(options: Options, ports: readonly string[]): void {
  const { isNew, since, maxMachines, expected } = options;
  const [question, other] = asked(options);
  if (isNew && since !== undefined) throw excludes('--new', '--since');
  if (other !== undefined)
    throw excludes(question === 'new' && since !== undefined ? '--since' : `--${question}`, `--${other}`);
  if (maxMachines !== undefined && question !== 'rare')
    throw new PortOwnerError('PO1005', '--max-machines needs --rare');
  const isAboutMachines = question === undefined || question === 'missing';
  const selectsSome = isAboutListeners(options, ports);
  if (question === 'missing' && selectsSome) throw excludes('--missing', 'PORTS, --program, --service, and --sha256');
  if (expected !== undefined && (!isAboutMachines || selectsSome))
    throw new PortOwnerError('PO1005', '--expected can be used only for the list of machines, and with --missing');
}

function hashOf(text: string): string {
  if (/^[0-9a-f]{8,64}$/i.test(text)) return text.toLowerCase();
  throw unknownValue('--sha256', text, 'a SHA-256 hash, or its first 8 or more hex digits');
}

/** The machines of a list. */
const machinesIn = (path: string): string[] =>
  readText(path, maxListBytes)
    .split('\n')
    .map((line) => line.split('#', 1)[0]!.trim())
    .filter((name) => name !== '');

/** What a command line asks about the machines in a store. Throws PO1001, PO1002, PO1005, and PO2001 for a list that cannot be read. */
export async function fleetRequest(options: Options, ports: readonly string[], now: Date): Promise<FleetRequest> {
  checkOptions(options, ports);
  const { sha256, since = '24h', maxMachines, maxAge = usualAge, expected } = options;
  const age = duration('--max-age', maxAge, { least: hourMs, mostDays: 36_500 });
  return {
    ...(await storeRequest(options, ports, 'fleet')),
    question: fleetQuestion(options, ports),
    sha256: sha256 === undefined ? null : hashOf(sha256),
    now,
    since: pastTime('--since', since, now),
    most: maxMachines === undefined ? 1 : wholeNumber('--max-machines', maxMachines, { most: 999_999_999 }),
    limit: new Date(now.getTime() - age),
    expected: expected === undefined ? [] : machinesIn(expected),
  };
}
