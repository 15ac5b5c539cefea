import type { Meaning, Sign } from './codes.ts';
import { sentenceIn } from './languages.ts';

/*
 * Errors in words: the systems' own, in the languages of Windows and Linux, and the programs' guesses, over which the
 * systems' words and numbers take precedence. To add a language, add its words to a row.
 */

/** Windows, and the C libraries of Linux and macOS, each in its available languages; the first matching row counts. */
const systems: readonly (readonly [Meaning, RegExp])[] = [
  [
    'exhausted',
    /buffer space|lacked sufficient buffer|ephemeral port|no free ports?(?! (?:found )?(?:with)?in (?:the )?range\b)|all such ports being in use|selected local endpoint was recently used/iu,
  ],
  [
    'exhausted',
    /Pufferspeicher|für den Puffer verfügbar|(?:espace|mémoire) (?:insuffisant|tampon|de mémoire tampon|dans la mémoire tampon)|espacio (?:suficiente (?:en el|de)|de|disponible en el) búfer|memoria intermedia|suficiente espacio de búfer|spazio (?:sufficiente )?(?:nel|di) buffer|espaço (?:suficiente no|disponível no|em|de) buffer|miejsca w buforze/iu,
  ],
  [
    'exhausted',
    /места в буфере|буфер слишком мал|буферного пространства|у буфері не|място за буфер|простора међумеморије/iu,
  ],
  ['exhausted', /缓冲区空间|緩衝區?空間|バッファー?領域|空きバッファ|버퍼 공간/iu],
  [
    'exhausted',
    /arabellek alanı|önbelleklerinin hepsi|bufferruimte|buffertplats|buffer-pla(?:ds|ss)|vyrovnávací paměť není|pamäť pre V\/V|puskuritilaa|pufferterület|memoro por bufroj|prostor za medpomnilnik|memòria intermèdia|espacio dispoñible no buffer|međuspremniku|vietos buferyje|χώρος ενταμίευσης|vùng đệm|ruang penyangga/iu,
  ],
  // English
  [
    'inUse',
    /only one usage of each socket|(?<!name is )(?:add?ress|addr|socket) (?:is )?already in use|socket name is already in use|add?ress in use|: Ad\w{0,6}(?: \w{0,8}){0,2}(?:…|\.{3})[\w ]{0,12}use\b|being used by another process|shared flag to bind\(\) needs to be/iu,
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
    /permitida (?:apenas )?uma utilização|endereço já (?:está )?em (?:uso|utilização)|(?:usado|utilizado) por outro processo/iu,
  ],
  // Polish
  ['inUse', /użycie każdego adresu|adres (?:jest )?już w użyciu|używany przez inny proces/iu],
  // Russian, Ukrainian, Bulgarian, Serbian
  [
    'inUse',
    /одно использование адреса сокета|адрес уже используется|занят другим процессом|адрес[ау] вже використ|адресът вече се използва|адреса је већ у употреби/iu,
  ],
  // Turkish, Dutch, Swedish, Czech, Slovak
  [
    'inUse',
    /yuva adresinin|adres zaten kullanımda|per socketadres|adres is al in gebruik|adressen (?:används redan|redan upptagen)|varje socketadress|každé adresy soketu|adresa je (?:užívána|používan)/iu,
  ],
  // Danish, Norwegian, Finnish, Hungarian, Romanian, Greek, Catalan, Galician
  [
    'inUse',
    /adressen er allerede i bru[gk]|osoite on jo käytössä|cím már használatban|adresă? (?:este )?deja folosit|διεύθυνση υποδοχής είναι ήδη|adreça ja (?:és|està) en ús|estase usando o enderezo/iu,
  ],
  // Croatian, Slovenian, Lithuanian, Esperanto, Indonesian, Vietnamese
  [
    'inUse',
    /adresa?e? se već koriste?|naslov je že v rabi|adresas jau naudojamas|adreso jam uziĝas|alamat (?:telah|sudah) digunakan|địa chỉ đang được dùng/iu,
  ],
  // Chinese
  [
    'inUse',
    /每个套接字地址?|使用一个套接字地址|每個通訊端位址|一次只能用一個通訊端|地址已(?:经)?(?:在|被)使用|位址已(?:經有?)?(?:在|被)使用|另一个程序正在使用|另一個程序正在使用/iu,
  ],
  // Japanese, Korean
  [
    'inUse',
    /各ソケット ?アドレス|アドレスは(?:既に|すでに)使用|別のプロセスで使用中|각 소켓 주소|주소가 이미 사용|이미 사용 중인 주소|다른 프로세스에서 사용/iu,
  ],
  [
    'access',
    /forbidden by its access p(?:er|olicies)|the address is protected|permission denied|access is denied|\bSocketException\b.{0,40}: access denied|operation not permitted/iu,
  ],
  // SELinux, AppArmor
  [
    'access',
    /(?:preventing \S{1,80} from \W?|denied\s{1,2}\{ )name_bind\b|"DENIED" operation="bind"(?=[^\n]{0,300} family="inet)/iu,
  ],
  ['access', /Zugriffsrechte des Sockets|Keine Berechtigung|Zugriff verweigert|Operation ist nicht erlaubt/iu],
  ['access', /autorisations d'accès|permission non accordée|accès refusé|opération non permise/iu],
  ['access', /permisos de acceso|permiso denegado|acceso denegado|operación no(?:n)? permitida|denegat el permís/iu],
  ['access', /permessi di accesso|autorizzazioni di accesso|permesso negato|accesso negato|operazione non permessa/iu],
  ['access', /permissões de acesso|permissão (?:negada|recusada)|acesso negado|operação não permitida/iu],
  ['access', /uprawnienia dostępu|brak dostępu|odmowa dostępu|operacja niedozwolona/iu],
  [
    'access',
    /правами доступа|отказано в доступе|операция не позволена|відмовлено у доступі|отказан достъп|бракуе правоў|овлашћење је одбијено/iu,
  ],
  [
    'access',
    /izin verilmeyen bir şekilde|erişim engellendi|toegangsmachtigingen|toegang geweigerd|åtkomst nekas|adgang nægtet|ikke tilgang|lupa evätty|operace zamítnuta|prístup odmietnutý|engedély megtagadva/iu,
  ],
  ['access', /άρνηση πρόσβασης|mankas permeso|pristup je odbijen|i[jz]in ditolak|không đủ quyền/iu],
  ['access', /访问权限不允许|權限不允許|权限不够|拒绝访问|存取被拒|拒絕不符權限|不允许的操作/iu],
  [
    'access',
    /アクセス許可で禁じられた|許可がありません|許可されていない操作|アクセスが拒否|액세스 권한에 의해|허가 거부|액세스가 거부/iu,
  ],
  [
    'notLocal',
    /(?:cannot|can't) assign ?request|not valid in (?:its|this) context|socket name is not available|address (?:is )?not available/iu,
  ],
  ['notLocal', /Adresse ist in diesem Kontext ungültig|angeforderte Adresse/iu],
  ['notLocal', /adresse demandée/iu],
  ['notLocal', /dirección (?:solicitada|requerida)|adreça sol·licitada/iu],
  ['notLocal', /indirizzo richiesto/iu],
  ['notLocal', /endereço (?:solicitado|requisitado|pedido|de pedido)|enderezo pedido/iu],
  ['notLocal', /żądan(?:ego|y) adres/iu],
  [
    'notLocal',
    /запрошенн(?:ый|ого) адрес|требуемый адрес для своего контекста|вказану адресу|недостъпен адрес на гнездо|захтевану адресу/iu,
  ],
  ['notLocal', /(?:gevraagde|verzochte) adres|[iİ]stenen adres|begärd adress|ønskede adresse|pyydettyä osoitetta/iu],
  [
    'notLocal',
    /požadovan(?:ou|ej) adres|kért címet|ζητηθήσας διεύθυνσης|petatan adreson|zatraženu adresu|permintaan alamat|prašomo adreso|zahtevanega naslova|gán địa chỉ/iu,
  ],
  ['notLocal', /请求的地址|所要求的位址|指定要求的位址|所需的位址/iu],
  ['notLocal', /要求(?:された|した)?アドレス|요청(?:한|된) 주소/iu],
  [
    'invalid',
    /\binvalid argument\b|ungültiges Argument|argument (?:invalide|no válido|inválido)|argomento non valido|недопустимый аргумент|nieprawidłowy argument|無効な引数|无效的参数|無效的引數|부적절한 인수/iu,
  ],
  ['refused', /connection (?:was )?refused|actively refused|(?:connection|connect) to \S{1,100} (?:was )?refused/iu],
  [
    'refused',
    /Zielcomputer die Verbindung verweigerte|Verbindungsaufbau abgelehnt|cible l.a expressément refusée|connexion refusée|denegó expresamente|conexión (?:rehusada|rechazada|rexeitada)|refusat la connexió/iu,
  ],
  [
    'refused',
    /rifiuto persistente|computer di destinazione|connessione rifiutata|recusou ativamente|(?:conexão|ligação) recusada|odmówił|aktywnie go odmawia|połączenie odrzucone|отверг запрос|в соединении отказано|з'єднанні відмовлено|отказано свързване|адмоўлена ў|веза је одбијена/iu,
  ],
  [
    'refused',
    /etkin olarak reddetti|bağlantı reddedildi|actief geweigerd|verbinding is geweigerd|förbindelsen förvägrad|op+kobling n(?:ægtet|ektes)|yhteys torjuttu|spojen[íi]e? odmítnut|spojenie odmietnut|aktivně odmítl|kapcsolat elutasítva/iu,
  ],
  [
    'refused',
    /απόρριψη σύνδεσης|konekto rifuziĝas|veza odbijena|koneksi ditolak|prisijungimas atmestas|kết nối bị từ chối/iu,
  ],
  ['refused', /积极拒绝|拒绝连接|連線.{0,6}拒絕|拒絕連線|によって拒否|接続を拒否|연결을 거부|연결이 거부/iu],
  [
    'timedOut',
    /(?:connection|connect(?:ing)?)\b.{0,120}\btimed? ?out\b(?! ?(?:of|is|set|=|:|\d))|did not properly respond after a period of time/iu,
  ],
  [
    'timedOut',
    /nach einer bestimmten Zeitspanne|Verbindungsversuch.{0,40}Zeit|Wartezeit für die Verbindung|connexion.{0,60}(?:délai|n'a pas répondu)|conexión.{0,60}(?:tiempo|no respondió)|expiró el tiempo de conexión|conexión espirou|risposta non corretta della parte|connessione scaduta|(?:conexão|conexión|ligação).{0,80}(?:tempo|não respondeu|expirada)|tempo esgotado para conexão/iu,
  ],
  [
    'timedOut',
    /połączeni[ae].{0,60}(?:czas|nie odpowiedziała)|czas oczekiwania na połączenie|время ожидания соединения|за требуемое время|очікування з'єднання|просрочена мрежова|истекло је време везе|bağlantıda zaman aşımı|bağlanılan taraf|verbinding is verlopen|tidsgräns|tidsgrænsen|tidsgrensen|aikakatkaistu|spojení bylo příliš dlouho|časový limit pre spojenie|időtúllépés a kapcsolat/iu,
  ],
  [
    'timedOut',
    /connexió ha expirat|λήξη σύνδεσης|transpasis limtempon|ograničenja vremena|kehabisan waktu|prisijungimo laukimo laikas|kết nối đã quá hạn|连接超时|連線(?:逾時|超過時間)|没有正确答复|接続がタイムアウト|正しく応答しなかった|연결 시간|응답이 없어 연결/iu,
  ],
  ['unreachable', /network is unreachable|unreachable (?:network|host)|no route to host|host (?:is )?unreachable/iu],
  [
    'unreachable',
    /Netzwerk ist nicht erreichbar|Keine Route zum|réseau n'est pas accessible|aucun chemin d'accès pour atteindre|red es inaccesible|(?:no hay|ninguna) ruta|rete non è raggiungibile|nessun instradamento|rede (?:inacessível|está fora de alcance)|há rota para|sem caminho para o anfitrião|sieć jest niedostępna|brak trasy do|сеть недоступна|нет маршрута|доступ до мережі|немає маршруту|мрежата е недостъпна|няма маршрут|мрежа је недостижна|нема путање/iu,
  ],
  [
    'unreachable',
    /ağ erişilebilir durumda|ağ üzerinden yol yok|netwerk is onbereikbaar|geen route naar|nätverket kan inte nås|ingen väg till värd|netværket er ikke|nettverket er ikke|ingen rute til|verkkoa ei tavoiteta|reititystä koneeseen|síť není dostupná|neexistuje cesta|sieť nie je dostupná|cesta k počítaču neexistuje|hálózat elérhetetlen|nincs útvonal|xarxa és inabastable|hi ha cap camí|chegar á rede|unha rota ao|δίκτυο δεν είναι|διαδρομή στο σύστημα|ne atingeblas|mreža nije dostupna|nema trase|jaringan tidak dapat|tidak ada rute|tinklas neprieinamas|nėra kelio|omrežje ni|không thể kết nối mạng|đường dẫn đến máy/iu,
  ],
  [
    'unreachable',
    /没有到主机的路由|网络不可达|無法接觸網路|找不到通往該主機|ネットワークに届きません|ホストへの経路|到達できません|네트워크가 접근 불가|갈 루트가 없음/iu,
  ],
  ['reset', /connection reset by peer|forcibly closed by the remote host/iu],
];

/** ERROR_SHARING_VIOLATION (32), which HTTP.sys reports for a port, and everything else for a file. */
export const sharingViolation =
  /being used by another process|von einem anderen Prozess verwendet|utilisé par un autre processus|(?:utilizado|usado) por (?:otro proceso|outro processo)|utilizzato da un altro processo|używany przez inny proces|файл занят другим процессом|另一个程序正在使用|另一個程序正在使用|別のプロセスで使用中|다른 프로세스에서 사용/iu;

/** A port, in languages other than English, with case endings. */
const ports =
  '(?<!\\p{L})(?:port|anschluss|puerto|porta|portul|poort|порт|θύρα|cổng|netzwerkbindung|liaison réseau|enlace de red)\\p{L}{0,5}(?!\\p{L})|ポート|端口|連接埠|埠號|포트';
/** An address, which must be followed by a place, because mail has addresses, too. */
const addresses =
  '(?:adress?e?|dirección|indirizzo|endereço|адрес|地址|位址|アドレス|주소)\\p{L}{0,4}\\s?[\\[("\'«»„“]{0,2}(?=[\\d:*])';
/** "In use by another program", in languages other than English. */
const taken = [
  // German, Dutch
  '(?:bereits|schon)\\b(?:[^.;\\n]|\\.\\w){0,60}\\b(?:verwendet|benutzt|genutzt|vergeben|in (?:benutzung|verwendung|gebrauch))|\\bbelegt\\b|\\bbesetzt\\b|in gebruik|\\bbezet\\b|gebruikt door',
  // French, Spanish, Italian, Portuguese, Romanian
  "déjà (?:utilisé|occupé|pris)|occupée?(?!\\p{L})|en cours d'utilisation|utilisée? par|en uso|ocupad[oa]|tomado|(?:utilizad|usad)[oa] por|(?:siendo|sendo) (?:utilizad|usad)[oa]|em uso|já (?:está )?(?:utilizad|usad)[oa]|in uso|occupat[oa]|utilizzat[oa] da|già utilizzat|folosit|utilizat",
  // Polish, Czech, Slovak, Hungarian
  'zajęty|w użyciu|używany|obsazen|obsaden|(?:již|už) použív|(?:již|už) používa|foglalt|használatban|használja',
  // Turkish, Swedish, Danish, Norwegian, Finnish
  '(?:zaten|tarafından|başka)[^.;\\n]{0,30}kullan|kullanımda|meşgul|upptagen|används (?:redan|av)|optaget|opptatt|i bru[gk]\\b|käytössä|varattu',
  // Russian, Ukrainian, Greek, Vietnamese, Indonesian
  'занят|используется|зайнят|використовується|σε χρήση|χρησιμοποιείται|đang được (?:sử )?dụng|đang được dùng|đã được sử dụng|bị chiếm|(?:sudah|sedang|telah) (?:digunakan|dipakai)',
  // Japanese, Chinese, Korean
  '使用(?:され|中|済)|[被已]使用|正在使用|使われ|[占佔]用|사용 ?(?:중|되|하고)|점유',
].join('|');

/** PostgreSQL's hint names its postmaster in every language, and the port that another instance may have. */
const postmasterHint =
  /\bpostmaster\b(?! ?\(|\.pid)[^\n(]{0,80}?\d[^\n?]{0,60}\?|\d[^\n)]{0,40}?\bpostmaster\b(?! ?\(|\.pid)[^\n?]{0,80}\?/iu;

/** Whether a text is PostgreSQL's hint about the failure in the line before. */
export const isPostmasterHint = (text: string): boolean => postmasterHint.test(text);

/** Programs' statements about a port that they could not get, which are guesses. */
const guesses: readonly RegExp[] = [
  // English
  /(?<!\b(?:pass|trans|sup|re|im|ex|view|rap|air|s|(?:remote|client|peer|source|target)[_ ]?))ports?(?:\(s\))?\b(?:[^.;\n]|\.\d){0,80}?\b(?:in use|occupied|(?<!\b(?:protocol|service|server|function|option|resource|address|temporarily|will be) )(?:unavailable|(?:not|isn't) (?:free|available))|taken(?: by| with)?|being used|busy|(?:used|held|reserved|locked|claimed|blocked) by (?:an?other|pid|process))\b|(?:no|find (?:an? |any )?) ?(?:empty|unused|open) port|no free ports? (?:found )?(?:with)?in (?:the )?range\b|\bport \d{1,5} is not open\b[^.\n]{0,40}\bcould not start|\b(?:ports?|bind|address) conflict|\bports? allocation failed|conflicting ports?\b/iu,
  /(?:(?<!\b(?:pass|trans|sup|re|im|ex|view|rap|air|s|(?:remote|client|peer|source|target)[_ ]?))(?:ports?|port\(s\))|addres{1,2}|url|prefix|endpoint)\b(?:[^.;\n]|\.\d){0,60}?\balready\b[^.;\n]{0,20}\b(?:in use|used|being used|allocated|bound|taken|occupied|registered|exists)/iu,
  /already (?:allocated|listening|bound)|(?:connection|socket) in use|\bthere (?:may|might|could) be (?:another|some other) [^.\n]{1,60} (?:running|listening) on port\b|(?:another|other) (?:\w{1,20} )?(?:server|process|postmaster|instance|program)\b|something (?:else )?is (?:already )?(?:running|listening|using)|\balready (?:have |has )?an?(?:other)? (?:\w{1,20} )?(?:server|process|service|listener|instance|program|application)\b|is (?:\w{1,30} )?already running|address \S{1,80} (?:is )?already in use/iu,
  /:\d{1,5}(?:\/\S{0,80})? (?:is )?already (?:in use|used|taken|bound)|already (?:performing|serving|running|started|active|open|in use|bound|listening) (?:[^.;\n]{0,20} )?on port|(?:process|something|application|app|software|program|service|server|instance|container) (?:may|might|could) already be (?:using|listening|running|bound)\b|(?:process|something|application|app|software|program|service|server|instance|container) (?:is |may be |might be )?(?:probably |possibly |likely |currently )?(?:already )?using (?:the |this |that )?(?:\w{1,20} )?port|\d\/(?:tcp|udp) (?:is )?(?:already |currently )?in use|:\d{2,5}\/? (?:is )?(?:currently )?(?:in use|occupied)\b|in use by (?:another|a) |(?:\b|_)port_(?:already_used|in_use)\b/iu,
  postmasterHint,
  // Others
  new RegExp(`(?:${ports}|${addresses})(?:[^.;\\n]|\\.\\w){0,60}?(?:${taken})`, 'iu'),
  /:\d{2,5}\b[^.;\n]{0,40}(?:bereits belegt|уже используется|既に使用され|使用中です|すでに使用)/iu,
];

/** Names, users and files can be in use, too, but are not ports. */
const otherThings =
  /\b(?:name|context|route|topic|user(?:name)?|e-?mail|alias|key|volume|subnet|device|disk|drive|partition|camera|database|mutex|file|lock)\b[^.;\n]{0,60}(?:already|is|seems to be) (?:in use|exists|taken|used)|name is already/i;

/** What can be in use by another program: a port has one of these words or a colon next to it. */
const ofSockets = /port|addr|socket|listen|\bbind|bound|endpoint|\burl\b|server|prefix|:\d{2,5}\b/i;

/** Docker Desktop's own service did not answer, which says nothing about the port. */
const unanswered =
  /\bcontext deadline exceeded\b|\bunable to list exposed ports\b|\/forwards\/expose\b|\breturned unexpected status: 5\d\d\b/;

/** Who may have a port that others may not, and what the right is called. */
const [privileged, right] = [
  '(?:root|super ?user|administrat\\w{1,6}|admin|elevated|cap_net_bind_service)\\b',
  '(?:permissions?|privileges?|rights?|capabilit(?:y|ies))\\b',
];
/** What the right is for. */
const forPort =
  '(?:bind\\w{0,3}|listen\\w{0,3}|port|(?:open\\w{0,3}|use|access)(?= (?:(?!security)[\\w-]{1,20} ){0,4}?(?:ports?|sockets?|address)\\b(?!-)))\\b';

/** Programs' statements that they lack a right, which are guesses, too. */
const lacksRight = new RegExp(
  [
    `(?:\\b(?:no|missing|insufficient|not enough|lack\\w{0,3}|not have|needs?|requires?)|n't have) (?:the |any |sufficient |enough )?${right}(?: (?:to|for) ${forPort}|(?=[.,;!)]|$))`,
    `\\brequires? ${privileged}`,
    `\\b(?:needs?|must)\\b[^.;\\n]{0,20} ${privileged}`,
    `\\b${privileged}[^.;\\n]{0,30} (?:is|are) (?:required|needed|necessary)\\b(?! to (?!run|start|serve|${forPort}))`,
    `\\bonly (?:the |an )?${privileged}[^.;\\n]{0,20} (?:can|may) ${forPort}`,
    `\\bonly be \\w{1,10} by (?:the |an )?${privileged}`,
    `(?:\\bnot|n't) (?:allowed|permitted|authori[sz]ed) to ${forPort}`,
    `\\bpermission to ${forPort} [^.;\\n]{0,60}\\b(?:denied|refused)\\b`,
    '\\bport (?:\\d{1,5} )?is (?:a )?privileged\\b|\\bis a privileged port\\b',
  ].join('|'),
  'i',
);
/** What programs suggest where they could not bind. */
const suggestsRight = new RegExp(
  `\\b(?:run|try|use|without|are you)\\b[^.;\\n]{0,20}\\b(?:sudo\\b(?! [a-z])|${privileged})|\\bprivileged port`,
  'i',
);

/** Mail has addresses, too. */
const mailAddress =
  /(?:mail|メール|邮[件箱])[- ]?(?:ad+ress|アドレス|地址)|(?:adresse|dirección|endereço|indirizzo|адрес) (?:(?:de |di )?(?:e-?mail|correo|courriel|posta)|(?:электронной )?почты)/iu;

const inUse = /\bin use\b/i;
const said = 'the words of the message';

/** Finds the system's words. */
export function wordsIn(text: string): Sign | null {
  if (mailAddress.test(text)) return null;
  for (const [meaning, words] of systems) {
    const found = words.exec(text);
    if (found !== null) return { meaning, sign: said, index: found.index, length: found[0].length };
  }
  return sentenceIn(text);
}

/** Nobody has the port, or the program asks whether somebody does. */
const notInUse =
  /\b(?:not|isn't|no longer)(?: (?:being|currently|yet))? (?:in use|used|occupied)\b|\bwhether\b[^.;\n]{0,40}\b(?:in use|used)\b|\b(?:nobody|nothing|no (?:\w{1,12} )?process(?:es)?)(?: is| are)? (?:using|in use)\b/i;

/** Finds the cause that the program assumes; in a line that reports a failed bind, "in use" is enough. */
export function guessIn(text: string, couldNotBind = false): Sign | null {
  if (!couldNotBind && notInUse.test(text)) return null;
  if (otherThings.test(text) || (unanswered.test(text) && !/\balready\b/i.test(text))) return null;
  for (const words of couldNotBind ? [...guesses, inUse] : guesses) {
    const found = words.exec(text);
    if (found === null || (/^in use by/i.test(found[0]) && !ofSockets.test(text))) continue;
    return { meaning: 'inUse', sign: said, index: found.index, length: found[0].length };
  }
  const lacking = /\bports?\b|\bbind|\blisten|\bsocket|\bserver\b|:\d{2,5}\b/i.test(text)
    ? (lacksRight.exec(text) ?? (couldNotBind ? suggestsRight.exec(text) : null))
    : null;
  return lacking === null ? null : { meaning: 'access', sign: said, index: lacking.index, length: lacking[0].length };
}
