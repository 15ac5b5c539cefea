// The pictures of docs/images: terminal output about real programs, on a machine that is set up for it (Linux, as root).
// Run as a script, it writes them; `--to FOLDER --columns 60,80` writes all scenes at these widths to another folder.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finding } from '../schema/finding.ts';
import { chromiumPath, startChromium } from './chromium.ts';
import * as example from './page-example.ts';
import { nodeFlags, root } from './runtime.mjs';
import { terminalPicture, themes } from './terminal-picture.ts';

interface Scene {
  readonly name: string;
  /** The command lines, in the order they are typed; with `tabs`, what is typed before the Tab key. */
  readonly lines: readonly string[];
  /** Whether zsh completes the lines instead of running them. */
  readonly tabs?: true;
  /** Commands to run before it, without a picture. */
  readonly before?: string;
  /** The width of the terminal in its picture; a scene without a width is not in the docs. */
  readonly columns?: number;
  /** The height of the terminal, for a view that fills it: what it shows after a few seconds. */
  readonly rows?: number;
}

export const scenes: readonly Scene[] = [
  { name: 'listeners', lines: ['portowner'], columns: 88 },
  { name: 'why', lines: ['portowner why 3000'], columns: 88 },
  { name: 'stop', lines: ['portowner stop 3000 --dry-run'], columns: 88 },
  { name: 'tree', lines: ['portowner 8000 --tree'], columns: 88 },
  {
    name: 'conflicts',
    before: 'cd /home/ann/shop; for one in 1 2; do $ann node jobs.js >/dev/null 2>&1 & done; sleep 1; cd /home/ann',
    lines: ['portowner conflicts 4000'],
    columns: 88,
  },
  {
    name: 'audit',
    before:
      '$ann portowner baseline create ok.yaml >made 2>&1 || true; (cd /home/ann/downloads && exec $ann /usr/bin/python3 -m http.server 8081 >log 2>&1) & sleep 2',
    lines: ['portowner audit --baseline ok.yaml'],
    columns: 88,
  },
  {
    name: 'watch',
    before: `cd /home/ann/shop
echo 'require("node:net").createServer((one) => setInterval(() => one.write(Buffer.alloc(30_000)), 100)).listen(9000, "127.0.0.1")' >feed.js
echo 'for (const one of [1, 2, 3]) require("node:net").connect(9000, "127.0.0.1").resume()' >reader.js
($ann node feed.js & sleep 1; exec $ann node reader.js) >/dev/null 2>&1 &
sleep 2`,
    lines: ['portowner watch'],
    columns: 88,
    rows: 18,
  },
  {
    name: 'apart',
    before:
      'cp /home/ann/shop/server.js /home/ann/blog; sed -i s/127.0.0.1/::1/ /home/ann/blog/server.js; cd /home/ann/blog; $ann node server.js >/dev/null 2>&1 & sleep 1',
    lines: ['portowner conflicts', 'portowner 3000', 'portowner why 3000'],
  },
  {
    name: 'hidden',
    before: 'cd /home/ann; node -e \'require("node:http").createServer().listen(9000)\' & sleep 1',
    lines: ['portowner 9000', 'portowner why 9000', 'portowner stop 9000 --dry-run'],
  },
  { name: 'nobody', lines: ['portowner 9999 3000'] },
  { name: 'list', lines: ['portowner 3000 --format list'] },
  { name: 'free', lines: ['portowner free 3000-3010', 'portowner free --near 3000 --explain', 'portowner free 3000'] },
  { name: 'all', lines: ['portowner --all'] },
  { name: 'help', lines: ['portowner --help'] },
  { name: 'help-why', lines: ['portowner why --help'] },
  {
    name: 'typo',
    lines: ['portowner wyh 3000', 'portowner --formt csv', 'portowner htpp', 'portowner 3000 -o ports.xlsx'],
  },
  { name: 'error', lines: ['portowner why --error "listen EADDRINUSE: address already in use :::3000"'] },
  { name: 'ranges', lines: ['portowner ranges'] },
  { name: 'completion', lines: ['portowner why ', 'portowner free --'], tabs: true, columns: 88 },
];

/** The picture of the HTML page. */
export const pageName = 'report-page';

/** The programs on the machine: a web shop, a development server, a file server, and a job queue. */
const machine = `
set -e
ip link set lo up
mount -t tmpfs tmpfs /home
(echo 'ann:x:1000:1000::/home/ann:/bin/sh'; cat /etc/passwd) >/home/passwd
mount --bind /home/passwd /etc/passwd
hostname laptop
mkdir -p /home/ann/bin /home/ann/shop/.git /home/ann/blog/node_modules/vite/bin /home/ann/downloads
ln -s "$NODE" /home/ann/bin/node
printf '#!/bin/sh\\nexec "$NODE" ${nodeFlags.join(' ')} "$ROOT/src/main.ts" "$@"\\n' >/home/ann/bin/portowner
chmod +x /home/ann/bin/portowner
export HOME=/home/ann PATH=/home/ann/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm-256color LC_ALL=C.UTF-8
ann='setpriv --reuid=1000 --regid=1000 --clear-groups'
cd /home/ann/shop
echo '{ "name": "shop" }' >package.json
echo 'require("node:http").createServer().listen(3000, "127.0.0.1")' >server.js
echo 'require("node:http").createServer().listen({ port: 4000, host: "127.0.0.1", reusePort: true })' >jobs.js
cd /home/ann/blog
echo '{ "name": "blog" }' >package.json
echo '{ "name": "vite", "version": "7.0.0" }' >node_modules/vite/package.json
echo 'require("node:http").createServer().listen(5173)' >node_modules/vite/bin/vite.js
(cd /home/ann/shop && exec $ann node server.js) >/dev/null 2>&1 &
(cd /home/ann/blog && exec $ann node node_modules/vite/bin/vite.js) >/dev/null 2>&1 &
(cd /home/ann/downloads && exec $ann /usr/bin/python3 -m http.server 8000) >/dev/null 2>&1 &
(cd /home/ann/downloads && exec $ann /usr/bin/python3 -c 'import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 5353)); time.sleep(1000)') >/dev/null 2>&1 &
sleep 1
chown -R ann /home/ann
cd /home/ann
`;

/** A script that runs the command lines, each after its prompt. */
const running = (lines: readonly string[], columns: number): string =>
  [
    `stty cols ${columns} rows 500`,
    ...lines.map((line) => `printf '\\033[2m$\\033[22m %s\\n' ${JSON.stringify(line)}\n${line} || true\necho`),
  ].join('\n');

/** A script that shows what zsh offers after each line, in a terminal of tmux. */
function completing(lines: readonly string[], columns: number): string {
  const start = 'PS1="$ "; autoload -U compinit && compinit -u -D; source <(portowner completion zsh); clear';
  const each = lines.map(
    (line) => `tmux send-keys C-u; settled; tmux send-keys -l ${JSON.stringify(line)}; settled; tmux send-keys Tab
shown ' -- '; tmux capture-pane -p | sed 's/^[$] /\\x1b[2m$\\x1b[22m /; /^ *$/d'; echo
tmux send-keys C-c; settled; tmux send-keys -l clear; tmux send-keys Enter; settled`,
  );
  // A query takes a moment, longer on a busy machine. The terminal has settled when it stays the same for a while.
  return `export TMUX_TMPDIR="$HOME"
tmux() { command tmux -f /dev/null "$@"; }
settled() { last=; for one in $(seq 50); do sleep 0.7; now=$(tmux capture-pane -p); [ "$now" = "$last" ] && return; last=$now; done; }
shown() { for one in $(seq 150); do tmux capture-pane -p | grep -q -e "$1" && break; sleep 0.2; done; settled; }
tmux new-session -d -x ${columns} -y 60 'zsh -f -i'
settled; tmux send-keys -l '${start}'; tmux send-keys Enter; shown '^[$]'
${each.join('\n')}
tmux kill-server`;
}

/** A script that shows the screen that a command line fills, after a few seconds. */
const filling = (
  lines: readonly string[],
  columns: number,
  rows: number,
): string => `export SHELL=/bin/sh TMUX_TMPDIR="$HOME"
tmux -f /dev/null new-session -d -x ${columns} -y ${rows} '${lines.join('; ')}' \\; set -g status off
sleep 6
tmux capture-pane -e -p -N
tmux kill-server`;

/** The script of a scene. */
function scriptOf({ lines, tabs, rows }: Scene, columns: number): string {
  if (rows !== undefined) return filling(lines, columns, rows);
  return tabs === true ? completing(lines, columns) : running(lines, columns);
}

/** The output of a scene at a width. */
function seen(scene: Scene, columns: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-screenshots-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'typed'), `${scriptOf(scene, columns)}\n`);
  writeFileSync(
    join(folder, 'machine'),
    `${machine}${scene.before ?? ''}\nscript -qec "$ann sh ${folder}/typed" /dev/null </dev/null\n`,
  );
  try {
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      [
        '--net',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount',
        '--propagation',
        'private',
        '--uts',
        '--mount-proc',
        'sh',
        join(folder, 'machine'),
      ],
      { encoding: 'utf8', timeout: 60_000, env: { PATH: process.env['PATH'], NODE: process.execPath, ROOT: root } },
    );
    if (status !== 0) throw new Error(`the machine of the pictures ended with ${status}: ${stderr}${stdout}`);
    return stdout.replaceAll('\r\n', '\n').trimEnd();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Why the picture of a scene cannot be taken here; null if it can. */
export function noScreenshots({ tabs, rows }: Pick<Scene, 'tabs' | 'rows'>): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux makes the machine of the pictures';
  const { status } = spawnSync('unshare', ['--net', '--pid', '--fork', '--mount', '--uts', '--mount-proc', 'true']);
  if (status !== 0) return 'no namespaces can be made here';
  const programs = tabs === true ? ['zsh', 'tmux'] : rows === undefined ? [] : ['tmux'];
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return missing.length === 0 ? null : `${missing.join(' and ')} not installed`;
}

/** The pictures of a scene at a width, by their file names. */
export function pictures(scene: Scene, columns: number, suffix = ''): [name: string, svg: string][] {
  const text = seen(scene, columns);
  return (['light', 'dark'] as const).map((name) => [
    `${scene.name}${suffix}-${name}.svg`,
    terminalPicture(text, { columns, theme: themes[name], title: scene.lines.join(', ') }),
  ]);
}

/** The page of an audit as Chromium shows it; null if Chromium is missing. */
async function pagePicture(): Promise<Buffer | null> {
  const path = chromiumPath();
  if (path === null) return null;
  const text = await example.pageText(finding, example.findings, {
    exitCode: 1,
    background: async () => example.background,
  });
  const folder = mkdtempSync(join(tmpdir(), 'portowner-page-'));
  const browser = await startChromium(path);
  try {
    writeFileSync(join(folder, 'page.html'), text);
    const page = await browser.open(`file://${join(folder, 'page.html')}`, { width: 1180, height: 1990 });
    await page.until(`document.querySelector('#viewport tr[data-index]')`);
    return await page.screenshot();
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { to: { type: 'string' }, columns: { type: 'string' }, scene: { type: 'string' } },
  });
  const folder = values.to ?? join(root, 'docs/images');
  mkdirSync(folder, { recursive: true });
  for (const scene of scenes.filter(
    ({ name }) => values.scene === undefined || values.scene.split(',').includes(name),
  )) {
    const widths = values.columns?.split(',').map(Number) ?? (scene.columns === undefined ? [] : [scene.columns]);
    for (const columns of widths)
      for (const [name, svg] of pictures(scene, columns, values.columns === undefined ? '' : `-${columns}`))
        writeFileSync(join(folder, name), svg);
  }
  if (values.scene === undefined || values.scene === pageName) {
    const picture = await pagePicture();
    if (picture === null) process.stderr.write('no Chromium takes the picture of the HTML page\n');
    else writeFileSync(join(folder, `${pageName}.png`), picture);
  }
}
