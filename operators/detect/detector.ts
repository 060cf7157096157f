import type { Scorer } from '../../models/scorer.ts';
import type { PagedTable } from '../../runtime/paged-table.ts';
import type { DetectInput, DetectSettings } from './detect-input.ts';
import type { DetectOutput, EpisodeEvent } from './detect-output.ts';
import { EpisodeBook, type PointReading } from './episode-book.ts';
import { FeaturePass } from './feature-pass.ts';
import { sensitivityFactor } from './gates.ts';
import { MemberTracker } from './member-tracker.ts';
import { OnsetPolicy, type OnsetReading } from './onset-policy.ts';
import { RateCalibration } from './rate-calibration.ts';
import { SeriesTracker } from './series-tracker.ts';
import { MEMBERS, STALE_INTERVALS, WINDOW } from './state-columns.ts';
import { type DetectTuning, defaultTuning } from './tuning.ts';
import { FOREST_WIDTH } from './window-features.ts';

/** Where a detector keeps its state; made with the column lists of `state-columns.ts`. */
export interface DetectTables {
  /** One row per series, allocated by the caller; may have other columns beside `detectColumns`. */
  readonly series: PagedTable;
  /** Rows are allocated here by the detector. */
  readonly seasons: PagedTable;
  readonly episodes: PagedTable;
}

const COLD = 0;
const WARMING = 1;
const PROBATION = 2;
const LIVE = 3;
const STALE = 4;
/** Points after which a series counts as live. */
export const LIVE_POINTS = 256;
/** Half the confidence is reached at this many points. */
const CONFIDENCE_POINTS = 100;
const UP = 0;
const DOWN = 1;
const FLAT = 2;
const SHAPE = 3;
/** Place of the share of repeats among the forest's features. */
const REPEATS = 8;
const MODELS = ['forecast', 'isolation-forest', 'lstm-autoencoder'] as const;

/**
 * Scores series points: the detect operator.
 *
 * A score is a pure function of the series' settings, the model set and its accepted points; never of how the points
 * were cut into calls. One call runs each model once over all its points and windows; arrays are reused, so one call
 * at a time, and an output is good until the next.
 */
export class Detector {
  readonly #scorer: Scorer;
  readonly #tables: DetectTables;
  readonly #tuning: DetectTuning;
  readonly #pass: FeaturePass;
  readonly #members: MemberTracker;
  readonly #calibration: RateCalibration;
  readonly #book: EpisodeBook;
  readonly #onsets: OnsetPolicy;
  #forecast = new Float32Array(0);
  #forest = new Float32Array(0);
  #shape = new Float32Array(0);
  #output = emptyOutput(0);
  readonly #reading: PointReading & OnsetReading;

  constructor(scorer: Scorer, tables: DetectTables, tuning: DetectTuning = defaultTuning) {
    this.#scorer = scorer;
    this.#tables = tables;
    this.#tuning = tuning;
    this.#pass = new FeaturePass(new SeriesTracker(tables.series, tables.seasons));
    this.#members = new MemberTracker(tables.series, tuning);
    this.#calibration = new RateCalibration(tables.series, this.#members, tuning);
    this.#book = new EpisodeBook(tables.episodes, tuning.weights);
    this.#onsets = new OnsetPolicy(tables.series, this.#book, tuning);
    const { raw, surprise, skipped } = this.#members;
    this.#reading = { ...blankReading, raw, surprise, skipped };
  }

  /** Scores all points of a call. @throws PipelineError `MODEL_SHAPE` (fate: stop) from the scorer. */
  async score(input: DetectInput): Promise<DetectOutput> {
    let points = 0;
    for (let r = 0; r < input.runs; r++) {
      points = Math.max(points, (input.starts[r] as number) + (input.counts[r] as number));
    }
    this.#reserve(points);
    this.#pass.run(input, points);
    const { forecast, forest, shape, windows } = this.#pass;
    await this.#scorer.run(MODELS[0], forecast, points, this.#forecast);
    if (windows > 0) {
      await this.#scorer.run(MODELS[1], forest, windows, this.#forest);
      await this.#scorer.run(MODELS[2], shape, windows, this.#shape);
    }
    this.#book.clear();
    for (let r = 0; r < input.runs; r++) this.#run(input, r);
    return { ...this.#output, points, episodes: this.#book.events };
  }

  /** Closes the episode of a series that is given up, if one is open, and returns what is to be told of that. */
  end(row: number): readonly EpisodeEvent[] {
    const level = this.#tables.series.column('detect.level');
    this.#book.clear();
    Object.assign(this.#reading, { row, point: -1, score: 0 });
    this.#reading.intervalMs = level.view(row)[level.index(row)] as number;
    this.#onsets.end(this.#reading);
    return this.#book.events;
  }

  #run(input: DetectInput, r: number): void {
    const row = input.rows[r] as number;
    const settings = input.settings[input.settingsOf[r] as number] as DetectSettings;
    const start = input.starts[r] as number;
    const end = start + (input.counts[r] as number);
    this.#load(row);
    this.#reading.row = row;
    this.#reading.historical = input.historical[r] as number;
    const factor = sensitivityFactor(settings.sensitivity);
    for (let i = start; i < end; i++) this.#point(input, settings, factor, i);
    this.#store(row);
  }

  #point(input: DetectInput, settings: DetectSettings, factor: number, i: number): void {
    const { ordinal, gapMs, intervalMs, windowOf } = this.#pass;
    const reading = this.#reading;
    const before = ordinal[i] as number;
    const window = windowOf[i] as number;
    if (window >= 0) {
      const { lateShare } = this.#tuning;
      const whole = this.#shape[2 * window] as number;
      const error = whole + lateShare * ((this.#shape[2 * window + 1] as number) - whole);
      this.#members.closeWindow(this.#forest[window] as number, Math.log(error + 0.01));
    }
    reading.point = i;
    reading.ms = input.timestamps[i] as number;
    reading.value = input.values[i] as number;
    reading.intervalMs = intervalMs[i] as number;
    const sum = this.#rate(i, before);
    const calibrated = this.#calibration.score(
      sum,
      reading.ms,
      gapMs[i] as number,
      reading.intervalMs,
    );
    reading.score = factor * calibrated;
    reading.confidence = before / (before + CONFIDENCE_POINTS);
    reading.lifeCycle = this.#stage(before, gapMs[i] as number);
    reading.span = this.#pass.span[i] as number;
    reading.grain = this.#pass.grain[i] as number;
    this.#describe(window);
    reading.gap = this.#pass.gap[i] === 1 && before > 0;
    reading.before = before;
    this.#write(i, this.#onsets.advance(settings, reading));
  }

  /** Rates the members and draws the band; returns the sum of surprises. */
  #rate(i: number, before: number): number {
    const { slow, spread, unit, step, beyond } = this.#pass;
    const reading = this.#reading;
    const width = unit[i] as number;
    const expected =
      (slow[i] as number) + (spread[i] as number) * held(this.#forecast[2 * i] as number);
    const distance = Math.min(400, Math.abs(reading.value - expected) / width);
    const band = width * (this.#members.forecastMean + 3 * this.#members.forecastDeviation) ** 2;
    reading.expected = expected;
    reading.lower = expected - band;
    reading.upper = expected + band;
    const beyondLog = Math.log1p(2 * Math.abs(beyond[i] as number));
    const windowed = before + 1 >= WINDOW;
    return this.#members.rate(
      before,
      windowed,
      Math.sqrt(distance),
      step[i] as number,
      beyondLog,
      this.#onsets.persistence(reading.intervalMs),
    );
  }

  #stage(before: number, gapMs: number): number {
    if (before < WINDOW) return COLD;
    if (gapMs > STALE_INTERVALS * this.#reading.intervalMs) return STALE;
    if (before < this.#tuning.warmPoints) return WARMING;
    return before < LIVE_POINTS ? PROBATION : LIVE;
  }

  #describe(window: number): void {
    const reading = this.#reading;
    const { surprise } = this.#members;
    const flat = window >= 0 && (this.#pass.forest[window * FOREST_WIDTH + REPEATS] as number) >= 1;
    if (reading.value > reading.upper) reading.movement = UP;
    else if (reading.value < reading.lower) reading.movement = DOWN;
    else if (flat) reading.movement = FLAT;
    else if ((surprise[0] as number) > (surprise[1] as number) + (surprise[2] as number)) {
      reading.movement = reading.value >= reading.expected ? UP : DOWN;
    } else reading.movement = SHAPE;
  }

  #write(i: number, onset: number): void {
    const output = this.#output;
    const reading = this.#reading;
    output.score[i] = reading.score;
    output.expected[i] = reading.expected;
    output.lower[i] = reading.lower;
    output.upper[i] = reading.upper;
    output.lifeCycle[i] = reading.lifeCycle;
    output.onset[i] = onset;
    for (let m = 0; m < MEMBERS; m++) {
      output.surprises[i * MEMBERS + m] = reading.surprise[m] as number;
    }
  }

  #load(row: number): void {
    this.#members.load(row);
    this.#calibration.load(row);
    this.#onsets.load(row);
  }

  #store(row: number): void {
    this.#members.store(row);
    this.#calibration.store(row);
    this.#onsets.store(row);
    this.#tables.series.touch(row);
  }

  #reserve(points: number): void {
    if (this.#output.score.length >= points) return;
    const size = Math.max(1024, 2 ** Math.ceil(Math.log2(points)));
    this.#forecast = new Float32Array(2 * size);
    this.#forest = new Float32Array(size);
    this.#shape = new Float32Array(2 * size);
    this.#output = emptyOutput(size);
  }
}

const blankReading = {
  row: 0,
  point: 0,
  ms: 0,
  intervalMs: 0,
  value: 0,
  expected: 0,
  lower: 0,
  upper: 0,
  score: 0,
  confidence: 0,
  movement: SHAPE,
  lifeCycle: COLD,
  historical: 0,
  span: 0,
  grain: 0,
  before: 0,
  gap: false,
};

function held(distance: number): number {
  return Math.min(12, Math.max(-12, distance));
}

function emptyOutput(size: number): DetectOutput {
  return {
    points: 0,
    score: new Float64Array(size),
    expected: new Float64Array(size),
    lower: new Float64Array(size),
    upper: new Float64Array(size),
    onset: new Uint8Array(size),
    lifeCycle: new Uint8Array(size),
    surprises: new Float32Array(size * MEMBERS),
    episodes: [],
  };
}
