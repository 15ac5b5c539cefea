import { PortOwnerError, type Report } from '../../schema/problems.ts';
import { closeFile, openFile } from '../../io/read.ts';
import { recordedSource } from '../../system/raw.ts';
import { usualSeconds, type AskRemote, type RemoteAnswer, type RemoteCall } from '../../system/remote.ts';
import type { Surroundings } from '../../system/surroundings.ts';
import type { SnapshotWorld } from '../write-snapshot.ts';
import { collectionIn } from '../read/collection/find.ts';
import { mostNoise, readCollection, type Collected } from '../read/read.ts';
import { collectorInput, command, powershellCommand, shellCommand } from './call.ts';

/** Which far machines to query, and how. */
export interface FarRequest {
  readonly hosts: readonly string[];
  /** An ssh configuration file instead of the user's own; null for the default. */
  readonly config: string | null;
  /** Whether command lines are wanted. */
  readonly commandLines: boolean;
  /** Whether raw entries are needed, which a portowner there does not send. */
  readonly raw?: boolean;
  /** Whether ssh may prompt a person. */
  readonly hasPerson: boolean;
  /** The number of seconds that each host can take; null for the default. */
  readonly seconds: number | null;
}

/** The answer of a host, or why there is none. */
type FarAnswer = Collected | PortOwnerError;

/** At most this many hosts are queried at once. */
const mostAtOnce = 32;

/** A name or an address, optionally with a user before it. ssh would read a leading - as an option. */
const hostForm = /^(?:[^-@\s][^@\s]*@)?[\p{L}\p{N}_[:][\p{L}\p{N}_.:%[\]-]*$/u;

/** Throws PO1001 for an invalid host. */
function checkHosts(hosts: readonly string[]): void {
  for (const host of hosts)
    if (!hostForm.test(host) || host.length > 255)
      throw new PortOwnerError(
        'PO1001',
        `--host "${host}" is not a host; expected a name or an address: server7, ann@server7`,
        {
          target: host,
        },
      );
}

/** What a snapshot is written from: a source, or facts. */
type SnapshotOrigin = Pick<SnapshotWorld, 'source' | 'now' | 'told'>;

/**
 * Returns the only host as the origin of a snapshot: a source with its own time if raw entries are needed, or else its
 * facts. Throws PO3006, PO2001 and PO1001.
 */
export async function farOrigin(
  request: FarRequest,
  here: Pick<Surroundings, 'source' | 'now' | 'remote'>,
  report?: Report,
): Promise<SnapshotOrigin> {
  const [asked] = await askHosts(request, await here.remote(), report);
  const answer = await asked;
  if (answer === undefined || answer instanceof PortOwnerError) throw answer;
  const { facts, envelope } = answer;
  if (request.raw !== true || envelope === null) return { source: here.source, now: here.now, told: facts };
  return {
    source: async () => recordedSource(envelope),
    now: () => new Date(envelope.entries.get('machine')!.at),
  };
}

/** Returns the last line that contains a letter. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /\p{L}/u.test(line));
  return lines.at(-1)?.trim().slice(0, 300) ?? '';
}

const textTail = 4096;

function notAsked(host: string, { failure, errors, output, exitCode }: RemoteAnswer): PortOwnerError {
  // A shell that denies logins, such as nologin, prints its message to standard output.
  const said = lastLine(errors) || lastLine(Buffer.from(output.subarray(-textTail)).toString());
  const why = failure ?? (said || `ssh ended with code ${String(exitCode)} and printed nothing`);
  return new PortOwnerError('PO3006', `${host} could not be queried: ${why}`, { target: host });
}

type Call = Omit<RemoteCall, 'command'>;

/** Runs the collector that fits the far shell. If the shell does not support `||`, other commands are tried. */
async function collect(call: Call, ask: AskRemote): Promise<{ answer: RemoteAnswer; bytes: Uint8Array | null }> {
  const began = performance.now();
  let bytes: Uint8Array | null = null;
  const first = await ask({ ...call, command });
  let answer = first;
  const isOpen = (): boolean =>
    (bytes = collectionIn(answer.output)) === null && answer.failure === null && answer.exitCode !== 255;
  const others = /'\|\|'/.test(first.errors) ? [powershellCommand, shellCommand] : [shellCommand];
  const left = (): number => Math.max(1, call.seconds - (performance.now() - began) / 1000);
  for (const other of others) if (isOpen()) answer = await ask({ ...call, command: other, seconds: left() });
  // The error from the first command is more useful than those from the others.
  return isOpen() ? { answer: first, bytes } : { answer, bytes };
}

/** Says how a host answered, and which programs there were not used. */
function waysOf(output: Uint8Array, { envelope }: Collected, seconds: number): string[] {
  const told = Buffer.from(output.subarray(0, mostNoise)).toString();
  const ways = [...told.matchAll(/^#PortOwner\.Way (used|ignored) ([^\r\n]*)/gm)];
  const ignored = ways.filter(([, what]) => what === 'ignored').map(([, , text]) => `ignored ${text}`);
  const used = ways.find(([, what]) => what === 'used')?.[2];
  const answered =
    envelope === null
      ? `queried through ssh with ${used ?? 'a portowner'} there`
      : `queried through ssh with the collector for ${envelope.platform === 'win32' ? 'PowerShell' : 'sh'}`;
  return [...ignored, `${answered} in ${seconds.toFixed(1)} s`];
}

/** Queries one host. */
async function askHost(host: string, request: FarRequest, ask: AskRemote, report?: Report): Promise<FarAnswer> {
  const { config, commandLines, hasPerson, hosts, seconds: given } = request;
  const most = given ?? usualSeconds;
  // With several hosts, all prompts would share one terminal.
  const mayAsk = hasPerson && hosts.length === 1;
  const input = collectorInput({ commandLines, snapshot: request.raw !== true, seconds: most });
  const call = { host, input, config, mayAsk, seconds: most };
  report?.('Progress', `querying ${host} through ssh`);
  const began = performance.now();
  const { answer, bytes } = await collect(call, ask);
  const seconds = (performance.now() - began) / 1000;
  if (bytes === null || answer.failure !== null) return notAsked(host, answer);
  try {
    const collected = await readCollection(bytes, `what ${host} sent`);
    for (const text of waysOf(answer.output, collected, seconds)) report?.('Verbose', `${host}: ${text}`);
    return collected;
  } catch (error) {
    if (error instanceof PortOwnerError) return answer.exitCode === 0 ? error : notAsked(host, answer);
    throw error;
  }
}

/** Begins to query hosts in parallel, and returns what each will answer, in their order. Throws PO1001 and PO2001. */
export async function askHosts(
  request: FarRequest,
  ask: AskRemote,
  report?: Report,
): Promise<readonly Promise<FarAnswer>[]> {
  const { hosts, config } = request;
  checkHosts(hosts);
  // Check once, so that the same error is not repeated for each host.
  if (config !== null) closeFile(openFile(config));
  const answers = hosts.map(() => Promise.withResolvers<FarAnswer>());
  // A defect is reported by whoever reads the answer, which can be later.
  for (const { promise } of answers) promise.catch(() => {});
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < hosts.length; index = next++) {
      const { resolve, reject } = answers[index]!;
      await askHost(hosts[index]!, request, ask, report).then(resolve, reject);
    }
  };
  for (let worker = 0; worker < Math.min(mostAtOnce, hosts.length); worker++) void work();
  return answers.map(({ promise }) => promise);
}
