import type { Meaning, Sign } from './codes.ts';

/*
 * What is said in words: the systems' own, as Windows and Linux have them in the languages that they speak, and the
 * programs' guesses, for which the systems' words and numbers go before. To add a language is to add its words to a row.
 */

/** Windows, and the C libraries of Linux and macOS; the first row that fits counts. */
const systems: readonly (readonly [Meaning, RegExp])[] = [
  ['exhausted', /buffer space|lacked sufficient buffer|ephemeral port|no free ports?|all such ports being in use/iu],
  [
    'exhausted',
    /Pufferspeicher|(?:espace|mémoire) (?:insuffisant|tampon|de mémoire tampon)|espacio (?:suficiente en el|de) búfer|spazio (?:sufficiente )?nel buffer|espaço (?:suficiente no|em) buffer|miejsca w buforze|места в буфере/iu,
  ],
  ['exhausted', /缓冲区空间|緩衝區空間|バッファー?領域|버퍼 공간/iu],
  // English
  [
    'inUse',
    /only one usage of each socket|(?<!name is )(?:address|addr|socket) (?:is )?already in use|address in use|being used by another process/iu,
  ],
  // German
  ['inUse', /nur jeweils einmal verwendet|Adresse wird bereits verwendet|von einem anderen Prozess verwendet/iu],
  // French
  ['inUse', /seule utilisation de chaque adresse|Adresse déjà utilisée|utilisé par un autre processus/iu],
  // Spanish
  ['inUse', /permite un uso de cada|dirección ya se está (?:usando|utilizando)|(?:utilizado|usado) por otro proceso/iu],
  // Italian
  ['inUse', /consentito un solo utilizzo|indirizzo già in uso|utilizzato da un altro processo/iu],
  // Portuguese
  [
    'inUse',
    /permitida (?:apenas )?uma utilização|endereço já em (?:uso|utilização)|(?:usado|utilizado) por outro processo/iu,
  ],
  // Polish
  ['inUse', /użycie każdego adresu|adres (?:jest )?już w użyciu|używany przez inny proces/iu],
  // Russian, Ukrainian
  [
    'inUse',
    /одно использование адреса сокета|адрес уже используется|занят другим процессом|адреса вже використовується/iu,
  ],
  // Turkish, Dutch, Swedish, Czech
  [
    'inUse',
    /yuva adresinin|adres zaten kullanımda|per socketadres|adres is al in gebruik|adressen används redan|varje socketadress|každé adresy soketu|adresa je užívána/iu,
  ],
  // Chinese
  [
    'inUse',
    /每个套接字地址|使用一个套接字地址|每個通訊端位址|一次只能用一個通訊端|地址已(?:经)?(?:在|被)使用|位址已(?:在|被)使用|另一个程序正在使用|另一個程序正在使用/iu,
  ],
  // Japanese, Korean
  [
    'inUse',
    /各ソケット ?アドレス|アドレスは(?:既に|すでに)使用|別のプロセスで使用中|각 소켓 주소|주소가 이미 사용|이미 사용 중인 주소|다른 프로세스에서 사용/iu,
  ],
  ['access', /forbidden by its access permissions|permission denied|access is denied|operation not permitted/iu],
  ['access', /Zugriffsrechte des Sockets|Keine Berechtigung|Zugriff verweigert/iu],
  ['access', /autorisations d'accès|permission non accordée|accès refusé/iu],
  ['access', /permisos de acceso|permiso denegado|acceso denegado/iu],
  ['access', /permessi di accesso|autorizzazioni di accesso|permesso negato|accesso negato/iu],
  ['access', /permissões de acesso|permissão negada|acesso negado/iu],
  ['access', /uprawnienia dostępu|brak dostępu|odmowa dostępu/iu],
  ['access', /правами доступа|отказано в доступе|відмовлено у доступі/iu],
  ['access', /izin verilmeyen bir şekilde|erişim engellendi|toegangsmachtigingen|toegang geweigerd|åtkomst nekas/iu],
  ['access', /访问权限不允许|權限不允許|权限不够|拒绝访问|存取被拒/iu],
  ['access', /アクセス許可で禁じられた|許可がありません|アクセスが拒否|액세스 권한에 의해|허가 거부|액세스가 거부/iu],
  ['notLocal', /(?:cannot|can't) assign requested address|not valid in its context|address not available/iu],
  ['notLocal', /Adresse ist in diesem Kontext ungültig|angeforderte Adresse/iu],
  ['notLocal', /adresse demandée/iu],
  ['notLocal', /dirección (?:solicitada|requerida)/iu],
  ['notLocal', /indirizzo richiesto/iu],
  ['notLocal', /endereço (?:solicitado|requisitado|de pedido)/iu],
  ['notLocal', /żądan(?:ego|y) adres/iu],
  ['notLocal', /запрошенн(?:ый|ого) адрес|требуемый адрес для своего контекста/iu],
  ['notLocal', /gevraagde adres|istenen adres/iu],
  ['notLocal', /请求的地址|所要求的位址|指定要求的位址/iu],
  ['notLocal', /要求(?:された|した)アドレス|요청(?:한|된) 주소/iu],
  ['refused', /connection (?:was )?refused|actively refused|(?:connection|connect) to \S{1,100} (?:was )?refused/iu],
  [
    'refused',
    /Zielcomputer die Verbindung verweigerte|Verbindungsaufbau abgelehnt|cible l.a expressément refusée|connexion refusée|denegó expresamente|conexión (?:rehusada|rechazada)/iu,
  ],
  [
    'refused',
    /rifiuto persistente|computer di destinazione|connessione rifiutata|recusou ativamente|conexão recusada|odmówił|połączenie odrzucone|отверг запрос|в соединении отказано/iu,
  ],
  ['refused', /etkin olarak reddetti|bağlantı reddedildi|actief geweigerd|verbinding is geweigerd/iu],
  ['refused', /积极拒绝|拒绝连接|連線.{0,6}拒絕|拒絕連線|によって拒否|接続を拒否|연결을 거부|연결이 거부/iu],
  [
    'timedOut',
    /(?:connection|connect(?:ing)?)\b.{0,120}\btimed? ?out|did not properly respond after a period of time/iu,
  ],
  [
    'timedOut',
    /Verbindungsversuch.{0,40}Zeit|connexion.{0,40}délai|conexión.{0,60}tiempo de espera|conexão.{0,40}tempo|połączenia.{0,40}czas|время ожидания соединения|连接超时|連線逾時|接続がタイムアウト|연결 시간/iu,
  ],
  ['unreachable', /network is unreachable|unreachable (?:network|host)|no route to host|host (?:is )?unreachable/iu],
  [
    'unreachable',
    /Netzwerk ist nicht erreichbar|Keine Route zum|réseau n'est pas accessible|no hay ruta|nessun instradamento|há rota para|sieć jest niedostępna|сеть недоступна|нет маршрута|没有到主机的路由|网络不可达|到達できません/iu,
  ],
  ['reset', /connection reset by peer|forcibly closed by the remote host/iu],
];

/** What programs say of a port that they could not have: they guess. */
const guesses: readonly RegExp[] = [
  // English
  /ports?(?:\(s\))?\b(?:[^.;\n]|\.\d){0,80}?\b(?:in use|occupied|unavailable|not available|taken(?: by| with)?|being used)\b/iu,
  /(?:ports?|port\(s\)|address|url|prefix|endpoint)\b[^.;\n]{0,60}?\balready\b[^.;\n]{0,20}\b(?:in use|used|being used|allocated|bound|taken|occupied|registered|exists)/iu,
  /already (?:allocated|listening|bound)|(?:connection|socket) in use|(?:another|other) (?:\w{1,20} )?(?:server|process|postmaster|instance|program)\b|something is already running|is (?:\w{1,30} )?already running|address \S{1,80} (?:is )?already in use/iu,
  /process already using (?:the )?(?:\w{1,20} )?port|in use by (?:another|a) /iu,
  // Others
  /port[^.;\n]{0,40}(?:bereits|schon) (?:belegt|verwendet|in Benutzung)|port[^.;\n]{0,30}(?:déjà utilisé|occupé)|puerto[^.;\n]{0,40}(?:en uso|ocupado)|porta[^.;\n]{0,30}(?:já (?:está )?(?:em uso|sendo usad)|già in uso|occupata)|port[^.;\n]{0,30}(?:zajęty|w użyciu)|poort[^.;\n]{0,30}in gebruik/iu,
  /порт[^.;\n]{0,30}(?:занят|используется)|bereits belegt|уже используется|既に使用され|使用中です|すでに使用|ポート[^\n]{0,30}使用|端口[^\n]{0,30}(?:占用|被使用|使用中)|連接埠[^\n]{0,30}(?:佔用|使用)|포트[^\n]{0,30}사용/iu,
];

/** Names, users and files are in use, too: no port is. */
const otherThings =
  /\b(?:name|user(?:name)?|e-?mail|alias|key|volume|subnet|device|database|mutex|file|lock)\b[^.;\n]{0,60}(?:already|is) (?:in use|exists|taken|used)|name is already/i;

const inUse = /\bin use\b/i;
const said = 'the words of the message';

/** What the system's words say. */
export function wordsIn(text: string): Sign | null {
  for (const [meaning, words] of systems) {
    const found = words.exec(text);
    if (found !== null) return { meaning, sign: said, index: found.index, length: found[0].length };
  }
  return null;
}

/** What the program takes for the cause; of a line that says that a bind failed, "in use" is enough. */
export function guessIn(text: string, couldNotBind = false): Sign | null {
  if (otherThings.test(text)) return null;
  for (const words of couldNotBind ? [...guesses, inUse] : guesses) {
    const found = words.exec(text);
    if (found !== null) return { meaning: 'inUse', sign: said, index: found.index, length: found[0].length };
  }
  return null;
}
