// What logs add to an error, and the check that no number of it becomes a port.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { readErrors, type ErrorReading, type ParsedError } from '../../src/diagnosis/error-text.ts';

/** A number in the range of ports that no fixture has. */
const n = 27413;

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_, one: string) => ({ n: '\n', t: '\t' })[one] ?? one);
const texts = [
  'reported',
  'held-out',
  'unseen',
  'known',
  'postgresql',
  'outside',
  'programs',
  'rounds',
  'further',
  'announced',
  'stacks',
  'later',
  'printed',
  'parts',
  'kinds',
].flatMap((name) =>
  readFileSync(join(root, 'test/fixtures/error-lines', `${name}.tsv`), 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('# '))
    .map((line) => unescaped(line.split('\t').slice(4).join('\t'))),
);

/** What logs put before each line. */
const prefixes: readonly string[] = [
  `Jan 12 03:04:05 web01 app[${n}]: `,
  `<11>1 2026-01-12T03:04:05.678Z web01 app ${n} ID47 - `,
  'web-1  | ',
  `[pod/app-${n}-x7k2p/app] `,
  `2026-01-12 03:04:05,678 [main-${n}] ERROR com.example.App:${n} - `,
  `2026-01-12T03:04:05.678+01:00 ERROR ${n} --- [           main] c.e.App : `,
  `[03:04:05 ERR] <${n}> `,
  `I0112 03:04:05.678901   ${n} server.go:${n}] `,
  `2026/01/12 03:04:05 main.go:${n}: `,
  `[${n}] 2026-01-12 `,
  `${n}:M 12 Jan 2026 03:04:05.678 # `,
  `\u001b[2m2026-01-12T03:04:05.678Z\u001b[0m \u001b[31mERROR\u001b[0m [${n}]: `,
  'npm ERR! ',
  `#${n} `,
  `pid ${n}: `,
  `T${n} `,
  `{thread=${n}} `,
  `daemon.err ${n} `,
  `1704164645.${n} `,
  `[2026-01-12 03:04:05 +0000] [${n}] [ERROR] `,
  `${n} `,
  `session ${n} user 12: `,
  '2026-01-12 ',
  `${n} 2026-01-12 03:04 `,
  '12.01.2026 03:04:05 ',
  `[12/01/2026 03:04:05] [${n}] `,
  `1/12/2026 3:04:05 AM [${n}] `,
  `[12/Jan/2026:03:04:05 +0000] ${n} `,
  `Mon, 12 Jan 2026 03:04:05 GMT <${n}> `,
  `20260112 03:04:05.678 [${n}] `,
  `20260112-030405 #${n} `,
  `Jan 12, 2026 3:04:05 AM [${n}] `,
  `[2026-01-12 03:04:05,678: ERROR/MainProcess-${n}] `,
  `(${n}) 03:04:05 | `,
  `[ ${n}.456789] `,
  `[${n}.456789] app: `,
  `${n}/tid_1 `,
  `+${n}ms `,
  `app.go:${n} > `,
  `[server.cpp(${n})] `,
  `level=error line=${n} `,
  `1736651045678 ${n} `,
  `[Mon Jan 12 03:04:05 2026]: [${n}]: `,
];

const quoted = (text: string): string => JSON.stringify(text);
/** Records that contain the text: Serilog, pino, zap, Docker, and logfmt. */
const records: readonly ((text: string) => string)[] = [
  (text) => `{"@t":"2026-01-12T03:04:05.6789Z","@m":${quoted(text)},"@l":"Error","ThreadId":${n},"EventId":{"Id":${n}}}`,
  (text) => `{"level":50,"time":1704164645678,"pid":${n},"hostname":"web01","msg":${quoted(text)}}`,
  (text) => `{"level":"error","ts":1704164645.678,"caller":"main.go:${n}","msg":"error","error":${quoted(text)},"attempt":${n}}`,
  (text) => `{"log":${quoted(`${text}\n`)},"stream":"stderr","time":"2026-01-12T03:04:05.678Z"}`,
  (text) => `time="2026-01-12T03:04:05Z" level=error msg=${quoted(text)} pid=${n} took=${n}ms`,
  (text) => `ts=2026-01-12T03:04:05Z caller=main.go:${n} level=error err=${quoted(text)} retries=${n}`,
];

/** What stands around an error: the event log of Windows, systemd, npm, a stack, other messages. */
const surroundings: readonly ((text: string) => string)[] = [
  (text) => `Log Name: Application\nSource: App\nEvent ID: ${n}\nLevel: Error\nProcess ID: ${n}\nThread ID: ${n}\nDescription:\n${text}`,
  (text) => `Process: ${n} ExecStart=/usr/bin/app (code=exited, status=1/FAILURE)\nMain PID: ${n} (code=exited, status=1/FAILURE)\nCPU: ${n}ms\n\n${text}`,
  (text) => `${text}\nProcess ${n} exited with code ${n}`,
  (text) => `${text}\n    at Object.<anonymous> (/srv/app/server.js:${n}:17)\n    at Module._compile (node:internal/modules/cjs/loader:${n}:14)`,
  (text) => `Traceback (most recent call last):\n  File "/srv/app.py", line ${n}, in <module>\n    main()\n${text}`,
  (text) => `loaded ${n} modules in ${n} ms\n${text}\nheap: ${n} MB`,
];

/** What programs put between the clauses of a message. */
const bits = [
  ['(pid N)', 'pid=N', '[pid N]', 'after N ms', '(N ms)', 'line N', 'line:N', 'server.c:N', '(server.c:N)', 'N bytes', 'N connections'],
  ['attempt N', '(attempt N/9)', 'id=N', '#N', 'thread N', '0xN', 'exit code N', 'N%', 'session=N', 'uid=N', '(N)', '<N>', '[N]', 'v1.2.N'],
  ['1.N', 'N req/s', 'retry in N seconds', 'worker-N', 'fd N', 'fd=N', 'status N', 'code=N', 'error N', 'errno=N', 'took Nus', 'size: N'],
  ['count: N', 'job N', 'event N', 'build N', 'rev. N', 'KBN', 'timeout=N', 'max N', 'at offset N', '(#N)', 'user N', 'tid:N', 'on line N'],
  ['for N seconds', 'address 0xN', 'process N', 'by process N', 'seq N', 'node N', '12:34:56.N', 'from N hosts', 'backlog=N', 'ports: N total'],
  ['transport N', 'support N', 'import N', 'report N', 'export=N', 'viewport: N', 'remotePort=N', 'client_port=N', 'socket N', 'sock=N'],
]
  .flat()
  .map((bit) => bit.replace('N', String(n)));

const portsOf = ({ errors }: ErrorReading): number[] => errors.flatMap(({ port, remote }) => [port, remote?.port]).filter((port) => port != null);

/** What would be the error or the port itself at its place, or the prefix of a log that only this line has. */
const isMeant = (bit: string, before: string): boolean =>
  (/^(?:[[(<#]|server\.c|12:)/.test(bit) && before.endsWith('\n')) ||
  (bit.startsWith('error') && /(?:^|\n)[^\n:]{0,30}:?$/.test(before)) ||
  (bit.startsWith('ports') && /\d$/.test(before)) ||
  (/^\(?[[(#<]/.test(bit) &&
    /(?:[\d:.)]|localhost["']?|端口|(?<!\p{L})(?:port|puerto|porta|porto|poort|порт)\p{L}{0,3} (?![^\n]{0,80}(?:pro[cz]e|процес))[\p{L}' -]{1,80})$/iu.test(before)) ||
  (/^(?:ports|size|count|rev|viewport|N )/.test(bit) && before === '');

/** Checks that an addition adds no port and no other meaning to a text. */
function assertSame({ text, ports, meanings }: Plain, noisy: string): void {
  const after = readErrors(noisy);
  assert.equal(
    portsOf(after).filter((port) => !ports.includes(port)),
    [],
    noisy,
  );
  if (meanings[0] != null)
    assert.ok(
      after.errors.every(({ meaning }) => meaning === null || meanings.includes(meaning)),
      `${text}\n${noisy}`,
    );
}

/** A text with what it says without any addition. */
interface Plain {
  readonly text: string;
  readonly ports: readonly number[];
  readonly meanings: readonly (ParsedError['meaning'] | undefined)[];
}
/** A range of one port is no port, but the call above is one, where a log hides that it is a call. */
const isOfRange = (text: string): boolean => /^Traceback[^]* in range: (\d+)-\1/.test(text);
/** The lines below a message of PowerShell, which has no log, belong to it. */
const isOfPowerShell = (text: string): boolean => text.includes('FullyQualifiedErrorId');
const plain: readonly Plain[] = [...new Set(texts)]
  .filter((text) => !isOfRange(text) && !isOfPowerShell(text))
  .map((text) => {
    const reading = readErrors(text);
    return { text, ports: portsOf(reading), meanings: reading.errors.map(({ meaning }) => meaning) };
  });

/** A text of at most this length is read with every addition; a longer log, which takes long, with a few of them in turn. */
const short = 200;

/** Adds the tests: of short texts with every addition or with a few of them, which takes seconds instead of a minute. */
export function readWithNoise(test: Test, every: boolean): void {
  const each = (what: string, check: (one: Plain, at: number) => void): void => test(what, () => plain.forEach(check));
  const some = <T>(all: readonly T[], { text }: Plain, at: number, count: number): readonly T[] =>
    every && text.length <= short ? all : Array.from({ length: every ? count : 1 }, (_, index) => all[(at * count + index) % all.length]!);

  each('the prefix of each line', (one, at) => {
    for (const prefix of some(prefixes, one, at, 5)) if (!isMeant(prefix, '') || !/^port\b/.test(one.text)) assertSame(one, one.text.replace(/^/gm, prefix));
  });
  each('the fields of a record', (one, at) => {
    // Each line of several sources has a record of its own.
    if (!one.text.includes('\n')) for (const record of some(records, one, at, 3)) assertSame(one, record(one.text));
  });
  each('the marks of a quote', ({ text, ports, meanings }) => {
    if (!text.includes('\n')) return;
    const quotedReading = readErrors(text.replace(/^/gm, '> '));
    assert.equal([portsOf(quotedReading), quotedReading.errors.map(({ meaning }) => meaning)], [ports, meanings], text);
  });
  each('the lines around it', (one, at) => {
    for (const surrounding of some(surroundings, one, at, 2)) assertSame(one, surrounding(one.text));
  });
  each('what stands between the clauses', (one, at) => {
    const { text } = one;
    const ends = [
      ...text.matchAll(
        /(?<=(?<!ports? ?|порт|port\(s\))[:;.])\s+(?![\d'])|(?<!ports?\s?|PORT|занят|\bport [a-z' -]{0,15}(?:in use|taken))$|^(?!\s|\[|\d|\S+ +\||--->|Caused by)/gm,
      ),
    ].map(({ index }) => index);
    for (const [index, bit] of some(bits, one, at, 8).entries()) {
      const end = ends[(at + index) % ends.length]!;
      const before = text.slice(0, end);
      if (!isMeant(bit, before)) assertSame(one, `${before}${before === '' || before.endsWith('\n') ? '' : ' '}${bit} ${text.slice(end)}`);
    }
  });
}
