// One question to several machines, by their files.
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Facts } from '../../src/facts/model/facts.ts';
import { withPart } from '../../src/formats/zip-part.ts';
import { exitCodeOfAll } from '../../src/schema/exit-code.ts';
import { connection, facts, process, socket } from '../support/example.ts';
import type { AskRemote } from '../../src/system/remote.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('several machines');
const clixml = (name: string): string => fileURLToPath(new URL(`../fixtures/synthetic/clixml/${name}.clixml`, import.meta.url));

const of = (name: string, port: number): string => {
  const one = facts([socket({ localPort: port, pid: 7, holders: [7] })], { processes: [process({ pid: 7, imageName: 'web' })] });
  return snapshotFile({ ...one, machine: { ...one.machine, name } });
};
const contained = facts([socket({ localPort: 80, pid: 7, holders: [7] })], {
  processes: [process({ pid: 7, imageName: 'web', container: { runtime: 'docker', id: 'a'.repeat(64) } })],
});
const [first, second] = [of('alpha', 80), of('beta', 81)];

test('each row says of which machine it is, in their order', async () => {
  const { code, out, err } = await run(['80,81', '--from', second, '--from', first, '--format', 'csv', '--columns', 'ComputerName,LocalPort']);
  assert.equal([code, out, err], [0, 'ComputerName,LocalPort\r\nbeta,81\r\nalpha,80\r\n', '']);
  const table = (await run(['80', '--from', first, '--from', second])).out;
  assert.match(table, /^ComputerName +Protocol/);
  assert.match(table, '\nbeta: Nobody owns port 80.\n');
  assert.match((await run(['80', '--from', first])).out, /^Protocol/);
});

test('a workbook of several machines has no sheet of changes that nobody knows of', async () => {
  const path = join(temporaryFolder(), 'ports.xlsx');
  assert.is((await run(['--from', first, '--from', second, '--output', path])).code, 0);
  let sheets = '';
  withPart(readFileSync(path), 'xl/workbook.xml', (text) => (sheets = text));
  assert.equal(
    [...sheets.matchAll(/<sheet name="([^"]*)"/g)].map(([, name]) => name),
    ['Summary', 'Ports', 'About'],
  );
});

test('an audit that fails on every machine leaves the reports as they are', async () => {
  const folder = temporaryFolder();
  const [policy, report] = [join(folder, 'bad.yaml'), join(folder, 'findings.html')];
  writeFileSync(policy, 'version: 1\n');
  writeFileSync(report, 'old');
  assert.is((await run(['audit', '--from', first, '--from', second, '--policy', policy, '--report', report])).code, 69);
  assert.is(readFileSync(report, 'utf8'), 'old');
});

test('the report of an audit names machines without findings, too', async () => {
  const folder = temporaryFolder();
  const [policy, report] = [join(folder, 'policy.yaml'), join(folder, 'findings.md')];
  writeFileSync(policy, 'kind: PortOwner.Policy\nversion: 1\nrules:\n  - name: no web\n    ports: 80\n    action: forbid\n');
  const { code, err } = await run(['audit', '--from', first, '--from', second, '--policy', policy, '--report', report]);
  assert.is(code, 1, err);
  assert.match(readFileSync(report, 'utf8'), /^## Audit of alpha, beta\n/);
});

test('one unreadable file is one error, and the others are answered', async () => {
  const { code, out, err } = await run(['80', '--from', first, '--from', '/nowhere/at/all.json', '--from', second, '--format', 'json']);
  assert.is(code, 69);
  assert.is((JSON.parse(out) as unknown[]).length, 1);
  assert.is(err.split('\n').filter((line) => line.startsWith('portowner: ')).length, 1);
  assert.match(err, 'PO2001: cannot read /nowhere/at/all.json');
});

test('CLIXML files are of one machine, beside others', async () => {
  const { code, out } = await run(['443', '--from', clixml('tcp'), '--from', first, '--format', 'csv', '--columns', 'ComputerName']);
  assert.equal([code, out], [0, 'ComputerName\r\nSERVER7\r\n']);
});

test('machines that call themselves the same are told apart by the names they were given', async () => {
  const [one, two] = [of('same', 80), of('SAME', 81)];
  const { code, out } = await run(['80,81', '--from', one, '--from', two, '--from', first, '--format', 'csv', '--columns', 'ComputerName,LocalPort']);
  assert.equal([code, out], [0, `ComputerName,LocalPort\r\n${one},80\r\n${two},81\r\nalpha,80\r\n`]);
  assert.match((await run(['80', '--from', one, '--from', two])).out, `\n${two}: Nobody owns port 80.\n`);
});

test('a machine without a name, or with one that no machine can have, has the name it was given', async () => {
  const [none, long] = [of('', 80), of('x'.repeat(60_000), 81)];
  const { code, out, err } = await run(['80,81', '--from', none, '--from', long, '--format', 'csv', '--columns', 'ComputerName,LocalPort']);
  assert.equal([code, out, err], [0, `ComputerName,LocalPort\r\n${none},80\r\n${long},81\r\n`, '']);
  assert.match((await run(['80', '--from', none, '--from', long])).out, `\n${long}: Nobody owns port 80.\n`);
});

test('a machine that is given twice is queried once', async () => {
  const folder = temporaryFolder();
  symlinkSync(first, join(folder, 'link.json'));
  const files = [first, first, join(folder, '..', basename(folder), 'link.json'), second, first];
  const { out } = await run(['80,81', ...files.flatMap((file) => ['--from', file]), '--format', 'csv', '--columns', 'ComputerName,LocalPort']);
  assert.is(out, 'ComputerName,LocalPort\r\nalpha,80\r\nbeta,81\r\n');
  const asked: string[] = [];
  const remote: AskRemote = async (call) => {
    asked.push(call.host);
    return served(call);
  };
  const hosts = ['box', 'Box', 'ann@box', 'ANN@box', 'ann@BOX', 'box'].flatMap((host) => ['--host', host]);
  const { code, err } = await run(['80', ...hosts, '--format', 'csv', '--verbose'], { remote });
  assert.equal([code, asked], [0, ['box', 'ann@box', 'ANN@box']]);
  assert.is(err.match(/^portowner: box: queried/gm)?.length, 1);
});

test('what cannot be told of one is one error, and the others are answered', async () => {
  const blind = facts([]);
  Object.assign(blind.sections.sockets, { status: 'failed', reason: 'access is denied' });
  const unseen = snapshotFile({ ...blind, machine: { ...blind.machine, name: 'gamma' } });
  const { code, out, err } = await run(['free', '8000-8009', '--from', first, '--from', unseen, '--from', second, '--format', 'json']);
  assert.is(code, 69);
  assert.equal(
    (JSON.parse(out) as { ComputerName: string }[]).map(({ ComputerName }) => ComputerName),
    ['alpha', 'beta'],
  );
  assert.match(err, 'PO3001: gamma: cannot tell which ports are free: access is denied');
});

test('a free port of another machine, by what it told', async () => {
  const busy = facts([socket({ localPort: 8000, pid: 7, holders: [7] }), connection({ localPort: 8001, pid: 7, holders: [7] })], {
    processes: [process({ pid: 7, imageName: 'web' })],
  });
  const { code, out } = await run(['free', '8000-8009', '--from', snapshotFile(busy)]);
  assert.equal([code, out], [0, '8002\n']);
  const explained = await run(['free', '8000-8009', '--explain', '--from', snapshotFile(busy), '--format', 'csv', '--columns', 'LocalPort,Reason']);
  assert.match(explained.out, '8000,"in use: TCP 0.0.0.0, owner: web (7)"');
  assert.match((await run(['free', '8000-8009', '--from', snapshotFile(busy), '--format', 'table'])).out, 'According to the facts of that machine: no bind was attempted there.');
  // Each machine has to have as many as wanted.
  assert.is((await run(['free', '8000-8001', '--from', first, '--from', snapshotFile(busy), '--format', 'json'])).code, 1);
  assert.match((await run(['free', '--hold', '5', '--from', first])).err, 'PO1005: --hold can be used only for ports of this machine');
});

test('a port that needs rights is free only for whoever has them', async () => {
  const one = facts([]);
  const range = { kind: 'Privileged', protocol: null, family: null, start: 0, end: 1023, source: 'a test' } as const;
  Object.assign(one.sections.reservedPorts, { status: 'ok', data: [range] });
  const of = (elevated: boolean | null) => snapshotFile({ ...one, machine: { ...one.machine, elevated } });
  assert.is((await run(['free', '100-110', '--from', of(true)])).code, 0);
  assert.is((await run(['free', '100-110', '--from', of(false)])).code, 1);
  assert.is((await run(['free', '100-110', '--from', of(null)])).code, 1);
});

test('32 hosts are asked side by side, and each answers in its place', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `host${index}`);
  let [running, most] = [0, 0];
  const remote: AskRemote = async ({ host }) => {
    most = Math.max(most, ++running);
    // The later ones are faster.
    await new Promise((resolve) => setTimeout(resolve, (100 - Number(host.slice(4))) / 10));
    running--;
    const text = `#PortOwner.Collection 1 plain\n@machine\n platform win32\n name ${host.toUpperCase()}\n release 10.0.1\n architecture AMD64\n at 2026-01-02T03:04:05Z\n@cim/tcp\n 0.0.0.0,80,0.0.0.0,0,2,7,0\n@cim/udp\n@cim/processes\n 7,1,"web.exe","",0,""\n#End\n`;
    return { output: Buffer.from(host === 'host50' ? '' : text), errors: '', exitCode: 0, failure: host === 'host50' ? 'it is asleep' : null };
  };
  const { code, out, err } = await run(['80', ...names.flatMap((name) => ['--host', name]), '--format', 'csv', '--columns', 'ComputerName'], { remote });
  assert.is(most, 32);
  assert.is(code, 69);
  assert.is(err.match(/PO3006/g)?.length, 1);
  assert.equal(
    out.trim().split('\r\n').slice(1),
    names.filter((name) => name !== 'host50').map((name) => name.toUpperCase()),
  );
});

test('a far shell that knows neither of the ways is asked in each, and the first word of it is told', async () => {
  const asked: string[] = [];
  const remote: AskRemote = async ({ command }) => {
    asked.push(command.replace(/ -NoLogo.* -EncodedCommand \S+/, ''));
    return { output: new Uint8Array(), errors: asked.length === 1 ? "The token '||' is not a valid statement separator." : 'sh is not recognized', exitCode: 1, failure: null };
  };
  const { err } = await run(['80', '--host', 'odd'], { remote });
  assert.equal(asked, ['powershell || sh -s', 'powershell', 'sh -s']);
  assert.match(err, "PO3006: odd could not be queried: The token '||' is not a valid statement separator.");
});

test('a snapshot passes every code page and pipe as it is', async () => {
  const text =
    '#PortOwner.Collection 1 plain\n@machine\n platform win32\n name BOX\n at 2026-01-02T03:04:05Z\n@cim/tcp\n 0.0.0.0,80,0.0.0.0,0,2,7,0\n@cim/udp\n@cim/processes\n 7,1,"wéb🎉.exe","",0,""\n#End\n';
  const remote: AskRemote = async () => ({ output: Buffer.from(text), errors: '', exitCode: 0, failure: null });
  const { code, out } = await run(['snapshot', '--host', 'box'], { remote });
  assert.is(code, 0);
  assert.match(out, /^[\n -~]+$/);
  assert.match((await run(['80', '--from', snapshotFile(JSON.parse(out) as Facts)])).out, 'wéb🎉.exe');
});

test('a portowner there answers with its snapshot, which a broken one is not taken for', async () => {
  const remote =
    (snapshot: string): AskRemote =>
    async ({ input }) => {
      assert.match(input, /^facts_version=1$/m);
      assert.match(input, /^\$FactsVersion = 1$/m);
      const text = `hello\n#PortOwner.Way used /opt/portowner\n#PortOwner.Collection 1 plain\n@snapshot\n ${snapshot}\n#End\n`;
      return { output: Buffer.from(text), errors: '', exitCode: 0, failure: null };
    };
  const snapshot = readFileSync(first, 'utf8').trim();
  const answer = await run(['80', '--host', 'a', '--problems', 'rows', '--format', 'json', '--columns', 'LocalPort,ComputerName'], { remote: remote(snapshot) });
  assert.match(answer.out, /queried through ssh with \/opt\/portowner there/);
  assert.match(answer.out, /"LocalPort":80,"ComputerName":"alpha"/);
  assert.match((await run(['snapshot', '--host', 'a'], { remote: remote(snapshot) })).out, /"localPort":80/);
  const { code, err } = await run(['80', '--host', 'a'], { remote: remote(snapshot.slice(0, -9)) });
  assert.is(code, 69);
  assert.match(err, /PO2002: what a sent is not a snapshot/);
});

/** A far Windows machine with a service on port 80, on which nothing may be done here by accident. */
const served: AskRemote = async () => ({
  output: Buffer.from(
    '#PortOwner.Collection 1 plain\n@machine\n platform win32\n name BOX\n at 2026-01-02T03:04:05Z\n@cim/tcp\n 0.0.0.0,80,0.0.0.0,0,2,700,0\n 127.0.0.1,80,0.0.0.0,0,2,701,0\n@cim/udp\n@cim/processes\n 700,1,"web.exe","",0,""\n 701,1,"other.exe","",0,""\n@cim/services\n "web","Web",700,Running,Own Process\n#End\n',
  ),
  errors: '',
  exitCode: 0,
  failure: null,
});
/** What is advised about it: commands for it name it, or ask it. */
const isForIt = (line: string, how: RegExp): boolean => line.startsWith('# ') || line.startsWith('on box: ') || how.test(line);

test('advice about a far machine names that machine in each command', async () => {
  const remote = served;
  const [config, policy] = [join(temporaryFolder(), 'ssh config'), join(temporaryFolder(), 'policy.yaml')];
  writeFileSync(config, '');
  writeFileSync(policy, 'kind: PortOwner.Policy\nversion: 1\nrules:\n  - name: no web\n    ports: 80\n    action: forbid\n');
  for (const command of [['why', '80'], ['conflicts'], ['audit', '--policy', policy]]) {
    const { out } = await run([...command, '--host', 'box', '--format', 'json'], { remote });
    const lines = (JSON.parse(out) as { Remedy: string[] | null }[]).flatMap(({ Remedy }) => Remedy ?? []);
    assert.ok(lines.length > 0, out);
    for (const line of lines) assert.ok(isForIt(line, /^portowner .* --host box(?: {2}#|$)/), line);
  }
  const { out } = await run(['why', '80', '--host', 'box', '--ssh-config', config], { remote });
  assert.match(out, 'on box: Stop-Service -Name web -Confirm  # stop the service');
  assert.not.match(out, 'portowner stop');
  assert.match(out, `portowner free --near 80 --host box --ssh-config "${config}"  # `);
  // Of several machines, each has its own.
  const several = await run(['why', '80', '--host', 'box', '--host', 'ann@other'], { remote });
  assert.match(several.out, 'on box: Stop-Service -Name web -Confirm  # ');
  assert.match(several.out, 'on ann@other: Stop-Service -Name web -Confirm  # ');
});

test('no advice needs a portowner on the other machine', async () => {
  const windows: AskRemote = async (call) => {
    const answer = await served(call);
    return { ...answer, output: Buffer.from(String(answer.output).replace('"web","Web",700', '"web","Web",900')) };
  };
  const ofWindows = await run(['why', '80', '--address', '127.0.0.1', '--host', 'box', '--format', 'json'], { remote: windows });
  assert.match(ofWindows.out, 'on box: Stop-Process -Id 700 -Confirm  # end web.exe; first, Get-Process -Id 700 shows whether it is still this program');
  // Who owns it is seen by root only.
  const unseen = facts([socket({ localPort: 80, pid: null, holders: [] })]);
  const linux = [first, snapshotFile({ ...unseen, machine: { ...unseen.machine, platform: 'linux', name: 'gamma' } })];
  const ofLinux = await run(['why', '80', ...linux.flatMap((file) => ['--from', file]), '--format', 'json']);
  const remedies = (JSON.parse(ofLinux.out) as { Remedy: string[] }[]).map(({ Remedy }) => Remedy);
  assert.ok(
    remedies[0]!.some((line) => line.startsWith('on alpha: kill 7  # ask web to end; first, ps -fp 7 shows')),
    ofLinux.out,
  );
  assert.ok(remedies[1]!.includes('# the owner is unknown: query gamma with an account that is root there'), ofLinux.out);
  for (const out of [ofWindows.out, ofLinux.out]) assert.not.match(out, /on \S+: (?:sudo )?portowner|portowner stop|sudo portowner/);
});

test('with --redact, advice does not name the machine as it was given, nor do options', async () => {
  const { out, err } = await run(['why', '80', '--host', 'box', '--redact', '--verbose'], { remote: served });
  assert.not.match(`${out}`, /box/i);
  assert.match(out, /on [\w-]+: Stop-Service -Name web -Confirm/);
  assert.match(out, 'portowner free --near 80 --host HOST  # ');
  assert.match(err, 'with the collector for PowerShell in ');
});

test('--verbose says how each host answered, and how fast', async () => {
  const { err } = await run(['80', '--host', 'box', '--host', 'other', '--verbose', '--format', 'csv'], { remote: served });
  assert.match(err, /^portowner: box: queried through ssh with the collector for PowerShell in \d+\.\d s$/m);
  assert.match(err, /^portowner: other: queried through ssh with the collector for PowerShell in \d+\.\d s$/m);
});

test('advice from a snapshot names the machine, or the snapshot', async () => {
  const { out } = await run(['why', '80', '--from', first]);
  assert.match(out, 'on alpha: kill 7  # ask web to end');
  assert.match(out, `portowner free --near 80 --from ${first}  # `);
  // A name that the shells read differently is not written.
  const odd = join(temporaryFolder(), 'a$b.json');
  writeFileSync(odd, readFileSync(first));
  assert.match((await run(['why', '80', '--from', odd])).out, 'portowner free --near 80 --from FILE  # ');
  const stop = await run(['stop', '80', '--dry-run', '--from', snapshotFile(contained), '--format', 'json']);
  assert.match((JSON.parse(stop.out) as { Command: string }[])[0]!.Command, /^on \S+: docker /);
});

test('advice for the PowerShell module has the parameters that reach the machine', async () => {
  const ask = async (connection: string) => {
    const { out } = await run(['why', '80', '--from', first, '--connection', connection, '--problems', 'rows', '--format', 'clixml']);
    return out.replace(/_x([0-9A-F]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))).replaceAll('&#39;', "'");
  };
  const written = await ask('server7 -ComputerName server7 -UseSSL');
  assert.match(written, '>Stop-PortOwner 80 -WhatIf -ComputerName server7 -UseSSL  # ');
  assert.match(written, '>Get-FreePort -Near 80 -ComputerName server7 -UseSSL  # ');
  assert.match(written, '>Get-PortOwner 80 -Column * -ComputerName server7 -UseSSL | Format-List  # ');
  const unwritten = await ask('server7');
  assert.match(unwritten, '>on server7: Stop-PortOwner 80 -WhatIf  # ');
  assert.match(unwritten, '>on server7: Get-FreePort -Near 80  # ');
});

test('nobody on any of them', async () => {
  assert.is((await run(['9', '--from', first, '--from', second])).code, 1);
});

test('what is about one machine is refused for several', async () => {
  const { code, err } = await run(['baseline', 'create', '/nowhere/baseline.yaml', '--from', first, '--from', second]);
  assert.is(code, 64);
  assert.match(err, 'PO1005: a baseline describes one machine, but there are 2');
});

test('the exit code of all', () => {
  const ports = (...codes: Parameters<typeof exitCodeOfAll>[0]) => exitCodeOfAll(codes, { decisive: true, isUnread: false });
  const findings = (...codes: Parameters<typeof exitCodeOfAll>[0]) => exitCodeOfAll(codes, { decisive: false, isUnread: false });
  assert.equal([ports(1, 0, 69), ports(1, 77, 69), ports(1, 77), ports(1, 1), ports(64, 0)], [0, 69, 77, 1, 64]);
  assert.equal([findings(0, 1, 69), findings(0, 77, 69), findings(0, 77), findings(0, 0)], [1, 69, 77, 0]);
  assert.is(exitCodeOfAll([0], { decisive: true, isUnread: true }), 69);
});

test('a snapshot of what another machine told, which a question is answered from', async () => {
  const { code, out } = await run(['snapshot', '--from', first]);
  assert.is(code, 0);
  const told = JSON.parse(out) as { machine: { name: string }; sections: { sockets: { data: { localPort: number }[] } } };
  assert.equal([told.machine.name, told.sections.sockets.data.map(({ localPort }) => localPort)], ['alpha', [80]]);
  for (const other of ['--host=a', '--raw=b', '--hash']) {
    const refused = await run(['snapshot', '--from', first, other]);
    assert.is(refused.code, 64);
    assert.match(refused.err, `PO1005: --from and ${other.split('=')[0]} exclude each other`);
  }
});

test.run();
