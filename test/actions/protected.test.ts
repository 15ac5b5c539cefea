import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { protectedReason } from '../../src/actions/protected.ts';

const test = suite('what is never stopped');

for (const [path, isProtected] of [
  ['/lib/systemd/systemd', true],
  ['/usr/lib/systemd/systemd-logind', true],
  ['/usr/lib/systemd/systemd-resolved', false],
  ['/sbin/init', true],
  ['/usr/sbin/agetty', true],
  ['/usr/bin/dbus-daemon', true],
  ['/usr/bin/gdm', true],
  ['/usr/sbin/gdm3', true],
  ['/usr/bin/gnome-shell', true],
  ['/usr/lib/xorg/Xorg', true],
  ['/usr/libexec/sssd/sssd_be', true],
  ['/usr/libexec/gdm-session-worker', true],
  ['/usr/libexec/other', false],
  ['/usr/bin/node', false],
  // An ordinary program with such a name.
  ['/home/ann/bin/login', false],
  ['/opt/usr/sbin/agetty', false],
  ['/usr/local/bin/dbus-daemon', false],
  ['/constructor/login', false],
  ['login', false],
] as const)
  test(path, () => {
    const imageName = path.slice(path.lastIndexOf('/') + 1);
    assert.is(protectedReason({ pid: 100, imageName, path }, 'linux') !== null, isProtected);
  });

test.run();
