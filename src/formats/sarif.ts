import { createHash } from 'node:crypto';
import { asciiJson } from '../io/ascii.ts';
import type { AnyRow } from '../schema/column.ts';
import { findingKinds } from '../schema/finding-kinds.ts';
import type { Severity } from '../schema/finding.ts';
import type { Problem } from '../schema/problems.ts';
import { version } from '../schema/version.ts';
import { framed, plainText, writerAtEnd } from './text.ts';
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

/** A part of a path in a URI; dots alone would name another folder, even when encoded. */
const uriPart = (part: string): string =>
  /^\.*$/.test(part) ? part.replaceAll('.', '_') || 'unknown' : encodeURIComponent(part.toWellFormed());

/**
 * The location of a finding as a URI below the root of a repository: dashboards expect a file, and a listener is not a
 * file.
 */
const uriOf = (row: AnyRow): string =>
  ['portowner', text(row, 'ComputerName'), text(row, 'Endpoint')].map(uriPart).join('/');

/**
 * The owner by the file of its program, which is the same in every version. Owner names the application: what follows that
 * also follows the file in After or Before.
 */
function fileOwner(row: AnyRow): string {
  const owner = text(row, 'Owner');
  const side = (text(row, 'After') || text(row, 'Before'))
    .replace(/^(?:TCP|UDP) \S+ /, '')
    .replace(/(?:, SHA-256 [0-9a-f]{1,12}…)?(?:, signer [^/\\]{0,1000})?$/, '');
  if (side === '' || side.endsWith(owner)) return owner;
  let same = 0;
  while (same < owner.length && side.at(-1 - same) === owner.at(-1 - same)) same++;
  const path = side.slice(0, side.length - same);
  return side.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** What is the same in every audit that has the finding: the ports of a dynamic listener are not. */
function identityOf(row: AnyRow): string {
  const isDynamic = row['LocalPort'] == null && row['LocalAddress'] != null;
  const endpoint = isDynamic ? `${text(row, 'Protocol')} ${text(row, 'LocalAddress')}:dynamic` : text(row, 'Endpoint');
  return [text(row, 'ComputerName'), text(row, 'Kind'), endpoint, fileOwner(row)].join('|');
}

/**
 * The only fingerprint that GitHub compares has this name and this form. The number tells findings of one identity
 * apart, such as programs of the same name in two folders.
 */
function lineHash(identity: string, seen: Map<string, number>): string {
  const number = (seen.get(identity) ?? 0) + 1;
  seen.set(identity, number);
  return `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}:${number}`;
}

const gradeOf = ({ Severity }: AnyRow) => levels[Severity as Severity] ?? levels.Info;

function result(row: AnyRow, seen: Map<string, number>): object {
  const { level, rank } = gradeOf(row);
  const remedy = text(row, 'Remedy');
  const owner = text(row, 'Owner');
  const sentences = [
    `${text(row, 'Kind')}: ${text(row, 'Endpoint')}${owner === '' ? '' : `, ${owner}`}`,
    text(row, 'Evidence'),
    remedy,
  ];
  const identity = identityOf(row);
  return {
    ruleId: text(row, 'Kind'),
    level,
    message: { text: sentences.filter((sentence) => sentence !== '').join('. ') },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(row), uriBaseId: '%SRCROOT%' },
          region: { startLine: 1 },
        },
        logicalLocations: [
          { name: text(row, 'Endpoint'), fullyQualifiedName: `${text(row, 'ComputerName')} ${text(row, 'Endpoint')}` },
        ],
      },
    ],
    partialFingerprints: { 'portowner/v1': identity, primaryLocationLineHash: lineHash(identity, seen) },
    properties: Object.fromEntries([
      ['security-severity', rank],
      ...Object.entries(row).filter(([, value]) => value !== null && value !== undefined),
    ]),
  };
}

/** A kind of finding, as severe as the worst of its findings: dashboards show one severity for each rule. */
function rule(id: string, rows: readonly AnyRow[]): object {
  const { meaning = 'a finding', severity = null } =
    (findingKinds as Readonly<Record<string, { meaning: string; severity: string }>>)[id] ?? {};
  const sentence = `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`;
  const grade = rows.map(gradeOf).reduce((worst, one) => (Number(one.rank) > Number(worst.rank) ? one : worst));
  const usual = severity === null ? '' : ` Severity: ${severity}.`;
  const advice = 'Each finding says what differs, and what to do about it.';
  return {
    id,
    name: id,
    shortDescription: { text: sentence },
    fullDescription: { text: `${sentence}${usual}` },
    help: {
      text: `${sentence}${usual} ${advice}`,
      markdown: `**${sentence}**${usual === '' ? '' : `\n\n${usual.trim()}`}\n\n${advice}`,
    },
    defaultConfiguration: { level: grade.level },
    properties: { tags: ['security', 'network'], precision: 'high', 'security-severity': grade.rank },
  };
}

/** Names the run: in code scanning, a run replaces the previous one whose name has the same start, up to the last slash. */
function runName({ tables, nights, at }: DocumentFrame, rows: readonly AnyRow[]): string {
  const all: readonly (readonly AnyRow[])[] = [rows, ...tables.map((table) => table.rows), nights];
  const machines = new Set(
    all
      .flat()
      .map(({ ComputerName }) => ComputerName)
      .filter((name) => typeof name === 'string'),
  );
  const [machine = ''] = machines;
  const of = machines.size === 1 ? [uriPart(machine)] : machines.size === 0 ? [] : ['several-machines'];
  return ['PortOwner', ...of, at].join('/');
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
export const create: CreateWriter = (_schema, { sink, frame }) =>
  writerAtEnd({ sink }, (rows) => {
    const about = framed(frame);
    const rules = [...Map.groupBy(rows, (row) => text(row, 'Kind'))].map(([id, own]) => rule(id, own));
    const seen = new Map<string, number>();
    const log = {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'PortOwner', semanticVersion: version, version, rules } },
          automationDetails: { id: runName(about, rows) },
          columnKind: 'utf16CodeUnits',
          invocations: [invocation(about)],
          results: rows.map((row) => result(row, seen)),
        },
      ],
    };
    sink.write(`${asciiJson(JSON.stringify(log, null, 2))}\n`);
  });
