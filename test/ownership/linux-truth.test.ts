// Who is behind a port on Linux, from what the kernel says (raw) to the line that a person reads (Owner).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gather } from '../../src/facts/gather/gather.ts';
import { everything } from '../../src/facts/model/question.ts';
import type { RawSource } from '../../src/system/raw.ts';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import { linux, type World } from '../support/linux-raw.ts';
import { rowsOf } from '../support/rows.ts';

const test = suite('the truth on Linux');

const processes: World['processes'] = {
  1: { name: 'systemd', parent: 0, ticks: 1, exe: '/usr/lib/systemd/systemd' },
  20: {
    name: 'docker-proxy',
    ticks: 500,
    exe: '/usr/bin/docker-proxy',
    cgroup: '0::/system.slice/docker.service\n',
    cmdline: '/usr/bin/docker-proxy\0-proto\0tcp\0-host-ip\x000.0.0.0\0-host-port\x008080\0-container-ip\x00172.17.0.2\0-container-port\x0080\0',
  },
  30: { name: 'sshd', ticks: 100, exe: '/usr/sbin/sshd', cgroup: '0::/system.slice/ssh.service\n' },
  31: { name: 'sshd', parent: 30, ticks: 900, exe: '/usr/sbin/sshd' },
  40: { name: 'ssh', ticks: 900, exe: '/usr/bin/ssh', cmdline: 'ssh\0-N\0-L\x005432:db:5432\0-o\0ProxyCommand=secret\0ann@jump\0' },
  50: { name: 'socat', ticks: 900, exe: '/usr/bin/socat1', cmdline: 'socat\0x\0' },
  51: { name: 'socat', ticks: 900, exe: '/usr/bin/socat', cmdline: 'socat\0TCP-LISTEN:9000,fork\0TCP:192.0.2.1:80\0' },
  60: { name: 'systemd-socket-', ticks: 950, exe: '/usr/lib/systemd/systemd-socket-proxyd', cmdline: '/usr/lib/systemd/systemd-socket-proxyd\x00127.0.0.1:8000\0' },
};

const cases: [what: string, port: number, holders: readonly number[], kind: string, owner: string, more?: Partial<Endpoint>][] = [
  ["Docker's proxy", 8080, [20], 'Relay', 'docker-proxy to 172.17.0.2:80 (docker-proxy 20)', { Services: ['docker.service'], CommandLine: null }],
  ["Docker's proxy on a port that is not its own", 8081, [20], 'Service', 'docker.service (docker-proxy 20)'],
  ['ssh -R, seen at the server', 9000, [31], 'Relay', 'sshd forward to the SSH client (sshd 31)'],
  ['the SSH server itself', 22, [30], 'Service', 'ssh.service (sshd 30)'],
  ['ssh -L', 5432, [40], 'Relay', 'ssh forward to db:5432 by jump (ssh 40)', { CommandLine: null }],
  ['socat', 9000, [51], 'Relay', 'socat to TCP:192.0.2.1:80 (socat 51)'],
  ['a socket of systemd that a proxy serves', 80, [1, 60], 'Relay', 'systemd-socket-proxyd to 127.0.0.1:8000 (systemd-socket-proxyd 60)', { OwningProcess: 1, Holders: [1, 60] }],
  ['the NFS server in the kernel', 2049, [], 'Kernel', 'Linux kernel: NFS server (nfsd)', { OwningProcess: null }],
  ['something that may be in the kernel', 2050, [], 'Unknown', 'an unknown holder (user root)'],
];

for (const [what, port, holders, kind, owner, more] of cases) {
  test(what, async () => {
    const world: World = {
      tcp: [{ local: '0.0.0.0', port, inode: 500 }],
      holders: holders.flatMap((pid) => [pid, 500]),
      processes: processes!,
      raw: { kernelports: { text: '{"nfsd":"tcp 2049\\nudp 2049\\n"}' } },
    };
    const facts = await gather(linux(world), { ...everything, ranges: false }, new Date(0));
    const [row, ...rest] = rowsOf(facts);
    assert.equal([rest.length, row?.OwnerKind, row?.Owner], [0, kind, owner]);
    for (const [name, value] of Object.entries(more ?? {})) assert.equal(row?.[name as keyof Endpoint], value, name);
  });
}

test('arguments are read of relays alone', async () => {
  const asked = async (pid: number): Promise<boolean> => {
    const source = linux({ tcp: [{ local: '0.0.0.0', port: 1, inode: 500 }], holders: [pid, 500], processes: processes! });
    let wanted = false;
    const read: RawSource['read'] = (name, hint) => {
      const entry = source.read(name, hint);
      if (hint?.commandLine === true) wanted = true;
      else if (name.startsWith('process/')) return { ...entry, text: JSON.stringify({ ...JSON.parse(entry.text!), cmdline: undefined }) };
      return entry;
    };
    const facts = await gather({ platform: 'linux', read }, { ...everything, ranges: false }, new Date(0));
    assert.ok(facts.sections.processes.data.every(({ commandLine }) => commandLine === null));
    return wanted;
  };
  assert.equal([await asked(20), await asked(30), await asked(1)], [true, false, false]);
});

test.run();
