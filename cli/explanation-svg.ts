import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { AnomalyView } from './anomaly-view.ts';
import { explanationChart } from './explanation-chart.ts';
import { formatSeries } from './format-series.ts';
import { formatNumber, formatSpan } from './number-format.ts';
import { covariateText, nearestText } from './past-text.ts';
import { svgNumber as n, svgText } from './svg-text.ts';
import { truncate } from './terminal.ts';

const WIDTH = 960;
const CHART = { left: 80, top: 96, width: 850, height: 280 } as const;
const LOWER = CHART.top + CHART.height + 84;
const ROW = 24;
const BARS = { label: 30, left: 385, width: 110 } as const;
const NOTES = 580;
/** Characters that fit on the page. */
const MOST_TITLE = 100;
const MOST_NOTE = 52;
const MOST_LABEL = 50;

/** Colours by what is drawn, on light and on dark paper. */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.paper { fill: #ffffff } .title { font-size: 17px; font-weight: 600 } .head { font-weight: 600 }
.dim { fill: #59636e } .end { text-anchor: end } .axis { stroke: #d1d9e0 }
.band { fill: #0969da; fill-opacity: .16 } .value { fill: none; stroke: #1f2328; stroke-width: 1.5 }
.ghost { fill: none; stroke: #8250df; stroke-width: 1.5; stroke-dasharray: 4 3 }
.span { fill: #d1242f; fill-opacity: .12 } .peak { fill: #d1242f } .bar { fill: #0969da }
.odd { fill: #d1242f } .key { stroke-width: 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .paper { fill: #0d1117 } .dim { fill: #9198a1 } .axis { stroke: #3d444d }
  .band { fill: #4493f8; fill-opacity: .25 } .value { stroke: #e6edf3 } .ghost { stroke: #ab7df8 }
  .span { fill: #f85149; fill-opacity: .2 } .peak, .odd { fill: #f85149 } .bar { fill: #4493f8 }
}`;

/**
 * Draws an anomaly as an SVG that stands for itself: the series around it and its band, its span and peak, the nearest
 * earlier window, what each model added, and what else moved.
 *
 * Readable on light and dark paper. Text from records is escaped. Without a view (the topic holds its points no more) the
 * chart is left out and that is said.
 */
export function explanationSvg(anomaly: Anomaly, view: AnomalyView | undefined): string {
  const rows = Math.max(anomaly.members.length, 5 + (view?.covariates.length ?? 0));
  const height = LOWER + ROW * (rows + 2);
  const name = formatSeries(anomaly.metric, anomaly.labels);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title what">
<title id="title">${svgText(name)}</title>
<desc id="what">${svgText(summary(anomaly))}</desc>
<style>${STYLE}
</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
${heading(anomaly, name)}
${view === undefined ? noChart() : explanationChart(anomaly, view, CHART)}
${view === undefined ? '' : legend(view)}
${bars(anomaly)}
${notes(view)}
</svg>
`;
}

function summary({ tier, peakScore, value, expected, startMs, endMs, lastMs }: Anomaly): string {
  const end = endMs ?? lastMs;
  const when = `${new Date(startMs).toISOString()}, ${formatSpan(end - startMs)}`;
  return `${tier} ${peakScore.toFixed(2)}: ${formatNumber(value)} where ${formatNumber(expected)} was expected; ${when}`;
}

function heading(anomaly: Anomaly, name: string): string {
  const { unit, threshold, confidence } = anomaly;
  const suffix = unit === null || unit === '1' ? '' : `, in ${unit}`;
  const below = `opens at ${threshold.toFixed(2)}, confidence ${confidence.toFixed(2)}${suffix}`;
  return [
    `<text class="title" x="30" y="34">${svgText(truncate(name, MOST_TITLE))}</text>`,
    `<text x="30" y="56"><tspan class="odd">${svgText(summary(anomaly))}</tspan></text>`,
    `<text class="dim" x="30" y="76">${svgText(below)}</text>`,
  ].join('\n');
}

function noChart(): string {
  return `<text class="dim" x="30" y="${CHART.top + 40}">metrics.enriched does not hold the points of this anomaly any more.</text>`;
}

function legend({ nearest }: AnomalyView): string {
  const y = CHART.top + CHART.height + 38;
  const line = (kind: string, x: number) =>
    `<line class="${kind} key" x1="${x}" y1="${y}" x2="${x + 20}" y2="${y}"/>`;
  const box = (kind: string, x: number) =>
    `<rect class="${kind}" x="${x}" y="${y - 6}" width="20" height="12"/>`;
  const entries: readonly (readonly [x: number, mark: string, text: string])[] = [
    [80, line('value', 80), 'value'],
    [170, box('band', 170), 'expected band'],
    [310, box('span', 310), 'episode'],
    ...(nearest === undefined
      ? []
      : [[410, line('ghost', 410), 'nearest earlier window'] as const]),
  ];
  return entries
    .map(([x, mark, text]) => `${mark}<text class="dim" x="${x + 26}" y="${y + 4}">${text}</text>`)
    .join('\n');
}

/** What each model read and added, the most first. */
function bars({ members, features }: Anomaly): string {
  const lines = [`<text class="head" x="${BARS.label}" y="${LOWER}">What weighed how much</text>`];
  const shares = members
    .map(({ modelId, skipped }, i) => ({ modelId, skipped, feature: features[i] }))
    .sort((a, b) => (b.feature?.contribution ?? 0) - (a.feature?.contribution ?? 0));
  for (const [i, { modelId, skipped, feature }] of shares.entries()) {
    const y = LOWER + ROW * (i + 1);
    const share = Math.min(1, Math.max(0, feature?.contribution ?? 0));
    const what = feature === undefined ? '' : ` ${feature.name} ${formatNumber(feature.value)}`;
    const text = skipped === null ? `${modelId}${what}` : `${modelId} did not score: ${skipped}`;
    lines.push(
      `<text x="${BARS.label}" y="${y}">${svgText(truncate(text.replaceAll('_', ' '), MOST_LABEL))}</text>`,
    );
    lines.push(
      `<rect class="bar" x="${BARS.left}" y="${y - 11}" width="${n(Math.max(1, share * BARS.width))}" height="14" rx="2"/>`,
    );
    lines.push(
      `<text class="dim" x="${n(BARS.left + Math.max(1, share * BARS.width) + 6)}" y="${y}">${Math.round(100 * share)} %</text>`,
    );
  }
  return lines.join('\n');
}

function notes(view: AnomalyView | undefined): string {
  if (view === undefined) return '';
  const moved = view.covariates.map(covariateText);
  const lines: readonly (readonly [kind: string, text: string])[] = [
    ['head', 'Nearest before'],
    ...nearestText(view).map((text) => ['note', text] as const),
    ['head', 'Moved at the same time'],
    ...(moved.length === 0 ? ['nothing that is known'] : moved).map(
      (text) => ['note', text] as const,
    ),
  ];
  return lines
    .filter(([, text]) => text !== '')
    .map(
      ([kind, text], i) =>
        `<text class="${kind}" x="${NOTES}" y="${LOWER + i * ROW}">${svgText(truncate(text, MOST_NOTE))}</text>`,
    )
    .join('\n');
}
