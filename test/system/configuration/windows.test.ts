// dist/portowner.exe changes the registry and files of Wine, and undoes it; killed at each step, too. On a real Windows,
// nothing is changed.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import type { Configuration } from '../../../src/schema/configuration.ts';
import type { MoveResult } from '../../../src/schema/move.ts';
import { products, windowsNode } from '../../support/build-machine.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { endAll, runProgram, startListeners, type Outcome } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const { command, without } = products().find(({ name }) => name === 'portowner.exe')!;
const isWine = command !== null && process.platform === 'linux';
const runner = command?.slice(0, -1) ?? [];

const suiteOf = suite('moving servers on Windows');
const test = (name: string, check: () => void | Promise<void>): void =>
  suiteOf(name, (context) => (isWine ? check() : skip(command === null ? without : 'it would change the registry of this machine', context as unknown as TestContext)));

const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;
const node = windowsPath(windowsNode());
const drive = '/var/cache/portowner/wine/prefix/drive_c';

/** Runs a command line with a state folder of its own: a script sets it, because Wine has its own environment. */
function portowner(state: string, ...args: readonly string[]): Outcome {
  const script = join(state, 'run.cmd');
  writeFileSync(script, `@set LOCALAPPDATA=${windowsPath(state)}\r\n@"${windowsPath(command!.at(-1)!)}" %*\r\n`);
  return runProgram([...runner, 'cmd.exe', '/c', windowsPath(script), ...args]);
}

const rows = <Row>({ out, err }: Outcome): Row[] => {
  assert.ok(out !== '', err);
  return JSON.parse(out) as Row[];
};

function undo(state: string, ...more: readonly string[]): void {
  const { code, err } = portowner(state, 'move', '--undo', '--yes', ...more);
  assert.is(code, 0, err);
}

const reg = (...args: readonly string[]): Outcome => runProgram([...runner, 'reg.exe', ...args]);

/** The type and the data of a value, as reg.exe shows them. */
function valueOf(key: string, name: string): string {
  const { out } = reg('query', key, '/v', name);
  return /REG_.*$/m.exec(out.replaceAll('\r', ''))?.[0].replace(/\s+/, ' ') ?? out;
}

/** Adds values to the registry while `use` runs; the keys must not be there before. */
async function withRegistry(keys: readonly string[], text: string, use: () => void | Promise<void>): Promise<void> {
  const file = join(temporaryFolder(), 'x.reg');
  writeFileSync(file, `Windows Registry Editor Version 5.00\r\n${text.replaceAll('\n', '\r\n')}`);
  const { code, err, out } = reg('import', windowsPath(file));
  assert.is(code, 0, err + out);
  try {
    await use();
  } finally {
    for (const key of keys) reg('delete', key, '/f');
  }
}

/** The console's code page lacks letters. */
const ascii = (text: string): string => text.replace(/[^ -~]+/g, '?');

const stations = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations';
const rdpKey = `${stations}\\RDP-Tcp`;
const rdp = (port: number): string => `
[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server]
"fDenyTSConnections"=dword:00000000

[HKEY_LOCAL_MACHINE\\${rdpKey.slice(5)}]
"fEnableWinStation"=dword:00000001
"PortNumber"=dword:0000${port.toString(16).padStart(4, '0')}
"WdName"="Microsoft RDP 8.0"
`;
const withRdp = (port: number, use: () => void | Promise<void>): Promise<void> => withRegistry([rdpKey], rdp(port), use);

test('Remote Desktop: found in the registry, shown, moved, and undone', async () => {
  const [from, to, state] = [23_389, 23_391, temporaryFolder()];
  const path = `${rdpKey}\\PortNumber`;
  const checks = join(drive, 'ProgramData/PortOwnerTest');
  mkdirSync(checks, { recursive: true });
  writeFileSync(join(checks, 'check.ps1'), `# localhost:${from}\r\nTest-NetConnection localhost -Port ${from}\r\n`);
  await withRdp(from, () => {
    const found = rows<Configuration>(portowner(state, 'config', String(from), '--json'));
    assert.equal(
      found.map(({ Application, Port, Protocol, File, Line, Setting, Value, Source, IsEffective, Confidence }) => [
        Application,
        Port,
        Protocol,
        File,
        Line,
        Setting,
        Value,
        Source,
        IsEffective,
        Confidence,
      ]),
      ['TCP', 'UDP'].map((protocol) => ['RDP', from, protocol, path, null, 'PortNumber', String(from), 'Registry', true, 'Configured']),
    );
    assert.match(portowner(state, 'config', '--path', path.replace('HKLM', 'HKEY_LOCAL_MACHINE')).out, path);
    const planned = portowner(state, 'move', String(from), '--to', String(to), '--dry-run', '--json');
    assert.is(planned.code, 0, planned.err);
    const [plan] = rows<MoveResult>(planned);
    assert.equal([plan!.Result, plan!.Files, plan!.Changes], ['Planned', [path], [`${path}: PortNumber ${from} -> ${to}`]]);
    assert.equal(
      plan!.SideEffects!.filter((text) => text.includes(' names port ')),
      [`C:\\ProgramData\\PortOwnerTest\\check.ps1:2 names port ${from}: -Port ${from}`],
    );
    rmSync(checks, { recursive: true });
    assert.match(plan!.Difference!, `-REG_DWORD ${from}\n+REG_DWORD ${to}`);
    assert.is(valueOf(rdpKey, 'PortNumber'), `REG_DWORD 0x${from.toString(16)}`);
    const moved = portowner(state, 'move', String(from), '--to', String(to), '--yes', '--json');
    assert.is(moved.code, 0, moved.err);
    assert.is(rows<MoveResult>(moved)[0]!.Result, 'Moved');
    assert.is(valueOf(rdpKey, 'PortNumber'), `REG_DWORD 0x${to.toString(16)}`);
    const undone = portowner(state, 'move', '--undo', '--yes');
    assert.is(undone.code, 0, undone.err);
    assert.is(valueOf(rdpKey, 'PortNumber'), `REG_DWORD 0x${from.toString(16)}`);
    assert.equal(
      rows<MoveResult>(portowner(state, 'move', '--list', '--json')).map(({ Result, Files }) => [Result, Files]),
      [['Undone', [path]]],
    );
  });
});

test('a value that another program changed since, or whose type it changed, needs --force', async () => {
  const [from, to, state] = [23_389, 23_391, temporaryFolder()];
  await withRdp(from, () => {
    assert.is(portowner(state, 'move', String(from), '--to', String(to), '--yes').code, 0);
    reg('add', rdpKey, '/v', 'PortNumber', '/t', 'REG_SZ', '/d', String(to), '/f');
    const { code, err } = portowner(state, 'move', '--undo', '--yes');
    assert.is(code, 1, err);
    assert.match(err, 'changed since the move');
    assert.match(err, `-REG_SZ ${to}\n+REG_DWORD ${from}`);
    // Another type is not overwritten, even so.
    assert.match(portowner(state, 'move', '--undo', '--yes', '--force').err, 'has another type');
    reg('delete', rdpKey, '/v', 'PortNumber', '/f');
    assert.match(portowner(state, 'move', '--undo', '--yes', '--force').err, 'does not exist');
    reg('add', rdpKey, '/v', 'PortNumber', '/t', 'REG_DWORD', '/d', '1', '/f');
    undo(state, '--force');
    assert.is(valueOf(rdpKey, 'PortNumber'), `REG_DWORD 0x${from.toString(16)}`);
  });
});

const sqlKey = 'HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server';
const tcpKey = `${sqlKey}\\MSSQL15.SHOP\\MSSQLServer\\SuperSocketNetLib\\Tcp`;
const sql = (fixed: string, chosen: string): string => `
[HKEY_LOCAL_MACHINE\\${sqlKey.slice(5)}\\Instance Names\\SQL]
"SHOP"="MSSQL15.SHOP"

[HKEY_LOCAL_MACHINE\\${tcpKey.slice(5)}]
"Enabled"=dword:00000001
"ListenOnAllIPs"=dword:00000001

[HKEY_LOCAL_MACHINE\\${tcpKey.slice(5)}\\IPAll]
"TcpPort"="${fixed}"
"TcpDynamicPorts"="${chosen}"
`;

const sqlValues = (): string[] => ['TcpPort', 'TcpDynamicPorts'].map((name) => valueOf(`${tcpKey}\\IPAll`, name));

test('SQL Server: one port of a list, and a chosen port that becomes a fixed one', async () => {
  const state = temporaryFolder();
  await withRegistry([sqlKey], sql('21433,21434', ''), () => {
    const moved = portowner(state, 'move', '21434', '--to', '21444', '--yes', '--json');
    assert.is(moved.code, 0, moved.err);
    assert.is(sqlValues()[0], 'REG_SZ 21433,21444');
    undo(state);
    assert.is(sqlValues()[0], 'REG_SZ 21433,21434');
  });
  await withRegistry([sqlKey], sql('', '21450'), () => {
    const before = sqlValues();
    assert.is(before[1], 'REG_SZ 21450');
    const moved = portowner(state, 'move', '21450', '--to', '21451', '--yes', '--json');
    assert.is(moved.code, 0, moved.err);
    assert.equal(sqlValues()[0], 'REG_SZ 21451');
    assert.is(
      rows<Configuration>(portowner(state, 'config', '--app', 'SQL Server', '--json'))
        .map(({ Setting, Value }) => `${Setting} ${Value}`)
        .join(),
      'TcpPort 21451',
    );
    undo(state);
    assert.equal(sqlValues(), before);
  });
});

test('URL reservations are shown, and not moved', async () => {
  const [port, state] = [21_480, temporaryFolder()];
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\UrlAclInfo';
  const url = `http://+:${port}/shop/`;
  await withRegistry([key], `\n[HKEY_LOCAL_MACHINE\\${key.slice(5)}]\n"${url}"=hex:01,00,04,80\n`, () => {
    const found = rows<Configuration>(portowner(state, 'config', String(port), '--json'));
    assert.equal(
      found.map(({ Application, Port, File, Value, Source, Confidence }) => [Application, Port, File, Value, Source, Confidence]),
      [['HTTP.sys', port, `${key}\\${url}`, url, 'Registry', 'Configured']],
    );
    const move = portowner(state, 'move', String(port), '--to', String(port + 1), '--yes');
    assert.is(move.code, 1, move.err);
    assert.match(move.err, `no configuration that PortOwner understands sets port ${port}`);
  });
});

test('killed at each step, SQL Server listens on the old port or the new one, and the executable undoes it', async () => {
  const [from, to] = [21_450, 21_451];
  const script = windowsPath(join(root, 'test/support/killed-move.ts'));
  await withRegistry([sqlKey], sql('', String(from)), () => {
    const [old, young] = [
      ['REG_SZ', `REG_SZ ${from}`],
      [`REG_SZ ${to}`, 'REG_SZ'],
    ];
    const seen = new Set<string>();
    for (let step = 1; step < 20; step++) {
      const state = temporaryFolder();
      mkdirSync(join(state, 'PortOwner'));
      const args = ['move', String(from), '--to', String(to), '--yes'];
      const started = spawnSync(runner[0]!, [...runner.slice(1), node, ...nodeFlags, script, String(step), windowsPath(join(state, 'PortOwner')), ...args], {
        encoding: 'utf8',
        timeout: 300_000,
      });
      const values = sqlValues().map((value) => value.trim());
      assert.ok(
        [old, young, [young![0], old![1]]].some((expected) => String(expected) === String(values)),
        `step ${step}: ${values.join()} ${started.stderr}`,
      );
      seen.add(String(values));
      const listed = rows<MoveResult>(portowner(state, 'move', '--list', '--json'));
      // It prints the number of steps at its end.
      const isOver = /^\d+\s*$/.test(started.stdout);
      assert.is(listed[0]?.Result, isOver ? 'Moved' : 'Interrupted', started.stderr);
      const undone = portowner(state, 'move', '--undo', '--yes');
      assert.is(undone.code, 0, undone.err);
      assert.equal(
        sqlValues().map((value) => value.trim()),
        old,
      );
      if (!isOver) continue;
      assert.is(seen.size, 3);
      assert.is(step, 5);
      return;
    }
    assert.unreachable('the move never came to its end');
  });
});

test('the command line of a service keeps its type', async () => {
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\PortOwner Test Größe';
  const state = temporaryFolder();
  reg('add', key, '/v', 'ImagePath', '/t', 'REG_EXPAND_SZ', '/d', '%SystemDrive%\\shop\\größe.exe --port 21460 --name 21460', '/f');
  try {
    const moved = portowner(state, 'move', '21460', '--to', '21461', '--yes', '--json');
    assert.is(moved.code, 0, moved.err);
    assert.is(ascii(valueOf(key, 'ImagePath')), 'REG_EXPAND_SZ %SystemDrive%\\shop\\gr?e.exe --port 21461 --name 21460');
    undo(state);
    assert.is(ascii(valueOf(key, 'ImagePath')), 'REG_EXPAND_SZ %SystemDrive%\\shop\\gr?e.exe --port 21460 --name 21460');
  } finally {
    reg('delete', key, '/f');
  }
});

const sites = (port: number): string =>
  `\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<configuration><system.applicationHost><sites><site name="Größe">\r\n  <bindings><binding protocol="http" bindingInformation = '*:${port}:' /></bindings>\r\n</site></sites></system.applicationHost></configuration>\r\n`;

test('a file with blanks and letters of any language in its path, which is hidden, or marked read-only', () => {
  const folder = join(drive, 'PortOwner Größe 漢字');
  const path = 'C:\\PortOwner Größe 漢字\\applicationHost.config';
  const file = join(folder, 'applicationHost.config');
  const [from, to] = [21_470, 21_471];
  const attrib = (...args: readonly string[]): string => runProgram([...runner, 'attrib.exe', ...args, path]).out.slice(0, 12);
  mkdirSync(folder, { recursive: true });
  try {
    for (const [attribute, needsForce] of [
      [null, false],
      ['+H', false],
      ['+R', true],
    ] as const) {
      const state = temporaryFolder();
      writeFileSync(file, sites(from));
      if (attribute !== null) attrib(attribute);
      const before = attrib();
      const move = ['move', String(from), '--to', String(to), '--path', path, '--yes', '--json'];
      if (needsForce) {
        const refused = portowner(state, ...move);
        assert.is(refused.code, 1);
        assert.match(refused.err, 'is marked read-only');
        assert.is(readFileSync(file, 'utf8'), sites(from));
      }
      const moved = portowner(state, ...move, ...(needsForce ? ['--force'] : []));
      assert.is(moved.code, 0, moved.err);
      assert.is(readFileSync(file, 'utf8'), sites(to));
      assert.is(attrib(), before, 'attributes');
      const undone = portowner(state, 'move', '--undo', '--yes');
      assert.is(undone.code, 0, undone.err);
      assert.is(readFileSync(file, 'utf8'), sites(from));
      assert.is(attrib(), before, 'attributes');
      attrib('-R', '-H');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('who else can change a file, by its access list', () => {
  const folder = join(drive, 'PortOwner Test');
  mkdirSync(folder, { recursive: true });
  try {
    for (const [name, mode] of [
      ['a b.conf', 0o644],
      ['ö.conf', 0o666],
    ] as const) {
      writeFileSync(join(folder, name), 'x');
      chmodSync(join(folder, name), mode);
    }
    const paths = ['C:\\PortOwner Test\\a b.conf', 'C:\\PortOwner Test\\ö.conf', 'HKLM\\SYSTEM\\x'];
    const { out, err } = runProgram([...runner, node, ...nodeFlags, windowsPath(join(root, 'test/support/windows-writers.ts')), ...paths]);
    assert.ok(out !== '', err);
    assert.equal(JSON.parse(out), [[], [`others can change it while this runs elevated: ${paths[1]}: Everyone could change the file`], []]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an elevated move has its journal where only administrators can write, and believes no other', async () => {
  const [from, to, state] = [23_389, 23_391, temporaryFolder()];
  const folder = join(drive, 'ProgramData', 'PortOwner Test');
  const path = 'C:\\ProgramData\\PortOwner Test';
  const script = windowsPath(join(root, 'test/support/windows-journal.ts'));
  const elevated = (who: 'self' | 'nobody', ...args: readonly string[]): Outcome =>
    runProgram([...runner, node, ...nodeFlags, script, path, who, windowsPath(join(state, 'PortOwner')), ...args]);
  const undone = (): string => valueOf(rdpKey, 'PortNumber');
  const move = ['move', String(from), '--to', String(to), '--yes', '--json'];
  await withRdp(from, () => {
    try {
      const moved = elevated('self', ...move);
      assert.is(moved.code, 0, moved.err);
      const [{ Id }] = rows<MoveResult>(moved) as [MoveResult];
      assert.equal(readdirSync(folder).toSorted(), [`${Id}.json`, 'moves.lock']);
      assert.is(statSync(folder).mode & 0o027, 0);
      assert.not.ok(existsSync(join(state, 'PortOwner', 'moves')));
      // One that is not elevated does not see it, and says where it is.
      const own = portowner(state, 'move', '--list');
      assert.is(own.code, 0, own.err);
      assert.match(elevated('self', 'move', '--list', '--json').out, Id!);
      // Another owner than administrators could have written all of it.
      for (const args of [['--undo', '--yes'], ['--list']]) {
        const refused = elevated('nobody', 'move', ...args);
        assert.is(refused.code, 69, refused.err + refused.out);
        assert.match(refused.err, /PO4405.*the journal of moves in C:\\ProgramData\\PortOwner Test cannot be used: C:.*could change/);
      }
      // So could everybody, if the list allows it: the folder, or a file in it.
      for (const [open, mode] of [
        [folder, 0o777],
        [join(folder, `${Id}.json`), 0o666],
      ] as const) {
        const before = statSync(open).mode;
        chmodSync(open, mode);
        const refused = elevated('self', 'move', '--undo', '--yes');
        chmodSync(open, before);
        assert.is(refused.code, 69, refused.err);
        assert.match(refused.err, /PO4405.*Everyone could change/);
      }
      assert.is(undone(), `REG_DWORD 0x${to.toString(16)}`);
      const back = elevated('self', 'move', '--undo', '--yes');
      assert.is(back.code, 0, back.err);
      assert.is(undone(), `REG_DWORD 0x${from.toString(16)}`);
      // What a program of the user can write is not undone elevated.
      assert.is(portowner(state, ...move).code, 0);
      const other = elevated('self', 'move', '--undo', '--yes');
      assert.is(other.code, 1, other.err);
      assert.match(other.err, /there is no move to undo/);
      assert.match(other.err.replaceAll(/\s+/g, ' '), 'Moves that were not elevated are in');
      const listed = elevated('self', 'move', '--list');
      assert.match(`${listed.out}${listed.err}`.replaceAll(/\s+/g, ' '), 'list and undo them without elevation');
      undo(state);
      assert.is(undone(), `REG_DWORD 0x${from.toString(16)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('a service that does not listen on its new port gets its old one back', async () => {
  const [from, to, state] = [23_389, 23_391, temporaryFolder()];
  const service = (...args: readonly string[]): Outcome => runProgram([...runner, 'sc.exe', ...args]);
  await withRdp(from, async () => {
    service('start', 'TermService');
    // Services are read where somebody listens.
    const other = await startListeners([...runner, windowsNode()], ['tcp 127.0.0.1']);
    try {
      const moved = portowner(state, 'move', String(from), '--to', String(to), '--yes', '--restart', '--timeout', '1', '--json');
      assert.is(moved.code, 1, moved.err);
      const [row] = rows<MoveResult>(moved);
      assert.is(row!.Result, 'RolledBack');
      assert.equal(row!.Reason, [`it does not listen on port ${to} after 1 s`, `with its old configuration, it does not listen on port ${from} after 1 s`]);
      assert.is(valueOf(rdpKey, 'PortNumber'), `REG_DWORD 0x${from.toString(16)}`);
      assert.match(service('query', 'TermService').out, 'RUNNING');
      assert.match(portowner(state, 'move', String(from), '--to', String(to), '--dry-run', '--json').out, '"restart TermService"');
    } finally {
      await other.stop();
      service('stop', 'TermService');
    }
  });
});

suiteOf.after(endAll);

suiteOf.run();
