import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, temporaryFolder } from '../../../support/harness.ts';
import { documentOf } from './helpers.ts';

const test = suite('--from CLIXML');
const folder = temporaryFolder();

function path(name: string): string {
  return fileURLToPath(new URL(`../../../fixtures/synthetic/clixml/${name}.clixml`, import.meta.url));
}

function made(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const all = ['tcp', 'udp', 'cim'].flatMap((name) => ['--from', path(name)]);

test('one file each', async () => {
  const { code, out, err } = await run(['8443', '5353', ...all, '--format', 'csv', '--columns', 'Protocol,LocalAddress,LocalPort,State,Owner,ComputerName']);
  assert.is(err, '');
  assert.is(code, 0);
  assert.equal(out.split('\r\n').slice(1, -1), [
    'UDP,0.0.0.0,5353,,Dnscache (svchost.exe 2210),SERVER7',
    'UDP,::,5353,,Dnscache (svchost.exe 2210),SERVER7',
    'TCP,0.0.0.0,8443,Listen,nginx (nginx.exe 4312),SERVER7',
  ]);
});

test('all in one file, with a command line that is masked', async () => {
  const { code, out } = await run(['50200', '--from', path('together-5.1'), '--from', path('cim'), '--format', 'json', '--columns', 'Owner,CommandLine']);
  assert.is(code, 0);
  assert.match(out, /"Owner":"B\\u00e4ckup\.exe \(5120\)","CommandLine":"backup\.exe --server 192\.0\.2\.10 --password \*\*\*"/);
});

test('nobody owns a port only when the files can tell', async () => {
  assert.equal(await run(['444', ...all]), { code: 1, out: 'Nobody owns port 444.\n', err: '' });
  assert.equal(await run(['444', '--protocol', 'tcp', '--from', path('tcp')]), { code: 1, out: 'Nobody owns TCP port 444.\n', err: '' });
  const half = await run(['444', '--from', path('tcp')]);
  assert.equal([half.code, half.out], [69, 'Cannot tell: some sources could not be read.\n']);
  assert.match(half.err, /PO3001: warning: some sockets could not be read: the files have no UDP sockets \(Get-NetUDPEndpoint\)/);
  const none = await run(['444', '--from', path('get-process-5.1')]);
  assert.equal([none.code, none.out], [69, 'Cannot tell: the files do not contain TCP and UDP sockets.\n']);
});

test('other questions are answered too', async () => {
  assert.is((await run(['--pid', '5120', '--all', ...all, '--count'])).out, '3\n');
  const { code, err } = await run(['ranges', '--from', path('tcp'), '--format', 'json']);
  assert.equal([code, err], [0, '']);
});

test('what --format clixml wrote is read', async () => {
  for (const more of [[], ['--stream'], ['--problems', 'rows']]) {
    const written = await run(['--all', ...all, '--format', 'clixml', ...more]);
    const { code, out, err } = await run(['8443', '--from', made('rows.clixml', written.out), '--columns', 'Owner,State', '--format', 'csv']);
    assert.equal([code, out], [0, 'Owner,State\r\nnginx (nginx.exe 4312),Listen\r\n']);
    assert.match(err, /saved rows are the answer to a query/);
  }
});

test('the project that a saved row told is read', async () => {
  const row =
    '<Obj><TN><T>PortOwner.Endpoint</T></TN><MS><S N="Protocol">TCP</S><S N="LocalAddress">127.0.0.1</S><U16 N="LocalPort">3000</U16><S N="State">Listen</S><U32 N="OwningProcess">100</U32><S N="ImageName">node</S><S N="OwnerKind">Process</S><S N="Owner">node (100)</S><S N="Project">shop (~/shop)</S></MS></Obj>';
  const saved = ['3000', '--from', made('project.clixml', documentOf(row))];
  const { out } = await run([...saved, '--columns', 'Project,Owner', '--format', 'csv']);
  assert.is(out, 'Project,Owner\r\nshop (~/shop),node (100)\r\n');
  assert.match((await run([...saved, '--format', 'list'])).out, /^Project +: shop \(~\/shop\)$/m);
  assert.not.match((await run([...saved, '--format', 'json', '--columns', 'Owner'])).out, /shop/);
});

for (const [args, expected, why] of [
  [
    ['--from', made('files.xml', documentOf('<Obj><TN><T>System.IO.FileInfo</T></TN></Obj>'))],
    69,
    /PO2002: .*files\.xml holds 1 object of type System\.IO\.FileInfo, but nothing about ports\n {2}Use the output of Get-NetTCPConnection/,
  ],
  [['--from', made('page.html', '<!-- a page --><html></html>')], 69, /PO2002: .*page\.html is XML, but not CLIXML: its root element is <html>/],
  [['--from', made('doctype.xml', '<!DOCTYPE a><a/>')], 69, /PO2002: .*doctype\.xml is not read: it has a DOCTYPE/],
  [['--from', made('cut.xml', documentOf('<S>a</S>').slice(0, -3))], 69, /PO2002: .*cut\.xml is not complete CLIXML: it is truncated/],
  [['--from', made('latin1.xml', Buffer.from(documentOf('<S>\u00e4</S>'), 'latin1'))], 69, /PO2002: .*latin1\.xml is not UTF-8 text/],
  [['--from', made('\u001b[31m.xml', documentOf('<\u001b[31m/>'))], 69, /^portowner: PO2002: [^\u001b]*$/],
] as const) {
  test(`${args.join(' ')}: ${String(why)}`, async () => {
    const { code, out, err } = await run(['443', ...args]);
    assert.equal([code, out], [expected, '']);
    assert.match(err, why);
  });
}

test.run();
