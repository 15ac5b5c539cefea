/** What an error text shows about a security module, which can deny a port to one program and allow it to others. */
export interface Confinement {
  /** The security module that the text names. */
  readonly module: 'SELinux' | 'AppArmor' | null;
  /** SELinux's type of the ports that the program may bind; null if the program is unknown. */
  readonly portType: string | null;
  /** Whether SELinux has another type for the port already, so that a new definition would be refused. */
  readonly isDefined: boolean;
}

/** The types of ports in the reference policy: https://github.com/SELinuxProject/refpolicy */
const types: readonly (readonly [programs: string, type: string])[] = [
  ['nginx|httpd|apache2?|lighttpd|haproxy|tomcat|catalina|AH\\d{5}', 'http_port_t'],
  ['sshd', 'ssh_port_t'],
  ['postgres(?:ql)?|postmaster', 'postgresql_port_t'],
  ['mysqld|mariadbd?', 'mysqld_port_t'],
  ['redis(?:-server)?|sentinel', 'redis_port_t'],
  ['mongod', 'mongod_port_t'],
  ['memcached', 'memcache_port_t'],
  ['named|dnsmasq|unbound|pdns(?:_server)?', 'dns_port_t'],
  ['dovecot', 'pop_port_t'],
  ['smtpd?|postfix|exim4?', 'smtp_port_t'],
  ['squid', 'squid_port_t'],
  ['varnishd', 'varnishd_port_t'],
  ['vsftpd|proftpd', 'ftp_port_t'],
  ['smbd', 'smbd_port_t'],
  ['slapd', 'ldap_port_t'],
  ['snmpd', 'snmp_port_t'],
  ['ntpd|chronyd', 'ntp_port_t'],
  ['rsyslogd', 'syslogd_port_t'],
  ['openvpn', 'openvpn_port_t'],
  ['zabbix_agentd|zabbix_agent2', 'zabbix_agent_port_t'],
  ['zabbix_server|zabbix_proxy', 'zabbix_port_t'],
  ['rabbitmq', 'amqp_port_t'],
  ['cupsd', 'ipp_port_t'],
  ['radiusd', 'radius_port_t'],
  ['krb5kdc', 'kerberos_port_t'],
];
const known = types.map(
  ([programs, type]) => [new RegExp(`(?<![\\w.-])(?:${programs})(?![a-z0-9-])`, 'i'), type] as const,
);

/** The types that every port has that nobody has defined. */
const undefinedTypes = /^(?:unreserved|ephemeral|reserved|hi_reserved)_port_t$/;

/** Returns SELinux's type of the ports of the program that a text names; null if it names none that is known. */
export const portTypeOf = (text: string): string | null => known.find(([program]) => program.test(text))?.[1] ?? null;

export function confinementIn(text: string): Confinement {
  const target = /\btcontext=[^\s:]{1,64}:[^\s:]{1,64}:(\w{1,64})/.exec(text)?.[1];
  return {
    module: /apparmor/i.test(text) ? 'AppArmor' : target !== undefined || /selinux/i.test(text) ? 'SELinux' : null,
    portType: portTypeOf(text),
    isDefined: target !== undefined && !undefinedTypes.test(target),
  };
}
