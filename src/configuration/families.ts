import type { Platform } from '../system/raw.ts';
import type { Family } from './family.ts';

/** A line of the table: how to recognize a family by its program, without loading it. */
export interface FamilyEntry {
  readonly name: string;
  /** The file names of its programs, without .exe. */
  readonly programs: RegExp;
  /** For interpreters: what one of the arguments looks like. */
  readonly argument?: RegExp;
  /** Whether its programs run anything: a parent with the same one belongs to an instance only if it holds a port. */
  readonly runsAnything?: boolean;
  /** The services that are it on Windows, where its program has no name of its own. */
  readonly services?: RegExp;
  /** Whether HTTP.sys, which is the System process, listens for it. */
  readonly usesHttpSys?: boolean;
  /** The only system that has it. */
  readonly platform?: Platform;
  /** Names of its configuration files, for --path. */
  readonly files: RegExp;
  readonly load: () => Promise<Family>;
}

/** For families that are recognized by something else. */
const noProgram = /(?!)/;

/** Every family, in the order of recognition: put special ones before the interpreters that run them. */
export const families: readonly FamilyEntry[] = [
  {
    name: 'nginx',
    programs: /^(?:nginx|openresty|freenginx|angie)$/,
    files: /[\\/]nginx[\\/]|nginx[^\\/]{0,255}\.conf$/,
    load: async () => (await import('./families/nginx.ts')).nginx,
  },
  {
    name: 'PostgreSQL',
    programs: /^(?:postgres|postmaster)$/,
    files: /postgresql(?:\.auto)?\.conf$|[\\/]postgresql[\\/].{0,255}\.conf$/,
    load: async () => (await import('./families/postgresql.ts')).postgresql,
  },
  {
    name: 'Redis',
    programs: /^(?:redis|valkey)-server$/,
    files: /(?:redis|valkey)[^\\/]{0,255}\.conf$/,
    load: async () => (await import('./families/redis.ts')).redis,
  },
  {
    name: 'Prometheus',
    programs: /^(?:prometheus(?:[-_][\w-]+)?|alertmanager|pushgateway|[\w-]+_exporter)$/,
    files:
      /[\\/](?:default|sysconfig)[\\/](?:prometheus[^\\/]{0,255}|[^\\/]{0,255}_exporter)$|(?:prometheus|exporter|alertmanager|pushgateway)[^\\/]{0,255}\.service(?:\.d[\\/][^\\/]{1,255}\.conf)?$/,
    load: async () => (await import('./families/prometheus.ts')).prometheus,
  },
  {
    name: 'Grafana',
    programs: /^grafana(?:-server)?$/,
    files: /grafana[^\\/]{0,255}\.ini$|[\\/]grafana[\\/](?:.{0,255}[\\/])?(?:custom|defaults)\.ini$/,
    load: async () => (await import('./families/grafana.ts')).grafana,
  },
  {
    name: 'Tomcat',
    programs: /^(?:javaw?|tomcat\d*w?)$/,
    argument: /^org\.apache\.catalina\.startup\.Bootstrap$|^\/\/RS\/\/Tomcat/,
    files: /(?:^|[\\/])server\.xml$/,
    load: async () => (await import('./families/tomcat.ts')).tomcat,
  },
  {
    name: 'Jenkins',
    programs: /^javaw?$/,
    argument: /(?:^|[\\/])jenkins[^\\/]*\.war$/,
    files: /[\\/](?:default|sysconfig)[\\/]jenkins$|jenkins\.service(?:\.d[\\/][^\\/]+\.conf)?$|jenkins\.xml$/,
    load: async () => (await import('./families/jenkins.ts')).jenkins,
  },
  {
    name: 'Kafka',
    programs: /^javaw?$/,
    argument: /^(?:\w+\/)?kafka\.Kafka$/,
    files:
      /[\\/](?:kafka|kraft)[^\\/]{0,255}[\\/](?:.{0,255}[\\/])?(?:server|broker|controller)[^\\/]{0,255}\.properties$|(?:^|[\\/])server\.properties$/,
    load: async () => (await import('./families/kafka.ts')).kafka,
  },
  {
    name: 'ZooKeeper',
    programs: /^javaw?$/,
    argument: /^org\.apache\.zookeeper\.server\.(?:quorum\.QuorumPeerMain|ZooKeeperServerMain)$/,
    files: /(?:^|[\\/])(?:zoo[^\\/]*\.cfg|zookeeper[^\\/]*\.properties)$/,
    load: async () => (await import('./families/zookeeper.ts')).zookeeper,
  },
  {
    name: 'Elasticsearch',
    programs: /^javaw?$/,
    argument: /(?:^|\/)org\.elasticsearch\.bootstrap\.Elasticsearch$/,
    files: /(?:^|[\\/])elasticsearch\.ya?ml$/,
    load: async () => (await import('./families/elastic.ts')).elasticsearch,
  },
  {
    name: 'OpenSearch',
    programs: /^javaw?$/,
    argument: /^org\.opensearch\.bootstrap\.OpenSearch$/,
    files: /(?:^|[\\/])opensearch\.ya?ml$/,
    load: async () => (await import('./families/elastic.ts')).opensearch,
  },
  {
    name: 'Kibana',
    programs: /^(?:node|kibana)$/,
    argument: /(?:kibana|opensearch-dashboards)[^\\/]{0,255}(?:[\\/]bin[\\/]\.\.)?[\\/]src[\\/]cli(?:[\\/]|$)/,
    files: /(?:^|[\\/])(?:kibana|opensearch_dashboards)\.ya?ml$/,
    load: async () => (await import('./families/elastic.ts')).kibana,
  },
  {
    name: 'Logstash',
    programs: /^javaw?$/,
    argument: /^org\.logstash\.Logstash$/,
    files: /(?:^|[\\/])logstash\.ya?ml$/,
    load: async () => (await import('./families/elastic.ts')).logstash,
  },
  {
    name: 'Cassandra',
    programs: /^javaw?$/,
    argument: /^org\.apache\.cassandra\.service\.CassandraDaemon$/,
    files: /(?:^|[\\/])cassandra\.ya?ml$/,
    load: async () => (await import('./families/cassandra.ts')).cassandra,
  },
  // After all other programs in Java.
  {
    name: 'Spring Boot',
    programs: /^javaw?$/,
    argument: /^-jar$|spring-boot|^(?:--|-D)(?:server\.port|spring\.[\w.-]+)=/,
    files: /(?:^|[\\/])application(?:-[^\\/]+)?\.(?:properties|ya?ml)$/,
    load: async () => (await import('./families/spring-boot.ts')).springBoot,
  },
  {
    name: 'Apache',
    programs: /^(?:apache2|httpd(?:\.worker|\.event|2)?)$/,
    files: /[\\/](?:apache2?|httpd)[\\/]|(?:apache2|httpd)[^\\/]{0,255}\.conf$/i,
    load: async () => (await import('./families/apache.ts')).apache,
  },
  {
    name: 'OpenSSH',
    programs: /^sshd$/,
    files: /sshd_config[^\\/]{0,255}$|[\\/]sshd_config\.d[\\/][^\\/]{0,255}\.conf$/,
    load: async () => (await import('./families/openssh.ts')).openssh,
  },
  {
    name: 'HAProxy',
    programs: /^haproxy$/,
    files: /haproxy[^\\/]{0,255}\.cfg$|[\\/]haproxy[\\/].{0,255}\.cfg$/,
    load: async () => (await import('./families/haproxy.ts')).haproxy,
  },
  {
    name: 'MySQL',
    programs: /^(?:mysqld|mariadbd)(?:-nt|-debug)?$/,
    files: /[\\/](?:mysql|mariadb)[^\\/]{0,255}[\\/].{0,255}\.(?:cnf|ini)$|[\\/]\.?my\.(?:cnf|ini)$/i,
    load: async () => (await import('./families/mysql.ts')).mysql,
  },
  {
    name: 'Memcached',
    programs: /^memcached$/,
    files: /[\\/]memcached[^\\/]*(?:\.conf)?$/,
    load: async () => (await import('./families/memcached.ts')).memcached,
  },
  {
    name: 'Caddy',
    programs: /^caddy$/,
    files: /(?:^|[\\/])Caddyfile[^\\/]{0,255}$|[\\/]caddy[\\/]|caddy[^\\/]{0,255}\.json$/i,
    load: async () => (await import('./families/caddy.ts')).caddy,
  },
  {
    name: 'MongoDB',
    programs: /^(?:mongod|mongos)$/,
    files: /mongo(?:d|s|db)?[^\\/]{0,255}\.(?:conf|cfg|ya?ml)$/i,
    load: async () => (await import('./families/mongodb.ts')).mongodb,
  },
  {
    name: 'RabbitMQ',
    programs: /^(?:beam(?:\.smp)?|erl)$/,
    argument: /^rabbit$|rabbitmq/i,
    files: /[\\/]rabbitmq[^\\/]{0,255}(?:[\\/].{0,255})?\.conf$/i,
    load: async () => (await import('./families/rabbitmq.ts')).rabbitmq,
  },
  {
    name: 'Docker Compose',
    // Its containers are found by --path: a relay does not say which files its container is from.
    programs: noProgram,
    files: /(?:^|[\\/])(?:docker-)?compose[^\\/]*\.ya?ml$/,
    load: async () => (await import('./families/compose.ts')).compose,
  },
  {
    name: 'systemd',
    programs: noProgram,
    files:
      /(?:^|[\\/])(?!jenkins|prometheus|alertmanager|pushgateway|[^\\/]*exporter)[^\\/]+\.(?:socket|service)(?:\.d[\\/][^\\/]+\.conf)?$/,
    load: async () => (await import('./families/systemd.ts')).systemd,
  },
  {
    name: 'RDP',
    programs: noProgram,
    services: /^TermService$/i,
    platform: 'win32',
    files: /^HKLM\\SYSTEM\\[^\\]+\\Control\\Terminal Server\\WinStations\\[^\\]+\\PortNumber$/i,
    load: async () => (await import('./families/rdp.ts')).rdp,
  },
  {
    name: 'SQL Server',
    programs: /^sqlservr$/,
    platform: 'win32',
    files:
      /^HKLM\\SOFTWARE\\(?:Wow6432Node\\)?Microsoft\\Microsoft SQL Server\\(?:Instance Names\\SQL\\|[^\\]+\\MSSQLServer\\SuperSocketNetLib\\)/i,
    load: async () => (await import('./families/sql-server.ts')).sqlServer,
  },
  {
    name: 'IIS',
    programs: /^iisexpress$/,
    services: /^W3SVC$/i,
    usesHttpSys: true,
    platform: 'win32',
    files: /(?:^|[\\/])applicationHost\.config$/i,
    load: async () => (await import('./families/iis.ts')).iis,
  },
  {
    name: 'HTTP.sys',
    programs: noProgram,
    platform: 'win32',
    files: /^HKLM\\SYSTEM\\[^\\]+\\Services\\HTTP\\Parameters\\UrlAclInfo\\/i,
    load: async () => (await import('./families/http-sys.ts')).httpSys,
  },
  {
    name: 'WinRM',
    programs: noProgram,
    services: /^WinRM$/i,
    usesHttpSys: true,
    platform: 'win32',
    files: /^HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN\\Listener\\[^\\]+\\Port$/i,
    load: async () => (await import('./families/winrm.ts')).winrm,
  },
  {
    name: 'supervisord',
    programs: /^(?:python[\d.]*|supervisord)$/,
    argument: /(?:^|[\\/])supervisord$/,
    files: /supervisord?[^\\/]{0,255}\.conf$|[\\/]supervisor[\\/].{0,255}\.(?:conf|ini)$/,
    load: async () => (await import('./families/supervisor.ts')).supervisor,
  },
  {
    name: 'Python',
    programs: /^(?:python[\d.]*|gunicorn|uvicorn|flask)$/,
    runsAnything: true,
    files: /(?:^|[\\/])(?:gunicorn[^\\/]*\.py|\.flaskenv)$/,
    load: async () => (await import('./families/python.ts')).python,
  },
  {
    name: 'Node.js',
    programs: /^(?:node|nodejs|bun|deno|next-server)$/,
    runsAnything: true,
    files: /(?:^|[\\/])(?:\.env(?:\.[^\\/]+)?|[^\\/]+\.env|package\.json|angular\.json|vite\.config\.[cm]?[jt]s)$/,
    load: async () => (await import('./families/node.ts')).node,
  },
  {
    name: 'Windows service',
    programs: noProgram,
    platform: 'win32',
    files: /^HKLM\\SYSTEM\\[^\\]+\\Services\\[^\\]+\\(?:ImagePath|Environment|Parameters\\App\w+)$/i,
    load: async () => (await import('./families/service-program.ts')).serviceProgram,
  },
  {
    name: 'ASP.NET Core',
    programs: /./,
    // Its programs have names of their own.
    argument: /\.dll$|[\\/](?:bin[\\/](?:debug|release)|publish)[\\/]|^--urls\b/i,
    files: /(?:^|[\\/])(?:appsettings(?:\.[^\\/]+)?|launchSettings)\.json$/i,
    load: async () => (await import('./families/aspnet.ts')).aspnet,
  },
];

/** A program as far as it is needed to recognize its family. */
export interface SeenProgram {
  readonly imageName: string;
  readonly arguments: readonly string[];
}

const nameIn = (path: string): string =>
  path
    .slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
    .replace(/\.exe$/i, '')
    .toLowerCase();

/** The family of a program; null if none knows it. Debian's redis-server is a link to redis-check-rdb, for example. */
export function familyOf({ imageName, arguments: args }: SeenProgram): FamilyEntry | null {
  const names = [nameIn(imageName), nameIn(args[0]?.split(/[ :]/, 1)[0] ?? '')];
  return (
    families.find(
      ({ programs, argument }) =>
        names.some((name) => programs.test(name)) && (argument === undefined || args.some((one) => argument.test(one))),
    ) ?? null
  );
}

/** The families that a configuration file may belong to, by its path. */
export const familiesOfFile = (path: string): readonly FamilyEntry[] =>
  families.filter(({ files }) => files.test(path));
