import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { relayNeedsArguments, relaysOf, splitCommandLine } from '../../../src/facts/decode/relays.ts';

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
