import type { DetectInput, DetectSettings } from './detect-input.ts';
import { defaultSettings } from './detect-input.ts';
import { type LifeCycle, lifeCycles } from './detect-output.ts';
import type { Detector } from './detector.ts';

/** Points per call of the detector; scores do not depend on it. */
const CALL_POINTS = 4096;

/** What is said of a row: of a row that is no new point, what was said last, with onset 0. */
export interface BacktestRow {
  score: number;
  onset: number;
  expected: number;
  lower: number;
  upper: number;
  state: LifeCycle;
  /** What it says of the entity, and the series' interval, ms; 0 where it is no new point. */
  excess: number;
  intervalMs: number;
}

/** Rows of one series as they came: epoch ms and values, NaN where a cell could not be read. */
export interface BacktestInput {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** State row of the series, new to the detector. */
  readonly row: number;
  readonly settings?: DetectSettings;
  /** Whether the rows count as points that come as they are measured; by default they are back-fill. */
  readonly live?: boolean;
}

/**
 * Scores the rows of one series in order and hands one result per row to `emit`.
 *
 * Rows that do not come later than the one before (repeats, clock changes) and rows without a number are no points:
 * they repeat the last result. The object handed to `emit` is reused. Nothing depends on how many rows there are.
 */
export async function backtestSeries(
  detector: Detector,
  input: BacktestInput,
  emit: (row: Readonly<BacktestRow>, index: number) => void,
): Promise<void> {
  const result: BacktestRow = {
    score: 0,
    onset: 0,
    expected: 0,
    lower: 0,
    upper: 0,
    state: 'cold',
    excess: 0,
    intervalMs: 0,
  };
  const total = input.timestamps.length;
  let newest = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < total; from += CALL_POINTS) {
    const to = Math.min(total, from + CALL_POINTS);
    const call = pointsOf(input, from, to, newest);
    newest = call.newest;
    const output = await detector.score(call.input);
    for (let i = from; i < to; i++) {
      const point = call.pointOf[i - from] as number;
      result.onset = 0;
      result.excess = 0;
      if (point >= 0) {
        result.score = output.score[point] as number;
        result.onset = output.onset[point] as number;
        result.excess = output.excess[point] as number;
        result.intervalMs = output.intervalMs[point] as number;
        result.expected = output.expected[point] as number;
        result.lower = output.lower[point] as number;
        result.upper = output.upper[point] as number;
        result.state = lifeCycles[output.lifeCycle[point] as number] ?? 'cold';
      }
      emit(result, i);
    }
  }
}

interface Call {
  readonly input: DetectInput;
  /** Point of the call per row, or -1. */
  readonly pointOf: Int32Array;
  readonly newest: number;
}

function pointsOf(rows: BacktestInput, from: number, to: number, newestBefore: number): Call {
  const pointOf = new Int32Array(to - from).fill(-1);
  const timestamps = new Float64Array(to - from);
  const values = new Float64Array(to - from);
  let count = 0;
  let newest = newestBefore;
  for (let i = from; i < to; i++) {
    const ms = rows.timestamps[i] as number;
    const value = rows.values[i] as number;
    if (!(ms > newest) || !Number.isFinite(value)) continue;
    newest = ms;
    timestamps[count] = ms;
    values[count] = value;
    pointOf[i - from] = count;
    count += 1;
  }
  const input: DetectInput = {
    runs: count === 0 ? 0 : 1,
    rows: Uint32Array.of(rows.row),
    starts: Uint32Array.of(0),
    counts: Uint32Array.of(count),
    settingsOf: Uint32Array.of(0),
    settings: [rows.settings ?? defaultSettings],
    historical: Uint8Array.of(rows.live === true ? 0 : 1),
    timestamps,
    values,
  };
  return { input, pointOf, newest };
}
