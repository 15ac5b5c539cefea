// https://github.com/elastic/elasticsearch/blob/main/distribution/src/config/elasticsearch.yml,
// https://github.com/elastic/kibana/blob/main/config/kibana.yml, and
// https://github.com/elastic/logstash/blob/main/config/logstash.yml
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Elasticsearch, OpenSearch, Kibana, and Logstash');

const path = '/etc/elasticsearch/elasticsearch.yml';
const transport = 'transport.port 9300-9400 -> 9300 (the default): it uses the first free port of 9300-9400';

test('names with dots, and nested ones', async () => {
  for (const [text, line] of [
    ['# ---- Network ----\r\ncluster.name: "m\u00e4"\r\n#http.port: 1\r\nhttp.port:   9201   # here\r\n', 4],
    ['http:\n  host: 127.0.0.1\n  "port": "9201"\n', 3],
  ] as const) {
    const { rows, move } = await seen({ [path]: text }, { path });
    assert.equal(rows[0], `http.port 9201 -> ${line === 3 ? '127.0.0.1:' : ''}9201 (${path}:${line})`);
    assert.equal(move(9201, 19_200).files, { [path]: Buffer.from(text.replace('9201', '19200')).toString('latin1') });
  }
});

test('a range stands for its first free port, and is replaced as a whole', async () => {
  const text = 'network.host: _site_\nhttp.port: 9210-9220\ntransport.tcp.port: 9310\n';
  const { rows, move } = await seen({ [path]: text }, { path });
  assert.equal(rows, [`http.port 9210-9220 -> 9210 (${path}:2): it uses the first free port of 9210-9220`, `transport.tcp.port 9310 -> 9310 (${path}:3)`]);
  assert.equal(move(9210, 9400).files, { [path]: text.replace('9210-9220', '9400') });
  assert.match(move(9310, 9400).sideEffects.join(), 'discovery.seed_hosts');
});

test('options win over the file, and variables come from the environment', async () => {
  const args = ['/usr/bin/java', '-Des.path.conf=/etc/elasticsearch', 'org.elasticsearch.bootstrap.Elasticsearch', '-E', 'http.port=9222', '-Etransport.port=9333-9334'];
  const { rows, move } = await seen({ [path]: 'http.port: 9201\n' }, { arguments: args });
  assert.equal(rows, [
    `loser: http.port 9201 -> 9201 (${path}:1)`,
    '-E http.port 9222 -> 9222 (the command line)',
    '-E transport.port 9333-9334 -> 9333 (the command line): it uses the first free port of 9333-9334',
  ]);
  assert.throws(() => move(9222, 81), /command line/);
  const text = 'http.port: ${ES_PORT:9205}\n';
  const without = await seen({ [path]: text }, { arguments: args.slice(0, 3) });
  assert.equal(without.rows, [`http.port \${ES_PORT:9205} -> 9205 (${path}:1)`, transport]);
  assert.equal(without.move(9205, 81).files, { [path]: 'http.port: ${ES_PORT:81}\n' });
  const set = await seen({ [path]: text }, { arguments: args.slice(0, 3), environment: new Map([['ES_PORT', '9206']]) });
  assert.throws(() => set.move(9206, 81), /environment/);
});

test('OpenSearch, Kibana, and Logstash', async () => {
  for (const [file, text, from, row] of [
    ['/etc/opensearch/opensearch.yml', 'http.port: 9201\n', 9201, 'http.port 9201 -> 9201'],
    ['/etc/kibana/kibana.yml', '#server.port: 5601\nserver.port: 5602\nserver.host: "localhost"\n', 5602, 'server.port 5602 -> localhost:5602'],
    ['/etc/opensearch-dashboards/opensearch_dashboards.yml', 'server: {port: 5603}\n', 5603, 'server.port 5603 -> 5603'],
    ['/etc/logstash/logstash.yml', 'api:\n  http.port: 9601-9650\n', 9601, 'api.http.port 9601-9650 -> 9601'],
  ] as const) {
    const { rows, move } = await seen({ [file]: text }, { path: file });
    assert.match(rows[0]!, row);
    assert.equal(move(from, 81).files, { [file]: text.replace(/(?<=[Pp]ort: )\d{4}(?:-\d+)?(?=[\n}](?!server\.port))/, '81') });
  }
  const option = await seen({ '/etc/kibana/kibana.yml': 'server.port: 5602\n' }, { arguments: ['node', '/usr/share/kibana/bin/../src/cli/dist', '-p', '5604'] });
  assert.equal(option.rows, ['loser: server.port 5602 -> 5602 (/etc/kibana/kibana.yml:1)', '-p 5604 -> 5604 (the command line)']);
});

test('a file that does not parse is a gap', async () => {
  const { gaps } = await seen({ [path]: 'http.port: [9200\n' }, { path });
  assert.match(gaps.join(), `${path}:`);
});

test.run();
