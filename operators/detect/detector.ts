import type { Scorer } from '../../models/scorer.ts';
import { blankReading } from './blank-reading.ts';
import { classTunings } from './class-tuning.ts';
import type { DetectInput, DetectSettings } from './detect-input.ts';
import { type DetectOutput, type EpisodeEvent, newDetectOutput } from './detect-output.ts';
import type { DetectTables } from './detect-tables.ts';
import { EpisodeBook, type PointReading } from './episode-book.ts';
import { FeaturePass } from './feature-pass.ts';
import { calibratedLevels } from './feedback-book.ts';
import { sensitivityFactor } from './gates.ts';
import { MemberColumns } from './member-columns.ts';
import { MemberTracker } from './member-tracker.ts';
import { metricExcess } from './metric-excess.ts';
import { OnsetPolicy, type OnsetReading } from './onset-policy.ts';
import { RateCalibration, type SumReading } from './rate-calibration.ts';
import { SeasonLink } from './season-link.ts';
import { SeriesMaturity } from './series-maturity.ts';
import { inferredClass } from './series-state.ts';
import { SeriesTracker } from './series-tracker.ts';
import { SeriesWatch } from './series-watch.ts';
import type { Siblings } from './siblings.ts';
import { MEMBERS } from './state-columns.ts';
import { rateSudden } from './sudden-score.ts';
import { type DetectTuning, defaultTuning } from './tuning.ts';
import { type HabitReading, WeekHabit } from './week-habit.ts';
import { FOREST_WIDTH } from './window-features.ts';

/** Half the confidence is reached at this many points. */
const CONFIDENCE_POINTS = 100;
const UP = 0;
const DOWN = 1;
const FLAT = 2;
const SHAPE = 3;
/** Members whose readings are made here. */
const FORECAST = 0;
const STEP = 3;
const EXTREME = 4;
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
  /** Constants by number of class. */
  readonly #tunings: readonly DetectTuning[];
  readonly #pass: FeaturePass;
  readonly #members: MemberTracker;
  readonly #calibration: RateCalibration;
  readonly #book: EpisodeBook;
  readonly #onsets: OnsetPolicy;
  readonly #watch: SeriesWatch;
  readonly #seasonLink: SeasonLink;
  readonly #habit: WeekHabit;
  readonly #maturity: SeriesMaturity;
  #forecast = new Float32Array(0);
  #forest = new Float32Array(0);
  #shape = new Float32Array(0);
  /** The autoencoder's error per window, as its member reads it. */
  #shapeError = new Float32Array(0);
  /** What the models of a window say, by window. */
  #results: readonly Float32Array[] = [];
  /** Opening levels of the run at hand, by class. */
  #levels: Float64Array = calibratedLevels;
  readonly #columns = new MemberColumns();
  #output = newDetectOutput(0, this.#columns.surprise);
  /** The run at hand; one object, written anew for each. */
  readonly #maturing = { row: 0, metricClass: '', before: 0, after: 0, historical: 0 };
  readonly #reading: PointReading & OnsetReading & SumReading & HabitReading;

  /** @param siblings what series may go by beside themselves; absent: nothing. */
  constructor(
    scorer: Scorer,
    tables: DetectTables,
    tuning: DetectTuning = defaultTuning,
    siblings?: Siblings,
  ) {
    this.#scorer = scorer;
    this.#tables = tables;
    this.#tuning = tuning;
    this.#tunings = classTunings(tuning, scorer.modelSet.classes);
    this.#pass = new FeaturePass(new SeriesTracker(tables, tuning.weeklySeries));
    this.#members = new MemberTracker(tables.series, tuning);
    this.#watch = new SeriesWatch(tables);
    this.#seasonLink = new SeasonLink(tables.weeks);
    this.#habit = new WeekHabit(tables.weeks);
    this.#calibration = new RateCalibration(tables.series, this.#members, this.#watch);
    this.#maturity = new SeriesMaturity(tuning, this.#calibration, siblings);
    this.#book = new EpisodeBook(tables.episodes, this.#tunings);
    this.#onsets = new OnsetPolicy(tables.series, this.#watch, this.#book, tuning, siblings);
    this.#reading = { ...blankReading, members: this.#columns };
  }

  /** Scores all points of a call. @throws PipelineError `MODEL_SHAPE` (fate: stop) from the scorer. */
  async score(input: DetectInput): Promise<DetectOutput> {
    let points = 0;
    for (let r = 0; r < input.runs; r++) {
      points = Math.max(points, (input.starts[r] as number) + (input.counts[r] as number));
    }
    this.#reserve(points);
    this.#pass.run(input, points);
    const { forecast, forest, shape, windows, namedClass, windowClass } = this.#pass;
    await this.#scorer.run(MODELS[0], forecast, points, this.#forecast, namedClass);
    if (windows > 0) {
      await this.#scorer.run(MODELS[1], forest, windows, this.#forest, windowClass);
      await this.#scorer.run(MODELS[2], shape, windows, this.#shape, windowClass);
    }
    this.#read(input.values, points, windows);
    this.#book.clear();
    this.#onsets.clear();
    for (let r = 0; r < input.runs; r++) this.#run(input, r);
    const { classChanges, intervalMs, weeksRefused } = this.#pass;
    const { rulings } = this.#onsets;
    const { events: episodes } = this.#book;
    const told = { episodes, classChanges, rulings, weeksRefused };
    return { ...this.#output, points, intervalMs, ...told };
  }

  /** Closes the episode of a series that is given up, if one is open, and returns what is to be told of that. */
  end(row: number): readonly EpisodeEvent[] {
    const level = this.#tables.series.column('detect.level');
    this.#book.clear();
    Object.assign(this.#reading, { row, point: -1, ms: 0, score: 0, level: 1 });
    this.#reading.intervalMs = level.view(row)[level.index(row)] as number;
    this.#reading.metricClass = inferredClass(this.#tables.series, row);
    this.#watch.load(row, 0);
    this.#onsets.end(this.#reading);
    this.#watch.store(row, 0);
    return this.#book.events;
  }

  /** Turns what the models gave into readings of the members, as far as no series' state is needed for it. */
  #read(values: Float64Array, points: number, windows: number): void {
    const { slow, spread, unit, step, beyond, ordinal } = this.#pass;
    const { expected } = this.#output;
    const columns = this.#columns;
    const forecast = this.#forecast;
    const off = columns.reading[FORECAST] as Float64Array;
    const outside = columns.reading[EXTREME] as Float64Array;
    columns.ordinal = ordinal;
    columns.reading[STEP] = step;
    for (let i = 0; i < points; i++) {
      const level = (slow[i] as number) + (spread[i] as number) * held(forecast[2 * i] as number);
      expected[i] = level;
      const distance = Math.abs((values[i] as number) - level) / (unit[i] as number);
      off[i] = Math.sqrt(Math.min(400, distance));
      outside[i] = beyond[i] === 0 ? 0 : Math.log1p(2 * Math.abs(beyond[i] as number));
    }
    const { lateShare } = this.#tuning;
    for (let window = 0; window < windows; window++) {
      const whole = this.#shape[2 * window] as number;
      const error = whole + lateShare * ((this.#shape[2 * window + 1] as number) - whole);
      this.#shapeError[window] = Math.log(error + 0.01);
    }
  }

  #run(input: DetectInput, r: number): void {
    const row = input.rows[r] as number;
    const settings = input.settings[input.settingsOf[r] as number] as DetectSettings;
    const start = input.starts[r] as number;
    const end = start + (input.counts[r] as number);
    if (start === end) return;
    const lastMs = (input.timestamps[start] as number) - (this.#pass.gapMs[start] as number);
    this.#load(row, lastMs);
    this.#reading.row = row;
    this.#reading.historical = input.historical[r] as number;
    this.#levels = input.levels?.[r] ?? calibratedLevels;
    this.#reading.late = (input.late?.[r] ?? 0) !== 0;
    this.#members.hold(start, end, this.#pass.windowOf, this.#results, this.#columns);
    this.#members.rate(start, end, this.#columns);
    this.#drawBand(start, end);
    const factor = sensitivityFactor(settings.sensitivity);
    const run = this.#maturing;
    run.row = row;
    run.metricClass = settings.class;
    run.before = this.#pass.ordinal[start] as number;
    run.after = run.before + end - start;
    run.historical = this.#reading.historical;
    this.#maturity.begin(run);
    for (let i = start; i < end; i++) this.#point(input, settings, factor, i);
    this.#store(row, input.timestamps[end - 1] as number);
  }

  #drawBand(start: number, end: number): void {
    const { unit } = this.#pass;
    const { usual } = this.#columns;
    const { expected, lower, upper } = this.#output;
    for (let i = start; i < end; i++) {
      const band = (unit[i] as number) * (usual[i] as number) ** 2;
      lower[i] = (expected[i] as number) - band;
      upper[i] = (expected[i] as number) + band;
    }
  }

  #point(input: DetectInput, settings: DetectSettings, factor: number, i: number): void {
    const { ordinal, gapMs, intervalMs, windowOf } = this.#pass;
    const reading = this.#reading;
    const output = this.#output;
    const before = ordinal[i] as number;
    reading.point = i;
    reading.before = before;
    reading.metricClass = this.#pass.metricClass[i] as number;
    reading.level = this.#levels[reading.metricClass] as number;
    reading.ms = input.timestamps[i] as number;
    reading.value = input.values[i] as number;
    reading.gapMs = gapMs[i] as number;
    reading.intervalMs = intervalMs[i] as number;
    reading.expected = output.expected[i] as number;
    reading.lower = output.lower[i] as number;
    reading.upper = output.upper[i] as number;
    const tuning = this.#tunings[reading.metricClass] as DetectTuning;
    this.#members.add(i, this.#onsets.persistence(reading.intervalMs), this.#columns, tuning);
    reading.sum = this.#columns.sum[i] as number;
    const isWeekly = (this.#pass.weekHour[i] as number) >= 0;
    if (isWeekly) this.#temper(i, tuning);
    this.#calibration.score(reading, tuning);
    rateSudden(reading, this.#pass, this.#tuning);
    if (isWeekly) reading.sudden *= 1 - reading.usual;
    reading.score = factor * Math.max(reading.calibrated, reading.sudden);
    reading.confidence = before / (before + CONFIDENCE_POINTS);
    reading.lifeCycle = this.#maturity.pass(reading);
    reading.span = this.#pass.span[i] as number;
    reading.grain = this.#pass.grain[i] as number;
    reading.gap = this.#pass.gap[i] === 1 && before > 0;
    this.#describe(windowOf[i] as number);
    output.excess[i] = metricExcess(settings, reading, this.#pass.course[i] as number);
    this.#write(i, this.#onsets.advance(settings, reading));
  }

  /** Takes off what is usual at this hour of the week. */
  #temper(i: number, { floor }: DetectTuning): void {
    this.#seasonLink.open(this.#watch.seasonOf(this.#reading.row));
    const hour = this.#pass.weekHour[i] as number;
    this.#habit.temper(this.#seasonLink.week - 1, hour, this.#reading, floor);
  }

  #describe(window: number): void {
    const reading = this.#reading;
    const flat =
      reading.flat ||
      (window >= 0 && (this.#pass.forest[window * FOREST_WIDTH + REPEATS] as number) >= 1);
    if (reading.value > reading.upper) reading.movement = UP;
    else if (reading.value < reading.lower) reading.movement = DOWN;
    else if (flat) reading.movement = FLAT;
    else if (this.#forecastLeads(reading.point)) {
      reading.movement = reading.value >= reading.expected ? UP : DOWN;
    } else reading.movement = SHAPE;
  }

  /** Whether the forecast finds a point more unusual than both models of its window do together. */
  #forecastLeads(i: number): boolean {
    const { surprise } = this.#columns;
    const at = i * MEMBERS;
    return (surprise[at] as number) > (surprise[at + 1] as number) + (surprise[at + 2] as number);
  }

  #write(i: number, onset: number): void {
    const { score, lifeCycle, onset: onsets } = this.#output;
    score[i] = this.#reading.score;
    lifeCycle[i] = this.#reading.lifeCycle;
    onsets[i] = onset;
  }

  #load(row: number, lastMs: number): void {
    this.#members.load(row);
    this.#watch.load(row, lastMs);
    this.#calibration.load(row);
    this.#onsets.load(row);
  }

  #store(row: number, lastMs: number): void {
    this.#watch.store(row, lastMs);
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
    this.#shapeError = new Float32Array(size);
    this.#results = [this.#forest, this.#shapeError];
    this.#columns.reserve(size);
    this.#output = newDetectOutput(size, this.#columns.surprise);
  }
}

function held(distance: number): number {
  return Math.min(12, Math.max(-12, distance));
}
