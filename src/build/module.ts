// Builds the PowerShell module in dist/: its sources in one file, its views from the schema, and an executable.
import {
  cpSync,
  existsSync,
  linkSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadAllCommands } from '../cli/commands.ts';
import { catalogue } from '../commands/catalogue.ts';
import { powershellBody } from '../cli/completion/scripts.ts';
import { list, quoted } from './catalogue.ts';
import { factsVersion } from '../facts/model/facts-version.ts';
import { styles } from '../formats/table.ts';
import { isNumeric } from '../formats/text.ts';
import { liveTypeName, plainColumns, spare, type Column, type ColumnType, type RowSchema } from '../schema/column.ts';
import { conflict } from '../schema/conflict.ts';
import { traffic } from '../schema/traffic.ts';
import { tableColumns, treeVariant, variantOf, mayBeWrapped, variants } from '../schema/variant.ts';
import { version } from './bundle.ts';
import type { Platform } from './platform.ts';
import { root } from './runtime.mjs';

const sources = join(root, 'ps');

/** The functions that return rows, and the schemas of these rows. */
const functions: ReadonlyMap<string, readonly RowSchema[]> = new Map(
  (await loadAllCommands(catalogue)).flatMap(({ about }): [string, readonly RowSchema[]][] =>
    typeof about.powershell === 'string' || about.rows.length === 0 ? [] : [[about.powershell.name, about.rows]],
  ),
);
/** The schemas of all rows, each once. */
const rowSchemas: readonly RowSchema[] = [...new Set([...functions.values()].flat())];

const xml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const dotnetTypes: Readonly<Record<ColumnType, string>> = {
  text: 'System.String',
  uint16: 'System.UInt16',
  uint32: 'System.UInt32',
  uint64: 'System.UInt64',
  int32: 'System.Int32',
  boolean: 'System.Boolean',
  date: 'System.DateTime',
  double: 'System.Double',
  texts: 'System.String[]',
  uint32s: 'System.UInt32[]',
  ancestors: 'System.Object[]',
};

/** What shows the control characters of a text as `?`. */
const plain = String.raw`-replace '[\p{Cc}\p{Cf}]', '?'`;

/**
 * The content of a cell. Text may come from anybody, and a terminal obeys control characters: they are shown as `?`.
 * The items of a list are in one line in a table, and in one line each in a list view: they may be sentences.
 * States have the same colors as in the executable, if the host supports colors (PowerShell 7.2 and newer).
 */
function cell({ name, type }: Column, separator = "', '"): string {
  const colors = [...styles]
    .filter(([key]) => key.startsWith(`${name} `))
    .map(([key, [start]]) => ({ value: key.slice(name.length + 1), start }));
  // In PowerShell, every text is true.
  if (colors.length > 0 && type !== 'boolean') {
    const cases = colors
      .map(({ value, start }) => `${quoted(value)} { "$([char]27)${start.slice(1)}${value}$([char]27)[0m" }`)
      .join(' ');
    return `<ScriptBlock>if ($PSVersionTable.PSVersion -lt [version]'7.2') { $_.${name} ${plain} } else { switch ($_.${name}) { ${xml(cases)} default { $_ ${plain} } } }</ScriptBlock>`;
  }
  if (type === 'text') return `<ScriptBlock>$_.${name} ${plain}</ScriptBlock>`;
  if (type === 'texts') return `<ScriptBlock>@($_.${name}) ${plain} -join ${separator}</ScriptBlock>`;
  if (type === 'ancestors')
    return `<ScriptBlock>@(foreach ($one in $_.${name}) { "$($one.Application) ($($one.ProcessId))" }) ${plain} -join ${separator}</ScriptBlock>`;
  return `<PropertyName>${name}</PropertyName>`;
}

/** A cell of a table: with the value before a change. */
function tableCell(column: Column): string {
  const { name, comesFrom } = column;
  const shown = cell(column);
  if (comesFrom === undefined) return shown;
  const script = shown.replace(/^<ScriptBlock>|<\/ScriptBlock>$/g, '');
  return `<ScriptBlock>if ($_.${comesFrom}) { "$($_.${comesFrom}) -&gt; $($_.${name})" ${plain} } else { ${script} }</ScriptBlock>`;
}

// Every space between elements takes time when the module is imported.
function view(typeName: string, control: string): string {
  return `<View><Name>${typeName}</Name><ViewSelectedBy><TypeName>${typeName}</TypeName></ViewSelectedBy>\n${control}</View>`;
}

/** The languages in which PowerShell breaks lines between words; in others, it breaks words. */
const wordWrapped = "'^(de|en|es|fr|it|pt)\\b'";

/** The widths of usual values of text columns that come before the last one. */
const usualWidths: Readonly<Record<string, number>> = {
  LocalAddress: 15,
  RemoteAddress: 15,
  State: 6,
  Endpoint: 20,
  Owner: 22,
};

/**
 * A cell of a column that may be the last one, which gets the width that is left: wrapped between words where PowerShell would
 * break words. How wide the other columns are is only known for one row; for several, their usual width is assumed. What is
 * wrong with the sockets of an owner is below the owner.
 */
function wrappedCell(column: Column, before: readonly Column[], isTraffic: boolean): string {
  const shown = tableCell(column);
  // A path has no words.
  if (!shown.startsWith('<ScriptBlock>') || column.name === 'Program') return shown;
  const [fixed, texts] = [
    before.filter(({ type }) => !hasAnyLength(type)),
    before.filter(({ type }) => hasAnyLength(type)),
  ];
  const labels = fixed.reduce((sum, { name }) => sum + name.length, before.length + 1);
  const least = texts.map(({ name }) => [name, Math.max(name.length, usualWidths[name] ?? 0)] as const);
  const others = least.map(([name, width]) => ` - [Math]::Max(${width}, "$($_.${name})".Length)`).join('');
  const script = shown.replace(/^<ScriptBlock>|<\/ScriptBlock>$/g, '');
  const wrap = `if ($PSCulture -notmatch ${wordWrapped}) { try { $width = $Host.UI.RawUI.BufferSize.Width - ${labels}${others} } catch { $width = 0 }; if ($width -ge 5) { $one = ($one -replace "(.{1,$width})(?:\\s+|$)", ('$1' + "\`n")).TrimEnd() } }; $one`;
  const warning =
    isTraffic && column.name === 'Owner' ? `if ($_.Warning) { $one = "$one\`n$($_.Warning)" ${plain} }; ` : '';
  return `<ScriptBlock>$one = ${script}; ${xml(warning + wrap)}</ScriptBlock>`;
}

const hasAnyLength = (type: ColumnType): boolean => type === 'text' || type === 'texts';

/** A folder below the home folder, and the end of a long one. */
const folderCell = `<ScriptBlock>$one = $_.WorkingDirectory ${plain}; if ($HOME) { $one = $one -replace "^$([regex]::Escape($HOME))(?=[\\\\/]|$)", '~' }; if ($one.Length -gt 36) { '...' + $one.Substring($one.Length - 33) } else { $one }</ScriptBlock>`;

function tableView(typeName: string, columns: readonly Column[]): string {
  const headers = columns.map(
    (column) =>
      `<TableColumnHeader><Label>${column.name}</Label>${isNumeric(column) ? '<Alignment>Right</Alignment>' : ''}</TableColumnHeader>`,
  );
  const items = columns.map((column, index) => {
    if (column.name === 'FirstSeen' || column.name === 'LastSeen')
      return `<TableColumnItem><ScriptBlock>'{0:d}' -f $_.${column.name}</ScriptBlock></TableColumnItem>`;
    if (column.name === 'WorkingDirectory') return `<TableColumnItem>${folderCell}</TableColumnItem>`;
    return `<TableColumnItem>${mayBeWrapped(column) ? wrappedCell(column, columns.slice(0, index), typeName.startsWith(traffic.typeName)) : tableCell(column)}</TableColumnItem>`;
  });
  const rows = `<TableRowEntries><TableRowEntry><Wrap /><TableColumnItems>\n${items.join('\n')}\n</TableColumnItems></TableRowEntry></TableRowEntries>`;
  return view(
    typeName,
    `<TableControl><AutoSize /><TableHeaders>\n${headers.join('\n')}\n</TableHeaders>${rows}</TableControl>`,
  );
}

function listView(typeName: string, columns: readonly Column[]): string {
  const items = columns.map((column) => {
    // Not every row has this property.
    const condition =
      column.askedBy === undefined && column.liveAliasOf === undefined
        ? ''
        : `<ItemSelectionCondition><ScriptBlock>$null -ne $_.PSObject.Properties['${column.name}']</ScriptBlock></ItemSelectionCondition>`;
    return `<ListItem>${condition}<Label>${column.name}</Label>${cell(column, '"`n"')}</ListItem>`;
  });
  return view(
    typeName,
    `<ListControl><ListEntries><ListEntry><ListItems>\n${items.join('\n')}\n</ListItems></ListEntry></ListEntries></ListControl>`,
  );
}

const binding = (script: string, more = ''): string =>
  `<ExpressionBinding><ScriptBlock>${xml(script)}</ScriptBlock>${more}</ExpressionBinding>`;

const custom = (items: string): string =>
  `<CustomControl><CustomEntries><CustomEntry><CustomItem>${items}</CustomItem></CustomEntry></CustomEntries></CustomControl>`;

/** An indented part of a view, with a line for each text that a script returns; `more` belongs to its binding, or its frame. */
const framed = (
  indent: number,
  script: string,
  more: { readonly condition?: string; readonly frame?: string } = {},
): string => {
  const { condition = '', frame = '' } = more;
  const each = binding(script, `${condition}<EnumerateCollection />${custom(`${binding('$_')}<NewLine />`)}`);
  return `<Frame><LeftIndent>${indent}</LeftIndent>${frame}<CustomItem>\n${each}\n</CustomItem></Frame>`;
};

/**
 * Wraps the line $one between words, to the width of the window, where PowerShell would break words. Continuation lines
 * are indented.
 */
const breakWords = `if ($width) { $first = $true; foreach ($part in $one -replace "(.{1,$width})(?:\\s+|$)", "$([char]36)1\`n" -split '\\n') { if ($part) { if ($first) { $part } else { "  $part" }; $first = $false } } } else { $one }`;

/** Shows a property of a row as lines, if it has a value. Continuation lines are indented by two more spaces. */
function hanging(indent: number, property: string, script: string): string {
  const width = `$width = 0; if ($PSCulture -notmatch ${wordWrapped}) { try { $width = $Host.UI.RawUI.BufferSize.Width - 7 } catch { $width = 0 }; if ($width -lt 20) { $width = 0 } }`;
  return framed(indent, `${width}; foreach ($one in $(${script})) { ${breakWords} }`, {
    condition: `<ItemSelectionCondition><ScriptBlock>$_.${property}</ScriptBlock></ItemSelectionCondition>`,
    frame: '<FirstLineHanging>2</FirstLineHanging>',
  });
}

/** Names the machine in a text, if it is another one or one of several. */
const machine = `$(if ($_.PSObject.Properties['PSComputerName']) { "$($_.PSComputerName): " } elseif ($_.PSTypeNames -match '#\\w*Machine$') { "$($_.ComputerName): " })`;

/**
 * Shows a row whose answer is a sentence as text: the answer, its evidence, and what to do. The description of a command
 * is above the command, so that a narrow window wraps the description, not the command.
 */
function textView({ typeName, columns }: RowSchema): string[] {
  if (!columns.some(({ name }) => name === 'Summary')) return [];
  const evidence = `foreach ($one in $_.Evidence) { $one ${plain} }; if ($_.Remedy) { 'What to do:' }`;
  const remedies = `foreach ($one in $_.Remedy) { $command, $what = $one ${plain} -split '  # ', 2; if ($what) { "# $what" }; $command }`;
  const frames = [
    hanging(0, 'Summary', `"${machine}$($_.Summary)" ${plain}`),
    hanging(2, 'Evidence', evidence),
    hanging(4, 'Remedy', remedies),
  ];
  return [view(typeName, custom(`\n${frames.join('')}\n`))];
}

/** Shows a conflict as text: a table has no room for its owners and the sentence that explains it. */
function conflictView({ typeName }: RowSchema): string[] {
  if (typeName !== conflict.typeName) return [];
  const heading = `"${machine}$($_.Severity): $($_.Kind)$(if ($null -ne $_.Port) { ", $($_.Protocol) port $($_.Port)" })$(if ($_.Address) { " on $($_.Address)" })" ${plain}`;
  const frames = [
    hanging(0, 'Kind', heading),
    hanging(2, 'Owners', `foreach ($one in $_.Owners) { $one ${plain} }`),
    hanging(2, 'Description', `$_.Description ${plain}`),
  ];
  return [view(typeName, custom(`\n${frames.join('')}\n`))];
}

/** The script that returns the lines of a tree. */
const treeLines = ((): string => {
  const above = `for ($at = $all.Count - 1; $at -ge 0; $at--) { $one = $all[$at]; $name = if ($one.Application) { "$($one.Application) ($($one.ProcessId))" } else { "process $($one.ProcessId)" }; if ($one.Role) { "$name  $("$($one.Role)".ToLowerInvariant())" } else { $name } }`;
  const owner = `if ($_.Owner) { $_.Owner } else { 'an owner that cannot be seen' }`;
  const again = `if ($_.Supervisor -match '^(.*), which started it$') { "Was started by: $($Matches[1])" ${plain} } elseif ($_.Supervisor) { "May be restarted by: $($_.Supervisor)" ${plain} } elseif ($null -ne $_.OwningProcess) { 'Nothing is known that restarts it.' }`;
  return `$all = @($_.Ancestors | Where-Object { $_ }); $depth = 0; foreach ($line in @(${above}; ${owner})) { ('  ' * $depth++) + ($line ${plain}) }; ${again}`;
})();

/** An owner below its ancestors, the first on top, as the executable shows them. */
function treeView({ typeName, columns }: RowSchema): string[] {
  if (!columns.some(({ type }) => type === 'ancestors')) return [];
  const first = `$far = if ($_.RemotePort) { " to $($_.RemoteAddress) port $($_.RemotePort)" }; "$($_.Protocol) $($_.LocalAddress) port $($_.LocalPort)$far$(if ($_.State) { ", $($_.State)" }):"`;
  return [view(`${typeName}#${treeVariant}`, custom(`\n${binding(first)}<NewLine />${framed(2, treeLines)}\n`))];
}

/** The views: a table for each variant of an answer, and a list of all properties. */
export function formatFile(all: readonly RowSchema[] = rowSchemas): string {
  const views = all.flatMap((schema) => [
    ...textView(schema),
    ...conflictView(schema),
    ...treeView(schema),
    ...variants(schema).map((variant) =>
      tableView(
        variant.name === '' ? schema.typeName : `${schema.typeName}#${variant.name}`,
        tableColumns(schema, variant),
      ),
    ),
    listView(schema.typeName, schema.columns),
  ]);
  return `<?xml version="1.0" encoding="utf-8"?>\n<Configuration><ViewDefinitions>\n${views.join('\n')}\n</ViewDefinitions></Configuration>\n`;
}

/** A member set of a type. */
function standardMembers(members: string): string {
  return `<MemberSet><Name>PSStandardMembers</Name><Members>${members}</Members></MemberSet>`;
}

/**
 * Of a type with SpecificProperties, serialization writes what the object itself has and of the type's properties only those
 * of the set, which here is empty but for one that the object has.
 */
const ownProperties = (one: string): string =>
  `<NoteProperty><Name>SerializationMethod</Name><Value>SpecificProperties</Value></NoteProperty><PropertySet><Name>PropertySerializationSet</Name><ReferencedProperties><Name>${one}</Name></ReferencedProperties></PropertySet>`;

/**
 * The properties of live rows. They are hidden, so that Select-Object *, Export-Csv and ConvertTo-Json leave them out.
 */
function liveType({ typeName, columns }: RowSchema): string[] {
  const aliases = columns.filter((column) => column.liveAliasOf !== undefined);
  if (aliases.length === 0) return [];
  const properties = aliases.map(
    ({ name, liveAliasOf, type }) =>
      `<AliasProperty IsHidden="true"><Name>${name}</Name><ReferencedMemberName>${liveAliasOf}</ReferencedMemberName><TypeName>${dotnetTypes[type]}</TypeName></AliasProperty>`,
  );
  const members = standardMembers(ownProperties(aliases[0]!.liveAliasOf!));
  return [`<Type><Name>${liveTypeName(typeName)}</Name><Members>${properties.join('')}${members}</Members></Type>`];
}

/** The titles of what a row shows among objects of other types, if that is more than the value of a property. */
const titles: Readonly<Record<string, string>> = { Evidence: 'Because', Remedy: 'What to do', Owners: 'Between' };

/**
 * What to show of a row among objects of other types, where PowerShell uses no view: properties, or hidden properties that
 * a script computes. There, PowerShell shortens a property that is a list; these have an item in each line.
 */
function shownElsewhere({ columns, typeName }: RowSchema): { readonly name: string; readonly script?: string }[] {
  const plainTable = tableColumns(
    { typeName, columns },
    variantOf({ typeName, columns }, false, () => false),
  );
  const isTold = columns.some(({ name }) => name === 'Summary');
  const isShown = ({ name, keeps, importance = spare }: Column): boolean =>
    isTold
      ? ['Summary', 'Evidence', 'Remedy'].includes(name)
      : ['Rule', 'Reason', 'Description'].includes(name) ||
        (plainTable.some((column) => column.name === name) && (importance <= 2 || keeps === 'process'));
  // The answer comes first.
  const shown = columns.filter(isShown).toSorted((a, b) => Number(b.name === 'Summary') - Number(a.name === 'Summary'));
  return shown.map(({ name, type }) => {
    if (type !== 'texts') return { name };
    return { name: titles[name] ?? `${name} (list)`, script: `@($this.${name}) ${plain} -join "\`n"` };
  });
}

/** The members of a type whose objects are shown in this way among objects of other types. */
function shownMembers(
  shown: readonly { readonly name: string; readonly script?: string }[],
  serialized: string,
): string {
  const names = shown.map(({ name }) => `<Name>${name}</Name>`).join('');
  const scripts = shown.flatMap(({ name, script }) =>
    script === undefined
      ? []
      : [
          `<ScriptProperty IsHidden="true"><Name>${name}</Name><GetScriptBlock>${xml(script)}</GetScriptBlock></ScriptProperty>`,
        ],
  );
  const set = `<PropertySet><Name>DefaultDisplayPropertySet</Name><ReferencedProperties>${names}</ReferencedProperties></PropertySet>`;
  return `${scripts.join('')}${standardMembers(`${scripts.length === 0 ? '' : ownProperties(serialized)}${set}`)}`;
}

/** The tree among objects of other types. */
function treeType({ typeName, columns }: RowSchema): string[] {
  if (!columns.some(({ type }) => type === 'ancestors')) return [];
  const shown = [
    ...shownElsewhere({ typeName, columns }),
    { name: 'Started by', script: `@($this | ForEach-Object { ${treeLines} }) -join "\`n"` },
  ];
  return [
    `<Type><Name>${typeName}#${treeVariant}</Name><Members>${shownMembers(shown, columns[0]!.name)}</Members></Type>`,
  ];
}

/** The additional properties of live rows, and the properties to show if no view is used: among objects of other types. */
export function typesFile(all: readonly RowSchema[] = rowSchemas): string {
  const types = all.flatMap((schema) => [
    `<Type><Name>${schema.typeName}</Name><Members>${shownMembers(shownElsewhere(schema), schema.columns[0]!.name)}</Members></Type>`,
    ...treeType(schema),
    ...liveType(schema),
  ]);
  return `<?xml version="1.0" encoding="utf-8"?>\n<Types>\n${types.join('\n')}\n</Types>\n`;
}

/** The scripts of a folder, in the order of their names. */
function scripts(folder: string): { name: string; text: string }[] {
  return readdirSync(join(sources, folder))
    .filter((file) => file.endsWith('.ps1'))
    .toSorted()
    .map((file) => ({ name: basename(file, '.ps1'), text: readFileSync(join(sources, folder, file), 'utf8').trim() }));
}

/** Where a function's own parameters end, and the remoting parameters begin. */
const remoteMark = /\n\n {8}# Then the parameters of ps\/Remote\/Parameters\.ps1\.\n/;

/** The remoting parameters and their help: the file has them as a function. */
function remoteParameters(): { readonly help: string; readonly parameters: string } {
  const text = readFileSync(join(sources, 'Remote/Parameters.ps1'), 'utf8');
  const [, help] = /<#\n([^]*?\n)\s*#>/.exec(text) ?? [];
  const [, parameters] = /\n {4}param\(\n([^]*?)\n {4}\)\n/.exec(text) ?? [];
  if (help === undefined || parameters === undefined)
    throw new Error('ps/Remote/Parameters.ps1 has no help or no parameters');
  return { help, parameters };
}

/** A function of ps/Public as it is in the module: with the remoting parameters, if it has the mark. */
function wholeFunction(text: string): string {
  if (!remoteMark.test(text)) return text;
  const { help, parameters } = remoteParameters();
  return text
    .replace(remoteMark, () => `,\n\n${parameters}\n`)
    .replace('    .INPUTS\n', () => `${help}\n    .INPUTS\n`);
}

/** The script that is loaded when another machine is queried for the first time. */
function remoteScript(): string {
  const parts = scripts('Remote').filter(({ name }) => name !== 'Parameters');
  const names = [...remoteParameters().parameters.matchAll(/^ {8}\[[\w.[\]]+\] \$(\w+)/gm)].map(([, name]) => name!);
  return `${[
    'Set-StrictMode -Version 3.0',
    `$remoteParameters = ${list(names)}`,
    // What a portowner on another machine needs so that its answers can be used.
    `$factsVersion = ${factsVersion}\n$executableVersion = ${quoted(`portowner ${version}`)}`,
    ...parts.map(({ text }) => text),
  ].join('\n\n')}\n`;
}

/** A function of a collector, as its text. */
function collectorFunction(file: string, start: string): string {
  const text = readFileSync(join(sources, 'Collector', file), 'utf8');
  const from = text.indexOf(`\n${start}`);
  const to = text.indexOf('\n}\n', from);
  if (from < 0 || to < 0) throw new Error(`ps/Collector/${file} has no ${start}`);
  return text.slice(from + 1, to + 2);
}

/** What runs on another machine to deploy the executable, with the checks that the collectors make. */
export function deployScript(): string {
  const parts: readonly (readonly [mark: string, text: string])[] = [
    [
      '# The build puts the functions Get-ProgramFolder, Get-OpenRight and Get-Distrust of Collect.ps1 here.',
      ['function Get-ProgramFolder {', 'function Get-OpenRight(', 'function Get-Distrust(']
        .map((name) => collectorFunction('Collect.ps1', name))
        .join('\n\n'),
    ],
    ['# The build puts the function untrusted of collect.sh here.', collectorFunction('collect.sh', 'untrusted() {')],
  ];
  let text = readFileSync(join(sources, 'Collector/Deploy.ps1'), 'utf8');
  for (const [mark, with_] of parts) {
    if (!text.includes(mark)) throw new Error(`ps/Collector/Deploy.ps1 has no line "${mark}"`);
    text = text.replace(mark, () => with_);
  }
  return text;
}

function scriptModule(): string {
  const columns = [...functions].map(
    ([name, [schema]]) => `        ${quoted(name)} = ${list(plainColumns(schema!).map((column) => column.name))}`,
  );
  return `${[
    // The same rules whatever the user has set.
    'Set-StrictMode -Version 3.0',
    `# The functions that give rows.\n$rowFunctions = ${list([...functions.keys()])}`,
    `# The properties that can be chosen of these rows.\nfunction Get-ColumnTable {\n    @{\n${columns.join('\n')}\n    }\n}`,
    ...scripts('Private').map(({ text }) => text),
    ...scripts('Public').map(({ text }) => wholeFunction(text)),
  ].join('\n\n')}\n`;
}

/** The completion of the executable, as a separate script: it is loaded only when somebody presses Tab. */
function completionScript(): string {
  return `# Completes portowner. The module runs it, and says what $program is.\n${powershellBody('$program')}`;
}

/** The section of CHANGELOG.md about this version, in plain ASCII. */
function releaseNotes(): string {
  const text = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const section = text.split(/^(?=## )/m).find((part) => part.startsWith(`## ${version} `));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## ${version} - …"`);
  return section
    .trim()
    .replaceAll('…', '...')
    .replaceAll(/[\u2013\u2014]/g, '-')
    .replaceAll(/[^\n -~]/g, '?');
}

/** The manifest, with the values that the build fills in. The address of the project is from package.json, if any. */
function manifest(): string {
  const functions = scripts('Public').map(({ name }) => name);
  const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { homepage?: string };
  const replacements: readonly (readonly [from: string, to: string])[] = [
    ["'0.0.0'", quoted(version)],
    ['FunctionsToExport    = @()', `FunctionsToExport    = ${list(functions)}`],
    [
      "            ProjectUri   = ''\n",
      homepage === undefined ? '' : `            ProjectUri   = ${quoted(homepage)}\n`,
    ],
    ["'See CHANGELOG.md.'", quoted(releaseNotes())],
  ];
  let text = readFileSync(join(sources, 'PortOwner.psd1'), 'utf8').replaceAll(/^ *# The build puts.*\n/gm, '');
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`PortOwner.psd1 has no ${from.trim()}`);
    text = text.replace(from, () => to);
  }
  return text;
}

/** Creates a hard link to a large file, or a copy if that is not possible. */
function place(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** The module for the platform of this machine is dist/PortOwner, those for others are dist/PLATFORM/PortOwner. */
export function moduleFolder(platform: Platform): string {
  const own = process.platform === 'linux' ? 'linux' : process.arch === 'arm64' ? 'win-arm64' : 'win';
  return join(root, 'dist', platform === own ? '' : platform, 'PortOwner');
}

/**
 * Builds the module for a platform around its executable. Returns the paths of the files that can be signed, except for
 * the executable.
 */
export async function buildModule(
  platform: Platform,
  executable: string,
  folder = moduleFolder(platform),
): Promise<string[]> {
  // Build it next to the old one, which may be in use until it is replaced.
  const made = `${folder}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(join(made, 'bin'), { recursive: true });
  const files: Readonly<Record<string, string>> = {
    'PortOwner.psd1': manifest(),
    'PortOwner.psm1': scriptModule(),
    'Completion.ps1': completionScript(),
    'Remote.ps1': remoteScript(),
    'PortOwner.format.ps1xml': formatFile(),
    'PortOwner.types.ps1xml': typesFile(),
  };
  for (const [name, text] of Object.entries(files)) {
    // Windows PowerShell reads anything else in the code page of the machine.
    if (/[^\n -~]/.test(text)) throw new Error(`${name} is not plain ASCII`);
    writeFileSync(join(made, name), text);
  }
  for (const name of ['en-US', 'Tasks', 'Collector'])
    if (existsSync(join(sources, name))) cpSync(join(sources, name), join(made, name), { recursive: true });
  writeFileSync(join(made, 'Collector/Deploy.ps1'), deployScript());
  for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES', 'CHANGELOG.md'])
    if (existsSync(join(root, name))) copyFileSync(join(root, name), join(made, name));
  place(executable, join(made, 'bin', platform === 'linux' ? 'portowner' : 'portowner.exe'));
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ps1|psm1|psd1|ps1xml)$/.test(name) && dirname(name) !== 'bin')
    .map((name) => join(folder, name));
}
