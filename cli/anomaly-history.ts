import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { SeriesContext } from '../schemas/generated/series-context.ts';
import { partitionOfShard, shardOf } from '../schemas/identity.ts';
import { type PackedBatch, readPackedBatch } from '../schemas/read-packed-batch.ts';
import { decodeValue } from './decode-record.ts';
import { eachRecord } from './find-anomaly.ts';
import { type Movement, movedTogether } from './moved-together.ts';
import type { Course } from './nearest-window.ts';
import type { Session } from './open-session.ts';
import { readTopic } from './read-topic.ts';
import { hexId } from './run-findings.ts';

/** Another series of the same service, or where none is known of the same entity, that moved at the same time. */
export interface Covariate extends Movement {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the log still holds of an anomaly’s series, and of those around it. */
export interface AnomalyHistory {
  /** Points of the series in order, as detect had them. */
  readonly course: Course;
  readonly context: SeriesContext | undefined;
  readonly covariates: readonly Covariate[];
}

interface MutableCourse {
  readonly timestamps: number[];
  readonly values: number[];
}

const TOPIC = 'metrics.enriched';
const ID_BYTES = 8;
/** Intervals before an episode by which it is told what is usual of other series; and around it in which they may move. */
const BEFORE = 64;
const AROUND = 4;
/** Other series looked at, and told of. */
const MOST_OTHERS = 5000;
const MOST_TOLD = 6;

/**
 * Reads the series of an anomaly from `metrics.enriched`, as far back as it is kept, and finds what moved with it.
 *
 * Cost: one pass over the partition of its entity; over all partitions where its service is known. What lies on the topic
 * may begin after the anomaly: then there are no points.
 */
export async function readHistory(
  session: Session,
  signal: AbortSignal,
  anomaly: Anomaly,
  partitions: number,
): Promise<AnomalyHistory> {
  const reader = new HistoryReader(anomaly);
  const { entityId, service } = anomaly;
  const partition =
    service === null && entityId !== null
      ? partitionOfShard(shardOf(entityId), partitions)
      : undefined;
  const slice = { topic: session.prefix + TOPIC, partition, from: () => 0, follow: false, signal };
  await readTopic(session.transport, slice, (records) => {
    for (const { value } of records) {
      const decoded = value === null ? undefined : decodeValue(session.codec, value);
      if (decoded?.name !== 'SeriesBatch') continue;
      const batch = readPackedBatch(decoded.value);
      if (!('code' in batch)) reader.take(batch);
    }
  });
  const { course, context } = reader;
  return { course, context, covariates: await named(session, signal, anomaly, reader.moved()) };
}

class HistoryReader {
  readonly course: MutableCourse = { timestamps: [], values: [] };
  context: SeriesContext | undefined;
  readonly #anomaly: Anomaly;
  readonly #own: string;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #others = new Map<string, MutableCourse>();

  constructor(anomaly: Anomaly) {
    this.#anomaly = anomaly;
    this.#own = hexId(anomaly.seriesId ?? new Uint8Array(0));
    this.#fromMs = anomaly.startMs - BEFORE * anomaly.intervalMs;
    this.#toMs = anomaly.lastMs + AROUND * anomaly.intervalMs;
  }

  take(batch: PackedBatch): void {
    if (batch.tenant !== this.#anomaly.tenant) return;
    for (let run = 0; run < batch.runCount; run++) {
      const slot = batch.runSeries[run] ?? 0;
      const id = hexId(batch.seriesIds.subarray(slot * ID_BYTES, (slot + 1) * ID_BYTES));
      const context = batch.contexts[batch.seriesContexts[slot] ?? 0];
      const [start, end] = [batch.runStarts[run] ?? 0, batch.runStarts[run + 1] ?? 0];
      if (id === this.#own) {
        this.context = context;
        append(this.course, batch, start, end);
      } else if (this.#belongs(context) && this.#isNear(batch, start, end)) {
        const other = this.#other(id);
        if (other !== undefined) append(other, batch, start, end);
      }
    }
  }

  /** Series that moved with the anomaly, the farthest first, by id. */
  moved(): (readonly [id: string, movement: Movement])[] {
    const { startMs, intervalMs } = this.#anomaly;
    const found: (readonly [string, Movement])[] = [];
    for (const [id, course] of this.#others) {
      const untilMs = this.#toMs;
      const movement = movedTogether(course, { startMs, leadMs: AROUND * intervalMs, untilMs });
      if (movement !== undefined) found.push([id, movement]);
    }
    return found.sort(([, a], [, b]) => Math.abs(b.deviations) - Math.abs(a.deviations));
  }

  #belongs(context: SeriesContext | undefined): boolean {
    const { service } = this.#anomaly;
    return service === null || context?.service === service;
  }

  #isNear({ timestamps }: PackedBatch, start: number, end: number): boolean {
    return (timestamps[start] ?? 0) <= this.#toMs && (timestamps[end - 1] ?? 0) >= this.#fromMs;
  }

  #other(id: string): MutableCourse | undefined {
    const known = this.#others.get(id);
    if (known !== undefined || this.#others.size >= MOST_OTHERS) return known;
    const course: MutableCourse = { timestamps: [], values: [] };
    this.#others.set(id, course);
    return course;
  }
}

/** Appends the points of a run that are later than those there are: a record may be on the topic twice. */
function append(
  course: MutableCourse,
  { timestamps, values }: PackedBatch,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const ms = timestamps[i] ?? 0;
    if (ms <= (course.timestamps.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
    course.timestamps.push(ms);
    course.values.push(values[i] ?? Number.NaN);
  }
}

/** Gives the series their names; where no service is known, only those of the anomaly’s entity stay. */
async function named(
  session: Session,
  signal: AbortSignal,
  { entityId, service }: Anomaly,
  moved: readonly (readonly [id: string, movement: Movement])[],
): Promise<Covariate[]> {
  const wanted = new Map(moved);
  const found = new Map<string, Covariate>();
  if (wanted.size === 0) return [];
  const entity = entityId === null ? '' : hexId(entityId);
  await eachRecord(session, 'series', signal, (record) => {
    if (record.name !== 'SeriesDefinition') return;
    const { seriesId, name, labels } = record.value;
    const movement = wanted.get(hexId(seriesId));
    if (movement === undefined) return;
    if (service === null && hexId(record.value.entityId) !== entity) return;
    found.set(hexId(seriesId), { ...movement, name, labels });
  });
  return moved.flatMap(([id]) => found.get(id) ?? []).slice(0, MOST_TOLD);
}
