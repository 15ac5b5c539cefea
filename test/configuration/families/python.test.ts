// gunicorn: https://docs.gunicorn.org/en/stable/settings.html#bind, Flask: https://flask.palletsprojects.com/en/stable/cli/,
// uvicorn: https://www.uvicorn.org/settings/, Django: https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfiguredPort, Instance } from '../../../src/configuration/configured-port.ts';
import { python } from '../../../src/configuration/families/python.ts';
import { ranked, whereText } from '../../../src/configuration/overlay.ts';
import { Reading } from '../../../src/configuration/reading.ts';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import { ConfigurationFiles } from '../../support/configuration-files.ts';

const test = suite('Python');
const app = 'Python';

/** What counts for a program: `port, address, where`. */
async function wins(args: readonly string[], files: ConfigurationFiles, environment: Record<string, string> = {}, service: string | null = null): Promise<unknown[]> {
  const machine = await liveConfiguration();
  const units = { '/etc/systemd/system/shop.service': '[Service]\nExecStart=/usr/bin/gunicorn --bind \\\n  127.0.0.1:20150 a:b\n' };
  const reading = new Reading({
    ...machine,
    platform: 'linux',
    read: (path) => (path in units ? { bytes: Buffer.from(units[path as keyof typeof units]), refusal: null } : machine.read(path)),
  });
  const instance: Instance = {
    pid: 1,
    executable: '/usr/bin/python3',
    arguments: ['/usr/bin/python3', ...args],
    environment: new Map(Object.entries(environment)),
    workingDirectory: files.folder,
    account: null,
    service,
    serviceUser: null,
    path: null,
  };
  python.read(instance, reading);
  const where = (place: ConfiguredPort): string => whereText(place).replace(`${files.folder}/`, '');
  return ranked(reading.places)
    .filter(({ isEffective }) => isEffective)
    .map((place) => [place.port, place.address, where(place)]);
}

const conf = Buffer.from(
  `"""\r\nbind = "1"\r\n"""\r\nimport os # bind = "2"\r\nworkers = 3\r\nbind = '127.0.0.1:3'\r\nbind   =   [\r\n  "0.0.0.0:20100", # bind\r\n  '[::1]:20101',\r\n  "unix:/run/g.sock", "tcp://localhost:20102",\r\n]\r\nbinding = "4"\r\n`,
);

test('gunicorn.conf.py: the last assignment, with every address', async () => {
  const files = new ConfigurationFiles({ 'gunicorn.conf.py': conf });
  await files.expectRows(app, [
    ['bind', '0.0.0.0:20100', 20_100, 'gunicorn.conf.py:8'],
    ['bind', '[::1]:20101', 20_101, 'gunicorn.conf.py:9'],
    ['bind', 'tcp://localhost:20102', 20_102, 'gunicorn.conf.py:10'],
  ]);
  await files.expectMove(app, [20_100, 31_000], { 'gunicorn.conf.py': [[':20100', ':31000']] });
  await files.expectMove(app, [20_102, 31_000], { 'gunicorn.conf.py': [[':20102', ':31000']] });
  for (const code of ["f'0.0.0.0:{port}'", 'os.environ["BIND"]', '"0.0.0.0:" + port', '"0.0.0.0:1" if x else "0.0.0.0:2"']) {
    const [row] = await new ConfigurationFiles({ 'gunicorn.conf.py': `bind = ${code}\n` }).rows(app);
    assert.is(row!.Port, null, code);
  }
  const [row] = await new ConfigurationFiles({ 'gunicorn.conf.py': 'bind = "0.0.0.0:20100"\nif x:\n    bind = "0.0.0.0:1"\n' }).rows(app);
  assert.is(row!.Port, 20_100);
  assert.match(row!.Reason!.join(), 'under a condition');
});

test('gunicorn: its file, then GUNICORN_CMD_ARGS, then every -b', async () => {
  const files = new ConfigurationFiles({ 'gunicorn.conf.py': 'bind = "0.0.0.0:20100"\n', 'other.py': 'bind = "20103"\n' });
  const none = new ConfigurationFiles({ 'app.py': '' });
  const program = ['/usr/bin/gunicorn', 'a:b'];
  assert.equal(await wins(program, none), [[8000, '127.0.0.1', 'the default']]);
  assert.equal(await wins(program, none, { PORT: '20104' }), [[20_104, '0.0.0.0', 'the environment variable PORT']]);
  assert.equal(await wins(program, files, { PORT: '20104' }), [[20_100, '0.0.0.0', 'gunicorn.conf.py:1']]);
  assert.equal(await wins([...program, '-c', 'other.py'], files), [[20_103, null, 'other.py:1']]);
  const variable = { GUNICORN_CMD_ARGS: "--workers=2 --bind='127.0.0.1:20105'" };
  assert.equal(await wins(program, files, variable), [[20_105, '127.0.0.1', 'the environment variable GUNICORN_CMD_ARGS']]);
  assert.equal(await wins([...program, '-b', '127.0.0.1:20106', '--bind=:20107'], files, variable), [
    [20_106, '127.0.0.1', 'the command line'],
    [20_107, null, 'the command line'],
  ]);
  // A command line that the unit of the service has is changed there.
  assert.equal(await wins([...program, '--bind', '127.0.0.1:20150'], files, {}, 'shop.service'), [[20_150, '127.0.0.1', '/etc/systemd/system/shop.service:3']]);
});

test('uvicorn, Django, and Flask', async () => {
  const files = new ConfigurationFiles({ '.flaskenv': '# x\nFLASK_RUN_PORT=20200\nFLASK_RUN_PORT = 20201 # y\n', '.env': 'PORT=20203\n' });
  assert.equal(await wins(['-m', 'uvicorn', 'a:b'], files), [[8000, '127.0.0.1', 'the default']]);
  assert.equal(await wins(['/x/uvicorn', 'a:b'], files, { UVICORN_PORT: '20300' }), [[20_300, null, 'the environment variable UVICORN_PORT']]);
  assert.equal(await wins(['/x/uvicorn', 'a:b', '--port', '20301'], files, { UVICORN_PORT: '20300' }), [[20_301, null, 'the command line']]);
  assert.equal(await wins(['manage.py', 'runserver'], files), [[8000, '127.0.0.1', 'the default']]);
  assert.equal(await wins(['manage.py', 'runserver', '0.0.0.0:20302', '--noreload'], files), [[20_302, '0.0.0.0', 'the command line']]);
  assert.equal(await wins(['-m', 'http.server'], files), [[8000, null, 'the default']]);
  assert.equal(await wins(['-m', 'http.server', '20304'], files), [[20_304, null, 'the command line']]);
  assert.equal(await wins(['-m', 'http.server', '-p', 'HTTP/1.1', '20305', '--bind', '127.0.0.1', '-d', '80'], files), [[20_305, '127.0.0.1', 'the command line']]);
  assert.equal(await wins(['/x/flask', 'run'], files), [[20_201, null, '.flaskenv:3']]);
  assert.equal(await wins(['/x/flask', 'run', '-p', '20303'], files), [[20_303, null, 'the command line']]);
  assert.equal(await wins(['app.py'], files), [[20_203, null, '.env:1']]);
  await files.expectRows(app, [['FLASK_RUN_PORT', '20201', 20_201, '.flaskenv:3']]);
  await files.expectMove(app, [20_201, 31_000], { '.flaskenv': [['20201 #', '31000 #']] });
});

test.run();
