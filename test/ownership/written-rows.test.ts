// What is written of sockets and their owners, in every format: byte for byte what test/fixtures/golden has. After a change
// that is meant, `node build.mjs node test/ownership/written-rows.test.ts --write` writes the file anew; its diff is the review.
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gather } from '../../src/facts/gather/gather.ts';
import { everything } from '../../src/facts/model/question.ts';
import type { FieldRefusal, Facts, Sections } from '../../src/facts/model/facts.ts';
import { readEnvelope } from '../../src/facts/read/envelope.ts';
import { formats, traitsOf } from '../../src/formats/formats.ts';
import { recordedSource } from '../../src/system/raw.ts';
import { connection, facts, process, service, socket, udp } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('rows as they are written');
const golden = fileURLToPath(new URL('../fixtures/golden/endpoints.txt', import.meta.url));
const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

function refusal(field: string, code: FieldRefusal['code'], text: string, needs: string | null = null): FieldRefusal {
  return { field, code, text, needs };
}

/** A copy of a fixture that was saved at a known time: what is read from CLIXML is as old as its file. */
function saved(name: string): string {
  const copy = join(temporaryFolder(), basename(name));
  copyFileSync(fixture(`synthetic/clixml/${name}`), copy);
  utimesSync(copy, new Date(ok.at), new Date(ok.at));
  return copy;
}

async function recorded(name: string): Promise<Facts> {
  return gather(recordedSource(readEnvelope(fixture(`recorded/${name}`))), everything, new Date('2026-01-02T03:04:06Z'));
}

const denied = refusal('OwningProcess', 'AccessDenied', 'its process belongs to another user', 'root, or CAP_SYS_PTRACE');
const noPath = refusal('Path', 'AccessDenied', 'its executable may not be read', 'root');

const linux = facts(
  [
    socket({ holders: [100, 101, 102] }),
    socket({ localPort: 80, pid: 101 }),
    socket({ localPort: 81, pid: 102, refusals: [refusal('CreationTime', 'NotSupported', 'the system keeps none')] }),
    socket({ localPort: 82, pid: 103 }),
    socket({ localPort: 83, pid: 104 }),
    socket({ localPort: 84, pid: 105, holders: [105, 104] }),
    socket({ localPort: 85, pid: null, user: 'postgres', refusals: [denied] }),
    socket({ localPort: 86, pid: null, user: 'eve', refusals: [refusal('OwningProcess', 'Failed', 'nobody was found')] }),
    socket({ localPort: 87, pid: null, refusals: [refusal('OwningProcess', 'Disabled', 'holders are switched off by PORTOWNER_DISABLE')] }),
    socket({ localPort: 88, pid: null }),
    socket({ localPort: 89, pid: 777 }),
    socket({ localPort: 2049, pid: null, kernel: true, kernelPart: 'NFS server (nfsd)' }),
    socket({ localPort: 2050, pid: null, kernel: true, refusals: [refusal('CreationTime', 'NotSupported', 'the kernel keeps none')] }),
    socket({ localPort: 8080, state: 'Bound', localAddress: 'fe80::1%eth0' }),
    connection({ pid: null, kernel: true, localAddress: '10.0.0.1' }),
    connection({ pid: null, kernel: true, localAddress: '10.0.0.1', remotePort: 50001, state: 'FinWait2' }),
    connection({ pid: null, kernel: true, localAddress: '10.0.0.1', remotePort: 50002, state: 'TimeWait' }),
    connection({ localAddress: '10.0.0.1', remotePort: 50003, pid: 104 }),
    udp({ localPort: 5353, localAddress: '127.0.0.1', pid: 104 }),
  ],
  {
    processes: [
      process({ unit: 'nginx.service', refusals: [noPath], path: null }),
      process({ pid: 101, unit: 'docker.service', container: { runtime: 'docker', id: 'a'.repeat(64) }, parent: 100 }),
      process({ pid: 102, unit: 'session-3.scope', commandLine: 'nginx -g "daemon off;"' }),
      process({
        pid: 103,
        imageName: null,
        path: null,
        user: null,
        startTime: null,
        refusals: [refusal('ImageName', 'Gone', 'it ended'), refusal('UserName', 'Failed', 'no such user')],
      }),
      process({ pid: 104, imageName: 'sshd', relays: [{ name: 'SSH tunnel', listenPort: 83, target: '10.0.0.9:5432' }] }),
      process({ pid: 105, imageName: 'größe\u202e漢', relays: [{ name: 'relay', listenPort: null, target: null }] }),
    ],
  },
);

const windowsSections: Partial<Sections> = {
  drivers: { ...ok, data: [{ name: 'srv2', displayName: 'Server SMB 2.xxx Driver', state: 'Running' }] },
  httpQueues: {
    ...ok,
    data: [
      { name: 'DefaultAppPool', controller: 300, processes: [{ pid: 301, service: null }], urls: ['http://*:80/', 'http://*:81/app/'] },
      { name: 'Idle', controller: 300, processes: [], urls: ['https://*:443/'] },
      { name: null, controller: null, processes: [{ pid: 302, service: null }], urls: ['http://+:5985/wsman/', 'http://*:81/'] },
    ],
  },
  portProxies: {
    ...ok,
    data: [
      { table: 'v4tov4', listenAddress: '*', listenPort: 8000, connectAddress: '10.0.0.9', connectPort: 80 },
      { table: 'v4tov6', listenAddress: '127.0.0.1', listenPort: 8000, connectAddress: 'fd00::9', connectPort: 81 },
    ],
  },
};
const windowsProcess = (pid: number, imageName: string, more: object = {}) => process({ pid, imageName, path: `C:\\Windows\\${imageName}`, user: 'NT AUTHORITY\\SYSTEM', ...more });
const windows = facts(
  [
    socket({ localPort: 135, pid: 300, holders: [300], service: 'RpcSs' }),
    socket({ localPort: 136, pid: 300, holders: [300] }),
    socket({ localPort: 137, pid: 302, holders: [302] }),
    socket({ localPort: 8000, pid: 303, holders: [303] }),
    socket({ localPort: 8000, localAddress: '127.0.0.1', pid: 303, holders: [303] }),
    socket({ localPort: 8001, pid: 303, holders: [303] }),
    ...[80, 81, 443, 445, 2049, 5985, 9999].map((localPort) => socket({ localPort, pid: 4, holders: [4], kernel: true })),
    socket({ localPort: 81, localAddress: '::', pid: 4, holders: [4], kernel: true }),
    udp({ localPort: 443, pid: 4, holders: [4], kernel: true }),
    connection({ localPort: 80, localAddress: '10.0.0.1', pid: 4, holders: [4], kernel: true }),
    connection({ localPort: 80, localAddress: '10.0.0.1', remotePort: 50001, pid: 0, holders: [], kernel: true, state: 'TimeWait' }),
    socket({ localPort: 7000, pid: 700, holders: [700] }),
    socket({ localPort: 7001, pid: 700, holders: [700], heirs: [302], created: '2026-01-02T03:00:00.1234567Z' }),
    socket({ localPort: 7002, pid: 700, holders: [700], heirs: [300, 302, 303, 304, 305], created: '2026-01-02T03:00:00Z' }),
    socket({ localPort: 7003, pid: 700, holders: [700], heirs: [302] }),
    socket({ localPort: 7004, pid: 304, holders: [304] }),
  ],
  {
    platform: 'win32',
    processes: [
      windowsProcess(4, 'System'),
      windowsProcess(300, 'svchost.exe', { parent: 50 }),
      windowsProcess(301, 'w3wp.exe'),
      windowsProcess(302, 'svchost.exe', { parent: 300 }),
      windowsProcess(303, 'svchost.exe'),
      windowsProcess(304, 'lsass.exe', {
        path: null,
        user: null,
        refusals: [refusal('Path', 'AccessDenied', 'a protected process'), refusal('UserName', 'AccessDenied', 'a protected process', 'an elevated administrator')],
      }),
    ],
    services: [
      service({ name: 'W3SVC', pid: 300, shared: true }),
      service({ name: 'RpcSs', pid: 300, shared: true }),
      service({ name: 'WinRM', pid: 302, shared: true }),
      service({ name: 'iphlpsvc', pid: 303 }),
    ],
    sections: windowsSections,
  },
);

/** Sections that are not whole, so that a reason says why an owner cannot be told. */
const shaded = (given: Facts, sections: Partial<Sections>): Facts => ({ ...given, sections: { ...given.sections, ...sections } });
const unread = { status: 'failed', reason: 'netsh ended with code 1', needs: null, at: null, data: [] } as const;

const sources: readonly (readonly [name: string, files: () => Promise<readonly string[]>])[] = [
  ['linux', async () => [snapshotFile(linux)]],
  ['windows', async () => [snapshotFile(windows)]],
  ['windows without HTTP.sys', async () => [snapshotFile(shaded(windows, { httpQueues: { ...unread, data: [] } }))]],
  ['windows without rights for HTTP.sys', async () => [snapshotFile(shaded(windows, { httpQueues: { ...unread, data: [], needs: 'an elevated administrator' } }))]],
  ['linux without processes', async () => [snapshotFile(shaded(linux, { processes: { ...unread, data: [] } }))]],
  ['windows that was not asked for processes', async () => [snapshotFile(shaded(windows, { processes: { ...unread, status: 'notAsked', reason: null, data: [] } }))]],
  ['recorded linux-6.18', async () => [snapshotFile(await recorded('linux-6.18'))]],
  ['recorded windows-wine10', async () => [snapshotFile(await recorded('windows-wine10'))]],
  ['synthetic together-5.1', async () => [saved('together-5.1.clixml')]],
  ['synthetic rows', async () => [saved('rows.clixml')]],
  ['synthetic tcp', async () => [saved('tcp.clixml')]],
];

const asked: readonly (readonly string[])[] = [
  ['--all'],
  ['--firewall'],
  ['80-89,443'],
  ['85,86'],
  ['85'],
  ['pid:104'],
  ['--all', '--user', 'root'],
  ['--all', '--service', 'nginx', '--sort', '-Reason,Owner'],
];

/** CSV in full, since a person reads its diff; of the other formats a hash. */
async function written(name: string, files: readonly string[], args: readonly string[]): Promise<string> {
  const from = files.flatMap((file) => ['--from', file]);
  const lines = [`== ${name}: ${args.join(' ')}`];
  const hash = (what: string, text: string): void => {
    // The files have another name in each run.
    const plain = files.reduce((left, file) => left.replaceAll(file, 'FILE'), text);
    lines.push(`${what}: ${plain.length} characters, ${createHash('sha256').update(plain).digest('hex')}`);
  };
  for (const format of formats.filter((one) => traitsOf(one).whole !== true)) {
    const { code, out, err } = await run([...args, ...from, '--format', format]);
    if (format === 'csv')
      lines.push(
        `exit ${code}`,
        ...`${err}${out}`
          .trimEnd()
          .split('\n')
          .map((line) => line.trimEnd()),
      );
    hash(format, out);
  }
  hash('clixml --problems rows --stream', (await run([...args, ...from, '--format', 'clixml', '--problems', 'rows', '--stream'])).out);
  return `${lines.join('\n')}\n`;
}

async function all(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, files] of sources) {
    const paths = await files();
    for (const args of asked) found.set(`${name}: ${args.join(' ')}`, await written(name, paths, args));
  }
  return found;
}

if (globalThis.process.argv.includes('--write')) writeFileSync(golden, [...(await all()).values()].join('\n'));
else {
  const before = new Map(
    readFileSync(golden, 'utf8')
      .split(/\n(?=== )/)
      .map((text) => [/^== (.*)$/m.exec(text)![1]!, text.trimEnd()]),
  );
  for (const [name, files] of sources)
    test(name, async () => {
      const paths = await files();
      for (const args of asked) assert.is((await written(name, paths, args)).trimEnd(), before.get(`${name}: ${args.join(' ')}`));
    });

  test('the file has nothing else', () => assert.is(before.size, sources.length * asked.length));
}

test.run();
