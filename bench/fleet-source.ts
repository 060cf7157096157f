import { createHash } from 'node:crypto';
import type { Codec } from '../schemas/codec.ts';
import type { MetricBatch } from '../schemas/generated/metric-batch.ts';
import { randomFrom } from '../test/support/random.ts';
import { FleetWave } from './fleet-wave.ts';

/** How a fleet of series is made; the same setup gives the same values. */
export interface FleetSetup {
  readonly series: number;
  readonly pointsPerSeries: number;
  readonly pointsPerRecord: number;
  readonly stepMs: number;
  /** Event time of the first point, epoch ms. */
  readonly startMs: number;
  readonly seed: number;
  /** Share of the series that get a history before all others begin, so that they are known when anomalies come. */
  readonly pilots: number;
  /** Whether all series of a record have one place in time, as one scrape, and records follow each other evenly, or each series its own. Default: each its own. */
  readonly together?: boolean;
  /** Share of all points at which an anomaly begins. */
  readonly planted: number;
  /** Points that an anomaly lasts. Default: 6. */
  readonly plantedPoints?: number;
  /** Points of a series before an anomaly is planted on it. Default: 256, at which it counts as live. */
  readonly historyPoints?: number;
}

/** A planted anomaly: from its first to its last point, epoch ms. */
export interface Planted {
  readonly series: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** One raw record of a fleet. */
export interface FleetRecord {
  /** Group of series that it holds; its records must keep their order. */
  readonly group: number;
  readonly value: Buffer;
  readonly points: number;
}

const HISTORY_POINTS = 384;
const PLANTED_POINTS = 6;
/** Points of a series between two planted anomalies: they must be episodes of their own. */
const PLANTED_APART = 128;
const METRICS_PER_HOST = 16;
/** Encoded records that are kept; of a larger fleet they are encoded anew each time, for they would be most of what it takes. */
const MOST_KEPT_SERIES = 4_000_000;

interface Group {
  readonly first: number;
  readonly size: number;
  /** Encoded record whose columns are written anew for each use. */
  readonly template: Buffer | undefined;
}

/**
 * Makes the records of a fleet round by round: waves with noise at full precision, never the same bytes twice.
 *
 * A record holds one group of neighbouring series, as an agent on a few hosts would send it, labels and all. Its names
 * are encoded once; a round only writes the two columns at the end of the bytes, so that the generator costs little.
 */
export class FleetSource {
  readonly planted: Planted[] = [];
  readonly #codec: Pick<Codec, 'encode'>;
  readonly #setup: FleetSetup;
  readonly #groups: readonly Group[];
  readonly #random: () => number;
  readonly #wave: FleetWave;
  /** By series, where anomalies are planted at all. */
  readonly #nextPlant: Float64Array;
  readonly #lift: Float64Array;
  readonly #historyRounds: number;
  readonly #perRecord: number;
  /** Groups whose series are pilots, in order, spread evenly: their anomalies must not all come at once. */
  readonly #pilots: readonly number[];
  readonly #plantedPoints: number;
  #round: number;
  #order: number[] = [];
  #debt = 0;
  #left = 0;

  constructor(codec: Pick<Codec, 'encode'>, setup: FleetSetup) {
    this.#codec = codec;
    this.#setup = setup;
    this.#random = randomFrom(setup.seed);
    this.#wave = new FleetWave(setup.seed);
    const perRecord = Math.max(1, Math.floor(setup.pointsPerRecord / setup.pointsPerSeries));
    this.#perRecord = perRecord;
    this.#groups = Array.from({ length: Math.ceil(setup.series / perRecord) }, (_, g) => {
      const first = g * perRecord;
      const size = Math.min(perRecord, setup.series - first);
      const isKept = setup.series <= MOST_KEPT_SERIES;
      const template = isKept ? this.#encode(first, size) : undefined;
      return { first, size, template };
    });
    const { historyPoints = HISTORY_POINTS, plantedPoints = PLANTED_POINTS } = setup;
    this.#plantedPoints = plantedPoints;
    this.#historyRounds = Math.ceil(historyPoints / setup.pointsPerSeries);
    this.#pilots = spread(Math.ceil(this.#groups.length * setup.pilots), this.#groups.length);
    this.#round = this.#historyRounds;
    const pilots = new Set(this.#pilots);
    const history = this.#historyRounds * setup.pointsPerSeries;
    const planting = setup.planted > 0 ? setup.series : 0;
    this.#lift = new Float64Array(planting);
    this.#nextPlant = new Float64Array(planting).map((_, s) =>
      pilots.has(Math.floor(s / perRecord)) ? history : history + historyPoints,
    );
  }

  #encode(first: number, size: number): Buffer {
    return encodeGroup(this.#codec, first, size, this.#setup.pointsPerSeries);
  }

  /** Groups of series; one record of each makes a round. */
  get groups(): number {
    return this.#groups.length;
  }

  /** The records of the pilots’ history, in order; to be sent before all others. */
  *history(): Generator<FleetRecord> {
    for (let round = 0; round < this.#historyRounds; round++) {
      for (const group of this.#pilots) yield this.record(group, round);
    }
  }

  /** Makes the next record: groups in another order in each round, as their sends would jitter. */
  next(): FleetRecord {
    if (this.#left === 0) {
      this.#order = shuffled(this.#groups.length, this.#random);
      this.#left = this.#groups.length;
      this.#round += 1;
    }
    this.#left -= 1;
    return this.record(this.#order[this.#left] ?? 0, this.#round - 1);
  }

  /** Makes the record of a group in a round; a group’s rounds must come in order. */
  record(group: number, round: number): FleetRecord {
    const { pointsPerSeries: perSeries } = this.#setup;
    const { first, size, template } = this.#groups[group] as Group;
    const value = template === undefined ? this.#encode(first, size) : Buffer.from(template);
    const points = size * perSeries;
    const { timestampsAt, valuesAt } = columnsOf(value.length, points);
    let at = 0;
    for (let s = first; s < first + size; s++) {
      const from = round * perSeries;
      this.#wave.open(s);
      this.#plant(s, from);
      const plantEnd = (this.#nextPlant[s] ?? 0) - PLANTED_APART + this.#plantedPoints;
      const lift = this.#lift[s] ?? 0;
      for (let i = from; i < from + perSeries; i++) {
        value.writeDoubleLE(this.timeOf(s, i), timestampsAt + at);
        value.writeDoubleLE(this.#wave.valueAt(i) + (i < plantEnd ? lift : 0), valuesAt + at);
        at += 8;
      }
    }
    return { group, value, points };
  }

  /** Event time of a point, epoch ms. */
  timeOf(series: number, i: number): number {
    const { startMs, stepMs, pointsPerSeries, together = false } = this.#setup;
    const group = Math.floor(series / this.#perRecord);
    const place = together
      ? Math.floor((group * stepMs * pointsPerSeries) / this.#groups.length)
      : (series * 7919) % stepMs;
    return startMs + place + i * stepMs;
  }

  /** Records in the order of their times, with the time at which each is complete, from the end of the history on. */
  *inTime(): Generator<FleetRecord & { readonly dueMs: number }> {
    const { pointsPerSeries } = this.#setup;
    for (let round = this.#historyRounds; ; round++) {
      for (const [group, { first }] of this.#groups.entries()) {
        const dueMs = this.timeOf(first, (round + 1) * pointsPerSeries - 1);
        yield { ...this.record(group, round), dueMs };
      }
    }
  }

  /** Decides whether an anomaly begins with point `from` of a series, which the wave is at. */
  #plant(series: number, from: number): void {
    const { planted, pointsPerSeries } = this.#setup;
    if (from >= this.#historyRounds * pointsPerSeries) this.#debt += planted * pointsPerSeries;
    if (this.#debt < 1 || from < (this.#nextPlant[series] as number)) return;
    this.#debt -= 1;
    this.#nextPlant[series] = from + PLANTED_APART;
    this.#lift[series] = 30 * this.#wave.swing;
    const startMs = this.timeOf(series, from);
    this.planted.push({ series, startMs, endMs: this.timeOf(series, from + this.#plantedPoints) });
  }
}

/** Labels of a series, as a producer sends them: a host with a few metrics of some devices. */
export function labelsOf(series: number): Readonly<Record<string, string>> {
  const host = Math.floor(series / METRICS_PER_HOST);
  return {
    device: `dev${(series >> 2) & 3}`,
    host: `host-${String(host).padStart(6, '0')}`,
    region: `eu-west-${host % 3}`,
    service: `service-${host % 97}`,
    unit: `u${series}`,
  };
}

/** Name of a series’ metric. */
export function nameOf(series: number): string {
  return `fleet_metric_${series & 3}`;
}

/** Makes a seed of any text, so that two runs never send the same records. */
export function seedOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE(0);
}

function encodeGroup(
  codec: Pick<Codec, 'encode'>,
  first: number,
  size: number,
  pointsPerSeries: number,
): Buffer {
  const dictionary: string[] = [];
  const places = new Map<string, number>();
  const place = (text: string): number => {
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, dictionary.length);
    return dictionary.push(text) - 1;
  };
  const series: MetricBatch['series'][number][] = [];
  for (let s = first; s < first + size; s++) {
    const labels = Object.entries(labelsOf(s)).flatMap(([name, text]) => [
      place(name),
      place(text),
    ]);
    series.push({ name: place(nameOf(s)), labels, kind: 'GAUGE', unit: -1 });
  }
  const counts = new Uint32Array(size).fill(pointsPerSeries);
  const column = new Uint8Array(8 * size * pointsPerSeries);
  return codec.encode('MetricBatch', {
    tenant: 'default',
    layout: 1,
    backfill: false,
    dictionary,
    series,
    counts: new Uint8Array(counts.buffer),
    timestamps: column,
    values: column,
  });
}

/** The two columns are the last fields of a record, each behind its length as an Avro long. */
function columnsOf(bytes: number, points: number) {
  const valuesAt = bytes - 8 * points;
  let lengthBytes = 1;
  for (let zigzag = 16 * points; zigzag >= 128; zigzag = Math.floor(zigzag / 128)) lengthBytes += 1;
  return { valuesAt, timestampsAt: valuesAt - lengthBytes - 8 * points };
}

/** Picks so many of the numbers below `all`, one in each of as many stretches, at uneven distances. */
function spread(count: number, all: number): number[] {
  const golden = 0.618;
  return Array.from({ length: count }, (_, i) =>
    Math.floor(((i + ((i * golden) % 1)) * all) / count),
  );
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
