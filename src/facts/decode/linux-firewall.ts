import type { FirewallChain, FirewallRule, PortSpan } from '../model/facts.ts';
import type { Decoded } from './windows-memory.ts';
import { members } from './windows-told.ts';

/**
 * The raw entry `firewall` of Linux is JSON text: `nft`, what `nft --json list ruleset` printed; `iptables` and
 * `ip6tables`, what `iptables-save` and `ip6tables-save` did. A member is null where there is no such program.
 */

type Verdict = FirewallRule['verdict'];
type Family = FirewallRule['family'];

/** What is known of a rule while its parts are read. */
interface Draft {
  /** It matches no new packet that comes from outside. */
  never: boolean;
  verdict: Verdict | null;
  target: string | null;
  protocol: FirewallRule['protocol'];
  family: Family;
  ports: PortSpan[] | null;
  readonly limits: Set<string>;
  readonly doubts: Set<string>;
}

const newDraft = (family: Family): Draft => ({
  never: false,
  verdict: null,
  target: null,
  protocol: null,
  family,
  ports: null,
  limits: new Set(),
  doubts: new Set(),
});

function finish(draft: Draft, name: string): FirewallRule | null {
  if (draft.never || draft.verdict === null) return null;
  const { verdict, target, protocol, family, ports, limits, doubts } = draft;
  const text = (set: ReadonlySet<string>): string | null => (set.size === 0 ? null : [...set].join(', '));
  return {
    name,
    verdict,
    target,
    protocol,
    family,
    ports,
    program: null,
    service: null,
    limit: text(limits),
    doubt: text(doubts),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The elements of a set, or the value itself. */
function elements(value: unknown): unknown[] {
  if (isObject(value) && Array.isArray(value['set'])) return value['set'];
  return Array.isArray(value) ? value : [value];
}

function spans(values: readonly unknown[]): PortSpan[] | null {
  const found: PortSpan[] = [];
  for (const value of values) {
    const range = isObject(value) && Array.isArray(value['range']) ? value['range'] : [value, value];
    const [start, end] = range.map(Number) as [number, number];
    if (!(start >= 0 && start <= end && end <= 65535)) return null;
    found.push({ start, end });
  }
  return found;
}

/** All ports but these. */
function others(given: readonly PortSpan[]): PortSpan[] {
  const found: PortSpan[] = [];
  let next = 0;
  for (const { start, end } of given.toSorted((a, b) => a.start - b.start)) {
    if (start > next) found.push({ start: next, end: start - 1 });
    next = Math.max(next, end + 1);
  }
  if (next <= 65535) found.push({ start: next, end: 65535 });
  return found;
}

function protocolOf(values: readonly unknown[]): FirewallRule['protocol'] | 'other' {
  const known = new Set(
    values.map((value) => (value === 'tcp' || value === 6 ? 'TCP' : value === 'udp' || value === 17 ? 'UDP' : 'other')),
  );
  if (known.has('TCP') && known.has('UDP')) return null;
  return known.has('TCP') ? 'TCP' : known.has('UDP') ? 'UDP' : 'other';
}

function restrict(draft: Draft, protocol: FirewallRule['protocol'] | 'other'): void {
  if (protocol === null) return;
  if (protocol === 'other' || (draft.protocol !== null && draft.protocol !== protocol)) draft.never = true;
  else draft.protocol = protocol;
}

function restrictFamily(draft: Draft, family: Exclude<Family, null>): void {
  if (draft.family !== null && draft.family !== family) draft.never = true;
  else draft.family = family;
}

/** The first packet of a connection is `new` to connection tracking. */
function states(draft: Draft, values: readonly unknown[], not: boolean): void {
  if (values.includes('new') === not) draft.never = true;
}

function match(draft: Draft, expression: Record<string, unknown>, sets: ReadonlyMap<string, unknown[]>): void {
  const { op, left, right } = expression;
  const not = op === '!=';
  const named = typeof right === 'string' && right.startsWith('@') ? sets.get(right.slice(1)) : elements(right);
  const unclear = (what: string): void => void draft.doubts.add(what);
  if (!isObject(left) || named === undefined || (op !== '==' && op !== 'in' && op !== '!='))
    return unclear('a comparison');
  const [kind = '', detail] = Object.entries(left)[0] ?? [];
  const { key = '', protocol = '', field = '' } = isObject(detail) ? (detail as Record<string, string>) : {};
  switch (kind) {
    case 'ct':
      return key === 'state'
        ? states(draft, named, not)
        : key === 'direction'
          ? void (draft.never ||= named.includes('original') === not)
          : unclear(`ct ${key}`);
    case 'meta': {
      if (/^iif(?:name)?$/.test(key)) {
        if (named.length === 1 && named[0] === 'lo') draft.never ||= !not;
        else draft.limits.add('interfaces');
        return;
      }
      if (key === 'l4proto' || key === 'nfproto') {
        if (key === 'nfproto')
          return not || named.length !== 1
            ? unclear('nfproto')
            : restrictFamily(draft, named[0] === 'ipv6' ? 'IPv6' : 'IPv4');
        return not
          ? protocolOf(named) === 'other'
            ? undefined
            : unclear('l4proto')
          : restrict(draft, protocolOf(named));
      }
      if (key === 'pkttype') return void (draft.never ||= named.includes('host') === not);
      return unclear(`meta ${key}`);
    }
    case 'fib': {
      // Where the packet goes to: this machine.
      if (isObject(detail) && detail['result'] === 'type')
        return void (draft.never ||= named.includes('local') === not);
      return unclear('fib');
    }
    case 'payload': {
      if (protocol === 'ip' || protocol === 'ip6') restrictFamily(draft, protocol === 'ip' ? 'IPv4' : 'IPv6');
      if ((field === 'protocol' && protocol === 'ip') || (field === 'nexthdr' && protocol === 'ip6'))
        return not ? unclear('protocol') : restrict(draft, protocolOf(named));
      if (/^(?:tcp|udp|th)$/.test(protocol)) {
        if (protocol !== 'th') restrict(draft, protocolOf([protocol]));
        if (field === 'dport') {
          const found = spans(named);
          if (found === null) return unclear('ports');
          draft.ports = not ? others(found) : found;
          return;
        }
        return field === 'sport' ? void draft.limits.add('remote ports') : unclear(`${protocol} ${field}`);
      }
      if (field === 'saddr') return void draft.limits.add('remote addresses');
      if (field === 'daddr') return void draft.limits.add('local addresses');
      if (protocol.startsWith('icmp')) return void (draft.never = true);
      return unclear(`${protocol} ${field}`);
    }
    default:
      return unclear(kind);
  }
}

/** A verdict statement; false when the statement is none. */
function verdict(draft: Draft, name: string, value: unknown): boolean {
  switch (name) {
    case 'accept':
      draft.verdict = 'Allow';
      return true;
    case 'drop':
    case 'reject':
      draft.verdict = 'Block';
      return true;
    case 'return':
      draft.verdict = 'Return';
      return true;
    case 'jump':
    case 'goto':
      draft.verdict = 'Jump';
      draft.target = isObject(value) ? String(value['target']) : null;
      // What a goto's chain leaves open is not tried any more.
      if (name === 'goto') draft.doubts.add('goto');
      return true;
    default:
      return false;
  }
}

/** Statements that decide nothing. */
const harmless = /^(?:counter|log|comment|mangle|notrack|ct helper|ct count|meter|quota|set|flow|last|continue)$/;

/** The rules that one rule of nftables stands for: a verdict map is one for each of its values. */
function nftRules(
  expressions: readonly unknown[],
  family: Family,
  sets: ReadonlyMap<string, unknown[]>,
  name: string,
): FirewallRule[] {
  const draft = newDraft(family);
  const found: FirewallRule[] = [];
  for (const expression of expressions) {
    if (!isObject(expression)) continue;
    const [kind = '', value] = Object.entries(expression)[0] ?? [];
    if (kind === 'match' && isObject(value)) match(draft, value, sets);
    else if (kind === 'limit') draft.limits.add('rate');
    else if (kind === 'vmap' && isObject(value)) {
      const entries = elements(value['data']);
      for (const entry of entries) {
        if (!Array.isArray(entry) || !isObject(entry[1]))
          return [{ ...finish({ ...draft, verdict: 'Allow' }, name)!, doubt: 'a verdict map' }];
        const one: Draft = { ...draft, limits: new Set(draft.limits), doubts: new Set(draft.doubts) };
        match(one, { op: '==', left: value['key'], right: entry[0] }, sets);
        const [verdictName = '', target] = Object.entries(entry[1])[0] ?? [];
        if (verdict(one, verdictName, target)) {
          const rule = finish(one, name);
          if (rule !== null) found.push(rule);
        }
      }
    } else if (!verdict(draft, kind, value) && !harmless.test(kind)) {
      draft.doubts.add(kind);
      if (/^(?:queue|redirect|dnat|tproxy|xt)$/.test(kind)) draft.verdict ??= kind === 'xt' ? null : 'Block';
    }
  }
  const rule = finish(draft, name);
  return rule === null ? found : [...found, rule];
}

const families: Readonly<Record<string, Family>> = { ip: 'IPv4', ip6: 'IPv6', inet: null };

/** The chains of `nft --json list ruleset`, those that see what comes in as base chains. */
function nftChains(text: string, without: (family: string, table: string) => boolean): FirewallChain[] | null {
  const list = members(text)?.['nftables'];
  if (!Array.isArray(list)) return null;
  const chains = new Map<string, FirewallChain & { priority: number }>();
  const tables = new Map<string, Map<string, unknown[]>>();
  const setsOf = (item: Record<string, unknown>): Map<string, unknown[]> => {
    const table = `${item['family']} ${item['table']}`;
    const known = tables.get(table) ?? new Map<string, unknown[]>();
    tables.set(table, known);
    return known;
  };
  const items = list.filter(isObject).map((item) => Object.entries(item)[0] ?? ['', null]) as [
    string,
    Record<string, unknown>,
  ][];
  const idOf = (item: Record<string, unknown>, chain: unknown): string => `${item['family']} ${item['table']} ${chain}`;
  for (const [kind, item] of items) {
    if (
      !isObject(item) ||
      !(String(item['family']) in families) ||
      without(String(item['family']), String(item['table']))
    )
      continue;
    if (kind === 'set' || kind === 'map')
      setsOf(item).set(String(item['name']), Array.isArray(item['elem']) ? item['elem'] : []);
    if (kind !== 'chain') continue;
    const { hook, type, prio, policy, name } = item;
    chains.set(idOf(item, name), {
      name: idOf(item, name),
      profile: null,
      family: families[String(item['family'])] ?? null,
      enabled: true,
      rules: [],
      base: (hook === 'input' || hook === 'prerouting') && type === 'filter',
      otherwise: hook === undefined ? 'Return' : policy === 'drop' ? 'Block' : 'Allow',
      priority: Number(prio ?? 0) + (hook === 'prerouting' ? -1e6 : 0),
    });
  }
  for (const [kind, item] of items) {
    const chain = kind === 'rule' && isObject(item) ? chains.get(idOf(item, item['chain'])) : undefined;
    if (chain === undefined || !Array.isArray(item['expr'])) continue;
    const prefix = `${item['family']} ${item['table']} `;
    const comment = typeof item['comment'] === 'string' ? `: ${item['comment']}` : '';
    for (const rule of nftRules(
      item['expr'],
      families[String(item['family'])] ?? null,
      setsOf(item),
      `${chain.name} rule ${item['handle']}${comment}`,
    )) {
      chain.rules.push(rule.target === null ? rule : { ...rule, target: prefix + rule.target });
    }
  }
  return [...chains.values()].toSorted((a, b) => a.priority - b.priority).map(({ priority: _, ...chain }) => chain);
}

const verdictWords: Readonly<Record<string, Verdict>> = {
  ACCEPT: 'Allow',
  DROP: 'Block',
  REJECT: 'Block',
  RETURN: 'Return',
};
/** Targets that decide nothing. */
const harmlessTargets =
  /^(?:LOG|NFLOG|ULOG|MARK|CONNMARK|CT|NOTRACK|CHECKSUM|TCPMSS|DSCP|TOS|CLASSIFY|SET|TRACE|AUDIT|SECMARK|CONNSECMARK)$/;

/** One `-A CHAIN …` of iptables-save. */
function iptablesRule(
  words: readonly string[],
  family: Exclude<Family, null>,
  chains: ReadonlyMap<string, unknown>,
  prefix: string,
  name: string,
): FirewallRule | null {
  const draft = newDraft(family);
  let label = name;
  let not = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '!') {
      not = true;
      continue;
    }
    const value = (): string => words[++i] ?? '';
    switch (word) {
      case '-p': {
        const protocol = protocolOf([value()]);
        if (!not) restrict(draft, protocol);
        else if (protocol !== 'other') draft.doubts.add('protocol');
        break;
      }
      case '--dport':
      case '--dports':
      case '--destination-ports': {
        const found = spans(
          value()
            .split(',')
            .map((port) => (port.includes(':') ? { range: port.split(':') } : port)),
        );
        if (found === null) draft.doubts.add('ports');
        else draft.ports = not ? others(found) : found;
        break;
      }
      case '-i':
        if (value() === 'lo') draft.never ||= !not;
        else draft.limits.add('interfaces');
        break;
      case '-s':
        value();
        draft.limits.add('remote addresses');
        break;
      case '-d':
        value();
        draft.limits.add('local addresses');
        break;
      case '--sport':
      case '--sports':
        value();
        draft.limits.add('remote ports');
        break;
      case '--ctstate':
      case '--state':
        states(draft, value().toLowerCase().split(','), not);
        break;
      case '--dst-type':
        draft.never ||= value().split(',').includes('LOCAL') === not;
        break;
      case '--comment':
        label = `${name}: ${value()}`;
        break;
      case '-m':
        value();
        break;
      case '--limit':
      case '--limit-burst':
      case '--hashlimit-upto':
        value();
        draft.limits.add('rate');
        break;
      // What a new connection begins with.
      case '--syn':
        restrict(draft, 'TCP');
        draft.never ||= not;
        break;
      case '--reject-with':
        value();
        break;
      case '-j':
      case '-g': {
        const target = value();
        const known = verdictWords[target];
        if (known !== undefined) draft.verdict = known;
        else if (chains.has(target)) {
          draft.verdict = 'Jump';
          draft.target = prefix + target;
          if (word === '-g') draft.doubts.add('goto');
        } else if (!harmlessTargets.test(target)) {
          draft.verdict = 'Block';
          draft.doubts.add(target);
        }
        // The rest is the target's own.
        if (known === undefined && draft.verdict === null) return null;
        break;
      }
      default:
        if (word.startsWith('-')) {
          draft.doubts.add(word);
          while (i + 1 < words.length && !/^(?:-|!$)/.test(words[i + 1]!)) i++;
        }
    }
    not = false;
  }
  return finish(draft, label);
}

/** The chains of the tables filter, raw and mangle in the text of iptables-save. */
function iptablesChains(text: string, family: Exclude<Family, null>): FirewallChain[] {
  const found: FirewallChain[] = [];
  const program = family === 'IPv4' ? 'iptables' : 'ip6tables';
  let table = '';
  let chains = new Map<string, FirewallChain>();
  const counts = new Map<FirewallChain, number>();
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1).trim();
      chains = new Map();
    }
    if (!/^(?:filter|raw|mangle)$/.test(table)) continue;
    const prefix = `${program} ${table} `;
    const declared = /^:(\S+) (\S+)/.exec(line);
    if (declared !== null) {
      const [, name = '', policy] = declared;
      const chain: FirewallChain = {
        name: prefix + name,
        profile: null,
        family,
        enabled: true,
        rules: [],
        base: (name === 'INPUT' || name === 'PREROUTING') && policy !== '-',
        otherwise: policy === '-' ? 'Return' : policy === 'DROP' ? 'Block' : 'Allow',
      };
      chains.set(name, chain);
      found.push(chain);
    }
    const added = /^-A (\S+) (.*)$/.exec(line);
    const chain = added === null ? undefined : chains.get(added[1]!);
    if (chain === undefined) continue;
    const number = (counts.get(chain) ?? 0) + 1;
    counts.set(chain, number);
    const words = (added![2]!.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []).map((word) =>
      word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word,
    );
    const rule = iptablesRule(words, family, chains, prefix, `${chain.name} rule ${number}`);
    if (rule !== null) chain.rules.push(rule);
  }
  return found;
}

/** The flaw of an answer where there is no tool to ask: nobody has set up a packet filter with it. */
export const noTools = 'nft and iptables-save are not installed';

/** Linux' packet filters for what comes in. iptables' own tables are read from its own text: nft cannot say all of them. */
export function decodeLinuxFirewall(text: string): Decoded<FirewallChain[]> {
  const value = members(text);
  if (value === null) return { data: [], flaw: 'the packet filter is not readable' };
  const { nft, iptables, ip6tables } = value;
  const tablesOf = (said: unknown): ReadonlySet<string> =>
    new Set(typeof said === 'string' ? said.split('\n').filter((line) => line.startsWith('*')) : []);
  const said: Readonly<Record<string, ReadonlySet<string>>> = { ip: tablesOf(iptables), ip6: tablesOf(ip6tables) };
  const has = (family: string, table: string): boolean => said[family]?.has(`*${table}`) ?? false;
  const native = typeof nft === 'string' ? nftChains(nft, has) : [];
  const data = [
    ...(typeof iptables === 'string' ? iptablesChains(iptables, 'IPv4') : []),
    ...(typeof ip6tables === 'string' ? iptablesChains(ip6tables, 'IPv6') : []),
    ...(native ?? []),
  ];
  const none = nft === null && iptables === null && ip6tables === null;
  return {
    data,
    flaw: native === null ? 'the answer of nft is not readable' : none ? noTools : null,
  };
}
