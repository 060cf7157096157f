import type { ErrorCode } from '../../runtime/errors.ts';
import type { MetricBatch } from '../../schemas/generated/metric-batch.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { createIdentity, type Identity, partitionOfShard } from '../../schemas/identity.ts';
import type { MutableRun } from '../../schemas/run-columns.ts';
import { runFlags } from '../../schemas/run-flags.ts';
import type { Catalog } from '../catalog.ts';
import type { EventTime } from '../event-time.ts';
import { MOST_BATCH_BYTES, OpenBatches, type ValidatedBatch } from './open-batches.ts';
import type { ValidateOptions } from './options.ts';
import { PointRules, type PointVerdict } from './point-rules.ts';
import type { RawPoints, RawSeries } from './raw-points.ts';
import { type KnownSeries, RecentSeries } from './recent-series.ts';
import { RecordTime } from './record-time.ts';
import { repack } from './repack.ts';
import { checkSeries, type SeriesFault } from './series-rules.ts';

/** A definition is sent again after this much event time, so that no reader waits for it for ever. */
const REDEFINE_MS = 3_600_000;

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

/** What was found out about a series of a record. */
type Finding = KnownSeries | SeriesFault;

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
  /** Findings about the series of heads that come again; they live as long as the head is remembered. */
  readonly #findings = new WeakMap<readonly RawSeries[], Finding[]>();
  readonly #time: RecordTime;

  constructor(setup: ValidatorSetup) {
    this.#setup = setup;
    this.#identity = createIdentity({ entityLabels: setup.options.entityLabels });
    this.#rules = new PointRules(setup.options);
    this.#recent = new RecentSeries(setup.options.recentSeries);
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
    const large = this.#batches.startRecord(raw.tenant, raw.series.length, points);
    const findings = this.#findingsOf(raw.series);
    const refused = new Refusals(raw);
    const run = newRun(raw, source);
    // As a rule all points of a record are good: one look at them all is a tenth of one verdict each.
    const good = this.#rules.allGood(raw.timestamps, raw.values);
    for (let s = 0, start = 0; s < raw.series.length; s++) {
      const end = start + (raw.counts[s] ?? 0);
      if (end === start) continue;
      findings[s] ??= this.#find(raw, s, start);
      const finding = findings[s] as Finding;
      if ('code' in finding) refused.range(finding.code, finding.detail, start, end);
      else {
        setRun(run, start, end, this.#time.lateFlag(raw.timestamps, end - 1));
        if (good) this.#pack(raw, s, finding, run);
        else this.#sift(raw, s, finding, run, refused);
        this.#batches.endSeries(finding.partition);
      }
      start = end;
    }
    const bytes = large ? this.#batches.largestBytes : 0;
    if (bytes > MOST_BATCH_BYTES) return this.#giveUp(raw, bytes, findings);
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
  #giveUp(raw: RawPoints, bytes: number, findings: readonly Finding[]): RefusedPart[] {
    this.#batches.discard();
    // Definitions may have gone with the batch.
    for (const finding of findings) {
      if (finding !== undefined && 'definedMs' in finding)
        finding.definedMs = Number.NEGATIVE_INFINITY;
    }
    const detail = `packed for one partition up to ${bytes} bytes, at most ${MOST_BATCH_BYTES}`;
    return [{ code: 'RECORD_TOO_LARGE', detail, points: raw.timestamps.length }];
  }

  #findingsOf(series: readonly RawSeries[]): Finding[] {
    // One series is looked up sooner than its findings are.
    if (series.length === 1) return [];
    const known = this.#findings.get(series);
    if (known !== undefined) return known;
    const findings: Finding[] = [];
    this.#findings.set(series, findings);
    return findings;
  }

  #find(raw: RawPoints, s: number, start: number): Finding {
    const series = raw.series[s] as RawSeries;
    const fault = checkSeries(series, this.#setup.options);
    return fault ?? this.#identify(raw.tenant, series, raw.timestamps[start] ?? 0);
  }

  /** Cuts the points of a series into runs of one verdict each. */
  #sift(raw: RawPoints, s: number, known: KnownSeries, run: MutableRun, refused: Refusals): void {
    const { end, flags: late } = run;
    let runStart = run.start;
    let runVerdict: PointVerdict | undefined = this.#check(raw, runStart);
    for (let i = runStart + 1; i <= end; i++) {
      const verdict = i < end ? this.#check(raw, i) : undefined;
      if (verdict === runVerdict) continue;
      if (runVerdict === 'good' || runVerdict === 'historical') {
        const own = runVerdict === 'historical' ? runFlags.historical : 0;
        this.#pack(raw, s, known, setRun(run, runStart, i, late | own));
      } else if (runVerdict !== undefined) {
        refused.range(runVerdict, raw.series[s]?.name.slice(0, 64) ?? '', runStart, i);
      }
      runStart = i;
      runVerdict = verdict;
    }
  }

  #pack(raw: RawPoints, s: number, known: KnownSeries, run: MutableRun): void {
    run.seriesLow = known.identity.seriesLow;
    run.seriesHigh = known.identity.seriesHigh;
    const lastMs = raw.timestamps[run.end - 1] ?? 0;
    this.#time.take(lastMs, run.flags);
    const due = lastMs >= known.definedMs + REDEFINE_MS;
    if (due) known.definedMs = lastMs;
    const series = raw.series[s] as RawSeries;
    const firstMs = raw.timestamps[run.start] ?? 0;
    const definition = due ? definitionOf(raw.tenant, series, known, firstMs) : undefined;
    this.#batches.addRun(known.partition, run, definition);
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
  tenant: string,
  { name, labels, kind, unit }: RawSeries,
  { identity }: KnownSeries,
  firstSeenMs: number,
): SeriesDefinition {
  const { seriesId, entityId } = identity;
  return {
    seriesId,
    entityId,
    tenant,
    name,
    labels: Object.fromEntries(labels),
    kind,
    unit,
    firstSeenMs,
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
