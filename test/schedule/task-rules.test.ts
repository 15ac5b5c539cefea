import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { taskText } from '../../src/facts/decode/windows-text.ts';
import { checkTask, seconds } from '../../src/schedule/task-rules.ts';
import { asciiXml, taskFile, taskXml } from '../../src/schedule/task-xml.ts';
import { gmsaTask, windowsTask } from '../support/schedule-example.ts';

const test = suite('the XML of a task');
const good = taskXml(windowsTask);

test('what is built has no flaw and leaves nothing to wish for', () => {
  for (const task of [windowsTask, gmsaTask, { ...windowsTask, randomDelay: 0 }]) {
    const { flaws, concerns } = checkTask(taskXml(task));
    assert.equal([flaws, concerns], [[], []]);
  }
});

test('what was put in is read back', () => {
  const { facts } = checkTask(good);
  const { executable } = windowsTask.command;
  assert.equal(facts, {
    enabled: true,
    user: 'SYSTEM',
    command: executable,
    time: '03:05',
    days: 1,
    randomDelay: 'PT30M',
    timeLimit: 'PT60M',
    arguments:
      'audit --baseline "C:\\Audits & more\\grün.yaml" --policy C:\\Audits\\policy.yaml --store C:\\ProgramData\\PortOwner\\audits.db --report C:\\ProgramData\\PortOwner\\findings.csv --report "C:\\ProgramData\\PortOwner\\all findings.json" --fail-on high --keep 400 --event-log',
  });
});

test('SYSTEM is its SID, without a LogonType; a gMSA has Password, and none is in it', () => {
  assert.match(good, '<UserId>S-1-5-18</UserId>');
  assert.not.match(good, 'LogonType');
  assert.match(taskXml(gmsaTask), '<UserId>CORP\\audit$</UserId>\n      <LogonType>Password</LogonType>');
});

test('on a pipe it is ASCII without a declaration, in a file UTF-16 with both', () => {
  const ascii = asciiXml(good);
  assert.match(ascii, /^<Task [\n -~]*$/);
  assert.equal(checkTask(ascii).facts, checkTask(good).facts);
  const file = taskFile(good);
  assert.equal([...file.subarray(0, 4)], [0xff, 0xfe, 0x3c, 0]);
  assert.match(taskText(file), /^<\?xml version="1\.0" encoding="UTF-16"\?>\r\n<Task /);
  assert.equal(checkTask(taskText(file)), checkTask(good));
  assert.is(taskText(Buffer.from('<Task/>', 'utf16le')), '<Task/>', 'without a byte order mark');
  assert.is(
    taskText(Buffer.from('<Task\x81/>', 'latin1'), (bytes) => Buffer.from(bytes).toString('latin1')),
    '<Task\x81/>',
    'in a code page',
  );
});

/** What is changed in a good task, and what is said of it. */
const flawed: [name: string, change: (xml: string) => string, says: RegExp][] = [
  ['nothing', () => '', /it is empty/],
  ['no XML', () => 'Task', /not a task definition/],
  ['cut off', (xml) => xml.slice(0, 400), /not a task definition/],
  ['another element', () => '<a/>', /its root element is a/],
  ['a DOCTYPE', (xml) => `<!DOCTYPE Task [<!ENTITY a "b">]>${xml}`, /DOCTYPE/],
  ['an entity without one', (xml) => xml.replace('PortOwner', '&a;'), /not a task definition/],
  ['another encoding', (xml) => `<?xml version="1.0" encoding="UTF-8"?>${xml}`, /accepts only UTF-16/],
  ['no namespace', (xml) => xml.replace(/ xmlns="[^"]*"/, ''), /namespace/],
  ['another namespace inside', (xml) => xml.replace('<Settings>', '<Settings xmlns="urn:x">'), /Task\/Settings: it is not in the namespace/],
  ['another version', (xml) => xml.replace('version="1.2"', 'version="one"'), /version "one"/],
  ['no actions', (xml) => xml.replace(/<Actions[^]*<\/Actions>/, ''), /it has no Actions/],
  ['empty actions', (xml) => xml.replace(/<Exec>[^]*<\/Exec>/, ''), /Actions: it has 0 elements/],
  ['33 actions', (xml) => xml.replace(/<Exec>[^]*<\/Exec>/, '<Exec><Command>x</Command></Exec>'.repeat(33)), /33 elements/],
  ['settings twice', (xml) => xml.replace('<Settings>', '<Settings></Settings><Settings>'), /Settings more than once/],
  ['a setting twice', (xml) => xml.replace('<Priority>7</Priority>', '<Priority>7</Priority><Priority>7</Priority>'), /Priority more than once/],
  ['an unknown element', (xml) => xml.replace('<Settings>', '<Settings><Nice>1</Nice>'), /element Nice/],
  ['an unknown attribute', (xml) => xml.replace('<Settings>', '<Settings a="b">'), /attribute a/],
  ['text between elements', (xml) => xml.replace('<Settings>', '<Settings>hello'), /text between/],
  ['elements in a text', (xml) => xml.replace('<Author>PortOwner', '<Author><b/>'), /it contains elements/],
  ['True', (xml) => xml.replace('<StartWhenAvailable>true', '<StartWhenAvailable>True'), /"True" is not true or false/],
  ['a priority of 11', (xml) => xml.replace('<Priority>7', '<Priority>11'), /from 0 to 10/],
  ['an unknown policy', (xml) => xml.replace('IgnoreNew', 'Ignore'), /"Ignore" is not one of/],
  ['no duration', (xml) => xml.replace('PT60M', '60'), /"60" is not a duration/],
  ['no duration, PT', (xml) => xml.replace('PT60M', 'PT'), /"PT" is not a duration/],
  ['no date', (xml) => xml.replace('2024-01-01T03:05:00', '03:05'), /is not a date/],
  ['the 30th of February', (xml) => xml.replace('2024-01-01', '2024-02-30'), /is not a date/],
  ['an interval of 0 days', (xml) => xml.replace('<DaysInterval>1', '<DaysInterval>0'), /from 1 to 365/],
  ['an interval of 366 days', (xml) => xml.replace('<DaysInterval>1', '<DaysInterval>366'), /from 1 to 365/],
  ['no schedule', (xml) => xml.replace(/<ScheduleByDay>[^]*<\/ScheduleByDay>/, ''), /it has 0 of ScheduleByDay/],
  ['two schedules', (xml) => xml.replace('<ScheduleByDay>', '<ScheduleByWeek/><ScheduleByDay>'), /it has 2 of ScheduleByDay/],
  [
    'a delay behind the schedule',
    (xml) => xml.replace('<RandomDelay>PT30M</RandomDelay>', '').replace('</ScheduleByDay>', '</ScheduleByDay><RandomDelay>PT30M</RandomDelay>'),
    /RandomDelay must be before/,
  ],
  ['a random delay at boot', (xml) => xml.replace('<CalendarTrigger>', '<BootTrigger><RandomDelay>PT1M</RandomDelay></BootTrigger><CalendarTrigger>'), /element RandomDelay/],
  ['49 triggers', (xml) => xml.replace('<CalendarTrigger>', `${'<BootTrigger/>'.repeat(48)}<CalendarTrigger>`), /49 elements/],
  ['a repetition of 30 s', (xml) => xml.replace('<RandomDelay>', '<Repetition><Interval>PT30S</Interval></Repetition><RandomDelay>'), /"PT30S" is too short/],
  ['a repetition of 32 days', (xml) => xml.replace('<RandomDelay>', '<Repetition><Interval>P32D</Interval></Repetition><RandomDelay>'), /"P32D" is too long/],
  ['a repetition without interval', (xml) => xml.replace('<RandomDelay>', '<Repetition></Repetition><RandomDelay>'), /no Interval/],
  ['a restart without count', (xml) => xml.replace('<Priority>', '<RestartOnFailure><Interval>PT1M</Interval></RestartOnFailure><Priority>'), /no Count/],
  ['two principals', (xml) => xml.replace('<Principal ', '<Principal id="b"></Principal><Principal '), /2 elements, but can have 1/],
  ['a context without principal', (xml) => xml.replace('Context="Author"', 'Context="Other"'), /Context "Other"/],
  ['the same id twice', (xml) => xml.replace('<Exec>', '<Exec id="Author">'), /duplicate ID "Author"/],
  ['ServiceAccount', (xml) => xml.replace('<RunLevel>', '<LogonType>ServiceAccount</LogonType><RunLevel>'), /"ServiceAccount" is not one of/],
  ['a LogonType for SYSTEM', (xml) => xml.replace('<RunLevel>', '<LogonType>Password</LogonType><RunLevel>'), /S-1-5-18 has no LogonType/],
  ['a gMSA with another LogonType', (xml) => xml.replace('S-1-5-18', 'CORP\\audit$'), /needs the LogonType Password/],
  ['a user and a group', (xml) => xml.replace('<RunLevel>', '<GroupId>S-1-1-0</GroupId><RunLevel>'), /both UserId and GroupId/],
  ['another run level', (xml) => xml.replace('HighestAvailable', 'Highest'), /"Highest" is not one of/],
  ['no command', (xml) => xml.replace(/<Command>[^<]*<\/Command>/, ''), /no Command/],
  ['an empty command', (xml) => xml.replace(/<Command>[^<]*<\/Command>/, '<Command></Command>'), /Command: it is empty/],
  ['arguments in the command', (xml) => xml.replace('portowner.exe<', `portowner.exe ${'x'.repeat(260)}<`), /more than 260/],
  ['a long folder', (xml) => xml.replace('<WorkingDirectory>C:\\', `<WorkingDirectory>C:\\${'x'.repeat(260)}`), /WorkingDirectory: it has more than 260/],
  ['a raw ampersand', (xml) => xml.replace('&amp;', '&'), /not a task definition/],
  ['two megabytes', (xml) => xml.replace('PortOwner', 'x'.repeat(2 << 20)), /too large for a task/],
  ['deep nesting', () => '<a>'.repeat(100_000), /not a task definition/],
];
for (const [name, change, says] of flawed) {
  test(`a task with ${name} is refused`, () => {
    const changed = change(good);
    assert.is.not(changed, good);
    const { flaws } = checkTask(changed);
    assert.ok(
      flaws.some((flaw) => says.test(flaw)),
      flaws.join('\n') || 'it has no flaw',
    );
  });
}

const unwise: [name: string, change: (xml: string) => string, says: RegExp][] = [
  ['disabled', (xml) => xml.replace('<Enabled>true</Enabled>\n  </Settings>', '<Enabled>false</Enabled>\n  </Settings>'), /disabled/],
  ['missed nights', (xml) => xml.replace(/<StartWhenAvailable>.*\n/, ''), /does not run later/],
  ['batteries', (xml) => xml.replace(/<DisallowStartIfOnBatteries>.*\n/, ''), /start on battery power/],
  ['going on batteries', (xml) => xml.replace(/<StopIfGoingOnBatteries>.*\n/, ''), /switches to battery power/],
  ['two at once', (xml) => xml.replace('IgnoreNew', 'Parallel'), /second audit/],
  ['no limit', (xml) => xml.replace('PT60M', 'PT0S'), /time limit/],
  ['the default limit', (xml) => xml.replace(/<ExecutionTimeLimit>.*\n/, ''), /time limit/],
  ['a zone', (xml) => xml.replace('03:05:00', '03:05:00Z'), /daylight saving time/],
  ['a searched command', (xml) => xml.replace(/<Command>[^<]*/, '<Command>portowner.exe'), /absolute/],
  ['no time', (xml) => xml.replace(/<CalendarTrigger>[^]*<\/CalendarTrigger>/, '<BootTrigger/>'), /no start time/],
];
for (const [name, change, says] of unwise) {
  test(`a good task is unwise: ${name}`, () => {
    const { flaws, concerns } = checkTask(change(good));
    assert.equal(flaws, []);
    assert.ok(
      concerns.some((concern) => says.test(concern)),
      concerns.join('\n') || 'nothing is said',
    );
  });
}

test('what Task Scheduler itself writes is taken: its order, its elements, and prefixes', () => {
  const exported = good
    .replace(
      '<Enabled>true</Enabled>\n      <StartBoundary>2024-01-01T03:05:00</StartBoundary>',
      '<StartBoundary>2024-01-01T03:05:00</StartBoundary>\n      <Enabled>true</Enabled>',
    )
    .replace('<Author>', '<Date>2026-03-01T10:00:00.1234567</Date><URI>\\PortOwner audit</URI><Author>')
    .replace(
      '<Priority>',
      '<IdleSettings><StopOnIdleEnd>true</StopOnIdleEnd><RestartOnIdle>false</RestartOnIdle></IdleSettings><UseUnifiedSchedulingEngine>true</UseUnifiedSchedulingEngine><Priority>',
    );
  assert.equal(checkTask(exported).flaws, []);
  const prefixed = good.replace('xmlns=', 'xmlns:t=').replace(/<(\/?)(?=[A-Z])/g, '<$1t:');
  assert.equal(checkTask(prefixed), checkTask(good));
});

for (const [text, expected] of [
  ['PT1M', 60],
  ['P1DT2H3M4.5S', 93784.5],
  ['P31D', 31 * 86400],
  ['P1M', 30 * 86400],
  ['P1Y', 365 * 86400],
  ['PT0S', 0],
  ['P', null],
  ['PT', null],
  ['1H', null],
  ['-PT1M', null],
  ['PT1H1D', null],
] as const) {
  test(`${text} is ${expected} seconds`, () => assert.is(seconds(text), expected));
}

test('no text throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('<', '>', '/', 'a', '"', '=', '&', ';', '!', '[', ']', '-', '?', ' ', '\0') })),
      (text) => void checkTask(text),
    ),
  );
  fc.assert(
    fc.property(fc.nat(good.length), fc.nat(40), fc.string({ maxLength: 8 }), (at, length, text) => void checkTask(good.slice(0, at) + text + good.slice(at + length))),
    { numRuns: 300 },
  );
});

test.run();
