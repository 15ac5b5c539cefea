import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDynamicRange, decodeExcludedRanges } from '../../../src/facts/decode/windows-netsh.ts';
import { languages, netshText } from '../../support/windows-netsh-texts.ts';

const test = suite('windows netsh');

const rule = '---------------------------------';

// What netsh printed, by whoever published it; accents and other scripts are in a code page that the decoder need not know.
const outputs: readonly [name: string, text: string, start: number, end: number][] = [
  // https://learn.microsoft.com/troubleshoot/windows-server/networking/default-dynamic-port-range-tcpip-chang
  ['English', `\r\nProtocol tcp Dynamic Port Range\r\n${rule}\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n`, 49152, 65535],
  // https://github.com/microsoft/WSL/issues/40984
  ['English, a moved range', `Protocol tcp Dynamic Port Range\n${rule}\nStart Port        : 1024\nNumber of Ports   : 13977\n`, 1024, 15000],
  // https://github.com/DataDog/datadog-agent, pkg/network/config/sysctl's test of the same call
  ['French', `\nPlage de ports dynamique du protocole tcp\n${rule}\nPort de d\x82marrage   : 49152\nNombre de ports     : 16384\n`, 49152, 65535],
  // https://blog.caomingjun.com/excludedportrange-and-dynamicport-in-windows
  [
    'Chinese',
    `\r\n\xd0\xad\xd2\xe9 tcp \xb6\xaf\xcc\xac\xb6\xcb\xbf\xda\xb7\xb6\xce\xa7\r\n${rule}\r\n\xc6\xf4\xb6\xaf\xb6\xcb\xbf\xda        : 50000\r\n\xb6\xcb\xbf\xda\xca\xfd          : 255\r\n`,
    50000,
    50254,
  ],
];

for (const [name, text, start, end] of outputs) {
  test(`${name} netsh`, () => {
    assert.equal(decodeDynamicRange(text), { start, end });
  });
}

for (const [what, text] of [
  ['nothing', ''],
  ['an error', 'The following command was not found: interface ipv4 show dynamicportrange tcp.\r\n'],
  ['one number', 'Start Port : 49152\r\n'],
  ['three numbers', 'a : 1\nb : 2\nc : 3\n'],
  ['a range that ends behind the last port', 'a : 49152\nb : 16385\n'],
  ['no ports', 'a : 49152\nb : 0\n'],
  ['port 0', 'a : 0\nb : 16384\n'],
  ['longer numbers', 'a : 491520\nb : 163840\n'],
  ['names that end in digits', 'ipv4\nipv6\n1.2.3.4\n5.6.7.8\n'],
] as const) {
  test(`no range in ${what}`, () => {
    assert.is(decodeDynamicRange(text), null);
  });
}

for (const language of languages) {
  test(`the dynamic range: ${language}`, () => {
    assert.equal(decodeDynamicRange(netshText(`dynamicportrange-${language}`).toString('latin1')), { start: 49152, end: 65535 });
  });

  test(`excluded ranges: ${language}`, () => {
    assert.equal(decodeExcludedRanges(netshText(`excludedportrange-${language}`).toString('latin1')), [
      { start: 5357, end: 5357, administered: false },
      { start: 49671, end: 49770, administered: false },
      { start: 50000, end: 50059, administered: true },
      { start: 61117, end: 61216, administered: false },
    ]);
    assert.equal(decodeExcludedRanges(netshText(`excludedportrange-${language}-none`).toString('latin1')), []);
  });
}

test('what is no list of excluded ranges', () => {
  assert.is(decodeExcludedRanges(''), null);
  assert.is(decodeExcludedRanges('The following command was not found: interface ipv4 show excludedportrange tcp.\r\n'), null);
  assert.equal(decodeExcludedRanges('---- ----\n 0 5\n 9 8\n 1 65536\n 1 2 3\n 7 7 *\n'), [{ start: 7, end: 7, administered: true }]);
});

test('any text gives excluded ranges of ports or none', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constant('----  ----'),
    fc.tuple(fc.nat(99999), fc.nat(99999), fc.constantFrom('', ' *')).map(([a, b, star]) => `  ${a}  ${b}${star}`),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const { start, end } of decodeExcludedRanges(lines.join('\r\n')) ?? []) assert.ok(start >= 1 && start <= end && end <= 65535);
    }),
  );
});

test('any text gives a range of ports or none', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.nat(99999), fc.nat(99999)).map(([a, b]) => `x : ${a}\ny : ${b}`),
      ),
      (text) => {
        const range = decodeDynamicRange(text);
        assert.ok(range === null || (range.start >= 1 && range.start <= range.end && range.end <= 65535));
      },
    ),
  );
});

test.run();
