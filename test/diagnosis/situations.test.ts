// Situations and the whole verdict on each, to be read and checked by somebody who knows the systems. A verdict is:
// yes, no or ?, the cause, the confidence and the owner; then - what shows it, and $ what to do, the safest first.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linux, range, solve, verdictText, windows, type Situation } from '../support/world.ts';

const nginx = { pid: 100, imageName: 'nginx', path: '/usr/sbin/nginx', user: 'root', unit: 'nginx.service' };
const node = { pid: 200, imageName: 'node', path: '/usr/bin/node', user: 'ann' };
const app = { pid: 200, imageName: 'app.exe', path: 'C:\\app\\app.exe', user: 'BOX\\ann' };
const other = { pid: 300, imageName: 'other.exe', path: 'C:\\other\\other.exe', user: 'BOX\\bob' };
const svchost = { pid: 400, imageName: 'svchost.exe', path: 'C:\\Windows\\System32\\svchost.exe', user: 'NT AUTHORITY\\SYSTEM' };
const system = { pid: 4, holders: [4], kernel: true };
const listens = (port: number, address: string, pid: number) => ({ localPort: port, localAddress: address, pid });
const udp = (port: number, address: string, pid: number) => ({ ...listens(port, address, pid), protocol: 'UDP' as const, state: null });
const connection = (port: number, address: string, pid: number | null, state: 'Established' | 'TimeWait' = 'Established') => ({
  ...listens(port, address, 0),
  pid,
  kernel: pid === null,
  holders: pid === null ? [] : [pid],
  state,
  remoteAddress: '192.0.2.7',
  remotePort: 443,
});
const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;
const failed = (reason: string, needs: string | null = null) => ({ status: 'failed', reason, needs, at: null, data: [] as never[] }) as const;

const situations: Situation[] = [
  // Linux: owners
  {
    name: 'Linux: nobody has it',
    facts: linux([]),
    ask: 'TCP * 8080',
    tried: 'bound bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- An attempt to bind TCP [::]:8080 succeeded and was taken back at once.`,
  },
  {
    name: 'Linux: nobody has it, on a machine without IPv6',
    facts: linux([]),
    ask: 'TCP * 8080',
    tried: 'bound EAFNOSUPPORT',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- This machine has no IPv6.`,
  },
  {
    name: 'Linux: a process listens on every address',
    facts: linux([listens(3000, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP * 3000',
    tried: 'EADDRINUSE bound',
    verdict: `
no, Process, High: node (200)
- It cannot be bound now: a process holds it.
- TCP 0.0.0.0:3000 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:3000 succeeded and was taken back at once.
$ portowner 3000 --format list  # see all that is known of the owner
$ portowner free --near 3000  # or take a port that can be bound now
$ portowner stop 3000 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: a service listens on both families',
    facts: linux([listens(80, '0.0.0.0', 100), listens(80, '::', 100)], { processes: [nginx], elevated: true }),
    ask: 'TCP * 80',
    tried: 'EADDRINUSE EADDRINUSE',
    verdict: `
no, Service, High: nginx.service (nginx 100)
- It cannot be bound now: a service holds it.
- TCP 0.0.0.0:80 is held by nginx.service (nginx 100) (Listen).
- TCP [::]:80 is held by nginx.service (nginx 100) (Listen).
- An attempt to bind TCP 0.0.0.0:80 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:80 failed: EADDRINUSE (98).
$ portowner 80 --format list  # see all that is known of the owner
$ portowner free --near 80  # or take a port that can be bound now
$ systemctl status -- nginx.service  # what the service is
$ sudo systemctl stop -- nginx.service  # stop the service
$ portowner stop 80 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: a container holds it',
    facts: linux([listens(5432, '0.0.0.0', 500)], {
      processes: [{ pid: 500, imageName: 'postgres', user: '999', container: { runtime: 'docker', id: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' } }],
    }),
    ask: 'TCP 0.0.0.0 5432',
    tried: 'EADDRINUSE',
    verdict: `
no, Container, High: docker container 0123456789ab (postgres 500)
- It cannot be bound now: a container holds it.
- TCP 0.0.0.0:5432 is held by docker container 0123456789ab (postgres 500) (Listen).
- An attempt to bind TCP 0.0.0.0:5432 failed: EADDRINUSE (98).
$ portowner 5432 --format list  # see all that is known of the owner
$ portowner free --near 5432  # or take a port that can be bound now
$ docker top 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef -eo pid,args  # what runs in the container: process 500 must be among it
$ docker top 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef -eo pid | grep -qw 500 && docker stop 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  # stop the container, if so
$ portowner stop 5432 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: a child inherited the socket too',
    facts: linux([{ ...listens(3000, '127.0.0.1', 200), holders: [200, 201] }], { processes: [node, { pid: 201, imageName: 'sh', user: 'ann', parent: 200 }] }),
    ask: 'TCP 127.0.0.1 3000',
    tried: 'EADDRINUSE',
    verdict: `
no, Process, High: node (200) and 1 more
- It cannot be bound now: a process holds it.
- TCP 127.0.0.1:3000 is held by node (200) and 1 more (Listen); all processes that hold it: 200, 201.
- An attempt to bind TCP 127.0.0.1:3000 failed: EADDRINUSE (98).
$ portowner 3000 --format list  # see all that is known of the owner
$ portowner free --near 3000  # or take a port that can be bound now
$ portowner stop 3000 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: nobody was found to have it',
    facts: linux([
      {
        ...listens(5001, '0.0.0.0', 0),
        pid: null,
        holders: [],
        kernel: false,
        user: 'eve',
        refusals: [{ field: 'OwningProcess', code: 'Failed', text: 'no process or thread was found that has it', needs: null }],
      },
    ]),
    ask: 'TCP 0.0.0.0 5001',
    tried: 'EADDRINUSE',
    verdict: `
no, Unknown, Low: an unknown holder (user eve)
- It cannot be bound now: what is needed could not be seen.
- TCP 0.0.0.0:5001 is held by an unknown holder (user eve) (Listen): no process or thread was found that has it.
- An attempt to bind TCP 0.0.0.0:5001 failed: EADDRINUSE (98).
$ portowner 5001 --format list  # see all that is known of the owner
$ portowner free --near 5001  # or take a port that can be bound now`,
  },
  {
    name: 'Linux: the kernel itself listens',
    facts: linux([{ ...listens(2049, '0.0.0.0', 0), pid: null, holders: [], kernel: true, kernelPart: 'NFS server (nfsd)' }]),
    ask: 'TCP 0.0.0.0 2049',
    tried: 'EADDRINUSE',
    verdict: `
no, Kernel, High: Linux kernel: NFS server (nfsd)
- It cannot be bound now: the kernel itself holds it.
- TCP 0.0.0.0:2049 is held by Linux kernel: NFS server (nfsd) (Listen).
- An attempt to bind TCP 0.0.0.0:2049 failed: EADDRINUSE (98).
$ portowner 2049 --format list  # see all that is known of the owner
$ portowner free --near 2049  # or take a port that can be bound now
$ # a module of the kernel holds it (NFS, SMB, WireGuard …): stop the service that set it up`,
  },
  {
    name: "Linux: another user's process that cannot be seen",
    facts: linux([
      {
        ...listens(5432, '127.0.0.1', 0),
        pid: null,
        holders: [],
        user: 'postgres',
        refusals: [{ field: 'OwningProcess', code: 'AccessDenied', text: 'hidden', needs: 'root (sudo)' }],
      },
    ]),
    ask: 'TCP 127.0.0.1 5432',
    tried: 'EADDRINUSE',
    verdict: `
no, Process, High: a process of postgres (seen only with sudo)
- It cannot be bound now: a process holds it.
- TCP 127.0.0.1:5432 is held by a process of postgres (seen only with sudo) (Listen).
- An attempt to bind TCP 127.0.0.1:5432 failed: EADDRINUSE (98).
$ sudo portowner 5432 --format list  # see the owner, which needs root
$ portowner free --near 5432  # or take a port that can be bound now
$ sudo portowner stop 5432 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: bound, and not listening yet',
    facts: linux([{ ...listens(8080, '0.0.0.0', 200), state: 'Bound' }], { processes: [node] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, Process, High: node (200)
- It cannot be bound now: a process holds it.
- TCP 0.0.0.0:8080 is held by node (200) (Bound).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: a name that is none of a unit stands in no command',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [{ ...node, unit: "x'; rm -rf ~ #.service" }] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, Service, High: x'; rm -rf ~ #.service (node 200)
- It cannot be bound now: a service holds it.
- TCP 0.0.0.0:8080 is held by x'; rm -rf ~ #.service (node 200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: a unit name that no quoting makes safe is left out',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [{ ...node, unit: 'x\nreboot.service' }] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, Service, High: x
reboot.service (node 200)
- It cannot be bound now: a service holds it.
- TCP 0.0.0.0:8080 is held by x
reboot.service (node 200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  // Linux: addresses
  {
    name: 'Linux: every address is wanted, one is taken',
    facts: linux([listens(53, '127.0.0.53', 100)], { processes: [{ pid: 100, imageName: 'systemd-resolve', unit: 'systemd-resolved.service' }], elevated: true }),
    ask: 'TCP * 53',
    tried: 'EADDRINUSE bound',
    verdict: `
no, WildcardAgainstSpecific, High: systemd-resolved.service (systemd-resolve 100)
- It cannot be bound now: one is for every address, the other for one of them.
- TCP 127.0.0.53:53 is held by systemd-resolved.service (systemd-resolve 100) (Listen).
- An attempt to bind TCP 0.0.0.0:53 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:53 succeeded and was taken back at once.
$ portowner 53 --format list  # see all that is known of the owner
$ # the program may ask for another address than 127.0.0.53, instead of all
$ portowner free --near 53  # or take a port that can be bound now
$ systemctl status -- systemd-resolved.service  # what the service is
$ sudo systemctl stop -- systemd-resolved.service  # stop the service
$ portowner stop 53 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: one address is wanted, all are taken',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, WildcardAgainstSpecific, High: node (200)
- It cannot be bound now: one is for every address, the other for one of them.
- TCP 0.0.0.0:8080 is held by node (200) (Listen).
- An attempt to bind TCP 10.0.0.5:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: another address is taken',
    facts: linux([listens(8080, '127.0.0.1', 200)], { processes: [node] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 10.0.0.5:8080 succeeded and was taken back at once.`,
  },
  {
    name: 'Linux: IPv4 is wanted, an IPv6 socket has it too',
    facts: linux([listens(8080, '::', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, DualStack, High: node (200)
- It cannot be bound now: an IPv6 socket that is for IPv4 too, against an IPv4 socket.
- TCP [::]:8080 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: IPv4 is wanted, the IPv6 socket leaves it alone',
    facts: linux([listens(8080, '::', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- TCP [::]:8080 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- The IPv6 socket leaves IPv4 alone.`,
  },
  {
    name: 'Linux: every address is wanted, one IPv6 socket has them all',
    facts: linux([listens(8080, '::', 200)], { processes: [node] }),
    ask: 'TCP * 8080',
    tried: 'EADDRINUSE EADDRINUSE',
    verdict: `
no, Process, High: node (200)
- It cannot be bound now: a process holds it.
- TCP [::]:8080 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: dual stack is wanted, IPv4 is taken',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP :: 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, DualStack, High: node (200)
- It cannot be bound now: an IPv6 socket that is for IPv4 too, against an IPv4 socket.
- TCP 0.0.0.0:8080 is held by node (200) (Listen).
- An attempt to bind TCP [::]:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner why 8080 --address :: --ipv6-only  # whether IPv6 alone works: the program has to set IPV6_V6ONLY
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: IPv6 alone is wanted, IPv4 is taken',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP :: 8080 ipv6only',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP [::]:8080 succeeded and was taken back at once.`,
  },
  {
    name: 'Linux: the address is not local',
    facts: linux([]),
    ask: 'TCP 192.0.2.99 8080',
    tried: 'EADDRNOTAVAIL',
    verdict: `
no, AddressNotLocal, High: nobody
- It cannot be bound now: the address is none of this machine.
- An attempt to bind TCP 192.0.2.99:8080 failed: EADDRNOTAVAIL (99).
$ ip -brief address  # the addresses of this machine
$ portowner why 8080 --address 0.0.0.0  # whether every address works, which outlives a change of address
$ # its addresses are 127.0.0.1, ::1, 10.0.0.5`,
  },
  // Linux: states
  {
    name: 'Linux: TIME_WAIT is left',
    facts: linux([connection(8080, '127.0.0.1', null, 'TimeWait'), connection(8080, '127.0.0.1', null, 'TimeWait')]),
    ask: 'TCP * 8080',
    tried: 'EADDRINUSE bound',
    verdict: `
no, TimeWait, High: nobody
- It cannot be bound now: closed connections (TIME_WAIT) keep it for a while.
- TCP 127.0.0.1:8080 to 192.0.2.7:443 (TimeWait) and 1 more has been closed and waits for stray packets; no process has it any more.
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:8080 succeeded and was taken back at once.
$ # wait a minute
$ portowner why 8080 --reuse  # whether it works with SO_REUSEADDR, which most servers set for exactly this
$ portowner free --near 8080  # or take a port that can be bound now`,
  },
  {
    name: 'Linux: TIME_WAIT is left, and the program sets SO_REUSEADDR',
    facts: linux([connection(8080, '127.0.0.1', null, 'TimeWait')]),
    ask: 'TCP * 8080 reuse',
    tried: 'bound bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- TCP 127.0.0.1:8080 to 192.0.2.7:443 (TimeWait) has been closed and waits for stray packets; no process has it any more.
- An attempt to bind TCP 0.0.0.0:8080 with SO_REUSEADDR succeeded and was taken back at once.
- An attempt to bind TCP [::]:8080 with SO_REUSEADDR succeeded and was taken back at once.`,
  },
  {
    name: 'Linux: a client has it as its local port',
    facts: linux([connection(45000, '10.0.0.5', 200)], { processes: [{ ...node, imageName: 'chrome' }], reserved: [range('Reserved', 9000, 9010)] }),
    ask: 'TCP * 45000',
    tried: 'EADDRINUSE bound',
    verdict: `
no, ClientConnection, High: chrome (200)
- It cannot be bound now: an outgoing connection has it as its local port.
- TCP 10.0.0.5:45000 to 192.0.2.7:443 (Established) is a connection of chrome (200), and nobody listens on the port; the port is in the dynamic range, from which programs that connect get their local port.
- An attempt to bind TCP 0.0.0.0:45000 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:45000 succeeded and was taken back at once.
$ portowner 45000 --format list  # see all that is known of the owner
$ # the port comes back when the connection ends
$ portowner free --near 45000  # or take a port that can be bound now
$ sudo sysctl -w net.ipv4.ip_local_reserved_ports=9000-9010,45000  # connections do not get the port again, a program that asks for it does; put it into /etc/sysctl.d to keep it`,
  },
  {
    name: 'Linux: connections of a server that listens no more',
    facts: linux([connection(8080, '10.0.0.5', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, Connection, High: node (200)
- It cannot be bound now: a connection still has it as its local port.
- TCP 10.0.0.5:8080 to 192.0.2.7:443 (Established) is a connection of node (200), and nobody listens on the port.
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ ss -tanp 'sport = :8080'  # every connection on the port
$ portowner why 8080 --address 0.0.0.0 --reuse  # whether it works with SO_REUSEADDR, which most servers set
$ # the port comes back when the connections end`,
  },
  // Linux: rights, reuse, exhaustion
  {
    name: 'Linux: a privileged port',
    facts: linux([], { elevated: false }),
    ask: 'TCP * 80',
    tried: 'EACCES EACCES',
    verdict: `
no, NoRights, High: nobody
- It cannot be bound now: the rights are missing.
- Ports 1-1023 need root or the capability CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start).
- An attempt to bind TCP 0.0.0.0:80 failed: EACCES (13).
- An attempt to bind TCP [::]:80 failed: EACCES (13).
$ portowner free --near 8000  # or take a port above 1023, which needs no rights
$ sudo setcap 'cap_net_bind_service=+ep' /path/to/program  # lets this one program bind such ports
$ # for a service: AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit, or a systemd socket unit
$ sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80  # lets everybody bind ports from 80 on`,
  },
  {
    name: 'Linux: a privileged port, with the capability for it',
    facts: linux([], { elevated: false }),
    ask: 'TCP * 80',
    tried: 'bound bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- Ports 1-1023 need root or the capability CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start).
- An attempt to bind TCP 0.0.0.0:80 succeeded and was taken back at once.
- An attempt to bind TCP [::]:80 succeeded and was taken back at once.`,
  },
  {
    name: 'Linux: a security module forbids it',
    facts: linux([], { elevated: true }),
    ask: 'TCP 0.0.0.0 8081',
    tried: 'EACCES',
    verdict: `
no, NoRights, High: nobody
- It cannot be bound now: the rights are missing.
- An attempt to bind TCP 0.0.0.0:8081 failed: EACCES (13).
$ # a security module (SELinux, AppArmor) or a sandbox forbids it: see its log
$ sudo ausearch -m avc -ts recent  # what SELinux refused
$ portowner free --near 8081  # or take a port that can be bound now`,
  },
  {
    name: 'Linux: SO_REUSEADDR against a listener',
    facts: linux([listens(3000, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 3000 reuse',
    tried: 'EADDRINUSE',
    verdict: `
no, Process, High: node (200)
- It cannot be bound now: a process holds it.
- TCP 0.0.0.0:3000 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 without SO_REUSEADDR failed: EADDRINUSE (98).
$ portowner 3000 --format list  # see all that is known of the owner
$ portowner free --near 3000  # or take a port that can be bound now
$ portowner stop 3000 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: SO_REUSEPORT against a listener',
    facts: linux([listens(3000, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 3000 reusePort',
    tried: 'EADDRINUSE',
    verdict: `
?, Sharing, Low: node (200)
- Whether it can be bound cannot be told: it depends on what both ask for: exclusive use, reuse or neither.
- TCP 0.0.0.0:3000 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 without SO_REUSEPORT failed: EADDRINUSE (98).
- It succeeds if the owner has set SO_REUSEPORT and is of the same user too, which no interface shows.
$ portowner 3000 --format list  # see all that is known of the owner
$ portowner why 3000 --address 0.0.0.0  # whether it works without reuse
$ portowner free --near 3000  # or take a port that can be bound now
$ portowner stop 3000 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: SO_REUSEADDR against a UDP socket',
    facts: linux([udp(5353, '0.0.0.0', 100)], { processes: [{ pid: 100, imageName: 'avahi-daemon', user: 'avahi', unit: 'avahi-daemon.service' }] }),
    ask: 'UDP 0.0.0.0 5353 reuse',
    tried: 'EADDRINUSE',
    verdict: `
?, Sharing, Low: avahi-daemon.service (avahi-daemon 100)
- Whether it can be bound cannot be told: it depends on what both ask for: exclusive use, reuse or neither.
- UDP 0.0.0.0:5353 is held by avahi-daemon.service (avahi-daemon 100).
- An attempt to bind UDP 0.0.0.0:5353 without SO_REUSEADDR failed: EADDRINUSE (98).
- It succeeds if the owner has set SO_REUSEADDR too, which no interface shows.
$ portowner 5353 --format list  # see all that is known of the owner
$ portowner why 5353 --protocol udp --address 0.0.0.0  # whether it works without reuse
$ portowner free --near 5353 --protocol udp  # or take a port that can be bound now
$ systemctl status -- avahi-daemon.service  # what the service is
$ sudo systemctl stop -- avahi-daemon.service  # stop the service
$ portowner stop 5353 --protocol udp --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: two programs share it by reuse',
    facts: linux([listens(8080, '0.0.0.0', 200), listens(8080, '0.0.0.0', 201)], { processes: [node, { pid: 201, imageName: 'python3', path: '/usr/bin/python3' }] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, Shared, High: node (200); python3 (201)
- It cannot be bound now: several programs share it by reuse.
- TCP 0.0.0.0:8080 is held by node (200) (Listen).
- TCP 0.0.0.0:8080 is held by python3 (201) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: two instances of one program share it',
    facts: linux([listens(8080, '0.0.0.0', 200), listens(8080, '0.0.0.0', 201)], { processes: [node, { ...node, pid: 201 }] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, Instances, High: node (200); node (201)
- It cannot be bound now: several instances of one program share it.
- TCP 0.0.0.0:8080 is held by node (200) (Listen).
- TCP 0.0.0.0:8080 is held by node (201) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Linux: SO_REUSEPORT beside two of the same user that share it',
    facts: linux([listens(8080, '0.0.0.0', 200), listens(8080, '0.0.0.0', 201)], { processes: [node, { ...node, pid: 201 }] }),
    ask: 'TCP 0.0.0.0 8080 reusePort',
    tried: 'EADDRINUSE',
    verdict: `
yes, Instances, High: node (200); node (201)
- It can be bound now, although several instances of one program share it.
- TCP 0.0.0.0:8080 is held by node (200) (Listen).
- TCP 0.0.0.0:8080 is held by node (201) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 without SO_REUSEPORT failed: EADDRINUSE (98).
- The rules of the system let both have it; what then arrives goes to one of them, and it is not said to which.`,
  },
  {
    name: 'Linux: exclusive use is what everybody has who asks for nothing',
    facts: linux([]),
    ask: 'TCP 0.0.0.0 8080 exclusive',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- Linux has no exclusive use to ask for: it is what a socket has that sets neither SO_REUSEADDR nor SO_REUSEPORT.`,
  },
  {
    name: 'Linux: a port that is free, and in the dynamic range',
    facts: linux([]),
    ask: 'TCP 0.0.0.0 40000',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- It is in the dynamic range 32768-60999: a connection may have it when the program is started again.
- An attempt to bind TCP 0.0.0.0:40000 succeeded and was taken back at once.`,
  },
  {
    name: 'Linux: some dynamic ports are left',
    facts: linux([connection(40000, '10.0.0.5', 200)], { processes: [node], dynamic: [range('LocalDynamic', 40000, 40009)] }),
    ask: 'TCP * 0',
    tried: 'bound bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: dynamic ports are left.
- 1 of 10 dynamic ports 40000-40009 are in use for TCP (node (200): 1).
- An attempt to bind TCP 0.0.0.0:0 succeeded and was taken back at once.
- An attempt to bind TCP [::]:0 succeeded and was taken back at once.`,
  },
  {
    name: 'Linux: no dynamic port is left',
    facts: linux([connection(40000, '10.0.0.5', 200), connection(40001, '10.0.0.5', 200), connection(40002, '10.0.0.5', null, 'TimeWait')], {
      processes: [node],
      dynamic: [range('LocalDynamic', 40000, 40002)],
    }),
    ask: 'TCP * 0',
    tried: 'EADDRINUSE bound',
    verdict: `
no, Exhausted, High: nobody
- It cannot be bound now: the dynamic ports are used up.
- 3 of 3 dynamic ports 40000-40002 are in use for TCP (node (200): 2, closed connections and processes that cannot be seen: 1).
- An attempt to bind TCP 0.0.0.0:0 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:0 succeeded and was taken back at once.
$ portowner --all --sort OwningProcess  # who has how many
$ # programs that connect again and again should keep their connections
$ sudo sysctl -w net.ipv4.ip_local_port_range="15000 60999"  # more dynamic ports; first see that no server listens there`,
  },
  {
    name: 'Linux: refused, and nothing shows why',
    facts: linux([]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, HeldWithoutSocket, High: nobody
- It cannot be bound now: the system refuses it, though no socket and no range shows why.
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner why 8080 --address 0.0.0.0  # once more: a socket that is bound and does not listen comes and goes, and Linux before 6.8 does not list it
$ portowner free --near 8080  # or take a port that can be bound now`,
  },
  {
    name: 'Linux: the facts and the attempt do not agree',
    facts: linux([listens(3000, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 3000',
    tried: 'bound',
    verdict: `
?, Disagreement, Low: node (200)
- Whether it can be bound cannot be told: the facts and the attempt do not agree.
- TCP 0.0.0.0:3000 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 succeeded and was taken back at once.
- The attempt succeeded although what was seen stands against it.
$ portowner why 3000 --address 0.0.0.0  # once more: the port changed hands while it was looked at, or something hides a socket`,
  },
  {
    name: 'Linux: the sockets could not be read',
    facts: linux([], { sections: { sockets: failed('netlink was refused', 'root (sudo)') } }),
    ask: 'TCP 0.0.0.0 3000',
    tried: 'bound',
    verdict: `
?, Unknown, Low: nobody (needs root (sudo))
- Whether it can be bound cannot be told: what is needed could not be seen.
- An attempt to bind TCP 0.0.0.0:3000 succeeded and was taken back at once.
- The sockets could not be read: netlink was refused.
$ portowner why 3000 --address 0.0.0.0  # once more, as root (sudo)`,
  },
  {
    name: 'Linux: the sockets could not be read, and it is taken',
    facts: linux([], { sections: { sockets: failed('netlink was refused') } }),
    ask: 'TCP 0.0.0.0 3000',
    tried: 'EADDRINUSE',
    verdict: `
no, Unknown, Low: nobody
- It cannot be bound now: what is needed could not be seen.
- An attempt to bind TCP 0.0.0.0:3000 failed: EADDRINUSE (98).
- The sockets could not be read: netlink was refused.
$ portowner why 3000 --address 0.0.0.0  # once more, as root (sudo)`,
  },
  {
    name: 'A snapshot: free',
    facts: linux([]),
    ask: 'TCP * 8080',
    tried: null,
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- No attempt was made: the facts are of another moment or machine.`,
  },
  {
    name: 'A snapshot: taken',
    facts: linux([listens(3000, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP * 3000',
    tried: null,
    verdict: `
no, Process, Medium: node (200)
- It cannot be bound now: a process holds it.
- TCP 0.0.0.0:3000 is held by node (200) (Listen).
- No attempt was made: the facts are of another moment or machine.
$ portowner 3000 --format list  # see all that is known of the owner
$ portowner free --near 3000  # or take a port that can be bound now
$ portowner stop 3000 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'A snapshot: whether the address is local is not in it',
    facts: linux([]),
    ask: 'TCP 192.0.2.99 8080',
    tried: null,
    verdict: `
?, Unknown, Low: nobody
- Whether it can be bound cannot be told: what is needed could not be seen.
- No attempt was made: the facts are of another moment or machine.
- Whether 192.0.2.99 is an address of the machine is not in the facts.
$ # ask on the machine itself: only there it can be tried`,
  },
  // Windows: owners
  {
    name: 'Windows: nobody has it',
    facts: windows([]),
    ask: 'TCP * 8080',
    tried: 'bound bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- An attempt to bind TCP [::]:8080 succeeded and was taken back at once.`,
  },
  {
    name: 'Windows: a process has it',
    facts: windows([listens(8080, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Process, High: app.exe (200)
- It cannot be bound now: a process holds it.
- TCP 0.0.0.0:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEADDRINUSE (10048).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: a service in a shared host has it',
    facts: windows([{ ...listens(3389, '0.0.0.0', 400), service: 'TermService' }], {
      processes: [svchost],
      services: [
        { pid: 400, name: 'TermService', shared: true },
        { pid: 400, name: 'SessionEnv', shared: true },
      ],
    }),
    ask: 'TCP 0.0.0.0 3389',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Service, High: TermService (svchost.exe 400)
- It cannot be bound now: a service holds it.
- TCP 0.0.0.0:3389 is held by TermService (svchost.exe 400) (Listen).
- An attempt to bind TCP 0.0.0.0:3389 failed: WSAEADDRINUSE (10048).
$ portowner 3389 --format list  # see all that is known of the owner
$ portowner free --near 3389  # or take a port that can be bound now
$ Get-Service -Name TermService -DependentServices  # what depends on the service
$ Stop-Service -Name TermService -Confirm  # stop the service
$ portowner stop 3389 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: one of several services has it',
    facts: windows([listens(3389, '0.0.0.0', 400)], {
      processes: [svchost],
      services: [
        { pid: 400, name: 'TermService', shared: true },
        { pid: 400, name: 'SessionEnv', shared: true },
      ],
    }),
    ask: 'TCP 0.0.0.0 3389',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Service, High: one of TermService, SessionEnv (svchost.exe 400)
- It cannot be bound now: a service holds it.
- TCP 0.0.0.0:3389 is held by one of TermService, SessionEnv (svchost.exe 400) (Listen).
- An attempt to bind TCP 0.0.0.0:3389 failed: WSAEADDRINUSE (10048).
$ portowner 3389 --format list  # see all that is known of the owner
$ portowner free --near 3389  # or take a port that can be bound now
$ # one of the services TermService, SessionEnv holds it; they run in one process
$ portowner stop 3389 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: HTTP.sys has it for an IIS pool',
    facts: windows(
      [
        { ...listens(80, '0.0.0.0', 4), ...system },
        { ...listens(80, '::', 4), ...system },
      ],
      {
        processes: [{ pid: 900, imageName: 'w3wp.exe' }],
        services: [{ pid: 800, name: 'W3SVC' }],
        sections: {
          httpQueues: { ...ok, data: [{ name: 'DefaultAppPool', controller: 800, processes: [{ pid: 900, service: null }], urls: ['HTTP://*:80/'] }] },
          ipListenList: { ...ok, data: [{ address: '10.0.0.5' }] },
        },
      },
    ),
    ask: 'TCP * 80',
    tried: 'WSAEACCES WSAEACCES',
    verdict: `
no, HttpSys, High: HTTP.sys: DefaultAppPool (w3wp.exe 900)
- It cannot be bound now: HTTP.sys holds it for a program or service.
- TCP 0.0.0.0:80 is held by HTTP.sys: DefaultAppPool (w3wp.exe 900) (Listen); all processes that hold it: 4, 900.
- TCP [::]:80 is held by HTTP.sys: DefaultAppPool (w3wp.exe 900) (Listen); all processes that hold it: 4, 900.
- HTTP.sys has HTTP://*:80/ registered for the request queue DefaultAppPool, served by process 900.
- HTTP.sys listens only on 10.0.0.5 (its IP listen list).
- An attempt to bind TCP 0.0.0.0:80 failed: WSAEACCES (10013).
- An attempt to bind TCP [::]:80 failed: WSAEACCES (10013).
- 10013 instead of 10048 says that the owner is another user or asked for exclusive use.
$ netsh http show servicestate view=requestq  # as administrator: the request queues of HTTP.sys, their URLs and processes; look for :80
$ netsh http show iplisten  # the addresses that HTTP.sys takes for itself
$ # stop the site, application pool or service that has the URL, not HTTP.sys itself: much else hangs on it
$ Get-Service -Name W3SVC -DependentServices  # what depends on the service
$ Stop-Service -Name W3SVC -Confirm  # stop the service
$ portowner free --near 80  # or take a port that can be bound now`,
  },
  {
    name: 'Windows: the kernel has it (SMB)',
    facts: windows([{ ...listens(445, '0.0.0.0', 4), ...system }], { services: [{ pid: 500, name: 'LanmanServer' }] }),
    ask: 'TCP 0.0.0.0 445',
    tried: 'WSAEACCES',
    verdict: `
no, Kernel, High: SMB file sharing: LanmanServer (System 4)
- It cannot be bound now: the kernel itself holds it.
- TCP 0.0.0.0:445 is held by SMB file sharing: LanmanServer (System 4) (Listen).
- An attempt to bind TCP 0.0.0.0:445 failed: WSAEACCES (10013).
- 10013 instead of 10048 says that the owner is another user or asked for exclusive use.
$ portowner 445 --format list  # see all that is known of the owner
$ portowner free --near 445  # or take a port that can be bound now
$ # a driver holds it: turn off the feature that it belongs to (Reason and Owner tell what is known)`,
  },
  {
    name: 'Windows: a relay has it',
    facts: windows([listens(8080, '0.0.0.0', 400)], {
      processes: [svchost],
      services: [{ pid: 400, name: 'iphlpsvc' }],
      sections: { portProxies: { ...ok, data: [{ table: 'v4tov4', listenAddress: '0.0.0.0', listenPort: 8080, connectAddress: '172.20.1.2', connectPort: 80 }] } },
    }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Relay, High: portproxy to 172.20.1.2:80 (iphlpsvc, svchost.exe 400)
- It cannot be bound now: a relay holds it for something behind it.
- TCP 0.0.0.0:8080 is held by portproxy to 172.20.1.2:80 (iphlpsvc, svchost.exe 400) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEADDRINUSE (10048).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ # stop what is behind the relay, or take its rule away: ending the relay ends everything it carries
$ netsh interface portproxy show all  # the rules of Windows that pass ports on`,
  },
  {
    name: 'Windows: its process has ended, a child inherited it',
    facts: windows([{ ...listens(3000, '0.0.0.0', 7777), heirs: [200] }], { processes: [app] }),
    ask: 'TCP 0.0.0.0 3000',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Orphan, High: ended process 7777, probably inherited by app.exe (200)
- It cannot be bound now: a socket whose process has ended holds it.
- TCP 0.0.0.0:3000 is held by ended process 7777, probably inherited by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 failed: WSAEADDRINUSE (10048).
$ portowner 3000 --format list  # see all that is known of the owner
$ Get-Process -Id 200  # may have inherited the socket: when it ends, the port is free
$ portowner free --near 3000  # or take a port that can be bound now
$ # when no process is left that may have it, only a restart of the machine gives it back`,
  },
  // Windows: ranges
  {
    name: 'Windows: in an excluded range',
    facts: windows([], { reserved: [range('Excluded', 8000, 8099, { protocol: 'TCP', family: 'IPv4', source: 'netsh interface ipv4 show excludedportrange tcp' })] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAEACCES',
    verdict: `
no, Excluded, High: nobody
- It cannot be bound now: it is in an excluded port range.
- The range 8000-8099 for TCP on IPv4 is excluded (netsh interface ipv4 show excludedportrange tcp).
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEACCES (10013).
$ netsh interface ipv4 show excludedportrange protocol=tcp  # every excluded range
$ portowner free --near 8080  # or take a port that can be bound now
$ net stop winnat  # as administrator: gives up the reservations of Hyper-V, WSL and containers, whose networks stop until it is started again
$ netsh interface ipv4 add excludedportrange protocol=tcp startport=8080 numberofports=1 store=persistent  # keep the port for programs that ask for it itself
$ net start winnat  # the reservations come again, elsewhere`,
  },
  {
    name: 'Windows: in a range that an administrator excluded',
    facts: windows([], { reserved: [range('ExcludedAdministered', 8000, 8099, { protocol: 'TCP', family: 'IPv4' })] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, Excluded, High: nobody
- It can be bound now, although it is in an excluded port range.
- An administrator has excluded the range 8000-8099 for TCP on IPv4 from random use (netsh); a program that asks for the port itself gets it, but Windows containers do not.
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.`,
  },
  {
    name: 'Windows: a reservation inside the dynamic range',
    facts: windows([], { reserved: [range('Excluded', 50000, 50099, { protocol: 'TCP', family: 'IPv4' })] }),
    ask: 'TCP 0.0.0.0 50050',
    tried: 'WSAEACCES',
    verdict: `
no, DynamicReservation, High: nobody
- It cannot be bound now: it is in a range that was reserved inside the dynamic range.
- The range 50000-50099 for TCP on IPv4 is reserved inside the dynamic range by a program or driver (netsh).
- An attempt to bind TCP 0.0.0.0:50050 failed: WSAEACCES (10013).
$ netsh interface ipv4 show excludedportrange protocol=tcp  # every excluded range
$ portowner free --near 50050  # or take a port that can be bound now
$ net stop winnat  # as administrator: gives up the reservations of Hyper-V, WSL and containers, whose networks stop until it is started again
$ netsh interface ipv4 add excludedportrange protocol=tcp startport=50050 numberofports=1 store=persistent  # keep the port for programs that ask for it itself
$ net start winnat  # the reservations come again, elsewhere`,
  },
  {
    name: 'Windows: reserved for WSL',
    facts: windows([], { reserved: [range('ReservedForGuests', 30000, 34095, { protocol: 'TCP' })] }),
    ask: 'TCP 0.0.0.0 32000',
    tried: 'WSAEACCES',
    verdict: `
no, GuestReservation, High: nobody
- It cannot be bound now: it is reserved for virtual machines, containers or WSL.
- The range 30000-34095 for TCP is reserved for guests (virtual machines, containers, WSL) (netsh).
- An attempt to bind TCP 0.0.0.0:32000 failed: WSAEACCES (10013).
$ portowner ranges  # every range that is reserved, and for whom
$ portowner free --near 32000  # or take a port that can be bound now
$ wsl --list --running  # the distributions of WSL that run
$ wsl --shutdown  # ends all of them, and with them their reservations; virtual machines and containers have theirs as long as they run`,
  },
  {
    name: 'Windows: refused without a socket and without a range',
    facts: windows([]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAEACCES',
    verdict: `
no, HeldWithoutSocket, High: nobody
- It cannot be bound now: the system refuses it, though no socket and no range shows why.
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEACCES (10013).
$ portowner why 8080 --address 0.0.0.0  # once more, as administrator
$ netsh interface ipv4 show excludedportrange protocol=tcp  # every excluded range
$ portowner free --near 8080  # or take a port that can be bound now
$ Get-Service -Name hns, winnat, iphlpsvc  # what reserves ports without a socket: networks of containers, WSL and virtual machines`,
  },
  {
    name: 'Windows: refused, and the ranges could not be read',
    facts: windows([], { sections: { reservedPorts: failed('netsh failed', 'an elevated (administrator) session') } }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAEACCES',
    verdict: `
no, Unknown, Low: nobody
- It cannot be bound now: what is needed could not be seen.
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEACCES (10013).
- The excluded port ranges could not be read: netsh failed.
$ portowner why 8080 --address 0.0.0.0  # once more, as administrator`,
  },
  {
    name: 'Windows: a snapshot without ranges cannot tell',
    facts: windows([], { sections: { reservedPorts: failed('netsh failed', 'an elevated (administrator) session') } }),
    ask: 'TCP 0.0.0.0 8080',
    tried: null,
    verdict: `
?, Unknown, Low: nobody (needs an elevated (administrator) session)
- Whether it can be bound cannot be told: what is needed could not be seen.
- No attempt was made: the facts are of another moment or machine.
- The excluded port ranges could not be read: netsh failed.
$ # ask on the machine itself: only there it can be tried`,
  },
  // Windows: the matrix
  {
    name: 'Windows: one address beside the wildcard of the same user',
    facts: windows([listens(8080, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'bound',
    verdict: `
yes, WildcardAgainstSpecific, High: app.exe (200)
- It can be bound now, although one is for every address, the other for one of them.
- TCP 0.0.0.0:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 10.0.0.5:8080 succeeded and was taken back at once.
- It takes 10.0.0.5 away from the owner of 0.0.0.0.`,
  },
  {
    name: 'Windows: one address beside the wildcard of another user',
    facts: windows([listens(8080, '0.0.0.0', 300)], { processes: [other] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'WSAEACCES',
    verdict: `
no, WildcardAgainstSpecific, High: other.exe (300)
- It cannot be bound now: one is for every address, the other for one of them.
- TCP 0.0.0.0:8080 is held by other.exe (300) (Listen).
- An attempt to bind TCP 10.0.0.5:8080 failed: WSAEACCES (10013).
- 10013 instead of 10048 says that the owner is another user or asked for exclusive use.
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: every address beside one that is taken',
    facts: windows([listens(8080, '127.0.0.1', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, WildcardAgainstSpecific, High: app.exe (200)
- It can be bound now, although one is for every address, the other for one of them.
- TCP 127.0.0.1:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- A program that asks for exclusive use does not get it.
- It gets every address but 127.0.0.1.`,
  },
  {
    name: 'Windows: every address for exclusive use, one is taken',
    facts: windows([listens(8080, '127.0.0.1', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080 exclusive',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Sharing, High: app.exe (200)
- It cannot be bound now: it depends on what both ask for: exclusive use, reuse or neither.
- TCP 127.0.0.1:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 for exclusive use failed: WSAEADDRINUSE (10048).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner why 8080 --address 0.0.0.0  # whether it works without exclusive use
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: dual stack for exclusive use, loopback is taken',
    facts: windows([listens(8080, '127.0.0.1', 200)], { processes: [app] }),
    ask: 'TCP :: 8080 exclusive',
    tried: 'WSAEACCES',
    verdict: `
no, DualStack, High: app.exe (200)
- It cannot be bound now: an IPv6 socket that is for IPv4 too, against an IPv4 socket.
- TCP 127.0.0.1:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP [::]:8080 for exclusive use failed: WSAEACCES (10013).
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner why 8080 --address :: --ipv6-only --exclusive  # whether IPv6 alone works: the program has to set IPV6_V6ONLY
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: reuse against an owner whose options are not known',
    facts: windows([listens(8080, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080 reuse',
    tried: 'WSAEADDRINUSE',
    verdict: `
?, Sharing, Low: app.exe (200)
- Whether it can be bound cannot be told: it depends on what both ask for: exclusive use, reuse or neither.
- TCP 0.0.0.0:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 without SO_REUSEADDR failed: WSAEADDRINUSE (10048).
- By Microsoft's table: if the owner asked for nothing, it fails with 10013; if the owner set SO_REUSEADDR, it succeeds; if the owner asked for exclusive use, it fails with 10013. What the owner asked for is shown by no interface.
$ portowner 8080 --format list  # see all that is known of the owner
$ portowner why 8080 --address 0.0.0.0  # whether it works without reuse
$ portowner free --near 8080  # or take a port that can be bound now
$ portowner stop 8080 --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: UDP with an owner is not tried',
    facts: windows([udp(5353, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'UDP 0.0.0.0 5353 reuse',
    tried: 'bound',
    verdict: `
?, Sharing, Low: app.exe (200)
- Whether it can be bound cannot be told: it depends on what both ask for: exclusive use, reuse or neither.
- UDP 0.0.0.0:5353 is held by app.exe (200).
- No attempt was made: it could take datagrams from the owner.
- By Microsoft's table: if the owner asked for nothing, it fails with 10013; if the owner set SO_REUSEADDR, it succeeds; if the owner asked for exclusive use, it fails with 10013. What the owner asked for is shown by no interface.
$ portowner 5353 --format list  # see all that is known of the owner
$ portowner why 5353 --protocol udp --address 0.0.0.0  # whether it works without reuse
$ portowner free --near 5353 --protocol udp  # or take a port that can be bound now
$ portowner stop 5353 --protocol udp --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  {
    name: 'Windows: UDP on the same address',
    facts: windows([udp(1900, '10.0.0.5', 300)], { processes: [other] }),
    ask: 'UDP 10.0.0.5 1900',
    tried: 'bound',
    verdict: `
no, Process, Medium: other.exe (300)
- It cannot be bound now: a process holds it.
- UDP 10.0.0.5:1900 is held by other.exe (300).
- No attempt was made: it could take datagrams from the owner.
$ portowner 1900 --format list  # see all that is known of the owner
$ portowner free --near 1900 --protocol udp  # or take a port that can be bound now
$ portowner stop 1900 --protocol udp --dry-run  # see what would end with it; without --dry-run it is stopped after a question`,
  },
  // Windows: states and exhaustion
  {
    name: 'Windows: a client has it as its local port',
    facts: windows([connection(50000, '10.0.0.5', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 50000',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, ClientConnection, High: app.exe (200)
- It cannot be bound now: an outgoing connection has it as its local port.
- TCP 10.0.0.5:50000 to 192.0.2.7:443 (Established) is a connection of app.exe (200), and nobody listens on the port; the port is in the dynamic range, from which programs that connect get their local port.
- An attempt to bind TCP 0.0.0.0:50000 failed: WSAEADDRINUSE (10048).
$ portowner 50000 --format list  # see all that is known of the owner
$ # the port comes back when the connection ends
$ portowner free --near 50000  # or take a port that can be bound now
$ netsh interface ipv4 add excludedportrange protocol=tcp startport=50000 numberofports=1 store=persistent  # as administrator, once it is free: connections do not get the port again, a program that asks for it does`,
  },
  {
    name: 'Windows: TIME_WAIT does not keep it',
    facts: windows([{ ...connection(8080, '10.0.0.5', null, 'TimeWait'), pid: 0 }]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- TCP 10.0.0.5:8080 to 192.0.2.7:443 (TimeWait) has been closed and waits for stray packets; no process has it any more.
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.`,
  },
  {
    name: 'Windows: TIME_WAIT keeps it from exclusive use',
    facts: windows([{ ...connection(8080, '10.0.0.5', null, 'TimeWait'), pid: 0 }]),
    ask: 'TCP 0.0.0.0 8080 exclusive',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, TimeWait, High: nobody
- It cannot be bound now: closed connections (TIME_WAIT) keep it for a while.
- TCP 10.0.0.5:8080 to 192.0.2.7:443 (TimeWait) has been closed and waits for stray packets; no process has it any more.
- An attempt to bind TCP 0.0.0.0:8080 for exclusive use failed: WSAEADDRINUSE (10048).
$ # wait up to 4 minutes (TcpTimedWaitDelay)
$ portowner free --near 8080  # or take a port that can be bound now`,
  },
  {
    name: 'Windows: no buffers are left',
    facts: windows([]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAENOBUFS',
    verdict: `
no, Exhausted, High: nobody
- It cannot be bound now: the dynamic ports are used up.
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAENOBUFS (10055).
$ portowner --all --sort OwningProcess  # who has how many
$ # programs that connect again and again should keep their connections
$ netsh interface ipv4 set dynamicportrange protocol=tcp startport=10000 numberofports=55536  # as administrator: more dynamic ports; first see that no server listens there`,
  },
  // Error texts
  {
    name: 'HttpListener may not register its URL',
    facts: windows([], { sections: { urlReservations: { ...ok, data: [{ url: 'http://+:8080/', sddl: null }] } } }),
    ask: 'TCP * 8080',
    tried: 'bound bound',
    error: 'System.Net.HttpListenerException (5): Access is denied. http://+:8080/',
    verdict: `
no, UrlReserved, High: nobody
- It cannot be bound now: HTTP.sys does not let this account register the URL.
- The text says "HTTP.sys does not let this account register the URL" for TCP port 8080 (ERROR_ACCESS_DENIED (5)).
- The URL http://+:8080/ is reserved with HTTP.sys; that alone holds no port.
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- An attempt to bind TCP [::]:8080 succeeded and was taken back at once.
$ netsh http show urlacl  # who may register which URL; look for :8080
$ netsh http add urlacl url=http://+:8080/ user="$env:USERDOMAIN\\$env:USERNAME"  # as administrator: lets your account register it; write the URL as the program does
$ # or run the program as administrator`,
  },
  {
    name: 'HttpListener finds its URL registered',
    facts: windows(
      [
        { ...listens(8080, '0.0.0.0', 4), ...system },
        { ...listens(8080, '::', 4), ...system },
      ],
      { processes: [app], sections: { httpQueues: { ...ok, data: [{ name: null, controller: null, processes: [{ pid: 200, service: null }], urls: ['HTTP://+:8080/'] }] } } },
    ),
    ask: 'TCP * 8080',
    tried: 'WSAEACCES WSAEACCES',
    error: "Failed to listen on prefix 'http://+:8080/' because it conflicts with an existing registration on the machine.",
    verdict: `
no, UrlTaken, High: HTTP.sys: app.exe (200)
- It cannot be bound now: another program has registered the URL with HTTP.sys.
- The text says "the URL is registered already" for TCP port 8080 (the words of the message).
- TCP 0.0.0.0:8080 is held by HTTP.sys: app.exe (200) (Listen); all processes that hold it: 4, 200.
- TCP [::]:8080 is held by HTTP.sys: app.exe (200) (Listen); all processes that hold it: 4, 200.
- HTTP.sys has HTTP://+:8080/ registered for the request queue without a name, served by process 200.
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEACCES (10013).
- An attempt to bind TCP [::]:8080 failed: WSAEACCES (10013).
- 10013 instead of 10048 says that the owner is another user or asked for exclusive use.
$ netsh http show servicestate view=requestq  # as administrator: the request queues of HTTP.sys, their URLs and processes; look for :8080
$ # stop the site, application pool or service that has the URL, not HTTP.sys itself: much else hangs on it
$ portowner free --near 8080  # or take a port that can be bound now`,
  },
  {
    name: 'HTTP.sys is told to listen on an address that is gone',
    facts: windows([], { sections: { ipListenList: { ...ok, data: [{ address: '192.0.2.50' }] } } }),
    ask: 'TCP * 80',
    tried: 'bound bound',
    error: 'Unable to bind to the underlying transport for 192.0.2.50:80. The IP Listen-Only list may contain a reference to an interface which may not exist on this machine.',
    verdict: `
no, AddressNotLocal, High: nobody
- It cannot be bound now: the address is none of this machine.
- The text says "already in use" for TCP 192.0.2.50:80 (the words of the message).
- HTTP.sys is told to listen on 192.0.2.50, which is no address of this machine.
- An attempt to bind TCP 0.0.0.0:80 succeeded and was taken back at once.
- An attempt to bind TCP [::]:80 succeeded and was taken back at once.
$ netsh http show iplisten  # the addresses that HTTP.sys is told to listen on
$ netsh http delete iplisten ipaddress=192.0.2.50  # as administrator: this one is not here`,
  },
  {
    name: 'Windows: IPv4 beside a socket for IPv6 alone',
    facts: windows([listens(8080, '::', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- TCP [::]:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 succeeded and was taken back at once.
- The IPv6 socket leaves IPv4 alone.`,
  },
  {
    name: 'Windows: the attempt could not be made',
    facts: windows([]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'notMade',
    verdict: `
?, Unknown, Low: nobody
- Whether it can be bound cannot be told: what is needed could not be seen.
- An attempt to bind TCP 0.0.0.0:8080 could not be made: this Windows has no bind in ws2_32.dll.
$ portowner why 8080 --address 0.0.0.0  # once more, as administrator`,
  },
  {
    name: 'the port of the error is free by now',
    facts: linux([]),
    ask: 'TCP :: 3000',
    tried: 'bound',
    error: 'Error: listen EADDRINUSE: address already in use :::3000',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- The text says "already in use" for TCP [::]:3000 (EADDRINUSE).
- An attempt to bind TCP [::]:3000 succeeded and was taken back at once.`,
  },
];

const test = suite('situations');
for (const situation of situations) {
  test(`${situation.name}: ${situation.ask}`, () => assert.is(verdictText(solve(situation)), situation.verdict.trim()));
}
test('there are many, each with a name of its own', () => {
  assert.ok(situations.length >= 40);
  assert.is(new Set(situations.map(({ name }) => name)).size, situations.length);
});
test.run();
