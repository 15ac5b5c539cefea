import type { Process, Facts } from './model/facts.ts';
import { asciiJson } from '../io/ascii.ts';
import { gather } from './gather/gather.ts';
import { factsText, reportingBinaries } from './gather/report.ts';
import { everything, type Question } from './model/question.ts';
import type { Report } from '../schema/problems.ts';
import { recordingSource, type RawEntry } from '../system/raw.ts';
import type { Surroundings } from '../system/surroundings.ts';

/** Options for a snapshot. */
export interface SnapshotRequest {
  /** A new folder for the system's raw answers. */
  readonly raw: string | undefined;
  /** Whether executables are read and hashed. */
  readonly hash: boolean;
  readonly commandLines: boolean;
  /** Replaces names of people, machines, and projects; null to keep them. */
  readonly redaction: ((facts: Facts) => Facts) | null;
}

/** This machine, and the destination of the facts. */
export interface SnapshotWorld extends Pick<Surroundings, 'source' | 'now'> {
  /** Facts from elsewhere; omitted if the source is queried. */
  readonly told?: (question: Question) => Promise<Facts>;
  /** Writes the snapshot completely or not at all. */
  readonly write: (text: string) => void;
}

/** Records why there is no command line, so that answers from the snapshot can explain it. */
function leaveCommandLineOut({ refusals }: Process): void {
  if (refusals.some(({ field }) => field === 'CommandLine')) return;
  refusals.push({
    field: 'CommandLine',
    code: 'NotAsked',
    text: 'command lines were not requested',
    needs: 'portowner snapshot --command-lines',
  });
}

/** Writes all facts about this machine and returns them. */
export async function writeSnapshot(
  { raw, hash, commandLines, redaction }: SnapshotRequest,
  { source: asked, told, now, write }: SnapshotWorld,
  report?: Report,
): Promise<Facts> {
  const question: Question = commandLines
    ? { ...everything, details: new Set([...everything.details, 'commandLine']) }
    : everything;
  const writing = { commandLines, redaction, write, report };
  if (told !== undefined) return keep(await told(question), writing);
  const source = await asked();
  const entries = new Map<string, RawEntry>();
  const recorded =
    raw === undefined
      ? source
      : recordingSource(
          source,
          entries,
          (await import('./gather/recording.ts')).recordingOf(source.platform, commandLines),
        );
  report?.('Progress', 'reading this machine');
  // Paths below the folder where a program runs name its project.
  const details = redaction === null ? question.details : new Set([...question.details, 'workingDirectory' as const]);
  let facts = await gather(recorded, { ...question, details }, now());
  if (hash)
    facts = (await import('./gather/binaries.ts')).withBinaries(facts, recorded, report && reportingBinaries(report));
  // Write the envelope first: if that fails, there must be no snapshot that claims it exists.
  if (raw !== undefined) {
    const { writeEnvelope } = await import('./read/envelope.ts');
    writeEnvelope(raw, { platform: source.platform, entries });
  }
  return keep(facts, writing);
}

/** Writes facts as a snapshot and returns them. */
function keep(
  facts: Facts,
  {
    commandLines,
    redaction,
    write,
    report,
  }: Pick<SnapshotRequest, 'commandLines' | 'redaction'> &
    Pick<SnapshotWorld, 'write'> & { readonly report: Report | undefined },
): Facts {
  if (!commandLines) facts.sections.processes.data.forEach(leaveCommandLineOut);
  const written = redaction === null ? facts : redaction(facts);
  write(`${asciiJson(JSON.stringify(written))}\n`);
  report?.('Verbose', factsText(written));
  return facts;
}
