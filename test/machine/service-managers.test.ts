import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeUnit, managerOf } from '../../src/machine/linux/systemd.ts';
import { decodeSites } from '../../src/machine/windows/servicecontrol-iis.ts';

const test = suite('what managers of services say');

test('systemctl show', () => {
  const text =
    'LoadState=loaded\nActiveState=active\nCanStop=yes\nRefuseManualStop=no\nTriggeredBy=ssh.socket x.path\nRequiredBy=a.service\nBoundBy=\nConsistsOf=b.service a.service\nRequisiteOf=multi-user.target\nRestart=on-failure\n';
  assert.equal(decodeUnit(text, ['--user']), {
    refusal: null,
    stopped: false,
    triggers: ['ssh.socket', 'x.path'],
    dependents: ['a.service', 'b.service'],
    restarts: true,
    manager: ['--user'],
  });
  assert.is(decodeUnit('LoadState=not-found\nActiveState=inactive\n'), null);
  assert.is(decodeUnit(''), null);
  const refusing = decodeUnit('LoadState=loaded\nActiveState=inactive\nRefuseManualStop=yes\nRestart=no\n', ['--system']);
  assert.equal([refusing?.refusal?.code, refusing?.stopped, refusing?.restarts, refusing?.manager], ['NotSupported', true, false, []]);
});

test('whose manager runs a process', () => {
  assert.is(managerOf('0::/system.slice/nginx.service\n'), null);
  assert.is(managerOf('0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n'), 1000);
  assert.is(managerOf('0::/user.slice/user-1000.slice/session-3.scope\n'), null);
});

// The form is that of the documentation: https://learn.microsoft.com/iis/get-started/getting-started-with-iis/getting-started-with-appcmdexe
test('appcmd list sites /xml', () => {
  const text =
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<appcmd>\r\n    <SITE SITE.NAME="Default Web Site" SITE.ID="1" bindings="http/*:80:,net.tcp/808:*" state="Started" />\r\n    <SITE SITE.NAME="R &amp; D &quot;x&quot;" SITE.ID="2" bindings="https/[::1]:443:rd.example" state="Stopped" />\r\n</appcmd>\r\n';
  assert.equal(decodeSites(text), [
    { name: 'Default Web Site', bindings: ['http/*:80:', 'net.tcp/808:*'], started: true },
    { name: 'R & D "x"', bindings: ['https/[::1]:443:rd.example'], started: false },
  ]);
  assert.equal(decodeSites(''), []);
});

test.run();
