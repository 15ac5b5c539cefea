import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Process } from '../../src/facts/model/facts.ts';
import * as origin from '../../src/ownership/origin.ts';
import { treeText } from '../../src/ownership/tree.ts';
import { endpoints } from '../../src/ownership/endpoints.ts';
import { toRow } from '../../src/ownership/owned.ts';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import { facts, process, service, socket } from '../support/example.ts';
import { run, snapshotFile } from '../support/harness.ts';

const test = suite('why it runs');

type Part = Partial<Process> | string;

/** A line of processes, the first at the top; `node server.js@node` is what it runs and its file. */
function line(...parts: readonly Part[]): Process[] {
  return parts.map((part, at) => {
    const [application, imageName = application] = typeof part === 'string' ? part.split('@') : [];
    const told = application === imageName ? {} : { application };
    const more = typeof part === 'string' ? { imageName: imageName!, ...told } : part;
    return process({ path: null, pid: 100 - parts.length + at + 1, parent: at === 0 ? null : 100 - parts.length + at, ...more } as Partial<Process>);
  });
}

const rowOf = (processes: Process[], more: Parameters<typeof facts>[1] = {}): Endpoint => {
  const given = facts([socket()], { processes, ...more });
  return endpoints(given, given.sections.sockets.data, { live: true, serviceName: null, tree: origin }).map(toRow)[0]!;
};

const cases: [what: string, processes: Process[], supervisor: string | null, roles: (string | null)[], more?: Parameters<typeof facts>[1]][] = [
  ['in an SSH session', line('systemd', 'sshd', 'bash', 'npm run dev@node', 'sh -c@dash', 'node server.js@node'), null, ['Shell', 'Runner', 'Shell', 'Session', null]],
  [
    'nodemon',
    line('bash', 'npm start@node', 'nodemon server.js@node', 'node server.js@node'),
    'nodemon server.js (node 99), when a file changes',
    ['Supervisor', 'Runner', 'Shell'],
  ],
  ['pm2', line('systemd', 'PM2@node', 'node server.js@node'), 'PM2 (node 99)', ['Supervisor', null]],
  ['supervisord', line('supervisord@python3.11', 'gunicorn: master@python3.11', { imageName: 'nginx' }), 'gunicorn: master (python 99)', ['Supervisor', 'Supervisor']],
  ['cron', line('cron', 'cron', 'dash', 'python app.py@python3.11'), 'cron (98)', ['Shell', 'Scheduler', 'Scheduler']],
  ["an editor's terminal", line('code', 'zsh', 'node server.js@node'), null, ['Shell', 'Editor']],
  ["an editor's server", line({ imageName: 'node', path: '/home/ann/.vscode-server/bin/1/node' }, 'bash', 'node server.js@node'), null, ['Shell', 'Editor']],
  ['a unit', line('systemd', { imageName: 'nginx', unit: 'nginx.service' }), 'systemd (nginx.service)', [null]],
  [
    'a unit, and what systemd does when it ends',
    line('systemd', { imageName: 'nginx', unit: 'nginx.service', unitRestart: 'on-failure' }),
    'systemd (nginx.service, Restart=on-failure)',
    [null],
  ],
  ['a unit that is not started again', line('systemd', { imageName: 'nginx', unit: 'nginx.service', unitRestart: 'no' }), 'systemd (nginx.service, Restart=no)', [null]],
  ["a user's unit", line('systemd', { imageName: 'nginx', unit: 'shop.service', unitUser: 1000 }), 'systemd of its user (shop.service)', [null]],
  ["a user's session", line('systemd', { imageName: 'nginx', unit: 'user@1000.service' }), null, [null]],
  ['a container', line({ imageName: 'nginx', container: { runtime: 'docker', id: 'web' } }), 'docker container web', []],
  ['a Windows service', line('services.exe', 'shop.exe'), 'Windows service Shop', [null], { platform: 'win32', services: [service({ name: 'Shop', pid: 100 })] }],
  [
    'a wrapper that is a service',
    line('services.exe', 'nssm.exe', 'node server.js@node.exe'),
    'Windows service Shop',
    ['Supervisor', null],
    { platform: 'win32', services: [service({ name: 'Shop', pid: 99 })] },
  ],
  [
    'a scheduled task',
    line('svchost.exe', 'powershell.exe', 'node server.js@node.exe'),
    'a scheduled task',
    ['Shell', null],
    { platform: 'win32', services: [service({ name: 'Schedule', pid: 98 })] },
  ],
  ['IIS', line('svchost.exe', 'w3wp DefaultAppPool@w3wp.exe', 'dotnet Orders.dll@dotnet.exe'), 'IIS, application pool DefaultAppPool', ['Supervisor', null], { platform: 'win32' }],
  ['a terminal of Windows', line('explorer.exe', 'WindowsTerminal.exe', 'pwsh.exe', 'node server.js@node.exe'), null, ['Shell', 'Terminal', 'Shell'], { platform: 'win32' }],
  [
    'node --watch',
    line('bash', { imageName: 'node', application: 'node server.js', restartsBy: '--watch' }, 'node server.js@node'),
    'node server.js (99) with --watch, when a file changes',
    ['Supervisor', 'Shell'],
  ],
  ['tsx watch', line('bash', 'tsx watch server.ts@node', 'node server.ts@node'), 'tsx watch server.ts (node 99), when a file changes', ['Supervisor', 'Shell']],
  [
    'uvicorn --reload',
    line('bash', { imageName: 'python3.11', application: 'uvicorn', restartsBy: '--reload' }, { imageName: 'python3.11' }),
    'uvicorn (python 99) with --reload, when a file changes',
    ['Supervisor', 'Shell'],
  ],
  ['a loop', line('sshd', { imageName: 'bash', restartsBy: 'a loop' }, 'node server.js@node'), 'bash (99) in a loop', ['Supervisor', 'Session']],
  [
    'a loop above what ends with it',
    line({ imageName: 'bash', restartsBy: 'a loop' }, 'npm run dev@node', 'sh', 'node server.js@node'),
    'bash (97) in a loop',
    ['Shell', 'Runner', 'Supervisor'],
  ],
  [
    'a loop above what goes on without it',
    line({ imageName: 'bash', restartsBy: 'a loop' }, 'npm test@node', 'node run.js@node', 'node server.js@node'),
    'node run.js (99), which started it',
    [null, 'Runner', 'Supervisor'],
  ],
  ['what watches itself is not started again by itself', line('bash', { imageName: 'node', application: 'node server.js', restartsBy: '--watch' }), null, ['Shell']],
  ['runit', line('runsvdir', 'runsv', 'nginx'), 'runsv (99)', ['Supervisor', 'Supervisor']],
  ['s6', line('s6-svscan', 's6-supervise', 'nginx'), 's6-supervise (99)', ['Supervisor', null]],
  ['npm alone starts nothing again', line('npm run dev@node', 'sh -c@sh', 'vite@node'), null, ['Shell', 'Runner']],
  ['a task of the older Task Scheduler', line('taskeng.exe', 'cmd.exe', 'node server.js@node.exe'), 'a scheduled task', ['Shell', 'Scheduler'], { platform: 'win32' }],
  ['nobody above', line('node server.js@node'), null, []],
];

for (const [what, processes, supervisor, roles, more] of cases)
  test(what, () => {
    const { Supervisor, Ancestors } = rowOf(processes, more);
    assert.is(Supervisor, supervisor);
    assert.equal(
      Ancestors!.map(({ Role }) => Role),
      roles,
    );
    assert.equal(
      Ancestors!.map(({ ProcessId }) => ProcessId),
      processes
        .map(({ pid }) => pid)
        .toReversed()
        .slice(1),
    );
  });

test('a circle of parents ends', () => {
  const { Ancestors } = rowOf([process({ parent: 99 }), process({ pid: 99, parent: 100 })]);
  assert.equal(
    Ancestors!.map(({ ProcessId }) => ProcessId),
    [99],
  );
});

test('the tree, for people', () => {
  const row = rowOf(line('systemd', 'sshd', 'bash', 'npm run dev@node', 'node server.js@node'));
  assert.is(
    treeText([row, { ...row, LocalPort: 80 }]),
    `
Ports 443, 80:
  systemd (96)
    sshd (97)  session
      bash (98)  shell
        npm run dev (99)  runner
          node server.js (100)
  Nothing is known that restarts it.`,
  );
});

for (const wrapper of [
  'timeout',
  'strace',
  'script',
  'nohup',
  'setsid',
  'nice',
  'taskset',
  'env',
  'sudo',
  'stdbuf',
  'unshare',
  'chroot',
  'gdb',
  'perf',
  'bash xvfb-run@bash',
  'sh xvfb-run@dash',
])
  test(`a program that only wraps another restarts nothing: ${wrapper}`, () => {
    assert.is(rowOf(line('sshd', wrapper, 'node server.js@node')).Supervisor, null);
    assert.is(rowOf(line('bash', wrapper, 'node server.js@node')).Supervisor, null);
    assert.is(rowOf(line('pm2@node', wrapper, 'node server.js@node')).Supervisor, 'pm2 (node 98)');
  });

const loops: [what: string, above: Part[], last: string][] = [
  ['a prompt', ['sshd', 'bash'], 'Nothing is known that restarts it.'],
  ['a script', ['sshd', 'bash', 'bash run.sh@bash'], 'Was started by: bash run.sh (99)'],
  ['a script without an extension', ['sshd', 'bash', 'serve@bash'], 'Was started by: serve (99)'],
  ['a shell of a program with many names', ['sshd', 'sh@busybox'], 'Nothing is known that restarts it.'],
  ['a shell that stays open after a command', ['explorer.exe', 'cmd /k@cmd.exe'], 'Nothing is known that restarts it.'],
  ['a runner at a prompt', ['sshd', 'zsh', 'npm run dev@node', 'sh -c@dash'], 'Nothing is known that restarts it.'],
  ['a batch file', ['explorer.exe', 'cmd start.bat@cmd.exe'], 'Was started by: cmd start.bat (99)'],
  ['code without a loop', ['sshd', 'bash -c@bash'], 'Nothing is known that restarts it.'],
  ['code with a loop', ['sshd', { imageName: 'bash', application: 'bash -c', restartsBy: 'a loop' }], 'May be restarted by: bash -c (99) in a loop'],
  ['sudo at a prompt', ['bash', 'sudo'], 'Nothing is known that restarts it.'],
  ['the desktop', ['explorer.exe'], 'Nothing is known that restarts it.'],
  ['another program', ['bash', 'node run.js@node'], 'Was started by: node run.js (99)'],
  ['an editor', ['code'], 'Nothing is known that restarts it.'],
  ['systemd of a user', ['systemd', 'systemd'], 'Nothing is known that restarts it.'],
  ['the init process of a container', ['tini'], 'Nothing is known that restarts it.'],
];
for (const [what, above, last] of loops)
  test(`the last line of the tree: ${what}`, () => {
    const row = rowOf(line(...above, 'node server.js@node'));
    assert.is(treeText([row]).split('\n').at(-1)!.trim(), last);
  });

test('of a process that cannot be seen, the tree does not say that nothing restarts it', async () => {
  const from = ['--from', snapshotFile(facts([socket({ pid: null })]))];
  const { out } = await run(['443', '--tree', ...from]);
  assert.match(out, /\nPort 443:\n/);
  assert.not.match(out, /restart/);
});

test('--tree: below the table, and as objects where programs read it', async () => {
  const from = ['--from', snapshotFile(facts([socket()], { processes: line('cron', 'sh', 'python app.py@python3.11') }))];
  assert.match(
    (await run(['443', '--tree', ...from])).out,
    /\n\nPort 443:\n {2}cron \(98\) {2}scheduler\n {4}sh \(99\) {2}shell\n {6}python app\.py \(100\)\n {2}May be restarted by: cron \(98\)\n$/,
  );
  const [row] = JSON.parse((await run(['443', '--tree', '--format', 'json', ...from])).out) as Endpoint[];
  assert.equal(
    row!.Ancestors!.map(({ Application }) => Application),
    ['sh', 'cron'],
  );
  const xml = (await run(['443', '--tree', '--format', 'clixml', ...from])).out;
  assert.match(
    xml,
    /<Obj N="Ancestors"><TN RefId="\d+"><T>System\.Object\[\]<\/T>.*<LST><Obj><TN RefId="\d+"><T>PortOwner\.Ancestor<\/T><\/TN><ToString>sh \(99\)<\/ToString><MS><U32 N="ProcessId">99<\/U32>/,
  );
  for (const format of ['table', 'json', 'csv', 'clixml']) assert.not.match((await run(['443', '--format', format, ...from])).out, /Ancestors|cron/);
  assert.match((await run(['443', '--format', 'list', ...from])).out, /^Ancestors +: sh \(99\)\n +cron \(98\)$/m);
});

test.run();
