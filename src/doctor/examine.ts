import type { Facts } from '../facts/model/facts.ts';
import { decodeProcNet } from '../facts/decode/linux-sockets.ts';
import { doctorEntries } from '../facts/sources.ts';
import { gather } from '../facts/gather/gather.ts';
import { recordingOf } from '../facts/gather/recording.ts';
import { everything, type Question } from '../facts/model/question.ts';
import { fileSink } from '../io/sink.ts';
import type { Answer } from '../schema/answer.ts';
import type { Check } from '../schema/check.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { ExitCode } from '../schema/problems.ts';
import { recordingSource, type Platform, type RawEntry, type RawSource } from '../system/raw.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { invariantResults, sectionResults, sourceResults } from './checks.ts';
import { asToolSockets, disagreements } from './compare.ts';
import { counted } from '../io/counted.ts';
import { checkResult, type CheckResult } from './check-result.ts';
import { parseCim, parseNetstat, parseSs, type ToolSocket } from './tools.ts';

/** A request to compare PortOwner's view of this machine with the system's tools. */
export interface ExamineRequest {
  /** The file for the redacted answers of the system. */
  readonly bundle: string | undefined;
}

/** This machine, and the tools of its system. */
type ExamineWorld = Pick<Surroundings, 'source' | 'tools' | 'now'>;

/** Everything that an examination found. */
interface Seen {
  readonly entries: ReadonlyMap<string, RawEntry>;
  readonly facts: Facts;
  readonly results: readonly CheckResult[];
}

/** A tool of the system: its name, and how its output is parsed. */
interface Tool {
  readonly name: string;
  readonly title: string;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /** Whether its states are readable in every language. */
  readonly states: boolean;
  readonly parse: (text: string) => ToolSocket[];
}

const tools: Readonly<Record<Platform, readonly Tool[]>> = {
  win32: [
    {
      name: 'net-tcp',
      title: 'Get-NetTCPConnection',
      protocols: ['TCP'],
      states: true,
      parse: (text) => parseCim('TCP', text),
    },
    {
      name: 'net-udp',
      title: 'Get-NetUDPEndpoint',
      protocols: ['UDP'],
      states: false,
      parse: (text) => parseCim('UDP', text),
    },
    { name: 'netstat', title: 'netstat -ano', protocols: ['TCP', 'UDP'], states: false, parse: parseNetstat },
  ],
  linux: [{ name: 'ss', title: 'ss -tuanp', protocols: ['TCP', 'UDP'], states: true, parse: parseSs }],
};

/** The number of attempts: a comparison is repeated before a disagreement counts, because sockets come and go. */
const rounds = 3;

/**
 * Reads every source, checks the conditions that hold on any machine, and compares the results with the system's own
 * tools.
 */
export async function examine({ bundle }: ExamineRequest, world: ExamineWorld): Promise<Answer> {
  const source = await world.source();
  const entries = new Map<string, RawEntry>();
  const recording = recordingSource(source, entries, recordingOf(source.platform, false));
  const facts = await gather(recording, everything, world.now());
  for (const name of doctorEntries(source.platform)) recording.read(name);
  const found: CheckResult[] = [];
  if (source.platform === 'linux') found.push(...(await kernelTables(recording, facts, world)));
  found.push(...invariantResults(facts));
  const own = await world.tools();
  for (const tool of tools[source.platform]) found.push(await compared(tool, own, source, world));
  const results = [...sourceResults(entries), ...sectionResults(facts), ...found];
  if (bundle !== undefined) await writeBundle(bundle, source.platform, { entries, facts, results });
  return {
    rows: results.map((one) => row(one, facts.machine.name)),
    problems: [],
    exitCode: verdict(results),
    headline: sentence(results),
  };
}

/** Compares the kernel's text tables with its binary ones, which are read before and after them. */
async function kernelTables(source: RawSource, before: Facts, world: ExamineWorld): Promise<CheckResult[]> {
  const protocols = ['TCP', 'UDP'] as const;
  const texts = protocols.map((protocol) =>
    ['', '6'].map((family) => source.read(`proc/net/${protocol.toLowerCase()}${family}`).text),
  );
  const sockets: Question = {
    ...everything,
    details: new Set(),
    ranges: false,
    configured: false,
    firewall: false,
    addresses: false,
  };
  const after = await gather(await world.source(), sockets, world.now());
  return protocols.map((protocol, at): CheckResult => {
    const title = `sock_diag agrees with /proc/net/${protocol.toLowerCase()}`;
    if (texts[at]![0] === undefined)
      return { check: title, status: 'skipped', detail: 'the file does not exist', evidence: [] };
    const decoded = texts[at]!.map((text) => decodeProcNet(protocol, text ?? '', () => true));
    const flaws = decoded.flatMap(({ flaw }) => (flaw === null ? [] : [flaw]));
    const waits = ({ state }: { state: string | null }): boolean => protocol === 'UDP' || state === 'Listen';
    const texted = decoded.flatMap(({ data }) => data).filter(waits).length;
    const looks = [before, after].map(
      ({ sections }) => sections.sockets.data.filter((one) => one.protocol === protocol && waits(one)).length,
    );
    const [least, most] = [Math.min(...looks), Math.max(...looks)];
    // Some sockets come and go during a check.
    const tolerance = Math.max(2, Math.ceil(most / 50));
    const binary = least === most ? `${most}` : `${least} to ${most}`;
    return checkResult(title, `${binary} and ${counted(texted, 'socket')} that wait`, [
      ...flaws,
      ...(texted < least - tolerance || texted > most + tolerance
        ? [`${binary} by sock_diag, ${texted} in /proc/net`]
        : []),
    ]);
  });
}

async function compared(tool: Tool, own: RawSource, source: RawSource, world: ExamineWorld): Promise<CheckResult> {
  const title = `${tool.title} agrees`;
  const question: Question = {
    ...everything,
    protocols: tool.protocols,
    details: new Set(['owner']),
    ranges: false,
    configured: false,
  };
  const look = async (): Promise<ToolSocket[]> =>
    asToolSockets((await gather(source, question, world.now())).sections.sockets.data);
  let found: Set<string> | null = null;
  let count = 0;
  let before = await look();
  for (let round = 0; round < rounds; round++) {
    const entry = own.read(tool.name);
    if (entry.text === undefined) {
      const text = entry.refusal?.text ?? 'the answer is not readable';
      return {
        check: title,
        status: entry.refusal?.code === 'Failed' ? 'failed' : 'skipped',
        detail: text,
        evidence: [text],
      };
    }
    const after = await look();
    const theirs = tool.parse(entry.text);
    count = theirs.length;
    const now = disagreements(before, theirs, after, { states: tool.states });
    found = found === null ? new Set(now) : found.intersection(new Set(now));
    if (found.size === 0) break;
    before = after;
  }
  if (count === 0 && before.length > 0)
    return {
      check: title,
      status: 'failed',
      detail: 'its output could not be parsed',
      evidence: [`${before.length} sockets were expected`],
    };
  return checkResult(title, counted(count, 'socket'), [...(found ?? [])].toSorted());
}

/** Writes the redacted answers of the system and the results, for a defect report. */
async function writeBundle(path: string, platform: Platform, seen: Seen): Promise<void> {
  const { entries, facts, results } = seen;
  const { redact } = await import('../redaction/envelope.ts');
  const { envelopeText } = await import('../facts/read/envelope.ts');
  const checks: RawEntry = { at: facts.at, text: JSON.stringify(results) };
  const envelope = redact({ platform, entries: new Map([...entries, ['doctor', checks]]) });
  const sink = fileSink(path);
  try {
    sink.write(envelopeText(envelope));
    sink.close();
  } catch (error) {
    sink.abort();
    throw error;
  }
}
function row({ check: name, status, detail, evidence }: CheckResult, machine: string): Check {
  const shown = evidence.length > 20 ? [...evidence.slice(0, 20), `and ${evidence.length - 20} more`] : evidence;
  return {
    Check: name,
    Status: status,
    Detail: detail,
    Evidence: shown.length === 0 ? null : shown,
    ComputerName: machine,
  };
}

/** Summarizes the checks: disagreements first, and success only if everything was checked. */
function sentence(results: readonly CheckResult[]): string {
  const [differs = 0, failed = 0, skipped = 0] = (['differs', 'failed', 'skipped'] as const).map(
    (wanted) => results.filter(({ status }) => status === wanted).length,
  );
  const all = counted(results.length, 'check');
  if (differs + failed + skipped === 0) return `PortOwner and this machine agree in all ${all}.`;
  const rest = [
    ...(failed > 0 ? [`${failed} could not be run`] : []),
    ...(skipped > 0 ? [`${skipped} ${skipped === 1 ? 'was' : 'were'} skipped`] : []),
  ].join(', and ');
  const found =
    differs > 0 ? `PortOwner and this machine disagree in ${differs} of ${all}` : `No disagreement in ${all}`;
  return `${found}${rest === '' ? '' : `; ${rest}`} (--format list says why).`;
}

/** A skipped check is not a failure: this machine lacks what it checks, or the user the rights. */
function verdict(results: readonly CheckResult[]): ExitCode {
  if (results.some(({ status }) => status === 'differs')) return exitCodeOf(false);
  return exitCodeOf(results.some(({ status }) => status === 'failed') ? null : true);
}
