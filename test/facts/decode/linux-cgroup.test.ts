// Paths as systemd, the container runtimes and Kubernetes document or show them.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { controlGroupOf, decodeCgroup } from '../../../src/facts/decode/linux-cgroup.ts';

const test = suite('linux cgroup');

const id = '0123456789abcdef'.repeat(4);
const box = (runtime: string, name = id) => ({ runtime, id: name });

const cases: readonly (readonly [what: string, text: string, unit: string | null, container: { runtime: string; id: string } | null, unitUser?: number])[] = [
  ['nothing', '', null, null],
  ['no unit', '0::/\n', null, null],
  ['a service', '0::/system.slice/nginx.service\n', 'nginx.service', null],
  ['an instance', '0::/system.slice/system-getty.slice/getty@tty1.service\n', 'getty@tty1.service', null],
  ['an escaped name is the name', '0::/system.slice/run-a\\x2db-\\xc3\\xb6.service\n', 'run-a\\x2db-\\xc3\\xb6.service', null],
  ['and its instance', '0::/system.slice/system-app.slice/app@a\\x2db.service\n', 'app@a\\x2db.service', null],
  ['a name that starts with a dash', '0::/system.slice/--force.service\n', '--force.service', null],
  ['a name that the kernel would take, in a slice of the kind', '0::/_cgroup.slice/_memory.service\n', 'memory.service', null],
  ['a name that the kernel would take for its own', '0::/system.slice/_cgroup.service\n', 'cgroup.service', null],
  ...[
    'a b.service',
    "q'uote.service",
    '$(id).service',
    'a*.service',
    'a?.service',
    '[ab].service',
    'ö.service',
    'a\u202e.service',
    'a\x1b[31m.service',
    '.service',
    'a@.service',
    '@a.service',
    'nginx',
    `${'x'.repeat(250)}.service`,
  ].map((name) => [`no unit of systemd: ${JSON.stringify(name)}`, `0::/system.slice/${name}\n`, null, null] as const),
  ['a group of the service itself', '0::/system.slice/foo.service/workers/a.service\n', 'foo.service', null],
  ['a kind of unit that has no processes', '0::/system.slice/foo.timer\n', null, null],
  ['a socket unit', '0::/system.slice/foo.socket\n', 'foo.socket', null],
  ['a session', '0::/user.slice/user-1000.slice/session-3.scope\n', 'session-3.scope', null],
  ['a unit of a user', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service\n', 'syncthing.service', null, 1000],
  ['an application of a user', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope\n', 'vte-spawn-1.scope', null, 1000],
  ["a user's manager", '0::/user.slice/user-1000.slice/user@1000.service/init.scope\n', 'user@1000.service', null],
  ['systemd', '0::/init.scope\n', 'init.scope', null],
  ['version 1', '12:pids:/system.slice/x.service\n1:name=systemd:/system.slice/nginx.service\n0::/\n', 'nginx.service', null],
  ['both versions', '1:name=systemd:/\n0::/system.slice/nginx.service\n', 'nginx.service', null],
  ['docker with systemd', `0::/system.slice/docker-${id}.scope\n`, null, box('docker')],
  ['docker without', `0::/docker/${id}\n`, null, box('docker')],
  ['docker, version 1', `5:memory:/docker/${id}\n1:name=systemd:/docker/${id}\n`, null, box('docker')],
  ['docker inside of docker', `0::/docker/${'f'.repeat(64)}/docker/${id}\n`, null, box('docker')],
  ['podman', `0::/machine.slice/libpod-${id}.scope/container\n`, null, box('podman')],
  ['podman of a user', `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container\n`, null, box('podman')],
  ['podman in a unit', `0::/system.slice/web.service/libpod-payload-${id}\n`, 'web.service', box('podman')],
  ["podman's monitor", `0::/machine.slice/libpod-conmon-${id}.scope\n`, `libpod-conmon-${id}.scope`, null],
  ['containerd by Kubernetes', `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/cri-containerd-${id}.scope\n`, null, box('containerd')],
  ['containerd by Kubernetes, older', `0::/system.slice/containerd.service/kubepods-burstable-pod12.slice:cri-containerd:${id}\n`, null, box('containerd')],
  ['CRI-O', `0::/kubepods.slice/kubepods-pod12.slice/crio-${id}.scope/container\n`, null, box('crio')],
  ["CRI-O's monitor", `0::/kubepods.slice/kubepods-pod12.slice/crio-conmon-${id}.scope\n`, `crio-conmon-${id}.scope`, null],
  ['Kubernetes without systemd', `0::/kubepods/burstable/pod12-34/${id}\n`, null, box('kubernetes')],
  ['nerdctl', `0::/system.slice/nerdctl-${id}.scope\n`, null, box('containerd')],
  ['LXC', '0::/lxc.payload.web/system.slice/nginx.service\n', 'nginx.service', box('lxc', 'web')],
  ['LXC, older', '1:name=systemd:/lxc/web/system.slice/nginx.service\n', 'nginx.service', box('lxc', 'web')],
  ["LXC's monitor", '0::/lxc.monitor.web\n', null, null],
  ['a service with the name of a runtime', '0::/system.slice/docker.service\n', 'docker.service', null],
  ['an id outside of any runtime', `0::/ecs/task/${id}\n`, null, null],
  ['lines that are none', 'x\n::\n0:/a\n-1::/b\n', null, null],
];
for (const [what, text, unit, container, unitUser = null] of cases) {
  test(what, () => assert.equal(decodeCgroup(text), { unit, unitUser, container }));
}

test('the control group is that of the tree which systemd keeps', () => {
  assert.is(controlGroupOf('12:pids:/x\n1:name=systemd:/system.slice/a\\x2db.service\n0::/\n'), '/system.slice/a\\x2db.service');
  assert.is(controlGroupOf('0::/system.slice/a b.service/c\n'), '/system.slice/a b.service/c');
  assert.is(controlGroupOf('1:name=systemd:/\n0::/init.scope\n'), '/init.scope');
  assert.is(controlGroupOf('4:memory:/x\n'), null);
});

test('any text is decoded', () => {
  const part = fc.constantFrom(
    'a.slice',
    'b.service',
    'user@1.service',
    'init.scope',
    'docker',
    id,
    `libpod-${id}.scope`,
    'lxc',
    'lxc.payload.x',
    '..',
    '',
    '\\x2d',
    '\n0::',
    'kubepods',
  );
  fc.assert(
    fc.property(fc.array(part), fc.string({ unit: 'binary' }), (parts, text) => {
      decodeCgroup(`0::/${parts.join('/')}`);
      decodeCgroup(text);
    }),
  );
});

test.run();
