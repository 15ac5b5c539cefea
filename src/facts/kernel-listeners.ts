/** What in the kernel listens on a port, and whose running tells that it does. */
export interface KernelListener {
  readonly what: string;
  /** Windows: services or drivers, the first that runs confirms and names it. */
  readonly services: readonly string[];
}

type Table = Readonly<Record<string, KernelListener>>;

const smb: KernelListener = { what: 'SMB file sharing', services: ['LanmanServer', 'srv2', 'srvnet'] };
const netbios: KernelListener = { what: 'NetBIOS over TCP/IP', services: ['NetBT'] };
const nfs: KernelListener = { what: 'NFS server', services: ['NfsService', 'NfsServer', 'nfssvr'] };
const portmap: KernelListener = { what: 'ONC RPC port mapper', services: ['Portmap', 'rpcxdr', 'NfsService'] };
const cluster: KernelListener = { what: 'failover cluster', services: ['ClusSvc', 'NetFT'] };

/**
 * Ports on which drivers of Windows listen, so that the System process owns them.
 * https://learn.microsoft.com/troubleshoot/windows-server/networking/service-overview-and-network-port-requirements
 */
const windows: Table = {
  'TCP 445': smb,
  'TCP 5445': { what: 'SMB Direct', services: smb.services },
  'TCP 139': { what: 'SMB over NetBIOS', services: ['NetBT', 'LanmanServer'] },
  'UDP 137': netbios,
  'UDP 138': netbios,
  'TCP 2049': nfs,
  'UDP 2049': nfs,
  'TCP 111': portmap,
  'UDP 111': portmap,
  'TCP 1723': { what: 'PPTP (Routing and Remote Access)', services: ['RemoteAccess', 'PptpMiniport', 'RasPptp'] },
  'UDP 1701': { what: 'L2TP', services: ['RemoteAccess', 'Rasl2tp', 'RasMan'] },
  'UDP 3343': cluster,
  'TCP 3343': cluster,
};

/** Ports on which modules of the Linux kernel listen by default. */
const linux: Table = {
  'TCP 2049': { what: 'NFS server (nfsd)', services: [] },
  'UDP 2049': { what: 'NFS server (nfsd)', services: [] },
  'TCP 445': { what: 'SMB server (ksmbd)', services: [] },
  'UDP 51820': { what: 'WireGuard', services: [] },
  'UDP 4789': { what: 'VXLAN', services: [] },
  'UDP 8472': { what: 'VXLAN', services: [] },
  'UDP 6081': { what: 'Geneve', services: [] },
  'UDP 1701': { what: 'L2TP', services: [] },
  'UDP 2152': { what: 'GTP', services: [] },
  'TCP 3260': { what: 'iSCSI target (LIO)', services: [] },
  'TCP 4420': { what: 'NVMe over TCP target', services: [] },
  'TCP 21064': { what: 'distributed lock manager (dlm)', services: [] },
};

/** What the kernel has on a port by the table; null when the table has nothing. */
export function kernelListener(
  platform: 'win32' | 'linux',
  protocol: 'TCP' | 'UDP',
  port: number,
): KernelListener | null {
  return (platform === 'win32' ? windows : linux)[`${protocol} ${port}`] ?? null;
}
