import type { Meaning, Sign } from './codes.ts';

/*
 * What the systems and Qt say differs between their versions, but a language has few words for the parts of such a
 * sentence. Two parts near each other are enough: an address that is in use, permissions that forbid a socket. To
 * support another language, add a row.
 */

/** An address of a socket, and what can be said about it; endings may follow. */
interface Words {
  readonly address: string;
  readonly inUse: string;
  readonly unavailable: string;
  readonly guarded: string;
}

/** In the order of the main languages: Germanic, Romance, Slavic, Baltic, Uralic, Turkic, and others. */
const languages: readonly Words[] = [
  {
    address: 'adresse',
    inUse: '(?:verwendet|benutzt|genutzt|belegt)|in (?:gebrauch|benutzung|verwendung)',
    unavailable: '(?:nicht (?:verfügbar|gültig)|ungültig)',
    guarded: 'geschützt',
  },
  {
    address: 'adres',
    inUse: 'in gebruik|gebruikt|bezet',
    unavailable: '(?:niet (?:beschikbaar|geldig)|ongeldig)',
    guarded: 'beschermd',
  },
  {
    address: 'adress(?:[ae]n?)?',
    inUse: 'används|upptagen|i bruk|i brug|optaget|opptatt|anvendes',
    unavailable:
      '(?:(?:inte|ikke|ikkje) (?:tillgänglig|tilgjengeleg|tilgængelig|tilgjengelig|gyldig|giltig)|ugyldig|ogiltig)',
    guarded: 'skyddad|beskyttet|verna',
  },
  {
    address: 'adresse',
    inUse: '(?:déjà|cours).{1,3}utilis|utilisée|occupée',
    unavailable: "n'est pas (?:disponible|valide)",
    guarded: 'protégée',
  },
  {
    address: '(?:dirección|enderezo)',
    inUse: 'en uso|usando|utilizando|utilizad[ao]|ocupad[ao]',
    unavailable: 'non? (?:está|es|é) (?:disponible|dispoñíbel|válid[ao])',
    guarded: 'protegida|protexido',
  },
  {
    address: 'adreça',
    inUse: "en ús|utilitza|s'usa",
    unavailable: 'no (?:és|està) (?:disponible|vàlida)',
    guarded: 'protegida',
  },
  {
    address: 'indirizzo',
    inUse: 'in uso|utilizzato|occupato',
    unavailable: 'non (?:è )?(?:disponibile|valido)',
    guarded: 'protetto',
  },
  {
    address: 'endereço',
    inUse: 'em uso|em utilização|utilizado|ocupado',
    unavailable: 'não (?:está |é )?(?:disponível|válido)',
    guarded: 'protegido',
  },
  {
    address: 'adres[aă]',
    inUse: 'utilizată|folosit|în uz|ocupată',
    unavailable: 'nu (?:este|e) (?:disponibilă|validă)',
    guarded: 'protejată',
  },
  {
    address: 'adres',
    inUse: 'w użyciu|używan|zajęt',
    unavailable: '(?:nie jest dostępn|niedostępn)',
    guarded: 'zabezpieczon|chronion',
  },
  {
    address: 'adres[aey]',
    inUse: 'používa|používá|použív|užíván|obsazen|obsaden|korist|u upotrebi|zauzet',
    unavailable: '(?:není dostupn|nie je dostupn|nije dostupn|nedostup)',
    guarded: 'chráněn|chránen|zaštićen',
  },
  { address: 'naslov', inUse: 'v (?:upo)?rabi', unavailable: 'ni (?:na voljo|veljaven)', guarded: 'zaščiten' },
  {
    address: 'адрес[ау]?',
    inUse: 'использу|занят|використов|зайнят|использван|използва|зает|употреби',
    unavailable: '(?:не ?доступ|недостъпен)',
    guarded: 'защищ[её]н|захищен|защитен',
  },
  {
    address: '(?:adresas|adrese)',
    inUse: 'naudojamas|užimtas|izmantota|aizņemta',
    unavailable: '(?:neleidžiamas|nepasiekiamas|nav pieejama)',
    guarded: 'apsaugotas|aizsargāta',
  },
  {
    address: '(?:osoite|aadress)',
    inUse: 'käytössä|varattu|kasutus[el]',
    unavailable: '(?:ei ole käytettävissä|pole saadaval)',
    guarded: 'suojattu|kaitstud',
  },
  { address: 'cím', inUse: 'használat|foglalt', unavailable: 'nem (?:érhető el|érvényes)', guarded: 'védett' },
  {
    address: 'adresi?',
    inUse: 'kullan(?:ılıyor|ımda|ılmakta)|meşgul',
    unavailable: '(?:mevcut|geçerli|kullanılabilir) değil',
    guarded: 'korunuyor|korumalı',
  },
  {
    address: 'διεύθυνση',
    inUse: 'χρησιμοποιείται|σε χρήση',
    unavailable: 'δεν είναι (?:διαθέσιμη|έγκυρη)',
    guarded: 'προστατε',
  },
  { address: 'მისამართი', inUse: 'გამოიყენება', unavailable: 'მიუწვდომელია', guarded: 'დაცულია' },
  { address: 'כתובת', inUse: 'בשימוש', unavailable: '(?:אינה|לא) (?:זמינה|חוקית)', guarded: 'מוגנת' },
  {
    address: '(?:العنوان|آدرس)',
    inUse: 'مستخدم|قيد الاستخدام|استفاده',
    unavailable: '(?:غير متوفّ?ر|در دسترس نیست)',
    guarded: 'محمي|حفاظت',
  },
  {
    address: '(?:địa chỉ|alamat|ที่อยู่)',
    inUse: 'được (?:sử )?dụng|được dùng|digunakan|dipakai|ถูกใช้',
    unavailable: '(?:không (?:có sẵn|khả dụng)|tidak tersedia)',
    guarded: 'được bảo vệ|dilindungi',
  },
  {
    address: 'アドレス',
    inUse: '(?:既|すで)に使(?:用|われ)|使用中',
    unavailable: '(?:使用|利用)できません',
    guarded: 'アクセス権がありません|保護されて',
  },
  { address: '주소', inUse: '사용 ?중|사용되', unavailable: '사용할 수 없', guarded: '보호되' },
  {
    address: '(?:地址|位址)',
    inUse: '[已正被在]{1,2}(?:经|經)?(?:在|被)?(?:使用|占用|佔用)',
    unavailable: '不可用',
    guarded: '[被受](?:受)?(?:保护|保護)',
  },
];

/** What lies between two parts of a sentence; mail has addresses, too. */
const gap = String.raw`(?![^;\n]{0,20}(?:@|mail|correo|courriel|почт|пошт|メール|邮|郵|(?<!\p{L})(?:für|pour|para|per|dla|для|client|spedizione|entrega|dostaw)))[^;\n]{0,40}?`;
const near = String.raw`[^;\n\d]{0,10}?`;
const address = (of: Words): string => `(?<!mail|post)(?<!mail[ -])${of.address}`;

const oneOf = (patterns: readonly string[]): RegExp => new RegExp(patterns.join('|'), 'iu');

/** Windows' names for the parts of an address, in parentheses: (protocol/network address/port). */
const parts =
  /\(\s?(?:protokol\p{L}{0,2}|protocol\p{L}?|протокол|πρωτόκολλο|iletişim kuralı|协议|通訊協定|プロトコル|프로토콜|โพรโทคอล|giao thức|პროტოკოლი|פרוטוקול|بروتوكول)\s?\/[^()/\n]{2,40}\/[^()/\n]{2,24}\)/iu;

/**
 * The same sentences where a program mistook the encoding: Chinese in UTF-8, and Russian, whose words for the parts
 * keep their lengths.
 */
const garbled: readonly (readonly [Meaning, RegExp])[] = [
  [
    'inUse',
    /\(Э\ufffd{2}\/|\((?:[^\0->@-\x7f]{8}\/[^\0->@-\x7f]{7} [^\0->@-\x7f]{5}\/[^\0->@-\x7f]{4}|[^\0->@-\x7f]{16}\/[^\0->@-\x7f]{14} [^\0->@-\x7f]{10}\/[^\0->@-\x7f]{8})\)/u,
  ],
  ['access', /һ\ufffdַ\ufffd{3}Ȩ/u],
  ['notLocal', /\ufffdĵ\ufffdַ\ufffd{2}Ч/u],
];

/** A right that is missing, or an operation that is not allowed. */
const denied: readonly RegExp[] = [
  // Germanic
  /toegang (?:is )?geweigerd|actie is niet toegestaan|åtkomst (?:nekad|nekas)|operationen inte tillåten|(?:adgang|tilladelse) nægtet|operationen er ikke tilladt|tilgang nektet|nekta (?:tilgang|løyve)|operasjonen er ikke tillatt/iu,
  // Romance
  /autorisation refusée|permiso negado|l.operació no és permesa|acces refuzat|permisiune refuzată|operație nepermisă/iu,
  // Slavic
  /brak uprawnień|přístup (?:byl )?(?:odepřen|zamítnut|odmítnut)|operace není povolena|prístup (?:bol )?(?:zamietnut|odmietnut|odopret)|operácia nie je povolená|dozvola (?:je )?odbijena|operacija (?:nije dopuštena|ni dovoljena)|\bni(?:mate)? dovoljenja|dostop (?:je )?zavrnjen/iu,
  /доступ запрещ[её]н|нет прав доступа|недостаточно привилегий|операция не разрешена|доступ заборонено|дію заборонено|відмовлено в доступі|достъпът е (?:забранен|отказан)|действието не е позволено|радња није допуштена|дзеяньне не дазволена/iu,
  // Baltic, Uralic, Turkic
  /nepakanka teisių|operacija neleidžiama|(?:atļauja|piekļuve) (?:ir )?liegta|(?:ei käyttöoikeutta|(?:käyttö|pääsy) estetty|toiminto ei ole sallittu)|ligipääs keelatud|hozzáférés megtagadva|művelet nem engedélyezett|[iİ]zin reddedildi|[iİ]şleme izin verilmedi|erişim reddedildi/iu,
  // Others
  /δεν επιτρέπεται (?:η )?(?:πρόσβαση|λειτουργία)|λειτουργία δεν επιτρέπεται|წვდომა აკრძალულია|ოპერაცია ნებადაურთველია|הגישה נדחתה|הרשאה נדחתה|رُ?فض (?:الوصول|التّ?صريح)|حق دسترسی (?:رد|وجود)|operacio ne permesatas|operasi tidak dii?[jz]inkan|akses ditolak|thao tác không được phép|từ chối (?:truy cập|quyền)|(?:truy cập|quyền) bị từ chối|ปฏิเสธการเข้าถึง|การเข้าถึงถูกปฏิเสธ/iu,
  /許可されていません|権限がありません|权限被拒|權限(?:被拒|不足)|此項操作並不被允許|권한이 (?:거부|없)|명령을 허용하지 않음/u,
];

/** Windows: An attempt was made to access a socket in a way forbidden by its access permissions. */
const forbidden: readonly RegExp[] = [
  /toegangs ?(?:machtigingen|rechten|bevoegdheden)|åtkomstbehörighet|adgangstilladelse|adgangsrettighed|tilgangstillatelse|tilgangsrettighet/iu,
  /přístupov\p{L}{1,3} oprávnění|oprávnění\p{L}{0,3} (?:k )?přístupu|prístupov\p{L}{1,3} (?:povolen|oprávn|práv)|hozzáférési engedély|permisiun\p{L}{1,4} (?:(?:sale|lui|de) ){0,2}acces/iu,
  /erişim izin|(?:socket|vastak)\p{L}{0,12}[^.\n]{0,80}käyttöoikeu|(?:дозвол\p{L}{1,3}|прав\p{L}{1,3}) (?:на )?доступ[уі]?(?!\p{L})|разрешения\p{L}{0,3} (?:му )?за достъп|δικαιώματα πρόσβασ/iu,
  /הרשאות הגישה|أذونات الوصول|สิทธิ์?การเข้าถึง|quyền truy cập[^.\n]{0,20}socket|存取權限|(?:存取|访问)权限/u,
];

/** Windows: The requested address is not valid in its context. */
const requested: readonly RegExp[] = [
  // Copied without its spaces
  /\b(?:cannot|can't) assignrequested/i,
  /(?:aangevraagde|opgevraagde) adres|begärda adress|(?:anmodede|forespurte|forespurgte) adresse|pyydet(?:ty|tyä) osoite/iu,
  /požadovan\p{L} adres|kért cím|adres[aăei]{1,2} (?:solicitată|cerută)|tražen\p{L} adres|zahtevan\p{L} naslov|prašom\p{L} adres/iu,
  /назначить указанный адрес|(?:запитан|запитуван|потрібн|затребуван|вказан)\p{L}{1,3} адрес|исканият адрес|διεύθυνση που ζητήθηκε|ζητούμενη διεύθυνση/iu,
  /הכתובת המבוקשת|العنوان المطلوب|ที่อยู่ที่(?:ร้องขอ|ขอ)|địa chỉ (?:được )?yêu cầu|alamat yang diminta|無法取得位址/u,
];

/** Windows: … because the system lacked sufficient buffer space or because a queue was full. */
const noBuffers =
  /bufferplads|bufferplass|buffertutrymme|vyrovnávac\p{L}{1,3} pamět|vyrovnávac\p{L}{1,3} pamät|memori[ae] tampon|spațiu tampon|arabelleğ|προσωρινής μνήμης|буферного простору|місця в буфері|места под буфер|ბაფერის სივრცე/iu;

/** What the systems and Qt say about connections and arguments, in languages whose other sentences are in `words.ts`. */
const more: readonly (readonly [Meaning, RegExp])[] = [
  [
    'invalid',
    /Argument ist ungültig|argument(?:e|o)? (?:nevalid|inválido|passat no és vàlid)|parámetro incorrecto|(?:ongeldig|ogiltigt|ugyldigt?|nepřípustný|neprípustný|nevaljani|neveljavni|netinkamas|zły) argument|virheellinen argumentti|érvénytelen argumentum|argumen tidak valid|geçersiz argüman|(?:неправилен|неисправан|некоректний) аргумент|έγκυρη παράμετρος|đối số không hợp lệ|არასწორი არგუმენტი|不適用的引數/iu,
  ],
  [
    'refused',
    /Verbindung verweigert|conectare refuzată|conexión foi rexeitada|rexeitouse|rebutjat la connexió|anslutningen (?:nekades|vägrades)|forbindelsen blev afvist|nekta tilkopling|spojen(?:í bylo|ie bolo) odm[ií]e?tnut|veza je odbijena|povezava je zavrnjena|kapcsolat visszautasít|ryšys atmestas|savienojums (?:ir )?atteikts|отказано в соединении|връзката е отказана|უარყოფილია|חיבור נדחה|رُ?فض الاتّ?صال|اتصال (?:رد |پذیرفته ن)شد|接続が拒否|(?:连接|連線)被拒|actief heeft geweigerd|aktivt (?:nekade|nægtede|nektet|avslo|afviste)|aktívan (?:el|vissza)utasít|aktívne (?:ho )?odmietol|активно відмовив/iu,
  ],
  [
    'timedOut',
    /Zeitlimit für die (?:Verbindung|Operation)|connexion expirée|tiempo de espera por la conexión|tempo da conexão expirou|timpul de conectare a expirat|przekroczony czas połączenia|limit pro spojení|limit spojenia|время на соединение истекло|час на з.єднання вичерпано|bağlantı zaman aşımına|yhteyden aikakatkaisu|kapcsolat túllépte|კავშირის ვადა|זמן חיבור|مهلة الاتّصال/iu,
  ],
  [
    'unreachable',
    /Host kann nicht erreicht|(?:hôte|réseau) (?:n'est pas accessible|ne répond pas)|(?:red|equipo) (?:inaccesible|inalcanzable|no disponible)|(?:rete|host) non raggiungibile|(?:rede|máquina) (?:não acessível|inalcançável|está inacessível)|rețeaua este inaccesibilă|nicio rută spre|(?:netwerk|host) onbereikbaar|(?:nätverket|värden) är inte nåbar|(?:sieć|host) niedostępn|(?:síť|počítač) (?:je ne|není )dosažiteln|(?:sieť|hostiteľ) je nedosiahnuteľn|(?:узел|сеть) недоступ|(?:вузол|мережа) недоступ|мережа недоступна|(?:ağa|bilgisayara?) (?:erişilemiyor|ulaşılamaz)|(?:hálózat|gép) nem érhető el|网络无法访问|主机无法访问|無法連(?:線)?到|ქსელი მიუწვდომელია|რაუტი უცნობია/iu,
  ],
  [
    'reset',
    /vom (?:Kommunikationspartner zurückgesetzt|Remotehost geschlossen)|ré-initialisée par le correspondant|fermée par l'hôte distant|reinicializada por la máquina|forzado la interrupción de una conexión|interrotta dal corrispondente|(?:conexão|ligação) (?:fechada pela outra|reposta pelo)|cancelamento de uma conexão existente|zerwane przez drugą|zerwane przez zdalnego|(?:соединение разорвано|принудительно разорвал)|розірвав з.єднання|verbinding is weggevallen|reiniciat la connexió|zrušen[oé] druhou stranou|sulki yhteyden|poveznica je prekinuta|kapcsolatot bontotta|prisijungimas nutrauktas|conexiune reinițiată|förbindelse borttagen|прекъсване на връзката|поново поставио|კავშირი გაწყვეტილია|konekto simple malekis|bağlantı karşıdan kesildi|相手からリセット|強制的に切断|被(?:对方重置|對方重設)|远程主机强(?:行|迫)关闭|強制關閉一個現存|연결을 끊음|강제로 끊겼/iu,
  ],
];

/** A sentence of the system ends there. Other sentences with the same words go on. */
const end = String.raw`\p{L}{0,6}(?: redan)?(?:[ \u200c]?[\p{Script=Arabic}\p{Script=Hebrew}\p{M}\u200c]{1,12}){0,3}(?=\s{0,2}(?:$|[.!)\]}:;,"'«»”|(<>/\\–—-]|。|，))`;
const atEnd = (words: RegExp): RegExp => new RegExp(`(?:${words.source})${end}`, 'imu');

const sentences: readonly (readonly [Meaning, RegExp])[] = [
  ['inUse', parts],
  ...garbled,
  ['exhausted', noBuffers],
  ...denied.map((words) => ['access', atEnd(words)] as const),
  ...forbidden.map((words) => ['access', words] as const),
  ...requested.map((words) => ['notLocal', words] as const),
  ['inUse', atEnd(oneOf(languages.map((one) => `${address(one)}${gap}(?:${one.inUse})`)))],
  // Where the verb stands first
  ['inUse', /s'està usant l'adreça|已經使用\S{0,4}位址|只可以使用一次/iu],
  ['notLocal', atEnd(oneOf(languages.map((one) => `${address(one)}${near}${one.unavailable}`)))],
  ['access', oneOf(languages.map((one) => `${address(one)}${near}(?:${one.guarded})`))],
  ...more,
];

/** Finds what a sentence of the system says by its parts. */
export function sentenceIn(text: string): Sign | null {
  for (const [meaning, sentence] of sentences) {
    const found = sentence.exec(text);
    if (found !== null)
      return { meaning, sign: 'the words of the message', index: found.index, length: found[0].length };
  }
  return null;
}
