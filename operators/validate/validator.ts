import type { ErrorCode } from '../../runtime/errors.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { createIdentity, type Identity, partitionOfShard } from '../../schemas/identity.ts';
import type { Catalog } from '../catalog.ts';
import { MOST_BATCH_BYTES, OpenBatches, type ValidatedBatch } from './open-batches.ts';
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
  /** Whether it was a dead letter and was sent again; default no. */
  readonly redriven?: boolean;
}

/** A part of a raw record that was refused; `batch` holds just these points, absent when it is the whole record. */
export interface RefusedPart {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly points: number;
  readonly batch?: MetricBatch;
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
  readonly #batches: OpenBatches;

  constructor(setup: ValidatorSetup) {
    this.#setup = setup;
    this.#identity = createIdentity({ entityLabels: setup.options.entityLabels });
    this.#rules = new PointRules(setup.options);
    this.#recent = new RecentSeries(setup.options.recentSeries);
    this.#batches = new OpenBatches(setup.partitions);
  }

  /** Takes one record; returns what of it was refused. */
  accept(raw: RawPoints, source: RawSource): RefusedPart[] {
    const points = raw.timestamps.length;
    if (points === 0) return [{ code: 'RECORD_EMPTY', detail: '', points: 0 }];
    const barred = this.#tenantFault(raw.tenant);
    if (barred !== undefined) return [{ ...barred, points }];
    this.#rules.forRecord(source.recordMs, raw.backfill, source.redriven);
    const large = this.#batches.startRecord(raw.series.length, points);
    const refused = new Refusals(raw);
    let start = 0;
    for (const series of raw.series) {
      const end = start + series.count;
      if (series.count > 0) this.#acceptSeries(raw, series, start, end, source, refused);
      start = end;
    }
    const bytes = large ? this.#batches.largestBytes : 0;
    return bytes > MOST_BATCH_BYTES ? this.#giveUp(raw, bytes) : refused.parts();
  }

  /** Hands over everything packed since the last call. */
  drain(emit: (batch: ValidatedBatch) => void): void {
    this.#batches.drain(emit);
  }

  #tenantFault(tenant: string): { code: ErrorCode; detail: string } | undefined {
    const { catalog, options } = this.#setup;
    if (tenant === '' || tenant.length > options.maxTenantLength) {
      return {
        code: 'TENANT_INVALID',
        detail: `${tenant.length} characters, 1 to ${options.maxTenantLength}`,
      };
    }
    return catalog.knowsTenant(tenant)
      ? undefined
      : { code: 'TENANT_UNKNOWN', detail: tenant.slice(0, 64) };
  }

  /** Refuses a whole record whose batch no topic takes: its runs must not be split. */
  #giveUp(raw: RawPoints, bytes: number): RefusedPart[] {
    this.#batches.discard();
    // Definitions may have gone with the batch.
    for (const series of raw.series) {
      const known = this.#recent.get(canonicalText(raw.tenant, series));
      if (known !== undefined) known.definedMs = Number.NEGATIVE_INFINITY;
    }
    const detail = `packed for one partition up to ${bytes} bytes, at most ${MOST_BATCH_BYTES}`;
    return [{ code: 'RECORD_TOO_LARGE', detail, points: raw.timestamps.length }];
  }

  #acceptSeries(
    raw: RawPoints,
    series: RawSeries,
    start: number,
    end: number,
    source: RawSource,
    refused: Refusals,
  ): void {
    const fault = checkSeries(series, this.#setup.options);
    if (fault !== undefined) return refused.range(fault.code, fault.detail, start, end);
    const known = this.#identify(raw.tenant, series, raw.timestamps[start] ?? 0);
    let runStart = start;
    let runVerdict: PointVerdict | undefined = this.#check(raw, start);
    for (let i = start + 1; i <= end; i++) {
      const verdict = i < end ? this.#check(raw, i) : undefined;
      if (verdict === runVerdict) continue;
      if (runVerdict === 'good' || runVerdict === 'historical') {
        const run = {
          seriesLow: known.identity.seriesLow,
          seriesHigh: known.identity.seriesHigh,
          timestamps: raw.timestamps,
          values: raw.values,
          start: runStart,
          end: i,
          sourcePartition: source.partition,
          sourceOffset: source.offset,
          flags: runVerdict === 'historical' ? HISTORICAL : 0,
        };
        const definition = definitionIfDue(raw, series, known, runStart, i);
        this.#batches.addRun(raw.tenant, known.partition, run, definition);
      } else if (runVerdict !== undefined) {
        refused.range(runVerdict, series.name.slice(0, 64), runStart, i);
      }
      runStart = i;
      runVerdict = verdict;
    }
    this.#batches.endSeries(raw.tenant, known.partition);
  }

  #check(raw: RawPoints, i: number): PointVerdict {
    const { timestamps, values, words } = raw;
    return this.#rules.check(
      timestamps[i] ?? 0,
      values[i] ?? 0,
      words[2 * i + 1] ?? 0,
      words[2 * i] ?? 0,
    );
  }

  #identify(tenant: string, series: RawSeries, atMs: number): KnownSeries {
    const text = canonicalText(tenant, series);
    const known = this.#recent.get(text);
    if (known !== undefined) return known;
    const { partitions } = this.#setup;
    const identity = this.#identityOf(tenant, atMs).of(tenant, series.name, series.labels);
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
}

function canonicalText(tenant: string, { name, labels }: RawSeries): string {
  return JSON.stringify([tenant, name, labels]);
}

/** The definition of a series, with its run `[start, end)`, when it was not sent lately; counts as sent then. */
function definitionIfDue(
  { tenant, timestamps }: RawPoints,
  { name, labels, kind, unit }: RawSeries,
  known: KnownSeries,
  start: number,
  end: number,
): SeriesDefinition | undefined {
  const lastMs = timestamps[end - 1] ?? 0;
  if (lastMs < known.definedMs + REDEFINE_MS) return undefined;
  known.definedMs = lastMs;
  return {
    seriesId: known.identity.seriesId,
    entityId: known.identity.entityId,
    tenant,
    name,
    labels: Object.fromEntries(labels),
    kind,
    unit,
    firstSeenMs: timestamps[start] ?? 0,
  };
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
