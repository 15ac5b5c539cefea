import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import { inflateRawSync } from 'node:zlib';
import type { Facts } from '../../src/facts/model/facts.ts';
import { endings, formatOfFile, formats, traitsOf, type Format } from '../../src/formats/formats.ts';
import { redactFacts } from '../../src/redaction/facts.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder, type Outcome } from '../support/harness.ts';

const test = suite('redacted rows and reports');

/** The names of a machine that a redacted answer must not contain. */
interface Secrets {
  readonly user: string;
  readonly other: string;
  readonly domain: string;
  readonly machine: string;
  readonly project: string;
  readonly folder: string;
  readonly container: string;
  readonly address: string;
}

const example: Secrets = {
  user: 'annika',
  other: 'jo',
  domain: 'CORPNET',
  machine: 'srv-payments',
  project: 'webshop',
  folder: 'clients',
  container: 'basket',
  address: '10.41.2.3',
};

function machine(secrets: Secrets): Facts {
  const { user, other, domain, project, folder, container: name, address } = secrets;
  const container = { runtime: 'docker', id: 'c'.repeat(64), name: `${name}-web-1`, image: `registry.${domain}.example/${name}:1`, project: name, service: `${name}-web` };
  const known = facts(
    [
      socket({ localPort: 3000, pid: 100 }),
      socket({ localPort: 3000, localAddress: address, pid: 101 }),
      socket({ localPort: 3001, localAddress: '::ffff:10.41.2.4', pid: 102 }),
      socket({ localPort: 5432, pid: 103, container }),
      socket({ localPort: 8080, pid: 104 }),
      socket({ localPort: 8443, pid: null, user: other }),
      socket({ localPort: 8444, pid: null, user }),
      socket({ localPort: 40000, remoteAddress: '10.41.2.9', remotePort: 443, state: 'Established', pid: 104 }),
    ],
    {
      processes: [
        processFact({
          pid: 100,
          imageName: 'node',
          path: `/home/${user}/.nvm/bin/node`,
          application: `node ${project}.js`,
          commandLine: `node ${project}.js`,
          workingDirectory: `/home/${user}/${folder}/${project}`,
          user,
          parent: 105,
        }),
        processFact({
          pid: 101,
          imageName: 'python3.11',
          path: '/usr/bin/python3.11',
          application: `python -m ${project}.api`,
          workingDirectory: `/srv/${folder} (old)/${project}`,
          user: other,
          parent: 105,
        }),
        processFact({
          pid: 102,
          imageName: 'server.exe',
          path: `C:\\Users\\${user}\\${project}\\server.exe`,
          workingDirectory: `C:\\Users\\${user}\\${project}`,
          user: `${domain}\\${user}`,
        }),
        processFact({ pid: 103, imageName: 'docker-proxy', path: '/usr/bin/docker-proxy', container, user: 'root' }),
        processFact({
          pid: 104,
          imageName: 'java',
          path: `/root/${folder}/jdk/bin/java`,
          application: `java -jar ${project}.jar`,
          workingDirectory: `/root/${project}`,
          user: 'root',
          saved: { project: `${project} (~/${project})` },
        }),
        processFact({
          pid: 105,
          imageName: 'node',
          path: '/usr/bin/node',
          application: `npm run ${project}`,
          workingDirectory: `/home/${other}/${project}`,
          user,
          restartsBy: '--watch',
        }),
      ],
    },
  );
  return { ...known, machine: { ...known.machine, name: secrets.machine, elevated: false } };
}

/** The text of a file, of all parts of a workbook. */
function contents(path: string): string {
  const bytes = readFileSync(path);
  if (!path.endsWith('.xlsx')) return bytes.toString();
  let text = '';
  for (let at = 0; bytes.readUInt32LE(at) === 0x04034b50;) {
    const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    const data = bytes.subarray(start, start + bytes.readUInt32LE(at + 18));
    text += (bytes.readUInt16LE(at + 8) === 8 ? inflateRawSync(data) : data).toString();
    at = start + data.length;
  }
  assert.match(text, /<worksheet/);
  return text;
}

/** The names that a text contains, ignoring case; one of two letters only as a word that is no other. */
function leaks(text: string, secrets: Secrets): string[] {
  // Names from the fixture alone: the script of a page has words of its own.
  const data = text.replace(/<(script(?! type="application)|style)\b[\s\S]*?<\/\1>/g, '');
  const isIn = (name: string): boolean => (name.length > 2 ? data.toLowerCase().includes(name.toLowerCase()) : new RegExp(String.raw`(?<![\w#&;-])${name}(?![\w-])`).test(data));
  return [...(Object.values(secrets) as string[]), '10.41.'].filter(isIn);
}

const printed = ({ out, err }: Outcome): string => out + err;
const written = (format: Format): boolean => traitsOf(format).findings !== true;

test('no name of a machine is in the answer of any command, in any format', async () => {
  const folder = temporaryFolder();
  const file = snapshotFile(machine(example), folder);
  const before = snapshotFile(facts([socket({ localPort: 22 })]), folder);
  const store = join(folder, 'audits.db');
  await run(['audit', '--from', before, '--store', store]);
  await run(['audit', '--from', file, '--store', store]);
  const expected = join(folder, 'expected.txt');
  writeFileSync(expected, `${example.machine}-2\n`);
  const from = ['--from', file];
  const questions = [
    from,
    ['--all', '--tree', ...from],
    ['--columns', 'Owner,CommandLine,WorkingDirectory,Project,Ancestors,Supervisor,Reason', ...from],
    ['why', '3000', ...from],
    ['why', '--error', `listen EADDRINUSE: address already in use 10.41.2.3:3000 in /home/annika/clients/x.js`, ...from],
    ['conflicts', ...from],
    ['audit', '--store', join(folder, 'other.db'), ...from],
    ['diff', before, file],
    ['diff', file, before],
    ['stop', '3000', '3001', '8080', '--dry-run', ...from],
    ['history', '--store', store],
    ['history', '1-65535', '--store', store],
    ['fleet', '--store', store],
    ['fleet', '1-65535', '--store', store],
    ['fleet', '--rare', '--store', store],
    ['fleet', '--versions', '--store', store],
    ['fleet', '--since', '36500d', '--store', store],
    ['fleet', '--missing', '--expected', expected, '--store', store],
    ['free', '3000-3010', '--explain', ...from],
    ['ranges', ...from],
  ];
  for (const question of questions) {
    // The check can fail: without the option, the names are there.
    if (!['ranges', 'free', 'history', 'fleet'].includes(question[0]!))
      assert.not.equal(leaks(printed(await run([...question, '--format', 'json'])), example), [], question.join(' '));
    for (const format of formats.filter(written)) {
      const path = join(folder, `answer.${format}`);
      const outcome = await run([...question, '--redact', '--format', format, '--output', path]);
      assert.ok(outcome.code === 0 || outcome.code === 1 || outcome.code === 77, `${question.join(' ')} ${format}: ${printed(outcome)}`);
      assert.equal(leaks(printed(outcome) + contents(path), example), [], `${question.join(' ')} as ${format}`);
    }
    const terminal = { columns: 200, colors: false, links: false } as never;
    const seen = await run([...question, '--redact'], { terminal });
    assert.equal(leaks(printed(seen), example), [], `${question.join(' ')} on a terminal`);
  }
});

test('nor in the reports of an audit, of one machine or several, and the store keeps the names', async () => {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  const [one, two] = [snapshotFile(machine(example), folder), snapshotFile(machine({ ...example, machine: 'srv-orders', project: 'backoffice' }), folder)];
  writeFileSync(
    path('policy.yaml'),
    'kind: PortOwner.Policy\nversion: 1\ndefault: forbid\nrules:\n  - name: no web\n    action: forbid\n    ports: 3000-3001\n    owner: annika@corpnet.example\n    reason: asked by annika\n',
  );
  for (const machines of [[one], [one, two]]) {
    const reports = endings.map((ending) => path(`report${machines.length}${ending}`));
    const args = ['audit', '--policy', path('policy.yaml'), ...machines.flatMap((name) => ['--from', name]), ...reports.flatMap((name) => ['--report', name])];
    const store = machines.length > 1 ? [] : ['--store', path('audits.db')];
    const outcome = await run([...args, ...store, '--redact']);
    assert.is(outcome.code, 1, printed(outcome));
    const secrets = [example, { ...example, machine: 'srv-orders', project: 'backoffice' }];
    for (const report of reports) for (const one of secrets) assert.equal(leaks(contents(report), one), [], report);
    for (const one of secrets) assert.equal(leaks(printed(outcome), one), []);
    assert.match(contents(path(`report${machines.length}.csv`)), /Forbidden,[^\n]*MACHINE1/);
    if (machines.length > 1) assert.match(contents(path('report2.csv')), /MACHINE2/);
  }
  assert.match((await run(['history', '--store', path('audits.db'), '3000'])).out, /srv-payments/);
});

test('nor in a report of saved rows, which have the names only in their texts', async () => {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  const file = snapshotFile(machine(example), folder);
  await run(['--from', file, '--format', 'clixml', '--output', path('all.clixml')]);
  await run(['--from', file, '--format', 'clixml', '--columns', 'LocalAddress,LocalPort,UserName,Owner,ComputerName', '--output', path('few.clixml')]);
  await run(['diff', snapshotFile(facts([socket({ localPort: 22 })]), folder), file, '--format', 'clixml', '--output', path('findings.clixml')]);
  for (const saved of ['all', 'few', 'findings']) {
    const fitting = endings.filter((one) => saved === 'findings' || traitsOf(formatOfFile(`x${one}`, 'report', '')!).findings !== true);
    for (const ending of fitting) {
      const report = path(`report${ending}`);
      const { code, err } = await run(['report', path(`${saved}.clixml`), '--output', report, '--title', `Ports of ${example.machine}`, '--redact']);
      assert.equal([code, err], [0, '']);
      // Only facts know the folder of a container's registry.
      assert.equal(leaks(contents(report), example), [], `${saved} as ${ending}`);
    }
  }
});

test('the machine in what --verbose reports', async () => {
  const file = snapshotFile(machine(example));
  const { out, err } = await run(['443', '--from', file, '--redact', '--verbose']);
  assert.match(err, /^portowner: MACHINE1 at /m);
  assert.equal(leaks(out + err, example), []);
});

test('a machine with a short name', async () => {
  const folder = temporaryFolder();
  const file = snapshotFile(machine({ ...example, machine: 'vm' }), folder);
  const audit = await run(['audit', '--from', file, '--store', join(folder, 'a.db'), '--report', join(folder, 'a.txt'), '--redact']);
  assert.match(audit.err, /^portowner: audit of MACHINE1: /);
  assert.match(contents(join(folder, 'a.txt')), /Audit of MACHINE1: /);
  assert.match((await run(['history', '8080', '--store', join(folder, 'a.db'), '--redact'])).out, / on MACHINE1 since /);
  assert.match((await run(['ranges', '--from', file, '--redact'])).out, /^(?:MACHINE1 assigns |The dynamic range of MACHINE1 )/);
  // With several machines, each sentence names its own.
  const other = snapshotFile(machine({ ...example, machine: 'db' }), temporaryFolder());
  for (const command of ['ranges', 'conflicts', '9999']) {
    const { out, err } = await run([command, '--from', file, '--from', other, '--redact']);
    assert.not.match(out + err, /\b(?:vm|db)\b/, command);
  }
  const verbose = await run(['443', '--from', file, '--redact', '--verbose']);
  assert.not.match(verbose.out + verbose.err, /\bvm\b/);
  const baseline = join(folder, 'ok.yaml');
  await run(['baseline', 'create', baseline, '--from', file]);
  for (const command of [
    ['baseline', 'update', baseline],
    ['audit', '--baseline', baseline],
  ]) {
    const { out, err } = await run([...command, '--from', other, '--redact']);
    assert.match(err, /belongs to the machine MACHINE\d/);
    assert.not.match(out + err, /\b(?:vm|db)\b/, command[0]);
  }
});

test('the same name has the same replacement, and what is not personal stays', async () => {
  const file = snapshotFile(machine(example));
  const columns = 'LocalAddress,LocalPort,ImageName,Application,Path,UserName,Owner,ComputerName';
  const { out } = await run(['3000', '3001', '8080', '--from', file, '--redact', '--format', 'json', '--columns', columns]);
  assert.equal(
    (JSON.parse(out.replaceAll(/folder\d/g, 'folderN')) as Record<string, unknown>[]).map((row) => Object.values(row)),
    [
      ['0.0.0.0', 3000, 'node', 'node', '/home/user1/.nvm/bin/node', 'user1', 'node (100)', 'MACHINE1'],
      ['198.18.0.1', 3000, 'python3.11', 'python', '/usr/bin/python3.11', 'user2', 'python (101)', 'MACHINE1'],
      ['::ffff:198.18.0.2', 3001, 'server.exe', 'server', 'C:\\Users\\user1\\folderN\\server.exe', 'DOMAIN1\\user1', 'server.exe (102)', 'MACHINE1'],
      ['0.0.0.0', 8080, 'java', 'java', '/root/folderN/folderN/bin/java', 'root', 'java (104)', 'MACHINE1'],
    ],
  );
});

test('a value that is left out says so where its column is asked for, and nowhere else', async () => {
  const file = snapshotFile(machine(example));
  const reasons = async (columns: string): Promise<unknown> =>
    (JSON.parse((await run(['3000', '--pid', '100', '--from', file, '--redact', '--format', 'json', '--columns', columns])).out) as Record<string, unknown>[])[0]!['Reason'];
  assert.is(await reasons('Owner,Reason'), null);
  assert.equal(await reasons('WorkingDirectory,CommandLine,Project,Reason'), [
    'WorkingDirectory: Disabled: left out of a redacted answer',
    'CommandLine: Disabled: left out of a redacted answer',
  ]);
  assert.match((await run(['3000', '--from', file, '--redact', '--command-lines'])).err, /--redact and --command-lines exclude each other/);
});

test('a path below the folder where a program runs, wherever that is, does not name the project', async () => {
  const program = (pid: number, path: string, workingDirectory: string) => processFact({ pid, imageName: 'server', path, workingDirectory });
  const file = snapshotFile(
    facts(
      [100, 101, 102, 103].map((pid) => socket({ localPort: 3000 + pid, pid })),
      {
        processes: [
          program(100, '/srv/acme/shop/bin/server', '/srv/acme/shop'),
          program(101, '/usr/sbin/server', '/var/lib/server'),
          program(102, 'D:\\acme\\server.exe', 'D:\\acme\\'),
          program(103, '/opt/tools/bin/server', '/'),
        ],
      },
    ),
  );
  const { out } = await run(['--from', file, '--redact', '--format', 'csv', '--columns', 'Path']);
  assert.equal(
    out
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.replaceAll(/folder\d/g, 'folderN').replaceAll('"', '')),
    ['/srv/folderN/folderN/bin/server', '/usr/sbin/server', 'D:\\folderN\\server.exe', '/opt/tools/bin/server'],
  );
  const redacted = join(temporaryFolder(), 'redacted.json');
  writeFileSync(redacted, JSON.stringify(redactFacts(JSON.parse(readFileSync(file, 'utf8')) as Facts)));
  assert.not.match(readFileSync(redacted, 'utf8'), /acme|shop/);
});

/** Programs in projects of several levels, and in home folders of several people, some of them odd. */
function workshop(): Facts {
  const programs: readonly Partial<Parameters<typeof processFact>[0]>[] = [
    { imageName: 'node', path: '/usr/bin/node', application: 'node server.js', workingDirectory: '/home/annika/zeppelin/packages/api', user: 'annika', parent: 300 },
    { imageName: 'gateway', path: '/opt/zeppelin/bin/gateway', workingDirectory: '/' },
    {
      imageName: 'node',
      path: '/usr/bin/node',
      application: 'node server.js',
      workingDirectory: '/srv/acmecorp/orchid/packages/web',
      commandLine: 'node server.js --data /srv/acmecorp/data',
    },
    { imageName: 'tool', path: '/srv/acmecorp/tools/tool', workingDirectory: '/srv/acmecorp' },
    { imageName: 'server', path: '/home/bobby/bin/server', workingDirectory: '/home/bobby' },
    { imageName: 'server', path: '/Users/carlo/server', workingDirectory: '/Users/carlo/' },
    { imageName: 'server', path: '/export/home/dorothea/server', workingDirectory: '/export/home/dorothea/jasmine' },
    { imageName: 'server', path: '/var/home/evelyn/server', workingDirectory: '/var/home/evelyn/jasmine/src' },
    { imageName: 'server', path: '/mnt/c/Users/Fiona Smith/server', workingDirectory: '/mnt/c/Users/Fiona Smith/jasmine (old)/src' },
    { imageName: 'server', path: '/root/peony/server', workingDirectory: '/root/peony/apps/one' },
    { imageName: 'peony-agent', path: '/usr/local/bin/peony-agent', workingDirectory: '/' },
    { imageName: 'server', path: '/home/CORPNET/gilbert/x/server', workingDirectory: '/home/CORPNET/gilbert' },
    { imageName: 'server', path: '/home/héloïse/server', workingDirectory: '/home/héloïse/tulipán/src' },
  ];
  const starters = [
    processFact({ pid: 300, parent: 301, imageName: 'node', path: '/usr/bin/node', application: 'npm run zeppelin' }),
    processFact({ pid: 301, parent: 302, imageName: 'bash', path: '/bin/bash', application: 'bash zeppelin.sh' }),
    processFact({ pid: 302, parent: 1, imageName: 'orchid-run', path: '/home/bobby/orchid/orchid-run' }),
  ];
  return facts(
    programs.flatMap((_, at) => [socket({ localPort: 3000 + at, pid: 100 + at, holders: [100 + at] })]),
    { processes: [...programs.map((one, at) => processFact({ pid: 100 + at, ...one })), ...starters], platform: 'linux' },
  );
}

/** The same on Windows. */
function windowsWorkshop(): Facts {
  const programs: readonly Partial<Parameters<typeof processFact>[0]>[] = [
    { imageName: 'node.exe', path: 'C:\\Program Files\\nodejs\\node.exe', application: 'node server.js', workingDirectory: 'C:\\Users\\Annika\\source\\zeppelin\\packages\\api\\' },
    { imageName: 'gateway.exe', path: 'D:\\zeppelin\\gateway.exe', workingDirectory: 'C:\\Windows\\System32' },
    { imageName: 'tool.exe', path: 'D:\\acmecorp\\orchid\\tool.exe', workingDirectory: 'D:\\acmecorp\\orchid\\packages\\web' },
    { imageName: 'tool.exe', path: 'D:\\acmecorp\\tools\\tool.exe', workingDirectory: 'D:\\' },
    { imageName: 'tool.exe', path: '\\\\?\\C:\\Users\\bobby\\tool.exe', workingDirectory: 'c:\\users\\BOBBY' },
    { imageName: 'tool.exe', path: '\\\\fileserver\\home\\carlo\\tool.exe', workingDirectory: '\\\\fileserver\\home\\carlo\\jasmine' },
    { imageName: 'tool.exe', path: 'C:\\Documents and Settings\\dorothea\\tool.exe', workingDirectory: 'C:\\Documents and Settings\\dorothea\\jasmine\\src' },
    { imageName: 'tool.exe', path: '\\Device\\HarddiskVolume3\\Users\\evelyn\\tool.exe', workingDirectory: null },
    { imageName: 'tool.exe', path: 'E:\\profiles\\x\\tool.exe', workingDirectory: 'C:/Users/Fiona Smith/jasmine' },
    { imageName: 'w3wp.exe', path: 'C:\\inetpub\\wwwroot\\peony\\bin\\w3wp.exe', workingDirectory: 'C:\\inetpub\\wwwroot\\peony\\bin' },
  ];
  return facts(
    programs.flatMap((_, at) => [socket({ localPort: 3000 + at, pid: 100 + at, holders: [100 + at] })]),
    { processes: programs.map((one, at) => processFact({ pid: 100 + at, ...one })), platform: 'win32' },
  );
}

const people = /annika|bobby|carlo|dorothea|evelyn|fiona|gilbert|héloïse|corpnet|fileserver/gi;
const projects = /zeppelin|orchid|acmecorp|jasmine|peony|tulip/gi;
for (const [what, world] of [
  ['Linux', workshop()],
  ['Windows', windowsWorkshop()],
] as const)
  test(`homes of other people, and the folders above a working directory, on ${what}`, async () => {
    const folder = temporaryFolder();
    const file = snapshotFile(world, folder);
    const from = ['--from', file];
    const columns = ['Owner', 'Path', 'ImageName', 'Application', 'CommandLine', 'WorkingDirectory', 'Project', 'Supervisor', 'Ancestors', 'Reason'];
    const questions = [
      from,
      ['--tree', ...from],
      ['--columns', columns.join(','), ...from],
      ['why', '3000', ...from],
      ['why', '3004', ...from],
      ['conflicts', ...from],
      ['stop', '3000-3012', '--dry-run', ...from],
      ['audit', '--store', join(folder, 'a.db'), ...from],
      ['history', '3000-3012', '--store', join(folder, 'a.db')],
    ];
    for (const question of questions)
      for (const format of ['table', 'list', 'json'] as const) {
        const text = printed(await run([...question, '--redact', '--format', format]));
        assert.equal(text.match(people), null, `${question.join(' ')} ${format}: ${text}`);
        // A store keeps no working directories, so only paths below a home folder are known to be of a project.
        if (question[0] !== 'history') assert.equal(text.match(projects), null, `${question.join(' ')} ${format}: ${text}`);
      }
    const snapshot = JSON.stringify(redactFacts(JSON.parse(readFileSync(file, 'utf8')) as Facts));
    assert.equal(snapshot.match(people), null);
    assert.equal(snapshot.match(projects), null);
  });

test('a page of a redacted answer has no command line, which may name anything', async () => {
  const folder = temporaryFolder();
  const home = join(folder, 'annika');
  mkdirSync(home);
  const file = snapshotFile(facts([socket()]), home);
  const path = join(folder, 'page.html');
  await run(['--user', 'annika', '--from', file, '--redact', '--output', path]);
  assert.ok(existsSync(path));
  assert.not.match(contents(path), /annika/);
});

const name = (prefix: string): fc.Arbitrary<string> => fc.stringMatching(/^[a-z]{3,6}$/).map((rest) => `${prefix}q${rest}`);

test('fuzz: no name survives', async () => {
  const secrets = fc.record({
    user: name('u'),
    other: name('o'),
    domain: name('d').map((text) => text.toUpperCase()),
    machine: name('m'),
    project: fc.oneof(
      name('p'),
      name('p').map((text) => `${text}-api`),
      name('p').map((text) => `${text}.v2`),
    ),
    folder: fc.oneof(
      name('f'),
      name('f').map((text) => `my ${text}`),
    ),
    container: name('c'),
    address: fc.integer({ min: 1, max: 254 }).map((last) => `10.41.7.${last}`),
  });
  const questions = fc.constantFrom(['--all'], ['--tree'], ['why', '3000'], ['conflicts'], ['stop', '3000', '8080', '--dry-run'], ['audit']);
  const chosen = fc.constantFrom<Format>('table', 'list', 'csv', 'json', 'md', 'html', 'clixml');
  await fc.assert(
    fc.asyncProperty(secrets, questions, chosen, async (made, question, format) => {
      const folder = temporaryFolder();
      const file = snapshotFile(machine(made), folder);
      const store = question[0] === 'audit' ? ['--store', join(folder, 'a.db')] : [];
      const outcome = await run([...question, ...store, '--from', file, '--redact', '--format', format]);
      assert.equal(leaks(printed(outcome), made), [], `${question.join(' ')} ${format}`);
    }),
    { numRuns: 60 },
  );
});

test.run();
