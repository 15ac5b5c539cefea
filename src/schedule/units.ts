import { posix } from 'node:path';
import { auditArguments, description, folderOf, needsNetwork, writtenFiles, type AuditTask } from './definition.ts';

export const unitName = 'portowner-audit';
/** The default folder of the audit store. */
export const stateFolder = '/var/lib/portowner';

/** A word of ExecStart: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines */
function word(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}

/** Quotes the executable itself, in which no variables are expanded. */
const program = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;

/** Quotes a path in a setting that takes several paths. */
const path = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;

const two = (number: number): string => String(number).padStart(2, '0');

/*
 * The audit gets only what it needs: it reads /proc/PID of every process (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH) and the
 * machine's own network (no PrivateNetwork) with its packet filter (CAP_NET_ADMIN). Node's compiler needs memory that is
 * both writable and executable, so MemoryDenyWriteExecute is not set.
 */
const hardening = `
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_NET_ADMIN
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
UMask=0077
`.trim();

/**
 * The variables of glibc and its loader that can inject code, messages, or host names into a program: those that glibc
 * itself drops for programs with more rights than their caller (sysdeps/generic/unsecvars.h), and the loader's own. The
 * executable already ignores the variables of Node.
 */
const loaderVariables = [
  'LD_AUDIT LD_BIND_NOT LD_BIND_NOW LD_DEBUG LD_DEBUG_OUTPUT LD_DYNAMIC_WEAK LD_HWCAP_MASK LD_LIBRARY_PATH LD_ORIGIN_PATH',
  'LD_PRELOAD LD_PROFILE LD_PROFILE_OUTPUT LD_SHOW_AUXV LD_TRACE_LOADED_OBJECTS LD_VERBOSE LD_WARN GCONV_PATH GETCONF_DIR',
  'GLIBC_TUNABLES HOSTALIASES LOCALDOMAIN LOCPATH MALLOC_TRACE NIS_PATH NLSPATH RESOLV_HOST_CONF RES_OPTIONS TMPDIR TZDIR',
].join(' ');

/** The two unit files of a nightly audit, by name. */
export function units(task: AuditTask): Readonly<Record<string, string>> {
  const { command, at, randomDelay, timeLimit } = task;
  const written = [...new Set(writtenFiles(command).map((file) => folderOf(file, 'linux')))].toSorted();
  // systemd creates this one itself, in an image, too.
  const own = written.includes(stateFolder)
    ? `StateDirectory=${posix.basename(stateFolder)}\nStateDirectoryMode=0700\n`
    : '';
  const others = written.filter((folder) => folder !== stateFolder);
  const service = `[Unit]
Description=${description}
${needsNetwork(command) ? 'Wants=network-online.target\nAfter=network-online.target\n' : ''}
[Service]
Type=oneshot
ExecStart=${[program(command.executable), ...auditArguments(command).map(word)].join(' ')}
# Findings are an answer, not a failure.
SuccessExitStatus=1
TimeoutStartSec=${timeLimit}min
Nice=10
# Variables that make the loader load other code before the program starts.
UnsetEnvironment=${loaderVariables}
${own}${others.length === 0 ? '' : `ReadWritePaths=${others.map(path).join(' ')}\n`}${hardening}
`;
  const timer = `[Unit]
Description=${description}

[Timer]
OnCalendar=*-*-* ${two(at.hour)}:${two(at.minute)}:00
RandomizedDelaySec=${randomDelay}min
# Run a missed audit after the machine was off.
Persistent=yes

[Install]
WantedBy=timers.target
`;
  return { [`${unitName}.service`]: service, [`${unitName}.timer`]: timer };
}

/** Reads the values of a key in a unit, in order. */
export function unitValues(text: string, key: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}
