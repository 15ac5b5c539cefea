// The keys of an instance, as its setup makes them:
// https://learn.microsoft.com/sql/tools/configuration-manager/tcp-ip-properties-ip-addresses-tab
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { registryData } from '../../../src/system/registry.ts';
import { seen, type SeenServer } from '../../support/configurations.ts';
import { registryFiles } from '../../support/registry-export.ts';

const test = suite('SQL Server');

const root = 'HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server';
const id = 'MSSQL10_50.XSQL2008';
const tcp = `${root}\\${id}\\MSSQLServer\\SuperSocketNetLib\\Tcp`;
const named = `${root}\\Instance Names\\SQL\\XSQL2008`;

interface Given {
  readonly all?: readonly [fixed: string, chosen: string];
  readonly one?: readonly [fixed: string, chosen: string];
  readonly listensOnAll?: 0 | 1;
  readonly isEnabled?: 0 | 1;
  readonly more?: string;
}

const exported = ({ all = ['1433', ''], one = ['', '0'], listensOnAll = 1, isEnabled = 1, more = '' }: Given): ReturnType<typeof registryFiles> =>
  registryFiles(`Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Microsoft SQL Server\\Instance Names\\SQL]
"XSQL2008"="${id}"

[HKEY_LOCAL_MACHINE\\${tcp.slice(5)}]
"Enabled"=dword:0000000${isEnabled}
"ListenOnAllIPs"=dword:0000000${listensOnAll}
"KeepAlive"=dword:00007530
"DisplayName"="TCP/IP"

[HKEY_LOCAL_MACHINE\\${tcp.slice(5)}\\IPAll]
"TcpPort"="${all[0]}"
"TcpDynamicPorts"="${all[1]}"
"DisplayName"="Any IP Address"

[HKEY_LOCAL_MACHINE\\${tcp.slice(5)}\\IP1]
"Enabled"=dword:00000001
"Active"=dword:00000001
"TcpPort"="${one[0]}"
"TcpDynamicPorts"="${one[1]}"
"DisplayName"="Specific IP Address"
"IpAddress"="127.0.0.1"

[HKEY_LOCAL_MACHINE\\${tcp.slice(5)}\\IP2]
"Enabled"=dword:00000000
"Active"=dword:00000001
"TcpPort"="1433"
"TcpDynamicPorts"=""
"IpAddress"="::1"
${more}`);

const running = { arguments: ['C:\\Program Files\\Microsoft SQL Server\\MSSQL\\Binn\\sqlservr.exe', '-sXSQL2008'] };

/** The values that a move changes, as texts. */
const changed = ({ move }: SeenServer, from: number, to: number): Record<string, string> =>
  Object.fromEntries(
    move(from, to).plan.files.map(({ path, after }) => {
      const { kind, data } = registryData(after);
      assert.is(kind, 1);
      return [path.slice(tcp.length + 1), Buffer.from(data).toString('utf16le')];
    }),
  );

test('a fixed port of all addresses; those of single addresses do not count', async () => {
  for (const how of [running, { ...running, service: 'MSSQL$XSQL2008' }, { path: named }, { path: `${tcp}\\IPAll\\TcpPort` }]) {
    const server = await seen(exported({ one: ['1444', ''] }), how);
    assert.equal(server.rows, [`loser: TcpPort 1444 -> 127.0.0.1:1444 (${tcp}\\IP1\\TcpPort)`, `TcpPort 1433 -> 1433 (${tcp}\\IPAll\\TcpPort)`]);
    assert.equal(changed(server, 1433, 14_330), { 'IPAll\\TcpPort': '14330\0' });
    assert.throws(
      () => server.move(1444, 1445),
      ({ message }: Error) => message.includes('is overridden by TcpPort 1433'),
    );
  }
});

test('a list of ports', async () => {
  const server = await seen(exported({ all: ['1433, 1434,x', ''], listensOnAll: 1 }), running);
  assert.equal(
    server.rows,
    [
      `TcpPort 1433, 1434,x -> 1433 (${tcp}\\IPAll\\TcpPort)`,
      `TcpPort 1433, 1434,x -> 1434 (${tcp}\\IPAll\\TcpPort)`,
      `TcpPort 1433, 1434,x -> ? (${tcp}\\IPAll\\TcpPort): the value is not a port`,
      `loser: TcpDynamicPorts 0 -> 127.0.0.1:? (${tcp}\\IP1\\TcpDynamicPorts): SQL Server chooses a port when it starts`,
    ].toSorted((a, b) => Number(b.startsWith('loser')) - Number(a.startsWith('loser'))),
  );
  assert.equal(changed(server, 1434, 14_340), { 'IPAll\\TcpPort': '1433, 14340,x\0' });
});

test('a port that SQL Server chose becomes a fixed one', async () => {
  const server = await seen(exported({ all: ['', '59157'], one: ['', ''] }), running);
  assert.equal(server.rows, [
    `TcpPort  -> 59157 (${tcp}\\IPAll\\TcpPort): it is empty: it gets the port of a move`,
    `TcpDynamicPorts 59157 -> 59157 (${tcp}\\IPAll\\TcpDynamicPorts): SQL Server chose it, and tries it again; a move makes it a fixed port (TcpPort)`,
  ]);
  assert.equal(changed(server, 59_157, 14_330), { 'IPAll\\TcpDynamicPorts': '\0', 'IPAll\\TcpPort': '14330\0' });
  assert.equal(server.move(59_157, 14_330).plan.changes, [`${tcp}\\IPAll\\TcpPort: TcpPort 59157 -> 14330`, `${tcp}\\IPAll\\TcpDynamicPorts: TcpDynamicPorts 59157 -> empty`]);
  const both = await seen(exported({ all: ['1433', '59157'], one: ['', ''] }), running);
  assert.equal(changed(both, 1433, 14_330), { 'IPAll\\TcpPort': '14330\0' });
  assert.throws(
    () => both.move(59_157, 14_330),
    ({ message }: Error) => message.includes('cannot be changed automatically'),
  );
  const open = await seen(exported({ all: ['', '0'], one: ['', ''] }), running);
  assert.equal(open.rows, [`TcpDynamicPorts 0 -> ? (${tcp}\\IPAll\\TcpDynamicPorts): SQL Server chooses a port when it starts`]);
});

test('single addresses', async () => {
  const server = await seen(exported({ listensOnAll: 0, one: ['1444', ''] }), running);
  assert.equal(server.rows, [`loser: TcpPort 1433 -> 1433 (${tcp}\\IPAll\\TcpPort)`, `TcpPort 1444 -> 127.0.0.1:1444 (${tcp}\\IP1\\TcpPort)`]);
  assert.equal(changed(server, 1444, 1445), { 'IP1\\TcpPort': '1445\0' });
});

test('switched off, and an unknown instance', async () => {
  const off = await seen(exported({ isEnabled: 0 }), running);
  assert.equal(off.rows.at(-1), `Enabled 0 -> ? (${tcp}\\Enabled): TCP/IP is switched off`);
  assert.throws(
    () => off.move(1433, 14_330),
    ({ message }: Error) => message.includes('is overridden by Enabled 0'),
  );
  const { gaps, rows } = await seen(exported({}), { arguments: ['sqlservr.exe', '-sOTHER'] });
  assert.equal([rows, gaps], [[], ['the name of the instance of SQL Server is unknown']]);
});

test('the connection for administrators, an alias of clients, and a failover cluster', async () => {
  const more = `
[HKEY_LOCAL_MACHINE\\${root.slice(5)}\\${id}\\MSSQLServer\\SuperSocketNetLib\\AdminConnection\\Tcp]
"TcpDynamicPorts"="1434"

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\MSSQLServer\\Client\\ConnectTo]
"SHOP"="DBMSSOCN,localhost,1433"
"FAR"="DBMSSOCN,db.example.com,1433"

[HKEY_LOCAL_MACHINE\\${root.slice(5)}\\${id}\\Cluster]
"ClusterName"="SQLCLUSTER"
`;
  const server = await seen(exported({ more, one: ['', ''] }), running);
  const admin = `${root}\\${id}\\MSSQLServer\\SuperSocketNetLib\\AdminConnection\\Tcp\\TcpDynamicPorts`;
  assert.equal(server.rows, [
    `TcpPort 1433 -> 1433 (${tcp}\\IPAll\\TcpPort)`,
    `TcpDynamicPorts 1434 -> 1434 (${admin})`,
    'reference: alias SHOP DBMSSOCN,localhost,1433 -> 1433 (HKLM\\SOFTWARE\\Microsoft\\MSSQLServer\\Client\\ConnectTo\\SHOP)',
  ]);
  const { plan, sideEffects } = server.move(1433, 14_330);
  assert.equal(plan.obstacles, ['the instance belongs to the failover cluster SQLCLUSTER, which may restore its own settings']);
  assert.match(sideEffects.join('\n'), 'SQL Server connects to port 1433: alias SHOP');
  assert.match(sideEffects.join('\n'), 'SQL Server Browser');
  assert.equal(Buffer.from(registryData(server.move(1434, 1435).plan.files[0]!.after).data).toString('utf16le'), '1435\0');
});

test.run();
