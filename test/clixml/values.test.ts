import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDate, decodeName } from '../../src/clixml/values.ts';
import { valueOf } from '../facts/read/clixml/helpers.ts';

const test = suite('CLIXML values');

// Seen in PowerShell 7.6: XmlConvert.DecodeName.
for (const [text, decoded] of [
  ['_x0041_', 'A'],
  ['_X0041_', 'A'],
  ['_x0001F600_', '\u{1f600}'],
  ['_x41_', '_x41_'],
  ['_x0041', '_x0041'],
  ['_x00e4_a', 'äa'],
  ['_x005F_x0041_', '_x0041_'],
  ['__x0041__x0042_', '_AB'],
  ['_x005F__x0041_', '_A'],
  ['_xD83D__xDE00_', '\u{1f600}'],
  ['_xD800_', '\ud800'],
  ['_xFFFFFFFF_', '_xFFFFFFFF_'],
  ['_x000G_', '_x000G_'],
  ['plain_text', 'plain_text'],
] as const) {
  test(`${text} is ${JSON.stringify(decoded)}`, () => assert.is(decodeName(text), decoded));
}

for (const [text, date] of [
  ['2026-03-02T09:00:30.1234567+01:00', '2026-03-02T08:00:30.1234567Z'],
  ['2026-03-02T09:00:30Z', '2026-03-02T09:00:30Z'],
  ['2026-01-01T00:30:00.5-05:30', '2026-01-01T06:00:00.5Z'],
  ['2026-01-02T03:04:05', '2026-01-02T03:04:05'],
  ['2024-02-29', '2024-02-29T00:00:00'],
  ['2026-01-02T03:04:05.12345678Z', '2026-01-02T03:04:05.1234567Z'],
  ['2026-01-02T03:04:05.1000000Z', '2026-01-02T03:04:05.1Z'],
  ['0001-01-01T00:00:00+02:00', '0001-01-01T00:00:00Z'],
  ['9999-12-31T23:59:59.9999999-02:00', '9999-12-31T23:59:59.9999999Z'],
  ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00Z'],
  [' 2026-01-02T03:04:05Z\n', '2026-01-02T03:04:05Z'],
  ['2026-02-29T00:00:00Z', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-01-01T24:00:00Z', undefined],
  ['0000-01-01T00:00:00Z', undefined],
  ['2026-01-01T00:00:00+15:00', undefined],
  ['2026-01-01T00:00', undefined],
  ['yesterday', undefined],
  ['', undefined],
] as const) {
  test(`the date ${text} is ${date}`, () => assert.is(decodeDate(text), date));
}

for (const [element, value] of [
  ['<S>a &amp; b</S>', 'a & b'],
  ['<S/>', ''],
  ['<S>  </S>', '  '],
  ['<S>_x000D__x000A_</S>', '\r\n'],
  ['<S>a\r\nb\rc</S>', 'a\nb\nc'],
  ['<S>a<!-- not this -->b</S>', 'ab'],
  ['<S><![CDATA[x<y]]></S>', 'x<y'],
  ['<S>&#65;&#x42;</S>', 'AB'],
  ['<C>65</C>', 'A'],
  ['<B>true</B>', true],
  ['<B> 0 </B>', false],
  ['<By>255</By>', 255],
  ['<SB>-128</SB>', -128],
  ['<U16>65535</U16>', 65_535],
  ['<I16>-32768</I16>', -32_768],
  ['<U32>4294967295</U32>', 4_294_967_295],
  ['<I32> +5 </I32>', 5],
  ['<U64>18446744073709551615</U64>', 2n ** 64n - 1n],
  ['<I64>-9223372036854775808</I64>', -(2n ** 63n)],
  ['<I64>+7</I64>', 7n],
  ['<Sg>0.1</Sg>', Math.fround(0.1)],
  ['<Db>1E+300</Db>', 1e300],
  ['<Db>-INF</Db>', -Infinity],
  ['<Sg>NaN</Sg>', NaN],
  ['<D>12345678901234567890.123</D>', '12345678901234567890.123'],
  ['<DT>2026-03-02T09:00:30+01:00</DT>', '2026-03-02T08:00:30Z'],
  ['<TS>P1DT2H3M4.567S</TS>', 'P1DT2H3M4.567S'],
  ['<G>6f9619ff-8b86-d011-b42d-00c04fc964ff</G>', '6f9619ff-8b86-d011-b42d-00c04fc964ff'],
  ['<URI>http://example.test/_x0041_</URI>', 'http://example.test/A'],
  ['<Version>1.2.3.4</Version>', '1.2.3.4'],
  ['<XD>&lt;a/&gt;</XD>', '<a/>'],
  ['<SBK> Get-Date </SBK>', ' Get-Date '],
  ['<SS>01000000</SS>', '01000000'],
  ['<Nil />', null],
] as const) {
  test(`${JSON.stringify(element)} is ${String(value)}`, () => assert.equal(valueOf(element), value));
}

test('bytes are bytes', () => {
  assert.equal(valueOf('<BA>AQL+\n/w==</BA>'), new Uint8Array([1, 2, 254, 255]));
  assert.equal(valueOf('<BA/>'), new Uint8Array());
});

test('a progress record is its parts', () => {
  const value = valueOf('<PR><AV>PortOwner_x0021_</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Processing</T><SR>-1</SR><SD>doing</SD></PR>');
  assert.ok(typeof value === 'object' && value !== null && 'properties' in value);
  assert.equal(value.typeNames[0], 'System.Management.Automation.ProgressRecord');
  assert.equal({ ...value.properties }, { av: 'PortOwner!', ai: '0', nil: null, pi: '-1', pc: '-1', t: 'Processing', sr: '-1', sd: 'doing' });
});

for (const element of [
  '<I32>0x5</I32>',
  '<I32/>',
  '<I32>5.0</I32>',
  '<U16>65536</U16>',
  '<By>-1</By>',
  '<C>65536</C>',
  '<B>True</B>',
  '<B>yes</B>',
  '<D>1e3</D>',
  '<Db>Infinity</Db>',
  '<Db>1,5</Db>',
  '<DT>now</DT>',
  '<TS>P</TS>',
  '<TS>1:00</TS>',
  '<G>1</G>',
  '<Version>1</Version>',
  '<BA>AQ</BA>',
  '<BA>!</BA>',
  '<U64>-1</U64>',
  '<I64>9223372036854775808</I64>',
]) {
  test(`${element} is an error`, () => assert.throws(() => valueOf(element), /is not valid CLIXML: ".*" is no System\./));
}

test.run();
