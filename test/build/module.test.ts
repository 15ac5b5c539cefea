import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseStringPromise } from 'xml2js';
import { buildModule, formatFile, typesFile } from '../../src/build/module.ts';
import type { RowSchema } from '../../src/schema/column.ts';
import { filledVariant } from '../../src/schema/variant.ts';
import { version } from '../../src/schema/version.ts';

const test = suite('the PowerShell module');
const folder = mkdtempSync(join(tmpdir(), 'portowner-module-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const sample: RowSchema = {
  typeName: 'PortOwner.Sample',
  columns: [
    { name: 'State', type: 'text', importance: 2, description: '' },
    { name: 'Port', type: 'uint16', importance: 1, description: '' },
    { name: 'RemotePort', type: 'uint16', importance: 3, connectionsOnly: true, description: '' },
    { name: 'Names', type: 'texts', description: '' },
    { name: 'Extra', type: 'text', askedBy: 'extra', description: '' },
    { name: 'Extras', type: 'texts', askedBy: 'extra', description: '' },
    { name: 'RemoteName', type: 'text', connectionsOnly: true, askedBy: 'names', description: '' },
    { name: 'Owner', type: 'text', importance: 1, description: '' },
    { name: 'Id', type: 'int32', liveAliasOf: 'Port', description: '' },
  ],
};

interface View {
  Name: string[];
  TableControl?: { TableHeaders: { TableColumnHeader: { Label: string[]; Alignment?: string[] }[] }[] }[];
  ListControl?: unknown[];
}

test('has a table for each variant of an answer, and a list', async () => {
  const parsed = (await parseStringPromise(formatFile([sample]))) as { Configuration: { ViewDefinitions: { View: View[] }[] } };
  const views = parsed.Configuration.ViewDefinitions[0]!.View;
  const headers = (view: View): string[] | undefined => view.TableControl?.[0]!.TableHeaders[0]!.TableColumnHeader.map(({ Label }) => Label[0]!);
  assert.equal(
    views.map((view) => [view.Name[0], headers(view)]),
    [
      ['PortOwner.Sample#ConnectionExtraNames', ['State', 'Port', 'RemotePort', 'Extra', 'RemoteName', 'Owner']],
      ['PortOwner.Sample#ConnectionNames', ['State', 'Port', 'RemotePort', 'RemoteName', 'Owner']],
      ['PortOwner.Sample#ConnectionExtra', ['State', 'Port', 'RemotePort', 'Extra', 'Owner']],
      ['PortOwner.Sample#Connection', ['State', 'Port', 'RemotePort', 'Owner']],
      ['PortOwner.Sample#Extra', ['State', 'Port', 'Extra', 'Owner']],
      ['PortOwner.Sample', ['State', 'Port', 'Owner']],
      ['PortOwner.Sample', undefined],
    ],
  );
  assert.ok(views.at(-1)!.ListControl);
});

test('has a table with a column that may be empty, and one without', () => {
  const columns = [...sample.columns.slice(0, 2), { name: 'Seen', type: 'date', importance: 3, whenFilled: 'stored', description: '' } as const];
  const schema: RowSchema = { typeName: 'PortOwner.Sample', columns };
  const views = [...formatFile([schema]).matchAll(/<Name>([^<]*)<\/Name>.*?<\/View>/gs)].map(([text, name]) => [
    name,
    [...text.matchAll(/<Label>(\w+)/g)].map(([, label]) => label),
  ]);
  assert.equal(views, [
    ['PortOwner.Sample#Stored', ['State', 'Port', 'Seen']],
    ['PortOwner.Sample', ['State', 'Port']],
    ['PortOwner.Sample', ['State', 'Port', 'Seen']],
  ]);
  assert.is(
    filledVariant(schema, [
      { Port: 1, Seen: null },
      { Port: 2, Seen: '2026-01-02T03:04:05Z' },
    ]),
    'Stored',
  );
  assert.is(filledVariant(schema, [{ Port: 1, Seen: null }]), undefined);
});

test('lists what not every row has only where it is', () => {
  const conditions = [...formatFile([sample]).matchAll(/<ItemSelectionCondition><ScriptBlock>[^<]*\['(\w+)'\]/g)].map((match) => match[1]);
  assert.equal(conditions, ['Extra', 'Extras', 'RemoteName', 'Id']);
});

test('shows no control character of a text', () => {
  const cells = [...formatFile([sample]).matchAll(/<ScriptBlock>(.*?)<\/ScriptBlock>/g)].map((match) => match[1]!);
  for (const name of ['Names', 'Extra', 'Owner'])
    assert.ok(
      cells.some((cell) => cell.includes(`$_.${name}`) && cell.includes('\\p{Cc}')),
      name,
    );
  // A state that has no color is a text like any other, whatever the version of PowerShell.
  const colored = cells.filter((cell) => cell.includes('switch ($_.State)'));
  assert.ok(colored.length > 0);
  for (const cell of colored) {
    assert.match(cell, /\$_\.State -replace '\[\\p\{Cc\}\\p\{Cf\}\]'/);
    assert.match(cell, /default \{ \$_ -replace '\[\\p\{Cc\}\\p\{Cf\}\]'/);
  }
});

test('shows the items of a list below one another in a list view, and behind one another in a table', () => {
  const joins = [
    ...formatFile([{ ...sample, columns: sample.columns.map((column) => (column.name === 'Names' ? { ...column, importance: 1 } : column)) }]).matchAll(
      /\$_\.Names\).*? -join ([^<]*)</g,
    ),
  ].map((match) => match[1]);
  assert.equal(joins, [...Array.from({ length: 6 }, () => "', '"), '"`n"']);
});

test('names the properties that are shown among objects of other types', async () => {
  const parsed = (await parseStringPromise(typesFile([sample]))) as { Types: { Type: { Name: string[] }[] } };
  assert.equal(
    parsed.Types.Type.map(({ Name }) => Name[0]),
    ['PortOwner.Sample', 'PortOwner.Sample#Live'],
  );
  const told = {
    typeName: 'PortOwner.Told',
    columns: [
      { name: 'Evidence', type: 'texts', description: '' },
      { name: 'Summary', type: 'text', description: '' },
    ],
  } as const;
  const text = typesFile([told]);
  assert.match(text, /<Name>Summary<\/Name><Name>Because<\/Name><\/ReferencedProperties>/);
  assert.match(text, /<ScriptProperty IsHidden="true"><Name>Because<\/Name>.*\$this\.Evidence.*SpecificProperties/);
  assert.match(typesFile([sample]), /<Name>State<\/Name><Name>Port<\/Name><Name>Owner<\/Name><\/ReferencedProperties>/);
});

for (const [platform, name] of [
  ['win', 'portowner.exe'],
  ['win-arm64', 'portowner.exe'],
  ['linux', 'portowner'],
] as const) {
  test(`is whole: ${platform}`, async () => {
    const executable = join(folder, 'some-executable');
    writeFileSync(executable, 'executable');
    const target = join(folder, platform, 'PortOwner');
    const signable = await buildModule(platform, executable, target);
    assert.is(readFileSync(join(target, 'bin', name), 'utf8'), 'executable');
    const files = readdirSync(target);
    for (const file of ['PortOwner.psd1', 'PortOwner.psm1', 'PortOwner.format.ps1xml', 'PortOwner.types.ps1xml', 'en-US', 'LICENSE', 'THIRD-PARTY-NOTICES'])
      assert.ok(files.includes(file), file);
    for (const file of ['PortOwner.psd1', 'PortOwner.psm1', 'Completion.ps1', 'PortOwner.format.ps1xml', 'PortOwner.types.ps1xml'])
      assert.ok(signable.includes(join(target, file)), file);

    const manifest = readFileSync(join(target, 'PortOwner.psd1'), 'utf8');
    assert.ok(manifest.includes(`ModuleVersion        = '${version}'`));
    const exported = [...(/FunctionsToExport += @\(([^)]*)\)/.exec(manifest)?.[1] ?? '').matchAll(/'([^']+)'/g)].map((match) => match[1]!);
    const module = readFileSync(join(target, 'PortOwner.psm1'), 'utf8');
    assert.ok(exported.length >= 3);
    for (const one of exported) assert.match(module, new RegExp(`^function ${one} \\{$`, 'm'));
  });
}

test('takes the place of an older one', async () => {
  const target = join(folder, 'linux', 'PortOwner');
  writeFileSync(join(target, 'left-over'), '');
  await buildModule('linux', join(folder, 'some-executable'), target);
  assert.not.ok(readdirSync(target).includes('left-over'));
  assert.equal(readdirSync(join(folder, 'linux')), ['PortOwner']);
});

test.run();
