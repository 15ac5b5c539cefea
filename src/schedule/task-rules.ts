import xml2js from 'xml2js';
import { systemSid, taskNamespace } from './task-xml.ts';

/*
 * The rules of a task definition, from the published schema and MS-TSCH 2.5:
 * https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema
 */

/** An element as returned by xml2js, with its children in order. */
interface Element {
  readonly '#name': string;
  readonly $?: Readonly<Record<string, { readonly value: string; readonly local: string; readonly prefix: string }>>;
  readonly $ns: { readonly uri: string; readonly local: string };
  readonly $$?: readonly Element[];
  readonly _?: string;
}

/** Returns the flaw of a text; null if there is none. */
type TextRule = (text: string) => string | null;

/** What an element can contain. */
type Rule =
  | { readonly text: TextRule }
  | { readonly any: true }
  | {
      /** By name; each at most once, unless `many` says otherwise. */
      readonly children: Readonly<Record<string, Rule>>;
      readonly required?: readonly string[];
      /** The total number of children; each can be repeated. */
      readonly many?: { readonly least: number; readonly most: number };
      /** Exactly one of these, and nothing after it. */
      readonly last?: readonly string[];
      readonly attributes?: readonly string[];
    };

const text: TextRule = () => null;
const nonEmpty: TextRule = (value) => (value === '' ? 'it is empty' : null);
const boolean: TextRule = (value) =>
  /^(?:true|false|0|1)$/.test(value) ? null : `${JSON.stringify(value)} is not true or false`;
const oneOf =
  (...values: readonly string[]): TextRule =>
  (value) =>
    values.includes(value) ? null : `${JSON.stringify(value)} is not one of ${values.join(', ')}`;
const matching =
  (pattern: RegExp, what: string): TextRule =>
  (value) =>
    pattern.test(value) ? null : `${JSON.stringify(value)} is not ${what}`;
const whole =
  (least: number, most: number): TextRule =>
  (value) =>
    /^\+?\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? null
      : `${JSON.stringify(value)} is not a whole number from ${least} to ${most}`;
const path: TextRule = (value) =>
  value === '' ? 'it is empty' : value.length > 260 ? 'it has more than 260 characters' : null;
const date: TextRule = (value) => {
  const parts = /^(\d{4,})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/
    .exec(value)
    ?.slice(1, 7)
    .map(Number);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts ?? [];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return parts !== undefined &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= last &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59
    ? null
    : `${JSON.stringify(value)} is not a date and time`;
};

/** A duration in seconds, with months of 30 days; null if it is invalid. */
export function seconds(value: string): number | null {
  const found =
    /^P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d+)?)S)?)?$/.exec(
      value,
    );
  if (found === null) return null;
  const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, rest = 0] = found
    .slice(1)
    .map((part) => Number(part ?? 0));
  return ((years * 365 + months * 30 + days) * 24 + hours) * 3600 + minutes * 60 + rest;
}

const day = 86_400;
const lasting =
  (least = 0, most = Number.POSITIVE_INFINITY): TextRule =>
  (value) => {
    const length = seconds(value);
    if (length === null) return `${JSON.stringify(value)} is not a duration`;
    return length >= least && length <= most
      ? null
      : `${JSON.stringify(value)} is too ${length < least ? 'short' : 'long'}`;
  };

const leaf = (rule: TextRule): Rule => ({ text: rule });
const texts = (rule: TextRule, ...names: readonly string[]): Record<string, Rule> =>
  Object.fromEntries(names.map((name) => [name, leaf(rule)]));
const empties = (...names: readonly string[]): Rule => ({
  children: texts((value) => (value === '' ? null : 'it is not empty'), ...names),
});

const interval = leaf(lasting(60, 31 * day));
const triggerBase: Record<string, Rule> = {
  ...texts(boolean, 'Enabled'),
  ...texts(date, 'StartBoundary', 'EndBoundary'),
  ...texts(lasting(), 'ExecutionTimeLimit'),
  Repetition: {
    children: { Interval: interval, ...texts(lasting(60), 'Duration'), ...texts(boolean, 'StopAtDurationEnd') },
    required: ['Interval'],
  },
};
const trigger = (
  more: Readonly<Record<string, Rule>> = {},
  rest: { required?: readonly string[]; last?: readonly string[] } = {},
): Rule => ({ children: { ...triggerBase, ...more }, attributes: ['id'], ...rest });
const delay = texts(lasting(), 'Delay');
const weekdays = empties('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday');
const months = empties(
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
);
const schedules: Record<string, Rule> = {
  ScheduleByDay: { children: texts(whole(1, 365), 'DaysInterval') },
  ScheduleByWeek: { children: { ...texts(whole(1, 52), 'WeeksInterval'), DaysOfWeek: weekdays } },
  ScheduleByMonth: {
    children: {
      DaysOfMonth: {
        children: texts(matching(/^(?:[1-9]|[12]\d|3[01]|Last)$/, 'a day of a month'), 'Day'),
        many: { least: 0, most: 32 },
      },
      Months: months,
    },
  },
  ScheduleByMonthDayOfWeek: {
    children: {
      Weeks: {
        children: texts(matching(/^(?:[1-4]|Last)$/, 'a week of a month'), 'Week'),
        many: { least: 0, most: 5 },
      },
      DaysOfWeek: weekdays,
      Months: months,
    },
    required: ['DaysOfWeek'],
  },
};
const valueQueries: Rule = { children: { Value: { text: nonEmpty } }, many: { least: 1, most: 32 } };

const task: Rule = {
  attributes: ['version'],
  required: ['Actions'],
  children: {
    RegistrationInfo: {
      children: {
        ...texts(text, 'URI', 'SecurityDescriptor', 'Source', 'Author', 'Version', 'Description', 'Documentation'),
        ...texts(date, 'Date'),
      },
    },
    Triggers: {
      many: { least: 0, most: 48 },
      children: {
        BootTrigger: trigger(delay),
        RegistrationTrigger: trigger(delay),
        IdleTrigger: trigger(),
        TimeTrigger: trigger(texts(lasting(), 'RandomDelay')),
        EventTrigger: trigger(
          {
            ...delay,
            ...texts(nonEmpty, 'Subscription', 'MatchingElement'),
            ...texts(lasting(), 'PeriodOfOccurrence'),
            ...texts(whole(1, 32), 'NumberOfOccurrences'),
            ValueQueries: valueQueries,
          },
          { required: ['Subscription'] },
        ),
        LogonTrigger: trigger({ ...delay, ...texts(nonEmpty, 'UserId') }),
        SessionStateChangeTrigger: trigger(
          {
            ...delay,
            ...texts(nonEmpty, 'UserId'),
            ...texts(
              oneOf(
                'ConsoleConnect',
                'ConsoleDisconnect',
                'RemoteConnect',
                'RemoteDisconnect',
                'SessionLock',
                'SessionUnlock',
              ),
              'StateChange',
            ),
          },
          { required: ['StateChange'] },
        ),
        CalendarTrigger: trigger(
          { ...texts(lasting(), 'RandomDelay'), ...schedules },
          { last: Object.keys(schedules) },
        ),
      },
    },
    Settings: {
      children: {
        ...texts(
          boolean,
          'AllowStartOnDemand',
          'DisallowStartIfOnBatteries',
          'StopIfGoingOnBatteries',
          'AllowHardTerminate',
          'StartWhenAvailable',
          'RunOnlyIfNetworkAvailable',
          'WakeToRun',
          'Enabled',
          'Hidden',
          'RunOnlyIfIdle',
          'UseUnifiedSchedulingEngine',
          'DisallowStartOnRemoteAppSession',
          'Volatile',
        ),
        ...texts(text, 'NetworkProfileName'),
        ...texts(lasting(), 'DeleteExpiredTaskAfter', 'ExecutionTimeLimit'),
        ...texts(whole(0, 10), 'Priority'),
        ...texts(oneOf('Parallel', 'Queue', 'IgnoreNew', 'StopExisting'), 'MultipleInstancesPolicy'),
        RestartOnFailure: {
          children: { Interval: interval, ...texts(whole(1, 255), 'Count') },
          required: ['Interval', 'Count'],
        },
        IdleSettings: {
          children: {
            ...texts(lasting(60), 'Duration', 'WaitTimeout'),
            ...texts(boolean, 'StopOnIdleEnd', 'RestartOnIdle'),
          },
        },
        NetworkSettings: {
          children: {
            ...texts(nonEmpty, 'Name'),
            ...texts(matching(/^\{[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\}$/i, 'a GUID in braces'), 'Id'),
          },
        },
        MaintenanceSettings: { any: true },
      },
    },
    Data: { any: true },
    Principals: {
      many: { least: 1, most: 1 },
      children: {
        Principal: {
          attributes: ['id'],
          children: {
            ...texts(nonEmpty, 'UserId', 'GroupId'),
            ...texts(text, 'DisplayName'),
            ...texts(oneOf('S4U', 'Password', 'InteractiveToken', 'InteractiveTokenOrPassword'), 'LogonType'),
            ...texts(oneOf('LeastPrivilege', 'HighestAvailable'), 'RunLevel'),
            ...texts(oneOf('None', 'Unrestricted'), 'ProcessTokenSidType'),
            RequiredPrivileges: {
              children: texts(matching(/^Se[A-Za-z]+Privilege$/, 'a privilege'), 'Privilege'),
              many: { least: 1, most: 64 },
            },
          },
        },
      },
    },
    Actions: {
      attributes: ['Context'],
      many: { least: 1, most: 32 },
      children: {
        Exec: {
          children: { Command: leaf(path), Arguments: leaf(text), WorkingDirectory: leaf(path) },
          required: ['Command'],
          attributes: ['id'],
        },
        ComHandler: {
          children: {
            ...texts(matching(/^\{[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\}$/i, 'a GUID in braces'), 'ClassId'),
            Data: { any: true },
          },
          required: ['ClassId'],
          attributes: ['id'],
        },
        SendEmail: { any: true },
        ShowMessage: { children: texts(nonEmpty, 'Title', 'Body'), required: ['Title', 'Body'], attributes: ['id'] },
      },
    },
  },
};

const attribute = (element: Element, name: string): string | undefined => element.$?.[name]?.value;
const childrenOf = (element: Element | undefined): readonly Element[] => element?.$$ ?? [];
const child = (element: Element | undefined, name: string): Element | undefined =>
  childrenOf(element).find((one) => one.$ns.local === name);
const content = (element: Element | undefined): string | null =>
  element === undefined ? null : (element._ ?? '').trim();

function check(element: Element, rule: Rule, where: string, flaws: string[]): void {
  const wrong = (what: string): void => void flaws.push(`${where}: ${what}`);
  if (element.$ns.uri !== taskNamespace) return wrong(`it is not in the namespace ${taskNamespace}`);
  if ('any' in rule) return;
  if ('text' in rule) {
    if (childrenOf(element).length > 0) return wrong('it contains elements');
    const flaw = rule.text(content(element)!);
    return flaw === null ? undefined : wrong(flaw);
  }
  for (const { local, prefix, value } of Object.values(element.$ ?? {})) {
    const namespaces =
      prefix === 'xmlns' || local === 'xmlns' || (prefix === '' && local === '' && value === taskNamespace);
    if (!namespaces && !rule.attributes?.includes(local)) wrong(`it has an attribute ${local}`);
  }
  if (content(element) !== '') wrong('it contains text between its elements');
  const children = childrenOf(element);
  if (rule.many !== undefined && (children.length < rule.many.least || children.length > rule.many.most)) {
    wrong(
      `it has ${children.length} elements, but can have ${rule.many.least === rule.many.most ? rule.many.most : `${rule.many.least} to ${rule.many.most}`}`,
    );
  }
  const seen = new Set<string>();
  for (const one of children) {
    const name = one.$ns.local;
    if (!Object.hasOwn(rule.children, name)) {
      wrong(`it has an unknown element ${name}`);
      continue;
    }
    if (seen.has(name) && rule.many === undefined) wrong(`it has ${name} more than once`);
    seen.add(name);
    check(one, rule.children[name]!, `${where}/${name}`, flaws);
  }
  for (const name of rule.required ?? []) if (!seen.has(name)) wrong(`it has no ${name}`);
  if (rule.last !== undefined) {
    const count = children.filter((one) => rule.last!.includes(one.$ns.local)).length;
    if (count !== 1) wrong(`it has ${count} of ${rule.last.join(', ')}, but needs one`);
    else if (!rule.last.includes(children.at(-1)!.$ns.local))
      wrong(`${children.at(-1)!.$ns.local} must be before the schedule`);
  }
}

const largest = 1 << 20;

/** The root element of a text; a flaw if it is not XML, or not supported. */
function parse(xml: string): Element | string {
  if (xml.length > largest) return 'it is too large for a task';
  // Entities can expand to anything, and tasks do not define any.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) return 'it has a DOCTYPE';
  const encoding = /^\ufeff?<\?xml[^>]*\bencoding\s*=\s*["']([^"']*)/.exec(xml)?.[1];
  if (encoding !== undefined && !/^utf-16$/i.test(encoding))
    return `its encoding is ${encoding}, but Task Scheduler accepts only UTF-16`;
  let result: Element | string = 'it is empty';
  const parser = new xml2js.Parser({ explicitChildren: true, preserveChildrenOrder: true, xmlns: true, trim: true });
  try {
    parser.parseString(xml, (error: Error | null, document: Readonly<Record<string, Element>> | null) => {
      if (error !== null) result = error.message.split('\n', 1)[0]!;
      else if (document !== null) result = Object.values(document)[0]!;
    });
  } catch (error) {
    result = error instanceof Error ? error.message.split('\n', 1)[0]! : String(error);
  }
  return result;
}

/** Checks references between elements. */
function crossCheck(root: Element, flaws: string[]): void {
  const version = attribute(root, 'version');
  if (version !== undefined && !/^\d+(?:\.\d+){1,3}$/.test(version))
    flaws.push(`Task: version ${JSON.stringify(version)} is not a version`);
  const principal = child(child(root, 'Principals'), 'Principal');
  const actions = child(root, 'Actions');
  const context = actions === undefined ? undefined : attribute(actions, 'Context');
  if (context !== undefined && (principal === undefined || attribute(principal, 'id') !== context))
    flaws.push(`Task/Actions: Context ${JSON.stringify(context)} is not the ID of a principal`);
  const named = [
    ...(principal === undefined ? [] : [principal]),
    ...childrenOf(child(root, 'Triggers')),
    ...childrenOf(actions),
  ];
  const ids = named.flatMap((element) => attribute(element, 'id') ?? []);
  for (const id of new Set(ids))
    if (ids.filter((one) => one === id).length > 1) flaws.push(`Task: duplicate ID ${JSON.stringify(id)}`);
  if (principal === undefined) return;
  const [user, group, logon] = ['UserId', 'GroupId', 'LogonType'].map((name) => content(child(principal, name)));
  const where = 'Task/Principals/Principal';
  if (user !== null && group !== null) flaws.push(`${where}: it has both UserId and GroupId`);
  if (
    user !== null &&
    /^(?:S-1-5-(?:18|19|20)|(?:NT AUTHORITY\\)?(?:SYSTEM|LOCAL ?SERVICE|NETWORK ?SERVICE))$/i.test(user!) &&
    logon !== null
  )
    flaws.push(`${where}: ${user} has no LogonType`);
  if (user?.endsWith('$') && logon !== 'Password')
    flaws.push(`${where}: a managed service account needs the LogonType Password`);
}

/** The relevant facts about an existing task. */
export interface TaskFacts {
  readonly enabled: boolean;
  readonly user: string | null;
  readonly command: string | null;
  readonly arguments: string | null;
  /** `03:00`, of the first trigger that has a time. */
  readonly time: string | null;
  /** The interval of that trigger in days; null for another schedule. */
  readonly days: number | null;
  readonly randomDelay: string | null;
  readonly timeLimit: string | null;
}

export interface CheckedTask {
  /** What Task Scheduler would reject; empty for a valid task. */
  readonly flaws: readonly string[];
  /** What makes an audit unreliable or open to others. */
  readonly concerns: readonly string[];
  /** Null if it is not a task. */
  readonly facts: TaskFacts | null;
}

/** What this task lacks compared with a nightly audit. */
function concernsOf(root: Element): string[] {
  const settings = child(root, 'Settings');
  const setting = (name: string, otherwise: string): string => content(child(settings, name)) ?? otherwise;
  const isOn = (name: string, otherwise: string): boolean => /^(?:true|1)$/.test(setting(name, otherwise));
  const triggers = childrenOf(child(root, 'Triggers'));
  const exec = child(child(root, 'Actions'), 'Exec');
  const limit = seconds(setting('ExecutionTimeLimit', 'PT72H'));
  const found: [boolean, string][] = [
    [!isOn('Enabled', 'true'), 'it is disabled'],
    [!isOn('StartWhenAvailable', 'false'), 'an audit that was missed because the machine was off does not run later'],
    [isOn('DisallowStartIfOnBatteries', 'true'), 'it does not start on battery power'],
    [isOn('StopIfGoingOnBatteries', 'true'), 'it stops when the machine switches to battery power'],
    [isOn('RunOnlyIfIdle', 'false'), 'it starts only when the machine is idle'],
    [
      setting('MultipleInstancesPolicy', 'IgnoreNew') !== 'IgnoreNew',
      'a second audit can start while one is still running',
    ],
    [limit === 0 || limit === null || limit > day, 'it has no time limit of a day or less'],
    [!triggers.some((one) => ['CalendarTrigger', 'TimeTrigger'].includes(one.$ns.local)), 'it has no start time'],
    [
      triggers.some((one) => /(?:Z|[+-]\d{2}:\d{2})$/.test(content(child(one, 'StartBoundary')) ?? '')),
      'its start time shifts with daylight saving time: StartBoundary has a time zone',
    ],
    [
      exec !== undefined && !/^[A-Za-z]:\\/.test(content(child(exec, 'Command'))!),
      'its command is not an absolute path without quotes',
    ],
  ];
  return found.flatMap(([wrong, what]) => (wrong ? [what] : []));
}

/** Checks a task definition against the rules. Takes any text, and never throws. */
export function checkTask(xml: string): CheckedTask {
  const root = parse(xml);
  if (typeof root === 'string') return { flaws: [`this is not a task definition: ${root}`], concerns: [], facts: null };
  if (root.$ns.local !== 'Task')
    return {
      flaws: [`this is not a task definition: its root element is ${root.$ns.local}`],
      concerns: [],
      facts: null,
    };
  const flaws: string[] = [];
  check(root, task, 'Task', flaws);
  crossCheck(root, flaws);
  const triggers = childrenOf(child(root, 'Triggers'));
  const timed = triggers.find((one) => child(one, 'StartBoundary') !== undefined);
  const daily = child(timed, 'ScheduleByDay');
  const exec = child(child(root, 'Actions'), 'Exec');
  const principal = child(child(root, 'Principals'), 'Principal');
  const user = content(child(principal, 'UserId')) ?? content(child(principal, 'GroupId'));
  const facts: TaskFacts = {
    enabled: !/^(?:false|0)$/.test(content(child(child(root, 'Settings'), 'Enabled')) ?? 'true'),
    user: user === systemSid ? 'SYSTEM' : user,
    command: content(child(exec, 'Command')),
    arguments: content(child(exec, 'Arguments')),
    time: /T(\d{2}:\d{2})/.exec(content(child(timed, 'StartBoundary')) ?? '')?.[1] ?? null,
    days: daily === undefined ? null : Number(content(child(daily, 'DaysInterval')) ?? 1) || null,
    randomDelay: content(child(timed, 'RandomDelay')),
    timeLimit: content(child(child(root, 'Settings'), 'ExecutionTimeLimit')),
  };
  return { flaws, concerns: flaws.length > 0 ? [] : concernsOf(root), facts };
}
