// The texts are synthetic: as the kernel's sources (fs/nfsd/nfsctl.c, net/rxrpc/proc.c) and iproute2, wireguard-tools and rpcbind write them; that of VXLAN is recorded.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeKernelPorts } from '../../../src/facts/decode/linux-kernel-ports.ts';

const test = suite('ports of the Linux kernel');

/** `TCP 2049`, or with a remote port `TCP 700 2049`. */
function part(given: object | string, socket: string): string | null {
  const [protocol, localPort, remotePort] = socket.split(' ');
  return decodeKernelPorts(typeof given === 'string' ? given : JSON.stringify(given))({
    protocol: protocol as 'TCP' | 'UDP',
    localPort: Number(localPort),
    remotePort: remotePort === undefined ? null : Number(remotePort),
  });
}

const links = JSON.stringify([
  { ifname: 'lo' },
  { ifname: 't0', linkinfo: { info_kind: 'vxlan', info_data: { id: 5, port_range: { low: 0, high: 0 }, port: 4790, learning: true } } },
  { ifname: 'g0', linkinfo: { info_kind: 'geneve', info_data: { id: 5, remote: '10.0.0.1', port: 6081 } } },
  { ifname: 'b0', linkinfo: { info_kind: 'bareudp', info_data: { dstport: 6635, ethertype: 'mpls_uc' } } },
  { ifname: 'p0', linkinfo: { info_kind: 'gtp', info_data: {} } },
  { ifname: 'wg0', linkinfo: { info_kind: 'wireguard' } },
]);

const cases: [socket: string, given: object, what: string | null][] = [
  ['TCP 2049', { nfsd: 'tcp 2049\nudp 2049\nrdma 20049\n' }, 'NFS server (nfsd)'],
  ['UDP 2049', { nfsd: 'tcp 2049\nudp 2049\n' }, 'NFS server (nfsd)'],
  ['TCP 2050', { nfsd: 'tcp 2050\n' }, 'NFS server (nfsd)'],
  ['TCP 2049 801', { nfsd: 'tcp 2049\n' }, 'NFS server (nfsd)'],
  // What tells its ports is taken at its word.
  ['TCP 2049', { modules: ['nfsd'], nfsd: 'tcp 20490\n' }, null],
  ['TCP 2049', { modules: ['nfsd'], nfsd: null }, 'NFS server (nfsd)'],
  ['TCP 2049', { modules: [], nfsd: null }, null],
  ['TCP 40000', { lockd: ['40000\n', '0\n'] }, 'NFS lock manager (lockd)'],
  [
    'UDP 41000',
    { lockd: [null, null], rpc: '   program vers proto   port  service\n    100000    4   tcp    111  portmapper\n    100021    1   udp  41000  nlockmgr\n' },
    'NFS lock manager (lockd)',
  ],
  ['TCP 111', { rpc: '    100000    4   tcp    111  portmapper\n' }, null],
  ['TCP 445', { modules: ['ksmbd'] }, 'SMB server (ksmbd)'],
  ['TCP 445', { modules: ['cifs'] }, null],
  ['TCP 3260', { iscsi: ['/sys/kernel/config/target/iscsi/iqn.x/tpgt_1/np/0.0.0.0:3260'] }, 'iSCSI target (LIO)'],
  ['TCP 3260', { modules: ['iscsi_target_mod'], iscsi: [] }, null],
  ['TCP 4420', { nvmet: [['tcp\n', '4420\n']] }, 'NVMe over TCP target (nvmet)'],
  ['TCP 4420', { nvmet: [['rdma\n', '4420\n'], [null, null], 7] }, null],
  ['TCP 21064', { modules: ['dlm'] }, 'distributed lock manager (dlm)'],
  ['TCP 21065', { dlm: '21065\n' }, 'distributed lock manager (dlm)'],
  ['TCP 7777', { ocfs2: ['7777\n', null] }, 'OCFS2 cluster (o2net)'],
  ['TCP 7789', { modules: ['drbd'] }, 'DRBD'],
  ['UDP 9899', { modules: ['sctp'], sctp: '0\n' }, null],
  ['UDP 9899', { sctp: '9899\n' }, 'SCTP over UDP'],
  ['UDP 7001', { rxrpc: 'Proto Local                                           Use Act RxQ\nUDP   [::]:7001                                        2   1   0\n' }, 'RxRPC (AFS)'],
  ['UDP 51821', { wireguard: 'wg0\t51821\nwg1\t0\n' }, 'WireGuard'],
  ['UDP 51820', { modules: ['wireguard'], wireguard: 'wg0\t51821\n' }, null],
  ['UDP 51820', { modules: ['wireguard'], wireguard: null }, 'WireGuard'],
  ['UDP 4790', { links }, 'VXLAN'],
  ['TCP 4790', { links }, null],
  ['UDP 4789', { modules: ['vxlan'], links }, null],
  ['UDP 4789', { modules: ['vxlan'], links: null }, 'VXLAN'],
  ['UDP 6081', { links }, 'Geneve'],
  ['UDP 6635', { links }, 'bare UDP tunnel'],
  ['UDP 2152', { links }, 'GTP'],
  ['UDP 5555', { fou: '[{"port":5555,"ipproto":4}]' }, 'Foo over UDP (fou)'],
  ['UDP 1701', { l2tp: '[{"tunnel":1,"local_port":1701,"peer_port":1701}]' }, 'L2TP'],
  ['TCP 777 2049', { modules: ['nfs'] }, 'NFS client'],
  ['TCP 777 2049', { modules: [] }, null],
  ['TCP 50000 445', { modules: ['cifs'] }, 'SMB client'],
  ['UDP 777 2049', { modules: ['nfs'] }, null],
];
for (const [socket, given, what] of cases) test(`${socket} with ${JSON.stringify(given)}`, () => assert.is(part(given, socket), what));

test('what is not readable shows nothing', () => {
  for (const text of ['', '{', 'null', '[]', '7', '{"links":"[","modules":"vxlan","lockd":7,"nvmet":[[]],"iscsi":{}}'])
    for (const socket of ['TCP 2049', 'UDP 4789', 'TCP 7 2049']) assert.is(part(text, socket), null);
});

test.run();
