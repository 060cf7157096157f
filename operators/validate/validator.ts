import type { ErrorCode } from '../../runtime/errors.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import { createIdentity, type Identity, partitionOfShard } from '../../schemas/identity.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import type { Catalog } from '../catalog.ts';
import type { ValidateOptions } from './options.ts';
import { PointRules, type PointVerdict } from './point-rules.ts';
import type { RawPoints, RawSeries } from './raw-points.ts';
import { type KnownSeries, RecentSeries } from './recent-series.ts';
import { repack } from './repack.ts';
import { checkSeries } from './series-rules.ts';

/** A definition is sent again after this much event time, so that no reader waits for it for ever. */
const REDEFINE_MS = 3_600_000;
/** Bit of a run’s flags: its points are back-fill or too late to act on. */
export const HISTORICAL = 1;

/** Where a raw record came from. */
export interface RawSource {
  readonly partition: number;
  readonly offset: number;
  /** The record’s own timestamp, epoch ms. */
  readonly recordMs: number;
}

/** A part of a raw record that was refused; `batch` holds just these points, absent when it is the whole record. */
export interface RefusedPart {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly points: number;
  readonly batch?: MetricBatch;
}

/** A batch that is ready for the stage after. */
export interface ValidatedBatch {
  readonly partition: number;
  readonly batch: SeriesBatch;
}

/** What a validator needs. */
export interface ValidatorSetup {
  readonly options: ValidateOptions;
  readonly catalog: Catalog;
  readonly partitions: number;
}

/**
 * Checks raw records point by point and packs the good points by partition and tenant.
 *
 * The good part of a half-bad record goes on; the bad part is given back, one part per code. `accept` all records of a
 * call, then `drain`. Its memory of series is a cache: losing it only repeats definitions.
 */
export class Validator {
  readonly #setup: ValidatorSetup;
  readonly #identity: Identity;
  readonly #rules: PointRules;
  readonly #recent: RecentSeries;
  readonly #writers = new Map<string, { readonly partition: number; readonly writer: PackedBatchWriter }>();

  constructor(setup: ValidatorSetup) {
    this.#setup = setup;
    this.#identity = createIdentity({ entityLabels: setup.options.entityLabels });
    this.#rules = new PointRules(setup.options);
    this.#recent = new RecentSeries(setup.options.recentSeries);
  }

  /** Takes one record; returns what of it was refused. */
  accept(raw: RawPoints, source: RawSource): RefusedPart[] {
    const points = raw.timestamps.length;
    if (points === 0) return [{ code: 'RECORD_EMPTY', detail: '', points: 0 }];
    if (!this.#setup.catalog.knowsTenant(raw.tenant)) {
      return [{ code: 'TENANT_UNKNOWN', detail: raw.tenant.slice(0, 64), points }];
    }
    this.#rules.forRecord(source.recordMs, raw.backfill);
    const refused = new Refusals(raw);
    let start = 0;
    for (const series of raw.series) {
      const end = start + series.count;
      const fault = checkSeries(series.name, series.labels, this.#setup.options);
      if (fault !== undefined) refused.range(fault.code, fault.detail, start, end);
      else if (series.count > 0) this.#acceptSeries(raw, series, start, end, source, refused);
      start = end;
    }
    return refused.parts();
  }

  /** Hands over everything packed since the last call. */
  drain(emit: (batch: ValidatedBatch) => void): void {
    for (const { partition, writer } of this.#writers.values()) {
      if (writer.points > 0) emit({ partition, batch: writer.take() });
    }
    this.#writers.clear();
  }

  #acceptSeries(
    raw: RawPoints,
    series: RawSeries,
    start: number,
    end: number,
    source: RawSource,
    refused: Refusals,
  ): void {
    const known = this.#identify(raw.tenant, series, raw.timestamps[start] ?? 0);
    const writer = this.#writer(raw.tenant, known.partition);
    let runStart = start;
    let runVerdict: PointVerdict | undefined = this.#check(raw, start);
    for (let i = start + 1; i <= end; i++) {
      const verdict = i < end ? this.#check(raw, i) : undefined;
      if (verdict === runVerdict) continue;
      if (runVerdict === 'good' || runVerdict === 'historical') {
        this.#define(raw, series, known, writer, raw.timestamps[i - 1] ?? 0);
        writer.addRun({
          seriesLow: known.identity.seriesLow,
          seriesHigh: known.identity.seriesHigh,
          timestamps: raw.timestamps,
          values: raw.values,
          start: runStart,
          end: i,
          sourcePartition: source.partition,
          sourceOffset: source.offset,
          flags: runVerdict === 'historical' ? HISTORICAL : 0,
        });
      } else if (runVerdict !== undefined) {
        refused.range(runVerdict, series.name.slice(0, 64), runStart, i);
      }
      runStart = i;
      runVerdict = verdict;
    }
  }

  #check(raw: RawPoints, i: number): PointVerdict {
    const { timestamps, values, words } = raw;
    return this.#rules.check(timestamps[i] ?? 0, values[i] ?? 0, words[2 * i + 1] ?? 0, words[2 * i] ?? 0);
  }

  #identify(tenant: string, { name, labels }: RawSeries, atMs: number): KnownSeries {
    const text = JSON.stringify([tenant, name, labels]);
    const known = this.#recent.get(text);
    if (known !== undefined) return known;
    const { partitions } = this.#setup;
    const identity = this.#identityOf(tenant, atMs).of(tenant, name, labels);
    const partition = partitionOfShard(identity.shard, partitions);
    const created = { identity, partition, definedMs: Number.NEGATIVE_INFINITY };
    this.#recent.put(text, created);
    return created;
  }

  /** A tenant may name its entities by other labels than the rest. */
  #identityOf(tenant: string, atMs: number): Identity {
    const entityLabels = this.#setup.catalog.tenant(tenant, atMs)?.entityLabels ?? [];
    return entityLabels.length > 0 ? createIdentity({ entityLabels }) : this.#identity;
  }

  #define(
    raw: RawPoints,
    { name, labels, kind, unit }: RawSeries,
    known: KnownSeries,
    writer: PackedBatchWriter,
    atMs: number,
  ): void {
    if (atMs < known.definedMs + REDEFINE_MS) return;
    known.definedMs = atMs;
    const { seriesId, entityId } = known.identity;
    writer.addDefinition({
      seriesId,
      entityId,
      tenant: raw.tenant,
      name,
      labels: Object.fromEntries(labels),
      kind,
      unit,
      firstSeenMs: atMs,
    });
  }

  #writer(tenant: string, partition: number): PackedBatchWriter {
    const key = `${partition}/${tenant}`;
    const open = this.#writers.get(key);
    if (open !== undefined) return open.writer;
    const writer = new PackedBatchWriter(tenant, partition, this.#setup.partitions);
    this.#writers.set(key, { partition, writer });
    return writer;
  }
}

/** The refused points of one record, by code. */
class Refusals {
  readonly #raw: RawPoints;
  readonly #byCode = new Map<ErrorCode, { readonly detail: string; readonly points: number[] }>();
  #refused = 0;

  constructor(raw: RawPoints) {
    this.#raw = raw;
  }

  range(code: ErrorCode, detail: string, start: number, end: number): void {
    let part = this.#byCode.get(code);
    if (part === undefined) {
      part = { detail, points: [] };
      this.#byCode.set(code, part);
    }
    for (let i = start; i < end; i++) part.points.push(i);
    this.#refused += end - start;
  }

  parts(): RefusedPart[] {
    const whole = this.#byCode.size === 1 && this.#refused === this.#raw.timestamps.length;
    return Array.from(this.#byCode, ([code, { detail, points }]) => {
      const part = { code, detail, points: points.length };
      return whole ? part : { ...part, batch: repack(this.#raw, points) };
    });
  }
}
