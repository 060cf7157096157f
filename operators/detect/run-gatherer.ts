import type { SeriesContext } from '../../schemas/generated/series-context.ts';
import type { Weekday } from '../../schemas/generated/weekday.ts';
import { idHigh, idLow } from '../../schemas/identity.ts';
import type { PackedBatch } from '../../schemas/read-packed-batch.ts';
import { runFlags } from '../../schemas/run-flags.ts';
import { localClock } from '../local-clock.ts';
import type { SourceProgress } from '../source-progress.ts';
import type { DetectInput, DetectSettings } from './detect-input.ts';
import { calibratedLevels } from './feedback-book.ts';
import type { OpeningLevels } from './opening-levels.ts';
import type { SeriesShelf } from './series-shelf.ts';
import { allowedSeason } from './series-tier.ts';

const ID_BYTES = 8;
const directions = { UNKNOWN: 'both', BOTH: 'both', ABOVE: 'up', BELOW: 'down' } as const;

/** As many as can be counted; a larger number than the options allow would hold everything back for ever. */
const MOST_IGNORED = 254;
const weekdays: readonly Weekday[] = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
];

/** What of a batch is not scored. */
export interface GatherDrops {
  repeated: number;
  undefinedSeries: number;
}

/** What a gatherer needs. */
export interface GatherSetup {
  readonly shelf: SeriesShelf;
  readonly progress: SourceProgress;
  /** Settings of metrics that the catalog does not define. */
  readonly defaults: DetectSettings;
  readonly openings: OpeningLevels;
}

/** A part of a batch’s run that is scored by itself; `settings` is their place in the call. */
interface Piece {
  run: number;
  row: number;
  settings: number;
  start: number;
  end: number;
  levels: Float64Array;
}

/**
 * Gathers the runs of several batches as the input of one detector call; arrays grow and are reused.
 */
export class RunGatherer {
  readonly #shelf: SeriesShelf;
  readonly #progress: SourceProgress;
  readonly #defaults: DetectSettings;
  readonly #openings: OpeningLevels;
  readonly #contexts: (SeriesContext | undefined)[] = [];
  #settings: DetectSettings[] = [];
  #rows = new Uint32Array(256);
  #starts = new Uint32Array(256);
  #counts = new Uint32Array(256);
  #settingsOf = new Uint32Array(256);
  #historical = new Uint8Array(256);
  #late = new Uint8Array(256);
  readonly #levels: Float64Array[] = [];
  #timestamps = new Float64Array(4096);
  #values = new Float64Array(4096);
  #runs = 0;
  #points = 0;
  /** The piece on its way in; one object, written anew for each. */
  readonly #piece: Piece = {
    run: 0,
    row: 0,
    settings: 0,
    start: 0,
    end: 0,
    levels: calibratedLevels,
  };

  constructor({ shelf, progress, defaults, openings }: GatherSetup) {
    this.#defaults = defaults;
    this.#openings = openings;
    this.#shelf = shelf;
    this.#progress = progress;
  }

  get points(): number {
    return this.#points;
  }

  clear(): void {
    this.#runs = 0;
    this.#points = 0;
    this.#settings = [];
    this.#contexts.length = 0;
  }

  /** Adds the runs of a batch whose series are known and whose raw record was not taken in before. */
  add(batch: PackedBatch, drops: GatherDrops): void {
    this.#progress.startBatch(batch.tenant);
    const firstSettings = this.#settings.length;
    for (const context of batch.contexts) {
      this.#settings.push(settingsOf(context, this.#defaults));
      this.#contexts.push(context);
    }
    const isMarked = this.#openings.speaksOf(batch.tenant);
    this.#reserve(batch.runCount, batch.pointCount);
    for (let run = 0; run < batch.runCount; run++) {
      const slot = batch.runSeries[run] ?? 0;
      const start = batch.runStarts[run] ?? 0;
      const end = batch.runStarts[run + 1] ?? 0;
      if (
        this.#progress.isRepeat(
          batch.runSourcePartitions[run] ?? 0,
          batch.runSourceOffsets[run] ?? 0,
        )
      ) {
        drops.repeated += end - start;
        continue;
      }
      const row = this.#shelf.find(
        idLow(batch.seriesIds, slot * ID_BYTES),
        idHigh(batch.seriesIds, slot * ID_BYTES),
      );
      if (row < 0) {
        drops.undefinedSeries += end - start;
        continue;
      }
      this.#shelf.sweep.hear(row);
      const piece = this.#piece;
      piece.run = run;
      piece.row = row;
      piece.settings = firstSettings + (batch.seriesContexts[slot] ?? 0);
      piece.start = start;
      piece.end = end;
      piece.levels = calibratedLevels;
      if (isMarked) this.#appendByLevel(batch, piece);
      else this.#append(batch, piece);
    }
    this.#progress.endBatch();
  }

  /** Appends a run in pieces within which its opening levels are the same. */
  #appendByLevel(batch: PackedBatch, piece: Piece): void {
    const at = (batch.runSeries[piece.run] ?? 0) * ID_BYTES;
    const low = idLow(batch.seriesIds, at);
    const high = idHigh(batch.seriesIds, at);
    const { timestamps } = batch;
    const { end } = piece;
    for (piece.end = piece.start; piece.start < end; piece.start = piece.end) {
      piece.levels = this.#openings.at(piece.row, low, high, timestamps[piece.start] ?? 0);
      const { untilMs } = this.#openings;
      do piece.end += 1;
      while (piece.end < end && (timestamps[piece.end] ?? 0) < untilMs);
      this.#reserve(1, 0);
      this.#append(batch, piece);
    }
  }

  /** The input of a call over everything gathered since `clear`. */
  input(): DetectInput {
    return {
      runs: this.#runs,
      rows: this.#rows,
      starts: this.#starts,
      counts: this.#counts,
      settingsOf: this.#settingsOf,
      settings: this.#settings,
      historical: this.#historical,
      late: this.#late,
      levels: this.#levels,
      timestamps: this.#timestamps,
      values: this.#values,
    };
  }

  /** Context of the run that a point belongs to. */
  contextOf(point: number): SeriesContext | undefined {
    let low = 0;
    let high = this.#runs - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] ?? 0) <= point) low = middle;
      else high = middle - 1;
    }
    return this.#contexts[this.#settingsOf[low] ?? 0];
  }

  #append(batch: PackedBatch, { run, row, settings, start, end, levels }: Piece): void {
    this.#starts[this.#runs] = this.#points;
    this.#counts[this.#runs] = end - start;
    this.#rows[this.#runs] = row;
    this.#settingsOf[this.#runs] = settings;
    const flags = batch.runFlags[run] ?? 0;
    this.#historical[this.#runs] = flags & runFlags.historical;
    this.#late[this.#runs] = flags & runFlags.late;
    this.#levels[this.#runs] = levels;
    this.#runs += 1;
    const { timestamps, values } = batch;
    const toTimestamps = this.#timestamps;
    const toValues = this.#values;
    // Runs are short: a loop beats two views and two calls for each.
    let to = this.#points;
    for (let i = start; i < end; i++, to++) {
      toTimestamps[to] = timestamps[i] as number;
      toValues[to] = values[i] as number;
    }
    this.#points = to;
  }

  #reserve(runs: number, points: number): void {
    if (this.#runs + runs > this.#rows.length) {
      const size = Math.max(this.#rows.length * 2, this.#runs + runs);
      this.#rows = grown(this.#rows, new Uint32Array(size));
      this.#starts = grown(this.#starts, new Uint32Array(size));
      this.#counts = grown(this.#counts, new Uint32Array(size));
      this.#settingsOf = grown(this.#settingsOf, new Uint32Array(size));
      this.#historical = grown(this.#historical, new Uint8Array(size));
      this.#late = grown(this.#late, new Uint8Array(size));
    }
    if (this.#points + points > this.#values.length) {
      const size = Math.max(this.#values.length * 2, this.#points + points);
      this.#timestamps = grown(this.#timestamps, new Float64Array(size));
      this.#values = grown(this.#values, new Float64Array(size));
    }
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

/**
 * Where the catalog has no definition, the stage’s own options hold. The class of a counter is known by its kind, which
 * the producer may have told.
 */
function settingsOf(context: SeriesContext, defaults: DetectSettings): DetectSettings {
  const counted = context.kind === 'COUNTER' || context.kind === 'BUCKET';
  const metricClass = context.class ?? (counted ? 'counter' : 'general');
  if (context.catalogVersion === 0) return counted ? { ...defaults, class: metricClass } : defaults;
  const { intervalMs, hop, dataMin, dataMax, minAbs, minRel, sensitivity } = context;
  const direction = directions[context.direction];
  return {
    intervalMs,
    hop,
    direction,
    dataMin,
    dataMax,
    minAbs,
    minRel,
    suppress: context.suppress.map((rule) => ({
      ...rule,
      direction: directions[rule.direction],
    })),
    ignoreConsecutive: Math.min(MOST_IGNORED, Math.max(0, context.ignoreConsecutive)),
    maintenance: context.maintenance,
    maintenanceHours: context.maintenanceHours.map((hours) => ({
      ...hours,
      days: hours.days.map((day) => weekdays.indexOf(day)),
    })),
    clock: localClock(context.timeZone),
    sensitivity,
    class: metricClass,
    holidays: null,
    season: allowedSeason(context, defaults.season),
  };
}
