import { keys, validate, words } from '../generated/policy.validate.js';
import { parsePorts, portMatcher, type PortSpan } from '../ports/expression.ts';
import { itemsByKey, portsOneByOne } from '../ports/lookup.ts';
import { servicePorts } from '../ports/iana.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Severity } from '../schema/finding.ts';
import { anyOf, foldCase, PatternError } from '../ports/wildcard.ts';
import type { ChangeKind } from './compare.ts';
import { parseChecked, type DocumentKind } from './document.ts';
import { isKernel, running, type Listener, type Scope } from './listeners.ts';

/** Whether a listener matches a condition; null if the necessary value is unavailable. */
type Fit = boolean | null;

export interface Rule {
  readonly name: string;
  readonly action: 'allow' | 'forbid';
  readonly severity: Severity | null;
  /** The last day of an exception: 2026-12-31. */
  readonly expires: string | null;
  readonly owner: string | null;
  readonly ticket: string | null;
  readonly reason: string | null;
  readonly fits: (listener: Listener) => Fit;
  /** The ports it matches, if they are few; null: any. */
  readonly ports: readonly number[] | null;
  /** The file names of the programs it matches, in lower case; null: any. */
  readonly files: readonly string[] | null;
  /** Whether an exception covers such a change: one that names no program does not approve a new program. */
  readonly speaksOf: (kind: ChangeKind) => boolean;
}

export interface Policy {
  readonly rules: readonly Rule[];
  /** The rules that may match a listener, in order. */
  readonly about: (listener: Listener) => Iterable<Rule>;
  readonly default: 'allow' | 'forbid';
  readonly severity: Severity;
  /** Whether a rule names a signer. */
  readonly signers: boolean;
}

interface RuleText {
  readonly name: string;
  readonly action: Rule['action'];
  readonly ports?: number | string;
  readonly protocol?: 'TCP' | 'UDP';
  readonly scope?: Scope | Scope[];
  readonly program?: string | string[];
  readonly application?: string | string[];
  readonly service?: string | string[];
  readonly user?: string | string[];
  readonly signer?: string | string[];
  readonly severity?: Severity;
  readonly expires?: string;
  readonly owner?: string;
  readonly ticket?: string;
  readonly reason?: string;
}

const kind: DocumentKind = {
  name: 'a policy',
  kind: 'PortOwner.Policy',
  hint: 'A policy needs kind: PortOwner.Policy, version: 1, and rules. To list the keys of a rule: portowner audit --help',
  validator: () => validate,
  keys: () => keys,
  words: () => words,
};

/** Nobody writes a policy with more rules. */
const mostRules = 10_000;

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** Combines patterns with `*` and `?` into one test, case-insensitive only for Windows. */
function anyPattern(patterns: readonly string[], anyCase: (pattern: string) => boolean): (text: string) => boolean {
  const tests = [...Map.groupBy(patterns, anyCase)].map(([fold, group]) =>
    anyOf(group, { anyCase: fold, sets: false }),
  );
  return (text) => tests.some((test) => test(text));
}

const windowsName = (pattern: string): boolean => pattern.includes('\\') || /\.(?:exe|\*)$/i.test(pattern);
const always = (): boolean => true;

function programTest(patterns: readonly string[]): (listener: Listener) => Fit {
  const [paths, names] = [
    patterns.filter((pattern) => /[\\/]/.test(pattern)),
    patterns.filter((pattern) => !/[\\/]/.test(pattern)),
  ];
  const path = anyPattern(paths, windowsName);
  // A bare name matches the program in any folder. The kernel is not a program: a file with its name is something else.
  const name = anyPattern(names, always);
  const named = anyPattern(
    names.filter((one) => !isKernel(one)),
    always,
  );
  return ({ program }) => {
    if (program === null) return null;
    const whole = /[\\/]/.test(program);
    if (path(program) || (whole ? named(program.replace(/^.*[\\/]/s, '')) : name(program))) return true;
    return whole || paths.length === 0 ? false : null;
  };
}

/** The ports of an expression; `dynamic` is not a number. Throws PO1002. */
function portsOf(text: string): { dynamic: boolean; spans: PortSpan[] } {
  const parts = text.split(',').map((part) => part.trim());
  const numbers = parts.filter((part) => part !== 'dynamic');
  return {
    dynamic: parts.includes('dynamic'),
    spans: numbers.flatMap((part) => parsePorts(part, servicePorts)),
  };
}

function portsTest(
  { dynamic, spans }: ReturnType<typeof portsOf>,
  action: Rule['action'],
): (listener: Listener) => Fit {
  const port = spans.length === 0 ? () => false : portMatcher(spans);
  return (listener) => {
    if (listener.port !== 'dynamic') return port(listener.port);
    if (dynamic) return true;
    // A dynamic listener stands for several ports: one forbidden port is enough, but all must be allowed.
    return listener.ports.length > 0 && (action === 'forbid' ? listener.ports.some(port) : listener.ports.every(port));
  };
}

/** The file name of a program, normalized for comparison. */
const fileOf = (program: string): string => foldCase(program.replace(/^.*[\\/]/s, ''));

/** The file names of patterns; null if any has wildcards. */
function filesOf(patterns: readonly string[]): string[] | null {
  return patterns.some((pattern) => /[*?]/.test(pattern)) ? null : patterns.map(fileOf);
}

/** Finds the rules that may match a listener, so that not every listener is compared with every rule. */
function rulesAbout(rules: readonly Rule[]): Policy['about'] {
  const byPort = itemsByKey<Rule, number | string>(rules, ({ ports }) => ports);
  const byBoth = itemsByKey<Rule, number | string>(rules, ({ ports, files }) => ports ?? files);
  return ({ port, ports, program }) => {
    const numbers = port === 'dynamic' ? ports : [port];
    // For a program that is unknown, or known only by name, a rule with a program may be undecidable.
    return program !== null && /[\\/]/.test(program) ? byBoth([...numbers, fileOf(program)]) : byPort(numbers);
  };
}

type Condition = (listener: Listener) => Fit;

function applicationTest(names: readonly string[], action: Rule['action']): Condition {
  const test = anyPattern(names, always);
  return (listener) => {
    if (isKernel(listener.program)) return false;
    const now = running(listener);
    if (now === null) return null;
    // All applications must be allowed; one forbidden application is enough.
    if (action === 'allow' ? now.names.every(test) : now.names.some(test)) return true;
    const couldBe = (name: string): boolean => names.some((one) => foldCase(one).startsWith(`${foldCase(name)} `));
    return !now.whole && now.names.some(couldBe) ? null : false;
  };
}

function serviceTest(names: readonly string[], action: Rule['action']): Condition {
  const patterns = names.flatMap((name) => [name, `${name}.service`, `*:${name}`]);
  const test = anyPattern(patterns, always);
  return ({ services, program }) => {
    // The services of an unknown program are unknown, too.
    if (services.length === 0) return program === null ? null : false;
    // All services must be allowed; one forbidden service is enough.
    return action === 'allow' ? services.every(test) : services.some(test);
  };
}

function userTest(names: readonly string[]): Condition {
  const patterns = names.flatMap((name) => (name.includes('\\') ? [name] : [name, `*\\${name}`]));
  const test = anyPattern(patterns, windowsName);
  // The kernel has no user.
  return ({ user, program }) => (user === null ? (isKernel(program) ? false : null) : test(user));
}

function signerTest(names: readonly string[]): Condition {
  const test = anyPattern(names, always);
  // The kernel is not an executable with a signature, either.
  return ({ signer, program }) => (signer === null ? (isKernel(program) ? false : null) : test(signer));
}

/** The conditions of a rule: a listener must match all of them. */
function conditionsOf(text: RuleText, ports: ReturnType<typeof portsOf> | null): Condition[] {
  const { action, protocol: wanted } = text;
  const scopes = list(text.scope ?? []);
  return [
    ...(wanted === undefined ? [] : [({ protocol }: Listener) => protocol === wanted]),
    ...(text.scope === undefined ? [] : [({ scope }: Listener) => scopes.includes(scope)]),
    ...(ports === null ? [] : [portsTest(ports, action)]),
    ...(text.program === undefined ? [] : [programTest(list(text.program))]),
    ...(text.application === undefined ? [] : [applicationTest(list(text.application), action)]),
    ...(text.service === undefined ? [] : [serviceTest(list(text.service), action)]),
    ...(text.user === undefined ? [] : [userTest(list(text.user))]),
    ...(text.signer === undefined ? [] : [signerTest(list(text.signer))]),
  ];
}

/**
 * Which changes a rule covers, according to its conditions. An application is what a program was told to run, which any
 * program can claim: it does not cover a new one.
 */
function changesNamed(text: RuleText): Readonly<Record<ChangeKind, boolean>> {
  return {
    Opened: true,
    Closed: false,
    OwnerChanged: text.program !== undefined || text.service !== undefined,
    PathChanged: list(text.program ?? []).some((pattern) => /[\\/]/.test(pattern)),
    UserChanged: text.user !== undefined,
    AddressChanged: text.scope !== undefined,
    Exposed: text.scope !== undefined,
    BinaryChanged: text.signer !== undefined,
    FileGone: false,
  };
}

/** Whether a listener matches all conditions; null if at least one is undecidable and none fails. */
function fitsAll(conditions: readonly Condition[], listener: Listener): Fit {
  let known: Fit = true;
  for (const condition of conditions) {
    const fit = condition(listener);
    if (fit === false) return false;
    if (fit === null) known = null;
  }
  return known;
}

function ruleOf(text: RuleText): Rule {
  const ports = text.ports === undefined ? null : portsOf(String(text.ports));
  const conditions = conditionsOf(text, ports);
  const named = changesNamed(text);
  return {
    name: text.name,
    action: text.action,
    severity: text.severity ?? null,
    expires: text.expires ?? null,
    owner: text.owner ?? null,
    ticket: text.ticket ?? null,
    reason: text.reason ?? null,
    ports: ports === null || ports.dynamic ? null : portsOneByOne(ports.spans),
    files: text.program === undefined ? null : filesOf(list(text.program)),
    fits: (listener) => fitsAll(conditions, listener),
    speaksOf: (change) => named[change],
  };
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** Reads the text of a policy; `name` is its file. Throws PO2002 with line and column, or PO2003. */
export function parsePolicy(text: string, name: string): Policy {
  const checked = parseChecked(text, name, kind);
  const value = checked.value as { default?: Policy['default']; severity?: Severity; rules: RuleText[] };
  if (value.rules.length > mostRules)
    checked.fail(['rules'], `it has ${value.rules.length} rules; the limit is ${mostRules}`);
  const rules = value.rules.map((rule, index) => {
    if (rule.expires !== undefined && !isDate(rule.expires))
      checked.fail(['rules', index, 'expires'], `${rule.expires} is not a valid date`);
    if (rule.expires !== undefined && rule.action !== 'allow')
      checked.fail(['rules', index, 'expires'], 'only a rule with action: allow can expire');
    try {
      return ruleOf(rule);
    } catch (error) {
      if (error instanceof PatternError) return checked.fail(['rules', index], error.message);
      if (!(error instanceof PortOwnerError)) throw error;
      return checked.fail(['rules', index, 'ports'], error.message);
    }
  });
  return {
    rules,
    about: rulesAbout(rules),
    default: value.default ?? 'allow',
    severity: value.severity ?? 'High',
    signers: value.rules.some(({ signer }) => signer !== undefined),
  };
}

/** The decision of a policy about a listener. */
export interface Decision {
  /** Null: no rule matches. */
  readonly rule: Rule | null;
  /** The first matching exception that has expired, unless an earlier rule decides. */
  readonly expired: Rule | null;
  /** A rule that could have decided if all details of the listener were known. */
  readonly undecided: Rule | null;
}

/** Applies the first matching rule; `at` is the time of the audit (ISO 8601, UTC). */
export function decide({ about }: Policy, listener: Listener, at: string): Decision {
  let expired: Rule | null = null;
  let undecided: Rule | null = null;
  for (const rule of about(listener)) {
    const fit = rule.fits(listener);
    if (fit === null) undecided ??= rule;
    if (fit !== true) continue;
    if (rule.expires !== null && at.slice(0, 10) > rule.expires) expired ??= rule;
    else return { rule, expired, undecided };
  }
  return { rule: null, expired, undecided };
}
