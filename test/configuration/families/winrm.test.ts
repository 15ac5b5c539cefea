// The listeners of WinRM, as winrm quickconfig makes them:
// https://learn.microsoft.com/windows/win32/winrm/installation-and-configuration-for-windows-remote-management
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planMove, serverAt } from '../../../src/configuration/plan-move.ts';
import { ranked } from '../../../src/configuration/overlay.ts';
import { Reading } from '../../../src/configuration/reading.ts';
import { winrm } from '../../../src/configuration/families/winrm.ts';
import { registryData } from '../../../src/system/registry.ts';
import { machineWith, seen } from '../../support/configurations.ts';
import { registryFiles } from '../../support/registry-export.ts';

const test = suite('WinRM');

const listeners = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN\\Listener';
const files = registryFiles(`Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN]
"StackVersion"="2.0"

[HKEY_LOCAL_MACHINE\\${listeners.slice(5)}\\*+HTTP]
"uriprefix"="wsman"
"Port"=dword:00001761

[HKEY_LOCAL_MACHINE\\${listeners.slice(5)}\\IP:10.0.0.5+HTTPS]
"Port"=dword:00001762
"enabled"=dword:00000000
"hostname"="shop.example.com"

[HKEY_LOCAL_MACHINE\\${listeners.slice(5)}\\*+HTTPS]
"uriprefix"="wsman"
`);
const running = { application: 'WinRM', arguments: ['C:\\Windows\\System32\\svchost.exe', '-k', 'NetworkService'], service: 'WinRM' };

test('its listeners: one without a port has the default', async () => {
  const { rows, move } = await seen(files, running);
  assert.equal(rows, [
    `Port 5985 -> 5985 (${listeners}\\*+HTTP\\Port)`,
    'Port 5986 -> 5986 (the default)',
    `loser: Port 5986 -> 10.0.0.5:5986 (${listeners}\\IP:10.0.0.5+HTTPS\\Port)`,
    `enabled 0 -> ? (${listeners}\\IP:10.0.0.5+HTTPS\\enabled): the listener is switched off`,
  ]);
  const { plan, sideEffects } = move(5985, 6000);
  assert.equal(registryData(plan.files[0]!.after), { kind: 4, data: Buffer.from('70170000', 'hex') });
  assert.match(sideEffects.join(), 'Enter-PSSession -Port 6000');
  assert.throws(
    () => move(5986, 6001),
    ({ message }: Error) => message.includes('is the default of WinRM'),
  );
});

test('the session of a person over WinRM', () => {
  const program = (pid: number) => ({ arguments: pid === 2 ? ['C:\\Windows\\System32\\wsmprovhost.exe', '-Embedding'] : ['powershell.exe'], environment: null, account: null });
  for (const [pids, expected] of [
    [[3, 1], []],
    [[3, 2, 1], ['this session is connected through WinRM']],
  ] as const) {
    const machine = { ...machineWith(files), ancestors: () => pids, program };
    const reading = new Reading(machine);
    const instance = { pid: 9, executable: null, arguments: [], environment: null, workingDirectory: null, account: null, service: 'WinRM', serviceUser: null, path: null };
    winrm.read(instance, reading);
    const configured = { family: winrm, instance, reading, places: ranked(reading.places), sockets: [], startTime: null, processes: new Map() };
    const subject = serverAt([configured], 5985);
    assert.equal(planMove({ subject, machine }, 5985, 6000).obstacles, expected);
  }
});

test.run();
