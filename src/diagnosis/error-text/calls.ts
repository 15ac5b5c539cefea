import type { Line } from './lines.ts';

/*
 * The calls of a stack show the protocol of a socket whose error names neither the protocol nor the port. To support
 * another library, add its classes or files to a row; names that contain Tcp or Udp need none.
 */

/** Classes, functions and files that bind nothing but TCP. */
const tcp: readonly RegExp[] = [
  // .NET
  /\b(?:HttpListener|SocketConnectionListener|KestrelServer)\b/,
  // Java
  /ServerSocket|\bjava\.net\.\w{0,20}PlainSocketImpl\b|\bNioSocketImpl\b|\bNettyServer\b|\bio\.grpc\b|\bsun\.net\.httpserver\b/,
  /\b(?:jetty|tomcat|coyote|undertow|winstone)\b/i,
  // Node
  /\((?:node:)?(?:net|_?http_?\w{0,8})(?:\.js)?:\d/,
  // Python
  /\b(?:http[\\/]server|wsgiref[\\/]simple_server|werkzeug[\\/]serving|tornado[\\/](?:netutil|tcpserver)|gunicorn[\\/]sock|uvicorn[\\/]server)\.py\b/,
  /\b(?:HTTP|WSGI|XMLRPC)Server\b|\bcreate_server\b|\bSOCK_STREAM\b/,
  // Go, Rust, Ruby
  /\bListenAndServe(?:TLS)?\b|\bWEBrick\b|[\\/]webrick[\\/]/,
];

/** Classes, functions and files that bind nothing but UDP. */
const udp: readonly RegExp[] = [
  /Datagram|\bcreate_datagram_endpoint\b|\bSOCK_DGRAM\b|\bListenPacket\b/,
  /\((?:node:)?dgram(?:\.js)?:\d/,
  // Files of servers
  /[\\/](?:tftp|dhcp|snmp|ntp|mdns|ssdp|coap)\w{0,8}\.\w{1,4}(?:"|:\d)/i,
];

/** A name with the protocol in it: TcpListener, UdpClient, net::udp, ListenUDP, udp_sock; not the names of arguments. */
const named = /(?:(?<![A-Za-z])(?:tcp|udp|Tcp|Udp|TCP|UDP)|(?<=[a-z])(?:Tcp|Udp|TCP|UDP))(?![a-z])/g;

/** Returns the name of what is called, without arguments; in an error, the function that reports it: createTcpServer: … */
function calleeOf({ text, frame }: Line): string {
  if (/\.bind\(/.test(text)) return text;
  return frame ? text.split('(', 1)[0]! : (/^\w{1,40}(?=(?:\(\))?: )/.exec(text)?.[0] ?? '');
}

/** Returns the protocol that a call binds; null if it does not show that. */
function protocolOfCall(call: Line): 'TCP' | 'UDP' | null {
  const { text } = call;
  const callee = calleeOf(call);
  const names = new Set((callee.match(named) ?? []).map((name) => name.toUpperCase()));
  const isTcp = names.has('TCP') || tcp.some((one) => one.test(text));
  const isUdp = names.has('UDP') || udp.some((one) => one.test(text));
  return isTcp === isUdp ? null : isUdp ? 'UDP' : 'TCP';
}

/** Returns the protocol that the calls around an error bind, the nearest of which decides. */
export function protocolOfCalls(calls: readonly Line[]): 'TCP' | 'UDP' | null {
  for (const call of calls) {
    const protocol = protocolOfCall(call);
    if (protocol !== null) return protocol;
  }
  return null;
}
