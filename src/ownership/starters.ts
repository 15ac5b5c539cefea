import { namesOf } from '../facts/decode/application/application.ts';
import type { Process } from '../facts/model/facts.ts';

const starterRoles = ['Supervisor', 'Scheduler', 'Session', 'Terminal', 'Editor', 'Shell', 'Runner'] as const;
/** The roles of programs for the programs that they start. */
export type StarterRole = (typeof starterRoles)[number];

/** When a program restarts an ended child. */
export type Again = 'at once' | 'when a file changes' | 'at its time';

/** Programs that start others. */
interface Starters {
  readonly role: StarterRole;
  /** In lower case. */
  readonly names: readonly string[];
  /** When they restart an ended child; missing if they never do. */
  readonly again?: Again;
  /** The command that stops their children permanently. */
  readonly stop?: string;
  /** Whether they may run a program in a loop of theirs. */
  readonly loops?: true;
}

/** To extend it, add a name, or a line if a different command stops its children. */
const starters: readonly Starters[] = [
  {
    role: 'Supervisor',
    again: 'at once',
    names: ['pm2', 'pm2-runtime'],
    stop: 'pm2 stop NAME (pm2 list shows the names)',
  },
  {
    role: 'Supervisor',
    again: 'at once',
    names: ['supervisord'],
    stop: 'supervisorctl stop NAME (supervisorctl status shows the names)',
  },
  {
    role: 'Supervisor',
    again: 'at once',
    names: ['forever'],
    stop: 'forever stop NUMBER (forever list shows the numbers)',
  },
  {
    role: 'Supervisor',
    again: 'at once',
    names: ['circusd'],
    stop: 'circusctl stop NAME (circusctl status shows the names)',
  },
  { role: 'Supervisor', again: 'at once', names: ['monit'], stop: 'monit stop NAME (monit summary shows the names)' },
  { role: 'Supervisor', again: 'at once', names: ['god'], stop: 'god stop NAME (god status shows the names)' },
  { role: 'Supervisor', again: 'at once', names: ['runsv', 'runsvdir'], stop: 'sv down SERVICE' },
  { role: 'Supervisor', again: 'at once', names: ['s6-supervise'], stop: 's6-svc -d FOLDER' },
  { role: 'Supervisor', again: 'at once', names: ['supervise'], stop: 'svc -d FOLDER' },
  { role: 'Supervisor', again: 'at once', names: ['process-compose'], stop: 'process-compose process stop NAME' },
  { role: 'Supervisor', again: 'at once', names: ['nssm', 'winsw', 'launchd', 'w3wp'] },
  // They replace ended workers: stop their own process instead.
  { role: 'Supervisor', again: 'at once', names: ['gunicorn', 'unicorn', 'uwsgi', 'php-fpm', 'puma'] },
  {
    role: 'Supervisor',
    again: 'when a file changes',
    names: [
      'nodemon',
      'node-dev',
      'ts-node-dev',
      'tsx watch',
      'dotnet watch',
      'watchexec',
      'watchmedo',
      'cargo-watch',
      'air',
      'reflex',
      'entr',
    ],
  },
  {
    role: 'Scheduler',
    again: 'at its time',
    names: ['cron', 'crond', 'fcron', 'anacron'],
    stop: 'crontab -e, of the user it runs as',
  },
  { role: 'Scheduler', again: 'at its time', names: ['atd', 'taskeng'] },
  { role: 'Session', names: ['sshd', 'sshd-session', 'login', 'telnetd', 'mosh-server', 'logonui', 'userinit'] },
  {
    role: 'Terminal',
    names: [
      'tmux',
      'screen',
      'gnome-terminal-server',
      'konsole',
      'xterm',
      'alacritty',
      'kitty',
      'wezterm-gui',
      'foot',
      'terminator',
      'xfce4-terminal',
      'windowsterminal',
      'conhost',
      'openconsole',
      'mintty',
      'conemu',
      'conemu64',
    ],
  },
  {
    role: 'Editor',
    names: [
      'code',
      'code-insiders',
      'codium',
      'cursor',
      'windsurf',
      'zed',
      'idea',
      'idea64',
      'webstorm',
      'webstorm64',
      'pycharm',
      'pycharm64',
      'rider',
      'rider64',
      'goland64',
      'phpstorm64',
      'devenv',
      'emacs',
      'vim',
      'nvim',
      'sublime_text',
    ],
  },
  {
    role: 'Shell',
    loops: true,
    names: [
      'bash',
      'sh',
      'dash',
      'ash',
      'zsh',
      'fish',
      'ksh',
      'mksh',
      'tcsh',
      'csh',
      'cmd',
      'pwsh',
      'powershell',
      'nu',
    ],
  },
  { role: 'Shell', names: ['explorer', 'sudo', 'su', 'doas', 'runuser'] },
  {
    role: 'Runner',
    names: ['npm', 'npx', 'pnpm', 'yarn', 'bun', 'make', 'uv', 'poetry', 'rails', 'ng', 'dotnet run', 'gradle', 'mvn'],
  },
  // They run one program, once, in an environment of its own, or watch it.
  {
    role: 'Runner',
    names: [
      'timeout',
      'time',
      'nice',
      'ionice',
      'chrt',
      'taskset',
      'numactl',
      'env',
      'stdbuf',
      'unbuffer',
      'script',
      'nohup',
      'setsid',
      'flock',
      'prlimit',
      'setpriv',
      'setarch',
      'unshare',
      'nsenter',
      'chroot',
      'fakeroot',
      'bwrap',
      'firejail',
      'strace',
      'ltrace',
      'gdb',
      'gdbserver',
      'lldb',
      'valgrind',
      'perf',
      'rr',
      'faketime',
      'rlwrap',
      'winpty',
      'pkexec',
      'run0',
      'gsudo',
      's6-setuidgid',
      'gosu',
      'su-exec',
      'dbus-run-session',
      'xvfb-run',
      'sh xvfb-run',
      'dash xvfb-run',
      'bash xvfb-run',
    ],
  },
];

const byName: ReadonlyMap<string, Starters> = new Map(
  starters.flatMap((one) => one.names.map((name) => [name, one] as const)),
);

/** A Visual Studio Code server on this machine is a Node.js program in a folder with that name. */
const editorServer = /[\\/]\.(?:vscode|cursor|windsurf)-server(?:-insiders)?[\\/]/;

/** The facts that determine the role of a process. */
type Starting = Pick<Process, 'imageName' | 'application' | 'path' | 'restartsBy' | 'saved'>;

/** The line of the table for a process. */
function startersOf({ imageName, application }: Starting): Starters | null {
  if (imageName === null) return null;
  const names = namesOf(imageName, application ?? null);
  const [, firstTwo] = /^(\S+ \S+) /.exec(`${application ?? ''} `) ?? [];
  // The application says more than the interpreter.
  for (const name of [...(firstTwo === undefined ? [] : [firstTwo]), ...names.toReversed()]) {
    const found = byName.get(name.toLowerCase());
    if (found !== undefined) return found;
  }
  return null;
}

/** The role of a process for its children; null for an ordinary program. */
export function roleOf(process: Starting): StarterRole | null {
  const saved = starterRoles.find((role) => role === process.saved?.role);
  if (saved !== undefined) return saved;
  if (process.path !== null && editorServer.test(process.path)) return 'Editor';
  const role = startersOf(process)?.role ?? null;
  // Its arguments show that it restarts programs, whatever else it is.
  return process.restartsBy === undefined || role === 'Scheduler' ? role : 'Supervisor';
}

/** Code that was passed to a shell: its loops are known. */
const knownCode = / (?:-c|\/c)$/;

/** Whether a process may run its children in a loop that cannot be seen: one that was typed, or is in a script. */
export const mayLoop = (process: Starting): boolean =>
  startersOf(process)?.loops === true && !knownCode.test(process.application ?? '');

/** Whether the application of a shell names a script: `bash run.sh`, `serve` for /usr/local/bin/serve; not `sh`. */
export const runsScript = ({ imageName, application = '' }: Starting): boolean =>
  application !== '' &&
  application !== imageName &&
  !byName.has(application.toLowerCase()) &&
  !/^\S+ [-/]/.test(application);

/** Init processes adopt orphans; everything they start themselves is a service. */
export const isInit = ({ pid, imageName }: Pick<Process, 'pid' | 'imageName'>): boolean =>
  pid <= 4 || /^(?:systemd|init|launchd|tini|dumb-init|docker-init|catatonit)$/.test(imageName ?? '');

/** When a process restarts its children, and what stops them permanently; null if it is not known to. */
export function againOf(process: Starting): { readonly when: Again; readonly stop: string | null } | null {
  const { again, stop = null } = startersOf(process) ?? {};
  if (again !== undefined) return { when: again, stop };
  if (process.restartsBy === undefined) return null;
  return { when: process.restartsBy === 'a loop' ? 'at once' : 'when a file changes', stop: null };
}
