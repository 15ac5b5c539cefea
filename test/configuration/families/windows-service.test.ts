// Services with their arguments in the registry, and with the wrappers nssm and srvany: https://nssm.cc/usage
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { registryData, registryText } from '../../../src/system/registry.ts';
import { seen, type SeenServer } from '../../support/configurations.ts';
import { registryFiles } from '../../support/registry-export.ts';

const test = suite('Windows services');

const services = 'HKLM\\SYSTEM\\CurrentControlSet\\Services';
const text = (data: string, kind: number): Buffer => registryText({ kind, data: Buffer.from(data, 'utf16le') })!;
const changed = ({ move }: SeenServer, from: number, to: number): unknown =>
  move(from, to).plan.files.map(({ path, after }) => {
    const { kind, data } = registryData(after);
    return [path.slice(services.length + 1), kind, Buffer.from(data).toString('utf16le')];
  });
const unknown = 'the code of the program decides whether it uses this';

test('a program that nobody knows', async () => {
  const command = '"C:\\Program Files\\Größe\\shop.exe" --http-port=8080 --listen "0.0.0.0:8081" --name 8080 -port 8082\0';
  const path = `${services}\\Shop\\ImagePath`;
  const server = await seen({ [path]: text(command, 2), [`${services}\\Shop\\Environment`]: text('A=1\0PORT=8083\0\0', 7) }, { path });
  assert.equal(server.rows, [
    `--http-port 8080 -> 8080 (${path}): ${unknown}`,
    `--listen 0.0.0.0:8081 -> 0.0.0.0:8081 (${path}): ${unknown}`,
    `-port 8082 -> 8082 (${path}): ${unknown}`,
    `PORT 8083 -> 8083 (${services}\\Shop\\Environment): ${unknown}`,
  ]);
  assert.equal(changed(server, 8080, 9000), [['Shop\\ImagePath', 2, command.replace('--http-port=8080', '--http-port=9000')]]);
  assert.equal(changed(server, 8081, 9001), [['Shop\\ImagePath', 2, command.replace('8081', '9001')]]);
  assert.equal(changed(server, 8082, 9002), [['Shop\\ImagePath', 2, command.replace('8082', '9002')]]);
  assert.equal(changed(server, 8083, 9003), [['Shop\\Environment', 7, 'A=1\0PORT=9003\0\0']]);
});

test('quotes within a word', async () => {
  const path = `${services}\\Shop\\ImagePath`;
  const server = await seen({ [path]: text('x.exe --po"rt"=8080 "--port=8081" --port="8082"\0', 1) }, { path });
  assert.throws(
    () => server.move(8080, 9000),
    ({ message }: Error) => message.includes('cannot be changed automatically'),
  );
  assert.equal(changed(server, 8081, 9001), [['Shop\\ImagePath', 1, 'x.exe --po"rt"=8080 "--port=9001" --port="8082"\0']]);
  assert.equal(changed(server, 8082, 9002), [['Shop\\ImagePath', 1, 'x.exe --po"rt"=8080 "--port=8081" --port="9002"\0']]);
});

test('the command line of a running server comes from its service', async () => {
  const path = `${services}\\Redis\\ImagePath`;
  const files = registryFiles(`[HKEY_LOCAL_MACHINE\\${path.slice(5, -10)}]\n"ImagePath"="C:\\\\Redis\\\\redis-server.exe --service-run --port 6390"`);
  const server = await seen(files, { arguments: ['C:\\Redis\\redis-server.exe', '--service-run', '--port', '6390'], service: 'Redis' });
  assert.equal(server.rows, [`--port 6390 -> 6390 (${path})`]);
  assert.equal(changed(server, 6390, 7000), [['Redis\\ImagePath', 1, 'C:\\Redis\\redis-server.exe --service-run --port 7000\0']]);
  // Of another service, or with another value, it does not.
  for (const service of ['Other', null])
    assert.equal((await seen(files, { arguments: ['C:\\Redis\\redis-server.exe', '--port', '6390'], service })).rows, ['--port 6390 -> 6390 (the command line)']);
});

test('what nssm runs, and its environment', async () => {
  const key = `${services}\\Web`;
  const files = {
    [`${key}\\ImagePath`]: text('C:\\nssm\\nssm.exe\0', 2),
    [`${key}\\Parameters\\AppParameters`]: text('C:\\web\\gunicorn app:app --bind 127.0.0.1:8000\0', 2),
    [`${key}\\Parameters\\AppEnvironmentExtra`]: text('MODE=x\0PORT=8001\0\0', 7),
  };
  const server = await seen(files, { path: `${key}\\ImagePath` });
  assert.equal(server.rows, [
    `--bind 127.0.0.1:8000 -> 127.0.0.1:8000 (${key}\\Parameters\\AppParameters): ${unknown}`,
    `PORT 8001 -> 8001 (${key}\\Parameters\\AppEnvironmentExtra): ${unknown}`,
  ]);
  assert.equal(changed(server, 8000, 80), [['Web\\Parameters\\AppParameters', 2, 'C:\\web\\gunicorn app:app --bind 127.0.0.1:80\0']]);
});

test.run();
