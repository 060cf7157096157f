import type { Anomaly } from '../schemas/generated/anomaly.ts';
import { type AnomalyView, rangeOf, type ViewPoint } from './anomaly-view.ts';
import { formatNumber } from './number-format.ts';
import { svgNumber as n } from './svg-text.ts';

/** Where a chart lies on the page. */
export interface ChartBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Scales {
  readonly x: (ms: number) => number;
  readonly y: (value: number) => number;
  readonly low: number;
  readonly high: number;
}

/**
 * Draws the course of a series around an anomaly: band, values, the episode’s span, its peak, and as a ghost the nearest
 * earlier window, laid so that it ends at the peak.
 */
export function explanationChart(anomaly: Anomaly, view: AnomalyView, box: ChartBox): string {
  const { points, nearest } = view;
  const scales = scalesOf(points, nearest?.values ?? [], box);
  return [
    spanOf(anomaly, scales, box),
    bandOf(points, scales),
    nearest === undefined ? '' : ghostOf(anomaly, nearest.values, scales),
    lineOf(points, scales),
    peakOf(anomaly, scales),
    axesOf(points, scales, box),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function scalesOf(
  points: readonly ViewPoint[],
  ghost: readonly number[],
  { left, top, width, height }: ChartBox,
): Scales {
  const { low, high } = rangeOf(points, ghost);
  const firstMs = points[0]?.ms ?? 0;
  const span = Math.max(1, (points.at(-1)?.ms ?? 0) - firstMs);
  return {
    x: (ms) => Math.min(left + width, Math.max(left, left + ((ms - firstMs) / span) * width)),
    y: (value) => top + height - ((value - low) / (high - low)) * height,
    low,
    high,
  };
}

function spanOf({ startMs, lastMs, endMs, intervalMs }: Anomaly, { x }: Scales, box: ChartBox) {
  const from = x(startMs - intervalMs / 2);
  const to = Math.max(from + 2, x((endMs ?? lastMs) + intervalMs / 2));
  return `<rect class="span" x="${n(from)}" y="${n(box.top)}" width="${n(to - from)}" height="${n(box.height)}"/>`;
}

function bandOf(points: readonly ViewPoint[], { x, y }: Scales): string {
  const known = points.filter(({ lower, upper }) => Number.isFinite(lower + upper));
  if (known.length < 2) return '';
  const above = known.map(({ ms, upper }) => `${n(x(ms))},${n(y(upper))}`);
  const below = known.map(({ ms, lower }) => `${n(x(ms))},${n(y(lower))}`).reverse();
  return `<polygon class="band" points="${[...above, ...below].join(' ')}"/>`;
}

function ghostOf(
  { peakMs, intervalMs }: Anomaly,
  values: readonly number[],
  { x, y }: Scales,
): string {
  const last = values.length - 1;
  const places = values.map(
    (value, i) => `${n(x(peakMs - (last - i) * intervalMs))},${n(y(value))}`,
  );
  return `<polyline class="ghost" points="${places.join(' ')}"/>`;
}

function lineOf(points: readonly ViewPoint[], { x, y }: Scales): string {
  const places = points
    .filter(({ value }) => Number.isFinite(value))
    .map(({ ms, value }) => `${n(x(ms))},${n(y(value))}`);
  return `<polyline class="value" points="${places.join(' ')}"/>`;
}

function peakOf({ peakMs, value }: Anomaly, { x, y }: Scales): string {
  return `<circle class="peak" cx="${n(x(peakMs))}" cy="${n(y(value))}" r="5"/>`;
}

function axesOf(
  points: readonly ViewPoint[],
  { low, high }: Scales,
  { left, top, width, height }: ChartBox,
): string {
  const bottom = top + height;
  const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  return [
    `<line class="axis" x1="${left}" y1="${bottom}" x2="${left + width}" y2="${bottom}"/>`,
    `<text class="dim end" x="${left - 8}" y="${top + 5}">${formatNumber(high)}</text>`,
    `<text class="dim end" x="${left - 8}" y="${bottom}">${formatNumber(low)}</text>`,
    `<text class="dim" x="${left}" y="${bottom + 18}">${stamp(points[0]?.ms ?? 0)}</text>`,
    `<text class="dim end" x="${left + width}" y="${bottom + 18}">${stamp(points.at(-1)?.ms ?? 0)} UTC</text>`,
  ].join('\n');
}
