import { readdirSync, readFileSync } from 'node:fs';
import type { RawEntry } from '../../system/raw.ts';
import { systemTool } from './tools.ts';

const timeoutSeconds = 5;

/** Returns the result of `get`; null for what the system does not have or does not show. */
function given<T>(get: () => T): T | null {
  try {
    return get();
  } catch {
    return null;
  }
}

const textOf = (path: string): string | null => given(() => readFileSync(path, 'latin1'));
const namesIn = (folder: string): string[] => given(() => readdirSync(folder)) ?? [];

/** Files of the same name in every folder that matches a pattern of folder names, where `*` matches any. */
function below(folder: string, pattern: readonly string[]): string[] {
  const [first, ...rest] = pattern;
  if (first === undefined) return [folder];
  return (first === '*' ? namesIn(folder) : [first]).flatMap((name) => below(`${folder}/${name}`, rest));
}

const config = '/sys/kernel/config';

/**
 * What the kernel and the tools that query it report about ports of kernel components: JSON text, null for what is not
 * reported.
 */
export function kernelPorts(): Omit<RawEntry, 'at'> {
  const modules = namesIn('/sys/module');
  const has = (...names: readonly string[]): boolean => names.some((name) => modules.includes(name));
  const asked = (wanted: boolean, program: string, ...args: readonly string[]): string | null =>
    wanted ? (systemTool(program, args, timeoutSeconds).text ?? null) : null;
  return {
    text: JSON.stringify({
      modules,
      nfsd: textOf('/proc/fs/nfsd/portlist'),
      lockd: [textOf('/proc/sys/fs/nfs/nlm_tcpport'), textOf('/proc/sys/fs/nfs/nlm_udpport')],
      rpc: asked(has('lockd'), 'rpcinfo', '-p'),
      iscsi: below(`${config}/target/iscsi`, ['*', '*', 'np', '*']),
      nvmet: below(`${config}/nvmet/ports`, ['*']).map((port) => [
        textOf(`${port}/addr_trtype`),
        textOf(`${port}/addr_trsvcid`),
      ]),
      dlm: textOf(`${config}/dlm/cluster/tcp_port`),
      ocfs2: below(`${config}/cluster`, ['*', 'node', '*', 'ipv4_port']).map(textOf),
      rxrpc: textOf('/proc/net/rxrpc/locals'),
      sctp: textOf('/proc/sys/net/sctp/udp_port'),
      links: asked(
        has('vxlan', 'geneve', 'bareudp', 'gtp', 'amt', 'wireguard'),
        'ip',
        '-details',
        '-json',
        'link',
        'show',
      ),
      wireguard: asked(has('wireguard'), 'wg', 'show', 'all', 'listen-port'),
      fou: asked(has('fou'), 'ip', '-json', 'fou', 'show'),
      l2tp: asked(has('l2tp_core', 'l2tp_netlink'), 'ip', '-json', 'l2tp', 'show', 'tunnel'),
    }),
  };
}
