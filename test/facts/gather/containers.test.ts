import { recordingOf } from '../../../src/facts/gather/recording.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gather } from '../../../src/facts/gather/gather.ts';
import { switchedOff } from '../../../src/facts/gather/switched-off.ts';
import type { Facts } from '../../../src/facts/model/facts.ts';
import { everything, type Detail, type Question } from '../../../src/facts/model/question.ts';
import { validateFacts } from '../../../src/facts/read/validate.ts';
import { endpoints } from '../../../src/ownership/endpoints.ts';
import * as origin from '../../../src/ownership/origin.ts';
import { toRow } from '../../../src/ownership/owned.ts';
import { recordingSource, type RawEntry, type RawSource, type Refusal } from '../../../src/system/raw.ts';
import { cacheId, raw, shopId } from '../../support/fake-engine.ts';
import { linux, type DiagRow, type ProcessRow } from '../../support/linux-raw.ts';
import { windows } from '../../support/windows-raw.ts';

const test = suite('containers behind owners');

const question: Question = { ...everything, ranges: false, configured: false, firewall: false };
type Entries = Readonly<Record<string, Omit<RawEntry, 'at'>>>;

/** A listener of one process on port 8080, and what engines say. */
interface Case {
  readonly process: ProcessRow;
  readonly engines: Entries;
  readonly row?: Omit<DiagRow, 'port'> & { port?: number };
  readonly udp?: true;
}

function machine({ process, engines, row, udp }: Case): RawSource {
  const socket = { port: 8080, local: '0.0.0.0', inode: 9, ...row };
  return linux({ ...(udp ? { udp4: [{ ...socket, state: 7 }] } : { tcp: [socket] }), holders: [20, 9], processes: { 20: process }, raw: engines });
}

async function factsOf(source: RawSource, more: Partial<Question> = {}): Promise<Facts> {
  const facts = await gather(source, { ...question, ...more }, new Date(0));
  assert.is(validateFacts(JSON.parse(JSON.stringify(facts))), null);
  return facts;
}

/** The owner, and why it is not told better. */
async function owner(source: RawSource): Promise<string> {
  const facts = await factsOf(source);
  const [row] = endpoints(facts, facts.sections.sockets.data, { live: false, serviceName: null }).map(toRow);
  return [`${row!.OwnerKind} ${row!.Owner}`, ...(row!.Reason ?? []).filter((reason) => reason.startsWith('Owner:'))].join(' | ');
}

const program = (name: string, cmdline = `${name}\0`, more: ProcessRow = {}): ProcessRow => ({ name, exe: `/usr/bin/${name}`, cmdline, ...more });
const proxy = (target = '172.18.0.2', uid = 0): ProcessRow =>
  program('docker-proxy', ['docker-proxy', '-proto', 'tcp', '-host-ip', '0.0.0.0', '-host-port', '8080', '-container-ip', target, '-container-port', '80', ''].join('\0'), { uid });
const inBox = (path: string): ProcessRow => program('nginx', 'nginx\0', { uid: 101, cgroup: `0::${path}\n` });
const refused = (code: Refusal['code'], text: string, needs?: string) => ({ refusal: { code, text, ...(needs === undefined ? {} : { needs }) } });
const ports = (...all: readonly (readonly [IP: string, PublicPort: number, Type: string])[]) => ({
  ports: all.map(([IP, PublicPort, Type]) => ({ IP, PublicPort, Type, PrivatePort: 80 })),
});

const web = 'docker shop-web-1 (nginx:1.27), compose shop';
const cases: readonly (readonly [what: string, world: Case, expected: string])[] = [
  ['docker-proxy', { process: proxy(), engines: { 'engine/docker': raw({}) } }, `Relay ${web} (docker-proxy 20)`],
  ['docker-proxy of another address', { process: proxy('172.18.0.9'), engines: { 'engine/docker': raw({}) } }, 'Relay docker-proxy to 172.18.0.9:80 (docker-proxy 20)'],
  [
    'rootless docker-proxy',
    { process: { ...proxy('172.18.0.2', 1000), name: 'rootlesskit-docker-proxy', exe: '/usr/bin/rootlesskit-docker-proxy' }, engines: { 'engine/docker/1000': raw({}) } },
    `Relay ${web} (rootlesskit-docker-proxy 20)`,
  ],
  [
    "never another user's engine",
    { process: proxy('172.18.0.2', 1000), engines: { 'engine/docker': raw({}), 'engine/docker/1001': raw({}) } },
    'Relay docker-proxy to 172.18.0.2:80 (docker-proxy 20)',
  ],
  [
    'RootlessKit',
    { process: program('rootlesskit', 'rootlesskit\0dockerd-rootless.sh\0', { uid: 1000 }), engines: { 'engine/docker/1000': raw({}) } },
    `Relay ${web} (rootlesskit 20)`,
  ],
  [
    'RootlessKit for containerd',
    { process: program('rootlesskit', 'rootlesskit\0/usr/bin/containerd-rootless.sh\0', { uid: 1000 }), engines: { 'engine/docker/1000': raw({}) } },
    'Relay RootlessKit for containerd to a container (rootlesskit 20)',
  ],
  [
    'rootlessport',
    { process: program('rootlessport', '', { uid: 1000 }), engines: { 'engine/podman/1000': raw({}) }, row: { local: '::' } },
    `Relay ${web.replace('docker', 'podman')} (rootlessport 20)`,
  ],
  [
    'pasta of Podman',
    { process: program('pasta.avx2', '', { uid: 1000 }), engines: { 'engine/podman/1000': raw({}) } },
    `Relay ${web.replace('docker', 'podman')} (pasta.avx2 20)`,
  ],
  ['pasta of Docker', { process: program('pasta', '', { uid: 1000 }), engines: { 'engine/podman/1000': raw(), 'engine/docker/1000': raw({}) } }, `Relay ${web} (pasta 20)`],
  [
    'conmon',
    { process: program('conmon', 'conmon\0-n\0web\0'), engines: { 'engine/podman': raw({ names: ['web'], project: undefined, service: undefined }) } },
    'Relay podman web (nginx:1.27) (conmon 20)',
  ],
  [
    'UDP',
    { process: program('conmon'), udp: true, engines: { 'engine/podman': raw({}, { id: cacheId, names: ['/dns'], ...ports(['', 8080, 'udp']) }) } },
    'Relay podman dns (nginx:1.27), compose shop/web (conmon 20)',
  ],
  [
    'the nearest address',
    { process: program('vpnkit'), row: { local: '127.0.0.1' }, engines: { 'engine/docker': raw({}, { id: cacheId, names: ['/cache'], ...ports(['127.0.0.1', 8080, 'tcp']) }) } },
    'Relay docker cache (nginx:1.27), compose shop/web (vpnkit 20)',
  ],
  ['two that publish the port', { process: program('vpnkit'), engines: { 'engine/docker': raw({}, { id: cacheId }) } }, 'Relay Docker Desktop (vpnkit) to a container (vpnkit 20)'],
  ['another port', { process: program('vpnkit'), row: { port: 8081 }, engines: { 'engine/docker': raw({}) } }, 'Relay Docker Desktop (vpnkit) to a container (vpnkit 20)'],
  [
    'a hostile name',
    { process: program('vpnkit'), engines: { 'engine/docker': raw({ names: ['/\u001B[2Jx'], image: '`reboot`', project: 'a b', service: 'x' }) } },
    `Relay docker container ${shopId.slice(0, 12)} (vpnkit 20)`,
  ],
  ['a program in a container', { process: inBox(`/system.slice/docker-${shopId}.scope`), engines: { 'engine/docker': raw({}) } }, `Service ${web} (nginx 20)`],
  [
    'a program in a container with another name',
    { process: inBox(`/docker/${shopId}`), engines: { 'engine/docker': raw({ names: ['/front'] }) } },
    'Service docker front (nginx:1.27), compose shop/web (nginx 20)',
  ],
  [
    'a program in a rootless container',
    {
      process: inBox(`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${shopId}.scope/container`),
      engines: { 'engine/podman/1000': raw({}), 'engine/podman': raw({ names: ['/wrong'] }) },
    },
    `Service ${web.replace('docker', 'podman')} (nginx 20)`,
  ],
  [
    "a user's control group with the name of root's container",
    { process: inBox(`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${shopId}.scope`), engines: { 'engine/docker': raw({}) } },
    `Service docker container ${shopId.slice(0, 12)} (nginx 20)`,
  ],
  [
    'a container of containerd',
    { process: inBox(`/system.slice/nerdctl-${shopId}.scope`), engines: { 'engine/docker': raw({}) } },
    `Service containerd container ${shopId.slice(0, 12)} (nginx 20)`,
  ],
  [
    'a container that the engine does not list',
    { process: inBox(`/docker/${cacheId}`), engines: { 'engine/docker': raw({}) } },
    `Service docker container ${cacheId.slice(0, 12)} (nginx 20)`,
  ],
  [
    'an engine that may not be asked',
    { process: proxy(), engines: { 'engine/docker': refused('AccessDenied', 'access is denied', 'root (sudo)') } },
    'Relay docker-proxy to 172.18.0.2:80 (docker-proxy 20) | Owner: AccessDenied: docker could not be asked which container it is: access is denied (needs root (sudo))',
  ],
  [
    'an engine that does not answer',
    { process: inBox(`/docker/${shopId}`), engines: { 'engine/docker': refused('Failed', 'it did not answer within 1000 ms') } },
    `Service docker container ${shopId.slice(0, 12)} (nginx 20) | Owner: Failed: docker could not be asked which container it is: it did not answer within 1000 ms`,
  ],
  [
    'an answer that is none',
    { process: program('vpnkit'), engines: { 'engine/docker': { text: '{"message":"no"}' } } },
    'Relay Docker Desktop (vpnkit) to a container (vpnkit 20) | Owner: Failed: docker could not be asked which container it is: its answer is not readable',
  ],
  ['no engine', { process: program('vpnkit'), engines: {} }, 'Relay Docker Desktop (vpnkit) to a container (vpnkit 20)'],
];
for (const [what, world, expected] of cases) test(what, async () => assert.is(await owner(machine(world)), expected));

/** A listener of a program of Windows on port 8080. */
const onWindows = (name: string, raws: Entries, local = '0.0.0.0'): RawSource =>
  windows({
    sockets: local.includes(':') ? { tcp6: [{ local, port: 8080, state: 2, pid: 300 }] } : { tcp4: [{ local, port: 8080, state: 2, pid: 300 }] },
    processes: [{ pid: 300, name, parent: 4 }],
    raw: raws,
  });
const windowsCases: readonly (readonly [what: string, name: string, engines: Entries, expected: string, local?: string])[] = [
  ['Docker Desktop', 'com.docker.backend.exe', { 'engine/docker': raw({}) }, `Relay ${web} (com.docker.backend.exe 300)`],
  [
    'Docker Desktop on one address',
    'com.docker.backend.exe',
    { 'engine/docker': raw(ports(['127.0.0.1', 8080, 'tcp'])) },
    `Relay ${web} (com.docker.backend.exe 300)`,
    '127.0.0.1',
  ],
  [
    'Docker Desktop on another address',
    'com.docker.backend.exe',
    { 'engine/docker': raw(ports(['192.0.2.1', 8080, 'tcp'])) },
    'Relay Docker Desktop to a container (com.docker.backend.exe 300)',
    '127.0.0.1',
  ],
  ['vpnkit', 'vpnkit.exe', { 'engine/docker': raw({}) }, `Relay ${web} (vpnkit.exe 300)`],
  ['Rancher Desktop', 'host-switch.exe', { 'engine/docker': raw({}) }, `Relay ${web} (host-switch.exe 300)`],
  ['Podman machine', 'gvproxy.exe', { 'engine/podman': raw({}) }, `Relay ${web.replace('docker', 'podman')} (gvproxy.exe 300)`],
  ['WSL, whose programs are no containers of the engine', 'wslrelay.exe', { 'engine/docker': raw({}) }, 'Relay WSL relay to a program in WSL (wslrelay.exe 300)', '::1'],
  [
    'a session with administrator rights',
    'com.docker.backend.exe',
    {
      'engine/docker': refused('AccessDenied', 'with administrator rights its pipe is not connected to, which any program may have made', 'a session without administrator rights'),
    },
    'Relay Docker Desktop to a container (com.docker.backend.exe 300) | Owner: AccessDenied: docker could not be asked which container it is: with administrator rights its pipe is not connected to, which any program may have made (needs a session without administrator rights)',
  ],
];
for (const [what, name, engines, expected, local] of windowsCases) test(`Windows: ${what}`, async () => assert.is(await owner(onWindows(name, engines, local)), expected));

/** Every name that is asked of a source. */
function watched(source: RawSource): { source: RawSource; names: string[] } {
  const names: string[] = [];
  return { names, source: { ...source, read: source.read, ask: async (name) => (names.push(name), source.read(name)) } };
}

test('an engine is asked only for what may be behind a container, once, and for the owner alone', async () => {
  const asked = async (world: Case, more: Partial<Question> = {}) => {
    const { source, names } = watched(machine(world));
    await factsOf(source, more);
    return names;
  };
  const world = { process: proxy(), engines: {} };
  assert.equal(await asked(world), ['engine/docker']);
  assert.equal(await asked(world, { details: new Set(['owner', 'path']) }), []);
  assert.equal(await asked({ process: program('nginx'), engines: {} }), []);
  assert.equal(await asked({ process: program('ssh', 'ssh\0-L\x008080:db:5432\0jump\0'), engines: {} }), []);
  assert.equal(await asked({ process: program('passt', 'passt\0'), engines: {} }), []);
});

const tree = new Set<Detail>(['owner', 'path', 'services', 'parent', 'ancestors', 'restarts', 'restartPolicies']);
const inspect = `engine/docker/inspect/${shopId}`;
const policies: readonly (readonly [what: string, process: ProcessRow, engines: Entries, supervisor: string])[] = [
  ['of what a relay passes on to', proxy(), { [inspect]: { text: '{"restart":"always"}' } }, 'docker container shop-web-1, restart policy always'],
  ['of the container itself', inBox(`/docker/${shopId}`), { [inspect]: { text: '{"restart":"on-failure"}' } }, 'docker container shop-web-1, restart policy on-failure'],
  ['none', proxy(), { [inspect]: { text: '{"restart":""}' } }, 'docker container shop-web-1, without a restart policy'],
  ['of a name that is none', proxy(), { [inspect]: { text: '{"restart":"\\u001b[2J"}' } }, 'docker container shop-web-1'],
  ['not said', proxy(), {}, 'docker container shop-web-1'],
];
for (const [what, process, engines, supervisor] of policies)
  test(`the restart policy: ${what}`, async () => {
    const { source, names } = watched(machine({ process, engines: { 'engine/docker': raw({}), ...engines } }));
    const facts = await factsOf(source, { details: tree });
    const [row] = endpoints(facts, facts.sections.sockets.data, { live: false, serviceName: null, tree: origin });
    assert.equal([row!.Supervisor, names], [supervisor, ['engine/docker', inspect]]);
  });

test('a recording has the answer, and gives it again; a source that is switched off is not asked', async () => {
  const entries = new Map<string, RawEntry>();
  const source = machine({ process: proxy(), engines: { 'engine/docker': raw({}) } });
  await factsOf(recordingSource(source, entries, recordingOf('linux', false)));
  assert.is(entries.get('engine/docker')?.text, raw({}).text);
  const { source: seen, names } = watched(source);
  assert.match(await owner(switchedOff(seen, 'engine')), /Owner: Disabled: docker could not be asked which container it is: it is switched off by PORTOWNER_DISABLE$/);
  assert.equal(names, []);
});

test('a connection that passes through says nothing of the container', async () => {
  const facts = await factsOf(
    linux({
      tcp: [
        { port: 8080, local: '0.0.0.0', inode: 9 },
        { port: 8080, local: '10.0.0.1', remote: '10.0.0.2', remotePort: 5000, state: 1, inode: 10 },
      ],
      holders: [20, 9, 20, 10],
      processes: { 20: program('vpnkit') },
      raw: { 'engine/docker': raw({}) },
    }),
  );
  assert.equal(
    facts.sections.sockets.data.map(({ container }) => container?.name),
    ['shop-web-1', undefined],
  );
});

test.run();
