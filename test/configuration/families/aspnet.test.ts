// ASP.NET Core: https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/endpoints, and the order in which
// a program of .NET 10 was seen to use each of them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfiguredPort, Instance } from '../../../src/configuration/configured-port.ts';
import { aspnet } from '../../../src/configuration/families/aspnet.ts';
import { ranked, whereText } from '../../../src/configuration/overlay.ts';
import { Reading } from '../../../src/configuration/reading.ts';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import { ConfigurationFiles } from '../../support/configuration-files.ts';

const test = suite('ASP.NET Core');
const app = 'ASP.NET Core';

/** What counts for a program: `port, where`. */
async function wins(files: ConfigurationFiles, environment: Record<string, string> = {}, args: readonly string[] = []): Promise<unknown[]> {
  const reading = new Reading(await liveConfiguration());
  const instance: Instance = {
    pid: 1,
    executable: '/usr/bin/dotnet',
    arguments: ['dotnet', 'shop.dll', ...args],
    environment: new Map(Object.entries(environment)),
    workingDirectory: files.folder,
    account: null,
    service: null,
    serviceUser: null,
    path: null,
  };
  aspnet.read(instance, reading);
  const where = (place: ConfiguredPort): string => whereText(place).replace(`${files.folder}/`, '');
  return ranked(reading.places)
    .filter(({ isEffective }) => isEffective)
    .map((place) => [place.port, where(place)]);
}

const settings = Buffer.from(
  '\ufeff{\r\n  // "Urls": "http://*:1",\r\n  "urls": "http://localhost:20100;https://[::1]:20101/;http://*",\r\n  "Kestrel": {\r\n    "EndpointDefaults": { "Url": "http://x:2" },\r\n    "Endpoints": {\r\n      "Http": { "Url": "http://+:20102" },\r\n      "Secure": { "Url": "https://0.0.0.0:20103", "Certificate": { "Path": "a.pfx" }, },\r\n    }\r\n  },\r\n  "Kestrel:Endpoints:Flat:Url": "http://127.0.0.1:20104",\r\n}\r\n',
);

test('endpoints of Kestrel win over the URLs, and each of them counts', async () => {
  const files = new ConfigurationFiles({ 'appsettings.json': settings });
  const rows = await files.expectRows(app, [
    ['urls', 'http://localhost:20100;https://[::1]:20101/;http://*', 20_100, 'appsettings.json:3'],
    ['urls', 'http://localhost:20100;https://[::1]:20101/;http://*', 20_101, 'appsettings.json:3'],
    ['urls', 'http://localhost:20100;https://[::1]:20101/;http://*', 80, 'appsettings.json:3'],
    ['Kestrel.Endpoints.Http.Url', 'http://+:20102', 20_102, 'appsettings.json:7'],
    ['Kestrel.Endpoints.Secure.Url', 'https://0.0.0.0:20103', 20_103, 'appsettings.json:8'],
    ['Kestrel:Endpoints:Flat:Url', 'http://127.0.0.1:20104', 20_104, 'appsettings.json:11'],
  ]);
  assert.equal(
    rows.map(({ IsEffective }) => IsEffective),
    [false, false, false, true, true, true],
  );
  assert.match(rows[4]!.Reason!.join(), 'ConfigureKestrel');
  await files.expectMove(app, [20_103, 31_000], { 'appsettings.json': [[':20103', ':31000']] });
  await files.expectMove(app, [20_104, 31_000], { 'appsettings.json': [[':20104', ':31000']] });
});

test('why a value is not changed: escapes, and no port', async () => {
  const files = new ConfigurationFiles({ 'appsettings.json': '{ "Urls": "http://localhost:\\u0032\\u0030100;http://other" }\n' });
  const rows = await files.expectRows(app, [
    ['Urls', 'http://localhost:20100;http://other', 20_100, 'appsettings.json:1'],
    ['Urls', 'http://localhost:20100;http://other', 80, 'appsettings.json:1'],
  ]);
  assert.equal(
    rows.map(({ Reason }) => Reason),
    [['it is written with escapes'], ['it names no port, so it is 80']],
  );
  const { code, err } = await files.move(app, [20_100, 31_000]);
  assert.is(code, 1);
  assert.match(err, 'cannot be changed automatically: it is written with escapes');
});

test('several URLs: each is moved alone; one without a port cannot be', async () => {
  const files = new ConfigurationFiles({
    'appsettings.Development.json': '{"Urls": "http://127.0.0.1:20200; https://*:20201"}',
    'appsettings.json': '{"Urls": "http://*:1"}\n',
  });
  await files.expectMove(app, [20_201, 31_000], { 'appsettings.Development.json': [[':20201', ':31000']] });
  const rows = await files.rows(app);
  assert.equal(
    rows.map(({ Port, IsEffective }) => [Port, IsEffective]),
    [
      [1, false],
      [20_200, true],
      [20_201, true],
    ],
  );
});

test('the order in which the settings of a program win', async () => {
  const bare = new ConfigurationFiles({ 'appsettings.json': '{}' });
  const files = new ConfigurationFiles({ 'appsettings.json': '{"Urls": "http://*:20100"}', 'appsettings.Test.json': '{"URLS": "http://*:20101"}' });
  assert.equal(await wins(bare), [[5000, 'the default']]);
  assert.equal(await wins(bare, { ASPNETCORE_HTTP_PORTS: '20102;20103' }), [
    [20_102, 'the environment variable ASPNETCORE_HTTP_PORTS'],
    [20_103, 'the environment variable ASPNETCORE_HTTP_PORTS'],
  ]);
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  assert.equal(await wins(bare, { ASPNETCORE_HTTP_PORTS: '1', ASPNETCORE_URLS: url(20_104), DOTNET_URLS: url(20_105) }), [[20_105, 'the environment variable DOTNET_URLS']]);
  // The file wins over ASPNETCORE_URLS, since that is part of the host's configuration.
  assert.equal(await wins(files, { ASPNETCORE_URLS: url(20_104) }), [[20_100, 'appsettings.json:1']]);
  assert.equal(await wins(files, { ASPNETCORE_ENVIRONMENT: 'Other', DOTNET_ENVIRONMENT: 'Test' }), [[20_101, 'appsettings.Test.json:1']]);
  assert.equal(await wins(files, { URLS: url(20_106) }), [[20_106, 'the environment variable URLS']]);
  assert.equal(await wins(files, { URLS: url(20_106) }, ['--urls', url(20_107)]), [[20_107, 'the command line']]);
  const endpoint = { Kestrel__Endpoints__Http__Url: url(20_108) };
  assert.equal(await wins(files, endpoint, ['--urls', url(20_107)]), [[20_108, 'the environment variable Kestrel__Endpoints__Http__Url']]);
  assert.equal(await wins(files, endpoint, [`--Kestrel:Endpoints:Http:Url=${url(20_109)}`]), [[20_109, 'the command line']]);
});

test('launchSettings.json is for development only', async () => {
  const files = new ConfigurationFiles({
    'Properties/launchSettings.json':
      '{ "iisSettings": { "iisExpress": { "applicationUrl": "http://localhost:20300", "sslPort": 44300 } },\n "profiles": { "http": { "launchUrl": "http://localhost:1", "applicationUrl": "https://localhost:20301;http://localhost:20302" } } }\n',
  });
  const rows = await files.rows(app);
  assert.equal(
    rows.map(({ Port, Line }) => [Port, Line]),
    [
      [20_300, 1],
      [20_301, 2],
      [20_302, 2],
    ],
  );
  assert.match(rows[0]!.Reason!.join(), 'only dotnet run and Visual Studio use');
  await files.expectMove(app, [20_302, 31_000], { 'Properties/launchSettings.json': [[':20302', ':31000']] });
});

test.run();
