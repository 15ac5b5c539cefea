import { asciiJson } from '../io/ascii.ts';
import type { AnyRow } from '../schema/column.ts';
import type { Severity } from '../schema/finding.ts';
import type { Problem } from '../schema/problems.ts';
import { version } from '../schema/version.ts';
import { framed, noProblems, plainText } from './text.ts';
import type { CreateWriter, DocumentFrame } from './writer.ts';

/** SARIF's levels (2.1.0, 3.27.10), and the number that dashboards sort by: 0 to 10, as in CVSS. */
const levels: Readonly<Record<Severity, { readonly level: string; readonly rank: string }>> = {
  Critical: { level: 'error', rank: '9.5' },
  High: { level: 'error', rank: '8.0' },
  Medium: { level: 'warning', rank: '5.0' },
  Low: { level: 'note', rank: '3.0' },
  Info: { level: 'note', rank: '0.0' },
};

const text = (row: AnyRow, name: string): string => plainText(row[name], '; ').toWellFormed();

/** The location of a finding as a URI: dashboards expect a file, and a listener is not a file. */
function uriOf(row: AnyRow): string {
  const parts = [text(row, 'ComputerName'), text(row, 'Endpoint')].map((part) => encodeURIComponent(part || 'unknown'));
  return `portowner/${parts.join('/')}`;
}

/**
 * The owner by the file of its program, which is the same in every version. Owner names the application: what follows that
 * also follows the file in After or Before.
 */
function fileOwner(row: AnyRow): string {
  const owner = text(row, 'Owner');
  const side = (text(row, 'After') || text(row, 'Before'))
    .replace(/^(?:TCP|UDP) \S+ /, '')
    .replace(/(?:, SHA-256 [0-9a-f]{1,12}…)?(?:, signer [^/\\]*)?$/, '');
  if (side === '' || side.endsWith(owner)) return owner;
  let same = 0;
  while (same < owner.length && side.at(-1 - same) === owner.at(-1 - same)) same++;
  const path = side.slice(0, side.length - same);
  return side.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function result(row: AnyRow): object {
  const { level, rank } = levels[row['Severity'] as Severity] ?? levels.Info;
  const remedy = text(row, 'Remedy');
  const owner = text(row, 'Owner');
  const sentences = [
    `${text(row, 'Kind')}: ${text(row, 'Endpoint')}${owner === '' ? '' : `, ${owner}`}`,
    text(row, 'Evidence'),
    remedy,
  ];
  return {
    ruleId: text(row, 'Kind'),
    level,
    message: { text: sentences.filter((sentence) => sentence !== '').join('. ') },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(row) }, region: { startLine: 1 } },
        logicalLocations: [
          { name: text(row, 'Endpoint'), fullyQualifiedName: `${text(row, 'ComputerName')} ${text(row, 'Endpoint')}` },
        ],
      },
    ],
    // The same finding in another audit has the same fingerprint.
    partialFingerprints: {
      'portowner/v1': [text(row, 'ComputerName'), text(row, 'Kind'), text(row, 'Endpoint'), fileOwner(row)].join('|'),
    },
    properties: Object.fromEntries([
      ['security-severity', rank],
      ...Object.entries(row).filter(([, value]) => value !== null && value !== undefined),
    ]),
  };
}

const notificationLevels: Readonly<Record<string, string>> = { Error: 'error', Warning: 'warning' };

function notification({ severity, code, message, hint }: Problem): object {
  return {
    descriptor: { id: code },
    level: notificationLevels[severity] ?? 'note',
    message: { text: (hint === undefined ? message : `${message} ${hint}`).toWellFormed() },
  };
}

function invocation({ exitCode, meaning, at, problems, question }: DocumentFrame): object {
  return {
    executionSuccessful: exitCode === 0 || exitCode === 1,
    exitCode,
    ...(meaning === null ? {} : { exitCodeDescription: meaning }),
    ...(question === null ? {} : { commandLine: question.toWellFormed() }),
    endTimeUtc: at,
    toolExecutionNotifications: problems.map(notification),
  };
}

/** Writes findings for code scanning dashboards: SARIF 2.1.0, pure ASCII. */
export const create: CreateWriter = (_schema, { sink, frame }) => {
  const results: object[] = [];
  const rules = new Map<string, object>();

  return {
    carriesProblems: false,
    row(row) {
      const id = text(row, 'Kind');
      if (!rules.has(id)) rules.set(id, { id, name: id, shortDescription: { text: id } });
      results.push(result(row));
    },
    problem: noProblems,
    flush: () => sink.flush(),
    end() {
      const log = {
        $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
        version: '2.1.0',
        runs: [
          {
            tool: { driver: { name: 'PortOwner', version, rules: [...rules.values()] } },
            columnKind: 'utf16CodeUnits',
            invocations: [invocation(framed(frame))],
            results,
          },
        ],
      };
      const json = JSON.stringify(log, null, 2);
      sink.write(`${asciiJson(json)}\n`);
    },
  };
};
