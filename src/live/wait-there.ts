import { addressScope } from '../ports/address.ts';
import type { Condition, Observation, Watching, WaitTarget } from './waiting.ts';
import { pause, targetText } from './waiting.ts';
import { askWeb, connectTo, type Patience } from './reach.ts';

/** Pauses between attempts: soon at first, and then less often, to spare another machine. */
const [firstPauseMs, longestPauseMs] = [50, 250];
/** A machine that drops packets does not answer at all. */
const connectMs = 3_000;
/** A request may take long while a server starts. */
export const answerMs = 10_000;

/** Watches ports of other machines, each by connecting to it. */
export async function watchThere(watching: Watching): Promise<void> {
  await Promise.all(watching.targets.map((target) => watchOne(target, watching)));
}

async function watchOne(target: WaitTarget, { see, isMet, signal, once }: Watching): Promise<void> {
  const longest = isLoopback(target.host!) ? firstPauseMs : longestPauseMs;
  for (let ms = firstPauseMs; !signal.aborted && !isMet(target); ms = Math.min(ms * 1.5, longest)) {
    const sight = await tried(target, signal);
    if (sight !== null) see(target, sight);
    if (once) return;
    await pause(ms, signal);
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || addressScope(host) === 'Loopback';

/** Makes one attempt; null if it was aborted. */
async function tried(target: WaitTarget, signal: AbortSignal): Promise<Observation | null> {
  const { condition, port } = target;
  const host = target.host!;
  if (condition.kind === 'Http') {
    const sight = await webSight(target, condition, { host, address: null }, { timeoutMs: answerMs, signal });
    return signal.aborted ? null : sight;
  }
  const { address, failure } = await connectTo({ host, port }, { timeoutMs: connectMs, signal });
  if (signal.aborted && address === null) return null;
  if (failure !== null) return { isMet: false, text: `${targetText(target)} ${failure}` };
  return { isMet: true, text: `${targetText(target)} is open`, row: { RemoteAddress: address } };
}

/** Where to send a request. */
interface WebEnd {
  readonly host: string;
  /** Null: the host decides. */
  readonly address: string | null;
  /** Who listens there, if it is known. */
  readonly owner?: string | null;
}

/** Sends the request of a condition. Any answer below 500 counts: a server that is starting answers 503, or not at all. */
export async function webSight(
  target: WaitTarget,
  { scheme, path }: Condition & { kind: 'Http' },
  { host, address, owner = null }: WebEnd,
  patience: Patience,
): Promise<Observation> {
  const answer = await askWeb({ scheme, host, port: target.port, path, address }, patience);
  const name = targetText(target);
  if (answer.status === null)
    return { isMet: false, text: `${name}${owner === null ? '' : ` of ${owner}`} ${answer.failure}` };
  const row = target.host === null ? {} : { row: { RemoteAddress: answer.address } };
  return { isMet: answer.status < 500, text: `${name} answers GET ${path} with status ${answer.status}`, ...row };
}
