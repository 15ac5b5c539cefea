/** What an audit compares with and what it does with the result: the same manually and nightly. */
export interface AuditSettings {
  readonly baseline: string | null;
  readonly policy: string | null;
  readonly store: string | null;
  /** The folder for audits that are not yet in the store. */
  readonly spool: string | null;
  readonly reports: readonly string[];
  /** The lowest severity that counts, in lower case; null is the audit's own default. */
  readonly failOn: string | null;
  /** Days of history; null keeps all. */
  readonly keep: number | null;
  /** Whether to read and hash the executables of the listeners. */
  readonly hash: boolean;
  readonly eventLog: boolean;
  /** Whether names of users, machines, and projects are replaced in the reports. */
  readonly redact: boolean;
}

/** The default settings. */
export const noSettings: AuditSettings = {
  baseline: null,
  policy: null,
  store: null,
  spool: null,
  reports: [],
  failOn: null,
  keep: null,
  hash: false,
  eventLog: false,
  redact: false,
};

/** The option of each setting, in command-line order; `file` if it takes paths. */
const options: Readonly<Record<keyof AuditSettings, { readonly option: `--${string}`; readonly file?: true }>> = {
  baseline: { option: '--baseline', file: true },
  policy: { option: '--policy', file: true },
  store: { option: '--store', file: true },
  spool: { option: '--spool', file: true },
  reports: { option: '--report', file: true },
  failOn: { option: '--fail-on' },
  keep: { option: '--keep' },
  hash: { option: '--hash' },
  eventLog: { option: '--event-log' },
  redact: { option: '--redact' },
};
const known = Object.entries(options) as [keyof AuditSettings, (typeof options)[keyof AuditSettings]][];

/** The settings as words of a command line. */
export function settingWords(settings: AuditSettings): string[] {
  return known.flatMap(([key, { option }]) => {
    const value: AuditSettings[keyof AuditSettings] = settings[key];
    if (value === null || value === false) return [];
    if (value === true) return [option];
    return [value].flat().flatMap((one) => [option, String(one)]);
  });
}

/** Applies `path` to every path in the settings. */
export function withPaths(settings: AuditSettings, path: (option: string, value: string) => string): AuditSettings {
  const changed = known.map(([key, { option, file }]) => {
    const value: AuditSettings[keyof AuditSettings] = settings[key];
    if (file !== true || value === null) return [key, value];
    return [key, typeof value === 'string' ? path(option, value) : (value as string[]).map((one) => path(option, one))];
  });
  return Object.fromEntries(changed) as AuditSettings;
}
