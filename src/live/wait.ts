import type { AskedMachine } from '../facts/machine.ts';
import { nothingAsked } from '../facts/model/question.ts';
import { addressScope, unmapped, withoutScope } from '../ports/address.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { Problem, Report } from '../schema/problems.ts';
import type { WaitResult } from '../schema/wait.ts';
import {
  targetText,
  type Condition,
  type See,
  type Observation,
  type WaitRequest,
  type WaitTarget,
  type WaitWorld,
} from './waiting.ts';

const goals: Readonly<Record<Condition['kind'], string>> = {
  Open: 'to be open',
  Free: 'to be free',
  OwnedBy: 'to be owned by',
  Http: 'to answer',
};

function goalText(target: WaitTarget): string {
  const { condition } = target;
  const name =
    condition.kind === 'OwnedBy' ? ` ${condition.name}` : condition.kind === 'Http' ? ` GET ${condition.path}` : '';
  return `${targetText(target)} ${goals[condition.kind]}${name}`;
}

/** Formats a time: `0.4 s`, `12 s`, `5 min`. */
export function secondsText(ms: number): string {
  if (ms >= 120_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return `${ms < 9_950 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`;
}

/** Targets at addresses that this machine does not have now: they may be those of another machine. */
async function strayTargets(targets: readonly WaitTarget[], machine: AskedMachine): Promise<ReadonlySet<WaitTarget>> {
  const asked = targets.filter(
    ({ address }) => address !== null && address !== 'localhost' && addressScope(address) === 'Specific',
  );
  if (asked.length === 0) return new Set();
  const { addresses } = (await machine.facts({ ...nothingAsked, addresses: true })).sections;
  const own = new Set(addresses?.data.map(({ address }) => withoutScope(address)));
  const isOwn = ({ address }: WaitTarget): boolean => own.size === 0 || own.has(withoutScope(unmapped(address!)));
  return new Set(asked.filter((target) => !isOwn(target)));
}

/** Waits until ports are in a condition. The rows are what was met; each other target that counts is an error. */
export async function waitFor(request: WaitRequest, world: WaitWorld, report?: Report): Promise<Answer> {
  const { targets, isAny, timeoutMs } = request;
  const began = performance.now();
  const seen = new Map<WaitTarget, Observation>();
  const met = new Map<WaitTarget, number>();
  const done = new AbortController();
  const limit = timeoutMs === null ? '' : `, for up to ${secondsText(timeoutMs)}`;
  if (timeoutMs !== 0)
    report?.('Progress', `waiting for ${targets.map(goalText).join(isAny ? ' or ' : ' and ')}${limit}`);
  const see: See = (target, sight) => {
    const before = seen.get(target);
    if (met.has(target) || done.signal.aborted) return;
    seen.set(target, sight);
    if (sight.isMet === true) met.set(target, performance.now() - began);
    else if (sight.text !== before?.text && timeoutMs !== 0) report?.('Progress', sight.text);
    if (isAny ? met.size > 0 : met.size === targets.length) done.abort();
  };
  const strays = await strayTargets(targets, world.machine);
  if (timeoutMs !== 0)
    for (const address of new Set([...strays].map((target) => target.address)))
      report?.('Progress', `${address} is not an address of this machine; use --host to connect to another machine`);
  const timer = timeoutMs === null || timeoutMs === 0 ? undefined : setTimeout(() => done.abort(), timeoutMs);
  try {
    const [here, there] = [targets.filter(({ host }) => host === null), targets.filter(({ host }) => host !== null)];
    const shared = { see, isMet: (target: WaitTarget) => met.has(target), signal: done.signal, once: timeoutMs === 0 };
    await Promise.all([
      here.length === 0 ? null : (await import('./wait-here.ts')).watchHere({ ...shared, targets: here }, world),
      there.length === 0 ? null : (await import('./wait-there.ts')).watchThere({ ...shared, targets: there }),
    ]);
  } finally {
    clearTimeout(timer);
    done.abort();
  }
  return answerOf(request, { seen, met, strays }, await world.machine.ownName());
}

/** What came of the wait. */
interface Outcome {
  readonly seen: ReadonlyMap<WaitTarget, Observation>;
  /** Milliseconds from the start. */
  readonly met: ReadonlyMap<WaitTarget, number>;
  readonly strays: ReadonlySet<WaitTarget>;
}

function answerOf(
  { targets, isAny, timeoutMs }: WaitRequest,
  { seen, met, strays }: Outcome,
  computer: string | null,
): Answer {
  const rows = targets.flatMap((target) => {
    const after = met.get(target);
    return after === undefined ? [] : [rowOf(target, seen.get(target)!, Math.round(after), computer)];
  });
  const isDone = isAny ? met.size > 0 : met.size === targets.length;
  const unmet = isDone ? [] : targets.filter((target) => !met.has(target));
  const isHidden = unmet.some((target) => seen.get(target)?.isMet === null);
  return {
    rows,
    problems:
      unmet.length > (isAny ? 1 : mostErrors)
        ? [timedOutTogether(unmet, seen, { timeoutMs, strays, all: targets.length })]
        : unmet.map((target) => timedOut(target, seen.get(target), { timeoutMs, strays })),
    exitCode: isDone ? exitCodeOf(true) : isHidden ? exitCodeOf(null, 'rights') : exitCodeOf(false),
  };
}

/** More errors are one with a count, and this many of them. */
const [mostErrors, mostNamed] = [10, 3];

const seenText = (target: WaitTarget, sight: Observation | undefined): string =>
  sight?.text ?? `${targetText(target)} did not answer`;

interface Limits {
  readonly timeoutMs: number | null;
  readonly strays: ReadonlySet<WaitTarget>;
}

/** One error about targets of which one would have been enough, or which are many. */
function timedOutTogether(
  unmet: readonly WaitTarget[],
  seen: ReadonlyMap<WaitTarget, Observation>,
  { all, ...limits }: Limits & { readonly all: number },
): Problem {
  const texts = unmet.slice(0, mostNamed).map((target) => seenText(target, seen.get(target)));
  const more = unmet.length - texts.length;
  const count = unmet.length === all ? `none of the ${all} ports is` : `${unmet.length} of the ${all} ports are not`;
  const text = `${count} ready: ${texts.join('; ')}${more === 0 ? '' : `; and ${more} more`}`;
  const hidden = unmet.map((target) => seen.get(target)).find((sight) => sight?.isMet === null);
  return timedOut(unmet[0]!, { isMet: hidden === undefined ? false : null, text }, limits);
}

/** Returns what to do about a target that was not met; null if nothing is known. */
function hintOf(target: WaitTarget, sight: Observation | undefined, strays: ReadonlySet<WaitTarget>): string | null {
  const { address, port } = target;
  if (strays.has(target))
    return `${address} is not an address of this machine. To connect to another machine: portowner wait ${port} --host ${address}`;
  return sight?.isMet === null ? 'Run it as an administrator or root to see the owner.' : null;
}

function timedOut(target: WaitTarget, sight: Observation | undefined, { timeoutMs, strays }: Limits): Problem {
  const text = seenText(target, sight);
  const hint = hintOf(target, sight, strays);
  return {
    severity: 'Error',
    code: sight?.isMet === null ? 'PO3002' : 'PO4301',
    message: timeoutMs === 0 ? text : `timed out after ${secondsText(timeoutMs ?? 0)}: ${text}`,
    target: targetText(target),
    ...(hint === null ? {} : { hint }),
  };
}

function rowOf(
  target: WaitTarget,
  { text, row = {} }: Observation,
  WaitedMs: number,
  computer: string | null,
): WaitResult {
  const { protocol, port, host, condition } = target;
  return {
    Condition: condition.kind,
    Protocol: protocol,
    LocalAddress: null,
    LocalPort: host === null ? port : null,
    RemoteHostName: host,
    RemoteAddress: null,
    RemotePort: host === null ? null : port,
    Seen: text,
    WaitedMs,
    OwningProcess: null,
    ImageName: null,
    Owner: null,
    ComputerName: computer,
    ...row,
  };
}
