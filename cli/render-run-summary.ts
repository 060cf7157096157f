import {
  counted,
  formatCount,
  formatNumber,
  formatSpan,
  formatTimeOfDay,
} from './number-format.ts';
import { isExpectedDrop } from './pipeline-totals.ts';
import type { AnomalySummary, RunSummary } from './run-summary.ts';
import { type Paint, printable } from './terminal.ts';

const SHOWN = 10;

/** Writes the summary of a run for people: what was seen, what was found, where to look next. */
export function renderRunSummary(summary: RunSummary, folder: string, paint: Paint): string {
  const { points, series, elapsedMs, deadLettered, dropped, anomalies, incidents } = summary;
  const lost = Object.entries(dropped)
    .filter(([code]) => !isExpectedDrop(code))
    .reduce((sum, [, count]) => sum + count, 0);
  const lines = [
    paint(
      'bold',
      `${formatSpan(elapsedMs)}: ${formatCount(points)} points of ${formatCount(series)} series`,
    ),
    `${counted(anomalies.length, 'anomaly', 'anomalies')}, ${counted(summary.alerts.length, 'alert')}, ${counted(incidents.length, 'incident')}`,
    ...(deadLettered + lost > 0
      ? [`${counted(deadLettered, 'dead letter')}, ${counted(lost, 'point')} dropped`]
      : []),
    ...incidents.slice(0, SHOWN).map(incidentLine),
    ...anomalies
      .toSorted((a, b) => b.score - a.score)
      .slice(0, SHOWN)
      .map((each) => anomalyLine(each, paint)),
    ...(anomalies.length > SHOWN ? [`  … ${anomalies.length - SHOWN} anomalies more`] : []),
    paint('dim', `The topics are in ${folder}; the next start goes on from here.`),
  ];
  const strongest = anomalies.toSorted((a, b) => b.score - a.score)[0];
  if (strongest !== undefined) lines.push(`Why: npx vigie explain ${strongest.id.slice(0, 8)}`);
  return `${lines.join('\n')}\n`;
}

function incidentLine({ startMs, state, title, members }: RunSummary['incidents'][number]): string {
  return `  incident  ${formatTimeOfDay(startMs)}  ${state}  ${printable(title)}  (${counted(members.length, 'episode')})`;
}

function anomalyLine(anomaly: AnomalySummary, paint: Paint): string {
  const { startMs, tier, score, series, value, expected } = anomaly;
  const colour = tier === 'CRITICAL' ? 'red' : 'yellow';
  const seen =
    expected === null
      ? formatNumber(value)
      : `${formatNumber(value)}, expected ${formatNumber(expected)}`;
  return `  anomaly   ${formatTimeOfDay(startMs)}  ${paint(colour, `${tier} ${score.toFixed(1)}`)}  ${printable(series)}  ${seen}`;
}
