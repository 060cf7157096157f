import type { SampleSet } from '../pipelines/producers/host-readings.ts';
import { formatSeries } from './format-series.ts';

/** Values kept per series. */
const KEPT = 60;

interface Trace {
  readonly values: number[];
  lastMs: number;
  last: number;
}

/** Keeps the last minute of each sampled series, for pictures; counters as rates per second. */
export class SeriesHistory {
  readonly #traces = new Map<string, Trace>();
  #series: SampleSet['series'] = [];
  #keys: readonly string[] = [];

  /** Series seen so far. */
  get size(): number {
    return this.#traces.size;
  }

  /** Takes a tick of the sampler. */
  take({ timestampMs, series, values }: SampleSet): void {
    if (series !== this.#series) {
      this.#series = series;
      this.#keys = series.map(({ name, labels }) => formatSeries(name, labels));
    }
    for (const [i, key] of this.#keys.entries()) {
      const value = values[i] ?? Number.NaN;
      const trace = this.#trace(key);
      if (series[i]?.kind === 'COUNTER') {
        const seconds = (timestampMs - trace.lastMs) / 1000;
        trace.values.push(
          value >= trace.last && seconds > 0 ? (value - trace.last) / seconds : Number.NaN,
        );
      } else {
        trace.values.push(value);
      }
      if (trace.values.length > KEPT) trace.values.shift();
      trace.last = value;
      trace.lastMs = timestampMs;
    }
  }

  /** The last values of a series, oldest first; empty for one that was never sampled. */
  of(metric: string, labels: Readonly<Record<string, string>>): readonly number[] {
    return this.#traces.get(formatSeries(metric, labels))?.values ?? [];
  }

  #trace(key: string): Trace {
    let trace = this.#traces.get(key);
    if (trace === undefined) {
      trace = { values: [], lastMs: Number.NaN, last: Number.NaN };
      this.#traces.set(key, trace);
    }
    return trace;
  }
}
