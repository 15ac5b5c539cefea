// `portowner doctor` of the built executables on this machine, and under Wine: that it runs every source to its end, and
// that its report answers as the machine did.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Check } from '../../src/schema/check.ts';
import { nodeFlags } from '../../src/build/runtime.mjs';
import { products, withFolder, windowsNode } from '../support/build-machine.ts';
import { skip } from '../support/skip.ts';
import { portOwner } from '../support/program.ts';

const test = suite('doctor of the executables');

for (const { name, command, without } of products()) {
  test(name, async (context) => {
    if (command === null) return skip(without, context);
    const windows = name === 'portowner.exe' && process.platform !== 'win32';
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Wine's tables have the sockets of its own programs alone.
    const listener = windows
      ? spawn(command[0]!, [windowsNode(), ...nodeFlags, '-e', "const s = net.createServer().listen(0, '127.0.0.1', () => require('fs').writeSync(1, `${s.address().port}\\n`))"], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
      : null;
    try {
      const port =
        listener === null ? (server.address() as AddressInfo).port : await new Promise<number>((resolve) => listener.stdout!.once('data', (text: Buffer) => resolve(Number(text))));
      await withFolder((folder) => {
        const report = join(folder, 'report.json');
        const portowner = portOwner(command);
        const { code, out, err } = portowner(['doctor', '--format', 'json', '--bundle', report], { cwd: folder });
        const rows = JSON.parse(out) as Check[];
        assert.equal(
          rows.filter(({ Status }) => Status === 'differs'),
          [],
          err,
        );
        // A tool that Wine lacks fails; a process that even root may not inspect here is skipped.
        assert.is(code, rows.some(({ Status }) => Status === 'failed') ? 69 : 0, err);
        const text = readFileSync(report, 'utf8');
        assert.match(text, /^\{"kind": "PortOwner\.Raw"/);
        for (const source of windows ? ['tcp4', 'udp6', 'processes', 'services', 'firewall'] : ['diag/tcp', 'holders', 'users', 'firewall'])
          assert.ok(
            rows.some(({ Check }) => Check === `source ${source}`),
            source,
          );
        const replayed = portowner([port, '--from', 'report.json', '--format', 'json', '--columns', 'LocalPort,OwnerKind,ImageName'], { cwd: folder });
        const live = portowner([port, '--format', 'json', '--columns', 'LocalPort,OwnerKind,ImageName'], { cwd: folder });
        assert.is(replayed.code, 0, replayed.err);
        assert.equal(JSON.parse(replayed.out), JSON.parse(live.out));
      });
    } finally {
      server.close();
      listener?.kill();
    }
  });
}

test.run();
