import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeHttpQueues, decodeIpListenList, decodeUrlReservations, urlPrefix } from '../../../src/facts/decode/windows-httpsys.ts';
import { decodeConsoleText } from '../../../src/facts/decode/windows-text.ts';
import { codePages, languages, netshText } from '../../support/windows-netsh-texts.ts';

const test = suite('HTTP.sys');

const queues = (older: boolean) => [
  { name: null, controller: null, processes: [{ pid: 944, service: older ? null : 'WinRM' }], urls: ['HTTP://+:5985/WSMAN/', 'HTTP://+:47001/WSMAN/'] },
  { name: 'DefaultAppPool', controller: 3408, processes: [{ pid: 4321, service: null }], urls: ['HTTP://*:80/'] },
  { name: 'Reports Pool', controller: 3408, processes: [], urls: ['HTTP://*:8080/', 'HTTPS://*:8443/'] },
  { name: null, controller: null, processes: [{ pid: 1344, service: null }], urls: ['HTTP://127.0.0.1:8871:127.0.0.1/', 'HTTP://+:80/API/'] },
  { name: null, controller: null, processes: [{ pid: 2688, service: older ? null : 'PeerDistSvc' }], urls: ['HTTP://+:80/116B50EB-ECE2-41AC-8429-9F9E963361B7/'] },
];

for (const language of languages) {
  for (const version of ['older', 'newer'] as const) {
    test(`queues as an ${version} Windows prints them: ${language}`, () => {
      const text = decodeConsoleText(netshText(`servicestate-${language}-${version}`), codePages[language]);
      assert.equal(decodeHttpQueues(text), { data: queues(version === 'older'), flaw: null });
    });

    test(`queues in a code page that is not known: ${language}, ${version}`, () => {
      const { data } = decodeHttpQueues(decodeConsoleText(netshText(`servicestate-${language}-${version}`), undefined));
      assert.equal(
        data.map(({ urls }) => urls),
        queues(true).map(({ urls }) => urls),
      );
      assert.equal(
        data.map(({ processes }) => processes.map(({ pid }) => pid)),
        queues(true).map(({ processes }) => processes.map(({ pid }) => pid)),
      );
    });
  }
}

const queue = (...lines: string[]) => ['Title', '-----', '', 'Queue name: Pool', ...lines].join('\r\n');
const variants: [what: string, lines: string[], expected: object][] = [
  ['two processes', ['    Count: 2', '    Ids:', '        100', '        200', '    Urls:', '        HTTP://+:80/'], { controller: null, processes: [100, 200] }],
  [
    'two with images',
    ['    Count: 2', '    Processes:', '        ID: 100, image: C:\\a.exe', '        ID: 200, image: D:\\b c.exe', '    Urls:', '        HTTP://+:80/'],
    { controller: null, processes: [100, 200] },
  ],
  ['a hidden image', ['    Count: 1', '    Processes:', '        ID: 100, image: <?>', '    Urls:', '        HTTP://+:80/'], { controller: null, processes: [100] }],
  [
    'a device path',
    ['    Count: 1', '    Processes:', '        ID: 100, image: \\Device\\HarddiskVolume3\\a.exe', '    Urls:', '        HTTP://+:80/'],
    { controller: null, processes: [100] },
  ],
  [
    'a controller among processes',
    ['    Count: 0', '    Controller process:', '        ID: 100, image: C:\\svchost.exe', '    Processes:', '    Urls:', '        HTTP://+:80/'],
    { controller: 100, processes: [] },
  ],
  [
    'a controller beside as many processes as its number',
    ['    Count: 1', '    Controller: 8', '    Ids:', '        100', '    Urls:', '        HTTP://+:80/'],
    { controller: 8, processes: [100] },
  ],
  [
    'a log folder with a number in its name',
    ['    Count: 1', '    Ids:', '        100', '    Log directory: C:\\logs 1\\W3SVC2', '    Urls:', '        HTTP://+:80/'],
    { controller: null, processes: [100] },
  ],
  [
    'numbers of a session below',
    ['    Count: 1', '    Ids:', '        100', '    Urls:', '        HTTP://+:80/', '        Session:', '            7'],
    { controller: null, processes: [100] },
  ],
];
for (const [what, lines, { controller, processes }] of variants as [string, string[], { controller: number | null; processes: number[] }][]) {
  test(what, () => {
    const [found] = decodeHttpQueues(queue(...lines)).data;
    assert.equal([found?.controller, found?.processes.map(({ pid }) => pid), found?.urls], [controller, processes, ['HTTP://+:80/']]);
  });
}

test('no queues, and no answer', () => {
  assert.equal(decodeHttpQueues('\r\nSnapshot:\r\n------\r\n\r\n'), { data: [], flaw: null });
  assert.equal(decodeHttpQueues('The requested operation requires elevation.\r\n').flaw, 'the output of netsh http contains no request queues');
});

const prefixes: [url: string, expected: ReturnType<typeof urlPrefix>][] = [
  ['HTTP://+:80/', { secure: false, host: '+', port: 80, address: null, path: '/' }],
  ['https://*:443/a/b', { secure: true, host: '*', port: 443, address: null, path: '/a/b' }],
  ['http://LOCALHOST:8080/', { secure: false, host: 'localhost', port: 8080, address: null, path: '/' }],
  ['HTTP://127.0.0.1:8871:127.0.0.1/', { secure: false, host: '127.0.0.1', port: 8871, address: '127.0.0.1', path: '/' }],
  ['http://www.example.com:80:192.0.2.1/', { secure: false, host: 'www.example.com', port: 80, address: '192.0.2.1', path: '/' }],
  ['https://[FE80::1]:443/', { secure: true, host: 'fe80::1', port: 443, address: 'fe80::1', path: '/' }],
  ['http://www.example.com:80:[0:0:0:0:0:0:0:1]/', { secure: false, host: 'www.example.com', port: 80, address: '::1', path: '/' }],
  ['http://+:80', { secure: false, host: '+', port: 80, address: null, path: '/' }],
  ['http://+:65536/', null],
  ['http://+/', null],
  ['ftp://+:21/', null],
];
for (const [url, expected] of prefixes) test(`the parts of ${url}`, () => assert.equal(urlPrefix(url), expected));

const base = 0x1000n;
/** HTTP_SERVICE_CONFIG_URLACL_SET with its texts behind it, as read at `base`. */
function reservation(url: string, sddl: string): Buffer {
  const [first, second] = [Buffer.from(`${url}\0`, 'utf16le'), Buffer.from(`${sddl}\0`, 'utf16le')];
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(base + 16n, 0);
  head.writeBigUInt64LE(base + 16n + BigInt(first.length), 8);
  return Buffer.concat([head, first, second]);
}

test('URL reservations', () => {
  const parts = [reservation('http://+:80/Temporary_Listen_Addresses/', 'D:(A;;GX;;;WD)'), reservation('https://+:5358/', '')];
  const pages = parts.map((part) => `${base.toString(16)}:${part.length}`).join(' ');
  assert.equal(decodeUrlReservations(Buffer.concat(parts), pages), {
    data: [
      { url: 'http://+:80/Temporary_Listen_Addresses/', sddl: 'D:(A;;GX;;;WD)' },
      { url: 'https://+:5358/', sddl: null },
    ],
    flaw: null,
  });
  assert.equal(decodeUrlReservations(Buffer.alloc(0), ''), { data: [], flaw: null });
  assert.is(decodeUrlReservations(parts[0]!.subarray(0, 20), pages).flaw, 'the list of URL reservations is broken');
});

/** HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY. */
function listenList(...families: number[]): Buffer {
  const list = Buffer.alloc(8 + 128 * families.length);
  list.writeUInt32LE(families.length, 0);
  families.forEach((family, i) => {
    const entry = 8 + 128 * i;
    list.writeUInt16LE(family, entry);
    if (family === 2) Buffer.from([192, 0, 2, 1]).copy(list, entry + 4);
    else list[entry + 23] = 1;
  });
  return list;
}

test('the IP listen list', () => {
  assert.equal(decodeIpListenList(listenList(2, 23)), { data: [{ address: '192.0.2.1' }, { address: '::1' }], flaw: null });
  assert.equal(decodeIpListenList(listenList()), { data: [], flaw: null });
  assert.is(decodeIpListenList(listenList(2, 23).subarray(0, 150)).flaw, 'the IP listen list is cut off');
  assert.is(decodeIpListenList(listenList(7)).flaw, 'the IP listen list has an address of an unknown family');
});

test('any text and any bytes: no crash, no port and no pid beyond what there can be', () => {
  const line = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom('', '    ', '        '),
        fc.constantFrom('Name: x', 'ID: 12, image: C:\\a', '17', 'Count: 1', 'HTTP://+:80/', 'https://[::]:1:2/x', '<?>', 'ID: 99999999999, image: <?>'),
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const { processes, controller, urls } of decodeHttpQueues(lines.join('\n')).data) {
        for (const pid of [...processes.map((process) => process.pid), controller ?? 1]) assert.ok(pid > 0 && pid <= 0xffffffff);
        for (const url of urls) assert.ok((urlPrefix(url)?.port ?? 0) <= 65535);
      }
    }),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600 }),
      fc.oneof(
        fc.string(),
        fc.nat(600).map((length) => `0:${length}`),
      ),
      (bytes, pages) => {
        decodeUrlReservations(bytes, pages);
        decodeIpListenList(bytes);
      },
    ),
  );
});

test('a long text is read in time that grows with its length', () => {
  const text = queue('    Count: 1', ...Array.from({ length: 20_000 }, (_, i) => `        HTTP://host${i}:${1 + (i % 65_535)}/`));
  assert.is(decodeHttpQueues(text).data[0]?.urls.length, 20_000);
});

test('services may be indented below their process, and hidden ones are none', () => {
  const queue = (below: string) =>
    decodeHttpQueues(`T\n---\nName: X\n    Count: 1\n    Processes:\n        ID: 944, image: <?>\n${below}    URLs:\n        HTTP://+:81/\n`).data[0]!;
  assert.equal(queue('            Services: A, B\n            Tagged Service: B\n').processes, [{ pid: 944, service: 'B' }]);
  assert.equal(queue('        Services: <?>\n        Tagged Service: <?>\n').processes, [{ pid: 944, service: null }]);
  assert.equal(queue('').processes, [{ pid: 944, service: null }]);
});

test.run();
