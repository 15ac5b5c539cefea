// dist/portowner in a real PowerShell, without any module: its CLIXML becomes live objects.
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { plainColumns, type Column } from '../../src/schema/column.ts';
import { endpoint, type Endpoint } from '../../src/schema/endpoint.ts';
import { dist } from '../support/build-machine.ts';
import { facts, process as processFact, service, socket } from '../support/example.ts';
import { noPowerShell, plain, pwsh } from '../support/powershell.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { asked, written } from '../support/read-formats.ts';
import { endAll, hold, newFolder, portOwner, rowsOf, runProgram, startListeners, type Held, type Listeners, type Outcome } from '../support/program.ts';

const exe = join(dist, process.platform === 'win32' ? 'portowner.exe' : 'portowner');
const portowner = portOwner([exe]);
const suiteOf = suite('portowner in PowerShell, bare');
const test = (name: string, check: () => void | Promise<void>): void => suiteOf(name, (context) => (pwsh === null ? skip(noPowerShell, context as TestContext) : check()));

let folder: string;
let server: Listeners;
let held: Held | undefined;

suiteOf.before(async () => {
  if (pwsh === null) return;
  folder = newFolder();
  server = await startListeners([process.execPath], ['tcp 127.0.0.1', 'tcp ::', 'pair 127.0.0.1', '--漢字=größe "quoted" <&> _x0041_']);
  if (process.platform !== 'win32')
    held = await hold([
      ['sleep', '300'],
      ['sleep', '300'],
    ]);
});
suiteOf.after(endAll);

/** A text in PowerShell's own quotes. */
const text = (value: string | number): string => `'${String(value).replaceAll("'", "''")}'`;

/** Runs a script in which $exe is PortOwner. */
function powershell(script: string): Outcome {
  return runProgram([pwsh!, ...plain, '-Command', `$ErrorActionPreference = 'Continue'; $exe = ${text(exe)}; ${script}`], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });
}

/** What a script says as JSON. */
function answer(script: string): unknown {
  const { code, out, err } = powershell(`& { ${script} } | ConvertTo-Json -Depth 4 -Compress -AsArray`);
  assert.equal([code, err], [0, '']);
  // What other programs hide may be warned about first, on lines of its own.
  return JSON.parse(out.trimEnd().split('\n').at(-1)!);
}

/** A snapshot file. */
function snapshot(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

test('live objects with types', () => {
  const port = server.port('tcp 127.0.0.1');
  const objects = answer(`& $exe ${port} --command-lines --format clixml | Where-Object LocalPort -eq ${port} | ForEach-Object {
    [ordered]@{ type = $_.PSObject.TypeNames[0]; value = $_; types = @($_.PSObject.Properties | ForEach-Object { "$($_.Name) $(if ($null -ne $_.Value) { $_.Value.GetType().FullName })" }) }
  }`) as { type: string; value: Endpoint; types: string[] }[];
  assert.is(objects.length, 1);
  const [{ type, value, types }] = objects as [(typeof objects)[0]];
  assert.is(type, 'Deserialized.PortOwner.Endpoint#CommandLines');
  const [row] = rowsOf(portowner, [port]);
  const clr: Readonly<Record<string, string>> = {
    text: 'System.String',
    uint16: 'System.UInt16',
    uint32: 'System.UInt32',
    int32: 'System.Int32',
    date: 'System.DateTime',
    texts: 'System.Object[]',
  };
  const expected = plainColumns(endpoint)
    .filter(({ askedBy }: Column) => askedBy === undefined || askedBy === 'commandLines')
    .map(({ name, type: kind }) => `${name} ${row![name as keyof Endpoint] !== null ? clr[kind] : ''}`);
  assert.equal(types, expected);
  // ConvertTo-Json writes dates with all their digits.
  assert.is(new Date(String(value.StartTime)).getTime(), Date.parse(row!.StartTime!));
  assert.equal({ ...value, StartTime: null }, { ...asked(row!), StartTime: null });
  assert.match(value.CommandLine!, /--漢字=größe "quoted" <&> _x0041_/);
});

test('dates are instants, in local time', () => {
  const port = server.port('tcp ::');
  const [seen] = answer(
    `$row = & $exe ${port} --format clixml; @{ kind = "$($row.StartTime.Kind)"; utc = $row.StartTime.ToUniversalTime().ToString('o'); past = $row.StartTime -lt (Get-Date) }`,
  ) as { kind: string; utc: string; past: boolean }[];
  assert.is(seen!.kind, 'Local');
  assert.is(Date.parse(seen!.utc), Date.parse(rowsOf(portowner, [port])[0]!.StartTime!));
  assert.ok(seen!.past);
});

test('lists are arrays, what is missing is null', () => {
  const path = snapshot(
    'services.json',
    facts([socket(), socket({ localPort: 80, pid: 7, holders: [7, 8] }), socket({ localPort: 81, pid: null })], {
      platform: 'win32',
      processes: [processFact(), processFact({ pid: 7 })],
      services: [service(), service({ name: 'WAS' })],
    }),
  );
  assert.equal(
    answer(
      `& $exe --from ${text(path)} --format clixml | ForEach-Object { @{ port = $_.LocalPort; services = $_.Services; holders = $_.Holders; count = $_.Holders.Count; null = $null -eq $_.OwningProcess } }`,
    ),
    [
      { port: 80, services: null, holders: [7, 8], count: 2, null: false },
      { port: 81, services: null, holders: null, count: 0, null: true },
      { port: 443, services: ['W3SVC', 'WAS'], holders: null, count: 0, null: false },
    ],
  );
  if (held === undefined) return;
  assert.equal((answer(`(& $exe ${held.port} --format clixml).Holders`) as number[]).toSorted(), [...held.pids].toSorted());
});

test('rows work in the pipeline', () => {
  assert.equal(answer(`& $exe --all --pid ${server.pid} --format clixml | Group-Object State | Sort-Object Name | ForEach-Object { "$($_.Name) $($_.Count)" }`), [
    'Established 2',
    'Listen 3',
  ]);
  assert.equal(answer(`& $exe ${server.port('tcp ::')} --format clixml | Where-Object { Get-Process -Id $_.OwningProcess } | ForEach-Object LocalPort`), [server.port('tcp ::')]);
  assert.equal(answer(`& $exe --pid ${server.pid} --format clixml | Where-Object AddressScope -eq Any | Select-Object -First 1 -ExpandProperty LocalPort`), [
    server.port('tcp ::'),
  ]);
});

test('--stream: pieces, all of them read', () => {
  const count = 1000;
  const path = snapshot('many.json', facts(Array.from({ length: count }, (_, i) => socket({ localPort: i + 1 }))));
  const pieces = portowner(['--from', path, '--format', 'clixml', '--stream']).out.split('</Objs>\n').length - 1;
  assert.ok(pieces > 10 && pieces < count / 10, `${pieces} pieces`);
  assert.equal(
    answer(
      `$rows = & $exe --from ${text(path)} --format clixml --stream; @{ count = $rows.Count; last = $rows[-1].LocalPort; type = $rows[-1].PSObject.TypeNames[0]; sum = ($rows | Measure-Object LocalPort -Sum).Sum }`,
    ),
    [{ count, last: count, type: 'Deserialized.PortOwner.Endpoint', sum: (count * (count + 1)) / 2 }],
  );
  assert.equal(answer(`& $exe --from ${text(path)} --format clixml --stream | Select-Object -First 2 | ForEach-Object LocalPort`), [1, 2], 'a pipeline that ends early');
});

test('no rows are no objects', () => {
  const path = snapshot('none.json', facts([]));
  for (const more of ['', '--stream'])
    assert.equal(answer(`$rows = @(& $exe 443 --from ${text(path)} --format clixml ${more}); @{ count = $rows.Count; code = $LASTEXITCODE }`), [{ count: 0, code: 1 }]);
});

test('a warning is shown as one and is no object', () => {
  const path = snapshot('hidden.json', facts([socket({ pid: null, refusals: [{ field: 'OwningProcess', code: 'AccessDenied', text: 'größe', needs: 'root' }] })]));
  const { code, out, err } = powershell(`$rows = & $exe 443 --from ${text(path)} --format clixml; "code $LASTEXITCODE, $(@($rows).Count) row: $($rows.Reason)"`);
  assert.equal([code, err], [0, '']);
  assert.match(out, /^WARNING: PO3002: the owner of 1 socket cannot be seen/);
  assert.match(out, /\ncode 77, 1 row: OwningProcess: AccessDenied: größe \(needs root\)\n$/);
});

test('an error is shown as one and is no object', () => {
  const failed = { status: 'failed', reason: 'the table cannot be read', needs: null, at: null, data: [] } as const;
  const path = snapshot('failed.json', facts([], { sections: { sockets: { ...failed, data: [] } } }));
  const inside = powershell(`$rows = & $exe 443 --from ${text(path)} --format clixml; "code $LASTEXITCODE, $(@($rows).Count) rows"`);
  assert.match(`${inside.out}${inside.err}`, /the sockets could not be read: the table cannot be read/);
  assert.match(inside.out, /code 69, 0 rows\n$/);
  const usage = powershell('$rows = & $exe 70000 --format clixml; "code $LASTEXITCODE, $(@($rows).Count) rows"');
  assert.match(usage.err, /^portowner: PO1002: port 70000 is not between 1 and 65535\n/);
  assert.is(usage.out, 'code 64, 0 rows\n');
});

test('--problems rows: problems are objects of their own kind', () => {
  assert.equal(
    answer(`& $exe 70000 --format clixml --problems rows | ForEach-Object { @{ type = $_.PSObject.TypeNames[0]; severity = $_.Severity; code = $_.Code; target = $_.Target } }`),
    [
      { type: 'Deserialized.PortOwner.Problem', severity: 'Error', code: 'PO1002', target: '70000' },
      { type: 'Deserialized.PortOwner.Problem', severity: 'End', code: null, target: null },
    ],
  );
});

test('CSV and JSON are what PowerShell reads too', () => {
  const names = written.map(({ name }) => name);
  const port = server.port('tcp 127.0.0.1');
  const [row] = rowsOf(portowner, [port]);
  const [csv] = answer(`& $exe ${port} --command-lines --format csv | ConvertFrom-Csv`) as Record<string, string>[];
  assert.equal(Object.keys(csv!), names);
  assert.equal([csv!.LocalPort, csv!.OwningProcess, csv!.ImageName], [String(port), String(server.pid), basename(row!.Path!)]);
  const [json] = answer(`& $exe ${port} --format json --columns LocalPort,CommandLine,Reason | ConvertFrom-Json`) as Endpoint[];
  assert.equal(json, { LocalPort: port, CommandLine: row!.CommandLine, Reason: null });
});

suiteOf.run();
