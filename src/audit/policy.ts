import { validate } from '../generated/policy.validate.js';
import { parsePorts, portMatcher, type PortSpan } from '../ports/expression.ts';
import { itemsByKey, portsOneByOne } from '../ports/lookup.ts';
import { servicePorts } from '../ports/iana.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Severity } from '../schema/finding.ts';
import { anyOf, foldCase, PatternError } from '../ports/wildcard.ts';
import type { ChangeKind } from './compare.ts';
import { parseChecked, type DocumentKind } from './document.ts';
import { isKernel, type Listener, type Scope } from './listeners.ts';

/** Whether a listener fits a condition; null when what is needed to tell could not be had. */
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
  /** The ports that it is about, where they are few; null: any. */
  readonly ports: readonly number[] | null;
  /** The file names of the programs that it is about, in lower case; null: any. */
  readonly files: readonly string[] | null;
  /** Whether an exception speaks of what such a change is about: one that names no program does not bless a new one. */
  readonly speaksOf: (kind: ChangeKind) => boolean;
}

export interface Policy {
  readonly rules: readonly Rule[];
  /** Those of the rules that may fit a listener, in their order. */
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
  hint: 'src/audit/policy.schema.json describes the form.',
  validate,
};

/** More rules are no policy that a person writes. */
const mostRules = 10_000;

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** Patterns with `*` and `?` as one test. Windows' names are the same in any case, others are not. */
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
  // A name alone finds the program wherever it is. The kernel is no program: a file of its name is another one.
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
    // Behind a dynamic listener are several ports: one forbidden is enough, but all must be allowed.
    return listener.ports.length > 0 && (action === 'forbid' ? listener.ports.some(port) : listener.ports.every(port));
  };
}

/** The file name of a program, as it is compared. */
const fileOf = (program: string): string => foldCase(program.replace(/^.*[\\/]/s, ''));

/** The file names of patterns; null where one has wildcards. */
function filesOf(patterns: readonly string[]): string[] | null {
  return patterns.some((pattern) => /[*?]/.test(pattern)) ? null : patterns.map(fileOf);
}

/** Finds the rules that may fit a listener: thousands of listeners are not held against thousands of rules. */
function rulesAbout(rules: readonly Rule[]): Policy['about'] {
  const byPort = itemsByKey<Rule, number | string>(rules, ({ ports }) => ports);
  const byBoth = itemsByKey<Rule, number | string>(rules, ({ ports, files }) => ports ?? files);
  return ({ port, ports, program }) => {
    const numbers = port === 'dynamic' ? ports : [port];
    // Of a program that is not known, or by its name alone, a rule with a program may say that it cannot be told.
    return program !== null && /[\\/]/.test(program) ? byBoth([...numbers, fileOf(program)]) : byPort(numbers);
  };
}

type Condition = (listener: Listener) => Fit;

function serviceTest(names: readonly string[], action: Rule['action']): Condition {
  const patterns = names.flatMap((name) => [name, `${name}.service`, `*:${name}`]);
  const test = anyPattern(patterns, always);
  return ({ services, program }) => {
    // Which services a program that is not known runs is not known either.
    if (services.length === 0) return program === null ? null : false;
    // All of them have to be allowed; one forbidden is enough.
    return action === 'allow' ? services.every(test) : services.some(test);
  };
}

function userTest(names: readonly string[]): Condition {
  const patterns = names.flatMap((name) => (name.includes('\\') ? [name] : [name, `*\\${name}`]));
  const test = anyPattern(patterns, windowsName);
  // The kernel runs as nobody.
  return ({ user, program }) => (user === null ? (isKernel(program) ? false : null) : test(user));
}

function signerTest(names: readonly string[]): Condition {
  const test = anyPattern(names, always);
  // Nor is the kernel an executable with a signature of its own.
  return ({ signer, program }) => (signer === null ? (isKernel(program) ? false : null) : test(signer));
}

/** What a rule asks of a listener: all of it has to fit. */
function conditionsOf(text: RuleText, ports: ReturnType<typeof portsOf> | null): Condition[] {
  const { action, protocol: wanted } = text;
  const scopes = list(text.scope ?? []);
  return [
    ...(wanted === undefined ? [] : [({ protocol }: Listener) => protocol === wanted]),
    ...(text.scope === undefined ? [] : [({ scope }: Listener) => scopes.includes(scope)]),
    ...(ports === null ? [] : [portsTest(ports, action)]),
    ...(text.program === undefined ? [] : [programTest(list(text.program))]),
    ...(text.service === undefined ? [] : [serviceTest(list(text.service), action)]),
    ...(text.user === undefined ? [] : [userTest(list(text.user))]),
    ...(text.signer === undefined ? [] : [signerTest(list(text.signer))]),
  ];
}

/** Of which changes a rule speaks, by what it asks for. */
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

/** Whether a listener fits all of the conditions; null when one of them cannot be told, and none speaks against it. */
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
    checked.fail(['rules'], `there are ${value.rules.length} rules; at most ${mostRules} are read`);
  const rules = value.rules.map((rule, index) => {
    if (rule.expires !== undefined && !isDate(rule.expires))
      checked.fail(['rules', index, 'expires'], `${rule.expires} is no day of the calendar`);
    if (rule.expires !== undefined && rule.action !== 'allow')
      checked.fail(['rules', index, 'expires'], 'only a rule that allows can expire');
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

/** What a policy says of a listener. */
export interface Decision {
  /** Null: no rule fits. */
  readonly rule: Rule | null;
  /** The first exception that fits and has expired, unless a rule before it decides. */
  readonly expired: Rule | null;
  /** A rule that might have decided, had all been known of the listener. */
  readonly undecided: Rule | null;
}

/** The first rule that fits; `at` is the moment of the audit (ISO 8601, UTC). */
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
