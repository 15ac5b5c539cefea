import { canonicalAddress, withoutScope } from '../../ports/address.ts';
import { isErrorNumber } from './codes.ts';
import { ipv6Spans, type Span } from './inside.ts';

/** A port with the address and protocol next to it. */
export interface NamedPlace {
  readonly port: number;
  /** Null: every address, or no address named. */
  readonly address: string | null;
  /** Whether the text has the name localhost, which the system resolves to one of two addresses. */
  readonly isName: boolean;
  readonly protocol: 'TCP' | 'UDP' | null;
  /** Where the place begins in the text. */
  readonly index: number;
  /** How certain it is that the program tried to bind the port; at 0 or below, it does not count. */
  readonly score: number;
  /** Whether the port belongs to a list in which every port is meant. */
  readonly listed: boolean;
}

interface Form {
  /** Has the groups `p` (port), `a` (address, or `h`: in hexadecimal) and `t` (tcp or udp); all but the first are optional. */
  readonly form: RegExp;
  /** Only the other end of a connection is named like this. */
  readonly remote?: true;
  /** 5: unambiguous; 3: an address with a port; 2: a port; 0: only next to a word such as "listen". */
  readonly score: number;
  readonly listed?: true;
  /** The notation is also that of other things: its address must be one, and its number none that errors have. */
  readonly loose?: true;
}

/** IPv4, and IPv6 with its double colon or eight groups, which no time of day has. */
const numeric = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9a-f:]{0,39}::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?:%[\w.-]{1,20})?`;
/** A program's words that it binds, up to what names the place: bind TCP socket to, start the web server on. */
const bindsTo = String.raw`\b(?:(?:re)?bind(?:ing|s)?|listen(?:ing|er)?|(?:open|start|creat|launch|runn?)(?:e|ing)?(?= [\w ]{0,40}?(?:server|socket|listener|service|endpoint)\b))(?: (?!(?:to|on|at|for|connect\w{0,4}|prox\w{1,4}|forward\w{0,4}|from|by|thread|cpu|queue)\b)[a-z][\w/'-]{0,20}){0,6}`;
/** What stands before the colon of another number, and is no host. */
const labels =
  'port|[ptug]?id|code|errno|error|fd|sock(?:et)?|handle|thread|worker|index|ret|rc|res(?:ult)?|status|size|count|time|version';
/** A word between a port and its number, up to who has the port, whose number would be that of a process. */
const others = String.raw`(?:an|another|other|some\p{L}*|otr[oa]|outr[oa]|un\p{L}*|altr[oa]|autre|ander\p{L}*|друг\p{L}*)`;
const saidWord = String.raw`(?!(?:by|por|par|von|durch|da|door|av|af|przez)(?! ${others}(?!\p{L}))(?!\p{L})|(?<!${others} )(?:pro[cz]e|процес)|(?:vom|dal|pid|owner|held|container|\p{L}{2,12}port)(?!\p{L}))[\p{L}'-]{1,16}`;
/** What cannot follow a port: the rest of a longer number, name, date or address, or what is counted. */
const ends = String.raw`(?![\w/%]|[.:,-]\d| (?!(?:is|was|has|as|because|process|address)\b)[a-z]{0,20}s\b)`;

/** The notations of an address and a port; to support another notation, add a row. */
const forms: readonly Form[] = [
  // SQL Server: [ 'any' <ipv4> 1433], ::1 <ipv6> 1431
  { form: /\bany'? ?<(?<a>ipv6)> ?(?<p>\d{1,5})/gi, score: 6 },
  { form: /(?<a>\bany|[0-9a-f:.]{2,45}(?:%\w{1,16})?)'? ?<ipv[46]> ?(?<p>\d{1,5})/gi, score: 5 },
  // gunicorn: Connection in use: ('', 9000), connection to ('127.0.0.1', 8000) failed
  { form: /\b(?:connection (?:in use:|to)|Can't connect to) \('(?<a>[^'\n]{0,64})', (?<p>\d{1,5})\)/gi, score: 9 },
  // Docker: failed to bind host port for 0.0.0.0:5173:172.17.0.2:80/tcp, where the first port is the host's
  {
    form: /(?<![\d.])(?<a>\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\]):(?<p>\d{1,5}):(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\]):\d{1,5}\/(?<t>tcp|udp)/gi,
    score: 9,
  },
  // Python: ('127.0.0.1', 8000), ('::1', 8000, 0, 0)
  { form: /\(\s?['"](?<a>[^'"\n]{0,64})['"],\s?(?<p>\d{1,5})(?:,\s?\d{1,10}){0,2}\s?\)/g, score: 3 },
  // Arguments, the port also as a string: socket_pdu("UDP_SERVER", "127.0.0.1", "4729", …)
  {
    form: new RegExp(`["'](?<a>${numeric}|localhost)["'], ?["']?(?<p>\\d{2,5})["']?[,)]`, 'g'),
    score: 2,
    loose: true,
  },
  // R: startServer("127.0.0.1", 1410, …)
  {
    form: /\(['"](?<a>\d{1,3}(?:\.\d{1,3}){3}|::1?|localhost)['"], ?(?<p>\d{1,5}), ?[a-z]/g,
    score: 2,
  },
  // Erlang: {acceptor,{0,0,0,0},5671}, {could_not_start_listener,"::",5672,…}, [{port,8088},{ip,{127,0,0,1}}]
  { form: /\{acceptor, ?\{(?<a>\d{1,5}(?:, ?\d{1,5}){3,7})\}, ?(?<p>\d{1,5})\}/g, score: 5 },
  { form: /\{\{(?<a>\d{1,5}(?:, ?\d{1,5}){3,7})\}, ?(?<p>\d{1,5})\}, ?\{?(?:eacces|eaddr\w{5,8})\b/g, score: 5 },
  { form: /listener, ?"(?<a>[^"\n]{0,64})", ?(?<p>\d{1,5}), ?:?e[a-z]{4,}/g, score: 5 },
  { form: /\{port, ?(?<p>\d{1,5})\}[^\n]{0,40}?\{ip, ?\{(?<a>\d{1,5}(?:, ?\d{1,5}){3,7})\}\}/g, score: 4 },
  { form: /\{ip, ?\{(?<a>\d{1,5}(?:, ?\d{1,5}){3,7})\}\}[^\n]{0,40}?\{port, ?(?<p>\d{1,5})\}/g, score: 4 },
  // ejabberd: Failed to open socket: {5222,ejabberd_c2s,[inet6,{ip,{0,0,0,0,0,0,0,0}}]}
  {
    form: /\{(?<p>\d{2,5}), ?[a-z]\w{1,40}, ?\[[^\n]{0,60}?\{ip, ?\{(?<a>\d{1,5}(?:, ?\d{1,5}){3,7})\}\}/g,
    score: 4,
  },
  { form: /\branch_(?:tcp|ssl), ?\[[^\]\n]{0,60}?\bport: (?<p>\d{1,5})(?!\d)/g, score: 5 },
  { form: /\{port, ?(?<p>\d{1,5})\}/g, score: 2 },
  // RabbitMQ: {dist_port_already_used,25672,"rabbit","host"}
  { form: /\{(?:\w{1,30}_)?port_\w{1,30}, ?(?<p>\d{1,5})[,}]/g, score: 3 },
  { form: /\bip: \{(?<a>\d{1,5}(?:, ?\d{1,5}){3,7})\}, port: (?<p>\d{1,5})/g, score: 4 },
  // URLs: http://+:8080/, https://[::1]:5001, amqp://guest:x@127.0.0.1:5672//, udp:127.0.0.1:161, socks://::1 1080
  {
    form: /(?:(?<![a-z])(?<t>tcp|udp)[46]?:(?:\/\/)?|\b[a-z][a-z0-9+.-]{1,20}:\/\/)(?:[^\s/@'"<>]{1,80}@)?(?<a>\[[^\]\s]{1,64}\]|[^\s/:'"<>@()]{0,255}):(?<p>\d{1,5})(?!\d|[.:]\d)/gi,
    score: 3,
  },
  {
    form: /\b[a-z][a-z0-9+.-]{1,20}:\/\/(?<a>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{0,39}::?[0-9a-f:]{1,40}) (?<p>\d{1,5})(?!\d)/gi,
    score: 3,
    loose: true,
  },
  // QEMU: hostfwd=…: Could not set up host forwarding rule 'tcp:127.0.0.1:2222-10.0.2.15:22'
  { form: /\bforwarding rule '(?:(?<t>tcp|udp):)?(?<a>[^:'\n]{0,64}):(?<p>\d{1,5})(?:-|::)/g, score: 9 },
  // HTTP.sys: add URL (http://127.0.0.1:8080:127.0.0.1/)
  { form: /\badd URL \(https?:\/\/(?<a>\[[^\]\s]{1,64}\]|[^\s/:()]{1,255}):(?<p>\d{1,5})/g, score: 6 },
  // FreeSWITCH: sip:mod_sofia@192.0.2.107:5080;maddr=172.17.0.1
  { form: /\bsips?:[^\s;]{1,100}:(?<p>\d{1,5});maddr=(?<a>[0-9a-f.:]{2,45})/g, score: 9 },
  // Docker: port 8443:8443 already allocated
  { form: /\bport (?<p>\d{2,5}):\d{2,5} (?:is )?already allocated/g, score: 5 },
  // CUPS: address 7f000001:631, address=7f000001 port=631
  {
    form: /\bStartListening: (?:[^\n]{0,60} )?address[ =](?<h>[0-9a-f]{8})(?::| port=)(?<p>\d{1,5})(?!\d)/g,
    score: 5,
  },
  // libp2p: /ip4/0.0.0.0/tcp/30333, /ip6/::/udp/4001/quic-v1, /dns4/localhost/tcp/8080/ws
  {
    form: /\/(?:ip[46]|dns(?:addr|[46])?)\/(?<a>[\w.:-]{1,64}?)\/(?<t>tcp|udp)\/(?<p>\d{1,5})(?!\d)/gi,
    score: 4,
  },
  // Go, Docker: listen tcp4 0.0.0.0:80:, listen udp :53, exposing port TCP 0.0.0.0:5432 -> …
  {
    form: /\b(?<t>tcp|udp)[46]?:? (?:addr(?:ess)? )?(?<a>\[[^\]\s]{1,64}\]|(?!\d{1,2}:\d\d:)[^\s:/[\]()'",]{0,255}):(?<p>\d{1,5})(?!\d)/gi,
    score: 3,
  },
  // Go: dial udp4 :6363->192.0.2.48:6363: bind: address already in use
  { form: /\bdial (?<t>tcp|udp)[46]? (?<a>[^\s>]{0,64}):(?<p>\d{1,5})(?=->\S{1,80}: [^\n]{0,40}?bind:)/g, score: 9 },
  // Node: address already in use :::3000, listen EACCES ::1:80
  {
    form: /\bE(?:ADDRINUSE|ACCES|ADDRNOTAVAIL|INVAL|NOBUFS)\b[^\n\d]{0,60}?\s(?<a>[0-9a-f:.*]{1,45}(?:%[\w.-]{1,20})?):(?<p>\d{1,5})(?!\d|[.:]\d)/gi,
    score: 5,
  },
  // Node, copied by hand: address already in use::: 5001
  { form: /\baddress already in use:{2,4} ?(?<p>\d{2,5})(?!\d|[.:]\d)/gi, score: 3 },
  // [::]:443, [fe80::1%eth0]:80, [0.0.0.0]:9009, [AF_INET][undef]:1194, CUPS's [v1.::1]:631
  { form: /\[(?:v1\.)?(?<a>[0-9a-f:.]{2,45}(?:%[\w.-]{1,20})?|undef|-)\]:(?<p>\d{1,5})(?!\d|[.:]\d)/gi, score: 3 },
  // 0.0.0.0:80, 0.0.0.0%eth0:67, /0.0.0.0:8080, [0.0.0.0:80]
  { form: /(?<![\d.])(?<a>\d{1,3}(?:\.\d{1,3}){3}(?:%[\w.-]{1,20})?):(?<p>\d{1,5})(?!\d|[.:]\d)/g, score: 3 },
  // An address that somebody made unreadable: <ip>:19132, xxx.xxx.xx.xx:5060
  {
    form: /(?:<[a-z][\w -]{1,20}>|<(?:[a-z]{1,10}[_ -])?(?:ip|addr|address|host)(?=:\d)|\[(?:ip|address|host|hidden|redacted|removed)\]|(?<![\w.])(?:[x*\d]{1,3}(?:\.[x*\d]{1,3}){2}\.[x*]{1,3}|[x*]{1,3}(?:\.[x*\d]{1,3}){3,4})):(?<p>\d{1,5})(?!\d|[.:]\d)/gi,
    score: 2,
  },
  // Java, OpenVPN: /0:0:0:0:0:0:0:0:9000, /fe80:0:0:0:0:0:0:1%eth0:80, fe80::1%2:80, [AF_INET6]2001:db8::1:1194
  {
    form: /(?:(?<![\w.:])(?=[0-9a-f:.]{2,45}%|(?:[0-9a-f]{1,4}:){8})|(?<=\[AF_INET6\]))(?<a>[0-9a-f:.]{2,45}(?:%[\w.-]{1,20})?):(?<p>\d{1,5})(?![\w%]|[.:][\da-f])/gi,
    score: 3,
  },
  // HAProxy: cannot bind socket (Address already in use) for [2001:db8::5:443]
  { form: /\bbind socket \([^)\n]{1,80}\)(?: for)? \[(?<a>[0-9a-f:.]{2,45}):(?<p>\d{1,5})\]/gi, score: 5 },
  // *:6379, localhost:8000, any:8000, :::8080, <null>:8080, null:3001, all interfaces:80, [localhost]:631
  {
    form: /(?<![\w.:])(?<a>\*|\[?localhost\]?|any|(?:in6?addr|all|any)[_ ](?:any|interfaces)|::[01]?|<null>|[([]?(?:null|nil|none|undefined|unspecified)[)\]]?(?=:\d\d)):(?<p>\d{1,5})(?!\d|[.:]\d)/gi,
    score: 3,
  },
  // Jetty: SocketConnector@host.example.com:4444, ServerConnector@1b2c{HTTP/1.1}{host.example.com:8080}
  {
    form: /(?:\bS\w{0,30}Connector@|\}\{)(?<a>[a-z][\w.-]{0,200}):(?<p>\d{2,5})(?!\w|[.:]\d)/gi,
    score: 3,
  },
  // Vapor: 'api.example.com':8080
  { form: /'(?<a>[\w-]{1,63}(?:\.[\w-]{1,63}){0,6})':(?<p>\d{1,5})(?!\d|[.:]\d)/g, score: 2 },
  // Fiddler: [Localhost: 8888]
  { form: /\[(?<a>localhost|\d{1,3}(?:\.\d{1,3}){3}): (?<p>\d{1,5})\]/gi, score: 3 },
  // Tomcat: on address [localhost] and port [8005]
  { form: /\baddress \[(?<a>[^\]\n]{1,64})\](?: and|,)? port \[(?<p>\d{1,5})\]/gi, score: 5 },
  // ice4j: failure to bind to address /192.0.2.1 and port 10001
  { form: new RegExp(`\\baddress \\/?(?<a>${numeric}),? and port (?<p>\\d{1,5})`, 'gi'), score: 5 },
  // racoon: 192.0.2.1[500]
  { form: new RegExp(`(?<![\\w.:])(?<a>${numeric})\\[(?<p>\\d{1,5})\\]`, 'gi'), score: 3 },
  // BIND, unbound: 127.0.0.1#953, ::1@53
  {
    form: new RegExp(`(?<![\\w.:])(?<a>${numeric})[#@](?<p>\\d{1,5})(?![\\w.])`, 'gi'),
    score: 3,
  },
  // Ruby, OpenSSH, FreeRADIUS, ZooKeeper, MySQL X: "::1" port 3000, port 22 on ::, * port 1812, '*' port: 33060
  {
    form: new RegExp(
      `(?:["'([/]|\\s|^)(?<a>\\*|${numeric}|localhost)["')\\]]?,? (?:with )?port:? (?:(?<t>tcp|udp)\\/)?(?<p>\\d{1,5})(?!\\d|\\.\\d)`,
      'gi',
    ),
    score: 3,
  },
  {
    form: new RegExp(`\\bport (?<p>\\d{1,5}) on \\[?(?<a>\\*|${numeric}|localhost)(?!\\w)`, 'gi'),
    score: 4,
  },
  // CICS: the port 3010 is already in use on the IP address 192.0.2.10
  {
    form: new RegExp(
      `\\bport (?<p>\\d{1,5})\\b[^\\n\\d]{1,60} (?:on|at|for) (?:the )?(?:local )?(?:IP )?(?:address|interface):? ["'[]?(?<a>${numeric})`,
      'gi',
    ),
    score: 4,
  },
  {
    form: new RegExp(`\\bport (?<p>\\d{1,5}) (?:is )?(?:already )?in use (?:on|at) ["'[]?(?<a>${numeric})`, 'gi'),
    score: 4,
  },
  { form: /\bport (?<p>\d{1,5}) socket_addr = (?<a>[0-9a-f:.]{2,45}?)\.?(?:\s|$)/gi, score: 4 },
  // Qt: QHostAddress("127.0.0.1") : 14556, QHostAddress(QHostAddress::Any), 14556
  {
    form: /\bQHostAddress\("?(?:(?<a>[\d.:a-f]{3,45})|[\w:]{1,40})"?\) {0,3}[:,] {0,2}(?<p>\d{2,5})(?!\d)/g,
    score: 4,
  },
  // krb5kdc: server socket on 0.0.0.0.88
  { form: /\bsocket on (?<a>\d{1,3}(?:\.\d{1,3}){3}|::)\.(?<p>\d{1,5})(?![\w.])/g, score: 4 },
  // Tcl: socket -server accept -myaddr 127.0.0.1 9900
  { form: /\bsocket -server \S{1,60} (?:-myaddr (?<a>[\w.:]{1,45}) )?(?<p>\d{1,5})(?![\w.])/g, score: 5 },
  // IBM MQ: Remote host 'mqhub (10.2.3.4) (1414)'
  { form: /\bhost '[\w.-]{0,64} ?\((?<a>[0-9a-f.:]{2,45})\) \((?<p>\d{1,5})\)'/g, score: 4, remote: true },
  { form: /\binterface (?<a>[0-9a-f:.]{2,45}) (?<p>\d{1,5})(?!\d)/gi, score: 3, loose: true },
  // Objects and options: address: '::', port: 3000; port=>5044, … host=>"0.0.0.0"; tcp:port=9000:interface=0.0.0.0
  {
    form: /(?:address|addr|host|hostname|\bip|interface)["')]?\s?(?:=>?|:)\s?["']?(?<a>[^\s"',;(){}]{0,64})["']?[,;.。]?\s{0,4}["']?(?<![\p{L}\d_])(?:port|порт|puerto|porta|porto|poort|端口|ポート|포트)["']?\s?(?:=>?|:)\s?["']?(?:(?<t>tcp|udp)\/)?(?<p>\d{1,5})(?!\d)/giu,
    score: 4,
  },
  {
    form: /\bport["']?\s?(?:=>?|:)\s?["']?(?<p>\d{1,5})["']?,\s{0,4}["']?(?:address|addr|host|hostname|ip|interface)["']?\s?(?:=>?|:)\s?["']?(?<a>[^\s"',;(){}]{0,64})/gi,
    score: 4,
  },
  // A system call trace: sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")
  {
    form: /\bsin_port=htons\((?<p>\d{1,5})\)(?:, sin_addr=inet_addr\("(?<a>[\d.]{7,15})"\))?/g,
    score: 4,
  },
  {
    form: /\bsin6_port=htons\((?<p>\d{1,5})\)(?:[^\n]{0,60}?inet_pton\(AF_INET6, "(?<a>[0-9a-f:.]{2,45})")?/gi,
    score: 4,
  },
  { form: /\bport=>(?<p>\d{1,5})(?!\d)(?:[^\n]{0,400}?\bhost=>"(?<a>[^"\n]{0,64})")?/g, score: 4 },
  { form: /\bbindIp: "(?<a>[^"\n]{0,64})", port: (?<p>\d{1,5})(?!\d)/g, score: 4 },
  { form: /\b(?<t>tcp|udp):port=(?<p>\d{1,5}):interface=(?<a>[0-9a-f.:\\]{2,60})/gi, score: 4 },
  // A port after a word: Port 80 in use, puerto: 8080, Port-10250, tcpPort=8080
  {
    form: /(?:(?<![\p{L}\p{N}]|(?:remote|peer|client|dst|dest\w{0,7}|target|src|source|upstream|foreign|db|database)[_.])(?:port|(?<![./])Port)|(?<=[a-z])(?<!remote|peer|client|dest|destination|target|src|source|upstream|foreign|db|view|trans|sup|re|im|ex)Port|\b(?:(?:SERVER|HTTPS?|LISTEN|BIND|APP|API|WEB|LOCAL|TCP|UDP)_)?PORT)(?:s(?!\[| ?#)|\(s\))?(?:[ _]?[Nn]umber| ?nummer| ?n[or]\.)?["']?(?: already (?:in use|bound):?(?! ?#)| of| is:?| to(?= \d{2,5} is already in use))?(?:[ :=#"'`»„“«([{<-]|=>){0,4}(?<!\d)(?<p>\d{1,5})(?!\d|[.:-]\d|\.[a-z]{2,5}\b)/gu,
    score: 2,
  },
  {
    form: /(?:porta|puerto|porto|poort|portul?|porcie|portti|θύρα|cổng|порт[а-яії]{0,3}|პორტზე|ポート|端口|連接埠|埠號|포트)["']? ?(?:номер|số)?[ :=#"'`»„“«(号]{0,4}(?<p>\d{1,5})(?!\d|[.:-]\d)/giu,
    score: 2,
  },
  // What is said about it before the number: 以下端口已被占用: 3306, 次のポートは使用中です: db(3306), 监听失败: 8080
  {
    form: /(?:(?:端口|連接埠|埠號)[已被正在占佔用冲突衝]{0,8}|(?:监听|绑定|監聽|綁定)(?:端口|連接埠|埠號)?(?:失败|失敗)|(?:ポート|포트)[\p{Script=Hiragana}\p{Script=Hangul}使用既中 ]{2,16}): ?(?:[\w-]{1,20}\()?(?!100(?:13|48|49|55)(?!\d))(?<p>\d{2,5})(?![\w.:])/giu,
    score: 2,
  },
  { form: /(?<!\d)(?<p>\d{1,5}) ?(?:番ポート|번 포트|号端口)/gu, score: 2 },
  { form: /(?<![\w)\]%.-][ :=#-]{0,2}|\d)(?<p>\d{1,5})`? ?(?:포트|端口)/gu, score: 2 },
  // The number before the word: 8080 portu, 8080 numaralı port, A 8080-as port
  {
    form: /(?<![\w.:/#@-])(?<p>\d{2,5}) (?:numaralı|nolu|no'lu|számú) port\p{L}{0,4}/giu,
    score: 2,
  },
  // "line 80 port" and "pid 80 port" name other things: the number begins a clause, which "Port" would begin again.
  {
    form: /(?:^|[^\s\w]\s|\b(?:[Tt]he|[Aa]|[Aa]z|[Tt]his|[Tt]hat|[Bb]ecause|[Ss]ince|[Ii]f|[Ww]hen|tcp|TCP|udp|UDP|local|[Oo]n|[Yy]our|[Bb]u|is) )["'(]?(?<p>\d{2,5})(?:-[aáeéoö]s)? (?:port|PORT)\p{L}{0,4}(?![\p{L}"']{0,3}[ :=#("']{0,4}\d)(?!s\b| conflict| bind)/gu,
    score: 2,
  },
  // PostgreSQL: the only number next to "postmaster", in any language
  { form: /^[^\d\n]{0,80}\bpostmaster\b(?! ?\()[^\n(\d]{0,80}?(?<p>\d{2,5})(?!\d)[^\n?\d]{0,60}\?/giu, score: 2 },
  { form: /^[^\d\n]{0,80}(?<p>\d{2,5})(?![\d.:\]])[^\n)\d]{0,40}\bpostmaster\b(?! ?\()[^\n?\d]{0,80}\?/giu, score: 2 },
  // A port after what is said about it: Port in use: 8123, port conflict on 8123, Grizzly's Already bound: 80
  {
    form: /\b(?:already bound|ports? (?:is |was )?(?:already |currently )?(?:in use|bound|used|taken|occupied|unavailable|conflict|allocation failed))(?:: ?| on )(?<p>\d{1,5})(?![\w.:])/gi,
    score: 2,
  },
  // Words and a separator between: port for jobs: 4711, port is taken by something else (8123), puerto en uso: 3001
  {
    form: new RegExp(
      `(?<![\\p{L}/_])(?:ports?|puerto|porta|porto|portu|poort|порт)\\p{L}{0,3} (?:${saidWord} ){0,7}?(?!(?:${labels}|by|line|attempts?|in|after|ms|offset)(?!\\p{L}))${saidWord}(?:: ?|(?<!(?:pro[cz]e|процес)\\p{L}{0,6}) ?[([{<] ?)["']?(?<p>\\d{2,5})${ends}`,
      'giu',
    ),
    score: 2,
    loose: true,
  },
  // The number alone: bind to 8123, bind(8123), and, where the text begins, 8123 is already in use; not bind 98
  { form: new RegExp(`\\bbind(?:ing)?[ (](?<p>\\d{4,5})${ends}(?!, ?(?:[{(&]|0x))`, 'gi'), score: 2 },
  { form: new RegExp(`${bindsTo}:? (?:on|at|to|for) (?:the )?["'\`(<[]?(?<p>\\d{2,5})${ends}`, 'gi'), score: 3 },
  { form: new RegExp(`${bindsTo} (?<t>tcp|udp)[46]? ["'\`(<[]?(?<p>\\d{2,5})${ends}`, 'gi'), score: 2 },
  // An address with something other than a colon behind it: bind to 0.0.0.0 8123, (192.0.2.1, 8123), ::1 (8123)
  {
    form: new RegExp(
      `${bindsTo}(?: (?:to|on|at|for))?(?: port)?:? ["'(<[]{0,2}(?<a>${numeric}|localhost)["')\\]]{0,2} (?<p>\\d{2,5})${ends}`,
      'gi',
    ),
    score: 2,
    loose: true,
  },
  {
    form: new RegExp(
      `(?<![\\w.:/@-])\\[?(?<a>${numeric}|localhost)["'\\])]{0,2}(?:[,;] ?| ?\\()["']?(?<p>\\d{2,5})${ends}`,
      'gi',
    ),
    score: 0,
    loose: true,
  },
  // Spark: Address already in use: Service 'SparkUI' failed after 16 retries (starting from 4040)
  { form: /\bin use: [^\n]{1,80} retries \(starting from (?<p>\d{2,5})\)/g, score: 5 },
  // Steam: couldn't find an open port between 27015 and 27015; Gradio: empty port in range: 7860-7860; on port 9221-9221
  { form: /\bports? (?:(?:between|in range:?) )?(?<p>\d{2,5})(?: and |-)\k<p>(?!\d)/gi, score: 3 },
  // GlassFish: No free port within range: 8080=com.sun.enterprise…
  { form: /\bfree port within range: (?<p>\d{2,5})(?![\d-])/gi, score: 5 },
  // Next to what the system said: Address already in use: 8123, "8123: Address already in use"
  {
    form: new RegExp(`\\balready in use: ?["'\`]?(?<p>\\d{4,5})${ends}`, 'gi'),
    score: 0,
    loose: true,
  },
  {
    form: /(?<![:=] ?)["'`(](?<p>\d{4,5}): (?=address (?:already )?in use|permission denied|cannot assign|EADDRINUSE|EACCES)/gi,
    score: 2,
    loose: true,
  },
  {
    form: /^(?:error: )?(?<p>\d{2,5}) (?:is |was )?(?:already |currently )?(?:in use|used|taken|occupied|bound)\b/gi,
    score: 2,
  },
  {
    form: /\b(?<t>tcp|udp) (?<p>\d{2,5}) (?:is |was )?(?:already |currently )?(?:in use|used|taken|occupied|bound)\b/gi,
    score: 2,
  },
  // Moonlight: Testing TCP 48010...bind() failed
  { form: /\b(?<t>tcp|udp) (?<p>\d{2,5})(?=(?:\.{3}|[:,]) ?(?:bind|listen)\b)/gi, score: 3 },
  // SELinux, AppArmor: denied { name_bind } for pid=553 comm="rpcbind" src=61839, operation="bind" … lport=123
  { form: /\bname_bind\b[^\n]{0,160}? src=(?<p>\d{1,5})(?!\d)/g, score: 5 },
  { form: / operation="bind"[^\n]{0,300}? lport=(?<p>\d{1,5})(?!\d)/g, score: 5 },
  // systemd's units: ListenStream=9090, ListenDatagram=127.0.0.1:69
  { form: /^Listen(?:Stream|Datagram)=(?:(?<a>[\w.:[\]]{1,45}):)?(?<p>\d{1,5})$/g, score: 5 },
  // Kubernetes: nodePort: Invalid value: 30080: provided port is already allocated
  { form: /Invalid value: "?(?<p>\d{1,5})"?: provided port is already allocated/g, score: 5 },
  // The protocol between: le port TCP 8400, puerto UDP/161
  {
    form: new RegExp(
      `(?<![\\p{L}])(?:port|puerto|porta|porto|poort|порт\\p{L}{0,3}|ポート|端口|포트) (?<t>tcp|udp)[ /:](?<p>\\d{2,5})${ends}`,
      'giu',
    ),
    score: 3,
  },
  { form: /(?<!\d)(?<p>\d{1,5})\/(?<t>tcp|udp)\b/gi, score: 2 },
  // tcp/443; adb and socat: forward tcp:8081
  { form: /\b(?<t>tcp|udp)[46]?[/:](?<p>\d{1,5})(?!\d|[.:/-]\d)/gi, score: 2 },
  // Milters: inet:8891@localhost
  { form: /\binet6?:(?<p>\d{1,5})(?:@(?<a>[\w.:[\]-]{1,64}))?(?![\w.:])/gi, score: 3 },
  // Tomcat: Several ports (8005, 8080, 8009) required by
  { form: /(?<=\bports \((?:\d{1,5}, ?){0,12})(?<p>\d{1,5})(?=[,)])/g, score: 3, listed: true },
  // kubectl: requested ports: [{8080 80}]
  { form: /ports: \[\{(?<p>\d{1,5}) \d{1,5}\}/g, score: 3 },
  // Tomcat: Connector["http-nio-8080"], Connector[HTTP/1.1-8080], ajp-nio-127.0.0.1-8009
  {
    form: /(?:http|https|ajp)(?:\/1\.[13])?-(?:nio2?-|apr-|bio-)?(?:(?<a>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{0,39}:[0-9a-f:.]{1,45})-)?(?<p>\d{2,5})(?![\d.:])/gi,
    score: 2,
  },
  // Elasticsearch: bind to [9220]; bind(a, 143); listen TCP on 10808
  { form: /\b(?:bind(?:ing)?|listen(?:ing)?) (?:to|on|at) \[(?<p>\d{1,5})\]/gi, score: 3 },
  { form: /(?:\b|_)(?:bind|listen)\((?<a>[\w*.:[\]]{0,46}), ?(?<p>\d{1,5})\)/gi, score: 4 },
  // Dovecot: listen(993) failed
  { form: /\blisten\((?<p>\d{3,5})\) failed/g, score: 3 },
  { form: new RegExp(`\\b(?:listen|bind)(?:ing)? (?<t>tcp|udp)[46]? on (?<p>\\d{2,5})${ends}`, 'gi'), score: 3 },
  // A host name, but not a line of a source file: api.example.com:443
  {
    form: /(?<![\w.@/\\-])(?<a>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6}(?<=[a-z])):(?<p>\d{2,5})(?![\d:.])/gi,
    score: 2,
    remote: true,
  },
  // Could not connect to payments:8080
  {
    form: new RegExp(
      `\\b(?:to|at|with|from|reach|contact|server|service|host) ["'(<]?(?!(?:${labels}):)(?<a>[a-z][\\w-]{0,62}):(?<p>\\d{2,5})${ends}`,
      'gi',
    ),
    score: 2,
    remote: true,
  },
  // Where it says that the program itself wanted it: Port in use: node1.example.com:50090
  {
    form: new RegExp(
      `(?:\\bin use:|\\bbound (?:to|on|at)|${bindsTo} (?:to|on|at))(?: addr(?:ess)?)?:? [['"<(]{0,2}(?<a>(?!(?:${labels}|\\d\\d+):)[a-z0-9](?:[\\w-]{0,61}[a-z0-9])?(?:\\.[a-z0-9-]{1,63}){0,6}):(?<p>\\d{2,5})${ends}`,
      'gi',
    ),
    score: 3,
  },
  // Go, uWSGI: listening on :443, the same address (:8080)
  {
    form: /(?<!\b(?:X\w{0,12}|DISPLAY|display) ?=? ?)(?:^|[\s(=[]|[\s(=:]["'])(?<a>):(?<p>\d{2,5})(?!\d|[.:]\d)/g,
    score: 0,
  },
];
/** The same expressions, which also return where the port begins. */
const indexed = forms.map(({ form, ...one }) => Object.assign(one, { form: new RegExp(form, `${form.flags}d`) }));

/** The words before a port that the program tried to bind, and before another program's port. */
const toBind =
  /\b(?:bind\w{0,10}|bound|listen\w{0,6}|E(?:ADDRINUSE|ACCES|ADDRNOTAVAIL)|in use|make_sock|HttpAddUrl|regist\w{0,10}|prefix\w?|expos\w{1,6}|forward|fwd\w{0,12}|(?<!was )start\w{0,4}|launch\w{0,4}|serving|running on|open(?:ing)?|creat(?:e[sd]?|ing)|address(?! 0x)|allocated|userland|already using|fail(?:ed|ure)?|Starting \w{1,20}|ascolt\w{1,4}|escuch\w{1,4}|nasłuch\w{0,6}|lausch\w{1,4})\b|préfixe|écoute|прослуш|Präfix|префикс|绑定|监听/gi;
const ofOthers =
  /\b(?:see|visit|documentation|manual|client|upstream|, server: |request|referrer|(?:remote|peer)(?:_?addr\w{0,4})?|dial\w{0,4}|connect(?:ed|ing|ex|ion)?\b|prox(?:y|ied|ying)|from(?! HRESULT| '?name_bind)|via|backend|target|destination|broker(?! on port)|database|attempting|trying|retry(?:ing)?|(?<!already |\b(?:process|program|application|app|software|instance|container|server|service|something|else|that)(?: is)? )using|instead|(?:another|available|next|(?<!please |to )free) (?:\w{1,10} )?ports?|by process|by pid|on node|tunnel to|was started|jdbc|mongodb|redis|mysql|postgres(?:ql)?)\b|\s-s\b|->|→|-->|(?<=:\d{2,5}) => (?=\d)/gi;

const lastIndex = (words: RegExp, text: string): number => {
  let last = -1;
  for (const { index } of text.matchAll(words)) last = index;
  return last;
};

/** Rates the words before a port as evidence for or against it; reversed when another program's port is wanted. */
function context(text: string, index: number, wanted: Wanted): number {
  const before = text.slice(Math.max(0, index - 90), index);
  const [own, others] = [lastIndex(toBind, before), lastIndex(ofOthers, before)];
  if (wanted === 'others') return others >= 0 ? 3 : 1;
  if (own < 0 && others < 0) return 0;
  return own > others ? 3 : -6;
}

/** What stands before the number of a connector, and the option of a command line, which states nothing. */
const device =
  /(?:\busb\w{0,4}|\bserial|(?<![.\w])com|\bswitch|\bparallel|\bhub|ethernet\S{0,10}|\bsfp\S{0,4}|\bhdmi|\bdisplay|\bphysical)[ -]?ports?[ :=#-]{0,3}$|(?:^|\s)--?[\w.-]{0,40}ports?[ =:]{0,2}$/i;

/** What stands before the port in Python's description of a socket that is bound already, and in a name of Java's registry. */
const boundBefore = /\bbind to URL \[rmi:\/\/[\w.-]{0,60}:$|\bladdr=\(["'][^"'\n]{0,50}["'], ?$/;

/** What stands where an address would be, and is a line of a source file. */
const sourceFile =
  /^(?:lines?|pid|tid)$|\.(?:go|rs|py|[jt]sx?|m[jt]s|cc?|cpp|cxx|cs|hpp?|java|rb|php|p[lm]|exs?|erl|scala|kts?|lua|swift|zig|dart|fs|vb|mli?|mm?|hs|clj|groovy|nim|jl|cr|pas|dpr|coffee|vue|svelte|properties|toml|txt|log|sh|cmd|bat|ps1|cnf|conf|cfg|ini|ya?ml|json|xml)$/i;

/** What follows a number that counts or measures something. */
const amount =
  /^ ?(?:%|\w{1,8}\/s(?:ec)?\b|[µmn]?s\b|sec(?:ond)?s?\b|min(?:ute)?s?\b|hours?\b|[KMGT]?i?B\b|bytes?\b|total\b|of (?:\d|the |all )|times\b|retries\b|attempts?\b(?! \d)|connections?\b|clients?\b|requests?\b|ports\b)/i;

/** Reads a port; Java's formatted messages have it in groups, like other numbers: port 8,080. */
function portNumber(text: string, after: string): number | null {
  const group = text.length <= 2 ? /^,(\d{3})(?!\d|,\d)/.exec(after)?.[1] : undefined;
  const grouped = Number(text + (group ?? ''));
  // 22,443 can be a list.
  if (text.length === 2 && group !== undefined && grouped <= 65535) return null;
  const port = grouped <= 65535 ? grouped : Number(text);
  return port <= 65535 && (text === '0' || !text.startsWith('0')) ? port : null;
}

/** Converts cupsd's 7f000001. */
const fromHex = (text: string): string => Array.from(text.matchAll(/../g), ([byte]) => parseInt(byte, 16)).join('.');

/** Converts Erlang's {0,0,0,0,0,0,0,1}. */
function fromTuple(parts: readonly number[]): string {
  return parts.length === 4 ? parts.join('.') : parts.map((part) => (part & 0xffff).toString(16)).join(':');
}

/** Normalizes an address from any notation; null for no address, and for a host name other than localhost. */
function addressOf(found: string | undefined, localhost = '127.0.0.1'): string | null {
  // A colon after an IPv6 address ends it: "on :::", "on ::1:"
  const plain = (found ?? '').replace(/^\[|\]$|\\/g, '').replace(/(?<=:[0-9a-f]{0,4}[0-9a-f]|::):$/i, '');
  if (/^localhost$/i.test(plain)) return localhost;
  if (/^ipv6$/i.test(plain)) return '::';
  const tuple = /^\d{1,5}(?:, ?\d{1,5}){3,7}$/.test(plain) ? fromTuple(plain.split(',').map(Number)) : plain;
  // An IPv4 socket bound to a device is looked up by its address alone.
  return canonicalAddress(/^\d+\.[\d.]+%/.test(tuple) ? withoutScope(tuple) : tuple);
}

/** Finds an address without a port, which PostgreSQL puts in the quotation marks of the language. */
export function quotedAddress(text: string): string | null {
  const found = /IPv[46](?:[^\n"'»„“«]|(?<=\p{L})'(?=\p{L})){0,60}["'»„“«]\s?([0-9a-f:.]{2,45})\s?["'«»“”]/iu.exec(
    text,
  )?.[1];
  return addressOf(found);
}

/** An address after what a program binds: listening socket for 192.0.2.1, bind(8, 0x7ffc, 16) on ::1, Can't bind 192.0.2.1 */
const bound = new RegExp(
  `\\b(?:(?:re)?bind(?:ing|s)?|bound|listen(?:ing|er)?)\\b(?:(?:(?!\\b(?:to connect|by|via|from|client|peer|remote|prox\\w{1,4})\\b)[^\\n]){0,60}?\\b(?:to|on|at|for|addr(?:ess)?|ip|host|interface|socket))?:? ["'(<[]{0,2}(?<a>${numeric})(?:%[\\w.-]{1,20})?["')>\\]]{0,2}(?![\\w%/#@[-]|[.:]\\w|,? ?port|,? \\(?\\d)`,
  'i',
);
/** mediasoup: port bind failed due to address not available [udp:192.0.2.1, attempt:1]; Node: bind EPERM 0.0.0.0 */
const afterProtocol = new RegExp(
  `\\bbind (?:failed\\b[^\\n]{0,60} \\[(?:tcp|udp):|E[A-Z]{3,12} )(?<a>${numeric})(?=[,\\]]|$)`,
  'i',
);
/** Finds the address of a bind without a port. */
export function bareAddress(text: string): string | null {
  // Exim
  if (text.includes('address (any IPv6)')) return '::';
  return quotedAddress(text) ?? addressOf((bound.exec(text) ?? afterProtocol.exec(text))?.groups!['a']);
}

/** Finds an HTTP.sys prefix without a port: http://+/path. */
function portlessPrefix(text: string): NamedPlace[] {
  const found = /\b(https?):\/\/(?:[+*]|localhost)(?=\/|\s|'|"|$)/i.exec(text);
  if (found === null) return [];
  const port = found[1]!.toLowerCase() === 'http' ? 80 : 443;
  return [{ port, address: null, isName: false, protocol: 'TCP', index: found.index, score: 2, listed: false }];
}

/** An address of a multicast group, which only UDP has. */
const multicast = /^(?:22[4-9]|23\d)\.|^ff[\da-f]{2}:/i;

/** Whether to find a port that the program tried to bind, or another program's port that it tried to reach. */
type Wanted = 'own' | 'others';

/** What is known about a line that is searched for ports. */
interface PlacesOptions {
  /** The error number, which is not a port. */
  readonly but?: Span | null;
  /** The program's statement about a port: the port inside it is meant. */
  readonly said?: Span | null;
  readonly wanted?: Wanted;
  /** Whether to find port 0, for which the system chooses a port, instead of others. */
  readonly dynamic?: boolean;
}

/** Adds the address that stands elsewhere in the line, where no port has one next to it. */
function withBareAddress(places: readonly NamedPlace[], text: string): NamedPlace[] {
  const address = places.some((place) => place.address !== null) ? null : bareAddress(text);
  return places.map((place) => (place.address === null ? { ...place, address } : place));
}

/** Returns every port in a line, the most certain first; of equals, the one nearest to the error. */
export function placesIn(
  text: string,
  near: number,
  { but = null, said = null, wanted = 'own', dynamic = false }: PlacesOptions = {},
): NamedPlace[] {
  const [quoted, localhost] = [quotedAddress(text), /IPv6 loopback/i.test(text) ? '::1' : '127.0.0.1'];
  const addresses = ipv6Spans(text);
  const places = indexed.flatMap(({ form, score, listed = false, remote = false, loose = false }) =>
    (remote && wanted === 'own' ? [] : [...text.matchAll(form)]).flatMap(({ groups, indices }): NamedPlace[] => {
      const number = groups!['p']!;
      const [at] = indices!.groups!['p']!;
      const after = text.slice(at + number.length, at + 24);
      const port = portNumber(number, after);
      if (port === null || (port === 0) !== dynamic || sourceFile.test(groups!['a'] ?? '')) return [];
      const hex = groups!['h'];
      const written = hex === undefined ? groups!['a'] : fromHex(hex);
      const address = written === undefined ? quoted : addressOf(written, localhost);
      const isGroup = address !== null && multicast.test(address);
      const protocol = isGroup ? 'UDP' : ((groups!['t']?.toUpperCase() ?? null) as NamedPlace['protocol']);
      if (loose && (isErrorNumber(number) || (address === null && groups!['a'] !== undefined))) return [];
      if (device.test(text.slice(Math.max(0, at - 40), at)) || boundBefore.test(text.slice(Math.max(0, at - 70), at)))
        return [];
      // The name of a thread, such as [RemoteServer-/192.0.2.7:19132/ERROR]
      if (/^['"]? (?:succeeded|instead)\b|^#(?![\w/!])|^\/[A-Z]{4,5}\]/.test(after)) return [];
      if (score <= 2 && amount.test(after)) return [];
      const isIn = (span: Span | null): boolean => span !== null && at >= span.index && at < span.index + span.length;
      // A program joins a group, whose port it binds, even where it calls that connecting.
      const words = context(text, at, wanted);
      const sure = score + (score >= 5 || isIn(said) ? 3 : isGroup ? Math.max(1, words) : words);
      const isName = /^\[?localhost\]?$/i.test(groups!['a'] ?? '');
      return sure <= 0 || isIn(but) || addresses.some(isIn)
        ? []
        : [{ port, address, isName, protocol, index: at, score: sure, listed }];
    }),
  );
  const found = places.length === 0 ? portlessPrefix(text) : wanted === 'own' ? withBareAddress(places, text) : places;
  return found.sort((a, b) => b.score - a.score || Math.abs(a.index - near) - Math.abs(b.index - near));
}
