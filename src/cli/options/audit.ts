import { Option } from 'clipanion';
import type { AuditSettings } from '../../audit/settings.ts';
import { severities } from '../../schema/finding.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { unknownValue, word } from '../values.ts';
import type { GroupAbout } from './group.ts';
import type { RedactOption } from './redact.ts';

const severityWords = severities.map((severity) => severity.toLowerCase());

/** What an audit compares with and what it does with the result, manually and nightly. */
export class AuditOptions {
  static readonly about = {
    values: {
      '--baseline': 'file',
      '--policy': 'file',
      '--store': 'file',
      '--spool': 'file',
      '--report': 'file',
      '--fail-on': severityWords,
    },
    parameters: {
      BaselinePath: '--baseline',
      PolicyPath: '--policy',
      StorePath: '--store',
      SpoolPath: '--spool',
      ReportPath: '--report',
      KeepDay: '--keep',
      IncludeHash: '--hash',
      EventLog: '--event-log',
      Redact: '--redact',
    },
  } as const satisfies GroupAbout;

  baseline = Option.String('--baseline', {
    description: 'the approved listeners: a file created by portowner baseline create',
  });
  policy = Option.String('--policy', { description: 'the file with the rules' });
  store = Option.String('--store', {
    description: 'store the audit, together with earlier ones, in this file or database: postgres://USER@HOST/DATABASE',
  });
  spool = Option.String('--spool', {
    description: 'keep the audit in this folder until the store has it, and store earlier ones from there',
  });
  report = Option.Array('--report', {
    description:
      'also write the findings to this file, or send them to a collector: otlp+https://HOST:4318; can be repeated',
  });
  failOn = Option.String('--fail-on', {
    description: `lowest severity that makes the command exit with 1: ${severityWords.join(', ')} (default: low)`,
  });
  keep = Option.String('--keep', {
    description: 'delete history that is older than this many days (default: keep all)',
  });
  hash = Option.Boolean('--hash', false, {
    description: 'also read the executables, and compare and store their SHA-256 hash and, on Windows, their signer',
  });
  eventLog = Option.Boolean('--event-log', false, {
    description:
      "also write the findings to the system's log: the Application event log on Windows, journald or syslog on Linux",
  });
}

/** Reads the options. Throws PO1001. */
export function auditSettings(given: AuditOptions & RedactOption): AuditSettings {
  const {
    baseline = null,
    policy = null,
    store = null,
    spool = null,
    report: reports = [],
    hash,
    eventLog,
    redact,
  } = given;
  const words = Object.fromEntries(severityWords.map((severity) => [severity, severity]));
  const failOn = given.failOn === undefined ? null : word('--fail-on', given.failOn, words);
  return { baseline, policy, store, spool, reports, failOn, keep: daysToKeep(given.keep), hash, eventLog, redact };
}

/** Throws PO1005 for an option of a store without a store. */
export function demandStore({ store, keep, spool }: AuditSettings, forgetLater: boolean): void {
  const needy = forgetLater ? '--forget-later' : keep !== null ? '--keep' : spool !== null ? '--spool' : null;
  if (needy !== null && store === null) throw new PortOwnerError('PO1005', `${needy} needs --store`);
}

function daysToKeep(text: string | undefined): number | null {
  if (text === undefined) return null;
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days < 1) throw unknownValue('--keep', text, 'a number of days from 1 to 99999');
  return days;
}
