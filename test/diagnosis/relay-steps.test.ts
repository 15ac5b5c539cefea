// What to do about a port that a relay passes on: what is behind it is stopped, and `stop` refuses the relay itself.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linux, solve, windows } from '../support/world.ts';

const test = suite('relays in the way of a bind');

const cases: readonly (readonly [relay: string, protocol: 'TCP' | 'UDP', expected: readonly string[]])[] = [
  ['docker-proxy', 'TCP', ['docker ps --filter publish=8080', 'sudo systemctl restart docker']],
  ['docker-proxy', 'UDP', ['docker ps --filter publish=8080/udp', 'sudo systemctl restart docker']],
  ['rootlesskit-docker-proxy', 'TCP', ['docker ps --filter publish=8080', 'systemctl --user restart docker']],
  ['RootlessKit', 'TCP', ['docker ps --filter publish=8080', 'systemctl --user restart docker']],
  ['Docker Desktop', 'TCP', ['docker ps --filter publish=8080', 'systemctl --user restart docker-desktop']],
  ['Docker Desktop (vpnkit)', 'TCP', ['docker ps --filter publish=8080', 'systemctl --user restart docker-desktop']],
  ['RootlessKit for containerd', 'TCP', ['nerdctl ps']],
  ['rootless port forwarder', 'TCP', ['podman ps']],
  ['pasta', 'TCP', ['podman ps']],
  ['slirp4netns', 'TCP', ['podman ps']],
  ['conmon', 'TCP', ['podman ps']],
  ['Podman machine', 'TCP', ['podman ps']],
  ['LXD proxy', 'TCP', ['lxc list']],
  ['Incus proxy', 'TCP', ['incus list']],
  ['passt', 'TCP', []],
  ['Lima', 'TCP', []],
  ['ssh forward', 'TCP', ['portowner stop 8080 --dry-run']],
  ['socat', 'TCP', ['portowner stop 8080 --dry-run']],
];
const general = /^(?:portowner (?:8080|free|why)|#)/;

function remedies(make: typeof linux, relay: string, protocol: 'TCP' | 'UDP', more: object = {}): string[] {
  const socket = { protocol, localAddress: '0.0.0.0', localPort: 8080, pid: 200, ...(protocol === 'UDP' ? { state: null } : {}), ...more };
  const facts = make([socket], { processes: [{ pid: 200, imageName: 'relay', relays: [{ name: relay, listenPort: null, target: null }] }] });
  const { row } = solve({ facts, ask: `${protocol} 0.0.0.0 8080`, tried: null });
  return row.Remedy!.map((line) => line.replace(/ {2}#.*/, '')).filter((line) => !general.test(line));
}

for (const [relay, protocol, expected] of cases) test(`${relay}, ${protocol}`, () => assert.equal(remedies(linux, relay, protocol), expected));

test('a container that its engine has named is stopped by its name', () =>
  assert.ok(remedies(linux, 'pasta', 'TCP', { container: { runtime: 'podman', id: 'a'.repeat(64), name: 'shop-web-1' } }).includes('podman stop shop-web-1')));

test('on Windows it is Docker Desktop that is restarted', () => assert.not.match(remedies(windows, 'Docker Desktop', 'TCP').join('\n'), 'systemctl'));

test.run();
