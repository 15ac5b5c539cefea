// The type of ports that SELinux allows a program, from what the error says about the program.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseError } from '../../src/diagnosis/error-text.ts';

const test = suite('confinement');

const texts: readonly (readonly [text: string, type: string | null])[] = [
  ['nginx: [emerg] bind() to 0.0.0.0:8081 failed (13: Permission denied)', 'http_port_t'],
  ['(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:8088', 'http_port_t'],
  ['Jan 02 03:04:05 host sshd[1]: error: Bind to port 2222 on 0.0.0.0 failed: Permission denied.', 'ssh_port_t'],
  ['Jan 02 03:04:05 host postgres[12]: [1-1] LOG:  could not bind IPv4 address "0.0.0.0": Permission denied', 'postgresql_port_t'],
  ["Jan 02 03:04:05 host mariadbd[12]: [ERROR] Can't start server: Bind on TCP/IP port. Got error: 13: Permission denied", 'mysqld_port_t'],
  ['dnsmasq: failed to create listening socket for port 5354: Permission denied', 'dns_port_t'],
  ['smtpd: bind 0.0.0.0 port 2525: Permission denied', 'smtp_port_t'],
  ['Error: listen EACCES: permission denied 0.0.0.0:8081', null],
  ['my-nginx-proxy: bind to 0.0.0.0:8081: permission denied', null],
];
for (const [text, type] of texts) test(text, () => assert.is(parseError(text).confinement?.portType, type));

test('only a denied bind may be that of a security module', () => {
  assert.is(parseError('nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)').confinement, null);
  assert.is(
    parseError('Error response from daemon: driver failed programming external connectivity on endpoint nginx: listen tcp 0.0.0.0:80: bind: permission denied').confinement,
    null,
  );
});

test.run();
