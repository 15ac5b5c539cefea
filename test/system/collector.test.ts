// The collectors for real: what they send is decoded to the facts that a local look at the same machine gives.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { gather } from '../../src/facts/gather/gather.ts';
import type { Facts } from '../../src/facts/model/facts.ts';
import { everything, type Question } from '../../src/facts/model/question.ts';
import { readFacts } from '../../src/facts/read/read.ts';
import { linuxSource } from '../../src/machine/linux/source.ts';
import { noPowerShell, plain, pwsh } from '../support/powershell.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { base, boundTable, filetime, servicePage, windows } from '../support/windows-raw.ts';

const test = suite('collectors');
const folder = mkdtempSync(join(tmpdir(), 'portowner-collector-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const script = (name: string): string => join(root, 'ps/Collector', name);

const withLines: Question = { ...everything, details: new Set([...everything.details, 'commandLine']) };

async function factsOf(text: string | Buffer, question: Question): Promise<Facts> {
  const file = join(folder, 'collection.txt');
  writeFileSync(file, text);
  return (await readFacts([file]))(question);
}

// ---- Linux

const shells: readonly (readonly string[])[] = [['sh'], ['busybox', 'sh']];
const listeners: Server[] = [];
test.before(async () => {
  for (const address of ['127.0.0.1', '::1', '0.0.0.0']) {
    const server = createServer().listen(0, address);
    await once(server, 'listening');
    listeners.push(server);
  }
});
test.after(() => listeners.forEach((server) => server.close()));

/** What both can know of the listeners of this process, and of it. */
function ownFacts({ machine, sections }: Facts) {
  const ports = new Set(listeners.map((server) => (server.address() as AddressInfo).port));
  return {
    machine,
    sockets: sections.sockets.data.filter(({ localPort, state }) => ports.has(localPort) && state === 'Listen').sort((a, b) => a.localPort - b.localPort),
    process: sections.processes.data
      .filter(({ pid }) => pid === process.pid)
      // What runs it is told by its arguments, which are read only when they were asked for.
      .map(({ application: _, ...rest }) => rest),
    ranges: [sections.dynamicRanges.data, sections.reservedPorts.data],
    addresses: sections.addresses?.data.map(({ address }) => address).sort(),
  };
}

for (const shell of shells)
  test(`${shell.join(' ')} tells of Linux what a local look does`, async (context: TestContext) => {
    if (process.platform !== 'linux') return skip('Linux is asked', context);
    if (spawnSync(shell[0]!, ['-c', 'true']).error !== undefined) return skip(`${shell[0]} is not installed`, context);
    if (!existsSync('/usr/sbin/ip') && !existsSync('/sbin/ip') && !existsSync('/usr/bin/ip')) return skip('ip (iproute2) is not installed', context);
    const text = readFileSync(script('collect.sh'), 'utf8');
    const asked = spawnSync(shell[0]!, [...shell.slice(1), '-s'], { input: `command_lines=1\n${text}`, maxBuffer: 1e9 });
    assert.is(String(asked.stderr), '');
    assert.is(asked.status, 0);
    const [far, here] = [await factsOf(asked.stdout, withLines), await gather(linuxSource(), withLines, new Date())];
    assert.is(ownFacts(here).sockets.length, listeners.length);
    assert.equal(ownFacts(far), ownFacts(here));
    assert.match(far.sections.processes.data.find(({ pid }) => pid === process.pid)?.commandLine ?? '', /\S/);
  });

test('the collector sends no command lines unless it is asked to, and leaves nothing behind', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('Linux is asked', context);
  const empty = mkdtempSync(join(folder, 'home-'));
  const asked = spawnSync('sh', ['-s'], { input: readFileSync(script('collect.sh')), cwd: empty, env: { HOME: empty, TMPDIR: empty }, maxBuffer: 1e9 });
  const facts = await factsOf(asked.stdout, withLines);
  const own = facts.sections.processes.data.find(({ pid }) => pid === process.pid);
  assert.is(own?.commandLine, null);
  assert.equal(
    own?.refusals.map(({ field, code }) => [field, code]),
    [['CommandLine', 'NotAsked']],
  );
  assert.equal(spawnSync('ls', ['-A', empty]).stdout.toString(), '');
});

test('without gzip it is sent plain', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('Linux is asked', context);
  const text = readFileSync(script('collect.sh'), 'utf8').replaceAll('command -v gzip', 'command -v portowner-none');
  const asked = spawnSync('sh', ['-s'], { input: text, maxBuffer: 1e9 });
  assert.match(String(asked.stdout), /^#PortOwner\.Collection 1 plain\n@machine\n/);
  assert.equal(ownFacts(await factsOf(asked.stdout, everything)).sockets, ownFacts(await gather(linuxSource(), everything, new Date())).sockets);
});

test('PowerShell on Linux hands over to sh', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('Linux is asked', context);
  if (pwsh === null) return skip(noPowerShell, context);
  const call = `& '${script('Collect.ps1')}' $false (Get-Content -Raw -LiteralPath '${script('collect.sh')}')`;
  const asked = spawnSync(pwsh, [...plain, '-Command', call], { maxBuffer: 1e9 });
  assert.is(asked.status, 0, String(asked.stderr));
  assert.equal(ownFacts(await factsOf(asked.stdout, everything)).sockets, ownFacts(await gather(linuxSource(), everything, new Date())).sockets);
});

// ---- Windows, its cmdlets and tools being stand-ins

const started = filetime('2026-01-02T03:00:00.1234560Z');
const tools: Readonly<Record<string, string>> = {
  'interface ipv4 show dynamicportrange tcp': '\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n',
  'interface ipv4 show excludedportrange tcp':
    '\r\nProtocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port      \r\n----------    --------      \r\n      5357        5357      \r\n     50000       50059     *\r\n\r\n',
  'interface ipv4 show excludedportrange tcp persistent': '\r\nStart Port    End Port      \r\n----------    --------      \r\n      5357        5357      \r\n',
  'http show servicestate view=requestq verbose=yes':
    '\r\nSnapshot of HTTP service state:\r\n-----------------------------------------------------------\r\n\r\nRequest queue name: WebPool\r\n    Version: 2.0\r\n    State: Active\r\n    Number of active processes attached: 1\r\n    Processes:\r\n        ID: 4242, image: C:\\Windows\\System32\\inetsrv\\w3wp.exe\r\n    Registered URLs:\r\n        HTTP://*:80/\r\n',
};
const machineName = 'BOX';
const url = { url: 'http://*:5357/', sddl: 'D:(A;;GX;;;BU)' };

const netshText = (call: string): { bytes: Buffer; meta: { codePage: number } } | { refusal: { code: 'Failed'; text: string } } =>
  tools[call] === undefined ? { refusal: { code: 'Failed', text: `netsh.exe ${call} ended with code 1` } } : { bytes: Buffer.from(tools[call]), meta: { codePage: 65001 } };

const sockets = {
  tcp4: [
    { local: '0.0.0.0', port: 80, pid: 4, created: started },
    { local: '0.0.0.0', port: 135, pid: 900, created: started + 1n },
    { local: '10.0.0.5', port: 50123, remote: '10.0.0.9', remotePort: 443, state: 5, pid: 4242, created: started + 2n },
    { local: '10.0.0.5', port: 50124, remote: '10.0.0.9', remotePort: 443, state: 11, pid: 0 },
  ],
  tcp6: [
    { local: '::', port: 80, pid: 4, created: started },
    { local: 'fe80::1', scope: 12, port: 9000, pid: 4242, created: started + 3n },
  ],
  udp4: [{ local: '0.0.0.0', port: 500, pid: 900, created: started }],
  udp6: [{ local: '::1', port: 1900, pid: 900, created: started }],
};
const bound4 = [{ local: '127.0.0.1', port: 7777, pid: 4242 }];
const processes = [
  { pid: 4, name: 'System', created: 0n },
  { pid: 600, parent: 4, name: 'services.exe', created: started },
  { pid: 900, parent: 600, name: 'svchost.exe', created: started + 10n },
  { pid: 4242, parent: 900, name: 'wéb "1".exe', created: started + 20n },
];
const services = [
  { name: 'RpcSs', display: 'Remote, "Procedure" Call', pid: 900, type: 0x20 },
  { name: 'HTTP', display: 'HTTP Service', pid: 0, type: 0x10 },
];
const paused = services[0]!;
const unasked = { code: 'Failed', text: 'the collector did not request it' } as const;

/** Both texts behind a structure of 16 bytes, as Windows gives a URL reservation. */
function urlBytes(): { bytes: Buffer; meta: { pages: string } } {
  const head = Buffer.alloc(16);
  const [first, second] = [Buffer.from(`${url.url}\0`, 'utf16le'), Buffer.from(`${url.sddl}\0`, 'utf16le')];
  head.writeBigUInt64LE(base + 16n, 0);
  head.writeBigUInt64LE(base + 16n + BigInt(first.length), 8);
  const bytes = Buffer.concat([head, first, second]);
  return { bytes, meta: { pages: `${base.toString(16)}:${bytes.length}` } };
}

/** The machine as a local look finds it. */
function localWindows() {
  const netsh = Object.fromEntries(
    ['ipv4', 'ipv6'].flatMap((family) =>
      ['tcp', 'udp'].flatMap((protocol) => [
        [`dynamicports/${family}/${protocol}`, netshText(`interface ${family} show dynamicportrange ${protocol}`)],
        [`excludedports/${family}/${protocol}`, netshText(`interface ${family} show excludedportrange ${protocol}`)],
        [`persistentports/${family}/${protocol}`, netshText(`interface ${family} show excludedportrange ${protocol} persistent`)],
      ]),
    ),
  );
  return windows({
    machine: { name: { value: machineName }, elevated: { value: 'true' } },
    sockets,
    processes,
    services: [paused],
    details: Object.fromEntries(
      processes.map(({ pid, name }) => [pid, { path: { value: `C:\\bin\\${name}` }, user: { value: 'BOX\\ann' }, commandLine: { value: `"C:\\bin\\${name}"\n --run` } }]),
    ),
    raw: {
      ...netsh,
      bound4: { bytes: boundTable('bound4', bound4) },
      bound6: { bytes: boundTable('bound6', []) },
      drivers: { bytes: servicePage([{ name: 'srvnet', display: 'srvnet', pid: 0 }], 4096), meta: { pages: `${base.toString(16)}:4096:1` } },
      httpsys: netshText('http show servicestate view=requestq verbose=yes'),
      urlacl: urlBytes(),
      iplisten: { bytes: Buffer.alloc(8) },
      guestports: { refusal: unasked },
      portproxy: { text: JSON.stringify({ v4tov4: [['0.0.0.0/8080', '10.0.0.9/80']], v4tov6: [], v6tov4: [], v6tov6: [] }) },
      firewall: {
        text: JSON.stringify({
          local: {
            rules: [['{1}', 'v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|Name=Web "x", y|']],
            profiles: { DomainProfile: { EnableFirewall: 0 }, StandardProfile: {}, PublicProfile: {} },
          },
          group: { rules: [], profiles: {} },
        }),
      },
      addresses: { text: JSON.stringify([{ address: 'fe80::1%12', interface: 'Ethernet "2"' }]) },
    },
  });
}

/** The stand-ins: functions of full language, which a constrained session has as Windows' own cmdlets. */
function standIns(folderOf: string): string {
  const rows = {
    tcp: [
      ...[...sockets.tcp4, ...sockets.tcp6].map((row) =>
        Object.assign({ scope: 0, state: 2, remote: row.local.includes(':') ? '::' : '0.0.0.0', remotePort: 0, created: 0n }, row),
      ),
      ...bound4.map((row) => Object.assign({ scope: 0, state: 100, remote: '0.0.0.0', remotePort: 0, created: 0n }, row)),
    ].map(({ local, port, remote, remotePort, state, pid, scope, created }) => ({
      LocalAddress: scope === 0 ? local : `${local}%${scope}`,
      LocalPort: port,
      RemoteAddress: remote,
      RemotePort: remotePort,
      State: state,
      OwningProcess: pid,
      created: String(created),
    })),
    udp: [...sockets.udp4, ...sockets.udp6].map(({ local, port, pid, created }) => ({ LocalAddress: local, LocalPort: port, OwningProcess: pid, created: String(created) })),
    processes: processes.map(({ pid, parent = 0, name, created }) => ({
      ProcessId: pid,
      ParentProcessId: parent,
      Name: name,
      ExecutablePath: `C:\\bin\\${name}`,
      CommandLine: `"C:\\bin\\${name}"\n --run`,
      created: String(created),
    })),
    services: services.map(({ name, display, pid, type }) => ({
      Name: name,
      DisplayName: display,
      ProcessId: pid,
      State: pid === 0 ? 'Stopped' : 'Running',
      ServiceType: type === 0x20 ? 'Share Process' : 'Own Process',
    })),
  };
  writeFileSync(join(folderOf, 'rows.json'), JSON.stringify(rows));
  return `param($Mode, $Collector)
$global:rows = Get-Content -Raw -LiteralPath '${join(folderOf, 'rows.json')}' | ConvertFrom-Json
function Get-Row($Kind, $Date) {
    foreach ($row in $global:rows.$Kind) {
        $time = if ($row.created -ne '0') { [datetime]::FromFileTimeUtc([long]$row.created).ToLocalTime() }
        $row | Select-Object -Property *, @{ n = $Date; e = { $time } }
    }
}
function Get-CimInstance($Namespace, $ClassName, $Property, $Filter) {
    switch ($ClassName) {
        MSFT_NetTCPConnection { Get-Row tcp CreationTime }
        MSFT_NetUDPEndpoint { Get-Row udp CreationTime }
        Win32_Process { Get-Row processes CreationDate }
        Win32_Service { $global:rows.services }
        Win32_SystemDriver { [pscustomobject]@{ Name = 'srvnet'; DisplayName = 'srvnet'; State = 'Running' } }
        MSFT_NetIPAddress { [pscustomobject]@{ IPAddress = 'fe80::1%12'; InterfaceAlias = 'Ethernet "2"' } }
    }
}
function Get-Process([switch] $IncludeUserName) {
    foreach ($row in $global:rows.processes) { [pscustomobject]@{ Id = $row.ProcessId; UserName = 'BOX\\ann' } }
}
$global:registry = @{
    'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion' = @{ CurrentBuild = '26100'; CurrentMajorVersionNumber = 10; CurrentMinorVersionNumber = 0 }
    'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\v4tov4\\tcp' = @{ '0.0.0.0/8080' = '10.0.0.9/80'; PSPath = 'x' }
    'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules' = @{ '{1}' = 'v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|Name=Web "x", y|' }
    'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\DomainProfile' = @{ EnableFirewall = 0; Comment = 'text' }
}
function Test-Path($LiteralPath) { $global:registry.ContainsKey($LiteralPath) }
function Get-ItemProperty($LiteralPath) { [pscustomobject]$global:registry[$LiteralPath] }
# A culture that writes dates and numbers in its own way.
[cultureinfo]::CurrentCulture = 'fa-IR'
$ExecutionContext.SessionState.LanguageMode = $Mode
& $Collector $true ''
`;
}

for (const mode of ['FullLanguage', 'ConstrainedLanguage'])
  test(`Windows in ${mode} tells what a local look does`, async (context: TestContext) => {
    if (process.platform === 'win32') return skip('Windows has cmdlets of its own', context);
    if (pwsh === null) return skip(noPowerShell, context);
    const own = mkdtempSync(join(folder, 'windows-'));
    const system = join(own, 'System32');
    mkdirSync(system);
    const tool = (name: string, text: string): void => {
      writeFileSync(join(system, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(system, name), 0o755);
    };
    const cases = Object.entries({
      ...tools,
      'http show urlacl': `\r\n    Reserved URL            : ${url.url} \r\n        User: BUILTIN\\Users\r\n            SDDL: ${url.sddl}\r\n`,
      'http show iplisten': '\r\nIP addresses present in the IP listen list:\r\n',
    });
    tool(
      'netsh.exe',
      `case "$*" in\n${cases.map(([call, text], index) => (writeFileSync(join(own, `${index}.txt`), text), `'${call}') cat '${join(own, `${index}.txt`)}' ;;`)).join('\n')}\n*) exit 1 ;;\nesac`,
    );
    tool('whoami.exe', `echo '"Mandatory Label\\High Mandatory Level","Label","S-1-16-12288",""'`);
    tool('chcp.com', 'echo "Active code page: 65001"');
    const file = join(own, 'run.ps1');
    writeFileSync(file, standIns(own));
    const asked = spawnSync(pwsh, [...plain, '-File', file, mode, script('Collect.ps1')], {
      env: { ...process.env, SystemRoot: own, COMPUTERNAME: machineName, PROCESSOR_ARCHITECTURE: 'AMD64' },
      maxBuffer: 1e9,
    });
    assert.is(asked.status, 0, String(asked.stderr));
    assert.match(String(asked.stdout), mode === 'FullLanguage' ? /^#PortOwner\.Collection 1 gzip\n/ : /^#PortOwner\.Collection 1 plain 65001\n/);
    const withoutInstants = (facts: Facts) => ({
      machine: facts.machine,
      sections: JSON.parse(JSON.stringify(facts.sections, (key, value: unknown) => (key === 'at' ? undefined : value))) as unknown,
    });
    const [far, here] = [await factsOf(asked.stdout, withLines), await gather(localWindows(), withLines, new Date())];
    assert.equal(withoutInstants(far), withoutInstants(here));
    assert.ok(here.sections.httpQueues !== undefined && here.sections.processes.data.length > 0);
  });

test.run();
