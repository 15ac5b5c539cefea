import { PortOwnerError, type Report } from '../../schema/problems.ts';
import { closeFile, openFile } from '../../io/read.ts';
import { recordedSource, type RawEnvelope, type RawSource } from '../../system/raw.ts';
import type { AskRemote, RemoteAnswer, RemoteCall } from '../../system/remote.ts';
import { parseCollection } from '../read/collection/collection.ts';
import { collectionIn } from '../read/collection/find.ts';
import { collectorInput, command, powershellCommand, shellCommand } from './call.ts';

/** How far machines are asked. */
export interface FarRequest {
  readonly hosts: readonly string[];
  /** A configuration of ssh instead of the user's own; null for that. */
  readonly config: string | null;
  /** Whether command lines are wanted. */
  readonly commandLines: boolean;
  /** Whether a person is there whom ssh may ask. */
  readonly hasPerson: boolean;
}

/** What a host said, or why it printed nothing. */
type FarAnswer = RawEnvelope | PortOwnerError;

/** So many hosts are asked at once. */
const mostAtOnce = 32;

/** A name or an address, with a user before it; what begins with - would be an option of ssh. */
const hostForm = /^(?:[^-@\s][^@\s]*@)?[\p{L}\p{N}_[:][\p{L}\p{N}_.:%[\]-]*$/u;

/** Throws PO1001 for what is no host. */
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

/** The one host as a source of raw, and when it answered. Throws PO3006, PO2001 and PO1001. */
export async function farSource(
  request: FarRequest,
  ask: AskRemote,
  report?: Report,
): Promise<{ source: RawSource; at: Date }> {
  const [answer] = await askHosts(request, ask, report);
  if (answer === undefined || answer instanceof PortOwnerError) throw answer;
  return { source: recordedSource(answer), at: new Date(answer.entries.get('machine')!.at) };
}

/** The last line that has words. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /\p{L}/u.test(line));
  return lines.at(-1)?.trim().slice(0, 300) ?? '';
}

const textTail = 4096;

function notAsked(host: string, { failure, errors, output, exitCode }: RemoteAnswer): PortOwnerError {
  // A shell that lets nobody in says so on standard output.
  const said = lastLine(errors) || lastLine(Buffer.from(output.subarray(-textTail)).toString());
  const why = failure ?? (said || `ssh ended with code ${String(exitCode)} and printed nothing`);
  return new PortOwnerError('PO3006', `${host} could not be queried: ${why}`, { target: host });
}

type Call = Omit<RemoteCall, 'command'>;

/** Runs the collector that fits the far shell: a shell that knows no `||` is asked once more in its own way. */
async function collect(call: Call, ask: AskRemote): Promise<{ answer: RemoteAnswer; bytes: Uint8Array | null }> {
  let bytes: Uint8Array | null = null;
  const first = await ask({ ...call, command });
  let answer = first;
  const isOpen = (): boolean =>
    (bytes = collectionIn(answer.output)) === null && answer.failure === null && answer.exitCode !== 255;
  const others = /'\|\|'/.test(first.errors) ? [powershellCommand, shellCommand] : [shellCommand];
  for (const other of others) if (isOpen()) answer = await ask({ ...call, command: other });
  // What the usual way came to says more than what the others did.
  return isOpen() ? { answer: first, bytes } : { answer, bytes };
}

/** Asks one host. */
async function askHost(host: string, request: FarRequest, ask: AskRemote, report?: Report): Promise<FarAnswer> {
  const { config, commandLines, hasPerson, hosts } = request;
  // Of several, each would ask on the same terminal.
  const mayAsk = hasPerson && hosts.length === 1;
  const call = { host, input: collectorInput(commandLines), config, mayAsk };
  report?.('Progress', `querying ${host} through ssh`);
  const { answer, bytes } = await collect(call, ask);
  if (bytes === null || answer.failure !== null) return notAsked(host, answer);
  try {
    const envelope = await parseCollection(bytes, `what ${host} sent`);
    report?.(
      'Verbose',
      `${host} was queried through ssh with the collector for ${envelope.platform === 'win32' ? 'PowerShell' : 'sh'}`,
    );
    return envelope;
  } catch (error) {
    if (error instanceof PortOwnerError) return answer.exitCode === 0 ? error : notAsked(host, answer);
    throw error;
  }
}

/** Asks hosts side by side; each has an answer, in their order. Throws PO1001 and PO2001. */
export async function askHosts(request: FarRequest, ask: AskRemote, report?: Report): Promise<FarAnswer[]> {
  const { hosts, config } = request;
  checkHosts(hosts);
  // Else each host would have its error.
  if (config !== null) closeFile(openFile(config));
  const answers: FarAnswer[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < hosts.length; index = next++)
      answers[index] = await askHost(hosts[index]!, request, ask, report);
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, hosts.length) }, work));
  return answers;
}
