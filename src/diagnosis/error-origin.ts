/**
 * Who speaks in an error text, where that decides what it means:
 * `DockerList`: Docker, by its own list of ports that it has given to containers, which no socket need stand for;
 * `Docker`: Docker, of what the system said;
 * `HttpSysListen`: HTTP.sys, or a program on it, cannot listen where it is told to (HttpEvent 15005, W3SVC 1004, 1214).
 */
export type ErrorOrigin = 'DockerList' | 'Docker' | 'HttpSysListen';

export function errorOrigin(text: string): ErrorOrigin | null {
  // https://github.com/moby/moby/blob/master/daemon/libnetwork/portallocator
  if (/\bport is already allocated\b|\bBind for [^\s]{1,64} failed: port\b/i.test(text)) return 'DockerList';
  if (
    /\bexternal connectivity on endpoint\b|\bPorts are not available: |\buserland proxy\b|\bresponse from daemon\b/i.test(
      text,
    )
  )
    return 'Docker';
  const said =
    /HttpEvent(?=[\s\S]{0,400}\b15005\b)|\b15005\b(?=[\s\S]{0,400}HttpEvent)|IP Listen-Only list/i.test(text) ||
    /W3SVC(?=[\s\S]{0,400}\b1004\b)|\b1004\b(?=[\s\S]{0,400}W3SVC)|Cannot register the URL prefix/i.test(text) ||
    /HttpListener\w{0,20} ?\(?(?:0x[0-9a-f]{1,8}|1214)\)?(?=[\s\S]{0,200}(?:1214|network name))/i.test(text);
  return said ? 'HttpSysListen' : null;
}
