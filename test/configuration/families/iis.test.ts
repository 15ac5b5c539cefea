// applicationHost.config of IIS 10, shortened:
// https://learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/bindings/binding
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';
import { registryFiles } from '../../support/registry-export.ts';

const test = suite('IIS');

const folder = 'C:\\Windows\\System32\\inetsrv\\config';
const path = `${folder}\\applicationHost.config`;
const host = `\ufeff<?xml version="1.0" encoding="UTF-8"?>\r
<configuration>\r
  <configSections><sectionGroup name="system.applicationHost"/></configSections>\r
  <system.applicationHost>\r
    <!-- <binding protocol="http" bindingInformation="*:1:" /> -->\r
    <sites>\r
      <site name="Default Web Site" id="1" serverAutoStart="true">\r
        <application path="/"><virtualDirectory path="/" physicalPath="%SystemDrive%\\inetpub\\wwwroot" /></application>\r
        <bindings>\r
          <binding protocol="http"  bindingInformation = '*:80:' />\r
          <binding protocol="net.tcp" bindingInformation="808:*" />\r
          <binding protocol="net.pipe" bindingInformation="*" />\r
        </bindings>\r
      </site>\r
      <site name="Größe &amp; Maß" id="2" serverAutoStart="false">\r
        <bindings>\r
          <binding bindingInformation="*:443:Shop.example.com" sslFlags="1" protocol="https"/>\r
          <binding protocol="https" bindingInformation="10.0.0.5:8443:" sslFlags="0"/>\r
          <binding protocol="http" bindingInformation="[::1]:8080:" />\r
          <binding protocol="ftp" bindingInformation="*:21:" />\r
          <binding protocol="http" bindingInformation="garbage" />\r
        </bindings>\r
      </site>\r
      <siteDefaults><bindings><binding protocol="http" bindingInformation="*:2:"/></bindings></siteDefaults>\r
    </sites>\r
  </system.applicationHost>\r
</configuration>\r
`;

const certificates = registryFiles(`
[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\SslBindingInfo\\10.0.0.5:8443]
"AppId"="{4dc3e181-e14b-4a21-b022-59fc669b0914}"
"SslCertHash"=hex:0a,1b
"SslCertStoreName"="MY"
"DefaultFlags"=dword:00000000

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\SslSniBindingInfo\\shop.example.com:443]
"AppId"="{4dc3e181-e14b-4a21-b022-59fc669b0914}"
"SslCertHash"=hex:ff,00
"SslCertStoreName"="WebHosting"

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\SslSniBindingInfo\\other.example.com:443]
"SslCertHash"=hex:ee
`);
const files = { [path]: host, ...certificates };
const running = { application: 'IIS', arguments: ['C:\\Windows\\System32\\svchost.exe', '-k', 'iissvcs'], service: 'W3SVC' };

const site = 'Größe & Maß';
const later = 'the site does not start automatically';

test('the bindings of every site', async () => {
  const { rows, gaps } = await seen(files, running);
  assert.equal(rows, [
    `Default Web Site http *:80: -> 80 (${path}:10)`,
    `Default Web Site net.tcp 808:* -> 808 (${path}:11)`,
    `${site} https *:443:Shop.example.com -> 443 (${path}:17): ${later}`,
    `${site} https 10.0.0.5:8443: -> 10.0.0.5:8443 (${path}:18): ${later}`,
    `${site} http [::1]:8080: -> ::1:8080 (${path}:19): ${later}`,
    `${site} ftp *:21: -> 21 (${path}:20): ${later}`,
    `${site} http garbage -> ? (${path}:21): the value is not a port`,
  ]);
  assert.equal(gaps, []);
});

test('appcmd, which is run, is that of the system, whatever the environment says', async () => {
  const [own, planted] = ['C:\\Windows\\System32\\inetsrv\\appcmd.exe', 'C:\\x\\System32\\inetsrv\\appcmd.exe'];
  const variables = new Map([
    ['SystemRoot', 'C:\\x'],
    ['windir', 'C:\\x'],
  ]);
  const { move } = await seen({ ...files, [own]: '', [planted]: '', 'C:\\x\\System32\\inetsrv\\config\\applicationHost.config': host }, { ...running, variables });
  assert.equal(move(80, 8081).plan.check, { words: [own, 'list', 'sites'] });
});

test('a move changes the port of the binding only', async () => {
  const { move } = await seen(files, running);
  const bytes = (text: string): string => Buffer.from(text).toString('latin1');
  const moves: readonly (readonly [number, number, string, string])[] = [
    [80, 8081, "'*:80:'", "'*:8081:'"],
    [808, 809, '808:*', '809:*'],
    [443, 444, '*:443:Shop', '*:444:Shop'],
    [8443, 9443, '10.0.0.5:8443:', '10.0.0.5:9443:'],
    [8080, 80_80 + 1, '[::1]:8080:', '[::1]:8081:'],
    [21, 2121, '*:21:', '*:2121:'],
  ];
  for (const [from, to, old, young] of moves) assert.equal(move(from, to).files, { [path]: bytes(host.replace(old, young)) });
});

test('certificates, which are bound to a port', async () => {
  const { move } = await seen(files, running);
  const told = (from: number, to: number): string[] => move(from, to).sideEffects.filter((one) => one.includes('sslcert'));
  assert.equal(told(8443, 9443), [
    'the certificate of 10.0.0.5:8443 has to be bound to the new port: netsh http add sslcert ipport=10.0.0.5:9443 certhash=0a1b appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=MY',
  ]);
  assert.equal(told(443, 444), [
    'the certificate of shop.example.com:443 has to be bound to the new port: netsh http add sslcert hostnameport=shop.example.com:444 certhash=ff00 appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=WebHosting',
  ]);
  assert.equal(told(80, 81), []);
});

test('IIS Express, UTF-16, a shared configuration, and a file that does not parse', async () => {
  const own = 'C:\\Users\\a b\\shop\\.vs\\shop\\config\\applicationhost.config';
  const text =
    '\ufeff<configuration><system.applicationHost><sites><site name="x"><bindings><binding protocol="http" bindingInformation="*:50123:localhost"/></bindings></site></sites></system.applicationHost></configuration>';
  const express = await seen({ [own]: Buffer.from(text, 'utf16le') }, { arguments: ['C:\\Program Files\\IIS Express\\iisexpress.exe', `/config:${own}`, '/site:x'] });
  assert.equal(express.rows, [`x http *:50123:localhost -> 50123 (${own}:1)`]);
  assert.equal(express.move(50_123, 5012).files, { [own]: Buffer.from(text.replace('50123', '5012'), 'utf16le').toString('latin1') });
  const shared = '<configuration><configurationRedirection enabled="true" path="\\\\files\\iis" userName="x" password="y"/></configuration>';
  assert.equal((await seen({ ...files, [`${folder}\\redirection.config`]: shared }, running)).gaps, [
    'IIS shares the configuration in \\\\files\\iis with other servers: name it with --path',
  ]);
  assert.equal((await seen({ ...files, [`${folder}\\redirection.config`]: '<configuration><configurationRedirection /></configuration>' }, running)).gaps, []);
  assert.equal((await seen({ [path]: '<configuration>' }, running)).gaps, [`${path}:1 cannot be parsed: <configuration> is not closed`]);
});

test.run();
