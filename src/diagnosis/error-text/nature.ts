/*
 * Determines what failed: a bind, an outgoing connection, or an operation on a file. All three cause the same system
 * errors (EADDRINUSE, EACCES, EADDRNOTAVAIL), but with different meanings.
 */

import { isHttp } from './http.ts';
import { sharingViolation } from './words.ts';

/** The kind of operation that failed. */
export type Nature = 'bind' | 'connection' | 'file';

/** What sends or receives something, and failed to. */
const sends =
  /\bread from remote host\b|\bsend(?:to(?:_\w{1,20})?|msg)\b|\b(?:fail(?:ed|ure)?|cannot|can't|could not|unable|error(?: \d{1,5})?)(?: to| in| while)? send(?:ing)?\b/gi;

/** Words of programs that connect; of several in a line, the one nearest to the error counts. */
const connecting: readonly RegExp[] = [
  /\b(?:re)?connect(?:ing|ed|s|ex)?\b|\burlopen error\b|\bURLError\b|\bcaught when processing request\b|\bconnection (?:to|with|attempt|string|timed|was)\b|\bLayer4 connection problem\b|\b(?:establish\w{0,3}|new) (?:a )?(?:new )?connection\b|\bdial(?:ing|ed)?\b|(?<=\b(?:can't|cannot|could not|unable to|failed to) )(?:contact|reach)\b/gi,
  /\bHTTPS?ConnectionPool\b|\bNewConnectionError\b|\b(?:\w{0,40}(?<!Server)Connect(?:ion)?s?|ClientConnector|AMQPConnector)(?:Error|Exception|Failure)\b|\b(?:AutoReconnect|ServerSelectionTimeoutError|MongoNetworkError)\b|\bprovider: [\w ]{1,30} Provider, error:|\bHttpRequestException\b|\bWebException\b|\bSqlException\b|\bEndpointNotFoundException\b|(?<!sqlite3\.)\bOperationalError\b|\bTLS handshake time(?:out|d)|\b(?:Get|Post|Put|Head|Delete|Patch) "https?:(?!\/\/(?:unix|ipc)\/)/g,
  /\b(?:\w{1,20}_)?connect(?:[A-Z]\w{0,30}|$)|\bmysqli\b|\bPDO\w{0,20}|\bSQLSTATE\b|\bpsycopg\d?\b|\bcurl: \(\d|\bupstream\b|\bremote port forwarding\b|\bsend(?:to|msg)?\(|\b(?:sendto|recvfrom|sendmsg) failed\b|\bsend(?:ing)? (?:\w{1,20} ){0,4}to (?=\S{0,80}:\d)|\bsendto (?=\S{0,80}:\d)|\((?:publickey|password|hostbased|keyboard-interactive|gssapi[\w-]{0,20})[,)]|\b[Pp]ermission denied, please try again\b|\bsocket for target\b|\bresolving '|\bConnectAsync\b|\b[Rr]emote host '|\bsocketConnection\((?![^\n)]{0,200}\bserver = T)/g,
  // In other languages
  /\bVerbindung|\bverbinden\b|\bconnexion\b|\bconnecter\b|\bconexi[oó]n\b|\bconex[aã]o\b|\bconectar\b|\bconnession[ei]\b|\bconnettersi\b|\bpołącz\w{0,6}|\bverbinding\b|\bpřipoj\w{0,8}|\bpripoj\w{0,8}|\banslut\w{0,8}|\btilkobl\w{0,6}|\bkoble til\b|\bforbinde\w{0,6}|\byhdist\w{0,6}|\bcsatlakoz\p{L}{0,8}|\bkapcsolód\p{L}{0,6}|\bconecta\w{0,4}|(?<!\p{L})sunucuya bağlan|bağlantı(?! noktas)|σύνδεσ|kết nối|\bterhubung\b|\bkoneksi\b/giu,
  /подключ|соедин(?:ен|ит)|підключ|з'єдна|连接(?!埠)|連線|接続|연결/giu,
];

/** Words of programs that bind and listen. */
const binding: readonly RegExp[] = [
  /\b(?:bind(?:ing|s)?|bound|rebind)\b|(?:\b|_)listen(?:ing|er|ers|s)?\b|\bmake_sock\b|\b(?:HTTP|TCP|WSGI)Server\b|\bsocket_bind\b|\bexposing port\b|\buserland proxy\b|\bport is already allocated\b|\bBindException\b|\bCannotListenError\b|\bdue to a blocked port\b/gi,
  /\bHttpListener\w{0,20}|\bHttpAddUrl\b|\bregister\w{0,4} (?:the )?URL\b|\bURL prefix\b|\bserver_bind\b|\bPortInUseException\b|\bconnection in use\b|\bconnection to \('[^'\n]{0,64}', \d{1,5}\) failed:[^\n]{0,40}\[Errno/gi,
];

/** Calls in stack traces. */
const bindingCall =
  /\b(?:DoBind|TcpListener\.Start|HttpListener\.|setupListenHandle|listenInCluster|server_bind|bind0|netBind|doBind|bind_(?:server_)?sockets?|ServerSocketChannelImpl)\b|[.:>]bind\(|Socket\.Bind\b|->listen\(|\bListen(?:er)?\.Start\b/i;
const connectingCall =
  /\b(?:DoConnect|EndConnect|BeginConnect|InternalEndConnect|ConnectAsync|ConnectCallback|create_connection|urlopen|afterConnect|connect0|socketConnect|finishConnect|(?:Begin|End)(?:Send|Receive)(?:To|From)?|SendToAsync|ConnectToTcpHost\w{0,8})\b|WaitForConnect|Socket\.Connect\b|[.:>](?:connect|send(?:to)?|recv(?:from)?|receive(?:from)?)\(|\bSocksSocketImpl\b/i;

/** An operation on a file: opening one, a lock, a PID file, a socket with a path. */
const files =
  /\bopen\(\)|\block ?file\b|\bin data directory\b|\bpid ?file\b|\bpidfile\b|\.sock\b|\.lock\b|\.pid\b|\bunix:|\bunix[ -](?:domain )?socket\b|\bdial unix\b|\bconnect\(\/|\bsocket file\b|\bto socket \/[\w.-]|\bsocket (?:to|at|on) ['"]?\/[\w.-]|\bsocket ["']?@?\/(?!\d)[\w.-]|\bAF_(?:UNIX|LOCAL)\b|\bunix_listener\b|\b(?:create|open|write|read|access) (?:\w{1,12} ){0,3}file ['"]?(?:[a-z]:\\|\.{0,2}\/)[\w.-]|\bbind to (?:path\b|['"]\/(?!\d))|\babstract (?:namespace|socket)\b|\b(?:listen|bind) unix(?:gram|packet)?\b|\bUnix(?:Listener|Datagram)\b|\blocal socket ['"/]|'\\x00|\bget stat of\b|, (?:open|mkdir|unlink|scandir|stat|lstat|access|rename|copyfile|rmdir|chmod|chown|readlink) '|\b(?:in use|EADDRINUSE|EACCES|permission denied) (?:- )?["']?\.{0,2}\/[\w.-]|(?:denied|permitted|directory|exists) @ \w{2,30} - |["'] ?\/[\w./-]{2,200}["'] (?:failed|is forbidden)|\bmount source path\b|\bmkdir \/\S{1,200} (?:operation not permitted|permission denied)|\b(?:access|open) the file ['"]|\bserver is already running \(pid|\\\\\.\\pipe\\|\b(?:openat2?|execve|unlinkat|mkdirat|faccessat2?|readlink|statx?)\((?:AT_FDCWD|")|\bopen(?:ing)? (?:the )?(?:log|error log|config\w{0,10}|file)\b|\b(?:get|acquire|obtain) (?:(?:the|an?) )?(?:\w{1,20} ){0,2}lock\b|\bunable to lock\b|\bfailed to open (?:stream|["'/])|\bnamed pipe\b|\bFileNotFoundException\b|(?:^|[\s:'"])(?:\/[\w.-]{1,60}){2,12}['"]? ?[:(] ?(?:permission denied|no such file|is a directory|read-only file)|(?:denied|permitted): ['"](?![^'"\n]{0,200}:\d{1,5}['"])|\b(?:open|mkdir|remove|rename|unlink|stat|chmod|create) (?!\d{1,5}:|port\b|socket\b|listen)(?:[a-z]:)?[^\s:]{1,200}: (?:permission denied|access is denied|operation not permitted|no such file)|\b(?:open|read|writ|creat)(?:e|ing)? (?:(?:the )?file )?['"]?(?:[a-z]:\\|\.{0,2}\/)[\w.-]/i;

const last = (words: readonly RegExp[], text: string): number => {
  let found = -1;
  for (const one of words) for (const { index } of text.matchAll(one)) if (index > found) found = index;
  return found;
};

/** A serial port, which a server for it names, too. */
const serialPort =
  /\b(?:port|open) ['"]?COM\d{1,3}\b|\bserial (?:port|device)\b|\bSerial(?:Port|Exception)|\\\\\.\\COM\d/i;

/** A serial port, or another device or file: whatever stands beside it is no port of the network. */
export const isDevice = (text: string): boolean =>
  // MySQL on Windows prints what the C library has for the number of a socket error.
  /(?<!\bTCP\/IP port: )\bno such (?:file|device)\b|\/dev\/(?:tty|cu\.|serial)/i.test(text) ||
  (serialPort.test(text) && !/\b(?:tcp|udp|bind\w{0,3}|listen\w{0,3})\b/i.test(text));

/** .NET names where it connects behind the words of the system. */
const destination =
  /\b(?:permitted|permissions|context) (?!0\.0\.0\.0|\[::\])(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\]):\d{1,5}(?![\d:])/;

/** The port is at the remote end of an SSH connection, or Java on Windows names the call: Address already in use: connect. */
const farEnd =
  /\bremote port forwarding\b|(?:in use|requested address|denied|reached\?\)): (?:\S{1,20} {1,2}){0,4}connect\b/i;

/** Words that a bind has, if its error is one that files have, too. */
const ofBinds = /\bports?\b|\bendpoint|\bsocket|\blisten|\burl\b|\bprefix|\b(?:tcp|udp)\b|\bhns\b|\bhttp/i;

/** The call on an open socket before an error, which is not about the port of the socket: sendto:, write EPIPE, Go's write tcp. */
const transfer =
  /\b(?:send(?:to|msg)?|recv(?:from|msg)?)(?:\(\))?(?: on [\w.-]{1,20})?(?: failed| error)?[:\s([]{1,3}$|\b(?:write|read) $|\b(?:read|write) (?:tcp|udp|ip)[46]? (?!port\b)\S{1,100} (?!bind\b)/i;

/** Whether an error is that of a call that sends or receives, and not of a bind or connect. */
export function isTransfer(text: string, errorAt: number): boolean {
  const found = transfer.exec(text.slice(Math.max(0, errorAt - 300), errorAt))?.[0];
  return found !== undefined && (!/^\w+ $/.test(found) || /^E[A-Z]/.test(text.slice(errorAt)));
}

/** Whether a sharing violation, which is an error of files, has nothing of a bind. */
export function isOfFile(text: string): boolean {
  return sharingViolation.test(text) && !ofBinds.test(text) && !isHttp(text);
}

/** A socket with a path: in a trace of system calls, and in PostgreSQL's messages in any language. */
const localSocket = /\bAF_(?:UNIX|LOCAL)\b|\bunix\b[^\n"«„“»]{0,30}["«„“»]\s?[/@]/i;

/** gunicorn says this where it could not bind. */
const ofGunicorn = /^Can't connect to \('(?:0\.0\.0\.0|::1?|127(?:\.\d{1,3}){3}|localhost)?', \d{1,5}\)$/;

/**
 * A socket that has no port: raw sockets, the packets of an interface, netlink, Bluetooth, CAN, virtual machines, pipes;
 * and the call of socket() itself, before there is anything to bind. Netlink's "address in use" is WireGuard's port.
 */
const withoutPort =
  /\bset_(?:Send|Receive)BufferSize\(|\bUnixBind\b|\bVsock(?:Device|Backend)\b|\bjoin(?:ing)? (?:the )?(?:multicast )?group\b(?![^\n]{0,200}\bbind)|\bSOCK_RAW\b|\b(?:raw|packet|netlink|vsock|icmp) (?:open )?sockets?\b|\bIPPROTO_(?:ICMP|RAW)\b|\b[AP]F_(?:PACKET|NETLINK|BLUETOOTH|CAN|VSOCK|ALG|TIPC)\b|\bRTNETLINK answers: (?!address)|\bnetlink: |\bip[46]:(?:icmp|ipv6-icmp|\d{1,3})\b|\b(?:RFCOMM|L2CAP|HCI)\b|\bBluetoothError\b|\bSocketCAN\b|\bbind\w{0,3} (?:\w{1,12} )?(?:to |on )?["']?v?can\d\b|\.bind\(\(["'](?!localhost)[a-z]\w{1,14}["'], ?0?\)|\bbind vsock\b|\bnet\.pipe:|\b(?:ipc|sb):\/\/|\bpipe (?:name|endpoint)\b|\buds: |\bto network \d{1,6} failed\b|\bfor LPF\b|(?:^|[:(] ?)socket(?:\(\))?(?: failed)?: (?:EACCES|EPERM|permission denied|operation not permitted)(?![^\n]{0,60}:\d)/i;

/** Whether a text is about a socket that has no port. */
export const hasNoPort = (text: string): boolean => withoutPort.test(text);

/** A program that uses raw sockets. */
export const sendsEchoes = (text: string): boolean =>
  /(?<![/.-])\b(?:f?ping[46]?|arping|traceroute6?|icmp)\b/i.test(text);

/** Whether a line is about a file, of which the next line may say that another program uses it. */
export const isAboutFile = (text: string): boolean => files.test(text) || localSocket.test(text);

/** Returns what a line is about, from the words before the error and then from all of its words; null: unknown. */
export function natureOf(text: string, errorAt: number): Nature | null {
  if (isAboutFile(text) || isDevice(text) || hasNoPort(text)) return 'file';
  if (ofGunicorn.test(text)) return 'bind';
  if (farEnd.test(text) || isTransfer(text, errorAt)) return 'connection';
  const before = text.slice(0, errorAt);
  // Of a bind, it is only said afterwards that something could not be sent.
  const isOfClient = before.search(sends) >= 0 || /\brequest failed:/.test(before) || destination.test(text);
  if (isOfClient && last(binding, text) < 0) return 'connection';
  for (const part of [before, text]) {
    const [connects, binds] = [last(connecting, part), last(binding, part)];
    if (connects >= 0 || binds >= 0) return connects > binds ? 'connection' : 'bind';
  }
  return null;
}

/** Whether a text says "connect" for a bind, as Perl and PHP do: no connection goes to every address. */
export function connectsToEveryAddress(text: string): boolean {
  return /\bstream_socket_server\(|\bconnect to (?:(?:tcp|udp|ssl)(?: |:\/\/))?(?:port \d{1,5} on (?:0\.0\.0\.0|\[?::\]?|\*)(?![\w.:])|(?:0\.0\.0\.0|\[::\]|\*):\d{1,5}(?!\d))/i.test(
    text,
  );
}

/** Returns what a call in a stack trace does. */
export function natureOfCall(text: string): Nature | null {
  if (bindingCall.test(text)) return 'bind';
  return connectingCall.test(text) ? 'connection' : null;
}

/** Whether a text is about data that could not be sent or received, for which no port is needed any more. */
export function movesData(text: string): boolean {
  return (
    (text.search(sends) >= 0 ||
      /\b(?:Begin|End)?(?:Send|Receive)(?:To|From)?(?:Async)?\(|\b(?:send|recv)(?:to|from|msg)?(?:\(| failed\b)|\b(?:send(?:ing)?|receiv(?:e|ing)) (?:\w{1,20} ){0,3}(?:message|packet|datagram|data|request|response|quer(?:y|ies))s?\b/i.test(
        text,
      )) &&
    !/\b(?:Begin|End|Do|Internal)?connect(?!ions\b)|\bdial\b/i.test(text)
  );
}

/** Whether a text reports, without a system error, that a program could not bind or listen. */
export function saysThatBindFailed(text: string): boolean {
  if (ofGunicorn.test(text) || /\bport\b.{0,40}\bblocked\b|\bblocked port\b/i.test(text)) return true;
  // The level of a record is no failure of what it reports.
  const message = text
    .replace(/(?:level|severity|@l)["']?[=:] ?["']?error\b|\[error\]/gi, '')
    .replace(/\bERROR\b(?!:)/g, '');
  if (/\bnow listening\b|\bsuccess\w{0,6}\b|\bis listening\b|\bstarted\.?$/i.test(message)) return false;
  const failed =
    /\b(?:fail(?:ed|s|ure|ing)?|could(?:n't| not)|can(?:not|'t| not)|unable|not able|aborting|conflict\w{0,2}|did not)\b|échoué|fehlgeschlagen|nicht möglich|konnte nicht|no se pudo|impossibile|não foi possível|не удалось|失败|無法|无法|できません/iu.test(
      message,
    );
  const operation =
    /(?:\bbind(?:ing)?|(?:\b|_)listen(?:ing|er|ers)?)\b|\b(?:make_sock|HttpAddUrl|expos(?:e|ing))\b|\bregister(?:ing)? (?:the )?URL|\bURL prefix\b|\b(?:start(?:ing)?|open(?:ing)?|creat(?:e|ing)|bring\w{0,4}|reserv(?:e|ing)|acquir(?:e|ing)|allocat(?:e|ing)|claim(?:ing)?|obtain(?:ing)?) (?:the |an? |up )?(?:\S{1,30} ){0,3}(?:(?:server|endpoint|port|control interface|listening socket|adminserver)\b|socket (?:\(\w{1,12}\) )?(?:on|at|for) (?=\S{0,40}\d|port\b))|\bset(?:ting)? up (?:\w{1,12} ){0,2}(?:forwarding|redirection)\b|\bserver on\b|\b(?:server|listener) (?:failed to|could(?:n't| not)|can(?:not|'t| not)) (?:be )?(?:start|open|create)(?:ed)?\b|\bbinden\b|\b(?:anlegen|öffnen|erstellen)\b.{0,40}\b(?:socket|port)\b|\bécoute\b|绑定|监听/iu.exec(
      message,
    );
  // "Error listening on", "bind error" and perror's "bind:", but not "listening on port 80, 3 errors".
  const isError =
    /\b(?:error|fatal|problem|Fehler)\b/i.test(message.slice(0, operation?.index)) ||
    /\bbind(?:ing)? error\b|\bexception while (?:bind|listen)ing\b|\d: bind:$/i.test(message);
  return operation !== null && (failed || isError);
}

/** Whether a text reports, without a system error, that a program could not connect. */
export function saysThatConnectFailed(text: string): boolean {
  return /\b(?:fail(?:ed|s|ure)?|could(?:n't| not)|can(?:not|'t| not)|unable)\b.{0,40}\b(?:connect|contact)\b|\b(?:re)?connect(?:ion)?\b.{0,80}\bfail(?:ed|s|ure)?\b|\bremote port forwarding failed\b|\bremote host '[^'\n]{1,100}' not available\b|\bError in socketConnection\((?![^\n)]{0,200}\bserver = T)/i.test(
    text,
  );
}

/** What a program is about to do, or failed to do. The past tense says that it did it. */
const attempts =
  /(?<!#)\bstart(?:ing|s)?\b|\blaunch(?:ing|es)?\b|\bopen(?:ing|s)?\b|\bbinding (?:(?:socket|server|listener|endpoint) )?(?:to|on|at)\b|\b(?:creating|preparing|setting up) (?:\S{1,20} ){0,3}(?:server|listener|socket|endpoint)\b|\blisten(?:ing)?[ _-]addr(?:ess)?\s?[:=]|^(?:server|https?|web|api|listen(?:ing)?) port\s?[:=]|\binitiali[sz](?:e|es|ing)\b|\bboot(?:ing|s)?\b|\bconfigur(?:e|ing|ation)\b|\bconfigured (?:port|to)\b|\boptions\b|\bbind-address\b|\bbind (?:address|ip) ?: ?[\d[]|\bhosting (?:the )?(?:server|game)\b|\bused for gameplay\b|\bsame address\b|\b(?:will|(?:try|attempt|about|go|prepar)(?:s|es|ing)? to) (?:bind|listen|open|run|serve|start)\b|\] BIND: \/|\bStartListening: address=|\byour tests are here\b|\b(?:Tomcat|Jetty|Undertow|Netty) initialized with port\b/i;
/** The same in other languages. */
const attemptsElsewhere =
  /\b(?:starte|öffne)\b|\bdémarrage\b|\b(?:iniciando|arrancando|levantando|avvio)\b|(?<!\p{L})(?:запуск|запускаем|запускаю)(?!\p{L})|正在启动|正在監聽|起動中|起動して|시작 ?(?:중|합니다)/iu;

/** A client, or a tool that uses a server, and the preposition before what it uses. */
const uses =
  /\bbrowser\b|\b(?:health|status) ?checks?\b|\btunnel\b|\bsync(?:ing|hroni[sz]\w{1,6})?\b|\b(?:chrome|chromium|firefox|edge|safari)\b|\b(?:with|from|of|via|against|(?<!\b(?:bind|binding|listen|listening|map|mapping|publish|publishing) )to) (?:the )?["'(<[]?(?:[a-z][a-z0-9+]{1,8}:\/\/|(?:[\w-]{1,63}\.){0,6}[\w-]{1,63}:\d{2,5}(?!\d))/i;

/** Whether a text announces where a program is about to listen, or says where it could not. */
export function announces(text: string): boolean {
  if (isEarly.test(text)) return true;
  return (attempts.test(text) || attemptsElsewhere.test(text)) && !tellsOfOthers(text);
}

/** A port that was opened, or belongs to another program, did not fail. */
const succeeded =
  /\bnow listening\b|\b(?:has been|was|have been) started\b|(?<!\b(?:to|will) )\blistens? on\b|(?<!\b(?:starting|launching|opening|initiali[sz]ing) (?:\w{1,20} ){0,4})\blistening (?:only )?(?:on|at|for)\b|(?<!already )\bbound (?:to|udp|tcp)\b|\bsuccess\w{0,6}|\bconnect(?:ed|ing|ion|s)?\b|\bprox(?:y|ied|ying)\b|\bforward\w{0,4}|\bupstream\b|\bbroker\b|\bdatabase\b|\bjdbc\b|\bmongodb:|\bredis\b|\bpool\b|\baccept sockets\b|\bremote\b|\bclient\b|\brequest\b|\boverriding address|\bignoring the (?:configured )?(?:address|url|port)\b/i;

/** Whether a line is about what succeeded, or about another program's port. */
export function tellsOfOthers(text: string): boolean {
  return succeeded.test(text) || uses.test(text);
}

/** What a server says when it has its port. */
const ready =
  /(?<!\b(?:already|not|n't|be|was) )\b(?:started|running|launched|booted|initiali[sz]ed|opened|serving|ready|live|up|available|responding|listening|bound)\b|\b(?:accepting|waiting for) (?:\w{1,12} )?(?:connection|client|request)s?\b|#start\b/i;
/** Hypercorn, Odoo, Sanic, Spring and HTTP.sys in ASP.NET Core say so before they listen. */
const isEarly =
  /(?:^|: )Listening on prefix: https?:|^Running on \S{1,200} \(CTRL \+ C to quit\)|\bHTTP service \(werkzeug\) running on\b|\bGoin' Fast @ https?:|\b(?:Tomcat|Jetty|Undertow|Netty) initialized with port\b/;

/** Whether a server says that it is ready, and therefore has its port. */
export function isReady(text: string): boolean {
  return ready.test(text) && !isEarly.test(text);
}

/** Whether a line is about the port that the line before it announces: Rust's unwrap(), R's httpuv, Julia, Thin, "this port". */
export function endsAtOnce(text: string): boolean {
  return /\bpanicked\b|^createTcpServer:|^Error in startServer\(|\bIOError(?:\("|: )(?:listen|bind): |\bno acceptor \(port\b|\bNetwork\.Socket\.bind: |\battempting to start listener\b|\b(?:this|that) port\b/i.test(
    text,
  );
}

/** Whether a line is about a socket that is opened next. */
export function opensSocket(text: string): boolean {
  return (
    /^opening\b.{0,60}\b(?:socket|listener)\b|^listening on IPv[46] interfaces?\b|(?:^|\] )StartListening: address=/i.test(
      text,
    ) && !uses.test(text)
  );
}

/** Whether a program that fails immediately prints such a line right before it listens. */
export function printsBeforehand(text: string): boolean {
  return (
    /\b(?:running|listening|serving|available) (?:the (?:\w{1,20} ){1,3})?(?:on|at)\b/i.test(text) &&
    !/\bnow listening\b/i.test(text)
  );
}
