import { noSettings } from '../../src/audit/settings.ts';
import { windowsArguments, type AuditTask } from '../../src/schedule/definition.ts';
import { taskXml } from '../../src/schedule/task-xml.ts';

const module = 'C:\\Program Files\\WindowsPowerShell\\Modules\\PortOwner';
const data = 'C:\\ProgramData\\PortOwner';

const nightly: AuditTask = {
  name: 'PortOwner audit',
  account: { kind: 'system' },
  at: { hour: 3, minute: 0 },
  randomDelay: 30,
  timeLimit: 60,
  command: {
    ...noSettings,
    executable: `${module}\\bin\\portowner.exe`,
    baseline: `${data}\\baseline.yaml`,
    policy: `${data}\\policy.yaml`,
    store: `${data}\\audits.db`,
    reports: [`${data}\\findings.csv`],
    failOn: null,
    keep: 400,
    eventLog: false,
    hash: false,
  },
};

const fleetWords = [
  '-NoLogo',
  '-NoProfile',
  '-NonInteractive',
  '-ExecutionPolicy',
  'RemoteSigned',
  '-File',
  `${module}\\Tasks\\Invoke-FleetAudit.ps1`,
  '-ComputerList',
  `${data}\\fleet.txt`,
  '-BaselineFolder',
  `${data}\\baselines`,
  '-Policy',
  `${data}\\policy.yaml`,
  '-Store',
  `${data}\\fleet.db`,
  '-ReportFolder',
  `${data}\\reports`,
];

/** The templates in ps/Tasks, by their names. */
export const templates: Readonly<Record<string, string>> = {
  'Nightly-System.xml': taskXml(nightly),
  'Nightly-Gmsa.xml': taskXml({ ...nightly, account: { kind: 'gmsa', name: 'DOMAIN\\gmsa$' } }),
  'Fleet-Gmsa.xml': taskXml(
    { ...nightly, account: { kind: 'gmsa', name: 'DOMAIN\\gmsa$' }, timeLimit: 240 },
    { command: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe', arguments: windowsArguments(fleetWords), folder: data },
  ),
};
