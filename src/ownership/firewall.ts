import { addressFamily, withoutScope } from '../ports/address.ts';
import { packagedApp } from '../facts/decode/windows-firewall.ts';
import type { Facts, FieldRefusal, FirewallChain, FirewallRule } from '../facts/model/facts.ts';
import { itemsByKey, portsOneByOne } from '../ports/lookup.ts';
import { isWhole, wasAsked } from '../facts/model/section.ts';
import type { OwnedEndpoint } from './owned.ts';

/** What a firewall does with a new packet from another machine. */
export type FirewallStatus = 'Allowed' | 'AllowedFrom' | 'Blocked' | 'Off' | 'Unknown' | 'Varies';

interface Outcome {
  readonly status: Exclude<FirewallStatus, 'Varies'>;
  /** The deciding rule, or why it is unknown. */
  readonly why: string;
}

/** The outcome for a packet. */
interface Subject {
  readonly protocol: string | null;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6';
  readonly path: string | null;
  readonly services: readonly string[] | null;
  readonly pid: number | null;
  readonly windows: boolean;
}

type Answer = 'yes' | 'no' | 'maybe';

/** Compares a program in a rule (`%SystemRoot%\system32\svchost.exe`, `System`) with a path. */
function runs(program: string, { path, pid, windows }: Subject): Answer {
  if (/^system$/i.test(program)) return pid === null ? 'maybe' : pid === 4 ? 'yes' : 'no';
  if (!windows || path === null) return pid === 4 ? 'no' : 'maybe';
  if (program === packagedApp) return /\\(?:WindowsApps|SystemApps)\\/i.test(path) ? 'maybe' : 'no';
  const plain = (text: string): string => text.replaceAll('/', '\\').toLowerCase();
  const variable = /^%[^%]+%(\\.*)$/.exec(plain(program));
  return (variable === null ? plain(program) === plain(path) : plain(path).endsWith(variable[1]!)) ? 'yes' : 'no';
}

function serves(service: string, { services }: Subject): Answer {
  if (services === null) return 'no';
  if (service === '*') return 'yes';
  if (!services.some((name) => name.toLowerCase() === service.toLowerCase())) return 'no';
  // One of several services in a process: which one holds the socket is unknown.
  return services.length === 1 ? 'yes' : 'maybe';
}

function matches(rule: FirewallRule, subject: Subject): Answer {
  if (rule.protocol !== null && rule.protocol !== subject.protocol) return 'no';
  if (rule.family !== null && rule.family !== subject.family) return 'no';
  if (rule.ports !== null && !rule.ports.some(({ start, end }) => start <= subject.port && subject.port <= end))
    return 'no';
  const answers = new Set<Answer>([
    rule.program === null ? 'yes' : runs(rule.program, subject),
    rule.service === null ? 'yes' : serves(rule.service, subject),
    rule.doubt === null ? 'yes' : 'maybe',
  ]);
  return answers.has('no') ? 'no' : answers.has('maybe') ? 'maybe' : 'yes';
}

/** What was found before a final decision: the first of each kind. */
interface Trail {
  readonly someAllowed: string[];
  readonly someBlocked: string[];
  readonly maybeAllowed: string[];
  readonly maybeBlocked: string[];
  steps: number;
}

/** The most rules to evaluate for one socket: jumps may multiply them. */
const mostSteps = 100_000;
/** The most rules to evaluate for all sockets. */
const mostStepsInAll = 20_000_000;

/** The chains of a machine with their rules by port, so that not every rule is evaluated for every socket. */
interface Firewall {
  readonly data: readonly FirewallChain[];
  readonly chains: ReadonlyMap<string, FirewallChain>;
  readonly rulesFor: (chain: FirewallChain, port: number) => Iterable<FirewallRule>;
  /** The number of rules evaluated for all sockets so far. */
  steps: number;
}

function firewallFrom(data: readonly FirewallChain[]): Firewall {
  const known = new Map<FirewallChain, (ports: readonly number[]) => Iterable<FirewallRule>>();
  return {
    data,
    chains: new Map(data.map((chain) => [chain.name, chain])),
    rulesFor(chain, port) {
      let find = known.get(chain);
      if (find === undefined) known.set(chain, (find = itemsByKey(chain.rules, ({ ports }) => portsOneByOne(ports))));
      return find([port]);
    },
    steps: 0,
  };
}

/** Adds the first item if there is none yet. */
function note(found: string[], ...more: string[]): void {
  const [first] = more;
  if (found.length === 0 && first !== undefined) found.push(first);
}

type End = { verdict: 'Allow' | 'Block'; why: string };

/** One evaluation of the chains: the packet, and what was found. */
interface Walk {
  readonly firewall: Firewall;
  readonly subject: Subject;
  readonly trail: Trail;
  readonly depth: number;
}

const newTrail = (steps: number): Trail => ({
  someAllowed: [],
  someBlocked: [],
  maybeAllowed: [],
  maybeBlocked: [],
  steps,
});

/** Follows a jump that not every packet takes, or whose target is unknown. */
function sideStep(rule: FirewallRule, isCertain: boolean, doubt: string, way: Walk): void {
  const { firewall, trail, depth } = way;
  const target = firewall.chains.get(rule.target ?? '');
  const side = newTrail(trail.steps);
  const inner = target === undefined ? null : walk(target, { ...way, trail: side, depth: depth + 1 });
  trail.steps = side.steps;
  const isClear = isCertain && target !== undefined;
  const ends = (verdict: End['verdict']): string[] => (inner?.verdict === verdict ? [inner.why] : []);
  const unknown = target === undefined ? [doubt] : [];
  note(isClear ? trail.someAllowed : trail.maybeAllowed, ...side.someAllowed, ...ends('Allow'));
  note(isClear ? trail.someBlocked : trail.maybeBlocked, ...side.someBlocked, ...ends('Block'));
  note(trail.maybeAllowed, ...side.maybeAllowed, ...unknown);
  note(trail.maybeBlocked, ...side.maybeBlocked, ...unknown);
}

/** The verdict for every packet that gets here, or null if the chain decides nothing for some. */
function walk(chain: FirewallChain, way: Walk): End | null {
  const { firewall, subject, trail, depth } = way;
  for (const rule of firewall.rulesFor(chain, subject.port)) {
    firewall.steps++;
    if (++trail.steps > mostSteps || firewall.steps > mostStepsInAll || depth > 32) {
      note(trail.maybeAllowed, 'too many rules');
      note(trail.maybeBlocked, 'too many rules');
      return null;
    }
    const answer = matches(rule, subject);
    if (answer === 'no') continue;
    const doubt = `${rule.name}${rule.doubt === null ? '' : ` (${rule.doubt})`}`;
    const isForAll = answer === 'yes' && rule.limit === null;
    if (rule.verdict === 'Return') {
      if (isForAll) return null;
      // Some packets leave here, so the rest does not apply to them.
      note(trail.maybeAllowed, doubt);
      note(trail.maybeBlocked, doubt);
      continue;
    }
    if (rule.verdict === 'Jump') {
      const target = firewall.chains.get(rule.target ?? '');
      if (isForAll && target !== undefined) {
        const inner = walk(target, { ...way, depth: depth + 1 });
        if (inner !== null) return inner;
      } else sideStep(rule, answer === 'yes', doubt, way);
      continue;
    }
    const allows = rule.verdict === 'Allow';
    if (answer === 'maybe') note(allows ? trail.maybeAllowed : trail.maybeBlocked, doubt);
    else if (rule.limit !== null) note(allows ? trail.someAllowed : trail.someBlocked, `${rule.name} (${rule.limit})`);
    else return { verdict: rule.verdict, why: rule.name };
  }
  return chain.otherwise === 'Return' ? null : { verdict: chain.otherwise, why: `no rule in ${chain.name} decides` };
}

function outcomeOf(chain: FirewallChain, firewall: Firewall, subject: Subject): Outcome {
  if (!chain.enabled) return { status: 'Off', why: `${chain.name} is off` };
  const trail = newTrail(0);
  const end = walk(chain, { firewall, subject, trail, depth: 0 }) ?? {
    verdict: 'Allow' as const,
    why: `no rule in ${chain.name} decides`,
  };
  if (end.verdict === 'Allow') {
    if (trail.maybeBlocked.length > 0)
      return { status: 'Unknown', why: `it may be blocked by ${trail.maybeBlocked[0]}` };
    return trail.someBlocked.length > 0
      ? { status: 'AllowedFrom', why: `blocked by ${trail.someBlocked[0]}` }
      : { status: 'Allowed', why: end.why };
  }
  if (trail.someAllowed.length > 0) return { status: 'AllowedFrom', why: `allowed by ${trail.someAllowed[0]}` };
  return trail.maybeAllowed.length > 0
    ? { status: 'Unknown', why: `it may be allowed by ${trail.maybeAllowed[0]}` }
    : { status: 'Blocked', why: end.why };
}

/** Combines consecutive chains: each must let a packet in. */
function all(outcomes: readonly Outcome[]): Outcome {
  for (const status of ['Blocked', 'Unknown', 'AllowedFrom', 'Allowed'] as const) {
    const found = outcomes.find((outcome) => outcome.status === status);
    if (found !== undefined) return found;
  }
  return outcomes[0] ?? { status: 'Off', why: 'there are no rules for incoming packets' };
}

function refused(code: FieldRefusal['code'], text: string, needs: string | null = null): FieldRefusal {
  return { field: 'FirewallStatus', code, text, needs };
}

/** Why nothing is known about the firewall. */
function whyUnknown(section: Facts['sections']['firewall']): FieldRefusal {
  const reason = section?.reason ?? null;
  if (section === undefined || !wasAsked(section))
    return reason === null ? refused('NotAsked', 'the firewall was not requested') : refused('NotSupported', reason);
  return refused(
    section.needs === null ? 'Failed' : 'AccessDenied',
    reason ?? 'the rules could not be read',
    section.needs,
  );
}

/** The columns FirewallStatus and FirewallRules of a row, and why they are missing. */
export function firewallOf(
  facts: Facts,
  row: OwnedEndpoint,
  firewall: Firewall = firewallFrom(facts.sections.firewall?.data ?? []),
): { status: FirewallStatus | null; rules: readonly string[] | null; refusal: FieldRefusal | null } {
  const section = facts.sections.firewall;
  // No new packets from other machines reach a connection's local end or loopback.
  const holds = row.Protocol === 'UDP' ? row.RemotePort === null : row.State === 'Listen' || row.State === 'Bound';
  if (!holds || row.AddressScope === 'Loopback' || row.LocalPort === null)
    return { status: null, rules: null, refusal: null };
  if (!isWhole(section)) return { status: 'Unknown', rules: null, refusal: whyUnknown(section) };
  const address = withoutScope(row.LocalAddress ?? '');
  // A socket on :: may accept IPv4, too.
  const families =
    addressFamily(address) === 'IPv4'
      ? (['IPv4'] as const)
      : address === '::'
        ? (['IPv6', 'IPv4'] as const)
        : (['IPv6'] as const);
  const windows = facts.machine.platform === 'win32';
  const outcomes = new Map<string, Outcome>();
  for (const family of windows ? families.slice(0, 1) : families) {
    const subject: Subject = {
      protocol: row.Protocol,
      port: row.LocalPort,
      family,
      path: row.Path,
      services: row.Services,
      pid: row.OwningProcess,
      windows,
    };
    const of = (profile: FirewallChain['profile']): Outcome =>
      all(
        firewall.data
          .filter(
            (chain) => chain.base && chain.profile === profile && (chain.family === null || chain.family === family),
          )
          .map((chain) => outcomeOf(chain, firewall, subject)),
      );
    if (windows) for (const profile of ['Domain', 'Private', 'Public'] as const) outcomes.set(profile, of(profile));
    else outcomes.set(family, of(null));
  }
  const statuses = new Set([...outcomes.values()].map(({ status }) => status));
  const [first] = statuses;
  const unknown = [...outcomes.values()].find(({ status }) => status === 'Unknown');
  return {
    status: statuses.size === 1 ? first! : 'Varies',
    rules: [...outcomes].map(([name, { status, why }]) => `${name}: ${status}: ${why}`),
    refusal: unknown === undefined ? null : refused('NotSupported', unknown.why),
  };
}

/** Adds the firewall status to rows. */
export function withFirewall(rows: readonly OwnedEndpoint[], facts: Facts): OwnedEndpoint[] {
  const firewall = firewallFrom(facts.sections.firewall?.data ?? []);
  return rows.map((row) => {
    const { status, rules, refusal } = firewallOf(facts, row, firewall);
    return Object.assign({}, row, {
      FirewallStatus: status,
      FirewallRules: rules,
      refusals: refusal === null ? row.refusals : [...row.refusals, refusal],
    });
  });
}
