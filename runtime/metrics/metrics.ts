import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A metric as data: what it is called, what it says, and the closed sets that its labels take their values from. */
export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram’s buckets, in the metric’s own unit. */
  readonly buckets?: readonly number[];
}

/** Label values of one sample. Closed sets only: never a series, a tenant or a text that a producer wrote. */
export type MetricLabels = Readonly<Record<string, string | number>>;

/** Takes one value of a counter or gauge while metrics are collected; repeated labels add up. */
export type WriteMetric<Name extends string> = (
  name: Name,
  value: number,
  labels?: MetricLabels,
) => void;

/**
 * Turns a catalogue of metrics into the Prometheus text format.
 *
 * Counters and gauges are pulled: `collect` writes their values anew for each scrape, from figures that are kept
 * anyway. Only histograms are pushed, at one observation per batch. The only owner of prom-client, chosen over a
 * registry of our own because histograms, escaping and label checks are its tested ground.
 */
export class Metrics<Name extends string> {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #pulled = new Map<string, Counter | Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #collect: (write: WriteMetric<Name>) => void;
  #scrape: Promise<string> | undefined;

  constructor(
    specs: Readonly<Record<Name, MetricSpec>>,
    collect: (write: WriteMetric<Name>) => void,
  ) {
    this.contentType = this.#registry.contentType;
    this.#collect = collect;
    for (const name of Object.keys(specs) as Name[]) this.#register(name, specs[name]);
  }

  /** Adds one observation to a histogram. */
  observe(name: Name, value: number, labels: MetricLabels = {}): void {
    this.#histograms.get(name)?.observe(labels, value);
  }

  /** Renders all metrics; scrapes that overlap share one rendering. */
  text(): Promise<string> {
    this.#scrape ??= this.#render().finally(() => {
      this.#scrape = undefined;
    });
    return this.#scrape;
  }

  async #render(): Promise<string> {
    for (const metric of this.#pulled.values()) metric.reset();
    this.#collect((name, value, labels = {}) => this.#pulled.get(name)?.inc(labels, value));
    return await this.#registry.metrics();
  }

  #register(name: Name, { kind, help, labels, buckets }: MetricSpec): void {
    const shared = { name, help, labelNames: labels, registers: [this.#registry] };
    if (kind === 'counter') this.#pulled.set(name, new Counter(shared));
    else if (kind === 'gauge') this.#pulled.set(name, new Gauge(shared));
    else {
      const bounds = buckets === undefined ? {} : { buckets: [...buckets] };
      this.#histograms.set(name, new Histogram({ ...shared, ...bounds }));
    }
  }
}
