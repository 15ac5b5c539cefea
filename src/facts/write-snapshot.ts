import type { Process, Facts } from './model/facts.ts';
import { asciiJson } from '../io/ascii.ts';
import { gather } from './gather/gather.ts';
import { factsText, reportingBinaries } from './gather/report.ts';
import { everything, type Question } from './model/question.ts';
import type { Report } from '../schema/problems.ts';
import { recordingSource, type RawEntry } from '../system/raw.ts';
import type { Surroundings } from '../system/surroundings.ts';

/** What goes into a snapshot. */
export interface SnapshotRequest {
  /** A new folder for what the system said. */
  readonly raw: string | undefined;
  /** Whether executables are read and hashed. */
  readonly hash: boolean;
  readonly commandLines: boolean;
}

/** This machine, and where the facts go. */
export interface SnapshotWorld extends Pick<Surroundings, 'source' | 'now'> {
  /** What somebody else has told; left out where the source is asked. */
  readonly told?: (question: Question) => Promise<Facts>;
  /** Writes the snapshot, whole or not at all. */
  readonly write: (text: string) => void;
}

/** Says why there is no command line, so that an answer from the snapshot can. */
function leaveCommandLineOut({ refusals }: Process): void {
  if (refusals.some(({ field }) => field === 'CommandLine')) return;
  refusals.push({
    field: 'CommandLine',
    code: 'NotAsked',
    text: 'command lines were not requested',
    needs: 'portowner snapshot --command-lines',
  });
}

/** Writes all facts about this machine, and gives them. */
export async function writeSnapshot(
  { raw, hash, commandLines }: SnapshotRequest,
  { source: asked, told, now, write }: SnapshotWorld,
  report?: Report,
): Promise<Facts> {
  const question: Question = commandLines
    ? { ...everything, details: new Set([...everything.details, 'commandLine']) }
    : everything;
  if (told !== undefined) return keep(await told(question), { commandLines, write });
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
  let facts = await gather(recorded, question, now());
  if (hash)
    facts = (await import('./gather/binaries.ts')).withBinaries(facts, recorded, report && reportingBinaries(report));
  // The envelope first: when it cannot be written there must not be a snapshot that claims it was.
  if (raw !== undefined) {
    const { writeEnvelope } = await import('./read/envelope.ts');
    writeEnvelope(raw, { platform: source.platform, entries });
  }
  keep(facts, { commandLines, write });
  report?.('Verbose', factsText(facts));
  return facts;
}

/** Writes facts as a snapshot, and gives them. */
function keep(
  facts: Facts,
  { commandLines, write }: Pick<SnapshotRequest, 'commandLines'> & Pick<SnapshotWorld, 'write'>,
): Facts {
  if (!commandLines) facts.sections.processes.data.forEach(leaveCommandLineOut);
  write(`${asciiJson(JSON.stringify(facts))}\n`);
  return facts;
}
