import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption } from '../readers/arguments.ts';
import { readBraces, type Directive } from '../readers/braces.ts';
import { readJson } from '../readers/json.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { addressAndPort, inFile, localTarget, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * The addresses of sites say where it listens; one without a port uses http_port or https_port, and a site with HTTPS
 * is redirected to from http_port. https://caddyserver.com/docs/caddyfile/concepts#addresses
 */

const deepestInclude = 16;

interface Site {
  readonly file: TextFile;
  readonly word: Word;
}

interface Found {
  readonly sites: Site[];
  readonly global: Map<string, Site>;
  /** `servers :8443 {` of the global options: they belong to the site with this port. */
  readonly servers: Site[];
  /** The names of parts that can be imported like files: `(name) {`. */
  readonly snippets: Set<string>;
}

function localAddress(word: Word, instance: Instance): { readonly text: string; readonly variable: string | null } {
  const [whole, name, , other] = /\{\$(\w{1,255})(:([^}]{0,1000}))?\}/.exec(word.value) ?? [];
  if (whole === undefined) return { text: word.value, variable: null };
  // Without its environment, it is not known whether the default counts.
  const value = instance.environment?.get(name!) ?? (instance.environment === null ? undefined : other);
  return { text: value === undefined ? word.value : word.value.replace(whole, value), variable: name! };
}

/** Splits `http://example.com:8080/path`: the scheme, the host, and the port with its position. */
function addressOf(
  text: string,
): { scheme: string; host: string; port: number | null; start: number; digits: string } | null {
  const [, scheme = '', host = '', digits = ''] =
    /^(?:(\w+):\/\/)?(\[[^\]]*\]|[^:/[\]]*)(?::(\d+))?(?:\/.*)?$/.exec(text) ?? [];
  if (scheme === '' && host === '' && digits === '') return null;
  const start = (scheme === '' ? 0 : scheme.length + 3) + host.length + 1;
  return { scheme: scheme.toLowerCase(), host: host.replace(/^\[|\]$/g, ''), port: portOf(digits), start, digits };
}

/** Adds the port of a site, if it is in its address. Returns which of the common ports it uses otherwise. */
function addSite(
  reading: Reading,
  { file, word }: Site,
  setting: string,
  instance: Instance,
): 'http' | 'https' | 'none' {
  const { text, variable } = localAddress(word, instance);
  const given = addressOf(text);
  const place = { setting, value: word.value, needsRestart: false };
  if (given === null || /[{}]/.test(text) || (given.digits !== '' && given.port === null)) {
    const reason = variable !== null ? `the variable ${variable} is not known` : 'the value is not an address';
    reading.add({ ...place, port: null, source: inFile(file, word, null), reason });
    return 'none';
  }
  if (given.port === null) return given.scheme === 'http' ? 'http' : 'https';
  const isLiteral = variable === null;
  reading.add({
    ...place,
    port: given.port,
    source: inFile(file, word, isLiteral ? partOf(word, given.start, given.start + given.digits.length) : null),
    reason: isLiteral ? null : `it is set by the variable ${variable}`,
  });
  // HTTPS on another port is still redirected to.
  return given.scheme === 'http' || given.host === '' || given.port === 80 ? 'none' : 'https';
}

/** Whether an address of a site has a port. */
const hasPort = ({ word }: Site, instance: Instance): boolean =>
  addressOf(localAddress(word, instance).text)?.port != null;

/** The port that sites without one use: as it is set, or the default. */
function addCommon(reading: Reading, found: Found, key: 'http' | 'https', standard: number): void {
  const set = found.global.get(`${key}_port`);
  const place: Pick<NewConfiguredPort, 'setting' | 'needsRestart'> = { setting: `${key}_port`, needsRestart: false };
  if (set === undefined)
    reading.add({ ...place, value: String(standard), port: standard, source: { kind: 'default' } });
  else
    reading.add({
      ...place,
      value: set.word.value,
      port: portOf(set.word.value),
      source: inFile(set.file, set.word),
      reason: portOf(set.word.value) === null ? 'the value is not a port' : null,
    });
}

function addAdmin(reading: Reading, found: Found): void {
  const set = found.global.get('admin');
  const place = { setting: 'admin', needsRestart: false };
  if (set === undefined) {
    reading.add({ ...place, value: 'localhost:2019', port: 2019, address: 'localhost', source: { kind: 'default' } });
    return;
  }
  const { file, word } = set;
  if (word.value === 'off' || word.value.startsWith('unix/')) return;
  const given = addressAndPort(word.value.replace(/^tcp\//, ''));
  const at = word.value.length - String(given?.port ?? '').length;
  reading.add({
    ...place,
    value: word.value,
    port: given?.port ?? null,
    address: given?.address ?? null,
    source: inFile(file, word, given === null ? null : partOf(word, at, word.value.length)),
    reason: given === null ? 'the value is not an address with a port' : null,
  });
}

function addReferences(reading: Reading, file: TextFile, directives: readonly Directive[]): void {
  for (const { words, block } of directives) {
    if (/^(?:reverse_proxy|php_fastcgi|to|forward_auth)$/.test(words[0]?.value ?? ''))
      for (const word of words.slice(1)) {
        const target = localTarget(word.value);
        if (target === null) continue;
        const place = {
          setting: words[0]!.value,
          value: word.value,
          address: target.host,
          port: target.port,
          needsRestart: false,
        };
        reading.add({ ...place, role: 'reference', source: inFile(file, word, null) });
      }
    if (block !== null) addReferences(reading, file, block);
  }
}

/** The addresses before a site's block: separated by blanks, commas, and line breaks after a comma. */
function addressesOf(words: readonly Word[], file: TextFile): Site[] {
  return words.flatMap((word) => {
    let at = 0;
    return word.value.split(',').flatMap((item) => {
      const part = item === '' ? null : partOf(word, at, at + item.length);
      at += item.length + 1;
      return part === null ? [] : [{ file, word: part }];
    });
  });
}

function addGlobal(file: TextFile, block: readonly Directive[], found: Found): void {
  for (const {
    words: [name, value],
  } of block) {
    if (name === undefined || value === undefined) continue;
    if (name.value === 'servers') found.servers.push({ file, word: value });
    else found.global.set(name.value, { file, word: value });
  }
}

function addFile(reading: Reading, file: TextFile, found: Found, including: readonly string[]): void {
  const directives = reading.parse(file, (text) => readBraces(text, 'line')) ?? [];
  let waiting: Word[] = [];
  const hasBlocks = directives.some(
    ({ block, words }) => block !== null && words.length > 0 && !/^[@(&]/.test(words[0]!.value),
  );
  for (const { words } of directives) {
    const [, snippet] = /^\((.+)\)$/s.exec(words[0]?.value ?? '') ?? [];
    if (snippet !== undefined) found.snippets.add(snippet);
  }
  // A file with one site needs no braces: its first line has the addresses.
  let isFirst = !hasBlocks;
  for (const { words, block } of directives) {
    const [first, second] = words;
    const goesOn = words.at(-1)?.value.endsWith(',') === true;
    if (first?.value === 'import' && second !== undefined)
      importFiles(reading, file, second.value, { found, including });
    else if (first === undefined && block !== null) addGlobal(file, block, found);
    else if (first !== undefined && /^[(&]/.test(first.value)) addReferences(reading, file, block ?? []);
    else if (block !== null) {
      for (const site of addressesOf([...waiting, ...words], file)) found.sites.push(site);
      waiting = [];
      addReferences(reading, file, block);
    } else if (goesOn) for (const word of words) waiting.push(word);
    else if (isFirst) {
      for (const site of addressesOf([...waiting, ...words], file)) found.sites.push(site);
      waiting = [];
    } else addReferences(reading, file, [{ words, block }]);
    isFirst &&= first === undefined || first.value === 'import' || goesOn;
  }
}

function importFiles(
  reading: Reading,
  file: TextFile,
  pattern: string,
  { found, including }: { found: Found; including: readonly string[] },
): void {
  if (found.snippets.has(pattern)) return;
  const whole = reading.path.resolve(reading.path.dirname(file.path), pattern);
  for (const path of reading.glob(whole)) {
    if (including.includes(path) || including.length > deepestInclude) {
      reading.gap(`${path} is included in circles`);
      continue;
    }
    const included = reading.open(path);
    if (included !== null) addFile(reading, included, found, [...including, path]);
  }
}

/** The listeners of a JSON configuration. */
function addJson(reading: Reading, file: TextFile): void {
  for (const setting of reading.parse(file, readJson) ?? []) {
    const isListener = /^apps\.http\.servers\..+\.listen\[\d+\]$|^admin\.listen$/.test(setting.name);
    const isPort = /^apps\.http\.https?_port$/.test(setting.name);
    if ((!isListener && !isPort) || setting.value.startsWith('unix')) continue;
    const given = addressAndPort(setting.value.replace(/^(?:tcp|udp)[46]?\//, ''));
    const at = setting.value.length - String(given?.port ?? '').length;
    reading.add({
      setting: setting.name,
      value: setting.value,
      protocol: setting.value.startsWith('udp') ? 'UDP' : 'TCP',
      port: given?.port ?? null,
      address: given?.address ?? null,
      needsRestart: false,
      source: inFile(file, setting, given === null ? null : partOf(setting, at, setting.value.length)),
      reason: given === null ? 'the value is not an address with a port' : null,
    });
  }
}

function mainOf({ arguments: args, path: given, workingDirectory }: Instance, reading: Reading): TextFile | null {
  const named = given ?? lastOption(args, ['--config', '-c'])?.value ?? null;
  const base = workingDirectory ?? '/';
  if (named !== null) return reading.open(reading.path.resolve(base, named));
  return reading.openFirst([
    workingDirectory === null ? null : reading.path.join(base, 'Caddyfile'),
    ...caddy.defaultFiles,
  ]);
}

const isJson = (path: string): boolean => path.endsWith('.json');

/** Commands without a configuration file: `caddy file-server --listen :8080`. */
function addCommand(reading: Reading, args: readonly string[]): void {
  for (const name of ['--listen', '-l', '--from', '-f']) {
    const value = lastOption(args, [name])?.value;
    const port = value === undefined ? null : (addressOf(value)?.port ?? null);
    if (port !== null) reading.add({ setting: name, value: value!, port, source: { kind: 'commandLine' } });
  }
}

/** Adds what the sites of a Caddyfile listen on. */
function addSites(reading: Reading, found: Found, instance: Instance): void {
  const uses = new Set<string>();
  for (const site of found.sites) {
    const used = addSite(reading, site, 'site address', instance);
    if (used === 'https' && !hasPort(site, instance)) uses.add('https');
    if (used === 'http') uses.add('http');
    const redirects = !/^(?:off|disable_redirects)$/.test(found.global.get('auto_https')?.word.value ?? '');
    if (used === 'https' && redirects) uses.add('http');
  }
  if (uses.has('http')) addCommon(reading, found, 'http', 80);
  if (uses.has('https')) addCommon(reading, found, 'https', 443);
  const opened = new Set(reading.places.filter(({ role }) => role === 'listen').map(({ port }) => port));
  for (const server of found.servers)
    if (opened.has(addressOf(server.word.value)?.port ?? -1)) addSite(reading, server, 'servers', instance);
}

export const caddy: Family = {
  name: 'Caddy',
  defaultFiles: ['/etc/caddy/Caddyfile'],
  read(instance, reading) {
    const command = instance.arguments[1] ?? '';
    if (/^(?:file-server|reverse-proxy|respond)$/.test(command)) return addCommand(reading, instance.arguments);
    if (instance.arguments.includes('--resume'))
      reading.gap(
        '--resume uses the last configuration that was loaded, which can be another one than that of the file',
      );
    const main = mainOf(instance, reading);
    if (main === null) return;
    if (isJson(main.path)) return addJson(reading, main);
    const found: Found = { sites: [], global: new Map(), servers: [], snippets: new Set() };
    addFile(reading, main, found, [main.path]);
    addSites(reading, found, instance);
    addAdmin(reading, found);
  },
  check(instance, reading) {
    const program = instance.executable ?? reading.machine.realPath('/usr/bin/caddy');
    if (program === null || reading.main === null || isJson(reading.main)) return null;
    const names = reading.files.values().flatMap(({ text }) => text.matchAll(/\{\$(\w+)/g).map(([, name]) => name!));
    const used = new Set(names);
    const known = instance.environment?.entries().filter(([name]) => used.has(name)) ?? [];
    return {
      words: [program, 'adapt', '--adapter', 'caddyfile', '--config', reading.main],
      environment: Object.fromEntries(known),
    };
  },
  reload(instance, reading) {
    // The server is asked at its old address, which is the one that was read.
    const admin = reading.places.find(({ setting }) => setting === 'admin' || setting === 'admin.listen');
    if (instance.executable === null || reading.main === null || admin?.port == null) return null;
    const address = `${admin.address ?? 'localhost'}:${admin.port}`;
    const adapter = isJson(reading.main) ? [] : ['--adapter', 'caddyfile'];
    return {
      call: { words: [instance.executable, 'reload', ...adapter, '--config', reading.main, '--address', address] },
    };
  },
  sideEffects: (_, place, port) =>
    place.setting === 'admin'
      ? [`caddy reload needs --address with port ${port}, and so does what else uses the API`]
      : [`clients, links, and redirects that use port ${place.port} of Caddy have to use port ${port}`],
};
