import { formatSeries } from './format-series.ts';
import type { LiveAnomaly, LiveIncident, LiveState, LiveStress } from './live-state.ts';
import {
  counted,
  formatCount,
  formatNumber,
  formatSpan,
  formatTimeOfDay,
} from './number-format.ts';
import { isExpectedDrop } from './pipeline-totals.ts';
import { hexId } from './run-findings.ts';
import { sparkline } from './sparkline.ts';
import { type Paint, printable, truncate, visibleWidth, withoutColours } from './terminal.ts';

/** Size of the terminal, and how to colour. */
export interface LiveFrame {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** Terminals narrower than this get shorter bands and pictures. */
const ROOMY_COLUMNS = 110;

/**
 * Draws the state of a run as lines of at most `columns` characters, at most `rows - 1` of them.
 *
 * A pure function: the same state gives the same text. What does not fit is left out from below: first the hints, then
 * older anomalies and incidents.
 */
export function renderLiveView(state: LiveState, frame: LiveFrame): string {
  const figures = [headline(state, frame), '', ...figureLines(state, frame), ''];
  const hints = hintLines(state, frame);
  const room = Math.max(4, frame.rows - 1 - figures.length - 3);
  const withHints = room >= hints.length + 6;
  const left = withHints ? room - hints.length - 1 : room;
  const incidents = incidentLines(state, frame, Math.max(1, Math.min(4, Math.floor(left / 3))));
  const anomalies = anomalyLines(state, frame, Math.max(1, left - incidents.length));
  const lines = [...figures, ...incidents, '', ...anomalies, ...(withHints ? ['', ...hints] : [])];
  return lines
    .slice(0, Math.max(1, frame.rows - 1))
    .map((line) => fitLine(line, frame.columns))
    .join('\n');
}

/** Says in one line how a run stands; what a log or a pipe gets in place of the view. */
export function renderLiveLine(state: LiveState): string {
  const parts = [
    `${formatSpan(state.elapsedMs)}: ${formatCount(state.points)} points (${formatNumber(state.pointsPerSecond)}/s)`,
    `series ${lifeCycleText(state)}${liveText(state)}`,
    `lag ${counted(state.lagRecords, 'record')}`,
    `${counted(state.anomalyCount, 'anomaly', 'anomalies')}, ${counted(state.incidentCount, 'incident')}`,
  ];
  return parts.join('; ');
}

/** Describes an episode in one line: time, step, score, series, value against the expected band. */
export function describeAnomaly({ anomaly }: LiveAnomaly): string {
  const { startMs, tier, peakScore, metric, labels } = anomaly;
  const series = printable(formatSeries(metric, labels));
  return `${formatTimeOfDay(startMs)}  ${tier} ${peakScore.toFixed(1)}  ${series}  ${bandText(anomaly)}`;
}

/** Describes an incident in one line: start, state, title and size. */
export function describeIncident({ incident, peak }: LiveIncident): string {
  const size = counted(incident.alertCount, 'alert');
  const score = peak === undefined ? '' : `, score ${peak.peakScore.toFixed(1)}`;
  return `${formatTimeOfDay(incident.startMs)}  ${incident.state}  ${printable(incident.title)}  (${size}${score})`;
}

function headline(state: LiveState, { columns, paint }: LiveFrame): string {
  const of = state.durationMs === undefined ? '' : ` of ${formatSpan(state.durationMs)}`;
  const right = `${formatSpan(state.elapsedMs)}${of}   Ctrl-C stops`;
  const left = ` vigie  watching ${truncate(printable(state.host), 32)}`;
  const gap = ' '.repeat(Math.max(2, columns - visibleWidth(left) - visibleWidth(right) - 1));
  return `${paint('bold', left)}${gap}${paint('dim', right)}`;
}

function figureLines(state: LiveState, { paint, columns }: LiveFrame): string[] {
  const lag = `${counted(state.lagRecords, 'record')}, ${formatSpan(state.lagSeconds * 1000)}`;
  const lines = [
    `${label('points', paint)}${formatCount(state.points)}   ${formatNumber(state.pointsPerSecond)}/s  ${paint('cyan', picture(state.rateHistory, columns).trimStart())}`,
    `${label('series', paint)}${lifeCycleText(state)}${liveText(state)}`,
    `${label('lag', paint)}${state.lagSeconds >= 5 ? paint('yellow', lag) : lag}`,
  ];
  const losses = Object.entries(state.dropped).filter(
    ([code, count]) => count > 0 && !isExpectedDrop(code),
  );
  if (state.deadLettered > 0 || losses.length > 0) {
    const dropped = losses.map(([code, count]) => `${formatCount(count)} ${code}`).join(', ');
    const dead = counted(state.deadLettered, 'dead letter');
    lines.push(
      `${label('left out', paint)}${paint('yellow', dropped === '' ? dead : `${dead}, ${dropped}`)}`,
    );
  }
  if (state.stress !== undefined)
    lines.push(`${label('stress', paint)}${stressText(state.stress)}`);
  return lines;
}

function label(text: string, paint: Paint): string {
  return paint('dim', ` ${text.padEnd(10)}`);
}

function lifeCycleText({ lifeCycle }: LiveState): string {
  const { cold, warming, probation, live, stale } = lifeCycle;
  const counts = { cold, warming, probation, live, stale };
  const shown = Object.entries(counts).filter(([name, count]) => count > 0 || name === 'live');
  return shown.map(([name, count]) => `${formatCount(count)} ${name}`).join(' · ');
}

function liveText({ lifeCycle, opensInMs, liveInMs, resumed }: LiveState): string {
  // What an earlier run left makes it sooner, by how much nobody knows.
  const when = resumed ? 'within' : 'in';
  const until = (ms: number) => (ms > 0 ? `${when} ${formatSpan(ms)}` : 'any moment');
  const opens = opensInMs === undefined ? '' : `, plain faults seen ${until(opensInMs)}`;
  if (liveInMs !== undefined) return `${opens}, live ${until(liveInMs)}`;
  return resumed && lifeCycle.live > 0 ? ', warm from an earlier run' : '';
}

function stressText({ kind, state, remainingMs }: LiveStress): string {
  if (state === 'done') return `${kind} load is over`;
  return `${kind} load ${state === 'waiting' ? 'begins' : 'is on, ends'} in ${formatSpan(remainingMs)}`;
}

function incidentLines(
  { incidents, incidentCount, notificationCount }: LiveState,
  { paint }: LiveFrame,
  room: number,
): string[] {
  const heading =
    paint('bold', ` Incidents ${incidentCount}`) +
    paint('dim', `  ${counted(notificationCount, 'notification')}; times are UTC`);
  if (incidents.length === 0) return [heading, paint('dim', '   none')];
  const lines = incidents.slice(0, room).map((each) => {
    const open = each.incident.state === 'OPEN';
    return `   ${paint(open ? 'red' : 'dim', describeIncident(each))}`;
  });
  return [heading, ...lines];
}

function anomalyLines(
  { anomalies, anomalyCount }: LiveState,
  frame: LiveFrame,
  room: number,
): string[] {
  const heading = frame.paint('bold', ` Anomalies ${anomalyCount}`);
  if (anomalies.length === 0) return [heading, frame.paint('dim', '   none')];
  return [heading, ...anomalies.slice(0, room).map((each) => anomalyLine(each, frame))];
}

function anomalyLine({ anomaly, history }: LiveAnomaly, { columns, paint }: LiveFrame): string {
  const roomy = columns >= ROOMY_COLUMNS;
  const critical = anomaly.tier === 'CRITICAL';
  const step = `${critical ? 'CRIT' : 'warn'} ${anomaly.peakScore.toFixed(1).padStart(4)}`;
  const open = anomaly.endMs === null ? '●' : ' ';
  const left = `   ${formatTimeOfDay(anomaly.startMs)} ${open} ${paint(critical ? 'red' : 'yellow', step)}  `;
  const right = `  ${bandText(anomaly, roomy)}  ${picture(history, columns)}`;
  const width = Math.max(12, columns - visibleWidth(left) - visibleWidth(right) - 1);
  const series = truncate(printable(formatSeries(anomaly.metric, anomaly.labels, ['host'])), width);
  return `${left}${series.padEnd(width)}${paint('dim', right)}`;
}

function bandText(anomaly: LiveAnomaly['anomaly'], roomy = true): string {
  const { kind, value, expected, lower, upper, unit } = anomaly;
  if (kind === 'ENTITY') return `${formatNumber(value)} series together`;
  const suffix = unit === null || unit === '1' ? '' : ` ${printable(unit)}`;
  const seen = `${formatNumber(value)}${suffix}`;
  if (expected === null) return seen;
  const known = lower !== null && upper !== null;
  const band = known ? ` (${formatNumber(lower)}…${formatNumber(upper)})` : '';
  return roomy || !known ? `${seen}, expected ${formatNumber(expected)}${band}` : `${seen}${band}`;
}

function picture(values: readonly number[], columns: number): string {
  const width = columns >= ROOMY_COLUMNS ? 24 : 12;
  return sparkline(values, width).padStart(width);
}

function hintLines(state: LiveState, { paint }: LiveFrame): string[] {
  const newest = state.anomalies[0]?.anomaly;
  const hints: [string, string][] = [];
  if (newest !== undefined)
    hints.push([
      `npx vigie explain ${hexId(newest.id).slice(0, 8)}`,
      'why the newest anomaly was opened',
    ]);
  if (state.stress === undefined)
    hints.push([
      'npm start -- --stress cpu@120s',
      'load the processor on purpose and be found out',
    ]);
  hints.push(['npx vigie backtest data --out scored', 'score your own CSV files']);
  const width = Math.max(...hints.map(([command]) => command.length));
  return [
    paint('bold', ' Next') + paint('dim', '  after Ctrl-C'),
    ...hints.map(([command, why]) => `   ${command.padEnd(width)}   ${paint('dim', why)}`),
  ];
}

/** Cuts a line that may hold colours: one that is too long loses them, so that no code is cut in two. */
function fitLine(line: string, columns: number): string {
  return visibleWidth(line) <= columns ? line : truncate(withoutColours(line), columns);
}
