import { noSettings } from '../../src/audit/settings.ts';
import type { AuditTask } from '../../src/schedule/definition.ts';

/** A nightly audit as SYSTEM, with paths that have a blank, an ampersand and umlauts in them. */
export const windowsTask: AuditTask = {
  name: 'PortOwner audit',
  account: { kind: 'system' },
  at: { hour: 3, minute: 5 },
  randomDelay: 30,
  timeLimit: 60,
  command: {
    ...noSettings,
    executable: 'C:\\Program Files\\Port & Öwner\\portowner.exe',
    baseline: 'C:\\Audits & more\\grün.yaml',
    policy: 'C:\\Audits\\policy.yaml',
    store: 'C:\\ProgramData\\PortOwner\\audits.db',
    reports: ['C:\\ProgramData\\PortOwner\\findings.csv', 'C:\\ProgramData\\PortOwner\\all findings.json'],
    failOn: 'high',
    keep: 400,
    eventLog: true,
    hash: false,
  },
};

export const gmsaTask: AuditTask = { ...windowsTask, account: { kind: 'gmsa', name: 'CORP\\audit$' } };

export const linuxTask: AuditTask = {
  ...windowsTask,
  command: {
    ...windowsTask.command,
    executable: '/usr/local/bin/portowner',
    baseline: '/etc/portowner/b line "é" 100% $HOME \\n.yaml',
    policy: null,
    store: '/var/lib/portowner/audits.db',
    reports: ['/var/log/portowner/findings.csv'],
  },
};
