import type { Clock } from '../../runtime/clock.ts';
import type { OutboundRecord, Transport } from '../../runtime/transport.ts';
import type { Codec } from '../../schemas/codec.ts';
import { BatchPacker } from './batch-packer.ts';
import type { Point, PointSeries } from './point.ts';

/** Where and how points are written. */
export interface RawWriterOptions {
  readonly transport: Pick<Transport, 'write'>;
  readonly codec: Pick<Codec, 'encode'>;
  /** Gives the records their time: retention counts from the writing, not from the points' own times. */
  readonly clock: Clock;
  /** Full name of the raw topic. */
  readonly topic: string;
  readonly partitions: number;
  readonly tenant: string;
  /** Name of the producer towards the transport; one writer per name. */
  readonly producer: string;
  /** True for points replayed from the past: scored and stored, never paged. Default false. */
  readonly backfill?: boolean;
  /** Default 4096. */
  readonly maxPointsPerRecord?: number;
  /** Points held before `write` waits for the transport; default 65,536. */
  readonly maxBufferedPoints?: number;
}

/** Names and labels of one record, UTF-16 units; far below the size limit of the raw topic. */
const MAX_RECORD_TEXT = 2 * 1024 * 1024;

/**
 * Packs points into `MetricBatch` records and writes them to the raw topic.
 *
 * A series stays on one partition, by a hash of its name and labels, so its points keep the order in which they were
 * written. Holds at most `maxBufferedPoints` and the points of one `write`; one send under way. What the transport did not acknowledge
 * stays held, in order, and goes with the next `flush`: at least once.
 */
export class RawWriter {
  readonly #options: RawWriterOptions;
  readonly #maxPointsPerRecord: number;
  readonly #maxBufferedPoints: number;
  readonly #packers: readonly BatchPacker[];
  readonly #places = new WeakMap<PointSeries, SeriesPlace>();
  #sealed: SealedRecord[] = [];
  #sending: Promise<void> = Promise.resolve();
  #bufferedPoints = 0;
  #acknowledgedPoints = 0;
  #acknowledgedRecords = 0;

  constructor(options: RawWriterOptions) {
    this.#options = options;
    this.#maxPointsPerRecord = options.maxPointsPerRecord ?? 4096;
    this.#maxBufferedPoints = options.maxBufferedPoints ?? 65_536;
    this.#packers = Array.from({ length: options.partitions }, () => new BatchPacker());
  }

  /** Points taken in and not yet acknowledged. */
  get bufferedPoints(): number {
    return this.#bufferedPoints;
  }

  /** Points that the transport has acknowledged. */
  get acknowledgedPoints(): number {
    return this.#acknowledgedPoints;
  }

  /** Records that the transport has acknowledged. */
  get acknowledgedRecords(): number {
    return this.#acknowledgedRecords;
  }

  /**
   * Takes all the points in; resolves at once while there is room, else when the transport has taken what is held.
   *
   * @throws PipelineError of the transport, when it did not take a send; the points stay held, so do not hand them in
   *   again: call `flush` until it succeeds.
   */
  async write(points: Iterable<Point>): Promise<void> {
    for (const point of points) this.#add(point);
    if (this.#bufferedPoints >= this.#maxBufferedPoints) await this.flush();
  }

  /**
   * Writes all that is held and resolves when it is acknowledged.
   *
   * @throws PipelineError of the transport; what was not acknowledged stays held for the next call.
   */
  flush(): Promise<void> {
    for (const partition of this.#packers.keys()) this.#seal(partition);
    const before = this.#sending.catch(() => undefined);
    this.#sending = before.then(() => this.#send());
    return this.#sending;
  }

  #add(point: Point): void {
    const { key, partition } = this.#place(point.series);
    const packer = this.#packers[partition];
    packer?.add(key, point);
    this.#bufferedPoints += 1;
    if (packer === undefined) return;
    if (packer.points >= this.#maxPointsPerRecord || packer.textLength >= MAX_RECORD_TEXT)
      this.#seal(partition);
  }

  #seal(partition: number): void {
    const packer = this.#packers[partition];
    if (packer === undefined || packer.points === 0) return;
    const { points } = packer;
    const { codec, tenant, backfill = false, topic, clock } = this.#options;
    const value = codec.encode('MetricBatch', packer.pack(tenant, backfill));
    const record = { topic, partition, key: null, value, headers: {}, timestampMs: clock.nowMs() };
    this.#sealed.push({ record, points });
  }

  async #send(): Promise<void> {
    const sent = this.#sealed.slice();
    if (sent.length === 0) return;
    await this.#options.transport.write(
      this.#options.producer,
      sent.map(({ record }) => record),
    );
    this.#sealed = this.#sealed.slice(sent.length);
    for (const { points } of sent) this.#acknowledgedPoints += points;
    this.#acknowledgedRecords += sent.length;
    this.#bufferedPoints -= sent.reduce((sum, { points }) => sum + points, 0);
  }

  #place(series: PointSeries): SeriesPlace {
    let place = this.#places.get(series);
    if (place === undefined) {
      const key = seriesKey(series);
      place = { key, partition: textHash(key) % this.#options.partitions };
      this.#places.set(series, place);
    }
    return place;
  }
}

interface SeriesPlace {
  readonly key: string;
  readonly partition: number;
}

interface SealedRecord {
  readonly record: OutboundRecord;
  readonly points: number;
}

/** Tells series apart by name and labels, in whatever order the labels stand. */
function seriesKey({ name, labels }: PointSeries): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return JSON.stringify([name, pairs]);
}

/** 32-bit FNV-1a over UTF-16 units. Source: Fowler, Noll, Vo; only spreads series over raw partitions. */
function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // The low bits of FNV are weak and the modulus is a small power of two.
  return (hash ^ (hash >>> 16)) >>> 0;
}
