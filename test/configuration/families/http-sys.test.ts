// URL reservations, as Windows has them after its installation, and as a program makes them:
// https://learn.microsoft.com/windows/win32/http/add-urlacl
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { survey, surveyFile } from '../../../src/configuration/instances.ts';
import { families } from '../../../src/configuration/families.ts';
import { serverAt } from '../../../src/configuration/plan-move.ts';
import { machineWith, seen } from '../../support/configurations.ts';
import { facts } from '../../support/example.ts';
import { registryFiles } from '../../support/registry-export.ts';

const test = suite('URL reservations of HTTP.sys');

const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\UrlAclInfo';
const files = registryFiles(`Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\${key.slice(5)}]
"http://+:80/Temporary_Listen_Addresses/"=hex:01,00,04,80
"https://10.0.0.5:8443/Größe/"=hex:01,00
"net.pipe://x"=hex:01
`);
const why = (url: string): string => `it only says who may use the URL; for another port: netsh http delete urlacl url=${url}, and netsh http add urlacl`;

test('each URL with its port, and why it is not changed', async () => {
  const { rows, gaps } = await seen(files, { application: 'HTTP.sys' });
  const [first, second] = ['http://+:80/Temporary_Listen_Addresses/', 'https://10.0.0.5:8443/Größe/'];
  assert.equal(rows.toSorted(), [
    `URL reservation ${first} -> 80 (${key}\\${first}): ${why(first)}`,
    `URL reservation ${second} -> 10.0.0.5:8443 (${key}\\${second}): ${why(second)}`,
    `URL reservation net.pipe://x -> ? (${key}\\net.pipe://x): the value is not a URL`,
  ]);
  assert.equal(gaps, []);
});

test('it is found on the machine, and by its path, and no server listens there', async () => {
  const world = { facts: facts([], { platform: 'win32' }), machine: machineWith(files) };
  const all = await survey(world);
  assert.equal(
    all.map(({ family, places }) => [family.name, places.length]),
    [['HTTP.sys', 3]],
  );
  assert.throws(() => serverAt(all, 80), /no configuration that PortOwner understands sets port 80/);
  const path = `${key}\\https://10.0.0.5:8443/Größe/`;
  assert.equal((await surveyFile(path, world, families)).flatMap(({ places }) => places.map(({ port }) => port)).includes(8443), true);
  assert.equal(await survey({ ...world, machine: machineWith({ 'C:\\x': '' }) }), []);
});

test.run();
