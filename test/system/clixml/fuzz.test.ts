import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readClixmlFacts } from '../../../src/facts/read/clixml/facts.ts';
import type { Facts, HttpQueue, Process, Service, Socket } from '../../../src/facts/model/facts.ts';
import { validateFacts } from '../../../src/facts/read/validate.ts';
import { create } from '../../../src/formats/clixml.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import type { AnyRow, Column, ColumnType, RowSchema } from '../../../src/schema/column.ts';
import { endpoint } from '../../../src/schema/endpoint.ts';
import { connection, facts as factsWith, process as processWith, service, socket, udp } from '../../support/example.ts';
import { documentOf, fixture, itemsOf, pieces, wholeQuestion } from '../../facts/read/clixml/helpers.ts';
import { rowsOf } from '../../support/rows.ts';

const test = suite('CLIXML, fuzzed');

/** What the project's own writer makes of rows. */
function written(schema: RowSchema, rows: readonly AnyRow[], stream = false): string {
  let text = '';
  const sink = { write: (part: string) => void (text += part), flush() {} };
  const writer = create(schema, { columns: schema.columns, sink, problems: 'auto', stream });
  for (const row of rows) writer.row(row);
  void writer.end();
  return text;
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('_x0041_', '_X', ' ', '\r\n', '&lt;', ']]>'),
);
const date = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((value) => value.toISOString().replace(/\.?0*Z$/, 'Z'));
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
// Ancestors are objects in a list: test/formats/format.test.ts has them.
const values: Readonly<Record<Exclude<ColumnType, 'ancestors'>, fc.Arbitrary<AnyRow[string]>>> = {
  text: anyText,
  uint16: fc.integer({ min: 0, max: 0xffff }),
  uint32,
  uint64: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  int32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  boolean: fc.boolean(),
  date,
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
  texts: fc.array(anyText),
  uint32s: fc.array(uint32),
};
const types = Object.keys(values) as (keyof typeof values)[];

const table = fc
  .uniqueArray(
    fc
      .constantFrom(...types)
      .chain((type) => fc.string({ unit: fc.constantFrom(...'AbCdEfG'), minLength: 1, maxLength: 6 }).map((name): Column => ({ name, type, description: '' }))),
    {
      selector: ({ name }) => name.toLowerCase(),
      minLength: 1,
      maxLength: 8,
    },
  )
  .chain((columns) =>
    fc.record({
      schema: fc.constant<RowSchema>({ typeName: 'PortOwner.Fuzzed', columns }),
      rows: fc.array(fc.record(Object.fromEntries(columns.map(({ name, type }) => [name, fc.option(values[type as keyof typeof values])]))) as fc.Arbitrary<AnyRow>, {
        maxLength: 6,
      }),
      stream: fc.boolean(),
      size: fc.integer({ min: 1, max: 200 }),
    }),
  );

test('what the own writer writes is read back equal, however it is cut into pieces', () => {
  fc.assert(
    fc.property(table, ({ schema, rows, stream, size }) => {
      const items = itemsOf(pieces(Buffer.from(written(schema, rows, stream)), size));
      const back = items.map(({ object }) =>
        Object.fromEntries(
          schema.columns.map(({ name }) => {
            const value = object.properties[name.toLowerCase()];
            if (typeof value === 'bigint') return [name, Number(value)];
            return [name, typeof value === 'object' && value !== null && 'items' in value ? value.items : value];
          }),
        ),
      );
      assert.equal(
        back,
        rows.map((row) => ({ ...row })),
      );
      assert.ok(items.every(({ object }) => object.typeNames[0] === 'PortOwner.Fuzzed'));
    }),
    { numRuns: 300 },
  );
});

const fileName = fc.string({ unit: fc.constantFrom(...'abcXYZ \u00e4\u{1f600}_x-'), minLength: 1, maxLength: 12 });
const machine = fc.constantFrom('win32' as const, 'linux' as const).chain((platform) =>
  fc.record({
    platform: fc.constant(platform),
    sockets: fc.array(
      fc.record({
        kind: fc.constantFrom(socket, udp, connection),
        localPort: fc.integer({ min: 1, max: 65_535 }),
        pid: fc.integer({ min: 100, max: 104 }),
        created: fc.option(date),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    names: fc.array(fileName, { minLength: 5, maxLength: 5 }),
    users: fc.array(fc.option(fileName), { minLength: 5, maxLength: 5 }),
    started: fc.array(fc.option(date), { minLength: 5, maxLength: 5 }),
    services: fc.uniqueArray(fc.record({ name: fc.string({ unit: fc.constantFrom(...'abcdef'), minLength: 1, maxLength: 5 }), pid: fc.integer({ min: 100, max: 104 }) }), {
      selector: ({ name }) => name,
      maxLength: 4,
    }),
  }),
);

test('rows that were saved say the same again', () => {
  fc.assert(
    fc.property(machine, ({ platform, sockets, names, users, started, services }) => {
      const linux = platform === 'linux';
      const held: Socket[] = sockets.map(({ kind, ...more }) => kind(more));
      const processes: Process[] = names.map((name, i) =>
        processWith({
          pid: 100 + i,
          imageName: name,
          path: linux ? `/opt/${name}` : `C:\\${name}`,
          user: users[i]!,
          startTime: started[i]!,
          unit: linux ? (services.find(({ pid }) => pid === 100 + i)?.name ?? null) : null,
          refusals: started[i] === null ? [{ field: 'StartTime', code: 'Failed', text: 'it was: not told', needs: 'patience' }] : [],
        }),
      );
      const running: Service[] = linux ? [] : services.map((each) => service(each));
      const original = factsWith(held, { processes, services: running, platform });
      const rows = rowsOf(original);
      const read = readClixmlFacts([{ name: 'rows', chunks: [Buffer.from(written(endpoint, rows))], modified: new Date(0) }])(wholeQuestion);
      assert.is(validateFacts(read), null);
      // Of the reasons only those of the original: what else the facts lack, the row's reasons did not say.
      const without = (facts: Facts) => rowsOf(facts).map((row) => Object.assign({}, row, { Reason: row.Reason?.filter((reason) => reason.includes('it was: not told')) ?? [] }));
      assert.equal(without(read), without(original));
    }),
    { numRuns: 200 },
  );
});

test('rows keep which service, relay or queue has a socket', () => {
  const queue: HttpQueue = { name: 'DefaultAppPool', controller: null, processes: [{ pid: 102, service: null }], urls: ['http://*:80/'] };
  const original = factsWith(
    [
      socket({ localPort: 135, pid: 100, service: 'RpcEptMapper' }),
      socket({ localPort: 445, pid: 100, service: 'RpcSs' }),
      socket({ localPort: 80, pid: 4, kernel: true }),
      socket({ localPort: 5432, pid: 101 }),
      socket({ localPort: 9999, pid: 101 }),
      socket({ localPort: 139, pid: 4, kernel: true }),
    ],
    {
      platform: 'win32',
      processes: [
        processWith({ pid: 100, imageName: 'svchost.exe', path: 'C:\\svchost.exe' }),
        processWith({ pid: 101, imageName: 'ssh.exe', path: 'C:\\ssh.exe', relays: [{ name: 'ssh forward', listenPort: 5432, target: 'db:5432' }] }),
        processWith({ pid: 102, imageName: 'w3wp.exe', path: 'C:\\w3wp.exe' }),
      ],
      services: [service({ name: 'RpcSs', pid: 100 }), service({ name: 'RpcEptMapper', pid: 100 })],
      sections: { httpQueues: { status: 'ok', reason: null, needs: null, at: null, data: [queue] } },
    },
  );
  const rows = rowsOf(original);
  const read = readClixmlFacts([{ name: 'rows', chunks: [Buffer.from(written(endpoint, rows))], modified: new Date(0) }])(wholeQuestion);
  const told = (from: readonly AnyRow[]) => from.map(({ LocalPort, OwnerKind, Owner, Services }) => JSON.stringify({ LocalPort, OwnerKind, Owner, Services }));
  const again = rowsOf(read);
  assert.equal(told(again.filter(({ LocalPort }) => LocalPort !== 80)), told(rows.filter(({ LocalPort }) => LocalPort !== 80)));
  assert.is(rows.find(({ LocalPort }) => LocalPort === 80)!.Owner, 'HTTP.sys: DefaultAppPool (w3wp.exe 102)');
  const kernel = again.find(({ LocalPort }) => LocalPort === 80)!;
  assert.equal([kernel.OwnerKind, kernel.Reason], ['Kernel', ['Owner: NotSupported: the saved row says HTTP.sys: DefaultAppPool (w3wp.exe 102) (needs a snapshot)']]);
});

test('rows keep what starts a program again, and what the programs above it are', () => {
  const original = factsWith(
    [socket({ localPort: 3000, pid: 101 }), socket({ localPort: 80, pid: 100 }), socket({ localPort: 81, pid: 103 }), socket({ localPort: 82, pid: 104 })],
    {
      platform: 'linux',
      processes: [
        processWith({ pid: 100, imageName: 'bash', application: 'bash', restartsBy: 'a loop' }),
        processWith({ pid: 101, imageName: 'node', application: 'node server.js', parent: 100 }),
        processWith({ pid: 103, imageName: 'nginx', unit: 'nginx.service', unitRestart: 'on-failure' }),
        processWith({ pid: 104, imageName: 'nginx', container: { runtime: 'docker', id: 'web', restart: 'always' } }),
      ],
    },
  );
  const treeOf = (facts: Facts) => rowsOf(facts, facts.sections.sockets.data, { tree: true });
  const rows = treeOf(original);
  const told = (from: readonly AnyRow[]) => from.map(({ LocalPort, Supervisor, Ancestors }) => JSON.stringify({ LocalPort, Supervisor, Ancestors }));
  const read = readClixmlFacts([{ name: 'rows', chunks: [Buffer.from(written(endpoint, rows))], modified: new Date(0) }])(wholeQuestion);
  assert.is(validateFacts(read), null);
  assert.equal(told(treeOf(read)), told(rows));
  assert.equal(
    rows.map(({ Supervisor }) => Supervisor),
    ['bash (100) in a loop', null, 'systemd (nginx.service, Restart=on-failure)', 'docker container web, restart policy always'],
  );
});

test('rows keep which part of the Linux kernel has a socket, and claim none that they do not name', () => {
  const rows = rowsOf(
    factsWith([
      socket({ localPort: 2049, pid: null, kernel: true, kernelPart: 'NFS server (nfsd)' }),
      socket({ localPort: 2050, pid: null, kernel: true }),
      socket({ localPort: 2051, pid: null, kernel: true, state: 'TimeWait', remoteAddress: '192.0.2.1', remotePort: 9 }),
    ]),
  );
  assert.is(rows[1]!.Owner, 'Linux kernel');
  const read = readClixmlFacts([{ name: 'rows', chunks: [Buffer.from(written(endpoint, rows))], modified: new Date(0) }])(wholeQuestion);
  assert.equal(
    rowsOf(read).map(({ OwnerKind, Owner }) => `${OwnerKind}: ${Owner}`),
    ['Kernel: Linux kernel: NFS server (nfsd)', 'Unknown: an unknown holder', 'Kernel: nobody: a closed connection (TIME_WAIT)'],
  );
});

/** Reads as --from does: facts that keep to the schema, or one error with its code. */
function survives(bytes: Uint8Array, size: number): void {
  try {
    const facts = readClixmlFacts([{ name: 'fuzzed', chunks: pieces(bytes, size), modified: new Date(0) }])(wholeQuestion);
    assert.is(validateFacts(facts), null);
  } catch (error) {
    if (!(error instanceof PortOwnerError)) throw error;
    assert.is(error.code, 'PO2002');
    assert.ok(error.message.length < 1000);
  }
}

test('any bytes give facts or one error', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), survives), { numRuns: 500 });
});

const tags = ['Obj', 'MS', 'Props', 'LST', 'DCT', 'En', 'TN', 'TNRef', 'T', 'ToString', 'S', 'I32', 'By', 'U16', 'U32', 'DT', 'Ref', 'Nil', 'PR', 'AV', 'Objs', 'Foo', 'portowner'];
const attributes = fc.record(
  {
    N: fc.constantFrom('LocalPort', 'LocalAddress', 'State', 'Key', 'Value', 'Services', '__proto__', 'Parent'),
    RefId: fc.constantFrom('0', '1', '2', '-1', 'x'),
    S: fc.constantFrom('Error', 'output'),
  },
  { requiredKeys: [] },
);
const content = fc.constantFrom(
  '',
  '1',
  '80',
  '::1',
  'Listen',
  '2026-01-01T00:00:00Z',
  'MSFT_NetTCPConnection',
  'System.Diagnostics.Process',
  'PortOwner.Endpoint',
  '_x0000_',
  '&amp;',
  ' ',
);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc
    .record({
      tag: fc.constantFrom(...tags),
      attributes,
      children: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        content,
        fc.array(tie('tree'), { maxLength: 4 }).map((trees) => trees.join('')),
      ),
    })
    .map(
      ({ tag, attributes: given, children }) =>
        `<${tag}${Object.entries(given)
          .map(([name, value]) => ` ${name}="${value}"`)
          .join('')}>${children}</${tag}>`,
    ),
}));

test('any tree of its tags gives facts or one error', () => {
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 5 }), fc.integer({ min: 1, max: 300 }), (trees, size) => survives(Buffer.from(documentOf(trees.join(''))), size)),
    { numRuns: 1000 },
  );
});

const names = ['tcp', 'udp', 'get-process-5.1', 'cim', 'selected', 'remote', 'rows', 'values', 'get-process-linux'];
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.integer({ min: 0, max: 40 }),
  insert: fc.oneof(
    fc.constantFrom('<', '>', '&', '"', '</Obj>', '<Obj>', '<![CDATA[', '<!DOCTYPE a [', 'RefId="0"', '<S N="LocalPort">x</S>', '\u0000'),
    fc.string({ maxLength: 5 }),
  ),
});

test('changed files of every kind give facts or one error', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(change, { minLength: 1, maxLength: 3 }), (name, changes) => {
      let bytes = fixture(name);
      const encoding = bytes[0] === 0xff ? 'utf16le' : 'utf8';
      for (const { at, remove, insert } of changes) {
        const start = Math.floor(at * bytes.length);
        bytes = Buffer.concat([bytes.subarray(0, start), Buffer.from(insert, encoding), bytes.subarray(start + remove)]);
      }
      survives(bytes, 65_536);
    }),
    { numRuns: 300 },
  );
});

test.run();
