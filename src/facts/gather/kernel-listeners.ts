/** A kernel component of Windows that listens on a port, and the services that identify it. */
export interface KernelListener {
  readonly what: string;
  /** Services or drivers. The first one that is running confirms and names the listener. */
  readonly services: readonly string[];
}

type Table = Readonly<Record<string, KernelListener>>;

const smb: KernelListener = { what: 'SMB file sharing', services: ['LanmanServer', 'srv2', 'srvnet'] };
const netbios: KernelListener = { what: 'NetBIOS over TCP/IP', services: ['NetBT'] };
const nfs: KernelListener = { what: 'NFS server', services: ['NfsService', 'NfsServer', 'nfssvr'] };
const portmap: KernelListener = { what: 'ONC RPC port mapper', services: ['Portmap', 'rpcxdr', 'NfsService'] };
const cluster: KernelListener = { what: 'failover cluster', services: ['ClusSvc', 'NetFT'] };

/**
 * Ports on which Windows drivers listen, so that the System process owns them.
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

/** Returns the Windows driver that the table lists for a port; null if there is none. */
export function kernelListener(protocol: 'TCP' | 'UDP', port: number): KernelListener | null {
  return windows[`${protocol} ${port}`] ?? null;
}
