import { classNames, classNumber } from '../../models/metric-class.ts';
import { inferClass, isClassDue } from './class-inference.ts';
import type { DetectInput, DetectSettings } from './detect-input.ts';
import type { ClassChange } from './detect-output.ts';
import { FORECAST_WIDTH, writeForecastFeatures } from './forecast-features.ts';
import { courseExcess } from './metric-excess.ts';
import type { SeriesTracker } from './series-tracker.ts';
import { WINDOW } from './state-columns.ts';
import { FOREST_WIDTH, writeForestFeatures, writeShape } from './window-features.ts';

/** Intervals a little below the round figure still count: clocks jitter. */
const MINUTE_MS = 57_000;
const SECOND_MS = 950;
/** A gap of more than this many intervals interrupts a series. */
const GAP_INTERVALS = 6;

/** Returns the points between two window closes: 1 from a minute up, 8 from a second up, else 32. */
export function defaultHop(intervalMs: number): number {
  if (intervalMs >= MINUTE_MS) return 1;
  return intervalMs >= SECOND_MS ? 8 : WINDOW;
}

/**
 * Follows all points of a call and writes what the models and the second pass need of them.
 *
 * Per point: inputs of the forecast, and the level and spread that turn its output into values. Per closed
 * window: inputs of the forest and the autoencoder. Arrays grow to the largest call and are reused.
 */
export class FeaturePass {
  forecast = new Float32Array(0);
  forest = new Float32Array(0);
  shape = new Float32Array(0);
  windows = 0;
  /** Number of the window that closed with a point, or -1. */
  windowOf = new Int32Array(0);
  /** Slow level (absolute), moved by what is the weekday’s, long-run spread, and the usual distance from the expected value, before the point. */
  slow = new Float64Array(0);
  spread = new Float64Array(0);
  unit = new Float64Array(0);
  /** Size of the step to the point in usual ones, at most 50. */
  step = new Float64Array(0);
  /** How far the course of the values is from usual, by `courseExcess`. */
  course = new Float64Array(0);
  /** Points of the series before this one. */
  ordinal = new Float64Array(0);
  intervalMs = new Float64Array(0);
  /** How far the point lies outside the extremes known before it, in long-run spreads; negative below. */
  beyond = new Float64Array(0);
  /** Signed leap to the point. */
  leap = new Float64Array(0);
  /** Log of the leap to the point over the largest before it; 0 where it is no larger. */
  record = new Float64Array(0);
  /** -log10 of the chance of a run of repeats beyond the longest known. */
  stillness = new Float64Array(0);
  /** Distance between the extremes known before the point. */
  span = new Float64Array(0);
  /** Least step other than none that the series has made, or 0. */
  grain = new Float64Array(0);
  /** Time since the point before, ms. */
  gapMs = new Float64Array(0);
  /** 1 where a gap lies before the point. */
  gap = new Uint8Array(0);
  /** Hour of the week of the point where those are told apart, else -1. */
  weekHour = new Int16Array(0);
  /** Number of the class that the series had before the point: a place in `classNames`. */
  metricClass = new Uint8Array(0);
  /** The class that its definition names, which alone picks graphs, per point and per window; 0 for none. */
  namedClass = new Uint8Array(0);
  windowClass = new Uint8Array(0);
  /** Changes of class, in order. */
  classChanges: ClassChange[] = [];
  readonly #tracker: SeriesTracker;
  readonly #window = new Float64Array(WINDOW);

  constructor(tracker: SeriesTracker) {
    this.#tracker = tracker;
  }

  /** Hours of the call in which a series had no room for the hours of its week. */
  get weeksRefused(): number {
    return this.#tracker.weeksRefused;
  }

  /** Runs over a call; `points` is the length of its point arrays. */
  run(input: DetectInput, points: number): void {
    this.#reserve(points);
    this.windows = 0;
    this.classChanges = [];
    this.#tracker.weeksRefused = 0;
    for (let r = 0; r < input.runs; r++) {
      const row = input.rows[r] as number;
      const settings = input.settings[input.settingsOf[r] as number] as DetectSettings;
      const start = input.starts[r] as number;
      const end = start + (input.counts[r] as number);
      this.#tracker.load(row, settings.season);
      const given = classNumber(settings.class) ?? 0;
      for (let i = start; i < end; i++) {
        this.metricClass[i] = given === 0 ? this.#tracker.metricClass : given;
        this.namedClass[i] = given;
        this.#point(input, settings, i);
        if (given === 0 && isClassDue(this.#tracker.count)) this.#inferClass(row, i);
      }
      this.#tracker.store(row);
    }
  }

  #point(input: DetectInput, settings: DetectSettings, i: number): void {
    const tracker = this.#tracker;
    tracker.look(
      input.timestamps[i] as number,
      input.values[i] as number,
      settings.intervalMs,
      settings,
    );
    writeForecastFeatures(tracker, this.forecast, i * FORECAST_WIDTH);
    this.slow[i] = tracker.base + tracker.slow + tracker.lift;
    this.spread[i] = tracker.spread;
    this.unit[i] = tracker.unit;
    this.step[i] = tracker.step;
    this.leap[i] = tracker.leaps.leap;
    this.record[i] = tracker.leaps.record;
    this.stillness[i] = tracker.stillness;
    this.course[i] = courseExcess((tracker.value - tracker.slow) / tracker.spread, tracker.jump);
    this.ordinal[i] = tracker.count;
    this.intervalMs[i] = tracker.intervalMs;
    this.grain[i] = tracker.grain;
    this.gapMs[i] = tracker.gapMs;
    this.gap[i] = tracker.gapMs > GAP_INTERVALS * tracker.intervalMs ? 1 : 0;
    this.span[i] = tracker.high - tracker.low;
    this.beyond[i] = beyondExtremes(tracker);
    this.weekHour[i] = tracker.weekHour;
    tracker.take();
    const hop = settings.hop > 0 ? settings.hop : defaultHop(tracker.intervalMs);
    this.windowOf[i] = tracker.count >= WINDOW && tracker.count % hop === 0 ? this.#close(i) : -1;
  }

  #inferClass(row: number, point: number): void {
    const tracker = this.#tracker;
    tracker.readWindow(this.#window);
    const metricClass = inferClass(tracker, this.#window, tracker.metricClass);
    if (metricClass === tracker.metricClass) return;
    tracker.metricClass = metricClass;
    this.classChanges.push({ row, point, metricClass: classNames[metricClass] ?? 'general' });
  }

  #close(point: number): number {
    const tracker = this.#tracker;
    const at = this.windows;
    tracker.readWindow(this.#window);
    writeForestFeatures(tracker, this.#window, this.forest, at * FOREST_WIDTH);
    writeShape(tracker, this.#window, this.shape, at * WINDOW);
    this.windowClass[at] = this.namedClass[point] as number;
    this.windows = at + 1;
    return at;
  }

  #reserve(points: number): void {
    if (this.windowOf.length >= points) return;
    const size = Math.max(1024, 2 ** Math.ceil(Math.log2(points)));
    this.forecast = new Float32Array(size * FORECAST_WIDTH);
    this.forest = new Float32Array(size * FOREST_WIDTH);
    this.shape = new Float32Array(size * WINDOW);
    this.windowOf = new Int32Array(size);
    this.slow = new Float64Array(size);
    this.spread = new Float64Array(size);
    this.unit = new Float64Array(size);
    this.step = new Float64Array(size);
    this.leap = new Float64Array(size);
    this.record = new Float64Array(size);
    this.course = new Float64Array(size);
    this.stillness = new Float64Array(size);
    this.grain = new Float64Array(size);
    this.gapMs = new Float64Array(size);
    this.ordinal = new Float64Array(size);
    this.intervalMs = new Float64Array(size);
    this.beyond = new Float64Array(size);
    this.span = new Float64Array(size);
    this.gap = new Uint8Array(size);
    this.weekHour = new Int16Array(size);
    this.metricClass = new Uint8Array(size);
    this.namedClass = new Uint8Array(size);
    this.windowClass = new Uint8Array(size);
  }
}

function beyondExtremes(tracker: SeriesTracker): number {
  if (tracker.count === 0) return 0;
  const spread = Math.max(tracker.slowDeviation, tracker.scale, tracker.resolution);
  if (tracker.value > tracker.high) return (tracker.value - tracker.high) / spread;
  if (tracker.value < tracker.low) return (tracker.value - tracker.low) / spread;
  return 0;
}
