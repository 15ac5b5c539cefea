// The collector on Windows: in real PowerShell whose cmdlets and tools are stand-ins, in both language modes, and in Windows'
// own PowerShell under Wine. What it sends is decoded to the facts that a local look at the same machine gives.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { gather } from '../../src/facts/gather/gather.ts';
import type { Facts } from '../../src/facts/model/facts.ts';
import { everything, type Question } from '../../src/facts/model/question.ts';
import { readFacts } from '../../src/facts/read/read.ts';
import { collectorInput, powershellCommand } from '../../src/facts/remote/call.ts';
import { windowsPowerShell } from '../layers/windows-module.ts';
import { wine } from '../support/build-machine.ts';
import { run } from '../support/harness.ts';
import { noPowerShell, plain, pwsh } from '../support/powershell.ts';
import { jsonRows } from '../support/program.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { facts as someFacts, socket } from '../support/example.ts';
import { base, boundTable, filetime, servicePage, windows } from '../support/windows-raw.ts';

const test = suite('the collector on Windows');
const folder = mkdtempSync(join(tmpdir(), 'portowner-collector-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const script = (name: string): string => join(root, 'ps/Collector', name);

const withLines: Question = { ...everything, details: new Set([...everything.details, 'commandLine']) };

/** What a collector sent, as a file. */
function collectionFile(text: string | Buffer): string {
  const file = join(mkdtempSync(join(folder, 'sent-')), 'collection.txt');
  writeFileSync(file, text);
  return file;
}

const factsOf = async (text: string | Buffer, question: Question): Promise<Facts> => (await readFacts([collectionFile(text)]))(question);

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
  tools[call] === undefined ? { refusal: { code: 'Failed', text: `netsh.exe ${call} ended with exit code 1` } } : { bytes: Buffer.from(tools[call]), meta: { codePage: 65001 } };

const sockets = {
  tcp4: [
    { local: '0.0.0.0', port: 80, pid: 4, created: started },
    { local: '0.0.0.0', port: 135, pid: 900, created: started + 1n },
    { local: '10.0.0.5', port: 50010, pid: 4242, created: started + 1n },
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
      guestports: { refusal: { code: 'NotSupported', text: 'there is no host network service' } },
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
function standIns(folderOf: string, { cim, accounts, descriptor }: Required<Session>): string {
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
  return `param($Mode, $Collector, $FactsVersion, $Calls, $Version, $Text)
$global:rows = Get-Content -Raw -LiteralPath '${join(folderOf, 'rows.json')}' | ConvertFrom-Json
function Get-Row($Kind, $Date) {
    foreach ($row in $global:rows.$Kind) {
        $time = if ($row.created -ne '0') { [datetime]::FromFileTimeUtc([long]$row.created).ToLocalTime() }
        $row | Select-Object -Property *, @{ n = $Date; e = { $time } }
    }
}
function Get-CimInstance($Namespace, $ClassName, $Property, $Filter) {
    if ($${cim}) { Write-Error -Message 'Access denied' -Category PermissionDenied -ErrorAction Stop }
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
    if ($IncludeUserName -and $${accounts}) { throw "The 'IncludeUserName' parameter requires elevated user rights." }
    foreach ($row in $global:rows.processes) { [pscustomobject]@{ Id = $row.ProcessId; ProcessName = $row.Name -replace '\\.exe$'; UserName = 'BOX\\ann' } }
}
$global:registry = @{
    'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion' = @{ ProgramFilesDir = '${folderOf} (x86)'; ProgramW6432Dir = '${folderOf}' }
    'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion' = @{ CurrentBuild = '26100'; CurrentMajorVersionNumber = 10; CurrentMinorVersionNumber = 0; SystemRoot = '${folderOf}' }
    'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\v4tov4\\tcp' = @{ '0.0.0.0/8080' = '10.0.0.9/80'; PSPath = 'x' }
    'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules' = @{ '{1}' = 'v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|Name=Web "x", y|' }
    'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\DomainProfile' = @{ EnableFirewall = 0; Comment = 'text' }
}
function Test-Path($LiteralPath) { $global:registry.ContainsKey($LiteralPath) }
function Get-ItemProperty($LiteralPath) { [pscustomobject]$global:registry[$LiteralPath] }
function Get-Acl($LiteralPath) { [pscustomobject]@{ Sddl = '${descriptor}' } }
# A culture that writes dates and numbers in its own way.
[cultureinfo]::CurrentCulture = 'fa-IR'
$ExecutionContext.SessionState.LanguageMode = $Mode
& $Collector $true '' $FactsVersion $Calls $Version $Text
`;
}

interface Session {
  /** Classes of CIM that nobody may ask. */
  readonly cim?: boolean;
  /** Whether the accounts of processes are refused. */
  readonly accounts?: boolean;
  /** The security descriptor of every file and folder. */
  readonly descriptor?: string;
  /** A shell script in place of a deployed portowner. */
  readonly program?: string;
  /** What a portowner there is asked, in PowerShell. */
  readonly asked?: string;
}

const modes = ['FullLanguage', 'ConstrainedLanguage'] as const;
const installer = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464';
/** The descriptor of C:\\Program Files. */
const closed = `O:${installer}G:${installer}D:PAI(A;OICIIO;GA;;;CO)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;BA)(A;;0x1301bf;;;BA)(A;OICIIO;GXGR;;;BU)(A;;0x1200a9;;;BU)(A;CIIO;GA;;;${installer})(A;;FA;;;${installer})(A;;0x1200a9;;;AC)(A;OICIIO;GXGR;;;AC)`;
const cannot = (context: TestContext): boolean => {
  if (process.platform === 'win32') skip('Windows has cmdlets of its own', context);
  else if (pwsh === null) skip(noPowerShell, context);
  else return false;
  return true;
};

const netstat = `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
${[...sockets.tcp4.slice(0, 2), ...sockets.tcp6].map(({ local, port, pid }) => `  TCP    ${local.includes(':') ? `[${local}]` : local}:${port}   ${local.includes(':') ? '[::]' : '0.0.0.0'}:0   LISTENING   ${pid}`).join('\r\n')}
  TCP    127.0.0.1:7777         0.0.0.0:0              BOUND           4242
  UDP    0.0.0.0:500            *:*                                    900
`;

/** Runs the collector in a session whose cmdlets and tools are stand-ins. */
function collect(mode: (typeof modes)[number], { cim = false, accounts = false, descriptor = closed, program, asked: question = '' }: Session = {}): Buffer {
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
  writeFileSync(join(own, 'netstat.txt'), netstat);
  tool('netstat.exe', `[ "$1" = -anoq ] && cat '${join(own, 'netstat.txt')}'`);
  const file = join(own, 'run.ps1');
  // This PowerShell is for Linux.
  const collector = join(own, 'Collect.ps1');
  const text = readFileSync(script('Collect.ps1'), 'utf8');
  const onWindows = text.replace(/^\$onWindows = .*$/m, '$onWindows = $$true');
  assert.is.not(onWindows, text);
  writeFileSync(collector, onWindows);
  writeFileSync(file, standIns(own, { cim, accounts, descriptor, program: '', asked: '' }));
  const deployed = join(own, 'PortOwner/Deployed');
  mkdirSync(deployed, { recursive: true });
  if (program !== undefined) writeFileSync(join(deployed, 'portowner.exe'), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
  const asked = spawnSync(pwsh!, [...plain, '-Command', `& '${file}' ${mode} '${collector}' ${question}`], {
    cwd: own,
    env: { ...process.env, SystemRoot: '/nowhere', COMPUTERNAME: machineName, PROCESSOR_ARCHITECTURE: 'AMD64', TMPDIR: own },
    maxBuffer: 1e9,
    timeout: 120_000,
  });
  assert.is(asked.status, 0, String(asked.stderr));
  assert.is(String(asked.stderr), '');
  return asked.stdout;
}

for (const mode of modes) {
  test(`${mode}: it tells what a local look does`, async (context: TestContext) => {
    if (cannot(context)) return;
    const sent = collect(mode);
    assert.match(String(sent), mode === 'FullLanguage' ? /^#PortOwner\.Collection 1 gzip\n/ : /^#PortOwner\.Collection 1 plain 65001\n/);
    const withoutInstants = (facts: Facts) => ({
      machine: facts.machine,
      sections: JSON.parse(JSON.stringify(facts.sections, (key, value: unknown) => (key === 'at' ? undefined : value))) as unknown,
    });
    const [far, here] = [await factsOf(sent, withLines), await gather(localWindows(), withLines, new Date())];
    assert.equal(withoutInstants(far), withoutInstants(here));
    const file = collectionFile(sent);
    const owners = async (...args: string[]) => jsonRows((await run([...args, '--from', file, '--format', 'json'])).out).map(({ OwnerKind, Owner }) => [OwnerKind, Owner]);
    assert.equal((await owners('80'))[0], ['HttpSys', 'HTTP.sys: WebPool (wéb "1".exe 4242)']);
    assert.equal(await owners('135'), [['Service', 'RpcSs (svchost.exe 900)']]);
    assert.match((await run(['why', '50020', '--from', file])).out, /excluded/i);
    assert.is((await run(['why', '50070', '--from', file])).code, 69);
    const conflicts = JSON.parse((await run(['conflicts', '--from', file, '--format', 'json'])).out) as { Kind: string; Port: number }[];
    assert.equal(
      conflicts.map(({ Kind, Port }) => `${Kind} ${Port}`),
      ['ListenerInExcludedRange 50010'],
    );
    assert.is((await run(['free', '50000-50099', '--from', file])).out, '');
  });

  test(`${mode}: where CIM is refused, netstat and the names of processes are sent, and what is missing has its reason`, async (context: TestContext) => {
    if (cannot(context)) return;
    const { sections } = await factsOf(collect(mode, { cim: true, accounts: true }), everything);
    assert.equal(
      sections.sockets.data.map(({ protocol, localAddress, localPort, state, pid }) => [protocol, localAddress, localPort, state, pid]),
      [
        ['TCP', '0.0.0.0', 80, 'Listen', 4],
        ['TCP', '0.0.0.0', 135, 'Listen', 900],
        ['TCP', '::', 80, 'Listen', 4],
        ['TCP', 'fe80::1', 9000, 'Listen', 4242],
        ['UDP', '0.0.0.0', 500, null, 900],
        ['TCP', '127.0.0.1', 7777, 'Bound', 4242],
      ],
    );
    const web = sections.processes.data.find(({ pid }) => pid === 4242);
    assert.is(web?.imageName, 'wéb "1".exe');
    const reasons = new Map(web?.refusals.map(({ field, code, text }) => [field, `${code}: ${text}`]));
    assert.match(reasons.get('Path') ?? '', /^Failed: the collector was refused Win32_Process: Access denied/);
    assert.match(reasons.get('UserName') ?? '', /elevated user rights/);
    assert.match(sections.services.reason ?? '', 'Access denied');
  });
}

for (const mode of modes) {
  const snapshot = JSON.stringify(someFacts([socket({ localPort: 8443, pid: 4242 })]));
  const program = (text = snapshot): string => `[ "$1" = snapshot ] && printf '%s\\n' '${text}'`;

  test(`${mode}: a portowner that only administrators can change answers with its snapshot`, async (context: TestContext) => {
    if (cannot(context)) return;
    const sent = collect(mode, { program: program(), asked: '1' });
    assert.match(String(sent), /^#PortOwner\.Way used [^\n]*portowner\.exe\n#PortOwner\.Collection 1 /);
    assert.equal((await factsOf(sent, everything)).sections, JSON.parse(snapshot).sections);
  });

  for (const [what, session, why] of [
    ['others can change', { descriptor: closed.replace('0x1200a9;;;BU', '0x1301bf;;;BU'), program: program() }, 'others than administrators can write to .*portowner\\.exe'],
    ['has other facts', { program: program(snapshot.replace('"formatVersion":1', '"formatVersion":2')) }, 'its snapshot does not have format version 1'],
    ['fails', { program: 'exit 70' }, 'portowner snapshot ended with exit code 70'],
  ] as const)
    test(`${mode}: a portowner that ${what} is ignored, and the collector answers`, async (context: TestContext) => {
      if (cannot(context)) return;
      const sent = collect(mode, { ...session, asked: '1' });
      assert.match(String(sent), new RegExp(`^#PortOwner\\.Way ignored [^\\n]*portowner\\.exe: ${why}`));
      assert.is((await factsOf(sent, everything)).machine.name, machineName);
    });

  test(`${mode}: calls are answered there, with their input`, (context: TestContext) => {
    if (cannot(context)) return;
    const session = {
      program: `case "$1" in --version) echo 'portowner 1.0';; *) printf '%s;' "$@"; cat; exit 1;; esac`,
      asked: '0 @("why`t80", "why`t--a b") \'portowner 1.0\' \'a text\'',
    };
    const lines = String(collect(mode, session)).split('\n');
    assert.equal(lines.slice(1), ['#PortOwner.Answer 1', '@answer', ' why;80;a text', '@answer', ' why;--a b;a text', '#End', '']);
    assert.match(
      String(collect(mode, { ...session, asked: "0 why 'portowner 2.0'" })),
      /^#PortOwner\.Way ignored [^\n]*: it is not version portowner 2\.0\n#PortOwner\.Collection/,
    );
  });
}

const descriptors: readonly (readonly [descriptor: string, above: boolean, open: RegExp | null])[] = [
  [closed, false, null],
  // C:\\ of Windows 11, where everybody may add folders.
  ['O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464D:PAI(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)', true, null],
  ['O:BAD:(A;;LC;;;AU)', false, /LC of AU/],
  ['O:SYG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FRFX;;;BU)S:AI(AU;SAFA;FA;;;WD)', false, null],
  ['O:BAD:(D;;FA;;;WD)(A;;FA;;;BA)', false, null],
  ['O:BAD:', false, null],
  ['O:S-1-5-21-1-2-3-1001D:(A;;FA;;;BA)', false, /owner S-1-5-21-1-2-3-1001/],
  ['O:BAD:(A;;FA;;;WD)', false, /FA of WD/],
  ['O:BAD:(A;;FR;;;WD)(A;;FW;;;S-1-5-21-1-2-3-1001)', false, /FW of S-1-5-21/],
  // Deleting, renaming, permissions, owner, attributes: also of a folder above.
  ...['SD', 'DT', 'WD', 'WO', 'GA', 'GW', 'DC', '0x10000', '0x40', '0x40000', '0x80000', '0x2', '0x100', '0x10', '0xa0000000', 'FRSD', '-1'].map(
    (rights) => [`O:BAD:(A;;${rights};;;BU)`, true, /rights/] as const,
  ),
  ['O:BAD:(A;CIIO;FA;;;CO)', false, null],
  ['O:BAD:(A;;FA;;;CO)', false, /FA of CO/],
  // What has a condition, or is not understood.
  ['O:BAD:(XA;;FX;;;WD;(@User.a == 1))', false, /not readable/],
  ['O:BAD:(OA;;CC;;;WD)', false, /CC of WD/],
  ['O:BAD:NO_ACCESS_CONTROL', false, /not readable/],
  ['O:BAG:BA', false, /not readable/],
  ['', false, /not readable/],
];
for (const mode of modes)
  test(`${mode}: a security descriptor tells whether others than administrators can change something`, (context: TestContext) => {
    if (cannot(context)) return;
    const call = `
      $ast = [System.Management.Automation.Language.Parser]::ParseFile('${script('Collect.ps1')}', [ref] $null, [ref] $null)
      $text = $ast.Find({ $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] -and $args[0].Name -eq 'Get-OpenRight' }, $true).Extent.Text
      $ExecutionContext.SessionState.LanguageMode = '${mode}'
      Invoke-Expression $text
      ${descriptors.map(([descriptor, above]) => `"=$(Get-OpenRight '${descriptor}' $${String(above)})"`).join('\n')}`;
    const { stdout, stderr } = spawnSync(pwsh!, [...plain, '-Command', call], { encoding: 'utf8' });
    assert.is(stderr, '');
    const told = stdout.trim().split('\n');
    assert.is(told.length, descriptors.length);
    for (const [index, [descriptor, , open]] of descriptors.entries()) {
      if (open === null) assert.is(told[index], '=', descriptor);
      else assert.match(told[index]!, open, descriptor);
    }
  });

test('it knows no more than Windows PowerShell 5.1, and nothing that writes, loads or connects', (context: TestContext) => {
  if (cannot(context)) return;
  const check = `
    $errors = $null
    $tokens = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseFile('${script('Collect.ps1')}', [ref] $tokens, [ref] $errors)
    $new = 'TernaryExpressionAst', 'PipelineChainAst'
    @{
      errors = @($errors | ForEach-Object Message)
      syntax = @($ast.FindAll({ $args[0].GetType().Name -in $new }, $true) | ForEach-Object Extent | ForEach-Object Text) + @($tokens | Where-Object { "$($_.Kind)" -match '^Question|^AndAnd$|^OrOr$|^Clean$' } | ForEach-Object Text)
      commands = @($ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true) | ForEach-Object {
        @{ name = $_.GetCommandName(); parameters = @($_.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] } | ForEach-Object ParameterName) }
      })
      functions = @($ast.FindAll({ $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] }, $true) | ForEach-Object Name)
      types = @($ast.FindAll({ $args[0] -is [System.Management.Automation.Language.TypeExpressionAst] }, $true) | ForEach-Object { $_.TypeName.FullName } | Sort-Object -Unique)
    } | ConvertTo-Json -Depth 5 -Compress`;
  const { status, stdout, stderr } = spawnSync(pwsh!, [...plain, '-Command', check], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  interface Found {
    readonly errors: string[];
    readonly syntax: string[];
    readonly commands: { readonly name: string | null; readonly parameters: string[] }[];
    readonly functions: string[];
    readonly types: string[];
  }
  const found = JSON.parse(stdout) as Found;
  assert.equal([found.errors, found.syntax], [[], []]);
  // With these parameters they are in 5.1; none of them changes anything.
  const known: Readonly<Record<string, readonly string[]>> = {
    'Get-CimInstance': ['Namespace', 'ClassName', 'Property', 'Filter'],
    'Get-Process': ['IncludeUserName'],
    'Get-ItemProperty': ['LiteralPath'],
    'Test-Path': ['LiteralPath'],
    'Get-Date': [],
    'Get-Item': ['LiteralPath', 'Force', 'ErrorAction'],
    'Get-ChildItem': ['LiteralPath', 'Directory', 'ErrorAction'],
    'Get-Acl': ['LiteralPath'],
    'Get-Variable': ['Name', 'ValueOnly'],
    'New-Object': ['TypeName', 'ArgumentList'],
    'Set-StrictMode': ['Off'],
    '/bin/sh': ['c'],
  };
  for (const { name, parameters } of found.commands) {
    // The system's own tools are called by their paths, and functions of its own by their names.
    if (name === null || found.functions.includes(name)) continue;
    assert.ok(Object.hasOwn(known, name), name);
    for (const parameter of parameters) assert.ok(known[name]!.includes(parameter), `${name} -${parameter}`);
  }
  // A constrained session knows none of them, and is not led there.
  assert.equal(found.types, ['System.Convert', 'System.IO.Compression.CompressionMode', 'System.Text.Encoding']);
});

test("Windows' own PowerShell, by the command that ssh gives it", async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('it is started under Wine', context);
  const [runner, program] = [wine(), windowsPowerShell()];
  if (runner === null) return skip('Wine is not installed (.ci/wine-setup)', context);
  if (program === undefined) return skip("Windows' PowerShell is not installed (.ci/windows-powershell-setup)", context);
  const [file, ...args] = [...runner, program, ...powershellCommand.split(' ').slice(1)] as [string, ...string[]];
  const { status, stdout, stderr } = spawnSync(file, args, { input: collectorInput({ commandLines: false, snapshot: true, seconds: 60 }), maxBuffer: 1e9, timeout: 120_000 });
  assert.is(status, 0, String(stderr));
  const { machine, sections } = await factsOf(stdout, everything);
  assert.equal([machine.platform, machine.architecture], ['win32', 'x64']);
  assert.match(machine.release, /^10\.0\.\d+$/);
  // Wine has no CIM: that is said, and nothing is taken for free.
  assert.is(sections.sockets.status, 'failed');
  assert.match(sections.sockets.reason ?? '', 'Microsoft.Management.Infrastructure');
  const names = sections.processes.data.length > 0 ? sections.processes.data : null;
  assert.is(names, null, 'no socket was seen, so that no process is asked for');
  const text = gunzipSync(
    Buffer.from(
      String(stdout)
        .split(/\r?\n/)
        .filter((line) => !line.startsWith('#'))
        .join(''),
      'base64',
    ),
  ).toString();
  // Registry, processes and their accounts are real there.
  assert.match(text, /\n@processes\n(?: \d+,"[^\n]*\n)* \d+,"services","[^"\n]*services\.exe",\d{18}\n/);
  assert.match(text, /\n@accounts\n \d+,"[^"\n]+\\[^"\n]+"\n/);
  assert.match(text, /\n@firewall\n/);
  assert.not.match(text, /\n!Failed [^\n]*(?:is not recognized|cannot be found|Cannot find)/);
});

test.run();
