// Audits by the built executables: their own SQLite, YAML and files, on Linux, and on Windows or under Wine.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDamagedStore } from '../support/damaged.ts';
import { products } from '../support/build-machine.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { endAll, jsonRows, newFolder, portOwner, runProgram, start } from '../support/program.ts';

const base = newFolder();
const place = (): string => mkdtempSync(join(base, 'x-'));

for (const { name, command, without } of products()) {
  const suiteOf = suite(`audits by ${name}`);
  const test = (what: string, check: (context: TestContext) => void | Promise<void>): void =>
    suiteOf(what, (context) => (command === null ? skip(without, context as TestContext) : check(context as TestContext)));
  suiteOf.after(endAll);

  const windows = name.endsWith('.exe');
  const portowner = portOwner(command ?? []);
  const path = windows ? 'C:\\Program Files\\nginx\\nginx.exe' : '/usr/sbin/nginx';

  /** A snapshot of a night in a folder; the names of files are relative, so that both systems understand them. */
  function night(folder: string, day: number, ports: readonly number[]): string {
    const all = facts(
      ports.map((localPort) => socket({ localPort })),
      { platform: windows ? 'win32' : 'linux', processes: [processFact({ path })] },
    );
    const file = join(folder, `night${day}.json`);
    writeFileSync(file, JSON.stringify({ ...all, at: new Date(Date.UTC(2026, 0, day, 2)).toISOString() }));
    return basename(file);
  }

  test('a baseline, three nights, reports and their history', () => {
    const cwd = place();
    const first = night(cwd, 1, [80, 443]);
    assert.is(portowner(['baseline', 'create', 'b.yaml', '--from', first], { cwd }).code, 0);
    writeFileSync(join(cwd, 'p.yaml'), `kind: PortOwner.Policy\nversion: 1\nrules:\n  - { name: no telnet, action: forbid, ports: 23, severity: Critical }\n`);
    const audit = (day: number, ports: readonly number[]) =>
      portowner(['audit', '--baseline', 'b.yaml', '--policy', 'p.yaml', '--store', 'audits.db', '--report', 'größe.csv', '--format', 'json', '--from', night(cwd, day, ports)], {
        cwd,
      });
    assert.is(audit(2, [80, 443]).code, 0);
    const found = audit(3, [23, 80, 8080]);
    assert.is(found.code, 1);
    assert.equal(
      (jsonRows(found.out) as unknown as { Kind: string }[]).map(({ Kind }) => Kind),
      ['Forbidden', 'Opened', 'Closed'],
    );
    assert.match(readFileSync(join(cwd, 'größe.csv'), 'utf8'), /^\ufeffKind,[\s\S]*no telnet/);
    assert.match(portowner(['history', '--store', 'audits.db', '--format', 'csv'], { cwd }).out, /2026-01-03T02:00:00\.000Z,3,2,1,3,Critical/);
    assert.match(portowner(['history', '443', '--store', 'audits.db', '--format', 'csv'], { cwd }).out, /Known,2026-01-02T02:00:00\.000Z,2026-01-02T02:00:00\.000Z,false/);
    assert.is(portowner(['baseline', 'update', 'b.yaml', '--from', 'night3.json'], { cwd }).code, 0);
    assert.is(portowner(['diff', 'night1.json', 'night3.json'], { cwd }).code, 1);
    assert.equal(
      readdirSync(cwd).filter((file) => /tmp$|journal|damaged/.test(file)),
      [],
    );
  });

  test('this machine, with the hashes of its executables', () => {
    const cwd = place();
    const created = portowner(['baseline', 'create', 'b.yaml', '--hash'], { cwd });
    // Wine's netsh prints nothing: without the dynamic range no audit is whole.
    const whole = !/dynamic port ranges could not be read/.test(created.err);
    assert.is(created.code, whole ? 0 : 69, created.err);
    assert.ok(whole || (name.endsWith('.exe') && process.platform === 'linux'), created.err);
    if (!whole) assert.is(portowner(['baseline', 'create', 'b.yaml', '--hash', '--force'], { cwd }).code, 69);
    const { code, err } = portowner(['audit', '--baseline', 'b.yaml', '--store', 'audits.db', '--hash'], { cwd });
    // Other programs come and go meanwhile.
    assert.ok((whole ? [0, 1, 77] : [1, 69]).includes(code!), err);
    assert.match(err, /portowner: audit of /);
    assert.is(portowner(['history', '--store', 'audits.db', '--count'], { cwd }).out.trim(), '1');
  });

  test('a damaged store is set aside', () => {
    const cwd = place();
    const bytes = writeDamagedStore(join(cwd, 'audits.db'));
    const { code, err } = portowner(['audit', '--store', 'audits.db', '--from', night(cwd, 1, [80])], { cwd });
    assert.is(code, 69);
    assert.match(err, /PO4203/);
    const aside = readdirSync(cwd).find((file) => file.includes('damaged'));
    assert.equal(readFileSync(join(cwd, aside!)), bytes);
    assert.is(portowner(['audit', '--store', 'audits.db', '--from', night(cwd, 2, [80])], { cwd }).code, 0);
  });

  test('what is no store, and a store with a trigger, stay as they are', () => {
    const cwd = place();
    writeFileSync(join(cwd, 'notes.txt'), 'my notes');
    const refused = (store: string, why: RegExp): void => {
      const bytes = readFileSync(join(cwd, store));
      const { code, err } = portowner(['audit', '--store', store, '--from', night(cwd, 2, [80])], { cwd });
      assert.is(code, 69);
      assert.match(err, why);
      assert.equal(readFileSync(join(cwd, store)), bytes);
    };
    refused('notes.txt', /PO2002: notes\.txt cannot be the store: it is not a PortOwner store/);
    assert.is(portowner(['audit', '--store', 'audits.db', '--from', night(cwd, 1, [80])], { cwd }).code, 0);
    const database = new DatabaseSync(join(cwd, 'audits.db'));
    database.exec('CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run WHERE at < new.at; END');
    database.close();
    refused('audits.db', /it has a trigger "t", which PortOwner did not create/);
    assert.equal(
      readdirSync(cwd)
        .filter((name) => !name.startsWith('night'))
        .toSorted(),
      ['audits.db', 'notes.txt'],
    );
  });

  test('killed at random moments: the store stays whole', async () => {
    const cwd = place();
    const ports = Array.from({ length: 800 }, (_, index) => 1000 + index);
    const time = performance.now();
    assert.is(portowner(['audit', '--store', 'audits.db', '--from', night(cwd, 1, [80])], { cwd }).code, 0);
    const duration = performance.now() - time;
    let stored = 1;
    for (let day = 2; day < 10; day++) {
      const child = start([...command!, 'audit', '--store', 'audits.db', '--from', night(cwd, day, day % 2 === 0 ? ports : [80])], { cwd, stdio: 'ignore' });
      const exited = once(child, 'exit');
      const timer = setTimeout(() => void child.kill('SIGKILL'), duration * (0.4 + Math.random() * 0.7));
      await exited;
      clearTimeout(timer);
      const { code, out, err } = portowner(['history', '--store', 'audits.db', '--count'], { cwd });
      assert.is(code, 0, err);
      const now = Number(out);
      assert.ok(now === stored || now === stored + 1);
      stored = now;
    }
    assert.not.ok(readdirSync(cwd).some((file) => file.includes('damaged')));
  });

  if (windows) {
    test('the event log: a warning without the source, none with it', (context) => {
      if (process.platform === 'win32') return skip('it would write to the event log of this machine', context);
      const cwd = place();
      const audit = (day: number) => portowner(['audit', '--store', 'audits.db', '--event-log', '--from', night(cwd, day, [80])], { cwd });
      const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\PortOwner';
      const runner = command!.slice(0, -1);
      runProgram([...runner, 'reg.exe', 'delete', key, '/f']);
      const warned = audit(1);
      assert.is(warned.code, 0);
      assert.match(warned.err, /PO4207: warning: .*the event source PortOwner is not registered/);
      assert.is(runProgram([...runner, 'reg.exe', 'add', key, '/v', 'TypesSupported', '/t', 'REG_DWORD', '/d', '7', '/f']).code, 0);
      try {
        const written = audit(2);
        assert.equal([written.code, written.err], [0, 'portowner: audit of box: clean, 1 listener\n']);
      } finally {
        runProgram([...runner, 'reg.exe', 'delete', key, '/f']);
      }
    });
  }

  suiteOf.run();
}
