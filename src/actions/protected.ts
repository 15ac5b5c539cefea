import { programFile } from '../facts/decode/linux-processes.ts';
import type { Platform } from '../system/raw.ts';

/** The relevant facts about a process. */
interface Named {
  readonly pid: number;
  readonly imageName: string | null;
  readonly path: string | null;
  readonly literalPath?: boolean;
}

/** Programs of the session, its security, and essential programs of Windows, in its own folder. */
const windowsNames = new Set([
  'system',
  'registry',
  'secure system',
  'memory compression',
  'vmmem',
  'csrss.exe',
  'wininit.exe',
  'winlogon.exe',
  'services.exe',
  'lsass.exe',
  'lsaiso.exe',
  'smss.exe',
  'fontdrvhost.exe',
  'dwm.exe',
  'logonui.exe',
  'userinit.exe',
  'sihost.exe',
  'explorer.exe',
  'ntoskrnl.exe',
  'mpdefendercoreservice.exe',
  'msmpeng.exe',
  'nissrv.exe',
  'securityhealthservice.exe',
  'sgrmbroker.exe',
  'conhost.exe',
]);
/** The folders of these programs. */
const windowsFolders =
  /\\(?:windows|winnt)\\(?:system32\\|syswow64\\)?$|\\system32\\$|\\windows defender(?: advanced threat protection)?\\/i;

/** Programs of the session and its security, by their folder below / or /usr. */
const linuxPrograms = new Map<string, readonly string[]>(
  Object.entries({
    bin: [
      'init',
      'runit',
      'runsvdir',
      's6-svscan',
      'openrc-init',
      'dinit',
      'agetty',
      'getty',
      'login',
      'sulogin',
      'udevd',
      'auditd',
      'sssd',
      'dbus-daemon',
      'dbus-broker',
      'dbus-broker-launch',
      'elogind',
      'polkitd',
      'gdm',
      'gdm3',
      'lightdm',
      'sddm',
      'Xorg',
      'Xwayland',
      'gnome-shell',
      'gnome-session-binary',
      'kwin_wayland',
      'plasmashell',
    ],
    'lib/systemd': [
      'systemd',
      'systemd-logind',
      'systemd-journald',
      'systemd-udevd',
      'systemd-executor',
      'systemd-userdbd',
      'systemd-userwork',
      'systemd-oomd',
      'systemd-machined',
      'systemd-homed',
    ],
    'lib/polkit-1': ['polkitd'],
    'lib/xorg': ['Xorg'],
    libexec: ['polkitd', 'Xorg', 'gnome-session-binary'],
  }),
);
/** The beginnings of the paths of more such programs. */
const linuxBeginnings = ['libexec/sssd/', 'libexec/gdm-'];

/** Whether a file is a program of the session or its security. */
function isOfLinuxSession(file: string): boolean {
  const path = file.slice(file.startsWith('/usr/') ? '/usr/'.length : 1);
  const end = path.lastIndexOf('/');
  const folder = path.slice(0, Math.max(end, 0));
  const names = linuxPrograms.get(folder === 'sbin' ? 'bin' : folder) ?? [];
  return names.includes(path.slice(end + 1)) || linuxBeginnings.some((begin) => path.startsWith(begin));
}

const linuxNames = new Set([
  'init',
  'systemd',
  'systemd-logind',
  'systemd-journald',
  'systemd-udevd',
  'dbus-daemon',
  'dbus-broker',
  'auditd',
  'login',
  'agetty',
]);

/**
 * Returns why a process is never stopped, whatever the request; null if it may be stopped. Checks the path, because a
 * program with such a name in another folder is an ordinary program. If the path cannot be seen, checks the name.
 */
export function protectedReason({ pid, imageName, path, literalPath }: Named, platform: Platform): string | null {
  if (platform === 'win32') {
    if (pid === 0 || pid === 4) return 'it is the Windows kernel';
    const name = (path === null ? (imageName ?? '') : path.slice(path.lastIndexOf('\\') + 1)).toLowerCase();
    return windowsNames.has(name) && (path === null || windowsFolders.test(path.slice(0, path.lastIndexOf('\\') + 1)))
      ? `${name} belongs to the session or the security of Windows`
      : null;
  }
  if (pid === 0 || pid === 2) return 'it is the Linux kernel';
  if (pid === 1) return 'it is the first process, which all others depend on';
  const file = path === null ? null : programFile(path, literalPath === true);
  return (file === null ? linuxNames.has(imageName ?? '') : isOfLinuxSession(file))
    ? `${imageName ?? file} belongs to the session or the security of the system`
    : null;
}

/** Returns whether a process is the program that hosts Windows' own services, which is never ended itself. */
export function isServiceHost({ imageName, path }: Named): boolean {
  return /^svchost\.exe$/i.test(imageName ?? '') || /\\svchost\.exe$/i.test(path ?? '');
}
