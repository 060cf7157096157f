import type { PointKind, PointSeries } from './point.ts';

/** Description of one host metric: Prometheus' node_exporter names, base units, and the label that tells its series apart. */
export interface HostMetric {
  readonly name: string;
  readonly kind: PointKind;
  /** UCUM. */
  readonly unit: string;
  readonly label?: string;
}

/**
 * All values of one tick, side by side with the series they belong to.
 *
 * `series` is the same array object from tick to tick as long as the machine has the same devices, so readers may keep
 * what they derived from it. A NaN in `values` means that the series has no value this time (a ratio on the first tick).
 */
export interface SampleSet {
  readonly timestampMs: number;
  readonly series: readonly Required<PointSeries>[];
  readonly values: Float64Array;
}

interface Slot {
  readonly metric: HostMetric;
  readonly labelValue: string;
}

/**
 * Collects the values of a tick in a fixed order and keeps the series array while that order stays the same.
 * Holds at most `maxSeries`; what comes after is counted in `omitted`.
 */
export class HostReadings {
  readonly #host: string;
  readonly #maxSeries: number;
  #slots: Slot[] = [];
  #series: Required<PointSeries>[] = [];
  #values: Float64Array;
  #count = 0;
  #changed = false;
  #omitted = 0;

  constructor(host: string, maxSeries: number) {
    this.#host = host;
    this.#maxSeries = maxSeries;
    this.#values = new Float64Array(maxSeries);
  }

  /** Values that found no room in the last finished or current tick. */
  get omitted(): number {
    return this.#omitted;
  }

  begin(): void {
    this.#count = 0;
    this.#omitted = 0;
    this.#changed = false;
  }

  /** Adds the next value; `labelValue` belongs to the metric's own label and is empty for a metric without one. */
  put(metric: HostMetric, value: number | undefined, labelValue = ''): void {
    if (value === undefined) return;
    const at = this.#count;
    if (at >= this.#maxSeries) {
      this.#omitted += 1;
      return;
    }
    const slot = this.#slots[at];
    if (slot?.metric !== metric || slot.labelValue !== labelValue)
      this.#replace(at, metric, labelValue);
    this.#values[at] = value;
    this.#count += 1;
  }

  finish(timestampMs: number): SampleSet {
    if (this.#count !== this.#series.length) {
      this.#slots.length = this.#count;
      this.#series = this.#series.slice(0, this.#count);
    }
    return { timestampMs, series: this.#series, values: this.#values.slice(0, this.#count) };
  }

  #replace(at: number, metric: HostMetric, labelValue: string): void {
    // Readers hold the former array: the first difference of a tick starts a new one.
    if (!this.#changed) this.#series = this.#series.slice();
    this.#changed = true;
    this.#slots[at] = { metric, labelValue };
    const { name, kind, unit, label } = metric;
    const labels =
      label === undefined ? { host: this.#host } : { host: this.#host, [label]: labelValue };
    this.#series[at] = { name, labels, kind, unit };
  }
}
