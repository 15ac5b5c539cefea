// How servers are found on Windows, and who else can change what a move writes or runs.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isConfirmed } from '../../src/configuration/outdated.ts';
import { survey, surveyFile } from '../../src/configuration/instances.ts';
import { effectsOf, planMove, serverAt } from '../../src/configuration/plan-move.ts';
import { restartWay } from '../../src/configuration/restart.ts';
import { Journal } from '../../src/configuration/journal.ts';
import { families } from '../../src/configuration/families.ts';
import type { FileAccess } from '../../src/system/configuration.ts';
import { temporaryFolder } from '../support/harness.ts';
import { machineWith, type Files } from '../support/configurations.ts';
import { ace, descriptor } from '../support/descriptor-bytes.ts';
import { facts, process, service, socket, udp } from '../support/example.ts';
import { customaryObstacle } from '../../src/configuration/usual-ports.ts';
import { registryFiles } from '../support/registry-export.ts';

const test = suite('servers on Windows');

const svchost = { imageName: 'svchost.exe', path: 'C:\\Windows\\System32\\svchost.exe' };
const rdpPath = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp\\PortNumber';
const rdpFiles = registryFiles(`[HKEY_LOCAL_MACHINE\\${rdpPath.slice(5, -11)}]\n"PortNumber"=dword:00000d3d`);
const hostPath = 'C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config';
const hostText = (port: number): string =>
  `<configuration><system.applicationHost><sites><site name="x"><bindings><binding protocol="http" bindingInformation="*:${port}:"/></bindings></site></sites></system.applicationHost></configuration>`;

const told = async (files: Files, given: ReturnType<typeof facts>) => {
  const found = await survey({ facts: given, machine: machineWith(files) });
  return found.flatMap((one) => one.places.map((place) => [one.family.name, place.port, place.protocol, one.instance.pid, one.instance.service, isConfirmed(one, place)]));
};

test('Remote Desktop is a service in svchost, and IIS is where HTTP.sys listens', async () => {
  const files = { ...rdpFiles, [hostPath]: hostText(8080) };
  const running = facts([socket({ localPort: 3389, pid: 900 }), udp({ localPort: 3389, pid: 900 }), socket({ localPort: 8080, pid: 4, kernel: true })], {
    platform: 'win32',
    processes: [process({ pid: 900, ...svchost }), process({ pid: 800, ...svchost }), process({ pid: 4, imageName: 'System', path: null })],
    services: [service({ name: 'TermService', pid: 900 }), service({ name: 'W3SVC', pid: 800, shared: true }), service({ name: 'WAS', pid: 800, shared: true })],
  });
  assert.equal(await told(files, running), [
    ['RDP', 3389, 'TCP', 900, 'TermService', true],
    ['RDP', 3389, 'UDP', 900, 'TermService', true],
    ['IIS', 8080, 'TCP', 800, 'W3SVC', true],
  ]);
  const stopped = facts([], { platform: 'win32', processes: [] });
  assert.equal(await told(files, stopped), [
    ['RDP', 3389, 'TCP', null, null, false],
    ['RDP', 3389, 'UDP', null, null, false],
    ['IIS', 8080, 'TCP', null, null, false],
  ]);
  assert.equal(await told({ '/etc/x': '' }, stopped), []);
  // Windows ignores the case of a path.
  const [one] = await surveyFile(
    rdpPath.toLowerCase().replace('hklm', 'HKLM').replace('portnumber', 'PortNumber'),
    { facts: running, machine: machineWith({ ...files, ...lower(rdpFiles) }) },
    families,
  );
  assert.is(one!.instance.pid, 900);
});

const lower = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, value]) => [path.toLowerCase().replace('hklm', 'HKLM').replace('portnumber', 'PortNumber'), value]));

test('a program is recognized by its command line, and by the service that started it', async () => {
  const path = 'C:\\tomcat\\conf\\server.xml';
  const command = '"C:\\Java\\bin\\java.exe" -Dcatalina.base=C:\\tomcat org.apache.catalina.startup.Bootstrap start';
  const running = facts([socket({ localPort: 8080, pid: 700 })], {
    platform: 'win32',
    processes: [
      process({ pid: 700, parent: 600, imageName: 'java.exe', path: 'C:\\Java\\bin\\java.exe', commandLine: command }),
      process({ pid: 600, imageName: 'nssm.exe', path: 'C:\\nssm\\nssm.exe', commandLine: 'C:\\nssm\\nssm.exe' }),
    ],
    services: [service({ name: 'Tomcat', pid: 600 })],
  });
  const files = { [path]: '<Server port="-1"><Service><Connector port="8080"/></Service></Server>' };
  assert.equal(
    (await told(files, running)).filter(([, port]) => port !== null),
    [['Tomcat', 8080, 'TCP', 700, 'Tomcat', true]],
  );
});

test('a variable of the service that started a program is changed in the registry', async () => {
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Web';
  const files = registryFiles(`[HKEY_LOCAL_MACHINE\\${key.slice(5)}]\n"ImagePath"="C:\\\\Redis\\\\redis-server.exe --port 6390"`);
  const running = facts([socket({ localPort: 6390, pid: 700 })], {
    platform: 'win32',
    processes: [process({ pid: 700, imageName: 'redis-server.exe', path: 'C:\\Redis\\redis-server.exe', commandLine: 'C:\\Redis\\redis-server.exe --port 6390' })],
    services: [service({ name: 'Web', pid: 700 })],
  });
  assert.equal(await told(files, running), [['Redis', 6390, 'TCP', 700, 'Web', true]]);
});

test('a service whose program nobody knows, and what its wrapper runs', async () => {
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Shop';
  const files = registryFiles(
    `[HKEY_LOCAL_MACHINE\\${key.slice(5)}]\n"ImagePath"="C:\\\\nssm\\\\nssm-2.24.exe"\n[HKEY_LOCAL_MACHINE\\${key.slice(5)}\\Parameters]\n"AppParameters"="--port 9000"\n[HKEY_LOCAL_MACHINE\\${key.slice(5)}2]\n"ImagePath"="\\\\SystemRoot\\\\x.sys"`,
  );
  const running = facts([socket({ localPort: 9000, pid: 700 })], {
    platform: 'win32',
    processes: [
      process({ pid: 700, parent: 600, imageName: 'shop.exe', path: 'C:\\shop.exe', commandLine: 'C:\\shop.exe --port 9000' }),
      process({ pid: 600, imageName: 'nssm-2.24.exe', path: 'C:\\nssm\\nssm-2.24.exe', commandLine: 'C:\\nssm\\nssm-2.24.exe' }),
    ],
    services: [service({ name: 'SHOP', pid: 600 })],
  });
  assert.equal(await told(files, running), [['Windows service', 9000, 'TCP', 600, 'SHOP', true]]);
  assert.equal(await told(files, facts([], { platform: 'win32', processes: [] })), [['Windows service', 9000, 'TCP', null, null, false]]);
});

test('URL reservations are listed with the command for the new port', async () => {
  const seen = facts([], {
    platform: 'win32',
    processes: [],
    sections: {
      urlReservations: {
        status: 'ok',
        reason: null,
        needs: null,
        at: '2026-01-02T03:04:06Z',
        data: [
          { url: 'http://+:8080/shop/', sddl: 'D:(A;;GX;;;NS)' },
          { url: 'https://[::1]:8080/', sddl: null },
          { url: 'http://*:80800/', sddl: null },
        ],
      },
    },
  });
  const machine = machineWith({ [hostPath]: hostText(8080) });
  const all = await survey({ facts: seen, machine });
  const subject = serverAt(all, 8080);
  const sideEffects = effectsOf({ all, subject, machine, facts: seen, clients: [] }, planMove({ subject, machine }, 8080, 9090));
  assert.equal(
    sideEffects.filter((one) => one.includes('reservation')),
    [
      'a URL reservation names port 8080: http://+:8080/shop/; for the new port: netsh http add urlacl url=http://+:9090/shop/ sddl="D:(A;;GX;;;NS)"',
      'a URL reservation names port 8080: https://[::1]:8080/; for the new port: netsh http add urlacl url=https://[::1]:9090/ user=ACCOUNT',
    ],
  );
});

test('without signals, nginx is called, and others are restarted by hand', async () => {
  const text = async (program: string, file: string, contents: string, args: string): Promise<string> => {
    const running = facts([socket({ localPort: 8080, pid: 700 })], {
      platform: 'win32',
      processes: [process({ pid: 700, imageName: program, path: `C:\\x\\${program}`, commandLine: `C:\\x\\${program} ${args}` })],
    });
    const machine = machineWith({ [file]: contents });
    const all = await survey({ facts: running, machine });
    return restartWay(planMove({ subject: serverAt(all, 8080), machine }, 8080, 9090)).text;
  };
  const conf = 'C:\\x\\nginx.conf';
  assert.is(await text('nginx.exe', conf, 'http { server { listen 8080; } }\n', `-p C:\\x -c ${conf}`), `C:\\x\\nginx.exe -s reload -p C:\\x -c ${conf}`);
  assert.is(await text('sshd.exe', 'C:\\ProgramData\\ssh\\sshd_config', 'Port 8080\n', ''), 'restart it yourself');
});

const [administrators, everyone, own] = ['S-1-5-32-544', 'S-1-1-0', 'S-1-5-21-1-2-3-1001'];
const modify = 0x1301bf;

/** Access lists: those of administrators, with more for some paths. */
const accessOf = (more: Readonly<Record<string, readonly [sid: string, mask: number]>>, link = ''): FileAccess => ({
  look: (path) => {
    if (path === link) return { standing: 'link', access: null, refusal: null };
    const extra = more[path];
    const entries = [ace({ sid: administrators, mask: 0x1f01ff }), ...(extra === undefined ? [] : [ace({ sid: extra[0], mask: extra[1] })])];
    return { standing: /\.\w+$/.test(path) ? 'file' : 'folder', access: { platform: 'win32', descriptor: descriptor({ owner: administrators, entries }) }, refusal: null };
  },
  trusted: [own],
  accountName: (sid) => (sid === everyone ? 'Everyone' : sid),
});

test('where administrators keep moves is unknown: only an elevated process needs it', async () => {
  const unknown = (): never => {
    throw Object.assign(new Error('x'), { refusal: { code: 'Failed', text: 'SHGetKnownFolderPath failed with 80070002' } });
  };
  const world = (isElevated: boolean) => ({
    stateFolder: () => temporaryFolder(),
    machine: { ...machineWith({ 'C:\\x': '' }), access: accessOf({}), isElevated, administratorsFolder: unknown },
  });
  const own = await Journal.of(world(false));
  assert.equal([own.moves(), own.elsewhere], [[], null]);
  let message = '';
  await Journal.of(world(true)).catch((error: Error) => (message = error.message));
  assert.is(message, 'the journal of moves in ProgramData cannot be used: SHGetKnownFolderPath failed with 80070002');
});

test('elevated, what others can change needs --force, and a program of others is not run', async () => {
  const program = 'C:\\nginx\\nginx.exe';
  const path = 'C:\\nginx\\conf\\nginx.conf';
  const files = { [path]: 'http {\n  server {\n    listen 8080;\n  }\n}\n' };
  const running = facts([socket({ localPort: 8080, pid: 700 })], {
    platform: 'win32',
    processes: [process({ pid: 700, imageName: 'nginx.exe', path: program, commandLine: `${program} -p C:\\nginx -c ${path}` })],
  });
  const obstaclesOf = async (access: FileAccess | null, isElevated = true) => {
    const machine = { ...machineWith(files), access, isElevated };
    const all = await survey({ facts: running, machine });
    const { obstacles, check } = planMove({ subject: serverAt(all, 8080), machine }, 8080, 9090);
    return { obstacles, isChecked: check !== null };
  };
  const none = { obstacles: [], isChecked: true };
  assert.equal(await obstaclesOf(accessOf({})), none);
  assert.equal(await obstaclesOf(accessOf({ [path]: [own, modify] })), none);
  assert.equal(await obstaclesOf(accessOf({ [path]: [everyone, 0x1200a9] })), none);
  assert.equal(await obstaclesOf(accessOf({ [path]: [everyone, modify] }), false), none);
  assert.equal(await obstaclesOf(accessOf({ [path]: [everyone, modify] })), {
    obstacles: [
      `${program} is not run: others can change it while this runs elevated: ${path}: Everyone could change the file`,
      `others can change it while this runs elevated: ${path}: Everyone could change the file`,
    ],
    isChecked: false,
  });
  assert.equal((await obstaclesOf(accessOf({}, 'C:\\nginx\\conf'))).obstacles, [
    `${program} is not run: it is unknown who can change it while this runs elevated: C:\\nginx\\conf: it is a link or another reparse point`,
    'it is unknown who can change it while this runs elevated: C:\\nginx\\conf: it is a link or another reparse point',
  ]);
  assert.equal(await obstaclesOf(accessOf({ 'C:\\nginx\\conf': [everyone, modify] })), {
    obstacles: [
      `${program} is not run: others can change it while this runs elevated: C:\\nginx\\conf: Everyone could change the contents of the folder`,
      'others can change it while this runs elevated: C:\\nginx\\conf: Everyone could change the contents of the folder',
    ],
    isChecked: false,
  });
  assert.equal(await obstaclesOf(accessOf({ [program]: [everyone, modify] })), {
    obstacles: [`${program} is not run: others can change it while this runs elevated: ${program}: Everyone could change the file`],
    isChecked: false,
  });
});

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const services = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services';

test('health checks, addresses of clients, and services that name the port are listed', async () => {
  const file = 'C:\\redis\\redis.conf';
  const files = {
    [file]: 'port 4711\n',
    'C:\\Windows\\System32\\Tasks\\Shop\\Health': utf16('<Task>\n<Arguments>-Uri http://localhost:4711/health</Arguments>\n</Task>'),
    'C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config': '<rule>\n<!-- http://localhost:4711/old -->\n<action url="http://localhost:4711/{R:1}"/>\n</rule>',
    'C:\\Windows\\System32\\drivers\\etc\\x.conf': 'localhost:4711',
    'C:\\inetpub\\wwwroot\\shop\\web.config': '<add key="cache" value="redis://:secret@127.0.0.1:4711/0"/>',
    'C:\\inetpub\\wwwroot\\shop\\readme.txt': 'localhost:4711',
    'C:\\ProgramData\\Telegraf\\conf\\telegraf.conf': '[[inputs.redis]]\nservers = ["tcp://localhost:4711"]\n',
    'C:\\ProgramData\\Microsoft\\x.xml': 'localhost:4711',
    'C:\\Program Files\\Shop\\bin\\start.cmd': 'rem localhost:4711\r\nset REDIS_PORT=4711\r\n',
    'C:\\Program Files\\Shop\\config\\shop.json': '{ "redis": "localhost:4711", "other": "localhost:47110" }',
    'D:\\work\\.env': 'REDIS_URL=redis://localhost:4711\n',
    ...registryFiles(
      [
        '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment]',
        '"CACHE_URL"="redis://:secret@localhost:4711/0"',
        `[${services}\\Worker]`,
        '"ImagePath"="C:\\\\worker\\\\worker.exe --cache localhost:4711"',
        '"Description"="localhost:4711"',
        `[${services}\\Queue\\Parameters]`,
        '"AppParameters"="queue.js --url http://127.0.0.1:4711"',
      ].join('\n'),
    ),
  };
  const machine = machineWith(files);
  const given = facts([socket({ localPort: 4711, pid: 700 }), socket({ localPort: 8080, pid: 800 })], {
    platform: 'win32',
    processes: [
      process({
        pid: 700,
        imageName: 'redis-server.exe',
        path: 'C:\\redis\\redis-server.exe',
        commandLine: `C:\\redis\\redis-server.exe ${file}`,
        workingDirectory: 'C:\\Windows\\System32\\',
      }),
      process({ pid: 800, imageName: 'shop.exe', path: 'C:\\Program Files\\Shop\\bin\\shop.exe', workingDirectory: 'D:\\work\\' }),
    ],
  });
  const all = await survey({ facts: given, machine });
  const subject = serverAt(all, 4711);
  const effects = effectsOf({ all, subject, machine, facts: given, clients: [] }, planMove({ subject, machine }, 4711, 4713));
  assert.equal(
    effects.filter((text) => text.includes(' names port ')),
    [
      'C:\\Windows\\System32\\Tasks\\Shop\\Health:2 names port 4711: localhost:4711',
      'C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config:3 names port 4711: localhost:4711',
      'C:\\inetpub\\wwwroot\\shop\\web.config:1 names port 4711: 127.0.0.1:4711',
      'C:\\ProgramData\\Telegraf\\conf\\telegraf.conf:2 names port 4711: localhost:4711',
      'D:\\work\\.env:1 names port 4711: localhost:4711',
      'C:\\Program Files\\Shop\\bin\\start.cmd:2 names port 4711: REDIS_PORT=4711',
      'C:\\Program Files\\Shop\\config\\shop.json:1 names port 4711: localhost:4711',
      'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment\\CACHE_URL names port 4711: localhost:4711',
      'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Queue\\Parameters\\AppParameters names port 4711: 127.0.0.1:4711',
      'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Worker\\ImagePath names port 4711: localhost:4711',
    ],
  );
  assert.not.match(effects.join('\n'), 'secret');
});

test('a certificate that HTTP.sys has for the port is listed, whichever program listens there', async () => {
  const key = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters';
  const files = registryFiles(
    [
      `[${services}\\Orders]`,
      '"ImagePath"="C:\\\\orders\\\\Orders.exe --urls https://*:8443"',
      `[${key}\\SslBindingInfo\\0.0.0.0:8443]`,
      '"SslCertStoreName"="MY"',
      `[${key}\\SslBindingInfo\\0.0.0.0:443]`,
      '"SslCertStoreName"="MY"',
      `[${key}\\SslSniBindingInfo\\shop.example.com:8443]`,
      '"SslCertStoreName"="WebHosting"',
    ].join('\n'),
  );
  const machine = machineWith(files);
  const given = facts([socket({ localPort: 8443, pid: 4, kernel: true })], { platform: 'win32', processes: [] });
  const all = await survey({ facts: given, machine });
  const subject = serverAt(all, 8443);
  const effects = effectsOf({ all, subject, machine, facts: given, clients: [] }, planMove({ subject, machine }, 8443, 9443));
  assert.equal(
    effects.filter((text) => text.includes('certificate')).map((text) => /sslcert (\S+)/.exec(text)![1]),
    ['ipport=0.0.0.0:9443', 'hostnameport=shop.example.com:9443'],
  );
});

test('the well-known port of a service that is installed needs --force, unless it is disabled, or the server itself', async () => {
  const installed = (start: number): Files => registryFiles(`[${services}\\MSSQLSERVER]\n"Start"=dword:0000000${start}\n[${services}\\TermService]\n"Start"=dword:00000003`);
  const file = 'C:\\redis\\redis.conf';
  const obstacle = async (more: Files, port: number, from = 4711): Promise<string | null> => {
    const machine = machineWith({ [file]: 'port 4711\n', ...more });
    const given = facts([socket({ localPort: 4711, pid: 700 })], {
      platform: 'win32',
      processes: [process({ pid: 700, imageName: 'redis-server.exe', path: 'C:\\redis\\redis-server.exe', commandLine: `C:\\redis\\redis-server.exe ${file}` })],
    });
    return customaryObstacle(serverAt(await survey({ facts: given, machine }), from), port);
  };
  assert.is(await obstacle(installed(2), 1433), 'port 1433 is the well-known port of the service MSSQLSERVER, which is installed here');
  assert.is(await obstacle(installed(4), 1433), null);
  assert.is(await obstacle(installed(2), 1434), null);
  assert.is(await obstacle(installed(2), 3389), 'port 3389 is the well-known port of the service TermService, which is installed here');
  assert.is(await obstacle({ ...installed(2), ...rdpFiles }, 3389, 3389), null);
  assert.is(await obstacle(installed(2), 6379), null);
});

test.run();
