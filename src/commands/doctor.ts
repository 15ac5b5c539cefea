import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { invariantFindings, sectionFindings, sourceFindings } from '../doctor/checks.ts';
import { asToolSockets, disagreements } from '../doctor/compare.ts';
import { finding, plural, type Finding } from '../doctor/finding.ts';
import { parseCim, parseNetstat, parseSs, type ToolSocket } from '../doctor/tools.ts';
import { decodeProcNet } from '../facts/decode/linux-sockets.ts';
import type { Facts } from '../facts/model/facts.ts';
import { gather } from '../facts/gather/gather.ts';
import { everything, type Question } from '../facts/model/question.ts';
import { recordingSource, type Platform, type RawEntry, type RawSource } from '../system/raw.ts';
import { fileSink } from '../io/sink.ts';
import { PortOwnerError, type ExitCode } from '../schema/problems.ts';
import { check, type Check } from '../schema/check.ts';
import { named } from '../cli/files.ts';
import { RowCommand, type Answer } from '../cli/row-command.ts';
import { exitCodeOf } from '../ownership/whole.ts';

/** A tool of the system: what it is called, and how its answer is read. */
interface Tool {
  readonly name: string;
  readonly title: string;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /** Whether it tells states in every language. */
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

/** Sources that are asked only when somebody's socket needs them. */
const others: Readonly<Record<Platform, readonly string[]>> = {
  win32: ['processes', 'services', 'drivers', 'httpsys', 'portproxy', 'servicetags'],
  linux: ['holders', 'boot', 'users'],
};

/** A comparison is made once more before a disagreement counts: sockets come and go. */
const rounds = 3;

/** Looks whether PortOwner sees this machine as the machine sees itself. */
export class DoctorCommand extends RowCommand {
  static override paths = [['doctor']];
  static override usage = Command.Usage({
    description: "check that every source works on this machine, and that PortOwner agrees with the system's own tools",
    details: `
      It reads every source, checks what must hold on any machine, and compares the sockets and their processes with Get-NetTCPConnection, Get-NetUDPEndpoint and netstat (ss on Linux). Each disagreement is printed with --format list.

      With --bundle it also writes what the system said into a file for a report of a defect. Names of users and machines, paths below user profiles, command lines and IP addresses are replaced in it, the same by the same; look through it before you send it.
    `,
    examples: [
      ['Check this machine', '$0 doctor'],
      ['With every disagreement', '$0 doctor --format list'],
      ['A file for a report', '$0 doctor --bundle report.json'],
      ['Ask the file', '$0 443 --from report.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [check],
    operands: null,
    values: { '--bundle': 'file' },
    exitCodes: { 0: 'all agree', 1: 'something differs', 69: 'something could not be checked' },
    powershell: 'a check of PortOwner itself, for people',
  };

  bundle = Option.String('--bundle', { description: 'write what the system said to this file, redacted' });

  override readonly schema = check;

  protected override files() {
    return { inputs: super.files().inputs, outputs: named('--bundle', this.bundle) };
  }

  protected async answer(): Promise<Answer> {
    if (this.from !== undefined) throw new PortOwnerError('PO1005', 'doctor looks at this machine: it takes no --from');
    const source = await this.surroundings.source();
    const entries = new Map<string, RawEntry>();
    const recording = recordingSource(source, entries, false);
    const facts = await gather(recording, everything, this.surroundings.now());
    for (const name of others[source.platform]) recording.read(name);
    const findings: Finding[] = [];
    if (source.platform === 'linux') findings.push(...(await this.kernelTables(recording, facts)));
    findings.push(...invariantFindings(facts));
    const own = await this.surroundings.tools();
    for (const tool of tools[source.platform]) findings.push(await this.compared(tool, own, source));
    const all = [...sourceFindings(entries), ...sectionFindings(facts), ...findings];
    if (this.bundle !== undefined) await this.writeBundle(this.bundle, source.platform, entries, facts, all);
    return { rows: all.map((one) => row(one, facts.machine.name)), problems: [], exitCode: verdict(all) };
  }

  /** The kernel's text tables against its binary ones, which are read before and after them. */
  private async kernelTables(source: RawSource, before: Facts): Promise<Finding[]> {
    const protocols = ['TCP', 'UDP'] as const;
    const texts = protocols.map((protocol) =>
      ['', '6'].map((family) => source.read(`proc/net/${protocol.toLowerCase()}${family}`).text),
    );
    const sockets: Question = { ...everything, details: new Set(), ranges: false, configured: false, firewall: false };
    const after = await gather(await this.surroundings.source(), sockets, this.surroundings.now());
    return protocols.map((protocol, at): Finding => {
      const title = `sock_diag agrees with /proc/net/${protocol.toLowerCase()}`;
      if (texts[at]![0] === undefined)
        return { check: title, status: 'skipped', detail: 'there is no such file', evidence: [] };
      const decoded = texts[at]!.map((text) => decodeProcNet(protocol, text ?? '', () => true));
      const flaws = decoded.flatMap(({ flaw }) => (flaw === null ? [] : [flaw]));
      const waits = ({ state }: { state: string | null }): boolean => protocol === 'UDP' || state === 'Listen';
      const texted = decoded.flatMap(({ data }) => data).filter(waits).length;
      const looks = [before, after].map(
        ({ sections }) => sections.sockets.data.filter((one) => one.protocol === protocol && waits(one)).length,
      );
      const [least, most] = [Math.min(...looks), Math.max(...looks)];
      // Some come and go within the time of a look.
      const tolerance = Math.max(2, Math.ceil(most / 50));
      const binary = least === most ? `${most}` : `${least} to ${most}`;
      return finding(title, `${binary} and ${plural(texted, 'socket')} that wait`, [
        ...flaws,
        ...(texted < least - tolerance || texted > most + tolerance
          ? [`${binary} by sock_diag, ${texted} in /proc/net`]
          : []),
      ]);
    });
  }

  private async compared(tool: Tool, own: RawSource, source: RawSource): Promise<Finding> {
    const title = `${tool.title} agrees`;
    const question: Question = {
      ...everything,
      protocols: tool.protocols,
      details: new Set(['owner']),
      ranges: false,
      configured: false,
    };
    const look = async (): Promise<ToolSocket[]> =>
      asToolSockets((await gather(source, question, this.surroundings.now())).sections.sockets.data);
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
        detail: 'nothing in its answer was understood',
        evidence: [`${before.length} sockets were expected`],
      };
    return finding(title, plural(count, 'socket'), [...(found ?? [])].toSorted());
  }

  private async writeBundle(
    path: string,
    platform: Platform,
    entries: ReadonlyMap<string, RawEntry>,
    facts: Facts,
    findings: readonly Finding[],
  ): Promise<void> {
    const { redact } = await import('../doctor/redact.ts');
    const { envelopeText } = await import('../facts/read/envelope.ts');
    const checks: RawEntry = { at: facts.at, text: JSON.stringify(findings) };
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
}

function row({ check: name, status, detail, evidence }: Finding, machine: string): Check {
  const shown = evidence.length > 20 ? [...evidence.slice(0, 20), `and ${evidence.length - 20} more`] : evidence;
  return {
    Check: name,
    Status: status,
    Detail: detail,
    Evidence: shown.length === 0 ? null : shown,
    ComputerName: machine,
  };
}

function verdict(findings: readonly Finding[]): ExitCode {
  const unchecked = findings.some(({ status }) => status === 'failed' || status === 'skipped');
  return exitCodeOf(!findings.some(({ status }) => status === 'differs'), unchecked ? 'source' : null);
}
