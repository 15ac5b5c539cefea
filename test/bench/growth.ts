/**
 * What an attacker or a large machine may choose the number of, and how the time grows with it: each doubling at most
 * doubles the time above the start, and the logarithm. Alone: `node build.mjs node test/bench/growth.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Facts, Process, Socket } from '../../src/facts/model/facts.ts';
import { root } from '../../src/build/runtime.mjs';
import { storeRun } from '../../src/audit/store/sqlite-write.ts';
import type { Listener } from '../../src/audit/listeners.ts';
import { facts, process as owner, service, socket, udp } from '../support/example.ts';
import { compare } from './measure.ts';

export interface GrowthCase {
  readonly name: string;
  /** A number that takes a few hundred milliseconds. */
  readonly size: number;
  /** The command line for so many of them; `file` writes what it reads. */
  readonly args: (size: number, file: (content: unknown) => string) => string[];
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const address = (i: number): string => `127.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const owners = (count: number, more: (i: number) => Partial<Process> = () => ({})): Process[] =>
  numbers(count).map((i) => owner({ pid: i + 5, imageName: `p${i}`, path: `/bin/p${i}`, ...more(i) }));
const sockets = (count: number, more: (i: number) => Partial<Socket> = () => ({})): Socket[] =>
  numbers(count).map((i) => socket({ localPort: (i % 30_000) + 1, localAddress: address(1 + Math.floor(i / 30_000)), pid: i + 5, ...more(i) }));
const hidden = [{ field: 'OwningProcess', code: 'AccessDenied' as const, text: 'access is denied', needs: 'root' }];
const section = <T>(data: T[]) => ({ status: 'ok' as const, reason: null, needs: null, at: '2026-01-02T03:04:06Z', data });
const policy = (rules: string[]): string => `kind: PortOwner.Policy\nversion: 1\ndefault: forbid\nrules:\n${rules.join('')}`;
const crowd = (count: number, more: (i: number) => Partial<Process> = () => ({})): Facts =>
  facts(
    numbers(count).map((i) => socket({ pid: i + 5 })),
    { processes: owners(count, more) },
  );

/** What a collector sent: the lines of its sections. */
function collection(platform: 'linux' | 'win32', sections: Readonly<Record<string, readonly string[]>>): string {
  const whole = platform === 'linux' ? Object.assign({}, quietLinux, sections) : sections;
  const text = Object.entries(whole).map(([name, lines]) => `@${name}\n${lines.map((line) => ` ${line}\n`).join('')}`);
  return `#PortOwner.Collection 1 plain\n@machine\n platform ${platform}\n name far\n uid 0\n at 2026-01-02T03:04:05Z\n${text.join('')}#End\n`;
}
const quietLinux: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['tcp', 'tcp6', 'udp', 'udp6'].map((name) => [`proc/net/${name}`, ['heading']])),
  'ranges/ip_local_port_range': ['32768 60999'],
  'ranges/ip_local_reserved_ports': [''],
  'ranges/ip_unprivileged_port_start': ['1024'],
};
const stat = (pid: number, name = 'p'): string => `${pid} ${pid} (${name}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4200 0 0`;

export const growthCases: readonly GrowthCase[] = [
  {
    name: 'sockets and open files of a far machine (Linux)',
    size: 20_000,
    args: (n, file) => [
      '--all',
      '--from',
      file(
        collection('linux', {
          'proc/net/tcp': [
            'heading',
            ...numbers(n).map(
              (i) => `${i}: 0100007F:${((i % 60_000) + 1).toString(16).padStart(4, '0')} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 ${i + 1} 1 0 100 0 0 10 0`,
            ),
          ],
          descriptors: numbers(n).map((i) => `${(i % 300) + 5} ${i + 3}`),
          links: numbers(n).map((i) => `${(i % 300) + 5} ${i + 3} ${i + 1}`),
          stat: numbers(300).map((i) => stat(i + 5)),
        }),
      ),
    ],
  },
  {
    name: 'lines in the name of a far process (Linux)',
    size: 40_000,
    args: (n, file) => ['80', '--from', file(collection('linux', { stat: [`5 5 (p`, ...numbers(n).map((i) => `5 ${i}`), stat(5, 'p').slice(2)] }))],
  },
  {
    name: 'socket units of a far machine (Linux)',
    size: 20_000,
    args: (n, file) => [
      'conflicts',
      '--from',
      file(
        collection('linux', {
          'proc/net/tcp': ['heading'],
          socketunits: numbers(n).flatMap((i) => [`unit u${i}.socket`, 'text [Socket]', `text ListenStream=${(i % 60_000) + 1}`]),
        }),
      ),
    ],
  },
  {
    name: 'sockets and processes of a far machine (Windows)',
    size: 10_000,
    args: (n, file) => [
      '--all',
      '--from',
      file(
        collection('win32', {
          'cim/tcp': numbers(n).map((i) => `${address(i)},${(i % 60_000) + 1},0.0.0.0,0,2,${i + 5},134000000000000000`),
          'cim/udp': [],
          'cim/processes': numbers(n).map((i) => `${i + 5},4,"p${i}.exe","C:\\p${i}.exe",134000000000000000,""`),
          'cim/services': numbers(n).map((i) => `"s${i}","S ${i}",${i + 5},Running,Own Process`),
        }),
      ),
    ],
  },
  {
    name: 'lines in a field of a far machine (Windows)',
    size: 100_000,
    args: (n, file) => ['80', '--from', file(collection('win32', { 'cim/tcp': [], 'cim/udp': [], 'cim/processes': ['5,4,"p', ...numbers(n).map(() => '""x,'), '","",0,""'] }))],
  },
  { name: 'operands', size: 20_000, args: (n, file) => [...numbers(n).map((i) => String(i + 1)), '--from', file(facts([socket()]))] },
  { name: 'options', size: 10_000, args: (n, file) => [...numbers(n).map((i) => `--pid=${i + 1}`), '--from', file(facts([socket()]))] },
  {
    name: 'processes asked for, and sockets whose owner is hidden',
    size: 10_000,
    args: (n, file) => [
      ...numbers(n).map((i) => `pid:${i + 5}`),
      '--from',
      file(
        facts(
          sockets(n, (i) => (i % 2 === 0 ? {} : { pid: null, holders: [], refusals: hidden })),
          { processes: owners(n) },
        ),
      ),
    ],
  },
  ...['image', 'user', 'service'].map((option): GrowthCase => ({
    name: `values of --${option}, and owners`,
    // Linux takes arguments of 128 KB, and four times as many are measured.
    size: 4_000,
    args: (n, file) => [
      `--${option}=${numbers(n)
        .map((i) => `q${i}`)
        .join()}`,
      '--from',
      file(facts(sockets(n), { processes: owners(n, (i) => ({ user: `u${i}`, unit: `s${i}.service` })) })),
    ],
  })),
  {
    name: 'owners of one port and its addresses',
    size: 10_000,
    args: (n, file) => [
      'conflicts',
      '--from',
      file(
        facts(
          sockets(n, (i) => ({ localPort: 443, localAddress: i === 0 ? '0.0.0.0' : address(i) })),
          { processes: owners(n) },
        ),
      ),
    ],
  },
  { name: 'programs with one port and address', size: 10_000, args: (n, file) => ['conflicts', '--from', file(crowd(n))] },
  { name: 'instances of one program with one port', size: 10_000, args: (n, file) => ['conflicts', '--from', file(crowd(n, () => ({ path: '/bin/one', imageName: 'one' })))] },
  { name: 'siblings with one port', size: 10_000, args: (n, file) => ['conflicts', '--from', file(crowd(n, () => ({ parent: 100_000, imageName: 'one' })))] },
  {
    name: 'socket units for one port, and its owners',
    size: 10_000,
    args: (n, file) => [
      'conflicts',
      '--from',
      file(
        facts(
          sockets(n, (i) => ({ localPort: 443, localAddress: address(i) })),
          {
            processes: owners(n),
            sections: {
              socketUnits: section(
                numbers(n).map((i) => ({ unit: `u${i}.socket`, service: `u${i}.service`, protocol: 'TCP' as const, address: address(i), port: 443, ipv6Only: false })),
              ),
            },
          },
        ),
      ),
    ],
  },
  { name: 'owners of a port that is asked about', size: 20_000, args: (n, file) => ['why', '443', '--from', file(crowd(n))] },
  {
    name: 'relays of a process, and its sockets',
    size: 20_000,
    args: (n, file) => [
      '--from',
      file(
        facts(
          sockets(n, () => ({ pid: 100 })),
          { processes: [owner({ relays: numbers(n).map((i) => ({ name: 'relay', listenPort: 60_000 + (i % 5000), target: null })) })] },
        ),
      ),
    ],
  },
  {
    name: 'port proxy rules, and listeners',
    size: 20_000,
    args: (n, file) => [
      '--from',
      file(
        facts(
          sockets(n, () => ({ pid: 100 })),
          {
            platform: 'win32',
            services: [service({ name: 'iphlpsvc' })],
            sections: {
              portProxies: section(
                numbers(n).map((i) => ({ table: 'v4tov4' as const, listenAddress: address(i), listenPort: (i % 60_000) + 1, connectAddress: '192.0.2.1', connectPort: 80 })),
              ),
            },
          },
        ),
      ),
    ],
  },
  {
    name: 'rules of a firewall, and listeners',
    size: 5_000,
    args: (n, file) => [
      '--firewall',
      '--from',
      file(
        facts(
          sockets(n, () => ({ localAddress: '0.0.0.0' })),
          {
            processes: owners(n),
            sections: {
              firewall: section([
                {
                  name: 'INPUT',
                  family: null,
                  profile: null,
                  base: true,
                  enabled: true,
                  otherwise: 'Allow' as const,
                  rules: numbers(n).map((i) => ({
                    name: `r${i}`,
                    verdict: 'Block' as const,
                    target: null,
                    protocol: 'TCP' as const,
                    family: null,
                    ports: [{ start: 65_000, end: 65_001 }],
                    program: null,
                    service: null,
                    limit: null,
                    doubt: null,
                  })),
                },
              ]),
            },
          },
        ),
      ),
    ],
  },
  {
    name: 'rules of a policy with ports, and listeners',
    size: 2_500,
    args: (n, file) => [
      'audit',
      '--from',
      file(facts(sockets(n), { processes: owners(n) })),
      '--policy',
      file(policy(numbers(n).map((i) => `  - {name: r${i}, action: allow, ports: ${i + 1}, program: /bin/p${i}}\n`))),
    ],
  },
  {
    name: 'rules of a policy with programs, and listeners',
    size: 2_500,
    args: (n, file) => [
      'audit',
      '--from',
      file(facts(sockets(n), { processes: owners(n) })),
      '--policy',
      file(policy(numbers(n).map((i) => `  - {name: r${i}, action: allow, program: /bin/q${i}}\n`))),
    ],
  },
  {
    name: 'owners of one port before and after',
    size: 10_000,
    args: (n, file) => ['diff', file(crowd(n)), file(crowd(n, (i) => ({ imageName: `q${i}`, path: `/bin/q${i}` })))],
  },
  {
    name: 'services with one port before and after',
    size: 10_000,
    args: (n, file) => ['diff', file(crowd(n, (i) => ({ path: '/bin/one', unit: `a${i}.service` }))), file(crowd(n, (i) => ({ path: '/bin/one', unit: `b${i}.service` })))],
  },
  {
    name: 'dynamic UDP sockets of one program, and users',
    size: 10_000,
    args: (n, file) => {
      const all = (letter: string): Facts =>
        facts(
          numbers(n).map((i) => udp({ localPort: 40_000, pid: i + 5 })),
          { processes: owners(n, (i) => ({ path: '/bin/one', imageName: 'one', user: `${letter}${i}` })) },
        );
      return ['diff', file(all('a')), file(all('b'))];
    },
  },
  {
    name: 'queues of HTTP.sys for one port, and its addresses',
    size: 10_000,
    args: (n, file) => [
      '--from',
      file(
        facts(
          sockets(n, (i) => ({ pid: 4, holders: [4], kernel: true, localPort: 80, localAddress: address(i + 1) })),
          {
            platform: 'win32',
            sections: {
              httpQueues: section(numbers(n).map((i) => ({ name: `q${i}`, controller: null, processes: [{ pid: 4, service: `s${i}` }], urls: [`http://${address(i + 1)}:80/`] }))),
            },
          },
        ),
      ),
    ],
  },
  {
    name: 'keys to sort by, and sockets that are alike',
    size: 10_000,
    args: (n, file) => [...numbers(n).map(() => '--sort=State'), '--from', file(facts(sockets(n), { processes: owners(n) }))],
  },
  {
    name: 'programs that have had one endpoint',
    size: 10_000,
    args: (n, file) => {
      const store = `${file('')}.db`;
      const listeners = numbers(n).map((i): Listener => ({
        protocol: 'TCP',
        port: 443,
        address: '0.0.0.0',
        scope: 'Any',
        program: `/bin/p${i}`,
        services: [],
        user: null,
        sha256: null,
        signer: null,
        ports: [],
      }));
      storeRun(
        store,
        { machine: 'test', at: '2026-01-02T03:04:06Z', tool: 'test', listeners, findings: [], keepDays: null, partial: false, forgetLater: false },
        new Date('2026-01-02T03:04:06Z'),
      );
      return ['history', '443', '--store', store];
    },
  },
];

/** Makes command lines whose files go with `remove`. */
export function caseFiles(): { args: (one: GrowthCase, size: number) => string[]; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-growth-'));
  let count = 0;
  return {
    args: (one, size) =>
      one.args(size, (content) => {
        const path = join(folder, `${count++}.${typeof content === 'string' ? 'yaml' : 'json'}`);
        writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
        return path;
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface GrowthLine {
  readonly what: string;
  readonly seen: string;
  readonly peer: string;
  readonly ratio: number;
  readonly budget: number;
}

/** Twice as many take at most so many times as long: n log n, and what the machine's moods add. */
const budget = 2.5;
/** What takes less above the start cannot be told from noise. */
const least = 60;

/** Measures each case at its size, twice and four times it: processor time above the start. */
export function* measureGrowth(portowner: string, rounds = 3): Generator<GrowthLine> {
  const files = caseFiles();
  try {
    for (const one of growthCases) {
      const above = [1, 2, 4].map((factor) => {
        const { own, peer } = compare({ file: portowner, args: files.args(one, one.size * factor) }, { file: portowner, args: ['--version'] }, rounds);
        return Math.max(least, own.cpu - peer.cpu);
      });
      for (const i of [1, 2]) {
        const [before, now] = [above[i - 1]!, above[i]!];
        yield {
          what: `${one.size * 2 ** i} ${one.name}`,
          seen: `${now.toFixed(0)} ms against ${before.toFixed(0)} ms`,
          peer: `${one.size * 2 ** (i - 1)}`,
          ratio: now / before,
          budget,
        };
      }
    }
  } finally {
    files.remove();
  }
}

if (import.meta.main)
  for (const { what, seen, peer, ratio } of measureGrowth(join(root, 'dist/portowner')))
    process.stdout.write(`${what}: ${seen}, ${ratio.toFixed(2)} × ${peer}${ratio > budget ? ' NOT HELD' : ''}\n`);
