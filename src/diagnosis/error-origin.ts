/**
 * The source of an error text, where the source determines the meaning:
 * `DockerList`: Docker, from its own list of ports assigned to containers, which may have no socket;
 * `KubernetesList`: Kubernetes, from its own list of node ports assigned to services;
 * `Docker`: Docker, passing on the system's error;
 * `HttpSysListen`: HTTP.sys, or a program on it, cannot listen where configured (HttpEvent 15005, W3SVC 1004, 1214).
 */
export type ErrorOrigin = 'DockerList' | 'KubernetesList' | 'Docker' | 'HttpSysListen';

/** A server that binds what directives in its configuration name, possibly in several files. */
export interface ConfiguredServer {
  readonly name: string;
  /** Its directive. */
  readonly directive: string;
  /** The beginnings of the names of its executables. */
  readonly images: readonly string[];
}

/** Servers, each with the words that together only its own error has. */
const configuredServers: readonly (ConfiguredServer & { readonly words: readonly string[] })[] = [
  { name: 'nginx', directive: 'listen', images: ['nginx', 'openresty', 'angie'], words: ['bind() to ', ' failed ('] },
  { name: 'Apache', directive: 'Listen', images: ['apache', 'httpd'], words: ['make_sock: could not bind'] },
];

/** Returns the server that wrote an error, if its configuration can name the port in several places; otherwise null. */
export const configuredServer = (text: string): ConfiguredServer | null =>
  configuredServers.find(({ words }) => words.every((word) => text.includes(word))) ?? null;

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
    /IP Listen-Only list|\bbind to the underlying transport\b|Cannot register the URL prefix/i.test(text) ||
    hasAll(/HttpEvent/i, /\b15005\b/) ||
    hasAll(/W3SVC/i, /\b1004\b/) ||
    hasAll(/HttpListener/i, /\b1214\b|network name/i);
  return said ? 'HttpSysListen' : null;
}
