import { namesOf } from '../facts/decode/application/application.ts';
import type { Process } from '../facts/model/facts.ts';

/** What programs are to those that they start. */
export type StarterRole = 'Supervisor' | 'Scheduler' | 'Session' | 'Terminal' | 'Editor' | 'Shell' | 'Runner';

/** Programs that start others, by their names in lower case. Extend it by a name. Of `again`, what ends is started again. */
const starters: Readonly<Record<StarterRole, readonly string[]>> = {
  // They start what has ended again.
  Supervisor: [
    'pm2',
    'supervisord',
    'nodemon',
    'node-dev',
    'ts-node-dev',
    'tsx watch',
    'dotnet watch',
    'forever',
    'circusd',
    'monit',
    'god',
    'runsv',
    'runsvdir',
    's6-supervise',
    'supervise',
    'process-compose',
    'watchexec',
    'watchmedo',
    'cargo-watch',
    'air',
    'reflex',
    'entr',
    'nssm',
    'winsw',
    'gunicorn',
    'unicorn',
    'uwsgi',
    'php-fpm',
    'puma',
    'w3wp',
    'launchd',
  ],
  // They start it again at its time.
  Scheduler: ['cron', 'crond', 'fcron', 'atd', 'anacron', 'taskeng'],
  Session: ['sshd', 'sshd-session', 'login', 'telnetd', 'mosh-server', 'logonui', 'userinit'],
  Terminal: [
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
  Editor: [
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
  Shell: ['bash', 'sh', 'dash', 'zsh', 'fish', 'ksh', 'cmd', 'pwsh', 'powershell', 'explorer', 'sudo', 'su'],
  Runner: ['npm', 'npx', 'pnpm', 'yarn', 'bun', 'make', 'uv', 'poetry', 'rails', 'ng', 'dotnet run', 'gradle', 'mvn'],
};

const roleByName: ReadonlyMap<string, StarterRole> = new Map(
  Object.entries(starters).flatMap(([role, names]) => names.map((name) => [name, role as StarterRole] as const)),
);

/** A server of Visual Studio Code on this machine is a program of Node.js in a folder of that name. */
const editorServer = /[\\/]\.(?:vscode|cursor|windsurf)-server(?:-insiders)?[\\/]/;

/** What a process is to those that it starts; null where it is a program like any other. */
export function roleOf({
  imageName,
  application,
  path,
}: Pick<Process, 'imageName' | 'application' | 'path'>): StarterRole | null {
  if (path !== null && editorServer.test(path)) return 'Editor';
  if (imageName === null) return null;
  const names = namesOf(imageName, application ?? null);
  const [, firstTwo] = /^(\S+ \S+) /.exec(`${application ?? ''} `) ?? [];
  // What it runs says more than what runs it.
  for (const name of [...(firstTwo === undefined ? [] : [firstTwo]), ...names.toReversed()]) {
    const role = roleByName.get(name.toLowerCase());
    if (role !== undefined) return role;
  }
  return null;
}
