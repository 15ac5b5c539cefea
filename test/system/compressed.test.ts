// Every compressed module, by a question to the built executables that needs it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compressed } from '../../src/build/compressed.ts';
import { products } from '../support/build-machine.ts';
import { facts, socket } from '../support/example.ts';
import { newFolder, portOwner } from '../support/program.ts';
import { skip, type TestContext } from '../support/skip.ts';

interface Question {
  readonly needs: readonly string[];
  readonly args: readonly string[];
  /** The exit code; 0 by default. */
  readonly code?: number;
  readonly out?: RegExp;
  readonly file?: readonly [name: string, text: RegExp];
}

/** In this order: some read what others wrote. */
const questions: readonly Question[] = [
  { needs: ['hucre', 'facts.validate'], args: ['--from', 'facts.json', '--output', 'rows.xlsx'], file: ['rows.xlsx', /^PK[^]*xl\/worksheets\/sheet1\.xml/] },
  { needs: ['page', 'd3-scale', 'd3-shape', 'facts.validate'], args: ['--from', 'facts.json', '--output', 'rows.html'], file: ['rows.html', /<script[^]*<svg[^]*<\/html>/] },
  { needs: ['yaml'], args: ['baseline', 'create', 'baseline.yaml', '--from', 'facts.json'], file: ['baseline.yaml', /^kind: PortOwner\.Baseline$/m] },
  { needs: ['yaml', 'baseline.validate'], args: ['baseline', 'show', 'baseline.yaml'], out: /\b80\b/ },
  { needs: ['yaml', 'policy.validate'], args: ['audit', '--policy', 'policy.yaml', '--from', 'facts.json', '--format', 'csv'], code: 1, out: /no web server/ },
  { needs: ['xml2js'], args: ['schedule', 'show', '--system', 'windows', '--baseline', 'C:\\b.yaml'], out: /<Task [^]*<\/Task>/ },
  { needs: ['configuration'], args: ['config', '--path', 'nginx.conf', '--format', 'csv'], out: /nginx,8091,TCP/ },
  { needs: [], args: ['audit', '--store', 'audits.db', '--from', 'facts.json'] },
  { needs: ['fleet', 'fleet-file'], args: ['fleet', '80', '--store', 'audits.db', '--format', 'csv'], out: /,80,/ },
  // Nobody listens there: the client is loaded before that is known.
  { needs: ['database'], args: ['store', 'check', 'postgres://writer@127.0.0.1:1/audits'], code: 69 },
  { needs: ['yaml', 'exports'], args: ['audit', '--policy', 'policy.yaml', '--from', 'facts.json', '--report', 'report.prom'], code: 1, file: ['report.prom', /^portowner_/m] },
  {
    needs: ['yaml', 'exports', 'logs'],
    args: ['audit', '--policy', 'policy.yaml', '--from', 'facts.json', '--report', 'otlp+http://127.0.0.1:1/'],
    code: 69,
  },
  // There is no such host: the scripts for it are loaded before that is known.
  { needs: ['collectors'], args: ['80', '--host', '127.0.0.1', '--ssh-config', 'nowhere.txt'], code: 69 },
];

function ask(command: readonly string[], cwd: string): void {
  const portowner = portOwner(command);
  writeFileSync(join(cwd, 'facts.json'), JSON.stringify(facts([socket({ localPort: 80 }), socket({ localPort: 443 })])));
  writeFileSync(join(cwd, 'policy.yaml'), 'kind: PortOwner.Policy\nversion: 1\nrules:\n  - { name: no web server, action: forbid, ports: 80, severity: High }\n');
  writeFileSync(join(cwd, 'nginx.conf'), 'http { server { listen 8091; } }\n');
  writeFileSync(join(cwd, 'nowhere.txt'), 'Host *\n  Port 1\n  BatchMode yes\n  ConnectTimeout 1\n');
  for (const { needs, args, code = 0, out, file } of questions) {
    const answer = portowner(args, { cwd });
    const about = `${needs.join(', ')}: ${answer.err}`;
    assert.is(answer.code, code, about);
    if (out !== undefined) assert.match(answer.out, out, about);
    if (file !== undefined) assert.match(readFileSync(join(cwd, file[0]), 'latin1'), file[1], about);
  }
}

for (const { name, command, without } of products()) {
  const test = suite(`compressed modules of ${name}`);
  test('each works', (context) => (command === null ? skip(without, context as TestContext) : ask(command, newFolder())));
  test.run();
}

const test = suite('the questions');
test('need all of them', () => {
  assert.equal([...new Set(questions.flatMap(({ needs }) => needs))].toSorted(), [...compressed.keys()].toSorted());
});
test.run();
