// Sockets that are bound to an interface, and connections that no process has, in a network of the test's own.
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import type { Endpoint } from '../../../src/schema/endpoint.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { noNetwork, ownNetwork } from '../../support/own-network.ts';
import { endAll, linkOrCopy } from '../../support/program.ts';
import { skip } from '../../support/skip.ts';

const test = suite('sockets in a network of its own');
const none = noNetwork();
const network = none === null ? await ownNetwork(['virbr0', 'virbr1']) : null;
const folder = temporaryFolder();

/** A program of this name with these sockets; other arguments are no concern of it. */
function program(name: string, ...specs: readonly string[]): Promise<number> {
  const path = join(folder, name);
  linkOrCopy(process.execPath, path);
  return network!.start([path, ...nodeFlags, join(root, 'test/support/device-sockets.ts'), ...specs]);
}

const rows = (...args: readonly string[]): Endpoint[] => JSON.parse(network!.portowner([...args, '--format', 'json']).out) as Endpoint[];

if (network !== null) {
  await program('dnsmasq', 'udp,0.0.0.0,67,virbr0', 'udp,::,547,virbr0');
  await program('dnsmasq-1', 'udp,0.0.0.0,67,virbr1', 'udp,::,547,virbr1');
  await program('resolver', 'tcp,127.0.0.53,53,lo', 'udp,127.0.0.53,53,lo', 'tcp,0.0.0.0,9001,lo', 'tcp,::,9002,lo');
  await program('relay', 'udp,0.0.0.0,69,virbr0');
  await program('server', 'udp,0.0.0.0,69');
  await program('idle', 'tcp,127.0.0.1,9300', 'client,127.0.0.1,9300,40201', 'gone,127.0.0.1,9300,40202');
}
test.after(endAll);

test('an address says the interface, and its scope is not every address', (context) => {
  if (network === null) return skip(none!, context);
  assert.equal(
    rows().map((row) => `${row.Protocol} ${row.LocalAddress} ${row.LocalPort} ${row.AddressScope} ${row.ImageName}`),
    [
      'TCP 127.0.0.53%lo 53 Loopback resolver',
      'UDP 127.0.0.53%lo 53 Loopback resolver',
      'UDP 0.0.0.0%virbr0 67 Specific dnsmasq',
      'UDP 0.0.0.0%virbr1 67 Specific dnsmasq-1',
      'UDP 0.0.0.0 69 Any server',
      'UDP 0.0.0.0%virbr0 69 Specific relay',
      'UDP ::%virbr0 547 Specific dnsmasq',
      'UDP ::%virbr1 547 Specific dnsmasq-1',
      'TCP 0.0.0.0%lo 9001 Loopback resolver',
      'TCP ::%lo 9002 Loopback resolver',
      'TCP 127.0.0.1 9300 Loopback idle',
    ],
  );
});

test('two interfaces are no conflict, one and all of them are', (context) => {
  if (network === null) return skip(none!, context);
  const { code, out } = network.portowner(['conflicts', '--columns', 'Kind,Address,Port', '--format', 'csv']);
  // Servers whose configurations are on this machine may ask for one port, too.
  const found = out
    .trim()
    .split('\r\n')
    .slice(1)
    .filter((line) => !line.startsWith('ConfiguredTwice'));
  assert.equal([code, found], [1, ['OverlappingAddresses,"0.0.0.0, 0.0.0.0%virbr0",69']]);
});

test('a bind is tried on the interface that is named', (context) => {
  if (network === null) return skip(none!, context);
  const verdict = (...args: readonly string[]) => {
    const { code, out } = network.portowner(['why', ...args, '--protocol', 'udp', '--format', 'json']);
    const [{ CanBind, Cause }] = JSON.parse(out) as [{ CanBind: boolean; Cause: string }];
    return [code, CanBind, Cause];
  };
  assert.equal(verdict('67', '--address', '0.0.0.0%lo'), [0, true, 'Free']);
  assert.equal(verdict('67', '--address', '0.0.0.0%virbr1'), [1, false, 'Process']);
  assert.equal(verdict('67', '--address', '0.0.0.0'), [1, false, 'WildcardAgainstSpecific']);
  assert.equal(verdict('547', '--address', '::%virbr1'), [1, false, 'Process']);
  assert.equal(verdict('547', '--address', '::%lo'), [0, true, 'Free']);
  assert.is(verdict('67', '--address', '0.0.0.0%nosuch')[2], 'AddressNotLocal');
});

test('a connection that is not accepted is of who listens, a closed one of nobody', (context) => {
  if (network === null) return skip(none!, context);
  const owner = (row: Endpoint) => `${row.LocalPort} ${row.State} ${row.Owner?.replace(/ \(\d+\)$/, ' (PID)')}`;
  assert.equal(rows('9300,40201-40202', '--all', '--sort', 'LocalPort,State').map(owner), [
    '9300 CloseWait not yet accepted by idle (PID)',
    '9300 Established not yet accepted by idle (PID)',
    '9300 Listen idle (PID)',
    '40201 Established idle (PID)',
    '40202 FinWait2 nobody: a closed connection (FinWait2)',
  ]);
  const { code, out } = network.portowner(['why', '40202', '--format', 'json']);
  const [{ Owner, Evidence }] = JSON.parse(out) as [{ Owner: string | null; Evidence: string[] }];
  assert.equal([code, Owner], [1, null]);
  assert.match(Evidence.join(' '), /127\.0\.0\.1:40202 to 127\.0\.0\.1:9300 \(FinWait2\) has been closed and waits for the remote end; it no longer has a process/);
});

test('one of them is stopped by its address', (context) => {
  if (network === null) return skip(none!, context);
  const { code, out } = network.portowner(['stop', '9001', '--dry-run', '--format', 'json']);
  const [{ Identity }] = JSON.parse(out) as [{ Identity: string }];
  assert.is(code, 0);
  assert.match(Identity, /^TCP\/0\.0\.0\.0%lo:9001;/);
  assert.is(network.portowner(['stop', Identity, '--dry-run']).code, 0);
});

const proxied = ['-proto', 'tcp', '-host-ip', '10.1.1.222', '-host-port', '9201', '-container-ip', '172.23.0.3', '-container-port', '80'];
for (const [name, port, args, owner, command] of [
  ['rootlesskit-docker-proxy', 9201, proxied, 'rootlesskit-docker-proxy to 172.23.0.3:80', 'docker ps --filter publish=9201'],
  ['pasta.avx2', 9203, ['--config-net', '-t', '9203-9203:80-80', '--netns', '/run/user/1000/netns/netns-1'], 'pasta to a container', 'podman ps'],
  ['rootlessport', 9204, [], 'rootless port forwarder to a container', 'podman ps'],
  ['slirp4netns', 9205, ['4711', 'tap0'], 'slirp4netns to a container', 'podman ps'],
  ['gvproxy', 9206, [], 'Podman machine to a container', 'podman ps'],
  ['vpnkit', 9207, [], 'Docker Desktop (vpnkit) to a container', 'docker ps --filter publish=9207'],
  ['conmon', 9208, ['-n', 'web'], 'conmon to web', 'podman ps'],
  ['rootlesskit', 9210, ['--net=slirp4netns'], 'RootlessKit to a container', 'docker ps --filter publish=9210'],
  ['limactl', 9212, [], 'Lima to a virtual machine', null],
  ['passt', 9209, ['-t', '9209'], 'passt to a virtual machine', null],
] as const) {
  test(`the relay ${name} is none to stop`, async (context) => {
    if (network === null) return skip(none!, context);
    const pid = await program(name, `tcp,0.0.0.0,${port}`, ...args);
    const [row] = rows(String(port));
    assert.equal([row?.OwnerKind, row?.Owner], ['Relay', `${owner} (${name} ${pid})`]);
    const { code, out } = network.portowner(['stop', String(port), '--force', '--yes', '--format', 'json']);
    const [stopped] = JSON.parse(out) as [{ Result: string; Command: string | null }];
    assert.equal([code, stopped.Result, stopped.Command], [1, 'Refused', command]);
    process.kill(pid, 0);
    // What is refused is no advice, and what is named is the same.
    const [{ Remedy }] = JSON.parse(network.portowner(['why', String(port), '--format', 'json']).out) as [{ Remedy: string[] }];
    assert.not.match(Remedy.join('\n'), 'portowner stop');
    if (command !== null)
      assert.ok(
        Remedy.some((line) => line.startsWith(`${command}  #`)),
        Remedy.join('\n'),
      );
  });
}

test.run();
