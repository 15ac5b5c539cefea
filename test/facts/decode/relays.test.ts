import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { carriedBy, relayNeedsArguments, relaysOf, splitCommandLine } from '../../../src/facts/decode/relays.ts';

const test = suite('relays');

const cases: [line: string, relays: string[] | null, parent?: string][] = [
  ['/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80', ['docker-proxy 8080 172.17.0.2:80']],
  ['/usr/bin/docker-proxy -proto tcp -host-ip :: -host-port 8080 -container-ip fd00::2 -container-port 80 -use-listen-fd', ['docker-proxy 8080 [fd00::2]:80']],
  ['ssh -L 8080:db:5432 jump', ['ssh forward 8080 db:5432 by jump']],
  ['ssh -fNL 127.0.0.1:8080:db:5432 ann@jump', ['ssh forward 8080 db:5432 by jump']],
  ['ssh -N -p 2222 -L8080:[fd00::1]:80 -i key -D 1080 jump', ['ssh forward 8080 [fd00::1]:80 by jump', 'ssh SOCKS proxy 1080 jump']],
  ['ssh -L [::1]:8080:db:5432 jump', ['ssh forward 8080 db:5432 by jump']],
  ['"C:\\Windows\\System32\\OpenSSH\\ssh.exe" -L 8080:db:5432 jump', ['ssh forward 8080 db:5432 by jump']],
  ['ssh -R 9000:localhost:3000 jump', []],
  ['ssh jump tool -L 1:2:3', []],
  ['sshd', ['sshd forward null the SSH client'], 'sshd'],
  ['sshd', [], 'systemd'],
  ['sshd.exe', [], 'services.exe'],
  ['sshd-session', ['sshd forward null the SSH client'], 'sshd'],
  ['socat TCP-LISTEN:8080,fork,reuseaddr TCP:192.0.2.1:80', ['socat 8080 TCP:192.0.2.1:80']],
  ['socat -d -d tcp4-l:8080,fork OPENSSL:host:443,commonname=x,cert=/key', ['socat 8080 OPENSSL:host:443']],
  ['socat UNIX-CONNECT:/run/x.sock TCP6-LISTEN:9000', ['socat 9000 UNIX-CONNECT:/run/x.sock']],
  ['socat TCP-LISTEN:9001 EXEC:"tool --password hunter2"', ['socat 9001 a program']],
  ['socat - TCP:192.0.2.1:80', []],
  ['/usr/lib/systemd/systemd-socket-proxyd --exit-idle-time=10s 127.0.0.1:8080', ['systemd-socket-proxyd null 127.0.0.1:8080']],
  ['wslrelay.exe --mode 2', ['WSL relay null a program in WSL']],
  ['com.docker.backend.exe', ['Docker Desktop null a container']],
  ['/usr/bin/rootlesskit-docker-proxy -proto tcp -host-ip 10.1.1.222 -host-port 9201 -container-ip 172.23.0.3 -container-port 80', ['rootlesskit-docker-proxy 9201 172.23.0.3:80']],
  ['com.docker.proxy.exe', ['Docker Desktop null a container']],
  ['com.docker.vpnkit.exe --ethernet x', ['Docker Desktop (vpnkit) null a container']],
  ['host-switch.exe', ['Rancher Desktop null a container']],
  ['/usr/libexec/podman/rootlessport', ['rootless port forwarder null a container']],
  ['rootlesskit --net=slirp4netns --port-driver=builtin /usr/bin/dockerd-rootless.sh', ['RootlessKit null a container']],
  ['rootlesskit --state-dir=/run/user/1000/containerd-rootless /usr/local/bin/containerd-rootless.sh', ['RootlessKit for containerd null a container']],
  ['slirp4netns --mtu=65520 -r 3 --disable-host-loopback 4711 tap0', ['slirp4netns null a container']],
  ['/usr/bin/pasta --config-net -t 9203-9203:80-80 --netns /run/user/1000/netns/netns-1', ['pasta null a container']],
  ['/usr/bin/pasta.avx2 --config-net', ['pasta null a container']],
  ['passt.avx2 --socket /run/vm.sock -t 22', ['passt null a virtual machine']],
  ['passt -t 8080', ['passt null a virtual machine']],
  ['/usr/bin/conmon --api-version 1 -c 0123456789ab -u 0123456789ab -r /usr/bin/crun -n web -p /run/pid', ['conmon null web']],
  ['gvproxy.exe -mtu 1500', ['Podman machine null a container']],
  ['lxd forkproxy -- 1 3 tcp:0.0.0.0:8080 2 4 tcp:127.0.0.1:80', ['LXD proxy 8080 tcp:127.0.0.1:80']],
  ['lxd --group lxd', []],
  ['limactl hostagent vm', ['Lima null a virtual machine']],
  ['nginx.exe', null],
  ['constructor', null],
];
for (const [line, expected, parent] of cases) {
  test(`${line}${parent === undefined ? '' : `, started by ${parent}`}`, () => {
    const args = splitCommandLine(line);
    const imageName = args[0]!.replace(/^.*[\\/]/, '');
    const relays = relaysOf({ imageName, parentImageName: parent ?? null, arguments: args });
    assert.equal(relays?.map(({ name, listenPort, target }) => `${name} ${listenPort} ${target}`) ?? null, expected);
  });
}

test('the program that is both passt and pasta is what it is started as', () => {
  const named = (argument: string) => relaysOf({ imageName: 'passt.avx2', parentImageName: null, arguments: [argument, '-t', '80'] })?.map(({ name }) => name);
  assert.equal([named('pasta'), named('/usr/bin/pasta.avx2'), named('passt.avx2'), named('/opt/pasta/passt')], [['pasta'], ['pasta'], ['passt'], ['passt']]);
});

test('what carries the network of others is known by its name', () => {
  const names = [
    'docker-proxy',
    'rootlesskit-docker-proxy',
    'rootlesskit',
    'rootlessport',
    'pasta',
    'pasta.avx2',
    'passt',
    'passt.avx2',
    'slirp4netns',
    'gvproxy.exe',
    'vpnkit.exe',
    'com.docker.backend.exe',
    'conmon',
    'host-switch.exe',
    'limactl',
  ];
  for (const imageName of names)
    for (const args of [null, [imageName]]) assert.ok(carriedBy(relaysOf({ imageName, parentImageName: null, arguments: args })![0]!) !== null, imageName);
  assert.equal(
    ['ssh forward', 'socat', 'WSL relay', 'toString'].map((name) => carriedBy({ name })),
    [null, null, null, null],
  );
});

test('without arguments a relay has no target', () => {
  assert.equal(relaysOf({ imageName: 'docker-proxy', parentImageName: null, arguments: null }), [{ name: 'docker-proxy', listenPort: null, target: null }]);
  assert.equal(relaysOf({ imageName: 'ssh', parentImageName: null, arguments: null }), []);
  assert.equal(['docker-proxy', 'SSH.EXE', 'wslrelay.exe', 'nginx'].map(relayNeedsArguments), [true, true, false, false]);
});

test('a command line as its program gets it', () => {
  assert.equal(splitCommandLine('"C:\\a b\\ssh.exe" -L "1:2:3"  x'), ['C:\\a b\\ssh.exe', '-L', '1:2:3', 'x']);
  assert.equal(splitCommandLine('"unfinished x'), ['unfinished x']);
  assert.equal(splitCommandLine(''), []);
});

test('any arguments give ports and short targets', () => {
  const argument = fc.oneof(fc.string(), fc.constantFrom('-L', '-D', '-fNL', '-host-port', '-container-ip', 'TCP-LISTEN:1', '1:a:2', '-L1:[::1]:2', 'x'.repeat(300)));
  fc.assert(
    fc.property(fc.constantFrom('ssh', 'sshd', 'socat', 'docker-proxy', 'systemd-socket-proxyd', '__proto__'), fc.array(argument), (imageName, args) => {
      for (const { listenPort, target } of relaysOf({ imageName, parentImageName: 'sshd', arguments: [imageName, ...args] }) ?? []) {
        assert.ok(listenPort === null || (listenPort >= 0 && listenPort <= 65535));
        assert.ok(target === null || (target !== '' && target.length <= 255));
      }
      splitCommandLine(args.join(' '));
    }),
  );
});

test.run();
