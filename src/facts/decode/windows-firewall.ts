import type { FirewallChain, FirewallRule, PortSpan } from '../model/facts.ts';
import type { Decoded } from './windows-memory.ts';
import { members } from './windows-told.ts';

/**
 * The raw entry `firewall` of Windows, JSON text: the local policy and the group policy, each with its rules as [name,
 * text] and the numeric settings of its three profiles.
 */
export interface WindowsFirewall {
  readonly local: WindowsPolicy;
  readonly group: WindowsPolicy;
}
interface WindowsPolicy {
  readonly rules: readonly (readonly [id: string, rule: string])[];
  readonly profiles: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The registry's names of the profiles. StandardProfile is the profile of private networks. */
export const profileKeys = { Domain: 'DomainProfile', Private: 'StandardProfile', Public: 'PublicProfile' } as const;
type Profile = keyof typeof profileKeys;
const profiles = Object.keys(profileKeys) as Profile[];

/** The ports of the LPort keywords. */
const keywords: Readonly<Record<string, readonly PortSpan[]>> = {
  'rpc-epmap': [{ start: 135, end: 135 }],
  iptlsin: [{ start: 443, end: 443 }],
  iphttpsin: [{ start: 443, end: 443 }],
  mdns: [{ start: 5353, end: 5353 }],
};
/** For the other keywords, Windows chooses ports at run time, outside the well-known range. */
const chosenLater = [{ start: 1024, end: 65535 }];

/** The program of a rule for a packaged app (AppPkgId, PFn), whichever app it is. */
export const packagedApp = '*\\WindowsApps\\*';

/** Fields that are descriptive or do not affect inbound traffic. */
const ignored = /^(?:Name|Desc|EmbedCtxt|Edge|Defer|ICMP[46]|LSM)$/;
/** Fields that limit a rule to certain remote addresses, local addresses, interfaces, or users. */
const limits: readonly (readonly [key: RegExp, text: string])[] = [
  [/^RA[46]/, 'remote addresses'],
  [/^LA[46]/, 'local addresses'],
  [/^RPort/, 'remote ports'],
  [/^IF(?:Type)?$/, 'interfaces'],
  [/^(?:Security|RMauth|RUAuth|Auth)/i, 'authenticated remotes'],
  [/^TTK/, 'remotes of a kind'],
];

/** Parses `80`, `5000-5010`, or a keyword. A keyword without fixed ports makes the result doubtful. */
function portsOf(values: readonly string[]): { ports: PortSpan[] | null; doubt: string | null } {
  const ports: PortSpan[] = [];
  let doubt: string | null = null;
  for (const value of values) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value);
    const known = keywords[value.toLowerCase()];
    if (match !== null)
      ports.push({ start: Math.min(65535, Number(match[1])), end: Math.min(65535, Number(match[2] ?? match[1])) });
    else if (known !== undefined) ports.push(...known);
    else {
      ports.push(...chosenLater);
      doubt = `its ports are ${value}`;
    }
  }
  return { ports: values.length === 0 ? null : ports, doubt };
}

/** Parses a rule and its profiles; null if the rule does not apply to inbound TCP or UDP. */
function decodeRule(id: string, text: string): { rule: FirewallRule; profiles: readonly string[] } | null {
  const fields = text
    .split('|')
    .slice(1)
    .map((field) => {
      const at = field.indexOf('=');
      return [field.slice(0, at), field.slice(at + 1)] as const;
    });
  const all = (...names: string[]): string[] => fields.filter(([key]) => names.includes(key)).map(([, value]) => value);
  const one = (name: string): string | undefined => all(name)[0];
  if (one('Active')?.toUpperCase() !== 'TRUE' || one('Dir') !== 'In') return null;
  const number = one('Protocol');
  if (number !== undefined && number !== '6' && number !== '17' && number !== '256') return null;
  const action = one('Action');
  const { ports, doubt: portDoubt } = portsOf(
    fields.filter(([key]) => key.startsWith('LPort')).map(([, value]) => value),
  );
  const packaged = one('AppPkgId') !== undefined || one('PFn') !== undefined;
  const limit = new Set<string>();
  const doubts = portDoubt === null ? [] : [portDoubt];
  for (const [key] of fields) {
    const known = limits.find(([pattern]) => pattern.test(key));
    if (known !== undefined) limit.add(known[1]);
    else if (
      key !== '' &&
      !ignored.test(key) &&
      !/^(?:Active|Dir|Protocol|Action|LPort.*|App|AppPkgId|PFn|Svc|Profile|Platform2?)$/.test(key) &&
      !(packaged && /^LU(?:Auth|Own)/.test(key))
    )
      doubts.push(`${key} is not evaluated`);
  }
  // A rule for a minimum version of Windows. This machine runs version 10 or later.
  if (one('Platform') !== undefined && !(one('Platform2') === 'GTEQ' && /^2:(?:\d|10):\d+$/.test(one('Platform')!)))
    doubts.push(`it is for Windows ${one('Platform')}`);
  if (action === 'ByPass') limit.add('authenticated remotes');
  else if (action !== 'Allow' && action !== 'Block') doubts.push(`its action is ${action}`);
  const name = one('Name');
  return {
    profiles: all('Profile'),
    rule: {
      // A name such as @FirewallAPI.dll,-25000 refers to a string resource in that file. The rule's ID is more
      // informative.
      name: name === undefined || name.startsWith('@') ? id : name,
      verdict: action === 'Block' ? 'Block' : 'Allow',
      target: null,
      protocol: number === '6' ? 'TCP' : number === '17' ? 'UDP' : null,
      family: null,
      ports,
      program: one('App') ?? (packaged ? packagedApp : null),
      service: one('Svc') ?? null,
      limit: limit.size === 0 ? null : [...limit].join(', '),
      doubt: doubts.length === 0 ? null : doubts.join('; '),
    },
  };
}

function policyOf(value: unknown): WindowsPolicy | null {
  if (typeof value !== 'object' || value === null) return null;
  const { rules, profiles: settings } = value as { rules?: unknown; profiles?: unknown };
  if (!Array.isArray(rules) || typeof settings !== 'object' || settings === null) return null;
  return {
    rules: rules.filter(
      (rule): rule is [string, string] =>
        Array.isArray(rule) && typeof rule[0] === 'string' && typeof rule[1] === 'string',
    ),
    profiles: settings as WindowsPolicy['profiles'],
  };
}

/**
 * Parses the Windows firewall as one chain per profile: block rules first, because they take precedence, then allow
 * rules. Group policy settings override the local ones, and can disable the local rules.
 * Source: [MS-GPFAS] 2.2.2 and 2.2.3, and the same values under SharedAccess\Parameters\FirewallPolicy.
 */
export function decodeWindowsFirewall(text: string): Decoded<FirewallChain[]> {
  const value = members(text);
  const [local, group] = [policyOf(value?.['local']), policyOf(value?.['group'])];
  if (local === null || group === null) return { data: [], flaw: 'the firewall policy is not readable' };
  const empty = ({ rules, profiles: settings }: WindowsPolicy): boolean =>
    rules.length === 0 && Object.values(settings).every((numbers) => Object.keys(numbers ?? {}).length === 0);
  if (empty(local) && empty(group)) return { data: [], flaw: 'this Windows has no firewall policy' };
  const decoded = ([policy, own]: readonly [WindowsPolicy, boolean]) =>
    policy.rules.flatMap(([id, rule]) => {
      const one = decodeRule(id, rule);
      return one === null ? [] : [{ ...one, own }];
    });
  const rules = [...decoded([group, false]), ...decoded([local, true])];
  const data = profiles.map((profile): FirewallChain => {
    const key = profileKeys[profile];
    const setting = (name: string): number | undefined =>
      [group.profiles[key]?.[name], local.profiles[key]?.[name]].find((number) => typeof number === 'number');
    const merged = group.profiles[key]?.['AllowLocalPolicyMerge'] !== 0;
    const shielded = setting('DoNotAllowExceptions') === 1;
    const mine = rules
      .filter(
        (one) =>
          (merged || !one.own) &&
          (one.profiles.length === 0 || one.profiles.includes(profile)) &&
          (!shielded || one.rule.verdict === 'Block'),
      )
      .map(({ rule }) => rule);
    return {
      name: profile,
      profile,
      family: null,
      base: true,
      // By default, the firewall is on and blocks.
      enabled: setting('EnableFirewall') !== 0,
      otherwise: setting('DefaultInboundAction') === 0 && !shielded ? 'Allow' : 'Block',
      rules: [
        ...mine.filter(({ verdict }) => verdict === 'Block'),
        ...mine.filter(({ verdict }) => verdict === 'Allow'),
      ],
    };
  });
  return { data, flaw: null };
}
