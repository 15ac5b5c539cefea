import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configuredServer, errorOrigin, type ErrorOrigin } from '../../src/diagnosis/error-origin.ts';
import { cpuMs } from '../support/cpu.ts';

const test = suite('who speaks in an error text');

const cases: [text: string, origin: ErrorOrigin | null][] = [
  ['Bind for 0.0.0.0:514 failed: port is already allocated.', 'DockerList'],
  ['Error response from daemon: driver failed programming external connectivity on endpoint web (a1): Bind for :::80 failed: port is already allocated', 'DockerList'],
  ['The Service "web" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated', 'KubernetesList'],
  ['Internal error occurred: failed to allocate a nodePort: provided port is already allocated', 'KubernetesList'],
  ['failed to bind host port for 0.0.0.0:5173:172.17.0.2:80/tcp: address already in use', null],
  ['driver failed programming external connectivity on endpoint web (a1b2): failed to bind host port for 0.0.0.0:5173', 'Docker'],
  ['Error starting userland proxy: listen tcp 0.0.0.0:3302: bind: Only one usage of each socket address', 'Docker'],
  ['Ports are not available: exposing port UDP 0.0.0.0:53 -> 0.0.0.0:0: listen udp 0.0.0.0:53: bind: access', 'Docker'],
  ["Event ID 1004 from W3SVC: Cannot register the URL prefix 'http://*:80/' for site '1'.", 'HttpSysListen'],
  ['Protokollname: System Quelle: W3SVC Ereignis-ID: 1004 Das URL-Präfix kann nicht registriert werden', 'HttpSysListen'],
  ['Ereignis-ID 15005, Quelle Microsoft-Windows-HttpEvent: 0.0.0.0:80', 'HttpSysListen'],
  ['System.Net.HttpListenerException (1214): The format of the specified network name is invalid.', 'HttpSysListen'],
  ['System.Net.HttpListenerException (0x80004005): The format of the specified network name is invalid', 'HttpSysListen'],
  ['System.Net.HttpListenerException (5): Access is denied.', null],
  ['listen EADDRINUSE: address already in use :::1004', null],
  ['bind: port 15005 is in use', null],
];
for (const [text, origin] of cases) test(text, () => assert.is(errorOrigin(text), origin));

// Only for a server whose configuration can name a port several times, one of its places may have been forgotten.
for (const [text, server] of [
  ['nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)', 'nginx'],
  ['(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80', 'Apache'],
  ['Error: listen EADDRINUSE: address already in use :::3000', undefined],
  ['OSError: [Errno 98] Address already in use', undefined],
  ['Web server failed to start. Port 8080 was already in use.', undefined],
  ['[emerg] failed to bind host port for 0.0.0.0:5173', undefined],
] as const)
  test(`whose directives: ${text}`, () => assert.is(configuredServer(text)?.name, server));

test('long texts take no time', () => {
  const text = 'W3SVC HttpEvent HttpListenerException '.repeat(2000);
  const time = cpuMs(() => errorOrigin(text));
  assert.ok(time < 500, `${time} ms`);
});

test.run();
