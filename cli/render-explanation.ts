import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly, Feature, Member } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';
import type { AnomalyView } from './anomaly-view.ts';
import { courseChart } from './course-chart.ts';
import { formatSeries } from './format-series.ts';
import { formatNumber, formatSpan } from './number-format.ts';
import { covariateText, nearestText } from './past-text.ts';
import { type RowColumn, renderTable } from './print-rows.ts';
import { hexId } from './run-findings.ts';
import { type Paint, printable } from './terminal.ts';

const BAND_WIDTH = 48;

/** What is known of an episode: its last record, and the alerts and incidents that hold it. */
export interface Explanation {
  readonly anomaly: Anomaly;
  /** The series around it; absent where its points are not on the topic any more, or were not asked for. */
  readonly view?: AnomalyView | undefined;
  readonly alerts: readonly Alert[];
  readonly incidents: readonly Incident[];
}

/** Writes why an episode was opened, for a terminal: what was seen and expected, who said so, and what it led to. */
export function renderExplanation(
  { anomaly, view, alerts, incidents }: Explanation,
  paint: Paint,
  width = 80,
): string {
  const sections = [
    headlines(anomaly, paint),
    valueLines(anomaly, paint),
    view === undefined ? [] : courseLines(view, paint, width),
    memberLines(anomaly, paint),
    featureLines(anomaly, paint),
    view === undefined ? [] : pastLines(view, paint),
    [
      paint('bold', 'Led to'),
      ...alerts.map(
        (alert) =>
          `  alert    ${hexId(alert.id).slice(0, 8)} ${alert.state} ${alert.severity} ${printable(alert.name)}`,
      ),
      ...incidents.map(
        (each) =>
          `  incident ${hexId(each.id).slice(0, 8)} ${each.state} ${each.severity} ${printable(each.title)}`,
      ),
      ...(alerts.length + incidents.length === 0 ? ['  no alert'] : []),
    ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headlines(anomaly: Anomaly, paint: Paint): string[] {
  const {
    tier,
    peakScore,
    grade,
    confidence,
    lifeCycle,
    startMs,
    endMs,
    lastMs,
    points,
    historical,
  } = anomaly;
  const colour = tier === 'CRITICAL' ? 'red' : 'yellow';
  const end =
    endMs === null
      ? `still open at ${stamp(lastMs)}`
      : `to ${stamp(endMs)} (${formatSpan(endMs - startMs)})`;
  const lines = [
    `${paint('bold', printable(formatSeries(anomaly.metric, anomaly.labels)))}`,
    `${paint(colour, `${tier} ${peakScore.toFixed(2)}`)}  grade ${grade.toFixed(3)}, confidence ${confidence.toFixed(2)}, series ${lifeCycle.toLowerCase()}`,
    `${stamp(startMs)} ${end}, ${points} points, id ${hexId(anomaly.id)}`,
    `movement ${anomaly.movement}: ${movementText(anomaly)}`,
  ];
  if (historical) lines.push('historical: back-fill or late, so nobody is told');
  return lines;
}

function movementText({ movement, threshold, sensitivity }: Anomaly): string {
  const how = {
    UNKNOWN: 'not said',
    UP: 'above its normal band',
    DOWN: 'below its normal band',
    FLAT: 'stuck at one value',
    SHAPE: 'within its band, but in an unusual form',
    ABSENT: 'no points came',
  }[movement];
  return `${how}; an episode opens at score ${threshold.toFixed(2)} (sensitivity ${sensitivity})`;
}

function valueLines(anomaly: Anomaly, paint: Paint): string[] {
  const { kind, value, expected, lower, upper, unit, peakMs } = anomaly;
  if (kind === 'ENTITY') {
    return [paint('bold', `At the peak, ${stamp(peakMs)}`), `  series together  ${value}`];
  }
  const suffix = unit === null || unit === '1' ? '' : ` ${printable(unit)}`;
  const lines = [
    paint('bold', `At the peak, ${stamp(peakMs)}`),
    `  value     ${formatNumber(value)}${suffix}`,
    `  expected  ${expected === null ? 'no forecast yet' : `${formatNumber(expected)}${suffix}`}`,
  ];
  if (lower !== null && upper !== null) {
    lines.push(`  band      ${formatNumber(lower)} to ${formatNumber(upper)}${suffix}`);
    lines.push(`            ${bandPicture(value, lower, upper, paint)}`);
  }
  return lines;
}

/** Draws where a value lies against its band: `[` and `]` its ends, `●` the value. */
function bandPicture(value: number, lower: number, upper: number, paint: Paint): string {
  const low = Math.min(value, lower);
  const span = Math.max(value, upper) - low;
  if (!(span > 0) || !Number.isFinite(span)) return '';
  const column = (at: number) => Math.round(((at - low) / span) * (BAND_WIDTH - 1));
  const cells: string[] = Array.from({ length: BAND_WIDTH }, (_, i) =>
    i >= column(lower) && i <= column(upper) ? '─' : ' ',
  );
  cells[column(lower)] = '[';
  cells[column(upper)] = ']';
  cells[column(value)] = '●';
  return cells.map((cell) => (cell === '●' ? paint('red', cell) : cell)).join('');
}

function courseLines(view: AnomalyView, paint: Paint, width: number): string[] {
  const [first, last] = [view.points[0]?.ms ?? 0, view.points.at(-1)?.ms ?? 0];
  const title = `${paint('bold', 'Course')}  ${paint('dim', `${stamp(first)} to ${stamp(last)}`)}`;
  return [title, ...courseChart(view, width, paint)];
}

function pastLines(view: AnomalyView, paint: Paint): string[] {
  const moved = view.covariates.map((each) => `  ${printable(covariateText(each))}`);
  return [
    paint('bold', 'Nearest before'),
    ...nearestText(view)
      .filter((line) => line !== '')
      .map((line) => `  ${line}`),
    '',
    paint('bold', 'Moved at the same time'),
    ...(moved.length === 0 ? ['  nothing that is known'] : moved),
  ];
}

const memberColumns: readonly RowColumn<Member>[] = [
  { title: '  MODEL', text: (row) => `  ${row.modelId}` },
  { title: 'RAW', align: 'right', text: (row) => formatNumber(row.raw) },
  { title: 'SURPRISE', align: 'right', text: (row) => row.surprise.toFixed(2) },
  { title: 'WEIGHT', align: 'right', text: (row) => row.weight.toFixed(2) },
  { title: 'ADDS', align: 'right', text: (row) => (row.surprise * row.weight).toFixed(2) },
  { title: '', text: (row) => (row.skipped === null ? '' : `did not score: ${row.skipped}`) },
];

function memberLines({ members, modelSet }: Anomaly, paint: Paint): string[] {
  if (members.length === 0) return [];
  const sorted = members.toSorted((a, b) => b.surprise * b.weight - a.surprise * a.weight);
  const from = modelSet === null ? '' : paint('dim', `  models ${modelSet.id} ${modelSet.version}`);
  const table = renderTable(memberColumns, sorted, paint, undefined).trimEnd();
  return [`${paint('bold', 'What the models said')}${from}`, table];
}

const featureColumns: readonly RowColumn<Feature>[] = [
  { title: '  FEATURE', text: (row) => `  ${row.name}` },
  { title: 'VALUE', align: 'right', text: (row) => formatNumber(row.value) },
  { title: 'SHARE', align: 'right', text: (row) => `${Math.round(row.contribution * 100)}%` },
];

function featureLines({ features }: Anomaly, paint: Paint): string[] {
  if (features.length === 0) return [];
  return [
    paint('bold', 'What weighed most'),
    renderTable(
      featureColumns,
      features.toSorted((a, b) => b.contribution - a.contribution),
      paint,
      undefined,
    ).trimEnd(),
  ];
}

function stamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
