import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeUnit, isWithin, managerArguments } from '../../../src/machine/linux/systemctl.ts';
import { decodeSites } from '../../../src/machine/windows/servicecontrol-iis.ts';

const test = suite('what managers of services say');

test('systemctl show', () => {
  const text =
    'LoadState=loaded\nActiveState=active\nControlGroup=/system.slice/ssh.service\nInvocationID=0123\nCanStop=yes\nRefuseManualStop=no\nTriggeredBy=ssh.socket x.path "my\\\\x2dapp.socket"\nRequiredBy=a.service\nBoundBy=\nConsistsOf=b.service a.service\nRequisiteOf=multi-user.target\nRestart=on-failure\n';
  assert.equal(decodeUnit(text, ['--user']), {
    state: {
      refusal: null,
      stopped: false,
      triggers: ['ssh.socket', 'x.path', 'my\\x2dapp.socket'],
      dependents: ['a.service', 'b.service'],
      restarts: true,
      manager: ['--user'],
    },
    controlGroup: '/system.slice/ssh.service',
    invocation: '0123',
    restart: 'on-failure',
  });
  assert.is(decodeUnit('LoadState=not-found\nActiveState=inactive\n'), null);
  assert.is(decodeUnit(''), null);
  const refusing = decodeUnit('LoadState=loaded\nActiveState=inactive\nRefuseManualStop=yes\nRestart=no\n', ['--system'])?.state;
  assert.equal([refusing?.refusal?.code, refusing?.stopped, refusing?.restarts, refusing?.manager], ['NotSupported', true, false, []]);
});

test('whose manager is asked', () => {
  assert.equal(managerArguments(null, 1000), ['--system']);
  assert.equal(managerArguments(1000, 1000), ['--user']);
  assert.equal(managerArguments(1000, 0), ['--user', '--machine=1000@.host']);
});

test('a process is in the control group of its unit, or below it', () => {
  const cases: [group: string, unit: string, expected: boolean][] = [
    ['/system.slice/a.service', '/system.slice/a.service', true],
    ['/system.slice/a.service/worker', '/system.slice/a.service', true],
    ['/system.slice/a.service2', '/system.slice/a.service', false],
    ['/system.slice/my\\x2dapp.service', '/system.slice/my-app.service', false],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/a.service', '/system.slice/a.service', false],
    ['/system.slice/a.service', '', false],
    ['/system.slice/a.service', '/', false],
  ];
  for (const [group, unit, expected] of cases) assert.is(isWithin(group, unit), expected, `${group} in ${unit}`);
});

// The form is that of the documentation: https://learn.microsoft.com/iis/get-started/getting-started-with-iis/getting-started-with-appcmdexe
test('appcmd list sites /xml', () => {
  const text =
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<appcmd>\r\n    <SITE SITE.NAME="Default Web Site" SITE.ID="1" bindings="http/*:80:,net.tcp/808:*" state="Started" />\r\n    <SITE SITE.NAME="R &amp; D &quot;x&quot;" SITE.ID="2" bindings="https/[::1]:443:rd.example" state="Stopped" />\r\n</appcmd>\r\n';
  const apps =
    '<appcmd><APP APP.NAME="Default Web Site/" APPPOOL.NAME="DefaultAppPool" SITE.NAME="Default Web Site" path="/" /><APP APP.NAME="R &amp; D &quot;x&quot;/" APPPOOL.NAME="Rd" SITE.NAME="R &amp; D &quot;x&quot;" path="/" /></appcmd>';
  const workers = '<appcmd><WP WP.NAME="3568" APPPOOL.NAME="DefaultAppPool" /><WP WP.NAME="99" APPPOOL.NAME="Other" /></appcmd>';
  assert.equal(decodeSites(text, apps, workers), [
    { name: 'Default Web Site', bindings: ['http/*:80:', 'net.tcp/808:*'], started: true, pools: ['DefaultAppPool'], workers: [3568] },
    { name: 'R & D "x"', bindings: ['https/[::1]:443:rd.example'], started: false, pools: ['Rd'], workers: [] },
  ]);
  assert.equal(decodeSites('', '', ''), []);
});

test.run();
