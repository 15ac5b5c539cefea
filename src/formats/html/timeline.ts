import { scaleLinear } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import type { AuditRun } from '../../schema/audit-run.ts';
import { html, raw, type Markup } from './markup.ts';
import { px, svg, type Frame } from './picture.ts';

/** Above each part there is room for its name. */
const head = 24;
const upper = 90;
const gap = 34;
const lower = 70;
const foot = 24;
const height = head + upper + gap + lower + foot;

const shortDay = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });
const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

function runTitle({
  RunTime,
  Listeners,
  Appeared,
  Disappeared,
  Findings,
  WorstSeverity,
  Complete,
  Problem,
}: AuditRun): string {
  const worst = WorstSeverity === null ? '' : `, the worst ${WorstSeverity}`;
  const changes = Appeared === null && Disappeared === null ? '' : ` (${Appeared ?? 0} new, ${Disappeared ?? 0} gone)`;
  const doubt = Complete === false ? `; incomplete${Problem === null ? '' : `: ${Problem}`}` : '';
  return `${RunTime}: ${Listeners} listeners${changes}, ${Findings} findings${worst}${doubt}`;
}

/** Draws the last audits of a machine: the number of listeners, and the number of findings. */
export function timeline(newestFirst: readonly AuditRun[], machine: string, frame: Frame): Markup {
  const { width } = frame;
  const runs = newestFirst.toReversed().map((run) => ({ run, at: new Date(run.RunTime!) }));
  const [first, last] = [runs[0]!.at, runs.at(-1)!.at];
  const x = scaleLinear([first.getTime(), Math.max(last.getTime(), first.getTime() + 1)], [44, width - 20]);
  const most = (of: (run: AuditRun) => number | null): number => Math.max(1, ...runs.map(({ run }) => of(run) ?? 0));
  const listeners = scaleLinear([0, most((run) => run.Listeners)], [head + upper, head]).nice();
  const floor = head + upper + gap + lower;
  const findings = scaleLinear([0, most((run) => run.Findings)], [floor, floor - lower]).nice();
  const bar = Math.max(3, Math.min(16, ((width - 64) / runs.length) * 0.6));
  const points = runs.map(({ run, at }) => [x(at.getTime()), listeners(run.Listeners ?? 0)] as [number, number]);
  // The newest audit is labeled with its date, and earlier audits at a regular interval.
  const step = Math.ceil(runs.length / (width > 600 ? 10 : 4));
  const dated = runs.filter((_, i) => (runs.length - 1 - i) % step === 0);
  const axis = (scale: typeof listeners): Markup[] =>
    scale
      .ticks(3)
      .filter(Number.isInteger)
      .map((value) => {
        const y = scale(value);
        const line = html`<line class="grid" x1="44" x2="${width - 12}" y1="${px(y)}" y2="${px(y)}"/>`;
        return html`${line}<text class="tick" x="38" y="${px(y + 4)}" text-anchor="end">${value}</text>`;
      });
  const newest = runs.at(-1)!.run;
  const title = `The last ${runs.length === 1 ? 'audit' : `${runs.length} audits`}${machine === '' ? '' : ` of ${machine}`}`;
  const description = `From ${dayOf(first)} to ${dayOf(last)}. The newest has ${newest.Listeners} listeners and ${newest.Findings} findings; ${runs.filter(({ run }) => (run.Findings ?? 0) > 0).length} of ${runs.length} audits have findings.`;
  const under =
    area<[number, number]>(
      (d) => d[0],
      head + upper,
      (d) => d[1],
    ).curve(curveMonotoneX)(points) ?? '';
  const over = line<[number, number]>().curve(curveMonotoneX)(points) ?? '';
  const drawRun = ({ run, at }: (typeof runs)[number], i: number): Markup => {
    const [cx, cy] = points[i]!;
    const top = Math.min(findings(run.Findings ?? 0), floor - 2);
    const kind = run.Complete === false ? 'bar partial' : 'bar';
    const column = html`<rect class="${kind}" x="${px(x(at.getTime()) - bar / 2)}" y="${px(top)}" width="${px(bar)}" height="${px(floor - top)}"/>`;
    return html`<g class="run ${severityClass(run.WorstSeverity)}"><title>${runTitle(run)}</title><circle cx="${px(cx)}" cy="${px(cy)}" r="3"/>${column}</g>
`;
  };
  return svg(frame, { title, description, height }, [
    html`<text class="band" x="8" y="10">Listeners</text><text class="band" x="8" y="${head + upper + gap - 14}">Findings</text>`,
    ...axis(listeners),
    ...axis(findings),
    html`<path class="area" d="${raw(under)}"/><path class="line" d="${raw(over)}"/>`,
    ...runs.map(drawRun),
    ...dated.map(({ at }) => {
      const place = Math.min(x(at.getTime()), width - 24);
      return html`<text class="tick" x="${px(place)}" y="${height - 6}" text-anchor="middle">${shortDay.format(at)}</text>`;
    }),
  ]);
}

/** The CSS class of a severity. */
export const severityClass = (severity: string | null): string =>
  severity !== null && /^[A-Z][a-z]+$/.test(severity) ? `severity-${severity.toLowerCase()}` : 'severity-none';
