// The generated store of the benchmark has exactly what storing the same audits leaves.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import { useStore } from '../../../src/audit/store/open.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import { fillFleet, nightOf, runAt } from '../../support/fleet-store.ts';
import { noDatabase, startDatabase } from '../../support/postgres-server.ts';
import { skip } from '../../support/skip.ts';

const test = suite('a generated fleet');

test('has the rows that its audits would have stored', async (context) => {
  if (noDatabase !== null) return skip(noDatabase, context);
  const size = { machines: 2, listeners: 50, nights: 53 };
  const server = await startDatabase({ settings: 'fsync = off' });
  try {
    for (const name of ['generated', 'stored']) {
      server.sql(`create database ${name}`);
      await makeStore(databaseAddress(server.url(name)), false);
    }
    await fillFleet(server, 'generated', size, 2);
    await useStore(server.url('stored'), async (store) => {
      for (let night = 0; night < size.nights; night++)
        for (let machine = 0; machine < size.machines; machine++) assert.is((await store.add(runAt(size, machine, night), nightOf(night))).refused, null);
    });
    for (const table of ['machine', 'audit', 'span', 'finding']) {
      const rows = (name: string): string[] => server.sql(`select row_to_json(one) from portowner.${table} as one order by one::text collate "C"`, name).trim().split('\n');
      const [generated, stored] = [rows('generated'), rows('stored')];
      assert.is(generated.length, stored.length, table);
      for (const [index, row] of stored.entries()) assert.is(generated[index], row);
    }
    assert.is(Number(server.sql('select count(*) from portowner.span where last is null', 'generated')), 100);
    assert.is(Number(server.sql('select count(*) from portowner.span', 'generated')), 2 * (50 + 52));
    // The next night is stored on top of it.
    await useStore(server.url('generated'), async (store) => {
      const outcome = await store.add(runAt(size, 1, size.nights), nightOf(size.nights));
      assert.is(outcome.refused, null);
      const [run] = await store.runs({ machine: 'web00001', limit: 1 });
      assert.equal([run!.Appeared, run!.Disappeared], [1, 1]);
    });
  } finally {
    server.stop();
  }
});

test.run();
