// Exports of the registry of Windows, shortened:
// https://learn.microsoft.com/windows-server/remote/remote-desktop-services/remotepc/change-listening-port
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { registryData } from '../../../src/system/registry.ts';
import { seen } from '../../support/configurations.ts';
import { registryFiles } from '../../support/registry-export.ts';

const test = suite('RDP');

const server = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server';
const policies = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services';
const path = `${server}\\WinStations\\RDP-Tcp\\PortNumber`;

const exported = (more = '', denies = 0): ReturnType<typeof registryFiles> =>
  registryFiles(`Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server]
"fDenyTSConnections"=dword:0000000${denies}
"fSingleSessionPerUser"=dword:00000001

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\Console]
"fEnableWinStation"=dword:00000001

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp]
"fEnableWinStation"=dword:00000001
"PortNumber"=dword:00000d3d
"WdName"="Microsoft RDP 8.0"
${more}`);

const running = { application: 'RDP', arguments: ['C:\\Windows\\System32\\svchost.exe', '-k', 'NetworkService'], service: 'TermService' };

test('the listener, on TCP and UDP', async () => {
  for (const how of [running, { application: 'RDP' }, { path }]) {
    const { rows, gaps, move } = await seen(exported(), how);
    assert.equal(rows, [`PortNumber 3389 -> 3389 (${path})`, `PortNumber 3389 -> 3389/UDP (${path})`]);
    assert.equal(gaps, []);
    const { plan, sideEffects } = move(3389, 3390);
    assert.equal(
      plan.files.map((file) => [file.path, registryData(file.after), registryData(file.before)]),
      [[path, { kind: 4, data: Buffer.from('3e0d0000', 'hex') }, { kind: 4, data: Buffer.from('3d0d0000', 'hex') }]],
    );
    assert.is(plan.files[0]!.difference, `--- ${path}\n+++ ${path}\n@@ -1,1 +1,1 @@\n-REG_DWORD 3389\n+REG_DWORD 3390`);
    assert.equal(plan.changes, [`${path}: PortNumber 3389 -> 3390`]);
    assert.equal(plan.obstacles, []);
    assert.match(sideEffects.join('\n'), 'mstsc /v:COMPUTER:3390');
    assert.match(sideEffects.join('\n'), '-Protocol UDP -LocalPort 3390');
  }
});

test('switched off, by the machine or by a policy', async () => {
  const off = await seen(exported('', 1), { application: 'RDP' });
  assert.equal(off.rows, [`loser: PortNumber 3389 -> 3389 (${path})`, `fDenyTSConnections 1 -> ? (${server}\\fDenyTSConnections): Remote Desktop is switched off`]);
  assert.throws(
    () => off.move(3389, 3390),
    ({ message }: Error) => message.includes(`PortNumber 3389 (${path}) is overridden by fDenyTSConnections 1 (${server}\\fDenyTSConnections)`),
  );
  const policy = (value: number): string => `\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services]\n"fDenyTSConnections"=dword:0000000${value}\n`;
  assert.equal((await seen(exported(policy(1)), { application: 'RDP' })).rows, [
    `loser: PortNumber 3389 -> 3389 (${path})`,
    `fDenyTSConnections 1 -> ? (${policies}\\fDenyTSConnections): Remote Desktop is switched off`,
  ]);
  assert.is((await seen(exported(policy(0), 1), { application: 'RDP' })).rows.length, 2);
});

test('a second listener, which is switched off, and only TCP', async () => {
  const { rows } = await seen(
    exported(`
[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp2]
"fEnableWinStation"=dword:00000000
"PortNumber"=dword:00000d3e

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services]
"SelectTransport"=dword:00000001
`),
    running,
  );
  const other = `${server}\\WinStations\\RDP-Tcp2`;
  assert.equal(rows, [
    `PortNumber 3389 -> 3389 (${path})`,
    `loser: PortNumber 3390 -> 3390 (${other}\\PortNumber)`,
    `fEnableWinStation 0 -> ? (${other}\\fEnableWinStation): Remote Desktop is switched off`,
  ]);
});

test('the session of a person over Remote Desktop', async () => {
  const session = (name: string) => ({ ...running, variables: new Map([['SESSIONNAME', name]]) });
  assert.equal((await seen(exported(), session('RDP-Tcp#12'))).move(3389, 3390).plan.obstacles, ['this session is connected through Remote Desktop (SESSIONNAME)']);
  assert.equal((await seen(exported(), session('Console'))).move(3389, 3390).plan.obstacles, []);
});

test('a value of another type', async () => {
  const text = exported();
  const { move, rows } = await seen(
    { ...text, ...registryFiles('[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp]\n"PortNumber"="3389"') },
    running,
  );
  assert.is(rows.length, 2);
  assert.equal(registryData(move(3389, 3390).plan.files[0]!.after), { kind: 1, data: Buffer.from('3390\0', 'utf16le') });
});
test.run();
