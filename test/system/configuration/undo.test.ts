// The journal of moves: undoing, in order and after other changes, and what is said if the journal cannot be used.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import type { MoveResult } from '../../../src/schema/move.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { hasNginx, onThisMachine, serverFolder, startNginx } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('undoing moves');

const onLinux = (name: string, work: () => Promise<void>): void =>
  test(name, async (context) => (process.platform === 'linux' ? work() : skip('it needs Linux', context as TestContext)));

/** A port outside of the dynamic range that is free now. */
const target = async (near: number): Promise<number> => Number((await onThisMachine(['free', '--near', String(near)], temporaryFolder())).out);
const first = await target(20_000 + Math.floor(Math.random() * 10_000));
const second = await target(first + 1);
const ports = { first, second, third: await target(second + 1) };

function configuration(): string {
  const file = join(serverFolder(), 'redis.conf');
  writeFileSync(file, `# here\nport ${ports.first}\nappendonly no\n`);
  return file;
}

const moved = (file: string, from: number, to: number, state: string) => onThisMachine(['move', String(from), '--to', String(to), '--path', file, '--yes'], state);

/** The only file in the journal of a state folder. */
function journalFile(state: string): string {
  const folder = join(state, 'moves');
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.json'))!,
  );
}

onLinux('several moves are undone in order, each back to its own contents', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  const before = readFileSync(file, 'utf8');
  const one = await moved(file, ports.first, ports.second, state);
  assert.is(one.code, 0, one.err);
  const between = readFileSync(file, 'utf8');
  const list = async () => JSON.parse((await onThisMachine(['move', '--list', '--json'], state)).out) as MoveResult[];
  const [{ Id }] = (await list()) as [MoveResult];
  assert.is((await moved(file, ports.second, ports.third, state)).code, 0);
  // The first one would undo the second, too.
  assert.is((await onThisMachine(['move', `--undo=${Id}`], state)).code, 1);
  assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
  assert.is(readFileSync(file, 'utf8'), between);
  assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
  assert.is(readFileSync(file, 'utf8'), before);
  const nothing = await onThisMachine(['move', '--undo', '--yes'], state);
  assert.equal([nothing.code, nothing.err.split('\n', 1)[0]], [1, 'portowner: PO4402: there is no move to undo']);
  assert.equal(
    (await list()).map(({ Result }) => Result),
    ['Undone', 'Undone'],
  );
});

onLinux('a file that changed since is shown as a diff, and restored only with --force', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  const before = readFileSync(file, 'utf8');
  await moved(file, ports.first, ports.second, state);
  const edited = readFileSync(file, 'utf8').replace('appendonly no\n', 'appendonly yes\nmaxclients 5\n');
  writeFileSync(file, edited);
  const { code, err } = await onThisMachine(['move', '--undo', '--yes'], state);
  assert.is(code, 1);
  assert.match(err, `changed since the move: ${file}`);
  assert.match(err, `@@ -1,4 +1,3 @@\n # here\n-port ${ports.second}\n-appendonly yes\n-maxclients 5\n+port ${ports.first}\n+appendonly no\n`);
  assert.is(readFileSync(file, 'utf8'), edited);
  assert.is((await onThisMachine(['move', '--undo', '--yes', '--force'], state)).code, 0);
  assert.is(readFileSync(file, 'utf8'), before);
});

onLinux('an undo is shown before it is done: it asks, and --dry-run changes nothing', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  const before = readFileSync(file, 'utf8');
  await moved(file, ports.first, ports.second, state);
  const after = readFileSync(file, 'utf8');
  const planned = await onThisMachine(['move', '--undo', '--dry-run', '--json'], state);
  assert.is(planned.code, 0, planned.err);
  const [row] = JSON.parse(planned.out) as MoveResult[];
  assert.equal([row!.Result, row!.Port, row!.NewPort, row!.Files], ['Planned', ports.first, ports.second, [file]]);
  assert.match(row!.Difference!, `-port ${ports.second}\n+port ${ports.first}\n`);
  assert.is(readFileSync(file, 'utf8'), after);
  const shown = await onThisMachine(['move', '--undo', '--dry-run'], state);
  assert.match(shown.err, `About to undo the move ${row!.Id} of Redis from port ${ports.first} to port ${ports.second} (without a restart).`);
  assert.match(shown.err, `-port ${ports.second}\n+port ${ports.first}\n`);
  const alone = await onThisMachine(['move', '--undo'], state);
  assert.equal([alone.code, /PO4403/.test(alone.err), readFileSync(file, 'utf8')], [64, true, after]);
  const questions: string[] = [];
  const answered = (yes: boolean) =>
    onThisMachine(['move', '--undo', '--json'], state, {}, (question) => {
      questions.push(question);
      return yes;
    });
  const declined = await answered(false);
  assert.equal([declined.code, (JSON.parse(declined.out) as MoveResult[])[0]!.Result, readFileSync(file, 'utf8')], [1, 'Declined', after]);
  const done = await answered(true);
  assert.equal([done.code, (JSON.parse(done.out) as MoveResult[])[0]!.Result, readFileSync(file, 'utf8')], [0, 'Undone', before]);
  assert.match(questions[0]!, `Move Redis back from port ${ports.second} to port ${ports.first}?`);
});

onLinux('--list names a move that was rolled back, and selects those of a port', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  const replace = (): void => {
    throw new Error('no');
  };
  const failed = await onThisMachine(['move', String(ports.first), '--to', String(ports.third), '--path', file, '--yes'], state, { replace });
  assert.is(failed.code, 1);
  await moved(file, ports.first, ports.second, state);
  const list = async (...port: string[]) =>
    (JSON.parse((await onThisMachine(['move', '--list', ...port, '--json'], state)).out) as MoveResult[]).map(({ Result, NewPort }) => [Result, NewPort]);
  assert.equal(await list(), [
    ['Moved', ports.second],
    ['RolledBack', ports.third],
  ]);
  assert.equal(await list(String(ports.second)), [['Moved', ports.second]]);
  assert.is((await list(String(ports.first))).length, 2);
  assert.equal(await list('1'), []);
  assert.match((await onThisMachine(['move', '--list', '1'], state)).out, 'No move in the journal is of port 1.');
  // What was rolled back is not undone again.
  assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
  assert.match((await onThisMachine(['move', '--undo', '--yes'], state)).err, 'there is no move to undo');
});

onLinux('a damaged journal is named, and nothing is changed', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  await moved(file, ports.first, ports.second, state);
  const path = journalFile(state);
  const whole = readFileSync(path, 'utf8');
  const move = JSON.parse(whole) as { files: { contents: string }[] };
  const other = { ...move, files: [{ ...move.files[0], contents: Buffer.from('port 1\n').toString('base64') }] };
  const { files: _, ...without } = move;
  const present = readFileSync(file, 'utf8');
  for (const text of [
    '',
    whole.slice(0, -9),
    '[]',
    '{}',
    JSON.stringify(other),
    JSON.stringify(without),
    JSON.stringify({ ...move, changes: 1 }),
    JSON.stringify({ ...move, state: 'x' }),
    JSON.stringify({ ...move, files: [{ path: 5 }] }),
  ]) {
    writeFileSync(path, text);
    for (const args of [
      ['move', '--undo', '--yes'],
      ['move', '--list'],
      ['move', String(ports.second), '--to', String(ports.third), '--path', file, '--yes'],
    ]) {
      const { code, err } = await onThisMachine(args, state);
      assert.is(code, 69, `${text} ${err}`);
      assert.match(err, /PO4405/);
      assert.match(err, `${path} is damaged`);
      assert.is(readFileSync(file, 'utf8'), present);
    }
  }
});

onLinux('a state folder that cannot be used changes nothing', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  writeFileSync(join(state, 'moves'), '');
  const before = readFileSync(file, 'utf8');
  const { code, err } = await moved(file, ports.first, ports.second, state);
  assert.is(code, 69, err);
  assert.match(err, /PO4405/);
  assert.is(readFileSync(file, 'utf8'), before);
});

/** The files of an nginx with two servers on the first port: its main file, and one for each. */
function twoServers(): string[] {
  const folder = serverFolder();
  const files = ['nginx.conf', 'a.conf', 'b.conf'].map((name) => join(folder, name));
  writeFileSync(files[0]!, `events {}\nhttp { include ${files[1]}; include ${files[2]}; }\n`);
  for (const file of files.slice(1)) writeFileSync(file, `server { listen ${ports.first}; }\n`);
  return files;
}

onLinux('a file that cannot be restored does not keep the others from it', async () => {
  const state = temporaryFolder();
  const files = twoServers();
  const run = () => ({ status: 0, output: '' });
  const done = await onThisMachine(['move', String(ports.first), '--to', String(ports.second), '--path', files[0]!, '--yes'], state, { run });
  assert.is(done.code, 0, done.err);
  const live = await liveConfiguration();
  const undone = await onThisMachine(['move', '--undo', '--yes'], state, {
    replace(path, bytes) {
      if (path === files[2]) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      live.replace(path, bytes);
    },
  });
  assert.is(undone.code, 1);
  assert.match(undone.err, `the files were not restored: ${files[2]}: the device reports an error`);
  assert.match(readFileSync(files[1]!, 'utf8'), String(ports.first));
  assert.match(readFileSync(files[2]!, 'utf8'), String(ports.second));
  assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
  assert.match(readFileSync(files[2]!, 'utf8'), String(ports.first));
});

onLinux('a file that was deleted since is restored with --force', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  const before = readFileSync(file, 'utf8');
  await moved(file, ports.first, ports.second, state);
  rmSync(file);
  const { code, err } = await onThisMachine(['move', '--undo', '--yes'], state);
  assert.is(code, 1);
  assert.match(err, `changed since the move: ${file}`);
  assert.match(err, `+port ${ports.first}\n`);
  const forced = await onThisMachine(['move', '--undo', '--yes', '--force'], state);
  assert.is(forced.code, 0, forced.err);
  assert.is(readFileSync(file, 'utf8'), before);
  const [own, above] = [statSync(file), statSync(dirname(file))];
  assert.equal([own.uid, own.gid, own.mode & 0o777], [above.uid, above.gid, 0o640]);
});

onLinux('a file that another program changes during the undo is kept, and the undo fails', async () => {
  const state = temporaryFolder();
  const files = twoServers();
  const run = () => ({ status: 0, output: '' });
  assert.is((await onThisMachine(['move', String(ports.first), '--to', String(ports.second), '--path', files[0]!, '--yes'], state, { run })).code, 0);
  const live = await liveConfiguration();
  const undone = await onThisMachine(['move', '--undo', '--yes'], state, {
    replace(path, bytes) {
      live.replace(path, bytes);
      if (path === files[2]) writeFileSync(files[1]!, '# new\n');
    },
  });
  assert.is(undone.code, 1, undone.out);
  assert.match(undone.err, `${files[1]}: another program changed it`);
  assert.is(readFileSync(files[1]!, 'utf8'), '# new\n');
  assert.is((await onThisMachine(['move', '--undo', '--yes', '--force'], state)).code, 0);
  assert.match(readFileSync(files[1]!, 'utf8'), String(ports.first));
});

onLinux('a full disk while the file is replaced leaves it as it was', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  const before = readFileSync(file, 'utf8');
  const replace = (): void => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  const { code, out } = await onThisMachine(['move', String(ports.first), '--to', String(ports.second), '--path', file, '--yes', '--json'], state, { replace });
  assert.is(code, 1);
  const [row] = JSON.parse(out) as MoveResult[];
  assert.is(row!.Result, 'RolledBack');
  assert.match(row!.Reason!.join(), 'no space left');
  assert.is(readFileSync(file, 'utf8'), before);
});

onLinux('--keep deletes old moves, but not interrupted ones', async () => {
  const [file, state] = [configuration(), temporaryFolder()];
  await moved(file, ports.first, ports.second, state);
  const path = journalFile(state);
  const old = { ...(JSON.parse(readFileSync(path, 'utf8')) as object), at: '2020-01-01T00:00:00.000Z' };
  const kept = async (data: object) => {
    writeFileSync(path, JSON.stringify(data));
    return (JSON.parse((await onThisMachine(['move', '--keep', '30', '--json'], state)).out) as MoveResult[]).length;
  };
  assert.is(await kept({ ...old, state: 'begun' }), 1);
  // Those of another port stay.
  writeFileSync(path, JSON.stringify({ ...old, state: 'done' }));
  assert.is((await onThisMachine(['move', '--list', '1', '--keep', '1'], state)).code, 0);
  assert.ok(readFileSync(path, 'utf8').includes('2020'));
  assert.is(await kept({ ...old, state: 'done' }), 0);
});

onLinux('options that --undo and --list would ignore are refused', async () => {
  for (const args of [
    ['--undo', '--to', '5'],
    ['--undo', '--list'],
    ['--undo', '--keep', '5'],
    ['--list', '--dry-run'],
    ['--list', '--to', '5'],
  ]) {
    const { code, err } = await onThisMachine(['move', ...args], temporaryFolder());
    assert.is(code, 64, err);
    assert.match(err, /PO1005/);
  }
});

test('--undo --restart reloads the server, and waits for the old port', async (context) => {
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const [port, state] = [await freePort(), temporaryFolder()];
  const to = String(await target(ports.third + 1));
  const nginx = startNginx(port);
  try {
    assert.is((await onThisMachine(['move', String(port), '--to', to, '--yes', '--restart'], state)).code, 0);
    const { code, out, err } = await onThisMachine(['move', '--undo', '--yes', '--restart', '--json'], state);
    assert.is(code, 0, err + out);
    assert.is((JSON.parse(out) as MoveResult[])[0]!.Restart, 'restarted');
    assert.ok(nginx.answers(port));
    assert.not.ok(nginx.answers(Number(to)));
  } finally {
    nginx.stop();
  }
});

test.run();
