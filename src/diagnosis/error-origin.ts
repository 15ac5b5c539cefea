/**
 * Who speaks in an error text, where that decides what it means:
 * `DockerList`: Docker, by its own list of ports that it has given to containers, which no socket need stand for;
 * `KubernetesList`: Kubernetes, by its own list of the ports of nodes that services have;
 * `Docker`: Docker, of what the system said;
 * `HttpSysListen`: HTTP.sys, or a program on it, cannot listen where it is told to (HttpEvent 15005, W3SVC 1004, 1214).
 */
export type ErrorOrigin = 'DockerList' | 'KubernetesList' | 'Docker' | 'HttpSysListen';

export function errorOrigin(text: string): ErrorOrigin | null {
  // https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/service/portallocator/allocator.go
  if (/\bprovided port is already allocated\b/i.test(text)) return 'KubernetesList';
  // https://github.com/moby/moby/blob/master/daemon/libnetwork/portallocator
  if (/\bport is already allocated\b|\bBind for [^\s]{1,64} failed: port\b/i.test(text)) return 'DockerList';
  if (
    /\bexternal connectivity on endpoint\b|\bPorts are not available: |\buserland proxy\b|\bresponse from daemon\b/i.test(
      text,
    )
  )
    return 'Docker';
  const hasAll = (...signs: readonly RegExp[]): boolean => signs.every((sign) => sign.test(text));
  const said =
    /IP Listen-Only list|Cannot register the URL prefix/i.test(text) ||
    hasAll(/HttpEvent/i, /\b15005\b/) ||
    hasAll(/W3SVC/i, /\b1004\b/) ||
    hasAll(/HttpListener/i, /\b1214\b|network name/i);
  return said ? 'HttpSysListen' : null;
}
