import type { Scorer } from '../models/scorer.ts';
import { Catalog } from '../operators/catalog.ts';
import { type DetectInput, defaultSettings } from '../operators/detect/detect-input.ts';
import { Detector } from '../operators/detect/detector.ts';
import { SeriesShelf } from '../operators/detect/series-shelf.ts';
import { ContextBook } from '../operators/enrich/context-book.ts';
import { Sequencer } from '../operators/enrich/sequencer.ts';
import { SeriesRegister } from '../operators/enrich/series-register.ts';
import { readTime } from '../operators/packed-time.ts';
import type { ScratchFile } from '../runtime/state/scratch-file.ts';
import { idHigh, idLow } from '../schemas/identity.ts';
import type { HeldFleet } from './held-fleet.ts';

const WEEK_MS = 7 * 86_400_000;
const TEXT_MEMORY_BYTES = 16 * 1024 ** 2;

/** Series of a call: consecutive numbers. */
export interface HeldRange {
  readonly from: number;
  readonly to: number;
}

/** What enrich and detect hold of the series of one partition, filled and updated by their own operators. */
export class HeldTask {
  readonly contexts = new ContextBook(new Catalog());
  readonly register: SeriesRegister;
  readonly shelf: SeriesShelf;
  readonly #fleet: HeldFleet;
  readonly #sequencer: Sequencer;
  readonly #detector: Detector;
  readonly #id = new Uint8Array(8);
  readonly #counts = {
    accepted: 0,
    duplicates: 0,
    outOfOrder: 0,
    counterBases: 0,
    counterResets: 0,
    ended: 0,
    overflows: 0,
  };

  constructor(fleet: HeldFleet, scorer: Scorer, scratch: ScratchFile) {
    this.#fleet = fleet;
    this.register = new SeriesRegister(this.contexts, {
      ttlMs: WEEK_MS,
      maxSeries: Number.POSITIVE_INFINITY,
    });
    this.shelf = new SeriesShelf(WEEK_MS, { memoryBytes: TEXT_MEMORY_BYTES, scratch });
    this.#sequencer = new Sequencer(this.register.table);
    this.#detector = new Detector(scorer, this.shelf);
  }

  /** Takes in the definitions of some series. */
  define({ from, to }: HeldRange): void {
    for (let series = from; series < to; series++) {
      const [low, high] = this.#idOf(series);
      this.register.define(this.#fleet.definition(series), low, high, Number.POSITIVE_INFINITY);
      this.shelf.define(low, high, () => this.#fleet.encoded(series), raise);
    }
  }

  /** Takes in one point of each of some series: found by id, put in order, scored. */
  async update({ from, to }: HeldRange, round: number): Promise<void> {
    await this.updateSome(
      Array.from({ length: to - from }, (_, i) => from + i),
      round,
    );
  }

  /** The same for series that are no neighbours. */
  async updateSome(series: readonly number[], round: number): Promise<void> {
    await this.#detector.score(this.#input(series, round));
  }

  /** Row of a series in detect. */
  rowOf(series: number): number {
    return this.shelf.find(...this.#idOf(series));
  }

  /** Series of a range that are not there, or not as they were left after so many rounds. */
  missing({ from, to }: HeldRange, rounds: number): number {
    const { register, shelf } = this;
    const lastMs = register.table.column('lastMs');
    const link = shelf.series.column('detect.link');
    let missing = 0;
    for (let series = from; series < to; series++) {
      const [low, high] = this.#idOf(series);
      const [inEnrich, inDetect] = [register.find(low, high), shelf.find(low, high)];
      const found =
        inEnrich >= 0 &&
        inDetect >= 0 &&
        readTime(lastMs.view(inEnrich), lastMs.index(inEnrich)) ===
          this.#fleet.timeOf(series, rounds - 1) &&
        link.view(inDetect)[link.index(inDetect)] === rounds;
      const texts = found && series % 97 === 0 ? this.#textIs(inDetect, series) : found;
      if (!texts) missing += 1;
    }
    return missing;
  }

  #textIs(row: number, series: number): boolean {
    return this.shelf.definition(row).equals(this.#fleet.encoded(series));
  }

  #input(series: readonly number[], round: number): DetectInput {
    const runs = series.length;
    const rows = new Uint32Array(runs);
    const at = Uint32Array.from({ length: runs }, (_, i) => i);
    const sequencer = this.#sequencer;
    const timestamps = new Float64Array(runs);
    const values = new Float64Array(runs);
    sequencer.clear();
    for (const [i, each] of series.entries()) {
      timestamps[i] = this.#fleet.timeOf(each, round);
      values[i] = this.#fleet.valueOf(each, round);
      const [low, high] = this.#idOf(each);
      const row = this.register.find(low, high);
      sequencer.run(row, timestamps, values, i, i + 1, false, this.#counts);
      this.register.sweep.hear(row);
      rows[i] = this.shelf.find(low, high);
      this.shelf.sweep.hear(rows[i] as number);
    }
    return {
      runs,
      rows,
      starts: at,
      counts: new Uint32Array(runs).fill(1),
      settingsOf: new Uint32Array(runs),
      settings: [defaultSettings],
      historical: new Uint8Array(runs),
      timestamps: sequencer.timestamps,
      values: sequencer.values,
    };
  }

  #idOf(series: number): readonly [low: number, high: number] {
    this.#fleet.writeId(series, this.#id);
    return [idLow(this.#id, 0), idHigh(this.#id, 0)];
  }
}

function raise(): never {
  throw new Error('no series of the bench is stale');
}
