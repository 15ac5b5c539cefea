import type { FirewallChain, FirewallRule, PortSpan } from '../model/facts.ts';
import type { Decoded } from './windows-memory.ts';
import { members } from './windows-told.ts';

/**
 * The raw entry `firewall` of Linux is JSON text. `nft` is the output of `nft --json list ruleset`; `iptables` and
 * `ip6tables` are the output of `iptables-save` and `ip6tables-save`. A member is null if its program is not installed.
 */

type Verdict = FirewallRule['verdict'];
type Family = FirewallRule['family'];

/** A rule while its parts are being parsed. */
interface Draft {
  /** Whether it matches no new inbound packet. */
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

/** Returns the elements of a set, or the value itself as a list. */
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

/** Returns all ports except the given ones. */
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

/** The first packet of a connection has the state `new` in connection tracking. */
function states(draft: Draft, values: readonly unknown[], not: boolean): void {
  if (values.includes('new') === not) draft.never = true;
}

/** A comparison: what is compared, the values, and whether the result is negated. */
interface Comparison {
  readonly detail: unknown;
  /** Members of the detail; empty if there are none. */
  readonly key: string;
  readonly protocol: string;
  readonly field: string;
  readonly values: readonly unknown[];
  readonly not: boolean;
}

/** Narrows a draft by one kind of comparison. Returns the part that is not supported, or undefined. */
type Narrow = (draft: Draft, comparison: Comparison) => string | undefined;

/** Marks the draft as never matching if the comparison excludes the only possible value. */
const unless = (draft: Draft, value: string, { values, not }: Comparison): void =>
  void (draft.never ||= values.includes(value) === not);

const byConnection: Narrow = (draft, comparison) => {
  const { key, values, not } = comparison;
  if (key === 'state') states(draft, values, not);
  else if (key === 'direction') unless(draft, 'original', comparison);
  else return `ct ${key}`;
};

const byMeta: Narrow = (draft, comparison) => {
  const { key, values, not } = comparison;
  if (/^iif(?:name)?$/.test(key)) {
    if (values.length === 1 && values[0] === 'lo') draft.never ||= !not;
    else draft.limits.add('interfaces');
  } else if (key === 'nfproto') {
    if (not || values.length !== 1) return 'nfproto';
    restrictFamily(draft, values[0] === 'ipv6' ? 'IPv6' : 'IPv4');
  } else if (key === 'l4proto') {
    if (!not) restrict(draft, protocolOf(values));
    else if (protocolOf(values) !== 'other') return 'l4proto';
  } else if (key === 'pkttype') unless(draft, 'host', comparison);
  else return `meta ${key}`;
};

/** The destination of the packet is this machine. */
const byDestination: Narrow = (draft, comparison) => {
  if (!isObject(comparison.detail) || comparison.detail['result'] !== 'type') return 'fib';
  unless(draft, 'local', comparison);
};

const byPayload: Narrow = (draft, comparison) => {
  const { protocol, field, values, not } = comparison;
  if (protocol === 'ip' || protocol === 'ip6') restrictFamily(draft, protocol === 'ip' ? 'IPv4' : 'IPv6');
  if ((field === 'protocol' && protocol === 'ip') || (field === 'nexthdr' && protocol === 'ip6')) {
    if (not) return 'protocol';
    restrict(draft, protocolOf(values));
  } else if (/^(?:tcp|udp|th)$/.test(protocol)) return byTransport(draft, comparison);
  else if (field === 'saddr') draft.limits.add('remote addresses');
  else if (field === 'daddr') draft.limits.add('local addresses');
  else if (protocol.startsWith('icmp')) draft.never = true;
  else return `${protocol} ${field}`;
};

const byTransport: Narrow = (draft, { protocol, field, values, not }) => {
  if (protocol !== 'th') restrict(draft, protocolOf([protocol]));
  if (field === 'sport') draft.limits.add('remote ports');
  else if (field === 'dport') {
    const found = spans(values);
    if (found === null) return 'ports';
    draft.ports = not ? others(found) : found;
  } else return `${protocol} ${field}`;
};

/** By type of the left side: libnftables-json(5). */
const narrowing: Readonly<Record<string, Narrow>> = {
  ct: byConnection,
  meta: byMeta,
  fib: byDestination,
  payload: byPayload,
};

function match(draft: Draft, expression: Record<string, unknown>, sets: ReadonlyMap<string, unknown[]>): void {
  const { op, left, right } = expression;
  const values = typeof right === 'string' && right.startsWith('@') ? sets.get(right.slice(1)) : elements(right);
  if (!isObject(left) || values === undefined || (op !== '==' && op !== 'in' && op !== '!='))
    return void draft.doubts.add('a comparison');
  const [kind = '', detail] = Object.entries(left)[0] ?? [];
  const { key = '', protocol = '', field = '' } = isObject(detail) ? (detail as Record<string, string>) : {};
  const narrow = Object.hasOwn(narrowing, kind) ? narrowing[kind] : undefined;
  const unclear =
    narrow === undefined ? kind : narrow(draft, { detail, key, protocol, field, values, not: op === '!=' });
  if (unclear !== undefined) draft.doubts.add(unclear);
}

/** Applies a verdict statement. Returns false if the statement is not a verdict. */
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
      // After a goto, the current chain does not resume if the target chain reaches no verdict.
      if (name === 'goto') draft.doubts.add('goto');
      return true;
    default:
      return false;
  }
}

/** Statements that do not affect the verdict. */
const harmless = /^(?:counter|log|comment|mangle|notrack|ct helper|ct count|meter|quota|set|flow|last|continue)$/;

/** Returns the rules that one nftables rule expands to: a verdict map becomes one rule for each of its values. */
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

/** Parses the chains of `nft --json list ruleset`. Chains that receive inbound packets are marked as base chains. */
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
/** Targets that do not affect the verdict. */
const harmlessTargets =
  /^(?:LOG|NFLOG|ULOG|MARK|CONNMARK|CT|NOTRACK|CHECKSUM|TCPMSS|DSCP|TOS|CLASSIFY|SET|TRACE|AUDIT|SECMARK|CONNSECMARK)$/;

/** A rule of iptables-save while its words are being parsed. */
interface IptablesRule {
  readonly draft: Draft;
  /** The rule's comment. */
  label: string | null;
}

/** An option of a rule, which narrows the rule by the option's value, if it takes one. */
interface IptablesOption {
  /** Whether it takes no value. */
  readonly bare?: true;
  readonly read: (rule: IptablesRule, value: string, not: boolean) => void;
}

const limitedBy = (what: string): IptablesOption => ({ read: ({ draft }) => void draft.limits.add(what) });
const ignored: IptablesOption = { read: () => {} };

const localPorts: IptablesOption = {
  read({ draft }, value, not) {
    const found = spans(value.split(',').map((port) => (port.includes(':') ? { range: port.split(':') } : port)));
    if (found === null) draft.doubts.add('ports');
    else draft.ports = not ? others(found) : found;
  },
};
const connectionState: IptablesOption = {
  read: ({ draft }, value, not) => states(draft, value.toLowerCase().split(','), not),
};

/** iptables-extensions(8). An option that is missing here makes the result doubtful. */
const iptablesOptions: Readonly<Record<string, IptablesOption>> = {
  '-p': {
    read({ draft }, value, not) {
      const protocol = protocolOf([value]);
      if (!not) restrict(draft, protocol);
      else if (protocol !== 'other') draft.doubts.add('protocol');
    },
  },
  '--dport': localPorts,
  '--dports': localPorts,
  '--destination-ports': localPorts,
  '-i': {
    read({ draft }, value, not) {
      if (value === 'lo') draft.never ||= !not;
      else draft.limits.add('interfaces');
    },
  },
  '-s': limitedBy('remote addresses'),
  '-d': limitedBy('local addresses'),
  '--sport': limitedBy('remote ports'),
  '--sports': limitedBy('remote ports'),
  '--ctstate': connectionState,
  '--state': connectionState,
  '--dst-type': {
    read: ({ draft }, value, not) => void (draft.never ||= value.split(',').includes('LOCAL') === not),
  },
  '--comment': { read: (rule, value) => void (rule.label = value) },
  '-m': ignored,
  '--limit': limitedBy('rate'),
  '--limit-burst': limitedBy('rate'),
  '--hashlimit-upto': limitedBy('rate'),
  // A new connection begins with a SYN packet.
  '--syn': {
    bare: true,
    read({ draft }, _value, not) {
      restrict(draft, 'TCP');
      draft.never ||= not;
    },
  },
  '--reject-with': ignored,
};

/** The targets to which the rules of a table may send a packet. */
interface IptablesTable {
  readonly family: Exclude<Family, null>;
  readonly chains: ReadonlyMap<string, unknown>;
  /** The prefix of its chain names. */
  readonly prefix: string;
}

/** Applies the target of `-j` or `-g`. Returns false if the rule does not affect the verdict. */
function aim(draft: Draft, target: string, isGoto: boolean, { chains, prefix }: IptablesTable): boolean {
  const known = verdictWords[target];
  if (known !== undefined) draft.verdict = known;
  else if (chains.has(target)) {
    draft.verdict = 'Jump';
    draft.target = prefix + target;
    if (isGoto) draft.doubts.add('goto');
  } else if (!harmlessTargets.test(target)) {
    draft.verdict = 'Block';
    draft.doubts.add(target);
  }
  return draft.verdict !== null;
}

/** Parses one `-A CHAIN …` line of iptables-save. */
function iptablesRule(words: readonly string[], table: IptablesTable, name: string): FirewallRule | null {
  const rule: IptablesRule = { draft: newDraft(table.family), label: null };
  const { draft } = rule;
  let not = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '!') {
      not = true;
      continue;
    }
    const option = Object.hasOwn(iptablesOptions, word) ? iptablesOptions[word] : undefined;
    if (option !== undefined) option.read(rule, option.bare === true ? '' : (words[++i] ?? ''), not);
    else if (word === '-j' || word === '-g') {
      // The remaining words are options of the target.
      if (!aim(draft, words[++i] ?? '', word === '-g', table)) return null;
    } else if (word.startsWith('-')) {
      draft.doubts.add(word);
      while (i + 1 < words.length && !/^(?:-|!$)/.test(words[i + 1]!)) i++;
    }
    not = false;
  }
  return finish(draft, rule.label === null ? name : `${name}: ${rule.label}`);
}

/** Parses the chains of the tables filter, raw, and mangle from iptables-save output. */
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
    const rule = iptablesRule(words, { family, chains, prefix }, `${chain.name} rule ${number}`);
    if (rule !== null) chain.rules.push(rule);
  }
  return found;
}

/** The flaw that is reported if no tool is installed. In that case, nobody has set up a packet filter with one. */
export const noTools = 'nft and iptables-save are not installed';

/**
 * Parses Linux packet filters for inbound traffic. The iptables tables are read from iptables-save, because nft cannot
 * represent all of their rules.
 */
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
