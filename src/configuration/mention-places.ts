import { win32 } from 'node:path';
import type { Facts } from '../facts/model/facts.ts';
import type { ConfigurationMachine, RunningProgram } from '../system/configuration.ts';
import { servicesKey } from './windows-service.ts';

/** Where something can name a port of this machine. */
export interface MentionPlaces {
  /** Folders that are searched with those in them: every file, or only those that can name an address. */
  readonly trees: readonly { readonly folder: string; readonly everyFile: boolean }[];
  /** Folders of programs, of which only the files themselves are searched. */
  readonly folders: readonly string[];
  /** Values of the registry. */
  readonly values: readonly string[];
}

const unique = (folders: readonly string[]): string[] => [...new Set(folders)];

function linuxPlaces(programs: readonly RunningProgram[]): MentionPlaces {
  const folders = programs.map(({ workingDirectory }) => workingDirectory ?? '/');
  return {
    trees: ['/etc', '/var/spool/cron'].map((folder) => ({ folder, everyFile: true })),
    folders: unique(folders).filter((folder) => !/^\/(?:$|etc\/|proc\/|sys\/)/.test(folder)),
    values: [],
  };
}

/** The folder of a program, and those where programs keep their configuration beside it. */
function foldersOf(executable: string): string[] {
  const folder = win32.dirname(executable);
  const bases = /^s?bin$/i.test(win32.basename(folder)) ? [folder, win32.dirname(folder)] : [folder];
  return bases.flatMap((base) => ['', 'conf', 'config', 'etc'].map((name) => win32.join(base, name)));
}

/** The values of a service that programs get as arguments and variables; NSSM keeps them in a key below it. */
const serviceValues = [
  'ImagePath',
  'Environment',
  String.raw`Parameters\AppParameters`,
  String.raw`Parameters\AppEnvironmentExtra`,
];

function windowsPlaces(machine: ConfigurationMachine, facts: Facts, system: string): MentionPlaces {
  const drive = win32.parse(system).root;
  const windows = win32.dirname(system).toLowerCase();
  const processes = facts.sections.processes.data;
  const working = processes.flatMap(({ workingDirectory }) => workingDirectory ?? []);
  const folders = [
    ...working.map((folder) => win32.resolve(folder)),
    ...processes.flatMap(({ path }) => (path === null ? [] : foldersOf(path))),
  ];
  const variables = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`;
  return {
    trees: [
      { folder: win32.join(system, 'Tasks'), everyFile: true },
      { folder: win32.join(system, String.raw`inetsrv\config`), everyFile: true },
      { folder: win32.join(drive, 'inetpub'), everyFile: false },
      { folder: win32.join(drive, 'ProgramData'), everyFile: false },
    ],
    // Those of Windows itself are thousands of files, which name no server.
    folders: unique(folders).filter(
      (folder) => folder !== drive && !`${folder.toLowerCase()}\\`.startsWith(`${windows}\\`),
    ),
    values: [
      ...(machine.list(variables) ?? []).map((name) => `${variables}\\${name}`),
      ...(machine.list(servicesKey) ?? []).flatMap((name) =>
        serviceValues.map((value) => `${servicesKey}\\${name}\\${value}`),
      ),
    ],
  };
}

/** Returns the programs that run outside of containers, those that listen first; on Windows, only these. */
export function programsOf(machine: ConfigurationMachine, facts: Facts): RunningProgram[] {
  const listening = facts.sections.processes.data;
  const known = new Set(listening.map(({ pid }) => pid));
  return [
    ...listening
      .filter(({ container }) => container === null)
      .map(({ pid, imageName, workingDirectory = null }) => ({ pid, name: imageName, workingDirectory })),
    ...machine.programs().filter(({ pid }) => !known.has(pid)),
  ];
}

/** Returns where something on a machine can name a port. */
export function mentionPlaces(
  machine: ConfigurationMachine,
  facts: Facts,
  programs: readonly RunningProgram[],
): MentionPlaces {
  const { platform, systemFolder } = machine;
  if (platform === 'linux') return linuxPlaces(programs);
  return systemFolder === null ? { trees: [], folders: [], values: [] } : windowsPlaces(machine, facts, systemFolder);
}
