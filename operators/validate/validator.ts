import type { ErrorCode } from '../../runtime/errors.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import {
  createIdentity,
  type Identity,
  partitionOfShard,
  type SeriesIdentity,
} from '../../schemas/identity.ts';
import type { MutableRun } from '../../schemas/run-columns.ts';
import { runFlags } from '../../schemas/run-flags.ts';
import type { Catalog } from '../catalog.ts';
import type { EventTime } from '../event-time.ts';
import { DefinitionTimes } from './definition-times.ts';
import type { HeadPlaces, SeriesFault } from './head-places.ts';
import { HeadRepeats } from './head-repeats.ts';
import { MOST_BATCH_BYTES, OpenBatches, type ValidatedBatch } from './open-batches.ts';
import type { ValidateOptions } from './options.ts';
import { PointRules, type PointVerdict } from './point-rules.ts';
import type { RawPoints, RawSeries } from './raw-points.ts';
import { RecordTime } from './record-time.ts';
import { repack } from './repack.ts';
import { checkSeries } from './series-rules.ts';

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
  /** Event time of the raw partition; what is good moves it on. */
  readonly eventTime: EventTime;
  readonly partitions: number;
}

/**
 * Checks raw records point by point and packs the good points by partition and tenant.
 *
 * The good part of a half-bad record goes on; the bad part is given back, one part per code. `accept` all records of a
 * call, then `drain`. What it remembers of series is a cache: losing it only repeats definitions.
 */
export class Validator {
  readonly #setup: ValidatorSetup;
  readonly #identity: Identity;
  readonly #rules: PointRules;
  readonly #defined: DefinitionTimes;
  readonly #repeats = new HeadRepeats();
  readonly #batches: OpenBatches;
  readonly #time: RecordTime;
  /** Who the series looked at last is: as a rule its definition is asked for at once. */
  #identified: { readonly series: RawSeries; readonly identity: SeriesIdentity } | undefined;

  constructor(setup: ValidatorSetup) {
    this.#setup = setup;
    this.#identity = createIdentity({ entityLabels: setup.options.entityLabels });
    this.#rules = new PointRules(setup.options);
    this.#defined = new DefinitionTimes(setup.options.recentSeries);
    this.#batches = new OpenBatches(setup.partitions);
    this.#time = new RecordTime(setup.eventTime);
  }

  /** Takes one record; returns what of it was refused. */
  accept(raw: RawPoints, source: RawSource): RefusedPart[] {
    const points = raw.timestamps.length;
    if (points === 0) return [{ code: 'RECORD_EMPTY', detail: '', points: 0 }];
    const barred = this.#tenantFault(raw.tenant, source.recordMs);
    if (barred !== undefined) return [{ ...barred, points }];
    this.#rules.forRecord(source.recordMs, raw.backfill, source.redriven);
    this.#time.start(raw.backfill, source.redriven);
    const large = this.#batches.startRecord(raw.tenant, raw.counts.length, points);
    const refused = new Refusals(raw);
    const run = newRun(raw, source);
    // As a rule all points of a record are good: one look at them all is a tenth of one verdict each.
    const good = this.#rules.allGood(raw.timestamps, raw.values);
    for (let s = 0, start = 0; s < raw.counts.length; s++) {
      const end = start + (raw.counts[s] ?? 0);
      if (end === start) continue;
      const fault = this.#faultOf(raw, s, start);
      if (fault !== undefined) refused.range(fault.code, fault.detail, start, end);
      else {
        setRun(run, start, end, this.#time.lateFlag(raw.timestamps, end - 1));
        if (good) this.#pack(raw, s, run);
        else this.#sift(raw, s, run, refused);
        this.#batches.endSeries(raw.places.partitionOf(s));
      }
      start = end;
    }
    const bytes = large ? this.#batches.largestBytes : 0;
    if (bytes > MOST_BATCH_BYTES) return this.#giveUp(raw, bytes);
    this.#time.end(source.recordMs);
    return refused.parts();
  }

  /** Hands over everything packed since the last call. */
  drain(emit: (batch: ValidatedBatch) => void): void {
    this.#batches.drain(emit);
  }

  #tenantFault(tenant: string, atMs: number): { code: ErrorCode; detail: string } | undefined {
    const { catalog, options } = this.#setup;
    if (tenant === '' || tenant.length > options.maxTenantLength) {
      return {
        code: 'TENANT_INVALID',
        detail: `${tenant.length} characters, 1 to ${options.maxTenantLength}`,
      };
    }
    return catalog.knowsTenant(tenant, atMs)
      ? undefined
      : { code: 'TENANT_UNKNOWN', detail: tenant.slice(0, 64) };
  }

  /** Refuses a whole record whose batch no topic takes: its runs must not be split. */
  #giveUp(raw: RawPoints, bytes: number): RefusedPart[] {
    this.#batches.discard();
    // Definitions may have gone with the batch.
    const { places } = raw;
    for (let s = 0; s < places.series; s++) {
      this.#defined.forget(places.lowOf(s), places.highOf(s));
      places.setUndefined(s);
    }
    const detail = `packed for one partition up to ${bytes} bytes, at most ${MOST_BATCH_BYTES}`;
    return [{ code: 'RECORD_TOO_LARGE', detail, points: raw.timestamps.length }];
  }

  /** Finds out who a series is, unless that is known, or what is wrong with it. */
  #faultOf(raw: RawPoints, s: number, start: number): SeriesFault | undefined {
    const { places } = raw;
    if (places.isKnown(s)) return places.faultOf(s);
    const series = raw.series[s] as RawSeries;
    const fault = checkSeries(series, this.#setup.options);
    if (fault !== undefined) places.setFault(s, fault);
    else {
      const { seriesLow, seriesHigh, shard } = this.#identify(raw, series, start);
      const partition = partitionOfShard(shard, this.#setup.partitions);
      places.setGood(s, seriesLow, seriesHigh, partition);
    }
    return fault;
  }

  /** Cuts the points of a series into runs of one verdict each. */
  #sift(raw: RawPoints, s: number, run: MutableRun, refused: Refusals): void {
    const { end, flags: late } = run;
    let runStart = run.start;
    let runVerdict: PointVerdict | undefined = this.#check(raw, runStart);
    for (let i = runStart + 1; i <= end; i++) {
      const verdict = i < end ? this.#check(raw, i) : undefined;
      if (verdict === runVerdict) continue;
      if (runVerdict === 'good' || runVerdict === 'historical') {
        const own = runVerdict === 'historical' ? runFlags.historical : 0;
        this.#pack(raw, s, setRun(run, runStart, i, late | own));
      } else if (runVerdict !== undefined) {
        refused.range(runVerdict, raw.series[s]?.name.slice(0, 64) ?? '', runStart, i);
      }
      runStart = i;
      runVerdict = verdict;
    }
  }

  #pack(raw: RawPoints, s: number, run: MutableRun): void {
    const { places } = raw;
    run.seriesLow = places.lowOf(s);
    run.seriesHigh = places.highOf(s);
    const lastMs = raw.timestamps[run.end - 1] ?? 0;
    this.#time.take(lastMs, run.flags);
    const definition = places.isDue(s, lastMs) ? this.#define(raw, s, run, lastMs) : undefined;
    this.#batches.addRun(places.partitionOf(s), run, definition);
  }

  /** Definition of a series of a record, unless it has been sent lately for another record. */
  #define(raw: RawPoints, s: number, run: MutableRun, ms: number): SeriesDefinition | undefined {
    if (!this.#isDue(raw.places, s, ms)) return undefined;
    const series = raw.series[s] as RawSeries;
    return definitionOf(raw, series, this.#identify(raw, series, run.start), run.start);
  }

  /** Whether a definition that is due by a record's head is due by all that is remembered of its series. */
  #isDue(places: HeadPlaces, s: number, ms: number): boolean {
    const isNew = !places.wasDue(s);
    places.setDefined(s, ms);
    const high = places.highOf(s);
    const sampled = this.#repeats.isSampled(high);
    const left = places.isKept && !sampled && (this.#repeats.hold || !isNew);
    const isDue = this.#defined.take(places.lowOf(s), high, ms, !left);
    if (places.isKept && sampled && isNew) this.#repeats.note(isDue);
    return isDue;
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

  #identify({ tenant, timestamps }: RawPoints, series: RawSeries, start: number): SeriesIdentity {
    if (this.#identified?.series === series) return this.#identified.identity;
    const { name, labels } = series;
    const identity = this.#identityOf(tenant, timestamps[start] ?? 0).of(tenant, name, labels);
    this.#identified = { series, identity };
    return identity;
  }

  /** A tenant may name its entities by other labels than the rest. */
  #identityOf(tenant: string, atMs: number): Identity {
    const entityLabels = this.#setup.catalog.tenant(tenant, atMs)?.entityLabels ?? [];
    return entityLabels.length > 0 ? createIdentity({ entityLabels }) : this.#identity;
  }
}

function newRun({ timestamps, values }: RawPoints, { partition, offset }: RawSource): MutableRun {
  const place = { sourcePartition: partition, sourceOffset: offset };
  return { seriesLow: 0, seriesHigh: 0, timestamps, values, start: 0, end: 0, ...place, flags: 0 };
}

function setRun(run: MutableRun, start: number, end: number, flags: number): MutableRun {
  run.start = start;
  run.end = end;
  run.flags = flags;
  return run;
}

function definitionOf(
  { tenant, timestamps }: RawPoints,
  { name, labels, kind, unit }: RawSeries,
  { seriesId, entityId }: SeriesIdentity,
  first: number,
): SeriesDefinition {
  return {
    seriesId,
    entityId,
    tenant,
    name,
    labels: Object.fromEntries(labels),
    kind,
    unit,
    firstSeenMs: timestamps[first] ?? 0,
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
