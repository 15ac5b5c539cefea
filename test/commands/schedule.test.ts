import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { storeRun } from '../../src/audit/store/sqlite-write.ts';
import { taskText } from '../../src/facts/decode/windows-text.ts';
import { messageFile } from '../../src/schedule/install.ts';
import type { Scheduler } from '../../src/system/scheduler.ts';
import { checkTask } from '../../src/schedule/task-rules.ts';
import type { AuditTaskRow } from '../../src/schema/task.ts';
import { writeDamagedStore } from '../support/damaged.ts';
import { ace } from '../support/descriptor-bytes.ts';
import { fakeLinux, fakeWindows, gmsaSid, safe } from '../support/schedule-fake.ts';
import { run, temporaryFolder } from '../support/harness.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('portowner schedule');

interface Answer {
  readonly code: number;
  readonly row: AuditTaskRow | undefined;
  readonly problems: readonly { readonly Code: string; readonly Severity: string; readonly Message: string; readonly Hint: string | null }[];
}

async function schedule(scheduler: Scheduler, ...args: string[]): Promise<Answer> {
  const { code, out, err } = await run(['schedule', ...args, '--format', 'json', '--problems', 'rows'], { scheduler });
  assert.is(err, '');
  const items = JSON.parse(out) as (AuditTaskRow & Answer['problems'][number])[];
  return { code, row: items.find((item) => item.Severity === undefined), problems: items.filter((item) => item.Severity !== undefined) };
}

const codes = ({ problems }: Answer): string[] => problems.map(({ Code }) => Code);
const baseline = ['--baseline', 'C:\\Audit\\baseline.yaml'];
const name = 'PortOwner audit';

test('installing makes the folder for administrators and a task that Task Scheduler takes; again, it updates', async () => {
  const scheduler = fakeWindows();
  const first = await schedule(scheduler, 'install', ...baseline);
  assert.equal([first.code, codes(first), first.row?.State, first.row?.UserName, first.row?.EventSource], [0, [], 'Installed', 'SYSTEM', false]);
  assert.equal(scheduler.made, [{ path: 'C:\\ProgramData\\PortOwner', sid: null }]);
  const { flaws, concerns, facts } = checkTask(scheduler.tasks.get(name)!);
  assert.equal([flaws, concerns], [[], []]);
  assert.is(facts?.arguments, 'audit --baseline C:\\Audit\\baseline.yaml --store C:\\ProgramData\\PortOwner\\audits.db');
  const second = await schedule(scheduler, 'install', ...baseline, '--at', '4:30', '--keep', '400');
  assert.equal([second.code, second.row?.State, second.row?.TimeOfDay, scheduler.made.length, scheduler.tasks.size], [0, 'Updated', '04:30', 1, 1]);
  assert.is(checkTask(scheduler.tasks.get(name)!).facts?.time, '04:30');
});

test('the event source comes and goes with the task', async () => {
  const scheduler = fakeWindows();
  const { row } = await schedule(scheduler, 'install', ...baseline, '--event-log');
  assert.is(row?.EventSource, true);
  assert.equal([...scheduler.sources], [['PortOwner', messageFile]]);
  const removed = await schedule(scheduler, 'remove');
  assert.equal([removed.code, removed.row?.State, scheduler.tasks.size, scheduler.sources.size], [0, 'Removed', 0, 0]);
});

test('the event source stays for another task of PortOwner, and where that cannot be told', async () => {
  const scheduler = fakeWindows();
  await schedule(scheduler, 'install', ...baseline, '--event-log');
  await schedule(scheduler, 'install', ...baseline, '--event-log', '--name', 'B');
  scheduler.tasks.set('Updates', '<Task><Actions><Exec><Command>C:\\other.exe</Command></Exec></Actions></Task>');
  const first = await schedule(scheduler, 'remove');
  assert.equal([first.code, codes(first), first.row?.EventSource, scheduler.sources.size], [0, [], true, 1]);
  const blind = await schedule({ ...scheduler, definitions: () => null }, 'remove', '--name', 'B');
  assert.equal([blind.code, codes(blind), blind.row?.EventSource, scheduler.sources.size], [0, ['PO5006'], true, 1]);
  assert.match(blind.problems[0]!.Message, /the event source PortOwner was kept/);
  await schedule(scheduler, 'install', ...baseline, '--name', 'B');
  const last = await schedule(scheduler, 'remove', '--name', 'B');
  assert.equal([last.code, codes(last), last.row?.EventSource, scheduler.sources.size], [0, [], false, 0]);
});

test("another program's event source stays as it is", async () => {
  const scheduler = fakeWindows();
  scheduler.sources.set('PortOwner', 'C:\\other.dll');
  assert.equal(codes(await schedule(scheduler, 'install', ...baseline, '--event-log')), ['PO5006']);
  await schedule(scheduler, 'remove');
  assert.equal([...scheduler.sources], [['PortOwner', 'C:\\other.dll']]);
});

test('removing what is not there says so', async () => {
  for (const scheduler of [fakeWindows(), fakeLinux()]) {
    const answer = await schedule(scheduler, 'remove');
    assert.equal([answer.code, codes(answer), answer.row], [1, ['PO5003'], undefined]);
  }
});

test('it takes more rights than most have', async () => {
  for (const scheduler of [fakeWindows({ mayInstall: false }), fakeLinux({ mayInstall: false })]) {
    const paths = scheduler.platform === 'win32' ? baseline : ['--baseline', '/etc/portowner/baseline.yaml'];
    assert.equal(await schedule(scheduler, 'install', ...paths).then((answer) => [answer.code, codes(answer)]), [77, ['PO5001']]);
    assert.equal(await schedule(scheduler, 'remove').then((answer) => [answer.code, codes(answer)]), [77, ['PO5001']]);
  }
});

const usersWrite = ace({ sid: 'S-1-5-32-545', mask: 0x1301bf, flags: 3 });
const unsafe: [what: string, path: string, says: RegExp][] = [
  ['the executable', 'C:\\Program Files\\PortOwner\\portowner.exe', /the executable: .*portowner\.exe: BUILTIN\\Users could change the file/],
  ['the folder of the executable', 'C:\\Program Files\\PortOwner', /Users could change the contents of the folder/],
  ['a folder above', 'C:\\Audit', /the baseline: C:\\Audit: BUILTIN\\Users could change the contents of the folder/],
  ['the baseline', 'C:\\Audit\\baseline.yaml', /the baseline: .*Users could change the file/],
];
for (const [what, path, says] of unsafe) {
  test(`users may not be able to write ${what}`, async () => {
    const scheduler = fakeWindows();
    scheduler.files.set(path, safe(scheduler.files.get(path)!.standing, [usersWrite]));
    const answer = await schedule(scheduler, 'install', ...baseline);
    assert.equal([answer.code, codes(answer), scheduler.tasks.size, scheduler.made.length], [1, ['PO5002'], 0, 0]);
    assert.match(answer.problems[0]!.Message, says);
  });
}

test('a data folder that a user made before is refused', async () => {
  const scheduler = fakeWindows();
  scheduler.files.set('C:\\ProgramData\\PortOwner', safe('folder', [usersWrite]));
  const answer = await schedule(scheduler, 'install', ...baseline);
  assert.equal([answer.code, codes(answer), scheduler.tasks.size], [1, ['PO5002'], 0]);
  assert.match(answer.problems[0]!.Message, /the audit folder/);
  assert.match(answer.problems[0]!.Hint!, /icacls "C:\\ProgramData\\PortOwner" \/reset, then icacls "C:\\ProgramData\\PortOwner" \/inheritance:r /);
});

test('a baseline that belongs into the data folder finds it made', async () => {
  const scheduler = fakeWindows();
  const path = 'C:\\ProgramData\\PortOwner\\baseline.yaml';
  assert.equal(codes(await schedule(scheduler, 'install', '--baseline', path)), ['PO5004']);
  assert.is(scheduler.made.length, 1);
  scheduler.files.set(path, safe('file'));
  assert.equal(codes(await schedule(scheduler, 'install', '--baseline', path)), []);
});

test('the module around the executable is looked at, too', async () => {
  const scheduler = fakeWindows({ executable: 'C:\\Program Files\\PortOwner\\bin\\portowner.exe' });
  scheduler.files.set('C:\\Program Files\\PortOwner\\bin', safe('folder'));
  scheduler.files.set('C:\\Program Files\\PortOwner\\bin\\portowner.exe', safe('file'));
  scheduler.files.set('C:\\Program Files\\PortOwner\\PortOwner.psm1', safe('file', [usersWrite]));
  const answer = await schedule(scheduler, 'install', ...baseline);
  assert.equal(codes(answer), ['PO5002']);
  assert.match(answer.problems[0]!.Message, /^the module: /);
});

test('links, other machines and missing files are refused', async () => {
  const scheduler = fakeWindows();
  scheduler.files.set('C:\\Audit\\policy.yaml', { standing: 'link', access: null, refusal: null });
  assert.equal(codes(await schedule(scheduler, 'install', '--policy', 'C:\\Audit\\policy.yaml')), ['PO5002']);
  assert.equal(codes(await schedule(scheduler, 'install', ...baseline, '--report', '\\\\server\\share\\r.csv')), ['PO5002']);
  assert.equal(codes(await schedule(scheduler, 'install', ...baseline, '--store', 'X:\\a.db')), ['PO5002']);
  const answer = await schedule(scheduler, 'install', '--baseline', 'C:\\Audit\\none.yaml');
  assert.equal([answer.code, codes(answer)], [64, ['PO5004']]);
  assert.is(scheduler.tasks.size, 0);
});

test('a gMSA is registered by cmdlets, and what it lacks is named', async () => {
  const scheduler = fakeWindows();
  const answer = await schedule(scheduler, 'install', ...baseline, '--account', 'CORP\\audit$');
  assert.equal([answer.code, answer.row?.UserName, scheduler.tasks.size, scheduler.scripts.length], [0, 'CORP\\audit$', 0, 1]);
  assert.equal(scheduler.made, [{ path: 'C:\\ProgramData\\PortOwner', sid: gmsaSid }]);
  assert.equal(
    answer.problems.map(({ Severity, Message }) => [Severity, Message]),
    [['Warning', 'CORP\\audit$ itself does not have the right to log on as a batch job; whether a group grants it is unknown here']],
  );
  const granted = await schedule(fakeWindows({ rights: ['SeBatchLogonRight'] }), 'install', ...baseline, '--account', 'CORP\\audit$');
  assert.equal(codes(granted), []);
  const forbidden = await schedule(fakeWindows({ rights: ['SeBatchLogonRight', 'SeDenyBatchLogonRight'] }), 'install', ...baseline, '--account', 'CORP\\audit$');
  assert.match(forbidden.problems[0]!.Message, /denied the right to log on as a batch job/);
});

test('rights on files that a gMSA lacks are named, with what gives them', async () => {
  const scheduler = fakeWindows({ rights: ['SeBatchLogonRight'] });
  scheduler.files.set('C:\\Reports', safe('folder'));
  const { code, problems } = await schedule(scheduler, 'install', ...baseline, '--account', 'CORP\\audit$', '--report', 'C:\\Reports\\a.csv');
  assert.is(code, 0);
  assert.equal(
    problems.map(({ Message, Hint }) => [Message, Hint]),
    [['CORP\\audit$ cannot write to C:\\Reports, unless one of its groups allows it', 'icacls "C:\\Reports" /grant "CORP\\audit$:(OI)(CI)M"']],
  );
});

test('an account that nobody knows', async () => {
  assert.equal(codes(await schedule(fakeWindows(), 'install', ...baseline, '--account', 'CORP\\other$')), ['PO5004']);
});

test('what Task Scheduler says against it is passed on', async () => {
  const answer = await schedule(fakeWindows({ said: { done: false, text: 'FEHLER: Zugriff verweigert\r\n' } }), 'install', ...baseline);
  assert.equal([answer.code, answer.problems[0]!.Code, answer.problems[0]!.Message], [69, 'PO5005', 'Task Scheduler rejected the task: FEHLER: Zugriff verweigert ']);
});

test('status reads the definition back, and holds it against what an audit needs', async () => {
  const scheduler = fakeWindows();
  const none = await schedule(scheduler, 'status');
  assert.equal([none.code, none.row?.State, none.problems], [1, 'NotInstalled', []]);
  await schedule(scheduler, 'install', ...baseline, '--at', '2:05', '--random-delay', '15', '--time-limit', '90');
  const { code, row, problems } = await schedule(scheduler, 'status');
  assert.equal([code, problems], [0, []]);
  const { State, UserName, TimeOfDay, RandomDelayMinutes, TimeLimitMinutes, StorePath, LastAudit, Reason } = row!;
  assert.equal(
    [State, UserName, TimeOfDay, RandomDelayMinutes, TimeLimitMinutes, StorePath, LastAudit],
    ['Ready', 'SYSTEM', '02:05', 15, 90, 'C:\\ProgramData\\PortOwner\\audits.db', null],
  );
  assert.equal(Reason, ['LastAudit: NotFound: no audit has been stored yet']);
  scheduler.tasks.set(
    name,
    scheduler.tasks
      .get(name)!
      .replace('<StartWhenAvailable>true', '<StartWhenAvailable>false')
      .replace(/<Enabled>true<\/Enabled>(?=\s*<\/Settings>)/, '<Enabled>false</Enabled>'),
  );
  scheduler.files.set('C:\\Audit\\baseline.yaml', safe('file', [usersWrite]));
  const changed = await schedule(scheduler, 'status');
  assert.equal([changed.row?.State, codes(changed)], ['Disabled', ['PO5006', 'PO5006', 'PO5006']]);
  assert.match(changed.row!.Reason!.join('\n'), /disabled\n.*does not run later\nthe baseline: .*Users could change the file/);
});

test('where schtasks says nothing, status says so', async () => {
  const scheduler = fakeWindows({ query: { code: 'NotSupported', text: 'schtasks /Query printed nothing' } });
  scheduler.tasks.set(name, '');
  const { code, row } = await schedule(scheduler, 'status');
  assert.equal([code, row?.State, row?.Reason], [69, 'Unknown', ['State: NotSupported: schtasks /Query printed nothing']]);
});

test('on Linux it is a service and a timer, which systemd is told of', async () => {
  const scheduler = fakeLinux();
  const args = ['--baseline', '/etc/portowner/baseline.yaml'];
  const first = await schedule(scheduler, 'install', ...args);
  assert.equal([first.code, codes(first), first.row?.State, first.row?.TaskName], [0, [], 'Installed', 'portowner-audit.timer']);
  assert.equal([...scheduler.units.keys()], ['/portowner-audit.service', '/portowner-audit.timer']);
  assert.equal(scheduler.calls, ['daemon-reload', 'enable --now portowner-audit.timer']);
  const second = await schedule(scheduler, 'install', ...args, '--at', '1:00');
  assert.equal([second.row?.State, scheduler.calls.at(-1)], ['Updated', 'restart portowner-audit.timer']);
  const status = await schedule(fakeLinuxWith(scheduler), 'status');
  assert.equal([status.code, status.row?.State, status.row?.TimeOfDay, status.row?.UserName, status.row?.TimeLimitMinutes, codes(status)], [0, 'Ready', '01:00', 'root', 60, []]);
  const removed = await schedule(scheduler, 'remove');
  assert.equal([removed.code, scheduler.units.size, scheduler.calls.slice(-2)], [0, 0, ['disable --now portowner-audit.timer', 'daemon-reload']]);
});

/** The same machine, whose timer runs. */
function fakeLinuxWith(scheduler: ReturnType<typeof fakeLinux>, text = 'NeedDaemonReload=no\nActiveState=active\nUnitFileState=enabled'): Scheduler {
  return { ...scheduler, systemctl: () => ({ done: true, text }) };
}

test('on Linux status tells of settings because of which nights go by', async () => {
  const scheduler = fakeLinux();
  await schedule(scheduler, 'install', '--baseline', '/etc/portowner/baseline.yaml');
  const after = await schedule(fakeLinuxWith(scheduler, 'ActiveState=active\nUnitFileState=disabled\nNeedDaemonReload=yes'), 'status');
  assert.equal([after.code, after.row?.State, codes(after)], [0, 'Ready', ['PO5006', 'PO5006']]);
  assert.match(after.row!.Reason!.join('\n'), /not start with the machine.*\n.*older definition/);
  const [service, timer] = ['/portowner-audit.service', '/portowner-audit.timer'];
  scheduler.units.set(timer!, scheduler.units.get(timer!)!.replace('Persistent=yes\n', ''));
  scheduler.units.set(service!, scheduler.units.get(service!)!.replace(/TimeoutStartSec=.*/, 'TimeoutStartSec=infinity'));
  const edited = await schedule(fakeLinuxWith(scheduler), 'status');
  assert.match(edited.row!.Reason!.join('\n'), /^an audit that was missed because the machine was off does not run later\nit has no time limit\n/);
  assert.is((await schedule(fakeLinuxWith(scheduler, 'ActiveState=inactive\nUnitFileState=disabled'), 'status')).row?.State, 'Disabled');
});

test('what the system refuses is an error with its reason, not a defect', async () => {
  const full = {
    ...fakeLinux(),
    writeUnit: () => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' });
    },
  };
  const disk = await schedule(full, 'install', '--baseline', '/etc/portowner/baseline.yaml');
  assert.equal([disk.code, codes(disk), disk.problems[0]!.Message], [69, ['PO5005'], 'ENOSPC: no space left on device']);
  const closed = {
    ...fakeWindows(),
    makeFolder: () => {
      throw Object.assign(new Error('denied'), { refusal: { code: 'AccessDenied', text: 'CreateDirectoryW was denied' } });
    },
  };
  const denied = await schedule(closed, 'install', ...baseline);
  assert.equal([denied.code, codes(denied), denied.problems[0]!.Message], [77, ['PO5001'], 'CreateDirectoryW was denied']);
  const timer = await schedule(fakeLinux({ said: { enable: { done: false, text: 'Failed to enable unit' } } }), 'install', '--baseline', '/etc/portowner/baseline.yaml');
  assert.equal([timer.code, timer.problems[0]!.Message], [69, 'systemd did not start the timer: Failed to enable unit']);
});

test('on Linux a writable folder, a link and a user of its own are refused', async () => {
  const look = (mode: number, uid = 0) => ({ standing: 'folder' as const, refusal: null, access: { platform: 'linux' as const, uid, gid: 0, mode, list: null } });
  for (const [path, made] of [
    ['/etc/portowner', look(0o777)],
    ['/etc/portowner', look(0o755, 1000)],
    ['/usr/local', { standing: 'link' as const, access: null, refusal: null }],
  ] as const) {
    const scheduler = fakeLinux({ looks: { [path]: made } });
    const answer = await schedule(scheduler, 'install', '--baseline', '/etc/portowner/baseline.yaml');
    assert.equal([answer.code, codes(answer), scheduler.units.size], [1, ['PO5002'], 0]);
  }
});

test('without systemd the units are written, and that is told', async () => {
  const answer = await schedule(fakeLinux({ isRunning: false }), 'install', '--baseline', '/etc/portowner/baseline.yaml');
  assert.equal([answer.code, codes(answer)], [0, ['PO5006']]);
});

test('what could never work is not installed', async () => {
  const windows = (...args: string[]): [Scheduler, string[]] => {
    const scheduler = fakeWindows();
    writeFileSync(join(scheduler.contents, 'junk.yaml'), '\0junk');
    new DatabaseSync(join(scheduler.contents, 'notes.db')).exec('CREATE TABLE note (text)');
    for (const path of ['C:\\Audit\\junk.yaml', 'C:\\Audit\\notes.db', 'C:\\Audit\\none.yaml']) scheduler.files.set(path, safe('file'));
    return [scheduler, args];
  };
  const linux = (...args: string[]): [Scheduler, string[]] => [fakeLinux(), args];
  const junk = ['--baseline', 'C:\\Audit\\junk.yaml'];
  const cases: [...asked: [Scheduler, string[]], code: number, problem: string, says: RegExp][] = [
    [...windows(...baseline, '--report', 'C:\\Audit\\r.xyz'), 64, 'PO1001', /cannot tell the report format from .*r\.xyz/],
    [...windows(...junk), 69, 'PO2002', /junk\.yaml/],
    [...windows(...baseline, '--policy', 'C:\\Audit\\junk.yaml'), 69, 'PO2002', /junk\.yaml/],
    [...windows('--baseline', 'C:\\Audit\\policy.yaml'), 69, 'PO2002', /this is not a baseline/],
    [...windows('--baseline', 'C:\\Audit\\none.yaml'), 69, 'PO2001', /cannot read/],
    [...windows(...baseline, '--policy', 'c:\\audit\\BASELINE.yaml'), 64, 'PO5004', /the policy and the baseline are the same file/],
    [...windows(...baseline, '--store', 'C:\\Audit\\baseline.yaml'), 64, 'PO5004', /the store and the baseline are the same file/],
    [...windows(...baseline, '--store', 'C:\\Audit\\x.csv', '--report', 'C:\\Audit\\x.csv'), 64, 'PO5004', /a report and the store are the same file/],
    [...windows(...baseline, '--report', 'C:\\Audit\\x.csv', '--report', 'C:\\Audit\\X.csv'), 64, 'PO5004', /a report and a report are the same file/],
    [...windows(...baseline, '--store', 'C:\\Program Files\\PortOwner\\portowner.exe'), 64, 'PO5004', /the store and the executable are the same file/],
    [...windows(...baseline, '--store', 'C:\\Audit\\notes.db'), 69, 'PO2002', /notes\.db/],
    [...linux('--baseline', '/tmp/baseline.yaml'), 64, 'PO5004', /the baseline: \/tmp\/baseline\.yaml: .*private \/tmp/],
    [...linux('--baseline', '/etc/portowner/baseline.yaml', '--report', '/var/tmp/r.csv'), 64, 'PO5004', /a report: \/var\/tmp\/r\.csv: /],
    [...linux('--root', '/image', '--baseline', '/tmp/baseline.yaml'), 64, 'PO5004', /the baseline: \/tmp/],
  ];
  for (const [scheduler, args, code, problem, says] of cases) {
    const answer = await schedule(scheduler, 'install', ...args);
    assert.equal([answer.code, codes(answer)], [code, [problem]], `${args.join(' ')}: ${answer.problems[0]?.Message}`);
    assert.match(answer.problems[0]!.Message, says);
    assert.is('tasks' in scheduler ? (scheduler.tasks as Map<string, string>).size : (scheduler as unknown as { units: Map<string, string> }).units.size, 0);
  }
});

test('a store that the next audit would set aside is told', async () => {
  const scheduler = fakeWindows();
  writeDamagedStore(join(scheduler.contents, 'old.db'));
  scheduler.files.set('C:\\Audit\\old.db', safe('file'));
  const answer = await schedule(scheduler, 'install', ...baseline, '--store', 'C:\\Audit\\old.db');
  assert.equal([answer.code, codes(answer), scheduler.tasks.size], [0, ['PO5006'], 1]);
  assert.match(answer.problems[0]!.Message, /the store .* is damaged/);
});

test('a store that is not one is refused', async () => {
  const scheduler = fakeWindows();
  writeFileSync(join(scheduler.contents, 'notes.db'), 'no store at all, but what somebody wrote');
  scheduler.files.set('C:\\Audit\\notes.db', safe('file'));
  const answer = await schedule(scheduler, 'install', ...baseline, '--store', 'C:\\Audit\\notes.db');
  assert.equal([answer.code, codes(answer), scheduler.tasks.size], [69, ['PO2002'], 0]);
});

test('the files of an image are checked where they are in it', async () => {
  const looks = Object.fromEntries(['/image', '/image/etc', '/image/etc/portowner'].map((path) => [path, { standing: 'folder', access: null, refusal: null } as const]));
  const args = ['install', '--root', '/image', '--baseline', '/etc/portowner/baseline.yaml'];
  const later = fakeLinux({ looks });
  const first = await schedule(later, ...args);
  assert.equal([first.code, codes(first), later.units.size], [0, ['PO5006', 'PO5006'], 2]);
  assert.match(first.problems.map(({ Message }) => Message).join('\n'), /the baseline: \/image\/etc\/portowner\/baseline\.yaml: it does not exist yet/);
  const there = fakeLinux({ looks: { ...looks, '/image/etc/portowner/baseline.yaml': { standing: 'file', access: null, refusal: null } } });
  assert.equal(codes(await schedule(there, ...args)), ['PO5006']);
  writeFileSync(join(there.contents, 'baseline.yaml'), 'kind: other\n');
  const bad = await schedule(there, ...args);
  assert.equal([bad.code, codes(bad)], [69, ['PO2002']]);
  assert.match((await schedule(there, 'status', '--root', '/image')).row!.Reason!.join('\n'), /the baseline: .*this is not a baseline/);
  const linked = fakeLinux({ looks: { ...looks, '/image/etc/portowner': { standing: 'link', access: null, refusal: null } } });
  assert.match((await schedule(linked, ...args)).problems.map(({ Message }) => Message).join('\n'), /the baseline: .*a link.*not checked/);
});

/** Stores an audit of a machine, `hours` before the tests' now. */
function storeAudit(path: string, machine: string, hours: number): void {
  const at = new Date(Date.parse('2026-01-02T03:04:06Z') - hours * 3_600_000);
  storeRun(path, { machine, at: at.toISOString(), tool: 'test', listeners: [], findings: [], keepDays: null, partial: false, forgetLater: false }, at);
}

test('status tells that nights go by without an audit', async () => {
  const withStore = async (...audits: [machine: string, hours: number][]): Promise<string> => {
    const scheduler = fakeWindows();
    await schedule(scheduler, 'install', ...baseline);
    for (const [machine, hours] of audits) storeAudit(join(scheduler.contents, 'audits.db'), machine, hours);
    scheduler.files.set('C:\\ProgramData\\PortOwner\\audits.db', safe('file'));
    const { code, row, problems } = await schedule(scheduler, 'status');
    assert.is(code, 0);
    assert.is(problems.length, (row!.Reason ?? []).filter((reason) => !reason.startsWith('LastAudit: NotFound')).length);
    return (row!.Reason ?? []).join('\n');
  };
  assert.is(await withStore(['SERVER7', 48]), '');
  assert.match(await withStore(['SERVER7', 50]), /^the newest audit in the store is from 2025-12-31T01:04:06\S*: later audits are missing$/);
  assert.match(await withStore(['SERVER7', 50], ['OTHER', 2]), /^the newest audit .* later audits are missing/, 'what of other machines is kept there does not count');
  assert.match(await withStore(['SERVER7', -72]), /^the newest audit in the store is from 2026-01-05\S*, which is in the future: /);
});

test('status tells when no audit has come of a task that is older than two nights', async () => {
  const since = (hours: number): Date => new Date(Date.parse('2026-01-02T03:04:06Z') - hours * 3_600_000);
  for (const make of [fakeWindows, fakeLinux]) {
    for (const [changed, late] of [
      [since(48), false],
      [since(50), true],
      [undefined, false],
    ] as const) {
      const scheduler = make(changed === undefined ? {} : { changed });
      await schedule(scheduler, 'install', ...(scheduler.platform === 'win32' ? baseline : ['--baseline', '/etc/portowner/baseline.yaml']));
      const { row } = await schedule(scheduler.platform === 'linux' ? fakeLinuxWith(scheduler) : scheduler, 'status');
      const expected = late ? ['the task was defined at 2025-12-31T01:04:06.000Z, but no audit has been stored since'] : ['LastAudit: NotFound: no audit has been stored yet'];
      assert.equal(row!.Reason, expected);
    }
  }
});

test('status reads the files that an audit would read', async () => {
  const scheduler = fakeWindows();
  await schedule(scheduler, 'install', ...baseline, '--policy', 'C:\\Audit\\policy.yaml');
  writeFileSync(join(scheduler.contents, 'baseline.yaml'), 'kind: PortOwner.Baseline\nversion: 1\nlisteners: 7\n');
  writeFileSync(join(scheduler.contents, 'policy.yaml'), 'kind: PortOwner.Baseline\n');
  const { code, row, problems } = await schedule(scheduler, 'status');
  assert.equal([code, problems.map(({ Code }) => Code)], [0, ['PO5006', 'PO5006']]);
  assert.match(row!.Reason!.join('\n'), /^the baseline: .*line 3, column 12: .*\nthe policy: .*this is not a policy/);
  scheduler.tasks.set(name, scheduler.tasks.get(name)!.replace('</Arguments>', ' --report C:\\Audit\\r.xyz --report C:\\Audit\\policy.yaml</Arguments>'));
  assert.match((await schedule(scheduler, 'status')).row!.Reason!.join('\n'), /a report and the policy are the same file[^]*cannot tell the report format from .*r\.xyz/);
});

test('on Linux status tells how the last run failed', async () => {
  const scheduler = fakeLinux();
  await schedule(scheduler, 'install', '--baseline', '/etc/portowner/baseline.yaml');
  const timer = 'NeedDaemonReload=no\nActiveState=active\nUnitFileState=enabled';
  const reasons = async (service: string): Promise<readonly string[]> => {
    const machine = { ...scheduler, systemctl: (...words: readonly string[]) => ({ done: true, text: words.at(-1) === 'portowner-audit.service' ? service : timer }) };
    return (await schedule(machine, 'status')).row!.Reason!.filter((reason) => !reason.startsWith('LastAudit'));
  };
  assert.equal(await reasons('Result=success\nExecMainStatus=0'), []);
  assert.equal(await reasons('Result=success\nExecMainStatus=1'), []);
  // A unit that somebody wrote without SuccessExitStatus=1: findings are no failure.
  assert.equal(await reasons('Result=exit-code\nExecMainStatus=1'), []);
  const [failed] = await reasons('Result=exit-code\nExecMainStatus=64');
  assert.match(failed!, /^the last run failed \(Result=exit-code, ExecMainStatus=64\): .*missing or invalid; for details: journalctl -u portowner-audit\.service$/);
  assert.match((await reasons('Result=exit-code\nExecMainStatus=77'))[0]!, /elevated rights/);
  assert.match((await reasons('Result=timeout\nExecMainStatus=15'))[0]!, /Result=timeout.*time limit/);
  assert.match((await reasons('Result=oom-kill\nExecMainStatus=9'))[0]!, /Result=oom-kill, ExecMainStatus=9\); for details: journalctl/);
});

test('options that do not go together', async () => {
  for (const [scheduler, args, code] of [
    [fakeWindows(), ['install'], 'PO1005'],
    [fakeWindows(), ['install', ...baseline, '--root', '/x'], 'PO1005'],
    [fakeLinux(), ['status', '--name', 'x'], 'PO1005'],
    [fakeLinux(), ['install', '--policy', '/p', '--account', 'SYSTEM'], 'PO1005'],
    [fakeWindows({ executable: null }), ['install', ...baseline], 'PO1005'],
    [fakeWindows(), ['install', ...baseline, '--at', '25:00'], 'PO1001'],
    [fakeWindows(), ['install', ...baseline, '--time-limit', '0'], 'PO1001'],
    [fakeWindows(), ['install', ...baseline, '--fail-on', 'worst'], 'PO1001'],
    [fakeWindows(), ['install', '--baseline', ''], 'PO1001'],
    [fakeLinux(), ['remove', '--root', ''], 'PO1001'],
  ] as const) {
    const answer = await schedule(scheduler, ...args);
    assert.equal([answer.code, codes(answer)], [64, [code]], args.join(' '));
  }
});

test('show writes it for the other system, too, and touches nothing', async () => {
  const scheduler = fakeLinux({ mayInstall: false });
  const { code, out } = await run(['schedule', 'show', '--system', 'windows', '--baseline', 'C:\\gr\u00fcn & blau\\b.yaml'], { scheduler });
  assert.is(code, 0);
  assert.match(out, /^<Task [\n -~]*&#252;n &amp; blau[\n -~]*$/);
  assert.equal(checkTask(out).flaws, []);
  const dash = await run(['schedule', 'show', '--system', 'windows', '--baseline', 'C:\\gr\u00fcn & blau\\b.yaml', '--output', '-'], { scheduler });
  assert.is(dash.out, out, '- is standard output');
  const path = join(temporaryFolder(), 'task.xml');
  assert.is((await run(['schedule', 'show', '--system', 'windows', '--baseline', 'C:\\b.yaml', '--output', path], { scheduler })).code, 0);
  const bytes = readFileSync(path);
  assert.equal([...bytes.subarray(0, 2)], [0xff, 0xfe]);
  assert.equal(checkTask(taskText(bytes)).flaws, []);
  const units = await run(['schedule', 'show', '--baseline', '/etc/b.yaml'], { scheduler });
  assert.match(units.out, /^# \/etc\/systemd\/system\/portowner-audit\.service\n\[Unit\]\n/);
  assert.equal([scheduler.units.size, scheduler.calls], [0, []]);
  const wrong = await run(['schedule', 'show', '--system', 'windows', '--baseline', 'b.yaml'], { scheduler });
  assert.equal([wrong.code, /PO1001.*it is not absolute/.test(wrong.err)], [64, true]);
});

for (const [first, words] of [
  ['schedule', 'install, remove, show, or status'],
  ['baseline', 'create, show, or update'],
] as const) {
  test(`${first} alone, or with a wrong word, says which words there are`, async () => {
    for (const args of [[], ['now'], ['--format', 'json'], ['Show'], ['constructor']]) {
      const { code, out, err } = await run([first, ...args]);
      assert.equal([code, out], [64, '']);
      const what = args[0]?.startsWith('-') === false ? `unknown subcommand ${JSON.stringify(args[0])}` : 'missing subcommand';
      assert.is(err, `portowner: PO1001: ${what}: portowner ${first} ${words}\n  ${args[0] === 'Show' ? 'Did you mean show? ' : ''}For details: portowner ${first} --help\n`);
    }
  });
}

test('each has its help, with examples', async () => {
  for (const word of ['show', 'install', 'remove', 'status']) {
    const { code, out } = await run(['schedule', word, '--help']);
    assert.is(code, 0);
    assert.match(out, new RegExp(`^portowner schedule ${word} \\[options\\]`));
  }
});

test('a store in a database is passed on as it is, and its files are checked like the others', async () => {
  const linux = fakeLinux();
  const url = 'postgres://web1@db.corp/audits?passfile=/etc/portowner/pgpass&sslrootcert=/etc/portowner/ca.pem';
  const { code, out } = await run(['schedule', 'show', '--baseline', '/etc/b.yaml', '--store', url], { scheduler: linux });
  assert.is(code, 0);
  assert.match(out, `"--store" "${url}"`);
  assert.match(out, 'After=network-online.target');
  assert.not.match(out, /ReadWritePaths|StateDirectory/);
  const plain = await run(['schedule', 'show', '--baseline', '/etc/b.yaml'], { scheduler: linux });
  assert.not.match(plain.out, /network-online/);
  const windows = 'postgres://web1@db.corp/audits?passfile=C:/Audit/pgpass';
  const task = await run(['schedule', 'show', '--system', 'windows', '--baseline', 'C:\\b.yaml', '--store', windows], { scheduler: linux });
  assert.match(task.out, `--store ${windows}`);
  const wrong: [string[], RegExp][] = [
    [['--store', 'postgres://db.corp/audits?passfile=pgpass'], /PO1001: .*the path of passfile is not absolute/],
    [['--store', 'postgres://web1:s3cret@db.corp/audits'], /PO1001: .*it contains a password/],
    [['--store', 'postgres://db.corp/audits?sslmode=require'], /PO1001: .*sslmode=require does not verify/],
    [['--system', 'windows', '--store', 'postgres://db.corp/a%41'], /PO1001: .*Task Scheduler would expand %/],
  ];
  for (const [words, message] of wrong) {
    const refused = await run(['schedule', 'show', '--baseline', words[0] === '--system' ? 'C:\\b.yaml' : '/etc/b.yaml', ...words], { scheduler: linux });
    assert.is(refused.code, 64);
    assert.match(refused.err, message);
    assert.not.match(refused.err, /s3cret/);
  }
  const scheduler = fakeWindows();
  const install = () => schedule(scheduler, 'install', ...baseline, '--store', 'postgres://web1@db.corp/audits?passfile=C:\\Audit\\pgpass');
  const missing = await install();
  assert.match(missing.problems[0]!.Message, /the passfile of the store: C:\\Audit\\pgpass: it does not exist/);
  scheduler.files.set('C:\\Audit\\pgpass', safe('file', [ace({ sid: 'S-1-5-32-545', mask: 0x1301bf })]));
  const open = await install();
  assert.equal(codes(open), ['PO5002']);
  assert.match(open.problems[0]!.Message, /the passfile of the store: .* could change the file/);
  scheduler.files.set('C:\\Audit\\pgpass', safe('file'));
  assert.is((await install()).row?.State, 'Installed');
  assert.match(checkTask(scheduler.tasks.get(name)!).facts?.arguments ?? '', /--store "?postgres:/);
});

test('a secret that others can read is told before the audit rejects it every night', async (context: TestContext) => {
  if (process.platform === 'win32') return skip('files have no modes', context);
  const scheduler = fakeLinux();
  const file = (name: string, mode: number): void => {
    scheduler.files.set(`/etc/portowner/${name}`, { standing: 'file', refusal: null, access: { platform: 'linux', uid: 0, gid: 0, mode, list: null } });
    writeFileSync(join(scheduler.contents, name), '*:*:*:*:secret');
    chmodSync(join(scheduler.contents, name), mode);
  };
  const install = (...more: string[]) => schedule(scheduler, 'install', '--baseline', '/etc/portowner/baseline.yaml', ...more);
  const store = ['--store', 'postgres://web1@db.corp/audits?passfile=/etc/portowner/pgpass'];
  file('pgpass', 0o644);
  const open = await install(...store);
  assert.equal([open.code, codes(open), scheduler.units.size], [69, ['PO4210'], 0]);
  assert.match(open.problems[0]!.Message, /the passfile of the store .*pgpass was not used: other users can read it/);
  file('pgpass', 0o600);
  assert.is((await install(...store)).row?.State, 'Installed');
  file('headers', 0o640);
  const report = await install(...store, '--report', 'otlp+https://collector.corp:4318?headersfile=/etc/portowner/headers');
  assert.match(report.problems[0]!.Message, /the headersfile of a report .*headers was not used: other users can read it/);
  file('pgpass', 0o604);
  const reasons = async (mayInstall = true): Promise<string> => (await schedule(Object.assign({}, scheduler, { mayInstall }), 'status')).row!.Reason!.join('\n');
  assert.match(await reasons(), /(?<!: )the passfile of the store .*other users can read it/);
  assert.not.match(await reasons(false), 'other users can read it');
  file('both.pem', 0o644);
  const both = await install('--store', 'postgres://web1@db.corp/audits?sslcert=/etc/portowner/both.pem&sslkey=/etc/portowner/both.pem');
  assert.match(both.problems[0]!.Message, /the sslkey of the store .*both\.pem was not used: other users can read it/);
});

test('a spool is passed on, writable in the unit, and as safe as the other files', async () => {
  const linux = fakeLinux();
  const show = async (spool: string): Promise<string> => {
    const { code, out, err } = await run(['schedule', 'show', '--baseline', '/etc/b.yaml', '--spool', spool], { scheduler: linux });
    assert.is(code, 0, err);
    return out;
  };
  assert.match(await show('/var/lib/portowner/spool'), /"--spool" "\/var\/lib\/portowner\/spool"[^]*\nStateDirectory=portowner\n/);
  assert.match(await show('/srv/audits/spool'), /\nReadWritePaths="?\/srv\/audits"?\n/);
  const scheduler = fakeWindows();
  const install = () => schedule(scheduler, 'install', ...baseline, '--spool', 'C:\\Audit\\spool');
  scheduler.files.set('C:\\Audit\\spool', safe('folder', [ace({ sid: 'S-1-5-32-545', mask: 0x1301bf })]));
  const open = await install();
  assert.equal(codes(open), ['PO5002']);
  assert.match(open.problems[0]!.Message, /the spool: .* could change/);
  scheduler.files.set('C:\\Audit\\spool', safe('folder'));
  assert.is((await install()).row?.State, 'Installed');
  assert.match(checkTask(scheduler.tasks.get(name)!).facts?.arguments ?? '', /--spool C:\\Audit\\spool/);
});

test('a report that is sent is passed on as it is, and its files are checked like the others', async () => {
  const linux = fakeLinux();
  const url = 'otlp+https://collector.corp:4318?headersfile=/etc/portowner/headers&sslrootcert=/etc/portowner/ca.pem';
  const show = (...words: string[]) => run(['schedule', 'show', '--baseline', '/etc/b.yaml', '--store', '/var/lib/portowner/audits.db', ...words], { scheduler: linux });
  const { code, out, err } = await show('--report', url, '--report', '/srv/metrics/x.prom');
  assert.is(code, 0, err);
  assert.match(out, `"--report" "${url}"`);
  assert.match(out, 'After=network-online.target');
  assert.match(out, /^ReadWritePaths="?\/srv\/metrics"?$/m);
  assert.not.match((await show('--report', '/srv/metrics/x.prom')).out, /network-online/);
  const windows = 'otlp+https://collector.corp?headersfile=C:/Audit/headers';
  const task = await run(['schedule', 'show', '--system', 'windows', '--baseline', 'C:\\b.yaml', '--report', windows], { scheduler: linux });
  assert.match(task.out, `--report ${windows}`);
  const wrong: [string, RegExp][] = [
    ['otlp+https://collector.corp?headersfile=headers', /PO1001: .*the path of headersfile is not absolute/],
    ['otlp+https://ann:s3cret@collector.corp', /PO1001: .*it contains a user or a password/],
    ['otlp+http://collector.corp', /PO1001: .*does not encrypt/],
    ['https://ann:s3cret@collector.corp', /PO1001: .*it begins neither with/],
  ];
  for (const [report, message] of wrong) {
    const refused = await show('--report', report);
    assert.is(refused.code, 64);
    assert.match(refused.err, message);
    assert.not.match(refused.err, /s3cret/);
  }
  const scheduler = fakeWindows();
  // Both may use the certificate of one authority.
  const shared = 'sslrootcert=C:\\Audit\\ca.pem';
  const install = () =>
    schedule(
      scheduler,
      'install',
      ...baseline,
      '--store',
      `postgres://db.corp/audits?${shared}`,
      '--report',
      `otlp+https://collector.corp?${shared}&headersfile=C:\\Audit\\headers`,
    );
  scheduler.files.set('C:\\Audit\\ca.pem', safe('file'));
  const missing = await install();
  assert.match(missing.problems[0]!.Message, /the headersfile of a report: C:\\Audit\\headers: it does not exist/);
  scheduler.files.set('C:\\Audit\\headers', safe('file', [ace({ sid: 'S-1-5-32-545', mask: 0x1301bf })]));
  const open = await install();
  assert.equal(codes(open), ['PO5002']);
  assert.match(open.problems[0]!.Message, /the headersfile of a report: .* could change the file/);
  scheduler.files.set('C:\\Audit\\headers', safe('file'));
  const done = await install();
  assert.is(done.row?.State, 'Installed', JSON.stringify(done.problems));
  assert.match(checkTask(scheduler.tasks.get(name)!).facts?.arguments ?? '', /--report "?otlp\+https:/);
  const status = await schedule(scheduler, 'status');
  assert.ok(status.row?.State !== undefined, JSON.stringify(status));
  assert.not.match(JSON.stringify(status), /a report/);
});

test.run();
