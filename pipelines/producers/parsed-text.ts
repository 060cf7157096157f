import type { ParsedPoints, Point, PointFault, PointSeries } from './point.ts';

/** Where a line parser puts what it finds; taken and emptied once per group of lines. */
export class ParsedText {
  #points: Point[] = [];
  #faults: PointFault[] = [];
  #skipped = 0;

  point(series: PointSeries, timestampMs: number, value: number): void {
    this.#points.push({ series, timestampMs, value });
  }

  fault(line: number, column: number, reason: string): void {
    this.#faults.push({ line, column, reason });
  }

  skip(count: number): void {
    this.#skipped += count;
  }

  /** Points and faults gathered since the last `take`. */
  get size(): number {
    return this.#points.length + this.#faults.length;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#skipped === 0;
  }

  take(): ParsedPoints {
    const taken = { points: this.#points, faults: this.#faults, skipped: this.#skipped };
    this.#points = [];
    this.#faults = [];
    this.#skipped = 0;
    return taken;
  }
}

/** Series a text may hold before its parser starts to forget the ones it knows; bounds its memory. */
const MAX_KNOWN_SERIES = 100_000;

/**
 * Gives one object per series, looked up by a text that stands for it. Forgets all when it is full: later points of a
 * series then carry another, equal object.
 */
export class SeriesTable {
  readonly #known = new Map<string, PointSeries>();

  get(key: string, make: () => PointSeries): PointSeries {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_KNOWN_SERIES) this.#known.clear();
    const series = make();
    this.#known.set(key, series);
    return series;
  }
}
