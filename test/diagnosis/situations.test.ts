// Situations and the whole verdict on each, to be read and checked by somebody who knows the systems. A verdict is:
// yes, no or ?, the cause, the confidence and the owner; then - what shows it, and $ what to do, the safest first.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planStop } from '../../src/actions/plan.ts';
import type { Target } from '../../src/actions/target.ts';
import { parseError } from '../../src/diagnosis/error-text.ts';
import { whyNotEach } from '../../src/diagnosis/why.ts';
import { again } from '../../src/diagnosis/remedy-steps.ts';
import { asked, linux, range, solve, verdictText, windows, type Situation } from '../support/world.ts';

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
const wsl = (sockets: Parameters<typeof linux>[0]) => {
  const facts = linux(sockets, { processes: [node] });
  return { ...facts, machine: { ...facts.machine, release: '6.18.35.2-microsoft-standard-WSL2' } };
};
/** A closed connection of the machine with itself, as the server has it. */
const loopback = (port: number, client: number) => ({ ...connection(port, '100.64.0.8', null, 'TimeWait'), remoteAddress: '100.64.0.8', remotePort: client });
const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;
const failed = (reason: string, needs: string | null = null) => ({ status: 'failed', reason, needs, at: null, data: [] as never[] }) as const;

/** The IP listen list of HTTP.sys, and the address that the machine has. */
const listenList = (listed: string, own: string) => ({
  ipListenList: { ...ok, data: [{ address: listed }] },
  addresses: { ...ok, data: [{ address: own, interface: 'Ethernet' }] },
});

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
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
- An attempt to bind TCP [::]:8080 succeeded (released immediately).`,
  },
  {
    name: 'Linux: nobody has it, on a machine without IPv6',
    facts: linux([]),
    ask: 'TCP * 8080',
    tried: 'bound EAFNOSUPPORT',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
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
- An attempt to bind TCP [::]:3000 succeeded (released immediately).
$ portowner stop 3000 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 3000  # or use a port that is free now
$ portowner 3000 --format list  # show everything known about the owner`,
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
$ systemctl status -- nginx.service  # show the service
$ sudo systemctl stop -- nginx.service  # stop the service
$ portowner stop 80 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 80  # or use a port that is free now
$ portowner 80 --format list  # show everything known about the owner`,
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
$ docker top 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef -eo pid,args  # the processes in the container: 500 must be one of them
$ docker top 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef -eo pid | grep -qw 500 && docker stop 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  # stop the container, if it is
$ portowner free --near 5432  # or use a port that is free now
$ portowner 5432 --format list  # show everything known about the owner`,
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
$ portowner stop 3000 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 3000  # or use a port that is free now
$ portowner 3000 --format list  # show everything known about the owner`,
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
- It cannot be bound now: some of the necessary facts could not be seen.
- TCP 0.0.0.0:5001 is held by an unknown holder (user eve) (Listen): no process or thread was found that has it.
- An attempt to bind TCP 0.0.0.0:5001 failed: EADDRINUSE (98).
$ portowner free --near 5001  # or use a port that is free now
$ portowner 5001 --format list  # show everything known about the owner`,
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
$ portowner free --near 2049  # or use a port that is free now
$ # a kernel module holds it (NFS, SMB, WireGuard …): stop the service that configured it
$ portowner 2049 --format list  # show everything known about the owner`,
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
$ sudo portowner 5432 --format list  # show the owner, which needs root
$ sudo portowner stop 5432 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 5432  # or use a port that is free now`,
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
$ # portowner stop ends listeners only, and process 200 has the port bound without listening; end that one itself, if it does not let go
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
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
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
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
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: two programs of one name, one for each family',
    facts: linux([listens(3000, '127.0.0.1', 200), listens(3000, '::1', 201)], {
      processes: [
        { pid: 200, imageName: 'node', application: 'node server.js', workingDirectory: '/home/ann/shop' },
        { pid: 201, imageName: 'node', application: 'node server.js', workingDirectory: '/home/ann/blog' },
      ],
    }),
    ask: 'TCP * 3000',
    tried: 'EADDRINUSE EADDRINUSE',
    verdict: `
no, WildcardAgainstSpecific, High: node server.js in ~ann/shop (200); node server.js in ~ann/blog (201)
- It cannot be bound now: a listener on 127.0.0.1 blocks binding to all addresses.
- TCP 127.0.0.1:3000 is held by node server.js in ~ann/shop (200) (Listen).
- TCP [::1]:3000 is held by node server.js in ~ann/blog (201) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:3000 failed: EADDRINUSE (98).
$ portowner stop 3000 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 3000  # or use a port that is free now
$ # the program could bind an address other than 127.0.0.1, instead of all
$ portowner 3000 --format list  # show everything known about the owner`,
  },
  // Linux: addresses
  {
    name: 'Linux: every address is wanted, one is taken',
    facts: linux([listens(53, '127.0.0.53', 100)], { processes: [{ pid: 100, imageName: 'systemd-resolve', unit: 'systemd-resolved.service' }], elevated: true }),
    ask: 'TCP * 53',
    tried: 'EADDRINUSE bound',
    verdict: `
no, WildcardAgainstSpecific, High: systemd-resolved.service (systemd-resolve 100)
- It cannot be bound now: a listener on 127.0.0.53 blocks binding to all addresses.
- TCP 127.0.0.53:53 is held by systemd-resolved.service (systemd-resolve 100) (Listen).
- An attempt to bind TCP 0.0.0.0:53 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:53 succeeded (released immediately).
$ systemctl status -- systemd-resolved.service  # show the service
$ sudo systemctl stop -- systemd-resolved.service  # stop the service
$ portowner stop 53 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 53  # or use a port that is free now
$ # the program could bind an address other than 127.0.0.53, instead of all
$ portowner 53 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: one address is wanted, all are taken',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, WildcardAgainstSpecific, High: node (200)
- It cannot be bound now: a listener on all addresses blocks binding to one of them.
- TCP 0.0.0.0:8080 is held by node (200) (Listen).
- An attempt to bind TCP 10.0.0.5:8080 failed: EADDRINUSE (98).
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: another address is taken',
    facts: linux([listens(8080, '127.0.0.1', 200)], { processes: [node] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 10.0.0.5:8080 succeeded (released immediately).`,
  },
  {
    name: 'Linux: IPv4 is wanted, an IPv6 socket has it too',
    facts: linux([listens(8080, '::', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, DualStack, High: node (200)
- It cannot be bound now: a dual-stack IPv6 socket and an IPv4 socket exclude each other.
- TCP [::]:8080 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
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
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
- The IPv6 socket does not include IPv4.`,
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
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: dual stack is wanted, IPv4 is taken',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP :: 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, DualStack, High: node (200)
- It cannot be bound now: a dual-stack IPv6 socket and an IPv4 socket exclude each other.
- TCP 0.0.0.0:8080 is held by node (200) (Listen).
- An attempt to bind TCP [::]:8080 failed: EADDRINUSE (98).
$ portowner why 8080 --address :: --ipv6-only  # whether IPv6 only works: the program has to set IPV6_V6ONLY
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: IPv6 alone is wanted, IPv4 is taken',
    facts: linux([listens(8080, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP :: 8080 ipv6only',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP [::]:8080 succeeded (released immediately).`,
  },
  {
    name: 'Linux: the address is not local',
    facts: linux([]),
    ask: 'TCP 192.0.2.99 8080',
    tried: 'EADDRNOTAVAIL',
    verdict: `
no, AddressNotLocal, High: nobody
- It cannot be bound now: this address is not assigned to this machine.
- An attempt to bind TCP 192.0.2.99:8080 failed: EADDRNOTAVAIL (99).
$ ip -brief address  # the addresses of this machine
$ portowner why 8080 --address 0.0.0.0  # whether binding every address works, which does not depend on a specific address
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
- It cannot be bound now: closed connections (TIME_WAIT) hold it for a while.
- TCP 127.0.0.1:8080 to 192.0.2.7:443 (TimeWait) and 1 more has been closed and waits for stray packets; it no longer has a process.
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:8080 succeeded (released immediately).
$ # wait a minute
$ portowner why 8080 --reuse  # whether it works with SO_REUSEADDR, which most servers set for exactly this
$ portowner free --near 8080  # or use a port that is free now`,
  },
  {
    name: 'Linux: TIME_WAIT is left, and the program sets SO_REUSEADDR',
    facts: linux([connection(8080, '127.0.0.1', null, 'TimeWait')]),
    ask: 'TCP * 8080 reuse',
    tried: 'bound bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- TCP 127.0.0.1:8080 to 192.0.2.7:443 (TimeWait) has been closed and waits for stray packets; it no longer has a process.
- An attempt to bind TCP 0.0.0.0:8080 with SO_REUSEADDR succeeded (released immediately).
- An attempt to bind TCP [::]:8080 with SO_REUSEADDR succeeded (released immediately).`,
  },
  {
    name: 'Linux: a client has it as its local port',
    facts: linux([connection(45000, '10.0.0.5', 200)], { processes: [{ ...node, imageName: 'chrome' }], reserved: [range('Reserved', 9000, 9010)] }),
    ask: 'TCP * 45000',
    tried: 'EADDRINUSE bound',
    verdict: `
no, ClientConnection, High: chrome (200)
- It cannot be bound now: an outgoing connection uses it as its local port.
- TCP 10.0.0.5:45000 to 192.0.2.7:443 (Established) is a connection of chrome (200), and nobody listens on the port; the port is in the dynamic range, from which connections get their local ports.
- An attempt to bind TCP 0.0.0.0:45000 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:45000 succeeded (released immediately).
$ # the port becomes free when the connection ends
$ portowner free --near 45000  # or use a port that is free now
$ sudo sysctl -w net.ipv4.ip_local_reserved_ports=9000-9010,45000  # connections no longer get the port, but programs can still bind it; add it to /etc/sysctl.d to make it permanent
$ portowner 45000 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: connections of a server that listens no more',
    facts: linux([connection(8080, '10.0.0.5', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, Connection, High: node (200)
- It cannot be bound now: a connection still uses it as its local port.
- TCP 10.0.0.5:8080 to 192.0.2.7:443 (Established) is a connection of node (200), and nobody listens on the port.
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ ss -tanp 'sport = :8080'  # every connection on the port
$ portowner why 8080 --address 0.0.0.0 --reuse  # whether it works with SO_REUSEADDR, which most servers set
$ # the port becomes free when the connections end`,
  },
  // Linux: rights, reuse, exhaustion
  {
    name: 'Linux: a privileged port',
    facts: linux([], { elevated: false }),
    ask: 'TCP * 80',
    tried: 'EACCES EACCES',
    verdict: `
no, NoRights, High: nobody
- It cannot be bound now: the necessary rights are missing.
- Ports 1-1023 need root or the capability CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start).
- An attempt to bind TCP 0.0.0.0:80 failed: EACCES (13).
- An attempt to bind TCP [::]:80 failed: EACCES (13).
$ portowner free --near 8000  # or use a port above 1023, which needs no rights
$ sudo setcap 'cap_net_bind_service=+ep' /path/to/program  # allows only this program to bind such ports
$ # for a service: AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit, or a systemd socket unit
$ sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80  # allows everybody to bind port 80 and above`,
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
- An attempt to bind TCP 0.0.0.0:80 succeeded (released immediately).
- An attempt to bind TCP [::]:80 succeeded (released immediately).`,
  },
  {
    name: 'Linux: a security module forbids it',
    facts: linux([], { elevated: true }),
    ask: 'TCP 0.0.0.0 8081',
    tried: 'EACCES',
    verdict: `
no, NoRights, High: nobody
- It cannot be bound now: the necessary rights are missing.
- An attempt to bind TCP 0.0.0.0:8081 failed: EACCES (13).
$ # a security module (SELinux, AppArmor) or a sandbox may deny it to this program: see its log
$ sudo ausearch -m avc -ts recent  # what SELinux refused
$ sudo semanage port -l  # if it was SELinux: find the type of the program's ports, and add this port to it: semanage port -a -t TYPE -p tcp 8081
$ portowner free --near 8081  # or use a port that is free now`,
  },
  {
    name: 'Linux: the error of a program with fewer rights than this account',
    facts: linux([], { elevated: true }),
    ask: 'TCP 0.0.0.0 8081',
    tried: 'bound',
    error: 'nginx: [emerg] bind() to 0.0.0.0:8081 failed (13: Permission denied)',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- The text says "forbidden by access permissions" for TCP 0.0.0.0:8081 (EACCES (13)).
- The refusal was about the rights of the program: the port can be bound.
- An attempt to bind TCP 0.0.0.0:8081 succeeded (released immediately).
$ # a security module (SELinux, AppArmor) or a sandbox may deny it to this program: see its log
$ sudo ausearch -m avc -ts recent  # what SELinux refused
$ sudo semanage port -a -t http_port_t -p tcp 8081  # if it was SELinux: adds the port to http_port_t (-m instead of -a if it has another type); check the types with semanage port -l`,
  },
  {
    name: 'Linux: SELinux refuses sshd a port that has another type',
    facts: linux([], { elevated: true }),
    ask: 'TCP * 8443',
    tried: 'bound bound',
    error:
      'type=AVC msg=audit(1415714880.156:29): avc:  denied  { name_bind } for  pid=1349 comm="sshd" src=8443 scontext=system_u:system_r:sshd_t:s0-s0:c0.c1023 tcontext=system_u:object_r:http_port_t:s0 tclass=tcp_socket permissive=0',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- The text says "forbidden by access permissions" for TCP port 8443 (the words of the message).
- The refusal was about the rights of the program: the port can be bound.
- An attempt to bind TCP 0.0.0.0:8443 succeeded (released immediately).
- An attempt to bind TCP [::]:8443 succeeded (released immediately).
$ sudo ausearch -m avc -ts recent  # what SELinux refused
$ sudo semanage port -m -t ssh_port_t -p tcp 8443  # adds the port to ssh_port_t; check the types with semanage port -l`,
  },
  {
    name: 'Linux: AppArmor refuses a privileged port',
    facts: linux([], { elevated: true }),
    ask: 'UDP * 123',
    tried: 'bound bound',
    error:
      'audit: type=1400 audit(1700000000.123:45): apparmor="DENIED" operation="bind" profile="/usr/sbin/ntpd" pid=812 comm="ntpd" family="inet" sock_type="dgram" protocol=17 requested_mask="bind" denied_mask="bind" lport=123',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- The text says "forbidden by access permissions" for UDP port 123 (the words of the message).
- The refusal was about the rights of the program, which needs root or CAP_NET_BIND_SERVICE for it: the port can be bound.
- An attempt to bind UDP 0.0.0.0:123 succeeded (released immediately).
- An attempt to bind UDP [::]:123 succeeded (released immediately).
$ sudo journalctl -k --grep=apparmor  # what AppArmor refused
$ sudo aa-logprof  # adds what was refused to the profile of the program, after asking`,
  },
  {
    name: 'Linux: an ordinary program could not bind a privileged port',
    facts: linux([], { elevated: true }),
    ask: 'TCP 0.0.0.0 80',
    tried: 'bound',
    error: 'Error: listen EACCES: permission denied 0.0.0.0:80',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- The text says "forbidden by access permissions" for TCP 0.0.0.0:80 (EACCES).
- The refusal was about the rights of the program, which needs root or CAP_NET_BIND_SERVICE for it: the port can be bound.
- An attempt to bind TCP 0.0.0.0:80 succeeded (released immediately).
$ portowner free --near 8000  # or use a port above 1023, which needs no rights
$ sudo setcap 'cap_net_bind_service=+ep' /path/to/program  # allows only this program to bind such ports
$ # for a service: AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit, or a systemd socket unit
$ sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80  # allows everybody to bind port 80 and above
$ # a security module (SELinux, AppArmor) or a sandbox may deny it to this program: see its log
$ sudo ausearch -m avc -ts recent  # what SELinux refused
$ sudo semanage port -l  # if it was SELinux: find the type of the program's ports, and add this port to it: semanage port -a -t TYPE -p tcp 80`,
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
$ portowner stop 3000 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 3000  # or use a port that is free now
$ portowner 3000 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: SO_REUSEPORT against a listener',
    facts: linux([listens(3000, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 3000 reusePort',
    tried: 'EADDRINUSE',
    verdict: `
?, Sharing, Low: node (200)
- Cannot tell whether it can be bound: it depends on the options of both programs: exclusive use, reuse, or neither.
- TCP 0.0.0.0:3000 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 without SO_REUSEPORT failed: EADDRINUSE (98).
- It succeeds if the owner has also set SO_REUSEPORT and is of the same user, which no interface shows.
$ portowner why 3000 --address 0.0.0.0  # whether it works without reuse
$ portowner stop 3000 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 3000  # or use a port that is free now
$ portowner 3000 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: SO_REUSEADDR against a UDP socket',
    facts: linux([udp(5353, '0.0.0.0', 100)], { processes: [{ pid: 100, imageName: 'avahi-daemon', user: 'avahi', unit: 'avahi-daemon.service' }] }),
    ask: 'UDP 0.0.0.0 5353 reuse',
    tried: 'EADDRINUSE',
    verdict: `
?, Sharing, Low: avahi-daemon.service (avahi-daemon 100)
- Cannot tell whether it can be bound: it depends on the options of both programs: exclusive use, reuse, or neither.
- UDP 0.0.0.0:5353 is held by avahi-daemon.service (avahi-daemon 100).
- An attempt to bind UDP 0.0.0.0:5353 without SO_REUSEADDR failed: EADDRINUSE (98).
- It succeeds if the owner has also set SO_REUSEADDR, which no interface shows.
$ portowner free --near 5353 --protocol udp  # or use a port that is free now
$ # make the program set SO_REUSEADDR, like all others on mDNS: nothing has to be stopped
$ portowner 5353 --format list  # show everything known about the owner`,
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
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
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
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
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
- The rules of the system allow both; incoming traffic goes to one of them, and which one is undefined.`,
  },
  {
    name: 'Linux: exclusive use is what everybody has who asks for nothing',
    facts: linux([]),
    ask: 'TCP 0.0.0.0 8080 exclusive',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
- Linux has no option for exclusive use: a socket that sets neither SO_REUSEADDR nor SO_REUSEPORT uses the port exclusively.`,
  },
  {
    name: 'Linux: a port that is free, and in the dynamic range',
    facts: linux([]),
    ask: 'TCP 0.0.0.0 40000',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- It is in the dynamic range 32768-60999: a connection may take it before the program restarts.
- An attempt to bind TCP 0.0.0.0:40000 succeeded (released immediately).`,
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
- An attempt to bind TCP 0.0.0.0:0 succeeded (released immediately).
- An attempt to bind TCP [::]:0 succeeded (released immediately).`,
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
- 3 of the 3 dynamic ports are used by TCP connections from 10.0.0.5 to 192.0.2.7:443, 1 of them closed and in TIME_WAIT (another machine has the remote end; node (200) connects there).
- An attempt to bind TCP 0.0.0.0:0 failed: EADDRINUSE (98).
- An attempt to bind TCP [::]:0 succeeded (released immediately).
$ portowner --all --sort OwningProcess  # how many ports each program uses
$ # programs that connect frequently should keep their connections open
$ sudo sysctl -w net.ipv4.ip_local_port_range="15000 60999"  # more dynamic ports; first make sure that no server listens there`,
  },
  {
    name: 'Linux: refused, and nothing shows why',
    facts: linux([]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'EADDRINUSE',
    verdict: `
no, HeldWithoutSocket, High: nobody
- It cannot be bound now: the system refuses it, but no socket or range shows why.
- An attempt to bind TCP 0.0.0.0:8080 failed: EADDRINUSE (98).
$ # try again: sockets that are bound but not listening come and go, and Linux before 6.8 does not list them
$ portowner free --near 8080  # or use a port that is free now`,
  },
  {
    name: 'Linux: the facts and the bind attempt disagree',
    facts: linux([listens(3000, '0.0.0.0', 200)], { processes: [node] }),
    ask: 'TCP 0.0.0.0 3000',
    tried: 'bound',
    verdict: `
?, Disagreement, Low: node (200)
- Cannot tell whether it can be bound: the facts and the bind attempt disagree.
- TCP 0.0.0.0:3000 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:3000 succeeded (released immediately).
- The attempt succeeded, although the facts say that it should fail.
$ # try again: the port changed hands during the check, or something hides a socket`,
  },
  {
    name: 'Linux: the sockets could not be read',
    facts: linux([], { sections: { sockets: failed('netlink was refused', 'root (sudo)') } }),
    ask: 'TCP 0.0.0.0 3000',
    tried: 'bound',
    verdict: `
?, Unknown, Low: nobody (needs root (sudo))
- Cannot tell whether it can be bound: some of the necessary facts could not be seen.
- An attempt to bind TCP 0.0.0.0:3000 succeeded (released immediately).
- The sockets could not be read: netlink was refused.
$ sudo portowner why 3000 --address 0.0.0.0  # try again as root`,
  },
  {
    name: 'Linux: the sockets could not be read, and it is taken',
    facts: linux([], { sections: { sockets: failed('netlink was refused') } }),
    ask: 'TCP 0.0.0.0 3000',
    tried: 'EADDRINUSE',
    verdict: `
no, Unknown, Low: nobody
- It cannot be bound now: some of the necessary facts could not be seen.
- An attempt to bind TCP 0.0.0.0:3000 failed: EADDRINUSE (98).
- The sockets could not be read: netlink was refused.
$ sudo portowner why 3000 --address 0.0.0.0  # try again as root`,
  },
  {
    name: 'A snapshot: free',
    facts: linux([]),
    ask: 'TCP * 8080',
    tried: null,
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- No attempt was made: the facts are from another time or machine.`,
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
- No attempt was made: the facts are from another time or machine.
$ portowner stop 3000 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 3000  # or use a port that is free now
$ portowner 3000 --format list  # show everything known about the owner`,
  },
  {
    name: 'A snapshot: whether the address is local is not in it',
    facts: linux([]),
    ask: 'TCP 192.0.2.99 8080',
    tried: null,
    verdict: `
?, Unknown, Low: nobody
- Cannot tell whether it can be bound: some of the necessary facts could not be seen.
- No attempt was made: the facts are from another time or machine.
- The facts do not show whether 192.0.2.99 is an address of the machine.
$ # run it on the machine itself: only there can the bind be tried`,
  },
  {
    name: 'A snapshot with the addresses of the machine, which lack the wanted one',
    facts: linux([], {
      sections: {
        addresses: {
          ...ok,
          data: [
            { address: '10.0.0.5', interface: 'eth0' },
            { address: '::1', interface: 'lo' },
          ],
        },
      },
    }),
    ask: 'TCP 192.0.2.99 8080',
    tried: null,
    verdict: `
?, Unknown, Low: nobody
- Cannot tell whether it can be bound: some of the necessary facts could not be seen.
- No attempt was made: the facts are from another time or machine.
- 192.0.2.99 was not among the addresses of the machine: 10.0.0.5, ::1.
$ # run it on the machine itself: only there can the bind be tried`,
  },
  {
    name: 'A snapshot with the addresses of the machine, which have the wanted one, and no socket on it',
    facts: linux([], { sections: { addresses: { ...ok, data: [{ address: '10.0.0.5', interface: 'eth0' }] } } }),
    ask: 'TCP 10.0.0.5 8080',
    tried: null,
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- No attempt was made: the facts are from another time or machine.`,
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
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
- An attempt to bind TCP [::]:8080 succeeded (released immediately).`,
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
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
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
$ Get-Service -Name TermService -DependentServices  # what depends on the service
$ Stop-Service -Name TermService -Confirm  # stop the service
$ portowner stop 3389 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 3389  # or use a port that is free now
$ portowner 3389 --format list  # show everything known about the owner`,
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
$ # one of the services TermService, SessionEnv holds it; they run in one process
$ portowner free --near 3389  # or use a port that is free now
$ portowner 3389 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: HTTP.sys listens on one address only, and its URLs may not be seen',
    facts: windows([{ ...listens(80, '10.0.0.5', 4), ...system }], {
      sections: {
        httpQueues: { ...ok, status: 'failed', reason: 'access is denied', needs: 'Administrator', data: [] },
        ipListenList: { ...ok, data: [{ address: '10.0.0.5' }] },
      },
    }),
    ask: 'TCP 127.0.0.1 80',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- HTTP.sys listens only on 10.0.0.5 (its IP listen list): a request for its URL on 127.0.0.1 does not reach it.
- An attempt to bind TCP 127.0.0.1:80 succeeded (released immediately).
$ netsh http show iplisten  # the addresses that HTTP.sys is configured to listen on
$ netsh http add iplisten ipaddress=127.0.0.1  # as administrator: makes HTTP.sys listen there, too
$ # then restart the service or site that uses the URL`,
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
- HTTP.sys listens only on 10.0.0.5 (its IP listen list).
- HTTP.sys has HTTP://*:80/ registered for the request queue DefaultAppPool, served by process 900.
- An attempt to bind TCP 0.0.0.0:80 failed: WSAEACCES (10013).
- An attempt to bind TCP [::]:80 failed: WSAEACCES (10013).
- 10013 instead of 10048 means that the owner is another user or requested exclusive use.
$ netsh http show servicestate view=requestq  # as administrator: the HTTP.sys request queues, their URLs and processes; look for :80
$ netsh http show iplisten  # the addresses that HTTP.sys listens on
$ # stop the site, application pool, or service that uses the URL, not HTTP.sys itself, on which much else depends
$ Get-WebBinding -Port 80  # the IIS sites on the port; use Stop-Website to stop one of them
$ portowner stop 80 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 80  # or use a port that is free now`,
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
- 10013 instead of 10048 means that the owner is another user or requested exclusive use.
$ portowner free --near 445  # or use a port that is free now
$ # a driver holds it: turn off the corresponding feature (see Owner and Reason)
$ portowner 445 --format list  # show everything known about the owner`,
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
$ netsh interface portproxy show all  # the port forwarding rules of Windows
$ netsh interface portproxy delete v4tov4 listenport=8080 listenaddress=0.0.0.0  # as administrator: deletes this rule, if nobody needs it
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
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
$ Get-Process -Id 200  # may have inherited the socket: when it ends, the port is free
$ portowner free --near 3000  # or use a port that is free now
$ # if no process is left that may hold it, only restarting the machine frees it
$ portowner 3000 --format list  # show everything known about the owner`,
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
$ portowner free --near 8080  # or use a port that is free now
$ # it is outside the dynamic range, so a program or driver reserves it while it runs`,
  },
  {
    name: 'Windows: in a range that an administrator excluded',
    facts: windows([], { reserved: [range('ExcludedAdministered', 8000, 8099, { protocol: 'TCP', family: 'IPv4' })] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, Excluded, High: nobody
- It can be bound now, although it is in an excluded port range.
- An administrator has excluded the range 8000-8099 for TCP on IPv4 from automatic assignment (netsh); programs can still bind the port explicitly, but Windows containers cannot.
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).`,
  },
  {
    name: 'Windows: a reservation inside the dynamic range',
    facts: windows([], { reserved: [range('Excluded', 50000, 50099, { protocol: 'TCP', family: 'IPv4' })] }),
    ask: 'TCP 0.0.0.0 50050',
    tried: 'WSAEACCES',
    verdict: `
no, DynamicReservation, High: nobody
- It cannot be bound now: it is in a range reserved inside the dynamic range.
- The range 50000-50099 for TCP on IPv4 is reserved inside the dynamic range by a program or driver (netsh).
- An attempt to bind TCP 0.0.0.0:50050 failed: WSAEACCES (10013).
$ netsh interface ipv4 show excludedportrange protocol=tcp  # every excluded range
$ portowner free --near 50050  # or use a port that is free now
$ net stop winnat  # as administrator: releases the reservations of Hyper-V, WSL, and containers, whose networks stop until it is restarted
$ netsh interface ipv4 add excludedportrange protocol=tcp startport=50050 numberofports=1 store=persistent  # reserve the port for programs that bind it explicitly
$ net start winnat  # restores the reservations elsewhere`,
  },
  {
    name: 'Windows: reserved for WSL',
    facts: windows([], { reserved: [range('ReservedForGuests', 30000, 34095, { protocol: 'TCP' })] }),
    ask: 'TCP 0.0.0.0 32000',
    tried: 'WSAEACCES',
    verdict: `
no, GuestReservation, High: nobody
- It cannot be bound now: it is reserved for virtual machines, containers, or WSL.
- The range 30000-34095 for TCP is reserved for guests (virtual machines, containers, WSL) (netsh). WSL with mirrored networking reserves a block of this size for connections from Linux.
- An attempt to bind TCP 0.0.0.0:32000 failed: WSAEACCES (10013).
$ portowner ranges  # every reserved range, and who it is reserved for
$ portowner free --near 32000  # or use a port that is free now
$ wsl --list --running  # the running WSL distributions
$ wsl --shutdown  # ends all of them and their reservations; virtual machines and containers keep theirs while they run`,
  },
  {
    name: 'Windows: refused without a socket and without a range',
    facts: windows([]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAEACCES',
    verdict: `
no, HeldWithoutSocket, High: nobody
- It cannot be bound now: the system refuses it, but no socket or range shows why.
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEACCES (10013).
$ # try again as administrator, which shows more reservations
$ netsh interface ipv4 show excludedportrange protocol=tcp  # every excluded range
$ portowner free --near 8080  # or use a port that is free now
$ Get-Service -Name hns, winnat, iphlpsvc  # the services that reserve ports without a socket, for networks of containers, WSL, and virtual machines`,
  },
  {
    name: 'Windows: refused, and the ranges could not be read',
    facts: windows([], { sections: { reservedPorts: failed('netsh failed', 'an elevated (administrator) session') } }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'WSAEACCES',
    verdict: `
no, Unknown, Low: nobody
- It cannot be bound now: some of the necessary facts could not be seen.
- An attempt to bind TCP 0.0.0.0:8080 failed: WSAEACCES (10013).
- The excluded port ranges could not be read: netsh failed.
$ # try again as administrator`,
  },
  {
    name: 'Windows: a snapshot without ranges cannot tell',
    facts: windows([], { sections: { reservedPorts: failed('netsh failed', 'an elevated (administrator) session') } }),
    ask: 'TCP 0.0.0.0 8080',
    tried: null,
    verdict: `
?, Unknown, Low: nobody (needs an elevated (administrator) session)
- Cannot tell whether it can be bound: some of the necessary facts could not be seen.
- No attempt was made: the facts are from another time or machine.
- The excluded port ranges could not be read: netsh failed.
$ # run it on the machine itself: only there can the bind be tried`,
  },
  // Windows: the matrix
  {
    name: 'Windows: one address beside the wildcard of the same user',
    facts: windows([listens(8080, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'bound',
    verdict: `
yes, WildcardAgainstSpecific, High: app.exe (200)
- It can be bound now, although there is a listener on all addresses.
- TCP 0.0.0.0:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 10.0.0.5:8080 succeeded (released immediately).
- It takes 10.0.0.5 away from the owner of 0.0.0.0.`,
  },
  {
    name: 'Windows: one address beside the wildcard of another user',
    facts: windows([listens(8080, '0.0.0.0', 300)], { processes: [other] }),
    ask: 'TCP 10.0.0.5 8080',
    tried: 'WSAEACCES',
    verdict: `
no, WildcardAgainstSpecific, High: other.exe (300)
- It cannot be bound now: a listener on all addresses blocks binding to one of them.
- TCP 0.0.0.0:8080 is held by other.exe (300) (Listen).
- An attempt to bind TCP 10.0.0.5:8080 failed: WSAEACCES (10013).
- 10013 instead of 10048 means that the owner is another user or requested exclusive use.
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: every address beside one that is taken',
    facts: windows([listens(8080, '127.0.0.1', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, WildcardAgainstSpecific, High: app.exe (200)
- It can be bound now, although there is a listener on 127.0.0.1.
- TCP 127.0.0.1:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
- A program cannot get exclusive use.
- It gets every address except 127.0.0.1.`,
  },
  {
    name: 'Windows: every address for exclusive use, one is taken',
    facts: windows([listens(8080, '127.0.0.1', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080 exclusive',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Sharing, High: app.exe (200)
- It cannot be bound now: it depends on the options of both programs: exclusive use, reuse, or neither.
- TCP 127.0.0.1:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 for exclusive use failed: WSAEADDRINUSE (10048).
$ portowner why 8080 --address 0.0.0.0  # whether it works without exclusive use
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: dual stack for exclusive use, loopback is taken',
    facts: windows([listens(8080, '127.0.0.1', 200)], { processes: [app] }),
    ask: 'TCP :: 8080 exclusive',
    tried: 'WSAEACCES',
    verdict: `
no, DualStack, High: app.exe (200)
- It cannot be bound now: a dual-stack IPv6 socket and an IPv4 socket exclude each other.
- TCP 127.0.0.1:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP [::]:8080 for exclusive use failed: WSAEACCES (10013).
$ portowner why 8080 --address :: --ipv6-only --exclusive  # whether IPv6 only works: the program has to set IPV6_V6ONLY
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: reuse against an owner whose options are not known',
    facts: windows([listens(8080, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 8080 reuse',
    tried: 'WSAEADDRINUSE',
    verdict: `
?, Sharing, Low: app.exe (200)
- Cannot tell whether it can be bound: it depends on the options of both programs: exclusive use, reuse, or neither.
- TCP 0.0.0.0:8080 is held by app.exe (200) (Listen).
- An attempt to bind TCP 0.0.0.0:8080 without SO_REUSEADDR failed: WSAEADDRINUSE (10048).
- According to Microsoft's table: if the owner set no option, it fails with 10013; if the owner set SO_REUSEADDR, it succeeds; if the owner requested exclusive use, it fails with 10013. No interface shows what the owner requested.
$ portowner why 8080 --address 0.0.0.0  # whether it works without reuse
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: UDP with an owner is not tried',
    facts: windows([udp(5353, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'UDP 0.0.0.0 5353 reuse',
    tried: 'bound',
    verdict: `
?, Sharing, Low: app.exe (200)
- Cannot tell whether it can be bound: it depends on the options of both programs: exclusive use, reuse, or neither.
- UDP 0.0.0.0:5353 is held by app.exe (200).
- No attempt was made: it could take datagrams from the owner.
- According to Microsoft's table: if the owner set no option, it fails with 10013; if the owner set SO_REUSEADDR, it succeeds; if the owner requested exclusive use, it fails with 10013. No interface shows what the owner requested.
$ portowner free --near 5353 --protocol udp  # or use a port that is free now
$ # make the program set SO_REUSEADDR, like all others on mDNS: nothing has to be stopped
$ portowner 5353 --format list  # show everything known about the owner`,
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
$ portowner why 1900 --protocol udp --address 10.0.0.5 --reuse  # SSDP is shared by all programs that set SO_REUSEADDR: check whether that works
$ # make the program set SO_REUSEADDR, like all others on SSDP: nothing has to be stopped
$ portowner 1900 --format list  # show everything known about the owner`,
  },
  // Windows: states and exhaustion
  {
    name: 'Windows: a client has it as its local port',
    facts: windows([connection(50000, '10.0.0.5', 200)], { processes: [app] }),
    ask: 'TCP 0.0.0.0 50000',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, ClientConnection, High: app.exe (200)
- It cannot be bound now: an outgoing connection uses it as its local port.
- TCP 10.0.0.5:50000 to 192.0.2.7:443 (Established) is a connection of app.exe (200), and nobody listens on the port; the port is in the dynamic range, from which connections get their local ports.
- An attempt to bind TCP 0.0.0.0:50000 failed: WSAEADDRINUSE (10048).
$ # the port becomes free when the connection ends
$ portowner free --near 50000  # or use a port that is free now
$ netsh interface ipv4 add excludedportrange protocol=tcp startport=50000 numberofports=1 store=persistent  # as administrator, once it is free: connections no longer get the port, but programs can still bind it
$ portowner 50000 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: TIME_WAIT does not keep it',
    facts: windows([{ ...connection(8080, '10.0.0.5', null, 'TimeWait'), pid: 0 }]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- TCP 10.0.0.5:8080 to 192.0.2.7:443 (TimeWait) has been closed and waits for stray packets; it no longer has a process.
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).`,
  },
  {
    name: 'Windows: TIME_WAIT keeps it from exclusive use',
    facts: windows([{ ...connection(8080, '10.0.0.5', null, 'TimeWait'), pid: 0 }]),
    ask: 'TCP 0.0.0.0 8080 exclusive',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, TimeWait, High: nobody
- It cannot be bound now: closed connections (TIME_WAIT) hold it for a while.
- TCP 10.0.0.5:8080 to 192.0.2.7:443 (TimeWait) has been closed and waits for stray packets; it no longer has a process.
- An attempt to bind TCP 0.0.0.0:8080 for exclusive use failed: WSAEADDRINUSE (10048).
$ # wait up to 4 minutes (TcpTimedWaitDelay)
$ portowner free --near 8080  # or use a port that is free now`,
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
$ portowner --all --sort OwningProcess  # how many ports each program uses
$ # programs that connect frequently should keep their connections open
$ netsh interface ipv4 set dynamicportrange protocol=tcp startport=32768 numberofports=32768  # as administrator: twice as many dynamic ports; ports of servers in that range have to be excluded from automatic assignment`,
  },
  // Error texts
  {
    name: 'HttpListener may not register its URL',
    facts: windows([], { sections: { urlReservations: { ...ok, data: [{ url: 'http://+:8080/', sddl: null }] } } }),
    ask: 'TCP * 8080',
    tried: 'bound bound',
    error: 'System.Net.HttpListenerException (5): Access is denied. http://+:8080/',
    verdict: `
no, UrlReserved, Medium: nobody
- It cannot be bound now: HTTP.sys does not allow this account to register the URL.
- The text says "HTTP.sys does not let this account register the URL" for TCP port 8080 (ERROR_ACCESS_DENIED (5)).
- The URL http://+:8080/ is reserved with HTTP.sys; that alone does not hold the port.
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
- An attempt to bind TCP [::]:8080 succeeded (released immediately).
$ netsh http show urlacl  # who can register which URL; look for :8080
$ netsh http add urlacl url=http://+:8080/ user="$env:USERDOMAIN\\$env:USERNAME"  # as administrator: allows your account to register it; write the URL exactly as the program does
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
- 10013 instead of 10048 means that the owner is another user or requested exclusive use.
$ netsh http show servicestate view=requestq  # as administrator: the HTTP.sys request queues, their URLs and processes; look for :8080
$ # stop the site, application pool, or service that uses the URL, not HTTP.sys itself, on which much else depends
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now`,
  },
  {
    name: 'HTTP.sys is told to listen on an address that is gone',
    facts: windows([], { sections: { ipListenList: { ...ok, data: [{ address: '192.0.2.50' }] } } }),
    ask: 'TCP * 80',
    tried: 'bound bound',
    error: 'Unable to bind to the underlying transport for 192.0.2.50:80. The IP Listen-Only list may contain a reference to an interface which may not exist on this machine.',
    verdict: `
no, IpListenList, Medium: nobody
- It cannot be bound now: HTTP.sys listens only on the addresses in its IP listen list.
- The text says that HTTP.sys cannot listen on TCP 192.0.2.50:80.
- HTTP.sys is configured to listen on 192.0.2.50, which is not assigned to this machine.
- An attempt to bind TCP 0.0.0.0:80 succeeded (released immediately).
- An attempt to bind TCP [::]:80 succeeded (released immediately).
$ netsh http show iplisten  # the addresses that HTTP.sys is configured to listen on
$ netsh http delete iplisten ipaddress=192.0.2.50  # as administrator: this address is not assigned to this machine
$ # then restart the service or site that uses the URL`,
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
- An attempt to bind TCP 0.0.0.0:8080 succeeded (released immediately).
- The IPv6 socket does not include IPv4.`,
  },
  {
    name: 'Windows: the attempt could not be made',
    facts: windows([]),
    ask: 'TCP 0.0.0.0 8080',
    tried: 'notMade',
    verdict: `
?, Unknown, Low: nobody
- Cannot tell whether it can be bound: some of the necessary facts could not be seen.
- An attempt to bind TCP 0.0.0.0:8080 was not possible: this Windows has no bind in ws2_32.dll.
$ # try again as administrator`,
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
- The owner at that time has gone.
- An attempt to bind TCP [::]:3000 succeeded (released immediately).`,
  },
  {
    name: 'Linux: a link-local address without its interface',
    facts: linux([]),
    ask: 'TCP fe80::1 8080',
    tried: 'EINVAL',
    verdict: `
no, ScopeMissing, High: nobody
- It cannot be bound now: a link-local address needs its interface, such as %eth0 at the end.
- An attempt to bind TCP [fe80::1]:8080 failed: EINVAL (22).
$ # append the interface to the address, such as fe80::1%eth0`,
  },
  {
    name: 'Linux: the same by the facts alone, which name the interface',
    facts: linux([], {
      sections: {
        addresses: {
          ...ok,
          data: [
            { address: 'fe80::1%eth0', interface: 'eth0' },
            { address: 'fe80::2%eth1', interface: 'eth1' },
          ],
        },
      },
    }),
    ask: 'TCP fe80::1 8080',
    tried: null,
    verdict: `
no, ScopeMissing, Medium: nobody
- It cannot be bound now: a link-local address needs its interface, such as %eth0 at the end.
- No attempt was made: the facts are from another time or machine.
$ portowner why 8080 --address fe80::1%eth0  # the address on that interface`,
  },
  {
    name: 'Linux: a closed connection that waits for the remote end',
    facts: linux([{ ...connection(8080, '10.0.0.5', null), state: 'FinWait2' }]),
    ask: 'TCP 10.0.0.5 8080',
    tried: null,
    verdict: `
no, TimeWait, Medium: nobody
- It cannot be bound now: a closed connection (FinWait2) holds it until the remote end answers.
- TCP 10.0.0.5:8080 to 192.0.2.7:443 (FinWait2) has been closed and waits for the remote end; it no longer has a process.
- No attempt was made: the facts are from another time or machine.
$ # wait until the remote end closes its side or the system gives up: a minute in FinWait2 (net.ipv4.tcp_fin_timeout), otherwise a few minutes (net.ipv4.tcp_orphan_retries)
$ portowner why 8080 --address 10.0.0.5 --reuse  # whether it works with SO_REUSEADDR, which most servers set for exactly this
$ portowner free --near 8080  # or use a port that is free now`,
  },
  {
    name: 'Linux: a link-local address without its interface, which this machine does not have',
    facts: linux([], { sections: { addresses: { ...ok, data: [{ address: 'fe80::2%eth1', interface: 'eth1' }] } } }),
    ask: 'TCP fe80::1 8080',
    tried: null,
    verdict: `
no, ScopeMissing, Medium: nobody
- It cannot be bound now: a link-local address needs its interface, such as %eth0 at the end.
- No attempt was made: the facts are from another time or machine.
$ # fe80::1 is not an address of this machine; its link-local addresses follow
$ portowner why 8080 --address fe80::2%eth1  # the address on that interface`,
  },
  {
    name: 'Linux: a link-local address of another interface',
    facts: linux([]),
    ask: 'TCP fe80::1%lo 8080',
    tried: 'EINVAL',
    verdict: `
no, AddressNotLocal, High: nobody
- It cannot be bound now: this address is not assigned to this machine.
- An attempt to bind TCP [fe80::1%lo]:8080 failed: EINVAL (22).
$ ip -brief address  # the addresses of this machine
$ portowner why 8080 --address ::  # whether binding every address works, which does not depend on a specific address
$ # its addresses are 127.0.0.1, ::1, 10.0.0.5`,
  },
  {
    name: 'Linux: a group of one link, without its interface',
    facts: linux([], { sections: { addresses: { ...ok, data: [{ address: 'fe80::1%eth0', interface: 'eth0' }] } } }),
    ask: 'UDP ff02::1 5353',
    tried: null,
    error: "OSError: [Errno 22] Invalid argument: bind ('ff02::1', 5353) udp",
    verdict: `
no, ScopeMissing, Medium: nobody
- It cannot be bound now: a link-local address needs its interface, such as %eth0 at the end.
- The text says "invalid argument" for UDP [ff02::1]:5353 (EINVAL (22)).
- No attempt was made: the facts are from another time or machine.
$ portowner why 5353 --protocol udp --address ff02::1%eth0  # the address on that interface`,
  },
  {
    name: 'WSL: refused, and nobody in WSL has it',
    facts: wsl([]),
    ask: 'TCP 0.0.0.0 5173',
    tried: 'EADDRINUSE',
    verdict: `
no, WindowsHost, Medium: nobody
- It cannot be bound now: nothing in WSL holds it, so Windows itself refuses it.
- An attempt to bind TCP 0.0.0.0:5173 failed: EADDRINUSE (98).
- With mirrored networking, WSL requests every port from Windows: Windows refuses ports of Windows programs, reserved ports, and its dynamic range, except for a block of 4,097 ports reserved for WSL.
$ wslinfo --networking-mode  # whether WSL uses mirrored networking
$ # in Windows: portowner why 5173 shows who or what holds it there
$ netsh.exe interface ipv4 show dynamicportrange protocol=tcp  # the dynamic range of Windows: 49152 to 65535 is the default; a range that starts at 1024 includes most server ports
$ portowner free --near 5173  # or use a port that is free now`,
  },
  {
    name: 'WSL: a process in WSL has it',
    facts: wsl([listens(5173, '0.0.0.0', 200)]),
    ask: 'TCP 0.0.0.0 5173',
    tried: 'EADDRINUSE',
    verdict: `
no, Process, High: node (200)
- It cannot be bound now: a process holds it.
- TCP 0.0.0.0:5173 is held by node (200) (Listen).
- An attempt to bind TCP 0.0.0.0:5173 failed: EADDRINUSE (98).
$ portowner stop 5173 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 5173  # or use a port that is free now
$ portowner 5173 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: connections in TIME_WAIT keep a port from SO_REUSEADDR, too: what was just asked is no advice',
    facts: linux([connection(40201, '127.0.0.1', null, 'TimeWait')]),
    ask: 'TCP 0.0.0.0 40201 reuse',
    tried: 'EADDRINUSE',
    verdict: `
no, TimeWait, High: nobody
- It cannot be bound now: closed connections (TIME_WAIT) hold it for a while.
- TCP 127.0.0.1:40201 to 192.0.2.7:443 (TimeWait) has been closed and waits for stray packets; it no longer has a process.
- An attempt to bind TCP 0.0.0.0:40201 with SO_REUSEADDR failed: EADDRINUSE (98).
$ # wait a minute
$ portowner free --near 40201  # or use a port that is free now`,
  },
  {
    name: 'Linux: Docker has given the port away, and nobody listens',
    facts: linux([]),
    ask: 'UDP 0.0.0.0 514',
    tried: 'bound',
    error: 'docker: Error response from daemon: driver failed programming external connectivity on endpoint web (003b8c): Bind for 0.0.0.0:514 failed: port is already allocated.',
    verdict: `
no, DockerAllocated, Medium: nobody
- It cannot be bound now: Docker itself has assigned the port to a container.
- The text says "already in use" for UDP 0.0.0.0:514 (the words of the message).
- Ports 1-1023 need root or the capability CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start).
- The text does not say whether it is about TCP or UDP; this answer is about UDP.
- An attempt to bind UDP 0.0.0.0:514 succeeded (released immediately).
- Docker reports this from its own list of container ports, which does not correspond to any socket or range of the system.
$ docker ps --filter publish=514/udp  # the container that uses the port; use docker stop to stop it
$ sudo systemctl restart docker  # if no container uses it: its own list of ports is wrong; this restarts its containers
$ portowner free --near 514 --protocol udp  # or use a port that is free now`,
  },
  {
    name: 'Kubernetes has given the port to a service, and nobody listens here',
    facts: linux([]),
    ask: 'TCP 0.0.0.0 30080',
    tried: 'bound',
    error: 'The Service "web" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    verdict: `
no, KubernetesAllocated, Medium: nobody
- It cannot be bound now: Kubernetes itself has given the port to a service.
- The text says "already in use" for TCP port 30080 (the words of the message).
- An attempt to bind TCP 0.0.0.0:30080 succeeded (released immediately).
- Kubernetes says this by its own list of the ports of the cluster: no socket and no range of the system stands for it.
$ kubectl get services --all-namespaces  # the service that uses the node port: look for :30080/TCP in the column PORT(S)
$ # give the service another nodePort, or none, so that Kubernetes chooses a free one; kubectl delete service NAME frees the port`,
  },
  {
    name: 'Kubernetes has given the port to a service, and a process has it here, too',
    facts: linux([listens(30080, '0.0.0.0', 200)], { processes: [{ pid: 200, imageName: 'node' }] }),
    ask: 'TCP 0.0.0.0 30080',
    tried: 'EADDRINUSE',
    error: 'Internal error occurred: failed to allocate a nodePort: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    verdict: `
no, Process, High: node (200)
- It cannot be bound now: a process holds it.
- The text says "already in use" for TCP port 30080 (the words of the message).
- TCP 0.0.0.0:30080 is held by node (200) (Listen).
- Kubernetes refuses the port by its own list of the ports of the cluster, whoever has it here.
- An attempt to bind TCP 0.0.0.0:30080 failed: EADDRINUSE (98).
$ portowner stop 30080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 30080  # or use a port that is free now
$ kubectl get services --all-namespaces  # the service that uses the node port: look for :30080/TCP in the column PORT(S)
$ # give the service another nodePort, or none, so that Kubernetes chooses a free one; kubectl delete service NAME frees the port
$ portowner 30080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: Docker has given the port away, and Docker Desktop listens',
    facts: windows([listens(3302, '0.0.0.0', 700)], {
      processes: [{ pid: 700, imageName: 'com.docker.backend.exe', user: 'BOX\\ann', relays: [{ name: 'Docker Desktop', listenPort: null, target: 'a container' }] }],
    }),
    ask: 'TCP 0.0.0.0 3302',
    tried: null,
    error: 'Error response from daemon: driver failed programming external connectivity on endpoint db (87ac): Bind for 0.0.0.0:3302 failed: port is already allocated',
    verdict: `
no, Relay, Medium: Docker Desktop to a container (com.docker.backend.exe 700)
- It cannot be bound now: a relay holds it for something behind it.
- The text says "already in use" for TCP 0.0.0.0:3302 (the words of the message).
- TCP 0.0.0.0:3302 is held by Docker Desktop to a container (com.docker.backend.exe 700) (Listen).
- The text does not say whether it is about TCP or UDP; this answer is about TCP.
- No attempt was made: the facts are from another time or machine.
$ docker ps --filter publish=3302  # the container that uses the port; use docker stop to stop it
$ # if no container uses it, restart Docker Desktop: its own list of ports is wrong
$ portowner free --near 3302  # or use a port that is free now
$ portowner 3302 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: Docker has given a UDP port away, as its text says, beside an IP listen list with an address that is gone',
    facts: windows([], { sections: listenList('10.10.0.8', '10.10.0.9') }),
    ask: 'UDP 0.0.0.0 5353',
    tried: null,
    error: 'Bind for 0.0.0.0:5353/udp failed: port is already allocated',
    verdict: `
no, DockerAllocated, Medium: nobody
- It cannot be bound now: Docker itself has assigned the port to a container.
- The text says "already in use" for UDP 0.0.0.0:5353 (the words of the message).
- No attempt was made: the facts are from another time or machine.
- Docker reports this from its own list of container ports, which does not correspond to any socket or range of the system.
$ docker ps --filter publish=5353/udp  # the container that uses the port; use docker stop to stop it
$ # if no container uses it, restart Docker Desktop: its own list of ports is wrong
$ portowner free --near 5353 --protocol udp  # or use a port that is free now`,
  },
  {
    name: 'Windows: Docker names no protocol, and the question is about UDP',
    facts: windows([]),
    ask: 'UDP 0.0.0.0 5353',
    tried: null,
    error: 'Bind for 0.0.0.0:5353 failed: port is already allocated',
    verdict: `
no, DockerAllocated, Medium: nobody
- It cannot be bound now: Docker itself has assigned the port to a container.
- The text says "already in use" for UDP 0.0.0.0:5353 (the words of the message).
- The text does not say whether it is about TCP or UDP; this answer is about UDP.
- No attempt was made: the facts are from another time or machine.
- Docker reports this from its own list of container ports, which does not correspond to any socket or range of the system.
$ docker ps --filter publish=5353/udp  # the container that uses the port; use docker stop to stop it
$ # if no container uses it, restart Docker Desktop: its own list of ports is wrong
$ portowner free --near 5353 --protocol udp  # or use a port that is free now`,
  },
  {
    name: 'Windows: portproxy has every address, and an error says that one was refused',
    facts: windows([listens(8080, '0.0.0.0', 400)], {
      processes: [svchost],
      services: [{ name: 'iphlpsvc', pid: 400, shared: true }],
      sections: { portProxies: { ...ok, data: [{ table: 'v4tov4', listenAddress: '*', listenPort: 8080, connectAddress: '127.0.0.1', connectPort: 8080 }] } },
    }),
    ask: 'TCP 127.0.0.1 8080',
    tried: null,
    error: 'Ports are not available: listen tcp 127.0.0.1:8080: bind: An attempt was made to access a socket in a way forbidden by its access permissions.',
    verdict: `
no, WildcardAgainstSpecific, Medium: portproxy to 127.0.0.1:8080 (iphlpsvc, svchost.exe 400)
- It cannot be bound now: a listener on all addresses blocks binding to one of them.
- The text says "forbidden by access permissions" for TCP 127.0.0.1:8080 (the words of the message).
- TCP 0.0.0.0:8080 is held by portproxy to 127.0.0.1:8080 (iphlpsvc, svchost.exe 400) (Listen).
- No attempt was made: the facts are from another time or machine.
- According to Microsoft's table: if the owner set no option, it succeeds (it fails with 10013 if the owner is another user); if the owner set SO_REUSEADDR, it succeeds (it fails with 10013 if the owner is another user); if the owner requested exclusive use, it fails with 10013. No interface shows what the owner requested.
- The error text shows that the bind was refused.
$ portowner free --near 8080  # or use a port that is free now
$ netsh interface portproxy show all  # the port forwarding rules of Windows
$ netsh interface portproxy delete v4tov4 listenport=8080 listenaddress=*  # as administrator: deletes this rule, if nobody needs it
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: an error about another port settles nothing',
    facts: windows([listens(8080, '0.0.0.0', 200)], { processes: [app] }),
    ask: 'TCP 127.0.0.1 8080',
    tried: null,
    error: 'listen tcp 127.0.0.1:9090: bind: Only one usage of each socket address (protocol/network address/port) is normally permitted.',
    verdict: `
?, Sharing, Low: app.exe (200)
- Cannot tell whether it can be bound: it depends on the options of both programs: exclusive use, reuse, or neither.
- The text says "already in use" for TCP 127.0.0.1:9090 (the words of the message).
- The text names port 9090, not port 8080.
- TCP 0.0.0.0:8080 is held by app.exe (200) (Listen).
- No attempt was made: the facts are from another time or machine.
- According to Microsoft's table: if the owner set no option, it succeeds (it fails with 10013 if the owner is another user); if the owner set SO_REUSEADDR, it succeeds (it fails with 10013 if the owner is another user); if the owner requested exclusive use, it fails with 10013. No interface shows what the owner requested.
$ portowner stop 8080 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 8080  # or use a port that is free now
$ portowner 8080 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: the server was moved, but a part of its configuration was not',
    facts: windows(
      [
        { ...listens(80, '0.0.0.0', 4), ...system },
        { ...listens(80, '::', 4), ...system },
      ],
      {
        sections: { httpQueues: { ...ok, data: [{ name: 'DefaultAppPool', controller: null, processes: [], urls: ['HTTP://*:80/'] }] } },
      },
    ),
    ask: 'TCP 127.0.0.1 80',
    tried: null,
    error: '2024/05/22 10:31:42 [emerg] 19492#19524: bind() to 127.0.0.1:80 failed (10013: An attempt was made to access a socket in a way forbidden by its access permissions)',
    verdict: `
no, WildcardAgainstSpecific, Medium: HTTP.sys: DefaultAppPool, a queue without a process
- It cannot be bound now: a listener on all addresses blocks binding to one of them.
- The text says "forbidden by access permissions" for TCP 127.0.0.1:80 (WSAEACCES (10013)).
- TCP 0.0.0.0:80 is held by HTTP.sys: DefaultAppPool, a queue without a process (Listen).
- TCP [::]:80 is held by HTTP.sys: DefaultAppPool, a queue without a process (Listen).
- HTTP.sys has HTTP://*:80/ registered for the request queue DefaultAppPool.
- No attempt was made: the facts are from another time or machine.
$ portowner free --near 80  # or use a port that is free now
$ netsh http show servicestate view=requestq  # as administrator: the HTTP.sys request queues, their URLs and processes; look for :80
$ # stop the site, application pool, or service that uses the URL, not HTTP.sys itself, on which much else depends
$ # if you changed the port of nginx: another listen directive still has 127.0.0.1:80, for example in an included file
$ portowner 80 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: HTTP.sys does not listen on the address of a URL',
    facts: windows([{ ...listens(9696, '10.0.0.5', 4), ...system }], {
      sections: {
        httpQueues: { ...ok, data: [{ name: null, controller: null, processes: [{ pid: 200, service: null }], urls: ['HTTP://LOCALHOST:9696/'] }] },
        ipListenList: { ...ok, data: [{ address: '10.0.0.5' }] },
      },
      processes: [app],
    }),
    ask: 'TCP 127.0.0.1 9696',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- HTTP.sys listens only on 10.0.0.5 (its IP listen list): a request for its URL on 127.0.0.1 does not reach it.
- HTTP.sys has HTTP://LOCALHOST:9696/ registered for the request queue without a name, served by process 200.
- An attempt to bind TCP 127.0.0.1:9696 succeeded (released immediately).
$ netsh http show iplisten  # the addresses that HTTP.sys is configured to listen on
$ netsh http add iplisten ipaddress=127.0.0.1  # as administrator: makes HTTP.sys listen there, too
$ # then restart the service or site that uses the URL`,
  },
  {
    name: 'HttpListener asks for an address that is not in the IP listen list',
    facts: windows([], { sections: { ipListenList: { ...ok, data: [{ address: '10.0.0.5' }] } } }),
    ask: 'TCP 127.0.0.1 51234',
    tried: 'bound',
    error: 'System.Net.HttpListenerException (1214): The format of the specified network name is invalid. http://127.0.0.1:51234/',
    verdict: `
no, IpListenList, Medium: nobody
- It cannot be bound now: HTTP.sys listens only on the addresses in its IP listen list.
- The text says "no such address here" for TCP 127.0.0.1:51234 (ERROR_INVALID_NETNAME (1214)).
- An attempt to bind TCP 127.0.0.1:51234 succeeded (released immediately).
$ netsh http show iplisten  # the addresses that HTTP.sys is configured to listen on
$ netsh http add iplisten ipaddress=127.0.0.1  # as administrator: makes HTTP.sys listen there, too
$ # then restart the service or site that uses the URL`,
  },
  {
    name: 'W3SVC 1004 where the machine does not have the address of the IP listen list: a snapshot with its addresses',
    facts: windows([], { sections: listenList('10.10.0.8', '10.10.0.9') }),
    ask: 'TCP * 80',
    tried: null,
    error: "Event ID 1004 from W3SVC: Cannot register the URL prefix 'http://*:80/' for site '1'. The site has been deactivated.",
    verdict: `
no, IpListenList, Medium: nobody
- It cannot be bound now: HTTP.sys listens only on the addresses in its IP listen list.
- The text says that HTTP.sys cannot listen on TCP port 80.
- HTTP.sys is configured to listen on 10.10.0.8, which is not assigned to this machine.
- No attempt was made: the facts are from another time or machine.
$ netsh http show iplisten  # the addresses that HTTP.sys is configured to listen on
$ netsh http delete iplisten ipaddress=10.10.0.8  # as administrator: this address is not assigned to this machine
$ # then restart the service or site that uses the URL`,
  },
  {
    name: 'HttpEvent 15005: an older snapshot, without the addresses of the machine',
    facts: windows([], { sections: { ipListenList: { ...ok, data: [{ address: '10.10.0.8' }] } } }),
    ask: 'TCP * 80',
    tried: null,
    error:
      'Event ID 15005 from HttpEvent: Unable to bind to the underlying transport for 0.0.0.0:80. The IP Listen-Only list may contain a reference to an interface which may not exist on this machine.',
    verdict: `
?, IpListenList, Low: nobody
- Cannot tell whether it can be bound: HTTP.sys listens only on the addresses in its IP listen list.
- The text says that HTTP.sys cannot listen on TCP 0.0.0.0:80.
- HTTP.sys is configured to listen on 10.10.0.8 (its IP listen list), but no socket has that address: if it is no longer assigned to the machine, HTTP.sys cannot listen there.
- No attempt was made: the facts are from another time or machine.
$ netsh http show iplisten  # the addresses that HTTP.sys is configured to listen on
$ netsh http delete iplisten ipaddress=10.10.0.8  # as administrator: if it is no longer assigned to this machine
$ # then restart the service or site that uses the URL`,
  },
  {
    name: 'W3SVC 1004 with an IP listen list that is as it should be',
    facts: windows([], { sections: listenList('10.10.0.8', '10.10.0.8') }),
    ask: 'TCP * 80',
    tried: null,
    error: "Event ID 1004 from W3SVC: Cannot register the URL prefix 'http://*:80/' for site '1'.",
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- The text says that HTTP.sys cannot listen on TCP port 80.
- No attempt was made: the facts are from another time or machine.`,
  },
  {
    name: 'Windows: in a dynamic range that is unusual',
    facts: windows([], { dynamic: [range('LocalDynamic', 1024, 15_000)] }),
    ask: 'TCP 127.0.0.1 5173',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- It is in the dynamic range 1024-15000, which is unusual (49152-65535 is usual on Windows): a connection may take it before the program restarts; Hyper-V, WSL, and containers reserve ports there; and programs in WSL with mirrored networking cannot bind any of them.
- An attempt to bind TCP 127.0.0.1:5173 succeeded (released immediately).
$ netsh interface ipv4 set dynamicportrange protocol=tcp startport=49152 numberofports=16384  # as administrator, then restart: connections and reservations use the dynamic range, which is unusual (49152-65535 is usual on Windows)`,
  },
  {
    name: 'Windows: in a reserved part of a dynamic range that is unusual',
    facts: windows([], { dynamic: [range('LocalDynamic', 1024, 15_000)], reserved: [range('Excluded', 5141, 5240)] }),
    ask: 'TCP 127.0.0.1 5173',
    tried: null,
    verdict: `
no, DynamicReservation, Medium: nobody
- It cannot be bound now: it is in a range reserved inside the dynamic range.
- The range 5141-5240 is reserved inside the dynamic range by a program or driver (netsh).
- It is in the dynamic range 1024-15000, which is unusual (49152-65535 is usual on Windows): Hyper-V, WSL, and containers reserve ports there; and programs in WSL with mirrored networking cannot bind any of them.
- No attempt was made: the facts are from another time or machine.
$ netsh interface ipv4 show excludedportrange protocol=tcp  # every excluded range
$ portowner free --near 5173  # or use a port that is free now
$ netsh interface ipv4 set dynamicportrange protocol=tcp startport=49152 numberofports=16384  # as administrator, then restart: connections and reservations use the dynamic range, which is unusual (49152-65535 is usual on Windows)
$ net stop winnat  # as administrator: releases the reservations of Hyper-V, WSL, and containers, whose networks stop until it is restarted
$ netsh interface ipv4 add excludedportrange protocol=tcp startport=5173 numberofports=1 store=persistent  # reserve the port for programs that bind it explicitly
$ net start winnat  # restores the reservations elsewhere`,
  },
  {
    name: 'WSL: a text about a port that nothing holds in a snapshot',
    facts: wsl([]),
    ask: 'TCP 0.0.0.0 5173',
    tried: null,
    error: 'Error: listen EACCES: permission denied 0.0.0.0:5173',
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- The text says "forbidden by access permissions" for TCP 0.0.0.0:5173 (EACCES).
- The bind was refused, although nothing in WSL holds the port now. With mirrored networking, WSL requests every port from Windows: Windows refuses ports of Windows programs, reserved ports, and its dynamic range, except for a block of 4,097 ports reserved for WSL.
- No attempt was made: the facts are from another time or machine.
$ wslinfo --networking-mode  # whether WSL uses mirrored networking
$ # in Windows: portowner why 5173 shows who or what holds it there
$ netsh.exe interface ipv4 show dynamicportrange protocol=tcp  # the dynamic range of Windows: 49152 to 65535 is the default; a range that starts at 1024 includes most server ports`,
  },
  {
    name: 'Linux: a text about an address that the machine lacks, read by an ordinary user',
    facts: linux([], { elevated: false }),
    ask: 'TCP 10.0.0.77 80',
    tried: null,
    error: 'listen tcp 10.0.0.77:80: bind: cannot assign requested address',
    verdict: `
no, AddressNotLocal, Medium: nobody
- It cannot be bound now: this address is not assigned to this machine.
- The text says "no such address here" for TCP 10.0.0.77:80 (the words of the message).
- Ports 1-1023 need root or the capability CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start).
- No attempt was made: the facts are from another time or machine.
$ ip -brief address  # the addresses of this machine
$ portowner why 80 --address 0.0.0.0  # whether binding every address works, which does not depend on a specific address`,
  },
  {
    name: 'Linux: a program that is told that a low port is in use had the right to bind it',
    facts: linux([], { elevated: false }),
    ask: 'TCP 0.0.0.0 80',
    tried: null,
    error: 'bind() to 0.0.0.0:80 failed (98: Address already in use)',
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- The text says "already in use" for TCP 0.0.0.0:80 (EADDRINUSE (98)).
- No attempt was made: the facts are from another time or machine.`,
  },
  {
    name: 'Linux: an ordinary user asks about a low port that another program has, after an error of a program with rights',
    facts: linux([listens(80, '10.0.0.5', 100)], { elevated: false, processes: [nginx] }),
    ask: 'TCP 0.0.0.0 80',
    tried: 'EACCES',
    error: 'bind() to 0.0.0.0:80 failed (98: Address already in use)',
    verdict: `
no, WildcardAgainstSpecific, Medium: nginx.service (nginx 100)
- It cannot be bound now: a listener on 10.0.0.5 blocks binding to all addresses.
- The text says "already in use" for TCP 0.0.0.0:80 (EADDRINUSE (98)).
- TCP 10.0.0.5:80 is held by nginx.service (nginx 100) (Listen).
- An attempt to bind TCP 0.0.0.0:80 failed: EACCES (13).
- Only this account lacks the right to bind it: the program was told something else.
$ systemctl status -- nginx.service  # show the service
$ sudo systemctl stop -- nginx.service  # stop the service
$ portowner stop 80 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 80  # or use a port that is free now
$ portowner 80 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: an ordinary user asks about a low port that nobody has any more',
    facts: linux([], { elevated: false }),
    ask: 'TCP 0.0.0.0 80',
    tried: 'EACCES',
    error: 'bind() to 0.0.0.0:80 failed (98: Address already in use)',
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- The text says "already in use" for TCP 0.0.0.0:80 (EADDRINUSE (98)).
- The owner at that time has gone.
- An attempt to bind TCP 0.0.0.0:80 failed: EACCES (13).
- Only this account lacks the right to bind it: the program was told something else.`,
  },
  {
    name: 'Linux: an ordinary user asks about a low port that another program has',
    facts: linux([listens(80, '0.0.0.0', 200)], { elevated: false, processes: [node] }),
    ask: 'TCP 0.0.0.0 80',
    tried: 'EACCES',
    verdict: `
no, Process, Medium: node (200)
- It cannot be bound now: a process holds it.
- TCP 0.0.0.0:80 is held by node (200) (Listen).
- Ports 1-1023 need root or the capability CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start).
- An attempt to bind TCP 0.0.0.0:80 failed: EACCES (13).
- This account lacks the right to bind it, too.
$ portowner stop 80 --dry-run  # show what would be stopped; without --dry-run, it asks before stopping
$ portowner free --near 80  # or use a port that is free now
$ portowner 80 --format list  # show everything known about the owner`,
  },
  {
    name: 'Linux: a service that started before the machine had its address',
    facts: linux([], { elevated: true }),
    ask: 'TCP fd00::5 8443',
    tried: 'bound',
    error: 'nginx: [emerg] bind() to [fd00::5]:8443 failed (99: Cannot assign requested address)',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- The text says "no such address here" for TCP [fd00::5]:8443 (EADDRNOTAVAIL (99)).
- The machine did not have fd00::5 when the program started, as at boot before the network is up or the address is checked for duplicates, but it has it now.
- An attempt to bind TCP [fd00::5]:8443 succeeded (released immediately).
$ # for a service that starts at boot: Wants=network-online.target and After=network-online.target in its unit
$ sudo sysctl -w net.ipv6.ip_nonlocal_bind=1  # or let programs bind addresses that the machine does not have yet`,
  },
  {
    name: 'Windows: a service that started before the machine had its address',
    facts: windows([]),
    ask: 'UDP 10.0.0.5 8053',
    tried: 'bound',
    error: 'listen udp 10.0.0.5:8053: bind: The requested address is not valid in its context.',
    verdict: `
yes, Free, High: nobody
- It can be bound now: nobody holds it.
- The text says "no such address here" for UDP 10.0.0.5:8053 (the words of the message).
- The machine did not have 10.0.0.5 when the program started, as at boot before the network is up, but it has it now.
- An attempt to bind UDP 10.0.0.5:8053 succeeded (released immediately).
$ # for a service that starts at boot: set its startup type to automatic (delayed start)`,
  },
  {
    name: 'Windows: an administrator keeps connections from a part of the dynamic range',
    facts: windows([], { reserved: [range('ExcludedAdministered', 50_000, 50_059)] }),
    ask: 'TCP 0.0.0.0 50010',
    tried: 'bound',
    verdict: `
yes, Excluded, High: nobody
- It can be bound now, although it is in an excluded port range.
- An administrator has excluded the range 50000-50059 from automatic assignment (netsh); programs can still bind the port explicitly, but Windows containers cannot.
- An attempt to bind TCP 0.0.0.0:50010 succeeded (released immediately).`,
  },
  {
    name: 'Windows: closed connections to one address use up the dynamic ports, as the server has them',
    facts: windows([listens(8080, '0.0.0.0', 200), ...Array.from({ length: 98 }, (_, i) => loopback(8080, 50_000 + i))], {
      processes: [app],
      dynamic: [range('LocalDynamic', 50_000, 50_099)],
    }),
    ask: 'TCP * 0',
    tried: null,
    error: 'OS error 10055 - "An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full."',
    verdict: `
no, PairsExhausted, Medium: nobody
- It cannot be bound now: connections to one address and port use up the dynamic ports.
- The text says "no ports or buffers left" for a dynamic port (WSAENOBUFS (10055)).
- 0 of 100 dynamic ports 50000-50099 are in use for TCP.
- 98 of the 100 dynamic ports are used by TCP connections from 100.64.0.8 to 100.64.0.8:8080, 98 of them closed and in TIME_WAIT (app.exe (200) has the remote end).
- No attempt was made: the facts are from another time or machine.
- Connections to other addresses and ports can still use all dynamic ports.
$ portowner 8080 --format list  # who has the remote end with this many connections
$ portowner --all --sort OwningProcess  # how many connections each program has
$ # programs that connect there frequently should keep their connections open (keep-alive, a pool)
$ # the ports of closed connections become free after TIME_WAIT: one to four minutes
$ netsh interface ipv4 set dynamicportrange protocol=tcp startport=32768 numberofports=32768  # as administrator: twice as many dynamic ports; ports of servers in that range have to be excluded from automatic assignment`,
  },
  {
    name: 'Windows: the same connections, and a text about a connection to another port',
    facts: windows([listens(8080, '0.0.0.0', 200), ...Array.from({ length: 98 }, (_, i) => loopback(8080, 50_000 + i))], {
      processes: [app],
      dynamic: [range('LocalDynamic', 50_000, 50_099)],
    }),
    ask: 'TCP * 0',
    tried: null,
    error: 'connect to 100.64.0.8:5432 failed: 10055',
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: dynamic ports are left.
- The text says "no ports or buffers left" for a dynamic port (WSAENOBUFS (10055)).
- 0 of 100 dynamic ports 50000-50099 are in use for TCP.
- 98 of the 100 dynamic ports are used by TCP connections from 100.64.0.8 to 100.64.0.8:8080, 98 of them closed and in TIME_WAIT (app.exe (200) has the remote end).
- The text is about 100.64.0.8:5432: connections there can still use these ports.
- No attempt was made: the facts are from another time or machine.`,
  },
  {
    name: 'Windows: the same connections, and a text about a server that was refused a port of its own',
    facts: windows([listens(8080, '0.0.0.0', 200), ...Array.from({ length: 98 }, (_, i) => loopback(8080, 50_000 + i))], {
      processes: [app],
      dynamic: [range('LocalDynamic', 50_000, 50_099)],
    }),
    ask: 'TCP 0.0.0.0 9090',
    tried: null,
    error: 'bind 0.0.0.0:9090 failed: 10055',
    verdict: `
yes, Free, Medium: nobody
- It can be bound now: nobody holds it.
- The text says "no ports or buffers left" for a dynamic port (WSAENOBUFS (10055)).
- 0 of 100 dynamic ports 50000-50099 are in use for TCP.
- 98 of the 100 dynamic ports are used by TCP connections from 100.64.0.8 to 100.64.0.8:8080, 98 of them closed and in TIME_WAIT (app.exe (200) has the remote end).
- A bind to a specific port needs none of them.
- No attempt was made: the facts are from another time or machine.`,
  },
  {
    name: 'Windows: fewer of them, so that it may have been that',
    facts: windows([listens(8080, '0.0.0.0', 200), ...Array.from({ length: 85 }, (_, i) => loopback(8080, 50_000 + i))], {
      processes: [app],
      dynamic: [range('LocalDynamic', 50_000, 50_099)],
    }),
    ask: 'TCP * 0',
    tried: null,
    error: 'connect to 100.64.0.8:8080 failed: 10055',
    verdict: `
?, PairsExhausted, Low: nobody
- Cannot tell whether it can be bound: connections to one address and port use up the dynamic ports.
- The text says "no ports or buffers left" for a dynamic port (WSAENOBUFS (10055)).
- 0 of 100 dynamic ports 50000-50099 are in use for TCP.
- 85 of the 100 dynamic ports are used by TCP connections from 100.64.0.8 to 100.64.0.8:8080, 85 of them closed and in TIME_WAIT (app.exe (200) has the remote end).
- No attempt was made: the facts are from another time or machine.
- Connections to other addresses and ports can still use all dynamic ports.
$ portowner 8080 --format list  # who has the remote end with this many connections
$ portowner --all --sort OwningProcess  # how many connections each program has
$ # programs that connect there frequently should keep their connections open (keep-alive, a pool)
$ # the ports of closed connections become free after TIME_WAIT: one to four minutes
$ netsh interface ipv4 set dynamicportrange protocol=tcp startport=32768 numberofports=32768  # as administrator: twice as many dynamic ports; ports of servers in that range have to be excluded from automatic assignment`,
  },
  {
    name: 'Windows: the same connections, and nobody was refused',
    facts: windows([listens(8080, '0.0.0.0', 200), ...Array.from({ length: 98 }, (_, i) => loopback(8080, 50_000 + i))], {
      processes: [app],
      dynamic: [range('LocalDynamic', 50_000, 50_099)],
    }),
    ask: 'TCP * 0',
    tried: 'bound',
    verdict: `
yes, Free, High: nobody
- It can be bound now: dynamic ports are left.
- 0 of 100 dynamic ports 50000-50099 are in use for TCP.
- 98 of the 100 dynamic ports are used by TCP connections from 100.64.0.8 to 100.64.0.8:8080, 98 of them closed and in TIME_WAIT (app.exe (200) has the remote end).
- An attempt to bind TCP 0.0.0.0:0 succeeded (released immediately).
- An attempt to bind TCP [::]:0 succeeded (released immediately).`,
  },
  {
    name: 'Windows: whoever may have inherited the socket has no living ancestor',
    facts: windows([{ ...listens(37_777, '127.0.0.1', 4999), holders: [4999], created: '2026-01-02T03:00:00.0000000Z', heirCandidates: [200] }], { processes: [app] }),
    ask: 'TCP 127.0.0.1 37777',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Orphan, Low: ended process 4999, perhaps inherited by app.exe (200)
- It cannot be bound now: a socket whose process has ended holds it.
- TCP 127.0.0.1:37777 is held by ended process 4999, perhaps inherited by app.exe (200) (Listen).
- An attempt to bind TCP 127.0.0.1:37777 failed: WSAEADDRINUSE (10048).
$ Get-Process -Id 200  # was started after the socket was bound and may have inherited it: when it ends, the port is free
$ portowner free --near 37777  # or use a port that is free now
$ # if no process is left that may hold it, only restarting the machine frees it
$ portowner 37777 --format list  # show everything known about the owner`,
  },
  {
    name: 'Windows: a service that much of Windows needs',
    facts: windows([listens(5040, '0.0.0.0', 400)], { processes: [svchost], services: [{ name: 'Schedule', pid: 400 }] }),
    ask: 'TCP 0.0.0.0 5040',
    tried: 'WSAEADDRINUSE',
    verdict: `
no, Service, High: Schedule (svchost.exe 400)
- It cannot be bound now: a service holds it.
- TCP 0.0.0.0:5040 is held by Schedule (svchost.exe 400) (Listen).
- An attempt to bind TCP 0.0.0.0:5040 failed: WSAEADDRINUSE (10048).
$ # much of Windows needs Schedule: such services are never stopped to free a port
$ portowner free --near 5040  # or use a port that is free now
$ portowner 5040 --format list  # show everything known about the owner`,
  },
];

const test = suite('situations');
for (const situation of situations) {
  test(`${situation.name}: ${situation.ask}`, () => assert.is(verdictText(solve(situation)), situation.verdict.trim()));
}
test('an outgoing connection that is refused', async () => {
  const machine = { live: false, there: null, name: 'a snapshot', ownName: async () => 'web', facts: async () => linux([]) };
  const error = parseError('Error: connect ECONNREFUSED 127.0.0.1:5432');
  const { rows, exitCode } = await whyNotEach([{ bind: null, error }], { machine, home: '', binder: () => Promise.reject(new Error('nothing is tried')) });
  assert.is(exitCode, 69);
  assert.is(
    verdictText({ row: rows[0]!, needs: null, said: null, isGone: false }),
    `
?, Outgoing, Medium: nobody
- The text is about an outgoing connection to 127.0.0.1:5432 that was refused (ECONNREFUSED): it does not bind a specific port.
- Nobody listens on TCP 127.0.0.1:5432 now.
$ portowner 5432  # who owns the port here
$ # start the server that the program tries to reach, or correct the port in its configuration
`.trim(),
  );
});
test('an outgoing connection to an address on which the server does not listen', async () => {
  const facts = linux([{ localAddress: '::1', localPort: 5432, pid: 100 }], { processes: [{ pid: 100, imageName: 'postgres' }] });
  const machine = { live: false, there: null, name: 'a snapshot', ownName: async () => 'web', facts: async () => facts };
  const error = parseError('Error: connect ECONNREFUSED 127.0.0.1:5432');
  const { rows } = await whyNotEach([{ bind: null, error }], { machine, home: '', binder: () => Promise.reject(new Error('nothing is tried')) });
  assert.is(
    verdictText({ row: rows[0]!, needs: null, said: null, isGone: false }),
    `
?, Outgoing, Medium: nobody
- The text is about an outgoing connection to 127.0.0.1:5432 that was refused (ECONNREFUSED): it does not bind a specific port.
- Nobody listens on TCP 127.0.0.1:5432 now.
- TCP [::1]:5432 is held by postgres (100), which does not include 127.0.0.1.
$ portowner 5432 --format list  # show everything known about the listener
$ # let the client connect to ::1, or let the server also listen on 127.0.0.1
`.trim(),
  );
});
test('a refused datagram is about the UDP port', async () => {
  // Somebody listens on TCP, which does not help.
  const facts = linux(
    [
      { localAddress: '127.0.0.1', localPort: 53, pid: 100 },
      { protocol: 'UDP', state: null, localAddress: '127.0.0.53', localPort: 53, pid: 100 },
    ],
    { processes: [{ pid: 100, imageName: 'systemd-resolve' }] },
  );
  const machine = { live: false, there: null, name: 'a snapshot', ownName: async () => 'web', facts: async () => facts };
  const error = parseError('lookup example.com on 127.0.0.1:53: read udp 127.0.0.1:41234->127.0.0.1:53: read: connection refused');
  const { rows } = await whyNotEach([{ bind: null, error }], { machine, home: '', binder: () => Promise.reject(new Error('nothing is tried')) });
  assert.is(
    verdictText({ row: rows[0]!, needs: null, said: null, isGone: false }),
    `
?, Outgoing, Medium: nobody
- The text is about an outgoing connection to 127.0.0.1:53 that was refused (the words of the message): it does not bind a specific port.
- Nobody listens on UDP 127.0.0.1:53 now.
- UDP 127.0.0.53:53 is held by systemd-resolve (100), which does not include 127.0.0.1.
$ portowner 53 --protocol udp --format list  # show everything known about the listener
$ # let the client connect to 127.0.0.53, or let the server also listen on 127.0.0.1
`.trim(),
  );
});
const unusualSix = [range('LocalDynamic', 49152, 65535, { family: 'IPv4' }), range('LocalDynamic', 1024, 15_000, { family: 'IPv6', protocol: 'UDP' })];
const sixth = (i: number) => ({ ...connection(50_000 + i, '2001:db8::5', null, 'TimeWait'), remoteAddress: '2001:db8::8', remotePort: 5432 });
/** What is different for IPv6: addresses stand in commands without quotation marks, which cmd would pass on. */
const sixes: readonly (readonly [what: string, situation: Parameters<typeof solve>[0], remedy: RegExp])[] = [
  [
    'an IP listen list without ::1',
    {
      facts: windows([{ ...listens(9696, '10.0.0.5', 4), ...system }], {
        sections: {
          httpQueues: { ...ok, data: [{ name: null, controller: null, processes: [{ pid: 200, service: null }], urls: ['HTTP://LOCALHOST:9696/'] }] },
          ipListenList: { ...ok, data: [{ address: '10.0.0.5' }] },
        },
        processes: [app],
      }),
      ask: 'TCP ::1 9696',
      tried: 'bound',
    },
    /^netsh http add iplisten ipaddress=::1 /m,
  ],
  [
    'a portproxy rule',
    {
      facts: windows([listens(8080, '::1', 400)], {
        processes: [svchost],
        services: [{ name: 'iphlpsvc', pid: 400, displayName: 'IP Helper' }],
        sections: { portProxies: { ...ok, data: [{ table: 'v6tov4', listenAddress: '::1', listenPort: 8080, connectAddress: '10.0.0.1', connectPort: 80 }] } },
      }),
      ask: 'TCP ::1 8080',
      tried: null,
    },
    /^netsh interface portproxy delete v6tov4 listenport=8080 listenaddress=::1 /m,
  ],
  [
    'an unusual dynamic range',
    { facts: windows([], { dynamic: unusualSix }), ask: 'UDP :: 5000', tried: 'bound' },
    /^netsh interface ipv6 set dynamicportrange protocol=udp startport=49152 /m,
  ],
  [
    'connections that use up the dynamic ports',
    {
      facts: windows(
        Array.from({ length: 97 }, (_, i) => sixth(i)),
        { dynamic: [range('LocalDynamic', 50_000, 50_099, { family: 'IPv6' })] },
      ),
      ask: 'TCP * 0',
      tried: null,
      error: 'connect to [2001:db8::8]:5432 failed: 10055',
    },
    /^netsh interface ipv6 set dynamicportrange protocol=tcp startport=32768 /m,
  ],
];
for (const [what, situation, remedy] of sixes) test(`IPv6: ${what}`, () => assert.match(solve(situation).row.Remedy!.join('\n'), remedy));
test('WSL: an ordinary program could not bind a privileged port', () => {
  const found = solve({ facts: wsl([]), ask: 'UDP 0.0.0.0 53', tried: 'bound', error: 'dnsmasq: failed to create listening socket for port 53: Permission denied' });
  const text = verdictText(found);
  assert.match(text, /rights of the program, which needs root/);
  assert.match(text, /setcap/);
  assert.match(text, /With mirrored networking/);
  assert.not.match(text, /SELinux/);
});
for (const [what, localAddress, error, evidence, remedy] of [
  [
    'to an address of this machine that no socket has',
    '127.0.0.1',
    'connect ECONNREFUSED 10.0.0.5:8003',
    'Nobody listens on TCP 10.0.0.5:8003 now.',
    /connect to 127\.0\.0\.1, or let/,
  ],
  [
    'to a server that is bound to an interface',
    '0.0.0.0%eth0',
    'connect ECONNREFUSED 10.0.0.5:8003',
    'TCP 0.0.0.0%eth0:8003 is held by node (200), only for what arrives on eth0 (SO_BINDTODEVICE).',
    /listen on all interfaces: connections of this machine to itself do not arrive on eth0$/m,
  ],
  [
    'to a server that is bound to an interface, by its address',
    '10.0.0.5%eth0',
    'connect ECONNREFUSED 10.0.0.5:8003',
    'TCP 10.0.0.5%eth0:8003 is held by node (200), only for what arrives on eth0 (SO_BINDTODEVICE).',
    /listen on all interfaces/,
  ],
  ['that is bound to the loopback interface', '0.0.0.0%lo', 'connect ECONNREFUSED 127.0.0.1:8003', 'TCP 0.0.0.0%lo:8003 is held by node (200) now.', /try again/],
  ['to a link-local address', 'fe80::1%eth0', 'connect ECONNREFUSED [fe80::1%eth0]:8003', 'TCP [fe80::1%eth0]:8003 is held by node (200) now.', /try again/],
  [
    'over IPv4, where only an IPv6 socket listens',
    '::',
    'connect ECONNREFUSED 127.0.0.1:8003',
    'TCP [::]:8003 is held by node (200) now, unless it is for IPv6 only (IPV6_V6ONLY).',
    /connect to ::1, if the server is for IPv6 only/,
  ],
  ['over IPv6', '::', 'connect ECONNREFUSED ::1:8003', 'TCP [::]:8003 is held by node (200) now.', /try again/],
] as const)
  test(`a refused connection ${what}`, async () => {
    const addresses = ['10.0.0.5', 'fe80::1%eth0'].map((address) => ({ address, interface: 'eth0' }));
    const facts = linux([listens(8003, localAddress, 200)], { processes: [node], sections: { addresses: { ...ok, data: addresses } } });
    const machine = { live: false, there: null, name: 'a snapshot', ownName: async () => 'web', facts: async () => facts };
    const { rows } = await whyNotEach([{ bind: null, error: parseError(error) }], { machine, home: '', binder: () => Promise.reject(new Error('nothing is tried')) });
    assert.ok(rows[0]!.Evidence!.includes(evidence), JSON.stringify(rows));
    assert.match(rows[0]!.Remedy!.join('\n'), remedy);
  });
test('a refused connection to an address on which HTTP.sys does not listen', async () => {
  const facts = windows([{ ...listens(80, '10.0.0.5', 4), ...system }], { sections: { ipListenList: { ...ok, data: [{ address: '10.0.0.5' }] } } });
  const machine = { live: false, there: null, name: 'a snapshot', ownName: async () => 'web', facts: async () => facts };
  const error = parseError('connect ECONNREFUSED 127.0.0.1:80');
  const { rows } = await whyNotEach([{ bind: null, error }], { machine, home: '', binder: () => Promise.reject(new Error('nothing is tried')) });
  assert.ok(rows[0]!.Evidence!.includes('HTTP.sys listens only on 10.0.0.5 (its IP listen list).'), JSON.stringify(rows));
  assert.match(rows[0]!.Remedy!.join('\n'), /^netsh http add iplisten ipaddress=127\.0\.0\.1 /m);
});

test('an outgoing connection that got no answer: which local ports are left', async () => {
  const machine = {
    live: false,
    there: null,
    name: 'a snapshot',
    ownName: async () => 'SERVER7',
    facts: async () => windows([connection(50000, '10.0.0.5', 200)], { processes: [{ pid: 200, imageName: 'app.exe' }] }),
  };
  const error = parseError('dial tcp 192.0.2.7:443: connectex: An attempt was made to access a socket in a way forbidden by its access permissions.');
  const { rows } = await whyNotEach([{ bind: null, error }], { machine, home: '', binder: () => Promise.reject(new Error('nothing is tried')) });
  assert.is(
    verdictText({ row: rows[0]!, needs: null, said: null, isGone: false }),
    `
?, Outgoing, Low: nobody
- The text is about an outgoing connection to 192.0.2.7:443 that was forbidden (the words of the message): it does not bind a specific port.
- 1 of 16384 dynamic ports 49152-65535 are in use for TCP (app.exe (200): 1).
$ # portowner 443 on 192.0.2.7 shows whether anybody listens there; a firewall in between may also reject or drop it
`.trim(),
  );
});
test('what was just asked is never advice', () => {
  for (const situation of situations)
    for (const line of solve(situation).row.Remedy ?? []) assert.is.not(line.replace(/ {2}# .*$/, ''), again(asked(situation.ask)), situation.name);
});
/** How `stop` would give the port of a situation back; the managers of services know all of them. */
function stopOf({ facts, ask }: Situation): Target[] {
  const { port, protocol } = asked(ask);
  return planStop(
    {
      facts,
      tree: facts.sections.processes.data.map(({ pid, parent, startTime, imageName }) => ({ pid, parent: parent ?? 1, startTime: startTime ?? ok.at, imageName })),
      asking: 'ASK',
      self: { pid: 999_999, container: null, unit: null, unitUser: null },
      service: () => ({ foreign: null, refusal: null, stopped: false, triggers: [], dependents: [], restarts: false, manager: [] }),
      sites: () => [
        { name: 'Default Web Site', bindings: [`http/*:${port}:`], started: true, pools: ['DefaultAppPool'], workers: facts.sections.processes.data.map(({ pid }) => pid) },
      ],
      mayStop: () => null,
    },
    (socket) => socket.localPort === port && socket.protocol === protocol,
  );
}
test('what stop would refuse is no advice', () => {
  const held: string[] = [];
  for (const situation of situations) {
    const { Remedy } = solve(situation).row;
    const lines = (Remedy ?? []).map((line) => line.replace(/ {0,2}# .*$/, '').replace(/^sudo /, ''));
    if (!lines.some((line) => line.startsWith('portowner stop'))) continue;
    const refused = stopOf(situation).flatMap(({ means }) => (means.how === 'refused' && !means.obstacle.rights ? [means.obstacle.text] : []));
    if (refused.length > 0) held.push(`${situation.name}: ${refused.join('; ')}`);
  }
  assert.equal(held, []);
});
test('nothing is said twice', () => {
  for (const situation of situations) {
    const { Evidence, Remedy } = solve(situation).row;
    for (const lines of [Evidence ?? [], Remedy ?? []]) assert.equal([...new Set(lines)], lines, situation.name);
  }
});
test('there are many, each with a name of its own', () => {
  assert.ok(situations.length >= 40);
  assert.is(new Set(situations.map(({ name }) => name)).size, situations.length);
});
test.run();
