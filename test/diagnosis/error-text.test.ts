// Messages as programs print them, from their sources, documentation and public reports of problems.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseError } from '../../src/diagnosis/error-text.ts';
import { cpuMs } from '../support/cpu.ts';

const test = suite('error texts');

/** meaning, endpoint (`-`: no port; `*`: every address), the sign it was read from. */
const table: readonly (readonly [text: string, expected: string])[] = [
  // Node
  ['Error: listen EADDRINUSE: address already in use :::3000', 'inUse TCP :: 3000 EADDRINUSE'],
  ['Error: listen EADDRINUSE: address already in use 127.0.0.1:3000\n    at Server.setupListenHandle [as _listen2] (node:net:1817:16)', 'inUse TCP 127.0.0.1 3000 EADDRINUSE'],
  ['Error: listen EADDRINUSE: address already in use ::1:3000', 'inUse TCP ::1 3000 EADDRINUSE'],
  ['Error: listen EACCES: permission denied 0.0.0.0:80', 'access TCP 0.0.0.0 80 EACCES'],
  ['Error: listen EADDRNOTAVAIL: address not available 10.0.0.99:3000', 'notLocal TCP 10.0.0.99 3000 EADDRNOTAVAIL'],
  ['Error: bind EADDRINUSE 0.0.0.0:5353', 'inUse UDP 0.0.0.0 5353 EADDRINUSE'],
  ["{\n  code: 'EADDRINUSE',\n  errno: -4091,\n  syscall: 'listen',\n  address: '::',\n  port: 8080\n}", 'inUse TCP :: 8080 EADDRINUSE'],
  ['Error: connect EADDRNOTAVAIL 10.0.0.1:443 - Local (0.0.0.0:0)', 'exhausted TCP * 0 EADDRNOTAVAIL'],
  ['Error: Port 5173 is already in use', 'inUse TCP * 5173 the words of the message'],
  ['Something is already running on port 3000.', 'inUse TCP * 3000 the words of the message'],
  // .NET, Kestrel
  ['System.Net.Sockets.SocketException (10048): Only one usage of each socket address (protocol/network address/port) is normally permitted.', 'inUse - WSAEADDRINUSE (10048)'],
  ['System.IO.IOException: Failed to bind to address http://127.0.0.1:5000: address already in use.', 'inUse TCP 127.0.0.1 5000 the words of the message'],
  ['System.IO.IOException: Failed to bind to address https://[::]:5001: address already in use.', 'inUse TCP :: 5001 the words of the message'],
  ["Unable to bind to http://localhost:5000 on the IPv6 loopback interface: 'Cannot assign requested address'.", 'notLocal TCP ::1 5000 the words of the message'],
  [
    'System.Net.Sockets.SocketException (10013): An attempt was made to access a socket in a way forbidden by its access permissions. [::]:5000',
    'access TCP :: 5000 WSAEACCES (10013)',
  ],
  ['System.Net.Sockets.SocketException (98): Address already in use\n   at System.Net.Sockets.Socket.Bind(EndPoint localEP)', 'inUse - EADDRINUSE (98)'],
  // HttpListener, WCF, HTTP.sys
  ['System.Net.HttpListenerException (5): Access is denied. http://+:8080/', 'urlReserved TCP * 8080 ERROR_ACCESS_DENIED (5)'],
  ['System.Net.HttpListenerException (183): http://localhost:8080/', 'urlTaken TCP 127.0.0.1 8080 ERROR_ALREADY_EXISTS (183)'],
  [
    'System.Net.HttpListenerException (32): The process cannot access the file because it is being used by another process. http://*:8080/',
    'inUse TCP * 8080 ERROR_SHARING_VIOLATION (32)',
  ],
  [
    "System.Net.HttpListenerException: Failed to listen on prefix 'http://+:8080/' because it conflicts with an existing registration on the machine.",
    'urlTaken TCP * 8080 the words of the message',
  ],
  ['System.Net.HttpListenerException: Zugriff verweigert, http://+:8080/', 'urlReserved TCP * 8080 the words of the message'],
  ['HTTP could not register URL http://+:8000/Service/. Your process does not have access rights to this namespace', 'urlReserved TCP * 8000 the words of the message'],
  ['HTTP could not register URL http://+:8000/ because TCP port 8000 is being used by another application.', 'inUse TCP * 8000 the words of the message'],
  [
    'Unable to bind to the underlying transport for [::]:80. The IP Listen-Only list may contain a reference to an interface which may not exist on this machine. The data field contains the error number.',
    'inUse TCP :: 80 HTTP.sys cannot bind',
  ],
  [
    'The World Wide Web Publishing Service (WWW Service) did not register the URL prefix http://*:80/ for site 1. Access is denied.',
    'urlReserved TCP * 80 the words of the message',
  ],
  // IIS, HRESULT, NTSTATUS
  [
    'The process cannot access the file because it is being used by another process. (Exception from HRESULT: 0x80070020) http://*:80/',
    'inUse TCP * 80 ERROR_SHARING_VIOLATION (32)',
  ],
  ['Error 0x80072740 while binding to 0.0.0.0:9000', 'inUse TCP 0.0.0.0 9000 WSAEADDRINUSE (0x80072740)'],
  ['bind returned 0x8007271D for port 9001', 'access TCP * 9001 WSAEACCES (0x8007271D)'],
  ['hns failed with error : 0xC000020A port 9002', 'inUse TCP * 9002 STATUS_ADDRESS_ALREADY_EXISTS (0xC000020A)'],
  // Windows in other languages
  [
    'Normalerweise darf jede Socketadresse (Protokoll, Netzwerkadresse oder Anschluss) nur jeweils einmal verwendet werden: 0.0.0.0:8080',
    'inUse TCP 0.0.0.0 8080 the words of the message',
  ],
  ['Der Zugriff auf einen Socket war aufgrund der Zugriffsrechte des Sockets unzulässig. Port 8080', 'access TCP * 8080 the words of the message'],
  [
    'Une seule utilisation de chaque adresse de socket (protocole/adresse réseau/port) est habituellement autorisée 127.0.0.1:8080',
    'inUse TCP 127.0.0.1 8080 the words of the message',
  ],
  ["Une tentative d'accès à un socket de manière interdite par ses autorisations d'accès a été tentée [::1]:8080", 'access TCP ::1 8080 the words of the message'],
  ['Solo se permite un uso de cada dirección de socket (protocolo/dirección de red/puerto), puerto 8080', 'inUse TCP * 8080 the words of the message'],
  ['Intento de acceso a un socket no permitido por sus permisos de acceso. Puerto: 8080', 'access TCP * 8080 the words of the message'],
  ['Обычно разрешается только одно использование адреса сокета (протокол/сетевой адрес/порт) порт 8080', 'inUse TCP * 8080 the words of the message'],
  ['Сделана попытка доступа к сокету методом, запрещенным правами доступа 0.0.0.0:80', 'access TCP 0.0.0.0 80 the words of the message'],
  ['通常每个套接字地址(协议/网络地址/端口)只允许使用一次。 0.0.0.0:8080', 'inUse TCP 0.0.0.0 8080 the words of the message'],
  ['以一种访问权限不允许的方式做了一个访问套接字的尝试。 端口 8080', 'access TCP * 8080 the words of the message'],
  ['通常、各ソケット アドレスに対してプロトコル、ネットワーク アドレス、またはポートのどれか 1 つのみを使用できます。 8080 番ポート', 'inUse TCP * 8080 the words of the message'],
  ['アクセス許可で禁じられた方法でソケットにアクセスしようとしました。 [::]:8080', 'access TCP :: 8080 the words of the message'],
  [
    "OSError: [WinError 10048] Normalerweise darf jede Socketadresse (…) nur jeweils einmal verwendet werden: ('127.0.0.1', 8000)",
    'inUse TCP 127.0.0.1 8000 WSAEADDRINUSE (10048)',
  ],
  // Java
  ['java.net.BindException: Address already in use: bind', 'inUse - the words of the message'],
  ['java.net.BindException: Address already in use: JVM_Bind <null>:8080', 'inUse TCP * 8080 the words of the message'],
  ['java.net.BindException: Permission denied: bind', 'access - the words of the message'],
  ['java.net.BindException: Cannot assign requested address: bind', 'notLocal - the words of the message'],
  ['Web server failed to start. Port 8080 was already in use.', 'inUse TCP * 8080 the words of the message'],
  [
    'org.apache.catalina.LifecycleException: Failed to initialize component [Connector["http-nio-8080"]]\nCaused by: java.net.BindException: Address already in use',
    'inUse TCP * 8080 the words of the message',
  ],
  ['io.netty.channel.unix.Errors$NativeIoException: bind(..) failed: Address already in use: /0.0.0.0:9092', 'inUse TCP 0.0.0.0 9092 the words of the message'],
  ['BindException[Failed to bind to [9200]]; nested: BindException[Address already in use: bind 127.0.0.1:9200]', 'inUse TCP 127.0.0.1 9200 the words of the message'],
  ['java.net.ConnectException: Cannot assign requested address', 'exhausted TCP * 0 the words of the message'],
  ['listen udp :0: bind: address already in use', 'exhausted UDP * 0 the words of the message'],
  ["OSError: [Errno 98] error while attempting to bind on address ('127.0.0.1', 0): address already in use", 'exhausted TCP 127.0.0.1 0 EADDRINUSE (98)'],
  ["OSError: [Errno 99] error while attempting to bind on address ('192.0.2.9', 0): cannot assign requested address", 'notLocal TCP 192.0.2.9 0 EADDRNOTAVAIL (99)'],
  ["could not launch process: listen tcp 192.0.2.9:0: bind: can't assign requested address", 'notLocal TCP 192.0.2.9 0 the words of the message'],
  ['listen udp [2001:db8::9]:0: bind: permission denied', 'access UDP 2001:db8::9 0 the words of the message'],
  ['java.net.BindException: Cannot assign requested address: /192.0.2.9:0', 'notLocal TCP 192.0.2.9 0 the words of the message'],
  ['tcp_endpoint.c:730 bind on local address (192.0.2.9:0) failed\n: Address already in use (98)', 'exhausted TCP 192.0.2.9 0 EADDRINUSE (98)'],
  ['bind(): Cannot assign requested address 00000 0 0 SOCKS/192.0.2.9:0', 'notLocal - the words of the message'],
  ['Error: listen EADDRINUSE: address already in use :::0', 'exhausted TCP * 0 EADDRINUSE'],
  ['Failed to bind to port 0: Address already in use', 'exhausted TCP * 0 the words of the message'],
  // Python
  ['OSError: [Errno 98] Address already in use', 'inUse - EADDRINUSE (98)'],
  ["OSError: [Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use", 'inUse TCP 127.0.0.1 8000 EADDRINUSE (98)'],
  [
    "[Errno 10048] error while attempting to bind on address ('0.0.0.0', 8000): only one usage of each socket address (protocol/network address/port) is normally permitted",
    'inUse TCP 0.0.0.0 8000 WSAEADDRINUSE (10048)',
  ],
  ['PermissionError: [WinError 10013] An attempt was made to access a socket in a way forbidden by its access permissions', 'access - WSAEACCES (10013)'],
  ["OSError: [Errno 48] Address already in use: ('::1', 8000, 0, 0)", 'inUse TCP ::1 8000 EADDRINUSE (48)'],
  ['Port 5000 is in use by another program. Either identify and stop that program, or start the server with a different port.', 'inUse TCP * 5000 the words of the message'],
  // nginx, Apache
  ['nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)', 'inUse TCP 0.0.0.0 80 EADDRINUSE (98)'],
  ['nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)', 'access TCP 0.0.0.0 80 EACCES (13)'],
  [
    '2026/01/02 03:04:05 [emerg] 1234#5678: bind() to [::]:443 failed (10013: An attempt was made to access a socket in a way forbidden by its access permissions)',
    'access TCP :: 443 WSAEACCES (10013)',
  ],
  ['nginx: [emerg] bind() to 203.0.113.7:80 failed (99: Cannot assign requested address)', 'notLocal TCP 203.0.113.7 80 EADDRNOTAVAIL (99)'],
  ['(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80', 'inUse TCP :: 80 EADDRINUSE (98)'],
  [
    '(OS 10048)Only one usage of each socket address (protocol/network address/port) is normally permitted.  : AH00072: make_sock: could not bind to address 0.0.0.0:443',
    'inUse TCP 0.0.0.0 443 WSAEADDRINUSE (10048)',
  ],
  [
    '(OS 10013)Der Zugriff auf einen Socket war aufgrund der Zugriffsrechte des Sockets unzulässig.  : AH00072: make_sock: could not bind to address [::]:80',
    'access TCP :: 80 WSAEACCES (10013)',
  ],
  ['(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:81', 'access TCP 0.0.0.0 81 EACCES (13)'],
  // Databases
  [
    "2026-01-02 03:04:05.67 Server      Error: 26023, Severity: 16, State: 1.\nServer TCP provider failed to listen on [ 'any' <ipv4> 1433]. Tcp port is already in use.",
    'inUse TCP * 1433 SQL Server 26023',
  ],
  ['Server TCP provider failed to listen on [ 10.0.0.5 <ipv4> 1434]. Tcp port is already in use.', 'inUse TCP 10.0.0.5 1434 the words of the message'],
  [
    'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\nHINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.',
    'inUse TCP 127.0.0.1 5432 the words of the message',
  ],
  [
    'LOG:  konnte IPv4-Adresse »127.0.0.1« nicht binden: Die Adresse wird bereits verwendet\nTIPP:  Läuft bereits ein anderer Postmaster auf Port 5432?',
    'inUse TCP 127.0.0.1 5432 the words of the message',
  ],
  [
    'LOG:  could not bind IPv4 address "0.0.0.0": Permission denied\nHINT:  Is another postmaster already running on port 5432?',
    'access TCP 0.0.0.0 5432 the words of the message',
  ],
  [
    "[ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address already in use\n[ERROR] [MY-010257] [Server] Do you already have another mysqld server running on port: 3306 ?",
    'inUse TCP * 3306 the words of the message',
  ],
  ['Warning: Could not create server TCP listening socket *:6379: bind: Address already in use', 'inUse TCP * 6379 the words of the message'],
  // Docker and Go
  ['listen tcp :8080: bind: address already in use', 'inUse TCP * 8080 the words of the message'],
  [
    'listen tcp 127.0.0.1:8080: bind: Only one usage of each socket address (protocol/network address/port) is normally permitted.',
    'inUse TCP 127.0.0.1 8080 the words of the message',
  ],
  ['listen udp4 0.0.0.0:53: bind: permission denied', 'access UDP 0.0.0.0 53 the words of the message'],
  ['listen tcp 10.1.2.3:80: bind: cannot assign requested address', 'notLocal TCP 10.1.2.3 80 the words of the message'],
  ['listen tcp [::1]:8443: bind: address already in use', 'inUse TCP ::1 8443 the words of the message'],
  [
    'Error response from daemon: driver failed programming external connectivity on endpoint web: Bind for 0.0.0.0:8080 failed: port is already allocated',
    'inUse TCP 0.0.0.0 8080 the words of the message',
  ],
  [
    'Error response from daemon: Ports are not available: exposing port TCP 0.0.0.0:5432 -> 127.0.0.1:0: listen tcp 0.0.0.0:5432: bind: An attempt was made to access a socket in a way forbidden by its access permissions.',
    'access TCP 0.0.0.0 5432 the words of the message',
  ],
  ['dial tcp 10.0.0.1:5432: connect: cannot assign requested address', 'exhausted TCP * 0 the words of the message'],
  // Others
  ['Os { code: 98, kind: AddrInUse, message: "Address already in use" }', 'inUse - AddrInUse'],
  ['Error: Only one usage of each socket address (protocol/network address/port) is normally permitted. (os error 10048)', 'inUse - WSAEADDRINUSE (10048)'],
  ['Address already in use - bind(2) for "127.0.0.1" port 3000 (Errno::EADDRINUSE)', 'inUse TCP 127.0.0.1 3000 EADDRINUSE'],
  ['error: Bind to port 22 on 0.0.0.0 failed: Address already in use.', 'inUse TCP 0.0.0.0 22 the words of the message'],
  ['[ALERT] (1234) : Starting frontend http-in: cannot bind socket (Address already in use) [0.0.0.0:80]', 'inUse TCP 0.0.0.0 80 the words of the message'],
  ['Failed to listen on localhost:8000 (reason: Address already in use)', 'inUse TCP 127.0.0.1 8000 the words of the message'],
  ['dnsmasq: failed to create listening socket for port 53: Address already in use', 'inUse TCP * 53 the words of the message'],
  ['** (Mix) Could not start: {:listen_error, :eaddrinuse} port: 4000', 'inUse TCP * 4000 EADDRINUSE'],
  // Exhaustion
  ['A request to allocate an ephemeral port number from the global TCP port space has failed due to all such ports being in use.', 'exhausted TCP * 0 the words of the message'],
  ['Tcpip 4231', 'exhausted TCP * 0 Tcpip event 4227 or 4231'],
  [
    'An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full 10.0.0.1:443 (10055)',
    'exhausted TCP * 0 WSAENOBUFS (10055)',
  ],
  // What is no number of an error
  ['listening on 0.0.0.0:10048', 'null TCP 0.0.0.0 10048 null'],
  ['Port 10013 is already in use', 'inUse TCP * 10013 the words of the message'],
  ['12:34:56 something went wrong', 'null - null'],
  ['at Server.listen (net.js:1318:16)', 'null - null'],
  ['', 'null - null'],
];

for (const [text, expected] of table) {
  test(text.slice(0, 100).replaceAll('\n', ' '), () => {
    const { meaning, protocol, address, port, sign } = parseError(text);
    const where = port === null ? '-' : `${protocol ?? '-'}${protocol === null ? '' : ` ${address ?? '*'}`} ${port}`;
    assert.is(`${meaning} ${where} ${sign}`, expected);
  });
}

test('the words for each meaning stay: scripts look for them', () => {
  const words = [
    ['bind() to 0.0.0.0:80 failed (98: x)', 'already in use'],
    ['bind() to 0.0.0.0:80 failed (13: x)', 'forbidden by access permissions'],
    ['bind() to 0.0.0.0:80 failed (99: x)', 'no such address here'],
    ['bind() to [fe80::1]:80 failed (22: x)', 'invalid argument'],
    ['Tcpip 4231', 'no ports or buffers left'],
    ['HttpListenerException (5): http://+:80/', 'HTTP.sys does not let this account register the URL'],
    ['HttpListenerException (183): http://+:80/', 'the URL is registered already'],
  ] as const;
  for (const [text, meaning] of words) assert.match(parseError(text).evidence, `The text says "${meaning}" for `);
});

test('whatever it is given, it answers soon and in range', () => {
  const pieces = fc.constantFrom(
    'listen tcp ',
    ':',
    '[::]',
    '0.0.0.0',
    "('",
    'port ',
    'http://',
    '+',
    ':8080',
    'EADDRINUSE ',
    '10048',
    '(',
    ')',
    '\n',
    ' ',
    '\u202e',
    '9'.repeat(30),
    '\0',
    "address: '",
    '<ipv4>',
    '::',
    '»',
    'é',
    'IPv4 ',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 500 }),
    fc.array(pieces, { maxLength: 200 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const { port, address, evidence } = parseError(text);
      assert.ok(port === null || (port >= 0 && port <= 65535));
      assert.ok(address === null || /^[0-9a-f:.]+(%[\w.-]+)?$/.test(address), String(address));
      assert.not.match(evidence, /[\0-\x1f]/);
    }),
    { numRuns: 2000 },
  );
});

test('long hostile texts take no time', () => {
  const time = cpuMs(() => {
    for (const piece of [
      '[',
      '[::',
      ':',
      '0.',
      "('",
      'http://',
      'listen tcp ',
      'port ',
      'IPv4 ',
      "address: '",
      'EADDRINUSE ',
      '9',
      'a',
      ' ',
      '\n',
      '[ any <ipv4> ',
      'tcp [',
      '::::',
      'error ',
      '0x',
      'bind: ',
      '> bind error\n',
      `${'>'.repeat(1000)} bind error\n`,
    ]) {
      parseError(piece.repeat(1_000_000 / piece.length));
    }
  });
  assert.ok(time < 10_000, `${time} ms`);
});

test.run();
