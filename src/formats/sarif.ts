import { asciiJson } from '../io/ascii.ts';
import type { AnyRow } from '../schema/column.ts';
import type { Severity } from '../schema/finding.ts';
import { findingKinds } from '../schema/finding-kinds.ts';
import type { Problem } from '../schema/problems.ts';
import { version } from '../schema/version.ts';
import { machineNames } from './html/model.ts';
import { framed, noProblems, plainText, wordsOf } from './text.ts';
import type { CreateWriter, DocumentFrame } from './writer.ts';

/** SARIF's levels (2.1.0, 3.27.10), and the number that dashboards sort by: 0 to 10, as in CVSS; 0 is no severity. */
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
  // A name of dots alone would be another folder.
  const parts = [text(row, 'ComputerName'), text(row, 'Endpoint')].map((part) =>
    encodeURIComponent(/^\.*$/.test(part) ? 'unknown' : part),
  );
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

const severityOf = (row: AnyRow): Severity => {
  const severity = text(row, 'Severity');
  return Object.hasOwn(levels, severity) ? (severity as Severity) : 'Info';
};

/**
 * The rule of a finding. GitHub takes the severity of a result from its rule, and the same kind of finding may have
 * several: each has a rule.
 */
const ruleId = (row: AnyRow): string => `${text(row, 'Kind')}/${severityOf(row)}`;

/** A sentence: with a capital letter, and a period. */
const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

function rule(row: AnyRow): object {
  const [kind, severity] = [text(row, 'Kind'), severityOf(row)];
  const { level, rank } = levels[severity];
  const known = Object.hasOwn(findingKinds, kind) ? findingKinds[kind as keyof typeof findingKinds] : null;
  const name = wordsOf(kind);
  const meaning = known === null ? name : sentence(known.meaning);
  const usual = known === null ? '' : `The severity is usually: ${known.severity}. `;
  const help = `${meaning} ${usual}The message of each result contains the evidence and what to do.`;
  return {
    id: ruleId(row),
    name: kind,
    shortDescription: { text: `${name} (${severity})` },
    fullDescription: { text: meaning },
    help: { text: help },
    defaultConfiguration: { level },
    properties: { 'security-severity': rank, tags: ['security', 'network'] },
  };
}

/** The identity of a finding: the same in another audit. */
const fingerprint = (row: AnyRow): string =>
  [text(row, 'ComputerName'), text(row, 'Kind'), text(row, 'Endpoint'), fileOwner(row)].join('|');

/** GitHub recognizes a result by a hash of this form, and tells results with the same hash apart by the number. */
function lineHash(print: string, seen: Map<string, number>): string {
  const number = (seen.get(print) ?? 0) + 1;
  seen.set(print, number);
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `${createHash('sha256').update(print).digest('hex').slice(0, 16)}:${number}`;
}

function result(row: AnyRow, index: number, seen: Map<string, number>): object {
  const { level, rank } = levels[severityOf(row)];
  const remedy = text(row, 'Remedy');
  const owner = text(row, 'Owner');
  const sentences = [
    `${text(row, 'Kind')}: ${text(row, 'Endpoint')}${owner === '' ? '' : `, ${owner}`}`,
    text(row, 'Evidence'),
    remedy,
  ];
  return {
    ruleId: ruleId(row),
    ruleIndex: index,
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
    partialFingerprints: {
      'portowner/v1': fingerprint(row),
      primaryLocationLineHash: lineHash(fingerprint(row), seen),
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

/**
 * The category of a run: a dashboard compares it with the last run of the same category, and closes what is gone. Each
 * machine has one, and so do several machines together.
 */
function categoryOf(rows: readonly AnyRow[], frame: DocumentFrame): string {
  const [machine, ...others] = machineNames({ rows, frame });
  if (machine === undefined || others.length > 0) return 'portowner/';
  return `portowner/${encodeURIComponent(machine.toWellFormed())}/`;
}

/** Writes findings for code scanning dashboards: SARIF 2.1.0, pure ASCII. */
export const create: CreateWriter = (_schema, { sink, frame }) => {
  const rows: AnyRow[] = [];

  return {
    carriesProblems: false,
    row: (row) => void rows.push(row),
    problem: noProblems,
    flush: () => sink.flush(),
    end() {
      const about = framed(frame);
      const rules = new Map<string, object>();
      for (const row of rows) if (!rules.has(ruleId(row))) rules.set(ruleId(row), rule(row));
      const ids = [...rules.keys()];
      const seen = new Map<string, number>();
      const log = {
        $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
        version: '2.1.0',
        runs: [
          {
            tool: { driver: { name: 'PortOwner', version, rules: [...rules.values()] } },
            columnKind: 'utf16CodeUnits',
            invocations: [invocation(about)],
            automationDetails: { id: categoryOf(rows, about) },
            results: rows.map((row) => result(row, ids.indexOf(ruleId(row)), seen)),
          },
        ],
      };
      const json = JSON.stringify(log, null, 2);
      sink.write(`${asciiJson(json)}\n`);
    },
  };
};
