// What a command that stops something by name may hit: that very thing, or nothing.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { containerCommands, quotePattern, stoppableUnit, systemctlCommand } from '../../src/diagnosis/stop-commands.ts';
import { process } from '../support/example.ts';
import { linux, solve, windows } from '../support/world.ts';

const test = suite('commands that stop by name');
const id = '0123456789abcdef'.repeat(4);

const units: [name: string, command: string | null][] = [
  ['nginx.service', 'systemctl stop -- nginx.service'],
  ['app@1.service', "systemctl stop -- 'app@1.service'"],
  ['my\\x2dapp.service', "systemctl stop -- 'my\\x2dapp.service'"],
  ['app@a\\x2db.service', "systemctl stop -- 'app@a\\x2db.service'"],
  ['-x.service', "systemctl stop -- '-x.service'"],
  ['--force.service', "systemctl stop -- '--force.service'"],
  ['a:b_c.d.service', 'systemctl stop -- a:b_c.d.service'],
  ...[
    'nginx',
    'docker:0123456789ab',
    '*.service',
    'a?.service',
    '[ab].service',
    'a b.service',
    "q'uote.service",
    '$(id).service',
    'ö.service',
    'a\u202e.service',
    'a\n.service',
    'a@.service',
    '',
    '.service',
    `${'x'.repeat(250)}.service`,
  ].map((name): [string, null] => [name, null]),
];
for (const [name, command] of units) {
  test(`the unit ${JSON.stringify(name)}`, () => {
    assert.is(systemctlCommand('stop', [name]), command);
    const row = solve({ facts: linux([{ localPort: 8080, pid: 200 }], { processes: [{ pid: 200, unit: name }] }), ask: 'TCP 0.0.0.0 8080', tried: 'EADDRINUSE' }).row;
    const lines = row.Remedy!.filter((line) => line.includes('systemctl'));
    assert.equal(lines, command === null ? [] : [`${command.replace('stop', 'status')}  # show the service`, `sudo ${command}  # stop the service`]);
  });
}

test('which service stops a process', () => {
  const of = (more: Parameters<typeof process>[0]) => stoppableUnit(process(more));
  assert.equal(of({ unit: 'a.service' }), { name: 'a.service', user: null });
  assert.equal(of({ unit: 'a.service', unitUser: 1000 }), { name: 'a.service', user: 1000 });
  assert.is(of({ unit: 'session-3.scope' }), null, 'a whole session');
  assert.is(of({ unit: 'init.scope' }), null);
  assert.is(of({ unit: 'user@1000.service' }), null, 'all that a user runs');
  assert.is(of({ unit: 'a.service', container: { runtime: 'docker', id } }), null, 'not the unit of the host');
  assert.is(of({}), null);
});

test('a remedy names the manager of a unit, and no unit of a container', () => {
  const remedy = (more: Parameters<typeof process>[0], sockets: Parameters<typeof linux>[0] = [{ localPort: 8080, pid: 200 }], ask = 'TCP 0.0.0.0 8080'): string => {
    const { row } = solve({ facts: linux(sockets, { processes: [{ pid: 200, ...more }] }), ask, tried: 'EADDRINUSE' });
    return row.Remedy!.filter((line) => !/portowner/.test(line)).join('\n');
  };
  assert.is(
    remedy({ unit: 'web.service', unitUser: 1000 }),
    'sudo systemctl --user --machine=1000@.host status -- web.service  # show the service\nsudo systemctl --user --machine=1000@.host stop -- web.service  # stop the service',
  );
  assert.is(remedy({ unit: 'session-3.scope' }), '');
  const container = { runtime: 'docker', id };
  for (const unit of [null, 'nginx.service']) {
    for (const [sockets, ask] of [
      [[{ localPort: 8080, pid: 200 }], 'TCP 0.0.0.0 8080'],
      [[{ localPort: 8080, pid: 200 }], 'TCP 127.0.0.1 8080'],
      [[{ localPort: 8080, pid: 200, localAddress: '127.0.0.1' }], 'TCP 0.0.0.0 8080'],
      [[{ localPort: 8080, pid: 200, localAddress: '::' }], 'TCP 0.0.0.0 8080'],
    ] as const) {
      const text = remedy({ unit, container }, sockets, ask);
      assert.not.match(text, /systemctl|docker:/, ask);
      assert.match(text, `docker top ${id} -eo pid | grep -qw 200 && docker stop ${id}`, ask);
    }
  }
});

test('a container is stopped only when its runtime says that the process is in it', () => {
  assert.is(containerCommands({ runtime: 'docker', id }, 7)?.stop, `docker top ${id} -eo pid | grep -qw 7 && docker stop ${id}`);
  assert.is(containerCommands({ runtime: 'podman', id }, 7)?.stop, `podman top ${id} hpid | grep -qw 7 && podman stop ${id}`);
  for (const [runtime, name] of [
    ['docker', 'web'],
    ['docker', '--all'],
    ['podman', `${id} other`],
    ['crio', '-a'],
    ['containerd', "x'y"],
    ['lxc', 'a\nb'],
  ] as const)
    assert.is(containerCommands({ runtime, id: name }, 7), null, name);
  assert.equal(containerCommands({ runtime: 'lxc', id: '$(id)' }, 7), { look: "lxc-info -n '$(id)'", stop: null });
  assert.equal(containerCommands({ runtime: 'crio', id }, 7), { look: `crictl inspect ${id}`, stop: null });
});

test('a name of a Windows service is no pattern', () => {
  const names: [name: string, expected: string | null][] = [
    ['Spooler', 'Spooler'],
    ['MSSQL$A', "'MSSQL$A'"],
    ['my db', "'my db'"],
    ['a*', "'a`*'"],
    ['[ab]?', "'`[ab`]`?'"],
    ['a`b', "'a``b'"],
    ['-Force', "'-Force'"],
    ["it's \u2019", "'it''s \u2019\u2019'"],
    ['', null],
    ['a\nb', null],
  ];
  for (const [name, expected] of names) {
    assert.is(quotePattern(name), expected);
    if (name === '') continue;
    const { row } = solve({
      facts: windows([{ localPort: 8080, pid: 200 }], { processes: [{ pid: 200 }], services: [{ pid: 200, name }] }),
      ask: 'TCP 0.0.0.0 8080',
      tried: 'WSAEADDRINUSE',
    });
    assert.equal(
      row.Remedy!.filter((line) => line.startsWith('Stop-Service')),
      expected === null ? [] : [`Stop-Service -Name ${expected} -Confirm  # stop the service`],
    );
  }
});

test.run();
