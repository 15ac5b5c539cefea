// What `portowner doctor --bundle` wrote on real machines: each answer of the system is one that is understood.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { parseEnvelope } from '../../src/facts/read/envelope.ts';
import { gather } from '../../src/facts/gather/gather.ts';
import { everything } from '../../src/facts/model/question.ts';
import { recordedSource } from '../../src/system/raw.ts';

const test = suite('recorded bundles');
const folder = join(root, 'test/fixtures/recorded/bundles');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

for (const name of names) {
  test(name, async () => {
    const envelope = parseEnvelope(JSON.parse(readFileSync(join(folder, name), 'utf8')), name);
    const { machine, sections } = await gather(recordedSource(envelope), everything, new Date('2026-01-01'));
    assert.match(machine.name ?? '', /^MACHINE\d+$/);
    // What the machine refused is told as the reason, one source's answers together; any other reason is an answer that is
    // not understood.
    const entries = [...envelope.entries];
    const refused = entries.flatMap(([source, { refusal }]) => (refusal ? [`${source.replace(/\/.*$/, '')}: `, refusal.text] : []));
    const told = (reason: string): boolean => refused.some((text) => reason.includes(text)) || entries.some(([, { text }]) => text?.includes(reason));
    for (const [section, { status, reason }] of Object.entries(sections) as [string, { status: string; reason: string | null }][]) {
      if (status !== 'ok' && status !== 'notAsked') assert.ok(told(reason ?? ''), `${section}: ${reason}`);
    }
    for (const process of sections.processes.data) assert.ok(process.imageName, `the process ${process.pid} has a name`);
  });
}

test('there is one at least', () => assert.ok(names.length > 0));

test.run();
