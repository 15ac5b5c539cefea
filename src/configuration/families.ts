import type { Family } from './family.ts';

/** A line of the table: how to recognize a family by its program, without loading it. */
export interface FamilyEntry {
  readonly name: string;
  /** The file names of its programs, without .exe. */
  readonly programs: RegExp;
  /** For interpreters: what one of the arguments looks like. */
  readonly argument?: RegExp;
  /** Names of its configuration files, for --path. */
  readonly files: RegExp;
  readonly load: () => Promise<Family>;
}

/** Every family, in the order of recognition: put special ones before the interpreters that run them. */
export const families: readonly FamilyEntry[] = [
  {
    name: 'nginx',
    programs: /^(?:nginx|openresty|freenginx|angie)$/,
    files: /[\\/]nginx[\\/]|^.*nginx[^\\/]*\.conf$/,
    load: async () => (await import('./families/nginx.ts')).nginx,
  },
  {
    name: 'PostgreSQL',
    programs: /^(?:postgres|postmaster)$/,
    files: /postgresql(?:\.auto)?\.conf$|[\\/]postgresql[\\/].*\.conf$/,
    load: async () => (await import('./families/postgresql.ts')).postgresql,
  },
  {
    name: 'Redis',
    programs: /^(?:redis|valkey)-server$/,
    files: /(?:redis|valkey)[^\\/]*\.conf$/,
    load: async () => (await import('./families/redis.ts')).redis,
  },
  {
    name: 'Apache',
    programs: /^(?:apache2|httpd(?:\.worker|\.event|2)?)$/,
    files: /[\\/](?:apache2?|httpd)[\\/].*|(?:apache2|httpd)[^\\/]*\.conf$/i,
    load: async () => (await import('./families/apache.ts')).apache,
  },
  {
    name: 'OpenSSH',
    programs: /^sshd$/,
    files: /sshd_config[^\\/]*$|[\\/]sshd_config\.d[\\/][^\\/]*\.conf$/,
    load: async () => (await import('./families/openssh.ts')).openssh,
  },
  {
    name: 'HAProxy',
    programs: /^haproxy$/,
    files: /haproxy[^\\/]*\.cfg$|[\\/]haproxy[\\/].*\.cfg$/,
    load: async () => (await import('./families/haproxy.ts')).haproxy,
  },
  {
    name: 'MySQL',
    programs: /^(?:mysqld|mariadbd)(?:-nt|-debug)?$/,
    files: /[\\/](?:mysql|mariadb)[^\\/]*[\\/].*\.(?:cnf|ini)$|[\\/]\.?my\.(?:cnf|ini)$/i,
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
    files: /(?:^|[\\/])Caddyfile[^\\/]*$|[\\/]caddy[\\/].*|caddy[^\\/]*\.json$/i,
    load: async () => (await import('./families/caddy.ts')).caddy,
  },
  {
    name: 'MongoDB',
    programs: /^(?:mongod|mongos)$/,
    files: /mongo(?:d|s|db)?[^\\/]*\.(?:conf|cfg|ya?ml)$/i,
    load: async () => (await import('./families/mongodb.ts')).mongodb,
  },
  {
    name: 'RabbitMQ',
    programs: /^(?:beam(?:\.smp)?|erl)$/,
    argument: /^rabbit$|rabbitmq/i,
    files: /[\\/]rabbitmq[^\\/]*(?:[\\/].*)?\.conf$/i,
    load: async () => (await import('./families/rabbitmq.ts')).rabbitmq,
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
