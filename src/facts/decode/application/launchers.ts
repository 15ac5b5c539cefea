/** Describes how the arguments of an interpreter or a launcher identify the program that it runs. */
export interface Launcher {
  /** The common name. */
  readonly name: string;
  /** File names in lower case, without `.exe` and version. */
  readonly files: readonly string[];
  /** Options that take the next argument as their value. */
  readonly valued?: readonly string[];
  /** Options that are followed by inline code. Each list starts with the option that the displayed name has: `python -c`. */
  readonly inline?: readonly (readonly string[])[];
  /** Options of one letter that take no value, and can be combined with the option after them: `-um` is `-u -m`. */
  readonly flags?: string;
  /** Options after which the script comes from standard input, in addition to `-`. */
  readonly standardInput?: RegExp;
  /** Whether `-` only ends the options if a script follows. */
  readonly dashEndsOptions?: true;
  /** Options whose value names the program, and that are part of the displayed name: `-m`, `-jar`. */
  readonly named?: readonly string[];
  /** Options whose value is the script. */
  readonly script?: readonly string[];
  /** First words that precede the script and are part of the displayed name. */
  readonly verbs?: readonly string[];
  /** Whether only options name the program. Other words are ignored. */
  readonly onlyNamed?: true;
  /** Whether options are case-insensitive and may begin with a slash. */
  readonly windowsOptions?: true;
  /** Names for known main classes, assemblies, and boot modules. */
  readonly known?: Readonly<Record<string, string>>;
}

/** Windows PowerShell and PowerShell 7. */
const powershell = {
  valued: [
    '-ExecutionPolicy',
    '-ep',
    '-ex',
    '-WorkingDirectory',
    '-wd',
    '-ConfigurationName',
    '-ConfigurationFile',
    '-CustomPipeName',
    '-InputFormat',
    '-OutputFormat',
    '-SettingsFile',
    '-Version',
    '-v',
    '-WindowStyle',
    '-w',
    '-PSConsoleFile',
  ],
  inline: [
    ['-Command', '-c', '-CommandWithArgs', '-cwa'],
    ['-EncodedCommand', '-e', '-ec', '-enc'],
  ],
  script: ['-File', '-f'],
  windowsOptions: true,
} as const;

/** The options of POSIX shells that take no value. */
const shellFlags = 'abefhiklmnprstuvxBCDEHPT';
const shellStandardInput = /^-[a-rt-zA-Z]*s[a-zA-Z]*$/;

/** To support another launcher, add a line. For a program that changes its own name, add its files to `multiCall`. */
export const launchers: readonly Launcher[] = [
  {
    name: 'node',
    files: ['node', 'nodejs', 'iojs'],
    // https://nodejs.org/api/cli.html
    valued: [
      '-r',
      '--require',
      '--import',
      '--loader',
      '--experimental-loader',
      '-C',
      '--conditions',
      '--env-file',
      '--env-file-if-exists',
      '--title',
      '--watch-path',
      '--icu-data-dir',
      '--openssl-config',
      '--max-http-header-size',
      '--disable-warning',
      '--unhandled-rejections',
      '--secure-heap',
      '--secure-heap-min',
      '--dns-result-order',
      '--test-name-pattern',
      '--test-skip-pattern',
      '--test-reporter',
      '--test-reporter-destination',
      '--network-family-autoselection-attempt-timeout',
      '--input-type',
      '--localstorage-file',
      '--redirect-warnings',
      '--stack-trace-limit',
      '--tls-cipher-list',
      '--tls-keylog',
      '--trace-event-categories',
      '--diagnostic-dir',
      '--inspect-port',
      '--debug-port',
    ],
    inline: [
      ['-e', '--eval'],
      ['-p', '--print', '-pe'],
    ],
  },
  {
    name: 'bun',
    files: ['bun', 'bunx'],
    valued: ['--cwd', '-r', '--preload', '--env-file'],
    inline: [
      ['-e', '--eval'],
      ['-p', '--print'],
    ],
    verbs: ['run', 'x', 'exec', 'test'],
  },
  {
    name: 'deno',
    files: ['deno'],
    valued: ['-c', '--config', '--import-map', '--lock', '--host', '--port', '-L'],
    verbs: ['run', 'task', 'serve', 'test', 'watch'],
    inline: [['eval']],
  },
  {
    name: 'python',
    files: ['python', 'pythonw', 'pypy', 'py', 'pyw'],
    // https://docs.python.org/3/using/cmdline.html
    valued: ['-W', '-X', '-Q', '--check-hash-based-pycs'],
    inline: [['-c']],
    flags: 'bBdEhiIOPqRsSuvx',
    named: ['-m'],
  },
  {
    name: 'java',
    files: ['java', 'javaw', 'openjdk'],
    // https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html
    valued: [
      '-cp',
      '-classpath',
      '--class-path',
      '-p',
      '--module-path',
      '--upgrade-module-path',
      '--add-modules',
      '--add-exports',
      '--add-opens',
      '--add-reads',
      '--patch-module',
      '--enable-native-access',
      '--limit-modules',
      '--source',
    ],
    named: ['-jar', '-m', '--module'],
    known: {
      'org.apache.catalina.startup.Bootstrap': 'tomcat',
      'org.apache.cassandra.service.CassandraDaemon': 'cassandra',
      'org.apache.zookeeper.server.quorum.QuorumPeerMain': 'zookeeper',
      'org.apache.activemq.artemis.boot.Artemis': 'artemis',
      'org.apache.spark.deploy.SparkSubmit': 'spark',
      'org.apache.hadoop.hdfs.server.namenode.NameNode': 'hadoop namenode',
      'org.apache.hadoop.hdfs.server.datanode.DataNode': 'hadoop datanode',
      'org.elasticsearch.bootstrap.Elasticsearch': 'elasticsearch',
      'org.elasticsearch.server': 'elasticsearch',
      'org.opensearch.bootstrap.OpenSearch': 'opensearch',
      'org.logstash.Logstash': 'logstash',
      'org.gradle.launcher.daemon.bootstrap.GradleDaemon': 'gradle daemon',
      'org.jboss.modules.Main': 'wildfly',
      'jboss-modules.jar': 'wildfly',
      'org.neo4j.server.Neo4jCommunity': 'neo4j',
      'org.sonar.application.App': 'sonarqube',
      'com.intellij.idea.Main': 'intellij',
      'kafka.Kafka': 'kafka',
      'weblogic.Server': 'weblogic',
    },
  },
  {
    name: 'dotnet',
    files: ['dotnet'],
    valued: [
      '--project',
      '--framework',
      '-f',
      '-c',
      '--launch-profile',
      '--additionalprobingpath',
      '--additional-deps',
      '--depsfile',
      '--fx-version',
      '--roll-forward',
      '--runtimeconfig',
    ],
    verbs: ['exec', 'run', 'watch', 'test'],
    known: { 'pwsh.dll': 'pwsh' },
  },
  { name: 'mono', files: ['mono', 'mono-sgen'], valued: ['--config'] },
  {
    name: 'ruby',
    files: ['ruby', 'rubyw', 'jruby', 'truffleruby'],
    valued: ['-I', '-r', '-C', '-E', '-K'],
    inline: [['-e']],
    flags: 'acdhlnpsSUvwy',
  },
  {
    name: 'php',
    files: ['php', 'php-cgi'],
    // https://www.php.net/manual/en/features.commandline.options.php
    valued: ['-c', '-d', '-t', '-z', '--php-ini', '--define', '--docroot'],
    inline: [['-r', '--run'], ['-B'], ['-R'], ['-E']],
    standardInput: /^--$/,
    script: ['-f', '--file', '-F'],
    named: ['-S', '--server'],
  },
  { name: 'php-fpm', files: ['php-fpm'] },
  {
    name: 'perl',
    files: ['perl', 'wperl'],
    valued: ['-I'],
    inline: [['-e', '-E']],
    flags: '0123456789acflnpsStTuUvwWX',
  },
  { name: 'lua', files: ['lua', 'luajit', 'luvit'], valued: ['-l'], inline: [['-e']] },
  { name: 'Rscript', files: ['rscript', 'r'], inline: [['-e']], script: ['-f'] },
  {
    name: 'julia',
    files: ['julia'],
    valued: ['-L', '-J', '-t', '-p', '-C'],
    inline: [['-e', '--eval', '-E', '--print']],
  },
  {
    name: 'erlang',
    files: ['beam.smp', 'beam', 'erl', 'werl'],
    named: ['-s', '-run'],
    onlyNamed: true,
    known: { rabbit: 'rabbitmq', ejabberd: 'ejabberd', emqx: 'emqx', couch: 'couchdb', elixir: 'elixir' },
  },
  {
    name: 'pwsh',
    files: ['pwsh'],
    ...powershell,
  },
  { name: 'powershell', files: ['powershell', 'powershell_ise'], ...powershell },
  { name: 'cmd', files: ['cmd'], script: ['/c', '/k', '/r'], windowsOptions: true },
  { name: 'cscript', files: ['cscript', 'wscript'], windowsOptions: true },
  {
    name: 'bash',
    files: ['bash', 'rbash'],
    valued: ['-O', '-o', '+O', '--rcfile', '--init-file'],
    inline: [['-c']],
    standardInput: shellStandardInput,
    dashEndsOptions: true as const,
    flags: shellFlags,
  },
  ...[['sh', 'dash', 'ash'], ['ksh'], ['mksh'], ['zsh'], ['fish']].map((files) => ({
    name: files[0]!,
    files,
    valued: ['-o', '+o'],
    inline: [['-c', '--command']],
    standardInput: shellStandardInput,
    dashEndsOptions: true as const,
    flags: shellFlags,
  })),
  // https://learn.microsoft.com/iis: the application pool that a worker process serves
  { name: 'w3wp', files: ['w3wp'], script: ['-ap'] },
  { name: 'npm', files: ['npm'] },
  { name: 'pnpm', files: ['pnpm'] },
  { name: 'yarn', files: ['yarn'] },
  { name: 'uv', files: ['uv', 'uvx'] },
];

/** Tools that run the program named by their first word, and the subcommands that are followed by that name. */
export const runners: Readonly<Record<string, readonly string[]>> = {
  npm: ['run', 'run-script', 'exec', 'x'],
  npx: [],
  pnpm: ['run', 'exec', 'dlx'],
  pnpx: [],
  yarn: ['run', 'exec', 'dlx'],
  bunx: [],
  corepack: ['npm', 'pnpm', 'yarn'],
  tsx: ['watch'],
  'ts-node': [],
  'ts-node-dev': [],
  'babel-node': [],
  nodemon: [],
  forever: ['start'],
  uv: ['run', 'tool'],
  uvx: [],
  poetry: ['run'],
  pipenv: ['run'],
  hatch: ['run'],
  pipx: ['run'],
  bundle: ['exec'],
  ng: [],
  rails: [],
};

/** Program file names by package name, where the two differ. */
export const packages: Readonly<Record<string, string>> = {
  '@angular/cli': 'ng',
  '@nestjs/cli': 'nest',
  '@vue/cli-service': 'vue-cli-service',
  '@remix-run/dev': 'remix',
  '@storybook/cli': 'storybook',
  '@sveltejs/kit': 'svelte-kit',
  '@11ty/eleventy': 'eleventy',
  typescript: 'tsc',
};

/**
 * Multi-call programs by file name, with the names that a link may give them. An empty list accepts any name, because
 * the file runs only what it contains. Names that other programs give themselves are not trusted, because a program can
 * choose any name.
 */
export const multiCall: Readonly<Record<string, readonly string[]>> = {
  busybox: [],
  toybox: [],
  coreutils: [],
  'redis-check-rdb': ['redis-server', 'redis-sentinel', 'redis-check-aof'],
  'valkey-check-rdb': ['valkey-server', 'valkey-sentinel', 'valkey-check-aof'],
  mariadbd: ['mysqld'],
  systemctl: ['init', 'telinit'],
};
